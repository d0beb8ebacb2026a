//! Paths: segments, variables in them, templates read from text. No matching of requests.
//!
//! Source: runtime specification, section 14; cases `path/*`, `path.bind/*`, `path literal/*`.

use std::{borrow::Cow, collections::HashSet};

use super::{Cut, SegmentRange, Str, StrBuf, StrBuilder};

/// A path that a host supplies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Its segments.
    pub segments: Vec<Segment>,
}

impl Path {
    /// A path of plain segments: the text between slashes, neither decoded nor searched for variables. A leading
    /// slash is optional; the empty text and `/` are the empty path.
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
    /// A variable for one segment, with its value where it is bound.
    Capture(StrBuf, Option<StrBuf>),
    /// A variable for any number of segments.
    Glob(StrBuf, Option<Path>),
}

/// A path as an evaluation sees it.
#[derive(Clone, Copy, Debug)]
pub enum PathRef<'a> {
    /// From the host.
    Owned(&'a Path),
    /// Plain segments, as of a request.
    Plain(SegmentRange<'a>),
    /// Made by the evaluation.
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

/// The name of a variable without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbound<'a>(pub Str<'a>);

impl<'a> PathRef<'a> {
    /// The segments as written: variables count as one.
    pub fn segments(self) -> impl Iterator<Item = SegmentRef<'a>> {
        let count = match self {
            PathRef::Owned(path) => path.segments.len(),
            PathRef::Plain(plain) => plain.len(),
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
            PathRef::Plain(plain) => plain.get(at).map(|text| SegmentRef::Simple(Str::Utf8(text))),
            PathRef::Made(made) => made.get(at).copied(),
        }
    }

    /// The texts of the path with the values of variables in their places.
    ///
    /// # Errors
    ///
    /// The first variable that has none.
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

    /// The text of the path: a slash before each segment, nothing in the place of a variable without a value.
    pub fn text(self) -> StrBuf {
        let mut text = StrBuilder::default();
        self.write_text(&mut |piece| text.push(piece));
        let text = text.finish();
        if text.as_str().is_empty() { StrBuf::from("/".to_owned()) } else { text }
    }

    /// Writes the text of the path, and stops soon after `limit` bytes.
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

    /// Adds how large it is, and stops counting soon after it is too large.
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

    /// The same path, owned.
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

    /// Equality of the `==` operator: by text, variables replaced; a path with an unbound variable equals nothing.
    pub fn equals(self, other: PathRef<'_>) -> bool {
        if let (PathRef::Plain(a), PathRef::Plain(b)) = (self, other) {
            return a.len() == b.len() && a.iter().eq(b.iter());
        }
        match (self.resolved(), other.resolved()) {
            (Ok(a), Ok(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b),
            _ => false,
        }
    }

    /// Equality inside lists and maps: by structure, so that a bound variable is not a plain segment.
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

/// Segments that a path made by an evaluation has at most, those of paths within it included. Documents are at most 100
/// deep.
pub const MAX_SEGMENTS: usize = 1 << 16;

/// How large a path is, with the paths within it, each as often as it stands there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathExtent {
    /// Segments.
    pub segments: usize,
    /// Bytes of its text, roughly.
    pub bytes: usize,
}

/// Why a text is no path template. Displays the official message.
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
    /// More segments than any path needs.
    #[error("A path has at most {MAX_SEGMENTS} segments.")]
    TooLong,
    /// `path('/a%zz')`
    #[error("Unable to decode {0} to url. Error: {1}")]
    Decode(String, DecodeError),
}

/// Reads a path template, as the function `path` does.
///
/// # Errors
///
/// What is wrong with the text, first segment first; a repeated variable comes after everything else.
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

/// The texts between the slashes, one in front left out.
fn split_template(text: Str<'_>) -> Vec<Cut<'_>> {
    match text {
        Str::Utf8(text) => {
            let body = text.strip_prefix('/').unwrap_or(text);
            body.split('/').map(|segment| Cut::Borrowed(Str::Utf8(segment))).collect()
        }
        Str::Wide(units) => {
            let slash = u16::from(b'/');
            let body = units.strip_prefix(&[slash]).unwrap_or(units);
            body.split(|unit| *unit == slash).map(|part| Cut::Owned(StrBuf::from_units(part.to_vec()))).collect()
        }
    }
}

fn parse_segment(segment: Str<'_>, whole: Str<'_>) -> Result<TemplateSegment, TemplateError> {
    // A lone surrogate is no part of the syntax; messages show it as `?`.
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

/// [`form_decode`] of a segment without the white space around it; a lone surrogate stays what it is.
fn decode_units(segment: Str<'_>) -> Result<StrBuf, DecodeError> {
    let units = match segment {
        Str::Utf8(text) => return form_decode(text.trim()).map(|text| StrBuf::from(text.into_owned())),
        Str::Wide(units) => units,
    };
    let mut points: Vec<Result<char, u16>> =
        char::decode_utf16(units.iter().copied()).map(|c| c.map_err(|lone| lone.unpaired_surrogate())).collect();
    let blank = |point: &Result<char, u16>| point.is_ok_and(char::is_whitespace);
    points.truncate(points.iter().rposition(|point| !blank(point)).map_or(0, |last| last + 1));
    let start = points.iter().position(|point| !blank(point)).unwrap_or(points.len());
    let mut out = StrBuilder::default();
    let mut stretch = String::new();
    for point in points.into_iter().skip(start) {
        match point {
            Ok(c) => stretch.push(c),
            Err(lone) => {
                out.push(Str::Utf8(&form_decode(&std::mem::take(&mut stretch))?));
                out.push_units(&[lone]);
            }
        }
    }
    out.push(Str::Utf8(&form_decode(&stretch)?));
    Ok(out.finish())
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

/// Why a text cannot be decoded. Displays the official message's cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// `%` with fewer than two characters after it.
    #[error("URLDecoder: Incomplete trailing escape (%) pattern")]
    Incomplete,
    /// `%zz`
    #[error("URLDecoder: Illegal hex characters in escape (%) pattern - Error at index {0} in: \"{1}\"")]
    Illegal(usize, String),
    /// `%-1`
    #[error("URLDecoder: Illegal hex characters in escape (%) pattern - negative value")]
    Negative,
}

/// The segments of a request's path in a text, a slash before it optional, as they stand there.
///
/// # Errors
///
/// The official words for a path that no rules can cover.
pub fn split_path(path: &str) -> Result<Vec<&str>, &'static str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.split('/').any(str::is_empty) {
        true if path.is_empty() => Err("Path cannot be empty"),
        true => Err("Path segment cannot be empty"),
        false => Ok(path.split('/').collect()),
    }
}

/// The same, each form-decoded as the official engine reads a request path: `%HH` are octets, `+` is a blank (cases
/// path-133, path-135).
///
/// # Errors
///
/// A path that no rules can cover.
pub fn decode_path(path: &str) -> Result<Vec<String>, String> {
    let decode = |segment: &str| match form_decode(segment) {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(e) => Err(format!("Unable to decode {segment} to url. Error: {e}")),
    };
    split_path(path)?.into_iter().map(decode).collect()
}

/// Form decoding: `%HH` are octets of UTF-8, `+` is a blank. Octets that are no UTF-8 become U+FFFD.
///
/// # Errors
///
/// A `%` that no two digits follow. As in the official engine, a plus sign and one digit, or digits of other scripts,
/// count as well.
pub fn form_decode(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    if !text.bytes().any(|b| matches!(b, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or("");
        match c {
            '%' => {
                let mut digits = after.chars();
                let (Some(high), Some(low)) = (digits.next(), digits.next()) else {
                    return Err(DecodeError::Incomplete);
                };
                octets.push(octet(high, low)?);
                rest = digits.as_str();
                continue;
            }
            '+' => octets.push(b' '),
            c => octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    Ok(Cow::Owned(String::from_utf8(octets).unwrap_or_else(|e| lossy(e.as_bytes()))))
}

fn octet(high: char, low: char) -> Result<u8, DecodeError> {
    let digit = |c: char| c.to_digit(16).or_else(|| super::number::decimal_digit(c).map(u32::from));
    let illegal = |at| Err(DecodeError::Illegal(at, format!("{high}{low}")));
    match (high, digit(high), digit(low)) {
        (_, Some(high), Some(low)) => Ok((high * 16 + low) as u8),
        ('+', None, Some(low)) => Ok(low as u8),
        ('-', None, Some(0)) => Ok(0),
        ('-', None, Some(_)) => Err(DecodeError::Negative),
        ('+' | '-', None, None) | (_, Some(_), None) => illegal(1),
        (_, None, _) => illegal(0),
    }
}

/// Octets as text. An encoded surrogate, or the beginning of one, is one mistake.
fn lossy(octets: &[u8]) -> String {
    let mut clean = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if let (0xED, [0xA0..=0xBF, after @ ..]) = (first, after) {
            clean.extend_from_slice("\u{FFFD}".as_bytes());
            rest = match after {
                [0x80..=0xBF, after @ ..] => after,
                after => after,
            };
        } else {
            clean.push(*first);
        }
    }
    String::from_utf8_lossy(&clean).into_owned()
}
