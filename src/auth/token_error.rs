//! Why a token is refused: the official codes and messages, which differ between ID tokens and session cookies.

use super::jws::DecodeError;

/// The kind of a token, which messages and codes name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// An ID token of Firebase Authentication, which names a user.
    IdToken,
    /// A session cookie of Firebase Authentication.
    SessionCookie,
    /// The token that Firebase Authentication sends to a blocking function.
    BlockingToken,
    /// An App Check token, which names an app.
    AppCheck,
    /// A custom token, which a server mints for a sign-in.
    CustomToken,
    /// A token of another issuer.
    Foreign,
}

/// The official texts and codes for one kind of token.
pub(super) struct KindTexts {
    pub(super) api: &'static str,
    /// The subject of most messages.
    pub(super) name: &'static str,
    pub(super) short: &'static str,
    /// The short name with an article.
    pub(super) short_with_article: &'static str,
    /// The end of most messages: where to read more.
    docs: &'static str,
    pub(super) expired_code: &'static str,
    invalid_code: &'static str,
}

impl TokenKind {
    pub(super) fn texts(self) -> &'static KindTexts {
        match self {
            TokenKind::IdToken => &KindTexts {
                api: "verifyIdToken()",
                name: "Firebase ID token",
                short: "ID token",
                short_with_article: "an ID token",
                docs: " See https://firebase.google.com/docs/auth/admin/verify-id-tokens for details on how to \
                       retrieve an ID token.",
                expired_code: "auth/id-token-expired",
                invalid_code: "auth/argument-error",
            },
            TokenKind::SessionCookie => &KindTexts {
                api: "verifySessionCookie()",
                name: "Firebase session cookie",
                short: "session cookie",
                short_with_article: "a session cookie",
                docs: " See https://firebase.google.com/docs/auth/admin/manage-cookies for details on how to \
                       retrieve a session cookie.",
                expired_code: "auth/session-cookie-expired",
                invalid_code: "auth/argument-error",
            },
            TokenKind::BlockingToken => &KindTexts {
                api: "_verifyAuthBlockingToken()",
                name: "Firebase Auth Blocking token",
                short: "Auth Blocking token",
                short_with_article: "an Auth Blocking token",
                docs: " See https://cloud.google.com/identity-platform/docs/blocking-functions for details on how to \
                       retrieve an Auth Blocking token.",
                expired_code: "auth/auth-blocking-token-expired",
                invalid_code: "auth/argument-error",
            },
            TokenKind::AppCheck => &KindTexts {
                api: "verifyToken()",
                name: "The provided App Check token",
                short: "App Check token",
                short_with_article: "an App Check token",
                docs: "",
                expired_code: "app-check/app-check-token-expired",
                invalid_code: "app-check/invalid-argument",
            },
            TokenKind::CustomToken => &KindTexts {
                api: "signInWithCustomToken()",
                name: "The custom token",
                short: "custom token",
                short_with_article: "a custom token",
                docs: "",
                expired_code: "auth/invalid-custom-token",
                invalid_code: "auth/invalid-custom-token",
            },
            TokenKind::Foreign => &KindTexts {
                api: "verify()",
                name: "The token",
                short: "token",
                short_with_article: "a token",
                docs: "",
                expired_code: "auth/argument-error",
                invalid_code: "auth/argument-error",
            },
        }
    }
}

/// Why a token is refused, for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// The text is not a token, or two parsers could read it differently.
    Malformed(DecodeError),
    /// The header has no `kid`.
    NoKeyId,
    /// The token is a custom token, and another kind is expected.
    CustomTokenGiven,
    /// The token is a legacy custom token, and another kind is expected.
    LegacyCustomTokenGiven,
    /// The header's `alg` is not the algorithm of the verifier, which never takes it from the token.
    WrongAlgorithm,
    /// The header requires an extension (`crit`).
    CriticalHeader,
    /// `aud` is not the expected audience.
    WrongAudience,
    /// `iss` is not the expected issuer.
    WrongIssuer,
    /// `sub` is missing or not a string.
    NoSubject,
    /// `sub` is empty.
    EmptySubject,
    /// `sub` is longer than 128 characters.
    LongSubject,
    /// No key of the set has the header's `kid`.
    UnknownKeyId,
    /// The key set has expired: fetch it again.
    KeysExpired,
    /// The signature does not match the token and the key.
    BadSignature,
    /// `exp` or `nbf` is not a number; official texts call it an invalid signature.
    InvalidTime,
    /// `nbf` is in the future; official texts call it an invalid signature.
    NotYetValid,
    /// `exp` has passed.
    Expired,
    /// A required claim is missing or not a number.
    MissingClaim(&'static str),
    /// `iat` or `auth_time` is in the future.
    InFuture(&'static str),
    /// The lifetime of a custom token exceeds an hour.
    LifetimeTooLong,
    /// A custom token has claims with reserved names, or an invalid id.
    InvalidContent,
    /// The user belongs to another tenant.
    WrongTenant,
    /// The user is disabled.
    UserDisabled,
    /// The host has no such user.
    UserNotFound,
    /// The user's sessions were revoked after this sign-in.
    Revoked,
    /// The host could not read the account.
    AccountsUnavailable,
}

/// Why a token is refused. `Display` gives the official text where there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TokenError {
    fault: TokenFault,
    code: &'static str,
    message: String,
    /// Our own text, beside the official one.
    pub(super) hint: Option<String>,
}

impl TokenError {
    /// The reason, for programs.
    pub fn fault(&self) -> &TokenFault {
        &self.fault
    }

    /// The official code, such as `auth/id-token-expired`; `auth/argument-error` for most.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Says what the text is instead of the expected token, what surrounds the token, or how far its times are off, and
    /// what would be right. The text is ours and contains no secret; `Display` does not include it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// An error whose message is the kind's name, `rest`, and the link to the documentation.
    pub(super) fn with_docs(kind: TokenKind, fault: TokenFault, rest: &str) -> Self {
        let texts = kind.texts();
        TokenError::new(fault, texts.invalid_code, format!("{} {rest}{}", texts.name, texts.docs))
    }

    /// An error with the whole message.
    pub(super) fn new(fault: TokenFault, code: &'static str, message: impl Into<String>) -> Self {
        TokenError { fault, code, message: message.into(), hint: None }
    }

    pub(super) fn malformed(kind: TokenKind, why: DecodeError) -> Self {
        let texts = kind.texts();
        let message = match kind {
            TokenKind::IdToken | TokenKind::SessionCookie | TokenKind::BlockingToken => format!(
                "Decoding {} failed. Make sure you passed the entire string JWT which represents {}.{} ({why})",
                texts.name, texts.short_with_article, texts.docs
            ),
            TokenKind::AppCheck => format!(
                "Decoding App Check token failed. Make sure you passed the entire string JWT which represents the \
                 Firebase App Check token. ({why})"
            ),
            _ => format!("{} cannot be read: {why}", texts.name),
        };
        TokenError::new(TokenFault::Malformed(why), texts.invalid_code, message)
    }

    pub(super) fn wrong_kind(kind: TokenKind, fault: TokenFault, what: &str) -> Self {
        let texts = kind.texts();
        let message =
            format!("{} expects {}, but was given {what}.{}", texts.api, texts.short_with_article, texts.docs);
        TokenError::new(fault, texts.invalid_code, message)
    }

    pub(super) fn invalid_signature(kind: TokenKind, fault: TokenFault) -> Self {
        TokenError::with_docs(kind, fault, "has invalid signature.")
    }

    #[cfg(feature = "verify")]
    pub(super) fn unknown_key(kind: TokenKind) -> Self {
        let texts = kind.texts();
        let provided = if kind == TokenKind::AppCheck { "provided " } else { "" };
        let message = format!(
            "{} has \"kid\" claim which does not correspond to a known public key. Most likely the {provided}{} is \
             expired, so get a fresh token from your client app and try again.",
            texts.name, texts.short
        );
        TokenError::new(TokenFault::UnknownKeyId, texts.invalid_code, message)
    }

    #[cfg(feature = "verify")]
    pub(super) fn keys_expired(kind: TokenKind) -> Self {
        let message = "Error fetching public keys for Google certs: the known keys have expired.";
        TokenError::new(TokenFault::KeysExpired, kind.texts().invalid_code, message)
    }

    pub(super) fn expired(kind: TokenKind) -> Self {
        let texts = kind.texts();
        // Only the text of App Check does not contain the code.
        let code = if kind == TokenKind::AppCheck { String::new() } else { format!(" ({})", texts.expired_code) };
        let rest = format!("has expired. Get a fresh {} from your client app and try again{code}.", texts.short);
        TokenError { code: texts.expired_code, ..TokenError::with_docs(kind, TokenFault::Expired, &rest) }
    }
}
