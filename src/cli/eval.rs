//! `firewarden eval`: one request decided, or a stream of them.

use serde_json::{Value as Json, json};

use crate::{
    Cause, Decision,
    eval::{Outcome, Step},
    firestore,
    service::Compiled,
    storage,
    text::{Diagnostics, Source, Span},
    value::json::to_plain,
};

use super::{
    args::{EvalFormat, EvalOptions, ServiceKind},
    exit::Exit,
    input::{self, Unreadable},
    jsonl,
    output::Output,
    report,
    request::Described,
};

pub(super) fn run(options: &EvalOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    if options.jsonl {
        let input = std::io::stdin().lock();
        let stream = std::io::BufWriter::new(std::io::stdout().lock());
        return jsonl::run(input, stream).map(|()| Exit::Ok).map_err(|error| Unreadable(error.to_string()));
    }
    let described = Described::new(options)?;
    let Some(path) = &described.rules else {
        return Err(Unreadable(
            "say which rules decide: firewarden eval storage.rules get users/alice/cat.png".to_owned(),
        ));
    };
    let source = Source::new(input::name(path), input::text(path)?);
    let compiled = match Compiled::new(&source) {
        Ok(compiled) => compiled,
        Err(refused) => {
            output.result(&refused.to_string());
            return Ok(Exit::Refused);
        }
    };
    warn(compiled.warnings(), output);
    let decision = decide(&compiled, &described, options.explain)?;
    match options.format {
        EvalFormat::Human => output.result(&decision.explanation().to_string()),
        EvalFormat::Json => output.raw(&report::pretty(&as_json(&decision))),
    }
    Ok(if decision.is_allowed() { Exit::Ok } else { Exit::Denied })
}

fn warn(warnings: &Diagnostics, output: &mut Output) {
    if !warnings.is_empty() {
        let name = warnings.source().name();
        output.note(&format!("{name}: {} warning(s); `firewarden check {name}` shows them", warnings.len()));
    }
}

fn decide(compiled: &Compiled, described: &Described, explain: bool) -> Result<Decision, Unreadable> {
    let documents = described.documents()?;
    let decision = match described.service.or_else(|| only_service(compiled)) {
        Some(ServiceKind::Storage) => {
            let request = described.storage()?;
            let rules = storage::Ruleset::from_compiled(compiled.clone());
            if explain { rules.explain(&request, &documents) } else { rules.evaluate(&request, &documents) }
        }
        Some(ServiceKind::Firestore) => {
            let request = described.firestore()?;
            let rules = firestore::Ruleset::from_compiled(compiled.clone());
            if explain { rules.explain(&request, &documents) } else { rules.evaluate(&request, &documents) }
        }
        None => {
            let why = "the rules do not tell which service decides: add --service storage or --service firestore";
            return Err(Unreadable(why.to_owned()));
        }
    };
    decision.map_err(|error| Unreadable(error.to_string()))
}

/// The service that a file has rules for, where it is one of ours and the only one.
fn only_service(compiled: &Compiled) -> Option<ServiceKind> {
    let program = compiled.program();
    match (program.service(storage::SERVICE), program.service(firestore::SERVICE)) {
        (Some(_), None) => Some(ServiceKind::Storage),
        (None, Some(_)) => Some(ServiceKind::Firestore),
        _ => None,
    }
}

/// `{"allowed", "reason", "cause", "permittedBy"?, "error"?, "trace"?}`
fn as_json(decision: &Decision) -> Json {
    let place = |span: Span| {
        let at = decision.source().position(span.start);
        json!({ "file": decision.source().name(), "line": at.line, "column": at.column })
    };
    let mut answer = json!({
        "allowed": decision.is_allowed(),
        "reason": decision.reason(),
        "cause": match decision.cause() {
            Cause::Permitted(_) => "permitted",
            Cause::NoService => "no-service",
            Cause::NoStatement => "no-statement",
            Cause::ConditionsFalse => "conditions-false",
            Cause::Failed(_) => "failed",
            Cause::Aborted(_) => "aborted",
            Cause::Refused(_) => "refused",
        },
    });
    if let Cause::Permitted(span) = decision.cause() {
        set(&mut answer, "permittedBy", place(*span));
    }
    if let Some(fault) = decision.error() {
        set(&mut answer, "error", json!(fault));
    }
    if let Some(trace) = decision.trace() {
        let blocks = trace.blocks.iter().map(|block| {
            let statements = block.statements.iter().map(|statement| {
                json!({
                    "at": place(statement.span),
                    "outcome": outcome(&statement.outcome),
                    "condition": statement.condition.as_ref().map(|s| step(decision, s)),
                })
            });
            json!({
                "match": block.path,
                "at": place(block.span),
                "wildcards": block.captures.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
                "statements": statements.collect::<Vec<_>>(),
            })
        });
        set(&mut answer, "trace", blocks.collect());
    }
    answer
}

fn set(object: &mut Json, key: &str, value: Json) {
    if let Json::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}

fn outcome(outcome: &Outcome) -> Json {
    match outcome {
        Outcome::Value(value) => json!({ "value": to_plain(value.view()) }),
        Outcome::Described(beginning) => json!({ "large": beginning }),
        Outcome::Error(fault) => json!({ "error": fault }),
    }
}

fn step(decision: &Decision, step_of: &Step) -> Json {
    let at = decision.source().position(step_of.span.start);
    json!({
        "text": decision.source().slice(step_of.span),
        "line": at.line,
        "column": at.column,
        "outcome": outcome(&step_of.outcome),
        "parts": step_of.parts.iter().map(|part| step(decision, part)).collect::<Vec<_>>(),
    })
}
