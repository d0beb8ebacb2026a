//! A request to the database.

use std::borrow::Cow;

use crate::{
    auth::Auth,
    value::{Timestamp, Value},
};

use super::{Incoming, Query, RequestError, Scalar, data::names, limits::path_of};

/// The transport of a request, which some answers depend on (realtime-database specification, section 4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Through an SDK.
    #[default]
    WebSocket,
    /// Over the REST API.
    Rest,
}

/// A request to read or write data. It can borrow its parts.
///
/// ```
/// use firewarden::{Auth, database::{Query, Request}};
/// use serde_json::json;
///
/// let read = Request::read("/rooms/r1/messages").query(Query::new().order_by_child("sent").limit_to_last(20));
/// let write = Request::write("/users/alice/name", json!("Alice")).auth(Auth::user("alice"));
/// let both = Request::update("/", json!({ "posts/p1": "hi", "stamps/alice": { ".sv": "timestamp" } }));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Request<'a> {
    pub(super) operation: Operation<'a>,
    pub(super) path: Cow<'a, str>,
    pub(super) user: User<'a>,
    /// Milliseconds since 1970.
    pub(super) now: Option<f64>,
    pub(super) transport: Transport,
}

#[derive(Clone, Debug)]
pub(super) enum Operation<'a> {
    Read(Query),
    Write(Cow<'a, Incoming>),
    Update(Result<Vec<(String, Incoming)>, RequestError>),
    Priority(Option<Scalar>),
}

#[derive(Clone, Debug)]
pub(super) enum User<'a> {
    Nobody,
    Auth(Cow<'a, Auth>),
    /// The variable `auth` itself.
    Variable(Value),
}

impl<'a> Request<'a> {
    pub(super) fn new(operation: Operation<'a>, path: impl Into<Cow<'a, str>>) -> Self {
        let (user, transport) = (User::Nobody, Transport::default());
        Request { operation, path: path.into(), user, now: None, transport }
    }

    /// Reads a location and everything below it.
    pub fn read(path: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Operation::Read(Query::new()), path)
    }

    /// Replaces the value of a location with JSON or [`Data`](super::Data). Null and other absent values delete it.
    pub fn write(path: impl Into<Cow<'a, str>>, value: impl Into<Incoming>) -> Self {
        Self::new(Operation::Write(Cow::Owned(value.into())), path)
    }

    /// [`Self::write`] with a borrowed value.
    pub fn write_ref(path: impl Into<Cow<'a, str>>, value: &'a Incoming) -> Self {
        Self::new(Operation::Write(Cow::Borrowed(value)), path)
    }

    /// Deletes the value of a location.
    pub fn delete(path: impl Into<Cow<'a, str>>) -> Self {
        Self::write(path, Incoming::default())
    }

    /// Replaces the values at several paths below a location, all or none. `Request::update` takes JSON.
    pub fn update_paths(path: impl Into<Cow<'a, str>>, values: impl IntoIterator<Item = (String, Incoming)>) -> Self {
        Self::new(Operation::Update(Ok(values.into_iter().collect())), path)
    }

    /// Sets the priority of a location, a number or a string, or removes it.
    pub fn set_priority(path: impl Into<Cow<'a, str>>, priority: Option<Scalar>) -> Self {
        Self::new(Operation::Priority(priority), path)
    }

    /// Sets the query of a read; other requests ignore it.
    pub fn query(mut self, query: Query) -> Self {
        if let Operation::Read(known) = &mut self.operation {
            *known = query;
        }
        self
    }

    /// Sets the signed-in user; the default is nobody. Rules see `auth.uid`, `auth.token`, and the claim
    /// `firebase.sign_in_provider` as `auth.provider`.
    pub fn auth(mut self, auth: impl Into<Cow<'a, Auth>>) -> Self {
        self.user = User::Auth(auth.into());
        self
    }

    /// Sets the whole variable `auth`, as `auth_variable_override` does; null is nobody.
    pub fn auth_variable(mut self, auth: impl Into<Value>) -> Self {
        self.user = User::Variable(auth.into());
        self
    }

    /// Sets the time, usually `SystemTime::now().into()`: the variable `now` and the server timestamps, both in whole
    /// milliseconds since 1970. An evaluation reads no clock: without a time, reading `now` is an error, and the database
    /// refuses a write of a server timestamp.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.now = Some(time.to_millis() as f64);
        self
    }

    /// Sets the transport; the default is an SDK.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// `write /users/alice`
    pub(super) fn title(&self) -> String {
        let word = match &self.operation {
            Operation::Read(query) if *query == Query::new() => "read",
            Operation::Read(_) => "query",
            Operation::Write(value)
                if value.data.is_nothing() && value.placeholders.is_empty() && value.checked.is_ok() =>
            {
                "delete"
            }
            Operation::Write(_) => "write",
            Operation::Update(_) => "update",
            Operation::Priority(_) => "set priority of",
        };
        format!("{word} {}", path_of(&names(&self.path).collect::<Vec<_>>()))
    }
}

impl std::fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::text::one_line(&self.title()))
    }
}
