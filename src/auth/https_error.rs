//! Errors of HTTPS functions, and their HTTP statuses (identity specification, section 4.4).

use serde_json::{Map, Value as Json, json};

/// An official error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// `ok`, 200
    Ok,
    /// `cancelled`, 499
    Cancelled,
    /// `unknown`, 500
    Unknown,
    /// `invalid-argument`, 400
    InvalidArgument,
    /// `deadline-exceeded`, 504
    DeadlineExceeded,
    /// `not-found`, 404
    NotFound,
    /// `already-exists`, 409
    AlreadyExists,
    /// `permission-denied`, 403
    PermissionDenied,
    /// `unauthenticated`, 401
    Unauthenticated,
    /// `resource-exhausted`, 429
    ResourceExhausted,
    /// `failed-precondition`, 400
    FailedPrecondition,
    /// `aborted`, 409
    Aborted,
    /// `out-of-range`, 400
    OutOfRange,
    /// `unimplemented`, 501. The SDK does not know the guide's `not-implemented`.
    Unimplemented,
    /// `internal`, 500
    Internal,
    /// `unavailable`, 503
    Unavailable,
    /// `data-loss`, 500
    DataLoss,
}

const TABLE: [(ErrorCode, &str, &str, u16); 17] = [
    (ErrorCode::Ok, "ok", "OK", 200),
    (ErrorCode::Cancelled, "cancelled", "CANCELLED", 499),
    (ErrorCode::Unknown, "unknown", "UNKNOWN", 500),
    (ErrorCode::InvalidArgument, "invalid-argument", "INVALID_ARGUMENT", 400),
    (ErrorCode::DeadlineExceeded, "deadline-exceeded", "DEADLINE_EXCEEDED", 504),
    (ErrorCode::NotFound, "not-found", "NOT_FOUND", 404),
    (ErrorCode::AlreadyExists, "already-exists", "ALREADY_EXISTS", 409),
    (ErrorCode::PermissionDenied, "permission-denied", "PERMISSION_DENIED", 403),
    (ErrorCode::Unauthenticated, "unauthenticated", "UNAUTHENTICATED", 401),
    (ErrorCode::ResourceExhausted, "resource-exhausted", "RESOURCE_EXHAUSTED", 429),
    (ErrorCode::FailedPrecondition, "failed-precondition", "FAILED_PRECONDITION", 400),
    (ErrorCode::Aborted, "aborted", "ABORTED", 409),
    (ErrorCode::OutOfRange, "out-of-range", "OUT_OF_RANGE", 400),
    (ErrorCode::Unimplemented, "unimplemented", "UNIMPLEMENTED", 501),
    (ErrorCode::Internal, "internal", "INTERNAL", 500),
    (ErrorCode::Unavailable, "unavailable", "UNAVAILABLE", 503),
    (ErrorCode::DataLoss, "data-loss", "DATA_LOSS", 500),
];

impl ErrorCode {
    /// The official names of all codes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(_, name, ..)| *name)
    }

    /// Parses a name such as `permission-denied`.
    pub fn parse(name: &str) -> Option<Self> {
        TABLE.iter().find(|(_, known, _, _)| *known == name).map(|(code, ..)| *code)
    }

    fn row(self) -> (&'static str, &'static str, u16) {
        let row = TABLE.iter().find(|(code, ..)| *code == self);
        row.map_or(("internal", "INTERNAL", 500), |(_, name, status, http)| (name, status, *http))
    }

    /// The name that handlers use: `permission-denied`.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The name in a response body: `PERMISSION_DENIED`.
    pub fn status(self) -> &'static str {
        self.row().1
    }

    /// The HTTP status.
    pub fn http(self) -> u16 {
        self.row().2
    }
}

/// An error response of a function.
///
/// ```
/// use firewarden::auth::{ErrorCode, HttpsError};
///
/// let error = HttpsError::new(ErrorCode::FailedPrecondition, "call this while signed in");
/// assert_eq!(error.status(), 400);
/// assert_eq!(error.to_json()["error"]["status"], "FAILED_PRECONDITION");
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}: {message}", .code.name())]
pub struct HttpsError {
    code: ErrorCode,
    message: String,
    details: Option<Json>,
    /// For the host's log. Boxed, because errors of handlers have none.
    log: Option<Box<LogEntry>>,
}

/// What the response does not tell the client.
#[derive(Clone, Debug, PartialEq)]
struct LogEntry {
    reason: String,
    hint: Option<String>,
}

impl HttpsError {
    /// An error with a message for the client. The SDK has no default messages.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        HttpsError { code, message: message.into(), details: None, log: None }
    }

    /// Adds details for the client.
    #[must_use]
    pub fn details(mut self, details: Json) -> Self {
        self.details = Some(details);
        self
    }

    /// Adds an entry for the host's log: the reason, and what would be right.
    #[must_use]
    pub(super) fn with_log(mut self, reason: impl Into<String>, hint: Option<&str>) -> Self {
        self.log = Some(Box::new(LogEntry { reason: reason.into(), hint: hint.map(str::to_owned) }));
        self
    }

    /// Why the [gate](super::callable::Gate) refuses a call, for the host's log: what is wrong with the request or with
    /// which token, with the official code and text. The response never contains it. `None` for errors of a handler.
    pub fn reason(&self) -> Option<&str> {
        self.log.as_ref().map(|log| log.reason.as_str())
    }

    /// What would be right, for the host's log: the [`TokenError::hint`](super::TokenError::hint) of the token.
    pub fn hint(&self) -> Option<&str> {
        self.log.as_ref()?.hint.as_deref()
    }

    /// The error code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The message for the client.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status of the response.
    pub fn status(&self) -> u16 {
        self.code.http()
    }

    /// The body of the response: `{"error": {"details"?, "message", "status"}}`.
    pub fn to_json(&self) -> Json {
        let mut error = Map::new();
        if let Some(details) = &self.details {
            error.insert("details".to_owned(), details.clone());
        }
        error.insert("message".to_owned(), json!(self.message));
        error.insert("status".to_owned(), json!(self.code.status()));
        json!({ "error": error })
    }
}
