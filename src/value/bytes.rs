//! Octets as text, in the two forms that the languages have (runtime specification, section 11).

use base64::{Engine as _, engine::general_purpose::URL_SAFE};

/// URL-safe Base64 with padding.
pub fn base64(octets: &[u8]) -> String {
    URL_SAFE.encode(octets)
}

/// Upper-case hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|b| format!("{b:02X}")).collect()
}
