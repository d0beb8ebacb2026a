//! The exchange of a custom token for a session: `signInWithCustomToken` (identity specification, section 1.4).

use serde_json::{Map, Value as Json};

use crate::value::Timestamp;

use super::{
    Claims, Session, TokenKind, UserRecord, VerifiedToken, compact,
    custom_token::{CUSTOM_TOKEN_AUDIENCE, is_bare_json, wrong_audience},
    js,
    reserved::forbidden,
    server_error::ServerError,
};

/// A user who just signed in.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedIn {
    /// The account as it is stored now.
    pub user: UserRecord,
    /// Whether this sign-in made it.
    pub is_new: bool,
    /// The sign-in, from which later ID tokens come.
    pub session: Session,
    /// The claims of the first ID token.
    pub claims: Claims,
}

/// A project at which custom tokens are exchanged. Blocking functions are not called by this exchange.
///
/// ```
/// use std::time::SystemTime;
/// use firewarden::auth::{CustomToken, Exchange};
/// use serde_json::json;
///
/// let now = SystemTime::now().into();
/// let token = CustomToken::new("alice").claims(json!({ "premiumAccount": true })).unsigned(now)?;
/// let signed_in = Exchange::new("demo-app").unsigned(&token, |_| None, now)?;
/// assert_eq!(signed_in.claims.get("premiumAccount"), Some(&json!(true)));
/// assert!(signed_in.is_new);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Exchange {
    project: String,
    tenant: Option<String>,
}

impl Exchange {
    /// The exchange of the project with that id.
    pub fn new(project: impl Into<String>) -> Self {
        Exchange { project: project.into(), tenant: None }
    }

    /// The exchange of one tenant: only tokens minted for it.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Signs in with a verified custom token (a `Verifier` made by `custom_tokens`). `find` looks up the stored account by id;
    /// without one it is made.
    ///
    /// # Errors
    ///
    /// 400 with the official text: another kind of token, reserved claims, another tenant, a disabled user.
    pub fn verified(
        &self,
        token: &VerifiedToken,
        find: impl FnOnce(&str) -> Option<UserRecord>,
        now: Timestamp,
    ) -> Result<SignedIn, ServerError> {
        if token.kind() != TokenKind::CustomToken {
            return Err(ServerError::bad_request("INVALID_CUSTOM_TOKEN : this is another kind of token"));
        }
        // The service's answer to a tenant's token where no tenant is asked is not known: fail closed.
        if token.claims().get("tenant_id").and_then(Json::as_str) != self.tenant.as_deref() {
            return Err(ServerError::bad_request("TENANT_ID_MISMATCH"));
        }
        self.sign_in(token.claims().as_object(), find, now)
    }

    /// Signs in as the Auth emulator does: any algorithm, no signature, only the audience is checked; a bare JSON object
    /// will do. For tests and stand-ins of the emulator only.
    ///
    /// # Errors
    ///
    /// 400 with the official text.
    pub fn unsigned(
        &self,
        token: &str,
        find: impl FnOnce(&str) -> Option<UserRecord>,
        now: Timestamp,
    ) -> Result<SignedIn, ServerError> {
        if token.is_empty() {
            return Err(ServerError::bad_request("MISSING_CUSTOM_TOKEN"));
        }
        let invalid = |why: &str| ServerError::bad_request(format!("INVALID_CUSTOM_TOKEN : {why}"));
        if is_bare_json(token) {
            let why = "((Auth Emulator only accepts strict JSON or JWTs as fake custom tokens.))";
            let payload = if token.len() > super::MAX_TOKEN { None } else { serde_json::from_str(token).ok() };
            return self.sign_in(&payload.ok_or_else(|| invalid(why))?, find, now);
        }
        let payload = match compact::read_leniently(token) {
            Ok((_, Json::Object(payload))) => Some(payload),
            _ => None,
        };
        // The emulator compares the tenant before anything else, and of bare JSON not at all.
        let tenant = payload.as_ref().and_then(|payload| payload.get("tenant_id")).and_then(Json::as_str);
        if self.tenant.is_some() && tenant != self.tenant.as_deref() {
            return Err(ServerError::bad_request("TENANT_ID_MISMATCH"));
        }
        let Some(payload) = payload else { return Err(invalid("Invalid assertion format")) };
        if payload.get("aud").and_then(Json::as_str) != Some(CUSTOM_TOKEN_AUDIENCE) {
            return Err(ServerError::bad_request(wrong_audience(payload.get("aud"))));
        }
        self.sign_in(&payload, find, now)
    }

    fn sign_in(
        &self,
        payload: &Map<String, Json>,
        find: impl FnOnce(&str) -> Option<UserRecord>,
        now: Timestamp,
    ) -> Result<SignedIn, ServerError> {
        let uid = js::primitive(payload.get("uid")).or_else(|| js::primitive(payload.get("user_id")));
        let Some(uid) = uid.filter(|uid| !uid.is_empty()) else {
            return Err(ServerError::bad_request("MISSING_IDENTIFIER"));
        };
        let mut session = Session::new("custom", now);
        session.tenant.clone_from(&self.tenant);
        match payload.get("claims") {
            None => {}
            Some(Json::Object(claims)) => {
                if let Some(name) = forbidden(claims) {
                    return Err(ServerError::bad_request(format!("FORBIDDEN_CLAIM : {name}")));
                }
                session.claims.clone_from(claims);
            }
            Some(_) => return Err(ServerError::bad_request("INVALID_CLAIMS")),
        }
        let found = find(&uid);
        let is_new = found.is_none();
        let mut user = found.unwrap_or_else(|| UserRecord {
            tenant_id: self.tenant.clone(),
            created_at: Some(now),
            ..UserRecord::new(uid)
        });
        if user.disabled {
            return Err(ServerError::bad_request("USER_DISABLED"));
        }
        user.last_sign_in_at = Some(now);
        let claims = session.id_token(&user, &self.project, now)?;
        Ok(SignedIn { user, is_new, session, claims })
    }
}
