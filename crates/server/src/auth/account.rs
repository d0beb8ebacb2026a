//! Accounts, in the form in which the API shows them, and as the engine's records.

use std::collections::BTreeMap;

use firewarden::{
    Timestamp,
    auth::{EnrolledFactor, ProviderAccount, UserRecord, blocking::UserUpdates, custom_claims},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::ids;

/// An account. What was never set is absent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// The id.
    pub local_id: String,
    /// The time of creation in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The time of the last sign-in in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<String>,
    /// The time of the last token, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_refresh_at: Option<String>,
    /// The e-mail address, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the address is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// Whether the user signed in with a link in an e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_link_signin: Option<bool>,
    /// The first address, which a change of address can be taken back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_email: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The address of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo_url: Option<String>,
    /// The phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether sign-ins are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Whether the user signed in with a custom token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_auth: Option<bool>,
    /// Custom claims, as the text of a JSON object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<String>,
    /// `fakeHash:salt=SALT:password=PASSWORD`, or an imported hash, which no password fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// The salt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The time of the last change of the password in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_updated_at: Option<f64>,
    /// Tokens that were issued before this second are revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_since: Option<String>,
    /// The tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The user's login at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen_name: Option<String>,
    /// The ways to sign in; absent in an account that never had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_user_info: Option<Vec<ProviderInfo>>,
    /// Second factors; absent in an account that never had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_info: Option<Vec<Factor>>,
    /// Passkeys; absent in an account that never had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkey_info: Option<Vec<Passkey>>,
}

/// A credential that a device of the user keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Passkey {
    /// The id.
    pub credential_id: String,
    /// The name that the user chose.
    pub name: String,
}

/// A way to sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProviderInfo {
    /// `password`, `phone`, `google.com` …
    pub provider_id: String,
    /// The user's id at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_id: Option<String>,
    /// The same id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub federated_id: Option<String>,
    /// The address at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The picture at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo_url: Option<String>,
    /// The number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// The login at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen_name: Option<String>,
}

/// A second factor.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Factor {
    /// The id of the enrolment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_enrollment_id: Option<String>,
    /// The name that the user chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_info: Option<String>,
    /// The number, which administrators see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unobfuscated_phone_info: Option<String>,
    /// When the factor was enrolled, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolled_at: Option<String>,
    /// What else was given.
    #[serde(flatten)]
    pub others: BTreeMap<String, Json>,
}

impl Factor {
    /// A phone that is enrolled.
    pub fn phone(id: String, number: String, display_name: Option<String>, enrolled_at: Option<String>) -> Self {
        Factor {
            mfa_enrollment_id: Some(id),
            display_name,
            unobfuscated_phone_info: Some(number.clone()),
            phone_info: Some(number),
            enrolled_at,
            others: BTreeMap::new(),
        }
    }
}

impl Account {
    /// An account that is created at `now` and has nothing yet.
    pub fn new(local_id: String, now: Timestamp) -> Self {
        let millis = Some(now.to_millis().to_string());
        Account { local_id, created_at: millis.clone(), last_login_at: millis, ..Account::default() }
    }

    /// Sets the password, with a salt of the caller's or a new one. Tokens from before are then revoked.
    pub fn set_password(&mut self, password: &str, salt: Option<String>, now: Timestamp) {
        let salt = salt.unwrap_or_else(|| format!("fakeSalt{}", ids::alphanumeric(20)));
        self.password_hash = Some(hash(password, &salt));
        self.salt = Some(salt);
        self.password_updated_at = Some(now.to_millis() as f64);
        self.revoke(now);
    }

    /// Removes the password.
    pub fn clear_password(&mut self) {
        self.password_hash = None;
        self.salt = None;
    }

    /// Whether the password is this one.
    pub fn has_password(&self, password: &str) -> bool {
        match (&self.password_hash, &self.salt) {
            (Some(found), Some(salt)) => *found == hash(password, salt),
            _ => false,
        }
    }

    /// Revokes the tokens that were issued before now.
    pub fn revoke(&mut self, now: Timestamp) {
        self.valid_since = Some(now.unix_seconds().to_string());
    }

    /// Whether sign-ins are refused.
    pub fn is_disabled(&self) -> bool {
        self.disabled == Some(true)
    }

    /// The custom claims; none for a text that is no object.
    pub fn claims(&self) -> Map<String, Json> {
        let parsed = self.custom_attributes.as_deref().and_then(|text| serde_json::from_str(text).ok());
        parsed.unwrap_or_default()
    }

    /// The ways to sign in.
    pub fn providers(&self) -> &[ProviderInfo] {
        self.provider_user_info.as_deref().unwrap_or_default()
    }

    /// The entry of a provider.
    pub fn provider(&self, id: &str) -> Option<&ProviderInfo> {
        self.providers().iter().find(|info| info.provider_id == id)
    }

    /// The second factors.
    pub fn factors(&self) -> &[Factor] {
        self.mfa_info.as_deref().unwrap_or_default()
    }

    /// Removes the entries of providers.
    pub fn remove_providers(&mut self, is_removed: impl Fn(&str) -> bool) {
        if let Some(all) = &mut self.provider_user_info {
            all.retain(|info| !is_removed(&info.provider_id));
        }
    }

    /// Sets the entry of a provider in its place, or as the last.
    pub fn set_provider(&mut self, info: ProviderInfo) {
        let all = self.provider_user_info.get_or_insert_default();
        match all.iter_mut().find(|known| known.provider_id == info.provider_id) {
            Some(known) => *known = info,
            None => all.push(info),
        }
    }

    /// Makes the entries of `password` and `phone` those of the account's address and number.
    pub fn update_providers(&mut self) {
        match &self.email {
            Some(email) if self.password_hash.is_some() || self.email_link_signin == Some(true) => {
                self.set_provider(ProviderInfo {
                    provider_id: "password".to_owned(),
                    raw_id: Some(email.clone()),
                    federated_id: Some(email.clone()),
                    email: Some(email.clone()),
                    display_name: self.display_name.clone(),
                    photo_url: self.photo_url.clone(),
                    ..ProviderInfo::default()
                });
            }
            _ => self.remove_providers(|id| id == "password"),
        }
        match &self.phone_number {
            Some(number) => self.set_provider(ProviderInfo {
                provider_id: "phone".to_owned(),
                raw_id: Some(number.clone()),
                phone_number: Some(number.clone()),
                ..ProviderInfo::default()
            }),
            None => self.remove_providers(|id| id == "phone"),
        }
    }

    /// The time of the last sign-in, or else of the last token: the claim `auth_time`.
    pub fn signed_in_at(&self) -> Option<Timestamp> {
        let refreshed = || self.last_refresh_at.as_deref().and_then(|text| text.parse().ok());
        millis(&self.last_login_at).or_else(refreshed)
    }

    /// The account as the engine knows it.
    pub fn record(&self) -> UserRecord {
        let provider = |info: &ProviderInfo| ProviderAccount {
            provider_id: info.provider_id.clone(),
            raw_id: info.raw_id.clone(),
            display_name: info.display_name.clone(),
            photo_url: info.photo_url.clone(),
            email: info.email.clone(),
            phone_number: info.phone_number.clone(),
        };
        let factor = |factor: &Factor| EnrolledFactor {
            uid: factor.mfa_enrollment_id.clone().unwrap_or_default(),
            display_name: factor.display_name.clone(),
            phone_number: factor.phone_info.clone(),
            enrolled_at: factor.enrolled_at.clone(),
        };
        let valid_since = self.valid_since.as_deref().and_then(|text| text.parse().ok());
        UserRecord {
            uid: self.local_id.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            phone_number: self.phone_number.clone(),
            display_name: self.display_name.clone(),
            photo_url: self.photo_url.clone(),
            disabled: self.is_disabled(),
            custom_claims: self.claims(),
            tenant_id: self.tenant_id.clone(),
            providers: self.providers().iter().map(provider).collect(),
            second_factors: self.factors().iter().map(factor).collect(),
            valid_since: valid_since.and_then(|second| Timestamp::from_secs(second).ok()),
            created_at: millis(&self.created_at),
            last_sign_in_at: millis(&self.last_login_at),
        }
    }

    /// Makes the changes that a blocking function asks for.
    pub fn apply(&mut self, updates: &UserUpdates) {
        if let Some(name) = &updates.display_name {
            self.display_name.clone_from(name);
        }
        if let Some(address) = &updates.photo_url {
            self.photo_url.clone_from(address);
        }
        self.disabled = updates.disabled.or(self.disabled);
        self.email_verified = updates.email_verified.or(self.email_verified);
        if let Some(claims) = &updates.custom_claims {
            self.custom_attributes = Some(custom_claims::to_attributes(claims));
        }
    }
}

/// The hash of a password, which shows it.
fn hash(password: &str, salt: &str) -> String {
    format!("fakeHash:salt={salt}:password={password}")
}

fn millis(text: &Option<String>) -> Option<Timestamp> {
    Timestamp::from_millis(text.as_deref()?.parse().ok()?).ok()
}

/// Whether a text is an e-mail address: one `@` with something on both sides.
pub fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// Whether a text is a phone number: it begins with `+`.
pub fn is_phone_number(text: &str) -> bool {
    text.starts_with('+')
}

/// Whether a password is long enough, in the units of JavaScript.
pub fn is_strong(password: &str) -> bool {
    password.encode_utf16().count() >= 6
}

/// A phone number in which only the last four digits show.
pub fn masked(number: &str) -> String {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let mut left = digits.saturating_sub(4);
    let mask = |c: char| {
        let hide = c.is_ascii_digit() && left > 0;
        left -= usize::from(hide);
        if hide { '*' } else { c }
    };
    number.chars().map(mask).collect()
}
