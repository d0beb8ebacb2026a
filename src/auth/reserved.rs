//! Reserved names of custom claims. There are three official lists (identity specification, section 1.2).

use serde_json::{Map, Value as Json};

/// A list of reserved names, in the order in which messages name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservedNames {
    /// All 16 names of OpenID Connect and Firebase: for custom claims, and for custom tokens in Go and Python.
    All,
    /// The 14 names that the Node Admin SDK refuses in custom tokens. It accepts `sub` and `firebase`, which the
    /// exchange refuses.
    NodeMinting,
    /// The 15 names that the Functions SDK refuses in responses of blocking functions. It accepts `sub`, which the
    /// server refuses.
    BlockingResponse,
}

const NAMES: [&str; 16] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "cnf",
    "c_hash",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "sub",
    "firebase",
];

/// The order in which the server looks for forbidden claims; it names the first.
const SERVER_ORDER: [&str; 16] = [
    "iss",
    "aud",
    "sub",
    "iat",
    "exp",
    "nbf",
    "jti",
    "nonce",
    "azp",
    "acr",
    "amr",
    "cnf",
    "auth_time",
    "firebase",
    "at_hash",
    "c_hash",
];

impl ReservedNames {
    /// Whether the list contains a name. The lists apply to the top level of the claims only.
    pub fn contains(self, name: &str) -> bool {
        let is_exempt = match self {
            ReservedNames::All => false,
            ReservedNames::NodeMinting => name == "sub" || name == "firebase",
            ReservedNames::BlockingResponse => name == "sub",
        };
        !is_exempt && NAMES.contains(&name)
    }

    /// The reserved names that `claims` uses, in the order of the list.
    pub fn among(self, claims: &Map<String, Json>) -> Vec<&'static str> {
        NAMES.into_iter().filter(|name| self.contains(name) && claims.contains_key(*name)).collect()
    }
}

/// The first forbidden name, for the server's `FORBIDDEN_CLAIM : NAME`.
pub(super) fn forbidden_claim(claims: &Map<String, Json>) -> Option<&'static str> {
    SERVER_ORDER.into_iter().find(|name| claims.contains_key(*name))
}
