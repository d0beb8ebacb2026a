//! The key of `--sign`: ID tokens and session cookies are then signed with RS256, and the server publishes the key in both
//! forms that back ends read, so that those which verify signatures can be tested.

use std::{str::FromStr as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use firewarden::auth::{Claims, Signer};
use rsa::{
    RsaPrivateKey, pkcs1v15,
    pkcs8::{EncodePrivateKey as _, LineEnding},
    rand_core::{OsRng, RngCore as _},
    sha2::Sha256,
    traits::PublicKeyParts as _,
};
use serde_json::{Value as Json, json};
use x509_cert::{
    builder::{self, Builder as _, CertificateBuilder, Profile},
    der::{EncodePem as _, asn1::UtcTime},
    name::Name,
    serial_number::SerialNumber,
    spki::SubjectPublicKeyInfoOwned,
    time::{Time, Validity},
};

use super::error::Refusal;

/// The size of the key in bits.
const BITS: usize = 2048;

/// The last second that a certificate states in two digits of the year, the end of 2049, in seconds since 1970.
const LAST: u64 = 2_524_607_999;

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

/// A certificate of the key, signed by itself, in PEM.
fn certificate(key: &RsaPrivateKey) -> Result<String, builder::Error> {
    let name = Name::from_str("CN=securetoken.system.gserviceaccount.com")?;
    // The clock of a project may be set to any time.
    let time = |seconds| UtcTime::from_unix_duration(Duration::from_secs(seconds)).map(Time::UtcTime);
    let validity = Validity { not_before: time(0)?, not_after: time(LAST)? };
    let public = SubjectPublicKeyInfoOwned::from_key(key.to_public_key())?;
    let signer = pkcs1v15::SigningKey::<Sha256>::new(key.clone());
    let certificate =
        CertificateBuilder::new(Profile::Root, SerialNumber::from(1_u32), validity, name, public, &signer)?;
    Ok(certificate.build::<pkcs1v15::Signature>()?.to_pem(LineEnding::LF)?)
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
