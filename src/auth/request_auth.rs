//! `request.auth` and `auth` as the rules of each product see them (identity specification, section 6).
//!
//! | | `uid` | keys | numbers |
//! |---|---|---|---|
//! | Firestore | `sub`, if it is a string | `uid`, `token` | whole numbers within 64 bits are ints, exactly |
//! | Storage | `user_id`, of any type | `uid`, `token` | as in Firestore, but rounded to doubles first |
//! | Realtime Database | `sub`, or else `user_id` | `uid`, `provider`, `token` | doubles |
//!
//! The three agree for verified tokens, where `sub` and `user_id` are the same string. They differ for unusual tokens
//! that the emulators accept.

use serde_json::{Map as JsonMap, Number, Value as Json};

use super::{Auth, Trust, UnsignedToken};
use crate::value::{Map, Value, json};

/// A product whose rules see a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// Cloud Firestore.
    Firestore,
    /// Cloud Storage.
    Storage,
    /// The Realtime Database.
    Database,
}

impl UnsignedToken {
    /// The user as the rules of a product see it; nobody vouches for it.
    pub fn auth(&self, product: Product) -> Auth {
        match product {
            Product::Firestore => {
                let token = json::claims(self.payload().clone());
                let uid = field(&token, "sub").filter(|uid| matches!(uid, Value::String(_))).cloned();
                Auth { uid: uid.unwrap_or_default(), token, trust: Trust::Unsigned }
            }
            Product::Storage => {
                let token = json::claims(through_doubles(self.payload()));
                let uid = field(&token, "user_id").cloned().unwrap_or_default();
                Auth { uid, token, trust: Trust::Unsigned }
            }
            Product::Database => Auth::from_token(self.payload().clone(), Trust::Unsigned),
        }
    }
}

fn field<'a>(token: &'a Value, name: &str) -> Option<&'a Value> {
    match token {
        Value::Map(map) => map.get(name),
        _ => None,
    }
}

/// Rounds whole numbers to doubles.
fn through_doubles(json: &Json) -> Json {
    match json {
        Json::Number(n) => match n.as_f64().filter(|_| !n.is_f64()) {
            // The nearest double of the largest ints is out of their range; the cast saturates.
            Some(double) if n.is_i64() => Json::Number(Number::from(double as i64)),
            _ => json.clone(),
        },
        Json::Array(items) => items.iter().map(through_doubles).collect(),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(k, v)| (k.clone(), through_doubles(v))).collect::<JsonMap<_, _>>())
        }
        other => other.clone(),
    }
}

/// The variable `auth` of Realtime Database rules: a map of `uid`, `provider` and `token` (realtime-database
/// specification, section 4.2). `provider` is the claim `firebase.sign_in_provider` unchanged, or null. Numbers are
/// those of [`Auth`]; the language evaluates all of them as doubles.
pub fn database_auth(auth: &Auth) -> Value {
    Value::Map(Map::from([
        ("uid", auth.uid.clone()),
        ("provider", provider(auth).cloned().unwrap_or_default()),
        ("token", auth.token.clone()),
    ]))
}

/// The claim `firebase.sign_in_provider`: how the user signed in.
pub(super) fn provider(auth: &Auth) -> Option<&Value> {
    field(field(&auth.token, "firebase")?, "sign_in_provider")
}

/// Claims that a handshake has in `token` only.
const ONLY_IN_TOKEN: [&str; 7] = ["iss", "aud", "iat", "exp", "sub", "auth_time", "firebase"];

/// The `auth` in the response to a Realtime Database handshake: [`database_auth`], and beside it every claim but `iss`,
/// `aud`, `iat`, `exp`, `sub`, `auth_time` and `firebase`, as a capture of production shows. Clients receive this;
/// rules see only [`database_auth`].
pub fn database_handshake(auth: &Auth) -> Value {
    let mut map = Map::new();
    if let Value::Map(claims) = &auth.token {
        for (name, value) in claims.iter().filter(|(name, _)| !ONLY_IN_TOKEN.contains(name)) {
            map.insert(name, value.clone());
        }
    }
    map.insert("uid", auth.uid.clone());
    map.insert("provider", provider(auth).cloned().unwrap_or_default());
    map.insert("token", auth.token.clone());
    Value::Map(map)
}
