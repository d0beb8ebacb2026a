//! A request to a callable function, as text.

use serde_json::Value as Json;

use crate::auth::{ErrorCode, HttpsError};

/// Octets of a body that are read: the limit of the official runtime.
const MAX_BODY: usize = 10 << 20;

/// A request: what a gate needs of it, from any HTTP framework.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    method: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

impl<'a> Call<'a> {
    /// A request by its method, its headers in any case, and its body.
    pub fn new(method: &'a str, headers: impl IntoIterator<Item = (&'a str, &'a str)>, body: &'a [u8]) -> Self {
        Call { method, headers: headers.into_iter().collect(), body }
    }

    /// The value of a header, empty ones aside. Of several that bear the name none is chosen where they differ.
    pub(super) fn header(&self, name: &str) -> Result<Option<&'a str>, HttpsError> {
        let mut values =
            self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(bad_request(format!("the header `{name}` is there more than once, with different values")));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The member `data` of a well-formed request.
    pub(super) fn data(&self) -> Result<Json, HttpsError> {
        if self.method != "POST" {
            return Err(bad_request(format!("the method is `{}`; a callable is called with `POST`", self.method)));
        }
        if self.body.len() > MAX_BODY {
            return Err(bad_request(format!("the body is larger than {} MiB", MAX_BODY >> 20)));
        }
        let stated = self.header("content-type")?.unwrap_or_default();
        let content_type = stated.to_lowercase();
        let media_type = content_type.split(';').next().unwrap_or_default();
        // Only where parameters follow is the space before them let pass.
        let media_type = if content_type.contains(';') { media_type.trim() } else { media_type };
        if media_type != "application/json" {
            let reason = match stated {
                "" => "there is no header `Content-Type`; it is `application/json`".to_owned(),
                other => format!("`Content-Type` is `{other}`; it has to be `application/json`"),
            };
            return Err(bad_request(reason));
        }
        let body: Json = serde_json::from_slice(self.body).map_err(|error| match self.body.is_empty() {
            true => {
                bad_request("the body is empty; it is a JSON object with the member `data`, such as {\"data\": null}")
            }
            false => bad_request(format!("the body is not JSON: {error}")),
        })?;
        let Json::Object(mut fields) = body else {
            return Err(bad_request("the body is JSON, but no object: it is an object with the member `data` alone"));
        };
        let Some(data) = fields.shift_remove("data") else {
            return Err(bad_request("the body has no member `data`, in which a client sends what it calls with"));
        };
        match fields.keys().next() {
            None => Ok(data),
            Some(name) => Err(bad_request(format!("the body has the member `{name}` beside `data`, its only one"))),
        }
    }
}

/// The answer to what is no call; the client is not told the reason.
fn bad_request(reason: impl Into<String>) -> HttpsError {
    HttpsError::new(ErrorCode::InvalidArgument, "Bad Request").because(reason, None)
}
