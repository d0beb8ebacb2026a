//! Random choices that a seed repeats: each batch of cases has a series of its own, whatever thread asks it.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A series of random choices.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The series of a batch: of the run's seed, a word for the kind, and the batch's number.
    pub fn of(seed: u64, kind: &str, batch: u64) -> Self {
        let mut key = [0_u8; 32];
        let word = kind
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3));
        for (slot, part) in key.chunks_exact_mut(8).zip([seed, word, batch]) {
            slot.copy_from_slice(&part.to_le_bytes());
        }
        Random(ChaCha8Rng::from_seed(key))
    }

    /// A number below `limit`; 0 where `limit` is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { self.0.random_range(0..limit) }
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several. Nothing of nothing.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        of.get(self.below(of.len()))
    }

    /// One of several texts; the empty one of none.
    pub fn word<'t>(&mut self, of: &[&'t str]) -> &'t str {
        self.pick(of).copied().unwrap_or("")
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.random()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_series_repeats_and_those_of_other_batches_differ() {
        let series = |batch| {
            let mut random = Random::of(7, "compile", batch);
            (0..8).map(|_| random.bits()).collect::<Vec<_>>()
        };
        assert_eq!(series(1), series(1));
        assert_ne!(series(1), series(2));
        assert_ne!(Random::of(7, "queries", 1).bits(), Random::of(7, "compile", 1).bits());
    }
}
