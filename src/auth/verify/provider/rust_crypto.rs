//! RustCrypto. Checks are those of `jsonwebtoken`, which parse the key each time; beside what a check costs here that is
//! little.

use jsonwebtoken::{Algorithm, DecodingKey};

pub(super) use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER as PROVIDER;

/// A key and the one algorithm that is used with it.
#[derive(Debug)]
pub(super) struct Key(Algorithm, DecodingKey);

impl Key {
    pub(super) fn rsa_der(der: &[u8]) -> Self {
        Key(Algorithm::RS256, DecodingKey::from_rsa_der(der))
    }

    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Self {
        Key(Algorithm::RS256, DecodingKey::from_rsa_raw_components(n, e))
    }

    pub(super) fn p256(point: &[u8]) -> Self {
        Key(Algorithm::ES256, DecodingKey::from_ec_der(point))
    }

    pub(super) fn secret(secret: &[u8]) -> Self {
        Key(Algorithm::HS256, DecodingKey::from_secret(secret))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Key(algorithm, key) = self;
        (PROVIDER.verifier_factory)(algorithm, key)
            .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }
}
