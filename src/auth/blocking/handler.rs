//! The HTTP response of the Functions SDK to the result of a handler (identity specification, section 4.2).

use serde_json::{Map, Value as Json, json};

use super::{Event, FunctionResponse};
use crate::auth::{ErrorCode, HttpsError, custom_claims::MAX_LENGTH, ecmascript, reserved::ReservedNames};

/// The result of a handler.
#[derive(Clone, Debug, PartialEq)]
pub enum HandlerResult {
    /// The handler returns nothing.
    Nothing,
    /// The handler returns a value, usually an object with `displayName`, `disabled`, `emailVerified`, `photoURL`,
    /// `customClaims`,
    /// `sessionClaims` or `recaptchaActionOverride`.
    Returns(Json),
    /// The handler throws an `HttpsError`. The SDK treats an unknown code as [`Crashes`](HandlerResult::Crashes).
    Throws {
        /// The code, such as `permission-denied`.
        code: String,
        /// The message for the client, which may be empty.
        message: String,
        /// The details for the client.
        details: Option<Json>,
    },
    /// The handler throws another value.
    Crashes,
}

/// The HTTP response of the SDK to a handler's result.
pub fn respond(event: Event, result: &HandlerResult) -> FunctionResponse {
    match response_body(event, result) {
        Ok(body) => FunctionResponse::new(200, body.to_string()),
        Err(error) => FunctionResponse::new(error.status(), error.to_json().to_string()),
    }
}

fn response_body(event: Event, result: &HandlerResult) -> Result<Json, HttpsError> {
    let unexpected = || HttpsError::new(ErrorCode::Internal, "An unexpected error occurred.");
    match result {
        HandlerResult::Nothing => Ok(json!({})),
        HandlerResult::Crashes => Err(unexpected()),
        HandlerResult::Throws { code, message, details } => {
            let error = HttpsError::new(ErrorCode::parse(code).ok_or_else(unexpected)?, message);
            Err(match details {
                Some(details) => error.details(details.clone()),
                None => error,
            })
        }
        HandlerResult::Returns(value) if !ecmascript::is_truthy(Some(value)) => Ok(json!({})),
        HandlerResult::Returns(value) => {
            let fields = ecmascript::spread(value);
            validate(event, &fields)?;
            Ok(success_body(fields))
        }
    }
}

/// The body of a success: the fields with a mask of their names, and beside them the reCAPTCHA override.
fn success_body(mut fields: Map<String, Json>) -> Json {
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
    let claims = |name: &str| fields.get(name).filter(|claims| ecmascript::is_truthy(Some(claims)));
    let (custom, session) = (claims("customClaims"), claims("sessionClaims"));
    if let Some(custom) = custom {
        check_claims("customClaims", custom)?;
    }
    // Other events accept session claims, which have no effect.
    let Some(session) = session.filter(|_| event == Event::BeforeSignIn) else { return Ok(()) };
    check_claims("sessionClaims", session)?;
    let mut combined = custom.map(ecmascript::spread).unwrap_or_default();
    combined.extend(ecmascript::spread(session));
    if ecmascript::stringified_length(&Json::Object(combined)) > MAX_LENGTH {
        return Err(invalid_argument(format!(
            "The customClaims and sessionClaims payloads should not exceed {MAX_LENGTH} characters combined."
        )));
    }
    Ok(())
}

fn check_claims(name: &str, claims: &Json) -> Result<(), HttpsError> {
    let reserved = claims.as_object().map(|claims| ReservedNames::BlockingResponse.among(claims)).unwrap_or_default();
    if !reserved.is_empty() {
        let names = reserved.join(",");
        return Err(invalid_argument(format!("The {name} claims \"{names}\" are reserved and cannot be specified.")));
    }
    if ecmascript::stringified_length(claims) > MAX_LENGTH {
        return Err(invalid_argument(format!("The {name} payload should not exceed {MAX_LENGTH} characters.")));
    }
    Ok(())
}

fn invalid_argument(message: String) -> HttpsError {
    HttpsError::new(ErrorCode::InvalidArgument, message)
}
