//! Compact tokens: three parts of base64url joined by dots. Reading one is not believing it.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value as Json};

use super::{
    checked::{Checked, Header},
    lenient_json,
    strict_json::{self, Fields, Flaw},
};

/// Octets of a token that are read: far above what a token needs, far below what hurts.
pub const MAX_TOKEN: usize = 64 * 1024;

/// A part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first: algorithm and key id.
    Header,
    /// The second: the claims.
    Payload,
    /// The third.
    Signature,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Part::Header => "header",
            Part::Payload => "payload",
            Part::Signature => "signature",
        })
    }
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// More octets than [`MAX_TOKEN`].
    #[error("the token is larger than {MAX_TOKEN} bytes")]
    Oversized,
    /// Not three parts with dots between them.
    #[error("a token has three parts with dots between them")]
    Parts,
    /// A part is not base64url without padding.
    #[error("the {0} is not base64url")]
    Encoding(Part),
    /// A part is not JSON.
    #[error("the {0} is not JSON")]
    Json(Part),
    /// A part is JSON, but no object.
    #[error("the {0} is not a JSON object")]
    NotAnObject(Part),
    /// An object repeats a name, so that two readers may see different claims.
    #[error("the {0} has a name twice")]
    RepeatedName(Part),
    /// A part nests too deeply.
    #[error("the {0} nests too deeply")]
    TooDeep(Part),
}

/// A token that was read strictly: every part is in its one canonical form.
#[derive(Debug)]
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "for those who check signatures"))]
pub(super) struct Compact<'a> {
    pub(super) header: Header,
    pub(super) claims: Checked,
    /// The JSON of all claims, octet by octet as it was read.
    pub(super) payload: Vec<u8>,
    /// What the signature is made over: the first two parts as they stand.
    pub(super) message: &'a str,
    pub(super) signature: Vec<u8>,
}

/// Reads a token in which nothing is ambiguous.
pub(super) fn read(token: &str) -> Result<Compact<'_>, Malformed> {
    let (message, header_text, payload_text, signature) = split(token)?;
    let decode = |part, text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| Malformed::Encoding(part));
    let object = |part, octets: &[u8], fields: &mut dyn Fields| {
        strict_json::read_fields(octets, fields).map_err(|flaw| match flaw {
            Flaw::NotAnObject => Malformed::NotAnObject(part),
            Flaw::NotJson => Malformed::Json(part),
            Flaw::RepeatedName => Malformed::RepeatedName(part),
            Flaw::TooDeep => Malformed::TooDeep(part),
        })
    };
    let (mut header, mut claims) = (Header::default(), Checked::default());
    object(Part::Header, &decode(Part::Header, header_text)?, &mut header)?;
    let payload = decode(Part::Payload, payload_text)?;
    object(Part::Payload, &payload, &mut claims)?;
    Ok(Compact { header, claims, payload, message, signature: decode(Part::Signature, signature)? })
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Header and payload as the emulators read them: of a repeated name the last value stays, padding and stray bits are
/// let pass, the third part is not looked at.
pub(super) fn read_leniently(token: &str) -> Result<(Map<String, Json>, Json), Malformed> {
    let (_, header, payload, _) = split(token)?;
    let json = |part, text: &str| {
        let octets = LENIENT.decode(text).map_err(|_| Malformed::Encoding(part))?;
        lenient_json::read(&octets).ok_or(Malformed::Json(part))
    };
    match json(Part::Header, header)? {
        Json::Object(header) => Ok((header, json(Part::Payload, payload)?)),
        _ => Err(Malformed::NotAnObject(Part::Header)),
    }
}

/// The payload as callable functions read it in the emulator: the header is not looked at, padding ends a part, and
/// octets that are no text are replaced. Nothing for what is no token or no JSON.
pub(super) fn read_payload(token: &str) -> Option<Json> {
    let (_, _, payload, _) = split(token).ok()?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_=.".contains(c);
    let payload = payload.split('=').next().filter(|_| token.chars().all(is_part))?;
    // A last character that fills no octet is dropped.
    let payload = payload.get(..payload.len() - usize::from(payload.len() % 4 == 1))?;
    let octets = LENIENT.decode(payload).ok()?;
    lenient_json::read(String::from_utf8_lossy(&octets).as_bytes())
}

/// The signed text and the three parts.
fn split(token: &str) -> Result<(&str, &str, &str, &str), Malformed> {
    if token.len() > MAX_TOKEN {
        return Err(Malformed::Oversized);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Malformed::Parts)?;
    let (header, payload) = message.split_once('.').ok_or(Malformed::Parts)?;
    if header.is_empty() || payload.is_empty() || payload.contains('.') {
        return Err(Malformed::Parts);
    }
    Ok((message, header, payload, signature))
}

/// The first two parts of a token with these contents.
pub(super) fn message(header: &Json, payload: &Map<String, Json>) -> String {
    // Writing JSON values to memory cannot fail; if it did, the empty part would be refused by every reader.
    let payload = serde_json::to_string(payload).unwrap_or_default();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload))
}

/// A token that nobody signed, in the form of the Auth emulator: `alg` is `none`, the third part is empty.
pub(super) fn unsigned(payload: &Map<String, Json>) -> String {
    message(&serde_json::json!({ "alg": "none", "typ": "JWT" }), payload) + "."
}
