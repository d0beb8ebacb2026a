//! Sessions: what a sign-in leaves behind, and the claims of each ID token that comes from it (identity specification,
//! sections 2.4 and 3.3).

use serde_json::{Map, Value as Json, json};

use crate::value::Timestamp;

use super::{Claims, UserRecord, checks::ID_TOKEN_ISSUER, js, server_error::ServerError};

/// Seconds that an ID token lives.
const ID_TOKEN_LIFETIME: i64 = 3600;

/// Claims that the signer sets itself and refuses to be given.
const SIGNER_CLAIMS: [&str; 4] = ["iss", "aud", "sub", "exp"];

/// A second factor that took part in a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// Its kind, such as `phone`.
    pub provider: String,
    /// The enrolment's id.
    pub identifier: String,
}

/// A sign-in. It lives on with the refresh token: provider, time and the claims that came with it are those of the
/// sign-in, while profile and custom claims are read from the account at each issue.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// `password` (also for e-mail links), `anonymous`, `phone`, `custom`, `google.com`, `saml.NAME` and so on.
    pub provider: String,
    /// When the user signed in: claim `auth_time`, in seconds.
    pub signed_in_at: Timestamp,
    /// Claims of the custom token or session claims of a blocking function. They win over custom claims.
    pub claims: Map<String, Json>,
    /// The second factor, where one took part.
    pub second_factor: Option<SecondFactor>,
    /// The tenant, where the project has some.
    pub tenant: Option<String>,
    /// Attributes of a SAML assertion.
    pub sign_in_attributes: Option<Json>,
}

impl Session {
    /// A sign-in through a provider at that time.
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

    /// The claims of an ID token issued now for this sign-in of a user. Later ones win: name and picture of the profile,
    /// custom claims, claims of the session, address, phone number and the rest of the account, the issuer's own. What
    /// the account lacks is removed, whoever claimed it. Numbers pass through JavaScript: `1.0` becomes `1`.
    ///
    /// # Errors
    ///
    /// 500 where session claims name `iss`, `aud`, `sub` or `exp`, or give `iat` or `nbf` what is no number, as the
    /// emulator answers.
    pub fn id_token(&self, user: &UserRecord, project: &str, now: Timestamp) -> Result<Claims, ServerError> {
        let mut claims = Map::new();
        put(&mut claims, "name", user.display_name.as_deref());
        put(&mut claims, "picture", user.photo_url.as_deref());
        for (name, value) in user.custom_claims.iter().chain(&self.claims) {
            claims.insert(name.clone(), js::renumbered(value));
        }
        put(&mut claims, "email", user.email.as_deref());
        put(&mut claims, "email_verified", user.email_verified);
        put(&mut claims, "phone_number", user.phone_number.as_deref());
        put(&mut claims, "provider_id", (self.provider == "anonymous").then_some("anonymous"));
        put(&mut claims, "auth_time", Some(self.signed_in_at.unix_seconds()));
        put(&mut claims, "user_id", Some(user.uid.as_str()));
        put(&mut claims, "firebase", Some(self.firebase(user)));
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
        put(&mut claims, "iat", Some(issued));
        put(&mut claims, "exp", Some(expires));
        put(&mut claims, "aud", Some(project));
        put(&mut claims, "iss", Some(format!("{ID_TOKEN_ISSUER}{project}")));
        put(&mut claims, "sub", Some(user.uid.as_str()));
        Ok(Claims::from(claims))
    }

    /// The claim `firebase`.
    fn firebase(&self, user: &UserRecord) -> Json {
        let mut firebase = Map::new();
        put(&mut firebase, "identities", Some(user.identities()));
        put(&mut firebase, "sign_in_provider", Some(self.provider.as_str()));
        put(&mut firebase, "sign_in_second_factor", self.second_factor.as_ref().map(|f| f.provider.as_str()));
        put(&mut firebase, "second_factor_identifier", self.second_factor.as_ref().map(|f| f.identifier.as_str()));
        put(&mut firebase, "tenant", self.tenant.as_deref());
        put(&mut firebase, "sign_in_attributes", self.sign_in_attributes.clone());
        Json::Object(firebase)
    }
}

/// Sets what is there and removes what is not.
fn put(claims: &mut Map<String, Json>, name: &str, value: Option<impl Into<Json>>) {
    match value {
        Some(value) => {
            claims.insert(name.to_owned(), value.into());
        }
        None => {
            claims.shift_remove(name);
        }
    }
}
