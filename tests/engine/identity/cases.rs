//! Replays `cases.jsonl`: what the official SDKs and emulators answered, by section.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{claims, functions, mapping, tokens};

type Replay = fn(&Case) -> Result<(), String>;

/// Sections with the number of their cases.
const SECTIONS: [(&str, usize, Replay); 12] = [
    ("custom-token-mint", 30, tokens::mint),
    ("custom-token-exchange", 20, tokens::exchange),
    ("id-token-verify", 45, tokens::verify),
    ("session-cookie-verify", 7, tokens::session_cookie),
    ("custom-claims-set", 29, claims::set),
    ("token-merge", 10, claims::merge),
    ("blocking-sdk-response", 38, functions::handled),
    ("blocking-apply", 37, functions::applied),
    ("callable", 17, functions::called),
    ("map-firestore", 34, mapping::mapped),
    ("map-storage", 22, mapping::mapped),
    ("map-rtdb", 4, mapping::mapped),
];

pub struct Case {
    pub id: String,
    pub section: String,
    pub input: Json,
    pub expect: Json,
}

impl Case {
    /// Recorded where the official code is laxer than its documentation.
    pub fn is_lax(&self) -> bool {
        self.id.ends_with("-lax")
    }

    pub fn text(&self, name: &str) -> &str {
        self.input[name].as_str().unwrap_or_else(|| panic!("{}: no {name}", self.id))
    }

    /// Holds an error to the recorded code and part of the text.
    pub fn error(&self, code: &str, message: &str) -> Result<(), String> {
        let expected = self.expect.get("error").ok_or_else(|| format!("refused: {code} {message}"))?;
        let same_code = expected.get("code").is_none_or(|expected| expected == code);
        let same_text = expected.get("message").is_none_or(|expected| expected == message);
        let part = expected.get("message_contains").and_then(Json::as_str).unwrap_or_default();
        if same_code && same_text && message.contains(part) {
            return Ok(());
        }
        Err(format!("{code} {message}"))
    }

    /// Holds an HTTP error to the recorded one.
    pub fn http(&self, status: u16, message: &str) -> Result<(), String> {
        if self.expect["error"]["http"] != status {
            return Err(format!("{status} {message}"));
        }
        self.error("", message)
    }
}

pub fn same(what: &str, found: impl PartialEq<Json> + std::fmt::Debug, expected: &Json) -> Result<(), String> {
    if found == *expected { Ok(()) } else { Err(format!("{what} is {found:?}")) }
}

#[test]
fn recorded_cases_come_out_as_recorded() {
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in include_str!("cases.jsonl").lines() {
        let json = expanded(serde_json::from_str(line).unwrap());
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        let (input, expect) = (json["input"].clone(), json["expect"].clone());
        let case = Case { id: text("id"), section: text("section"), input, expect };
        let (name, _, replay) = SECTIONS.iter().find(|(name, ..)| *name == case.section).unwrap();
        *counts.entry(*name).or_insert(0) += 1;
        if let Err(found) = replay(&case) {
            wrong.push(format!("{}: expected {}, but {found}", case.id, case.expect));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    for (name, count, _) in SECTIONS {
        assert_eq!(counts.get(name), Some(&count), "{name}");
    }
    assert_eq!(counts.values().sum::<usize>(), 293);
}

/// `{"$repeat": ["a", 3]}` stands for `"aaa"`.
fn expanded(json: Json) -> Json {
    match json {
        Json::Array(items) => items.into_iter().map(expanded).collect(),
        Json::Object(fields) => match fields.get("$repeat") {
            Some(repeat) => repeat[0].as_str().unwrap().repeat(repeat[1].as_u64().unwrap() as usize).into(),
            None => Json::Object(fields.into_iter().map(|(name, value)| (name, expanded(value))).collect()),
        },
        other => other,
    }
}
