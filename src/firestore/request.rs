//! Requests to Firestore.

use std::{borrow::Cow, fmt};

use crate::{
    auth::{self, Auth},
    error::BoxError,
    eval::Subject,
    request::{Facts, Resource, ServiceProduct},
    service::{DEFAULT_DATABASE, DocumentPath, Documents, Method, RequestDocument, RuleRequest, snapshot},
    text::one_line,
    value::{Map, MapRef, PathRef, Record, Segments, Symbol, Timestamp, Value, ValueRef},
};

use super::{BATCH_DOCUMENT_LIMIT, DOCUMENT_LIMIT, Document, Query, document::DocumentRecord, filter::Alternative};

/// The only alternative of a request that is not a list.
static SINGLE: [Alternative; 1] = [Alternative { resource: Value::Null, document: None }];

/// A request for a document or a query. It borrows what is passed by reference.
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
    /// The alternatives that rules decide, or why no rules can decide the request. Other requests than lists have one.
    alternatives: Result<Cow<'static, [Alternative]>, String>,
    headers: Map,
    /// The mask of a write: a list of field paths, or null.
    write_fields: Value,
    batch: bool,
}

impl<'a> Request<'a> {
    /// A request with any method for a document (`users/alice`) or, for a list, a collection (`users`), named within
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
            alternatives: Ok(Cow::Borrowed(&SINGLE)),
            headers: Map::new(),
            write_fields: Value::Null,
            batch: false,
        };
        request.update_alternatives();
        request
    }

    /// Reads a document that does not exist, unless [`Self::existing`] states it.
    pub fn get(path: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Method::Get, path)
    }

    /// Runs a query over a collection.
    pub fn list(collection: impl Into<Cow<'a, str>>, query: Query) -> Self {
        let mut request = Self::new(Method::List, collection);
        request.query = query;
        request.update_alternatives();
        request
    }

    /// Updates the alternatives after a change of the query or its collection.
    fn update_alternatives(&mut self) {
        if self.method == Method::List {
            self.alternatives = self.query.resolve(&self.database, &self.path).map(Cow::Owned);
        }
    }

    /// Writes a document that does not exist.
    pub fn create(document: impl Into<Cow<'a, Document>>) -> Self {
        let document = document.into();
        Self::new(Method::Create, document.name().to_owned()).with(document)
    }

    /// Overwrites a stored document; `updated` has all its fields after the write.
    pub fn update(stored: impl Into<Cow<'a, Document>>, updated: impl Into<Cow<'a, Document>>) -> Self {
        let stored = stored.into();
        Self::new(Method::Update, stored.name().to_owned()).existing(stored).with(updated)
    }

    /// Deletes a stored document.
    pub fn delete(stored: impl Into<Cow<'a, Document>>) -> Self {
        let stored = stored.into();
        Self::new(Method::Delete, stored.name().to_owned()).existing(stored)
    }

    /// Sets the signed-in user; by default nobody is signed in.
    pub fn auth(mut self, auth: impl Into<Cow<'a, Auth>>) -> Self {
        self.auth = Some(auth.into());
        self
    }

    /// Sets the time of the request, `request.time`, usually `SystemTime::now().into()`. An evaluation reads no clock:
    /// without this, reading `request.time` is an error, and so is comparing or copying `request` as a whole. Its keys
    /// remain readable.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// Sets the stored document: `resource`.
    pub fn existing(mut self, document: impl Into<Cow<'a, Document>>) -> Self {
        self.existing = Some(document.into());
        self
    }

    /// Whether the document of the request is stored.
    #[doc(hidden)]
    pub fn is_stored(&self) -> bool {
        self.existing.is_some()
    }

    /// Sets the document after the write: `request.resource`.
    pub fn with(mut self, document: impl Into<Cow<'a, Document>>) -> Self {
        self.incoming = Some(document.into());
        self
    }

    /// Sets a database other than `(default)`.
    pub fn database(mut self, database: impl Into<Cow<'a, str>>) -> Self {
        self.database = database.into();
        self.update_alternatives();
        self
    }

    /// Sets the mask of a write: `request.writeFields`. Dots separate the names of a nested field: `author.uid`.
    /// Without a mask the write replaces the whole document, and rules see null.
    pub fn write_fields<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.write_fields = Value::List(names.into_iter().map(|name| Value::from(name.into())).collect());
        self
    }

    /// Marks a request as part of a batched read, a commit or a transaction, whose rules may read more documents.
    pub fn in_batch(mut self) -> Self {
        self.batch = true;
        self
    }

    /// The variables `request` and `resource` as values; `None` for a path or a query that the service refuses, and for a
    /// query with several alternatives.
    #[doc(hidden)]
    pub fn variables(&self) -> Option<(Value, Value)> {
        let [alternative] = self.alternatives().ok()? else { return None };
        let mut segments = Segments::default();
        self.segments(alternative, &mut segments).ok()?;
        let record = self.record(&segments, alternative, None);
        let Subject { request, resource, .. } = record.rule_request().subject;
        Some((request?.to_value(), resource?.to_value()))
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

    /// The alternatives that rules decide.
    ///
    /// # Errors
    ///
    /// A message, if Firestore refuses the query.
    pub(super) fn alternatives(&self) -> Result<&[Alternative], &str> {
        match &self.alternatives {
            Ok(alternatives) => Ok(alternatives),
            Err(why) => Err(why),
        }
    }

    /// Splits the path of the document that an alternative names, or else that of the request.
    pub(super) fn segments<'r>(
        &'r self,
        alternative: &'r Alternative,
        into: &mut Segments<'r>,
    ) -> Result<(), &'static str> {
        let path = alternative.document.as_deref().unwrap_or(self.name());
        if path.is_empty() || self.database.is_empty() {
            return Err("Path segment cannot be empty");
        }
        into.split(ServiceProduct::Firestore.prefix(), &self.database, path)?;
        let documents = into.len() - 3;
        match (self.method, documents % 2) {
            (Method::List, 0) if alternative.document.is_some() => Ok(()),
            // A list is decided for a document of the collection without a name.
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

    /// The value of `resource` for an alternative that names a document: the stored document.
    ///
    /// # Errors
    ///
    /// The host could not read the document.
    pub(super) fn named_resource(
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
    /// The stored document, if the alternative names one.
    named: Option<&'r Value>,
}

fn document<'r>(document: &'r Option<DocumentRecord<'_>>) -> Option<ValueRef<'r>> {
    document.as_ref().map(|document| ValueRef::Map(MapRef::Record(document)))
}

fn resource<'r>(document: &'r Option<DocumentRecord<'_>>) -> Resource<'r> {
    document.as_ref().map_or(Resource::Nothing, DocumentRecord::resource)
}

impl RequestRecord<'_> {
    pub(super) fn rule_request(&self) -> RuleRequest<'_> {
        let stored = document(&self.existing).unwrap_or(ValueRef::Null);
        RuleRequest {
            product: ServiceProduct::Firestore,
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

    /// The document that the request reads or writes, for rules that read it.
    pub(super) fn document(&self) -> Option<RequestDocument<'_>> {
        let after = match self.request.method {
            Method::List => return None,
            Method::Get => None,
            Method::Create | Method::Update => document(&self.incoming),
            Method::Delete => Some(ValueRef::Null),
        };
        Some(RequestDocument { name: self.request.name(), before: document(&self.existing), after })
    }

    /// Whether the request is a query for documents that it does not name.
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

    /// The path as rules see it: for a list that of the collection; the path of a collection group is unreadable.
    fn path(&self) -> Option<ValueRef<'_>> {
        if self.segments.any_depth().is_some() {
            return Some(ValueRef::Undefined(""));
        }
        let unnamed = usize::from(self.is_unnamed());
        let named = self.segments.range(0, self.segments.len() - unnamed)?;
        Some(ValueRef::Path(PathRef::Request(named)))
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

/// The method determines which keys exist (language specification, section 7).
impl Record for RequestRecord<'_> {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
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
