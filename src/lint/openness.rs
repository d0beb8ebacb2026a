//! Lints of statements that are open to everybody, to any signed-in user, or until a date.

use bumpalo::Bump;

use crate::{
    check::ScopeId,
    request::ServiceProduct,
    syntax::ast::{BinaryOp, Expr, ExprId, Segment},
    text::Span,
    value::{Timestamp, ValueRef},
};

use super::{
    Code, constants,
    findings::Findings,
    service::{Locals, MAX_CALLS, Methods, ServiceFile},
};

pub(super) fn check(file: &ServiceFile<'_>, found: &mut Findings) {
    for statement in &file.symbols.statements {
        let Some(product) = file.symbols.product(statement.scope) else { continue };
        let methods = Methods::of(&statement.allow.methods);
        let written = methods.intersection(Methods::WRITE);
        let span = statement.allow.methods.first().map_or(statement.allow.span, |name| name.span);
        let everything = is_everything(&file.symbols.path(statement.scope));
        let kind = if product == ServiceProduct::Storage { "object" } else { "document" };
        let condition = statement.allow.condition.map(|root| (root, statement.scope));
        let open = condition.is_none_or(|(root, scope)| is_true(file, scope, root));
        if open {
            if !written.is_empty() {
                let whole = if everything { format!("every {kind}") } else { format!("these {kind}s") };
                found.add(Code::OpenWrite, span, format!("everybody may {} {whole}", written.describe()));
            }
            let read = methods.intersection(Methods::READ);
            if everything && !read.is_empty() {
                found.add(Code::OpenReadAll, span, format!("everybody may {} every {kind}", read.describe()));
            }
        } else if let Some((root, scope)) = condition {
            let parts = conjuncts(file, scope, root);
            let changed = methods.intersects(Methods::WRITE) && !written.is_subset_of(Methods::CREATE);
            if changed && parts.iter().all(|(part, scope)| is_signed_in(file, *scope, *part)) {
                let message = format!("any signed-in user may {} what others wrote", written.describe());
                found.add(Code::SignedInWrite, file.exprs.span(root), message);
            }
            let alone = parts.len() == 1;
            for (part, scope) in &parts {
                let Some(until) = deadline(file, *scope, *part) else { continue };
                let at = if alone { span } else { file.exprs.span(*part) };
                report_deadline(found, file.now, until, alone, at, &methods.describe());
            }
        }
    }
}

/// Reports a condition that is true until a time; `alone` means that it is the whole condition.
pub(super) fn report_deadline(
    found: &mut Findings,
    now: Timestamp,
    until: Timestamp,
    alone: bool,
    span: Span,
    what: &str,
) {
    let date = until.to_string();
    let date = date.split('T').next().unwrap_or(&date);
    if until <= now {
        found.add(Code::TestModeExpired, span, format!("this has permitted nothing since {date}"));
    } else if alone {
        found.add(Code::TestMode, span, format!("everybody may {what} until {date}"));
    }
}

/// Whether a path matches everything: `/{document=**}` at the root.
fn is_everything(path: &[&Segment]) -> bool {
    let is_glob = |segment: &&Segment| matches!(segment, Segment::Capture(capture) if capture.glob);
    match path {
        [one] => is_glob(one),
        [_, _, _, last] => is_glob(last),
        _ => false,
    }
}

/// Replaces a call by the body of the function, if it has no arguments and no variables.
fn inline_calls(file: &ServiceFile<'_>, mut scope: ScopeId, mut id: ExprId) -> (ExprId, ScopeId) {
    for _ in 0..MAX_CALLS {
        let Expr::Call(name, arguments) = file.exprs.get(id) else { break };
        let function = file.symbols.function(scope, &name.text).and_then(|id| file.symbols.declared(id));
        let Some(declared) = function.filter(|f| arguments.is_empty() && f.function.lets.is_empty()) else { break };
        (id, scope) = (declared.function.result, declared.scope);
    }
    (id, scope)
}

fn is_true(file: &ServiceFile<'_>, scope: ScopeId, id: ExprId) -> bool {
    matches!(file.exprs.get(inline_calls(file, scope, id).0), Expr::Bool(true))
}

/// The operands of an `&&`, also in functions that are called.
fn conjuncts(file: &ServiceFile<'_>, scope: ScopeId, root: ExprId) -> Vec<(ExprId, ScopeId)> {
    const MAX_PARTS: usize = 256;
    let (mut open, mut parts) = (vec![(root, scope)], Vec::new());
    while let Some((id, scope)) = open.pop() {
        let (id, scope) = inline_calls(file, scope, id);
        match file.exprs.get(id) {
            Expr::Binary(BinaryOp::And, a, b) if open.len() + parts.len() < MAX_PARTS => {
                open.extend([(*b, scope), (*a, scope)]);
            }
            _ => parts.push((id, scope)),
        }
    }
    parts
}

/// Whether a conjunct only tests that there is a user.
fn is_signed_in(file: &ServiceFile<'_>, scope: ScopeId, id: ExprId) -> bool {
    let Expr::Binary(BinaryOp::Ne, a, b) = file.exprs.get(id) else { return false };
    let user = |id: ExprId| {
        let path = file.access_path(scope, &Locals::default(), id);
        path.is_some_and(|path| matches!(path.as_str(), "request.auth" | "request.auth.uid"))
    };
    let null = |id: ExprId| matches!(file.exprs.get(id), Expr::Null);
    user(*a) && null(*b) || null(*a) && user(*b)
}

/// The time until which a conjunct is true: `request.time < timestamp.date(…)`.
fn deadline(file: &ServiceFile<'_>, scope: ScopeId, id: ExprId) -> Option<Timestamp> {
    let (time, date) = match file.exprs.get(id) {
        Expr::Binary(BinaryOp::Lt | BinaryOp::Le, time, date) => (*time, *date),
        Expr::Binary(BinaryOp::Gt | BinaryOp::Ge, date, time) => (*time, *date),
        _ => return None,
    };
    if file.access_path(scope, &Locals::default(), time).as_deref() != Some("request.time") {
        return None;
    }
    let arena = Bump::new();
    match constants::value(file, scope, date, &arena)? {
        ValueRef::Timestamp(until) => Some(until),
        _ => None,
    }
}
