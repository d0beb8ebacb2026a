//! Percent-encoding, with the rules of the three decoders whose results matter here.

use std::borrow::Cow;

use super::number::decimal_digit;

/// The rules by which [`percent_decode`] treats `+`, malformed escapes and bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentMode {
    /// Java's `URLDecoder`, with which the official engine decodes paths: `+` is a space, a malformed escape is an
    /// error, and bytes that are not UTF-8 become U+FFFD. An escape may be a plus sign and one digit, and have digits
    /// of any script.
    Form,
    /// ECMAScript's `decodeURIComponent`: malformed escapes and bytes that are not UTF-8 are errors.
    Component,
    /// For suggestions to people: a malformed escape stays as it is, and so does the whole text if the result would not
    /// be UTF-8.
    Lenient,
}

/// Why a text cannot be decoded. Displays the cause in the official message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// `%` with fewer than two characters after it.
    #[error("URLDecoder: Incomplete trailing escape (%) pattern")]
    Incomplete,
    /// `%zz`
    #[error("URLDecoder: Illegal hex characters in escape (%) pattern - Error at index {0} in: \"{1}\"")]
    Illegal(usize, String),
    /// `%-1`
    #[error("URLDecoder: Illegal hex characters in escape (%) pattern - negative value")]
    Negative,
    /// The bytes are not UTF-8; only [`PercentMode::Component`] gives this error.
    #[error("the decoded bytes are not UTF-8")]
    NotUtf8,
}

/// Decodes the escapes `%HH`, which are bytes of UTF-8.
///
/// # Errors
///
/// A malformed escape, or bytes that are not UTF-8, if `mode` refuses them; never in [`PercentMode::Lenient`].
pub fn percent_decode(text: &str, mode: PercentMode) -> Result<Cow<'_, str>, DecodeError> {
    let is_special = |byte: u8| byte == b'%' || byte == b'+' && mode == PercentMode::Form;
    if !text.bytes().any(is_special) {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => {
                let mut digits = chars.clone();
                match (escaped(&mut digits, mode), mode) {
                    (Ok(byte), _) => {
                        bytes.push(byte);
                        chars = digits;
                    }
                    (Err(_), PercentMode::Lenient) => bytes.push(b'%'),
                    (Err(error), _) => return Err(error),
                }
            }
            '+' if mode == PercentMode::Form => bytes.push(b' '),
            c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    match (String::from_utf8(bytes), mode) {
        (Ok(decoded), _) => Ok(Cow::Owned(decoded)),
        (Err(error), PercentMode::Form) => Ok(Cow::Owned(from_utf8_as_java(error.as_bytes()))),
        (Err(_), PercentMode::Component) => Err(DecodeError::NotUtf8),
        (Err(_), PercentMode::Lenient) => Ok(Cow::Borrowed(text)),
    }
}

/// The byte that the next two characters denote.
fn escaped(chars: &mut std::str::Chars<'_>, mode: PercentMode) -> Result<u8, DecodeError> {
    let (Some(high), Some(low)) = (chars.next(), chars.next()) else { return Err(DecodeError::Incomplete) };
    let of_any_script = |c| decimal_digit(c).map(u32::from).filter(|_| mode == PercentMode::Form);
    let digit = |c: char| c.to_digit(16).or_else(|| of_any_script(c));
    let illegal = |at| Err(DecodeError::Illegal(at, format!("{high}{low}")));
    match (high, digit(high), digit(low)) {
        (_, Some(high), Some(low)) => Ok((high * 16 + low) as u8),
        _ if mode != PercentMode::Form => illegal(0),
        ('+', None, Some(low)) => Ok(low as u8),
        ('-', None, Some(0)) => Ok(0),
        ('-', None, Some(_)) => Err(DecodeError::Negative),
        ('+' | '-', None, None) | (_, Some(_), None) => illegal(1),
        (_, None, _) => illegal(0),
    }
}

/// Bytes as text. Java replaces an encoded surrogate, or the beginning of one, by a single U+FFFD.
fn from_utf8_as_java(bytes: &[u8]) -> String {
    let mut clean = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if let (0xED, [0xA0..=0xBF, after @ ..]) = (first, after) {
            clean.extend_from_slice("\u{FFFD}".as_bytes());
            rest = match after {
                [0x80..=0xBF, after @ ..] => after,
                after => after,
            };
        } else {
            clean.push(*first);
        }
    }
    String::from_utf8_lossy(&clean).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed step should stop the test
mod tests {
    use super::*;

    #[test]
    fn each_mode_has_its_rules() {
        let decode = |text, mode| percent_decode(text, mode).map(Cow::into_owned);
        for (text, form, component, lenient) in [
            ("a%2Fb", Some("a/b"), Some("a/b"), "a/b"),
            ("a+b", Some("a b"), Some("a+b"), "a+b"),
            ("%C3%A9", Some("é"), Some("é"), "é"),
            ("%zz%41", None, None, "%zzA"),
            ("%4é", None, None, "%4é"),
            ("%", None, None, "%"),
            ("%+1", Some("\u{1}"), None, "%+1"),
            ("%\u{664}1", Some("A"), None, "%\u{664}1"),
            ("%FF%41", Some("\u{FFFD}A"), None, "%FF%41"),
            ("%ED%A0%80", Some("\u{FFFD}"), None, "%ED%A0%80"),
        ] {
            assert_eq!(decode(text, PercentMode::Form).ok().as_deref(), form, "{text}");
            assert_eq!(decode(text, PercentMode::Component).ok().as_deref(), component, "{text}");
            assert_eq!(decode(text, PercentMode::Lenient).unwrap(), lenient, "{text}");
        }
    }
}
