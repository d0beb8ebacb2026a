//! What a well-formed token is, by its header and claims, and what to do with one of another kind than is expected.

use serde_json::{Map, Value as Json};

use crate::auth::{
    CUSTOM_TOKEN_AUDIENCE, TokenKind,
    checks::{APP_CHECK_ISSUER, ID_TOKEN_ISSUER, SESSION_COOKIE_ISSUER},
};

use super::quoted;

/// What a token claims to be. Nobody has verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    IdToken {
        project: String,
    },
    SessionCookie,
    BlockingToken,
    AppCheck,
    CustomToken,
    /// Of the first generation.
    LegacyCustomToken,
    /// Of a sign-in with Google, for an OAuth client.
    GoogleIdToken,
    /// Signed by a service account, for an API of Google's.
    ServiceAccount,
    /// Of an issuer that names itself.
    Foreign {
        issuer: String,
    },
    Unknown,
}

impl Given {
    pub(super) fn of(header: &Map<String, Json>, payload: &Map<String, Json>) -> Self {
        let text = |name: &str| payload.get(name).and_then(Json::as_str).unwrap_or_default();
        let (issuer, audience) = (text("iss"), text("aud"));
        if audience == CUSTOM_TOKEN_AUDIENCE {
            return Given::CustomToken;
        }
        let is_legacy = header.get("alg").and_then(Json::as_str) == Some("HS256")
            && payload.get("d").and_then(|data| data.get("uid")).is_some();
        if is_legacy {
            return Given::LegacyCustomToken;
        }
        if let Some(project) = issuer.strip_prefix(ID_TOKEN_ISSUER) {
            let is_event = payload.contains_key("event_type") || audience.contains("cloudfunctions.net/");
            let project = project.to_owned();
            return if is_event { Given::BlockingToken } else { Given::IdToken { project } };
        }
        if issuer.starts_with(SESSION_COOKIE_ISSUER) {
            return Given::SessionCookie;
        }
        if issuer.starts_with(APP_CHECK_ISSUER) {
            return Given::AppCheck;
        }
        if matches!(issuer, "https://accounts.google.com" | "accounts.google.com") {
            return Given::GoogleIdToken;
        }
        if issuer.ends_with(".gserviceaccount.com") {
            return Given::ServiceAccount;
        }
        if issuer.is_empty() { Given::Unknown } else { Given::Foreign { issuer: issuer.to_owned() } }
    }

    /// Whether it is certainly of another kind. What names no issuer may be of any.
    pub(super) fn is_not(&self, expected: TokenKind) -> bool {
        let kind = match self {
            Given::IdToken { .. } => TokenKind::IdToken,
            Given::SessionCookie => TokenKind::SessionCookie,
            Given::BlockingToken => TokenKind::BlockingToken,
            Given::AppCheck => TokenKind::AppCheck,
            Given::CustomToken => TokenKind::CustomToken,
            Given::Unknown => return false,
            Given::LegacyCustomToken | Given::GoogleIdToken | Given::ServiceAccount | Given::Foreign { .. } => {
                return expected != TokenKind::Foreign;
            }
        };
        expected != TokenKind::Foreign && kind != expected
    }

    /// What it is.
    fn name(&self) -> String {
        match self {
            Given::IdToken { project } => format!("an ID token of the project {}", quoted(project)),
            Given::SessionCookie => "a session cookie".to_owned(),
            Given::BlockingToken => "a token that a blocking function is called with".to_owned(),
            Given::AppCheck => "an App Check token, which names the app that asks and no user".to_owned(),
            Given::CustomToken => "a custom token".to_owned(),
            Given::LegacyCustomToken => {
                "a custom token of the first generation, which Firebase no longer takes".to_owned()
            }
            Given::GoogleIdToken => "an ID token of Google, not of Firebase".to_owned(),
            Given::ServiceAccount => "a token that a service account signed for an API of Google's".to_owned(),
            Given::Foreign { issuer } => format!("a token of another issuer, {}", quoted(issuer)),
            Given::Unknown => "a token of an unknown issuer".to_owned(),
        }
    }

    /// What it is and what to hand over, where a token of that kind is expected.
    pub(super) fn instead_of(&self, expected: TokenKind) -> String {
        let instead = match (expected, self) {
            (TokenKind::IdToken, Given::CustomToken) => {
                "it signs a user in once. Sign in with it (`signInWithCustomToken()`, here `firewarden token exchange`) \
                 and hand over the ID token that `user.getIdToken()` gives"
            }
            (TokenKind::IdToken, Given::SessionCookie) => {
                "verify it as one (`verifySessionCookie()`, here `firewarden token verify --kind session-cookie`), with the keys of session \
                 cookies; rules and callables take ID tokens alone"
            }
            (TokenKind::IdToken, Given::AppCheck) => {
                "it belongs into the header `X-Firebase-AppCheck`; the user's ID token comes from `user.getIdToken()`"
            }
            (TokenKind::IdToken, Given::GoogleIdToken | Given::Foreign { .. }) => {
                "the app signs in to Firebase with it (`signInWithCredential()`) and then hands over what \
                 `user.getIdToken()` gives"
            }
            (TokenKind::SessionCookie, Given::IdToken { .. }) => {
                "a server makes a session cookie of it with `createSessionCookie()`; as it is, verify it as an ID token \
                 (`firewarden token verify --kind id-token`)"
            }
            (TokenKind::CustomToken, Given::IdToken { .. }) => {
                "its user is signed in already. A custom token is what a server mints (`createCustomToken()`, here \
                 `firewarden token mint`); to verify this one say `--kind id-token`"
            }
            (TokenKind::CustomToken, Given::SessionCookie) => {
                "its user is signed in already. A custom token is what a server mints (`createCustomToken()`, here \
                 `firewarden token mint`)"
            }
            (TokenKind::AppCheck, _) => "an App Check token is what `getToken()` of App Check gives",
            (TokenKind::IdToken, _) => "hand over the ID token that `user.getIdToken()` gives",
            (TokenKind::SessionCookie, _) => "a session cookie is made of an ID token by `createSessionCookie()`",
            (TokenKind::CustomToken, _) => {
                "a custom token is what a server mints (`createCustomToken()`, here `firewarden token mint`)"
            }
            (TokenKind::BlockingToken, _) => {
                "a blocking function is sent its token by Firebase Authentication, in the member `data.jwt` of the body"
            }
            (TokenKind::Foreign, _) => "another issuer's token is expected",
        };
        format!("this is {}; {instead}", self.name())
    }
}
