//! What firewarden says of a source.

use firewarden::{
    Error, firestore,
    internals::syntax,
    text::{Diagnostics, Severity, Source},
};

use crate::emulator::{Compiled, Issue};

/// Compiles a source.
pub fn compile(text: &str) -> Compiled {
    match firestore::Ruleset::parse(&Source::new("rules", text)) {
        Ok(rules) => Compiled::Accepted(issues(rules.warnings())),
        Err(Error::Source(refused)) => Compiled::Refused(issues(&refused)),
        Err(other) => Compiled::Broke(other.to_string()),
    }
}

/// Whether a source is refused before its meaning is looked at.
pub fn is_syntax(text: &str) -> bool {
    syntax::parse_service(&Source::new("rules", text)).is_err()
}

fn issues(diagnostics: &Diagnostics) -> Vec<Issue> {
    diagnostics
        .iter()
        .map(|problem| {
            let at = diagnostics.position(problem);
            Issue {
                severity: Some(if problem.severity == Severity::Error { "ERROR" } else { "WARNING" }.to_owned()),
                line: at.map_or(0, |at| at.line),
                column: at.map_or(0, |at| at.column),
                message: problem.message.clone(),
            }
        })
        .collect()
}
