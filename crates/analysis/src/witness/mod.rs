//! A request that has a property, as the builders of the products take it.

mod print;
mod shrink;
mod written;

use std::collections::BTreeMap;

use firewarden::{
    Auth, BoxError, DocumentPath, Documents, Error, Timestamp, Value, WriteEffect, firestore,
    internals::request::ServiceProduct,
    rules::Rules,
    storage,
    value::{Comparator, Map, json::to_plain},
};

use crate::{
    ask::subject::STANDARD_CLAIMS,
    interpret::Facts,
    model::Model,
    place::{Origin, PlaceId},
    schema::Method,
    symbolic::Encoder,
    value::SegmentTerm,
    world::Segment,
};

/// A request with what is stored.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The product.
    pub product: ServiceProduct,
    /// What the request does.
    pub method: Method,
    /// The bucket or the database.
    pub root: String,
    /// The segments of its name within that.
    pub path: Vec<String>,
    /// The signed-in user: the id and the claims.
    pub auth: Option<(String, Map)>,
    /// The time of the request.
    pub time: Timestamp,
    /// The stored object or document, or what a query knows of documents.
    pub stored: Option<Map>,
    /// The object or document after the request.
    pub incoming: Option<Map>,
    /// The limit of a query, and how many documents it skips.
    pub limit: Option<i64>,
    /// How many documents a query skips.
    pub offset: i64,
    /// Parameters of a request to Storage.
    pub params: Map,
    /// The mask of a write to Firestore.
    pub write_fields: Option<Vec<String>>,
    /// Documents that rules read, by their names.
    pub documents: BTreeMap<String, Value>,
    /// The same after the commit that the request belongs to; `None` for those that it deletes.
    pub after: BTreeMap<String, Option<Value>>,
}

impl Witness {
    /// Reads a model.
    pub fn of(encoder: &Encoder, model: &Model) -> Self {
        let world = &encoder.world;
        let member = |place: PlaceId, name: &str| {
            let found = world
                .children(place)
                .iter()
                .find(|(key, _)| matches!(key, crate::place::Key::Name(known) if world.text(*known) == name));
            found.map(|(_, child)| *child)
        };
        let segment = |at: usize| match world.segments.get(at) {
            Some(Segment::Place(place)) => match model.value(world, *place) {
                Some(Value::String(text)) => text.as_str().to_string(),
                _ => "x".to_owned(),
            },
            Some(Segment::Const(text)) => world.text(*text),
            _ => String::new(),
        };
        let count = world.segments.len();
        let unnamed = usize::from(matches!(world.segments.last(), Some(Segment::Unnamed)));
        let request = encoder.request();
        let of = |name: &str| member(request, name).and_then(|place| model.value(world, place));
        let map = |value: Option<Value>| match value {
            Some(Value::Map(map)) => Some(map),
            _ => None,
        };
        let auth = map(of("auth")).map(|auth| {
            let uid = auth.get("uid").and_then(Value::as_str).unwrap_or("alice").to_owned();
            let token = match auth.get("token") {
                Some(Value::Map(token)) => token.clone(),
                _ => Map::new(),
            };
            (uid, token)
        });
        let time = match of("time") {
            Some(Value::Timestamp(time)) => time,
            _ => model.now(),
        };
        let (mut limit, mut offset) = (None, 0);
        if let Some(Value::Map(query)) = of("query") {
            if let Some(Value::Int(n)) = query.get("limit") {
                limit = Some(*n);
            }
            if let Some(Value::Int(n)) = query.get("offset") {
                offset = *n;
            }
        }
        let write_fields = match of("writeFields") {
            Some(Value::List(names)) => Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            _ => None,
        };
        let content = |value: Option<Map>| match encoder.product() {
            ServiceProduct::Storage => value,
            ServiceProduct::Firestore => value.map(|document| match document.get("data") {
                Some(Value::Map(data)) => data.clone(),
                _ => Map::new(),
            }),
        };
        let writes = matches!(encoder.method(), Method::Create | Method::Update);
        let stored = content(map(model.value(world, encoder.resource())));
        let incoming = content(map(of("resource"))).or_else(|| writes.then(Map::new));
        let mut witness = Witness {
            product: encoder.product(),
            method: encoder.method(),
            root: segment(1),
            path: (3..count - unnamed.min(count)).map(segment).collect(),
            auth,
            time,
            stored,
            incoming,
            limit,
            offset,
            params: map(of("params")).unwrap_or_default(),
            write_fields,
            documents: BTreeMap::new(),
            after: BTreeMap::new(),
        };
        witness.read_documents(encoder, model);
        witness
    }

    fn read_documents(&mut self, encoder: &Encoder, model: &Model) {
        let world = &encoder.world;
        for place in world.places() {
            let (path, after) = match &world.place(place).origin {
                Origin::Document(path) => (path, false),
                Origin::After(path) => (path, true),
                _ => continue,
            };
            let mut name = Vec::new();
            for term in path {
                name.push(match term {
                    SegmentTerm::Const(text) => world.text(*text),
                    SegmentTerm::Of(of) => match (model.texts.get(of), model.value(world, *of)) {
                        (_, Some(Value::Null)) => "null".to_owned(),
                        (_, Some(Value::String(text))) => text.as_str().to_string(),
                        (Some(text), _) => text.clone(),
                        _ => continue,
                    },
                    SegmentTerm::Parts(parts) => parts
                        .iter()
                        .map(|part| match part {
                            crate::value::TextPart::Const(text) => world.text(*text),
                            crate::value::TextPart::Of(of) => model.texts.get(of).cloned().unwrap_or_default(),
                        })
                        .collect(),
                });
            }
            if name.len() != path.len() {
                continue;
            }
            let name = name.join("/");
            let fields = match model.value(world, place) {
                Some(Value::Map(document)) => match document.get("data") {
                    Some(data @ Value::Map(_)) => Some(data.clone()),
                    _ => Some(Value::Map(Map::new())),
                },
                _ => None,
            };
            if after {
                self.after.insert(name, fields);
            } else if let Some(fields) = fields {
                self.documents.insert(name, fields);
            }
        }
    }

    /// Whether the path or stored data have the user's id, or the user has custom claims.
    pub fn mentions_user(&self) -> bool {
        let Some((uid, token)) = &self.auth else { return false };
        let mut texts = vec![uid.as_str()];
        texts.extend(["email", "phone_number"].iter().filter_map(|name| token.get(name).and_then(Value::as_str)));
        let has = |value: &Value| texts.iter().any(|text| mentions(value, text));
        self.path.iter().any(|segment| texts.contains(&segment.as_str()))
            || self.stored.as_ref().is_some_and(|stored| has(&Value::Map(stored.clone())))
            || self
                .documents
                .iter()
                .any(|(name, fields)| name.split('/').any(|segment| texts.contains(&segment)) || has(fields))
            || token.iter().any(|(name, _)| !STANDARD_CLAIMS.contains(&name))
    }

    /// The name within the bucket or database.
    pub fn name(&self) -> String {
        self.path.join("/")
    }

    /// The bucket or the database that suites and `firewarden eval` take where none is stated.
    fn usual_root(&self) -> &'static str {
        match self.product {
            ServiceProduct::Storage => "demo-bucket",
            ServiceProduct::Firestore => "(default)",
        }
    }

    fn auth(&self) -> Option<Auth> {
        self.auth
            .as_ref()
            .map(|(uid, token)| Auth::user(uid.clone()).claims(to_plain(Value::Map(token.clone()).view())))
    }

    /// The request to Storage.
    pub fn storage(&self) -> storage::Request<'static> {
        let name = self.name();
        let mut request = match self.method {
            Method::List => storage::Request::list(self.root.clone(), name.clone()),
            method => storage::Request::new(method, self.root.clone(), name.clone()),
        };
        request = request.at(self.time);
        if let Some(incoming) = &self.incoming {
            request = request.with(object(&name, incoming));
        }
        if let Some(stored) = &self.stored {
            request = request.existing(object(&name, stored));
        }
        for (key, value) in self.params.iter() {
            request = request.param(key, value.as_str().unwrap_or_default());
        }
        match self.auth() {
            Some(auth) => request.auth(auth),
            None => request,
        }
    }

    /// The request to Firestore.
    pub fn firestore(&self) -> firestore::Request<'static> {
        let name = self.name();
        let mut request = if self.method == Method::List {
            let mut query = firestore::Query::new().offset(self.offset);
            if let Some(limit) = self.limit {
                query = query.limit(limit);
            }
            for (field, value) in self.stored.iter().flat_map(Map::iter) {
                query = query.filter(&quoted(field), Comparator::Eq, value.clone());
            }
            firestore::Request::list(name, query)
        } else {
            let mut request = firestore::Request::new(self.method, name.clone());
            if let Some(incoming) = &self.incoming {
                request = request.with(firestore::Document::new(name.clone(), incoming.clone()));
            }
            if let Some(stored) = &self.stored {
                request = request.existing(firestore::Document::new(name, stored.clone()));
            }
            request
        };
        request = request.at(self.time).database(self.root.clone());
        if let Some(names) = &self.write_fields {
            request = request.write_fields(names.clone());
        }
        if !self.after.is_empty() {
            request = request.in_batch();
        }
        match self.auth() {
            Some(auth) => request.auth(auth),
            None => request,
        }
    }

    /// Whether rules permit the request.
    ///
    /// # Errors
    ///
    /// As for the rulesets' `evaluate`; not for a denial.
    pub fn permitted_by(&self, rules: &Rules) -> Result<bool, Error> {
        match rules {
            Rules::Storage(rules) => rules.permits(&self.storage(), self),
            Rules::Firestore(rules) => rules.permits(&self.firestore(), self),
            Rules::Database(_) => Ok(false),
        }
    }

    /// Whether rules permit the request, by the engine's word. An error permits nothing.
    pub fn is_permitted_by(&self, rules: &Rules) -> bool {
        self.permitted_by(rules).unwrap_or(false)
    }

    /// Whether rules deny the request, by the engine's word. An error denies nothing.
    pub fn is_denied_by(&self, rules: &Rules) -> bool {
        !self.permitted_by(rules).unwrap_or(true)
    }

    /// What rules see of the request, for reading formulas.
    pub fn facts(&self, encoder: &Encoder) -> Option<Facts> {
        let (request, resource) = match self.product {
            ServiceProduct::Storage => self.storage().variables()?,
            ServiceProduct::Firestore => self.firestore().variables()?,
        };
        let mut segments: Vec<String> = encoder
            .world
            .segments
            .iter()
            .take(3)
            .map(|segment| match segment {
                Segment::Const(text) => encoder.world.text(*text),
                _ => self.root.clone(),
            })
            .collect();
        segments.extend(self.path.iter().cloned());
        if matches!(encoder.world.segments.last(), Some(Segment::Unnamed)) {
            segments.push(String::new());
        }
        Some(Facts { request, resource, segments, documents: self.documents.clone(), after: self.after.clone() })
    }
}

/// A field's name as a path of a filter takes it.
fn quoted(field: &str) -> String {
    let simple = field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !field.is_empty();
    if simple { field.to_owned() } else { format!("`{}`", field.replace('\\', "\\\\").replace('`', "\\`")) }
}

/// The stored object of members as rules see them.
fn object(name: &str, members: &Map) -> storage::Object {
    let mut object = storage::Object::new(name);
    for (key, value) in members.iter() {
        object = match (key, value) {
            ("size", Value::Int(n)) => object.size(*n),
            ("generation", Value::Int(n)) => object.generation(*n),
            ("metageneration", Value::Int(n)) => object.metageneration(*n),
            ("timeCreated", Value::Timestamp(time)) => object.time_created(*time),
            ("updated", Value::Timestamp(time)) => object.updated(*time),
            ("metadata", Value::Map(metadata)) => metadata
                .iter()
                .fold(object, |object, (key, value)| object.metadata(key, value.as_str().unwrap_or_default())),
            (_, Value::String(_)) => {
                let text = value.as_str().unwrap_or_default();
                match key {
                    "bucket" => object.bucket(text),
                    "contentType" => object.content_type(text),
                    "contentDisposition" => object.content_disposition(text),
                    "contentEncoding" => object.content_encoding(text),
                    "contentLanguage" => object.content_language(text),
                    "md5Hash" => object.md5_hash(text),
                    "crc32c" => object.crc32c(text),
                    "etag" => object.etag(text),
                    _ => object,
                }
            }
            _ => object,
        };
    }
    object
}

impl Documents for Witness {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(self.documents.get(path.relative()).cloned())
    }

    fn after(&self, path: DocumentPath<'_>) -> Result<WriteEffect, BoxError> {
        Ok(match self.after.get(path.relative()) {
            None => WriteEffect::Unchanged,
            Some(Some(fields)) => WriteEffect::Written(fields.clone()),
            Some(None) => WriteEffect::Deleted,
        })
    }
}

/// Whether a value has a text in it, also as a key.
fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(_) => value.as_str() == Some(text),
        Value::List(items) => items.iter().any(|item| mentions(item, text)),
        Value::Map(map) => map.iter().any(|(key, item)| key == text || mentions(item, text)),
        _ => false,
    }
}
