//! Successive matches within a text, as `split` and `replace` see them.
//!
//! RE2/J goes on one UTF-16 unit after an empty match, so it may search from the middle of a
//! surrogate pair. Texts where that can happen are searched in the `Wide` form of `hir`.

use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::{Input, Span};

use super::hir::stand_in;
use crate::value::string::{Cut, Str, StrBuf, StrBuilder};

/// A match: byte or unit offsets, see [`Scan`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A text being searched. Offsets count bytes in `Narrow` and UTF-16 units in `Wide`.
pub(super) enum Scan<'t> {
    Narrow(Narrow<'t>),
    Wide(Box<Wide>),
}

/// Text in which each character is one unit, so that no search starts inside one.
pub(super) struct Narrow<'t> {
    text: &'t str,
    /// Where the next search starts; none when there is none.
    next: Option<usize>,
    captures: Option<Captures>,
}

/// Any text, searched through stand-ins.
pub(super) struct Wide {
    units: Vec<u16>,
    /// A blank, then the text with [`stand_in`] for each lone surrogate.
    bytes: Vec<u8>,
    next: Option<Place>,
    captures: Option<Captures>,
    /// Place where the last search started, and where its match did.
    origin: (Place, Place),
    /// From offsets of the last search to offsets in `bytes`.
    shift: usize,
}

/// A position in both views of a `Wide` text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Offset in `bytes`: of the character, also when `half` is set.
    byte: usize,
    /// Offset in `units`.
    unit: usize,
    /// Between the halves of the pair at `byte`; `unit` is that of the second half.
    half: bool,
}

impl<'t> Scan<'t> {
    /// Prepares to search `text`; `captures` must come from the engine used later.
    pub(super) fn new(text: Str<'t>, captures: Option<Captures>) -> Scan<'t> {
        match narrow(text) {
            Some(text) => Scan::Narrow(Narrow { text, next: Some(0), captures }),
            None => Scan::Wide(Box::new(Wide::new(text, captures))),
        }
    }

    /// Whether `text` is searched in the plain UTF-8 form.
    pub(super) fn is_narrow(text: Str<'_>) -> bool {
        narrow(text).is_some()
    }

    /// The next match.
    pub(super) fn next(&mut self, engine: &Regex) -> Option<Found> {
        match self {
            Scan::Narrow(scan) => scan.next(engine),
            Scan::Wide(scan) => scan.next(engine),
        }
    }

    /// The text of a capture group in the last match; none if the group took no part.
    pub(super) fn group(&self, index: usize) -> Option<Found> {
        match self {
            Scan::Narrow(scan) => {
                let span = scan.captures.as_ref()?.get_group(index)?;
                Some(Found { start: span.start, end: span.end })
            }
            Scan::Wide(scan) => {
                let span = scan.captures.as_ref()?.get_group(index)?;
                Some(Found {
                    start: scan.place(span.start + scan.shift).unit,
                    end: scan.place(span.end + scan.shift).unit,
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

    /// The octets that were searched, and where in them the last match begins.
    pub(super) fn octets_of_match(&self, found: Found) -> (&[u8], usize) {
        match self {
            Scan::Narrow(scan) => (scan.text.as_bytes(), found.start),
            Scan::Wide(scan) => (&scan.bytes, scan.origin.1.byte),
        }
    }

    /// A part of the text.
    pub(super) fn piece(&self, start: usize, end: usize) -> Cut<'t> {
        match self {
            Scan::Narrow(scan) => Cut::Borrowed(Str::Utf8(scan.text.get(start..end).unwrap_or(""))),
            Scan::Wide(scan) => Cut::Owned(StrBuf::from_units(scan.units.get(start..end).unwrap_or(&[]).to_vec())),
        }
    }

    /// Appends a part of the text to `out`.
    pub(super) fn copy(&self, start: usize, end: usize, out: &mut StrBuilder) {
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
    fn next(&mut self, engine: &Regex) -> Option<Found> {
        let start = self.next?;
        let input = Input::new(self.text).range(start..);
        let span = find(engine, &input, &mut self.captures)?;
        self.next = Some(span.end);
        if span.start == span.end {
            let after = self.text.get(span.end..).and_then(|rest| rest.chars().next());
            self.next = after.map(|c| span.end + c.len_utf8());
        }
        Some(Found { start: span.start, end: span.end })
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
        let start = Place { byte: 1, unit: 0, half: false };
        let bytes = padded.into_bytes();
        Wide { units, bytes, next: Some(start), captures, origin: (start, start), shift: 1 }
    }

    fn next(&mut self, engine: &Regex) -> Option<Found> {
        let from = self.next?;
        let span = if from.half {
            self.shift = 0;
            self.find_in_pair(engine, from)?
        } else {
            self.shift = 1;
            self.find(engine, from)?
        };
        // Offsets are found by walking on, so the walk must start behind all that is asked for.
        self.origin = (from, from);
        let start = self.place(span.start + self.shift);
        self.origin.1 = start;
        let end = self.place(span.end + self.shift);
        self.next = if start == end { self.after(end) } else { Some(end) };
        Some(Found { start: start.unit, end: end.unit })
    }

    fn find(&mut self, engine: &Regex, from: Place) -> Option<Span> {
        // Without the blank, so that the text starts where the text starts.
        let text = self.bytes.get(1..).unwrap_or_default();
        let input = Input::new(text).range(from.byte.saturating_sub(1)..);
        find(engine, &input, &mut self.captures)
    }

    /// Searches as if the text at `from` began with the second half of its pair. The halves before
    /// it are neither a line feed nor of a word, so a blank can stand for what precedes.
    fn find_in_pair(&mut self, engine: &Regex, from: Place) -> Option<Span> {
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

    /// The place at `byte`, at or after the start of the last search.
    fn place(&self, byte: usize) -> Place {
        let (searched, matched) = self.origin;
        let mut place = if byte >= matched.byte { matched } else { searched };
        while place.byte < byte {
            match self.next_character(place) {
                Some(next) => place = next,
                None => break,
            }
        }
        place
    }

    fn next_character(&self, place: Place) -> Option<Place> {
        let lead = *self.bytes.get(place.byte)?;
        let length = match lead {
            0xF0.. => 4,
            0xE0.. => 3,
            0xC0.. => 2,
            _ => 1,
        };
        let units = if lead >= 0xF0 && !place.half && self.is_pair(place.unit) { 2 } else { 1 };
        Some(Place { byte: place.byte + length, unit: place.unit + units, half: false })
    }

    /// One unit further, where RE2/J goes on after an empty match.
    fn after(&self, place: Place) -> Option<Place> {
        if !place.half && self.is_pair(place.unit) {
            return Some(Place { unit: place.unit + 1, half: true, ..place });
        }
        self.next_character(place)
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
