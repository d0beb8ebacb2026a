//! The policy of a verifier: which header parameters and claims a token must have, checked in the official order
//! (identity specification, section 2). Signatures are checked in `verify/`, messages are in `token_error.rs`.

use serde_json::Value as Json;

use crate::value::Timestamp;

use super::{
    Accounts, Claims,
    checked_claims::CheckedClaims,
    custom_token::CUSTOM_TOKEN_AUDIENCE,
    ecmascript,
    jws::CompactJws,
    reserved::ReservedNames,
    token_error::{TokenError, TokenFault, TokenKind},
};

/// How strictly a verifier checks header and claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// The documented checks: `exp`, `iat` and `auth_time` are numbers, `iat` and `auth_time` are not in the future,
    /// `kid` is not empty, and `crit` names no extension.
    #[default]
    Strict,
    /// The checks of the Node Admin SDK, which also accepts a missing `exp`, any `iat` and `auth_time`, an empty `kid`
    /// (it tries every key), `crit`, and a missing `sub` in e-mail and SMS events. It checks signature and encoding as
    /// well.
    NodeCompatible,
}

/// The longest lifetime of a custom token, in seconds.
pub(super) const CUSTOM_TOKEN_LIFETIME: u64 = 3600;

/// The largest clock skew, in seconds: the Go SDK allows it.
pub(super) const MAX_SKEW: u64 = 300;

/// The longest user id, in UTF-16 code units.
pub(super) const MAX_UID: usize = 128;

/// The audience and issuer that a token must name.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// The issuer is the prefix followed by the project; the audience is the project.
    Project { issuer: &'static str, project: String },
    /// The audience contains `audience`.
    Blocking { project: String, audience: String },
    /// The audience is a list that contains the project.
    AppCheck { project: String },
    /// The service account is both issuer and subject.
    Custom { service_account: String },
    /// A token of another issuer. `None` accepts any value.
    Foreign { issuer: Option<String>, audience: Option<String>, requires_subject: bool },
}

pub(super) const ID_TOKEN_ISSUER: &str = "https://securetoken.google.com/";
pub(super) const SESSION_COOKIE_ISSUER: &str = "https://session.firebase.google.com/";
pub(super) const APP_CHECK_ISSUER: &str = "https://firebaseappcheck.googleapis.com/";

/// The requirements of a verifier: what it expects in a token, and how strictly it checks.
#[derive(Clone, Debug)]
pub(super) struct TokenPolicy {
    pub(super) kind: TokenKind,
    pub(super) expected: Expected,
    pub(super) algorithm: &'static str,
    pub(super) profile: Profile,
    /// The clock skew that is tolerated, in seconds.
    pub(super) skew: u64,
}

impl TokenPolicy {
    fn error(&self, fault: TokenFault, rest: &str) -> TokenError {
        TokenError::with_docs(self.kind, fault, rest)
    }

    fn incorrect_claim(
        &self,
        fault: TokenFault,
        claim: &str,
        expected: &str,
        got: Option<&Json>,
        more: &str,
    ) -> TokenError {
        let got = ecmascript::to_string(got);
        self.error(fault, &format!("has incorrect {claim} claim. Expected \"{expected}\" but got \"{got}\".{more}"))
    }

    /// Checks key id and algorithm. The verifier fixes the algorithm; the header can only agree.
    pub(super) fn check_header(&self, token: &CompactJws<'_>) -> Result<(), TokenError> {
        let kind = self.kind;
        let is_lenient = self.profile == Profile::NodeCompatible;
        // Node tries every key for an App Check token without a key id.
        let needs_key_id =
            !(matches!(kind, TokenKind::CustomToken | TokenKind::Foreign) || is_lenient && kind == TokenKind::AppCheck);
        // Only Node accepts an empty key id.
        let named = match &token.header.kid {
            Some(Json::String(id)) => !id.is_empty() || is_lenient,
            Some(_) => is_lenient,
            None => false,
        };
        if needs_key_id && !named {
            if token.claims.aud.as_ref().and_then(Json::as_str) == Some(CUSTOM_TOKEN_AUDIENCE) {
                return Err(TokenError::wrong_kind(kind, TokenFault::CustomTokenGiven, "a custom token"));
            }
            if is_legacy_custom_token(token) {
                return Err(TokenError::wrong_kind(kind, TokenFault::LegacyCustomTokenGiven, "a legacy custom token"));
            }
            return Err(self.error(TokenFault::NoKeyId, "has no \"kid\" claim."));
        }
        let algorithm = token.header.alg.as_ref();
        if algorithm.and_then(Json::as_str) != Some(self.algorithm) {
            let (expected, got) = (self.algorithm, ecmascript::to_string(algorithm));
            let rest = format!("has incorrect algorithm. Expected \"{expected}\" but got \"{got}\".");
            return Err(self.error(TokenFault::WrongAlgorithm, &rest));
        }
        if self.profile == Profile::Strict && token.header.crit.is_some() {
            return Err(self.error(TokenFault::CriticalHeader, "has a \"crit\" header with an unknown extension."));
        }
        Ok(())
    }

    /// Checks audience, issuer and subject.
    pub(super) fn check_claims(&self, claims: &CheckedClaims) -> Result<(), TokenError> {
        let (audience, issuer) = (claims.aud.as_ref(), claims.iss.as_ref());
        let is = |claim: Option<&Json>, text: &str| claim.and_then(Json::as_str) == Some(text);
        let wrong_audience = |expected: &str, more: &str| {
            self.incorrect_claim(TokenFault::WrongAudience, "\"aud\" (audience)", expected, audience, more)
        };
        let wrong_issuer = |expected: &str, more: &str| {
            self.incorrect_claim(TokenFault::WrongIssuer, "\"iss\" (issuer)", expected, issuer, more)
        };
        // A closure, because most tokens pass and need no text.
        let same_project = || {
            format!(
                " Make sure the {} comes from the same Firebase project as the service account used to authenticate this SDK.",
                self.kind.texts().short
            )
        };
        let is_of_project = |prefix: &str, project: &str| {
            issuer.and_then(Json::as_str).and_then(|issuer| issuer.strip_prefix(prefix)) == Some(project)
        };
        match &self.expected {
            Expected::Project { issuer: prefix, project } => {
                if !is(audience, project) {
                    return Err(wrong_audience(project, &same_project()));
                }
                if !is_of_project(prefix, project) {
                    return Err(wrong_issuer(&format!("{prefix}{project}"), &same_project()));
                }
                self.check_subject(claims)
            }
            Expected::Blocking { project, audience: part } => {
                if !audience.and_then(Json::as_str).is_some_and(|audience| audience.contains(part.as_str())) {
                    return Err(wrong_audience(part, ""));
                }
                if !is_of_project(ID_TOKEN_ISSUER, project) {
                    return Err(wrong_issuer(&format!("{ID_TOKEN_ISSUER}{project}"), &same_project()));
                }
                self.check_subject(claims)
            }
            Expected::AppCheck { project } => {
                let expected = format!("projects/{project}");
                let list = audience.and_then(Json::as_array);
                if !list.is_some_and(|list| list.iter().any(|one| one.as_str() == Some(&expected))) {
                    return Err(wrong_audience(&expected, &same_project()));
                }
                if !issuer.and_then(Json::as_str).is_some_and(|issuer| issuer.starts_with(APP_CHECK_ISSUER)) {
                    return Err(self.error(TokenFault::WrongIssuer, "has incorrect \"iss\" (issuer) claim."));
                }
                self.check_app_id(claims)
            }
            Expected::Custom { service_account } => {
                if !is(audience, CUSTOM_TOKEN_AUDIENCE) {
                    return Err(wrong_audience(CUSTOM_TOKEN_AUDIENCE, ""));
                }
                if !is(issuer, service_account) {
                    return Err(wrong_issuer(service_account, ""));
                }
                if !is(claims.sub.as_ref(), service_account) {
                    return Err(self.error(TokenFault::NoSubject, "has a \"sub\" claim that is not its issuer."));
                }
                self.check_custom_token(claims)
            }
            Expected::Foreign { issuer: expected_issuer, audience: expected_audience, requires_subject } => {
                if let Some(expected) = expected_audience.as_deref().filter(|expected| !is(audience, expected)) {
                    return Err(wrong_audience(expected, ""));
                }
                if let Some(expected) = expected_issuer.as_deref().filter(|expected| !is(issuer, expected)) {
                    return Err(wrong_issuer(expected, ""));
                }
                if *requires_subject { self.check_subject(claims) } else { Ok(()) }
            }
        }
    }

    fn check_subject(&self, claims: &CheckedClaims) -> Result<(), TokenError> {
        let event = claims.event_type.as_ref().and_then(Json::as_str);
        let is_exempt = matches!(event, Some("beforeSendSms" | "beforeSendEmail"))
            && (self.kind == TokenKind::BlockingToken || self.profile == Profile::NodeCompatible);
        match &claims.sub {
            _ if is_exempt => Ok(()),
            Some(Json::String(sub)) if sub.is_empty() => {
                Err(self.error(TokenFault::EmptySubject, "has an empty \"sub\" (subject) claim."))
            }
            Some(Json::String(sub)) if ecmascript::utf16_length(sub) > MAX_UID => {
                Err(self.error(TokenFault::LongSubject, "has a \"sub\" (subject) claim longer than 128 characters."))
            }
            Some(Json::String(_)) => Ok(()),
            _ => Err(self.error(TokenFault::NoSubject, "has no \"sub\" (subject) claim.")),
        }
    }

    /// Checks the subject of an App Check token: an app id, whose length is not limited.
    fn check_app_id(&self, claims: &CheckedClaims) -> Result<(), TokenError> {
        match &claims.sub {
            Some(Json::String(sub)) if sub.is_empty() => {
                Err(self.error(TokenFault::EmptySubject, "has an empty string \"sub\" (subject) claim."))
            }
            Some(Json::String(_)) => Ok(()),
            _ => Err(self.error(TokenFault::NoSubject, "has no \"sub\" (subject) claim.")),
        }
    }

    fn check_custom_token(&self, claims: &CheckedClaims) -> Result<(), TokenError> {
        let invalid = |rest: &str| Err(self.error(TokenFault::InvalidContent, rest));
        match &claims.uid {
            Some(Json::String(uid)) if (1..=MAX_UID).contains(&ecmascript::utf16_length(uid)) => {}
            _ => return invalid("has no \"uid\" claim of 1 to 128 characters."),
        }
        match &claims.claims {
            None => {}
            Some(Json::Object(claims)) => {
                if let Some(name) = ReservedNames::All.among(claims).first() {
                    return invalid(&format!("has the reserved claim \"{name}\"."));
                }
            }
            Some(_) => return invalid("has a \"claims\" claim that is not an object."),
        }
        match &claims.tenant_id {
            None => Ok(()),
            Some(Json::String(tenant)) if !tenant.is_empty() => Ok(()),
            Some(_) => invalid("has a \"tenant_id\" claim that is not a text."),
        }
    }

    /// Checks the times, after the signature. Returns the window in which all of them hold.
    pub(super) fn check_times(&self, claims: &CheckedClaims, now: Timestamp) -> Result<ValidityWindow, TokenError> {
        let kind = self.kind;
        let (skew, clock) = (self.skew as f64, now.unix_seconds() as f64);
        let is_lenient = self.profile == Profile::NodeCompatible && kind != TokenKind::CustomToken;
        let mut window = ValidityWindow { from: f64::NEG_INFINITY, until: f64::INFINITY };
        let invalid_time = || TokenError::invalid_signature(kind, TokenFault::InvalidTime);
        if let Some(nbf) = &claims.nbf {
            let nbf = nbf.as_f64().ok_or_else(invalid_time)?;
            if nbf > clock + skew {
                return Err(TokenError::invalid_signature(kind, TokenFault::NotYetValid));
            }
            window.from = window.from.max(nbf - skew);
        }
        match &claims.exp {
            None if is_lenient => {}
            None => return Err(self.error(TokenFault::MissingClaim("exp"), "has no \"exp\" (expiration time) claim.")),
            Some(exp) => {
                let exp = exp.as_f64().ok_or_else(invalid_time)?;
                if clock >= exp + skew {
                    return Err(TokenError::expired(kind));
                }
                window.until = exp + skew;
            }
        }
        if is_lenient {
            return Ok(window);
        }
        self.check_not_in_future(claims, clock, &mut window)?;
        if kind == TokenKind::CustomToken {
            let time = |claim: &Option<Json>| claim.as_ref().and_then(Json::as_f64).unwrap_or(f64::NAN);
            // The comparison is false for NaN as well.
            let within = time(&claims.exp) - time(&claims.iat) <= CUSTOM_TOKEN_LIFETIME as f64;
            if !within {
                return Err(self.error(TokenFault::LifetimeTooLong, "expires more than an hour after it was issued."));
            }
        }
        Ok(window)
    }

    /// Checks that the account is enabled, then that the sign-in was not revoked.
    pub(super) fn check_account(&self, claims: &Claims, accounts: &dyn Accounts) -> Result<(), TokenError> {
        let kind = self.kind;
        let texts = kind.texts();
        let uid = claims.subject().unwrap_or_default();
        let refuse = |fault, code, message: &str| Err(TokenError::new(fault, code, message));
        let status = match accounts.status(uid) {
            Ok(Some(status)) => status,
            Ok(None) => {
                let message = "There is no user record corresponding to the provided identifier.";
                return refuse(TokenFault::UserNotFound, "auth/user-not-found", message);
            }
            Err(_) => {
                let message = "The user record could not be read.";
                return refuse(TokenFault::AccountsUnavailable, "auth/internal-error", message);
            }
        };
        if status.disabled {
            return refuse(TokenFault::UserDisabled, "auth/user-disabled", "The user record is disabled.");
        }
        // A sign-in in the second of the revocation is still valid. A token without `auth_time` counts as revoked.
        let signed_in = claims.number("auth_time").unwrap_or(f64::NEG_INFINITY);
        if status.valid_since.is_some_and(|since| signed_in < since.unix_seconds() as f64) {
            let code =
                if kind == TokenKind::SessionCookie { "auth/session-cookie-revoked" } else { "auth/id-token-revoked" };
            return refuse(TokenFault::Revoked, code, &format!("The Firebase {} has been revoked.", texts.short));
        }
        Ok(())
    }

    fn check_not_in_future(
        &self,
        claims: &CheckedClaims,
        clock: f64,
        window: &mut ValidityWindow,
    ) -> Result<(), TokenError> {
        let has_sign_in = matches!(self.kind, TokenKind::IdToken | TokenKind::SessionCookie);
        let checked = [
            ("iat", &claims.iat, "\"iat\" (issued at)", true),
            ("auth_time", &claims.auth_time, "\"auth_time\"", has_sign_in),
        ];
        for (name, claim, words, required) in checked {
            let required = required && self.kind != TokenKind::Foreign;
            match claim {
                None if !required => {}
                Some(Json::Number(time)) => {
                    let time = time.as_f64().unwrap_or(f64::INFINITY);
                    if time > clock + self.skew as f64 {
                        let rest = format!("has an {words} claim in the future.");
                        return Err(self.error(TokenFault::InFuture(name), &rest));
                    }
                    window.from = window.from.max(time - self.skew as f64);
                }
                _ => {
                    let rest = format!("has no {words} claim that is a number.");
                    return Err(self.error(TokenFault::MissingClaim(name), &rest));
                }
            }
        }
        Ok(())
    }
}

fn is_legacy_custom_token(token: &CompactJws<'_>) -> bool {
    token.header.alg.as_ref().and_then(Json::as_str) == Some("HS256")
        && token.claims.v.as_ref().and_then(Json::as_f64) == Some(0.0)
        && token.claims.d.as_ref().and_then(Json::as_object).is_some_and(|d| d.contains_key("uid"))
}

/// The half-open interval of seconds since 1970 in which a token is valid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ValidityWindow {
    pub(super) from: f64,
    pub(super) until: f64,
}

#[cfg(feature = "verify")]
impl ValidityWindow {
    pub(super) fn contains(self, now: Timestamp) -> bool {
        (self.from..self.until).contains(&(now.unix_seconds() as f64))
    }
}
