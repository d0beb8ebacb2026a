//! Accounts as Firebase Authentication stores them, and their status for checks of revocation.

use serde_json::{Map, Value as Json, json};

use crate::value::Timestamp;

/// An account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserRecord {
    /// The id, 1 to 128 characters.
    pub uid: String,
    /// The e-mail address, in lower case.
    pub email: Option<String>,
    /// Whether the address is verified; `None` for accounts that never had one.
    pub email_verified: Option<bool>,
    /// The phone number, in E.164 form.
    pub phone_number: Option<String>,
    /// The name: the claim `name`.
    pub display_name: Option<String>,
    /// The URL of the picture: the claim `picture`.
    pub photo_url: Option<String>,
    /// Whether sign-ins are refused.
    pub disabled: bool,
    /// Custom claims, which each new token carries.
    pub custom_claims: Map<String, Json>,
    /// The tenant of a multi-tenant project.
    pub tenant_id: Option<String>,
    /// Accounts at other providers.
    pub providers: Vec<ProviderAccount>,
    /// Enrolled second factors.
    pub second_factors: Vec<EnrolledFactor>,
    /// Sign-ins before this second are revoked.
    pub valid_since: Option<Timestamp>,
    /// When the account was created.
    pub created_at: Option<Timestamp>,
    /// When the user last signed in.
    pub last_sign_in_at: Option<Timestamp>,
}

/// A user's account at a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderAccount {
    /// `google.com`, `phone`, `saml.NAME` and so on.
    pub provider_id: String,
    /// The user's id at the provider; without one the account is not in `firebase.identities`.
    pub raw_id: Option<String>,
    /// The name at the provider.
    pub display_name: Option<String>,
    /// The URL of the picture at the provider.
    pub photo_url: Option<String>,
    /// The e-mail address at the provider.
    pub email: Option<String>,
    /// The phone number at the provider.
    pub phone_number: Option<String>,
}

/// An enrolled second factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrolledFactor {
    /// The id of the enrolment.
    pub uid: String,
    /// The name that the user chose.
    pub display_name: Option<String>,
    /// The phone number.
    pub phone_number: Option<String>,
    /// When the factor was enrolled, in RFC 3339.
    pub enrolled_at: Option<String>,
}

impl UserRecord {
    /// An account with that id and nothing else.
    pub fn new(uid: impl Into<String>) -> Self {
        UserRecord { uid: uid.into(), ..UserRecord::default() }
    }

    /// The claim `firebase.identities`: the e-mail address and the ids at other providers.
    pub fn identities(&self) -> Json {
        let mut identities = Map::new();
        if let Some(email) = &self.email {
            identities.insert("email".to_owned(), json!([email]));
        }
        for account in self.providers.iter().filter(|account| account.provider_id != "password") {
            let Some(id) = account.raw_id.as_deref().filter(|id| !id.is_empty()) else { continue };
            let ids = identities.entry(account.provider_id.as_str()).or_insert_with(|| json!([]));
            if let Json::Array(ids) = ids {
                ids.push(json!(id));
            }
        }
        Json::Object(identities)
    }

    /// The status for checks of revocation.
    pub fn account_status(&self) -> AccountStatus {
        AccountStatus { disabled: self.disabled, valid_since: self.valid_since }
    }
}

/// Whether tokens of an account are still good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountStatus {
    /// The account is disabled.
    pub disabled: bool,
    /// Sign-ins before this second are revoked.
    pub valid_since: Option<Timestamp>,
}

/// The accounts of the host, for checks of revocation.
pub trait Accounts {
    /// The status of an account; `None` if there is no such user.
    ///
    /// # Errors
    ///
    /// The host cannot read the account. The token is refused then.
    fn status(&self, uid: &str) -> Result<Option<AccountStatus>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Accounts in memory.
impl<S: std::hash::BuildHasher> Accounts for std::collections::HashMap<String, UserRecord, S> {
    fn status(&self, uid: &str) -> Result<Option<AccountStatus>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.get(uid).map(UserRecord::account_status))
    }
}
