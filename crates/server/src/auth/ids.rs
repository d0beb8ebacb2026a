//! Random ids and codes, in the lengths and alphabets of the official emulator. They keep no secret: the server shows
//! all of them to whoever asks.

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The id of an account, a tenant or an enrolment: 28 letters and digits.
pub fn account_id() -> String {
    alphanumeric(28)
}

/// So many letters and digits.
pub fn alphanumeric(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(length).collect()
}

/// So many characters of base64url.
pub fn base64url(length: usize) -> String {
    let character = || fastrand::choice(BASE64URL).map_or('A', |&byte| char::from(byte));
    std::iter::repeat_with(character).take(length).collect()
}

/// A code of an SMS: six digits.
pub fn digits() -> String {
    std::iter::repeat_with(|| fastrand::digit(10)).take(6).collect()
}
