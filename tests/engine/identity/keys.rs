//! The test keys, and tokens made with them.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use firewarden::{
    Timestamp,
    auth::{Claims, KeySet, Keys, ServiceAccount, Signer},
};
use serde_json::{Value as Json, json};

#[cfg(feature = "verify-aws-lc")]
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER as PROVIDER;
#[cfg(not(feature = "verify-aws-lc"))]
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER as PROVIDER;

pub const PRIVATE: &str = include_str!("keys/test-rsa-a.private.pem");
pub const PUBLIC: &str = include_str!("keys/test-rsa-a.public.pem");
pub const CERTIFICATE: &str = include_str!("keys/test-rsa-a.certificate.pem");
pub const OTHER_PRIVATE: &str = include_str!("keys/test-rsa-b.private.pem");
pub const EC_PRIVATE: &str = include_str!("keys/test-ec.private.pem");
pub const EC_PUBLIC: &str = include_str!("keys/test-ec.public.pem");
pub const JWKS: &str = include_str!("keys/test-jwks.json");

pub const NOW: i64 = 1_700_000_000;

/// A second since 1970.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(second).unwrap()
}
pub const PROJECT: &str = "demo-x";
pub const ACCOUNT: &str = "sa@demo-x.iam.gserviceaccount.com";

/// The set that knows `ka`, as Google publishes it.
pub fn known() -> Arc<Keys> {
    Keys::new(KeySet::parse(&json!({ "ka": CERTIFICATE }).to_string()).unwrap())
}

pub fn account() -> ServiceAccount {
    ServiceAccount::from_pem(ACCOUNT, PRIVATE).unwrap()
}

pub fn claims(json: Json) -> Claims {
    Claims::from_json(json).unwrap()
}

/// The claims of a good ID token with others laid over them; null removes one.
pub fn id_token(more: Json) -> Claims {
    let mut all = claims(json!({
        "iss": format!("https://securetoken.google.com/{PROJECT}"),
        "aud": PROJECT,
        "iat": NOW - 10,
        "exp": NOW + 3590,
        "auth_time": NOW - 10,
        "sub": "u1",
        "user_id": "u1",
        "firebase": { "sign_in_provider": "custom", "identities": {} },
    }));
    for (name, value) in claims(more).iter() {
        if value.is_null() {
            all.remove(name);
        } else {
            all.set(name, value.clone());
        }
    }
    all
}

pub fn signed(claims: &Claims) -> String {
    Signer::from_pem(PRIVATE).unwrap().key_id("ka").sign(claims).unwrap()
}

pub fn part(json: &Json) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

pub fn unsigned(header: &Json, payload: &str) -> String {
    format!("{}.{}.", part(header), URL_SAFE_NO_PAD.encode(payload))
}

/// A token with any header, signed by an RSA key: RS256 is what it is, whatever the header says.
pub fn signed_under(header: &Json, payload: &str, private: &str) -> String {
    let message = format!("{}.{}", part(header), URL_SAFE_NO_PAD.encode(payload));
    format!("{message}.{}", signature(&message, private))
}

/// The RS256 signature of any text.
fn signature(message: &str, private: &str) -> String {
    // The signer only signs what it writes itself, so the key is used as it stands.
    let der = private.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let der = base64::engine::general_purpose::STANDARD.decode(der).unwrap();
    // PKCS#8 of an RSA key: 26 octets before the PKCS#1 key.
    let key = jsonwebtoken::EncodingKey::from_rsa_der(&der[26..]);
    let signer = (PROVIDER.signer_factory)(&jsonwebtoken::Algorithm::RS256, &key).unwrap();
    URL_SAFE_NO_PAD.encode(signer.try_sign(message.as_bytes()).unwrap())
}
