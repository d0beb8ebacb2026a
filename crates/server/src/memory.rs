//! The memory that clients take up beside the data that they store: what is on its way (bodies, parts of messages, answers
//! that they do not read), and what they leave with the server: listens, rules. Each has limits of its own;
//! these are for all together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use serde_json::Value as Json;

/// The bytes that may be on their way at once.
const MAX_HELD: usize = 512 << 20;

/// The bytes that listens, onDisconnect operations and rules over HTTP may have.
const MAX_KEPT: usize = 1 << 30;

/// What one holder has on its way without being counted: thousands of small requests never wait for large ones.
pub const FREE: usize = 64 << 10;

/// The bytes of all clients of a server that have one limit together.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    limit: usize,
    /// What one holder has without being counted.
    free: usize,
    held: AtomicUsize,
}

/// The limit is reached. `Display` gives a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clients of the server take up {} MiB already; try again", .0 >> 20)]
pub struct Full(usize);

impl Full {
    /// Whether it is the reason of an error.
    pub fn caused(error: &std::io::Error) -> bool {
        error.get_ref().is_some_and(|why| why.is::<Full>())
    }
}

/// What one request, message or answer takes up. Dropping it gives it back.
#[derive(Debug, Default)]
pub struct Held {
    all: Memory,
    counted: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Memory::limited(MAX_HELD, FREE)
    }
}

impl Memory {
    /// So many bytes at most, of which each holder has some without being counted.
    pub fn limited(limit: usize, free: usize) -> Self {
        Memory(Arc::new(Budget { limit, free, held: AtomicUsize::new(0) }))
    }

    /// For what clients leave with the server.
    pub fn of_connections() -> Self {
        Memory::limited(MAX_KEPT, 0)
    }

    /// Holds nothing yet.
    pub fn hold(&self) -> Held {
        Held { all: self.clone(), counted: 0 }
    }

    /// Holds so many bytes.
    ///
    /// # Errors
    ///
    /// All holders together would have too much.
    pub fn take(&self, bytes: usize) -> Result<Held, Full> {
        let mut held = self.hold();
        held.resize(bytes)?;
        Ok(held)
    }

    /// A text as the bytes of an answer, which hold their length until they are sent.
    ///
    /// # Errors
    ///
    /// All holders together would have too much.
    pub fn keep(&self, text: String) -> Result<Bytes, Full> {
        struct Kept(String, #[expect(dead_code, reason = "dropped with the text")] Held);
        impl AsRef<[u8]> for Kept {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }
        if text.len() <= self.0.free {
            return Ok(text.into());
        }
        let held = self.take(text.len())?;
        Ok(Bytes::from_owner(Kept(text, held)))
    }
}

impl Held {
    /// Holds so many bytes from now on, in place of those before.
    ///
    /// # Errors
    ///
    /// All holders together would have too much; this one then holds what it did.
    pub fn resize(&mut self, bytes: usize) -> Result<(), Full> {
        let Budget { limit, free, held } = &*self.all.0;
        let counted = if bytes <= *free { 0 } else { bytes };
        // Small messages and answers touch nothing that all share.
        if counted == self.counted {
            return Ok(());
        }
        if let Some(less) = self.counted.checked_sub(counted) {
            held.fetch_sub(less, Ordering::Relaxed);
        } else {
            let more = counted.saturating_sub(self.counted);
            let add = |held: usize| held.checked_add(more).filter(|held| held <= limit);
            held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).map_err(|_| Full(*limit))?;
        }
        self.counted = counted;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.counted > 0 {
            self.all.0.held.fetch_sub(self.counted, Ordering::Relaxed);
        }
    }
}

/// About the bytes that JSON takes as text and in memory.
pub fn json_size(json: &Json) -> usize {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 32,
        Json::String(text) => 32 + text.len(),
        Json::Array(items) => items.iter().map(json_size).sum::<usize>() + 32,
        Json::Object(fields) => fields.iter().map(|(key, value)| 48 + key.len() + json_size(value)).sum::<usize>() + 32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1 << 20;

    #[test]
    fn holders_share_a_limit_and_give_back_what_they_held() {
        let memory = Memory::limited(LIMIT, FREE);
        let (mut one, mut two) = (memory.hold(), memory.hold());
        assert_eq!(one.resize(LIMIT - 100_000), Ok(()));
        assert_eq!(two.resize(100_001), Err(Full(LIMIT)));
        assert_eq!(two.resize(FREE), Ok(()));
        assert_eq!(two.resize(100_000), Ok(()));
        assert_eq!(one.resize(LIMIT), Err(Full(LIMIT)));
        assert_eq!(one.resize(FREE), Ok(()));
        assert_eq!(one.resize(LIMIT - 100_000), Ok(()));
        drop((one, two));
        assert!(memory.take(LIMIT).is_ok());
    }

    #[test]
    fn a_kept_text_is_held_until_the_last_of_its_bytes_is_gone() {
        let memory = Memory::limited(LIMIT, FREE);
        let part = memory.keep("x".repeat(LIMIT)).map(|bytes| bytes.slice(..1));
        assert_eq!(part.as_ref().map(|part| part.len()), Ok(1));
        assert_eq!(memory.keep("x".repeat(FREE + 1)), Err(Full(LIMIT)));
        assert_eq!(memory.keep("x".repeat(FREE)).map(|bytes| bytes.len()), Ok(FREE));
        drop(part);
        assert!(memory.keep("x".repeat(FREE + 1)).is_ok());
    }
}
