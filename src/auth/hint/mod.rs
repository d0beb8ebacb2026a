//! Hints beside the official messages about refused tokens: what the text is, what surrounds the token, how far its
//! times are off, and what to pass instead.
//!
//! Invariant: a hint never quotes a token, a key or another secret. It may quote names and short claims.

mod given;
mod opaque;
mod times;
mod wrapped;

use serde_json::{Map, Value as Json};

use crate::value::Timestamp;

use super::{
    TokenError, TokenFault, TokenKind,
    checks::{Expected, Rules},
    compact,
};
use given::Given;

/// Bytes of the longest text that gets a hint: far above any token with something around it.
const MAX_LOOKED_AT: usize = 2 * compact::MAX_TOKEN;

/// Says what a text is that was refused as a token of the `expected` kind, and what to pass instead. `None` if the text
/// is a token of that kind, or if nothing is known about it.
///
/// This verifies nothing: a hint says what the text looks like. A refusal by a verifier has its own hint, which also
/// covers the times of the token ([`TokenError::hint`]); use this function for texts that other readers refuse, such as
/// [`decode`](super::decode), which takes any token ([`TokenKind::Foreign`]).
///
/// ```
/// use firewarden::auth::{TokenKind, token_hint};
///
/// let hint = token_hint(TokenKind::IdToken, "[object Promise]").unwrap();
/// assert!(hint.contains("await"));
/// ```
pub fn token_hint(expected: TokenKind, text: &str) -> Option<String> {
    if text.len() > MAX_LOOKED_AT {
        return None;
    }
    if compact::read(text).is_err() {
        return wrapped::hint(expected, text).or_else(|| opaque::hint(expected, text));
    }
    let (header, payload) = parts(text)?;
    let given = Given::of(&header, &payload);
    given.is_not(expected).then(|| given.instead_of(expected))
}

/// Header and payload of a text that has the form of a token.
fn parts(text: &str) -> Option<(Map<String, Json>, Map<String, Json>)> {
    match compact::read_leniently(text).ok()? {
        (header, Json::Object(payload)) => Some((header, payload)),
        _ => None,
    }
}

/// Whether nobody signed a token with this header.
fn is_unsigned(header: &Map<String, Json>) -> bool {
    header.get("alg").and_then(Json::as_str) == Some("none")
}

impl TokenError {
    /// Adds the hint to a refusal of `token` by a verifier with these rules at this time.
    pub(super) fn hinted(mut self, rules: &Rules, token: &str, now: Timestamp) -> Self {
        self.hint = of_refusal(&self, rules, token, now);
        self
    }
}

fn of_refusal(error: &TokenError, rules: &Rules, token: &str, now: Timestamp) -> Option<String> {
    let other_kind = token_hint(rules.kind, token);
    if other_kind.is_some() {
        return other_kind;
    }
    let (header, payload) = parts(token)?;
    let wants_unsigned = rules.algorithm == "none";
    match error.fault() {
        TokenFault::NoKeyId | TokenFault::WrongAlgorithm | TokenFault::BadSignature
            if is_unsigned(&header) && !wants_unsigned =>
        {
            let hint = "nobody signed this token (`alg` is `none`): it comes from the Auth emulator or a test library. \
                        Only an emulator's verifier takes it (`firewarden token verify --emulator`, in the library `EmulatorVerifier`)";
            Some(hint.to_owned())
        }
        TokenFault::BadSignature if wants_unsigned => {
            let hint = "somebody signed this token, and emulator mode takes only unsigned ones, as the Admin SDK does \
                        where FIREBASE_AUTH_EMULATOR_HOST is set: verify it with the project's keys";
            Some(hint.to_owned())
        }
        TokenFault::NoKeyId if rules.kind == TokenKind::IdToken => {
            let hint = "the header has no `kid`, which Firebase writes into each token it signs: sign with a key id, and \
                        publish the key under it";
            Some(hint.to_owned())
        }
        TokenFault::UnknownKeyId => Some(unknown_key(rules.kind).to_owned()),
        TokenFault::WrongAudience => project(rules, &payload),
        TokenFault::WrongTenant => Some(tenant(&payload)),
        // Tokens count whole seconds, and so does the hint.
        _ => times::hint(error.fault(), &payload, rules, Timestamp::from_secs(now.unix_seconds()).unwrap_or(now)),
    }
}

fn unknown_key(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::SessionCookie => {
            "session cookies have keys of their own: \
             https://www.googleapis.com/identitytoolkit/v3/relyingparty/publicKeys"
        }
        TokenKind::AppCheck => "App Check has keys of its own: https://firebaseappcheck.googleapis.com/v1/jwks",
        TokenKind::IdToken | TokenKind::BlockingToken => {
            "Google replaces these keys every few days: fetch them again from \
             https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com. A key in PEM has \
             the id that is stated with it (`firewarden token verify --kid`)"
        }
        TokenKind::CustomToken | TokenKind::Foreign => {
            "the keys that were given have other ids; a key without an id stands in for any"
        }
    }
}

/// The hint for a token of another project, where the two ids show why.
fn project(rules: &Rules, payload: &Map<String, Json>) -> Option<String> {
    let (Expected::Project { project, .. } | Expected::AppCheck { project }) = &rules.expected else { return None };
    let audience = payload.get("aud")?;
    if audience.is_array() && rules.kind != TokenKind::AppCheck {
        let hint = "`aud` of a Firebase token is the project's id alone, never a list: another service made this one";
        return Some(hint.to_owned());
    }
    let given = audience.as_str()?;
    if project.chars().all(|c| c.is_ascii_digit()) {
        return Some("the number of a project is no id: the id is what the console calls \"Project ID\"".to_owned());
    }
    let is_near = given.trim().eq_ignore_ascii_case(project.trim()) || project.ends_with(".firebaseapp.com");
    is_near.then(|| format!("ask for the project by its id, as it is written: {}", quoted(given)))
}

fn tenant(payload: &Map<String, Json>) -> String {
    let of_user = payload.get("firebase").and_then(|firebase| firebase.get("tenant"));
    match of_user.or_else(|| payload.get("tenant_id")).and_then(Json::as_str) {
        Some(tenant) => format!("the user belongs to the tenant {}", quoted(tenant)),
        None => "the user belongs to no tenant: the client signed in without setting `auth.tenantId`".to_owned(),
    }
}

/// A short text from a token, in backquotes.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let short: String = text.chars().take(LONGEST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{short}{more}`")
}
