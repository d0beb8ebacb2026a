//! Accounts, as Firebase Authentication stores them and as checks ask for them.

use serde_json::{Map, Value as Json, json};

use crate::value::Timestamp;

/// An account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserRecord {
    /// The id, 1 to 128 characters.
    pub uid: String,
    /// The e-mail address, in lower case.
    pub email: Option<String>,
    /// Whether the address is verified; nothing for accounts that never had one.
    pub email_verified: Option<bool>,
    /// The phone number, in E.164 form.
    pub phone_number: Option<String>,
    /// The name: claim `name`.
    pub display_name: Option<String>,
    /// The picture's address: claim `picture`.
    pub photo_url: Option<String>,
    /// Whether signing in is refused.
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
    /// When the account was made.
    pub created_at: Option<Timestamp>,
    /// When the user last signed in.
    pub last_sign_in_at: Option<Timestamp>,
}

/// A user's account at a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderAccount {
    /// `google.com`, `phone`, `saml.NAME` and so on.
    pub provider_id: String,
    /// The user's id there; accounts without one add nothing to `firebase.identities`.
    pub raw_id: Option<String>,
    /// The name there.
    pub display_name: Option<String>,
    /// The picture there.
    pub photo_url: Option<String>,
    /// The address there.
    pub email: Option<String>,
    /// The phone number there.
    pub phone_number: Option<String>,
}

/// An enrolled second factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrolledFactor {
    /// The enrolment's id.
    pub uid: String,
    /// The name that the user gave it.
    pub display_name: Option<String>,
    /// The phone number.
    pub phone_number: Option<String>,
    /// When it was enrolled, RFC 3339.
    pub enrolled_at: Option<String>,
}

impl UserRecord {
    /// An account with that id and nothing else.
    pub fn new(uid: impl Into<String>) -> Self {
        UserRecord { uid: uid.into(), ..UserRecord::default() }
    }

    /// The values of `firebase.identities`: the address and the ids at other providers.
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

    /// What checks of revocation need to know.
    pub fn standing(&self) -> Standing {
        Standing { disabled: self.disabled, valid_since: self.valid_since }
    }
}

/// Whether a user may still use tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The account is disabled.
    pub disabled: bool,
    /// Sign-ins before this second are revoked.
    pub valid_since: Option<Timestamp>,
}

/// The host's accounts, asked by checks of revocation.
pub trait Accounts {
    /// How a user stands; nothing where there is no such user.
    ///
    /// # Errors
    ///
    /// The host cannot tell. The token is refused then.
    fn standing(&self, uid: &str) -> Result<Option<Standing>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Accounts in memory.
impl<S: std::hash::BuildHasher> Accounts for std::collections::HashMap<String, UserRecord, S> {
    fn standing(&self, uid: &str) -> Result<Option<Standing>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.get(uid).map(UserRecord::standing))
    }
}
