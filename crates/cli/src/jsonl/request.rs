//! A line without an operation: a request as in request files.
use firewarden::rules::{Product, Rules};

use std::collections::HashMap;

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::{
    eval::{self, EvalOutcome, refused_token},
    request::RequestDescription,
};

use super::{MAX_CACHED, answer};

/// Compiled rules by file name, product and text.
pub(super) type RulesCache = HashMap<(String, Option<Product>, String), Rules>;

/// Decides the request: `{"allowed", "reason", "cause", …}` as in `eval --format json`, or `{"ok": false, "issues"}`
/// for refused rules.
pub(super) fn decide(recent: &mut RulesCache, request: &JsonMap<String, Json>) -> Result<Json, String> {
    let mut description = RequestDescription::of_line(request.clone()).map_err(|error| error.to_string())?;
    if description.reads_input() {
        return Err("the requests come from standard input; name a file instead of `-`".to_owned());
    }
    let decided = eval::decide(&mut description, false, |source, product| {
        let key = (source.name().to_owned(), product, source.text().to_owned());
        if let Some(known) = recent.get(&key) {
            return Ok(known.clone());
        }
        let rules = Rules::parse(source, product)?;
        if recent.len() >= MAX_CACHED {
            recent.clear();
        }
        recent.insert(key, rules.clone());
        Ok(rules)
    });
    Ok(match decided.map_err(|error| error.to_string())? {
        EvalOutcome::TokenRefused(refused) => refused_token(&refused),
        EvalOutcome::RulesRefused(refused) => json!({ "ok": false, "issues": answer::list(&refused) }),
        EvalOutcome::Decision { decision, doubt, .. } => {
            let mut json = decision.to_json();
            if let (Json::Object(fields), Some(doubt)) = (&mut json, doubt) {
                fields.insert("warning".to_owned(), doubt.into());
            }
            json
        }
    })
}
