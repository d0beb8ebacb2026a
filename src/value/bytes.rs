//! Octets as text, in the two forms that the languages have (runtime specification, section 11).

use base64::{Engine as _, engine::general_purpose::URL_SAFE};

/// URL-safe Base64 with padding.
pub fn base64(octets: &[u8]) -> String {
    URL_SAFE.encode(octets)
}

/// Upper-case hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |four: u8| DIGITS.get(usize::from(four)).copied().unwrap_or('0');
    let mut text = String::with_capacity(octets.len() * 2);
    text.extend(octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 0xF)]));
    text
}
