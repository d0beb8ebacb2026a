//! The seeds of a test: objects, documents and data that are stored before its request.

use std::{collections::HashMap, sync::Arc};

use serde_json::Map as JsonMap;

use firewarden::{
    BoxError,
    database::Data,
    firestore::Document,
    internals::service::{DocumentPath, Documents, WriteEffect},
    storage::{FieldError, OBJECT_FIELDS, Object},
    text,
    value::{Map, Timestamp, Value},
};

use super::{
    case::COMPARED,
    clock,
    computed_metadata::{self, ObjectRole},
    node::{Kind, Node, Reader},
    paths::{self, PathKind, Scope},
    synonyms::Vocabulary,
    values,
};

/// Objects by bucket and name; null objects are absent.
pub(super) type ObjectMap = HashMap<String, Option<Arc<Object>>>;
/// Fields of documents by database and name; null documents are absent.
pub type DocumentMap = HashMap<String, Option<Arc<Map>>>;

/// The bucket of suites that name none.
pub const DEFAULT_BUCKET: &str = "demo-bucket";

/// The key of an object or a document: its bucket or database, and its name.
pub fn key(container: &str, name: &str) -> String {
    format!("{container}/{name}")
}

/// Reads objects by name. `bucket` applies to names without a bucket.
pub(super) fn objects(reader: &mut Reader, node: &Node, bucket: &str, now: Timestamp) -> ObjectMap {
    let mut found = ObjectMap::new();
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong(node, "objects", "a map from names to metadata");
    }
    for (key, value) in node.entries() {
        let Some((bucket, name)) =
            paths::object(reader, &key.text, key.span, Scope { stated: None, default: bucket }, false)
        else {
            continue;
        };
        let slot = self::key(&bucket, &name);
        if found.contains_key(&slot) {
            reader.error("duplicate-key", key.span, format!("duplicate entry `{name}`"));
        }
        let stated = (!value.is_null()).then(|| object(reader, &name, value, None, ObjectRole::Stored, now));
        match stated {
            Some(None) => {}
            Some(Some(object)) => drop(found.insert(slot, Some(Arc::new(object)))),
            None => drop(found.insert(slot, None)),
        }
    }
    found
}

/// Reads the metadata of an object over those in `below`.
pub(super) fn object(
    reader: &mut Reader,
    name: &str,
    node: &Node,
    below: Option<&JsonMap<String, serde_json::Value>>,
    role: ObjectRole<'_>,
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
    computed_metadata::complete(name, &mut fields, role, now);
    match Object::from_json(name, &fields) {
        Ok(object) => Some(object),
        Err(error) => {
            let entry = entries.iter().find(|(key, _)| key.text == error.field());
            let span = match (&error, entry) {
                (FieldError::Unknown(_), Some((key, _))) => key.span,
                (_, Some((_, value))) => value.span,
                (_, None) => node.span,
            };
            if matches!(error, FieldError::Unknown(_)) {
                let message = format!("unknown object field `{}`", error.field());
                let known = OBJECT_FIELDS.into_iter();
                reader.unknown_name_of(Vocabulary::Object, "unknown-key", span, message, error.field(), known);
            } else {
                reader.error("wrong-value", span, error.to_string());
            }
            None
        }
    }
}

/// Reads documents by name. `database` applies to names without a database.
pub(super) fn documents(reader: &mut Reader, node: &Node, database: &str, now: Timestamp) -> DocumentMap {
    let mut found = DocumentMap::new();
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong(node, "documents", "a map from names to fields");
    }
    for (key, value) in node.entries() {
        let scope = Scope { stated: None, default: database };
        let Some((database, name)) = paths::document(reader, &key.text, key.span, scope, PathKind::Document) else {
            continue;
        };
        let slot = self::key(&database, &name);
        if found.contains_key(&slot) {
            reader.error("duplicate-key", key.span, format!("duplicate entry `{name}`"));
        }
        if value.is_null() {
            found.insert(slot, None);
        } else if let Some(fields) = values::document(reader, value, "a document", now) {
            found.insert(slot, Some(Arc::new(fields)));
        }
    }
    found
}

/// Reads documents by name from JSON, as suites state them.
///
/// # Errors
///
/// The message of the first error.
pub fn documents_of_json(
    stated: &JsonMap<String, serde_json::Value>,
    database: &str,
    now: Timestamp,
) -> Result<DocumentMap, String> {
    let mut reader = Reader::new(text::Source::new("documents", ""));
    let node = Node::from(&serde_json::Value::Object(stated.clone()));
    let found = documents(&mut reader, &node, database, now);
    let problems = reader.finish();
    match problems.iter().find(|problem| problem.is_error()) {
        Some(problem) => Err(problem.message.clone()),
        None => Ok(found),
    }
}

/// Reads the data of a database.
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

/// What a suite stores before each of its tests.
#[derive(Clone, Debug, Default)]
pub struct Seeds {
    pub(crate) objects: Arc<ObjectMap>,
    /// Fields of documents by database and name, see [`key`]; absent ones are null.
    pub documents: Arc<DocumentMap>,
    /// The data of the Realtime Database.
    pub data: Arc<Data>,
}

impl Seeds {
    /// The stored objects with their buckets.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &Object)> {
        let stored = self.objects.iter().filter_map(|(key, object)| Some((key.as_str(), object.as_deref()?)));
        stored.map(|(key, object)| (key.split('/').next().unwrap_or(key), object))
    }
}

/// The documents of one request, before and after the writes of its commit.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The database of the request.
    pub(crate) database: String,
    /// The documents of the suite.
    pub(crate) shared: Arc<DocumentMap>,
    /// The documents of the test, which hide those of the suite.
    pub(crate) own: DocumentMap,
    /// The documents that the other writes of the commit leave; null if they delete.
    pub(crate) after: DocumentMap,
}

impl Store {
    /// A store with the documents of one request, and those that the other writes of its commit leave.
    pub fn new(database: impl Into<String>, documents: DocumentMap, after: DocumentMap) -> Self {
        Store { database: database.into(), own: documents, after, ..Store::default() }
    }

    fn get(&self, key: &str) -> Option<&Arc<Map>> {
        self.own.get(key).or_else(|| self.shared.get(key)).and_then(Option::as_ref)
    }

    /// Whether the other writes of the commit change a document, by its [`key`].
    pub fn changes(&self, key: &str) -> bool {
        self.after.contains_key(key)
    }

    /// The stored document of a name.
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
    /// The stored name that is nearest to a name that is not stored.
    pub(super) fn nearest(&self, name: &str) -> Option<String> {
        let known = self.own.iter().chain(self.shared.iter()).filter(|(_, fields)| fields.is_some());
        let known = known.filter_map(|(key, _)| key.strip_prefix(&self.database)?.strip_prefix('/'));
        text::nearest(name, known.take(COMPARED)).map(str::to_owned)
    }
}
