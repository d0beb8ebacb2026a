//! The crypto back end. The only place that knows which one it is; algorithms are the verifier's, never the token's.

#[cfg(not(any(feature = "verify-aws-lc", feature = "verify-rust-crypto")))]
compile_error!("the feature `verify` needs a back end: enable `verify-aws-lc` or `verify-rust-crypto`");

#[cfg(feature = "verify-aws-lc")]
mod aws_lc;
#[cfg(all(feature = "verify-rust-crypto", not(feature = "verify-aws-lc")))]
mod rust_crypto;

#[cfg(feature = "verify-aws-lc")]
use aws_lc as back_end;
use jsonwebtoken::EncodingKey;
#[cfg(all(feature = "verify-rust-crypto", not(feature = "verify-aws-lc")))]
use rust_crypto as back_end;

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

/// A key that signatures are checked with, by one algorithm and by no other.
#[derive(Debug)]
pub(super) struct Key {
    algorithm: Algorithm,
    key: back_end::Key,
}

impl Key {
    /// A PKCS#1 `RSAPublicKey`.
    pub(super) fn rsa_der(der: &[u8]) -> Self {
        Key { algorithm: Algorithm::Rs256, key: back_end::Key::rsa_der(der) }
    }

    /// Modulus and exponent of RSA, most significant octet first.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Self {
        Key { algorithm: Algorithm::Rs256, key: back_end::Key::rsa(n, e) }
    }

    /// An uncompressed point on P-256.
    pub(super) fn p256(point: &[u8]) -> Self {
        Key { algorithm: Algorithm::Es256, key: back_end::Key::p256(point) }
    }

    /// A shared secret.
    pub(super) fn secret(secret: &[u8]) -> Self {
        Key { algorithm: Algorithm::Hs256, key: back_end::Key::secret(secret) }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether a signature is that of a message by this key and that algorithm, which has to be the key's own.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.algorithm == algorithm && algorithm.fits(signature) && self.key.verifies(message, signature)
    }
}

/// The signature of a message; nothing by a key that is too short to be believed.
pub(super) fn sign(algorithm: Algorithm, key: &EncodingKey, message: &[u8]) -> Option<Vec<u8>> {
    let signature = (back_end::PROVIDER.signer_factory)(&algorithm.official(), key).ok()?.try_sign(message).ok();
    signature.filter(|signature| algorithm.fits(signature))
}
