//! `/emulator/action`: what links in e-mails lead to.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use percent_encoding::utf8_percent_encode;
use serde_json::{Value as Json, json};

use crate::{
    answer::{COMPONENT, json_answer},
    auth::{
        accounts::{
            reset_password::{self, ResetPassword},
            update::apply_code,
        },
        call::Call,
        fields::{Text, is_absolute},
    },
};

/// What stands in the place of a password in the template of an address.
const PLACEHOLDER: &str = "NEW_PASSWORD_HERE";

/// Does what the link stands for, and says so.
pub fn answer(call: &Call) -> Response {
    if call.query("apiKey").is_none() {
        return missing("apiKey", "Please modify the URL to specify an apiKey, such as ...&apiKey=YOUR_API_KEY");
    }
    let Some(code) = call.query("oobCode") else {
        return missing("oobCode", "Please modify the URL to specify an oobCode, such as ...&oobCode=YOUR_OOB_CODE");
    };
    match call.query("mode") {
        Some("recoverEmail") => match apply_code(call, code) {
            Ok(answer) => done(json!({
                "success": "The email has been successfully reset.",
                "email": answer.fields().get("email"),
            })),
            Err(_) => failed(json!({
                "error": "Requested mode does not match the OOB code provided.",
                "instructions": "If you're trying to test the reverting email flow, try changing the email again to \
                                 generate a new link.",
            })),
        },
        Some("verifyEmail") => match apply_code(call, code) {
            Ok(answer) => followed(
                call,
                json!({
                    "success": "The email has been successfully verified.",
                    "email": answer.fields().get("email"),
                }),
            ),
            Err(_) => expired("verify your email", "verifying your email"),
        },
        Some("verifyAndChangeEmail") => match apply_code(call, code) {
            Ok(answer) => followed(
                call,
                json!({
                    "success": "The email has been successfully changed.",
                    "newEmail": answer.fields().get("newEmail"),
                }),
            ),
            Err(_) => expired("change your email", "changing your email"),
        },
        Some("resetPassword") => reset(call, code),
        Some("signIn") => sign_in(call),
        _ => failed(json!({ "error": "Invalid mode" })),
    }
}

fn done(body: Json) -> Response {
    json_answer(StatusCode::OK, &json!({ "authEmulator": body }))
}

fn failed(body: Json) -> Response {
    json_answer(StatusCode::BAD_REQUEST, &json!({ "authEmulator": body }))
}

fn missing(name: &str, instructions: &str) -> Response {
    failed(json!({ "error": format!("missing {name} query parameter"), "instructions": instructions }))
}

fn expired(what: &str, again: &str) -> Response {
    failed(json!({
        "error": format!("Your request to {what} has expired or the link has already been used."),
        "instructions": format!("Try {again} again."),
    }))
}

/// Sends the browser on to where the link continues, or says what was done.
fn followed(call: &Call, body: Json) -> Response {
    match call.query("continueUrl") {
        Some(url) => redirect(url),
        None => done(body),
    }
}

fn redirect(url: &str) -> Response {
    // Other schemes run code in the page.
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    let location = if is_web && is_absolute(url) { HeaderValue::from_str(url).ok() } else { None };
    let Some(location) = location else { return failed(json!({ "error": "Invalid continueUrl" })) };
    let mut response = format!("See Other. Redirecting to {url}").into_response();
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn reset(call: &Call, code: &str) -> Response {
    let request = |password: Option<&str>| ResetPassword {
        oob_code: Some(Text(code.to_owned())),
        new_password: password.map(|password| Text(password.to_owned())),
    };
    let password = call.query("newPassword");
    if password.is_none_or(|password| password == PLACEHOLDER) {
        let Ok(found) = reset_password::reset(call, &request(None)) else {
            return expired("reset your password", "resetting your password");
        };
        let email = found.fields().get("email").and_then(Json::as_str).unwrap_or_default();
        let link = call.lock().pool().codes.emails.get(code).map(|code| code.oob_link.clone()).unwrap_or_default();
        let error = match password {
            None => "missing newPassword query parameter",
            Some(_) => "newPassword must be something other than 'NEW_PASSWORD_HERE'",
        };
        return failed(json!({
            "error": error,
            "instructions": format!(
                "To reset the password for {email}, send an HTTP GET request to the following URL."
            ),
            "instructions2": "You may use a web browser or any HTTP client, such as curl.",
            "urlTemplate": format!("{link}&newPassword={PLACEHOLDER}"),
        }));
    }
    match reset_password::reset(call, &request(password)) {
        Ok(answer) => followed(
            call,
            json!({
                "success": "The password has been successfully updated.",
                "email": answer.fields().get("email"),
            }),
        ),
        Err(refusal) if refusal.message().starts_with("WEAK_PASSWORD") => failed(json!({
            "error": "The password is too weak.",
            "instructions": "Try again with a password of at least 6 characters.",
        })),
        Err(_) => expired("reset your password", "resetting your password"),
    }
}

/// Sends the browser to the page that signs in with the code.
fn sign_in(call: &Call) -> Response {
    let Some(url) = call.query("continueUrl") else {
        return failed(json!({
            "error": "Missing continueUrl query parameter",
            "instructions": "To sign in, append &continueUrl=YOUR_APP_URL to the link.",
        }));
    };
    let (rest, fragment) = url.split_once('#').map_or((url, None), |(rest, fragment)| (rest, Some(fragment)));
    let mut target = rest.to_owned();
    let encode = |text: &str| utf8_percent_encode(text, COMPONENT).to_string();
    for (name, value) in call.query.iter().filter(|(name, _)| name != "continueUrl") {
        target.push(if target.contains('?') { '&' } else { '?' });
        target += &format!("{}={}", encode(name), encode(value));
    }
    if let Some(fragment) = fragment {
        target += &format!("#{fragment}");
    }
    redirect(&target)
}
