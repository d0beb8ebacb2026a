//! Field transforms, which Firestore resolves before rules see the write: the server's time, increments, unions and
//! removals.

use firewarden::value::{Map, Timestamp, Value, deep_equals};

use super::{
    node::{Kind, Node, Reader},
    values,
};

/// The tags of transforms; with the suffix `Value`, their typed forms.
pub(super) const TRANSFORMS: [&str; 4] = ["serverTimestamp", "increment", "arrayUnion", "arrayRemove"];

/// The fields after a write. Transforms start from the values in `stored`.
pub(super) fn document(
    reader: &mut Reader,
    node: &Node,
    what: &str,
    stored: Option<&Map>,
    now: Timestamp,
) -> Option<Map> {
    if !has_transform(node) {
        return values::document(reader, node, what, now);
    }
    let mut fields = Map::new();
    for (key, node) in node.entries() {
        let known = stored.and_then(|fields| fields.get(&key.text));
        fields.insert(key.text.as_str(), value(reader, node, known, now)?);
    }
    Some(fields)
}

/// The value after a write over the stored value.
pub(super) fn value(reader: &mut Reader, node: &Node, stored: Option<&Value>, now: Timestamp) -> Option<Value> {
    if let Some((name, operand)) = transform(node) {
        return resolve(reader, node, name, operand, stored, now);
    }
    if !has_transform(node) {
        return values::value_of(reader, node, now);
    }
    let stored = match stored {
        Some(Value::Map(fields)) => Some(fields),
        _ => None,
    };
    document(reader, node, "the value", stored, now).map(Value::Map)
}

/// Whether a node is a transform or a map that contains one. Firestore refuses transforms in lists.
fn has_transform(node: &Node) -> bool {
    transform(node).is_some() || node.entries().iter().any(|(_, value)| has_transform(value))
}

/// The name of a transform, and its operand.
fn transform(node: &Node) -> Option<(&'static str, &Node)> {
    let named = |name: &str| TRANSFORMS.into_iter().find(|known| *known == name);
    match (&node.tag, node.entries()) {
        (Some(tag), _) => Some((named(tag)?, node)),
        (None, [(key, operand)]) => Some((named(key.text.strip_suffix("Value")?)?, operand)),
        _ => None,
    }
}

fn resolve(
    reader: &mut Reader,
    node: &Node,
    name: &str,
    operand: &Node,
    stored: Option<&Value>,
    now: Timestamp,
) -> Option<Value> {
    match name {
        "serverTimestamp" => Some(Value::Timestamp(now)),
        "increment" => {
            let Some(by) = number(operand) else {
                reader.error("wrong-value", node.span, "`increment` expects a number: `!increment 1`");
                return None;
            };
            Some(match (stored, by) {
                (Some(Value::Int(known)), Value::Int(by)) => Value::Int(known.saturating_add(by)),
                (Some(Value::Int(known)), Value::Float(by)) => Value::Float(*known as f64 + by),
                (Some(Value::Float(known)), Value::Int(by)) => Value::Float(known + by as f64),
                (Some(Value::Float(known)), Value::Float(by)) => Value::Float(known + by),
                (_, by) => by,
            })
        }
        _ => {
            let Kind::List(elements) = &operand.kind else {
                reader.error("wrong-value", node.span, format!("`{name}` expects a list: `!{name} [a, b]`"));
                return None;
            };
            let elements = elements.iter().map(|element| values::value_of(reader, element, now));
            let elements = elements.collect::<Option<Vec<_>>>()?;
            let mut list = match stored {
                Some(Value::List(known)) => known.clone(),
                _ => Vec::new(),
            };
            let holds =
                |list: &[Value], value: &Value| list.iter().any(|known| deep_equals(known.view(), value.view()));
            if name == "arrayRemove" {
                list.retain(|known| !holds(&elements, known));
            } else {
                for element in elements {
                    if !holds(&list, &element) {
                        list.push(element);
                    }
                }
            }
            Some(Value::List(list))
        }
    }
}

fn number(node: &Node) -> Option<Value> {
    match &node.kind {
        Kind::Int(n) => Some(Value::Int(*n)),
        Kind::Float(n) => Some(Value::Float(*n)),
        Kind::Text(text) => text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Float)).ok(),
        _ => None,
    }
}

/// Refuses a transform outside a write.
pub(super) fn misplaced(reader: &mut Reader, node: &Node) -> bool {
    let found = transform(node);
    if let Some((name, _)) = found {
        let message = format!("`{name}` only applies to fields in `with` and `merge`, outside lists");
        reader.error("misplaced-value", node.span, message);
    }
    found.is_some()
}

/// Warns of a text or a map that resembles a transform or a time as client libraries, rules and databases write it.
pub(super) fn look_alike(reader: &mut Reader, node: &Node, is_database: bool) {
    let found = match (&node.kind, node.entries()) {
        (Kind::Text(text), _) => of_text(text),
        (_, [(key, value)]) if key.text == ".sv" && !is_database => {
            Some(value.entries().first().map_or("serverTimestamp", |_| "increment"))
        }
        (_, [(key, _)]) => TRANSFORMS.into_iter().find(|known| *known == key.text.trim_start_matches('$')),
        // The JSON of client libraries.
        (_, entries) => match entries.iter().map(|(key, _)| key.text.trim_start_matches('_')).collect::<Vec<_>>()[..] {
            ["seconds", "nanoseconds"] => Some("time"),
            ["methodName", ..] => entries.first().and_then(|(_, name)| name.as_text()).and_then(|name| {
                let name = name.trim_start_matches("FieldValue.");
                TRANSFORMS.into_iter().find(|known| *known == name)
            }),
            _ => None,
        },
    };
    let (found, right) = match (is_database, found) {
        (false, Some(name @ "serverTimestamp")) => (name, "!serverTimestamp, or { serverTimestampValue: true }"),
        (false, Some(name @ "increment")) => (name, "!increment 1, or { incrementValue: 1 }"),
        (false, Some(name @ "arrayUnion")) => (name, "!arrayUnion [a], or { arrayUnionValue: [a] }"),
        (false, Some(name @ "arrayRemove")) => (name, "!arrayRemove [a], or { arrayRemoveValue: [a] }"),
        (false, Some(name @ "deletion")) => (name, "`remove: FIELD` beside `merge`"),
        (false, Some(name @ "time")) => (name, "!now, !timestamp 2026-11-22T10:00:00Z, or !serverTimestamp"),
        (true, Some(name @ "serverTimestamp")) => (name, "{ .sv: timestamp }"),
        (true, Some(name @ "increment")) => (name, "{ .sv: { increment: 1 } }"),
        (true, Some(name @ "time")) if node.as_text().is_some() => (name, "!now, or { .sv: timestamp }"),
        _ => return,
    };
    let message = format!("this is {}, not `{found}`: the server stores it unchanged", node.describe());
    reader.warn("server-value", node.span, message, &format!("write {right}"));
}

/// What a text means in a program: `serverTimestamp()`, `admin.firestore.FieldValue.increment(1)`,
/// `ServerValue.TIMESTAMP`, `new Date()`, or `request.time` in rules.
fn of_text(text: &str) -> Option<&'static str> {
    let is_call = text.ends_with(')');
    let name = text.split('(').next()?.trim();
    let (of, last) = name.rsplit_once('.').unwrap_or(("", name));
    let of = of.rsplit('.').next().unwrap_or(of);
    let called = is_call || matches!(of, "FieldValue" | "ServerValue");
    let plain: String = last.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
    match (of, plain.as_str()) {
        (_, "servertimestamp") if called || last == "SERVER_TIMESTAMP" => Some("serverTimestamp"),
        ("ServerValue", "timestamp") => Some("serverTimestamp"),
        (_, "increment") if called => Some("increment"),
        (_, "arrayunion") if called => Some("arrayUnion"),
        (_, "arrayremove") if called => Some("arrayRemove"),
        ("FieldValue", "delete") => Some("deletion"),
        (_, "deletefield") if is_call => Some("deletion"),
        ("Date" | "Timestamp", "now") if is_call => Some("time"),
        ("", "new date") if is_call => Some("time"),
        ("request", "time") if name == text => Some("time"),
        _ => None,
    }
}
