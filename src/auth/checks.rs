//! Checks of a token's header and claims, in the official order and with the official texts (identity specification,
//! section 2). No signature is looked at here.

use serde_json::Value as Json;

use crate::value::Timestamp;

use super::{
    Accounts, Claims,
    checked::Checked,
    compact::Compact,
    custom_token::CUSTOM_TOKEN_AUDIENCE,
    js,
    reserved::ReservedNames,
    token_error::{TokenError, TokenFault, TokenKind},
};

/// How strict a verifier is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// What the documentation demands: `exp`, `iat` and `auth_time` are numbers, the latter two not in the future,
    /// `kid` is not empty, nobody demands an unknown extension.
    #[default]
    Strict,
    /// What the Node Admin SDK lets pass besides: no `exp`, `iat` and `auth_time` of any kind, an empty `kid` (every
    /// key is tried), `crit`, and no `sub` in events of e-mail and SMS. Signature and form are checked all the same.
    NodeCompatible,
}

/// Seconds that a custom token may live.
pub(super) const CUSTOM_TOKEN_LIFETIME: u64 = 3600;

/// Seconds by which clocks may differ at most: what the Go SDK allows.
pub(super) const MAX_SKEW: u64 = 300;

/// UTF-16 units of an id at most.
pub(super) const MAX_UID: usize = 128;

/// For whom and from whom a token has to be.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// Issuer is the prefix and the project; the audience is the project.
    Project { issuer: &'static str, project: String },
    /// The audience contains a text.
    Blocking { project: String, audience: String },
    /// The audience is a list with the project.
    AppCheck { project: String },
    /// Issuer and subject are the service account.
    Custom { service_account: String },
    /// Another issuer's token: what is stated is compared.
    Foreign { issuer: Option<String>, audience: Option<String>, subject: bool },
}

pub(super) const ID_TOKEN_ISSUER: &str = "https://securetoken.google.com/";
pub(super) const SESSION_COOKIE_ISSUER: &str = "https://session.firebase.google.com/";
pub(super) const APP_CHECK_ISSUER: &str = "https://firebaseappcheck.googleapis.com/";

/// What the checks need to know.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) kind: TokenKind,
    pub(super) expected: Expected,
    pub(super) algorithm: &'static str,
    pub(super) profile: Profile,
    /// Seconds by which clocks may differ.
    pub(super) skew: u64,
}

impl Rules {
    fn about(&self, fault: TokenFault, rest: &str) -> TokenError {
        TokenError::about(self.kind, fault, rest)
    }

    fn incorrect(&self, fault: TokenFault, claim: &str, expected: &str, got: Option<&Json>, more: &str) -> TokenError {
        let got = js::text(got);
        self.about(fault, &format!("has incorrect {claim} claim. Expected \"{expected}\" but got \"{got}\".{more}"))
    }

    /// Key id and algorithm. The algorithm is the verifier's; the header can only agree.
    pub(super) fn header(&self, token: &Compact<'_>) -> Result<(), TokenError> {
        let kind = self.kind;
        let lax = self.profile == Profile::NodeCompatible;
        // For App Check tokens without a name Node tries every key.
        let needs_key_id =
            !(matches!(kind, TokenKind::CustomToken | TokenKind::Foreign) || lax && kind == TokenKind::AppCheck);
        // An empty key id is none, but for Node.
        let named = match &token.header.kid {
            Some(Json::String(id)) => !id.is_empty() || lax,
            Some(_) => lax,
            None => false,
        };
        if needs_key_id && !named {
            if token.claims.aud.as_ref().and_then(Json::as_str) == Some(CUSTOM_TOKEN_AUDIENCE) {
                return Err(TokenError::given(kind, TokenFault::CustomTokenGiven, "a custom token"));
            }
            if is_legacy_custom_token(token) {
                return Err(TokenError::given(kind, TokenFault::LegacyCustomTokenGiven, "a legacy custom token"));
            }
            return Err(self.about(TokenFault::NoKeyId, "has no \"kid\" claim."));
        }
        let algorithm = token.header.alg.as_ref();
        if algorithm.and_then(Json::as_str) != Some(self.algorithm) {
            let (expected, got) = (self.algorithm, js::text(algorithm));
            let rest = format!("has incorrect algorithm. Expected \"{expected}\" but got \"{got}\".");
            return Err(self.about(TokenFault::WrongAlgorithm, &rest));
        }
        if self.profile == Profile::Strict && token.header.crit.is_some() {
            return Err(self.about(TokenFault::CriticalHeader, "has a \"crit\" header with an unknown extension."));
        }
        Ok(())
    }

    /// Audience, issuer and subject.
    pub(super) fn content(&self, claims: &Checked) -> Result<(), TokenError> {
        let (audience, issuer) = (claims.aud.as_ref(), claims.iss.as_ref());
        let is = |claim: Option<&Json>, text: &str| claim.and_then(Json::as_str) == Some(text);
        let wrong_audience = |expected: &str, more: &str| {
            self.incorrect(TokenFault::WrongAudience, "\"aud\" (audience)", expected, audience, more)
        };
        let wrong_issuer = |expected: &str, more: &str| {
            self.incorrect(TokenFault::WrongIssuer, "\"iss\" (issuer)", expected, issuer, more)
        };
        // Written only where it is needed: most tokens pass.
        let same_project = || {
            format!(
                " Make sure the {} comes from the same Firebase project as the service account used to authenticate this SDK.",
                self.kind.words().short
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
                self.subject(claims)
            }
            Expected::Blocking { project, audience: part } => {
                if !audience.and_then(Json::as_str).is_some_and(|audience| audience.contains(part.as_str())) {
                    return Err(wrong_audience(part, ""));
                }
                if !is_of_project(ID_TOKEN_ISSUER, project) {
                    return Err(wrong_issuer(&format!("{ID_TOKEN_ISSUER}{project}"), &same_project()));
                }
                self.subject(claims)
            }
            Expected::AppCheck { project } => {
                let expected = format!("projects/{project}");
                let list = audience.and_then(Json::as_array);
                if !list.is_some_and(|list| list.iter().any(|one| one.as_str() == Some(&expected))) {
                    return Err(wrong_audience(&expected, &same_project()));
                }
                if !issuer.and_then(Json::as_str).is_some_and(|issuer| issuer.starts_with(APP_CHECK_ISSUER)) {
                    return Err(self.about(TokenFault::WrongIssuer, "has incorrect \"iss\" (issuer) claim."));
                }
                self.app(claims)
            }
            Expected::Custom { service_account } => {
                if !is(audience, CUSTOM_TOKEN_AUDIENCE) {
                    return Err(wrong_audience(CUSTOM_TOKEN_AUDIENCE, ""));
                }
                if !is(issuer, service_account) {
                    return Err(wrong_issuer(service_account, ""));
                }
                if !is(claims.sub.as_ref(), service_account) {
                    return Err(self.about(TokenFault::NoSubject, "has a \"sub\" claim that is not its issuer."));
                }
                self.custom_content(claims)
            }
            Expected::Foreign { issuer: expected_issuer, audience: expected_audience, subject } => {
                if let Some(expected) = expected_audience.as_deref().filter(|expected| !is(audience, expected)) {
                    return Err(wrong_audience(expected, ""));
                }
                if let Some(expected) = expected_issuer.as_deref().filter(|expected| !is(issuer, expected)) {
                    return Err(wrong_issuer(expected, ""));
                }
                if *subject { self.subject(claims) } else { Ok(()) }
            }
        }
    }

    fn subject(&self, claims: &Checked) -> Result<(), TokenError> {
        let event = claims.event_type.as_ref().and_then(Json::as_str);
        let spared = matches!(event, Some("beforeSendSms" | "beforeSendEmail"))
            && (self.kind == TokenKind::BlockingToken || self.profile == Profile::NodeCompatible);
        match &claims.sub {
            _ if spared => Ok(()),
            Some(Json::String(sub)) if sub.is_empty() => {
                Err(self.about(TokenFault::EmptySubject, "has an empty \"sub\" (subject) claim."))
            }
            Some(Json::String(sub)) if js::length(sub) > MAX_UID => {
                Err(self.about(TokenFault::LongSubject, "has a \"sub\" (subject) claim longer than 128 characters."))
            }
            Some(Json::String(_)) => Ok(()),
            _ => Err(self.about(TokenFault::NoSubject, "has no \"sub\" (subject) claim.")),
        }
    }

    /// The app of an App Check token. Its id is no user's, and may be longer.
    fn app(&self, claims: &Checked) -> Result<(), TokenError> {
        match &claims.sub {
            Some(Json::String(sub)) if sub.is_empty() => {
                Err(self.about(TokenFault::EmptySubject, "has an empty string \"sub\" (subject) claim."))
            }
            Some(Json::String(_)) => Ok(()),
            _ => Err(self.about(TokenFault::NoSubject, "has no \"sub\" (subject) claim.")),
        }
    }

    fn custom_content(&self, claims: &Checked) -> Result<(), TokenError> {
        let unfit = |rest: &str| Err(self.about(TokenFault::UnfitContent, rest));
        match &claims.uid {
            Some(Json::String(uid)) if (1..=MAX_UID).contains(&js::length(uid)) => {}
            _ => return unfit("has no \"uid\" claim of 1 to 128 characters."),
        }
        match &claims.claims {
            None => {}
            Some(Json::Object(claims)) => {
                if let Some(name) = ReservedNames::All.among(claims).first() {
                    return unfit(&format!("has the reserved claim \"{name}\"."));
                }
            }
            Some(_) => return unfit("has a \"claims\" claim that is not an object."),
        }
        match &claims.tenant_id {
            None => Ok(()),
            Some(Json::String(tenant)) if !tenant.is_empty() => Ok(()),
            Some(_) => unfit("has a \"tenant_id\" claim that is not a text."),
        }
    }

    /// Times, after the signature. Returns the first and the last second at which all of them hold.
    pub(super) fn times(&self, claims: &Checked, now: Timestamp) -> Result<Window, TokenError> {
        let kind = self.kind;
        let (skew, clock) = (self.skew as f64, now.unix_seconds() as f64);
        let lax = self.profile == Profile::NodeCompatible && kind != TokenKind::CustomToken;
        let mut window = Window { from: f64::NEG_INFINITY, until: f64::INFINITY };
        let bad = || TokenError::signature(kind, TokenFault::BadTime);
        if let Some(nbf) = &claims.nbf {
            let nbf = nbf.as_f64().ok_or_else(bad)?;
            if nbf > clock + skew {
                return Err(TokenError::signature(kind, TokenFault::NotYetValid));
            }
            window.from = window.from.max(nbf - skew);
        }
        match &claims.exp {
            None if lax => {}
            None => return Err(self.about(TokenFault::MissingClaim("exp"), "has no \"exp\" (expiration time) claim.")),
            Some(exp) => {
                let exp = exp.as_f64().ok_or_else(bad)?;
                if clock >= exp + skew {
                    return Err(TokenError::expired(kind));
                }
                window.until = exp + skew;
            }
        }
        if lax {
            return Ok(window);
        }
        self.not_ahead(claims, clock, &mut window)?;
        if kind == TokenKind::CustomToken {
            let time = |claim: &Option<Json>| claim.as_ref().and_then(Json::as_f64).unwrap_or(f64::NAN);
            // Not a number is not within the limit either.
            let within = time(&claims.exp) - time(&claims.iat) <= CUSTOM_TOKEN_LIFETIME as f64;
            if !within {
                return Err(self.about(TokenFault::LivesTooLong, "expires more than an hour after it was issued."));
            }
        }
        Ok(window)
    }

    /// Whether the user may still use the token; a disabled account is judged before revocation.
    pub(super) fn standing(&self, claims: &Claims, accounts: &dyn Accounts) -> Result<(), TokenError> {
        let kind = self.kind;
        let words = kind.words();
        let uid = claims.subject().unwrap_or_default();
        let refuse = |fault, code, message: &str| Err(TokenError::new(fault, code, message));
        let standing = match accounts.standing(uid) {
            Ok(Some(standing)) => standing,
            Ok(None) => {
                let message = "There is no user record corresponding to the provided identifier.";
                return refuse(TokenFault::UserNotFound, "auth/user-not-found", message);
            }
            Err(_) => {
                let message = "The user record could not be read.";
                return refuse(TokenFault::AccountsUnavailable, "auth/internal-error", message);
            }
        };
        if standing.disabled {
            return refuse(TokenFault::UserDisabled, "auth/user-disabled", "The user record is disabled.");
        }
        // A sign-in in the same second still counts. Where the sign-in has no time, it counts as too old.
        let signed_in = claims.number("auth_time").unwrap_or(f64::NEG_INFINITY);
        if standing.valid_since.is_some_and(|since| signed_in < since.unix_seconds() as f64) {
            let code =
                if kind == TokenKind::SessionCookie { "auth/session-cookie-revoked" } else { "auth/id-token-revoked" };
            return refuse(TokenFault::Revoked, code, &format!("The Firebase {} has been revoked.", words.short));
        }
        Ok(())
    }

    fn not_ahead(&self, claims: &Checked, clock: f64, window: &mut Window) -> Result<(), TokenError> {
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
                        return Err(self.about(TokenFault::InFuture(name), &rest));
                    }
                    window.from = window.from.max(time - self.skew as f64);
                }
                _ => {
                    let rest = format!("has no {words} claim that is a number.");
                    return Err(self.about(TokenFault::MissingClaim(name), &rest));
                }
            }
        }
        Ok(())
    }
}

fn is_legacy_custom_token(token: &Compact<'_>) -> bool {
    token.header.alg.as_ref().and_then(Json::as_str) == Some("HS256")
        && token.claims.v.as_ref().and_then(Json::as_f64) == Some(0.0)
        && token.claims.d.as_ref().and_then(Json::as_object).is_some_and(|d| d.contains_key("uid"))
}

/// When a token holds: from the first moment on, until before the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) from: f64,
    pub(super) until: f64,
}

#[cfg(feature = "verify")]
impl Window {
    pub(super) fn contains(self, now: Timestamp) -> bool {
        (self.from..self.until).contains(&(now.unix_seconds() as f64))
    }
}
