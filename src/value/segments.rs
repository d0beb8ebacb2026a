//! Paths of requests, split into segments without allocating.
//!
//! This module belongs to the values because `request.path`, `__name__` and captured globs are path values that borrow
//! the segments of the request (`PathRef::Request`): copying them would allocate in decisions that otherwise do not.

use std::fmt;

use super::string::match_mask;

/// Segments before the path itself, as in `/b/{bucket}/o`.
const PREFIX: usize = 3;

/// Segments of the path that fit without allocating; rules have at most 100.
const INLINE: usize = 24;

const EMPTY_SEGMENT: &str = "Path segment cannot be empty";

/// The fixed names with which the paths of a product begin, around the bucket or database that a request names: `b` and
/// `o` of `/b/{bucket}/o`. Products have one static each, which its address identifies.
#[derive(Debug)]
pub struct PathPrefix {
    /// The first segment.
    pub first: &'static str,
    /// The third segment.
    pub last: &'static str,
}

/// The segments of a request's path: the three of its prefix, then those of the path itself, stored as offsets.
#[derive(Default)]
pub struct Segments<'a> {
    prefix: Option<&'static PathPrefix>,
    /// The bucket or the database.
    container: &'a str,
    path: &'a str,
    /// The start of each segment of the path, the start of one more, then zeros. All zeros if `list` holds all segments.
    starts: [u32; INLINE + 1],
    /// The number of starts, without the zeros behind.
    len: usize,
    /// All segments, if they were given one by one or exceed `starts`.
    list: List<'a>,
    /// The index of a segment that stands for any number of segments.
    any_depth: Option<usize>,
}

#[derive(Default)]
enum List<'a> {
    #[default]
    None,
    Borrowed(&'a [&'a str]),
    Owned(Vec<&'a str>),
}

/// Consecutive segments of a path.
#[derive(Clone, Copy)]
pub struct SegmentRange<'a> {
    segments: &'a Segments<'a>,
    start: u32,
    end: u32,
}

impl<'a> Segments<'a> {
    /// Borrows segments that are already split.
    pub fn from_slice(segments: &'a [&'a str]) -> Self {
        Segments { list: List::Borrowed(segments), ..Segments::default() }
    }

    /// Splits `path` at its slashes, below a prefix with the bucket or database. An empty path has no segments; a slash
    /// before or after `path` makes an empty segment.
    ///
    /// # Errors
    ///
    /// The official message for a path that no rules can match.
    #[inline(always)]
    pub fn split(
        &mut self,
        prefix: &'static PathPrefix,
        container: &'a str,
        path: &'a str,
    ) -> Result<(), &'static str> {
        self.prefix = Some(prefix);
        self.container = container;
        self.path = path;
        match path.is_empty() || self.split_inline()? {
            true => Ok(()),
            false => self.split_to_list(),
        }
    }

    /// Records the start of each segment; returns whether all of them fit.
    #[inline(always)]
    fn split_inline(&mut self) -> Result<bool, &'static str> {
        let bytes = self.path.as_bytes();
        // Offsets, including those past the end, must fit 32 bits.
        if bytes.len() >= u32::MAX as usize - 2 || !self.push_start(0) {
            return Ok(false);
        }
        let mut start = 0;
        let (chunks, rest) = bytes.as_chunks::<8>();
        let mut at = 0;
        for chunk in chunks {
            if !self.push_ends(match_mask(b'/', *chunk), at, &mut start)? {
                return Ok(false);
            }
            at += 8;
        }
        if !rest.is_empty() {
            let (found, at) = match bytes.last_chunk::<8>() {
                // Masks the slashes before `rest`, which are recorded already.
                Some(last) => (match_mask(b'/', *last) & u64::MAX << (64 - 8 * rest.len()), bytes.len() - 8),
                None => {
                    let mut few = [0; 8];
                    few.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                    (match_mask(b'/', few), at)
                }
            };
            if !self.push_ends(found, at, &mut start)? {
                return Ok(false);
            }
        }
        self.push_end(start, bytes.len())
    }

    #[inline(always)]
    fn push_ends(&mut self, mut found: u64, at: usize, start: &mut usize) -> Result<bool, &'static str> {
        while found != 0 {
            let end = at + found.trailing_zeros() as usize / 8;
            if !self.push_end(*start, end)? {
                return Ok(false);
            }
            *start = end + 1;
            found &= found - 1;
        }
        Ok(true)
    }

    #[inline(always)]
    fn push_end(&mut self, start: usize, end: usize) -> Result<bool, &'static str> {
        if start == end {
            return Err(EMPTY_SEGMENT);
        }
        Ok(self.push_start(end as u32 + 1))
    }

    /// Records the start of a segment; returns whether it fits.
    #[inline(always)]
    fn push_start(&mut self, start: u32) -> bool {
        let Some(slot) = self.starts.get_mut(self.len) else { return false };
        *slot = start;
        self.len += 1;
        true
    }

    #[cold]
    fn split_to_list(&mut self) -> Result<(), &'static str> {
        if self.path.split('/').any(str::is_empty) {
            return Err(EMPTY_SEGMENT);
        }
        let prefix = (0..PREFIX).filter_map(|at| self.in_prefix(at));
        self.set_list(prefix.chain(self.path.split('/')).collect());
        Ok(())
    }

    /// Appends an empty segment, which stands for a document without a name.
    pub fn add_unnamed(&mut self) {
        if self.len == 0 && self.listed().is_none() {
            self.push_start(0);
        }
        // A segment that starts past the path is empty.
        let past_end = self.starts.get(self.len.wrapping_sub(1)).map_or(0, |start| start + 1);
        if self.listed().is_some() || !self.push_start(past_end) {
            self.set_list(self.iter().chain([""]).collect());
        }
    }

    /// Inserts an empty segment that stands for any number of segments before the last one: a collection group lies at
    /// any depth.
    pub fn add_any_depth(&mut self) {
        let mut segments: Vec<_> = self.iter().collect();
        let at = segments.len().saturating_sub(1);
        segments.insert(at, "");
        self.any_depth = Some(at);
        self.set_list(segments);
    }

    fn set_list(&mut self, segments: Vec<&'a str>) {
        self.list = List::Owned(segments);
        (self.starts, self.len) = ([0; INLINE + 1], 0);
    }

    /// The index of the segment that stands for any number of segments.
    #[inline]
    pub fn any_depth(&self) -> Option<usize> {
        self.any_depth
    }

    fn listed(&self) -> Option<&[&'a str]> {
        match &self.list {
            List::None => None,
            List::Borrowed(segments) => Some(segments),
            List::Owned(segments) => Some(segments),
        }
    }

    /// The prefix of the path, if it has one of a product.
    #[inline]
    pub fn prefix(&self) -> Option<&'static PathPrefix> {
        self.prefix
    }

    /// Number of segments.
    #[inline]
    pub fn len(&self) -> usize {
        match self.len {
            0 => self.len_listed(),
            starts => PREFIX + starts - 1,
        }
    }

    #[inline(never)]
    fn len_listed(&self) -> usize {
        self.listed().map_or(PREFIX, <[_]>::len)
    }

    /// Whether there are no segments.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The segment at an index.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&'a str> {
        match self.bounds(at) {
            Some((start, end)) => Some(self.path.get(start..end).unwrap_or("")),
            None => self.get_listed(at),
        }
    }

    /// A segment of the prefix or of the list.
    #[inline(never)]
    fn get_listed(&self, at: usize) -> Option<&'a str> {
        match self.listed() {
            Some(segments) => segments.get(at).copied(),
            None => self.in_prefix(at),
        }
    }

    fn in_prefix(&self, at: usize) -> Option<&'a str> {
        let PathPrefix { first, last } = self.prefix?;
        [first, self.container, last].get(at).copied()
    }

    /// The byte offsets of a segment of the path.
    #[inline(always)]
    fn bounds(&self, at: usize) -> Option<(usize, usize)> {
        let at = at.wrapping_sub(PREFIX);
        let (start, next) = (self.starts.get(at)?, self.starts.get(at.wrapping_add(1))?);
        Some((*start as usize, (*next as usize).checked_sub(1)?))
    }

    /// The bytes of the segment at an index; empty beyond the last one.
    #[inline(always)]
    pub fn bytes(&self, at: usize) -> &'a [u8] {
        match self.bounds(at) {
            Some((start, end)) => self.path.as_bytes().get(start..end).unwrap_or(&[]),
            None => self.get_listed(at).unwrap_or("").as_bytes(),
        }
    }

    /// All segments in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// The segments from `start` up to, not including, `end`; `None` if the path is shorter.
    pub fn range(&'a self, start: usize, end: usize) -> Option<SegmentRange<'a>> {
        let within = start <= end && end <= self.len();
        within.then_some(SegmentRange { segments: self, start: start as u32, end: end as u32 })
    }
}

impl<'a> SegmentRange<'a> {
    /// Number of segments.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether there are no segments.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The segment at an index within the range.
    pub fn get(self, at: usize) -> Option<&'a str> {
        if at < self.len() { self.segments.get(self.start as usize + at) } else { None }
    }

    /// All segments in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).filter_map(move |at| self.get(at))
    }

    /// The index within the range of a segment that stands for any number of segments.
    pub fn any_depth(self) -> Option<usize> {
        let at = self.segments.any_depth?.checked_sub(self.start as usize)?;
        (at < self.len()).then_some(at)
    }

    /// Whether the range includes the last segment of the path.
    pub fn reaches_end(self) -> bool {
        !self.is_empty() && self.end as usize == self.segments.len()
    }
}

impl fmt::Debug for SegmentRange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PREFIX_OF_TEST: PathPrefix = PathPrefix { first: "b", last: "o" };

    /// The segments of a path by the standard library.
    fn split_by_std(path: &str) -> Option<Vec<&str>> {
        let rest: Vec<_> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        rest.iter().all(|segment| !segment.is_empty()).then(|| ["b", "k", "o"].into_iter().chain(rest).collect())
    }

    #[test]
    fn paths_of_any_length_are_split_at_their_slashes() {
        let mut paths: Vec<String> = (0..80).map(|n| "x".repeat(n)).collect();
        paths.extend((1..40).map(|n| vec!["ab"; n].join("/")));
        paths.extend((1..24).map(|n| format!("{}/é{}", "x".repeat(n), "/yz".repeat(n))));
        for slash in 0..20 {
            for length in slash + 1..24 {
                paths.push((0..length).map(|at| if at == slash { '/' } else { 'z' }).collect());
                paths.push((0..length).map(|at| if at == slash || at == slash + 2 { '/' } else { 'z' }).collect());
            }
        }
        for path in &paths {
            for unnamed in [false, true] {
                let mut segments = Segments::default();
                let result = segments.split(&PREFIX_OF_TEST, "k", path);
                let Some(mut wanted) = split_by_std(path) else {
                    assert_eq!(result, Err(EMPTY_SEGMENT), "{path}");
                    continue;
                };
                assert_eq!(result, Ok(()), "{path}");
                if unnamed {
                    wanted.push("");
                    segments.add_unnamed();
                }
                assert_eq!(segments.len(), wanted.len(), "{path}");
                for (at, segment) in wanted.iter().enumerate() {
                    assert_eq!(segments.get(at), Some(*segment), "{path}");
                    assert_eq!(segments.bytes(at), segment.as_bytes(), "{path}");
                }
                assert_eq!(segments.get(wanted.len()), None, "{path}");
                assert_eq!(segments.iter().collect::<Vec<_>>(), wanted, "{path}");
                assert_eq!(Segments::from_slice(&wanted).get(3), wanted.get(3).copied(), "{path}");
            }
        }
    }
}
