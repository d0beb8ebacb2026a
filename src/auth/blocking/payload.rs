//! The payload of the token that a blocking function receives, made of the account, its sign-in and the tokens of the
//! identity provider (identity specification, section 4.1).

use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::{Event, Profile};
use crate::{
    auth::{Claims, UserRecord, policy::ID_TOKEN_ISSUER},
    value::Timestamp,
};

/// The lifetime of the token, in seconds.
const LIFETIME: i64 = 600;

/// Details of a sign-in that the event contains.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// The IP address of the client.
    pub ip_address: String,
    /// The client's `User-Agent`.
    pub user_agent: String,
    /// The client's language.
    pub locale: String,
    /// The provider's information about the user, as JSON text.
    pub raw_user_info: Option<String>,
    /// Attributes of a SAML assertion, or claims of an OpenID provider.
    pub sign_in_attributes: Option<Json>,
    /// Tokens of the provider, if the project forwards them.
    pub oauth: OAuthTokens,
    /// The reCAPTCHA score of the client, 0 to 1.
    pub recaptcha_score: Option<f64>,
}

/// The details that the Auth emulator sends.
impl Default for Details {
    fn default() -> Self {
        Details {
            ip_address: "127.0.0.1".to_owned(),
            user_agent: "NotYetSupportedInFirebaseAuthEmulator".to_owned(),
            locale: "en".to_owned(),
            raw_user_info: None,
            sign_in_attributes: None,
            oauth: OAuthTokens::default(),
            recaptcha_score: None,
        }
    }
}

/// Tokens of a provider. `Debug` does not print them.
#[derive(Clone, Default, PartialEq)]
pub struct OAuthTokens {
    /// An ID token.
    pub id_token: Option<String>,
    /// An access token.
    pub access_token: Option<String>,
    /// A refresh token.
    pub refresh_token: Option<String>,
    /// The secret of OAuth 1.
    pub token_secret: Option<String>,
    /// The time until the access token expires; the payload has it in whole seconds.
    pub expires_in: Option<Duration>,
}

impl std::fmt::Debug for OAuthTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuthTokens").finish_non_exhaustive()
    }
}

/// The e-mail or text message that an event is about. Such events have no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// An e-mail: the address, and `EMAIL_SIGN_IN` or `PASSWORD_RESET`.
    Email {
        /// The address.
        to: String,
        /// Its type.
        kind: String,
    },
    /// A text message: the number, and `SIGN_IN_OR_SIGN_UP`, `MULTI_FACTOR_SIGN_IN` or `MULTI_FACTOR_ENROLLMENT`.
    Sms {
        /// The number.
        to: String,
        /// Its type.
        kind: String,
    },
}

/// Builds payloads from what all events of a flow share.
pub(super) struct PayloadBuilder<'a> {
    pub(super) project: &'a str,
    pub(super) url: &'a str,
    pub(super) event_id: &'a str,
    pub(super) tenant: Option<&'a str>,
    pub(super) details: &'a Details,
    pub(super) profile: Profile,
    pub(super) now: Timestamp,
}

impl PayloadBuilder<'_> {
    fn common_claims(&self, event: Event) -> Map<String, Json> {
        let mut payload = Map::new();
        insert_some(&mut payload, "iss", Some(format!("{ID_TOKEN_ISSUER}{}", self.project)));
        insert_some(&mut payload, "aud", Some(self.url));
        insert_some(&mut payload, "iat", Some(self.now.unix_seconds()));
        insert_some(&mut payload, "exp", Some(self.now.unix_seconds().saturating_add(LIFETIME)));
        insert_some(&mut payload, "event_id", Some(self.event_id));
        insert_some(&mut payload, "event_type", Some(event.name()));
        insert_some(&mut payload, "user_agent", Some(self.details.user_agent.as_str()));
        insert_some(&mut payload, "ip_address", Some(self.details.ip_address.as_str()));
        insert_some(&mut payload, "locale", Some(self.details.locale.as_str()));
        insert_some(&mut payload, "recaptcha_score", self.details.recaptcha_score);
        insert_some(&mut payload, "tenant_id", self.tenant);
        payload
    }

    /// The payload of an event about a user.
    pub(super) fn user(&self, event: Event, user: &UserRecord, method: &str, second_factor: Option<&str>) -> Claims {
        let mut payload = self.common_claims(event);
        insert_some(&mut payload, "sub", Some(user.uid.as_str()));
        insert_some(&mut payload, "sign_in_method", Some(method));
        insert_some(&mut payload, "sign_in_second_factor", second_factor);
        // The emulator sends a string, where the SDK expects an object.
        let attributes = self.details.sign_in_attributes.as_ref().map(|attributes| match self.profile {
            Profile::Production => attributes.clone(),
            Profile::Emulator => json!(attributes.to_string()),
        });
        insert_some(&mut payload, "sign_in_attributes", attributes);
        insert_some(&mut payload, "raw_user_info", self.details.raw_user_info.as_deref());
        let oauth = &self.details.oauth;
        insert_some(&mut payload, "oauth_id_token", oauth.id_token.as_deref());
        insert_some(&mut payload, "oauth_access_token", oauth.access_token.as_deref());
        insert_some(&mut payload, "oauth_refresh_token", oauth.refresh_token.as_deref());
        insert_some(&mut payload, "oauth_token_secret", oauth.token_secret.as_deref());
        insert_some(&mut payload, "oauth_expires_in", oauth.expires_in.map(|left| left.as_secs()));
        insert_some(&mut payload, "user_record", Some(self.user_record(user)));
        Claims::from(payload)
    }

    /// The payload of an event about a message.
    pub(super) fn message(&self, message: &Message) -> Claims {
        let (event, fields) = match message {
            Message::Email { to, kind } => (Event::BeforeSendEmail, [("email", to), ("email_type", kind)]),
            Message::Sms { to, kind } => (Event::BeforeSendSms, [("phone_number", to), ("sms_type", kind)]),
        };
        let mut payload = self.common_claims(event);
        for (name, value) in fields {
            insert_some(&mut payload, name, Some(value.as_str()));
        }
        Claims::from(payload)
    }

    fn user_record(&self, user: &UserRecord) -> Json {
        let mut record = Map::new();
        insert_some(&mut record, "uid", Some(user.uid.as_str()));
        insert_some(&mut record, "email", user.email.as_deref());
        insert_some(&mut record, "email_verified", user.email_verified);
        insert_some(&mut record, "display_name", user.display_name.as_deref());
        insert_some(&mut record, "photo_url", user.photo_url.as_deref());
        insert_some(&mut record, "disabled", Some(user.disabled));
        insert_some(&mut record, "phone_number", user.phone_number.as_deref());
        insert_some(&mut record, "custom_claims", Some(user.custom_claims.clone()));
        insert_some(&mut record, "tenant_id", self.tenant);
        let providers = user.providers.iter().map(|account| {
            let mut provider = Map::new();
            insert_some(&mut provider, "provider_id", Some(account.provider_id.as_str()));
            insert_some(&mut provider, "display_name", account.display_name.as_deref());
            insert_some(&mut provider, "photo_url", account.photo_url.as_deref());
            insert_some(&mut provider, "email", account.email.as_deref());
            insert_some(&mut provider, "uid", account.raw_id.as_deref());
            insert_some(&mut provider, "phone_number", account.phone_number.as_deref());
            Json::Object(provider)
        });
        insert_some(&mut record, "provider_data", Some(providers.collect::<Json>()));
        if !user.second_factors.is_empty() {
            let factors = user.second_factors.iter().map(|enrolled| {
                let mut factor = Map::new();
                insert_some(&mut factor, "uid", Some(enrolled.uid.as_str()));
                insert_some(&mut factor, "display_name", enrolled.display_name.as_deref());
                insert_some(&mut factor, "enrollment_time", enrolled.enrolled_at.as_deref());
                insert_some(&mut factor, "phone_number", enrolled.phone_number.as_deref());
                insert_some(&mut factor, "factor_id", Some("phone"));
                Json::Object(factor)
            });
            insert_some(&mut record, "multi_factor", Some(json!({ "enrolled_factors": factors.collect::<Json>() })));
        }
        if user.last_sign_in_at.is_some() || user.created_at.is_some() {
            let millis = |at: Option<Timestamp>| at.map(Timestamp::to_millis);
            let mut metadata = Map::new();
            insert_some(&mut metadata, "last_sign_in_time", millis(user.last_sign_in_at));
            insert_some(&mut metadata, "creation_time", millis(user.created_at));
            insert_some(&mut record, "metadata", Some(metadata));
        }
        insert_some(&mut record, "tokens_valid_after_time", user.valid_since.map(Timestamp::unix_seconds));
        Json::Object(record)
    }
}

fn insert_some(fields: &mut Map<String, Json>, name: &str, value: Option<impl Into<Json>>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value.into());
    }
}
