//! The frames of the protocol on a WebSocket: a long message is a number, then as many pieces.

use axum::extract::ws::Utf8Bytes;

use crate::memory::{Full, Held, Memory};

/// The longest frame that is sent, in UTF-16 code units.
const PIECE: usize = 16_384;

/// The longest message that is put together, in bytes. Writes of official clients have at most 16 MiB.
const MAX_MESSAGE: usize = 64 << 20;

/// The longest frame that can be a number.
const MAX_COUNT_LENGTH: usize = 6;

/// The frames of a message: the message alone, or a number and the pieces. No piece ends inside a surrogate pair, because
/// a frame is UTF-8.
pub fn frames(message: &str) -> impl Iterator<Item = Utf8Bytes> {
    let count = pieces(message).count();
    let announced = (count > 1).then(|| Utf8Bytes::from(count.to_string()));
    announced.into_iter().chain(pieces(message).map(Utf8Bytes::from))
}

fn pieces(message: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(message);
    std::iter::from_fn(move || {
        let (piece, after) = rest.map(|text| text.split_at(piece_length(text)))?;
        rest = (!after.is_empty()).then_some(after);
        Some(piece)
    })
}

/// The number of bytes of the longest start of `text` that fits into a frame.
fn piece_length(text: &str) -> usize {
    // A text has at least as many bytes as code units.
    if text.len() <= PIECE {
        return text.len();
    }
    let mut units = 0;
    for (at, character) in text.char_indices() {
        units += character.len_utf16();
        if units > PIECE {
            return at;
        }
    }
    text.len()
}

/// Puts the frames of a client together to messages.
#[derive(Debug, Default)]
pub struct Assembler {
    missing: u32,
    text: String,
    held: Held,
}

/// Why a message cannot be put together. The connection has then to end.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unassembled {
    /// It is longer than the server accepts.
    #[error("a message has at most {MAX_MESSAGE} bytes")]
    TooLong,
    /// The messages of all clients together are too long.
    #[error(transparent)]
    Full(#[from] Full),
}

impl Assembler {
    /// No frame yet. Pieces count as on their way.
    pub fn new(memory: &Memory) -> Self {
        Assembler { held: memory.hold(), ..Assembler::default() }
    }

    /// Takes the next frame. Returns a message if it is whole; a keepalive and the pieces before the last return `None`.
    ///
    /// # Errors
    ///
    /// See [`Unassembled`].
    pub fn push(&mut self, frame: Utf8Bytes) -> Result<Option<Utf8Bytes>, Unassembled> {
        if self.text.len() + frame.len() > MAX_MESSAGE {
            return Err(Unassembled::TooLong);
        }
        if self.missing == 0 {
            if let Some(count) = count(&frame) {
                self.missing = count;
                return Ok(None);
            }
            self.held.resize(frame.len())?;
            return Ok(Some(frame));
        }
        self.held.resize(self.text.len() + frame.len())?;
        self.text.push_str(&frame);
        self.missing -= 1;
        Ok((self.missing == 0).then(|| Utf8Bytes::from(std::mem::take(&mut self.text))))
    }

    /// Gives back the memory of a message, which has been taken.
    pub fn release(&mut self) {
        let _ = self.held.resize(self.text.len());
    }

    /// Whether pieces of a message are still to come.
    pub fn is_waiting(&self) -> bool {
        self.missing > 0
    }
}

/// The number that a frame is. The client sends `0` alone as a keepalive.
fn count(frame: &str) -> Option<u32> {
    let is_number = frame.len() <= MAX_COUNT_LENGTH && frame.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { frame.parse().ok().or(Some(0)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(frames: &[Utf8Bytes]) -> String {
        let mut assembler = Assembler::default();
        let mut messages: Vec<Utf8Bytes> =
            frames.iter().filter_map(|frame| assembler.push(frame.clone()).expect("short enough")).collect();
        assert!(!assembler.is_waiting());
        assert_eq!(messages.len(), 1);
        messages.pop().expect("one").to_string()
    }

    #[test]
    fn short_messages_are_one_frame() {
        for text in [String::new(), "é".repeat(PIECE), "x".repeat(PIECE)] {
            assert_eq!(frames(&text).collect::<Vec<_>>(), [Utf8Bytes::from(text)]);
        }
    }

    #[test]
    fn pieces_keep_surrogate_pairs_whole() {
        for text in ["x".repeat(PIECE + 1), "🐵".repeat(PIECE), format!("x{}", "🐵".repeat(PIECE)), "é".repeat(40_000)]
        {
            let frames: Vec<_> = frames(&text).collect();
            assert_eq!(frames[0].as_str(), (frames.len() - 1).to_string());
            assert!(frames.iter().all(|frame| frame.encode_utf16().count() <= PIECE));
            assert_eq!(joined(&frames), text);
        }
    }

    #[test]
    fn pieces_that_look_like_numbers_are_pieces() {
        assert_eq!(joined(&["3".into(), "1".into(), "".into(), "0".into()]), "10");
    }

    #[test]
    fn keepalives_are_no_messages() {
        let mut assembler = Assembler::default();
        for keepalive in ["0", "", "000000"] {
            assert_eq!(assembler.push(keepalive.into()), Ok(None));
            assert!(!assembler.is_waiting());
        }
        assert_eq!(assembler.push("1234567".into()), Ok(Some("1234567".into())));
        assert_eq!(assembler.push("-1".into()), Ok(Some("-1".into())));
    }

    #[test]
    fn messages_of_all_clients_have_an_end() {
        use crate::memory::FREE;
        let memory = Memory::limited(3 << 20, FREE);
        let piece = Utf8Bytes::from("x".repeat(1 << 20));
        let mut assemblers = [Assembler::new(&memory), Assembler::new(&memory)];
        for (at, pieces) in [(0, 2), (1, 1)] {
            assert_eq!(assemblers[at].push("3".into()), Ok(None));
            for _ in 0..pieces {
                assert_eq!(assemblers[at].push(piece.clone()), Ok(None));
            }
        }
        assert!(matches!(assemblers[1].push(piece.clone()), Err(Unassembled::Full(_))));
        let [mut first, second] = assemblers;
        drop(second);
        assert!(matches!(first.push(piece.clone()), Ok(Some(_))));
        // A message counts until it has been taken.
        assert!(matches!(Assembler::new(&memory).push(piece.clone()), Err(Unassembled::Full(_))));
        first.release();
        assert_eq!(Assembler::new(&memory).push(piece.clone()), Ok(Some(piece)));
    }

    #[test]
    fn messages_have_an_end() {
        let mut assembler = Assembler::default();
        let piece = Utf8Bytes::from("x".repeat(1 << 20));
        assert_eq!(assembler.push("999999".into()), Ok(None));
        for _ in 0..64 {
            assert_eq!(assembler.push(piece.clone()), Ok(None));
        }
        assert_eq!(assembler.push(piece), Err(Unassembled::TooLong));
    }
}
