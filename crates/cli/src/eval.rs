//! `firewarden eval`: one request decided, or a stream of them.

use serde_json::{Value as Json, json};

use crate::fold::folded;
use firewarden::{
    Error,
    auth::TokenError,
    database, firestore,
    internals::service::DEFAULT_DATABASE,
    rules::{Decision, Product, Rules, RulesError},
    storage,
    text::{Diagnostics, Source},
};
use firewarden_suite::unstated::Unstated;

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
            output.result(&folded(&refused, "`firewarden check --all` shows each of them"));
            Ok(Exit::Refused)
        }
        Decided::Decision { decision, doubt, warnings } => {
            warn(&warnings, output);
            doubt.iter().for_each(|doubt| output.warning(doubt));
            match options.format {
                EvalFormat::Human => output.result(&decision.explanation(columns())),
                EvalFormat::Json => output.raw(&report::pretty(&decision.to_json())),
            }
            Ok(if decision.is_allowed() { Exit::Ok } else { Exit::Denied })
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
    match super::token::signed_in(&token, keys, project, described.time()?)? {
        Ok(user) => described.signed_in_as(user).map(|()| None),
        Err(refused) => Ok(Some(refused)),
    }
}

/// What came of a request, whatever the product.
pub(super) enum Decided {
    /// The token is refused.
    NoUser(TokenError),
    /// The rules are refused.
    Refused(Diagnostics),
    /// The rules decided; `doubt` tells what about the request may surprise, `warnings` are those of the rules.
    Decision { decision: Decision, doubt: Option<String>, warnings: Diagnostics },
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
    let (decision, doubt) = match &rules {
        Rules::Storage(rules) => {
            let (request, documents) = (described.storage()?, described.documents(DEFAULT_DATABASE)?);
            let decide = if explain { storage::Ruleset::explain } else { storage::Ruleset::evaluate };
            let decision = decide(rules, &request, &documents).map_err(failed)?;
            let unstated = || Unstated::of(&decision, &request, false).map(|unstated| unstated.in_command());
            let doubt = described.not_stored(request.is_stored()).or_else(unstated);
            (Decision::Service(Box::new(decision)), doubt)
        }
        Rules::Firestore(rules) => {
            let (request, documents) = described.firestore()?;
            let decide = if explain { firestore::Ruleset::explain } else { firestore::Ruleset::evaluate };
            let decision = decide(rules, &request, &documents).map_err(failed)?;
            (Decision::Service(Box::new(decision)), described.not_stored(request.is_stored()))
        }
        Rules::Database(rules) => {
            let (request, data) = (described.database()?, described.data()?);
            let decide = if explain { database::Ruleset::explain } else { database::Ruleset::evaluate };
            (Decision::Database(Box::new(decide(rules, &request, &data).map_err(failed)?)), None)
        }
    };
    Ok(Decided::Decision { decision, doubt, warnings: rules.warnings().clone() })
}

fn warn(warnings: &Diagnostics, output: &mut Output) {
    if !warnings.is_empty() {
        let name = warnings.source().name();
        output.note(&format!("{name}: {} warning(s); `firewarden check {name}` shows them", warnings.len()));
    }
}
