//! Verification of tokens: the signature, and the claims about audience, issuer, subject and times (feature `verify`).
//!
//! | back end | feature | RS256 | ES256 | needs |
//! |---|---|---|---|---|
//! | AWS-LC | `verify-aws-lc` (default) | about 22 us | about 60 us | a C compiler; a minute or two for the first build |
//! | RustCrypto | `verify-rust-crypto` | about 150 us | about 240 us | the Rust toolchain alone |
//!
//! With [`Verifier::cached`], a token that was verified before takes well under a microsecond with either back end.

mod cache;
mod der;
mod keys;
mod provider;
mod signer;

use std::{sync::Arc, time::Duration};

use serde_json::Value as Json;

pub use keys::{KeyError, KeySet, Keys, max_age};
pub use provider::Algorithm;
pub use signer::{ServiceAccount, SignError, Signer};

use crate::value::Timestamp;

use super::{
    Accounts, Claims, Profile, TokenError, TokenFault, TokenKind, VerifiedToken, ecmascript,
    jws::{self, CompactJws},
    policy::{Expected, ID_TOKEN_ISSUER, MAX_SKEW, SESSION_COOKIE_ISSUER, TokenPolicy, ValidityWindow},
};
use cache::Cache;
use provider::Key;

/// The largest number of keys that are tried for a token without a key id.
const MAX_TRIED_KEYS: usize = 32;

/// The requirements for tokens of an issuer other than Firebase.
#[derive(Clone, Debug)]
pub struct Issuer {
    algorithm: Algorithm,
    issuer: Option<String>,
    audience: Option<String>,
    requires_subject: bool,
}

impl Issuer {
    /// An issuer that signs with `algorithm` only; `iss` and `aud` of its tokens must equal `issuer` and `audience`.
    pub fn new(algorithm: Algorithm, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Issuer { algorithm, issuer: Some(issuer.into()), audience: Some(audience.into()), requires_subject: false }
    }

    /// An issuer that signs with `algorithm`, without requirements for `iss` and `aud`: only for keys that nobody else
    /// uses.
    pub fn signed_only(algorithm: Algorithm) -> Self {
        Issuer { algorithm, issuer: None, audience: None, requires_subject: false }
    }

    /// Requires the claim `iss` to equal `issuer`.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Requires the claim `aud` to equal `audience`; a list is refused.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Requires the claim `sub`, of 1 to 128 characters.
    #[must_use]
    pub fn with_subject(mut self) -> Self {
        self.requires_subject = true;
        self
    }
}

/// Verifies one kind of tokens of one project. Threads can share it in an `Arc`; the host replaces keys while it is
/// used.
///
/// The checks run in the official order: encoding, key id, algorithm, audience, issuer, subject, key, signature, times,
/// tenant. The verifier fixes the algorithm; a token cannot choose it.
///
/// ```no_run
/// use firewarden::{Timestamp, auth::{KeySet, Keys, Verifier}};
///
/// # fn example(body: &str, cache_control: Option<&str>, token: &str, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
/// // Fetched by the host from https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com
/// let keys = Keys::new(KeySet::parse(body)?.fetched(now, cache_control));
/// let verifier = Verifier::id_tokens("demo-app", keys).cached(10_000);
/// let user = verifier.verify(token, now)?;
/// println!("{}", user.uid());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Verifier {
    policy: TokenPolicy,
    algorithm: Algorithm,
    keys: Arc<Keys>,
    tenant: Option<String>,
    cache: Option<Cache>,
}

impl Verifier {
    /// The largest clock skew: see [`skew`](Verifier::skew).
    pub const MAX_SKEW: Duration = Duration::from_secs(MAX_SKEW);

    fn with_policy(kind: TokenKind, expected: Expected, algorithm: Algorithm, keys: Arc<Keys>) -> Self {
        let policy = TokenPolicy { kind, expected, algorithm: algorithm.name(), profile: Profile::Strict, skew: 0 };
        Verifier { policy, algorithm, keys, tenant: None, cache: None }
    }

    /// A verifier for ID tokens of a project.
    pub fn id_tokens(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::Project { issuer: ID_TOKEN_ISSUER, project: project.into() };
        Verifier::with_policy(TokenKind::IdToken, expected, Algorithm::Rs256, keys)
    }

    /// A verifier for session cookies of a project, which have other keys than ID tokens.
    pub fn session_cookies(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::Project { issuer: SESSION_COOKIE_ISSUER, project: project.into() };
        Verifier::with_policy(TokenKind::SessionCookie, expected, Algorithm::Rs256, keys)
    }

    /// A verifier for the tokens that Firebase sends to blocking functions of the first generation: the audience
    /// contains `PROJECT.cloudfunctions.net/`. The keys are those of ID tokens.
    pub fn blocking_tokens(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let project = project.into();
        let audience = format!("{project}.cloudfunctions.net/");
        Verifier::with_policy(
            TokenKind::BlockingToken,
            Expected::Blocking { project, audience },
            Algorithm::Rs256,
            keys,
        )
    }

    /// A verifier for the tokens that Firebase sends to blocking functions of the second generation: the audience
    /// contains `run.app`. The keys are those of ID tokens.
    pub fn blocking_tokens_v2(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::Blocking { project: project.into(), audience: "run.app".to_owned() };
        Verifier::with_policy(TokenKind::BlockingToken, expected, Algorithm::Rs256, keys)
    }

    /// A verifier for App Check tokens of a project, named by id or number.
    pub fn app_check(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::AppCheck { project: project.into() };
        Verifier::with_policy(TokenKind::AppCheck, expected, Algorithm::Rs256, keys)
    }

    /// A verifier for custom tokens of a service account. They rarely have a key id; all keys of the set are tried
    /// then.
    pub fn custom_tokens(service_account: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::Custom { service_account: service_account.into() };
        Verifier::with_policy(TokenKind::CustomToken, expected, Algorithm::Rs256, keys)
    }

    /// A verifier for tokens of another issuer.
    pub fn issuer(issuer: Issuer, keys: Arc<Keys>) -> Self {
        let Issuer { algorithm, issuer, audience, requires_subject } = issuer;
        Verifier::with_policy(
            TokenKind::Foreign,
            Expected::Foreign { issuer, audience, requires_subject },
            algorithm,
            keys,
        )
    }

    /// Sets how strict the checks are; the default is [`Profile::Strict`].
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.policy.profile = profile;
        self.with_empty_cache()
    }

    /// Sets the tolerated clock skew between issuer and verifier, in whole seconds. The default is 0, as in Node;
    /// Python allows up to a minute, and Go always 5 minutes. Values above 5 minutes count as 5 minutes.
    #[must_use]
    pub fn skew(mut self, skew: Duration) -> Self {
        self.policy.skew = skew.as_secs().min(MAX_SKEW);
        self.with_empty_cache()
    }

    /// Accepts only users of that tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self.with_empty_cache()
    }

    /// Caches that many verified tokens, at least two, until they expire or the keys change; 0 disables the cache. Only
    /// a byte-identical token is a hit.
    #[must_use]
    pub fn cached(mut self, tokens: usize) -> Self {
        self.cache = (tokens > 0).then(|| Cache::new(tokens));
        self
    }

    /// Empties the cache after a change of the checks.
    fn with_empty_cache(mut self) -> Self {
        self.cache = self.cache.map(|cache| cache.emptied_copy());
        self
    }

    /// The kind of tokens that it verifies.
    pub fn kind(&self) -> TokenKind {
        self.policy.kind
    }

    /// The holder of its keys, for replacing them.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Verifies a token at the time `now`, usually `SystemTime::now().into()`; the times of a token are whole seconds.
    ///
    /// # Errors
    ///
    /// The first check that fails, with the official code and text.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenError> {
        let keys = self.keys.current();
        let cache = self.cache.as_ref().filter(|_| !keys.is_expired(now));
        if let Some(known) = cache.and_then(|cache| cache.get(token, keys.version(), now)) {
            return Ok(known);
        }
        let checked = self.verify_uncached(token, now, &keys);
        let (verified, window) = checked.map_err(|error| error.with_hint_for(&self.policy, token, now))?;
        if let Some(cache) = cache {
            cache.insert(token, verified.clone(), window, keys.version(), now);
        }
        Ok(verified)
    }

    /// The verified token, and the window in which it is valid.
    fn verify_uncached(
        &self,
        token: &str,
        now: Timestamp,
        keys: &KeySet,
    ) -> Result<(VerifiedToken, ValidityWindow), TokenError> {
        let kind = self.kind();
        let read = jws::read(token).map_err(|why| TokenError::malformed(kind, why))?;
        self.policy.check_header(&read)?;
        self.policy.check_claims(&read.claims)?;
        if keys.is_expired(now) {
            return Err(TokenError::keys_expired(kind));
        }
        self.check_signature(&read, keys)?;
        let window = self.policy.check_times(&read.claims, now)?;
        let verified = VerifiedToken::from_json(kind, read.claims.sub, read.payload);
        self.check_tenant(&verified)?;
        Ok((verified, window))
    }

    /// Verifies a token, and that its user is neither disabled nor revoked since the sign-in. A cached token is checked
    /// for revocation each time.
    ///
    /// # Errors
    ///
    /// As for [`verify`](Verifier::verify), and codes `auth/user-disabled`, `auth/id-token-revoked`,
    /// `auth/session-cookie-revoked`, `auth/user-not-found`.
    pub fn verify_and_check_revoked(
        &self,
        token: &str,
        now: Timestamp,
        accounts: &dyn Accounts,
    ) -> Result<VerifiedToken, TokenError> {
        let verified = self.verify(token, now)?;
        self.policy.check_account(verified.claims(), accounts)?;
        Ok(verified)
    }

    fn check_signature(&self, token: &CompactJws<'_>, keys: &KeySet) -> Result<(), TokenError> {
        let kind = self.kind();
        let verifies = |key: &Key| key.verifies(self.algorithm, token.signing_input.as_bytes(), &token.signature);
        let id = token.header.kid.as_ref();
        let verified = if ecmascript::is_truthy(id) {
            // A key without an id verifies any token of a kind that needs no key id.
            let unnamed = || keys.get("").filter(|_| self.allows_unnamed_keys());
            let key = id.and_then(Json::as_str).and_then(|id| keys.get(id)).or_else(unnamed);
            verifies(key.ok_or_else(|| TokenError::unknown_key(kind))?)
        } else {
            // Each key costs a verification, and a forged token must not cost a thousand of them.
            if keys.all().len() > MAX_TRIED_KEYS {
                let rest = format!("has no \"kid\" claim, and there are more than {MAX_TRIED_KEYS} keys to try.");
                return Err(TokenError::with_docs(kind, TokenFault::NoKeyId, &rest));
            }
            keys.all().any(verifies)
        };
        if verified { Ok(()) } else { Err(TokenError::invalid_signature(kind, TokenFault::BadSignature)) }
    }

    fn allows_unnamed_keys(&self) -> bool {
        matches!(self.kind(), TokenKind::CustomToken | TokenKind::Foreign)
    }

    /// The claim that names the tenant in tokens of this kind.
    fn tenant_claim<'c>(&self, claims: &'c Claims) -> Option<&'c Json> {
        match self.kind() {
            TokenKind::CustomToken | TokenKind::BlockingToken => claims.get("tenant_id"),
            _ => claims.firebase("tenant"),
        }
    }

    fn check_tenant(&self, token: &VerifiedToken) -> Result<(), TokenError> {
        match &self.tenant {
            Some(tenant) if self.tenant_claim(token.claims()).and_then(Json::as_str) != Some(tenant) => {
                let message = "User tenant ID does not match with the current TenantAwareAuth tenant ID.";
                Err(TokenError::new(TokenFault::WrongTenant, "auth/mismatching-tenant-id", message))
            }
            _ => Ok(()),
        }
    }
}
