//! Who makes a request to the database.

use std::sync::Arc;

use firewarden::{
    Auth, Value,
    database::{Request, Transport},
};
use serde_json::Value as Json;

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
}

/// A value of the variable `auth`.
#[derive(Debug)]
pub struct Variable {
    /// The value as JSON.
    pub json: Json,
    value: Value,
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
        User::SignedIn(Arc::new(SignedIn { claims, auth }))
    }

    /// The user of an overridden variable `auth`; null is nobody.
    pub fn from_variable(json: Json) -> Self {
        match json {
            Json::Null => User::Nobody,
            json => User::Variable(Arc::new(Variable { value: Value::from(&json), json })),
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
        match (self, other) {
            (User::Admin, User::Admin) | (User::Nobody, User::Nobody) => true,
            (User::SignedIn(a), User::SignedIn(b)) => Arc::ptr_eq(a, b) || a.claims == b.claims,
            (User::Variable(a), User::Variable(b)) => Arc::ptr_eq(a, b) || a.json == b.json,
            _ => false,
        }
    }
}
