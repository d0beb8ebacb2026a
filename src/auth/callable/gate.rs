//! The gate, which checks the tokens of a request and makes the context of its handler.

use serde_json::Value as Json;

use super::{call::Call, data};
#[cfg(feature = "verify")]
use crate::auth::{TokenError, TokenKind, VerifiedToken, Verifier};
use crate::{
    auth::{Auth, Claims, ErrorCode, HttpsError, Trust, ecmascript, jws},
    value::{PercentMode, Timestamp, Value, json, percent_decode},
};

/// The generation of the functions behind a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// The first generation. In the emulator it reads `auth` from the header `x-callable-context-auth`.
    First,
    /// The second generation.
    #[default]
    Second,
}

/// The result of checking a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStatus {
    /// The request has no token.
    Missing,
    /// The token was accepted.
    Valid,
    /// The token was refused.
    Invalid,
}

/// The context of a call, for its handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The user; `None` if nobody is signed in.
    pub auth: Option<CallableAuth>,
    /// The app, if the App Check token was accepted.
    pub app: Option<AppCheck>,
    /// The result of checking the App Check token. A refused one ends the call only if App Check is enforced.
    pub app_check: TokenStatus,
    /// Why the App Check token was refused, for the host's log.
    pub app_check_refusal: Option<String>,
    /// The header `Firebase-Instance-ID-Token`, which is not checked.
    pub instance_id_token: Option<String>,
    /// The argument of the call.
    pub data: Json,
}

/// The user of a call.
#[derive(Clone, PartialEq)]
pub struct CallableAuth {
    uid: Option<String>,
    token: Claims,
    raw_token: String,
    trust: Trust,
    rules_auth: RulesAuth,
}

/// `request.auth` of the user, for a handler that evaluates rules.
#[derive(Clone)]
enum RulesAuth {
    /// The value that the verified token caches.
    #[cfg(feature = "verify")]
    Token(VerifiedToken),
    Built(Option<Auth>),
}

impl RulesAuth {
    /// Builds `request.auth` from the id and the claims; none without an id.
    fn from_claims(uid: Option<&str>, claims: &Claims, trust: Trust) -> Self {
        let token = || json::claims(claims.clone().into_json());
        RulesAuth::Built(uid.map(|uid| Auth { uid: Value::from(uid), token: token(), trust }))
    }

    fn auth(&self) -> Option<&Auth> {
        match self {
            #[cfg(feature = "verify")]
            RulesAuth::Token(token) => token.auth(),
            RulesAuth::Built(auth) => auth.as_ref(),
        }
    }
}

impl PartialEq for RulesAuth {
    fn eq(&self, other: &Self) -> bool {
        self.auth() == other.auth()
    }
}

/// The raw token is a secret, so `Debug` does not print it.
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
    /// The id of the user, never empty. It is `None` only in the emulator, where a token that cannot be decoded makes a
    /// user without an id: a handler must test the id and not only the user.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }

    /// The claims as the SDK passes them to a handler: with `uid`, which hides a custom claim of that name.
    pub fn token(&self) -> &Claims {
        &self.token
    }

    /// The encoded token, for requests on behalf of the user.
    pub fn raw_token(&self) -> &str {
        &self.raw_token
    }

    /// Who vouches for the claims.
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// `request.auth` of the user, for a handler that evaluates rules: the claims of the token, without the `uid` that
    /// [`token`](CallableAuth::token) adds. `None` for a user without an id.
    pub fn auth(&self) -> Option<&Auth> {
        self.rules_auth.auth()
    }
}

/// The app of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct AppCheck {
    /// The id of the app.
    pub app_id: String,
    /// The claims of the token, with the `app_id` that the SDK adds.
    pub token: Claims,
}

#[derive(Clone, Debug)]
enum Source {
    /// Tokens are decoded and not verified.
    Emulator,
    #[cfg(feature = "verify")]
    Verified { id_tokens: std::sync::Arc<Verifier>, app_check: Option<std::sync::Arc<Verifier>> },
}

/// The gate before callable functions. Clones share keys and cache.
#[derive(Clone, Debug)]
pub struct Gate {
    source: Source,
    enforce_app_check: bool,
    generation: Generation,
}

impl Gate {
    /// A gate that accepts only verified ID tokens.
    ///
    /// # Errors
    ///
    /// The verifier is for another kind of token.
    #[cfg(feature = "verify")]
    pub fn new(id_tokens: impl Into<std::sync::Arc<Verifier>>) -> Result<Self, WrongVerifier> {
        let id_tokens = id_tokens.into();
        if !matches!(id_tokens.kind(), TokenKind::IdToken | TokenKind::Foreign) {
            return Err(WrongVerifier);
        }
        let source = Source::Verified { id_tokens, app_check: None };
        Ok(Gate { source, enforce_app_check: false, generation: Generation::Second })
    }

    /// The gate of the Functions emulator: it decodes tokens without verifying them, and makes a user without an id
    /// from a token that cannot be decoded. For tests and replacements of the emulator only.
    pub fn emulator() -> Self {
        Gate { source: Source::Emulator, enforce_app_check: false, generation: Generation::Second }
    }

    /// Sets the verifier of App Check tokens. Without one the gate refuses every App Check token.
    ///
    /// # Errors
    ///
    /// The verifier is for another kind of token.
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

    /// Sets whether the gate refuses a call without a valid App Check token.
    #[must_use]
    pub fn enforce_app_check(mut self, enforce: bool) -> Self {
        self.enforce_app_check = enforce;
        self
    }

    /// Sets the generation of the functions.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// Checks a call at the time `now` and makes the context of its handler.
    ///
    /// # Errors
    ///
    /// The response instead of a call of the handler: 400 for a malformed request, 401 for a bad token.
    pub fn admit(&self, call: &Call<'_>, now: Timestamp) -> Result<Context, HttpsError> {
        let data = call.data()?;
        let app = self.app(call, now)?;
        let auth = self.auth(call, now)?;
        let (app_check, app, refused) = match app {
            AppCheckOutcome::Missing => (TokenStatus::Missing, None, None),
            AppCheckOutcome::Valid(app) => (TokenStatus::Valid, Some(app), None),
            AppCheckOutcome::Invalid(refused) => (TokenStatus::Invalid, None, Some(refused)),
        };
        if self.enforce_app_check && app_check != TokenStatus::Valid {
            return Err(refused.unwrap_or_else(|| {
                unauthenticated("App Check is enforced, and the header `X-Firebase-AppCheck` is missing")
            }));
        }
        let app_check_refusal = refused.and_then(|refused| refused.reason().map(str::to_owned));
        let instance_id_token = call.header("firebase-instance-id-token")?.map(str::to_owned);
        Ok(Context { auth, app, app_check, app_check_refusal, instance_id_token, data: data::decode(data)? })
    }

    fn auth(&self, call: &Call<'_>, now: Timestamp) -> Result<Option<CallableAuth>, HttpsError> {
        let stated = if self.generation == Generation::First { self.context_header_auth(call)? } else { None };
        let Some(header) = call.header("authorization")? else { return Ok(stated) };
        let token = bearer(header)
            .ok_or_else(|| unauthenticated("the header `Authorization` is not `Bearer`, a space and an ID token"))?;
        self.user(token, now).map(Some)
    }

    #[cfg_attr(not(feature = "verify"), allow(unused_variables, reason = "the emulator looks at no time"))]
    fn user(&self, token: &str, now: Timestamp) -> Result<CallableAuth, HttpsError> {
        match &self.source {
            Source::Emulator => {
                unverified_user(token).ok_or_else(|| unauthenticated("the payload of the ID token is null"))
            }
            #[cfg(feature = "verify")]
            Source::Verified { id_tokens, .. } => {
                let verified = id_tokens.verify(token, now).map_err(|error| refusal("ID", &error))?;
                // Only tokens of issuers that need no subject have no id.
                if verified.uid().is_empty() {
                    return Err(unauthenticated("the token names no user: its `sub` is empty or missing"));
                }
                Ok(verified_user(verified, token))
            }
        }
    }

    /// The user from the header that the emulator of the first generation accepts.
    fn context_header_auth(&self, call: &Call<'_>) -> Result<Option<CallableAuth>, HttpsError> {
        if !matches!(self.source, Source::Emulator) {
            return Ok(None);
        }
        let Some(header) = call.header("x-callable-context-auth")? else { return Ok(None) };
        let wrong = || {
            let reason = "the header `X-Callable-Context-Auth` is not percent-encoded JSON";
            HttpsError::new(ErrorCode::Internal, "INTERNAL").with_log(reason, None)
        };
        let json: Json = serde_json::from_str(&percent_decode(header, PercentMode::Component).map_err(|_| wrong())?)
            .map_err(|_| wrong())?;
        if !ecmascript::is_truthy(Some(&json)) {
            return Ok(None);
        }
        let token = json.get("token").cloned().and_then(Claims::from_json).unwrap_or_default();
        let uid = json.get("uid").and_then(Json::as_str).filter(|uid| !uid.is_empty()).map(str::to_owned);
        let rules_auth = RulesAuth::from_claims(uid.as_deref(), &token, Trust::Given);
        Ok(Some(CallableAuth { uid, token, raw_token: String::new(), trust: Trust::Given, rules_auth }))
    }

    #[cfg_attr(not(feature = "verify"), allow(unused_variables, reason = "the emulator looks at no time"))]
    fn app(&self, call: &Call<'_>, now: Timestamp) -> Result<AppCheckOutcome, HttpsError> {
        let Some(token) = call.header("x-firebase-appcheck")? else { return Ok(AppCheckOutcome::Missing) };
        let claims = match &self.source {
            Source::Emulator => {
                decode_claims(token).ok_or_else(|| unauthenticated("the payload of the App Check token is null"))
            }
            #[cfg(feature = "verify")]
            Source::Verified { app_check: Some(verifier), .. } => verifier
                .verify(token, now)
                .map(|token| token.claims().clone())
                .map_err(|error| refusal("App Check", &error)),
            #[cfg(feature = "verify")]
            Source::Verified { app_check: None, .. } => {
                Err(unauthenticated("the gate has no verifier for App Check tokens"))
            }
        };
        Ok(match claims {
            Err(refused) => AppCheckOutcome::Invalid(refused),
            Ok(mut token) => {
                let app_id = token.subject().unwrap_or_default().to_owned();
                token.set("app_id", app_id.as_str());
                AppCheckOutcome::Valid(AppCheck { app_id, token })
            }
        })
    }
}

/// The result of checking an App Check token.
enum AppCheckOutcome {
    Missing,
    Valid(AppCheck),
    /// The response if App Check is enforced.
    Invalid(HttpsError),
}

/// The gate needs a verifier of another kind of token.
#[cfg(feature = "verify")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gate needs a verifier of another kind of token")]
pub struct WrongVerifier;

/// The response to a bad token; it does not tell the client the reason.
fn unauthenticated(reason: &str) -> HttpsError {
    HttpsError::new(ErrorCode::Unauthenticated, "Unauthenticated").with_log(reason, None)
}

#[cfg(feature = "verify")]
fn refusal(what: &str, error: &TokenError) -> HttpsError {
    let reason = format!("the {what} token is refused: {error} ({})", error.code());
    HttpsError::new(ErrorCode::Unauthenticated, "Unauthenticated").with_log(reason, error.hint())
}

/// The token after `Bearer`, in any case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The claims of a token, empty if it cannot be decoded. `None` for a payload of null, which the SDK refuses.
fn decode_claims(token: &str) -> Option<Claims> {
    match jws::read_payload(token) {
        Some(Json::Null) => None,
        payload => Some(payload.and_then(Claims::from_json).unwrap_or_default()),
    }
}

fn unverified_user(token: &str) -> Option<CallableAuth> {
    let mut claims = decode_claims(token)?;
    let uid = claims.subject().filter(|uid| !uid.is_empty()).map(str::to_owned);
    let rules_auth = RulesAuth::from_claims(uid.as_deref(), &claims, Trust::Unsigned);
    match claims.get("sub").cloned() {
        Some(subject) => claims.set("uid", subject),
        None => claims.remove("uid"),
    };
    Some(CallableAuth { uid, token: claims, raw_token: token.to_owned(), trust: Trust::Unsigned, rules_auth })
}

#[cfg(feature = "verify")]
fn verified_user(token: VerifiedToken, raw: &str) -> CallableAuth {
    CallableAuth {
        uid: Some(token.uid().to_owned()),
        token: token.decoded(),
        raw_token: raw.to_owned(),
        trust: Trust::Verified,
        rules_auth: RulesAuth::Token(token),
    }
}
