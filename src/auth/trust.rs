//! How far claims can be trusted. Each degree is a type of its own, and every conversion between them is an explicit
//! call.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value as Json};

use super::{Auth, Claims, TokenKind};

/// Who vouches for an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// A verifier checked signature, audience, issuer and times.
    Verified,
    /// Nobody signed the token, or nobody checked its signature: the emulators accept such tokens.
    Unsigned,
    /// A test stated the claims, or a host that verified them elsewhere.
    Given,
}

/// A token whose signature and claims a `Verifier` (feature `verify`) has checked, or for which the host states with
/// [`GivenClaims::assume_verified`] that it did so elsewhere. Clones share the contents.
#[derive(Clone, Debug)]
pub struct VerifiedToken(Arc<Verified>);

struct Verified {
    kind: TokenKind,
    subject: Option<String>,
    claims: LazyClaims,
    /// `request.auth`, built at the first use; a cached token keeps it.
    auth: OnceLock<Option<Auth>>,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Verified { kind, claims, .. } = self;
        f.debug_struct("Verified").field("kind", kind).field("claims", claims.get()).finish_non_exhaustive()
    }
}

/// Claims that are parsed at the first use: most hosts need only `request.auth`.
struct LazyClaims {
    /// An object that the strict parser accepted; empty if the claims were there first.
    json: Vec<u8>,
    parsed: OnceLock<Claims>,
}

impl LazyClaims {
    fn get(&self) -> &Claims {
        self.parsed.get_or_init(|| Claims::from(self.parse()))
    }

    fn to_json(&self) -> Json {
        match self.parsed.get() {
            Some(claims) => claims.clone().into_json(),
            None => Json::Object(self.parse()),
        }
    }

    fn parse(&self) -> Map<String, Json> {
        // The strict parser accepted this text; on an error there would be no claims.
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

impl VerifiedToken {
    pub(super) fn new(kind: TokenKind, claims: Claims) -> Self {
        let subject = claims.subject().map(str::to_owned);
        let claims = LazyClaims { json: Vec::new(), parsed: OnceLock::from(claims) };
        VerifiedToken(Arc::new(Verified { kind, subject, claims, auth: OnceLock::new() }))
    }

    /// A token with its subject and the JSON of its claims, which the strict parser accepted.
    #[cfg(feature = "verify")]
    pub(super) fn from_json(kind: TokenKind, subject: Option<Json>, json: Vec<u8>) -> Self {
        let subject = if let Some(Json::String(subject)) = subject { Some(subject) } else { None };
        let claims = LazyClaims { json, parsed: OnceLock::new() };
        VerifiedToken(Arc::new(Verified { kind, subject, claims, auth: OnceLock::new() }))
    }

    /// The kind of the token.
    pub fn kind(&self) -> TokenKind {
        self.0.kind
    }

    /// The claim `sub`: the id of the user. Empty only for kinds of tokens that need none.
    pub fn uid(&self) -> &str {
        self.0.subject.as_deref().unwrap_or_default()
    }

    /// The claims of the token, unchanged.
    pub fn claims(&self) -> &Claims {
        self.0.claims.get()
    }

    /// The claims as the Admin SDK returns them: with `uid`, which hides a custom claim of that name (identity
    /// specification, section 2.1).
    pub fn decoded(&self) -> Claims {
        let mut claims = self.claims().clone();
        claims.set("uid", self.uid());
        claims
    }

    /// `request.auth` of the user, built once for each token. `None` for session cookies, custom tokens and tokens that
    /// name no user: they are no credentials for rules.
    pub fn auth(&self) -> Option<&Auth> {
        let Verified { kind, claims, auth, .. } = &*self.0;
        let make = || {
            let is_user = matches!(kind, TokenKind::IdToken | TokenKind::Foreign);
            (is_user && !self.uid().is_empty()).then(|| Auth::from_token(claims.to_json(), Trust::Verified))
        };
        auth.get_or_init(make).as_ref()
    }

    /// Drops the assurance and keeps the claims.
    pub fn into_given(self) -> GivenClaims {
        GivenClaims(self.claims().clone())
    }
}

/// A token that was decoded but not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct UnsignedToken {
    header: Map<String, Json>,
    /// Only the Storage emulator accepts JSON other than an object.
    payload: Json,
}

impl UnsignedToken {
    pub(super) fn new(header: Map<String, Json>, payload: Json) -> Self {
        UnsignedToken { header, payload }
    }

    /// The header: `alg`, and perhaps `kid` and `typ`.
    pub fn header(&self) -> &Map<String, Json> {
        &self.header
    }

    /// The payload, which is almost always an object.
    pub fn payload(&self) -> &Json {
        &self.payload
    }

    /// The claims; empty if the payload is not an object.
    pub fn claims(&self) -> Claims {
        Claims::from_json(self.payload.clone()).unwrap_or_default()
    }

    /// The claims, for which the caller vouches from now on.
    pub fn into_given(self) -> GivenClaims {
        GivenClaims(Claims::from_json(self.payload).unwrap_or_default())
    }
}

/// Claims that the caller states.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GivenClaims(Claims);

impl GivenClaims {
    /// Claims that a test states, or that a host verified itself.
    pub fn new(claims: Claims) -> Self {
        GivenClaims(claims)
    }

    /// The claims.
    pub fn claims(&self) -> &Claims {
        &self.0
    }

    /// States that signature and claims were checked elsewhere, such as by the proxy in front of this service. The
    /// claims count as verified from now on.
    pub fn assume_verified(self, kind: TokenKind) -> VerifiedToken {
        VerifiedToken::new(kind, self.0)
    }

    /// `request.auth` of the user. The id is the claim `sub`, or else `user_id`.
    pub fn auth(&self) -> Auth {
        Auth::from_token(self.0.clone().into_json(), Trust::Given)
    }
}
