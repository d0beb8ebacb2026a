//! The exchange of a custom token for a session: `signInWithCustomToken` (identity specification, section 1.4).

use serde_json::{Map, Value as Json};

use crate::value::Timestamp;

use super::{
    Claims, Session, TokenKind, UserRecord, VerifiedToken,
    custom_token::{CUSTOM_TOKEN_AUDIENCE, is_bare_json, wrong_audience},
    ecmascript, jws,
    reserved::forbidden_claim,
    server_error::ServerError,
};

/// The result of a sign-in.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedIn {
    /// The account as it is stored after the sign-in.
    pub user: UserRecord,
    /// Whether this sign-in created the account.
    pub is_new: bool,
    /// The session, which issues later ID tokens.
    pub session: Session,
    /// The claims of the first ID token.
    pub claims: Claims,
}

/// A project that exchanges custom tokens for ID tokens. This exchange calls no blocking functions.
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

    /// Restricts the exchange to a tenant: it then accepts only tokens that were minted for it.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Signs in with a verified custom token, from a `Verifier` made by `custom_tokens`. `find` looks up the stored
    /// account by id; if it returns `None`, the account is created.
    ///
    /// # Errors
    ///
    /// 400 with the official text, for another kind of token, reserved claims, another tenant, or a disabled user.
    pub fn verified(
        &self,
        token: &VerifiedToken,
        find: impl FnOnce(&str) -> Option<UserRecord>,
        now: Timestamp,
    ) -> Result<SignedIn, ServerError> {
        if token.kind() != TokenKind::CustomToken {
            return Err(ServerError::bad_request("INVALID_CUSTOM_TOKEN : this is another kind of token"));
        }
        // How the service answers a tenant's token outside a tenant is not known: fail closed.
        if token.claims().get("tenant_id").and_then(Json::as_str) != self.tenant.as_deref() {
            return Err(ServerError::bad_request("TENANT_ID_MISMATCH"));
        }
        self.sign_in(token.claims().as_object(), find, now)
    }

    /// Signs in as the Auth emulator does: it accepts any algorithm and any signature, checks only the audience, and
    /// takes a bare JSON object as well. For tests and replacements of the emulator only.
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
        let payload = match jws::read_leniently(token) {
            Ok((_, Json::Object(payload))) => Some(payload),
            _ => None,
        };
        // The emulator compares the tenant before anything else, and ignores it in bare JSON.
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
        let uid = ecmascript::primitive_to_string(payload.get("uid"))
            .or_else(|| ecmascript::primitive_to_string(payload.get("user_id")));
        let Some(uid) = uid.filter(|uid| !uid.is_empty()) else {
            return Err(ServerError::bad_request("MISSING_IDENTIFIER"));
        };
        let mut session = Session::new("custom", now);
        session.tenant.clone_from(&self.tenant);
        match payload.get("claims") {
            None => {}
            Some(Json::Object(claims)) => {
                if let Some(name) = forbidden_claim(claims) {
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
