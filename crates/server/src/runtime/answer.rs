//! Answers: results, errors and warnings in the form of the official runtime, denials explained in a line.

use firewarden::{
    Cause, Decision,
    internals::explain::{describe, in_full, shorten},
    text::{Diagnostics, Severity},
};
use serde_json::{Value as Json, json};

/// The longest quotation of an expression or a value in a warning, in columns.
const MAX_QUOTED: usize = 120;

/// What an answer has beside its `id`.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Why there is no result; the request counts as denied then.
    pub(super) errors: Vec<String>,
    /// What a person should know; `firebase-tools` prints it and goes on.
    pub(super) warnings: Vec<String>,
    pub(super) result: Json,
}

impl Answer {
    pub(super) fn error(why: String) -> Self {
        Answer { errors: vec![why], ..Answer::default() }
    }

    /// The verdict, and why a request is denied.
    pub(super) fn verdict(decision: &Decision) -> Self {
        let permit = decision.is_allowed();
        let warnings = if permit { Vec::new() } else { vec![denial(decision)] };
        Answer { warnings, result: json!({ "permit": permit }), ..Answer::default() }
    }

    /// The message. Its status is `ok` also for errors: with any other, `firebase-tools` would wait for ever.
    pub(super) fn with_id(self, id: Json) -> Json {
        let Answer { errors, warnings, result } = self;
        let mut answer = json!({ "id": id, "status": "ok", "errors": errors, "warnings": warnings });
        if let (Json::Object(fields), false) = (&mut answer, result.is_null()) {
            fields.insert("result".to_owned(), result);
        }
        answer
    }
}

/// The diagnostics of a severity, each as the official runtime writes it.
pub(super) fn issues(diagnostics: &Diagnostics, severity: Severity) -> Vec<String> {
    let source = diagnostics.source().name();
    let found = diagnostics.iter().filter(|problem| problem.severity == severity);
    let written = found.map(|problem| {
        let (line, column) = diagnostics.position(problem).map_or((0, 0), |at| (at.line, at.column));
        match &problem.hint {
            Some(hint) => issue(&format!("{} ({hint})", problem.message.trim_end_matches('.')), source, line, column),
            None => issue(&problem.message, source, line, column),
        }
    });
    written.collect()
}

/// A problem of a rules file: JSON with the names of the official runtime's fields, which `firebase-tools` reads.
pub(super) fn issue(description: &str, file: &str, line: u32, column: u32) -> String {
    let position = json!({ "fileName_": file, "line_": line, "column_": column });
    json!({ "description_": description, "sourcePosition_": position }).to_string()
}

/// Why a request is denied, in one line: `storage.rules:5:20: …`.
fn denial(decision: &Decision) -> String {
    let source = decision.source();
    let request = decision.request();
    let Some(decisive) = decision.decisive() else {
        let why = match decision.nearest() {
            Some(_) => decision.hint(),
            None => None,
        };
        return match why {
            Some(hint) => format!("{}: {request} denied: {}; {hint}", source.name(), decision.reason()),
            None => format!("{}: {request} denied: {}", source.name(), decision.reason()),
        };
    };
    let at = source.position(decisive.span.start);
    let quoted = |text: &str| shorten(text, MAX_QUOTED);
    let mut line = format!("{}:{}:{}: {request} denied: ", source.name(), at.line, at.column);
    match decision.cause() {
        Cause::Failed(fault) | Cause::Aborted(fault) => line.push_str(in_full(fault).trim_end_matches('.')),
        _ => line.extend(["`", &quoted(source.slice(decisive.span)), "` is ", &decisive.text]),
    }
    for operand in decisive.operands {
        line.extend(["; `", &quoted(source.slice(operand.span)), "` is ", &quoted(&describe(&operand.outcome))]);
    }
    if let Some(hint) = decision.hint() {
        line.extend(["; ", &hint]);
    }
    line
}
