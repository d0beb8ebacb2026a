//! `firewarden eval`: decides one request, or a stream of requests.

use serde_json::{Value as Json, json};

use firewarden::{
    Error,
    auth::TokenError,
    database, firestore,
    internals::service::DEFAULT_DATABASE,
    rules::{Decision, Product, Rules, RulesError},
    storage,
    text::{Diagnostics, Source},
};
use firewarden_suite::{missing_metadata::MissingMetadata, report::folded};

use super::{
    args::{EvalFormat, EvalOptions, ServiceKind},
    exit::Exit,
    input::{self, InputError},
    jsonl,
    output::{Output, columns},
    report,
    request::RequestDescription,
};

pub(super) fn run(options: &EvalOptions, output: &mut Output) -> Result<Exit, InputError> {
    if options.jsonl {
        let input = std::io::stdin().lock();
        let stream = std::io::BufWriter::new(std::io::stdout().lock());
        let failed = |error: std::io::Error| InputError(format!("standard input or output: {error}"));
        return jsonl::run(input, stream).map(|()| Exit::Ok).map_err(failed);
    }
    let mut description = RequestDescription::new(options)?;
    let rules = |source: &Source, product| Rules::parse(source, product);
    match decide(&mut description, options.explain, rules)? {
        EvalOutcome::TokenRefused(refused) => {
            match options.format {
                EvalFormat::Human => {
                    output.quoted_error(&format!("the token is refused: {refused} ({})", refused.code()));
                    refused.hint().iter().for_each(|hint| output.hint(hint));
                }
                EvalFormat::Json => output.raw(&report::pretty(&refused_token(&refused))),
            }
            Ok(Exit::Denied)
        }
        EvalOutcome::RulesRefused(refused) => {
            output.result(&folded(&refused, "`firewarden check --all` shows each of them"));
            Ok(Exit::Refused)
        }
        EvalOutcome::Decision { decision, doubt, warnings } => {
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

/// The answer for a refused token: `{"allowed", "reason", "cause", "code", "hint"?}`.
pub(super) fn refused_token(refused: &TokenError) -> Json {
    let reason = refused.to_string();
    let mut answer = json!({ "allowed": false, "reason": reason, "cause": "token-refused", "code": refused.code() });
    if let (Some(hint), Some(fields)) = (refused.hint(), answer.as_object_mut()) {
        fields.insert("hint".to_owned(), json!(hint));
    }
    answer
}

/// Verifies the token of a request; returns the error if the token is refused.
fn sign_in(description: &mut RequestDescription) -> Result<Option<TokenError>, InputError> {
    let Some(token) = description.token.clone() else {
        return match description.keys.is_some() || description.project.is_some() {
            true => Err(InputError("keys and project require a token: add --token".to_owned())),
            false => Ok(None),
        };
    };
    let (Some(keys), Some(project)) = (&description.keys, &description.project) else {
        return Err(InputError("a token requires --keys and --project".to_owned()));
    };
    match super::token::signed_in(&token, keys, project, description.time()?)? {
        Ok(user) => description.signed_in_as(user).map(|()| None),
        Err(refused) => Ok(Some(refused)),
    }
}

/// The outcome of a request, whatever the product.
pub(super) enum EvalOutcome {
    /// The token is refused.
    TokenRefused(TokenError),
    /// The rules are refused.
    RulesRefused(Diagnostics),
    /// The rules decided. `doubt` is a remark about the request, `warnings` are those of the rules.
    Decision { decision: Decision, doubt: Option<String>, warnings: Diagnostics },
}

/// Decides a request, with a trace if `explain` is set. `compiled` compiles the rules, or takes them from a cache.
pub(super) fn decide(
    description: &mut RequestDescription,
    explain: bool,
    compiled: impl FnOnce(&Source, Option<Product>) -> Result<Rules, RulesError>,
) -> Result<EvalOutcome, InputError> {
    if let Some(refused) = sign_in(description)? {
        return Ok(EvalOutcome::TokenRefused(refused));
    }
    let Some(path) = &description.rules else {
        return Err(InputError("missing rules: firewarden eval storage.rules get users/alice/cat.png".to_owned()));
    };
    let source = Source::new(input::name(path), input::text(path)?);
    let product = description.service.map(|service| match service {
        ServiceKind::Storage => Product::Storage,
        ServiceKind::Firestore => Product::Firestore,
    });
    let rules = match compiled(&source, product) {
        Ok(rules) => rules,
        Err(RulesError::Refused(refused)) => return Ok(EvalOutcome::RulesRefused(refused)),
        Err(RulesError::Product(why)) => return Err(InputError(format!("{}: {why}", source.name()))),
    };
    let failed = |error: Error| InputError(error.to_string());
    let (decision, doubt) = match &rules {
        Rules::Storage(rules) => {
            let (request, documents) = (description.storage()?, description.documents(DEFAULT_DATABASE)?);
            let decide = if explain { storage::Ruleset::explain } else { storage::Ruleset::evaluate };
            let decision = decide(rules, &request, &documents).map_err(failed)?;
            let unstated = || MissingMetadata::of(&decision, &request, false).map(|unstated| unstated.in_command());
            let doubt = description.not_stored(request.is_stored()).or_else(unstated);
            (Decision::Service(Box::new(decision)), doubt)
        }
        Rules::Firestore(rules) => {
            let (request, documents) = description.firestore()?;
            let decide = if explain { firestore::Ruleset::explain } else { firestore::Ruleset::evaluate };
            let decision = decide(rules, &request, &documents).map_err(failed)?;
            (Decision::Service(Box::new(decision)), description.not_stored(request.is_stored()))
        }
        Rules::Database(rules) => {
            let (request, data) = (description.database()?, description.data()?);
            let decide = if explain { database::Ruleset::explain } else { database::Ruleset::evaluate };
            (Decision::Database(Box::new(decide(rules, &request, &data).map_err(failed)?)), None)
        }
    };
    Ok(EvalOutcome::Decision { decision, doubt, warnings: rules.warnings().clone() })
}

fn warn(warnings: &Diagnostics, output: &mut Output) {
    if !warnings.is_empty() {
        let name = warnings.source().name();
        output.note(&format!("{name}: {} warning(s); `firewarden check {name}` shows them", warnings.len()));
    }
}
