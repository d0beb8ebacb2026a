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
    /// Modulus and exponent of RSA, most significant octet first.
    ///
    /// # Errors
    ///
    /// Why such a key cannot be used, in words.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, String> {
        let (n, e) = (significant(n), significant(e));
        let bits = n.first().map_or(0, |first| 8 * n.len() - first.leading_zeros() as usize);
        if !(MIN_RSA_BITS..=back_end::MAX_RSA_BITS).contains(&bits) {
            let most = back_end::MAX_RSA_BITS;
            return Err(format!("its modulus has {bits} bits; RSA keys of {MIN_RSA_BITS} to {most} bits can be used"));
        }
        if n.last().is_none_or(|last| last % 2 == 0) {
            return Err("its modulus is even, which no product of two primes is".to_owned());
        }
        // An exponent of one signs nothing: a signature is then the message itself.
        let exponent = e.iter().try_fold(0_u64, |all, octet| all.checked_mul(256).map(|all| all | u64::from(*octet)));
        if !exponent.is_some_and(|e| e % 2 == 1 && (3..1 << 33).contains(&e)) {
            return Err("its exponent is not an odd number from 3 to 2^33; most keys have 65537".to_owned());
        }
        let key = back_end::Key::rsa(n, e).ok_or("it is not a public key of RSA")?;
        Ok(Key { algorithm: Algorithm::Rs256, key })
    }

    /// An uncompressed point on P-256.
    ///
    /// # Errors
    ///
    /// Why such a key cannot be used, in words.
    pub(super) fn p256(point: &[u8]) -> Result<Self, String> {
        let key = back_end::Key::p256(point).ok_or("its point is not on the curve P-256")?;
        Ok(Key { algorithm: Algorithm::Es256, key })
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

/// Bits of an RSA key that is believed.
const MIN_RSA_BITS: usize = 2048;

/// A number without leading zeros.
fn significant(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// The signature of a message; nothing by a key that is too short to be believed.
pub(super) fn sign(algorithm: Algorithm, key: &EncodingKey, message: &[u8]) -> Option<Vec<u8>> {
    let signature = (back_end::PROVIDER.signer_factory)(&algorithm.official(), key).ok()?.try_sign(message).ok();
    signature.filter(|signature| algorithm.fits(signature))
}
