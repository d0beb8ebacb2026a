//! A request to Firestore.

use std::{borrow::Cow, fmt};

use crate::{
    auth::{self, Auth},
    eval::Subject,
    service::{Asked, Method},
    value::{Facts, Map, MapRef, PathRef, Record, Resource, Root, Segments, Symbol, Timestamp, Value, ValueRef},
};

use super::{BATCH_DOCUMENT_LIMIT, DOCUMENT_LIMIT, Document, Query};

/// A request for a document or a query. It borrows what it is given by reference.
#[derive(Clone, Debug)]
#[must_use]
pub struct Request<'a> {
    method: Method,
    database: Cow<'a, str>,
    path: Cow<'a, str>,
    auth: Option<Cow<'a, Auth>>,
    time: Option<Timestamp>,
    existing: Option<Cow<'a, Document>>,
    incoming: Option<Cow<'a, Document>>,
    query: Query,
    /// What `resource` is in a list.
    constraints: Value,
    headers: Map,
    batch: bool,
}

impl<'a> Request<'a> {
    /// A request with any method, about a document (`users/alice`) or, for a list, a collection (`users`), named within
    /// the database.
    pub fn new(method: Method, path: impl Into<Cow<'a, str>>) -> Self {
        Request {
            method,
            database: Cow::Borrowed("(default)"),
            path: path.into(),
            auth: None,
            time: None,
            existing: None,
            incoming: None,
            query: Query::new(),
            constraints: Query::new().resource(),
            headers: Map::new(),
            batch: false,
        }
    }

    /// Reads a document that is not there; say what is stored with [`Self::existing`].
    pub fn get(path: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Method::Get, path)
    }

    /// Runs a query over a collection.
    pub fn list(collection: impl Into<Cow<'a, str>>, query: Query) -> Self {
        let mut request = Self::new(Method::List, collection);
        request.constraints = query.resource();
        request.query = query;
        request
    }

    /// Writes a document that is not there.
    pub fn create(document: impl Into<Cow<'a, Document>>) -> Self {
        let document = document.into();
        Self::new(Method::Create, document.name().to_owned()).with(document)
    }

    /// Writes over a stored document; `updated` holds all its fields as they will be.
    pub fn update(stored: impl Into<Cow<'a, Document>>, updated: impl Into<Cow<'a, Document>>) -> Self {
        let stored = stored.into();
        Self::new(Method::Update, stored.name().to_owned()).existing(stored).with(updated)
    }

    /// Deletes a stored document.
    pub fn delete(stored: impl Into<Cow<'a, Document>>) -> Self {
        let stored = stored.into();
        Self::new(Method::Delete, stored.name().to_owned()).existing(stored)
    }

    /// Who asks; without this nobody is signed in.
    pub fn auth(mut self, auth: impl Into<Cow<'a, Auth>>) -> Self {
        self.auth = Some(auth.into());
        self
    }

    /// When it is asked: `request.time`; mostly `SystemTime::now().into()`. An evaluation reads no clock: without this,
    /// to read `request.time` is an error, as is to compare or copy `request` as a whole. Its keys can be asked for.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// What is stored under the name: `resource`.
    pub fn existing(mut self, document: impl Into<Cow<'a, Document>>) -> Self {
        self.existing = Some(document.into());
        self
    }

    /// The document as it will be: `request.resource`.
    pub fn with(mut self, document: impl Into<Cow<'a, Document>>) -> Self {
        self.incoming = Some(document.into());
        self
    }

    /// Another database than `(default)`.
    pub fn database(mut self, database: impl Into<Cow<'a, str>>) -> Self {
        self.database = database.into();
        self
    }

    /// One of several documents of a batched read, a commit or a transaction: rules may read more documents.
    pub fn in_batch(mut self) -> Self {
        self.batch = true;
        self
    }

    pub(super) fn document_limit(&self) -> usize {
        if self.batch { BATCH_DOCUMENT_LIMIT } else { DOCUMENT_LIMIT }
    }

    /// Reads the segments of its path.
    pub(super) fn segments<'r>(&'r self, into: &mut Segments<'r>) -> Result<(), &'static str> {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        if path.is_empty() || self.database.is_empty() {
            return Err("Path segment cannot be empty");
        }
        into.cut(Root::Documents, &self.database, path)?;
        let documents = into.len() - 3;
        match (self.method, documents % 2) {
            // A list is decided for a document of the collection that has no name.
            (Method::List, 1) => {
                into.add_unnamed();
                Ok(())
            }
            (Method::List, _) => Err("a list asks for a collection: its path has an odd number of segments"),
            (_, 0) => Ok(()),
            _ => Err("a document's path has an even number of segments"),
        }
    }

    pub(super) fn record<'r>(&'r self, segments: &'r Segments<'r>) -> RequestRecord<'r> {
        RequestRecord { request: self, segments }
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.name(), self.path)
    }
}

/// A request as the variable `request`.
pub(super) struct RequestRecord<'r> {
    request: &'r Request<'r>,
    segments: &'r Segments<'r>,
}

impl RequestRecord<'_> {
    pub(super) fn asked(&self) -> Asked<'_> {
        let request = self.request;
        let stored = request.existing.as_deref().map_or(ValueRef::Null, Document::view);
        Asked {
            root: Root::Documents,
            method: request.method,
            subject: Subject {
                segments: self.segments,
                unnamed_last: request.method == Method::List,
                request: Some(ValueRef::Map(MapRef::Record(self))),
                resource: Some(if request.method == Method::List { request.constraints.view() } else { stored }),
                facts: Some(self.facts()),
            },
        }
    }

    fn facts(&self) -> Facts<'_> {
        let request = self.request;
        Facts {
            user: request.auth.as_deref().map(Auth::user_facts),
            incoming: match request.method {
                Method::Get | Method::List => Resource::Unknown,
                _ => request.incoming.as_deref().map_or(Resource::Nothing, Document::resource),
            },
            existing: match request.method {
                Method::List => Resource::Unknown,
                _ => request.existing.as_deref().map_or(Resource::Nothing, Document::resource),
            },
        }
    }

    /// The path as rules see it: that of a list is the collection's.
    fn path(&self) -> Option<ValueRef<'_>> {
        let unnamed = usize::from(self.request.method == Method::List);
        let named = self.segments.range(0, self.segments.len() - unnamed)?;
        Some(ValueRef::Path(PathRef::Plain(named)))
    }
}

/// Which keys there are depends on the method (language specification, section 7).
impl Record for RequestRecord<'_> {
    fn known(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        let request = self.request;
        let reads = matches!(request.method, Method::Get | Method::List);
        Some(match symbol {
            Symbol::Auth => auth::view(request.auth.as_deref()),
            Symbol::Resource if !reads => request.incoming.as_deref().map_or(ValueRef::Null, Document::view),
            Symbol::Path => self.path()?,
            Symbol::Method => ValueRef::from(request.method.name()),
            Symbol::Time => ValueRef::from(request.time),
            Symbol::Query if request.method == Method::List => ValueRef::Map(MapRef::Record(&request.query)),
            Symbol::Headers => ValueRef::Map(MapRef::Owned(&request.headers)),
            Symbol::InTransaction => ValueRef::Bool(!reads),
            Symbol::Fields if reads => ValueRef::Null,
            Symbol::ReadFields | Symbol::Transforms | Symbol::WriteFields if !reads => ValueRef::Null,
            _ => return None,
        })
    }

    fn symbols(&self) -> &'static [Symbol] {
        &[
            Symbol::Auth,
            Symbol::Fields,
            Symbol::Headers,
            Symbol::InTransaction,
            Symbol::Method,
            Symbol::Path,
            Symbol::Query,
            Symbol::ReadFields,
            Symbol::Resource,
            Symbol::Time,
            Symbol::Transforms,
            Symbol::WriteFields,
        ]
    }
}
