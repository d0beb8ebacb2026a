//! A request to Firestore.

use std::{borrow::Cow, fmt};

use crate::{
    auth::{self, Auth},
    error::BoxError,
    eval::Subject,
    service::{Asked, DEFAULT_DATABASE, DocumentPath, Documents, Method, Own, snapshot},
    text::one_line,
    value::{Facts, Map, MapRef, PathRef, Record, Resource, Root, Segments, Symbol, Timestamp, Value, ValueRef},
};

use super::{BATCH_DOCUMENT_LIMIT, DOCUMENT_LIMIT, Document, Query, document::DocumentRecord, filter::Alternative};

/// What any request but a list is about: itself.
static ITSELF: [Alternative; 1] = [Alternative { resource: Value::Null, document: None }];

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
    /// What a list asks rules about, or why no rules are asked. One alternative of any other request is the request.
    alternatives: Result<Cow<'static, [Alternative]>, String>,
    headers: Map,
    /// The mask of a write: a list of names of fields, or null.
    write_fields: Value,
    batch: bool,
}

impl<'a> Request<'a> {
    /// A request with any method, about a document (`users/alice`) or, for a list, a collection (`users`), named within
    /// the database.
    pub fn new(method: Method, path: impl Into<Cow<'a, str>>) -> Self {
        let mut request = Request {
            method,
            database: Cow::Borrowed(DEFAULT_DATABASE),
            path: path.into(),
            auth: None,
            time: None,
            existing: None,
            incoming: None,
            query: Query::new(),
            alternatives: Ok(Cow::Borrowed(&ITSELF)),
            headers: Map::new(),
            write_fields: Value::Null,
            batch: false,
        };
        request.ask();
        request
    }

    /// Reads a document that is not there; say what is stored with [`Self::existing`].
    pub fn get(path: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Method::Get, path)
    }

    /// Runs a query over a collection.
    pub fn list(collection: impl Into<Cow<'a, str>>, query: Query) -> Self {
        let mut request = Self::new(Method::List, collection);
        request.query = query;
        request.ask();
        request
    }

    /// Says anew what rules are asked about.
    fn ask(&mut self) {
        if self.method == Method::List {
            self.alternatives = self.query.ask(&self.database, &self.path).map(Cow::Owned);
        }
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

    /// Whether what the request is about is there.
    #[doc(hidden)]
    pub fn is_stored(&self) -> bool {
        self.existing.is_some()
    }

    /// The document as it will be: `request.resource`.
    pub fn with(mut self, document: impl Into<Cow<'a, Document>>) -> Self {
        self.incoming = Some(document.into());
        self
    }

    /// Another database than `(default)`.
    pub fn database(mut self, database: impl Into<Cow<'a, str>>) -> Self {
        self.database = database.into();
        self.ask();
        self
    }

    /// The names of the fields that a write is confined to: `request.writeFields`. A nested field is named with dots:
    /// `author.uid`. Without this the write is about the whole document, and rules see null.
    pub fn write_fields<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.write_fields = Value::List(names.into_iter().map(|name| Value::from(name.into())).collect());
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

    pub(super) fn database_name(&self) -> &str {
        &self.database
    }

    /// The name within the database.
    fn name(&self) -> &str {
        self.path.strip_prefix('/').unwrap_or(&self.path)
    }

    /// What rules are asked about, each in turn.
    ///
    /// # Errors
    ///
    /// A query that Firestore refuses, in words.
    pub(super) fn alternatives(&self) -> Result<&[Alternative], &str> {
        match &self.alternatives {
            Ok(alternatives) => Ok(alternatives),
            Err(why) => Err(why),
        }
    }

    /// Reads the segments of its path: of the document that an alternative is about, or its own.
    pub(super) fn segments<'r>(
        &'r self,
        alternative: &'r Alternative,
        into: &mut Segments<'r>,
    ) -> Result<(), &'static str> {
        let path = alternative.document.as_deref().unwrap_or(self.name());
        if path.is_empty() || self.database.is_empty() {
            return Err("Path segment cannot be empty");
        }
        into.cut(Root::Documents, &self.database, path)?;
        let documents = into.len() - 3;
        match (self.method, documents % 2) {
            (Method::List, 0) if alternative.document.is_some() => Ok(()),
            // A list is decided for a document of the collection that has no name.
            (Method::List, 1) => {
                if self.query.is_group() {
                    into.add_any_depth();
                }
                into.add_unnamed();
                Ok(())
            }
            (Method::List, _) => Err("a list asks for a collection: its path has an odd number of segments"),
            (_, 0)
                if [&self.existing, &self.incoming].into_iter().flatten().any(|document| !document.is_named(path)) =>
            {
                Err("the document has another name than the request's path")
            }
            (_, 0) => Ok(()),
            _ => Err("a document's path has an even number of segments"),
        }
    }

    /// What `resource` is where the query names the document: what is stored there.
    ///
    /// # Errors
    ///
    /// Whatever keeps the host from knowing.
    pub(super) fn named(
        &self,
        alternative: &Alternative,
        documents: &dyn Documents,
    ) -> Result<Option<Value>, BoxError> {
        let Some(name) = &alternative.document else { return Ok(None) };
        let full = format!("/databases/{}/documents/{name}", self.database);
        let Some(path) = DocumentPath::parse(&full) else { return Ok(None) };
        let missing = || Value::Undefined("Variable read error. Variable: [resource].".to_owned());
        Ok(Some(documents.get(path)?.map_or_else(missing, |fields| snapshot(path, fields))))
    }

    pub(super) fn record<'r>(
        &'r self,
        segments: &'r Segments<'r>,
        alternative: &'r Alternative,
        named: Option<&'r Value>,
    ) -> RequestRecord<'r> {
        let document = |document: &'r Option<Cow<'a, Document>>| {
            document.as_deref().map(|document| DocumentRecord { document, path: segments })
        };
        RequestRecord {
            request: self,
            segments,
            alternative,
            named,
            existing: document(&self.existing),
            incoming: document(&self.incoming),
        }
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.name(), one_line(&self.path))
    }
}

/// A request as the variable `request`.
pub(super) struct RequestRecord<'r> {
    request: &'r Request<'r>,
    segments: &'r Segments<'r>,
    existing: Option<DocumentRecord<'r>>,
    incoming: Option<DocumentRecord<'r>>,
    alternative: &'r Alternative,
    /// What is stored where the query names the document.
    named: Option<&'r Value>,
}

fn document<'r>(document: &'r Option<DocumentRecord<'_>>) -> Option<ValueRef<'r>> {
    document.as_ref().map(|document| ValueRef::Map(MapRef::Record(document)))
}

fn resource<'r>(document: &'r Option<DocumentRecord<'_>>) -> Resource<'r> {
    document.as_ref().map_or(Resource::Nothing, DocumentRecord::resource)
}

impl RequestRecord<'_> {
    pub(super) fn asked(&self) -> Asked<'_> {
        let stored = document(&self.existing).unwrap_or(ValueRef::Null);
        Asked {
            root: Root::Documents,
            method: self.request.method,
            subject: Subject {
                segments: self.segments,
                unnamed_last: self.is_unnamed(),
                request: Some(ValueRef::Map(MapRef::Record(self))),
                resource: Some(match self.request.method {
                    Method::List => self.named.unwrap_or(&self.alternative.resource).view(),
                    _ => stored,
                }),
                facts: Some(self.facts()),
            },
        }
    }

    /// The document that the request is about, for rules that read it.
    pub(super) fn own(&self) -> Option<Own<'_>> {
        let after = match self.request.method {
            Method::List => return None,
            Method::Get => None,
            Method::Create | Method::Update => document(&self.incoming),
            Method::Delete => Some(ValueRef::Null),
        };
        Some(Own { name: self.request.name(), before: document(&self.existing), after })
    }

    /// Whether it is about documents of a collection that are not named.
    fn is_unnamed(&self) -> bool {
        self.request.method == Method::List && self.alternative.document.is_none()
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            user: self.request.auth.as_deref().map(Auth::user_facts),
            incoming: match self.request.method {
                Method::Get | Method::List => Resource::Unknown,
                _ => resource(&self.incoming),
            },
            existing: match self.request.method {
                Method::List => Resource::Unknown,
                _ => resource(&self.existing),
            },
        }
    }

    /// The path as rules see it: that of a list is the collection's, and a collection group has none that can be read.
    fn path(&self) -> Option<ValueRef<'_>> {
        if self.segments.any_depth().is_some() {
            return Some(ValueRef::Undefined(""));
        }
        let unnamed = usize::from(self.is_unnamed());
        let named = self.segments.range(0, self.segments.len() - unnamed)?;
        Some(ValueRef::Path(PathRef::Plain(named)))
    }
}

/// The members of `request`.
pub(crate) const REQUEST: [Symbol; 12] = [
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
];

/// Which keys there are depends on the method (language specification, section 7).
impl Record for RequestRecord<'_> {
    fn known(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        let request = self.request;
        let reads = matches!(request.method, Method::Get | Method::List);
        Some(match symbol {
            Symbol::Auth => auth::view(request.auth.as_deref()),
            Symbol::Resource if !reads => document(&self.incoming).unwrap_or(ValueRef::Null),
            Symbol::Path => self.path()?,
            Symbol::Method => ValueRef::from(request.method.name()),
            Symbol::Time => ValueRef::from(request.time),
            Symbol::Query if request.method == Method::List => ValueRef::Map(MapRef::Record(&request.query)),
            Symbol::Headers => ValueRef::Map(MapRef::Owned(&request.headers)),
            Symbol::InTransaction => ValueRef::Bool(!reads),
            Symbol::Fields if reads => ValueRef::Null,
            Symbol::WriteFields if !reads => request.write_fields.view(),
            Symbol::ReadFields | Symbol::Transforms if !reads => ValueRef::Null,
            _ => return None,
        })
    }

    fn symbols(&self) -> &'static [Symbol] {
        &REQUEST
    }
}
