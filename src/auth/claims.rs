//! Claims: the JSON object in the payload of a token.

use serde_json::{Map, Value as Json};

/// The claims of a token, by name, as they stand in its JSON. This type does not say who vouches for them; the type
/// that holds it does: [`VerifiedToken`](super::VerifiedToken), [`UnsignedToken`](super::UnsignedToken) or
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
    /// An empty set of claims.
    pub fn new() -> Self {
        Claims::default()
    }

    /// The claims of a JSON object; `None` for other JSON.
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

    /// The value of a claim if it is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The value of a claim if it is a number, such as the seconds since 1970 of `iat`, `exp` and `auth_time`.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// The claim `sub`: the id of the user.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// A member of the claim `firebase`, such as `sign_in_provider` or `tenant`.
    pub fn firebase(&self, name: &str) -> Option<&Json> {
        self.get("firebase")?.get(name)
    }

    /// Sets a claim and returns its previous value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Json>) -> Option<Json> {
        self.0.insert(name.into(), value.into())
    }

    /// Removes a claim and returns its previous value.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        self.0.shift_remove(name)
    }

    /// Names and values in the order of the JSON.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The claims as a JSON object.
    pub fn as_object(&self) -> &Map<String, Json> {
        &self.0
    }

    /// Converts the claims to JSON.
    pub fn into_json(self) -> Json {
        Json::Object(self.0)
    }
}

impl From<Map<String, Json>> for Claims {
    fn from(fields: Map<String, Json>) -> Self {
        Claims(fields)
    }
}

/// Writes the claims as JSON text.
impl std::fmt::Display for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| std::fmt::Error)?)
    }
}
