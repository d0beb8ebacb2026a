//! Paths in expressions whose text stands where a variable was meant.

use crate::syntax::ast::{Expr, PathPart};

use super::{
    Code,
    findings::Findings,
    service::{Body, File},
};

pub(super) fn check(file: &File<'_>, found: &mut Findings) {
    for body in file.bodies() {
        for id in body.roots.iter().flat_map(|root| file.exprs.ids(*root)) {
            if let Expr::Path(parts) = file.exprs.get(id) {
                path(file, &body, parts, found);
            }
        }
    }
}

fn path(file: &File<'_>, body: &Body<'_>, parts: &[PathPart], found: &mut Findings) {
    let is_root = |at: usize, name: &str| matches!(parts.get(at), Some(PathPart::Literal(text, _)) if text == name);
    if !is_root(0, "databases") || !is_root(2, "documents") {
        return;
    }
    if let Some(PathPart::Literal(text, span)) = parts.get(1)
        && matches!(text.as_str(), "database" | "(database)")
    {
        let message = format!("this reads from a database that is called `{text}`");
        found.hint(Code::DatabaseLiteral, *span, message, "write `$(database)` for the database of the request");
    }
    // After them collections and documents take turns.
    for part in parts.iter().skip(4).step_by(2) {
        let PathPart::Literal(text, span) = part else { continue };
        if body.locals.contains_key(text.as_str()) || file.symbols.has_capture(body.scope, text) {
            let message = format!("this names a document that is called `{text}`, not the value of the variable");
            found.hint(Code::LiteralVariable, *span, message, format!("write `$({text})`"));
        }
    }
}
