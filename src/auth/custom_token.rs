//! Custom tokens: what a server mints so that a user can sign in with it (identity specification, section 1).

use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::value::Timestamp;

use super::{
    Claims,
    checks::{CUSTOM_TOKEN_LIFETIME, MAX_UID},
    compact, js,
    reserved::ReservedNames,
};

/// The audience of every custom token.
pub const CUSTOM_TOKEN_AUDIENCE: &str =
    "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";

/// The service account in whose name the Admin SDK mints for the Auth emulator.
const EMULATOR_ACCOUNT: &str = "firebase-auth-emulator@example.com";

/// Which claims may be minted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Minting {
    /// None of the 16 reserved names, as in Go and Python: what the exchange would refuse is not minted.
    #[default]
    Strict,
    /// As the Node Admin SDK does it: claims named `sub` and `firebase` are minted, and refused at the exchange.
    NodeCompatible,
}

/// Why a custom token is not minted. Displays the official text; the official code is `auth/argument-error`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The id is empty, or no text.
    #[error("`uid` argument must be a non-empty string uid.")]
    Uid,
    /// The id has more than 128 characters, counted in UTF-16 units as in Node.
    #[error("`uid` argument must a uid with less than or equal to 128 characters.")]
    LongUid,
    /// The claims are no JSON object.
    #[error("`developerClaims` argument must be a valid, non-null object containing the developer claims.")]
    Claims,
    /// A claim has a reserved name.
    #[error("Developer claim \"{0}\" is reserved and cannot be specified.")]
    Reserved(String),
    /// The tenant is empty, or no text.
    #[error("`tenantId` argument must be a non-empty string.")]
    Tenant,
    /// The token would live for no time, or for more than an hour.
    #[error("a custom token lives between 1 and 3600 seconds")]
    Lifetime,
    /// The key does not sign.
    #[error("the token cannot be signed: {0}")]
    Signing(String),
}

impl MintError {
    /// The official code.
    pub fn code(&self) -> &'static str {
        "auth/argument-error"
    }
}

/// A custom token to be: who signs in, and with which claims.
///
/// ```
/// use firewarden::auth::CustomToken;
/// use serde_json::json;
///
/// let token = CustomToken::new("alice").claims(json!({ "premiumAccount": true }));
/// let payload = token.payload("sa@demo.iam.gserviceaccount.com", "2026-01-01T00:00:00Z".parse()?)?;
/// assert_eq!(payload.number("exp"), Some(1_767_229_200.0)); // an hour later, in seconds
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CustomToken {
    uid: Json,
    claims: Option<Json>,
    tenant: Option<Json>,
    lifetime: Duration,
    minting: Minting,
}

impl CustomToken {
    /// A token for the user with that id: text of 1 to 128 characters. What does not fit is refused when the token is
    /// minted.
    pub fn new(uid: impl Into<Json>) -> Self {
        CustomToken {
            uid: uid.into(),
            claims: None,
            tenant: None,
            lifetime: Duration::from_secs(CUSTOM_TOKEN_LIFETIME),
            minting: Minting::Strict,
        }
    }

    /// Claims for the user's ID tokens, a JSON object; an empty one is left out. No limit of size is applied, as in the
    /// SDKs.
    #[must_use]
    pub fn claims(mut self, claims: impl Into<Json>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// The tenant of a multi-tenant project.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<Json>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// How long the token can be used, in whole seconds: an hour without this, and at most.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Which claims are let pass.
    #[must_use]
    pub fn minting(mut self, minting: Minting) -> Self {
        self.minting = minting;
        self
    }

    /// The claims of the token itself, issued now by a service account (its e-mail address).
    ///
    /// # Errors
    ///
    /// An id, claims, tenant or lifetime that do not fit.
    pub fn payload(&self, service_account: &str, now: Timestamp) -> Result<Claims, MintError> {
        // The tenant comes first, as in the Node SDK.
        let tenant = match &self.tenant {
            None => None,
            Some(Json::String(tenant)) if !tenant.is_empty() => Some(tenant),
            Some(_) => return Err(MintError::Tenant),
        };
        let uid = match &self.uid {
            Json::String(uid) if !uid.is_empty() => uid,
            _ => return Err(MintError::Uid),
        };
        if js::length(uid) > MAX_UID {
            return Err(MintError::LongUid);
        }
        let claims = match &self.claims {
            None => None,
            Some(Json::Object(claims)) => {
                self.check(claims)?;
                Some(claims).filter(|claims| !claims.is_empty())
            }
            Some(_) => return Err(MintError::Claims),
        };
        if !(Duration::from_secs(1)..=Duration::from_secs(CUSTOM_TOKEN_LIFETIME)).contains(&self.lifetime) {
            return Err(MintError::Lifetime);
        }
        let mut payload = Claims::new();
        payload.set("aud", CUSTOM_TOKEN_AUDIENCE);
        let lifetime = Duration::from_secs(self.lifetime.as_secs());
        payload.set("iat", now.unix_seconds());
        payload.set("exp", now.saturating_add(lifetime).unix_seconds());
        payload.set("iss", service_account);
        payload.set("sub", service_account);
        payload.set("uid", uid.as_str());
        if let Some(claims) = claims {
            payload.set("claims", claims.clone());
        }
        if let Some(tenant) = tenant {
            payload.set("tenant_id", tenant.as_str());
        }
        Ok(payload)
    }

    fn check(&self, claims: &Map<String, Json>) -> Result<(), MintError> {
        let reserved = match self.minting {
            Minting::Strict => ReservedNames::All,
            Minting::NodeCompatible => ReservedNames::NodeMinting,
        };
        match claims.keys().find(|name| reserved.contains(name)) {
            Some(name) => Err(MintError::Reserved(name.clone())),
            None => Ok(()),
        }
    }

    /// The token that the Admin SDK mints for the Auth emulator: nobody signs it.
    ///
    /// # Errors
    ///
    /// As for [`payload`](CustomToken::payload).
    pub fn unsigned(&self, now: Timestamp) -> Result<String, MintError> {
        Ok(compact::unsigned(self.payload(EMULATOR_ACCOUNT, now)?.as_object()))
    }

    /// The token, signed by a service account.
    ///
    /// # Errors
    ///
    /// As for [`payload`](CustomToken::payload), and a key that does not sign.
    #[cfg(feature = "verify")]
    pub fn sign(&self, account: &super::ServiceAccount, now: Timestamp) -> Result<String, MintError> {
        let payload = self.payload(account.email(), now)?;
        account.signer().sign(&payload).map_err(|error| MintError::Signing(error.to_string()))
    }
}

/// A bare JSON object, which the Auth emulator takes for a custom token.
pub(super) fn is_bare_json(token: &str) -> bool {
    token.starts_with('{')
}

/// What the Auth emulator says of another audience.
pub(super) fn wrong_audience(audience: Option<&Json>) -> String {
    let got = js::text(audience);
    format!(
        "INVALID_CUSTOM_TOKEN : ((Invalid aud (audience): {got} Note: Firebase ID Tokens / third-party tokens cannot be \
         used with signInWithCustomToken.))"
    )
}
