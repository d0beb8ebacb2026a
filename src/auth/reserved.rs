//! Names that custom claims may not have. There are three official lists (identity specification, section 1.2).

use serde_json::{Map, Value as Json};

/// A list of reserved names, in the order in which messages name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservedNames {
    /// All 16 of OpenID Connect and Firebase: custom claims everywhere, and custom tokens in Go and Python.
    All,
    /// The 14 that the Node Admin SDK refuses in custom tokens: `sub` and `firebase` pass there, and the exchange
    /// refuses them.
    NodeMinting,
    /// The 15 that the Functions SDK refuses in answers of blocking functions: `sub` passes there, and the server
    /// refuses it.
    BlockingAnswer,
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

/// The order in which the server looks for forbidden claims; the first is the one it names.
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
    /// Whether the list holds a name. Only names at the top level of the claims matter.
    pub fn contains(self, name: &str) -> bool {
        let spared = match self {
            ReservedNames::All => false,
            ReservedNames::NodeMinting => name == "sub" || name == "firebase",
            ReservedNames::BlockingAnswer => name == "sub",
        };
        !spared && NAMES.contains(&name)
    }

    /// The reserved names among those of some claims, in the list's order.
    pub fn among(self, claims: &Map<String, Json>) -> Vec<&'static str> {
        NAMES.into_iter().filter(|name| self.contains(name) && claims.contains_key(*name)).collect()
    }
}

/// The name for which the server refuses claims: `FORBIDDEN_CLAIM : NAME`.
pub(super) fn forbidden(claims: &Map<String, Json>) -> Option<&'static str> {
    SERVER_ORDER.into_iter().find(|name| claims.contains_key(*name))
}
