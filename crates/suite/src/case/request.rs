//! From a test to its request: what is there, what is sent, by whom.

use std::sync::Arc;

use serde_json::{Map as JsonMap, Value as Json};

use crate::{
    content::Role,
    idioms::Context,
    node::{self, Kind, Node, Reader},
    paths::{self, Names},
    seeds::{self, Store},
    unused::{self, Section, Used},
    users::Identity,
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

use super::{Ask, Asked, Test};

/// What an update of metadata leaves as it is stored.
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

/// What of these is the content's own.
const FIXED: [&str; 5] = ["size", "md5Hash", "crc32c", "generation", "timeCreated"];

/// Stored names among which a similar one is looked for.
pub(crate) const COMPARED: usize = 100;

/// Which keys of a test belong to which rules, and how messages call those.
const OF_STORAGE: [&str; 3] = ["objects", "bucket", "params"];
const OF_FIRESTORE: [&str; 4] = ["database", "batch", "after", "remove"];
const OF_DATABASE: [&str; 2] = ["data", "transport"];
const OF_SERVICES: [&str; 2] = ["documents", "merge"];

impl Test<'_, '_> {
    /// The request of one method; nothing where the test is wrong, which is reported.
    pub(super) fn ask(&self, reader: &mut Reader, method: &str, identity: &Identity) -> Option<Asked> {
        match &self.shared.rules {
            Rules::Storage(_) => self.storage(reader, Method::parse(method)?, identity),
            Rules::Firestore(_) => self.firestore(reader, method, identity),
            Rules::Database(_) => self.database(reader, method, identity),
        }
    }

    /// Reports keys that have no meaning for these rules, or for what is asked.
    pub(super) fn misplaced(&self, reader: &mut Reader) {
        let verb = self.verb();
        let (storage, firestore, database) = match &self.shared.rules {
            Rules::Storage(_) => (true, false, false),
            Rules::Firestore(_) => (false, true, false),
            Rules::Database(_) => (false, false, true),
        };
        let mut wrong = |names: &[&str], right: bool, of: &str| {
            for key in names.iter().filter(|_| !right).filter_map(|name| self.fields.key(name)) {
                reader.misplaced(Context::Test, &key.text, key.span, format!("{} is for {of}", key.text));
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
        wrong(&["after"], writes || verb == "delete", "what is written: create, update, set, delete and write");
    }

    fn path_text<'a>(&'a self, reader: &mut Reader) -> Option<&'a str> {
        reader.text(self.path(), self.verb())
    }

    /// The documents that rules can ask for.
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

    /// Notes that a test is about an object, a document, or a folder of them; `place` is its bucket or database. What
    /// the test states beside it is of no use.
    fn asks_for(&self, reader: &mut Reader, method: Method, place: &str, name: &str) {
        let mut own = Used::default();
        for used in [&mut own, &mut *self.shared.used.borrow_mut()] {
            match method {
                Method::List => used.folders.insert(name.to_owned()),
                _ => used.places.insert(seeds::key(place, name)),
            };
        }
        let rules = &self.shared.rules;
        let database = if matches!(rules, Rules::Storage(_)) { &self.shared.database } else { place };
        for (section, place) in [(Section::Objects, place), (Section::Documents, database)] {
            unused::warn_of_test(reader, (section, self.fields.get(section.key())), place, &own, rules);
        }
    }

    pub(super) fn missing_value(&self, reader: &mut Reader, example: &str) {
        let message = format!("{}: say what is written, such as `with: {example}`", self.verb());
        reader.missing(self.fields.node, message);
    }

    fn storage(&self, reader: &mut Reader, method: Method, identity: &Identity) -> Option<Asked> {
        let text = self.path_text(reader)?;
        let stated = self.fields.get("bucket").and_then(|node| paths::plain_name(reader, node, "bucket"));
        let place = (stated, self.shared.bucket.as_str());
        let (bucket, name) = paths::stored(reader, text, self.path().span, place, method == Method::List)?;
        let own = self.fields.get("objects").map(|node| seeds::objects(reader, node, &bucket, self.now));
        let own = own.unwrap_or_default();
        let key = seeds::key(&bucket, &name);
        self.asks_for(reader, method, &bucket, &name);
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
            nearest(&name, names.take(COMPARED)).map(meant)
        } else {
            None
        };
        if absent && matches!(method, Method::Update | Method::Delete) && self.verb() != "write" {
            let message = format!("{name} is not among the objects: there is nothing to {}", method.name());
            if method == Method::Delete {
                reader.warn("not-stored", self.path().span, message, "");
            } else {
                let hint = "state it under `objects:`, or write `create` for an upload";
                reader.report(node::problem("not-stored", self.path().span, message).with_hint(hint));
            }
        }
        let request = match identity {
            Identity::User(auth) => request.auth((**auth).clone()),
            Identity::Refused(code, message) => return Some(no_user(&request, code, message)),
            Identity::Nobody | Identity::Variable(_) => request,
        };
        Some(Asked { ask: Ask::Storage(Box::new(request), store), hint, size_unstated })
    }

    /// The object as it will be: what is stated, over what an update of metadata cannot change.
    fn upload(&self, reader: &mut Reader, method: Method, name: &str, stored: Option<&Object>) -> Option<Object> {
        let (node, whole) = match (self.fields.get("with"), self.fields.get("merge")) {
            (Some(with), None) => (with, true),
            (None, Some(merge)) => (merge, false),
            (Some(_), Some(merge)) => {
                reader.error("misplaced-key", merge.span, "with says how all will be, merge what changes: one of them");
                return None;
            }
            (None, None) => {
                self.missing_value(reader, "{ size: 2048, contentType: image/png }");
                return None;
            }
        };
        let stored = stored.map(Object::to_json);
        let Some(mut below) = stored.clone().filter(|_| method == Method::Update) else {
            return seeds::object(reader, name, node, None, Role::Upload(stored.as_ref()), self.now);
        };
        if whole {
            below.retain(|field, _| CONTENT.contains(&field.as_str()));
        }
        // Every update has a time and an etag of its own.
        below.retain(|field, _| !matches!(field.as_str(), "etag" | "updated"));
        // The service adds custom metadata to those that are there.
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
            return seeds::object(reader, name, &node, Some(&below), Role::Update, self.now);
        }
        seeds::object(reader, name, node, Some(&below), Role::Update, self.now)
    }

    /// Warns of what an update of metadata cannot change.
    fn unchangeable(&self, reader: &mut Reader, node: &Node, stored: &JsonMap<String, Json>) {
        for (key, value) in node.entries().iter().filter(|(key, _)| FIXED.contains(&key.text.as_str())) {
            if stored.get(&key.text).is_some_and(|known| *known != value.to_json()) {
                let message = format!("{} is another than the stored one: an update changes metadata only", key.text);
                reader.warn("other-method", key.span, message, "an upload over what is there is a create");
            }
        }
    }

    fn firestore(&self, reader: &mut Reader, method: &str, identity: &Identity) -> Option<Asked> {
        // `set` is the one or the other by what is stored.
        let set = method == "set";
        let mut method = if set { Method::Create } else { Method::parse(method)? };
        let names = if method == Method::List { Names::Collection } else { Names::Document };
        let text = self.path_text(reader)?;
        let stated = self.fields.get("database").and_then(|node| paths::plain_name(reader, node, "database"));
        let place = (stated, self.shared.database.as_str());
        let (database, name) = paths::within(reader, text, self.path().span, place, names)?;
        let store = self.store(reader, &database);
        // What `write` stands for is asked as it could be: nothing is created that is there.
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
        self.asks_for(reader, method, &store.database, &name);
        if method != Method::List && store.after.contains_key(&own) {
            let span = self.fields.key("after").map_or(self.path().span, |key| key.span);
            let message = format!("after is about other writes; what becomes of {name} this test says itself");
            reader.error("misplaced-key", span, message);
        }
        if let Some(names) = self.fields_named(method) {
            request = request.write_fields(names);
        }
        self.other_method(reader, method, &name, stored.is_some());
        let absent = stored.is_none() && matches!(method, Method::Get | Method::Update | Method::Delete);
        let hint = if absent { store.like(&name).map(|like| meant(&like)) } else { None };
        if let Some(stored) = stored {
            request = request.existing(stored);
        }
        if let Some(fields) = written {
            request = request.with(Document::new(name, Value::Map(fields)));
        }
        let request = match identity {
            Identity::User(auth) => request.auth((**auth).clone()),
            Identity::Refused(code, message) => return Some(no_user(&request, code, message)),
            Identity::Nobody | Identity::Variable(_) => request,
        };
        Some(Asked { ask: Ask::Firestore(Box::new(request), Arc::new(store)), hint, size_unstated: false })
    }

    /// Reports where Firestore would ask the rules for another method. `write` stands for all of them.
    fn other_method(&self, reader: &mut Reader, method: Method, name: &str, stored: bool) {
        let (other, hint) = match method {
            Method::Create if stored => (
                "is stored: Firestore would ask for update",
                "write `update`; or `set`, which creates or updates by what is stored",
            ),
            Method::Update if !stored => (
                "is not stored: Firestore would ask for create",
                "state the document under `documents:`, or write `create`; `set` creates or updates by what is stored",
            ),
            _ => return,
        };
        if self.verb() != "write" {
            let problem = node::problem("other-method", self.path().span, format!("{name} {other}"));
            reader.report(problem.with_hint(hint));
        }
    }

    fn list_query(&self, reader: &mut Reader) -> Option<firestore::Query> {
        let Some(node) = self.fields.get("query") else { return Some(firestore::Query::new()) };
        let json = values::query(reader, node, self.now)?;
        firestore::Query::from_json(&json).map_err(|why| wrong_query(reader, node, &why, &firestore::Query::NAMES)).ok()
    }

    fn database(&self, reader: &mut Reader, method: &str, identity: &Identity) -> Option<Asked> {
        let text = self.path_text(reader)?;
        let path = paths::place(reader, text, self.path().span)?;
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
        let request = match identity {
            Identity::User(auth) => request.auth((**auth).clone()),
            Identity::Variable(value) => request.auth_variable(value.clone()),
            Identity::Refused(code, message) => return Some(no_user(&request, code, message)),
            Identity::Nobody => request,
        };
        let hint = if empty { near_place(&data, &path).map(|like| meant(&like)) } else { None };
        Some(Asked { ask: Ask::Database(Box::new(request), data), hint, size_unstated: false })
    }
}

/// What to say of a stored name that is like the one asked for.
fn meant(like: &str) -> String {
    format!("nothing is stored there; did you mean {like}?")
}

fn no_user(request: &dyn std::fmt::Display, code: &str, message: &str) -> Asked {
    let ask = Ask::NoUser { request: request.to_string(), code: code.to_owned(), message: message.to_owned() };
    Asked { ask, hint: None, size_unstated: false }
}

/// A mistake in a query stands at the part that it is about.
fn wrong_query(reader: &mut Reader, node: &Node, why: &str, known: &'static [&'static str]) {
    let named = node.entries().iter().find(|(key, _)| why.starts_with(key.text.as_str()));
    match named {
        Some((key, _)) if !known.contains(&key.text.as_str()) => {
            let message = format!("{:?} is no part of a query", key.text);
            let known = known.iter().copied();
            reader.unknown_name_of(Context::Query, "unknown-key", key.span, message, &key.text, known);
        }
        Some((_, value)) => reader.error("wrong-value", value.span, format!("query: {why}")),
        None => reader.error("wrong-value", node.span, format!("query: {why}")),
    }
}

/// A place beside the one that is empty whose name is like it.
fn near_place(data: &database::Data, path: &str) -> Option<String> {
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
