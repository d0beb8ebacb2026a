//! What is read although no request that gets there has it.

use crate::{
    request::ServiceProduct,
    syntax::ast::{BinaryOp, Expr, ExprId},
};

use super::{
    Code,
    findings::Findings,
    service::{Body, File, Methods},
};

pub(super) fn check(file: &File<'_>, found: &mut Findings) {
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
            let Some(place) = file.place(body.scope, &body.locals, object) else { continue };
            let by = methods.words();
            let span = file.exprs.span(object);
            match place.as_str() {
                "request.resource" if methods.within(Methods::DELETE) && !is_asked(file, &body, &place) => {
                    let message = "`request.resource` is null in a delete: reading a member of it always fails";
                    found.add(Code::IncomingUnavailable, span, message);
                }
                "request.resource" if methods.within(Methods::READ) && !is_asked(file, &body, &place) => {
                    let message = format!("nothing is written in {by}: there is no `request.resource`");
                    found.add(Code::IncomingUnavailable, span, message);
                }
                "resource" if methods.within(Methods::CREATE) && !is_asked(file, &body, &place) => {
                    let message = "`resource` is null in a create: reading a member of it always fails";
                    found.add(Code::ExistingUnavailable, span, message);
                }
                "request.query"
                    if body.reach.product() == Some(ServiceProduct::Firestore)
                        && !methods.any_of(Methods::LIST)
                        && !is_asked(file, &body, &place) =>
                {
                    found.add(
                        Code::QueryUnavailable,
                        span,
                        format!("only a list has `request.query`, and this is {by}"),
                    );
                }
                _ => {}
            }
        }
    }
}

/// Whether a body asks for null or for the method, so that it may know what it does.
fn is_asked(file: &File<'_>, body: &Body<'_>, place: &str) -> bool {
    let exprs = file.exprs;
    let reads = |id: ExprId, place: &str| file.place(body.scope, &body.locals, id).is_some_and(|read| read == place);
    body.roots.iter().flat_map(|root| exprs.ids(*root)).any(|id| match exprs.get(id) {
        Expr::Binary(BinaryOp::Eq | BinaryOp::Ne, a, b) => [(*a, *b), (*b, *a)].into_iter().any(|(one, other)| {
            reads(one, "request.method") || reads(one, place) && matches!(exprs.get(other), Expr::Null)
        }),
        Expr::Binary(BinaryOp::In, one, _) => reads(*one, "request.method"),
        _ => false,
    })
}
