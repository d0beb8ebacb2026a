//! Who is asking: [`Auth`] is what rules see as `request.auth`.
//!
//! Invariant: holds claims that somebody else has verified; nothing here checks a signature.

use crate::value::{Map, Record, Value, ValueRef, json};

/// A signed-in user, as rules see one in `request.auth`: a `uid` and the claims of the token.
///
/// ```
/// use firewarden::Auth;
/// use serde_json::json;
///
/// let auth = Auth::user("alice").claims(json!({ "admin": true, "level": 7 }));
/// assert_eq!(auth.uid(), Some("alice"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Auth {
    uid: Value,
    token: Value,
}

impl Auth {
    /// A user with that id, whose token holds the claims `sub` and `user_id`.
    pub fn user(uid: impl Into<String>) -> Self {
        let uid = uid.into();
        let token = Map::from([("sub", uid.as_str()), ("user_id", uid.as_str())]);
        Auth { uid: Value::from(uid), token: Value::Map(token) }
    }

    /// The user of a decoded token: the id is the claim `sub`, or else `user_id`. A token without either is a user whose
    /// `uid` is null, as in the official emulators (identity specification, section 6.2).
    pub fn from_claims(claims: serde_json::Value) -> Self {
        let token = json::claims(claims);
        let text = |name: &str| match &token {
            Value::Map(map) => map.get(name).filter(|v| matches!(v, Value::String(_))).cloned(),
            _ => None,
        };
        Auth { uid: text("sub").or_else(|| text("user_id")).unwrap_or(Value::Null), token }
    }

    /// The same user with more claims. Whole numbers become ints, exact to 64 bits; others floats. The id stays.
    #[must_use]
    pub fn claims(mut self, claims: serde_json::Value) -> Self {
        if let (Value::Map(token), Value::Map(more)) = (&mut self.token, json::claims(claims)) {
            for (name, value) in more.iter() {
                token.insert(name, value.clone());
            }
        }
        self
    }

    /// The same user with one more claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Value::Map(token) = &mut self.token {
            token.insert(name, value);
        }
        self
    }

    /// A user with exactly these values, however odd: `{uid, token}` as a host has them.
    pub fn from_values(uid: impl Into<Value>, token: impl Into<Value>) -> Self {
        Auth { uid: uid.into(), token: token.into() }
    }

    /// The user's id, where it is text.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_str()
    }

    pub(crate) fn uid_view(&self) -> ValueRef<'_> {
        self.uid.view()
    }

    /// The claims.
    pub fn token(&self) -> &Value {
        &self.token
    }
}

/// Exactly two keys; there is no `provider` in this language.
impl Record for Auth {
    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        match name {
            "uid" => Some(self.uid.view()),
            "token" => Some(self.token.view()),
            _ => None,
        }
    }

    fn names(&self) -> &'static [&'static str] {
        &["uid", "token"]
    }
}

impl From<Auth> for std::borrow::Cow<'_, Auth> {
    fn from(auth: Auth) -> Self {
        std::borrow::Cow::Owned(auth)
    }
}

impl<'a> From<&'a Auth> for std::borrow::Cow<'a, Auth> {
    fn from(auth: &'a Auth) -> Self {
        std::borrow::Cow::Borrowed(auth)
    }
}

/// `request.auth` of nobody is null.
pub(crate) fn view(auth: Option<&Auth>) -> ValueRef<'_> {
    auth.map_or(ValueRef::Null, |auth| ValueRef::Map(crate::value::MapRef::Record(auth)))
}
