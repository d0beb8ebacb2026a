//! Unsigned tokens, for tests and for replacements of the emulators. A host must ask for these functions by name, and
//! none of them makes a [`VerifiedToken`](super::VerifiedToken).

use serde_json::{Map, Value as Json, json};

use crate::value::Timestamp;

use super::{
    Accounts, Claims, Product, TokenError, TokenKind, UnsignedToken,
    jws::{self, DecodeError},
    policy::{Expected, ID_TOKEN_ISSUER, Profile, SESSION_COOKIE_ISSUER, TokenPolicy},
    token_error::TokenFault,
};

/// Decodes a token and verifies neither signature nor claims. The last of several equal names in an object wins.
///
/// # Errors
///
/// The text is not a token.
pub fn decode(token: &str) -> Result<UnsignedToken, DecodeError> {
    jws::read_leniently(token).map(|(header, payload)| UnsignedToken::new(header, payload))
}

/// An unsigned token with these claims, as the Auth emulator makes it: `alg` is `none`, and the signature is empty.
pub fn unsigned_token(claims: &Claims) -> String {
    jws::unsigned(claims.as_object())
}

/// The identity that an emulator reads from an `Authorization` header.
#[derive(Clone, Debug, PartialEq)]
pub enum Credential {
    /// Nobody is signed in.
    Anonymous,
    /// A tool of the host: rules are not evaluated.
    Admin,
    /// A user, named by an unsigned token.
    User(UnsignedToken),
}

/// The refusal of a header by an emulator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CredentialError {
    status: u16,
    message: &'static str,
}

impl CredentialError {
    /// The HTTP status of the emulator's response.
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// Reads an `Authorization` header as the emulator of `product` does (identity specification, section 6.2).
///
/// # Errors
///
/// Firestore answers 400 `invalid jwt` to a bad token and 500 to another scheme than `Bearer`; Realtime Database
/// answers 401 to both. Storage treats both as anonymous.
pub fn credential(product: Product, authorization: Option<&str>) -> Result<Credential, CredentialError> {
    let Some(header) = authorization else { return Ok(Credential::Anonymous) };
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    match product {
        Product::Storage => Ok(storage_credential(header, token)),
        Product::Firestore => {
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(CredentialError { status: 500, message: "the scheme is not Bearer" });
            }
            if is_admin(token) {
                return Ok(Credential::Admin);
            }
            decode_object(token).map(Credential::User).ok_or(CredentialError { status: 400, message: "invalid jwt" })
        }
        Product::Database => {
            if scheme.eq_ignore_ascii_case("bearer") && is_admin(token) {
                return Ok(Credential::Admin);
            }
            let token = if scheme.eq_ignore_ascii_case("bearer") { decode_object(token) } else { None };
            token.map(Credential::User).ok_or(CredentialError { status: 401, message: "Could not parse auth token." })
        }
    }
}

fn storage_credential(header: &str, token: &str) -> Credential {
    if header == "Bearer owner" || header == "Firebase owner" {
        return Credential::Admin;
    }
    // The emulator ignores the scheme. Its decoder refuses a payload that is neither an object nor a list.
    let token = token.split(' ').next().unwrap_or_default();
    match decode(token) {
        Ok(token) if token.payload().is_object() || token.payload().is_array() => Credential::User(token),
        _ => Credential::Anonymous,
    }
}

/// Whether the token is `owner` or an OAuth access token of a tool.
fn is_admin(token: &str) -> bool {
    token.eq_ignore_ascii_case("owner") || token.starts_with("ya29.")
}

fn decode_object(token: &str) -> Option<UnsignedToken> {
    decode(token).ok().filter(|token| token.payload().is_object())
}

/// Checks unsigned tokens as the Admin SDK does in emulator mode: `alg` is `none`, the signature is empty, and
/// audience, issuer, subject and expiry hold as usual (identity specification, section 2.6). It has no keys and proves
/// nothing, so the result stays an [`UnsignedToken`].
///
/// ```
/// use firewarden::{Timestamp, auth::{EmulatorVerifier, mock_token}};
/// use serde_json::json;
///
/// let token = mock_token(&json!({ "sub": "alice", "iat": 1_700_000_000 }), "demo-app")?;
/// let verifier = EmulatorVerifier::id_tokens("demo-app");
/// assert!(verifier.verify(&token, Timestamp::from_secs(1_700_000_000)?).is_ok());
/// assert!(verifier.verify(&token, Timestamp::from_secs(1_700_003_600)?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmulatorVerifier {
    policy: TokenPolicy,
}

impl EmulatorVerifier {
    /// A verifier for ID tokens of a project.
    pub fn id_tokens(project: impl Into<String>) -> Self {
        EmulatorVerifier::for_issuer(TokenKind::IdToken, ID_TOKEN_ISSUER, project.into())
    }

    /// A verifier for session cookies of a project.
    pub fn session_cookies(project: impl Into<String>) -> Self {
        EmulatorVerifier::for_issuer(TokenKind::SessionCookie, SESSION_COOKIE_ISSUER, project.into())
    }

    fn for_issuer(kind: TokenKind, issuer: &'static str, project: String) -> Self {
        let expected = Expected::Project { issuer, project };
        EmulatorVerifier {
            policy: TokenPolicy { kind, expected, algorithm: "none", profile: Profile::NodeCompatible, skew: 0 },
        }
    }

    /// Checks a token at the time `now`; the times of a token are whole seconds.
    ///
    /// # Errors
    ///
    /// The errors of the Admin SDK: see [`TokenError::code`]. A signed token fails with an invalid signature.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<UnsignedToken, TokenError> {
        self.verify_without_hint(token, now).map_err(|error| error.with_hint_for(&self.policy, token, now))
    }

    fn verify_without_hint(&self, token: &str, now: Timestamp) -> Result<UnsignedToken, TokenError> {
        let kind = self.policy.kind;
        let malformed = |why| TokenError::malformed(kind, why);
        let read = jws::read(token).map_err(malformed)?;
        self.policy.check_claims(&read.claims)?;
        let algorithm = read.header.alg.as_ref().and_then(Json::as_str);
        let unsigned = algorithm == Some("none") && read.signature.is_empty();
        if !unsigned {
            return Err(TokenError::invalid_signature(kind, TokenFault::BadSignature));
        }
        self.policy.check_times(&read.claims, now)?;
        decode(token).map_err(malformed)
    }

    /// Checks a token as [`verify`](EmulatorVerifier::verify) does, and that its user is neither disabled nor revoked.
    /// The Admin SDK always checks both in emulator mode.
    ///
    /// # Errors
    ///
    /// As for [`verify`](EmulatorVerifier::verify), and codes `auth/user-disabled`, `auth/id-token-revoked`,
    /// `auth/user-not-found`.
    pub fn verify_and_check_revoked(
        &self,
        token: &str,
        now: Timestamp,
        accounts: &dyn Accounts,
    ) -> Result<UnsignedToken, TokenError> {
        let token = self.verify(token, now)?;
        self.policy.check_account(&token.claims(), accounts)?;
        Ok(token)
    }
}

/// Why a mock token cannot be made. `Display` gives the official text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MockTokenError {
    /// The options are not an object.
    #[error("the options of a mock token must be an object")]
    NotAnObject,
    /// The options have `uid`.
    #[error(
        "The \"uid\" field is no longer supported by mockUserToken. Please use \"sub\" instead for Firebase Auth User ID."
    )]
    Uid,
    /// The options have neither `sub` nor `user_id`.
    #[error("mockUserToken must contain 'sub' or 'user_id' field!")]
    NoSubject,
}

/// The token of the official test library for a project: unsigned, and issued in 1970 unless the options say otherwise,
/// so long expired. Each option is a claim and replaces the whole default claim.
///
/// # Errors
///
/// The test library refuses the options.
pub fn mock_token(options: &Json, project: &str) -> Result<String, MockTokenError> {
    let Json::Object(options) = options else { return Err(MockTokenError::NotAnObject) };
    if super::ecmascript::is_truthy(options.get("uid")) {
        return Err(MockTokenError::Uid);
    }
    let given = |name: &str| options.get(name).filter(|value| super::ecmascript::is_truthy(Some(value)));
    let subject = given("sub").or_else(|| given("user_id")).ok_or(MockTokenError::NoSubject)?;
    let issued = given("iat").cloned().unwrap_or_else(|| json!(0));
    let expires = match issued.as_i64() {
        Some(second) => json!(second.saturating_add(3600)),
        None => json!(issued.as_f64().unwrap_or_default() + 3600.0),
    };
    let mut claims = Map::new();
    for (name, value) in [
        ("iss", json!(format!("{ID_TOKEN_ISSUER}{project}"))),
        ("aud", json!(project)),
        ("iat", issued.clone()),
        ("exp", expires),
        ("auth_time", issued),
        ("sub", subject.clone()),
        ("user_id", subject.clone()),
        ("firebase", json!({ "sign_in_provider": "custom", "identities": {} })),
    ] {
        claims.insert(name.to_owned(), value);
    }
    claims.extend(options.clone());
    Ok(jws::signing_input(&json!({ "alg": "none", "type": "JWT" }), &claims) + ".")
}
