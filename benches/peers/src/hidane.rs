//! hidane-rules: the same rules as Firestore rules, path matching included. Requests are built beforehand.

use std::hint::black_box;

use hidane_rules::{
    SourceFile, compile,
    eval::{Auth, Budget, Decision, Document, Documents, Map, Method, Request, Timestamp, Value, authorize},
};
use serde_json::Value as Json;

use crate::{Piece, fixtures, ours};

struct NoDocuments;

impl Documents for NoDocuments {
    fn get(&self, _: &[String]) -> Option<Document> {
        None
    }

    fn get_after(&self, _: &[String]) -> Option<Document> {
        None
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => n.as_i64().map_or_else(|| Value::Float(n.as_f64().unwrap()), Value::Int),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(_) => Value::Map(map(json)),
    }
}

fn map(json: &Json) -> Map {
    json.as_object().unwrap().iter().map(|(name, json)| (name.clone(), value(json))).collect()
}

fn piece(workload: &'static str, rules: &str, path: &str, written: Option<Json>) -> Piece {
    let decide = |uid: &str, claims: &Json| {
        let compiled = compile(&[SourceFile { name: None, content: rules.to_owned() }]);
        let rules = compiled.ruleset.unwrap();
        let path: Vec<String> =
            ["databases", "(default)", "documents"].into_iter().chain(path.split('/')).map(str::to_owned).collect();
        let request = Request {
            method: if written.is_some() { Method::Create } else { Method::Get },
            upsert: false,
            auth: Some(Auth { uid: Some(uid.to_owned()), token: map(claims) }),
            time: Timestamp { seconds: 1_790_000_000, nanos: 0 },
            resource: written.as_ref().map(|json| Document { path: path.clone(), data: map(json) }),
            query: None,
            in_transaction: written.is_some(),
            write_fields: None,
            transforms: None,
            auto_id: false,
            verify: false,
            path,
        };
        move || authorize(&rules, black_box(&request), None, &NoDocuments, &mut Budget::single()) == Decision::Allow
    };
    let mut others = fixtures::claims();
    others["admin"] = false.into();
    others["org"] = "other".into();
    Piece::new(workload, decide("u0250", &fixtures::claims()), decide("u0999", &others))
}

pub fn pieces() -> Vec<Piece> {
    let rules = [fixtures::w1_rules(), fixtures::w2_rules(), fixtures::w3_rules(), fixtures::w4_rules()];
    let [w1, w2, w3, w4] = rules.map(|rules| ours::documents(&rules));
    let mut pieces = vec![
        piece("W1", &w1, fixtures::W1_NAME, None),
        piece("W2", &w2, fixtures::W2_NAME, None),
        piece("W3", &w3, fixtures::W3_NAME, Some(ours::upload())),
        piece("W4", &w4, fixtures::W4_NAME, None),
    ];
    for (workload, blocks) in [("W6/10", 10), ("W6/2000", 2_000)] {
        pieces.push(piece(workload, &fixtures::w6_firestore_rules(blocks), &fixtures::w6_name(blocks), None));
    }
    pieces
}
