//! Paths of requests cut into segments without allocating.

use std::fmt;

use arrayvec::ArrayVec;

use super::string::places_of;

/// Segments before the path itself, as `/b/{bucket}/o` of Storage.
const HEAD: usize = 3;

/// Segments behind it that fit without allocating; rules have at most 100.
const INLINE: usize = 24;

const EMPTY_SEGMENT: &str = "Path segment cannot be empty";

/// What the paths of a product begin with, two fixed names and between them one that a request chooses. It tells the
/// service that rules for them stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `/b/{bucket}/o` of Storage
    Objects,
    /// `/databases/{database}/documents` of Firestore
    Documents,
}

impl Root {
    /// All of them.
    pub const ALL: [Root; 2] = [Root::Objects, Root::Documents];

    /// That of a service.
    pub fn of(service: &str) -> Option<Root> {
        Root::ALL.into_iter().find(|root| root.service() == service)
    }

    /// The name of the service.
    pub const fn service(self) -> &'static str {
        match self {
            Root::Objects => "firebase.storage",
            Root::Documents => "cloud.firestore",
        }
    }

    /// The two names.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Root::Objects => ("b", "o"),
            Root::Documents => ("databases", "documents"),
        }
    }
}

/// The segments of a request's path: three before it, and those of the path, of which only the places are kept.
#[derive(Default)]
pub struct Segments<'a> {
    root: Option<Root>,
    /// The bucket or the database.
    owner: &'a str,
    path: &'a str,
    /// Where each segment of the path begins, and where one more would. None where all are listed.
    starts: ArrayVec<u32, { INLINE + 1 }>,
    /// All of them, where they were given one by one, or are many.
    list: List<'a>,
    /// The place of a segment that stands for any number of them.
    any_depth: Option<usize>,
}

#[derive(Default)]
enum List<'a> {
    #[default]
    None,
    Given(&'a [&'a str]),
    Many(Vec<&'a str>),
}

/// Some of the segments of a path, one after the other.
#[derive(Clone, Copy)]
pub struct SegmentRange<'a> {
    segments: &'a Segments<'a>,
    start: u32,
    end: u32,
}

impl<'a> Segments<'a> {
    /// Segments as they are given.
    pub fn given(segments: &'a [&'a str]) -> Self {
        Segments { list: List::Given(segments), ..Segments::default() }
    }

    /// Reads the root with the bucket or database, and then `path` cut at its slashes; an empty path has no segments. A
    /// slash before or after `path` is an empty segment.
    ///
    /// # Errors
    ///
    /// The official words for a path that no rules can cover.
    #[inline(always)]
    pub fn cut(&mut self, root: Root, owner: &'a str, path: &'a str) -> Result<(), &'static str> {
        self.root = Some(root);
        self.owner = owner;
        self.path = path;
        match path.is_empty() || self.find_places()? {
            true => Ok(()),
            false => self.cut_many(),
        }
    }

    /// Notes where the segments of the path stand; whether there is room for all.
    #[inline(always)]
    fn find_places(&mut self) -> Result<bool, &'static str> {
        let octets = self.path.as_bytes();
        // Places have to fit, with some beyond the end.
        if octets.len() >= u32::MAX as usize - 2 || self.starts.try_push(0).is_err() {
            return Ok(false);
        }
        let mut start = 0;
        let (chunks, rest) = octets.as_chunks::<8>();
        let mut at = 0;
        for chunk in chunks {
            if !self.ends_within(places_of(b'/', *chunk), at, &mut start)? {
                return Ok(false);
            }
            at += 8;
        }
        if !rest.is_empty() {
            let (found, at) = match octets.last_chunk::<8>() {
                // Those before `rest` are found already.
                Some(last) => (places_of(b'/', *last) & u64::MAX << (64 - 8 * rest.len()), octets.len() - 8),
                None => {
                    let mut few = [0; 8];
                    few.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                    (places_of(b'/', few), at)
                }
            };
            if !self.ends_within(found, at, &mut start)? {
                return Ok(false);
            }
        }
        self.end(start, octets.len())
    }

    #[inline(always)]
    fn ends_within(&mut self, mut found: u64, at: usize, start: &mut usize) -> Result<bool, &'static str> {
        while found != 0 {
            let end = at + found.trailing_zeros() as usize / 8;
            if !self.end(*start, end)? {
                return Ok(false);
            }
            *start = end + 1;
            found &= found - 1;
        }
        Ok(true)
    }

    #[inline(always)]
    fn end(&mut self, start: usize, end: usize) -> Result<bool, &'static str> {
        if start == end {
            return Err(EMPTY_SEGMENT);
        }
        Ok(self.starts.try_push(end as u32 + 1).is_ok())
    }

    #[cold]
    fn cut_many(&mut self) -> Result<(), &'static str> {
        if self.path.split('/').any(str::is_empty) {
            return Err(EMPTY_SEGMENT);
        }
        let head = (0..HEAD).filter_map(|at| self.in_root(at));
        self.list = List::Many(head.chain(self.path.split('/')).collect());
        self.starts.clear();
        Ok(())
    }

    /// Adds an empty segment: a document without a name.
    pub fn add_unnamed(&mut self) {
        if self.starts.is_empty() && self.listed().is_none() {
            self.starts.push(0);
        }
        // One that begins behind the path is empty.
        let behind = self.starts.last().map_or(0, |start| start + 1);
        if self.listed().is_some() || self.starts.try_push(behind).is_err() {
            self.list = List::Many(self.iter().chain([""]).collect());
            self.starts.clear();
        }
    }

    /// Puts an empty segment that stands for any number of them before the last: the collection may lie at any depth.
    pub fn add_any_depth(&mut self) {
        let mut segments: Vec<_> = self.iter().collect();
        let at = segments.len().saturating_sub(1);
        segments.insert(at, "");
        self.any_depth = Some(at);
        self.list = List::Many(segments);
        self.starts.clear();
    }

    /// The place of the segment that stands for any number of them.
    #[inline]
    pub fn any_depth(&self) -> Option<usize> {
        self.any_depth
    }

    fn listed(&self) -> Option<&[&'a str]> {
        match &self.list {
            List::None => None,
            List::Given(segments) => Some(segments),
            List::Many(segments) => Some(segments),
        }
    }

    /// What the path begins with, where it is known.
    #[inline]
    pub fn root(&self) -> Option<Root> {
        self.root
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        match self.starts.len() {
            0 => self.len_listed(),
            starts => HEAD + starts - 1,
        }
    }

    #[inline(never)]
    fn len_listed(&self) -> usize {
        self.listed().map_or(HEAD, <[_]>::len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The segment at a place.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&'a str> {
        match self.bounds(at) {
            Some((start, end)) => Some(self.path.get(start..end).unwrap_or("")),
            None => self.get_listed(at),
        }
    }

    /// One that is listed, or before the path.
    #[inline(never)]
    fn get_listed(&self, at: usize) -> Option<&'a str> {
        match self.listed() {
            Some(segments) => segments.get(at).copied(),
            None => self.in_root(at),
        }
    }

    fn in_root(&self, at: usize) -> Option<&'a str> {
        let (first, last) = self.root?.names();
        [first, self.owner, last].get(at).copied()
    }

    /// Where a segment of the path stands in it.
    #[inline(always)]
    fn bounds(&self, at: usize) -> Option<(usize, usize)> {
        let at = at.wrapping_sub(HEAD);
        let (start, next) = (self.starts.get(at)?, self.starts.get(at.wrapping_add(1))?);
        Some((*start as usize, *next as usize - 1))
    }

    /// The octets of the segment at a place; none where there is none, or no such place.
    #[inline(always)]
    pub fn octets(&self, at: usize) -> &'a [u8] {
        match self.bounds(at) {
            Some((start, end)) => self.path.as_bytes().get(start..end).unwrap_or(&[]),
            None => self.get_listed(at).unwrap_or("").as_bytes(),
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// Those from one place up to another; `None` where the path does not reach as far.
    pub fn range(&'a self, start: usize, end: usize) -> Option<SegmentRange<'a>> {
        let within = start <= end && end <= self.len();
        within.then_some(SegmentRange { segments: self, start: start as u32, end: end as u32 })
    }
}

impl<'a> SegmentRange<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The segment at a place among them.
    pub fn get(self, at: usize) -> Option<&'a str> {
        if at < self.len() { self.segments.get(self.start as usize + at) } else { None }
    }

    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).filter_map(move |at| self.get(at))
    }

    /// The place among them of a segment that stands for any number.
    pub fn any_depth(self) -> Option<usize> {
        let at = self.segments.any_depth?.checked_sub(self.start as usize)?;
        (at < self.len()).then_some(at)
    }

    /// Whether the last segment of the path is among them.
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

    /// What a path is cut into, by the plain way.
    fn plain(path: &str) -> Option<Vec<&str>> {
        let rest: Vec<_> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        rest.iter().all(|segment| !segment.is_empty()).then(|| ["b", "k", "o"].into_iter().chain(rest).collect())
    }

    #[test]
    fn paths_of_any_length_are_cut_at_their_slashes() {
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
                let mut cut = Segments::default();
                let result = cut.cut(Root::Objects, "k", path);
                let Some(mut wanted) = plain(path) else {
                    assert_eq!(result, Err(EMPTY_SEGMENT), "{path}");
                    continue;
                };
                assert_eq!(result, Ok(()), "{path}");
                if unnamed {
                    wanted.push("");
                    cut.add_unnamed();
                }
                assert_eq!(cut.len(), wanted.len(), "{path}");
                for (at, segment) in wanted.iter().enumerate() {
                    assert_eq!(cut.get(at), Some(*segment), "{path}");
                    assert_eq!(cut.octets(at), segment.as_bytes(), "{path}");
                }
                assert_eq!(cut.get(wanted.len()), None, "{path}");
                assert_eq!(cut.iter().collect::<Vec<_>>(), wanted, "{path}");
                assert_eq!(Segments::given(&wanted).get(3), wanted.get(3).copied(), "{path}");
            }
        }
    }
}
