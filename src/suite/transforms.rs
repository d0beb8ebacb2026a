//! Writes that Firestore resolves before rules see them: its time, sums, elements of lists.

use crate::value::{Map, Timestamp, Value, deep_equals};

use super::{
    node::{Kind, Node, Reader},
    values,
};

/// Tags of what is written, and with `Value` behind them the typed forms.
pub(super) const TRANSFORMS: [&str; 4] = ["serverTimestamp", "increment", "arrayUnion", "arrayRemove"];

/// Fields as a write leaves them; `stored` has those that transforms begin with.
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

/// A value as a write leaves it over the one that is stored.
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

/// Whether it is one of them, or a map that has one. Lists hold none: Firestore refuses that.
fn has_transform(node: &Node) -> bool {
    transform(node).is_some() || node.entries().iter().any(|(_, value)| has_transform(value))
}

/// The name of a transform, and what it takes.
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
                reader.error("wrong-value", node.span, "increment takes a number: `!increment 1`");
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
                reader.error("wrong-value", node.span, format!("{name} takes a list: `!{name} [a, b]`"));
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

/// Refuses a transform where nothing is written.
pub(super) fn misplaced(reader: &mut Reader, node: &Node) -> bool {
    let found = transform(node);
    if let Some((name, _)) = found {
        let message = format!("{name} is for a field that Firestore writes: in `with` and `merge`, outside lists");
        reader.error("misplaced-value", node.span, message);
    }
    found.is_some()
}

/// Warns of what client libraries and databases call such a write: here it is a text, or a map.
pub(super) fn look_alike(reader: &mut Reader, node: &Node, is_database: bool) {
    let called = match (&node.kind, node.entries()) {
        (Kind::Text(text), _) if text.ends_with(')') => {
            text.split('(').next().and_then(|call| call.rsplit('.').next()).map(str::to_owned)
        }
        (_, [(key, value)]) if key.text == ".sv" && !is_database => {
            Some(value.entries().first().map_or("serverTimestamp", |_| "increment").to_owned())
        }
        (_, [(key, _)]) => Some(key.text.trim_start_matches('$').to_owned()),
        _ => None,
    };
    let Some(name) = called.and_then(|called| TRANSFORMS.into_iter().find(|known| *known == called)) else { return };
    let right = match (is_database, name) {
        (false, "serverTimestamp") => "!serverTimestamp, or { serverTimestampValue: true }",
        (false, "increment") => "!increment 1, or { incrementValue: 1 }",
        (false, "arrayUnion") => "!arrayUnion [a], or { arrayUnionValue: [a] }",
        (false, _) => "!arrayRemove [a], or { arrayRemoveValue: [a] }",
        (true, "serverTimestamp") => "{ .sv: timestamp }",
        (true, "increment") => "{ .sv: { increment: 1 } }",
        (true, _) => return,
    };
    let message = format!("this is {}, which stays as it is: the server resolves no {name} from it", node.describe());
    reader.warn("server-value", node.span, message, &format!("write {right}"));
}
