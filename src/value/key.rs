//! Keys of children, ordered by their bytes. Most comparisons look at the first eight bytes only.

use std::cmp::Ordering;

/// A key that is compared often.
#[derive(Clone, Eq)]
pub struct Key {
    /// The first eight bytes in big-endian order; shorter keys are padded with zeros.
    head: u64,
    text: Box<str>,
}

impl Key {
    /// A key with that text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        Key { head: head(&text), text }
    }

    /// The text of the key.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The index of a key in a slice that is sorted by key.
    ///
    /// # Errors
    ///
    /// The index at which the key would be inserted, if it is missing.
    pub fn search<T>(sorted: &[(Key, T)], name: &str) -> Result<usize, usize> {
        let wanted = head(name);
        // Heads tell most keys apart, and comparing heads alone compiles to a search without branches.
        let first = sorted.partition_point(|(key, _)| key.head < wanted);
        match sorted.get(first) {
            Some((key, _)) if key.head == wanted => match rest(&key.text, name) {
                Ordering::Less => Self::search_alike(sorted, first, wanted, name),
                Ordering::Equal => Ok(first),
                Ordering::Greater => Err(first),
            },
            _ => Err(first),
        }
    }

    /// Continues the search among the keys from `first` on that share the head.
    #[inline(never)]
    fn search_alike<T>(sorted: &[(Key, T)], first: usize, head: u64, name: &str) -> Result<usize, usize> {
        let rest_of = sorted.get(first..).unwrap_or_default();
        let order = |(key, _): &(Key, T)| key.head.cmp(&head).then_with(|| rest(&key.text, name));
        rest_of.binary_search_by(order).map(|at| first + at).map_err(|at| first + at)
    }
}

/// Head and length identify keys of up to eight bytes.
impl PartialEq for Key {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let alike = self.head == other.head && self.text.len() == other.text.len();
        alike && (self.text.len() <= 8 || self.text == other.text)
    }
}

/// Keys with equal heads compare in full.
impl Ord for Key {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.head.cmp(&other.head).then_with(|| rest(&self.text, &other.text))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

/// Compares keys with equal heads. Short keys then differ only in trailing zeros, so their lengths decide.
#[inline]
fn rest(a: &str, b: &str) -> Ordering {
    if a.len() <= 8 && b.len() <= 8 { a.len().cmp(&b.len()) } else { a.cmp(b) }
}

#[inline]
fn head(text: &str) -> u64 {
    let bytes = text.as_bytes();
    if let Some(first) = bytes.first_chunk::<8>() {
        return u64::from_be_bytes(*first);
    }
    // The first and the last bytes, which may overlap, cover a shorter key.
    let missing = 8 * (8 - bytes.len());
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_be_bytes(*first)) << 32 | u64::from(u32::from_be_bytes(*last)) << missing
        }
        _ => match (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
            (Some(first), Some(last)) => {
                u64::from(u16::from_be_bytes(*first)) << 48 | u64::from(u16::from_be_bytes(*last)) << missing
            }
            _ => bytes.first().map_or(0, |byte| u64::from(*byte) << 56),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_by_their_bytes() {
        let mut names = vec![""];
        names.extend(["a", "ab", "abcdefgh", "abcdefghi", "abcdefghj", "abcdefg", "b", "é", "😀", "~", "0", "10", "9"]);
        for a in &names {
            for b in &names {
                assert_eq!(Key::new(*a).cmp(&Key::new(*b)), a.cmp(b), "{a:?} {b:?}");
            }
        }
        names.sort_unstable();
        let sorted: Vec<_> = names.iter().map(|name| (Key::new(*name), ())).collect();
        for (at, name) in names.iter().enumerate() {
            assert_eq!(Key::search(&sorted, name), Ok(at));
        }
        assert_eq!(Key::search(&sorted, "abc"), Err(names.binary_search(&"abc").unwrap_err()));
    }
}
