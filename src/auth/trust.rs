//! How far claims can be trusted. The types differ, and only a call that says so turns one into another.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value as Json};

use super::{Auth, Claims, TokenKind};

/// Where an identity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// A signature and every claim that says for whom and when were checked.
    Verified,
    /// A token that nobody signed, or whose signature was not looked at, as the emulators accept them.
    Unsigned,
    /// Somebody stated the claims: a test, or a host that verified them elsewhere.
    Given,
}

/// A token whose signature and claims a `Verifier` (feature `verify`) has checked, or for which somebody stated with
/// [`GivenClaims::assume_verified`] that this was done elsewhere. Cloning shares it.
#[derive(Clone, Debug)]
pub struct VerifiedToken(Arc<Verified>);

struct Verified {
    kind: TokenKind,
    subject: Option<String>,
    claims: LateClaims,
    /// What rules see, made when it is first asked for and kept with the cached token.
    auth: OnceLock<Option<Auth>>,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Verified { kind, claims, .. } = self;
        f.debug_struct("Verified").field("kind", kind).field("claims", claims.get()).finish_non_exhaustive()
    }
}

/// Claims that are made of their JSON when somebody asks for them: most hosts ask only for what rules see.
struct LateClaims {
    /// A strictly read object; nothing where the claims were there first.
    json: Vec<u8>,
    made: OnceLock<Claims>,
}

impl LateClaims {
    fn get(&self) -> &Claims {
        self.made.get_or_init(|| Claims::from(self.read()))
    }

    fn to_json(&self) -> Json {
        match self.made.get() {
            Some(claims) => claims.clone().into_json(),
            None => Json::Object(self.read()),
        }
    }

    fn read(&self) -> Map<String, Json> {
        // It was read before; if it could not be read now, no claim would be there.
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

impl VerifiedToken {
    pub(super) fn new(kind: TokenKind, claims: Claims) -> Self {
        let subject = claims.subject().map(str::to_owned);
        let claims = LateClaims { json: Vec::new(), made: OnceLock::from(claims) };
        VerifiedToken(Arc::new(Verified { kind, subject, claims, auth: OnceLock::new() }))
    }

    /// The token with the subject and the JSON of its claims, which were strictly read.
    #[cfg(feature = "verify")]
    pub(super) fn read(kind: TokenKind, subject: Option<Json>, json: Vec<u8>) -> Self {
        let subject = if let Some(Json::String(subject)) = subject { Some(subject) } else { None };
        let claims = LateClaims { json, made: OnceLock::new() };
        VerifiedToken(Arc::new(Verified { kind, subject, claims, auth: OnceLock::new() }))
    }

    /// What the token is for.
    pub fn kind(&self) -> TokenKind {
        self.0.kind
    }

    /// The id of the user: `sub`. Empty only in kinds of tokens that need none.
    pub fn uid(&self) -> &str {
        self.0.subject.as_deref().unwrap_or_default()
    }

    /// The claims as the token has them.
    pub fn claims(&self) -> &Claims {
        self.0.claims.get()
    }

    /// The claims as the Admin SDK hands them out: with `uid`, which hides a custom claim of that name (identity
    /// specification, section 2.1).
    pub fn decoded(&self) -> Claims {
        let mut claims = self.claims().clone();
        claims.set("uid", self.uid());
        claims
    }

    /// What rules see of the user, made once for a token and kept with it. Nothing for session cookies, custom tokens
    /// and tokens that are about something else than a user, or that name none: they are no credential for rules.
    pub fn auth(&self) -> Option<&Auth> {
        let Verified { kind, claims, auth, .. } = &*self.0;
        let make = || {
            let is_user = matches!(kind, TokenKind::IdToken | TokenKind::Foreign);
            (is_user && !self.uid().is_empty()).then(|| Auth::of(claims.to_json(), Trust::Verified))
        };
        auth.get_or_init(make).as_ref()
    }

    /// The claims without the assurance.
    pub fn into_given(self) -> GivenClaims {
        GivenClaims(self.claims().clone())
    }
}

/// A token that was decoded and not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct UnsignedToken {
    header: Map<String, Json>,
    /// Only the Storage emulator accepts other JSON than an object.
    payload: Json,
}

impl UnsignedToken {
    pub(super) fn new(header: Map<String, Json>, payload: Json) -> Self {
        UnsignedToken { header, payload }
    }

    /// The header: `alg`, maybe `kid` and `typ`.
    pub fn header(&self) -> &Map<String, Json> {
        &self.header
    }

    /// The payload, an object in all but odd tokens.
    pub fn payload(&self) -> &Json {
        &self.payload
    }

    /// The claims; none where the payload is no object.
    pub fn claims(&self) -> Claims {
        Claims::from_json(self.payload.clone()).unwrap_or_default()
    }

    /// The claims, on the caller's word.
    pub fn into_given(self) -> GivenClaims {
        GivenClaims(Claims::from_json(self.payload).unwrap_or_default())
    }
}

/// Claims that somebody stated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GivenClaims(Claims);

impl GivenClaims {
    /// Claims that a test states, or that a host verified by its own means.
    pub fn new(claims: Claims) -> Self {
        GivenClaims(claims)
    }

    /// The claims.
    pub fn claims(&self) -> &Claims {
        &self.0
    }

    /// The caller's statement that signature and claims of a token were checked elsewhere, such as by the proxy in
    /// front of this service. From here on the claims count as verified.
    pub fn assume_verified(self, kind: TokenKind) -> VerifiedToken {
        VerifiedToken::new(kind, self.0)
    }

    /// What rules see of the user. The id is the claim `sub`, or else `user_id`.
    pub fn auth(&self) -> Auth {
        Auth::of(self.0.clone().into_json(), Trust::Given)
    }
}
