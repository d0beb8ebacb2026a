//! The users of a suite, and the principals that they are at a given time.

mod account;
mod claims;

use serde_json::Value as Json;

use firewarden::{
    auth::Auth,
    value::{Timestamp, Value},
};

use super::{
    file_reader::FileReader,
    node::{Fields, Node, Reader},
    synonyms::Vocabulary,
    values,
};
use account::Account;

/// A user of a suite.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    kind: UserKind,
}

#[derive(Clone, Debug)]
enum UserKind {
    Nobody,
    /// An id with claims, taken as they are.
    Stated(Box<Auth>),
    /// An account that signs in.
    Account(Box<Account>),
    /// An ID token, verified at the time of each request.
    #[cfg(feature = "verify")]
    Token(std::sync::Arc<Token>),
    /// The whole variable `auth` of a database.
    Variable(Value),
    /// The user has errors, which were reported.
    Unreadable,
}

#[cfg(feature = "verify")]
#[derive(Debug)]
struct Token {
    text: String,
    verifier: firewarden::auth::Verifier,
}

/// The principal of a request.
#[derive(Clone, Debug)]
pub(super) enum Principal {
    Nobody,
    User(Box<Auth>),
    Variable(Value),
    /// The sign-in is refused with this code and text, so there is no request.
    Refused {
        code: String,
        message: String,
    },
}

pub(crate) const KEYS: [&str; 20] = [
    "uid",
    "claims",
    "provider",
    "email",
    "emailVerified",
    "phoneNumber",
    "displayName",
    "photoURL",
    "providerUid",
    "disabled",
    "tenant",
    "secondFactor",
    "signInAttributes",
    "signedIn",
    "beforeCreate",
    "beforeSignIn",
    "token",
    "keys",
    "project",
    "auth",
];

/// The keys of a user without an account; any other key makes it an account.
const STATED: [&str; 4] = ["uid", "claims", "project", "keys"];

impl User {
    /// A user who is not signed in.
    pub(super) fn nobody(name: &str) -> Self {
        User { name: name.to_owned(), kind: UserKind::Nobody }
    }

    /// Reads a user, and reports its errors.
    pub(super) fn read(reading: &mut FileReader<'_>, name: &str, node: &Node, project: &str) -> Self {
        let kind = if node.is_null() { UserKind::Nobody } else { read_kind(reading, name, node, project) };
        User { name: name.to_owned(), kind }
    }

    /// Whether the user is the whole variable `auth`, which only databases have.
    pub(super) fn is_variable(&self) -> bool {
        matches!(self.kind, UserKind::Variable(_))
    }

    /// The principal of the user at the given time.
    pub(super) fn principal(&self, now: Timestamp) -> Principal {
        match &self.kind {
            UserKind::Nobody | UserKind::Unreadable => Principal::Nobody,
            UserKind::Stated(auth) => Principal::User(auth.clone()),
            UserKind::Variable(value) => Principal::Variable(value.clone()),
            UserKind::Account(account) => account.sign_in(now),
            #[cfg(feature = "verify")]
            UserKind::Token(token) => match token.verifier.verify(&token.text, now) {
                Ok(verified) => match verified.auth() {
                    Some(auth) => Principal::User(Box::new(auth.clone())),
                    None => Principal::Refused {
                        code: "auth/argument-error".to_owned(),
                        message: "the token names no user".to_owned(),
                    },
                },
                Err(error) => Principal::Refused { code: error.code().to_owned(), message: error.to_string() },
            },
        }
    }
}

fn read_kind(reading: &mut FileReader<'_>, name: &str, node: &Node, project: &str) -> UserKind {
    let what = format!("the user `{name}`");
    let fields = reading.reader.fields_of(Vocabulary::User, node, &what, &KEYS);
    if !fields.is_map() {
        return UserKind::Unreadable;
    }
    if fields.stated("token").is_some() {
        return token(reading, &fields, &what, project).unwrap_or(UserKind::Unreadable);
    }
    let reader = &mut reading.reader;
    if let Some(key) = fields.key("keys") {
        reader.error("misplaced-key", key.span, "`keys` only applies to a user with `token`");
    }
    if let Some(auth) = fields.stated("auth") {
        alone(reader, &fields, "auth", &["auth"]);
        let value = values::plain(reader, auth, "auth");
        return value.map_or(UserKind::Unreadable, |value| UserKind::Variable(Value::from(value)));
    }
    let Some(uid) = uid(reader, &fields, &what) else { return UserKind::Unreadable };
    let is_account = KEYS.iter().any(|key| !STATED.contains(key) && fields.stated(key).is_some());
    if is_account {
        return Account::read(reader, &fields, uid, project)
            .map_or(UserKind::Unreadable, |a| UserKind::Account(Box::new(a)));
    }
    let claims = match fields.get("claims") {
        Some(node) => match values::plain(reader, node, "claims") {
            Some(claims @ Json::Object(_)) => Some((node, claims)),
            Some(_) => {
                reader.wrong(node, "claims", "a map");
                return UserKind::Unreadable;
            }
            None => return UserKind::Unreadable,
        },
        None => None,
    };
    let mut auth = Auth::user(uid);
    if let Some((node, claims)) = claims {
        claims::check(reader, node, uid);
        auth = auth.claims(claims);
    }
    UserKind::Stated(Box::new(auth))
}

/// Reads the id, a text of 1 to 128 characters.
fn uid<'n>(reader: &mut Reader, fields: &Fields<'n>, what: &str) -> Option<&'n str> {
    let Some(node) = fields.get("uid") else {
        let message = format!("{what} has no `uid`; for nobody, write `guest` or null");
        reader.missing(fields.node, message);
        return None;
    };
    let uid = reader.text(node, "uid")?;
    // Firebase counts UTF-16 code units.
    if !(1..=128).contains(&uid.encode_utf16().count()) {
        reader.error("impossible-claim", node.span, "expected a uid of 1 to 128 characters");
        return None;
    }
    Some(uid)
}

/// Reports keys that contradict another key.
fn alone(reader: &mut Reader, fields: &Fields<'_>, with: &str, allowed: &[&str]) {
    for (key, _) in fields.node.entries() {
        if KEYS.contains(&key.text.as_str()) && !allowed.contains(&key.text.as_str()) {
            reader.error(
                "misplaced-key",
                key.span,
                format!("`{}` determines the user, so remove `{}`", with, key.text),
            );
        }
    }
}

#[cfg(feature = "verify")]
fn token(reading: &mut FileReader<'_>, fields: &Fields<'_>, what: &str, project: &str) -> Option<UserKind> {
    use firewarden::auth::{KeySet, Keys, Verifier};

    alone(&mut reading.reader, fields, "token", &["token", "keys", "project", "tenant"]);
    let Some(keys) = fields.get("keys") else {
        let message = format!("{what} needs public keys to verify the token: `keys: FILE`");
        reading.reader.missing(fields.node, message);
        return None;
    };
    let token = fields.get("token")?;
    if token.as_text().is_some_and(|text| text.starts_with("ey") && text.matches('.').count() == 2) {
        reading.reader.error("wrong-value", token.span, "`token` expects the name of a file, not the token itself");
        return None;
    }
    let text = reading.read_text(token, "token")?;
    let project = match fields.get("project") {
        Some(node) => reading.reader.text(node, "project")?,
        None => project,
    };
    let decoded = match firewarden::auth::decode(text.trim()) {
        Ok(decoded) => decoded,
        Err(why) => {
            reading.reader.error("wrong-value", token.span, format!("the file has no valid token: {why}"));
            return None;
        }
    };
    if decoded.claims().text("aud") == Some(firewarden::auth::CUSTOM_TOKEN_AUDIENCE) {
        let message = "this is a custom token, which no request carries: exchange it for an ID token first";
        reading.reader.error("wrong-value", token.span, message);
        return None;
    }
    if let Some(audience) = decoded.claims().text("aud").filter(|audience| *audience != project) {
        let message =
            format!("the token is for the project `{audience}`, not `{project}`; write `project: {audience}`");
        reading.reader.error("wrong-value", token.span, message);
        return None;
    }
    let set = reading.read_text(keys, "keys")?;
    let set = if set.trim_start().starts_with(['{', '[']) {
        KeySet::parse(&set)
    } else {
        // A single key in PEM has no id, so it takes that of the token.
        KeySet::from_pem(decoded.header().get("kid").and_then(Json::as_str).unwrap_or_default(), &set)
    };
    let set = match set {
        Ok(set) => Keys::new(set),
        Err(error) => {
            reading.reader.error("unreadable-file", keys.span, format!("keys: {error}"));
            return None;
        }
    };
    let mut verifier = Verifier::id_tokens(project, set);
    if let Some(tenant) = fields.get("tenant") {
        verifier = verifier.tenant(reading.reader.text(tenant, "tenant")?);
    }
    Some(UserKind::Token(std::sync::Arc::new(Token { text: text.trim().to_owned(), verifier })))
}

#[cfg(not(feature = "verify"))]
fn token(reading: &mut FileReader<'_>, fields: &Fields<'_>, what: &str, _: &str) -> Option<UserKind> {
    let message = format!("{what}: this build verifies no tokens (feature `verify-aws-lc` or `verify-rust-crypto`)");
    reading.reader.error("no-verification", fields.key("token")?.span, message);
    None
}
