//! Hints beside the official messages about refused tokens: what the text is, what surrounds the token, how far its
//! times are off, and what to pass instead.
//!
//! Invariant: a hint never quotes a token, a key or another secret. It may quote names and short claims.

mod detected;
mod embedded;
mod opaque;
mod times;

use serde_json::{Map, Value as Json};

use crate::value::Timestamp;

use super::{
    TokenError, TokenFault, TokenKind, jws,
    policy::{Expected, TokenPolicy},
};
use detected::DetectedKind;

/// The longest text that gets a hint, in bytes: far above any token with something around it.
const MAX_TEXT: usize = 2 * jws::MAX_TOKEN;

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
    if text.len() > MAX_TEXT {
        return None;
    }
    if jws::read(text).is_err() {
        return embedded::hint(expected, text).or_else(|| opaque::hint(expected, text));
    }
    let (header, payload) = decode_parts(text)?;
    let detected = DetectedKind::detect(&header, &payload);
    detected.conflicts_with(expected).then(|| detected.advice(expected))
}

/// Header and payload of a well-formed token.
fn decode_parts(text: &str) -> Option<(Map<String, Json>, Map<String, Json>)> {
    match jws::read_leniently(text).ok()? {
        (header, Json::Object(payload)) => Some((header, payload)),
        _ => None,
    }
}

/// Whether the header is that of an unsigned token.
fn is_unsigned(header: &Map<String, Json>) -> bool {
    header.get("alg").and_then(Json::as_str) == Some("none")
}

impl TokenError {
    /// Adds the hint about the refusal of `token` by a verifier with this policy at the time `now`.
    pub(super) fn with_hint_for(mut self, policy: &TokenPolicy, token: &str, now: Timestamp) -> Self {
        self.hint = refusal_hint(&self, policy, token, now);
        self
    }
}

fn refusal_hint(error: &TokenError, policy: &TokenPolicy, token: &str, now: Timestamp) -> Option<String> {
    let other_kind = token_hint(policy.kind, token);
    if other_kind.is_some() {
        return other_kind;
    }
    let (header, payload) = decode_parts(token)?;
    let wants_unsigned = policy.algorithm == "none";
    match error.fault() {
        TokenFault::NoKeyId | TokenFault::WrongAlgorithm | TokenFault::BadSignature
            if is_unsigned(&header) && !wants_unsigned =>
        {
            let hint = "nobody signed this token (`alg` is `none`): it comes from the Auth emulator or a test library. \
                        Only a verifier in emulator mode accepts it (`EmulatorVerifier`)";
            Some(hint.to_owned())
        }
        TokenFault::BadSignature if wants_unsigned => {
            let hint = "somebody signed this token, and emulator mode accepts only unsigned ones, like the Admin SDK \
                        with FIREBASE_AUTH_EMULATOR_HOST: verify it with the project's keys";
            Some(hint.to_owned())
        }
        TokenFault::NoKeyId if policy.kind == TokenKind::IdToken => {
            let hint = "the header has no `kid`, which every token of Firebase has: sign with a key id, and publish the \
                        key under it";
            Some(hint.to_owned())
        }
        TokenFault::UnknownKeyId => Some(unknown_key_hint(policy.kind).to_owned()),
        TokenFault::WrongAudience => project_hint(policy, &payload),
        TokenFault::WrongTenant => Some(tenant_hint(&payload)),
        // The times of tokens are whole seconds, and so is the clock in the hint.
        _ => times::hint(error.fault(), &payload, policy, Timestamp::from_secs(now.unix_seconds()).unwrap_or(now)),
    }
}

fn unknown_key_hint(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::SessionCookie => {
            "the keys of session cookies are at \
             https://www.googleapis.com/identitytoolkit/v3/relyingparty/publicKeys"
        }
        TokenKind::AppCheck => "the keys of App Check are at https://firebaseappcheck.googleapis.com/v1/jwks",
        TokenKind::IdToken | TokenKind::BlockingToken => {
            "Google replaces these keys every few days: fetch them again from \
             https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com. A key from PEM \
              has the id that the caller gave it"
        }
        TokenKind::CustomToken | TokenKind::Foreign => {
            "the keys have other ids; a key with an empty id verifies tokens with any key id"
        }
    }
}

/// The hint about a token of another project, if the two ids show why.
fn project_hint(policy: &TokenPolicy, payload: &Map<String, Json>) -> Option<String> {
    let (Expected::Project { project, .. } | Expected::AppCheck { project }) = &policy.expected else { return None };
    let audience = payload.get("aud")?;
    if audience.is_array() && policy.kind != TokenKind::AppCheck {
        let hint = "`aud` of a Firebase token is the project id, never a list: another service issued this token";
        return Some(hint.to_owned());
    }
    let stated = audience.as_str()?;
    if project.chars().all(|c| c.is_ascii_digit()) {
        return Some("this is a project number: use the project id, which the console calls \"Project ID\"".to_owned());
    }
    let is_near = stated.trim().eq_ignore_ascii_case(project.trim()) || project.ends_with(".firebaseapp.com");
    is_near.then(|| format!("the project id is {}, exactly as written", quoted(stated)))
}

fn tenant_hint(payload: &Map<String, Json>) -> String {
    let of_user = payload.get("firebase").and_then(|firebase| firebase.get("tenant"));
    match of_user.or_else(|| payload.get("tenant_id")).and_then(Json::as_str) {
        Some(tenant) => format!("the user belongs to the tenant {}", quoted(tenant)),
        None => "the user belongs to no tenant: the client must set `auth.tenantId` before the sign-in".to_owned(),
    }
}

/// The beginning of a text from a token, in backticks.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let short: String = text.chars().take(LONGEST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{short}{more}`")
}
