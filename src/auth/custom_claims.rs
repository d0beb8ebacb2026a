//! Custom claims: the claims that an account adds to its tokens (identity specification, section 3).
//!
//! The next token carries a change; a token that was issued before it keeps its claims until it expires.
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

use super::{
    ServerError, UserRecord, ecmascript,
    policy::MAX_UID,
    reserved::{ReservedNames, forbidden_claim},
};

/// The longest JSON text of the claims, in UTF-16 code units as in Node, the Functions SDK and the Auth emulator.
pub const MAX_LENGTH: usize = 1000;

/// Why custom claims are refused. `Display` gives the official text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The user id is empty or too long. Code `auth/invalid-uid`.
    #[error("The uid must be a non-empty string with at most 128 characters.")]
    Uid,
    /// The claims are neither an object nor null. Code `auth/argument-error`.
    #[error("CustomUserClaims argument must be an object or null.")]
    NotAnObject,
    /// The claims use reserved names. Code `auth/reserved-claim`.
    #[error("{}", reserved(.0))]
    Reserved(Vec<&'static str>),
    /// The claims are longer than [`MAX_LENGTH`]. Code `auth/claims-too-large`.
    #[error("Developer claims payload should not exceed 1000 characters.")]
    TooLarge {
        /// The length of the claims' JSON text, in UTF-16 code units.
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

/// Checks whether `claims` may be a user's custom claims, in the official order.
///
/// # Errors
///
/// The first check that fails.
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

/// The claims of the JSON text in which the server keeps them (`customAttributes`), with the server's checks: the length
/// of the text, then an object, then names.
///
/// # Errors
///
/// 400 `CLAIMS_TOO_LARGE`, `INVALID_CLAIMS` or `FORBIDDEN_CLAIM : NAME`.
pub fn from_attributes(text: &str) -> Result<Map<String, Json>, ServerError> {
    if ecmascript::utf16_length(text) > MAX_LENGTH {
        return Err(ServerError::bad_request("CLAIMS_TOO_LARGE"));
    }
    let Ok(Json::Object(claims)) = serde_json::from_str(text) else {
        return Err(ServerError::bad_request("INVALID_CLAIMS"));
    };
    match forbidden_claim(&claims) {
        Some(name) => Err(ServerError::bad_request(format!("FORBIDDEN_CLAIM : {name}"))),
        None => Ok(claims),
    }
}

/// Claims as the JSON text in which the server keeps them, with the numbers of JavaScript.
pub fn to_attributes(claims: &Map<String, Json>) -> String {
    ecmascript::stringify(&Json::Object(claims.clone()))
}

/// The length that [`MAX_LENGTH`] limits: UTF-16 code units of the JSON text.
pub fn length(claims: &Json) -> usize {
    ecmascript::stringified_length(claims)
}

/// Replaces a user's custom claims. Null clears them.
///
/// # Errors
///
/// As for [`check`], and an invalid user id. The user's claims do not change then.
pub fn set(user: &mut UserRecord, claims: &Json) -> Result<(), ClaimsError> {
    if user.uid.is_empty() || ecmascript::utf16_length(&user.uid) > MAX_UID {
        return Err(ClaimsError::Uid);
    }
    check(claims)?;
    user.custom_claims = match claims {
        Json::Object(fields) => fields.clone(),
        _ => Map::new(),
    };
    Ok(())
}

/// Sets some claims and keeps the others, like a server that reads, changes and writes them back. Null is a value here;
/// it deletes nothing.
///
/// # Errors
///
/// As for [`set`], applied to the resulting claims.
pub fn merge(user: &mut UserRecord, changes: &Json) -> Result<(), ClaimsError> {
    let Json::Object(changes) = changes else { return Err(ClaimsError::NotAnObject) };
    let mut merged = user.custom_claims.clone();
    merged.extend(changes.clone());
    set(user, &Json::Object(merged))
}

/// Removes claims by name. Unknown names are ignored.
pub fn delete<'a>(user: &mut UserRecord, names: impl IntoIterator<Item = &'a str>) {
    for name in names {
        user.custom_claims.shift_remove(name);
    }
}

/// An accepted claim that probably does not do what its author expects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsWarning {
    /// The account's own value replaces the claim, or removes it: `email`, `email_verified`, `phone_number`, `user_id`,
    /// `provider_id`.
    #[error("the claim `{0}` never reaches a token: the account's own value replaces it, or removes it")]
    Overwritten(String),
    /// The claim hides the value of the profile, or the verified id: `name`, `picture`, `uid`.
    #[error("the claim `{0}` hides the value of the profile or the verified id: rules must not trust it")]
    Shadows(String),
    /// The JSON text is longer than the documented 1000 bytes, which Go and Python count.
    #[error("the claims are {0} bytes long: some SDKs refuse more than 1000 bytes")]
    ManyBytes(usize),
    /// The JSON text is longer than 80 % of the limit.
    #[error("the claims are {0} of 1000 characters long")]
    NearlyFull(usize),
}

/// Warns about claims that shadow standard ones or vanish, and about a text near the limit.
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
    let (bytes, length) = (ecmascript::stringify(&json).len(), length(&json));
    if bytes > MAX_LENGTH {
        warnings.push(ClaimsWarning::ManyBytes(bytes));
    }
    if length > MAX_LENGTH / 10 * 8 {
        warnings.push(ClaimsWarning::NearlyFull(length));
    }
    warnings
}
