//! Verifying tokens: a signature by a known key, and every claim that says for whom and when (feature `verify`).
//!
//! | back end | feature | RS256 | ES256 | needs |
//! |---|---|---|---|---|
//! | AWS-LC | `verify-aws-lc` (default) | about 22 us | about 60 us | a C compiler; a minute or two for the first build |
//! | RustCrypto | `verify-rust-crypto` | about 150 us | about 240 us | the Rust toolchain alone |
//!
//! A token that was verified before costs well under a microsecond with [`Verifier::cached`], whatever the back end.

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
    Accounts, Claims, Profile, TokenError, TokenFault, TokenKind, VerifiedToken,
    checks::{Expected, ID_TOKEN_ISSUER, MAX_SKEW, Rules, SESSION_COOKIE_ISSUER, Window},
    compact::{self, Compact},
    js,
};
use cache::Cache;
use provider::Key;

/// Keys that are tried for a token that names none.
const MAX_TRIED: usize = 32;

/// Another issuer than Firebase: what its tokens have to say.
#[derive(Clone, Debug)]
pub struct Issuer {
    algorithm: Algorithm,
    issuer: Option<String>,
    audience: Option<String>,
    subject: bool,
}

impl Issuer {
    /// An issuer whose tokens are signed with that algorithm, and with no other; `iss` and `aud` are what they say,
    /// exactly.
    pub fn new(algorithm: Algorithm, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Issuer { algorithm, issuer: Some(issuer.into()), audience: Some(audience.into()), subject: false }
    }

    /// Any token that is signed with that algorithm and a known key: for keys that nobody else signs with, for nothing
    /// else.
    pub fn signed_only(algorithm: Algorithm) -> Self {
        Issuer { algorithm, issuer: None, audience: None, subject: false }
    }

    /// The claim `iss`, exactly.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// The claim `aud`, exactly; a list is refused.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The claim `sub` has to be there: 1 to 128 characters.
    #[must_use]
    pub fn with_subject(mut self) -> Self {
        self.subject = true;
        self
    }
}

/// Verifies one kind of tokens of one project. Share it between threads in an `Arc`; keys are replaced under way.
///
/// Checks run in the official order: form, key id, algorithm, audience, issuer, subject, key, signature, times, tenant.
/// The algorithm is the verifier's; a token cannot choose it.
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
    rules: Rules,
    algorithm: Algorithm,
    keys: Arc<Keys>,
    tenant: Option<String>,
    cache: Option<Cache>,
}

impl Verifier {
    /// By how much clocks may differ at most: see [`skew`](Verifier::skew).
    pub const MAX_SKEW: Duration = Duration::from_secs(MAX_SKEW);

    fn of(kind: TokenKind, expected: Expected, algorithm: Algorithm, keys: Arc<Keys>) -> Self {
        let rules = Rules { kind, expected, algorithm: algorithm.name(), profile: Profile::Strict, skew: 0 };
        Verifier { rules, algorithm, keys, tenant: None, cache: None }
    }

    /// For ID tokens of a project.
    pub fn id_tokens(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::Project { issuer: ID_TOKEN_ISSUER, project: project.into() };
        Verifier::of(TokenKind::IdToken, expected, Algorithm::Rs256, keys)
    }

    /// For session cookies of a project. Their keys are others than those of ID tokens.
    pub fn session_cookies(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::Project { issuer: SESSION_COOKIE_ISSUER, project: project.into() };
        Verifier::of(TokenKind::SessionCookie, expected, Algorithm::Rs256, keys)
    }

    /// For the tokens that blocking functions of a project are called with: the first generation's, whose audience
    /// contains `PROJECT.cloudfunctions.net/`. Keys are those of ID tokens.
    pub fn blocking_tokens(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let project = project.into();
        let audience = format!("{project}.cloudfunctions.net/");
        Verifier::of(TokenKind::BlockingToken, Expected::Blocking { project, audience }, Algorithm::Rs256, keys)
    }

    /// The same for the second generation, whose audience contains `run.app`.
    pub fn blocking_tokens_second(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::Blocking { project: project.into(), audience: "run.app".to_owned() };
        Verifier::of(TokenKind::BlockingToken, expected, Algorithm::Rs256, keys)
    }

    /// For App Check tokens of a project, by its id or its number.
    pub fn app_check(project: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::AppCheck { project: project.into() };
        Verifier::of(TokenKind::AppCheck, expected, Algorithm::Rs256, keys)
    }

    /// For custom tokens of a service account. They rarely name a key: all keys of the set are tried then.
    pub fn custom_tokens(service_account: impl Into<String>, keys: Arc<Keys>) -> Self {
        let expected = Expected::Custom { service_account: service_account.into() };
        Verifier::of(TokenKind::CustomToken, expected, Algorithm::Rs256, keys)
    }

    /// For tokens of another issuer.
    pub fn issuer(issuer: Issuer, keys: Arc<Keys>) -> Self {
        let Issuer { algorithm, issuer, audience, subject } = issuer;
        Verifier::of(TokenKind::Foreign, Expected::Foreign { issuer, audience, subject }, algorithm, keys)
    }

    /// How strict the checks are; strict without this.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.rules.profile = profile;
        self.forgetful()
    }

    /// By how much the clocks of issuer and verifier may differ, in whole seconds: not at all without this, as in Node.
    /// Python allows up to a minute, Go always allows 5 minutes. More than 5 minutes count as 5 minutes.
    #[must_use]
    pub fn skew(mut self, skew: Duration) -> Self {
        self.rules.skew = skew.as_secs().min(MAX_SKEW);
        self.forgetful()
    }

    /// Only users of that tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self.forgetful()
    }

    /// Keeps that many verified tokens, at least two, until they expire or the keys change; with 0 none. Only the same text
    /// to the last octet is found again.
    #[must_use]
    pub fn cached(mut self, tokens: usize) -> Self {
        self.cache = (tokens > 0).then(|| Cache::new(tokens));
        self
    }

    /// What passed other checks has not passed these.
    fn forgetful(mut self) -> Self {
        self.cache = self.cache.map(|cache| cache.emptied());
        self
    }

    /// What it verifies.
    pub fn kind(&self) -> TokenKind {
        self.rules.kind
    }

    /// Where its keys are found, to replace them.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Verifies a token at that time, mostly `SystemTime::now().into()`; tokens count whole seconds.
    ///
    /// # Errors
    ///
    /// The first check that fails, with the official code and text.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenError> {
        let keys = self.keys.current();
        let cache = self.cache.as_ref().filter(|_| !keys.is_expired(now));
        if let Some(known) = cache.and_then(|cache| cache.get(token, keys.stamp(), now)) {
            return Ok(known);
        }
        let checked = self.checked(token, now, &keys);
        let (verified, window) = checked.map_err(|error| error.hinted(&self.rules, token, now))?;
        if let Some(cache) = cache {
            cache.put(token, verified.clone(), window, keys.stamp(), now);
        }
        Ok(verified)
    }

    /// The token and when it holds.
    fn checked(&self, token: &str, now: Timestamp, keys: &KeySet) -> Result<(VerifiedToken, Window), TokenError> {
        let kind = self.kind();
        let read = compact::read(token).map_err(|why| TokenError::malformed(kind, why))?;
        self.rules.header(&read)?;
        self.rules.content(&read.claims)?;
        if keys.is_expired(now) {
            return Err(TokenError::keys_expired(kind));
        }
        self.signature(&read, keys)?;
        let window = self.rules.times(&read.claims, now)?;
        let verified = VerifiedToken::read(kind, read.claims.sub, read.payload);
        self.tenant_of(&verified)?;
        Ok((verified, window))
    }

    /// Verifies a token and asks how its user stands: neither disabled nor signed out everywhere since. A cached token is
    /// asked about again each time.
    ///
    /// # Errors
    ///
    /// As for [`verify`](Verifier::verify), and codes `auth/user-disabled`, `auth/id-token-revoked`,
    /// `auth/session-cookie-revoked`, `auth/user-not-found`.
    pub fn verify_current(
        &self,
        token: &str,
        now: Timestamp,
        accounts: &dyn Accounts,
    ) -> Result<VerifiedToken, TokenError> {
        let verified = self.verify(token, now)?;
        self.rules.standing(verified.claims(), accounts)?;
        Ok(verified)
    }

    fn signature(&self, token: &Compact<'_>, keys: &KeySet) -> Result<(), TokenError> {
        let kind = self.kind();
        let holds = |key: &Key| key.verifies(self.algorithm, token.message.as_bytes(), &token.signature);
        let id = token.header.kid.as_ref();
        let holds = if js::truth(id) {
            // A key without a name stands in for any, where tokens need not name theirs.
            let nameless = || keys.get("").filter(|_| self.may_be_nameless());
            let key = id.and_then(Json::as_str).and_then(|id| keys.get(id)).or_else(nameless);
            holds(key.ok_or_else(|| TokenError::unknown_key(kind))?)
        } else {
            // Each key costs as much as a verification: a forged token shall not cost a thousand.
            if keys.all().len() > MAX_TRIED {
                let rest = format!("has no \"kid\" claim, and there are more than {MAX_TRIED} keys to try.");
                return Err(TokenError::about(kind, TokenFault::NoKeyId, &rest));
            }
            keys.all().any(holds)
        };
        if holds { Ok(()) } else { Err(TokenError::signature(kind, TokenFault::BadSignature)) }
    }

    fn may_be_nameless(&self) -> bool {
        matches!(self.kind(), TokenKind::CustomToken | TokenKind::Foreign)
    }

    /// The tenant that a token names, where tokens of its kind do.
    fn tenant_in<'c>(&self, claims: &'c Claims) -> Option<&'c Json> {
        match self.kind() {
            TokenKind::CustomToken | TokenKind::BlockingToken => claims.get("tenant_id"),
            _ => claims.firebase("tenant"),
        }
    }

    fn tenant_of(&self, token: &VerifiedToken) -> Result<(), TokenError> {
        match &self.tenant {
            Some(tenant) if self.tenant_in(token.claims()).and_then(Json::as_str) != Some(tenant) => {
                let message = "User tenant ID does not match with the current TenantAwareAuth tenant ID.";
                Err(TokenError::new(TokenFault::WrongTenant, "auth/mismatching-tenant-id", message))
            }
            _ => Ok(()),
        }
    }
}
