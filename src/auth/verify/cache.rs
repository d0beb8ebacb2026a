//! Verified tokens, kept until they expire. A hit is the same text to the last octet; the hash only finds the place.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{PoisonError, RwLock},
};

use crate::{
    auth::{VerifiedToken, checks::Window},
    value::Timestamp,
};

/// A bounded store of verified tokens. Two halves age together: when the young one is full it becomes the old one, and
/// what nobody asked for since is dropped.
pub(super) struct Cache {
    /// Of each half.
    capacity: usize,
    halves: RwLock<Halves>,
}

type Half = HashMap<Box<str>, Entry, Tail>;

#[derive(Default)]
struct Halves {
    /// The key set that the tokens were verified with.
    stamp: u64,
    young: Half,
    old: Half,
}

struct Entry {
    token: VerifiedToken,
    window: Window,
}

/// Tokens are secrets: none is printed.
impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Cache {
    /// Room for that many tokens, at least two.
    pub(super) fn new(capacity: usize) -> Self {
        Cache { capacity: (capacity / 2).max(1), halves: RwLock::default() }
    }

    /// One of the same size with nothing in it.
    pub(super) fn emptied(&self) -> Self {
        Cache { capacity: self.capacity, halves: RwLock::default() }
    }

    /// The token of a text, if it was verified with the key set of that stamp and holds now.
    pub(super) fn get(&self, text: &str, stamp: u64, now: Timestamp) -> Option<VerifiedToken> {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        if halves.stamp != stamp {
            return None;
        }
        if let Some(entry) = halves.young.get(text) {
            return entry.window.contains(now).then(|| entry.token.clone());
        }
        let entry = halves.old.get(text).filter(|entry| entry.window.contains(now))?;
        let (token, window) = (entry.token.clone(), entry.window);
        drop(halves);
        // It is asked for again: it shall not go with the old ones.
        self.put(text, token.clone(), window, stamp, now);
        Some(token)
    }

    /// Keeps a token that was just verified.
    pub(super) fn put(&self, text: &str, token: VerifiedToken, window: Window, stamp: u64, now: Timestamp) {
        let mut halves = self.halves.write().unwrap_or_else(PoisonError::into_inner);
        if halves.stamp != stamp {
            if halves.stamp > stamp {
                // Verified with a set that was replaced meanwhile.
                return;
            }
            *halves = Halves { stamp, ..Halves::default() };
        }
        if halves.young.len() >= self.capacity {
            halves.young.retain(|_, entry| entry.window.until > now.unix_seconds() as f64);
            if halves.young.len() >= self.capacity {
                halves.old = std::mem::take(&mut halves.young);
            }
        }
        halves.young.insert(text.into(), Entry { token, window });
    }

    /// How many tokens are kept.
    #[cfg(test)]
    fn len(&self) -> usize {
        let halves = self.halves.read().unwrap();
        halves.young.len() + halves.old.len()
    }
}

/// Hashes only the end of a text: the signature, which no two verified tokens share. Texts that end alike only meet in the
/// same place, where the whole text decides.
#[derive(Clone, Default)]
struct Tail(RandomState);

struct TailHasher(<RandomState as BuildHasher>::Hasher);

impl BuildHasher for Tail {
    type Hasher = TailHasher;

    fn build_hasher(&self) -> TailHasher {
        TailHasher(self.0.build_hasher())
    }
}

impl Hasher for TailHasher {
    fn write(&mut self, octets: &[u8]) {
        /// Octets that are hashed.
        const END: usize = 48;
        let at = octets.len().saturating_sub(END);
        self.0.write(octets.get(at..).unwrap_or(octets));
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Claims, TokenKind};

    const WINDOW: Window = Window { from: 100.0, until: 200.0 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second).unwrap()
    }

    fn token(uid: &str) -> VerifiedToken {
        let mut claims = Claims::new();
        claims.set("sub", uid);
        VerifiedToken::new(TokenKind::IdToken, claims)
    }

    #[test]
    fn only_the_same_text_is_a_hit() {
        let cache = Cache::new(10);
        let end = "x".repeat(100);
        cache.put(&format!("alice{end}"), token("alice"), WINDOW, 1, at(150));
        assert_eq!(cache.get(&format!("alice{end}"), 1, at(150)).unwrap().uid(), "alice");
        for other in [format!("mallo{end}"), end.clone(), format!("alice{end}x")] {
            assert!(cache.get(&other, 1, at(150)).is_none());
        }
    }

    #[test]
    fn a_token_is_dropped_at_its_expiry_and_with_its_keys() {
        let cache = Cache::new(10);
        cache.put("a", token("alice"), WINDOW, 1, at(150));
        for (now, hit) in [(99, false), (100, true), (199, true), (200, false)] {
            assert_eq!(cache.get("a", 1, at(now)).is_some(), hit, "{now}");
        }
        assert!(cache.get("a", 2, at(150)).is_none());
        cache.put("b", token("bob"), WINDOW, 2, at(150));
        assert!(cache.get("a", 1, at(150)).is_none() && cache.get("a", 2, at(150)).is_none());
        // A straggler that was verified with the old keys.
        cache.put("a", token("alice"), WINDOW, 1, at(150));
        assert!(cache.get("a", 1, at(150)).is_none() && cache.get("a", 2, at(150)).is_none());
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_asked_for() {
        let cache = Cache::new(10);
        cache.put("favourite", token("alice"), WINDOW, 1, at(150));
        for n in 0..1_000 {
            cache.put(&n.to_string(), token("bob"), WINDOW, 1, at(150));
            assert!(cache.get("favourite", 1, at(150)).is_some(), "{n}");
            assert!(cache.len() <= 10, "{}", cache.len());
        }
        assert!(cache.get("3", 1, at(150)).is_none());
    }

    #[test]
    fn nothing_of_a_token_is_printed() {
        let cache = Cache::new(10);
        cache.put("secret", token("alice"), WINDOW, 1, at(150));
        assert!(!format!("{cache:?}").contains("secret"));
    }
}
