//! Request paths cut into segments without allocating.

#[cfg(feature = "suite")]
use crate::value::path::form_decode;

/// Segments that fit without allocating; rules have at most 100.
const INLINE: usize = 24;

/// The segments of a path.
pub(crate) struct Segments<'a> {
    few: [&'a str; INLINE],
    count: usize,
    more: Vec<&'a str>,
}

impl<'a> Segments<'a> {
    /// `first` and then `path` cut at its slashes. A slash before or after `path` is an empty segment.
    ///
    /// # Errors
    ///
    /// The official words for a path that no rules can cover.
    pub(crate) fn new(first: &[&'a str], path: &'a str) -> Result<Self, &'static str> {
        let mut segments = Segments { few: [""; INLINE], count: 0, more: Vec::new() };
        first.iter().for_each(|segment| segments.push(segment));
        if path.is_empty() {
            return if first.is_empty() { Err("Path cannot be empty") } else { Ok(segments) };
        }
        for segment in path.split('/') {
            if segment.is_empty() {
                return Err("Path segment cannot be empty");
            }
            segments.push(segment);
        }
        Ok(segments)
    }

    fn push(&mut self, segment: &'a str) {
        match self.few.get_mut(self.count) {
            Some(slot) if self.more.is_empty() => {
                *slot = segment;
                self.count += 1;
            }
            _ => {
                if self.more.is_empty() {
                    self.more.extend_from_slice(&self.few);
                }
                self.more.push(segment);
            }
        }
    }

    /// Adds a last segment.
    pub(crate) fn with(mut self, segment: &'a str) -> Self {
        self.push(segment);
        self
    }

    pub(crate) fn as_slice(&self) -> &[&'a str] {
        if self.more.is_empty() { self.few.get(..self.count).unwrap_or(&[]) } else { &self.more }
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
