//! The kind of a well-formed token, detected from header and claims, and what to pass instead of it.

use serde_json::{Map, Value as Json};

use crate::auth::{
    CUSTOM_TOKEN_AUDIENCE, TokenKind,
    policy::{APP_CHECK_ISSUER, ID_TOKEN_ISSUER, SESSION_COOKIE_ISSUER},
};

use super::quoted;

/// The kind that header and claims suggest. Nothing is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DetectedKind {
    IdToken {
        project: String,
    },
    SessionCookie,
    BlockingToken,
    AppCheck,
    CustomToken,
    /// A custom token in the old format, which a database secret signs with HS256.
    LegacyCustomToken,
    /// An OpenID Connect token of Google for an OAuth client.
    GoogleIdToken,
    /// A token that a service account signed for a Google API.
    ServiceAccount,
    /// A token of another issuer.
    Foreign {
        issuer: String,
    },
    Unknown,
}

impl DetectedKind {
    pub(super) fn detect(header: &Map<String, Json>, payload: &Map<String, Json>) -> Self {
        let text = |name: &str| payload.get(name).and_then(Json::as_str).unwrap_or_default();
        let (issuer, audience) = (text("iss"), text("aud"));
        if audience == CUSTOM_TOKEN_AUDIENCE {
            return DetectedKind::CustomToken;
        }
        let is_legacy = header.get("alg").and_then(Json::as_str) == Some("HS256")
            && payload.get("d").and_then(|data| data.get("uid")).is_some();
        if is_legacy {
            return DetectedKind::LegacyCustomToken;
        }
        if let Some(project) = issuer.strip_prefix(ID_TOKEN_ISSUER) {
            let is_event = payload.contains_key("event_type") || audience.contains("cloudfunctions.net/");
            let project = project.to_owned();
            return if is_event { DetectedKind::BlockingToken } else { DetectedKind::IdToken { project } };
        }
        if issuer.starts_with(SESSION_COOKIE_ISSUER) {
            return DetectedKind::SessionCookie;
        }
        if issuer.starts_with(APP_CHECK_ISSUER) {
            return DetectedKind::AppCheck;
        }
        if matches!(issuer, "https://accounts.google.com" | "accounts.google.com") {
            return DetectedKind::GoogleIdToken;
        }
        if issuer.ends_with(".gserviceaccount.com") {
            return DetectedKind::ServiceAccount;
        }
        if issuer.is_empty() { DetectedKind::Unknown } else { DetectedKind::Foreign { issuer: issuer.to_owned() } }
    }

    /// Whether the token is certainly not of the `expected` kind. A token without an issuer may be of any kind.
    pub(super) fn conflicts_with(&self, expected: TokenKind) -> bool {
        let kind = match self {
            DetectedKind::IdToken { .. } => TokenKind::IdToken,
            DetectedKind::SessionCookie => TokenKind::SessionCookie,
            DetectedKind::BlockingToken => TokenKind::BlockingToken,
            DetectedKind::AppCheck => TokenKind::AppCheck,
            DetectedKind::CustomToken => TokenKind::CustomToken,
            DetectedKind::Unknown => return false,
            DetectedKind::LegacyCustomToken
            | DetectedKind::GoogleIdToken
            | DetectedKind::ServiceAccount
            | DetectedKind::Foreign { .. } => {
                return expected != TokenKind::Foreign;
            }
        };
        expected != TokenKind::Foreign && kind != expected
    }

    /// The kind in words, with an article.
    fn describe(&self) -> String {
        match self {
            DetectedKind::IdToken { project } => format!("an ID token of the project {}", quoted(project)),
            DetectedKind::SessionCookie => "a session cookie".to_owned(),
            DetectedKind::BlockingToken => "a token for a blocking function".to_owned(),
            DetectedKind::AppCheck => "an App Check token, which names an app and not a user".to_owned(),
            DetectedKind::CustomToken => "a custom token".to_owned(),
            DetectedKind::LegacyCustomToken => "a legacy custom token, which Firebase no longer accepts".to_owned(),
            DetectedKind::GoogleIdToken => "an ID token of Google, not of Firebase".to_owned(),
            DetectedKind::ServiceAccount => "a token that a service account signed for a Google API".to_owned(),
            DetectedKind::Foreign { issuer } => format!("a token of another issuer, {}", quoted(issuer)),
            DetectedKind::Unknown => "a token of an unknown issuer".to_owned(),
        }
    }

    /// Says what the token is, and what to pass where a token of the `expected` kind is required.
    pub(super) fn advice(&self, expected: TokenKind) -> String {
        let instead = match (expected, self) {
            (TokenKind::IdToken, DetectedKind::CustomToken) => {
                "a client signs in with it once (`signInWithCustomToken()`): pass the ID token that `user.getIdToken()` \
                 returns after that"
            }
            (TokenKind::IdToken, DetectedKind::SessionCookie) => {
                "verify it as a session cookie (`verifySessionCookie()`), with the keys of session cookies; rules and \
                 callable functions accept ID tokens only"
            }
            (TokenKind::IdToken, DetectedKind::AppCheck) => {
                "pass it in the header `X-Firebase-AppCheck`; the user's ID token comes from `user.getIdToken()`"
            }
            (TokenKind::IdToken, DetectedKind::GoogleIdToken | DetectedKind::Foreign { .. }) => {
                "sign in to Firebase with it (`signInWithCredential()`), then pass the ID token that \
                 `user.getIdToken()` returns"
            }
            (TokenKind::SessionCookie, DetectedKind::IdToken { .. }) => {
                "create a session cookie from it with `createSessionCookie()`, or verify it as an ID token"
            }
            (TokenKind::CustomToken, DetectedKind::IdToken { .. }) => {
                "its user is signed in already. A server mints custom tokens (`createCustomToken()`); verify this one as \
                 an ID token"
            }
            (TokenKind::CustomToken, DetectedKind::SessionCookie) => {
                "its user is signed in already. A server mints custom tokens (`createCustomToken()`)"
            }
            (TokenKind::AppCheck, _) => "pass the App Check token that `getToken()` of App Check returns",
            (TokenKind::IdToken, _) => "pass the ID token that `user.getIdToken()` returns",
            (TokenKind::SessionCookie, _) => "create a session cookie from an ID token with `createSessionCookie()`",
            (TokenKind::CustomToken, _) => "pass a custom token, which a server mints (`createCustomToken()`)",
            (TokenKind::BlockingToken, _) => {
                "Firebase Authentication sends the token of a blocking function in the member `data.jwt` of the body"
            }
            (TokenKind::Foreign, _) => "pass a token of another issuer",
        };
        format!("this is {}; {instead}", self.describe())
    }
}
