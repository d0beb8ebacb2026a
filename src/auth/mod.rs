//! Identity: [`Auth`] is `request.auth` as rules see it, and the other types produce it.
//!
//! | | |
//! |---|---|
//! | [`Trust`], [`VerifiedToken`], [`UnsignedToken`], [`GivenClaims`] | who vouches for claims |
//! | `Verifier`, `Keys` (feature `verify`) | ID tokens, session cookies, App Check and other signed tokens |
//! | [`EmulatorVerifier`], [`credential`] | unsigned tokens, where a host asks for them by name |
//! | [`CustomToken`], [`Exchange`] | minting custom tokens and exchanging them |
//! | [`custom_claims`] | setting, changing and checking custom claims |
//! | [`Session`], [`UserRecord`] | which claims an ID token carries |
//! | [`blocking`] | a simulator of blocking functions, which rules never call |
//! | [`callable`] | a simulator of the checks before a callable function, which rules never call |
//! | [`token_hint`], [`TokenError::hint`] | why a token was refused, and what to pass instead |
//!
//! The time is always an argument, a [`Timestamp`](crate::Timestamp): nothing here reads a clock, a file or the
//! network. Without the feature `verify` there is no verifier; only [`GivenClaims::assume_verified`], a statement of
//! the caller, makes a [`VerifiedToken`] then.
//!
//! Invariants: a [`VerifiedToken`] comes from `verify/` or from [`GivenClaims::assume_verified`]; errors, messages and
//! `Debug` output never contain a secret.

pub mod blocking;
pub mod callable;
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "tokens without signature need a part of it"))]
mod checked_claims;
mod claims;
pub mod custom_claims;
mod custom_token;
mod ecmascript;
mod emulator;
mod exchange;
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "tokens without signature need a part of it"))]
mod hint;
mod https_error;
mod jws;
mod lenient_json;
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "tokens without signature need a part of it"))]
mod policy;
mod request_auth;
mod reserved;
mod server_error;
mod session;
mod session_cookie;
mod strict_json;
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "tokens without signature need a part of it"))]
mod token_error;
mod trust;
mod user;
#[cfg(feature = "verify")]
mod verify;

pub use claims::Claims;
pub use custom_token::{CUSTOM_TOKEN_AUDIENCE, CustomToken, MintError, Minting};
pub use emulator::{
    Credential, CredentialError, EmulatorVerifier, MockTokenError, credential, decode, mock_token, unsigned_token,
};
pub use exchange::{Exchange, SignedIn};
pub use hint::token_hint;
pub use https_error::{ErrorCode, HttpsError};
pub use jws::{DecodeError, MAX_TOKEN, TokenPart};
pub use policy::Profile;
pub use request_auth::{Product, database_auth, database_handshake};
pub use reserved::ReservedNames;
pub use server_error::ServerError;
pub use session::{SecondFactor, Session};
pub use session_cookie::{SESSION_COOKIE_LIFETIME, session_cookie};
pub use token_error::{TokenError, TokenFault, TokenKind};
pub use trust::{GivenClaims, Trust, UnsignedToken, VerifiedToken};
pub use user::{AccountStatus, Accounts, EnrolledFactor, ProviderAccount, UserRecord};
#[cfg(feature = "verify")]
pub use verify::{Algorithm, Issuer, KeyError, KeySet, Keys, ServiceAccount, SignError, Signer, Verifier, max_age};

use crate::{
    request::User,
    value::{Map, Record, Symbol, Value, ValueRef, json},
};

/// A signed-in user as rules see it in `request.auth`: a `uid` and the claims of the token.
///
/// ```
/// use firewarden::Auth;
/// use serde_json::json;
///
/// let auth = Auth::user("alice").claims(json!({ "admin": true, "level": 7 }));
/// assert_eq!(auth.uid(), Some("alice"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Auth {
    uid: Value,
    token: Value,
    trust: Trust,
}

impl Auth {
    /// A user with that id, whose token holds the claims `sub` and `user_id`.
    pub fn user(uid: impl Into<String>) -> Self {
        let uid = uid.into();
        let token = Map::from([("sub", uid.as_str()), ("user_id", uid.as_str())]);
        Auth { uid: Value::from(uid), token: Value::Map(token), trust: Trust::Given }
    }

    /// The user of a decoded token. The id is the claim `sub`, or else `user_id`; without either, `uid` is null, as in
    /// the official emulators (identity specification, section 6.2).
    pub fn from_claims(claims: serde_json::Value) -> Self {
        Auth::from_token(claims, Trust::Given)
    }

    fn from_token(claims: serde_json::Value, trust: Trust) -> Self {
        let token = json::claims(claims);
        let text = |name: &str| match &token {
            Value::Map(map) => map.get(name).filter(|v| matches!(v, Value::String(_))).cloned(),
            _ => None,
        };
        Auth { uid: text("sub").or_else(|| text("user_id")).unwrap_or(Value::Null), token, trust }
    }

    /// Adds claims and keeps the id. Whole numbers become ints, exact to 64 bits; other numbers become floats. The
    /// result is no longer [`Trust::Verified`].
    #[must_use]
    pub fn claims(mut self, claims: serde_json::Value) -> Self {
        self.trust = Trust::Given;
        if let (Value::Map(token), Value::Map(more)) = (&mut self.token, json::claims(claims)) {
            for (name, value) in more.iter() {
                token.insert(name, value.clone());
            }
        }
        self
    }

    /// Adds one claim, as [`claims`](Auth::claims) does.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.trust = Trust::Given;
        if let Value::Map(token) = &mut self.token {
            token.insert(name, value);
        }
        self
    }

    /// A user with exactly these values of `uid` and `token`, of any type.
    pub fn from_values(uid: impl Into<Value>, token: impl Into<Value>) -> Self {
        Auth { uid: uid.into(), token: token.into(), trust: Trust::Given }
    }

    /// The user's id if it is a string.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_str()
    }

    pub(crate) fn uid_view(&self) -> ValueRef<'_> {
        self.uid.view()
    }

    pub(crate) fn user_facts(&self) -> User<'_> {
        User { uid: &self.uid, token: &self.token }
    }

    /// The claim `firebase.sign_in_provider`: how the user signed in.
    pub(crate) fn provider(&self) -> Option<&Value> {
        request_auth::provider(self)
    }

    /// The claims.
    pub fn token(&self) -> &Value {
        &self.token
    }

    /// Who vouches for the claims. Rules do not see it.
    pub fn trust(&self) -> Trust {
        self.trust
    }
}

/// Exactly two keys: `request.auth` of Storage and Firestore has no `provider`.
impl Record for Auth {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        match symbol {
            Symbol::Uid => Some(self.uid.view()),
            Symbol::Token => Some(self.token.view()),
            _ => None,
        }
    }

    fn text(&self, symbol: Symbol) -> Option<&str> {
        if symbol == Symbol::Uid { self.uid.as_str() } else { None }
    }

    fn symbols(&self) -> &'static [Symbol] {
        &[Symbol::Uid, Symbol::Token]
    }
}

impl From<Auth> for std::borrow::Cow<'_, Auth> {
    fn from(auth: Auth) -> Self {
        std::borrow::Cow::Owned(auth)
    }
}

impl<'a> From<&'a Auth> for std::borrow::Cow<'a, Auth> {
    fn from(auth: &'a Auth) -> Self {
        std::borrow::Cow::Borrowed(auth)
    }
}

/// `request.auth`, which is null if nobody is signed in.
pub(crate) fn view(auth: Option<&Auth>) -> ValueRef<'_> {
    auth.map_or(ValueRef::Null, |auth| ValueRef::Map(crate::value::MapRef::Record(auth)))
}
