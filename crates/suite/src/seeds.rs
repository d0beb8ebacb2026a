//! What is there before a test's request: objects, documents, data.

use std::{collections::HashMap, sync::Arc};

use serde_json::Map as JsonMap;

use firewarden::{
    BoxError,
    database::Data,
    firestore::Document,
    internals::service::{DocumentPath, Documents, WriteEffect},
    storage::{FieldError, OBJECT_FIELDS, Object},
    text::nearest,
    value::{Map, Timestamp, Value},
};

use super::{
    case::COMPARED,
    clock,
    content::{self, Role},
    idioms::Context,
    node::{Kind, Node, Reader},
    paths, values,
};

/// Objects, by bucket and name; what is null is not there.
pub(super) type Objects = HashMap<String, Option<Arc<Object>>>;
/// Fields of documents, by database and name; what is null is not there.
pub type Contents = HashMap<String, Option<Arc<Map>>>;

/// The key of an object or a document.
pub fn key(place: &str, name: &str) -> String {
    format!("{place}/{name}")
}

/// Reads objects by name; those that name no bucket are in the given one.
pub(super) fn objects(reader: &mut Reader, node: &Node, bucket: &str, now: Timestamp) -> Objects {
    let mut found = Objects::new();
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong(node, "objects", "a map from names to metadata");
    }
    for (key, value) in node.entries() {
        let Some((bucket, name)) = paths::stored(reader, &key.text, key.span, (None, bucket), false) else { continue };
        let slot = self::key(&bucket, &name);
        if found.contains_key(&slot) {
            reader.error("duplicate-key", key.span, format!("{name} stands here twice"));
        }
        let stated = (!value.is_null()).then(|| object(reader, &name, value, None, Role::Stored, now));
        match stated {
            Some(None) => {}
            Some(Some(object)) => drop(found.insert(slot, Some(Arc::new(object)))),
            None => drop(found.insert(slot, None)),
        }
    }
    found
}

/// Reads the metadata of an object; `below` has what the text does not state.
pub(super) fn object(
    reader: &mut Reader,
    name: &str,
    node: &Node,
    below: Option<&JsonMap<String, serde_json::Value>>,
    role: Role<'_>,
    now: Timestamp,
) -> Option<Object> {
    let Kind::Map(entries) = &node.kind else {
        reader.wrong(node, "an object", "a map of metadata");
        return None;
    };
    let mut fields = below.cloned().unwrap_or_default();
    for (key, value) in entries {
        let is_time = matches!(key.text.as_str(), "timeCreated" | "updated");
        let moment = match (is_time, &value.tag, value.as_text()) {
            (true, Some(_), _) => match values::value_of(reader, value, now)? {
                Value::Timestamp(moment) => Some(moment),
                _ => None,
            },
            (true, None, Some(text)) => clock::moment(text, Some(now)),
            _ => None,
        };
        let json = match moment {
            Some(moment) => moment.to_string().into(),
            None => values::plain(reader, value, &key.text)?,
        };
        fields.insert(key.text.clone(), json);
    }
    content::complete(name, &mut fields, role, now);
    match Object::from_json(name, &fields) {
        Ok(object) => Some(object),
        Err(error) => {
            let place = entries.iter().find(|(key, _)| key.text == error.field());
            let span = match (&error, place) {
                (FieldError::Unknown(_), Some((key, _))) => key.span,
                (_, Some((_, value))) => value.span,
                (_, None) => node.span,
            };
            if matches!(error, FieldError::Unknown(_)) {
                let message = format!("{:?} is no field of an object", error.field());
                let known = OBJECT_FIELDS.into_iter();
                reader.unknown_name_of(Context::Object, "unknown-key", span, message, error.field(), known);
            } else {
                reader.error("wrong-value", span, error.to_string());
            }
            None
        }
    }
}

/// Reads documents by name; those that name no database are in the given one.
pub(super) fn documents(reader: &mut Reader, node: &Node, database: &str, now: Timestamp) -> Contents {
    let mut found = Contents::new();
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong(node, "documents", "a map from names to fields");
    }
    for (key, value) in node.entries() {
        let place = (None, database);
        let Some((database, name)) = paths::within(reader, &key.text, key.span, place, paths::Names::Document) else {
            continue;
        };
        let slot = self::key(&database, &name);
        if found.contains_key(&slot) {
            reader.error("duplicate-key", key.span, format!("{name} stands here twice"));
        }
        if value.is_null() {
            found.insert(slot, None);
        } else if let Some(fields) = values::document(reader, value, "a document", now) {
            found.insert(slot, Some(Arc::new(fields)));
        }
    }
    found
}

/// Documents that JSON states by name, as [`documents`] reads them.
///
/// # Errors
///
/// The first thing that is wrong, in words.
pub fn documents_of_json(
    stated: &JsonMap<String, serde_json::Value>,
    database: &str,
    now: Timestamp,
) -> Result<Contents, String> {
    let mut reader = Reader::new(firewarden::text::Source::new("documents", ""));
    let node = Node::from(&serde_json::Value::Object(stated.clone()));
    let found = documents(&mut reader, &node, database, now);
    let problems = reader.finish();
    match problems.iter().find(|problem| problem.is_error()) {
        Some(problem) => Err(problem.message.clone()),
        None => Ok(found),
    }
}

/// Reads what a database holds.
pub(super) fn data(reader: &mut Reader, node: &Node, now: Timestamp) -> Option<Data> {
    let json = values::data(reader, node, "data", now)?;
    match Data::from_json(&json) {
        Ok(data) => Some(data),
        Err(error) => {
            reader.error("wrong-value", node.span, format!("data: {error}"));
            None
        }
    }
}

/// The documents of one request, before and after the writes of its commit.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The database of the request.
    pub(crate) database: String,
    /// Those of the suite.
    pub(crate) shared: Arc<Contents>,
    /// Those of the test; they hide the suite's.
    pub(crate) own: Contents,
    /// What the other writes of the same commit leave; null where they delete.
    pub(crate) after: Contents,
}

impl Store {
    /// The documents of one request, and what the other writes of its commit leave.
    pub fn new(database: impl Into<String>, documents: Contents, after: Contents) -> Self {
        Store { database: database.into(), own: documents, after, ..Store::default() }
    }

    fn get(&self, key: &str) -> Option<&Arc<Map>> {
        self.own.get(key).or_else(|| self.shared.get(key)).and_then(Option::as_ref)
    }

    /// Whether the other writes of the commit say what becomes of a document; `key` is that of [`key`].
    pub fn changes(&self, key: &str) -> bool {
        self.after.contains_key(key)
    }

    /// The stored document of that name.
    pub fn document(&self, name: &str) -> Option<Document> {
        self.get(&key(&self.database, name)).map(|fields| Document::new(name, Value::Map(Map::clone(fields))))
    }
}

fn fields(found: Option<&Arc<Map>>) -> Option<Value> {
    found.map(|fields| Value::Map(Map::clone(fields)))
}

impl Documents for Store {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(fields(Store::get(self, &key(path.database(), path.relative()))))
    }

    fn after(&self, path: DocumentPath<'_>) -> Result<WriteEffect, BoxError> {
        Ok(match self.after.get(&key(path.database(), path.relative())) {
            None => WriteEffect::Unchanged,
            Some(None) => WriteEffect::Deleted,
            Some(Some(fields)) => WriteEffect::Written(Value::Map(Map::clone(fields))),
        })
    }
}

impl Store {
    /// A name among the documents that is like one that is not there.
    pub(super) fn like(&self, name: &str) -> Option<String> {
        let known = self.own.iter().chain(self.shared.iter()).filter(|(_, fields)| fields.is_some());
        let known = known.filter_map(|(key, _)| key.strip_prefix(&self.database)?.strip_prefix('/'));
        nearest(name, known.take(COMPARED)).map(str::to_owned)
    }
}
