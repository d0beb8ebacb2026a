//! Queries as the WebSocket and REST write them.

use std::collections::BTreeMap;

use firewarden::database::Scalar;
use serde_json::{Value as Json, json};

use super::{
    Count, Limit, Order, Query,
    order::{Edge, Entry, SortValue},
};
use crate::database::tree::{Key, names};

/// The names that the official clients give the keys before and behind all others.
const LEAST: &str = "[MIN_NAME]";
const GREATEST: &str = "[MAX_NAME]";

/// An end of the range as a request states it.
struct Stated<'j> {
    value: &'j Json,
    key: Option<&'j str>,
    is_inclusive: bool,
    is_start: bool,
}

impl Query {
    /// Reads the object `q` of a WebSocket request, `{"sp","sn","sin","ep","en","ein","l","vf","i"}`. An empty one is the
    /// default query.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_wire(q: &Json) -> Result<Self, String> {
        let Json::Object(fields) = q else { return Err("a query is an object".to_owned()) };
        let text = |name: &str| match fields.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(format!("{name} of a query is a string, not {other}")),
        };
        let order = match text("i")? {
            None => None,
            Some(index) => Some(order(index, ["", ".key", ".value", ".priority"])?),
        };
        let end = |value: &str, key: &str, inclusive: &str, is_start| {
            let Some(stated) = fields.get(value) else { return Ok(None) };
            let is_inclusive = fields.get(inclusive).and_then(Json::as_bool).unwrap_or(true);
            let stated = Stated { value: stated, key: text(key)?, is_inclusive, is_start };
            stated.limit(order.as_ref()).map(Some)
        };
        let (start, end) = (end("sp", "sn", "sin", true)?, end("ep", "en", "ein", false)?);
        let count = match fields.get("l") {
            None | Some(Json::Null) => None,
            Some(most) => Some(Count {
                most: count("l", most)?,
                // Clients of old state no end: then a query with a start counts from there.
                is_from_end: text("vf")?.map_or(start.is_none(), |view_from| view_from == "r"),
            }),
        };
        let sorted: BTreeMap<_, _> = fields.iter().collect();
        let name = if fields.is_empty() { String::new() } else { json!(sorted).to_string() };
        Ok(Query { order, start, end, count, name: name.into() })
    }

    /// Reads the REST parameters `orderBy`, `startAt`, `startAfter`, `endAt`, `endBefore`, `equalTo`, `limitToFirst`,
    /// `limitToLast` (decoded, each a JSON value; bounds may have `,"key"` behind the value). Other parameters are ignored,
    /// but with `shallow=true` a limit needs no order.
    ///
    /// # Errors
    ///
    /// What is wrong with them, for a 400.
    pub fn from_parameters<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        const NAMES: [&str; 8] =
            ["orderBy", "startAt", "startAfter", "endAt", "endBefore", "equalTo", "limitToFirst", "limitToLast"];
        let (mut stated, mut is_shallow) = (BTreeMap::new(), false);
        for (name, value) in parameters {
            is_shallow |= name == "shallow" && value == "true";
            if NAMES.contains(&name) {
                stated.insert(name, value);
            }
        }
        let order = match stated.get("orderBy") {
            None if stated.is_empty() => return Ok(Query::default()),
            None if is_shallow => Order::Key,
            None => return Err("orderBy must be defined when other query parameters are defined".to_owned()),
            Some(index) => {
                let index: String = serde_json::from_str(index)
                    .map_err(|_| format!("orderBy must be a JSON string, with its quotes: {index}"))?;
                order(&index, ["$", "$key", "$value", "$priority"])?
            }
        };
        let end = |names: [(&str, bool); 3], is_start| {
            let mut found = None;
            for (name, is_inclusive) in names {
                let Some(text) = stated.get(name) else { continue };
                if found.is_some() {
                    return Err(format!("{name} cannot stand beside another bound of the same side"));
                }
                let (value, key) = value_and_key(name, text)?;
                let stated = Stated { value: &value, key: key.as_deref(), is_inclusive, is_start };
                found = Some(stated.limit(Some(&order)).map_err(|why| format!("{name}: {why}"))?);
            }
            Ok(found)
        };
        let start = end([("startAt", true), ("startAfter", false), ("equalTo", true)], true)?;
        let end = end([("endAt", true), ("endBefore", false), ("equalTo", true)], false)?;
        let limit = |name: &str| match stated.get(name) {
            None => Ok(None),
            Some(text) => count(name, &serde_json::from_str(text).unwrap_or_default()).map(Some),
        };
        let count = match (limit("limitToFirst")?, limit("limitToLast")?) {
            (Some(_), Some(_)) => return Err("limitToFirst cannot stand beside limitToLast".to_owned()),
            (Some(most), None) => Some(Count { most, is_from_end: false }),
            (None, Some(most)) => Some(Count { most, is_from_end: true }),
            (None, None) => None,
        };
        Ok(Query { order: Some(order), start, end, count, name: json!(stated).to_string().into() })
    }
}

/// The order by an index: one of the names given, or the path of a child. `special` is what names of no child begin with.
fn order(index: &str, [special, key, value, priority]: [&str; 4]) -> Result<Order, String> {
    Ok(match index {
        index if index == key => Order::Key,
        index if index == value => Order::Value,
        index if index == priority => Order::Priority,
        index if !special.is_empty() && index.starts_with(special) => {
            return Err(format!("{index} is no order; there are {key}, {value}, {priority} and paths of children"));
        }
        path => Order::Child(names(path).collect::<Vec<_>>().join("/").into()),
    })
}

fn count(name: &str, json: &Json) -> Result<u32, String> {
    let count = json.as_u64().and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0);
    count.ok_or_else(|| format!("{name} must be a whole number from 1 on"))
}

/// `5`, or `5,"key"`.
fn value_and_key(name: &str, text: &str) -> Result<(Json, Option<String>), String> {
    let bad = || format!("{name} must be a JSON value, perhaps with ,\"key\" behind it: {text}");
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    let value = values.next().and_then(Result::ok).ok_or_else(bad)?;
    match text.get(values.byte_offset()..).map(str::trim) {
        Some("") => Ok((value, None)),
        Some(rest) => {
            let key = rest.strip_prefix(',').and_then(|key| serde_json::from_str(key).ok());
            Ok((value, Some(key.ok_or_else(bad)?)))
        }
        None => Err(bad()),
    }
}

impl Stated<'_> {
    fn limit(&self, order: Option<&Order>) -> Result<Limit, String> {
        let scalar = match self.value {
            Json::Null => None,
            Json::Bool(b) => Some(Scalar::Bool(*b)),
            Json::Number(n) => Some(Scalar::Number(n.as_f64().unwrap_or_default())),
            Json::String(text) => Some(Scalar::from(text.as_str())),
            other => return Err(format!("a bound is null, a boolean, a number or a string, not {other}")),
        };
        // Without a key, all children of the value are within an inclusive bound, and none within an exclusive one.
        let edge = match (self.is_start, self.is_inclusive) {
            (true, true) | (false, false) => Edge::Least,
            (true, false) | (false, true) => Edge::Greatest,
        };
        let key = |key: &str| match key {
            LEAST => Edge::Least,
            GREATEST => Edge::Greatest,
            key => Edge::Key(Key::new(key)),
        };
        let at = match (order, &scalar) {
            (Some(Order::Key), Some(Scalar::String(text))) => Entry::new(SortValue::Nothing, key(text)),
            (Some(Order::Key), None) => Entry::new(SortValue::Nothing, edge),
            (Some(Order::Key), Some(_)) => return Err("a bound in the order of keys is a string".to_owned()),
            (_, scalar) => {
                let value = scalar.as_ref().map_or(SortValue::Nothing, SortValue::of_scalar);
                Entry::new(value, self.key.map_or(edge, key))
            }
        };
        Ok(Limit { at, is_inclusive: self.is_inclusive, scalar })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use firewarden::database::Data;

    use super::*;
    use crate::database::Node;

    fn select(query: &Query, value: &Json) -> Vec<String> {
        let value = Node::from(&Data::from_json(value).unwrap());
        query.part(&value).children().map(|(key, _)| key.as_str().to_owned()).collect()
    }

    /// Values of every kind, whose keys say their order.
    fn kinds() -> Json {
        json!({
            "a": { "x": 1 }, "b": { "v": false }, "c": { "v": true }, "d": { "v": -1 }, "e": { "v": 0 }, "f": { "v": 0 },
            "g": { "v": 1.5 }, "h": { "v": "\u{10000}" }, "i": { "v": "\u{ffff}" }, "j": { "v": { "y": 1 } },
        })
    }

    #[test]
    fn wire_queries_select_by_every_order() {
        let cases = [
            (json!({ "i": "v" }), "abcdefghij"),
            (json!({ "i": "v", "sp": 0, "sin": true }), "efghij"),
            (json!({ "i": "v", "sp": 0, "sn": "f", "sin": true }), "fghij"),
            (json!({ "i": "v", "sp": 0, "sn": "[MAX_NAME]", "sin": false }), "ghij"),
            (json!({ "i": "v", "sp": 0, "sn": "e", "sin": false }), "fghij"),
            (json!({ "i": "v", "ep": 0, "en": "[MIN_NAME]", "ein": false }), "abcd"),
            (json!({ "i": "v", "ep": true, "ein": true }), "abc"),
            (json!({ "i": "v", "sp": null, "sin": true, "ep": null, "ein": true }), "a"),
            (json!({ "i": "v", "sp": 0, "sin": true, "ep": 0, "ein": true }), "ef"),
            (json!({ "i": "v", "sp": 0, "sn": "f", "sin": true, "ep": 0, "en": "f", "ein": true }), "f"),
            (json!({ "i": "v", "l": 2, "vf": "l" }), "ab"),
            (json!({ "i": "v", "l": 2, "vf": "r" }), "ij"),
            (json!({ "i": "v", "l": 2 }), "ij"),
            (json!({ "i": "v", "sp": true, "l": 2 }), "cd"),
            (json!({ "i": "v", "sp": 2, "ep": 1 }), ""),
            (json!({ "i": ".key", "sp": "c", "ep": "e", "ein": false }), "cd"),
            (json!({ "i": ".key", "sp": "c", "sin": false, "l": 2, "vf": "l" }), "de"),
            (json!({ "i": ".key", "ep": "c", "l": 2, "vf": "r" }), "bc"),
            (json!({ "l": 3, "vf": "r" }), "hij"),
            (json!({ "i": ".value", "l": 1, "vf": "l" }), "a"),
        ];
        for (q, expected) in cases {
            assert_eq!(select(&Query::from_wire(&q).unwrap(), &kinds()).concat(), expected, "{q}");
        }
    }

    #[test]
    fn parameters_select_as_the_wire_does() {
        let cases: [(&[(&str, &str)], &str); 9] = [
            (&[("orderBy", "\"v\""), ("startAt", "0")], "efghij"),
            (&[("orderBy", "\"v\""), ("startAt", "0,\"f\"")], "fghij"),
            (&[("orderBy", "\"v\""), ("startAfter", "0")], "ghij"),
            (&[("orderBy", "\"v\""), ("startAfter", "0,\"e\"")], "fghij"),
            (&[("orderBy", "\"v\""), ("endBefore", "0")], "abcd"),
            (&[("orderBy", "\"v\""), ("equalTo", "0")], "ef"),
            (&[("orderBy", "\"$key\""), ("startAfter", "\"c\""), ("limitToFirst", "2")], "de"),
            (&[("shallow", "true"), ("limitToFirst", "2")], "ab"),
            (&[("auth", "x")], "abcdefghij"),
        ];
        for (parameters, expected) in cases {
            let query = Query::from_parameters(parameters.iter().copied()).unwrap();
            assert_eq!(select(&query, &kinds()).concat(), expected, "{parameters:?}");
        }
        let refused: [&[(&str, &str)]; 7] = [
            &[("limitToFirst", "2")],
            &[("orderBy", "v")],
            &[("orderBy", "\"$other\"")],
            &[("orderBy", "\"v\""), ("startAt", "[1]")],
            &[("orderBy", "\"v\""), ("startAt", "1"), ("equalTo", "1")],
            &[("orderBy", "\"$key\""), ("startAt", "1")],
            &[("orderBy", "\"v\""), ("limitToLast", "0")],
        ];
        for parameters in refused {
            assert!(Query::from_parameters(parameters.iter().copied()).is_err(), "{parameters:?}");
        }
    }

    #[test]
    fn a_part_has_no_priority_and_a_leaf_no_part() {
        let query = Query::from_wire(&json!({ "l": 1, "vf": "r" })).unwrap();
        let part = |value: Json| query.part(&Node::from(&Data::from_json(&value).unwrap())).to_wire();
        assert_eq!(part(json!({ ".priority": 1, "a": { ".value": 1, ".priority": 2 }, "b": 2 })), {
            json!({ "a": { ".value": 1, ".priority": 2 } })
        });
        assert_eq!(part(json!("leaf")), Json::Null);
    }
}
