//! The account of the option `--user`.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::input::InputError;
use firewarden::auth::{ProviderAccount, UserRecord, custom_claims};

/// Field names are those of the Auth emulator; a misspelt one is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct StoredAccount {
    email: Option<String>,
    email_verified: Option<bool>,
    phone_number: Option<String>,
    display_name: Option<String>,
    photo_url: Option<String>,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    custom_claims: Map<String, Json>,
    #[serde(default)]
    providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Provider {
    provider_id: String,
    raw_id: Option<String>,
}

impl StoredAccount {
    /// Reads the account, and checks its custom claims.
    pub(super) fn read(json: Json) -> Result<UserRecord, InputError> {
        let stated: StoredAccount =
            serde_json::from_value(json).map_err(|error| InputError(format!("--user: {error}")))?;
        custom_claims::check(&Json::Object(stated.custom_claims.clone()))
            .map_err(|error| InputError(format!("--user: customClaims: {error} ({})", error.code())))?;
        let provider = |provider: Provider| ProviderAccount {
            provider_id: provider.provider_id,
            raw_id: provider.raw_id,
            ..ProviderAccount::default()
        };
        Ok(UserRecord {
            email_verified: stated.email_verified.or(stated.email.as_ref().map(|_| false)),
            email: stated.email.map(|email| email.to_lowercase()),
            phone_number: stated.phone_number,
            display_name: stated.display_name,
            photo_url: stated.photo_url,
            disabled: stated.disabled,
            custom_claims: stated.custom_claims,
            providers: stated.providers.into_iter().map(provider).collect(),
            ..UserRecord::default()
        })
    }
}
