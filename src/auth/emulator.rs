//! Tokens that nobody signed, for tests and for stand-ins of the emulators. Nothing here is used unless a host asks for
//! it by name, and nothing here makes a verified token.

use serde_json::{Map, Value as Json, json};

use crate::value::Timestamp;

use super::{
    Accounts, Claims, Product, TokenError, TokenKind, UnsignedToken,
    checks::{Expected, ID_TOKEN_ISSUER, Profile, Rules, SESSION_COOKIE_ISSUER},
    compact::{self, Malformed},
    token_error::TokenFault,
};

/// Reads a token without believing it: neither signature nor any claim is checked. Of a name that an object repeats the
/// last value stays.
///
/// # Errors
///
/// The text is no token.
pub fn decode(token: &str) -> Result<UnsignedToken, Malformed> {
    compact::read_leniently(token).map(|(header, payload)| UnsignedToken::new(header, payload))
}

/// A token with these claims that nobody signed, as the Auth emulator makes them: `alg` is `none`, the third part is
/// empty.
pub fn unsigned_token(claims: &Claims) -> String {
    compact::unsigned(claims.as_object())
}

/// Who asks, by the `Authorization` header of an emulator.
#[derive(Clone, Debug, PartialEq)]
pub enum Credential {
    /// Nobody is signed in.
    Anonymous,
    /// The host's own tools: rules are not asked.
    Admin,
    /// A user by an unsigned token.
    User(UnsignedToken),
}

/// How an emulator refuses a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CredentialError {
    status: u16,
    message: &'static str,
}

impl CredentialError {
    /// The HTTP status that the emulator answers.
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// Reads an `Authorization` header as the emulator of a product does (identity specification, section 6.2).
///
/// # Errors
///
/// Firestore: 400 `invalid jwt` for a bad token, 500 for another scheme than `Bearer`. Realtime Database: 401 for both.
/// Storage takes either for nobody signed in.
pub fn credential(product: Product, authorization: Option<&str>) -> Result<Credential, CredentialError> {
    let Some(header) = authorization else { return Ok(Credential::Anonymous) };
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    match product {
        Product::Storage => Ok(storage(header, token)),
        Product::Firestore => {
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(CredentialError { status: 500, message: "the scheme is not Bearer" });
            }
            if is_admin(token) {
                return Ok(Credential::Admin);
            }
            object(token).map(Credential::User).ok_or(CredentialError { status: 400, message: "invalid jwt" })
        }
        Product::Database => {
            if scheme.eq_ignore_ascii_case("bearer") && is_admin(token) {
                return Ok(Credential::Admin);
            }
            let token = if scheme.eq_ignore_ascii_case("bearer") { object(token) } else { None };
            token.map(Credential::User).ok_or(CredentialError { status: 401, message: "Could not parse auth token." })
        }
    }
}

fn storage(header: &str, token: &str) -> Credential {
    if header == "Bearer owner" || header == "Firebase owner" {
        return Credential::Admin;
    }
    // The second word, whatever the scheme. A payload that is no object and no list is no token to the decoder either.
    let token = token.split(' ').next().unwrap_or_default();
    match decode(token) {
        Ok(token) if token.payload().is_object() || token.payload().is_array() => Credential::User(token),
        _ => Credential::Anonymous,
    }
}

/// `owner`, and access tokens of the host's own tools.
fn is_admin(token: &str) -> bool {
    token.eq_ignore_ascii_case("owner") || token.starts_with("ya29.")
}

fn object(token: &str) -> Option<UnsignedToken> {
    decode(token).ok().filter(|token| token.payload().is_object())
}

/// Checks unsigned tokens as the Admin SDK does when it is told to use the Auth emulator: only `alg` `none` without a
/// signature, audience, issuer, subject and expiry as ever (identity specification, section 2.6). It needs no keys, so it
/// proves nothing: the result stays an [`UnsignedToken`].
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
    rules: Rules,
}

impl EmulatorVerifier {
    /// For ID tokens of a project.
    pub fn id_tokens(project: impl Into<String>) -> Self {
        EmulatorVerifier::of(TokenKind::IdToken, ID_TOKEN_ISSUER, project.into())
    }

    /// For session cookies of a project.
    pub fn session_cookies(project: impl Into<String>) -> Self {
        EmulatorVerifier::of(TokenKind::SessionCookie, SESSION_COOKIE_ISSUER, project.into())
    }

    fn of(kind: TokenKind, issuer: &'static str, project: String) -> Self {
        let expected = Expected::Project { issuer, project };
        EmulatorVerifier {
            rules: Rules { kind, expected, algorithm: "none", profile: Profile::NodeCompatible, skew: 0 },
        }
    }

    /// Checks a token at a time; tokens count whole seconds.
    ///
    /// # Errors
    ///
    /// As the Admin SDK: see [`TokenError::code`]. A token that somebody signed is refused as badly signed.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<UnsignedToken, TokenError> {
        self.checked(token, now).map_err(|error| error.hinted(&self.rules, token, now))
    }

    fn checked(&self, token: &str, now: Timestamp) -> Result<UnsignedToken, TokenError> {
        let kind = self.rules.kind;
        let malformed = |why| TokenError::malformed(kind, why);
        let read = compact::read(token).map_err(malformed)?;
        self.rules.content(&read.claims)?;
        let algorithm = read.header.alg.as_ref().and_then(Json::as_str);
        let unsigned = algorithm == Some("none") && read.signature.is_empty();
        if !unsigned {
            return Err(TokenError::signature(kind, TokenFault::BadSignature));
        }
        self.rules.times(&read.claims, now)?;
        decode(token).map_err(malformed)
    }

    /// The same, and the user is neither disabled nor signed out everywhere, which the Admin SDK always asks in this mode.
    ///
    /// # Errors
    ///
    /// As for [`verify`](EmulatorVerifier::verify), and codes `auth/user-disabled`, `auth/id-token-revoked`,
    /// `auth/user-not-found`.
    pub fn verify_current(
        &self,
        token: &str,
        now: Timestamp,
        accounts: &dyn Accounts,
    ) -> Result<UnsignedToken, TokenError> {
        let token = self.verify(token, now)?;
        self.rules.standing(&token.claims(), accounts)?;
        Ok(token)
    }
}

/// Why there is no mock token. Displays the official text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MockTokenError {
    /// The options are no object.
    #[error("the options of a mock token are an object")]
    NotAnObject,
    /// The options have `uid`.
    #[error(
        "The \"uid\" field is no longer supported by mockUserToken. Please use \"sub\" instead for Firebase Auth User ID."
    )]
    Uid,
    /// Neither `sub` nor `user_id`.
    #[error("mockUserToken must contain 'sub' or 'user_id' field!")]
    NoSubject,
}

/// The token of the official test library for a project: unsigned, issued in 1970 and long expired unless the options say
/// otherwise. Options are claims; each replaces the whole claim of that name.
///
/// # Errors
///
/// Options that the test library refuses.
pub fn mock_token(options: &Json, project: &str) -> Result<String, MockTokenError> {
    let Json::Object(options) = options else { return Err(MockTokenError::NotAnObject) };
    if super::js::truth(options.get("uid")) {
        return Err(MockTokenError::Uid);
    }
    let given = |name: &str| options.get(name).filter(|value| super::js::truth(Some(value)));
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
    Ok(compact::message(&json!({ "alg": "none", "type": "JWT" }), &claims) + ".")
}
