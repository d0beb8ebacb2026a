//! What the server makes of a blocking function's answer (identity specification, section 4.2).

use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::Event;
use crate::auth::{UserRecord, custom_claims::MAX_LENGTH, js, reserved::forbidden, server_error::ServerError};

/// Whose behaviour is simulated. They differ where the reference says so and nowhere else:
///
/// | | production, as documented | emulator, as observed |
/// |---|---|---|
/// | deadline | 7 seconds | 60 seconds |
/// | success | 200 | any 2xx |
/// | picture | `photoURL` (SDK) and `photoUrl` (guide) | `photoUrl` |
/// | session claims | checked like custom claims | not checked |
/// | `beforeSignIn` refuses a new user | nothing was stored | the account stays |
/// | `sign_in_attributes` of the event | an object | JSON text |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Firebase Authentication as its documentation describes it.
    #[default]
    Production,
    /// The Auth emulator of firebase-tools.
    Emulator,
}

impl Profile {
    fn deadline(self) -> Duration {
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

/// The HTTP answer of a blocking function.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Answer {
    /// An answer that came at once.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Answer { status, body: body.into(), elapsed: Duration::ZERO }
    }

    /// The same after that time.
    #[must_use]
    pub fn after(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }
}

/// What a handler wants reCAPTCHA to do. It is reported and decides nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecaptchaAction {
    /// `ALLOW`
    Allow,
    /// `BLOCK`
    Block,
}

/// Changes that an answer asks for. Nothing is changed before all of it is read.
#[derive(Debug, Default)]
pub(super) struct Updates {
    display_name: Option<Option<String>>,
    photo_url: Option<Option<String>>,
    disabled: Option<bool>,
    email_verified: Option<bool>,
    custom_claims: Option<Map<String, Json>>,
    pub(super) session_claims: Option<Map<String, Json>>,
    pub(super) recaptcha: Option<RecaptchaAction>,
}

impl Updates {
    pub(super) fn apply(&self, user: &mut UserRecord) {
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

const PREFIX: &str = "BLOCKING_FUNCTION_ERROR_RESPONSE : ";

/// Reads the answer of the function at an address.
pub(super) fn read(profile: Profile, event: Event, url: &str, answer: &Answer) -> Result<Updates, ServerError> {
    if answer.elapsed > profile.deadline() {
        return Err(ServerError::internal(format!("{PREFIX}((Deadline exceeded making request to {url}.))")));
    }
    if !profile.is_success(answer.status) {
        let (status, body) = (answer.status, &answer.body);
        return Err(ServerError::bad_request(match profile {
            Profile::Production => format!("{PREFIX}HTTP Cloud Function returned an error: {body}"),
            Profile::Emulator => format!("{PREFIX}((HTTP request to {url} returned HTTP error {status}: {body}))"),
        }));
    }
    let body: Json = serde_json::from_str(&answer.body)
        .map_err(|_| ServerError::internal(format!("{PREFIX}((Response body is not valid JSON.))")))?;
    if body.is_null() {
        return Err(unreadable());
    }
    let mut updates = Updates {
        recaptcha: match body.get("recaptchaActionOverride").and_then(Json::as_str) {
            Some("ALLOW") => Some(RecaptchaAction::Allow),
            Some("BLOCK") => Some(RecaptchaAction::Block),
            _ => None,
        },
        ..Updates::default()
    };
    let Some(record) = body.get("userRecord").filter(|record| js::truth(Some(record))) else { return Ok(updates) };
    let mask = match record.get("updateMask") {
        Some(Json::String(mask)) if !mask.is_empty() => mask,
        Some(other) if js::truth(Some(other)) => return Err(unreadable()),
        _ => {
            let message = format!("{PREFIX}((Response UserRecord is missing updateMask.))");
            return Err(ServerError::bad_request(message));
        }
    };
    // Names are taken as they stand: one with a space before it is unknown, and unknown ones are passed over.
    for name in mask.split(',') {
        let value = record.get(name);
        match name {
            "displayName" => updates.display_name = Some(js::primitive(value)),
            "photoUrl" => updates.photo_url = Some(js::primitive(value)),
            "photoURL" if profile == Profile::Production => updates.photo_url = Some(js::primitive(value)),
            "disabled" => updates.disabled = Some(js::truth(value)),
            "emailVerified" => updates.email_verified = Some(js::truth(value)),
            "customClaims" => updates.custom_claims = Some(claims(value)?),
            "sessionClaims" if event == Event::BeforeSignIn => updates.session_claims = session(profile, value)?,
            _ => {}
        }
    }
    Ok(updates)
}

/// Claims by the server's rules: size, form, names.
fn claims(value: Option<&Json>) -> Result<Map<String, Json>, ServerError> {
    let value = value.ok_or_else(unreadable)?;
    if js::serialized_length(value) > MAX_LENGTH {
        return Err(ServerError::bad_request("CLAIMS_TOO_LARGE"));
    }
    let Json::Object(fields) = value else { return Err(ServerError::bad_request("INVALID_CLAIMS")) };
    match forbidden(fields) {
        Some(name) => Err(ServerError::bad_request(format!("FORBIDDEN_CLAIM : {name}"))),
        None => Ok(fields.clone()),
    }
}

fn session(profile: Profile, value: Option<&Json>) -> Result<Option<Map<String, Json>>, ServerError> {
    match (profile, value) {
        (Profile::Emulator, value) => Ok(value.map(js::spread)),
        (Profile::Production, None | Some(Json::Null)) => Ok(None),
        (Profile::Production, value) => claims(value).map(Some),
    }
}

fn unreadable() -> ServerError {
    ServerError::internal(format!("{PREFIX}((Response body cannot be read.))"))
}
