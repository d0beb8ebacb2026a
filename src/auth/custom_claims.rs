//! Custom claims: setting, changing and checking what an account adds to its tokens (identity specification, section 3).
//!
//! A change shows in the next token: one issued before keeps its claims until it expires.
//!
//! ```
//! use firewarden::{Timestamp, auth::{Session, UserRecord, custom_claims}};
//! use serde_json::json;
//!
//! let mut user = UserRecord::new("alice");
//! let signed_in: Timestamp = "2026-01-01T00:00:00Z".parse()?;
//! let session = Session::new("password", signed_in);
//! let before = session.id_token(&user, "demo-app", signed_in)?;
//! custom_claims::set(&mut user, &json!({ "admin": true }))?;
//! let after = session.id_token(&user, "demo-app", "2026-01-01T00:01:00Z".parse()?)?;
//! assert_eq!((before.get("admin"), after.get("admin")), (None, Some(&json!(true))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde_json::{Map, Value as Json};

use super::{UserRecord, checks::MAX_UID, js, reserved::ReservedNames};

/// Characters of the claims' JSON text, in UTF-16 units as in Node, the Functions SDK and the Auth emulator.
pub const MAX_LENGTH: usize = 1000;

/// Why custom claims are refused. Displays the official text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The id does not fit. Code `auth/invalid-uid`.
    #[error("The uid must be a non-empty string with at most 128 characters.")]
    Uid,
    /// Neither an object nor null. Code `auth/argument-error`.
    #[error("CustomUserClaims argument must be an object or null.")]
    NotAnObject,
    /// Reserved names. Code `auth/reserved-claim`.
    #[error("{}", reserved(.0))]
    Reserved(Vec<&'static str>),
    /// More than [`MAX_LENGTH`]. Code `auth/claims-too-large`.
    #[error("Developer claims payload should not exceed 1000 characters.")]
    TooLarge {
        /// The length of the claims' text.
        length: usize,
    },
}

fn reserved(names: &[&str]) -> String {
    let (claims, are) = if names.len() > 1 { ("claims", "are") } else { ("claim", "is") };
    format!("Developer {claims} \"{}\" {are} reserved and cannot be specified.", names.join("\", \""))
}

impl ClaimsError {
    /// The official code of the Admin SDK.
    pub fn code(&self) -> &'static str {
        match self {
            ClaimsError::Uid => "auth/invalid-uid",
            ClaimsError::NotAnObject => "auth/argument-error",
            ClaimsError::Reserved(_) => "auth/reserved-claim",
            ClaimsError::TooLarge { .. } => "auth/claims-too-large",
        }
    }
}

/// Whether these may be a user's custom claims, in the official order of checks.
///
/// # Errors
///
/// What is wrong first.
pub fn check(claims: &Json) -> Result<(), ClaimsError> {
    let fields = match claims {
        Json::Null => return Ok(()),
        Json::Object(fields) => fields,
        _ => return Err(ClaimsError::NotAnObject),
    };
    let reserved = ReservedNames::All.among(fields);
    if !reserved.is_empty() {
        return Err(ClaimsError::Reserved(reserved));
    }
    match length(claims) {
        length if length > MAX_LENGTH => Err(ClaimsError::TooLarge { length }),
        _ => Ok(()),
    }
}

/// The length that [`MAX_LENGTH`] limits: UTF-16 units of the JSON text.
pub fn length(claims: &Json) -> usize {
    js::serialized_length(claims)
}

/// Sets a user's custom claims: these replace all there were. Null clears them.
///
/// # Errors
///
/// As for [`check`]; an id that does not fit. The claims stay as they are then.
pub fn set(user: &mut UserRecord, claims: &Json) -> Result<(), ClaimsError> {
    if user.uid.is_empty() || js::length(&user.uid) > MAX_UID {
        return Err(ClaimsError::Uid);
    }
    check(claims)?;
    user.custom_claims = match claims {
        Json::Object(fields) => fields.clone(),
        _ => Map::new(),
    };
    Ok(())
}

/// Sets some claims and leaves the others: what a server does that reads, changes and writes back. Null is a value here,
/// not a deletion.
///
/// # Errors
///
/// As for [`set`], of the claims that would result.
pub fn merge(user: &mut UserRecord, changes: &Json) -> Result<(), ClaimsError> {
    let Json::Object(changes) = changes else { return Err(ClaimsError::NotAnObject) };
    let mut merged = user.custom_claims.clone();
    merged.extend(changes.clone());
    set(user, &Json::Object(merged))
}

/// Removes claims by name. Names that are not there do no harm.
pub fn delete<'a>(user: &mut UserRecord, names: impl IntoIterator<Item = &'a str>) {
    for name in names {
        user.custom_claims.shift_remove(name);
    }
}

/// What may surprise the author of claims that are accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsWarning {
    /// The token shows the account's own value, or none: `email`, `email_verified`, `phone_number`, `user_id`,
    /// `provider_id`.
    #[error("the claim \"{0}\" never reaches a token: the account's own value stands there, or none")]
    Overwritten(String),
    /// The token shows this value where readers expect the profile's or the verified id: `name`, `picture`, `uid`.
    #[error("the claim \"{0}\" stands where readers of a token expect the profile or the id: rules must not trust it")]
    Shadows(String),
    /// The text is longer than the documented 1000 bytes, which Go and Python count.
    #[error("the claims are {0} bytes long: some SDKs refuse more than 1000 bytes")]
    ManyBytes(usize),
    /// The text is longer than 80 % of the limit.
    #[error("the claims are {0} of 1000 characters long")]
    NearlyFull(usize),
}

/// Warnings about claims: those that shadow standard ones or vanish, and a text near the limit.
pub fn lint(claims: &Map<String, Json>) -> Vec<ClaimsWarning> {
    let mut warnings = Vec::new();
    for name in claims.keys() {
        match name.as_str() {
            "email" | "email_verified" | "phone_number" | "user_id" | "provider_id" => {
                warnings.push(ClaimsWarning::Overwritten(name.clone()));
            }
            "name" | "picture" | "uid" => warnings.push(ClaimsWarning::Shadows(name.clone())),
            _ => {}
        }
    }
    let json = Json::Object(claims.clone());
    let (bytes, length) = (js::stringify(&json).len(), length(&json));
    if bytes > MAX_LENGTH {
        warnings.push(ClaimsWarning::ManyBytes(bytes));
    }
    if length > MAX_LENGTH / 10 * 8 {
        warnings.push(ClaimsWarning::NearlyFull(length));
    }
    warnings
}
