//! Requests to Storage.

use std::{borrow::Cow, fmt};

use crate::{
    auth::{self, Auth},
    eval::Subject,
    request::{Facts, Resource, ServiceProduct},
    service::{Method, RuleRequest},
    text::one_line,
    value::{Map, MapRef, PathRef, Record, Segments, Symbol, Timestamp, Value, ValueRef},
};

use super::object::{Object, ObjectRecord};

/// A request to read or change an object. It borrows what is passed by reference.
#[derive(Clone, Debug)]
#[must_use]
pub struct Request<'a> {
    method: Method,
    bucket: Cow<'a, str>,
    name: Cow<'a, str>,
    auth: Option<Cow<'a, Auth>>,
    time: Option<Timestamp>,
    existing: Option<Cow<'a, Object>>,
    incoming: Option<Cow<'a, Object>>,
    params: Option<Map>,
}

impl<'a> Request<'a> {
    /// A request with any method for the object with that name: `users/alice/cat.png`. The name is not percent-decoded.
    pub fn new(method: Method, bucket: impl Into<Cow<'a, str>>, name: impl Into<Cow<'a, str>>) -> Self {
        Request {
            method,
            bucket: bucket.into(),
            name: name.into(),
            auth: None,
            time: None,
            existing: None,
            incoming: None,
            params: None,
        }
    }

    /// Downloads an object that does not exist, unless [`Self::existing`] states it.
    pub fn get(bucket: impl Into<Cow<'a, str>>, name: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Method::Get, bucket, name)
    }

    /// Lists the objects under a prefix, such as `users/alice`. Trailing slashes do not count.
    pub fn list(bucket: impl Into<Cow<'a, str>>, prefix: impl Into<Cow<'a, str>>) -> Self {
        let prefix = match prefix.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches('/')),
            Cow::Owned(text) => Cow::Owned(text.trim_end_matches('/').to_owned()),
        };
        Self::new(Method::List, bucket, prefix)
    }

    /// Uploads an object.
    pub fn create(bucket: impl Into<Cow<'a, str>>, object: impl Into<Cow<'a, Object>>) -> Self {
        let object = object.into();
        Self::new(Method::Create, bucket, object.name().to_owned()).with(object)
    }

    /// Changes the metadata of a stored object to those of `updated`.
    pub fn update(
        bucket: impl Into<Cow<'a, str>>,
        stored: impl Into<Cow<'a, Object>>,
        updated: impl Into<Cow<'a, Object>>,
    ) -> Self {
        let stored = stored.into();
        Self::new(Method::Update, bucket, stored.name().to_owned()).existing(stored).with(updated)
    }

    /// Deletes a stored object.
    pub fn delete(bucket: impl Into<Cow<'a, str>>, stored: impl Into<Cow<'a, Object>>) -> Self {
        let stored = stored.into();
        Self::new(Method::Delete, bucket, stored.name().to_owned()).existing(stored)
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

    /// Sets the stored object: `resource`.
    pub fn existing(mut self, object: impl Into<Cow<'a, Object>>) -> Self {
        self.existing = Some(object.into());
        self
    }

    /// Whether the object of the request is stored.
    #[doc(hidden)]
    pub fn is_stored(&self) -> bool {
        self.existing.is_some()
    }

    /// The name of the object.
    #[doc(hidden)]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The incoming and the stored object.
    #[doc(hidden)]
    pub fn objects(&self) -> (Option<&Object>, Option<&Object>) {
        (self.incoming.as_deref(), self.existing.as_deref())
    }

    /// Sets the incoming object: `request.resource`.
    pub fn with(mut self, object: impl Into<Cow<'a, Object>>) -> Self {
        self.incoming = Some(object.into());
        self
    }

    /// Adds a parameter of the HTTP request: `request.params`, which rules see only if there is one.
    pub fn param(mut self, name: &str, value: &str) -> Self {
        self.params.get_or_insert_default().insert(name, value);
        self
    }

    /// The variables `request` and `resource` as values; `None` for a path that the service refuses.
    #[doc(hidden)]
    pub fn variables(&self) -> Option<(Value, Value)> {
        let mut segments = Segments::default();
        self.segments(&mut segments).ok()?;
        let record = self.record(&segments);
        let Subject { request, resource, .. } = record.rule_request().subject;
        Some((request?.to_value(), resource?.to_value()))
    }

    pub(super) fn method(&self) -> Method {
        self.method
    }

    pub(super) fn bucket(&self) -> &str {
        &self.bucket
    }

    pub(super) fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// Splits the path.
    #[inline(always)]
    pub(super) fn segments<'r>(&'r self, into: &mut Segments<'r>) -> Result<(), &'static str> {
        if self.name.is_empty() && self.method != Method::List {
            return Err("Path segment cannot be empty");
        }
        if self.bucket.is_empty() {
            return Err("Path segment cannot be empty");
        }
        // One trailing slash, as folders have, does not count (language specification, section 8).
        let name = self.name.strip_suffix('/').unwrap_or(&self.name);
        if name.is_empty() && !self.name.is_empty() {
            return Err("Path segment cannot be empty");
        }
        into.split(ServiceProduct::Storage.prefix(), &self.bucket, name)
    }

    pub(super) fn record<'r>(&'r self, segments: &'r Segments<'r>) -> RequestRecord<'r> {
        let object = |object: &'r Option<Cow<'a, Object>>| {
            object.as_deref().map(|object| ObjectRecord { object, request: self })
        };
        RequestRecord { request: self, segments, existing: object(&self.existing), incoming: object(&self.incoming) }
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /b/{}/o/{}", self.method.name(), one_line(&self.bucket), one_line(&self.name))
    }
}

/// A request as the variable `request`.
pub(super) struct RequestRecord<'r> {
    request: &'r Request<'r>,
    segments: &'r Segments<'r>,
    existing: Option<ObjectRecord<'r>>,
    incoming: Option<ObjectRecord<'r>>,
}

impl RequestRecord<'_> {
    pub(super) fn rule_request(&self) -> RuleRequest<'_> {
        RuleRequest {
            product: ServiceProduct::Storage,
            method: self.request.method,
            subject: Subject {
                segments: self.segments,
                unnamed_last: false,
                request: Some(ValueRef::Map(MapRef::Record(self))),
                resource: Some(object(&self.existing)),
                facts: Some(Facts {
                    user: self.request.auth.as_deref().map(Auth::user_facts),
                    incoming: resource(&self.incoming),
                    existing: resource(&self.existing),
                }),
            },
        }
    }
}

fn resource<'r>(object: &'r Option<ObjectRecord<'_>>) -> Resource<'r> {
    match object {
        None => Resource::Nothing,
        Some(record) => Resource::Record { record, name: Symbol::Metadata, fields: Some(&record.object.metadata) },
    }
}

/// A missing object is null, not absent.
fn object<'r>(object: &'r Option<ObjectRecord<'_>>) -> ValueRef<'r> {
    object.as_ref().map_or(ValueRef::Null, |object| ValueRef::Map(MapRef::Record(object)))
}

/// The members of `request`.
pub(crate) const REQUEST: [Symbol; 6] =
    [Symbol::Auth, Symbol::Method, Symbol::Params, Symbol::Path, Symbol::Resource, Symbol::Time];

impl Record for RequestRecord<'_> {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        Some(match symbol {
            Symbol::Auth => auth::view(self.request.auth.as_deref()),
            Symbol::Resource => object(&self.incoming),
            Symbol::Path => ValueRef::Path(PathRef::Request(self.segments.range(0, self.segments.len())?)),
            Symbol::Time => ValueRef::from(self.request.time),
            Symbol::Method => ValueRef::from(self.request.method.name()),
            Symbol::Params => ValueRef::Map(MapRef::Owned(self.request.params.as_ref()?)),
            _ => return None,
        })
    }

    fn symbols(&self) -> &'static [Symbol] {
        &REQUEST
    }
}
