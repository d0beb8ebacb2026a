//! The crypto back end. The only place that knows which one it is; algorithms are the verifier's, never the token's.

#[cfg(not(any(feature = "verify-aws-lc", feature = "verify-rust-crypto")))]
compile_error!("the feature `verify` needs a back end: enable `verify-aws-lc` or `verify-rust-crypto`");

#[cfg(feature = "verify-aws-lc")]
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER as PROVIDER;
#[cfg(all(feature = "verify-rust-crypto", not(feature = "verify-aws-lc")))]
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER as PROVIDER;

use jsonwebtoken::{DecodingKey, EncodingKey};

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA with SHA-256: all tokens of Firebase.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
}

impl Algorithm {
    /// The value of a header's `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::Hs256 => "HS256",
        }
    }

    fn official(self) -> jsonwebtoken::Algorithm {
        match self {
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        }
    }

    /// Whether a signature has a length that this algorithm makes. RSA keys below 2048 and above 8192 bits are refused by
    /// it.
    fn fits(self, signature: &[u8]) -> bool {
        match self {
            Algorithm::Rs256 => (256..=1024).contains(&signature.len()),
            Algorithm::Es256 => signature.len() == 64,
            Algorithm::Hs256 => signature.len() == 32,
        }
    }
}

/// Whether a signature is that of a message by a key. The back ends refuse a key of another family.
pub(super) fn verify(algorithm: Algorithm, key: &DecodingKey, message: &[u8], signature: &Vec<u8>) -> bool {
    algorithm.fits(signature)
        && (PROVIDER.verifier_factory)(&algorithm.official(), key)
            .is_ok_and(|verifier| verifier.verify(message, signature).is_ok())
}

/// The signature of a message; nothing by a key that is too short to be believed.
pub(super) fn sign(algorithm: Algorithm, key: &EncodingKey, message: &[u8]) -> Option<Vec<u8>> {
    let signature = (PROVIDER.signer_factory)(&algorithm.official(), key).ok()?.try_sign(message).ok();
    signature.filter(|signature| algorithm.fits(signature))
}
