//! Successive matches within a text, as `split` and `replace` need them.
//!
//! After an empty match RE2/J continues one UTF-16 unit further, so it may search from the middle of a surrogate pair.
//! Texts in which that can happen are searched in the `Wide` form of `hir`.

use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::{Input, Span};

use super::hir::stand_in;
use crate::value::string::{CowStr, Str, StrBuf, StrBuilder};

/// A match, in byte or unit offsets; see [`Scan`].
#[derive(Clone, Copy, Debug)]
pub(super) struct MatchSpan {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A text with a search position. Offsets count bytes in `Narrow` and UTF-16 units in `Wide`.
pub(super) enum Scan<'t> {
    Narrow(Narrow<'t>),
    Wide(Box<Wide>),
}

/// A text in which each character is one unit, so that no search starts inside a character.
pub(super) struct Narrow<'t> {
    text: &'t str,
    /// The start of the next search; `None` at the end.
    next: Option<usize>,
    captures: Option<Captures>,
}

/// Any text, searched with stand-ins.
pub(super) struct Wide {
    units: Vec<u16>,
    /// A space, then the text with [`stand_in`] for each lone surrogate.
    bytes: Vec<u8>,
    next: Option<Position>,
    captures: Option<Captures>,
    /// The positions at which the last search and its match start.
    origin: (Position, Position),
    /// The difference between offsets of the last search and offsets in `bytes`.
    shift: usize,
}

/// A position in both views of a `Wide` text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    /// Offset in `bytes`: of the character, even if `half` is set.
    byte: usize,
    /// Offset in `units`.
    unit: usize,
    /// Whether the position is between the halves of the pair at `byte`; `unit` is then that of the second half.
    half: bool,
}

impl<'t> Scan<'t> {
    /// Prepares to search `text`; `captures` must come from the engine that searches.
    pub(super) fn new(text: Str<'t>, captures: Option<Captures>) -> Scan<'t> {
        match narrow(text) {
            Some(text) => Scan::Narrow(Narrow { text, next: Some(0), captures }),
            None => Scan::Wide(Box::new(Wide::new(text, captures))),
        }
    }

    /// Whether `text` is searched as plain UTF-8.
    pub(super) fn is_narrow(text: Str<'_>) -> bool {
        narrow(text).is_some()
    }

    /// Finds the next match.
    pub(super) fn next(&mut self, engine: &Regex) -> Option<MatchSpan> {
        match self {
            Scan::Narrow(scan) => scan.next(engine),
            Scan::Wide(scan) => scan.next(engine),
        }
    }

    /// The span of a capture group in the last match; `None` if the group took no part.
    pub(super) fn group(&self, index: usize) -> Option<MatchSpan> {
        match self {
            Scan::Narrow(scan) => {
                let span = scan.captures.as_ref()?.get_group(index)?;
                Some(MatchSpan { start: span.start, end: span.end })
            }
            Scan::Wide(scan) => {
                let span = scan.captures.as_ref()?.get_group(index)?;
                Some(MatchSpan {
                    start: scan.position(span.start + scan.shift).unit,
                    end: scan.position(span.end + scan.shift).unit,
                })
            }
        }
    }

    /// Length of the text.
    pub(super) fn len(&self) -> usize {
        match self {
            Scan::Narrow(scan) => scan.text.len(),
            Scan::Wide(scan) => scan.units.len(),
        }
    }

    /// The bytes that are searched, and the start of the last match in them.
    pub(super) fn searched_bytes(&self, found: MatchSpan) -> (&[u8], usize) {
        match self {
            Scan::Narrow(scan) => (scan.text.as_bytes(), found.start),
            Scan::Wide(scan) => (&scan.bytes, scan.origin.1.byte),
        }
    }

    /// A slice of the text.
    pub(super) fn slice(&self, start: usize, end: usize) -> CowStr<'t> {
        match self {
            Scan::Narrow(scan) => CowStr::Borrowed(Str::Utf8(scan.text.get(start..end).unwrap_or(""))),
            Scan::Wide(scan) => CowStr::Owned(StrBuf::from_units(scan.units.get(start..end).unwrap_or(&[]).to_vec())),
        }
    }

    /// Appends a slice of the text to `out`.
    pub(super) fn push_slice(&self, start: usize, end: usize, out: &mut StrBuilder) {
        match self {
            Scan::Narrow(scan) => out.push(Str::Utf8(scan.text.get(start..end).unwrap_or(""))),
            Scan::Wide(scan) => out.push_units(scan.units.get(start..end).unwrap_or(&[])),
        }
    }
}

/// The text, if each of its characters is one UTF-16 unit.
pub(super) fn narrow(text: Str<'_>) -> Option<&str> {
    text.as_utf8().filter(|text| !text.bytes().any(|b| b >= 0xF0))
}

impl Narrow<'_> {
    fn next(&mut self, engine: &Regex) -> Option<MatchSpan> {
        let start = self.next?;
        let input = Input::new(self.text).range(start..);
        let span = find(engine, &input, &mut self.captures)?;
        self.next = Some(span.end);
        if span.start == span.end {
            let after = self.text.get(span.end..).and_then(|rest| rest.chars().next());
            self.next = after.map(|c| span.end + c.len_utf8());
        }
        Some(MatchSpan { start: span.start, end: span.end })
    }
}

impl Wide {
    fn new(text: Str<'_>, captures: Option<Captures>) -> Wide {
        let units: Vec<u16> = text.units().collect();
        let mut padded = String::with_capacity(units.len() + 1);
        padded.push(' ');
        for c in char::decode_utf16(units.iter().copied()) {
            padded.push(c.unwrap_or_else(|lone| stand_in(lone.unpaired_surrogate())));
        }
        let start = Position { byte: 1, unit: 0, half: false };
        let bytes = padded.into_bytes();
        Wide { units, bytes, next: Some(start), captures, origin: (start, start), shift: 1 }
    }

    fn next(&mut self, engine: &Regex) -> Option<MatchSpan> {
        let from = self.next?;
        let span = if from.half {
            self.shift = 0;
            self.find_in_pair(engine, from)?
        } else {
            self.shift = 1;
            self.find(engine, from)?
        };
        // Offsets are converted by walking forward, so the walk must start before all requested offsets.
        self.origin = (from, from);
        let start = self.position(span.start + self.shift);
        self.origin.1 = start;
        let end = self.position(span.end + self.shift);
        self.next = if start == end { self.after(end) } else { Some(end) };
        Some(MatchSpan { start: start.unit, end: end.unit })
    }

    fn find(&mut self, engine: &Regex, from: Position) -> Option<Span> {
        // Omits the space, so that the text starts where the input starts.
        let text = self.bytes.get(1..).unwrap_or_default();
        let input = Input::new(text).range(from.byte.saturating_sub(1)..);
        find(engine, &input, &mut self.captures)
    }

    /// Searches as if the text at `from` began with the second half of its pair. The first half is neither a line feed
    /// nor a word character, so a space can replace it.
    fn find_in_pair(&mut self, engine: &Regex, from: Position) -> Option<Span> {
        let second = stand_in(*self.units.get(from.unit)?);
        let mut stand_in = [0; 4];
        second.encode_utf8(&mut stand_in);
        let before = from.byte.checked_sub(1)?;
        let kept_before = *self.bytes.get(before)?;
        let here = self.bytes.get_mut(from.byte..from.byte + 4)?;
        let kept: Vec<u8> = here.to_vec();
        here.copy_from_slice(&stand_in);
        if kept_before.is_ascii() {
            *self.bytes.get_mut(before)? = b' ';
        }
        let input = Input::new(&self.bytes).range(from.byte..);
        let span = find(engine, &input, &mut self.captures);
        *self.bytes.get_mut(before)? = kept_before;
        self.bytes.get_mut(from.byte..from.byte + 4)?.copy_from_slice(&kept);
        span
    }

    /// The position at `byte`, at or after the start of the last search.
    fn position(&self, byte: usize) -> Position {
        let (searched, matched) = self.origin;
        let mut position = if byte >= matched.byte { matched } else { searched };
        while position.byte < byte {
            match self.next_character(position) {
                Some(next) => position = next,
                None => break,
            }
        }
        position
    }

    fn next_character(&self, position: Position) -> Option<Position> {
        let lead = *self.bytes.get(position.byte)?;
        let length = match lead {
            0xF0.. => 4,
            0xE0.. => 3,
            0xC0.. => 2,
            _ => 1,
        };
        let units = if lead >= 0xF0 && !position.half && self.is_pair(position.unit) { 2 } else { 1 };
        Some(Position { byte: position.byte + length, unit: position.unit + units, half: false })
    }

    /// The position one unit further, where RE2/J continues after an empty match.
    fn after(&self, position: Position) -> Option<Position> {
        if !position.half && self.is_pair(position.unit) {
            return Some(Position { unit: position.unit + 1, half: true, ..position });
        }
        self.next_character(position)
    }

    fn is_pair(&self, unit: usize) -> bool {
        let pair = self.units.get(unit..unit + 2).unwrap_or_default();
        matches!(pair, [0xD800..=0xDBFF, 0xDC00..=0xDFFF])
    }
}

fn find(engine: &Regex, input: &Input<'_>, captures: &mut Option<Captures>) -> Option<Span> {
    match captures {
        Some(captures) => {
            engine.search_captures(input, captures);
            captures.get_match().map(|found| found.span())
        }
        None => engine.search(input).map(|found| found.span()),
    }
}
