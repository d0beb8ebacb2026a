//! A chat service of somebody else, played in memory. It knows users by the ids of this project, and lets in who brings a
//! token signed with the secret that both share.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use firewarden::{
    Timestamp,
    auth::{Algorithm, Claims, ErrorCode, HttpsError, Issuer, KeySet, Keys, SignError, Signer, Verifier},
};

/// How long a chat token lives.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The service and the secret.
pub struct Chat {
    signer: Signer,
    verifier: Verifier,
    users: Mutex<HashMap<String, User>>,
}

/// A user of the chat. One who is deleted leaves an entry: tokens outlive their user, and one who comes back under the
/// same id must not bring them back to life.
#[derive(Default)]
struct User {
    name: Option<String>,
    is_deleted: bool,
    /// When an account of this id was last deleted: sign-ins up to this second were for that account.
    deleted_at: Option<Timestamp>,
    /// Chat tokens issued up to this second are revoked.
    revoked_until: Option<Timestamp>,
}

impl Chat {
    /// A service that shares a secret.
    pub fn new(secret: [u8; 32]) -> Result<Self, SignError> {
        let keys = KeySet::from_secret("", &secret).map_err(|_| SignError::Secret)?;
        let verifier = Verifier::issuer(Issuer::signed_only(Algorithm::Hs256), Keys::new(keys));
        Ok(Chat { signer: Signer::from_secret(&secret)?, verifier, users: Mutex::default() })
    }

    fn users(&self) -> std::sync::MutexGuard<'_, HashMap<String, User>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a user, or updates his name.
    pub fn create(&self, uid: &str, claims: &Claims) {
        let mut users = self.users();
        let user = users.entry(uid.to_owned()).or_default();
        user.name = claims.text("name").map(str::to_owned);
        user.is_deleted = false;
    }

    /// Whether the ID token with these claims was issued for an account that has been deleted since.
    pub fn is_of_deleted(&self, uid: &str, claims: &Claims) -> bool {
        let deleted_at = self.users().get(uid).and_then(|user| user.deleted_at);
        // A token that does not say when it was issued proves no new account.
        deleted_at
            .is_some_and(|second| claims.number("iat").is_none_or(|issued| issued <= second.unix_seconds() as f64))
    }

    /// A token with which the user's client talks to the chat service.
    pub fn token(&self, uid: &str, now: Timestamp) -> Result<String, HttpsError> {
        if self.users().get(uid).is_none_or(|user| user.is_deleted) {
            return Err(unknown());
        }
        let mut claims = Claims::new();
        claims.set("user_id", uid);
        claims.set("iat", now.unix_seconds());
        claims.set("exp", now.saturating_add(LIFETIME).unix_seconds());
        self.signer.sign(&claims).map_err(|error| HttpsError::new(ErrorCode::Internal, error.to_string()))
    }

    /// Ends all tokens that the user has.
    pub fn revoke(&self, uid: &str, now: Timestamp) -> Result<(), HttpsError> {
        let mut users = self.users();
        let user = users.get_mut(uid).filter(|user| !user.is_deleted).ok_or_else(unknown)?;
        user.revoked_until = user.revoked_until.max(Some(now));
        Ok(())
    }

    /// Forgets the user, but not that his tokens are worth nothing.
    pub fn delete(&self, uid: &str, now: Timestamp) {
        if let Some(user) = self.users().get_mut(uid) {
            let deleted_at = user.deleted_at.max(Some(now));
            let revoked_until = user.revoked_until.max(Some(now));
            *user = User { name: None, is_deleted: true, deleted_at, revoked_until };
        }
    }

    /// The chat service's own check of a token: the user's id, if it lets him in.
    #[allow(dead_code, reason = "for the tests")]
    pub fn admits(&self, token: &str, now: Timestamp) -> Option<String> {
        let token = self.verifier.verify(token, now).ok()?;
        let uid = token.claims().text("user_id")?;
        let issued = token.claims().number("iat")?;
        let users = self.users();
        let user = users.get(uid).filter(|user| !user.is_deleted)?;
        let is_revoked = user.revoked_until.is_some_and(|until| issued <= until.unix_seconds() as f64);
        (!is_revoked).then(|| uid.to_owned())
    }
}

fn unknown() -> HttpsError {
    HttpsError::new(ErrorCode::NotFound, "the chat service knows no such user")
}
