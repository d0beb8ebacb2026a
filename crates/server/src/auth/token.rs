//! Tokens: those that the server issues, and those that it reads.

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use firewarden::auth::{SecondFactor, Session};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::clock::iso_time;

use super::{
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
    project::Scope,
};

/// How a user signed in: what a session keeps beside the account.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// `password`, `custom`, `google.com` …
    pub provider: String,
    /// Claims of a custom token or of a blocking function.
    pub claims: Map<String, Json>,
    /// The second factor.
    pub second_factor: Option<SecondFactor>,
    /// Attributes of a SAML assertion, which a refresh loses.
    pub attributes: Option<Json>,
}

impl SignIn {
    /// A sign-in with a provider.
    pub fn new(provider: impl Into<String>) -> Self {
        SignIn { provider: provider.into(), ..SignIn::default() }
    }
}

/// What a refresh token holds. Clients do not look into it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefreshToken {
    #[serde(rename = "_AuthEmulatorRefreshToken")]
    marker: String,
    /// The account.
    pub local_id: String,
    /// How the user signed in.
    pub provider: String,
    /// Claims of the session.
    #[serde(default)]
    pub extra_claims: Map<String, Json>,
    /// The project.
    pub project_id: String,
    /// The second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<Factor>,
    /// The tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
}

/// A second factor.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Factor {
    identifier: String,
    provider: String,
}

/// What a client holds between its first factor and its second.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingCredential {
    #[serde(rename = "_AuthEmulatorMfaPendingCredential")]
    marker: String,
    /// The account.
    pub local_id: String,
    /// The first factor.
    pub sign_in_provider: String,
    /// The project.
    pub project_id: String,
    /// The tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
}

const MARKER: &str = "DO NOT MODIFY";

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn encode(record: &impl Serialize) -> String {
    // Records have no maps with keys that are no texts, so that writing them cannot fail.
    STANDARD.encode(serde_json::to_vec(record).unwrap_or_default())
}

impl RefreshToken {
    /// Reads a refresh token; `None` for any other text.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&LENIENT.decode(text).ok()?).ok()
    }

    /// The sign-in that it continues.
    pub fn sign_in(&self) -> SignIn {
        SignIn {
            provider: self.provider.clone(),
            claims: self.extra_claims.clone(),
            second_factor: self
                .second_factor
                .clone()
                .map(|Factor { provider, identifier }| SecondFactor { provider, identifier }),
            attributes: None,
        }
    }
}

/// The tenant of a refresh token.
pub fn tenant_of_refresh_token(text: &str) -> Option<String> {
    RefreshToken::decode(text)?.tenant_id
}

impl PendingCredential {
    /// The credential of a first factor.
    pub fn new(call: &Call, local_id: &str, provider: &str) -> Self {
        PendingCredential {
            marker: MARKER.to_owned(),
            local_id: local_id.to_owned(),
            sign_in_provider: provider.to_owned(),
            project_id: call.project.id.clone(),
            tenant_id: call.tenant.clone(),
        }
    }

    /// The text for the client.
    pub fn encode(&self) -> String {
        encode(self)
    }

    /// Reads a text of a client.
    pub fn decode(text: &str) -> Result<Self, Refusal> {
        let read = || serde_json::from_slice(&LENIENT.decode(text).ok()?).ok();
        read().ok_or_else(|| Refusal::new_400("((Invalid phoneVerificationInfo.mfaPendingCredential.))"))
    }
}

/// The tokens of a session.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The ID token.
    pub id_token: String,
    /// The refresh token.
    pub refresh_token: String,
}

impl Call {
    /// Issues tokens for an account and notes the time.
    pub fn issue(&self, scope: &mut Scope<'_>, id: &str, sign_in: &SignIn) -> Result<Tokens, Refusal> {
        let now = self.clock.now();
        let touched = scope.pool_mut().touch(id, |account| account.last_refresh_at = Some(iso_time(now)));
        let account = touched.ok_or_else(|| Refusal::new_400("USER_NOT_FOUND"))?;
        let session = Session {
            provider: sign_in.provider.clone(),
            signed_in_at: account.signed_in_at().unwrap_or(now),
            claims: sign_in.claims.clone(),
            second_factor: sign_in.second_factor.clone(),
            tenant: self.tenant.clone(),
            sign_in_attributes: sign_in.attributes.clone(),
        };
        let claims = session.id_token(&account.record(), &self.project.id, now)?;
        self.trace.token(&claims);
        let second_factor = sign_in.second_factor.clone();
        let refresh = RefreshToken {
            marker: MARKER.to_owned(),
            local_id: id.to_owned(),
            provider: sign_in.provider.clone(),
            extra_claims: sign_in.claims.clone(),
            project_id: self.project.id.clone(),
            second_factor: second_factor.map(|SecondFactor { provider, identifier }| Factor { identifier, provider }),
            tenant_id: self.tenant.clone(),
        };
        Ok(Tokens { id_token: self.auth.sign(&claims)?, refresh_token: encode(&refresh) })
    }

    /// The account and the sign-in of the ID token, without which the request is refused.
    pub fn required_user(&self, scope: &Scope<'_>, token: &Option<Text>) -> Result<(String, SignIn), Refusal> {
        match given(token) {
            Some(_) => self.signed_in(scope),
            None => refuse("MISSING_ID_TOKEN"),
        }
    }

    /// The account of the ID token, if the request has one: what it signs in with is linked to that account.
    pub fn linked_user(&self, scope: &Scope<'_>, token: &Option<Text>) -> Result<Option<String>, Refusal> {
        given(token).map(|_| self.signed_in(scope).map(|(id, _)| id)).transpose()
    }

    /// The account and the sign-in of the request's ID token.
    pub fn signed_in(&self, scope: &Scope<'_>) -> Result<(String, SignIn), Refusal> {
        let Some(claims) = &self.id_token else { return refuse("INVALID_ID_TOKEN") };
        let Some(id) = claims.text("user_id") else { return refuse("INVALID_ID_TOKEN") };
        let text = |name: &str| claims.firebase(name).and_then(Json::as_str).map(str::to_owned);
        if text("tenant") != self.tenant {
            return match self.tenant {
                None => refuse("((Parsed token that belongs to tenant in a non-tenant project.))"),
                Some(_) => refuse("TENANT_ID_MISMATCH"),
            };
        }
        let account = scope.account(id)?;
        let valid_since = account.valid_since.as_deref().and_then(|second| second.parse::<f64>().ok());
        let issued = claims.number("iat").unwrap_or_default();
        if valid_since.is_some_and(|since| since > issued) {
            return refuse("TOKEN_EXPIRED");
        }
        if account.is_disabled() {
            return refuse("USER_DISABLED");
        }
        let second_factor = text("sign_in_second_factor").zip(text("second_factor_identifier"));
        Ok((
            id.to_owned(),
            SignIn {
                provider: text("sign_in_provider").unwrap_or_default(),
                claims: Map::new(),
                second_factor: second_factor.map(|(provider, identifier)| SecondFactor { provider, identifier }),
                attributes: None,
            },
        ))
    }
}

impl Answer {
    /// Adds the tokens of a session, and how long the first lives.
    pub fn tokens(self, tokens: Tokens) -> Self {
        self.bare_tokens(tokens).with("expiresIn", "3600")
    }

    /// Adds the tokens of a session.
    pub fn bare_tokens(self, tokens: Tokens) -> Self {
        self.with("idToken", tokens.id_token).with("refreshToken", tokens.refresh_token)
    }
}
