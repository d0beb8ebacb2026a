//! Builds the request of a test with its seeds and its principal.

use std::sync::Arc;

use serde_json::{Map as JsonMap, Value as Json};

use crate::{
    computed_metadata::ObjectRole,
    node::{self, Kind, Node, Reader},
    paths::{self, PathKind, Scope},
    seeds::{self, Store},
    synonyms::Vocabulary,
    unused::{self, FixtureUsage, Section},
    users::Principal,
    values,
};
use firewarden::{
    database,
    firestore::{self, Document},
    internals::service::Method,
    rules::Rules,
    storage::{self, Object},
    text::nearest,
    value::Value,
};

use super::{BuiltRequest, Test, TestRequest};

/// Metadata that an update with `with` keeps.
const CONTENT: [&str; 9] = [
    "size",
    "contentType",
    "md5Hash",
    "crc32c",
    "generation",
    "timeCreated",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
];

/// Metadata that belong to the content, which an update cannot change.
const FIXED: [&str; 5] = ["size", "md5Hash", "crc32c", "generation", "timeCreated"];

/// The number of stored names that a name is compared with for a hint.
pub(crate) const COMPARED: usize = 100;

/// The keys of a test that belong to the rules of some products.
const OF_STORAGE: [&str; 3] = ["objects", "bucket", "params"];
const OF_FIRESTORE: [&str; 4] = ["database", "batch", "after", "remove"];
const OF_DATABASE: [&str; 2] = ["data", "transport"];
const OF_SERVICES: [&str; 2] = ["documents", "merge"];

impl Test<'_, '_> {
    /// Builds the request of one method. Returns `None` after reporting an error.
    pub(super) fn request(&self, reader: &mut Reader, method: &str, principal: &Principal) -> Option<BuiltRequest> {
        match &self.shared.rules {
            Rules::Storage(_) => self.storage(reader, Method::parse(method)?, principal),
            Rules::Firestore(_) => self.firestore(reader, method, principal),
            Rules::Database(_) => self.database(reader, method, principal),
        }
    }

    /// Reports keys that do not apply to these rules or to this request.
    pub(super) fn misplaced(&self, reader: &mut Reader) {
        let verb = self.verb();
        let (storage, firestore, database) = match &self.shared.rules {
            Rules::Storage(_) => (true, false, false),
            Rules::Firestore(_) => (false, true, false),
            Rules::Database(_) => (false, false, true),
        };
        let mut wrong = |names: &[&str], right: bool, of: &str| {
            for key in names.iter().filter(|_| !right).filter_map(|name| self.fields.key(name)) {
                reader.misplaced(Vocabulary::Test, &key.text, key.span, format!("`{}` only applies to {of}", key.text));
            }
        };
        wrong(&OF_STORAGE, storage, "Storage rules");
        wrong(&OF_FIRESTORE, firestore, "Firestore rules");
        wrong(&OF_DATABASE, database, "Realtime Database rules");
        wrong(&OF_SERVICES, !database, "Storage and Firestore rules");
        let writes = matches!(verb, "create" | "update" | "set" | "write");
        wrong(&["with"], writes, "create, update, set and write");
        wrong(&["merge", "remove"], matches!(verb, "update" | "set"), "update and set");
        let queries = match &self.shared.rules {
            Rules::Storage(_) => false,
            Rules::Firestore(_) => verb == "list" || verb == "read" && self.is_collection(),
            Rules::Database(_) => verb == "read",
        };
        wrong(&["query"], queries, "a list of Firestore or a read of a database");
        wrong(&["after"], writes || verb == "delete", "create, update, set, delete and write");
    }

    fn path_text<'a>(&'a self, reader: &mut Reader) -> Option<&'a str> {
        reader.text(self.path(), self.verb())
    }

    /// The documents that rules can read.
    fn store(&self, reader: &mut Reader, database: &str) -> Store {
        let mut read = |name: &str| {
            let node = self.fields.get(name)?;
            Some(seeds::documents(reader, node, database, self.now))
        };
        let (own, after) = (read("documents"), read("after"));
        Store {
            database: database.to_owned(),
            shared: Arc::clone(&self.shared.documents),
            own: own.unwrap_or_default(),
            after: after.unwrap_or_default(),
        }
    }

    /// Records that a test uses an object, a document, or a folder of them; `container` is the bucket or database.
    /// Warns of seeds of the test that it does not use.
    fn note_usage(&self, reader: &mut Reader, method: Method, container: &str, name: &str) {
        let mut own = FixtureUsage::default();
        for used in [&mut own, &mut *self.shared.used.borrow_mut()] {
            match method {
                Method::List => used.folders.insert(name.to_owned()),
                _ => used.keys.insert(seeds::key(container, name)),
            };
        }
        let rules = &self.shared.rules;
        let database = if matches!(rules, Rules::Storage(_)) { &self.shared.database } else { container };
        for (section, container) in [(Section::Objects, container), (Section::Documents, database)] {
            unused::warn_of_test(reader, section, self.fields.get(section.key()), container, &own, rules);
        }
    }

    pub(super) fn missing_value(&self, reader: &mut Reader, example: &str) {
        let message = format!("missing value of `{}`: write `with: {example}`", self.verb());
        reader.missing(self.fields.node, message);
    }

    fn storage(&self, reader: &mut Reader, method: Method, principal: &Principal) -> Option<BuiltRequest> {
        let text = self.path_text(reader)?;
        let stated = self.fields.get("bucket").and_then(|node| paths::plain_name(reader, node, "bucket"));
        let scope = Scope { stated, default: &self.shared.bucket };
        let (bucket, name) = paths::object(reader, text, self.path().span, scope, method == Method::List)?;
        let own = self.fields.get("objects").map(|node| seeds::objects(reader, node, &bucket, self.now));
        let own = own.unwrap_or_default();
        let key = seeds::key(&bucket, &name);
        self.note_usage(reader, method, &bucket, &name);
        let known = own.get(&key).or_else(|| self.shared.objects.get(&key));
        let stored = known.and_then(Option::as_ref).filter(|_| method != Method::List);
        let mut request = storage::Request::new(method, bucket.clone(), name.clone()).at(self.now);
        if method == Method::List {
            request = storage::Request::list(bucket.clone(), name.clone()).at(self.now);
        }
        if let Some(stored) = stored {
            request = request.existing(Object::clone(stored));
        }
        if matches!(method, Method::Create | Method::Update) {
            request = request.with(self.upload(reader, method, &name, stored.map(|stored| &**stored))?);
        }
        if let Some(params) = self.fields.get("params") {
            if !matches!(params.kind, Kind::Map(_)) {
                reader.wrong(params, "params", "a map of texts");
            }
            for (key, value) in params.entries() {
                request = request.param(&key.text, reader.text(value, "a parameter")?);
            }
        }
        let store = Arc::new(self.store(reader, &self.shared.database));
        let written = self.fields.get("with").filter(|_| method == Method::Create);
        let size_unstated = written.is_some_and(|written| written.get("size").is_none());
        let absent = stored.is_none() && !matches!(method, Method::List | Method::Create);
        let hint = if absent {
            let names = own.iter().chain(self.shared.objects.iter()).filter(|(_, object)| object.is_some());
            let names = names.filter_map(|(key, _)| key.strip_prefix(bucket.as_str())?.strip_prefix('/'));
            nearest(&name, names.take(COMPARED)).map(nearest_hint)
        } else {
            None
        };
        if absent && matches!(method, Method::Update | Method::Delete) && self.verb() != "write" {
            let message = format!("`{name}` is not stored, so there is nothing to {}", method.name());
            if method == Method::Delete {
                reader.warn("not-stored", self.path().span, message, "");
            } else {
                let hint = "state it under `objects:`, or write `create` for an upload";
                reader.report(node::problem("not-stored", self.path().span, message).with_hint(hint));
            }
        }
        let request = match principal {
            Principal::User(auth) => request.auth((**auth).clone()),
            Principal::Refused { code, message } => return Some(no_user(&request, code, message)),
            Principal::Nobody | Principal::Variable(_) => request,
        };
        Some(BuiltRequest { request: TestRequest::Storage(Box::new(request), store), hint, size_unstated })
    }

    /// The object after the write: stated metadata over those that an update cannot change.
    fn upload(&self, reader: &mut Reader, method: Method, name: &str, stored: Option<&Object>) -> Option<Object> {
        let (node, whole) = match (self.fields.get("with"), self.fields.get("merge")) {
            (Some(with), None) => (with, true),
            (None, Some(merge)) => (merge, false),
            (Some(_), Some(merge)) => {
                reader.error(
                    "misplaced-key",
                    merge.span,
                    "`with` replaces everything, `merge` changes parts; write one of them",
                );
                return None;
            }
            (None, None) => {
                self.missing_value(reader, "{ size: 2048, contentType: image/png }");
                return None;
            }
        };
        let stored = stored.map(Object::to_json);
        let Some(mut below) = stored.clone().filter(|_| method == Method::Update) else {
            return seeds::object(reader, name, node, None, ObjectRole::Upload(stored.as_ref()), self.now);
        };
        if whole {
            below.retain(|field, _| CONTENT.contains(&field.as_str()));
        }
        // Every update has its own time and etag.
        below.retain(|field, _| !matches!(field.as_str(), "etag" | "updated"));
        // The service merges custom metadata.
        if self.verb() != "write" {
            self.unchangeable(reader, node, &below);
        }
        if !whole
            && let (Some(Json::Object(custom)), Some(changes)) = (below.get_mut("metadata"), node.get("metadata"))
            && matches!(changes.kind, Kind::Map(_))
        {
            let mut kept: JsonMap<String, Json> = custom.clone();
            for (key, value) in changes.entries() {
                match value.kind {
                    Kind::Null => drop(kept.shift_remove(&key.text)),
                    _ => drop(kept.insert(key.text.clone(), values::plain(reader, value, "metadata")?)),
                }
            }
            let mut node = node.clone();
            if let Kind::Map(entries) = &mut node.kind {
                entries.retain(|(key, _)| key.text != "metadata");
            }
            below.insert("metadata".to_owned(), Json::Object(kept));
            return seeds::object(reader, name, &node, Some(&below), ObjectRole::Update, self.now);
        }
        seeds::object(reader, name, node, Some(&below), ObjectRole::Update, self.now)
    }

    /// Warns of metadata that an update cannot change.
    fn unchangeable(&self, reader: &mut Reader, node: &Node, stored: &JsonMap<String, Json>) {
        for (key, value) in node.entries().iter().filter(|(key, _)| FIXED.contains(&key.text.as_str())) {
            if stored.get(&key.text).is_some_and(|known| *known != value.to_json()) {
                let message =
                    format!("`{}` differs from the stored one, but an update changes only metadata", key.text);
                reader.warn("other-method", key.span, message, "an upload over a stored object is a `create`");
            }
        }
    }

    fn firestore(&self, reader: &mut Reader, method: &str, principal: &Principal) -> Option<BuiltRequest> {
        // `set` is `create` or `update`, depending on whether the document is stored.
        let set = method == "set";
        let mut method = if set { Method::Create } else { Method::parse(method)? };
        let kind = if method == Method::List { PathKind::Collection } else { PathKind::Document };
        let text = self.path_text(reader)?;
        let stated = self.fields.get("database").and_then(|node| paths::plain_name(reader, node, "database"));
        let scope = Scope { stated, default: &self.shared.database };
        let (database, name) = paths::document(reader, text, self.path().span, scope, kind)?;
        let store = self.store(reader, &database);
        // For `write`, the request `create` ignores the stored document.
        let as_new = method == Method::Create && self.verb() == "write";
        let stored = store.document(&name).filter(|_| method != Method::List && !as_new);
        if set && stored.is_some() {
            method = Method::Update;
        }
        let mut request = match method {
            Method::List => firestore::Request::list(name.clone(), self.list_query(reader)?),
            method => firestore::Request::new(method, name.clone()),
        };
        request = request.at(self.now).database(store.database.clone());
        if let Some(batch) = self.fields.get("batch")
            && reader.bool(batch, "batch")?
        {
            request = request.in_batch();
        }
        let written = match method {
            Method::Create | Method::Update => Some(self.fields_written(reader, stored.as_ref())?),
            _ => None,
        };
        let own = seeds::key(&store.database, &name);
        self.note_usage(reader, method, &store.database, &name);
        if method != Method::List && store.after.contains_key(&own) {
            let span = self.fields.key("after").map_or(self.path().span, |key| key.span);
            let message = format!("`after` is for other writes; this test writes `{name}` itself");
            reader.error("misplaced-key", span, message);
        }
        if let Some(names) = self.fields_named(method) {
            request = request.write_fields(names);
        }
        self.other_method(reader, method, &name, stored.is_some());
        let absent = stored.is_none() && matches!(method, Method::Get | Method::Update | Method::Delete);
        let hint = if absent { store.nearest(&name).map(|like| nearest_hint(&like)) } else { None };
        if let Some(stored) = stored {
            request = request.existing(stored);
        }
        if let Some(fields) = written {
            request = request.with(Document::new(name, Value::Map(fields)));
        }
        let request = match principal {
            Principal::User(auth) => request.auth((**auth).clone()),
            Principal::Refused { code, message } => return Some(no_user(&request, code, message)),
            Principal::Nobody | Principal::Variable(_) => request,
        };
        Some(BuiltRequest {
            request: TestRequest::Firestore(Box::new(request), Arc::new(store)),
            hint,
            size_unstated: false,
        })
    }

    /// Reports a request for which Firestore would ask the rules for another method; `write` stands for all methods.
    fn other_method(&self, reader: &mut Reader, method: Method, name: &str, stored: bool) {
        let (other, hint) = match method {
            Method::Create if stored => (
                "is stored, so Firestore asks the rules for `update`",
                "write `update`; or `set`, which creates or updates by what is stored",
            ),
            Method::Update if !stored => (
                "is not stored, so Firestore asks the rules for `create`",
                "state the document under `documents:`, or write `create`; `set` creates or updates by what is stored",
            ),
            _ => return,
        };
        if self.verb() != "write" {
            let problem = node::problem("other-method", self.path().span, format!("`{name}` {other}"));
            reader.report(problem.with_hint(hint));
        }
    }

    fn list_query(&self, reader: &mut Reader) -> Option<firestore::Query> {
        let Some(node) = self.fields.get("query") else { return Some(firestore::Query::new()) };
        let json = values::query(reader, node, self.now)?;
        firestore::Query::from_json(&json).map_err(|why| wrong_query(reader, node, &why, &firestore::Query::NAMES)).ok()
    }

    fn database(&self, reader: &mut Reader, method: &str, principal: &Principal) -> Option<BuiltRequest> {
        let text = self.path_text(reader)?;
        let path = paths::database_path(reader, text, self.path().span)?;
        let with = self.fields.stated("with");
        let value = match (method, with) {
            ("write" | "set" | "update", None) => {
                self.missing_value(reader, "{ age: 30 }");
                return None;
            }
            ("write" | "set" | "update", Some(node)) => values::data(reader, node, "with", self.now)?,
            _ => Json::Null,
        };
        let data = match self.fields.stated("data") {
            Some(node) if node.as_text().is_some() => {
                reader.wrong(node, "data of a test", "written out");
                return None;
            }
            Some(node) => Arc::new(seeds::data(reader, node, self.now)?),
            None => Arc::clone(&self.shared.data),
        };
        let empty = matches!(method, "read" | "delete") && data.at(&path).is_none();
        let mut request = match method {
            "read" => database::Request::read(path.clone()),
            "write" | "set" => database::Request::write(path.clone(), value),
            "update" => database::Request::update(path.clone(), value),
            _ => database::Request::delete(path.clone()),
        };
        if let Some(node) = self.fields.get("query") {
            let json = values::data(reader, node, "query", self.now)?;
            match database::Query::from_json(&json) {
                Ok(query) => request = request.query(query),
                Err(why) => {
                    wrong_query(reader, node, &why, &database::Query::NAMES);
                    return None;
                }
            }
        }
        let transport = match self.fields.get("transport") {
            Some(node) => super::transport(reader, node)?,
            None => self.shared.transport,
        };
        request = request.transport(transport).at(self.now);
        let request = match principal {
            Principal::User(auth) => request.auth((**auth).clone()),
            Principal::Variable(value) => request.auth_variable(value.clone()),
            Principal::Refused { code, message } => return Some(no_user(&request, code, message)),
            Principal::Nobody => request,
        };
        let hint = if empty { nearest_path(&data, &path).map(|like| nearest_hint(&like)) } else { None };
        Some(BuiltRequest { request: TestRequest::Database(Box::new(request), data), hint, size_unstated: false })
    }
}

/// The hint with a stored name that resembles the requested one.
fn nearest_hint(like: &str) -> String {
    format!("nothing is stored there; did you mean {like}?")
}

fn no_user(request: &dyn std::fmt::Display, code: &str, message: &str) -> BuiltRequest {
    let request =
        TestRequest::NoUser { request: request.to_string(), code: code.to_owned(), message: message.to_owned() };
    BuiltRequest { request, hint: None, size_unstated: false }
}

/// Reports an error in a query at the part that it concerns.
fn wrong_query(reader: &mut Reader, node: &Node, why: &str, known: &'static [&'static str]) {
    if let Some((key, _)) = node.entries().iter().find(|(key, _)| !known.contains(&key.text.as_str())) {
        let message = format!("unknown key `{}` in a query", key.text);
        let known = known.iter().copied();
        return reader.unknown_name_of(Vocabulary::Query, "unknown-key", key.span, message, &key.text, known);
    }
    // Messages about a value begin with its key.
    let begin = why.strip_prefix('`').unwrap_or(why);
    let named = node.entries().iter().find(|(key, _)| begin.starts_with(key.text.as_str()));
    let span = named.map_or(node.span, |(_, value)| value.span);
    reader.error("wrong-value", span, format!("query: {why}"));
}

/// The path that exists, next to a path that does not and with a similar name.
fn nearest_path(data: &database::Data, path: &str) -> Option<String> {
    let (mut at, mut walked) = (data, String::new());
    let mut names = path.split('/').filter(|name| !name.is_empty());
    while let Some(name) = names.next() {
        match at.child(name) {
            Some(child) => {
                at = child;
                walked = format!("{walked}/{name}");
            }
            None => {
                let near = nearest(name, at.children().map(|(name, _)| name).take(COMPARED))?;
                let rest = names.collect::<Vec<_>>().join("/");
                return Some(format!("{walked}/{near}/{rest}").trim_end_matches('/').to_owned());
            }
        }
    }
    None
}
