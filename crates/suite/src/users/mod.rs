//! The users of a suite: who they are at a given time.

mod account;
mod claims;

use serde_json::Value as Json;

use firewarden::{
    auth::Auth,
    value::{Timestamp, Value},
};

use super::{
    idioms::Context,
    node::{Fields, Node, Reader},
    reading::Reading,
    values,
};
use account::Account;

/// A user as a suite states one.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Nobody,
    /// An id and claims, as they are.
    Stated(Box<Auth>),
    /// An account that signs in.
    Account(Box<Account>),
    /// A real token, verified at the time of each request.
    #[cfg(feature = "verify")]
    Token(std::sync::Arc<Token>),
    /// The variable `auth` of a database as a whole.
    Variable(Value),
    /// It could not be read; that is reported.
    Unreadable,
}

#[cfg(feature = "verify")]
#[derive(Debug)]
struct Token {
    text: String,
    verifier: firewarden::auth::Verifier,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    Nobody,
    User(Box<Auth>),
    Variable(Value),
    /// The sign-in is refused: code and text. There is no user whose request could be decided.
    Refused(String, String),
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

/// What a user has who does not sign in: every other key is of an account.
const STATED: [&str; 4] = ["uid", "claims", "project", "keys"];

impl User {
    /// Nobody is signed in.
    pub(super) fn nobody(name: &str) -> Self {
        User { name: name.to_owned(), kind: Kind::Nobody }
    }

    /// Reads a user. What is wrong is reported.
    pub(super) fn read(reading: &mut Reading<'_>, name: &str, node: &Node, project: &str) -> Self {
        let kind = if node.is_null() { Kind::Nobody } else { kind(reading, name, node, project) };
        User { name: name.to_owned(), kind }
    }

    /// Whether the user is the whole variable `auth`, which only a database takes.
    pub(super) fn is_variable(&self) -> bool {
        matches!(self.kind, Kind::Variable(_))
    }

    /// Who the user is at that time.
    pub(super) fn identity(&self, now: Timestamp) -> Identity {
        match &self.kind {
            Kind::Nobody | Kind::Unreadable => Identity::Nobody,
            Kind::Stated(auth) => Identity::User(auth.clone()),
            Kind::Variable(value) => Identity::Variable(value.clone()),
            Kind::Account(account) => account.sign_in(now),
            #[cfg(feature = "verify")]
            Kind::Token(token) => match token.verifier.verify(&token.text, now) {
                Ok(verified) => match verified.auth() {
                    Some(auth) => Identity::User(Box::new(auth.clone())),
                    None => Identity::Refused("auth/argument-error".to_owned(), "the token names no user".to_owned()),
                },
                Err(error) => Identity::Refused(error.code().to_owned(), error.to_string()),
            },
        }
    }
}

fn kind(reading: &mut Reading<'_>, name: &str, node: &Node, project: &str) -> Kind {
    let what = format!("the user {name}");
    let fields = reading.reader.fields_of(Context::User, node, &what, &KEYS);
    if !fields.is_map() {
        return Kind::Unreadable;
    }
    if fields.stated("token").is_some() {
        return token(reading, &fields, &what, project).unwrap_or(Kind::Unreadable);
    }
    let reader = &mut reading.reader;
    if let Some(key) = fields.key("keys") {
        reader.error("misplaced-key", key.span, "keys are for a user with a token");
    }
    if let Some(auth) = fields.stated("auth") {
        alone(reader, &fields, "auth", &["auth"]);
        let value = values::plain(reader, auth, "auth");
        return value.map_or(Kind::Unreadable, |value| Kind::Variable(Value::from(value)));
    }
    let Some(uid) = uid(reader, &fields, &what) else { return Kind::Unreadable };
    let is_account = KEYS.iter().any(|key| !STATED.contains(key) && fields.stated(key).is_some());
    if is_account {
        return Account::read(reader, &fields, uid, project).map_or(Kind::Unreadable, |a| Kind::Account(Box::new(a)));
    }
    let claims = match fields.get("claims") {
        Some(node) => match values::plain(reader, node, "claims") {
            Some(claims @ Json::Object(_)) => Some((node, claims)),
            Some(_) => {
                reader.wrong(node, "claims", "a map");
                return Kind::Unreadable;
            }
            None => return Kind::Unreadable,
        },
        None => None,
    };
    let mut auth = Auth::user(uid);
    if let Some((node, claims)) = claims {
        claims::check(reader, node, uid);
        auth = auth.claims(claims);
    }
    Kind::Stated(Box::new(auth))
}

/// The id: text of 1 to 128 characters.
fn uid<'n>(reader: &mut Reader, fields: &Fields<'n>, what: &str) -> Option<&'n str> {
    let Some(node) = fields.get("uid") else {
        let message = format!("{what} has no uid; nobody at all is `guest`, or a user that is null");
        reader.missing(fields.node, message);
        return None;
    };
    let uid = reader.text(node, "uid")?;
    // JavaScript's characters, which is what Firebase counts.
    if !(1..=128).contains(&uid.encode_utf16().count()) {
        reader.error("impossible-claim", node.span, "a uid has 1 to 128 characters");
        return None;
    }
    Some(uid)
}

/// Reports the keys that cannot stand beside another one.
fn alone(reader: &mut Reader, fields: &Fields<'_>, with: &str, allowed: &[&str]) {
    for (key, _) in fields.node.entries() {
        if KEYS.contains(&key.text.as_str()) && !allowed.contains(&key.text.as_str()) {
            reader.error("misplaced-key", key.span, format!("{} says who the user is: leave out {}", with, key.text));
        }
    }
}

#[cfg(feature = "verify")]
fn token(reading: &mut Reading<'_>, fields: &Fields<'_>, what: &str, project: &str) -> Option<Kind> {
    use firewarden::auth::{KeySet, Keys, Verifier};

    alone(&mut reading.reader, fields, "the token", &["token", "keys", "project", "tenant"]);
    let Some(keys) = fields.get("keys") else {
        let message = format!("{what}: a token needs the public keys that it is verified with: `keys: FILE`");
        reading.reader.missing(fields.node, message);
        return None;
    };
    let token = fields.get("token")?;
    if token.as_text().is_some_and(|text| text.starts_with("ey") && text.matches('.').count() == 2) {
        reading.reader.error("wrong-value", token.span, "token takes the name of a file with the token, not the token");
        return None;
    }
    let text = reading.file(token, "token")?;
    let project = match fields.get("project") {
        Some(node) => reading.reader.text(node, "project")?,
        None => project,
    };
    let decoded = match firewarden::auth::decode(text.trim()) {
        Ok(decoded) => decoded,
        Err(why) => {
            reading.reader.error("wrong-value", token.span, format!("the file holds no token: {why}"));
            return None;
        }
    };
    if decoded.claims().text("aud") == Some(firewarden::auth::CUSTOM_TOKEN_AUDIENCE) {
        let message = "this is a custom token, which no request carries: exchange it for an ID token first";
        reading.reader.error("wrong-value", token.span, message);
        return None;
    }
    if let Some(audience) = decoded.claims().text("aud").filter(|audience| *audience != project) {
        let message = format!("the token is for the project {audience}, not for {project}: say so with `project:`");
        reading.reader.error("wrong-value", token.span, message);
        return None;
    }
    let set = reading.file(keys, "keys")?;
    let set = if set.trim_start().starts_with(['{', '[']) {
        KeySet::parse(&set)
    } else {
        // A single key in PEM has no id of its own: it is that of the token.
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
    Some(Kind::Token(std::sync::Arc::new(Token { text: text.trim().to_owned(), verifier })))
}

#[cfg(not(feature = "verify"))]
fn token(reading: &mut Reading<'_>, fields: &Fields<'_>, what: &str, _: &str) -> Option<Kind> {
    let message = format!("{what}: this build verifies no tokens (feature `verify-aws-lc` or `verify-rust-crypto`)");
    reading.reader.error("no-verification", fields.key("token")?.span, message);
    None
}
