//! How the server reads the response of a blocking function (identity specification, section 4.2).

use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::Event;
use crate::auth::{
    UserRecord, custom_claims::MAX_LENGTH, ecmascript, reserved::forbidden_claim, server_error::ServerError,
};

/// The server that is simulated. The two differ only in these points:
///
/// | | production, as documented | emulator, as observed |
/// |---|---|---|
/// | deadline | 7 seconds | 60 seconds |
/// | success | 200 | any 2xx |
/// | picture | `photoURL` (SDK) and `photoUrl` (guide) | `photoUrl` |
/// | session claims | checked like custom claims | not checked |
/// | `beforeSignIn` refuses a new user | nothing is stored | the account is stored |
/// | `sign_in_attributes` of the event | an object | a string of JSON |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Firebase Authentication as its documentation describes it.
    #[default]
    Production,
    /// The Auth emulator of firebase-tools.
    Emulator,
}

impl Profile {
    /// The time that a function has for its response.
    pub fn deadline(self) -> Duration {
        match self {
            Profile::Production => Duration::from_secs(7),
            Profile::Emulator => Duration::from_secs(60),
        }
    }

    fn is_success(self, status: u16) -> bool {
        match self {
            Profile::Production => status == 200,
            Profile::Emulator => (200..300).contains(&status),
        }
    }
}

/// The HTTP response of a blocking function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionResponse {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The time until the response arrived.
    pub elapsed: Duration,
}

impl FunctionResponse {
    /// A response that arrives at once.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        FunctionResponse { status, body: body.into(), elapsed: Duration::ZERO }
    }

    /// Sets the time until the response arrives.
    #[must_use]
    pub fn after(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }
}

/// The reCAPTCHA action that a handler requests. The simulator reports it and does not act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecaptchaAction {
    /// `ALLOW`
    Allow,
    /// `BLOCK`
    Block,
}

/// The changes in a response; `None` for what the handler leaves alone. They are applied only after the whole response
/// was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserUpdates {
    /// The name; `Some(None)` clears it.
    pub display_name: Option<Option<String>>,
    /// The URL of the picture; `Some(None)` clears it.
    pub photo_url: Option<Option<String>>,
    /// Whether sign-ins are refused.
    pub disabled: Option<bool>,
    /// Whether the e-mail address is verified.
    pub email_verified: Option<bool>,
    /// All custom claims.
    pub custom_claims: Option<Map<String, Json>>,
    /// Claims of the session, which the account does not keep.
    pub session_claims: Option<Map<String, Json>>,
    /// The reCAPTCHA action that the handler requests.
    pub recaptcha: Option<RecaptchaAction>,
}

impl UserUpdates {
    /// Changes an account; session claims are not a part of it.
    pub fn apply(&self, user: &mut UserRecord) {
        if let Some(name) = &self.display_name {
            user.display_name.clone_from(name);
        }
        if let Some(address) = &self.photo_url {
            user.photo_url.clone_from(address);
        }
        if let Some(disabled) = self.disabled {
            user.disabled = disabled;
        }
        if let Some(verified) = self.email_verified {
            user.email_verified = Some(verified);
        }
        if let Some(claims) = &self.custom_claims {
            user.custom_claims.clone_from(claims);
        }
    }
}

const ERROR_PREFIX: &str = "BLOCKING_FUNCTION_ERROR_RESPONSE : ";

/// Reads the response of the function at `url`.
pub(super) fn read(
    profile: Profile,
    event: Event,
    url: &str,
    response: &FunctionResponse,
) -> Result<UserUpdates, ServerError> {
    if response.elapsed > profile.deadline() {
        return Err(ServerError::internal(format!("{ERROR_PREFIX}((Deadline exceeded making request to {url}.))")));
    }
    if !profile.is_success(response.status) {
        let (status, body) = (response.status, &response.body);
        return Err(ServerError::bad_request(match profile {
            Profile::Production => format!("{ERROR_PREFIX}HTTP Cloud Function returned an error: {body}"),
            Profile::Emulator => {
                format!("{ERROR_PREFIX}((HTTP request to {url} returned HTTP error {status}: {body}))")
            }
        }));
    }
    let body: Json = serde_json::from_str(&response.body)
        .map_err(|_| ServerError::internal(format!("{ERROR_PREFIX}((Response body is not valid JSON.))")))?;
    if body.is_null() {
        return Err(unreadable());
    }
    let mut updates = UserUpdates {
        recaptcha: match body.get("recaptchaActionOverride").and_then(Json::as_str) {
            Some("ALLOW") => Some(RecaptchaAction::Allow),
            Some("BLOCK") => Some(RecaptchaAction::Block),
            _ => None,
        },
        ..UserUpdates::default()
    };
    let Some(record) = body.get("userRecord").filter(|record| ecmascript::is_truthy(Some(record))) else {
        return Ok(updates);
    };
    let mask = match record.get("updateMask") {
        Some(Json::String(mask)) if !mask.is_empty() => mask,
        Some(other) if ecmascript::is_truthy(Some(other)) => return Err(unreadable()),
        _ => {
            let message = format!("{ERROR_PREFIX}((Response UserRecord is missing updateMask.))");
            return Err(ServerError::bad_request(message));
        }
    };
    // Names are not trimmed, so a name after a space is unknown. Unknown names are ignored.
    for name in mask.split(',') {
        let value = record.get(name);
        match name {
            "displayName" => updates.display_name = Some(ecmascript::primitive_to_string(value)),
            "photoUrl" => updates.photo_url = Some(ecmascript::primitive_to_string(value)),
            "photoURL" if profile == Profile::Production => {
                updates.photo_url = Some(ecmascript::primitive_to_string(value))
            }
            "disabled" => updates.disabled = Some(ecmascript::is_truthy(value)),
            "emailVerified" => updates.email_verified = Some(ecmascript::is_truthy(value)),
            "customClaims" => updates.custom_claims = Some(parse_claims(value)?),
            "sessionClaims" if event == Event::BeforeSignIn => {
                updates.session_claims = parse_session_claims(profile, value)?
            }
            _ => {}
        }
    }
    Ok(updates)
}

/// Checks claims as the server does: size, type, names.
fn parse_claims(value: Option<&Json>) -> Result<Map<String, Json>, ServerError> {
    let value = value.ok_or_else(unreadable)?;
    if ecmascript::stringified_length(value) > MAX_LENGTH {
        return Err(ServerError::bad_request("CLAIMS_TOO_LARGE"));
    }
    let Json::Object(fields) = value else { return Err(ServerError::bad_request("INVALID_CLAIMS")) };
    match forbidden_claim(fields) {
        Some(name) => Err(ServerError::bad_request(format!("FORBIDDEN_CLAIM : {name}"))),
        None => Ok(fields.clone()),
    }
}

fn parse_session_claims(profile: Profile, value: Option<&Json>) -> Result<Option<Map<String, Json>>, ServerError> {
    match (profile, value) {
        (Profile::Emulator, value) => Ok(value.map(ecmascript::spread)),
        (Profile::Production, None | Some(Json::Null)) => Ok(None),
        (Profile::Production, value) => parse_claims(value).map(Some),
    }
}

fn unreadable() -> ServerError {
    ServerError::internal(format!("{ERROR_PREFIX}((Response body cannot be read.))"))
}
