//! The memory that clients take up with what is on its way: bodies, parts of messages, answers that they do not read. Each
//! has a limit of its own; this one is for all together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The bytes that may be on their way at once.
const MAX_HELD: usize = 512 << 20;

/// What one holder has without being counted: thousands of small requests never wait for large ones.
pub const FREE: usize = 64 << 10;

/// The bytes that are on their way, of all clients of a server.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<AtomicUsize>);

/// Too much is on its way already. `Display` gives a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("requests and answers on their way take up {} MiB already; try again", MAX_HELD >> 20)]
pub struct Full;

/// What one request, message or answer takes up. Dropping it gives it back.
#[derive(Debug, Default)]
pub struct Held {
    all: Memory,
    counted: usize,
}

impl Memory {
    /// Holds nothing yet.
    pub fn hold(&self) -> Held {
        Held { all: self.clone(), counted: 0 }
    }
}

impl Held {
    /// Holds so many bytes from now on, in place of those before.
    ///
    /// # Errors
    ///
    /// All holders together would have too much; this one then holds what it did.
    pub fn resize(&mut self, bytes: usize) -> Result<(), Full> {
        let counted = if bytes <= FREE { 0 } else { bytes };
        if let Some(less) = self.counted.checked_sub(counted) {
            self.all.0.fetch_sub(less, Ordering::Relaxed);
        } else {
            let more = counted - self.counted;
            let add = |held: usize| held.checked_add(more).filter(|held| *held <= MAX_HELD);
            self.all.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).map_err(|_| Full)?;
        }
        self.counted = counted;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_share_a_limit_and_give_back_what_they_held() {
        let memory = Memory::default();
        let (mut one, mut two) = (memory.hold(), memory.hold());
        assert_eq!(one.resize(MAX_HELD - 1_000_000), Ok(()));
        assert_eq!(two.resize(1_000_001), Err(Full));
        assert_eq!(two.resize(FREE), Ok(()));
        assert_eq!(two.resize(1_000_000), Ok(()));
        assert_eq!(one.resize(MAX_HELD), Err(Full));
        assert_eq!(one.resize(FREE), Ok(()));
        assert_eq!(one.resize(MAX_HELD - 1_000_000), Ok(()));
        drop((one, two));
        assert_eq!(memory.0.load(Ordering::Relaxed), 0);
    }
}
