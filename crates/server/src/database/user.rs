//! Who makes a request to the database.

use std::sync::Arc;

use firewarden::{
    Auth, Value,
    database::{Request, Transport},
};
use serde_json::{Value as Json, json};

/// Who makes a request. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum User {
    /// The owner: rules are not asked.
    Admin,
    /// Nobody is signed in.
    #[default]
    Nobody,
    /// The user of a token.
    SignedIn(Arc<SignedIn>),
    /// The variable `auth` as `auth_variable_override` or `authvar` gives it.
    Variable(Arc<Variable>),
}

/// The user of a token.
#[derive(Debug)]
pub struct SignedIn {
    /// The claims of the token.
    pub claims: Json,
    auth: Auth,
    key: Arc<str>,
}

/// A value of the variable `auth`.
#[derive(Debug)]
pub struct Variable {
    /// The value as JSON.
    pub json: Json,
    value: Value,
    key: Arc<str>,
}

/// Who makes a request, and over which transport, which `query.*` and the limits depend on.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Who.
    pub user: User,
    /// How.
    pub transport: Transport,
}

impl User {
    /// The user of a decoded token.
    pub fn from_claims(claims: Json) -> Self {
        let auth = Auth::from_claims(claims.clone());
        let key = format!("token {claims}").into();
        User::SignedIn(Arc::new(SignedIn { claims, auth, key }))
    }

    /// The user of an overridden variable `auth`; null is nobody.
    pub fn from_variable(json: Json) -> Self {
        match json {
            Json::Null => User::Nobody,
            json => {
                let key = format!("auth {json}").into();
                User::Variable(Arc::new(Variable { value: Value::from(&json), json, key }))
            }
        }
    }

    /// The user's id: `auth.uid`, if it is text.
    pub fn uid(&self) -> Option<&str> {
        match self {
            User::Admin | User::Nobody => None,
            User::SignedIn(user) => user.auth.uid(),
            User::Variable(variable) => variable.json.get("uid")?.as_str(),
        }
    }

    /// A text that users have in common for whom the rules see the same `auth`.
    pub(super) fn key(&self) -> Arc<str> {
        match self {
            User::Admin => "admin".into(),
            User::Nobody => "nobody".into(),
            User::SignedIn(user) => Arc::clone(&user.key),
            User::Variable(variable) => Arc::clone(&variable.key),
        }
    }

    /// The variable `auth` as JSON; null for nobody.
    pub(super) fn variable(&self) -> Json {
        match self {
            User::Admin | User::Nobody => Json::Null,
            User::Variable(variable) => variable.json.clone(),
            User::SignedIn(user) => {
                let provider = user.claims.get("firebase").and_then(|firebase| firebase.get("sign_in_provider"));
                json!({ "uid": user.auth.uid(), "provider": provider, "token": user.claims })
            }
        }
    }

    /// Sets the user of a request. For [`User::Admin`], for whom no request is decided, nobody.
    pub(super) fn sign<'a>(&'a self, request: Request<'a>) -> Request<'a> {
        match self {
            User::Admin | User::Nobody => request,
            User::SignedIn(user) => request.auth(&user.auth),
            User::Variable(variable) => request.auth_variable(variable.value.clone()),
        }
    }
}

/// Two users are equal if the rules see the same `auth`.
impl PartialEq for User {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
