//! Keys in PEM: a DER reader that finds a key in a certificate, SPKI or PKCS#8 structure, without recursion. Of a
//! certificate it reads only the key, as the official SDKs do: neither validity nor issuer.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The longest PEM text that is read, in bytes.
const MAX_PEM: usize = 64 * 1024;

const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;

/// A key from a PEM text.
#[derive(Debug, PartialEq)]
pub(super) enum PemKey {
    /// PKCS#1 `RSAPublicKey`.
    RsaPublic(Vec<u8>),
    /// An uncompressed point on P-256.
    EcPublic(Vec<u8>),
    /// PKCS#1 `RSAPrivateKey`.
    RsaPrivate(Vec<u8>),
    /// PKCS#8 with a P-256 key.
    EcPrivate(Vec<u8>),
}

/// Reads the key of the first PEM block: a certificate, a public key (SPKI, PKCS#1) or a private key (PKCS#8, PKCS#1).
pub(super) fn read(pem: &str) -> Option<PemKey> {
    let (label, der) = decode_pem(pem)?;
    match label {
        "CERTIFICATE" => parse_key_info(certificate_key_info(&der)?),
        "PUBLIC KEY" => parse_key_info(DerReader(&der).read_element(SEQUENCE)?),
        "RSA PUBLIC KEY" => Some(PemKey::RsaPublic(der)),
        "PRIVATE KEY" => parse_pkcs8(&der),
        "RSA PRIVATE KEY" => Some(PemKey::RsaPrivate(der)),
        _ => None,
    }
}

fn decode_pem(pem: &str) -> Option<(&str, Vec<u8>)> {
    if pem.len() > MAX_PEM {
        return None;
    }
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    Some((label, STANDARD.decode(body).ok()?))
}

/// The contents of the `SubjectPublicKeyInfo` of a certificate.
fn certificate_key_info(der: &[u8]) -> Option<&[u8]> {
    let certificate = DerReader(der).read_element(SEQUENCE)?;
    let mut fields = DerReader(DerReader(certificate).read_element(SEQUENCE)?);
    if fields.0.first() == Some(&CONTEXT_0) {
        fields.read_element(CONTEXT_0)?;
    }
    fields.read_element(INTEGER)?;
    // Algorithm, issuer, validity, subject.
    for _ in 0..4 {
        fields.read_element(SEQUENCE)?;
    }
    fields.read_element(SEQUENCE)
}

/// The key in the contents of a `SubjectPublicKeyInfo`.
fn parse_key_info(info: &[u8]) -> Option<PemKey> {
    let mut fields = DerReader(info);
    let mut algorithm = DerReader(fields.read_element(SEQUENCE)?);
    // The first byte of a bit string counts its unused bits.
    let key = fields.read_element(BIT_STRING)?.strip_prefix(&[0])?;
    match algorithm.read_element(OID)? {
        OID_RSA => Some(PemKey::RsaPublic(key.to_vec())),
        OID_EC => (algorithm.read_element(OID)? == OID_P256 && key.len() == 65).then(|| PemKey::EcPublic(key.to_vec())),
        _ => None,
    }
}

/// Modulus and exponent of a PKCS#1 `RSAPublicKey`, in big-endian bytes.
pub(super) fn parse_rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut all = DerReader(der);
    let mut fields = DerReader(all.read_element(SEQUENCE)?);
    let (n, e) = (fields.read_element(INTEGER)?, fields.read_element(INTEGER)?);
    // An integer whose highest bit is set is negative.
    let natural = |bytes: &[u8]| bytes.first().is_some_and(|first| *first < 0x80);
    (all.0.is_empty() && fields.0.is_empty() && natural(n) && natural(e)).then_some((n, e))
}

fn parse_pkcs8(der: &[u8]) -> Option<PemKey> {
    let mut fields = DerReader(DerReader(der).read_element(SEQUENCE)?);
    fields.read_element(INTEGER)?;
    let mut algorithm = DerReader(fields.read_element(SEQUENCE)?);
    let key = fields.read_element(OCTET_STRING)?;
    match algorithm.read_element(OID)? {
        OID_RSA => Some(PemKey::RsaPrivate(key.to_vec())),
        OID_EC => (algorithm.read_element(OID)? == OID_P256).then(|| PemKey::EcPrivate(der.to_vec())),
        _ => None,
    }
}

/// Reads DER elements; holds the rest of the input.
struct DerReader<'a>(&'a [u8]);

impl<'a> DerReader<'a> {
    /// Reads the next element and returns its contents if it has that tag.
    fn read_element(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match *first {
            short @ 0..=0x7f => (usize::from(short), rest),
            0x81 => {
                let (a, rest) = rest.split_first()?;
                (usize::from(*a), rest)
            }
            0x82 => {
                let (bytes, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*bytes)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(contents)
    }
}
