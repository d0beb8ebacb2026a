//! A line without an op: a request as request files have it.
use firewarden::rules::{Product, Rules};

use std::collections::HashMap;

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::{
    eval::{Decided, decided, no_user},
    request::Described,
};

use super::{KEPT, answer};

/// Compiled rules by the name of their file, what they are for, and their text.
pub(super) type Recent = HashMap<(String, Option<Product>, String), Rules>;

/// `{"allowed", "reason", "cause", …}` as `eval --format json` prints it; `{"ok": false, "issues"}` of refused rules.
pub(super) fn decide(recent: &mut Recent, request: &JsonMap<String, Json>) -> Result<Json, String> {
    let mut described = Described::of_line(request.clone()).map_err(|error| error.to_string())?;
    if described.reads_input() {
        return Err("the requests come from standard input: name a file instead of `-`".to_owned());
    }
    let decided = decided(&mut described, false, |source, product| {
        let key = (source.name().to_owned(), product, source.text().to_owned());
        if let Some(known) = recent.get(&key) {
            return Ok(known.clone());
        }
        let rules = Rules::parse(source, product)?;
        if recent.len() >= KEPT {
            recent.clear();
        }
        recent.insert(key, rules.clone());
        Ok(rules)
    });
    Ok(match decided.map_err(|error| error.to_string())? {
        Decided::NoUser(refused) => no_user(&refused),
        Decided::Refused(refused) => json!({ "ok": false, "issues": answer::list(&refused) }),
        Decided::Decision { decision, doubt, .. } => {
            let mut json = decision.to_json();
            if let (Json::Object(fields), Some(doubt)) = (&mut json, doubt) {
                fields.insert("warning".to_owned(), doubt.into());
            }
            json
        }
    })
}
