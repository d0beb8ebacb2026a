//! Diagnostics and errors as JSON.

use serde_json::{Value as Json, json};

use firewarden::{
    internals::{eval::Fault, service::Compiled},
    text::{Diagnostics, Severity},
};

/// `ok` and `issues`, in official order and wording. A problem of the whole file is at 0:0.
pub(super) fn issues(compiled: &Result<Compiled, Diagnostics>) -> Json {
    let (ok, diagnostics) = match compiled {
        Ok(compiled) => (true, compiled.warnings()),
        Err(refused) => (false, refused),
    };
    json!({ "ok": ok, "issues": list(diagnostics) })
}

pub(super) fn list(diagnostics: &Diagnostics) -> Vec<Json> {
    diagnostics
        .iter()
        .map(|problem| {
            let at = diagnostics.position(problem);
            json!({
                "severity": if problem.severity == Severity::Error { "ERROR" } else { "WARNING" },
                "line": at.map_or(0, |at| at.line),
                "column": at.map_or(0, |at| at.column),
                "message": problem.message,
                "code": problem.code,
            })
        })
        .collect()
}

/// The messages of errors, or of warnings.
pub(super) fn messages(diagnostics: &Diagnostics, errors: bool) -> Vec<&str> {
    diagnostics.iter().filter(|problem| problem.is_error() == errors).map(|problem| problem.message.as_str()).collect()
}

pub(super) fn fault(fault: &Fault) -> Json {
    json!({ "message": fault.message, "line": fault.position.line, "column": fault.position.column })
}
