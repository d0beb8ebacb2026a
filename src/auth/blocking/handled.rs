//! What the Functions SDK makes of a handler's result (identity specification, section 4.2).

use serde_json::{Map, Value as Json, json};

use super::{Answer, Event};
use crate::auth::{ErrorCode, HttpsError, custom_claims::MAX_LENGTH, js, reserved::ReservedNames};

/// How a handler ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Handled {
    /// It returns nothing.
    Nothing,
    /// It returns a value, mostly an object with `displayName`, `disabled`, `emailVerified`, `photoURL`, `customClaims`,
    /// `sessionClaims` or `recaptchaActionOverride`.
    Returns(Json),
    /// It throws an `HttpsError`. A code that the SDK does not know ends as [`Crashes`](Handled::Crashes).
    Throws {
        /// The code, such as `permission-denied`.
        code: String,
        /// The text for the client; empty where the handler gives none.
        message: String,
        /// More for the client.
        details: Option<Json>,
    },
    /// It throws something else.
    Crashes,
}

/// The HTTP answer that the SDK gives for a handler's result.
pub fn answer(event: Event, handled: &Handled) -> Answer {
    match respond(event, handled) {
        Ok(body) => Answer::new(200, body.to_string()),
        Err(error) => Answer::new(error.status(), error.to_json().to_string()),
    }
}

fn respond(event: Event, handled: &Handled) -> Result<Json, HttpsError> {
    let unexpected = || HttpsError::new(ErrorCode::Internal, "An unexpected error occurred.");
    match handled {
        Handled::Nothing => Ok(json!({})),
        Handled::Crashes => Err(unexpected()),
        Handled::Throws { code, message, details } => {
            let error = HttpsError::new(ErrorCode::parse(code).ok_or_else(unexpected)?, message);
            Err(match details {
                Some(details) => error.details(details.clone()),
                None => error,
            })
        }
        Handled::Returns(value) if !js::truth(Some(value)) => Ok(json!({})),
        Handled::Returns(value) => {
            let fields = js::spread(value);
            validate(event, &fields)?;
            Ok(response(fields))
        }
    }
}

/// The fields as they are, with the mask of their names; the override of reCAPTCHA stands beside them.
fn response(mut fields: Map<String, Json>) -> Json {
    let recaptcha = fields.shift_remove("recaptchaActionOverride");
    let mut response = Map::new();
    if !fields.is_empty() {
        let mask = fields.keys().map(String::as_str).collect::<Vec<_>>().join(",");
        fields.insert("updateMask".to_owned(), json!(mask));
        response.insert("userRecord".to_owned(), Json::Object(fields));
    }
    if let Some(action) = recaptcha {
        response.insert("recaptchaActionOverride".to_owned(), action);
    }
    Json::Object(response)
}

fn validate(event: Event, fields: &Map<String, Json>) -> Result<(), HttpsError> {
    let claims = |name: &str| fields.get(name).filter(|claims| js::truth(Some(claims)));
    let (custom, session) = (claims("customClaims"), claims("sessionClaims"));
    if let Some(custom) = custom {
        check("customClaims", custom)?;
    }
    // Session claims of other events pass, and have no effect.
    let Some(session) = session.filter(|_| event == Event::BeforeSignIn) else { return Ok(()) };
    check("sessionClaims", session)?;
    let mut combined = custom.map(js::spread).unwrap_or_default();
    combined.extend(js::spread(session));
    if js::serialized_length(&Json::Object(combined)) > MAX_LENGTH {
        return Err(invalid(format!(
            "The customClaims and sessionClaims payloads should not exceed {MAX_LENGTH} characters combined."
        )));
    }
    Ok(())
}

fn check(name: &str, claims: &Json) -> Result<(), HttpsError> {
    let reserved = claims.as_object().map(|claims| ReservedNames::BlockingAnswer.among(claims)).unwrap_or_default();
    if !reserved.is_empty() {
        let names = reserved.join(",");
        return Err(invalid(format!("The {name} claims \"{names}\" are reserved and cannot be specified.")));
    }
    if js::serialized_length(claims) > MAX_LENGTH {
        return Err(invalid(format!("The {name} payload should not exceed {MAX_LENGTH} characters.")));
    }
    Ok(())
}

fn invalid(message: String) -> HttpsError {
    HttpsError::new(ErrorCode::InvalidArgument, message)
}
