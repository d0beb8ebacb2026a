//! Keys and strings in the orders of the database.

use std::{cmp::Ordering, fmt};

use equivalent::{Comparable, Equivalent};
use smol_str::SmolStr;

/// The key of a child. Keys that are written as 32-bit integers come first, in the order of their numbers; others follow in
/// the order of their UTF-16 code units.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(SmolStr);

/// A string as the database orders strings: by UTF-16 code units.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(SmolStr);

/// A borrowed key, to look one up.
#[derive(Clone, Copy)]
pub(super) struct Name<'n>(pub(super) &'n str);

impl Key {
    /// Keeps a short key without allocation.
    pub fn new(key: &str) -> Self {
        Key(SmolStr::new(key))
    }

    /// The text of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Text {
    /// Keeps a short string without allocation.
    pub fn new(text: &str) -> Self {
        Text(SmolStr::new(text))
    }

    /// The string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<SmolStr> for Text {
    fn from(text: SmolStr) -> Self {
        Text(text)
    }
}

/// The number of a key that sorts as one: digits, perhaps with a minus and leading zeros, within 32 bits.
fn integer(key: &str) -> Option<i32> {
    let digits = key.strip_prefix('-').unwrap_or(key);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    key.parse().ok()
}

/// Compares two keys. Of keys with one number the shorter comes first; `-0` and `00` still differ.
pub(super) fn compare_keys(a: &str, b: &str) -> Ordering {
    match (integer(a), integer(b)) {
        (Some(x), Some(y)) => x.cmp(&y).then(a.len().cmp(&b.len())).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => compare_text(a, b),
    }
}

/// Compares by UTF-16 code units. Their order differs from that of bytes only where a surrogate pair (four bytes, from 0xF0
/// on) meets a character from U+E000 to U+FFFF (0xEE and 0xEF).
pub(super) fn compare_text(a: &str, b: &str) -> Ordering {
    let first_difference = a.bytes().zip(b.bytes()).find(|(x, y)| x != y);
    match first_difference {
        Some((x @ 0xEE.., y @ 0xEE..)) if (x >= 0xF0) != (y >= 0xF0) => y.cmp(&x),
        Some((x, y)) => x.cmp(&y),
        None => a.len().cmp(&b.len()),
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_keys(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_text(&self.0, &other.0)
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Equivalent<Key> for Name<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.0 == *key.0
    }
}

impl Comparable<Key> for Name<'_> {
    fn compare(&self, key: &Key) -> Ordering {
        compare_keys(self.0, &key.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_come_first_and_by_number() {
        let sorted = ["-5", "-0", "0", "00", "7", "007", "9", "10", "2147483647", "", "-", "2147483648", "3a", "a"];
        let mut keys: Vec<Key> = sorted.iter().rev().map(|key| Key::new(key)).collect();
        keys.sort();
        // `0` is shorter than `-0` and `00`.
        let expected = ["-5", "0", "-0", "00", "7", "007", "9", "10", "2147483647", "", "-", "2147483648", "3a", "a"];
        assert_eq!(keys.iter().map(Key::as_str).collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn text_has_the_order_of_its_code_units(a in "[a\u{7f}é\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]{0,3}",
                                                b in "[a\u{7f}é\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]{0,3}") {
            prop_assert_eq!(compare_text(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
        }
    }
}
