//! Request paths cut into segments without allocating.

use arrayvec::ArrayVec;

#[cfg(feature = "suite")]
use crate::value::path::form_decode;

/// Segments that fit without allocating; rules have at most 100.
const INLINE: usize = 24;

/// Which of eight octets are slashes: the highest bit of each.
#[inline(always)]
fn slashes(octets: [u8; 8]) -> u64 {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    let other = u64::from_le_bytes(octets) ^ 0x2F2F_2F2F_2F2F_2F2F;
    !(((other & LOW) + LOW) | other | LOW)
}

/// The segments of a path.
#[derive(Default)]
pub(crate) struct Segments<'a> {
    few: ArrayVec<&'a str, INLINE>,
    /// All of them, where they are more.
    more: Vec<&'a str>,
}

impl<'a> Segments<'a> {
    /// `first` and then `path`, as [`Self::read`] adds them.
    ///
    /// # Errors
    ///
    /// As for [`Self::read`].
    #[cfg(feature = "suite")]
    pub(crate) fn new(first: &[&'a str], path: &'a str) -> Result<Self, &'static str> {
        let mut segments = Segments::default();
        segments.read(first, path)?;
        Ok(segments)
    }

    /// Adds `first` and then `path` cut at its slashes. A slash before or after `path` is an empty segment.
    ///
    /// # Errors
    ///
    /// The official words for a path that no rules can cover.
    #[inline]
    pub(crate) fn read(&mut self, first: &[&'a str], path: &'a str) -> Result<(), &'static str> {
        first.iter().for_each(|segment| self.push(segment));
        if path.is_empty() {
            return if first.is_empty() { Err("Path cannot be empty") } else { Ok(()) };
        }
        let mut start = 0;
        let mut at = 0;
        let (chunks, rest) = path.as_bytes().as_chunks::<8>();
        for chunk in chunks {
            let mut found = slashes(*chunk);
            while found != 0 {
                let end = at + found.trailing_zeros() as usize / 8;
                self.cut(path, start, end)?;
                start = end + 1;
                found &= found - 1;
            }
            at += 8;
        }
        for byte in rest {
            if *byte == b'/' {
                self.cut(path, start, at)?;
                start = at + 1;
            }
            at += 1;
        }
        self.cut(path, start, path.len())
    }

    #[inline(always)]
    fn cut(&mut self, path: &'a str, start: usize, end: usize) -> Result<(), &'static str> {
        if start == end {
            return Err("Path segment cannot be empty");
        }
        self.push(path.get(start..end).unwrap_or(""));
        Ok(())
    }

    /// Adds a last segment.
    #[inline(always)]
    pub(crate) fn push(&mut self, segment: &'a str) {
        if !self.more.is_empty() || self.few.try_push(segment).is_err() {
            self.push_more(segment);
        }
    }

    #[cold]
    fn push_more(&mut self, segment: &'a str) {
        if self.more.is_empty() {
            self.more.extend_from_slice(&self.few);
        }
        self.more.push(segment);
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[&'a str] {
        if self.more.is_empty() { &self.few } else { &self.more }
    }
}

/// The segments of a path, a slash before it optional, each form-decoded as the official engine reads a request path:
/// `%HH` are octets, `+` is a blank (cases path-133, path-135).
///
/// # Errors
///
/// A path that no rules can cover.
#[cfg(feature = "suite")]
pub(crate) fn decoded(path: &str) -> Result<Vec<String>, String> {
    let segments = Segments::new(&[], path.strip_prefix('/').unwrap_or(path))?;
    let one =
        |segment: &&str| form_decode(segment).map_err(|e| format!("Unable to decode {segment} to url. Error: {e}"));
    segments.as_slice().iter().map(one).collect()
}
