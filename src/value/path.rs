//! Paths: segments, variables in them, templates read from text. This module does not match requests.
//!
//! Source: runtime specification, section 14; cases `path/*`, `path.bind/*`, `path literal/*`.

use std::collections::HashSet;

use super::{
    CowStr, SegmentRange, Str, StrBuf, StrBuilder,
    percent::{DecodeError, PercentMode, percent_decode},
};

/// A path that a host supplies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// The segments.
    pub segments: Vec<Segment>,
}

impl Path {
    /// A path of plain segments: the text between slashes, neither decoded nor searched for variables. A leading slash
    /// is optional; the empty text and `/` are the empty path.
    pub fn of(text: &str) -> Self {
        let text = text.strip_prefix('/').unwrap_or(text);
        let segments = text.split('/').filter(|_| !text.is_empty());
        Path { segments: segments.map(|s| Segment::Simple(StrBuf::from(s.to_owned()))).collect() }
    }
}

/// One segment of a host's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Plain text.
    Simple(StrBuf),
    /// A variable for one segment, with its value if it is bound.
    Capture(StrBuf, Option<StrBuf>),
    /// A variable for any number of segments.
    Glob(StrBuf, Option<Path>),
}

/// A path as an evaluation sees it.
#[derive(Clone, Copy, Debug)]
pub enum PathRef<'a> {
    /// Supplied by the host.
    Owned(&'a Path),
    /// A range of a request's path, borrowed from it.
    Request(SegmentRange<'a>),
    /// Allocated by the evaluation.
    Made(&'a [SegmentRef<'a>]),
}

/// One segment as an evaluation sees it.
#[derive(Clone, Copy, Debug)]
pub enum SegmentRef<'a> {
    /// Plain text.
    Simple(Str<'a>),
    /// A variable for one segment.
    Capture(Str<'a>, Option<Str<'a>>),
    /// A variable for any number of segments.
    Glob(Str<'a>, Option<PathRef<'a>>),
}

/// The name of an unbound variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbound<'a>(pub Str<'a>);

impl<'a> PathRef<'a> {
    /// The segments as written: a variable counts as one.
    pub fn segments(self) -> impl Iterator<Item = SegmentRef<'a>> {
        let count = match self {
            PathRef::Owned(path) => path.segments.len(),
            PathRef::Request(plain) => plain.len(),
            PathRef::Made(made) => made.len(),
        };
        (0..count).filter_map(move |at| self.segment(at))
    }

    fn segment(self, at: usize) -> Option<SegmentRef<'a>> {
        match self {
            PathRef::Owned(path) => path.segments.get(at).map(|segment| match segment {
                Segment::Simple(text) => SegmentRef::Simple(text.as_str()),
                Segment::Capture(name, bound) => SegmentRef::Capture(name.as_str(), bound.as_ref().map(StrBuf::as_str)),
                Segment::Glob(name, bound) => SegmentRef::Glob(name.as_str(), bound.as_ref().map(PathRef::Owned)),
            }),
            PathRef::Request(plain) => plain.get(at).map(|text| SegmentRef::Simple(Str::Utf8(text))),
            PathRef::Made(made) => made.get(at).copied(),
        }
    }

    /// The text of each segment, with variables replaced by their values.
    ///
    /// # Errors
    ///
    /// The first unbound variable.
    pub fn resolved(self) -> Result<Vec<Str<'a>>, Unbound<'a>> {
        let mut texts = Vec::new();
        self.resolve_into(&mut texts)?;
        Ok(texts)
    }

    fn resolve_into(self, texts: &mut Vec<Str<'a>>) -> Result<(), Unbound<'a>> {
        for segment in self.segments() {
            match segment {
                SegmentRef::Simple(text) | SegmentRef::Capture(_, Some(text)) => texts.push(text),
                SegmentRef::Glob(_, Some(path)) => path.resolve_into(texts)?,
                SegmentRef::Capture(name, None) | SegmentRef::Glob(name, None) => return Err(Unbound(name)),
            }
        }
        Ok(())
    }

    /// The text of the path: a slash before each segment, and nothing in place of an unbound variable.
    pub fn text(self) -> StrBuf {
        let mut text = StrBuilder::default();
        self.write_text(&mut |piece| text.push(piece));
        let text = text.finish();
        if text.as_str().is_empty() { StrBuf::from("/".to_owned()) } else { text }
    }

    /// Writes the text of the path; stops soon after `limit` bytes.
    pub(super) fn write_beginning(self, out: &mut String, limit: usize) {
        let begin = out.len();
        self.write_text(&mut |piece| {
            if out.len() <= limit {
                out.push_str(&piece.beginning(limit));
            }
        });
        if out.len() == begin {
            out.push('/');
        }
    }

    /// Adds the size of the path to `extent`; stops soon after the limit.
    pub fn measure(self, extent: &mut PathExtent) {
        for segment in self.segments() {
            if extent.segments > MAX_SEGMENTS {
                return;
            }
            extent.segments += 1;
            match segment {
                SegmentRef::Simple(text) | SegmentRef::Capture(_, Some(text)) => {
                    extent.bytes = extent.bytes.saturating_add(1 + text.bytes());
                }
                SegmentRef::Glob(_, Some(path)) => path.measure(extent),
                SegmentRef::Capture(_, None) | SegmentRef::Glob(_, None) => extent.bytes += 1,
            }
        }
    }

    /// Copies the path.
    pub fn to_path(self) -> Path {
        let segment = |segment| match segment {
            SegmentRef::Simple(text) => Segment::Simple(text.to_buf()),
            SegmentRef::Capture(name, bound) => Segment::Capture(name.to_buf(), bound.map(Str::to_buf)),
            SegmentRef::Glob(name, bound) => Segment::Glob(name.to_buf(), bound.map(PathRef::to_path)),
        };
        Path { segments: self.segments().map(segment).collect() }
    }

    fn write_text(self, out: &mut dyn FnMut(Str<'_>)) {
        for segment in self.segments() {
            match segment {
                SegmentRef::Simple(text) | SegmentRef::Capture(_, Some(text)) => {
                    out(Str::Utf8("/"));
                    out(text);
                }
                SegmentRef::Glob(_, Some(path)) => path.write_text(out),
                SegmentRef::Capture(_, None) | SegmentRef::Glob(_, None) => out(Str::Utf8("/")),
            }
        }
    }

    /// Equality of the operator `==`: compares the text with variables replaced; a path with an unbound variable equals
    /// nothing.
    pub fn equals(self, other: PathRef<'_>) -> bool {
        if let (PathRef::Request(a), PathRef::Request(b)) = (self, other) {
            return a.len() == b.len() && a.iter().eq(b.iter());
        }
        match (self.resolved(), other.resolved()) {
            (Ok(a), Ok(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b),
            _ => false,
        }
    }

    /// Equality inside lists and maps: compares the structure, so that a bound variable differs from a plain segment.
    pub fn same_structure(self, other: PathRef<'_>) -> bool {
        let (mut a, mut b) = (self.segments(), other.segments());
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                (Some(SegmentRef::Simple(a)), Some(SegmentRef::Simple(b))) if a == b => {}
                (Some(SegmentRef::Capture(a, x)), Some(SegmentRef::Capture(b, y))) if a == b && x == y => {}
                (Some(SegmentRef::Glob(a, x)), Some(SegmentRef::Glob(b, y))) if a == b => match (x, y) {
                    (None, None) => {}
                    (Some(x), Some(y)) if x.same_structure(y) => {}
                    _ => return false,
                },
                _ => return false,
            }
        }
    }
}

/// A segment of a path template read from text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateSegment {
    /// Decoded text.
    Simple(StrBuf),
    /// `{x}`, `{x=*}`
    Capture(String),
    /// `{x=**}`
    Glob(String),
}

/// Maximum number of segments of a path that an evaluation makes, including those of nested paths. Documents nest at
/// most 100 deep.
pub const MAX_SEGMENTS: usize = 1 << 16;

/// The size of a path, in which a nested path counts as often as it occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathExtent {
    /// Number of segments.
    pub segments: usize,
    /// Approximate size of the text in bytes.
    pub bytes: usize,
}

/// Why a text is not a path template. Displays the official message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `path('')`
    #[error("Empty Path Template is not allowed.")]
    Empty,
    /// `path('/a//b')`
    #[error("Invalid Path Template {0}. Empty segment is not allowed.")]
    EmptySegment(String),
    /// `path('/a/{x')`
    #[error("Invalid Path Template {0}. The capture segment is not closed.")]
    NotClosed(String),
    /// `path('/a/{1x}')`
    #[error(
        "Invalid Path Template {0}. [Identifier [{1}] should start with letter, dollar sign, or underscore and should not start with digit and must not contain spaces."
    )]
    Identifier(String, String),
    /// `path('/{x}/{x}')`
    #[error("Variable {0} already exists in the PathTemplate.")]
    Repeated(String),
    /// There are more segments than any path needs.
    #[error("A path has at most {MAX_SEGMENTS} segments.")]
    TooLong,
    /// `path('/a%zz')`
    #[error("Unable to decode {0} to url. Error: {1}")]
    Decode(String, DecodeError),
}

/// Parses a path template, as the function `path` does.
///
/// # Errors
///
/// The first malformed segment; a repeated variable only if all segments are well-formed.
pub fn parse_template(text: Str<'_>) -> Result<Vec<TemplateSegment>, TemplateError> {
    if text.is_empty() {
        return Err(TemplateError::Empty);
    }
    let parts = split_template(text);
    if parts.len() > MAX_SEGMENTS {
        return Err(TemplateError::TooLong);
    }
    let parts = parts.into_iter().map(|segment| parse_segment(segment.as_str(), text));
    let segments = parts.collect::<Result<Vec<_>, _>>()?;
    let mut names = HashSet::new();
    let repeated = segments.iter().filter_map(TemplateSegment::variable).find(|name| !names.insert(*name)).cloned();
    repeated.map_or(Ok(segments), |name| Err(TemplateError::Repeated(name)))
}

impl TemplateSegment {
    fn variable(&self) -> Option<&String> {
        match self {
            TemplateSegment::Simple(_) => None,
            TemplateSegment::Capture(name) | TemplateSegment::Glob(name) => Some(name),
        }
    }
}

/// The text between the slashes, without a leading slash.
fn split_template(text: Str<'_>) -> Vec<CowStr<'_>> {
    match text {
        Str::Utf8(text) => {
            let body = text.strip_prefix('/').unwrap_or(text);
            body.split('/').map(|segment| CowStr::Borrowed(Str::Utf8(segment))).collect()
        }
        Str::Wide(units) => {
            let slash = u16::from(b'/');
            let body = units.strip_prefix(&[slash]).unwrap_or(units);
            body.split(|unit| *unit == slash).map(|part| CowStr::Owned(StrBuf::from_units(part.to_vec()))).collect()
        }
    }
}

fn parse_segment(segment: Str<'_>, whole: Str<'_>) -> Result<TemplateSegment, TemplateError> {
    // The syntax has no lone surrogates; messages show them as `?`.
    let shown = segment.to_string();
    let shown = shown.trim();
    if shown.is_empty() {
        return Err(TemplateError::EmptySegment(whole.to_string()));
    }
    let Some(capture) = shown.strip_prefix('{') else {
        let decoded = decode_units(segment).map_err(|e| TemplateError::Decode(shown.to_owned(), e))?;
        return Ok(TemplateSegment::Simple(decoded));
    };
    let Some(capture) = capture.strip_suffix('}') else {
        return Err(TemplateError::NotClosed(whole.to_string()));
    };
    let (name, kind): (_, fn(String) -> TemplateSegment) =
        match (capture.strip_suffix("=**"), capture.strip_suffix("=*")) {
            (Some(name), _) => (name, TemplateSegment::Glob),
            (None, Some(name)) => (name, TemplateSegment::Capture),
            (None, None) => (capture, TemplateSegment::Capture),
        };
    let name = name.trim_matches(|c| c <= ' ');
    if !is_identifier(name) {
        return Err(TemplateError::Identifier(whole.to_string(), name.to_owned()));
    }
    Ok(kind(name.to_owned()))
}

/// Decodes a segment without the surrounding whitespace; lone surrogates stay as they are.
fn decode_units(segment: Str<'_>) -> Result<StrBuf, DecodeError> {
    let units = match segment {
        Str::Utf8(text) => {
            return percent_decode(text.trim(), PercentMode::Form).map(|text| StrBuf::from(text.into_owned()));
        }
        Str::Wide(units) => units,
    };
    let mut points: Vec<Result<char, u16>> =
        char::decode_utf16(units.iter().copied()).map(|c| c.map_err(|lone| lone.unpaired_surrogate())).collect();
    let is_whitespace = |point: &Result<char, u16>| point.is_ok_and(char::is_whitespace);
    points.truncate(points.iter().rposition(|point| !is_whitespace(point)).map_or(0, |last| last + 1));
    let start = points.iter().position(|point| !is_whitespace(point)).unwrap_or(points.len());
    let mut out = StrBuilder::default();
    let mut run = String::new();
    for point in points.into_iter().skip(start) {
        match point {
            Ok(c) => run.push(c),
            Err(lone) => {
                out.push(Str::Utf8(&percent_decode(&std::mem::take(&mut run), PercentMode::Form)?));
                out.push_units(&[lone]);
            }
        }
    }
    out.push(Str::Utf8(&percent_decode(&run, PercentMode::Form)?));
    Ok(out.finish())
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

/// The segments of a request's path, not decoded. A leading slash is optional.
///
/// # Errors
///
/// The official message for a path that no rules can match.
pub fn split_path(path: &str) -> Result<Vec<&str>, &'static str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.split('/').any(str::is_empty) {
        true if path.is_empty() => Err("Path cannot be empty"),
        true => Err("Path segment cannot be empty"),
        false => Ok(path.split('/').collect()),
    }
}

/// The segments of a request's path, decoded as the official engine reads them (cases path-133, path-135).
///
/// # Errors
///
/// The message for a path that no rules can match.
pub fn decode_path(path: &str) -> Result<Vec<String>, String> {
    let decode = |segment: &str| match percent_decode(segment, PercentMode::Form) {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(e) => Err(format!("Unable to decode {segment} to url. Error: {e}")),
    };
    split_path(path)?.into_iter().map(decode).collect()
}
