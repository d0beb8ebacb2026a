//! A request to a callable function, as text.

use serde_json::{Map, Value as Json};

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
            return Err(bad_request());
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The member `data` of a well-formed request.
    pub(super) fn data(&self) -> Result<Json, HttpsError> {
        if self.method != "POST" || self.body.len() > MAX_BODY {
            return Err(bad_request());
        }
        let content_type = self.header("content-type")?.unwrap_or_default().to_lowercase();
        let media_type = content_type.split(';').next().unwrap_or_default();
        // Only where parameters follow is the space before them let pass.
        let media_type = if content_type.contains(';') { media_type.trim() } else { media_type };
        if media_type != "application/json" {
            return Err(bad_request());
        }
        let mut fields: Map<String, Json> = serde_json::from_slice(self.body).map_err(|_| bad_request())?;
        match fields.shift_remove("data") {
            Some(data) if fields.is_empty() => Ok(data),
            _ => Err(bad_request()),
        }
    }
}

fn bad_request() -> HttpsError {
    HttpsError::new(ErrorCode::InvalidArgument, "Bad Request")
}
