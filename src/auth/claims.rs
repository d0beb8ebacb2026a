//! Claims: the JSON object that a token carries.

use serde_json::{Map, Value as Json};

/// The claims of a token, by name, as its JSON says them. They are only words: who vouches for them is told by the
/// type that holds them, [`VerifiedToken`](super::VerifiedToken), [`UnsignedToken`](super::UnsignedToken) or
/// [`GivenClaims`](super::GivenClaims).
///
/// ```
/// use firewarden::auth::Claims;
/// use serde_json::json;
///
/// let claims = Claims::from_json(json!({ "sub": "alice", "admin": true })).unwrap();
/// assert_eq!(claims.text("sub"), Some("alice"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims(Map<String, Json>);

impl Claims {
    /// No claims.
    pub fn new() -> Self {
        Claims::default()
    }

    /// The claims of a JSON object; nothing for other JSON.
    pub fn from_json(json: Json) -> Option<Self> {
        match json {
            Json::Object(fields) => Some(Claims(fields)),
            _ => None,
        }
    }

    /// The value of a claim.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// The text of a claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The number of a claim that is a number, such as the seconds since 1970 of `iat`, `exp` and `auth_time`.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// The id of the user: the claim `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// A part of the claim `firebase`, such as `sign_in_provider` or `tenant`.
    pub fn firebase(&self, name: &str) -> Option<&Json> {
        self.get("firebase")?.get(name)
    }

    /// Sets a claim; returns the value it had.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Json>) -> Option<Json> {
        self.0.insert(name.into(), value.into())
    }

    /// Removes a claim; returns the value it had.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        self.0.shift_remove(name)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// All of them as a JSON object.
    pub fn as_object(&self) -> &Map<String, Json> {
        &self.0
    }

    /// All of them as JSON.
    pub fn into_json(self) -> Json {
        Json::Object(self.0)
    }
}

impl From<Map<String, Json>> for Claims {
    fn from(fields: Map<String, Json>) -> Self {
        Claims(fields)
    }
}

/// The claims as JSON text.
impl std::fmt::Display for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| std::fmt::Error)?)
    }
}
