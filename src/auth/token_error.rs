//! Why a token is refused, with the official codes and texts.

use super::compact::Malformed;

/// What a token is for; messages and codes name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// An ID token of Firebase Authentication: who the user is.
    IdToken,
    /// A session cookie of Firebase Authentication.
    SessionCookie,
    /// What Firebase Authentication sends to a blocking function.
    BlockingToken,
    /// A token of App Check: which app is asking.
    AppCheck,
    /// A custom token, which a server mints for a sign-in.
    CustomToken,
    /// A token of another issuer.
    Foreign,
}

/// The words of one kind.
pub(super) struct Words {
    pub(super) api: &'static str,
    /// With the maker's name, as messages begin.
    pub(super) name: &'static str,
    pub(super) short: &'static str,
    /// The short name with its article.
    pub(super) a_short: &'static str,
    /// Ends most messages.
    docs: &'static str,
    pub(super) expired: &'static str,
    invalid: &'static str,
}

impl TokenKind {
    pub(super) fn words(self) -> &'static Words {
        match self {
            TokenKind::IdToken => &Words {
                api: "verifyIdToken()",
                name: "Firebase ID token",
                short: "ID token",
                a_short: "an ID token",
                docs: " See https://firebase.google.com/docs/auth/admin/verify-id-tokens for details on how to \
                       retrieve an ID token.",
                expired: "auth/id-token-expired",
                invalid: "auth/argument-error",
            },
            TokenKind::SessionCookie => &Words {
                api: "verifySessionCookie()",
                name: "Firebase session cookie",
                short: "session cookie",
                a_short: "a session cookie",
                docs: " See https://firebase.google.com/docs/auth/admin/manage-cookies for details on how to \
                       retrieve a session cookie.",
                expired: "auth/session-cookie-expired",
                invalid: "auth/argument-error",
            },
            TokenKind::BlockingToken => &Words {
                api: "_verifyAuthBlockingToken()",
                name: "Firebase Auth Blocking token",
                short: "Auth Blocking token",
                a_short: "an Auth Blocking token",
                docs: " See https://cloud.google.com/identity-platform/docs/blocking-functions for details on how to \
                       retrieve an Auth Blocking token.",
                expired: "auth/auth-blocking-token-expired",
                invalid: "auth/argument-error",
            },
            TokenKind::AppCheck => &Words {
                api: "verifyToken()",
                name: "The provided App Check token",
                short: "App Check token",
                a_short: "an App Check token",
                docs: "",
                expired: "app-check/app-check-token-expired",
                invalid: "app-check/invalid-argument",
            },
            TokenKind::CustomToken => &Words {
                api: "signInWithCustomToken()",
                name: "The custom token",
                short: "custom token",
                a_short: "a custom token",
                docs: "",
                expired: "auth/invalid-custom-token",
                invalid: "auth/invalid-custom-token",
            },
            TokenKind::Foreign => &Words {
                api: "verify()",
                name: "The token",
                short: "token",
                a_short: "a token",
                docs: "",
                expired: "auth/argument-error",
                invalid: "auth/argument-error",
            },
        }
    }
}

/// What is wrong with a token, for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// The text is no token, or not one that all readers read alike.
    Malformed(Malformed),
    /// The header has no `kid`.
    NoKeyId,
    /// A custom token where another kind is expected.
    CustomTokenGiven,
    /// A custom token of the first generation where another kind is expected.
    LegacyCustomTokenGiven,
    /// The header's `alg` is another than the verifier demands; it is never taken from the token.
    WrongAlgorithm,
    /// The header demands an extension (`crit`) that nobody here understands.
    CriticalHeader,
    /// `aud` is another.
    WrongAudience,
    /// `iss` is another.
    WrongIssuer,
    /// `sub` is missing or no text.
    NoSubject,
    /// `sub` is empty.
    EmptySubject,
    /// `sub` is longer than 128 characters.
    LongSubject,
    /// No known key has the header's `kid`.
    UnknownKeyId,
    /// The known keys are past their expiry: fetch them again.
    KeysExpired,
    /// The signature does not belong to these contents and the named key.
    BadSignature,
    /// `exp` or `nbf` is not a number; official texts call it an invalid signature.
    BadTime,
    /// `nbf` lies ahead; official texts call it an invalid signature.
    NotYetValid,
    /// `exp` has come.
    Expired,
    /// A claim that must be there is missing, or is no number.
    MissingClaim(&'static str),
    /// `iat` or `auth_time` lies ahead.
    InFuture(&'static str),
    /// A custom token lives longer than an hour.
    LivesTooLong,
    /// A custom token has claims with reserved names, or an unfit id.
    UnfitContent,
    /// The user belongs to another tenant.
    WrongTenant,
    /// The user is disabled.
    UserDisabled,
    /// There is no such user.
    UserNotFound,
    /// The user's sessions were revoked after this sign-in.
    Revoked,
    /// Whether the user is disabled could not be found out.
    AccountsUnavailable,
}

/// Why a token is refused. Displays the official text where there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TokenError {
    fault: TokenFault,
    code: &'static str,
    message: String,
    /// Words of our own, beside the official ones.
    pub(super) hint: Option<String>,
}

impl TokenError {
    /// What is wrong.
    pub fn fault(&self) -> &TokenFault {
        &self.fault
    }

    /// The official code, such as `auth/id-token-expired`; `auth/argument-error` for most.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Says what the text is instead of the expected token, what surrounds the token, or how far its times are off, and
    /// what would be right. The words are ours, hold no secret, and are no part of what the error displays.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// An error whose text goes on after the kind's name and ends with where to read more.
    pub(super) fn about(kind: TokenKind, fault: TokenFault, rest: &str) -> Self {
        let words = kind.words();
        TokenError::new(fault, words.invalid, format!("{} {rest}{}", words.name, words.docs))
    }

    /// An error with a text of its own.
    pub(super) fn new(fault: TokenFault, code: &'static str, message: impl Into<String>) -> Self {
        TokenError { fault, code, message: message.into(), hint: None }
    }

    pub(super) fn malformed(kind: TokenKind, why: Malformed) -> Self {
        let words = kind.words();
        let message = match kind {
            TokenKind::IdToken | TokenKind::SessionCookie | TokenKind::BlockingToken => format!(
                "Decoding {} failed. Make sure you passed the entire string JWT which represents {}.{} ({why})",
                words.name, words.a_short, words.docs
            ),
            TokenKind::AppCheck => format!(
                "Decoding App Check token failed. Make sure you passed the entire string JWT which represents the \
                 Firebase App Check token. ({why})"
            ),
            _ => format!("{} cannot be read: {why}", words.name),
        };
        TokenError::new(TokenFault::Malformed(why), words.invalid, message)
    }

    pub(super) fn given(kind: TokenKind, fault: TokenFault, what: &str) -> Self {
        let words = kind.words();
        let message = format!("{} expects {}, but was given {what}.{}", words.api, words.a_short, words.docs);
        TokenError::new(fault, words.invalid, message)
    }

    pub(super) fn signature(kind: TokenKind, fault: TokenFault) -> Self {
        TokenError::about(kind, fault, "has invalid signature.")
    }

    #[cfg(feature = "verify")]
    pub(super) fn unknown_key(kind: TokenKind) -> Self {
        let words = kind.words();
        let provided = if kind == TokenKind::AppCheck { "provided " } else { "" };
        let message = format!(
            "{} has \"kid\" claim which does not correspond to a known public key. Most likely the {provided}{} is \
             expired, so get a fresh token from your client app and try again.",
            words.name, words.short
        );
        TokenError::new(TokenFault::UnknownKeyId, words.invalid, message)
    }

    #[cfg(feature = "verify")]
    pub(super) fn keys_expired(kind: TokenKind) -> Self {
        let message = "Error fetching public keys for Google certs: the known keys have expired.";
        TokenError::new(TokenFault::KeysExpired, kind.words().invalid, message)
    }

    pub(super) fn expired(kind: TokenKind) -> Self {
        let words = kind.words();
        // Only App Check does not tell the code in the text.
        let code = if kind == TokenKind::AppCheck { String::new() } else { format!(" ({})", words.expired) };
        let rest = format!("has expired. Get a fresh {} from your client app and try again{code}.", words.short);
        TokenError { code: words.expired, ..TokenError::about(kind, TokenFault::Expired, &rest) }
    }
}
