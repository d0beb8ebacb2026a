//! Keys in PEM: just enough DER to find a key within its wrapping, in constant depth. Certificates are read for their
//! key alone, as the official SDKs do: neither their dates nor their issuer are looked at.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Octets of PEM text that are read.
const MAX_PEM: usize = 64 * 1024;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// A key found in PEM.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// PKCS#1 `RSAPublicKey`.
    RsaPublic(Vec<u8>),
    /// An uncompressed point on P-256.
    EcPublic(Vec<u8>),
    /// PKCS#1 `RSAPrivateKey`.
    RsaPrivate(Vec<u8>),
    /// PKCS#8 with a key on P-256.
    EcPrivate(Vec<u8>),
}

/// The key of the first block of a PEM text: a certificate, a public key (SPKI, PKCS#1) or a private one (PKCS#8, PKCS#1).
pub(super) fn read(pem: &str) -> Option<Found> {
    let (label, der) = block(pem)?;
    match label {
        "CERTIFICATE" => public(certified(&der)?),
        "PUBLIC KEY" => public(Cursor(&der).take(SEQUENCE)?),
        "RSA PUBLIC KEY" => Some(Found::RsaPublic(der)),
        "PRIVATE KEY" => private(&der),
        "RSA PRIVATE KEY" => Some(Found::RsaPrivate(der)),
        _ => None,
    }
}

fn block(pem: &str) -> Option<(&str, Vec<u8>)> {
    if pem.len() > MAX_PEM {
        return None;
    }
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    Some((label, STANDARD.decode(body).ok()?))
}

/// The contents of a certificate's `SubjectPublicKeyInfo`.
fn certified(der: &[u8]) -> Option<&[u8]> {
    let certificate = Cursor(der).take(SEQUENCE)?;
    let mut fields = Cursor(Cursor(certificate).take(SEQUENCE)?);
    if fields.0.first() == Some(&VERSION) {
        fields.take(VERSION)?;
    }
    fields.take(INTEGER)?;
    // Algorithm, issuer, validity, subject.
    for _ in 0..4 {
        fields.take(SEQUENCE)?;
    }
    fields.take(SEQUENCE)
}

/// The key of a `SubjectPublicKeyInfo`'s contents.
fn public(info: &[u8]) -> Option<Found> {
    let mut fields = Cursor(info);
    let mut algorithm = Cursor(fields.take(SEQUENCE)?);
    // The first octet counts unused bits: none.
    let key = fields.take(BIT_STRING)?.strip_prefix(&[0])?;
    match algorithm.take(OID)? {
        RSA => Some(Found::RsaPublic(key.to_vec())),
        EC => (algorithm.take(OID)? == P256 && key.len() == 65).then(|| Found::EcPublic(key.to_vec())),
        _ => None,
    }
}

/// Modulus and exponent of a PKCS#1 `RSAPublicKey`, most significant octet first.
pub(super) fn rsa_public(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut all = Cursor(der);
    let mut fields = Cursor(all.take(SEQUENCE)?);
    let (n, e) = (fields.take(INTEGER)?, fields.take(INTEGER)?);
    // What begins with the highest bit is negative.
    let natural = |octets: &[u8]| octets.first().is_some_and(|first| *first < 0x80);
    (all.0.is_empty() && fields.0.is_empty() && natural(n) && natural(e)).then_some((n, e))
}

fn private(der: &[u8]) -> Option<Found> {
    let mut fields = Cursor(Cursor(der).take(SEQUENCE)?);
    fields.take(INTEGER)?;
    let mut algorithm = Cursor(fields.take(SEQUENCE)?);
    let key = fields.take(OCTET_STRING)?;
    match algorithm.take(OID)? {
        RSA => Some(Found::RsaPrivate(key.to_vec())),
        EC => (algorithm.take(OID)? == P256).then(|| Found::EcPrivate(der.to_vec())),
        _ => None,
    }
}

/// What is still to be read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// The contents of the next element, if it has that tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match *first {
            short @ 0..=0x7f => (usize::from(short), rest),
            0x81 => {
                let (a, rest) = rest.split_first()?;
                (usize::from(*a), rest)
            }
            0x82 => {
                let (octets, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*octets)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(contents)
    }
}
