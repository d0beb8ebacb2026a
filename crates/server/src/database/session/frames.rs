//! The frames of the protocol on a WebSocket: a long message is a number, then as many pieces.

use axum::extract::ws::Utf8Bytes;

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
}

/// A message is longer than the server accepts.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message has at most {MAX_MESSAGE} bytes")]
pub struct TooLong;

impl Assembler {
    /// Takes the next frame. Returns a message if it is whole; a keepalive and the pieces before the last return `None`.
    ///
    /// # Errors
    ///
    /// The message becomes too long. The connection has then to end.
    pub fn push(&mut self, frame: Utf8Bytes) -> Result<Option<Utf8Bytes>, TooLong> {
        if self.text.len() + frame.len() > MAX_MESSAGE {
            return Err(TooLong);
        }
        if self.missing == 0 {
            return Ok(match count(&frame) {
                Some(count) => {
                    self.missing = count;
                    None
                }
                None => Some(frame),
            });
        }
        self.text.push_str(&frame);
        self.missing -= 1;
        Ok((self.missing == 0).then(|| Utf8Bytes::from(std::mem::take(&mut self.text))))
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
    fn messages_have_an_end() {
        let mut assembler = Assembler::default();
        let piece = Utf8Bytes::from("x".repeat(1 << 20));
        assert_eq!(assembler.push("999999".into()), Ok(None));
        for _ in 0..64 {
            assert_eq!(assembler.push(piece.clone()), Ok(None));
        }
        assert_eq!(assembler.push(piece), Err(TooLong));
    }
}
