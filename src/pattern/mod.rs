//! Regular expressions of rules: RE2 syntax as the official engine, which uses RE2/J, accepts it; and the smaller
//! dialect of database rules, in [`database`].
//!
//! Text → `parse::Node` → either a `shape::Shape`, compared directly, or a `regex_automata` engine
//! built from our own translation, so that no syntax of the Rust regex crates shines through
//! (runtime specification, section 13). Matching time is linear in the text; a pattern is refused before it
//! can take unreasonable time or memory to build.

mod charset;
mod classes;
mod database;
mod hir;
mod overshoot;
mod parse;
mod replace;
mod search;
mod shape;
mod unicode;
mod whole;

use std::fmt;
use std::sync::{Arc, OnceLock};

use regex_automata::meta::Regex;

use self::hir::Form;
use self::overshoot::{Lookahead, Overshoot};
use self::parse::{MAX_GROUPS, MAX_LENGTH, MAX_NESTING, Node, Parsed, Refusal};
use self::replace::Piece;
use self::search::Scan;
use self::shape::Shape;
use self::whole::Whole;
use crate::value::string::{Cut, Str, StrBuf, StrBuilder};

pub use self::database::DialectError;
pub use self::replace::ReplaceError;

/// A compiled regular expression. Clones share everything.
#[derive(Clone)]
pub struct Pattern(Arc<Inner>);

struct Inner {
    source: Box<str>,
    node: Node,
    groups: u32,
    names: Vec<(Box<str>, u32)>,
    shape: Option<Shape>,
    utf8: Engines,
    wide: Engines,
}

/// Engines for one form of text, built when first used: most patterns are only ever matched, and
/// many of a ruleset's never in a run.
#[derive(Default)]
struct Engines {
    whole: OnceLock<Option<Whole>>,
    search: OnceLock<Option<Regex>>,
    captures: OnceLock<Option<Regex>>,
    lookahead: OnceLock<Option<Lookahead>>,
}

/// Room for the patterns of one file of rules. Each may be large; what they cost together, when the file is loaded and
/// when they are used, has a bound as well.
#[derive(Clone, Copy, Debug)]
pub struct Room(u64);

impl Default for Room {
    fn default() -> Self {
        Room(hir::MAX_FILE_STATES)
    }
}

impl Room {
    /// Takes room for a pattern, if there is enough. One that is refused anyway takes none.
    fn take(&mut self, node: &Node) -> bool {
        if !hir::fits(node) {
            return true;
        }
        match self.0.checked_sub(hir::states(node)) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

/// A refused pattern; `Display` gives the official engine's message, pattern included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    refusal: Refusal,
    pattern: Box<str>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When the official engine would refuse it, and when it is too large to build.
    pub fn new(source: &str) -> Result<Pattern, PatternError> {
        Pattern::from_text(Str::Utf8(source))
    }

    /// Compiles a pattern that may hold lone surrogates, which then match themselves.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub fn from_text(source: Str<'_>) -> Result<Pattern, PatternError> {
        Pattern::of_parsed(source, parsed(source)?)
    }

    /// Whether a text is a pattern, without what only matching needs.
    ///
    /// # Errors
    /// As [`Pattern::from_text`], and when the file has no room left for it.
    pub fn check(source: Str<'_>, room: &mut Room) -> Result<(), PatternError> {
        let parsed = parsed(source)?;
        if !room.take(&parsed.node) {
            return Err(PatternError::new(Refusal::NoRoom, source));
        }
        if hir::surely_builds(&parsed.node) { Ok(()) } else { Pattern::of_parsed(source, parsed).map(drop) }
    }

    /// Whether a file has room left for a pattern, wherever it stands; that a text is none is no matter here.
    ///
    /// # Errors
    /// When it has not.
    pub fn check_room(source: Str<'_>, room: &mut Room) -> Result<(), PatternError> {
        match parsed(source) {
            Ok(parsed) if !room.take(&parsed.node) => Err(PatternError::new(Refusal::NoRoom, source)),
            _ => Ok(()),
        }
    }

    /// Compiles a pattern that a value says, to search a text of so many bytes. A client may choose both: only patterns
    /// that are quick to build are, and of texts the shorter the larger they are.
    ///
    /// # Errors
    /// As [`Pattern::new`], and when it is large.
    pub fn of_value(source: Str<'_>, text: usize) -> Result<Pattern, PatternError> {
        let parsed = parsed(source)?;
        if hir::fits_value(&parsed.node, text) {
            Pattern::of_parsed(source, parsed)
        } else {
            Err(PatternError::new(Refusal::TooLarge, source))
        }
    }

    fn of_parsed(source: Str<'_>, parsed: Parsed) -> Result<Pattern, PatternError> {
        let shape = Shape::of(&parsed.node);
        Pattern::build(source.to_string().into(), parsed, shape)
            .ok_or_else(|| PatternError::new(Refusal::Invalid, source))
    }

    /// Nothing when the pattern is too large.
    fn build(source: Box<str>, parsed: Parsed, shape: Option<Shape>) -> Option<Pattern> {
        if !hir::fits(&parsed.node) {
            return None;
        }
        let utf8 = Engines::default();
        if shape.is_none() && !hir::surely_builds(&parsed.node) {
            // Built now, so that a pattern that cannot be built is refused and never used.
            let _ = utf8.whole.set(Some(hir::build_whole(&parsed.node, Form::Utf8)?));
        }
        Some(Pattern(Arc::new(Inner {
            source,
            node: parsed.node,
            groups: parsed.groups,
            names: parsed.names,
            shape,
            utf8,
            wide: Engines::default(),
        })))
    }

    /// The pattern as written; a lone surrogate shows as `?`.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether the pattern matches the whole of `text`, code point by code point.
    #[inline]
    pub fn matches(&self, text: Str<'_>) -> bool {
        match (text, &self.0.shape) {
            (Str::Utf8(text), Some(shape)) => shape.matches(text),
            (text, _) => self.matches_by_engine(text),
        }
    }

    #[inline(never)]
    fn matches_by_engine(&self, text: Str<'_>) -> bool {
        match text {
            Str::Utf8(text) => self.whole(Form::Utf8).is_some_and(|engine| engine.matches(text)),
            Str::Wide(units) => {
                let text: String = char::decode_utf16(units.iter().copied())
                    .map(|c| c.unwrap_or_else(|lone| hir::stand_in(lone.unpaired_surrogate())))
                    .collect();
                self.whole(Form::Wide).is_some_and(|engine| engine.matches(&text))
            }
        }
    }

    /// The pieces of `text` between the matches, without trailing empty ones but at least one
    /// (runtime specification, section 11). Empty matches count at every UTF-16 unit.
    ///
    /// # Errors
    /// More than `most` pieces; searches that together take too long.
    pub fn split<'t>(&self, text: Str<'t>, most: usize) -> Result<Vec<Cut<'t>>, ReplaceError> {
        let mut pieces = Vec::new();
        let form = form(text);
        let mut scan = Scan::new(text, None);
        let mut last = 0;
        if let Some(engine) = self.search(form) {
            let mut overshoot = Overshoot::default();
            while let Some(found) = scan.next(engine) {
                overshoot.add(&scan, found, || self.lookahead(form))?;
                if pieces.len() >= most {
                    return Err(ReplaceError::TooLong);
                }
                pieces.push(scan.piece(last, found.start));
                last = found.end;
            }
        }
        pieces.push(scan.piece(last, scan.len()));
        while pieces.len() > 1 && pieces.last().is_some_and(|piece| piece.as_str().is_empty()) {
            pieces.pop();
        }
        Ok(pieces)
    }

    /// `text` with every match replaced by `template`, in which `$N` and `${name}` stand for groups
    /// and `\c` for `c` (runtime specification, section 11).
    ///
    /// # Errors
    /// When there is a match and the template refers to a group the pattern does not have; a result of more than `most`
    /// bytes; searches that together take too long.
    pub fn replace(&self, text: Str<'_>, template: Str<'_>, most: usize) -> Result<StrBuf, ReplaceError> {
        let template = replace::parse(template, self.0.groups, &self.0.names);
        let refers = |piece: &Piece| matches!(piece, Piece::Group { index: 1.., .. });
        let form = form(text);
        let engine = if template.as_ref().is_ok_and(|pieces| pieces.iter().any(refers)) {
            self.captures(form)
        } else {
            self.search(form)
        };
        let engine = engine.ok_or(ReplaceError::TooLarge)?;
        let mut scan = Scan::new(text, Some(engine.create_captures()));
        let mut out = StrBuilder::default();
        let mut last = 0;
        let mut overshoot = Overshoot::default();
        while let Some(found) = scan.next(engine) {
            // Without a match a bad template does no harm.
            let pieces = template.as_ref().map_err(Clone::clone)?;
            overshoot.add(&scan, found, || self.lookahead(form))?;
            scan.copy(last, found.start, &mut out);
            for piece in pieces {
                if out.bytes() > most {
                    return Err(ReplaceError::TooLong);
                }
                match piece {
                    Piece::Text(text) => out.push(text.as_str()),
                    Piece::Group { index, named } => match scan.group(*index as usize) {
                        Some(group) => scan.copy(group.start, group.end, &mut out),
                        // The official engine writes its null for a name, nothing for a number.
                        None if *named => out.push(Str::Utf8("null")),
                        None => {}
                    },
                }
            }
            last = found.end;
        }
        scan.copy(last, scan.len(), &mut out);
        if out.bytes() > most { Err(ReplaceError::TooLong) } else { Ok(out.finish()) }
    }

    fn lookahead(&self, form: Form) -> Option<&Lookahead> {
        self.engines(form).lookahead.get_or_init(|| hir::build_lookahead(&self.0.node, form)).as_ref()
    }

    fn whole(&self, form: Form) -> Option<&Whole> {
        let built = &self.engines(form).whole;
        built.get_or_init(|| hir::build_whole(&self.0.node, form)).as_ref()
    }

    fn search(&self, form: Form) -> Option<&Regex> {
        let built = &self.engines(form).search;
        built.get_or_init(|| hir::build_search(&self.0.node, form, false)).as_ref()
    }

    fn captures(&self, form: Form) -> Option<&Regex> {
        let build = || {
            let fit = hir::captures_fit(&self.0.node, self.0.groups);
            fit.then(|| hir::build_search(&self.0.node, form, true)).flatten()
        };
        self.engines(form).captures.get_or_init(build).as_ref()
    }

    fn engines(&self, form: Form) -> &Engines {
        match form {
            Form::Utf8 => &self.0.utf8,
            Form::Wide => &self.0.wide,
        }
    }
}

/// What a text says as a pattern.
fn parsed(source: Str<'_>) -> Result<Parsed, PatternError> {
    // A longer text is refused anyway; do not copy it first.
    if source.size() > MAX_LENGTH {
        return Err(PatternError::new(Refusal::TooLong, source));
    }
    let points: Vec<u32> = match source {
        Str::Utf8(text) => text.chars().map(u32::from).collect(),
        Str::Wide(units) => char::decode_utf16(units.iter().copied())
            .map(|c| c.map_or_else(|lone| u32::from(lone.unpaired_surrogate()), u32::from))
            .collect(),
    };
    parse::parse(&points).map_err(|refusal| PatternError::new(refusal, source))
}

impl PatternError {
    fn new(refusal: Refusal, source: Str<'_>) -> PatternError {
        PatternError { refusal, pattern: source.to_string().into() }
    }
}

fn form(text: Str<'_>) -> Form {
    if Scan::is_narrow(text) { Form::Utf8 } else { Form::Wide }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.source()).finish()
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = &self.pattern;
        match self.refusal {
            Refusal::Invalid => f.write_str("Invalid regular expression pattern.")?,
            Refusal::NoRoom => f.write_str(
                "The regular expressions of this file are too large together: lower the counts of repetitions, \
                 or use fewer Unicode classes.",
            )?,
            Refusal::TooLarge => f.write_str("Regular expression too large for a pattern that is not in the rules.")?,
            Refusal::TooLong => {
                write!(f, "Regular expression too long. Maximum allowed length: {MAX_LENGTH}")?;
            }
            Refusal::TooManyGroups => {
                write!(f, "Regular expression too many groupings. Maximum allowed groupings: {MAX_GROUPS}")?
            }
            Refusal::TooDeep => write!(
                f,
                "Regular expression too many nested groupings. \
                 Maximum allowed nested groupings: {MAX_NESTING}"
            )?,
        }
        write!(f, " Pattern: {pattern}.")
    }
}

impl std::error::Error for PatternError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sequences of parts, chosen by a fixed series of pseudo-random numbers.
    pub(super) struct Series(pub(super) u64);

    impl Series {
        pub(super) fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 33) as usize % limit
        }

        pub(super) fn join(&mut self, parts: &[&str], most: usize) -> String {
            (0..self.below(most + 1)).map(|_| parts[self.below(parts.len())]).collect()
        }
    }

    #[test]
    fn shapes_agree_with_the_engine() {
        let parts = [
            "a",
            "b",
            "ab",
            ".*",
            ".+",
            "(.*)",
            "(?s)",
            "(?i)",
            "\n",
            "|",
            "|a",
            "(a|b)",
            "(?:b|)",
            "a?",
            "[ab]",
            "[a-b]+",
            "[^a]*",
            "[^b]{1,2}",
            "\\W",
            "\\d{2}",
            "é",
            "[é-ü]+",
            ".{1,2}",
            "😀",
            "^",
            "$",
            "(^a|b$)",
            "(?m)",
            "\\pL+",
            "1{0,3}",
            "[\\s\\S]*",
            "(a|b.*)",
        ];
        let characters = ["a", "b", "A", "\n", "1", "é", "😀", " ", "ab", "K"];
        let mut series = Series(7);
        let mut shaped = 0;
        for _ in 0..20_000 {
            let Ok(pattern) = Pattern::new(&series.join(&parts, 6)) else { continue };
            let Some(shape) = &pattern.0.shape else { continue };
            shaped += 1;
            for _ in 0..20 {
                let text = series.join(&characters, 6);
                let engine = pattern.matches_by_engine(Str::Utf8(&text));
                assert_eq!(shape.matches(&text), engine, "{pattern:?} on {text:?}");
            }
        }
        assert!(shaped > 5_000, "{shaped}");
    }
}
