//! The gate: tokens of a request to what its handler may know.

use serde_json::Value as Json;

use super::{call::Call, data};
#[cfg(feature = "verify")]
use crate::auth::{TokenError, TokenKind, VerifiedToken, Verifier};
use crate::{
    auth::{Auth, Claims, ErrorCode, HttpsError, Trust, compact, js},
    value::{PercentMode, Timestamp, Value, json, percent_decode},
};

/// The generation of the functions that stand behind a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// The first. In the emulator it takes `auth` from the header `x-callable-context-auth`.
    First,
    /// The second.
    #[default]
    Second,
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStatus {
    /// There was none.
    Missing,
    /// It was accepted.
    Valid,
    /// It was refused.
    Invalid,
}

/// What a handler knows of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// Who calls; nothing where nobody is signed in.
    pub auth: Option<CallableAuth>,
    /// Which app calls, where App Check says so.
    pub app: Option<AppCheck>,
    /// What became of the App Check token. A refused one ends the call only where App Check is enforced.
    pub app_check: TokenStatus,
    /// Why the App Check token was refused, for the host's log.
    pub app_check_refusal: Option<String>,
    /// The header `Firebase-Instance-ID-Token`, unchecked.
    pub instance_id_token: Option<String>,
    /// What the caller sent.
    pub data: Json,
}

/// Who calls.
#[derive(Clone, PartialEq)]
pub struct CallableAuth {
    uid: Option<String>,
    token: Claims,
    raw_token: String,
    trust: Trust,
    seen: Seen,
}

/// What rules see of a user.
#[derive(Clone)]
enum Seen {
    /// What is kept with the token.
    #[cfg(feature = "verify")]
    Token(VerifiedToken),
    Made(Option<Auth>),
}

impl Seen {
    /// A user by a stated or decoded id; nothing without one.
    fn of(uid: Option<&str>, claims: &Claims, trust: Trust) -> Self {
        let token = || json::claims(claims.clone().into_json());
        Seen::Made(uid.map(|uid| Auth { uid: Value::from(uid), token: token(), trust }))
    }

    fn auth(&self) -> Option<&Auth> {
        match self {
            #[cfg(feature = "verify")]
            Seen::Token(token) => token.auth(),
            Seen::Made(auth) => auth.as_ref(),
        }
    }
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        self.auth() == other.auth()
    }
}

/// The raw token is a secret.
impl std::fmt::Debug for CallableAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let CallableAuth { uid, token, trust, .. } = self;
        f.debug_struct("CallableAuth")
            .field("uid", uid)
            .field("token", token)
            .field("trust", trust)
            .finish_non_exhaustive()
    }
}

impl CallableAuth {
    /// The id of the user, never empty. Nothing only in the emulator, where a token that cannot be decoded makes a user
    /// without id: test this rather than whether there is a user.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }

    /// The claims as the SDK hands them to a handler: of a token with `uid`, which hides a custom claim of that name.
    pub fn token(&self) -> &Claims {
        &self.token
    }

    /// The token as it was sent, for calls in the user's name.
    pub fn raw_token(&self) -> &str {
        &self.raw_token
    }

    /// Who vouches for the claims.
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// What rules see of the user, for a handler that decides by rules: the claims as the token has them, without the
    /// `uid` that [`token`](CallableAuth::token) adds. Nothing for a user without id, who is nobody to rules.
    pub fn auth(&self) -> Option<&Auth> {
        self.seen.auth()
    }
}

/// Which app calls.
#[derive(Clone, Debug, PartialEq)]
pub struct AppCheck {
    /// The app's id.
    pub app_id: String,
    /// The claims of the token, with `app_id` as the SDK adds it.
    pub token: Claims,
}

#[derive(Clone, Debug)]
enum Source {
    /// Tokens are decoded and believed.
    Emulator,
    #[cfg(feature = "verify")]
    Verified { id_tokens: std::sync::Arc<Verifier>, app_check: Option<std::sync::Arc<Verifier>> },
}

/// The gate before callable functions. Cloning shares keys and cache.
#[derive(Clone, Debug)]
pub struct Gate {
    source: Source,
    enforce_app_check: bool,
    generation: Generation,
}

impl Gate {
    /// A gate that lets pass only verified ID tokens.
    ///
    /// # Errors
    ///
    /// A verifier of another kind of token.
    #[cfg(feature = "verify")]
    pub fn new(id_tokens: impl Into<std::sync::Arc<Verifier>>) -> Result<Self, WrongVerifier> {
        let id_tokens = id_tokens.into();
        if !matches!(id_tokens.kind(), TokenKind::IdToken | TokenKind::Foreign) {
            return Err(WrongVerifier);
        }
        let source = Source::Verified { id_tokens, app_check: None };
        Ok(Gate { source, enforce_app_check: false, generation: Generation::Second })
    }

    /// A gate as in the Functions emulator: tokens are decoded and not verified, and one that cannot be decoded makes a
    /// user without id. For tests and stand-ins of the emulator only.
    pub fn emulator() -> Self {
        Gate { source: Source::Emulator, enforce_app_check: false, generation: Generation::Second }
    }

    /// Checks App Check tokens with a verifier. Without one every App Check token is refused.
    ///
    /// # Errors
    ///
    /// A verifier of another kind of token.
    #[cfg(feature = "verify")]
    pub fn app_check(mut self, verifier: impl Into<std::sync::Arc<Verifier>>) -> Result<Self, WrongVerifier> {
        let verifier = verifier.into();
        if verifier.kind() != TokenKind::AppCheck {
            return Err(WrongVerifier);
        }
        if let Source::Verified { app_check, .. } = &mut self.source {
            *app_check = Some(verifier);
        }
        Ok(self)
    }

    /// Whether a call without a good App Check token is refused.
    #[must_use]
    pub fn enforce_app_check(mut self, enforce: bool) -> Self {
        self.enforce_app_check = enforce;
        self
    }

    /// The generation of the functions.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// What the handler of a call gets to know, at that time.
    ///
    /// # Errors
    ///
    /// What to answer instead of calling the handler: 400 for another form than a callable's, 401 for a bad token.
    pub fn admit(&self, call: &Call<'_>, now: Timestamp) -> Result<Context, HttpsError> {
        let data = call.data()?;
        let app = self.app(call, now)?;
        let auth = self.auth(call, now)?;
        let (app_check, app, refused) = match app {
            App::Missing => (TokenStatus::Missing, None, None),
            App::Valid(app) => (TokenStatus::Valid, Some(app), None),
            App::Invalid(refused) => (TokenStatus::Invalid, None, Some(refused)),
        };
        if self.enforce_app_check && app_check != TokenStatus::Valid {
            return Err(refused.unwrap_or_else(|| {
                unauthenticated("App Check is enforced, and there is no header `X-Firebase-AppCheck`")
            }));
        }
        let app_check_refusal = refused.and_then(|refused| refused.reason().map(str::to_owned));
        let instance_id_token = call.header("firebase-instance-id-token")?.map(str::to_owned);
        Ok(Context { auth, app, app_check, app_check_refusal, instance_id_token, data: data::decode(data)? })
    }

    fn auth(&self, call: &Call<'_>, now: Timestamp) -> Result<Option<CallableAuth>, HttpsError> {
        let stated = if self.generation == Generation::First { self.stated(call)? } else { None };
        let Some(header) = call.header("authorization")? else { return Ok(stated) };
        let token = bearer(header)
            .ok_or_else(|| unauthenticated("the header `Authorization` is not `Bearer`, a space and the ID token"))?;
        self.user(token, now).map(Some)
    }

    #[cfg_attr(not(feature = "verify"), allow(unused_variables, reason = "the emulator looks at no time"))]
    fn user(&self, token: &str, now: Timestamp) -> Result<CallableAuth, HttpsError> {
        match &self.source {
            Source::Emulator => unverified(token).ok_or_else(|| unauthenticated("the payload of the ID token is null")),
            #[cfg(feature = "verify")]
            Source::Verified { id_tokens, .. } => {
                let verified = id_tokens.verify(token, now).map_err(|error| refused("ID", &error))?;
                // Only issuers whose tokens need no subject leave this empty.
                if verified.uid().is_empty() {
                    return Err(unauthenticated("the token names no user: its `sub` is empty or missing"));
                }
                Ok(user(verified, token))
            }
        }
    }

    /// The emulator's first generation lets a header state the user.
    fn stated(&self, call: &Call<'_>) -> Result<Option<CallableAuth>, HttpsError> {
        if !matches!(self.source, Source::Emulator) {
            return Ok(None);
        }
        let Some(header) = call.header("x-callable-context-auth")? else { return Ok(None) };
        let wrong = || {
            let reason = "the header `X-Callable-Context-Auth` is not JSON in percent-encoding";
            HttpsError::new(ErrorCode::Internal, "INTERNAL").because(reason, None)
        };
        let json: Json = serde_json::from_str(&percent_decode(header, PercentMode::Component).map_err(|_| wrong())?)
            .map_err(|_| wrong())?;
        if !js::truth(Some(&json)) {
            return Ok(None);
        }
        let token = json.get("token").cloned().and_then(Claims::from_json).unwrap_or_default();
        let uid = json.get("uid").and_then(Json::as_str).filter(|uid| !uid.is_empty()).map(str::to_owned);
        let seen = Seen::of(uid.as_deref(), &token, Trust::Given);
        Ok(Some(CallableAuth { uid, token, raw_token: String::new(), trust: Trust::Given, seen }))
    }

    #[cfg_attr(not(feature = "verify"), allow(unused_variables, reason = "the emulator looks at no time"))]
    fn app(&self, call: &Call<'_>, now: Timestamp) -> Result<App, HttpsError> {
        let Some(token) = call.header("x-firebase-appcheck")? else { return Ok(App::Missing) };
        let claims = match &self.source {
            Source::Emulator => {
                decoded(token).ok_or_else(|| unauthenticated("the payload of the App Check token is null"))
            }
            #[cfg(feature = "verify")]
            Source::Verified { app_check: Some(verifier), .. } => verifier
                .verify(token, now)
                .map(|token| token.claims().clone())
                .map_err(|error| refused("App Check", &error)),
            #[cfg(feature = "verify")]
            Source::Verified { app_check: None, .. } => {
                Err(unauthenticated("there are no keys to verify the App Check token with"))
            }
        };
        Ok(match claims {
            Err(refused) => App::Invalid(refused),
            Ok(mut token) => {
                let app_id = token.subject().unwrap_or_default().to_owned();
                token.set("app_id", app_id.as_str());
                App::Valid(AppCheck { app_id, token })
            }
        })
    }
}

/// What became of an App Check token.
enum App {
    Missing,
    Valid(AppCheck),
    /// What is answered where App Check is enforced.
    Invalid(HttpsError),
}

/// A verifier of another kind of token than the gate needs.
#[cfg(feature = "verify")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gate needs a verifier of another kind of token")]
pub struct WrongVerifier;

/// The answer to a bad token; the client is not told the reason.
fn unauthenticated(reason: &str) -> HttpsError {
    HttpsError::new(ErrorCode::Unauthenticated, "Unauthenticated").because(reason, None)
}

#[cfg(feature = "verify")]
fn refused(what: &str, error: &TokenError) -> HttpsError {
    let reason = format!("the {what} token is refused: {error} ({})", error.code());
    HttpsError::new(ErrorCode::Unauthenticated, "Unauthenticated").because(reason, error.hint())
}

/// What follows `Bearer` in any case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The claims of a token that cannot be decoded are none. Only one whose payload is null is refused, as in the SDK.
fn decoded(token: &str) -> Option<Claims> {
    match compact::read_payload(token) {
        Some(Json::Null) => None,
        payload => Some(payload.and_then(Claims::from_json).unwrap_or_default()),
    }
}

fn unverified(token: &str) -> Option<CallableAuth> {
    let mut claims = decoded(token)?;
    let uid = claims.subject().filter(|uid| !uid.is_empty()).map(str::to_owned);
    let seen = Seen::of(uid.as_deref(), &claims, Trust::Unsigned);
    match claims.get("sub").cloned() {
        Some(subject) => claims.set("uid", subject),
        None => claims.remove("uid"),
    };
    Some(CallableAuth { uid, token: claims, raw_token: token.to_owned(), trust: Trust::Unsigned, seen })
}

#[cfg(feature = "verify")]
fn user(token: VerifiedToken, raw: &str) -> CallableAuth {
    CallableAuth {
        uid: Some(token.uid().to_owned()),
        token: token.decoded(),
        raw_token: raw.to_owned(),
        trust: Trust::Verified,
        seen: Seen::Token(token),
    }
}
