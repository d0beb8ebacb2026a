//! The JWS compact serialization (RFC 7515): header, payload and signature in base64url, separated by dots. Decoding
//! verifies nothing.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value as Json};

use super::{
    checked_claims::{CheckedClaims, JoseHeader},
    lenient_json,
    strict_json::{self, FieldSlots, JsonError},
};

/// The longest token that is decoded, in bytes: far above any real token, and far below what costs much to parse.
pub const MAX_TOKEN: usize = 64 * 1024;

/// A part of the JWS compact serialization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPart {
    /// The first part: algorithm and key id.
    Header,
    /// The second part: the claims.
    Payload,
    /// The third part.
    Signature,
}

impl std::fmt::Display for TokenPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            TokenPart::Header => "header",
            TokenPart::Payload => "payload",
            TokenPart::Signature => "signature",
        })
    }
}

/// Why a text cannot be decoded as a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The text is longer than [`MAX_TOKEN`].
    #[error("the token is larger than {MAX_TOKEN} bytes")]
    TooLarge,
    /// The text has fewer or more than three parts.
    #[error("a token has three parts, separated by dots")]
    PartCount,
    /// A part is not base64url without padding.
    #[error("the {0} is not base64url")]
    Encoding(TokenPart),
    /// A part is not JSON.
    #[error("the {0} is not JSON")]
    Json(TokenPart),
    /// A part is JSON, but not an object.
    #[error("the {0} is not a JSON object")]
    NotAnObject(TokenPart),
    /// An object repeats a member name, so that two parsers may see different claims.
    #[error("the {0} repeats a member name")]
    DuplicateName(TokenPart),
    /// A part nests too deeply.
    #[error("the {0} nests too deeply")]
    TooDeep(TokenPart),
}

/// A token that was decoded strictly: base64url has no padding or stray bits, and JSON has no duplicate names.
#[derive(Debug)]
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "for those who check signatures"))]
pub(super) struct CompactJws<'a> {
    pub(super) header: JoseHeader,
    pub(super) claims: CheckedClaims,
    /// The JSON text of all claims, byte for byte.
    pub(super) payload: Vec<u8>,
    /// The JWS signing input: the first two parts, still encoded.
    pub(super) signing_input: &'a str,
    pub(super) signature: Vec<u8>,
}

/// Decodes a token strictly, so that no other parser can read other claims from it.
pub(super) fn read(token: &str) -> Result<CompactJws<'_>, DecodeError> {
    let parts = split(token)?;
    let decode = |part, text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| DecodeError::Encoding(part));
    let object = |part, bytes: &[u8], fields: &mut dyn FieldSlots| {
        strict_json::read_fields(bytes, fields).map_err(|error| match error {
            JsonError::NotAnObject => DecodeError::NotAnObject(part),
            JsonError::NotJson => DecodeError::Json(part),
            JsonError::DuplicateName => DecodeError::DuplicateName(part),
            JsonError::TooDeep => DecodeError::TooDeep(part),
        })
    };
    let (mut header, mut claims) = (JoseHeader::default(), CheckedClaims::default());
    object(TokenPart::Header, &decode(TokenPart::Header, parts.header)?, &mut header)?;
    let payload = decode(TokenPart::Payload, parts.payload)?;
    object(TokenPart::Payload, &payload, &mut claims)?;
    let signature = decode(TokenPart::Signature, parts.signature)?;
    Ok(CompactJws { header, claims, payload, signing_input: parts.signing_input, signature })
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes header and payload as the emulators do: the last of several equal names wins, padding and stray bits are
/// accepted, and the signature is ignored.
pub(super) fn read_leniently(token: &str) -> Result<(Map<String, Json>, Json), DecodeError> {
    let EncodedParts { header, payload, .. } = split(token)?;
    let json = |part, text: &str| {
        let bytes = LENIENT.decode(text).map_err(|_| DecodeError::Encoding(part))?;
        lenient_json::read(&bytes).ok_or(DecodeError::Json(part))
    };
    match json(TokenPart::Header, header)? {
        Json::Object(header) => Ok((header, json(TokenPart::Payload, payload)?)),
        _ => Err(DecodeError::NotAnObject(TokenPart::Header)),
    }
}

/// Decodes the payload as callable functions do in the emulator: the header is ignored, padding ends the part, and
/// invalid UTF-8 becomes U+FFFD. `None` for a text that is not a token or not JSON.
pub(super) fn read_payload(token: &str) -> Option<Json> {
    let payload = split(token).ok()?.payload;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_=.".contains(c);
    let payload = payload.split('=').next().filter(|_| token.chars().all(is_part))?;
    // A trailing character that completes no byte is dropped.
    let payload = payload.get(..payload.len() - usize::from(payload.len() % 4 == 1))?;
    let bytes = LENIENT.decode(payload).ok()?;
    lenient_json::read(String::from_utf8_lossy(&bytes).as_bytes())
}

/// The parts of a token, still encoded.
struct EncodedParts<'t> {
    signing_input: &'t str,
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
}

fn split(token: &str) -> Result<EncodedParts<'_>, DecodeError> {
    if token.len() > MAX_TOKEN {
        return Err(DecodeError::TooLarge);
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or(DecodeError::PartCount)?;
    let (header, payload) = signing_input.split_once('.').ok_or(DecodeError::PartCount)?;
    if header.is_empty() || payload.is_empty() || payload.contains('.') {
        return Err(DecodeError::PartCount);
    }
    Ok(EncodedParts { signing_input, header, payload, signature })
}

/// The JWS signing input of a token: header and payload, encoded.
pub(super) fn signing_input(header: &Json, payload: &Map<String, Json>) -> String {
    // Serializing a JSON value to memory cannot fail; if it did, every parser would refuse the empty part.
    let payload = serde_json::to_string(payload).unwrap_or_default();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload))
}

/// An unsigned token as the Auth emulator makes it: `alg` is `none`, and the signature is empty.
pub(super) fn unsigned(payload: &Map<String, Json>) -> String {
    signing_input(&serde_json::json!({ "alg": "none", "typ": "JWT" }), payload) + "."
}
