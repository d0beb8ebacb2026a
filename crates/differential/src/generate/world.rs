//! The documents, users and places that questions are about.

use std::collections::BTreeMap;

use firewarden::value::Type;
use serde_json::{Value as Json, json};

use super::expression::Scope;
use crate::random::Random;

/// Fields of every document that expressions read: one of each type that the REST API has, and odd ones.
pub fn fields() -> Json {
    let vector = json!({ "fields": {
        "__type__": { "stringValue": "__vector__" },
        "value": { "arrayValue": { "values": [{ "doubleValue": 1.5 }, { "doubleValue": -2.0 }] } }
    } });
    json!({
        "b": { "booleanValue": true },
        "i": { "integerValue": "7" },
        "big": { "integerValue": "-9223372036854775808" },
        "f": { "doubleValue": 1.5 },
        "whole": { "doubleValue": 3.0 },
        "nan": { "doubleValue": "NaN" },
        "inf": { "doubleValue": "-Infinity" },
        "s": { "stringValue": "Héllo, wörld" },
        "wide": { "stringValue": "a😀b\u{0}" },
        "empty": { "stringValue": "" },
        "by": { "bytesValue": "/wBh" },
        "t": { "timestampValue": "2020-02-29T23:59:59.123456Z" },
        "old": { "timestampValue": "0001-01-01T00:00:00Z" },
        "g": { "geoPointValue": { "latitude": 1.5, "longitude": -180.0 } },
        "l": { "arrayValue": { "values": [{ "integerValue": "1" }, { "stringValue": "a" }, { "nullValue": null }] } },
        "l0": { "arrayValue": {} },
        "m": { "mapValue": { "fields": {
            "a": { "integerValue": "1" },
            "b": { "mapValue": { "fields": { "c": { "stringValue": "x" } } } }
        } } },
        "m0": { "mapValue": {} },
        "n": { "nullValue": null },
        "v": { "mapValue": vector }
    })
}

/// What expressions may name: those fields.
pub fn scope() -> Scope {
    let named = [
        ("b", Type::Bool),
        ("i", Type::Int),
        ("big", Type::Int),
        ("f", Type::Float),
        ("whole", Type::Float),
        ("nan", Type::Float),
        ("inf", Type::Float),
        ("s", Type::String),
        ("wide", Type::String),
        ("empty", Type::String),
        ("by", Type::Bytes),
        ("t", Type::Timestamp),
        ("old", Type::Timestamp),
        ("g", Type::LatLng),
        ("l", Type::List),
        ("l0", Type::List),
        ("m", Type::Map),
        ("m0", Type::Map),
        ("n", Type::Null),
        ("v", Type::Vector),
        ("zz", Type::Any),
    ];
    let variables = named.iter().map(|(name, of)| (format!("resource.data.{name}"), *of));
    let others = [("resource.data", Type::Map), ("request.method", Type::String), ("request.auth", Type::Null)];
    let others = others.iter().map(|(name, of)| ((*name).to_owned(), *of));
    Scope { variables: variables.chain(others).collect(), functions: Vec::new() }
}

/// Names of documents that are stored for requests.
pub const STORED: [&str; 7] = ["c/alice", "c/x", "c/x/d/alice", "z/bob", "c/alice/e/f", "é/x y", "z/1"];

/// Names of documents that are not there.
pub const MISSING: [&str; 5] = ["c/none", "c/none/d/alice", "z/é", "c/bob", "c/x/d/e/f/g"];

/// Collections.
pub const COLLECTIONS: [&str; 5] = ["c", "z", "c/x/d", "c/none/d", "é"];

/// Stored documents of requests.
pub fn documents(random: &mut Random) -> BTreeMap<String, Json> {
    STORED.iter().map(|name| ((*name).to_owned(), few_fields(random))).collect()
}

/// Some of the fields that rules of requests ask for.
pub fn few_fields(random: &mut Random) -> Json {
    let mut fields = serde_json::Map::new();
    for name in ["n", "owner", "tags", "map", "open", "role"] {
        if random.chance(70) {
            fields.insert(name.to_owned(), field(random, name));
        }
    }
    Json::Object(fields)
}

/// A value of a field.
pub fn field(random: &mut Random, name: &str) -> Json {
    let strings = ["alice", "bob", "x", "", "admin"];
    let string = |random: &mut Random| json!({ "stringValue": random.word(&strings) });
    if random.chance(8) {
        return match random.below(4) {
            0 => json!({ "nullValue": null }),
            1 => json!({ "doubleValue": 1.0 }),
            2 => json!({ "stringValue": "1" }),
            _ => json!({ "timestampValue": "2020-01-01T00:00:00Z" }),
        };
    }
    match name {
        "n" => json!({ "integerValue": random.below(4).to_string() }),
        "tags" => {
            let values: Vec<_> = (0..random.below(3)).map(|_| string(random)).collect();
            json!({ "arrayValue": { "values": values } })
        }
        "map" => json!({ "mapValue": { "fields": { "a": { "integerValue": random.below(3).to_string() } } } }),
        "open" => json!({ "booleanValue": random.chance(50) }),
        _ => string(random),
    }
}

/// The claims of a user, or nobody.
pub fn user(random: &mut Random) -> Option<Json> {
    if random.chance(25) {
        return None;
    }
    let uid = random.word(&["alice", "bob", "x"]);
    let mut claims = json!({ "sub": uid, "user_id": uid });
    if random.chance(40) {
        claims["admin"] = json!(random.chance(60));
    }
    if random.chance(40) {
        claims["level"] = json!(random.below(4));
    }
    if random.chance(30) {
        claims["list"] = json!(["alice", 1, 1.5]);
        claims["map"] = json!({ "a": random.below(3) });
    }
    Some(claims)
}
