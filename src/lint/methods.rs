//! Lints of `resource`, `request.resource` and `request.query` in statements whose methods do not have them.

use crate::{
    request::ServiceProduct,
    syntax::ast::{BinaryOp, Expr, ExprId},
};

use super::{
    Code,
    findings::Findings,
    service::{Body, Methods, ServiceFile},
};

pub(super) fn check(file: &ServiceFile<'_>, found: &mut Findings) {
    for body in file.bodies() {
        let methods = body.reach.methods();
        if methods.is_empty() {
            continue;
        }
        for id in body.roots.iter().flat_map(|root| file.exprs.ids(*root)) {
            let object = match file.exprs.get(id) {
                Expr::Member(object, _) | Expr::Method(object, ..) | Expr::Index(object, _) => *object,
                _ => continue,
            };
            let Some(path) = file.access_path(body.scope, &body.locals, object) else { continue };
            let by = methods.describe();
            let span = file.exprs.span(object);
            match path.as_str() {
                "request.resource" if methods.is_subset_of(Methods::DELETE) && !is_guarded(file, &body, &path) => {
                    let message = "`request.resource` is null in a delete, and reading a member of it fails";
                    found.add(Code::IncomingUnavailable, span, message);
                }
                "request.resource" if methods.is_subset_of(Methods::READ) && !is_guarded(file, &body, &path) => {
                    let message = format!("{by} has no `request.resource`, because it writes nothing");
                    found.add(Code::IncomingUnavailable, span, message);
                }
                "resource" if methods.is_subset_of(Methods::CREATE) && !is_guarded(file, &body, &path) => {
                    let message = "`resource` is null in a create, and reading a member of it fails";
                    found.add(Code::ExistingUnavailable, span, message);
                }
                "request.query"
                    if body.reach.product() == Some(ServiceProduct::Firestore)
                        && !methods.intersects(Methods::LIST)
                        && !is_guarded(file, &body, &path) =>
                {
                    found.add(
                        Code::QueryUnavailable,
                        span,
                        format!("{by} has no `request.query`, which only a list has"),
                    );
                }
                _ => {}
            }
        }
    }
}

/// Whether a body compares the value with null, or tests the method: it then handles the missing value.
fn is_guarded(file: &ServiceFile<'_>, body: &Body<'_>, path: &str) -> bool {
    let exprs = file.exprs;
    let reads =
        |id: ExprId, path: &str| file.access_path(body.scope, &body.locals, id).is_some_and(|read| read == path);
    body.roots.iter().flat_map(|root| exprs.ids(*root)).any(|id| match exprs.get(id) {
        Expr::Binary(BinaryOp::Eq | BinaryOp::Ne, a, b) => [(*a, *b), (*b, *a)].into_iter().any(|(one, other)| {
            reads(one, "request.method") || reads(one, path) && matches!(exprs.get(other), Expr::Null)
        }),
        Expr::Binary(BinaryOp::In, one, _) => reads(*one, "request.method"),
        _ => false,
    })
}
