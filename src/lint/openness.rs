//! Statements that permit nearly everybody.

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
    service::{File, Locals, MAX_CALLS, Methods},
};

pub(super) fn check(file: &File<'_>, found: &mut Findings) {
    for statement in &file.symbols.statements {
        let Some(product) = file.symbols.product(statement.scope) else { continue };
        let methods = Methods::of(&statement.allow.methods);
        let written = methods.common(Methods::WRITE);
        let span = statement.allow.methods.first().map_or(statement.allow.span, |name| name.span);
        let everything = is_everything(&file.symbols.path(statement.scope));
        let kind = if product == ServiceProduct::Storage { "object" } else { "document" };
        let condition = statement.allow.condition.map(|root| (root, statement.scope));
        let open = condition.is_none_or(|(root, scope)| is_true(file, scope, root));
        if open {
            if !written.is_empty() {
                let whole = if everything { format!("every {kind}") } else { format!("these {kind}s") };
                found.add(Code::OpenWrite, span, format!("everybody may {} {whole}", written.words()));
            }
            let read = methods.common(Methods::READ);
            if everything && !read.is_empty() {
                found.add(Code::OpenReadAll, span, format!("everybody may {} every {kind}", read.words()));
            }
        } else if let Some((root, scope)) = condition {
            let parts = conjuncts(file, scope, root);
            let changed = methods.any_of(Methods::WRITE) && !written.within(Methods::CREATE);
            if changed && parts.iter().all(|(part, scope)| is_signed_in(file, *scope, *part)) {
                let message = format!("whoever is signed in may {} what others wrote", written.words());
                found.add(Code::SignedInWrite, file.exprs.span(root), message);
            }
            let alone = parts.len() == 1;
            for (part, scope) in &parts {
                let Some(until) = deadline(file, *scope, *part) else { continue };
                let place = if alone { span } else { file.exprs.span(*part) };
                dated(found, file.now, until, alone, place, &methods.words());
            }
        }
    }
}

/// Reports a condition that permits until a moment; `alone` if nothing else is asked.
pub(super) fn dated(found: &mut Findings, now: Timestamp, until: Timestamp, alone: bool, span: Span, what: &str) {
    let date = until.to_string();
    let date = date.split('T').next().unwrap_or(&date);
    if until <= now {
        found.add(Code::TestModeExpired, span, format!("this permits nothing since {date}"));
    } else if alone {
        found.add(Code::TestMode, span, format!("everybody may {what} until {date}"));
    }
}

/// Whether a path stands for all there is: `/{document=**}` at the root.
fn is_everything(path: &[&Segment]) -> bool {
    let is_glob = |segment: &&Segment| matches!(segment, Segment::Capture(capture) if capture.glob);
    match path {
        [one] => is_glob(one),
        [_, _, _, last] => is_glob(last),
        _ => false,
    }
}

/// The body of a function that is called without arguments and has no variables, instead of the call.
fn inside(file: &File<'_>, mut scope: ScopeId, mut id: ExprId) -> (ExprId, ScopeId) {
    for _ in 0..MAX_CALLS {
        let Expr::Call(name, arguments) = file.exprs.get(id) else { break };
        let function = file.symbols.function(scope, &name.text).and_then(|id| file.symbols.declared(id));
        let Some(declared) = function.filter(|f| arguments.is_empty() && f.function.lets.is_empty()) else { break };
        (id, scope) = (declared.function.result, declared.scope);
    }
    (id, scope)
}

fn is_true(file: &File<'_>, scope: ScopeId, id: ExprId) -> bool {
    matches!(file.exprs.get(inside(file, scope, id).0), Expr::Bool(true))
}

/// The parts of an `&&`, also of functions that are called.
fn conjuncts(file: &File<'_>, scope: ScopeId, root: ExprId) -> Vec<(ExprId, ScopeId)> {
    const MAX_PARTS: usize = 256;
    let (mut open, mut parts) = (vec![(root, scope)], Vec::new());
    while let Some((id, scope)) = open.pop() {
        let (id, scope) = inside(file, scope, id);
        match file.exprs.get(id) {
            Expr::Binary(BinaryOp::And, a, b) if open.len() + parts.len() < MAX_PARTS => {
                open.extend([(*b, scope), (*a, scope)]);
            }
            _ => parts.push((id, scope)),
        }
    }
    parts
}

/// Whether a part only asks for a user.
fn is_signed_in(file: &File<'_>, scope: ScopeId, id: ExprId) -> bool {
    let Expr::Binary(BinaryOp::Ne, a, b) = file.exprs.get(id) else { return false };
    let user = |id: ExprId| {
        let place = file.place(scope, &Locals::default(), id);
        place.is_some_and(|place| matches!(place.as_str(), "request.auth" | "request.auth.uid"))
    };
    let null = |id: ExprId| matches!(file.exprs.get(id), Expr::Null);
    user(*a) && null(*b) || null(*a) && user(*b)
}

/// The moment until which a part holds: `request.time < timestamp.date(…)`.
fn deadline(file: &File<'_>, scope: ScopeId, id: ExprId) -> Option<Timestamp> {
    let (time, date) = match file.exprs.get(id) {
        Expr::Binary(BinaryOp::Lt | BinaryOp::Le, time, date) => (*time, *date),
        Expr::Binary(BinaryOp::Gt | BinaryOp::Ge, date, time) => (*time, *date),
        _ => return None,
    };
    if file.place(scope, &Locals::default(), time).as_deref() != Some("request.time") {
        return None;
    }
    let arena = Bump::new();
    match constants::value(file, scope, date, &arena)? {
        ValueRef::Timestamp(until) => Some(until),
        _ => None,
    }
}
