//! The AWS-LC back end. It parses each key once, when a set is read: parsing a key and precomputing its modulus takes
//! about a sixth of a verification, and the verifiers of `jsonwebtoken` do it each time.

use aws_lc_rs::{
    hmac,
    signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};

pub(super) use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER as PROVIDER;

/// A parsed key, which fixes the algorithm.
#[derive(Debug)]
pub(super) enum Key {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

/// The largest RSA modulus that it supports, in bits.
pub(super) const MAX_RSA_BITS: usize = 8192;

impl Key {
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Option<Self> {
        let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        key.ok().map(Key::Public)
    }

    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok().map(Key::Public)
    }

    pub(super) fn secret(secret: &[u8]) -> Self {
        Key::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Key::Public(key) => key.verify_sig(message, signature).is_ok(),
            Key::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}
