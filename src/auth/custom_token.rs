//! Custom tokens, which a server mints and a user signs in with (identity specification, section 1).

use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::value::Timestamp;

use super::{
    Claims, ecmascript, jws,
    policy::{CUSTOM_TOKEN_LIFETIME, MAX_UID},
    reserved::ReservedNames,
};

/// The audience of every custom token.
pub const CUSTOM_TOKEN_AUDIENCE: &str =
    "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";

/// The issuer of the custom tokens that the Admin SDK mints for the Auth emulator.
const EMULATOR_ACCOUNT: &str = "firebase-auth-emulator@example.com";

/// Which claim names may be minted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Minting {
    /// All 16 reserved names are refused, as in Go and Python, so that the exchange accepts the token.
    #[default]
    Strict,
    /// The names that the Node Admin SDK refuses: it mints `sub` and `firebase`, which the exchange then refuses.
    NodeCompatible,
}

/// Why a custom token cannot be minted. `Display` gives the official text; the official code is `auth/argument-error`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The id is empty or not a string.
    #[error("`uid` argument must be a non-empty string uid.")]
    Uid,
    /// The id is longer than 128 UTF-16 code units.
    #[error("`uid` argument must a uid with less than or equal to 128 characters.")]
    LongUid,
    /// The claims are not a JSON object.
    #[error("`developerClaims` argument must be a valid, non-null object containing the developer claims.")]
    Claims,
    /// A claim has a reserved name.
    #[error("Developer claim \"{0}\" is reserved and cannot be specified.")]
    Reserved(String),
    /// The tenant is empty or not a string.
    #[error("`tenantId` argument must be a non-empty string.")]
    Tenant,
    /// The lifetime is zero or longer than an hour.
    #[error("invalid lifetime: a custom token lives 1 to 3600 seconds")]
    Lifetime,
    /// The key cannot sign.
    #[error("cannot sign the token: {0}")]
    Signing(String),
}

impl MintError {
    /// The official code.
    pub fn code(&self) -> &'static str {
        "auth/argument-error"
    }
}

/// A custom token before it is signed: the user and the claims.
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
    /// A token for the user with that id, a string of 1 to 128 characters. Minting refuses any other id.
    pub fn new(uid: impl Into<Json>) -> Self {
        CustomToken {
            uid: uid.into(),
            claims: None,
            tenant: None,
            lifetime: Duration::from_secs(CUSTOM_TOKEN_LIFETIME),
            minting: Minting::Strict,
        }
    }

    /// Sets the claims for the user's ID tokens, a JSON object; an empty object is left out. As in the SDKs, their size
    /// is not limited.
    #[must_use]
    pub fn claims(mut self, claims: impl Into<Json>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// Sets the tenant of a multi-tenant project.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<Json>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Sets the lifetime, in whole seconds: at most an hour, which is the default.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets which claim names may be minted.
    #[must_use]
    pub fn minting(mut self, minting: Minting) -> Self {
        self.minting = minting;
        self
    }

    /// The payload of the token, issued at `now` by a service account, which is named by its e-mail address.
    ///
    /// # Errors
    ///
    /// The id, the claims, the tenant or the lifetime are invalid.
    pub fn payload(&self, service_account: &str, now: Timestamp) -> Result<Claims, MintError> {
        // The Node SDK checks the tenant first.
        let tenant = match &self.tenant {
            None => None,
            Some(Json::String(tenant)) if !tenant.is_empty() => Some(tenant),
            Some(_) => return Err(MintError::Tenant),
        };
        let uid = match &self.uid {
            Json::String(uid) if !uid.is_empty() => uid,
            _ => return Err(MintError::Uid),
        };
        if ecmascript::utf16_length(uid) > MAX_UID {
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

    /// The unsigned token that the Admin SDK mints for the Auth emulator.
    ///
    /// # Errors
    ///
    /// As for [`payload`](CustomToken::payload).
    pub fn unsigned(&self, now: Timestamp) -> Result<String, MintError> {
        Ok(jws::unsigned(self.payload(EMULATOR_ACCOUNT, now)?.as_object()))
    }

    /// The token, signed with the key of a service account.
    ///
    /// # Errors
    ///
    /// As for [`payload`](CustomToken::payload), and a key that cannot sign.
    #[cfg(feature = "verify")]
    pub fn sign(&self, account: &super::ServiceAccount, now: Timestamp) -> Result<String, MintError> {
        let payload = self.payload(account.email(), now)?;
        account.signer().sign(&payload).map_err(|error| MintError::Signing(error.to_string()))
    }
}

/// Whether the text looks like a bare JSON object, which the Auth emulator accepts as a custom token.
pub(super) fn is_bare_json(token: &str) -> bool {
    token.starts_with('{')
}

/// The message of the Auth emulator for another audience.
pub(super) fn wrong_audience(audience: Option<&Json>) -> String {
    let got = ecmascript::to_string(audience);
    format!(
        "INVALID_CUSTOM_TOKEN : ((Invalid aud (audience): {got} Note: Firebase ID Tokens / third-party tokens cannot be \
         used with signInWithCustomToken.))"
    )
}
