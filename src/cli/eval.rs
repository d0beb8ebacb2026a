//! `firewarden eval`: one request decided, or a stream of them.

use serde_json::{Value as Json, json};

use crate::{
    Cause, Decision, Error,
    auth::TokenError,
    database,
    eval::{Outcome, Step},
    firestore,
    service::DEFAULT_DATABASE,
    storage,
    suite::{Answer, Product, Rules, RulesError, unstated::Unstated},
    text::{Diagnostics, Source, Span},
    value::json::to_plain,
};

use super::{
    args::{EvalFormat, EvalOptions, ServiceKind},
    exit::Exit,
    input::{self, Unreadable},
    jsonl,
    output::{Output, columns},
    report,
    request::Described,
};

pub(super) fn run(options: &EvalOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    if options.jsonl {
        let input = std::io::stdin().lock();
        let stream = std::io::BufWriter::new(std::io::stdout().lock());
        let failed = |error: std::io::Error| Unreadable(format!("standard input or output: {error}"));
        return jsonl::run(input, stream).map(|()| Exit::Ok).map_err(failed);
    }
    let mut described = Described::new(options)?;
    let rules = |source: &Source, product| Rules::parse(source, product);
    match decided(&mut described, options.explain, rules)? {
        Decided::NoUser(refused) => {
            match options.format {
                EvalFormat::Human => {
                    output.quoted_error(&format!("the token is refused: {refused} ({})", refused.code()));
                    refused.hint().iter().for_each(|hint| output.hint(hint));
                }
                EvalFormat::Json => output.raw(&report::pretty(&no_user(&refused))),
            }
            Ok(Exit::Denied)
        }
        Decided::Refused(refused) => {
            output.result(&refused.folded("`firewarden check --all` shows each of them"));
            Ok(Exit::Refused)
        }
        Decided::Decision { answer, doubt, warnings } => {
            warn(&warnings, output);
            doubt.iter().for_each(|doubt| output.warning(doubt));
            match options.format {
                EvalFormat::Human => output.result(&answer.explanation(columns())),
                EvalFormat::Json => output.raw(&report::pretty(&to_json(&answer))),
            }
            Ok(if answer.is_allowed() { Exit::Ok } else { Exit::Denied })
        }
    }
}

/// `{"allowed", "reason", "cause", "code", "hint"?}` of a token that is refused.
pub(super) fn no_user(refused: &TokenError) -> Json {
    let reason = refused.to_string();
    let mut answer = json!({ "allowed": false, "reason": reason, "cause": "token-refused", "code": refused.code() });
    if let (Some(hint), Some(fields)) = (refused.hint(), answer.as_object_mut()) {
        fields.insert("hint".to_owned(), json!(hint));
    }
    answer
}

/// Verifies the token of a request. Gives why it is refused.
fn sign_in(described: &mut Described) -> Result<Option<TokenError>, Unreadable> {
    let Some(token) = described.token.clone() else {
        return match described.keys.is_some() || described.project.is_some() {
            true => Err(Unreadable("keys and a project are for a token: add --token".to_owned())),
            false => Ok(None),
        };
    };
    let (Some(keys), Some(project)) = (&described.keys, &described.project) else {
        return Err(Unreadable("a token needs --keys and --project to be verified".to_owned()));
    };
    #[cfg(feature = "verify")]
    return match super::token::signed_in(&token, keys, project, described.time()?)? {
        Ok(user) => described.signed_in_as(user).map(|()| None),
        Err(refused) => Ok(Some(refused)),
    };
    #[cfg(not(feature = "verify"))]
    Err(Unreadable(format!(
        "{}: this build verifies no tokens (for {project}, with {})",
        token.display(),
        keys.display()
    )))
}

/// What came of a request, whatever the product.
pub(super) enum Decided {
    /// The token is refused.
    NoUser(TokenError),
    /// The rules are refused.
    Refused(Diagnostics),
    /// The rules decided; `doubt` tells what about the request may surprise, `warnings` are those of the rules.
    Decision { answer: Answer, doubt: Option<String>, warnings: Diagnostics },
}

/// Decides a request, with a trace where `explain` asks for one; `compiled` gives the rules of a text.
pub(super) fn decided(
    described: &mut Described,
    explain: bool,
    compiled: impl FnOnce(&Source, Option<Product>) -> Result<Rules, RulesError>,
) -> Result<Decided, Unreadable> {
    if let Some(refused) = sign_in(described)? {
        return Ok(Decided::NoUser(refused));
    }
    let Some(path) = &described.rules else {
        return Err(Unreadable(
            "say which rules decide: firewarden eval storage.rules get users/alice/cat.png".to_owned(),
        ));
    };
    let source = Source::new(input::name(path), input::text(path)?);
    let product = described.service.map(|service| match service {
        ServiceKind::Storage => Product::Storage,
        ServiceKind::Firestore => Product::Firestore,
    });
    let rules = match compiled(&source, product) {
        Ok(rules) => rules,
        Err(RulesError::Refused(refused)) => return Ok(Decided::Refused(refused)),
        Err(RulesError::Product(why)) => return Err(Unreadable(format!("{}: {why}", source.name()))),
    };
    let failed = |error: Error| Unreadable(error.to_string());
    let (answer, doubt) = match &rules {
        Rules::Storage(rules) => {
            let (request, documents) = (described.storage()?, described.documents(DEFAULT_DATABASE)?);
            let decide = if explain { storage::Ruleset::explain } else { storage::Ruleset::evaluate };
            let decision = decide(rules, &request, &documents).map_err(failed)?;
            let unstated = || Unstated::of(&decision, &request, false).map(|unstated| unstated.in_command());
            let doubt = described.not_stored(request.is_stored()).or_else(unstated);
            (Answer::Service(decision), doubt)
        }
        Rules::Firestore(rules) => {
            let (request, documents) = described.firestore()?;
            let decide = if explain { firestore::Ruleset::explain } else { firestore::Ruleset::evaluate };
            let decision = decide(rules, &request, &documents).map_err(failed)?;
            (Answer::Service(decision), described.not_stored(request.is_stored()))
        }
        Rules::Database(rules) => {
            let (request, data) = (described.database()?, described.data()?);
            let decide = if explain { database::Ruleset::explain } else { database::Ruleset::evaluate };
            (Answer::Database(Box::new(decide(rules, &request, &data).map_err(failed)?)), None)
        }
    };
    Ok(Decided::Decision { answer, doubt, warnings: rules.warnings().clone() })
}

fn warn(warnings: &Diagnostics, output: &mut Output) {
    if !warnings.is_empty() {
        let name = warnings.source().name();
        output.note(&format!("{name}: {} warning(s); `firewarden check {name}` shows them", warnings.len()));
    }
}

/// A decision as JSON.
pub(super) fn to_json(answer: &Answer) -> Json {
    match answer {
        Answer::Service(decision) => service_json(decision),
        Answer::Database(decision) => database_json(decision),
    }
}

/// `{"allowed", "reason", "cause", "permittedBy"?, "error"?, "hint"?, "trace"?}`
fn service_json(decision: &Decision) -> Json {
    let place = |span: Span| place(decision.source(), span);
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
    if let Some(hint) = decision.hint() {
        set(&mut answer, "hint", json!(hint));
    }
    if let Some(trace) = decision.trace() {
        let blocks = trace.blocks.iter().map(|block| {
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
    use database::Cause;
    let place = |span: Span| place(decision.source(), span);
    let mut answer = json!({
        "allowed": decision.is_allowed(),
        "reason": decision.reason(),
        "cause": match decision.cause() {
            Cause::Granted(_) => "granted",
            Cause::NoRule(..) => "no-rule",
            Cause::NotGranted(..) => "not-granted",
            Cause::Invalid(..) => "invalid",
            Cause::Refused(_) => "refused",
        },
    });
    match decision.cause() {
        Cause::Granted(spans) => set(&mut answer, "grantedBy", spans.iter().copied().map(place).collect()),
        Cause::Invalid(path, span, _) => set(&mut answer, "invalid", json!({ "path": path, "at": place(*span) })),
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
