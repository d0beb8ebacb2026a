//! Answers that the hub, the control endpoints and Firestore's endpoints have in common: JSON, and errors as JSON.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use firewarden::rules::RulesError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::rules::first_error;

/// What `encodeURIComponent` of JavaScript leaves as it is.
pub const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// JSON, with status 200.
pub fn ok(body: &Json) -> Response {
    with_status(StatusCode::OK, body)
}

/// JSON with a status.
pub fn with_status(status: StatusCode, body: &Json) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// JSON with a status, for services that say themselves which origins may read it.
pub fn json_answer(status: StatusCode, body: &impl Serialize) -> Response {
    // The types here have no maps with keys that are no texts, so that writing them cannot fail.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// Lets pages of an origin read an answer; the listener has checked the origin.
pub fn reflect_origin(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
}

/// An error in the form of Google's APIs: `{"error": {"code", "message", "status"}}`.
#[derive(Debug)]
pub struct Failure {
    code: StatusCode,
    status: &'static str,
    message: String,
}

impl Failure {
    /// An error with its HTTP status and the name of its kind.
    pub fn new(code: StatusCode, status: &'static str, message: impl Into<String>) -> Self {
        Failure { code, status, message: message.into() }
    }

    /// 400 `INVALID_ARGUMENT`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message)
    }

    /// 500 `INTERNAL`.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Failure { code, status, message } = self;
        with_status(code, &json!({ "error": { "code": code.as_u16(), "message": message, "status": status } }))
    }
}

/// The JSON of a body, whatever its content type says.
pub fn json(body: &[u8]) -> Result<Json, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::invalid(format!("the body is no JSON: {error}")))
}

/// Why rules are refused, as the Firestore emulator says it: `L1:82 Unexpected ';'.`
pub fn refusal(error: &RulesError) -> String {
    match error {
        RulesError::Refused(problems) => match first_error(problems) {
            Some((line, column, message)) => format!("L{line}:{column} {message}"),
            None => problems.to_string(),
        },
        RulesError::Product(why) => (*why).to_owned(),
    }
}
