//! The decision on a request, whatever the product, and the same as data.

use serde_json::{Value as Json, json};

use crate::{
    database,
    eval::{Fault, Outcome, Step},
    service::{self, Cause},
    text::{Source, Span},
    value::json::to_plain,
};

/// The decision on a request to whichever product.
#[derive(Debug)]
pub enum Decision {
    /// Of Storage or Firestore rules.
    Service(Box<service::Decision>),
    /// Of Realtime Database rules.
    Database(Box<database::Decision>),
}

impl Decision {
    /// Whether the request may pass.
    pub fn is_allowed(&self) -> bool {
        match self {
            Decision::Service(decision) => decision.is_allowed(),
            Decision::Database(decision) => decision.is_allowed(),
        }
    }

    /// What decided, in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Decision::Service(decision) => decision.reason(),
            Decision::Database(decision) => decision.reason(),
        }
    }

    /// What may help a reader of an explained denial.
    pub fn hint(&self) -> Option<String> {
        match self {
            Decision::Service(decision) => decision.hint(),
            Decision::Database(decision) => decision.hint(),
        }
    }

    /// The error that kept the rules from permitting, if one did.
    pub fn error(&self) -> Option<&Fault> {
        match self {
            Decision::Service(decision) => decision.error(),
            Decision::Database(decision) => decision.error(),
        }
    }

    /// The rules that decided.
    pub fn source(&self) -> &Source {
        match self {
            Decision::Service(decision) => decision.source(),
            Decision::Database(decision) => decision.source(),
        }
    }

    /// The decision as a person reads it, in lines of `columns` columns.
    pub fn explanation(&self, columns: usize) -> String {
        match self {
            Decision::Service(decision) => decision.explanation().columns(columns).to_string(),
            Decision::Database(decision) => decision.explanation().columns(columns).to_string(),
        }
    }

    /// The decision as data: `docs/jsonl.md` has the fields.
    pub fn to_json(&self) -> Json {
        match self {
            Decision::Service(decision) => service_json(decision),
            Decision::Database(decision) => database_json(decision),
        }
    }
}

/// `{"allowed", "reason", "cause", "permittedBy"?, "error"?, "hint"?, "trace"?}`
fn service_json(decision: &service::Decision) -> Json {
    let place = |span: Span| place(decision.source(), span);
    let mut answer = json!({
        "allowed": decision.is_allowed(),
        "reason": decision.reason(),
        "cause": decision.cause().name(),
    });
    if let Cause::Permitted(span) = decision.cause() {
        set(&mut answer, "permittedBy", place(*span));
    }
    if let Some(fault) = decision.error() {
        set(&mut answer, "error", json!(fault));
    }
    if let Some(hint) = decision.hint() {
        set(&mut answer, "hint", json!(hint));
    }
    if let Some(trace) = decision.trace() {
        let blocks = trace.iter().map(|block| {
            let statements = block.statements.iter().map(|statement| {
                let mut answer = json!({ "at": place(statement.span), "outcome": outcome(&statement.outcome) });
                set(&mut answer, "condition", condition(decision.source(), statement.condition.as_ref()));
                answer
            });
            let mut answer = json!({
                "match": block.path,
                "at": place(block.span),
                "wildcards": block.captures.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            });
            set(&mut answer, "statements", statements.collect());
            answer
        });
        set(&mut answer, "trace", blocks.collect());
    }
    answer
}

/// `{"allowed", "reason", "cause", "grantedBy"?, "invalid"?, "error"?, "hint"?, "warnings"?, "rules"}`
fn database_json(decision: &database::Decision) -> Json {
    let place = |span: Span| place(decision.source(), span);
    let mut answer = json!({
        "allowed": decision.is_allowed(),
        "reason": decision.reason(),
        "cause": decision.cause().name(),
    });
    match decision.cause() {
        database::Cause::Granted(spans) => set(&mut answer, "grantedBy", spans.iter().copied().map(place).collect()),
        database::Cause::Invalid(path, span, _) => {
            set(&mut answer, "invalid", json!({ "path": path, "at": place(*span) }))
        }
        _ => {}
    }
    if let Some(fault) = decision.error() {
        set(&mut answer, "error", json!(fault));
    }
    if let Some(hint) = decision.hint() {
        set(&mut answer, "hint", json!(hint));
    }
    if !decision.warnings().is_empty() {
        let warnings = decision.warnings().iter();
        let warnings = warnings.map(|w| json!({ "path": w.path, "index": w.index, "message": w.message }));
        set(&mut answer, "warnings", warnings.collect());
    }
    let rules = decision.rules().iter().map(|rule| {
        let mut answer = json!({
            "rule": rule.kind.name(),
            "place": rule.place,
            "path": rule.path,
            "update": rule.update,
            "wildcards": rule.captures.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "at": place(rule.span),
            "outcome": outcome(&rule.outcome),
        });
        set(&mut answer, "condition", condition(decision.source(), rule.condition.as_ref()));
        answer
    });
    set(&mut answer, "rules", rules.collect());
    answer
}

fn place(source: &Source, span: Span) -> Json {
    let at = source.position(span.start);
    json!({ "file": source.name(), "line": at.line, "column": at.column })
}

/// Moves a value in; `json!` would copy everything below it, at every level of a trace.
fn set(object: &mut Json, key: &str, value: Json) {
    if let Json::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}

fn outcome(outcome: &Outcome) -> Json {
    match outcome {
        Outcome::Value(value) => json!({ "value": to_plain(value.view()) }),
        Outcome::Described(words) => json!({ "described": words }),
        Outcome::Error(fault) => json!({ "error": fault }),
    }
}

fn condition(source: &Source, of: Option<&Step>) -> Json {
    of.map_or(Json::Null, |of| step(source, of))
}

fn step(source: &Source, of: &Step) -> Json {
    let at = source.position(of.span.start);
    let mut answer = json!({ "text": source.slice(of.span), "line": at.line, "column": at.column });
    set(&mut answer, "outcome", outcome(&of.outcome));
    if let Some(why) = &of.why {
        set(&mut answer, "why", json!(why));
    }
    set(&mut answer, "parts", of.parts.iter().map(|part| step(source, part)).collect());
    answer
}
