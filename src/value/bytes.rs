//! Bytes as text, in the two forms that the languages have (runtime specification, section 11).

use base64::{Engine as _, engine::general_purpose::URL_SAFE};

/// URL-safe Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}

/// Upper-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]));
    text
}
