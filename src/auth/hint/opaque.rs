//! Texts that are no JSON Web Tokens at all, and what they look like.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::{Map, Value as Json};

use crate::auth::TokenKind;

use super::quoted;

const REFRESH_TOKEN: &str = "a refresh token, with which a client gets a fresh ID token (`user.getIdToken(true)`)";

/// What tokens of other kinds begin with, and what they are.
const BEGINNINGS: [(&str, &str); 14] = [
    ("ya29.", "an OAuth access token of Google's, for Google's APIs"),
    ("1//", "an OAuth refresh token of Google's"),
    ("AIza", "a Web API key, which says which project asks, not who"),
    ("GOCSPX-", "the secret of an OAuth client"),
    ("AMf-", REFRESH_TOKEN),
    ("ZXlK", "a token that was encoded with Base64 once more: decode it once"),
    ("gho_", "a token of GitHub"),
    ("ghp_", "a token of GitHub"),
    ("ghu_", "a token of GitHub"),
    ("github_pat_", "a token of GitHub"),
    ("EAA", "an access token of Facebook"),
    ("-----BEGIN", "a key or a certificate in PEM"),
    ("<!doctype", "an HTML page, perhaps that of an error"),
    ("<html", "an HTML page, perhaps that of an error"),
];

/// Refresh tokens of Firebase are one long part.
const LONG: usize = 80;

pub(super) fn hint(expected: TokenKind, text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\u{feff}'));
    // The scheme of a header does not change what follows.
    let text =
        text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map_or(text, |(_, t)| t);
    if text.is_empty() {
        return Some(format!("there is no token: the text is empty. {}", wanted(expected)));
    }
    let what = printed(text).map(str::to_owned).or_else(|| looks_like(text)).or_else(|| json(text))?;
    Some(format!("{what}. {}", wanted(expected)))
}

/// What to hand over.
fn wanted(expected: TokenKind) -> &'static str {
    match expected {
        TokenKind::IdToken => "An ID token is what `user.getIdToken()` gives: it begins with `eyJ` and has two dots",
        TokenKind::SessionCookie => {
            "A session cookie is what `createSessionCookie()` gives: it begins with `eyJ` and has two dots"
        }
        TokenKind::BlockingToken => {
            "The token of a blocking function is the member `data.jwt` of the body that it is sent"
        }
        TokenKind::AppCheck => {
            "An App Check token is what `getToken()` of App Check gives: it begins with `eyJ` and has two dots"
        }
        TokenKind::CustomToken => {
            "A custom token is what `createCustomToken()` gives: it begins with `eyJ` and has two dots"
        }
        TokenKind::Foreign => "A signed token begins with `eyJ` and has two dots",
    }
}

/// What programs print instead of a token.
fn printed(text: &str) -> Option<&'static str> {
    let starts = |beginning: &str| text.get(..beginning.len()).is_some_and(|s| s.eq_ignore_ascii_case(beginning));
    match text {
        "undefined" | "null" | "None" | "nil" | "NULL" | "NaN" | "false" | "true" => {
            Some("this is what a program prints for a value that is not there: look where the token gets lost")
        }
        _ if starts("[object Promise]") || starts("Promise {") || starts("<coroutine") || starts("Future<") => {
            Some("this is a promise, not the token: await it, as in `await user.getIdToken()`")
        }
        _ if starts("[object ") => {
            Some("this is an object, not the token in it: hand over the member that holds the token")
        }
        "owner" => Some("`owner` stands for full rights in the emulators, and is no token"),
        _ if text.starts_with(['$', '%']) || text.starts_with("{{") => {
            Some("this is the name of a variable: whatever should have put the token there did not")
        }
        _ => None,
    }
}

fn looks_like(text: &str) -> Option<String> {
    let starts = |beginning: &str| match beginning.starts_with('<') {
        true => text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning)),
        false => text.starts_with(beginning),
    };
    let known = BEGINNINGS.iter().find(|(beginning, _)| starts(beginning)).map(|(_, what)| *what);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let what = known.or_else(|| {
        if text.contains(":APA91") {
            Some("a registration token of Cloud Messaging, which names a device")
        } else if is_refresh_token_of_emulator(text) {
            Some("a refresh token of the Auth emulator, with which a client gets a fresh ID token (`user.getIdToken(true)`)")
        } else if text.len() >= LONG && text.chars().all(is_part) {
            Some(REFRESH_TOKEN)
        } else if text.len() == 28 && text.chars().all(|c| c.is_ascii_alphanumeric()) {
            Some("the id of a user")
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

/// What a JSON document without a token is.
fn json(text: &str) -> Option<String> {
    let fields: Map<String, Json> = serde_json::from_str(text).ok()?;
    let has = |name: &str| fields.contains_key(name);
    let error = fields.get("error").map(|error| error.get("message").unwrap_or(error));
    if let Some(message) = error.and_then(Json::as_str) {
        return Some(format!("this is the answer of a service that gives no token: {}", quoted(message)));
    }
    Some(if has("private_key") {
        "this is the key file of a service account, with which custom tokens are minted".to_owned()
    } else if has("keys") || fields.values().any(|value| value.as_str().is_some_and(|v| v.starts_with("-----BEGIN"))) {
        "these are public keys, with which tokens are verified (`--keys`)".to_owned()
    } else if ["sub", "uid", "user_id", "claims"].into_iter().any(has) {
        "these are claims, not a token: they are what a token carries once it is made".to_owned()
    } else {
        "this is a JSON document without a token in it".to_owned()
    })
}
