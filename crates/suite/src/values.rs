//! Values of documents as suites write them: plain, typed (`{timestampValue: …}`) or tagged (`!timestamp …`).

use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::value::{Duration, LatLng, Map, Path, Timestamp, Value, json as typed};

use super::{
    clock,
    node::{Kind, Node, Reader},
    transforms,
};

/// The tags of values that plain YAML cannot express.
const TAGS: [&str; 8] = ["timestamp", "now", "duration", "bytes", "latlng", "vector", "path", "float"];

/// Reads the fields of a document. Returns `None` after reporting an error.
pub(super) fn document(reader: &mut Reader, node: &Node, what: &str, now: Timestamp) -> Option<Map> {
    let Kind::Map(entries) = &node.kind else {
        reader.wrong(node, what, "a map of fields");
        return None;
    };
    if node.get("__type__").and_then(Node::as_text) == Some(typed::VECTOR) {
        reader.error("wrong-value", node.span, typed::VECTOR_HINT.to_owned());
        return None;
    }
    let mut fields = Map::new();
    for (key, value) in entries {
        fields.insert(key.text.as_str(), value_of(reader, value, now)?);
    }
    Some(fields)
}

/// Reads a value of a document. Returns `None` after reporting an error.
pub(super) fn value_of(reader: &mut Reader, node: &Node, now: Timestamp) -> Option<Value> {
    if transforms::misplaced(reader, node) {
        return None;
    }
    if let Some(tag) = &node.tag {
        return tagged(reader, node, tag, now);
    }
    transforms::look_alike(reader, node, false);
    Some(match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(b) => Value::Bool(*b),
        Kind::Int(n) => Value::Int(*n),
        Kind::Float(n) => Value::Float(*n),
        Kind::Text(text) => {
            text_of_a_time(reader, node, now);
            word(reader, node, text);
            Value::from(text.as_str())
        }
        Kind::List(items) => {
            Value::List(items.iter().map(|item| value_of(reader, item, now)).collect::<Option<Vec<_>>>()?)
        }
        Kind::Map(entries) => match entries.as_slice() {
            [(kind, inner)] if kind.text.ends_with("Value") => {
                // A time relative to the clock is not part of typed values.
                let moment = inner.as_text().filter(|_| kind.text == "timestampValue");
                if let Some(moment) = moment.and_then(|text| clock::moment(text, Some(now))) {
                    return Some(Value::Timestamp(moment));
                }
                match typed::from_typed(&json!({ kind.text.as_str(): inner.to_json() })) {
                    Ok(value) => value,
                    Err(error) => {
                        let hint = "write a map with only this field as `{mapValue: {fields: {…}}}`";
                        reader
                            .report(super::node::problem("wrong-value", node.span, error.to_string()).with_hint(hint));
                        return None;
                    }
                }
            }
            _ => Value::Map(document(reader, node, "the value", now)?),
        },
    })
}

fn tagged(reader: &mut Reader, node: &Node, tag: &str, now: Timestamp) -> Option<Value> {
    let text = match &node.kind {
        Kind::Text(text) => text.clone(),
        Kind::Int(n) => n.to_string(),
        Kind::Float(n) => n.to_string(),
        Kind::Null => String::new(),
        // Only `!latlng` and `!vector` take a list.
        _ => "[…]".to_owned(),
    };
    let (found, wanted) = match tag {
        "timestamp" => (clock::moment(&text, Some(now)).map(Value::Timestamp), "a time: 2026-11-22T10:00:00Z, now-1h"),
        "now" => {
            let offset = format!("now{text}");
            (clock::moment(&offset, Some(now)).map(Value::Timestamp), "nothing, or an offset: -1h, +30m")
        }
        "duration" => (duration(&text).map(Value::Duration), "a span of time: 90s, 1h30m"),
        "bytes" => (typed::from_typed(&json!({ "bytesValue": text })).ok(), "Base64"),
        "latlng" => (lat_lng(node).map(Value::LatLng), "two numbers: !latlng [48.1, 11.6]"),
        "vector" => {
            (typed::from_typed(&json!({ "vectorValue": node.to_json() })).ok(), "a list of numbers: !vector [1.0, 2.5]")
        }
        "path" => (text.starts_with('/').then(|| Value::Path(Path::of(&text))), "a path: /databases/(default)/…"),
        "float" => (text.parse().ok().map(Value::Float), "a number"),
        _ => {
            let message = format!("unknown tag `!{tag}`");
            let known = TAGS.into_iter().chain(transforms::TRANSFORMS);
            reader.unknown_name("unknown-tag", node.span, message, tag, known);
            return None;
        }
    };
    if found.is_none() {
        reader.error("wrong-value", node.span, format!("`!{tag}` expects {wanted}"));
    }
    found
}

/// Warns of a plain scalar that is a time. A quoted one is meant as text.
fn text_of_a_time(reader: &mut Reader, node: &Node, now: Timestamp) {
    let Some(text) = node.as_text().filter(|_| node.plain) else { return };
    if text == "now" || text.len() >= "now-1h".len() && clock::moment(text, Some(now)).is_some() {
        let message = format!("`{text}` is text, not a time");
        let hint = format!("write `!timestamp {text}`, or quote the text");
        reader.warn("text-of-a-time", node.span, message, &hint);
    }
}

/// Warns of words that YAML 1.1 reads as booleans.
fn word(reader: &mut Reader, node: &Node, text: &str) {
    if node.plain && matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off") {
        let hint = "write true or false, or quote the text";
        reader.warn("text-of-a-boolean", node.span, format!("`{text}` is text in YAML 1.2"), hint);
    }
}

fn duration(text: &str) -> Option<Duration> {
    text.parse().ok().or_else(|| clock::span_of_time(text).filter(|_| !text.is_empty()))
}

fn lat_lng(node: &Node) -> Option<LatLng> {
    let number = |node: &Node| match node.kind {
        Kind::Int(n) => Some(n as f64),
        Kind::Float(n) => Some(n),
        _ => None,
    };
    let (latitude, longitude) = match &node.kind {
        Kind::List(parts) => match parts.as_slice() {
            [latitude, longitude] => (number(latitude)?, number(longitude)?),
            _ => return None,
        },
        Kind::Map(_) => (number(node.get("latitude")?)?, number(node.get("longitude")?)?),
        _ => return None,
    };
    LatLng::new(latitude, longitude).ok()
}

/// Reads plain JSON, for claims and metadata. Refuses tags and numbers that JSON lacks.
pub(super) fn plain(reader: &mut Reader, node: &Node, what: &str) -> Option<Json> {
    json_of(reader, node, what, &mut |_, _| None)
}

/// Reads data of a database: plain JSON, with times as milliseconds: `!now`, `!now -5m`, `!timestamp
/// 2026-01-01T00:00:00Z`, `{timestampValue: now}`.
pub(super) fn data(reader: &mut Reader, node: &Node, what: &str, now: Timestamp) -> Option<Json> {
    // The operand of a server value is not a look-alike of one.
    let mut server_value = None;
    json_of(reader, node, what, &mut |reader, node| {
        if let Some(inner) = node.get(".sv") {
            server_value = Some(inner.span);
        } else if server_value != Some(node.span) {
            transforms::look_alike(reader, node, true);
        }
        let time = match (&node.tag, node.entries()) {
            (Some(tag), _) if matches!(&**tag, "now" | "timestamp") => tagged(reader, node, tag, now)?,
            (None, [(kind, text)]) if kind.text == "timestampValue" => {
                Value::Timestamp(reader.time(text, "timestampValue", Some(now))?)
            }
            (None, []) => {
                text_of_a_time(reader, node, now);
                return None;
            }
            _ => return None,
        };
        Some(match time {
            Value::Timestamp(time) => Json::from(time.to_millis()),
            _ => Json::Null,
        })
    })
}

/// Reads a query of Firestore: plain JSON, with any value of documents in its filters.
pub(super) fn query(reader: &mut Reader, node: &Node, now: Timestamp) -> Option<Json> {
    json_of(reader, node, "query", &mut |reader, node| match (&node.tag, node.entries()) {
        (Some(tag), _) => tagged(reader, node, tag, now).map(|value| typed::to_typed(value.view())),
        (None, [(kind, _)]) if kind.text == "timestampValue" => {
            value_of(reader, node, now).map(|value| typed::to_typed(value.view()))
        }
        _ => None,
    })
}

/// Reads JSON. `special` converts nodes that are not plain.
fn json_of(
    reader: &mut Reader,
    node: &Node,
    what: &str,
    special: &mut dyn FnMut(&mut Reader, &Node) -> Option<Json>,
) -> Option<Json> {
    let before = reader.errors();
    let found = special(reader, node);
    if found.is_some() || reader.errors() > before {
        return found;
    }
    if let Some(tag) = &node.tag {
        reader.error("wrong-value", node.span, format!("expected a plain value for `{what}`, not `!{tag}`"));
        return None;
    }
    Some(match &node.kind {
        Kind::Float(n) if !n.is_finite() => {
            reader.error("wrong-value", node.span, format!("expected a number for `{what}` that JSON has, not `{n}`"));
            return None;
        }
        Kind::List(items) => {
            items.iter().map(|item| json_of(reader, item, what, special)).collect::<Option<Vec<_>>>()?.into()
        }
        Kind::Map(entries) => {
            let mut fields = JsonMap::new();
            for (key, value) in entries {
                fields.insert(key.text.clone(), json_of(reader, value, what, special)?);
            }
            Json::Object(fields)
        }
        Kind::Text(text) => {
            word(reader, node, text);
            node.to_json()
        }
        _ => node.to_json(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::node::parse;
    use firewarden::text::Source;

    fn read(text: &str) -> (Option<Value>, usize) {
        let source = Source::new("t.yaml", text);
        let node = parse(&source).unwrap();
        let mut reader = Reader::new(source);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        (value_of(&mut reader, &node, now), reader.finish().len())
    }

    #[test]
    fn what_json_cannot_say_has_a_tag_and_a_typed_form() {
        for (tag, typed) in [
            ("!timestamp 2026-01-01T00:00:00Z", "{timestampValue: '2026-01-01T00:00:00Z'}"),
            ("!timestamp now-1h", "{timestampValue: '2025-12-31T23:00:00Z'}"),
            ("!now", "{timestampValue: now}"),
            ("!now +1h30m", "{timestampValue: now+90m}"),
            ("!duration 90s", "{durationValue: 90s}"),
            ("!duration 1h", "{durationValue: 3600s}"),
            ("!bytes aGk=", "{bytesValue: aGk=}"),
            ("!latlng [48.5, 11]", "{latlngValue: {latitude: 48.5, longitude: 11}}"),
            ("!vector [1, 2.5]", "{vectorValue: [1.0, 2.5]}"),
            ("!vector []", "{vectorValue: {values: []}}"),
            ("!vector [2]", "{vectorValue: {values: [{floatValue: 2}]}}"),
            ("!float 1", "{floatValue: 1}"),
        ] {
            let (a, b) = (read(tag).0.unwrap(), read(typed).0.unwrap());
            assert!(firewarden::value::deep_equals(a.view(), b.view()), "{tag} and {typed}: {a:?}, {b:?}");
        }
    }

    #[test]
    fn wrong_values_are_reported() {
        for text in [
            "!timestamp yesterday",
            "!latlng [1]",
            "!latlng [91, 0]",
            "!tiemstamp now",
            "{intValue: x}",
            "!path a",
            "!vector 1",
            "!vector [a]",
            "{__type__: __vector__, value: [1.0]}",
            "{mapValue: {a: 1}}",
        ] {
            assert!(matches!(read(text), (None, 1)), "{text}");
        }
    }
}
