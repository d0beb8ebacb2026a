//! Texts that are not JSON Web Tokens, recognized by their prefix or form.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::{Map, Value as Json};

use crate::auth::TokenKind;

use super::quoted;

const REFRESH_TOKEN: &str = "a refresh token, which a client exchanges for an ID token (`user.getIdToken(true)`)";

/// Prefixes of other tokens and documents, and what those are.
const TOKEN_PREFIXES: [(&str, &str); 14] = [
    ("ya29.", "an OAuth access token for Google APIs"),
    ("1//", "an OAuth refresh token of Google"),
    ("AIza", "a Web API key, which names the project and not the user"),
    ("GOCSPX-", "the secret of an OAuth client"),
    ("AMf-", REFRESH_TOKEN),
    ("ZXlK", "a token that was Base64-encoded twice: decode it once"),
    ("gho_", "a GitHub token"),
    ("ghp_", "a GitHub token"),
    ("ghu_", "a GitHub token"),
    ("github_pat_", "a GitHub token"),
    ("EAA", "a Facebook access token"),
    ("-----BEGIN", "a key or a certificate in PEM"),
    ("<!doctype", "an HTML page, perhaps an error page"),
    ("<html", "an HTML page, perhaps an error page"),
];

/// The shortest refresh token of Firebase, which is a run of base64url characters.
const MIN_REFRESH_TOKEN: usize = 80;

pub(super) fn hint(expected: TokenKind, text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\u{feff}'));
    // A `Bearer` before the text does not change what the text is.
    let text =
        text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map_or(text, |(_, t)| t);
    if text.is_empty() {
        return Some(format!("the token is empty. {}", expectation(expected)));
    }
    let what =
        placeholder_hint(text).map(str::to_owned).or_else(|| prefix_hint(text)).or_else(|| document_hint(text))?;
    Some(format!("{what}. {}", expectation(expected)))
}

/// What to pass for a token of the `expected` kind.
fn expectation(expected: TokenKind) -> &'static str {
    match expected {
        TokenKind::IdToken => {
            "Pass the ID token that `user.getIdToken()` returns: it begins with `eyJ` and has two dots"
        }
        TokenKind::SessionCookie => {
            "Pass the session cookie that `createSessionCookie()` returns: it begins with `eyJ` and has two dots"
        }
        TokenKind::BlockingToken => "Pass the member `data.jwt` of the body that the blocking function receives",
        TokenKind::AppCheck => {
            "Pass the App Check token that `getToken()` of App Check returns: it begins with `eyJ` and has two dots"
        }
        TokenKind::CustomToken => {
            "Pass the custom token that `createCustomToken()` returns: it begins with `eyJ` and has two dots"
        }
        TokenKind::Foreign => "A signed token begins with `eyJ` and has two dots",
    }
}

/// The hint about a text that programs print instead of a token.
fn placeholder_hint(text: &str) -> Option<&'static str> {
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|s| s.eq_ignore_ascii_case(prefix));
    match text {
        "undefined" | "null" | "None" | "nil" | "NULL" | "NaN" | "false" | "true" => {
            Some("this is how a program prints a missing value: find out where the token is lost")
        }
        _ if starts("[object Promise]") || starts("Promise {") || starts("<coroutine") || starts("Future<") => {
            Some("this is a promise, not a token: await it, as in `await user.getIdToken()`")
        }
        _ if starts("[object ") => Some("this is an object, not a token: pass the member that contains the token"),
        "owner" => Some("`owner` gives full access in the emulators, but it is not a token"),
        _ if text.starts_with(['$', '%']) || text.starts_with("{{") => {
            Some("this is the name of a variable, which was not replaced by its value")
        }
        _ => None,
    }
}

fn prefix_hint(text: &str) -> Option<String> {
    let starts = |prefix: &str| match prefix.starts_with('<') {
        true => text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
        false => text.starts_with(prefix),
    };
    let known = TOKEN_PREFIXES.iter().find(|(prefix, _)| starts(prefix)).map(|(_, what)| *what);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let what = known.or_else(|| {
        if text.contains(":APA91") {
            Some("a Cloud Messaging registration token, which names a device")
        } else if is_refresh_token_of_emulator(text) {
            Some("a refresh token of the Auth emulator, which a client exchanges for an ID token (`user.getIdToken(true)`)")
        } else if text.len() >= MIN_REFRESH_TOKEN && text.chars().all(is_part) {
            Some(REFRESH_TOKEN)
        } else if text.len() == 28 && text.chars().all(|c| c.is_ascii_alphanumeric()) {
            Some("a user id")
        } else {
            None
        }
    })?;
    Some(format!("this looks like {what}"))
}

fn is_refresh_token_of_emulator(text: &str) -> bool {
    let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('='));
    bytes.is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains("_AuthEmulatorRefreshToken"))
}

/// The hint about a JSON document without a token.
fn document_hint(text: &str) -> Option<String> {
    let fields: Map<String, Json> = serde_json::from_str(text).ok()?;
    let has = |name: &str| fields.contains_key(name);
    let error = fields.get("error").map(|error| error.get("message").unwrap_or(error));
    if let Some(message) = error.and_then(Json::as_str) {
        return Some(format!("this is an error response of a service: {}", quoted(message)));
    }
    Some(if has("private_key") {
        "this is the key file of a service account, which signs custom tokens".to_owned()
    } else if has("keys") || fields.values().any(|value| value.as_str().is_some_and(|v| v.starts_with("-----BEGIN"))) {
        "these are public keys, which verify tokens".to_owned()
    } else if ["sub", "uid", "user_id", "claims"].into_iter().any(has) {
        "these are claims, not a token: a token contains them encoded".to_owned()
    } else {
        "this is a JSON document without a token".to_owned()
    })
}
