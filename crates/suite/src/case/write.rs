//! The document after a write: the new document, or the stored one with changes.

use crate::{
    node::{self, Key, Kind, Node, Reader},
    transforms,
};
use firewarden::{
    firestore::Document,
    internals::service::Method,
    value::{Map, Value},
};

use super::Test;

impl Test<'_, '_> {
    /// The fields that an update is confined to (`write_fields`).
    pub(super) fn fields_named(&self, method: Method) -> Option<Vec<String>> {
        let (merge, remove) = (self.fields.get("merge"), self.fields.get("remove"));
        if method != Method::Update || merge.is_none() && remove.is_none() {
            return None;
        }
        if self.verb() == "set" {
            let mut names = Vec::new();
            leaves(merge?.entries(), "", &mut names);
            return Some(names.into_iter().chain(removed_names(remove)).collect());
        }
        let set = merge.map(Node::entries).unwrap_or_default().iter().map(|(key, _)| key.text.clone());
        Some(set.chain(removed_names(remove)).collect())
    }

    /// The fields after the write.
    pub(super) fn fields_written(&self, reader: &mut Reader, stored: Option<&Document>) -> Option<Map> {
        let (with, merge) = (self.fields.get("with"), self.fields.get("merge"));
        if let Some(merge) = merge.filter(|merge| !matches!(merge.kind, Kind::Map(_))) {
            reader.wrong(merge, "merge", "a map of fields");
            return None;
        }
        let remove = self.fields.get("remove");
        match (with, merge.or(remove)) {
            (Some(with), None) => {
                // A replaced document starts empty; an update starts from the stored one.
                let known = stored.filter(|_| self.verb() != "set").map(Document::fields);
                let known = known.and_then(|fields| if let Value::Map(fields) = fields { Some(fields) } else { None });
                transforms::document(reader, with, "with", known, self.now)
            }
            (Some(_), Some(other)) => {
                reader.error(
                    "misplaced-key",
                    other.span,
                    "`with` replaces everything, `merge` and `remove` change parts; write one of them",
                );
                None
            }
            (None, None) => {
                self.missing_value(reader, "{ title: Hello }");
                None
            }
            (None, Some(_)) => {
                let mut fields = match stored.map(Document::fields) {
                    Some(Value::Map(fields)) => fields.clone(),
                    _ => Map::new(),
                };
                let set = self.verb() == "set";
                for (key, value) in merge.map(Node::entries).unwrap_or(&[]) {
                    if set && key.text.contains('.') {
                        let message = format!("`set` reads `{}` as the name of one field, not as a path", key.text);
                        let nested = key.text.split('.').rev().map(str::to_owned);
                        let nested = nested.reduce(|inner, name| format!("{name}: {{ {inner}: … }}"));
                        let hint = format!("write `{{ {} }}`", nested.unwrap_or_default());
                        reader.report(node::problem("wrong-value", key.span, message).with_hint(hint));
                        return None;
                    }
                    field_name(reader, &key.text, key.span)?;
                    // Only `set` merges maps; otherwise a map replaces the stored one.
                    let known = at(&fields, &key.text).filter(|known| set || !matches!(known, Value::Map(_)));
                    let value = transforms::value(reader, value, known, self.now)?;
                    let value = match (fields.get(&key.text), value) {
                        (Some(Value::Map(known)), Value::Map(more)) if set => Value::Map(merged(known, more)),
                        (_, value) => value,
                    };
                    change(&mut fields, &key.text, Some(value));
                }
                if let Some(node) = remove {
                    for name in listed(node) {
                        let text = reader.text(name, "remove")?;
                        field_name(reader, text, name.span)?;
                        if at(&fields, text).is_none() {
                            let message = format!("`{text}` does not exist, so nothing is removed");
                            reader.warn("no-effect", name.span, message, "");
                        }
                        change(&mut fields, text, None);
                    }
                }
                Some(fields)
            }
        }
    }
}

/// The nodes of a list, or a single node as a list of one.
fn listed(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(nodes) => nodes,
        _ => std::slice::from_ref(node),
    }
}

/// Checks the dotted name of a field.
fn field_name(reader: &mut Reader, text: &str, span: firewarden::text::Span) -> Option<()> {
    if text.split('.').any(str::is_empty) {
        reader.error("wrong-value", span, format!("invalid field name `{text}`"));
        return None;
    }
    Some(())
}

fn removed_names(remove: Option<&Node>) -> impl Iterator<Item = String> {
    remove.map(listed).unwrap_or_default().iter().filter_map(|name| Some(name.as_text()?.to_owned()))
}

/// The names of the fields that a `set` with `merge` is confined to: it merges maps and replaces other values.
fn leaves(entries: &[(Key, Node)], before: &str, names: &mut Vec<String>) {
    for (key, value) in entries {
        let name = format!("{before}{}", key.text);
        match value.entries() {
            [] => names.push(name),
            [(kind, _)] if kind.text.ends_with("Value") => names.push(name),
            inner => leaves(inner, &format!("{name}."), names),
        }
    }
}

/// Merges a map into a stored map, as `setDoc` with `merge` does.
fn merged(known: &Map, more: Map) -> Map {
    if more.is_empty() {
        return more;
    }
    let mut all = known.clone();
    for (name, value) in more.iter() {
        let value = match (known.get(name), value) {
            (Some(Value::Map(known)), Value::Map(more)) => Value::Map(merged(known, more.clone())),
            _ => value.clone(),
        };
        all.insert(name, value);
    }
    all
}

/// The value of a field, by its dotted name.
fn at<'f>(fields: &'f Map, name: &str) -> Option<&'f Value> {
    match name.split_once('.') {
        None => fields.get(name),
        Some((first, rest)) => match fields.get(first)? {
            Value::Map(inner) => at(inner, rest),
            _ => None,
        },
    }
}

/// Sets or removes a field by its dotted name, as `updateDoc` does.
fn change(fields: &mut Map, name: &str, value: Option<Value>) {
    let Some((first, rest)) = name.split_once('.') else {
        match value {
            Some(value) => drop(fields.insert(name, value)),
            None => {
                *fields = fields.iter().filter(|(key, _)| *key != name).map(|(k, v)| (k, v.clone())).collect();
            }
        }
        return;
    };
    let mut inner = match fields.get(first) {
        Some(Value::Map(inner)) => inner.clone(),
        _ if value.is_none() => return,
        _ => Map::new(),
    };
    change(&mut inner, rest, value);
    fields.insert(first, Value::Map(inner));
}
