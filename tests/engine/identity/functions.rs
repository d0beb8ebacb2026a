//! Blocking functions and callables.

use std::sync::Arc;

use firewarden::auth::{
    Claims, ErrorCode, HttpsError, UserRecord, Verifier,
    blocking::{Event, Flow, FunctionResponse, HandlerResult, Profile, Report, Simulation, respond},
    callable::{Call, Context, Gate, Generation, success},
};
use serde_json::{Value as Json, json};

use super::{
    cases::{Case, same},
    keys::{self, NOW, at},
};

pub fn handled(case: &Case) -> Result<(), String> {
    let event = Event::parse(case.text("event")).unwrap();
    let handler = &case.input["handler"];
    let handled = if handler.get("return_nothing").is_some() {
        HandlerResult::Nothing
    } else if let Some(value) = handler.get("return") {
        HandlerResult::Returns(value.clone())
    } else if let Some(thrown) = handler.get("throw") {
        HandlerResult::Throws {
            code: thrown["code"].as_str().unwrap().to_owned(),
            message: thrown["message"].as_str().unwrap_or_default().to_owned(),
            details: thrown.get("details").cloned(),
        }
    } else {
        assert!(handler.get("throw_plain").is_some());
        HandlerResult::Crashes
    };
    let found = respond(event, &handled);
    same("the status", json!(found.status), &case.expect["http"])?;
    same("the body", serde_json::from_str::<Json>(&found.body).unwrap(), &case.expect["body"])
}

pub fn applied(case: &Case) -> Result<(), String> {
    let report = simulated(case);
    if let Some(expected) = case.expect.get("events") {
        let names: Vec<_> = report.sent.iter().map(|sent| sent.event.name()).collect();
        return same("the list of events", json!(names), expected);
    }
    match &report.outcome {
        Err(error) => {
            same("whether the user is stored", json!(report.stored.is_some()), &case.expect["user_created"])?;
            case.http(error.status(), error.message())
        }
        Ok(signed_in) => {
            let expected = case.expect.get("ok").ok_or("it went well")?;
            let claims = &signed_in.as_ref().unwrap().claims;
            let usual = ["iss", "aud", "iat", "exp", "sub", "user_id", "auth_time", "firebase", "email"];
            let more = claims.iter().filter(|(name, _)| !usual.contains(name));
            let more: serde_json::Map<_, _> = more.map(|(name, value)| (name.to_owned(), value.clone())).collect();
            same("what the token adds", Json::Object(more), &expected["extra_claims_in_token"])?;
            stored(report.stored.as_ref().unwrap(), expected["stored"].as_object().unwrap())
        }
    }
}

fn stored(user: &UserRecord, expected: &serde_json::Map<String, Json>) -> Result<(), String> {
    for (name, expected) in expected {
        let found = match name.as_str() {
            "displayName" => json!(user.display_name),
            "photoUrl" => json!(user.photo_url),
            "emailVerified" => json!(user.email_verified),
            "customClaims" => json!(user.custom_claims),
            other => panic!("{other}"),
        };
        same(name, found, expected)?;
    }
    // What is not stated was not stored.
    assert!(expected.contains_key("displayName") || user.display_name.is_none());
    assert!(expected.contains_key("photoUrl") || user.photo_url.is_none());
    assert!(expected.contains_key("customClaims") || user.custom_claims.is_empty());
    Ok(())
}

fn simulated(case: &Case) -> Report {
    let flow = match case.text("flow") {
        "password_sign_up" => Flow::PasswordSignUp,
        "password_sign_in" => Flow::PasswordSignIn,
        "phone_sign_up" => Flow::PhoneSignUp,
        "anonymous" => Flow::Anonymous,
        "custom_token" => Flow::CustomToken,
        "admin_create_user" => Flow::AdminCreate,
        "link_password_to_anonymous" => Flow::LinkPassword,
        "link_google_to_anonymous" => Flow::LinkProvider("google.com".to_owned()),
        "token_refresh" => Flow::Refresh,
        "mfa_first_factor" => Flow::FirstFactor,
        "mfa_finalize" => Flow::SecondFactor("password".to_owned()),
        "password_change" => Flow::PasswordChange,
        other => panic!("{other}"),
    };
    assert_eq!(case.text("mode"), "emulator");
    let mut handlers = |event: Event, _: &Claims| {
        let stated = case.input["responses"].get(event.name())?;
        let body = match stated.get("raw") {
            Some(raw) => raw.as_str().unwrap().to_owned(),
            None => stated["body"].to_string(),
        };
        Some(FunctionResponse::new(stated["http"].as_u64().unwrap() as u16, body))
    };
    Simulation::new(keys::PROJECT, flow, at(NOW)).profile(Profile::Emulator).run(account(), &mut handlers)
}

fn account() -> UserRecord {
    UserRecord { email: Some("new@example.com".to_owned()), email_verified: Some(false), ..UserRecord::new("new") }
}

pub fn called(case: &Case) -> Result<(), String> {
    let (status, body, context) = call(case);
    same("the status", json!(status), &case.expect["http"])?;
    if let Some(expected) = case.expect.get("body") {
        same("the body", body, expected)?;
    }
    if let Some(expected) = case.expect.get("auth") {
        let found =
            context.unwrap().auth.map(|auth| json!({ "uid": auth.uid(), "token_uid": auth.token().get("uid") }));
        same("auth", json!(found), expected)?;
    }
    Ok(())
}

fn call(case: &Case) -> (u16, Json, Option<Context>) {
    let authorization = match case.input["headers"].get("Authorization") {
        Some(Json::String(text)) => Some(text.clone()),
        Some(parts) => {
            let token =
                keys::unsigned(&json!({ "alg": "none", "typ": "JWT" }), &parts[1]["unsigned_claims"].to_string());
            Some(format!("{} {token}", parts[0].as_str().unwrap()))
        }
        None => None,
    };
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(authorization.as_deref().map(|value| ("Authorization", value)));
    headers.extend(case.input["headers"]["X-Firebase-AppCheck"].as_str().map(|value| ("X-Firebase-AppCheck", value)));
    let gate = if case.text("mode") == "emulator" { Gate::emulator() } else { production() };
    let gate = gate.generation(Generation::Second).enforce_app_check(case.input["options"]["enforceAppCheck"] == true);
    let body = case.input["body"].to_string();
    let admitted = gate.admit(&Call::new("POST", headers, body.as_bytes()), at(NOW));
    match admitted.and_then(|context| run(case.text("handler"), &context).map(|result| (result, context))) {
        Ok((result, context)) => (200, success(&result), Some(context)),
        Err(error) => (error.status(), error.to_json(), None),
    }
}

fn production() -> Gate {
    let app_check = Arc::new(Verifier::app_check(keys::PROJECT, keys::known()));
    Gate::new(Verifier::id_tokens(keys::PROJECT, keys::known())).unwrap().app_check(app_check).unwrap()
}

/// The handlers that the cases name.
fn run(handler: &str, context: &Context) -> Result<Json, HttpsError> {
    let mut words = handler.splitn(3, ':');
    match (words.next(), words.next(), words.next()) {
        (Some("echo"), None, None) => Ok(context.data.clone()),
        (Some("throw_plain"), None, None) => Err(HttpsError::new(ErrorCode::Internal, "INTERNAL")),
        (Some("gate"), Some(code), Some(message)) => match &context.auth {
            Some(_) => Ok(json!(null)),
            None => Err(HttpsError::new(ErrorCode::parse(code).unwrap(), message)),
        },
        _ => panic!("{handler}"),
    }
}
