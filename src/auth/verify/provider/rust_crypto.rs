//! The RustCrypto back end. The verifiers of `jsonwebtoken` parse the key each time, which is cheap beside the
//! verification.

use jsonwebtoken::{Algorithm, DecodingKey};

pub(super) use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER as PROVIDER;

/// A key and its algorithm.
#[derive(Debug)]
pub(super) struct Key(Algorithm, DecodingKey);

/// The largest RSA modulus that it supports, in bits.
pub(super) const MAX_RSA_BITS: usize = 4096;

impl Key {
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Option<Self> {
        Key(Algorithm::RS256, DecodingKey::from_rsa_raw_components(n, e)).if_supported()
    }

    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        Key(Algorithm::ES256, DecodingKey::from_ec_der(point)).if_supported()
    }

    /// The key if a verifier accepts it, which checks that a point is on its curve.
    fn if_supported(self) -> Option<Self> {
        (PROVIDER.verifier_factory)(&self.0, &self.1).is_ok().then_some(self)
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
