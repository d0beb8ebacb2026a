//! Sessions, and the claims of the ID tokens that they issue (identity specification, sections 2.4 and 3.3).

use serde_json::{Map, Value as Json, json};

use crate::value::Timestamp;

use super::{Claims, UserRecord, ecmascript, policy::ID_TOKEN_ISSUER, server_error::ServerError};

/// The lifetime of an ID token, in seconds.
const ID_TOKEN_LIFETIME: i64 = 3600;

/// Claims that the signer sets, and that nobody else may set.
const SIGNER_CLAIMS: [&str; 4] = ["iss", "aud", "sub", "exp"];

/// The second factor of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The kind of factor, such as `phone`.
    pub provider: String,
    /// The id of the enrolment.
    pub identifier: String,
}

/// A session, which a refresh token continues. Provider, time and session claims are those of the sign-in; each ID
/// token reads profile and custom claims from the account again.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The sign-in provider: `password` (also for e-mail links), `anonymous`, `phone`, `custom`, `google.com`,
    /// `saml.NAME` …
    pub provider: String,
    /// When the user signed in: the claim `auth_time`, in seconds.
    pub signed_in_at: Timestamp,
    /// Claims of the custom token, or session claims of a blocking function. They override custom claims.
    pub claims: Map<String, Json>,
    /// The second factor, if there was one.
    pub second_factor: Option<SecondFactor>,
    /// The tenant of a multi-tenant project.
    pub tenant: Option<String>,
    /// Attributes of a SAML assertion.
    pub sign_in_attributes: Option<Json>,
}

impl Session {
    /// A session that began at `signed_in_at` with a provider.
    pub fn new(provider: impl Into<String>, signed_in_at: Timestamp) -> Self {
        Session {
            provider: provider.into(),
            signed_in_at,
            claims: Map::new(),
            second_factor: None,
            tenant: None,
            sign_in_attributes: None,
        }
    }

    /// The claims of an ID token that is issued at `now`. Later claims override earlier ones: name and picture of the
    /// profile, custom claims, session claims, then e-mail address, phone number and other claims of the account, then
    /// those of the signer. A claim of the account that it lacks is removed. Numbers are normalized as in JavaScript:
    /// `1.0` becomes `1`.
    ///
    /// # Errors
    ///
    /// 500 as in the emulator, if session claims contain `iss`, `aud`, `sub` or `exp`, or an `iat` or `nbf` that is not
    /// a number.
    pub fn id_token(&self, user: &UserRecord, project: &str, now: Timestamp) -> Result<Claims, ServerError> {
        let mut claims = Map::new();
        set_or_remove(&mut claims, "name", user.display_name.as_deref());
        set_or_remove(&mut claims, "picture", user.photo_url.as_deref());
        for (name, value) in user.custom_claims.iter().chain(&self.claims) {
            claims.insert(name.clone(), ecmascript::normalize_numbers(value));
        }
        set_or_remove(&mut claims, "email", user.email.as_deref());
        set_or_remove(&mut claims, "email_verified", user.email_verified);
        set_or_remove(&mut claims, "phone_number", user.phone_number.as_deref());
        set_or_remove(&mut claims, "provider_id", (self.provider == "anonymous").then_some("anonymous"));
        set_or_remove(&mut claims, "auth_time", Some(self.signed_in_at.unix_seconds()));
        set_or_remove(&mut claims, "user_id", Some(user.uid.as_str()));
        set_or_remove(&mut claims, "firebase", Some(self.firebase_claim(user)));
        if let Some(name) = SIGNER_CLAIMS.into_iter().find(|name| claims.contains_key(*name)) {
            return Err(ServerError::internal(format!("the claim \"{name}\" is the signer's own")));
        }
        if let Some(name) = ["iat", "nbf"].into_iter().find(|name| claims.get(*name).is_some_and(|v| !v.is_number())) {
            return Err(ServerError::internal(format!("\"{name}\" should be a number of seconds")));
        }
        let issued = claims.get("iat").cloned().unwrap_or_else(|| json!(now.unix_seconds()));
        let expires = match issued.as_i64() {
            Some(second) => json!(second.saturating_add(ID_TOKEN_LIFETIME)),
            None => json!(issued.as_f64().unwrap_or_default() + ID_TOKEN_LIFETIME as f64),
        };
        set_or_remove(&mut claims, "iat", Some(issued));
        set_or_remove(&mut claims, "exp", Some(expires));
        set_or_remove(&mut claims, "aud", Some(project));
        set_or_remove(&mut claims, "iss", Some(format!("{ID_TOKEN_ISSUER}{project}")));
        set_or_remove(&mut claims, "sub", Some(user.uid.as_str()));
        Ok(Claims::from(claims))
    }

    /// The claim `firebase`.
    fn firebase_claim(&self, user: &UserRecord) -> Json {
        let mut firebase = Map::new();
        set_or_remove(&mut firebase, "identities", Some(user.identities()));
        set_or_remove(&mut firebase, "sign_in_provider", Some(self.provider.as_str()));
        set_or_remove(&mut firebase, "sign_in_second_factor", self.second_factor.as_ref().map(|f| f.provider.as_str()));
        set_or_remove(
            &mut firebase,
            "second_factor_identifier",
            self.second_factor.as_ref().map(|f| f.identifier.as_str()),
        );
        set_or_remove(&mut firebase, "tenant", self.tenant.as_deref());
        set_or_remove(&mut firebase, "sign_in_attributes", self.sign_in_attributes.clone());
        Json::Object(firebase)
    }
}

/// Sets a claim, or removes it for `None`.
fn set_or_remove(claims: &mut Map<String, Json>, name: &str, value: Option<impl Into<Json>>) {
    match value {
        Some(value) => {
            claims.insert(name.to_owned(), value.into());
        }
        None => {
            claims.shift_remove(name);
        }
    }
}
