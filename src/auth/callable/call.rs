//! The HTTP request to a callable function.

use serde_json::Value as Json;

use crate::auth::{ErrorCode, HttpsError};

/// The longest body that is read, in bytes: the limit of the official runtime.
const MAX_BODY: usize = 10 << 20;

/// The parts of an HTTP request that a gate reads, from any framework.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    method: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

impl<'a> Call<'a> {
    /// A request with its method, its headers (names in any case) and its body.
    pub fn new(method: &'a str, headers: impl IntoIterator<Item = (&'a str, &'a str)>, body: &'a [u8]) -> Self {
        Call { method, headers: headers.into_iter().collect(), body }
    }

    /// The value of a header, `None` if it is missing or empty. Repeated headers with different values are an error.
    pub(super) fn header(&self, name: &str) -> Result<Option<&'a str>, HttpsError> {
        let mut values =
            self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(bad_request(format!("the header `{name}` is repeated with different values")));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The member `data` of the body; checks the form of the request.
    pub(super) fn data(&self) -> Result<Json, HttpsError> {
        if self.method != "POST" {
            return Err(bad_request(format!("the method is `{}`; it must be `POST`", self.method)));
        }
        if self.body.len() > MAX_BODY {
            return Err(bad_request(format!("the body is larger than {} MiB", MAX_BODY >> 20)));
        }
        let stated = self.header("content-type")?.unwrap_or_default();
        let content_type = stated.to_lowercase();
        let media_type = content_type.split(';').next().unwrap_or_default();
        // The SDK accepts spaces around the media type only if parameters follow it.
        let media_type = if content_type.contains(';') { media_type.trim() } else { media_type };
        if media_type != "application/json" {
            let reason = match stated {
                "" => "the header `Content-Type` is missing; it must be `application/json`".to_owned(),
                other => format!("the header `Content-Type` is `{other}`; it must be `application/json`"),
            };
            return Err(bad_request(reason));
        }
        let body: Json = serde_json::from_slice(self.body).map_err(|error| match self.body.is_empty() {
            true => bad_request(
                "the body is empty; it must be a JSON object with the member `data`, such as `{\"data\": null}`",
            ),
            false => bad_request(format!("the body is not JSON: {error}")),
        })?;
        let Json::Object(mut fields) = body else {
            return Err(bad_request("the body is not a JSON object; it must be an object with the member `data` only"));
        };
        let Some(data) = fields.shift_remove("data") else {
            return Err(bad_request("the body has no member `data`, which contains the argument of the call"));
        };
        match fields.keys().next() {
            None => Ok(data),
            Some(name) => Err(bad_request(format!("the body has the member `{name}`; only `data` is allowed"))),
        }
    }
}

/// The response to a malformed request; it does not tell the client the reason.
fn bad_request(reason: impl Into<String>) -> HttpsError {
    HttpsError::new(ErrorCode::InvalidArgument, "Bad Request").with_log(reason, None)
}
