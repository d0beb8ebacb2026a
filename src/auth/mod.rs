//! Who is asking: [`Auth`] is what rules see of a user, and the rest is where it comes from.
//!
//! | | |
//! |---|---|
//! | [`Trust`], [`VerifiedToken`], [`UnsignedToken`], [`GivenClaims`] | who vouches for claims |
//! | `Verifier`, `Keys` (feature `verify`) | ID tokens, session cookies, App Check and other signed tokens |
//! | [`EmulatorVerifier`], [`credential`] | tokens without signature, where a host asks for them by name |
//! | [`CustomToken`], [`Exchange`] | minting custom tokens and what becomes of them |
//! | [`custom_claims`] | setting, changing and checking custom claims |
//! | [`Session`], [`UserRecord`] | which claims an ID token carries |
//! | [`blocking`] | blocking functions, simulated |
//! | [`callable`] | the gate before a callable function |
//! | [`token_hint`], [`TokenError::hint`] | why a token was refused, and what to pass instead |
//!
//! The time is always an argument, a [`Timestamp`](crate::Timestamp): nothing here reads a clock, a file or the network. Without the
//! feature `verify` nothing can be verified; only [`GivenClaims::assume_verified`], the caller's word, makes a
//! [`VerifiedToken`] then.
//!
//! Invariants: a [`VerifiedToken`] comes from `verify/` or from [`GivenClaims::assume_verified`]; secrets are never part
//! of an error, a message or a debug text.

pub mod blocking;
pub mod callable;
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "tokens without signature need a part of it"))]
mod checked;
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "tokens without signature need a part of it"))]
mod checks;
mod claims;
mod compact;
pub mod custom_claims;
mod custom_token;
mod emulator;
mod exchange;
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "tokens without signature need a part of it"))]
mod hint;
mod https_error;
mod js;
mod lenient_json;
mod reserved;
mod rules;
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

pub use checks::Profile;
pub use claims::Claims;
pub use compact::{MAX_TOKEN, Malformed, Part};
pub use custom_token::{CUSTOM_TOKEN_AUDIENCE, CustomToken, MintError, Minting};
pub use emulator::{
    Credential, CredentialError, EmulatorVerifier, MockTokenError, credential, decode, mock_token, unsigned_token,
};
pub use exchange::{Exchange, SignedIn};
pub use hint::token_hint;
pub use https_error::{ErrorCode, HttpsError};
pub use reserved::ReservedNames;
pub use rules::{Product, database_auth, database_handshake};
pub use server_error::ServerError;
pub use session::{SecondFactor, Session};
pub use session_cookie::{SESSION_COOKIE_LIFETIME, session_cookie};
pub use token_error::{TokenError, TokenFault, TokenKind};
pub use trust::{GivenClaims, Trust, UnsignedToken, VerifiedToken};
pub use user::{Accounts, EnrolledFactor, ProviderAccount, Standing, UserRecord};
#[cfg(feature = "verify")]
pub use verify::{Algorithm, Issuer, KeyError, KeySet, Keys, ServiceAccount, SignError, Signer, Verifier, max_age};

use crate::{
    request::User,
    value::{Map, Record, Symbol, Value, ValueRef, json},
};

/// A signed-in user, as rules see one in `request.auth`: a `uid` and the claims of the token.
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

    /// The user of a decoded token: the id is the claim `sub`, or else `user_id`. A token without either is a user whose
    /// `uid` is null, as in the official emulators (identity specification, section 6.2).
    pub fn from_claims(claims: serde_json::Value) -> Self {
        Auth::of(claims, Trust::Given)
    }

    fn of(claims: serde_json::Value, trust: Trust) -> Self {
        let token = json::claims(claims);
        let text = |name: &str| match &token {
            Value::Map(map) => map.get(name).filter(|v| matches!(v, Value::String(_))).cloned(),
            _ => None,
        };
        Auth { uid: text("sub").or_else(|| text("user_id")).unwrap_or(Value::Null), token, trust }
    }

    /// The same user with more claims. Whole numbers become ints, exact to 64 bits; others floats. The id stays. What
    /// is changed so is no longer [`Trust::Verified`].
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

    /// The same user with one more claim, given like those of [`claims`](Auth::claims).
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.trust = Trust::Given;
        if let Value::Map(token) = &mut self.token {
            token.insert(name, value);
        }
        self
    }

    /// A user with exactly these values, however odd: `{uid, token}` as a host has them.
    pub fn from_values(uid: impl Into<Value>, token: impl Into<Value>) -> Self {
        Auth { uid: uid.into(), token: token.into(), trust: Trust::Given }
    }

    /// The user's id, where it is text.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_str()
    }

    pub(crate) fn uid_view(&self) -> ValueRef<'_> {
        self.uid.view()
    }

    pub(crate) fn user_facts(&self) -> User<'_> {
        User { uid: &self.uid, token: &self.token }
    }

    /// How the user signed in: the claim `firebase.sign_in_provider`.
    pub(crate) fn provider(&self) -> Option<&Value> {
        rules::provider(self)
    }

    /// The claims.
    pub fn token(&self) -> &Value {
        &self.token
    }

    /// Who vouches for them. Rules do not see it.
    pub fn trust(&self) -> Trust {
        self.trust
    }
}

/// Exactly two keys; there is no `provider` in this language.
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

/// `request.auth` of nobody is null.
pub(crate) fn view(auth: Option<&Auth>) -> ValueRef<'_> {
    auth.map_or(ValueRef::Null, |auth| ValueRef::Map(crate::value::MapRef::Record(auth)))
}
