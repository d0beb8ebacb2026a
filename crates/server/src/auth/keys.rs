//! The key of `--sign`: ID tokens and session cookies are then signed with RS256, and the server publishes the key in both
//! forms that back ends read, so that those which verify signatures can be tested.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use firewarden::auth::{Claims, Signer};
use rsa::{
    RsaPrivateKey, pkcs1v15,
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
    rand_core::{OsRng, RngCore as _},
    sha2::Sha256,
    signature::{SignatureEncoding as _, Signer as _},
    traits::PublicKeyParts as _,
};
use serde_json::{Value as Json, json};

use super::error::Refusal;

/// The size of the key in bits.
const BITS: usize = 2048;

/// A key that exists as long as the server.
#[derive(Clone, Debug)]
pub struct SigningKey {
    signer: Signer,
    /// `{"keys": […]}`
    pub jwks: Json,
    /// Certificates in PEM by key id.
    pub certificates: Json,
}

impl SigningKey {
    /// Makes a key, which takes a moment.
    ///
    /// # Errors
    ///
    /// The system has no randomness.
    pub fn generate() -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("no key can be made: {error}");
        let mut id = [0; 20];
        OsRng.try_fill_bytes(&mut id).map_err(|error| wrong(&error))?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let key = RsaPrivateKey::new(&mut OsRng, BITS).map_err(|error| wrong(&error))?;
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| wrong(&error))?;
        let signer = Signer::from_pem(&pem).map_err(|error| wrong(&error))?.key_id(&id);
        let number = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        let jwk = json!({
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": id, "n": number(key.n()), "e": number(key.e()),
        });
        let certificate = certificate(&key).map_err(|error| wrong(&error))?;
        Ok(SigningKey { signer, jwks: json!({ "keys": [jwk] }), certificates: json!({ id: certificate }) })
    }

    /// A signed token with these claims.
    pub fn sign(&self, claims: &Claims) -> Result<String, Refusal> {
        self.signer.sign(claims).map_err(|error| Refusal::internal(error.to_string()))
    }
}

// Tags of DER (X.690).
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;

/// `sha256WithRSAEncryption`, without parameters: 1.2.840.113549.1.1.11.
const ALGORITHM: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];

/// The attribute `commonName`: 2.5.4.3.
const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];

/// A value with its tag and its length.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let significant = length.iter().position(|byte| *byte != 0).and_then(|at| length.get(at..)).unwrap_or(&[0]);
    let mut value = vec![tag];
    match significant {
        [short @ 0..=0x7f] => value.push(*short),
        long => {
            value.push(0x80 | u8::try_from(long.len()).unwrap_or(u8::MAX));
            value.extend(long);
        }
    }
    value.extend(content);
    value
}

/// A certificate of the key, signed by itself, as X.509 version 3 in PEM.
fn certificate(key: &RsaPrivateKey) -> Result<String, rsa::pkcs8::spki::Error> {
    let public = key.to_public_key().to_public_key_der()?;
    let name = der(UTF8_STRING, &[b"securetoken.system.gserviceaccount.com"]);
    let name = der(SEQUENCE, &[&der(SET, &[&der(SEQUENCE, &[&COMMON_NAME, &name])])]);
    // The clock of a project may be set to any time.
    let validity = [der(UTC_TIME, &[b"700101000000Z"]), der(UTC_TIME, &[b"491231235959Z"])];
    let content = der(
        SEQUENCE,
        &[
            &der(VERSION, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&[1]]),
            &ALGORITHM,
            &name,
            &der(SEQUENCE, &[&validity.concat()]),
            &name,
            public.as_bytes(),
        ],
    );
    let signature = pkcs1v15::SigningKey::<Sha256>::new(key.clone()).sign(&content).to_vec();
    let certificate = der(SEQUENCE, &[&content, &ALGORITHM, &der(BIT_STRING, &[&[0], &signature])]);
    let text = STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem += &String::from_utf8_lossy(line);
        pem.push('\n');
    }
    Ok(pem + "-----END CERTIFICATE-----\n")
}

#[cfg(test)]
mod tests {
    use firewarden::{
        Timestamp,
        auth::{KeySet, Keys, Verifier},
    };

    use super::*;

    #[test]
    fn back_ends_verify_tokens_with_either_form_of_the_key() {
        let key = SigningKey::generate().unwrap();
        let claims = json!({
            "iss": "https://securetoken.google.com/demo", "aud": "demo", "sub": "alice", "user_id": "alice",
            "iat": 1_700_000_000, "exp": 1_700_003_600, "auth_time": 1_700_000_000,
        });
        let token = key.sign(&Claims::from_json(claims).unwrap()).unwrap();
        let now = Timestamp::from_secs(1_700_000_001).unwrap();
        for published in [&key.jwks, &key.certificates] {
            let keys = Keys::new(KeySet::parse(&published.to_string()).unwrap());
            let verified = Verifier::id_tokens("demo", keys).verify(&token, now).unwrap();
            assert_eq!(verified.uid(), "alice");
        }
    }
}
