//! A cache of verified tokens, which drops them when they expire. Only a byte-identical token is a hit; the hash only
//! selects the bucket.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{PoisonError, RwLock},
};

use crate::{
    auth::{VerifiedToken, policy::ValidityWindow},
    value::Timestamp,
};

/// A bounded generational cache. When the young generation is full, it becomes the old one, and the entries of the
/// previous old generation that were not used since are dropped.
pub(super) struct Cache {
    /// The capacity of each generation.
    capacity: usize,
    generations: RwLock<Generations>,
}

type TokenMap = HashMap<Box<str>, Entry, SuffixState>;

#[derive(Default)]
struct Generations {
    /// The version of the key set that verified the tokens.
    key_set_version: u64,
    young: TokenMap,
    old: TokenMap,
}

struct Entry {
    token: VerifiedToken,
    window: ValidityWindow,
}

/// Tokens are secrets, so `Debug` prints none.
impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Cache {
    /// A cache for `capacity` tokens, at least two.
    pub(super) fn new(capacity: usize) -> Self {
        Cache { capacity: (capacity / 2).max(1), generations: RwLock::default() }
    }

    /// An empty cache of the same capacity.
    pub(super) fn emptied_copy(&self) -> Self {
        Cache { capacity: self.capacity, generations: RwLock::default() }
    }

    /// The token of a text, if a key set of this version verified it and it is valid now.
    pub(super) fn get(&self, text: &str, key_set_version: u64, now: Timestamp) -> Option<VerifiedToken> {
        let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        if generations.key_set_version != key_set_version {
            return None;
        }
        if let Some(entry) = generations.young.get(text) {
            return entry.window.contains(now).then(|| entry.token.clone());
        }
        let entry = generations.old.get(text).filter(|entry| entry.window.contains(now))?;
        let (token, window) = (entry.token.clone(), entry.window);
        drop(generations);
        // A use moves the token to the young generation.
        self.insert(text, token.clone(), window, key_set_version, now);
        Some(token)
    }

    /// Adds a token that was just verified.
    pub(super) fn insert(
        &self,
        text: &str,
        token: VerifiedToken,
        window: ValidityWindow,
        key_set_version: u64,
        now: Timestamp,
    ) {
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        if generations.key_set_version != key_set_version {
            if generations.key_set_version > key_set_version {
                // The key set was replaced during the verification.
                return;
            }
            *generations = Generations { key_set_version, ..Generations::default() };
        }
        if generations.young.len() >= self.capacity {
            generations.young.retain(|_, entry| entry.window.until > now.unix_seconds() as f64);
            if generations.young.len() >= self.capacity {
                generations.old = std::mem::take(&mut generations.young);
            }
        }
        generations.young.insert(text.into(), Entry { token, window });
    }

    /// The number of cached tokens.
    #[cfg(test)]
    fn len(&self) -> usize {
        let generations = self.generations.read().unwrap();
        generations.young.len() + generations.old.len()
    }
}

/// Hashes only the end of a text, which is the signature and differs between verified tokens. On a collision the map
/// compares the whole text.
#[derive(Clone, Default)]
struct SuffixState(RandomState);

struct SuffixHasher(<RandomState as BuildHasher>::Hasher);

impl BuildHasher for SuffixState {
    type Hasher = SuffixHasher;

    fn build_hasher(&self) -> SuffixHasher {
        SuffixHasher(self.0.build_hasher())
    }
}

impl Hasher for SuffixHasher {
    fn write(&mut self, bytes: &[u8]) {
        /// The number of bytes that are hashed.
        const SUFFIX: usize = 48;
        let at = bytes.len().saturating_sub(SUFFIX);
        self.0.write(bytes.get(at..).unwrap_or(bytes));
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Claims, TokenKind};

    const WINDOW: ValidityWindow = ValidityWindow { from: 100.0, until: 200.0 };

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
        cache.insert(&format!("alice{end}"), token("alice"), WINDOW, 1, at(150));
        assert_eq!(cache.get(&format!("alice{end}"), 1, at(150)).unwrap().uid(), "alice");
        for other in [format!("mallo{end}"), end.clone(), format!("alice{end}x")] {
            assert!(cache.get(&other, 1, at(150)).is_none());
        }
    }

    #[test]
    fn a_token_is_dropped_at_its_expiry_and_with_its_keys() {
        let cache = Cache::new(10);
        cache.insert("a", token("alice"), WINDOW, 1, at(150));
        for (now, hit) in [(99, false), (100, true), (199, true), (200, false)] {
            assert_eq!(cache.get("a", 1, at(now)).is_some(), hit, "{now}");
        }
        assert!(cache.get("a", 2, at(150)).is_none());
        cache.insert("b", token("bob"), WINDOW, 2, at(150));
        assert!(cache.get("a", 1, at(150)).is_none() && cache.get("a", 2, at(150)).is_none());
        // A late token that the old keys verified.
        cache.insert("a", token("alice"), WINDOW, 1, at(150));
        assert!(cache.get("a", 1, at(150)).is_none() && cache.get("a", 2, at(150)).is_none());
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_asked_for() {
        let cache = Cache::new(10);
        cache.insert("favourite", token("alice"), WINDOW, 1, at(150));
        for n in 0..1_000 {
            cache.insert(&n.to_string(), token("bob"), WINDOW, 1, at(150));
            assert!(cache.get("favourite", 1, at(150)).is_some(), "{n}");
            assert!(cache.len() <= 10, "{}", cache.len());
        }
        assert!(cache.get("3", 1, at(150)).is_none());
    }

    #[test]
    fn nothing_of_a_token_is_printed() {
        let cache = Cache::new(10);
        cache.insert("secret", token("alice"), WINDOW, 1, at(150));
        assert!(!format!("{cache:?}").contains("secret"));
    }
}
