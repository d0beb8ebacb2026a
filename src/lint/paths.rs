//! Lints of paths in expressions with a literal where the value of a variable is probably meant.

use crate::syntax::ast::{Expr, PathPart};

use super::{
    Code,
    findings::Findings,
    service::{Body, ServiceFile},
};

pub(super) fn check(file: &ServiceFile<'_>, found: &mut Findings) {
    for body in file.bodies() {
        for id in body.roots.iter().flat_map(|root| file.exprs.ids(*root)) {
            if let Expr::Path(parts) = file.exprs.get(id) {
                path(file, &body, parts, found);
            }
        }
    }
}

fn path(file: &ServiceFile<'_>, body: &Body<'_>, parts: &[PathPart], found: &mut Findings) {
    let is_root = |at: usize, name: &str| matches!(parts.get(at), Some(PathPart::Literal(text, _)) if text == name);
    if !is_root(0, "databases") || !is_root(2, "documents") {
        return;
    }
    if let Some(PathPart::Literal(text, span)) = parts.get(1)
        && matches!(text.as_str(), "database" | "(database)")
    {
        let message = format!("this reads from a database with the id `{text}`");
        found.add_with_hint(
            Code::DatabaseLiteral,
            *span,
            message,
            "write `$(database)` for the database of the request",
        );
    }
    // After `documents`, collections and documents alternate.
    for part in parts.iter().skip(4).step_by(2) {
        let PathPart::Literal(text, span) = part else { continue };
        if body.locals.contains_key(text.as_str()) || file.symbols.has_capture(body.scope, text) {
            let message = format!("this is the document with the id `{text}`, not the value of the variable");
            found.add_with_hint(Code::LiteralVariable, *span, message, format!("write `$({text})`"));
        }
    }
}
