//! Checks of claims that a suite states directly: what production never issues.

use crate::node::{Fields, Key, Kind, Node, Reader};
use firewarden::auth::{ReservedNames, UserRecord, custom_claims};

/// Claims that the issuer sets, besides custom claims.
const STANDARD: [&str; 14] = [
    "iss",
    "aud",
    "sub",
    "user_id",
    "iat",
    "exp",
    "auth_time",
    "email",
    "email_verified",
    "phone_number",
    "name",
    "picture",
    "provider_id",
    "firebase",
];

/// Values of `firebase.sign_in_provider`, beside `saml.NAME` and `oidc.NAME` (identity specification, section 2.4).
pub(super) const PROVIDERS: [&str; 14] = [
    "anonymous",
    "password",
    "phone",
    "custom",
    "google.com",
    "apple.com",
    "facebook.com",
    "github.com",
    "microsoft.com",
    "twitter.com",
    "yahoo.com",
    "playgames.google.com",
    "gc.apple.com",
    "linkedin.com",
];

pub(super) fn is_provider(name: &str) -> bool {
    let named = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
    PROVIDERS.contains(&name) || named("saml.") || named("oidc.")
}

const NEVER: &str = "a real token never carries it, so a test with it says nothing about production";

/// Warns of claims that no production token has for the user with this id.
pub(super) fn check(reader: &mut Reader, claims: &Node, uid: &str) {
    let has = |name: &str| claims.get(name).is_some_and(|value| !value.is_null());
    for (key, value) in claims.entries() {
        standard(reader, key, value, uid);
        let name = key.text.as_str();
        if ReservedNames::All.contains(name) && !STANDARD.contains(&name) {
            let message = format!("the claim `{name}` is reserved: no account can have it");
            reader.warn("impossible-claim", key.span, message, NEVER);
        }
        if name == "email_verified" && !has("email") {
            reader.warn("impossible-claim", key.span, "`email_verified` without `email`", NEVER);
        }
        if name == "uid" {
            let hint = "rules see the id as request.auth.uid; a custom claim of this name can say anything";
            reader.warn("impossible-claim", key.span, "the claim `uid` is not the user's id", hint);
        }
    }
    let custom = claims.entries().iter().filter(|(key, _)| !STANDARD.contains(&key.text.as_str()));
    let custom = custom.map(|(key, value)| (key.text.clone(), value.to_json())).collect();
    let length = custom_claims::length(&serde_json::Value::Object(custom));
    if length > custom_claims::MAX_LENGTH {
        let message =
            format!("the custom claims have {length} characters; an account can have {}", custom_claims::MAX_LENGTH);
        reader.warn("impossible-claim", claims.span, message, NEVER);
    }
}

/// Warns of accounts that Firebase would not store.
pub(super) fn check_account(reader: &mut Reader, fields: &Fields<'_>, user: &UserRecord) {
    let mut odd = |name: &str, message: &str| {
        if let Some(node) = fields.get(name) {
            reader.warn("impossible-claim", node.span, message, NEVER);
        }
    };
    if user.email.is_none() {
        odd("emailVerified", "the account has no address to verify");
    }
    if user.email.as_ref().is_some_and(|email| !email.contains('@')) {
        odd("email", "invalid e-mail address");
    }
    if user.phone_number.as_ref().is_some_and(|number| !is_phone_number(number)) {
        odd("phoneNumber", "invalid phone number; write +15555550100");
    }
}

fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|rest| rest.len() > 3 && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Checks the type of a claim that the issuer sets.
fn standard(reader: &mut Reader, key: &Key, value: &Node, uid: &str) {
    let text = |node: &Node| node.as_text().map(str::to_owned);
    let wanted = match key.text.as_str() {
        "sub" | "user_id" => match text(value) {
            Some(id) if id == uid => return,
            _ => "the user's id",
        },
        "iss" | "aud" | "name" | "picture" | "provider_id" => match text(value) {
            Some(_) => return,
            None => "text",
        },
        "email" => match text(value) {
            Some(email) if email == email.to_lowercase() && email.contains('@') => return,
            _ => "an address in lower case",
        },
        "phone_number" => match text(value) {
            Some(number) if is_phone_number(&number) => return,
            _ => "a number such as +15555550100, as text",
        },
        "email_verified" => match value.kind {
            Kind::Bool(_) => return,
            _ => "true or false",
        },
        "iat" | "exp" | "auth_time" => match value.kind {
            Kind::Int(_) => return,
            _ => "a whole number of seconds since 1970",
        },
        "firebase" => return firebase(reader, value),
        _ => return,
    };
    let message = format!("in a real token the claim `{}` is {wanted}, not {}", key.text, shown(value));
    reader.warn("impossible-claim", value.span, message, "");
}

fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::List(_) | Kind::Map(_) => node.describe().to_owned(),
        _ => node.to_json().to_string(),
    }
}

fn firebase(reader: &mut Reader, node: &Node) {
    if !matches!(node.kind, Kind::Map(_)) {
        return reader.warn("impossible-claim", node.span, "in a real token the claim `firebase` is a map", "");
    }
    let Some(provider) = node.get("sign_in_provider") else { return };
    match provider.as_text() {
        Some(name) if is_provider(name) => {}
        name => {
            let message = format!("unknown sign-in provider {}", shown(provider));
            let near = name.and_then(|name| firewarden::text::nearest(name, PROVIDERS));
            let hint = near.map_or_else(|| PROVIDERS.join(", "), |near| format!("did you mean {near}?"));
            reader.warn("impossible-claim", provider.span, message, &hint);
        }
    }
}
