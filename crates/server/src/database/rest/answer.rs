//! Answers of the REST API: headers, printing and errors.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde_json::{Value as Json, json};

use super::parameters::{Parameters, Print};
use crate::{
    database::Refused,
    memory::{Full, Memory},
};

/// Why a request was denied, in one line.
const REASON: HeaderName = HeaderName::from_static("x-firewarden-reason");

/// The number of the request in the journal.
const ENTRY: HeaderName = HeaderName::from_static("x-firewarden-request");

/// The longest reason in a header.
const MAX_REASON: usize = 1_000;

/// Headers that scripts of a page may read.
const EXPOSED: &str = "ETag, X-Firewarden-Reason, X-Firewarden-Request";

/// The answer to a request that fails.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    text: String,
    denial: Option<(String, u64)>,
}

impl Failure {
    /// An error with a status.
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Failure { status, text: text.into(), denial: None }
    }

    /// The request makes no sense.
    pub fn bad_request(text: &str) -> Self {
        Failure::new(StatusCode::BAD_REQUEST, text)
    }

    /// The request needs the owner.
    pub fn not_owner() -> Self {
        let text = "Permission denied: this needs the header Authorization: Bearer owner";
        Failure::new(StatusCode::UNAUTHORIZED, text)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let text = refused.to_string();
        match refused {
            Refused::Denied { reason, entry } => {
                Failure { status: StatusCode::UNAUTHORIZED, text, denial: Some((reason, entry)) }
            }
            Refused::Stale { .. } => Failure::new(StatusCode::PRECONDITION_FAILED, text),
            Refused::Unavailable(_) => Failure::new(StatusCode::SERVICE_UNAVAILABLE, text),
            _ => Failure::new(StatusCode::BAD_REQUEST, text),
        }
    }
}

impl From<Full> for Failure {
    fn from(full: Full) -> Self {
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, full.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        let mut response = json_response(self.status, json!({ "error": self.text }).to_string() + "\n");
        if let Some((reason, entry)) = self.denial {
            if let Ok(reason) = HeaderValue::from_str(&one_line(&reason)) {
                response.headers_mut().insert(REASON, reason);
            }
            response.headers_mut().insert(ENTRY, HeaderValue::from(entry));
        }
        response
    }
}

/// A text as the value of a header: printable ASCII, shortened.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let ascii = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    words.chars().map(ascii).take(MAX_REASON).collect()
}

/// An answer with a text of JSON.
pub fn json_response(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    with_type(status, "application/json; charset=utf-8", text)
}

/// An answer with a text.
pub fn with_type(status: StatusCode, kind: &'static str, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A value as the parameters want it printed.
///
/// # Errors
///
/// The parameters make no sense, or too much is on its way already.
pub fn printed(value: &Json, parameters: &Parameters, memory: &Memory) -> Result<Response<Body>, Failure> {
    let text = match parameters.print()? {
        Print::Silent => return Ok(empty(StatusCode::NO_CONTENT)),
        Print::Pretty => serde_json::to_string_pretty(value).unwrap_or_default() + "\n",
        Print::Compact => value.to_string(),
    };
    let mut response = match parameters.callback()? {
        // The comment keeps the text from being read as another format.
        Some(name) => {
            let script = format!("/**/{name}({});\n", text.trim_end());
            with_type(StatusCode::OK, "application/javascript; charset=utf-8", memory.keep(script)?)
        }
        None => json_response(StatusCode::OK, memory.keep(text)?),
    };
    if let Some(name) = parameters.get("download") {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' };
        let name: String = name.chars().map(plain).take(200).collect();
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
    }
    Ok(response)
}

/// Adds the headers of all answers of the database.
pub fn with_common_headers(mut response: Response<Body>, namespace: &str, server: &HeaderValue) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(namespace) = HeaderValue::from_str(namespace) {
        headers.insert("x-firebase-project-id", namespace);
    }
    headers.insert("x-firebase-project-number", HeaderValue::from_static("123456789"));
    headers.insert("x-firebase-uuid", server.clone());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_fit_into_a_header() {
        assert_eq!(one_line("no\r\n rule\tallows é"), "no rule allows ?");
        assert_eq!(one_line(&"x".repeat(5_000)).len(), MAX_REASON);
    }
}
