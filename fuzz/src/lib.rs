//! What each fuzz target does with its input. A panic is a finding; so is a property that does not hold.

#![forbid(unsafe_code)]

use firewarden::{
    Auth, Error, Timestamp, Value,
    auth::{self, Claims, KeySet, Keys, Verifier},
    database::{self, Data},
    firestore::{self, Document},
    internals::{
        pattern::Pattern,
        syntax::{self, print_ruleset},
    },
    lint::lint,
    storage::{self, Object},
    text::Source,
    value::{json, string::Str},
};
use serde_json::Value as Json;

fn now() -> Timestamp {
    Timestamp::from_secs(1_767_225_600).unwrap_or_else(|_| unreachable!("a moment of our time"))
}

fn user() -> Auth {
    Auth::user("alice").claims(serde_json::json!({ "admin": true, "level": 3, "tags": ["a", "b"], "email": "a@b.c" }))
}

/// Asserts that all entrances of a ruleset give the same verdict on a request.
macro_rules! assert_same_verdict {
    ($rules:expr, $request:expr, $data:expr, $text:expr) => {
        let permitted = verdict($rules.permits(&$request, $data));
        let evaluated = $rules.evaluate(&$request, $data).map(|decision| decision.is_allowed());
        assert_eq!(permitted, verdict(evaluated), "{}", $text);
        let explained = $rules.explain(&$request, $data);
        let _ = explained.as_ref().map(|decision| decision.explanation().to_string());
        assert_eq!(permitted, verdict(explained.map(|decision| decision.is_allowed())), "{}", $text);
    };
}

/// Text as rules for Storage and Firestore: they compile or are refused with rendered diagnostics; accepted text is printed
/// and parsed to the same print; all entrances give the same verdict.
pub fn service_rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let source = Source::new("fuzz.rules", text);
    let _ = lint(&source, now()).to_string();
    match syntax::parse_service(&source) {
        Ok(tree) => {
            let printed = print_ruleset(&tree);
            let again = syntax::parse_service(&Source::new("printed.rules", printed.as_str()));
            match again {
                Ok(again) => assert_eq!(printed, print_ruleset(&again), "{text:?}"),
                Err(refused) => panic!("the printed form is refused: {refused}\n{printed}"),
            }
        }
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
    if let Ok(rules) = storage::Ruleset::parse(&source) {
        let object = Object::new("users/alice/a.png").size(7).content_type("image/png").metadata("owner", "alice");
        let requests = [
            storage::Request::get("b", "users/alice/a.png").existing(object.clone()),
            storage::Request::create("b", object.clone()).auth(user()),
            storage::Request::list("b", "users").auth(user()),
        ];
        for request in requests.map(|request| request.at(now())) {
            assert_same_verdict!(rules, request, &(), text);
        }
    }
    if let Ok(rules) = firestore::Ruleset::parse(&source) {
        let fields =
            |n: i64| Document::new("users/alice", Value::from(serde_json::json!({ "owner": "alice", "n": n })));
        let requests = [
            firestore::Request::get("users/alice").existing(fields(1)),
            firestore::Request::update(fields(1), fields(2)).auth(user()),
            firestore::Request::list("users", firestore::Query::new().limit(10)).auth(user()),
        ];
        for request in requests.map(|request| request.at(now())) {
            assert_same_verdict!(rules, request, &(), text);
        }
    }
}

/// Text as rules of a database: the same properties.
pub fn database_rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let source = Source::new("fuzz.json", text);
    let _ = lint(&source, now()).to_string();
    let rules = match database::Ruleset::parse(&source) {
        Ok(rules) => rules,
        Err(refused) => return assert!(!refused.to_string().is_empty()),
    };
    let stored =
        serde_json::json!({ "users": { "alice": { "name": "Alice", "age": 30 } }, "a": [1, 2, null], "b": true });
    let Ok(stored) = Data::from_json(&stored) else { return };
    let requests = [
        database::Request::read("/users/alice"),
        database::Request::write("/users/alice", serde_json::json!({ "name": "Bob", "age": 1.5 })).auth(user()),
        database::Request::update("/", serde_json::json!({ "users/alice/age": 31, "b": null })).auth(user()),
        database::Request::delete("/a"),
    ];
    for request in requests.map(|request| request.at(now())) {
        assert_same_verdict!(rules, request, &stored, text);
    }
}

/// A pattern, a line break, and a text: it is refused or matches, splits and replaces within bounds.
pub fn patterns(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (source, text) = text.split_once('\n').unwrap_or((text, "alice@example.com"));
    if let Ok(pattern) = Pattern::new(source) {
        let text = Str::Utf8(text);
        let _ = pattern.matches(text);
        let _ = pattern.split(text, 1 << 16).map(|parts| parts.len());
        let _ = pattern.replace(text, Str::Utf8("<$0>"), 1 << 16).map(|found| found.as_str().size());
    }
    for ignore_case in [false, true] {
        if let Ok(pattern) = Pattern::database(source, ignore_case) {
            let _ = pattern.is_found(Str::Utf8(text));
        }
    }
}

/// Text as a token, as keys and as claims: what is not signed by a known key is never a user.
pub fn tokens(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = auth::decode(text).map(|token| token.claims());
    if let Ok(keys) = KeySet::from_secret("k", &[7; 32]) {
        let verifier = Verifier::id_tokens("demo-app", Keys::new(keys));
        let refused = verifier.verify(text, now());
        assert!(refused.is_err(), "{text}");
        let _ = refused.map_err(|error| (error.to_string(), error.hint().map(|hint| hint.to_string())));
    }
    let _ = KeySet::parse(text);
    if let Ok(claims @ Json::Object(_)) = serde_json::from_str(text) {
        let _ = Claims::from_json(claims.clone());
        let _ = Auth::from_claims(claims);
    }
}

/// JSON as queries, documents, objects and data: it is refused, or gives a value that can be printed and read again.
pub fn requests(data: &[u8]) {
    let Ok(found) = serde_json::from_slice::<Json>(data) else { return };
    let _ = firestore::Query::from_json(&found);
    let _ = database::Query::from_json(&found);
    if let Ok(value) = json::from_typed(&found) {
        let printed = json::to_typed(value.view());
        let again = json::from_typed(&printed);
        assert!(again.is_ok_and(|again| json::to_typed(again.view()) == printed), "{found}");
    }
    if let Json::Object(fields) = &found {
        let _ = json::document(fields);
        let _ = Object::from_json("a", fields);
    }
    if let Ok(data) = Data::from_json(&found) {
        let printed = data.to_json();
        let again = Data::from_json(&printed);
        assert!(again.is_ok_and(|again| again.to_json() == printed), "{found}");
    }
}

/// The verdict; an error of the host denies.
fn verdict(result: Result<bool, Error>) -> bool {
    result.unwrap_or(false)
}
