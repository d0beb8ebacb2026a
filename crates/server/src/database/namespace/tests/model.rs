//! A namespace as a simple model: data as the engine keeps it, rules as functions, windows computed anew.

use std::cmp::Ordering;

use firewarden::database::{Data, Scalar};
use serde_json::{Value as Json, json};

/// The rules that histories load.
pub(super) fn rules(which: usize) -> Json {
    match which {
        0 => json!({ ".read": true, ".write": true }),
        1 => json!({
            "pub": { ".read": true, ".write": true },
            "flags": { ".read": true, ".write": true },
            "gate": { ".read": "root.child('flags/open').val() === true", ".write": "auth != null" },
            "own": { "$uid": { ".read": "auth.uid === $uid", ".write": "auth.uid === $uid" } },
        }),
        _ => json!({
            ".write": true,
            "pub": { "$key": { ".read": "data.child('v').val() === 1" }, ".read": "query.limitToFirst <= 2" },
        }),
    }
}

fn names(path: &str) -> Vec<&str> {
    path.split('/').filter(|name| !name.is_empty()).collect()
}

/// Whether the rules allow to read a path with a query.
pub(super) fn may_read(rules: usize, uid: Option<&str>, path: &str, query: &Json, data: &Data) -> bool {
    let path = names(path);
    match (rules, path.as_slice()) {
        (0, _) => true,
        (1, ["pub" | "flags", ..]) => true,
        (1, ["gate", ..]) => data.at("flags/open").and_then(Data::scalar) == Some(&Scalar::Bool(true)),
        (1, ["own", owner, ..]) => uid == Some(owner),
        (1, _) => false,
        (_, ["pub", rest @ ..]) => {
            let is_limited = query["vf"] == "l" && query["l"].as_u64().is_some_and(|count| count <= 2);
            is_limited
                || rest.first().is_some_and(|key| {
                    data.at(&format!("pub/{key}/v")).and_then(Data::scalar) == Some(&Scalar::Number(1.0))
                })
        }
        _ => false,
    }
}

/// Whether the rules allow to write a path.
pub(super) fn may_write(rules: usize, uid: Option<&str>, path: &str) -> bool {
    match (rules, names(path).as_slice()) {
        (0, _) => true,
        (1, ["pub" | "flags", ..]) => true,
        (1, ["gate", ..]) => uid.is_some(),
        (1, ["own", owner, ..]) => uid == Some(owner),
        (1, _) => false,
        _ => true,
    }
}

/// The value to write with server values filled in, as data.
pub(super) fn resolve(value: &Json, stored: Option<&Data>, now: i64) -> Data {
    match value {
        Json::Object(fields) if fields.get(".sv") == Some(&json!("timestamp")) => Data::from(now as f64),
        Json::Object(fields) if fields.contains_key(".sv") => {
            let by = fields[".sv"]["increment"].as_f64().unwrap();
            match stored.and_then(Data::scalar) {
                Some(Scalar::Number(n)) => Data::from(n + by),
                _ => Data::from(by),
            }
        }
        other => Data::from_json(other).unwrap(),
    }
}

fn compare_keys(a: &str, b: &str) -> Ordering {
    match (a.parse::<i32>(), b.parse::<i32>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        _ => a.encode_utf16().cmp(b.encode_utf16()),
    }
}

/// What a value sorts by: its kind, then its number, then its text.
type Rank = (u8, f64, String);

fn rank(scalar: Option<&Scalar>, has_children: bool) -> Rank {
    match scalar {
        None => (if has_children { 5 } else { 0 }, 0.0, String::new()),
        Some(Scalar::Bool(false)) => (1, 0.0, String::new()),
        Some(Scalar::Bool(true)) => (2, 0.0, String::new()),
        Some(Scalar::Number(n)) => (3, *n, String::new()),
        Some(Scalar::String(text)) => (4, 0.0, text.to_string()),
    }
}

/// The part of a value that a query of the wire selects, computed from nothing else.
pub(super) fn window(value: Option<&Data>, query: &Json) -> Data {
    let Some(value) = value else { return Data::default() };
    if ["sp", "ep", "l"].iter().all(|name| query[name].is_null()) {
        return value.clone();
    }
    let index = query["i"].as_str().unwrap_or(".priority");
    let rank_of = |child: &Data| match index {
        ".key" => rank(None, false),
        ".priority" => rank(child.priority(), false),
        ".value" => rank(child.scalar(), child.child_count() > 0),
        path => child.at(path).map_or(rank(None, false), |at| rank(at.scalar(), at.child_count() > 0)),
    };
    let mut children: Vec<(Rank, &str, &Data)> =
        value.children().map(|(key, child)| (rank_of(child), key, child)).collect();
    children.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap().then_with(|| compare_keys(a.1, b.1)));
    let bound = |name: &str| {
        let bound = &query[name];
        match index {
            _ if bound.is_null() => None,
            ".key" => Some((rank(None, false), bound.as_str().map(str::to_owned))),
            _ => Some((rank(Data::from_json(bound).unwrap().scalar(), false), None)),
        }
    };
    let compare = |child: &(Rank, &str, &Data), (rank, key): &(Rank, Option<String>)| {
        let by_rank = child.0.partial_cmp(rank).unwrap();
        by_rank.then_with(|| key.as_ref().map_or(Ordering::Equal, |key| compare_keys(child.1, key)))
    };
    if let Some(start) = bound("sp") {
        children
            .retain(|child| compare(child, &start).is_gt() || compare(child, &start).is_eq() && query["sin"] != false);
    }
    if let Some(end) = bound("ep") {
        children.retain(|child| compare(child, &end).is_lt() || compare(child, &end).is_eq() && query["ein"] != false);
    }
    if let Some(count) = query["l"].as_u64() {
        let count = count as usize;
        match query["vf"] == "l" {
            true => children.truncate(count),
            false => drop(children.drain(..children.len().saturating_sub(count))),
        }
    }
    Data::object(children.into_iter().map(|(_, key, child)| (key, child.clone())))
}
