//! The crypto back end, which only this module knows. The verifier chooses the algorithm, never the token.

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

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA with SHA-256, which signs all tokens of Firebase.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
}

impl Algorithm {
    /// The value of `alg` in a header.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::Hs256 => "HS256",
        }
    }

    fn to_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        }
    }

    /// Whether the length of a signature is possible for this algorithm. This refuses RSA keys below 2048 and above
    /// 8192 bits.
    fn accepts_length(self, signature: &[u8]) -> bool {
        match self {
            Algorithm::Rs256 => (256..=1024).contains(&signature.len()),
            Algorithm::Es256 => signature.len() == 64,
            Algorithm::Hs256 => signature.len() == 32,
        }
    }
}

/// A verification key for one algorithm.
#[derive(Debug)]
pub(super) struct Key {
    algorithm: Algorithm,
    key: back_end::Key,
}

impl Key {
    /// An RSA key with modulus and exponent in big-endian bytes.
    ///
    /// # Errors
    ///
    /// The message says what is wrong with the key, and what would be right.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, String> {
        let (n, e) = (strip_leading_zeros(n), strip_leading_zeros(e));
        let bits = n.first().map_or(0, |first| 8 * n.len() - first.leading_zeros() as usize);
        if !(MIN_RSA_BITS..=back_end::MAX_RSA_BITS).contains(&bits) {
            let most = back_end::MAX_RSA_BITS;
            return Err(format!("its modulus has {bits} bits; RSA keys of {MIN_RSA_BITS} to {most} bits can be used"));
        }
        if n.last().is_none_or(|last| last % 2 == 0) {
            return Err("its modulus is even, which no product of two primes is".to_owned());
        }
        // With the exponent 1 a signature is the message itself.
        let exponent = e.iter().try_fold(0_u64, |all, byte| all.checked_mul(256).map(|all| all | u64::from(*byte)));
        if !exponent.is_some_and(|e| e % 2 == 1 && (3..1 << 33).contains(&e)) {
            return Err("its exponent is not an odd number from 3 to 2^33; most keys have 65537".to_owned());
        }
        let key = back_end::Key::rsa(n, e).ok_or("it is not a public key of RSA")?;
        Ok(Key { algorithm: Algorithm::Rs256, key })
    }

    /// A P-256 key from an uncompressed point.
    ///
    /// # Errors
    ///
    /// The message says what is wrong with the key, and what would be right.
    pub(super) fn p256(point: &[u8]) -> Result<Self, String> {
        let key = back_end::Key::p256(point).ok_or("its point is not on the curve P-256")?;
        Ok(Key { algorithm: Algorithm::Es256, key })
    }

    /// A key from a shared secret.
    pub(super) fn secret(secret: &[u8]) -> Self {
        Key { algorithm: Algorithm::Hs256, key: back_end::Key::secret(secret) }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is a signature of `message` by this key. `algorithm` must be the algorithm of the key.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.algorithm == algorithm && algorithm.accepts_length(signature) && self.key.verifies(message, signature)
    }
}

/// The smallest RSA modulus that is accepted, in bits.
const MIN_RSA_BITS: usize = 2048;

/// A big-endian number without leading zero bytes.
fn strip_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// The signature of `message`; `None` if the key cannot sign or is too short.
pub(super) fn sign(algorithm: Algorithm, key: &EncodingKey, message: &[u8]) -> Option<Vec<u8>> {
    let signature = (back_end::PROVIDER.signer_factory)(&algorithm.to_jsonwebtoken(), key).ok()?.try_sign(message).ok();
    signature.filter(|signature| algorithm.accepts_length(signature))
}
