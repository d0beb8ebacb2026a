//! Regular expressions of rules: RE2 syntax as the official engine accepts it, which uses RE2/J, and the smaller
//! dialect of database rules in [`database`].
//!
//! Text → `parse::Node` → either a `shape::Shape`, which compares directly, or a `regex_automata` engine built from our
//! own translation, so that patterns have no syntax of the Rust regex crates (runtime specification, section 13).
//! Matching takes linear time in the text; a pattern is refused before building it could take unreasonable time or
//! memory.

mod charset;
mod classes;
mod database;
mod full_match;
mod hir;
mod overshoot;
mod parse;
mod replace;
mod search;
mod shape;
mod unicode;

use std::fmt;
use std::sync::{Arc, OnceLock};

use regex_automata::meta::Regex;

use self::full_match::FullMatcher;
use self::hir::Form;
use self::overshoot::{Lookahead, Overshoot};
use self::parse::{MAX_GROUPS, MAX_LENGTH, MAX_NESTING, Node, Parsed, Refusal};
use self::replace::TemplatePart;
use self::search::Scan;
use self::shape::Shape;
use crate::value::string::{CowStr, Str, StrBuf, StrBuilder};

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

/// The engines for one form of text, built on first use: most patterns are only ever matched, and many patterns of a
/// ruleset are never used in a run.
#[derive(Default)]
struct Engines {
    whole: OnceLock<Option<FullMatcher>>,
    search: OnceLock<Option<Regex>>,
    captures: OnceLock<Option<Regex>>,
    lookahead: OnceLock<Option<Lookahead>>,
}

/// The budget for the patterns of one file of rules. Each pattern may be large, but the total that they cost when the
/// file is loaded and when they are used is bounded as well.
#[derive(Clone, Copy, Debug)]
pub struct PatternBudget(u64);

impl Default for PatternBudget {
    fn default() -> Self {
        PatternBudget(hir::MAX_FILE_STATES)
    }
}

impl PatternBudget {
    /// Deducts a pattern; returns whether the budget suffices. A pattern that is refused anyway costs nothing.
    fn deduct(&mut self, node: &Node) -> bool {
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
    /// The official engine refuses the pattern, or it is too large to build.
    pub fn new(source: &str) -> Result<Pattern, PatternError> {
        Pattern::from_text(Str::Utf8(source))
    }

    /// Compiles a pattern that may contain lone surrogates, which then match themselves.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub fn from_text(source: Str<'_>) -> Result<Pattern, PatternError> {
        Pattern::of_parsed(source, parsed(source)?)
    }

    /// Checks a pattern without building what only matching needs.
    ///
    /// # Errors
    /// As [`Pattern::from_text`], or the budget of the file is exhausted.
    pub fn check(source: Str<'_>, budget: &mut PatternBudget) -> Result<(), PatternError> {
        let parsed = parsed(source)?;
        if !budget.deduct(&parsed.node) {
            return Err(PatternError::new(Refusal::OverBudget, source));
        }
        if hir::surely_builds(&parsed.node) { Ok(()) } else { Pattern::of_parsed(source, parsed).map(drop) }
    }

    /// Deducts a pattern from the budget of the file without checking its syntax.
    ///
    /// # Errors
    /// The budget is exhausted.
    pub fn check_budget(source: Str<'_>, budget: &mut PatternBudget) -> Result<(), PatternError> {
        match parsed(source) {
            Ok(parsed) if !budget.deduct(&parsed.node) => Err(PatternError::new(Refusal::OverBudget, source)),
            _ => Ok(()),
        }
    }

    /// Compiles a pattern from a value, to search a text of `text` bytes. A client may choose both: the pattern must be
    /// quick to build, and the larger it is, the shorter the text must be.
    ///
    /// # Errors
    /// As [`Pattern::new`], or the pattern is too large for the text.
    pub fn for_value(source: Str<'_>, text: usize) -> Result<Pattern, PatternError> {
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

    /// `None` if the pattern is too large.
    fn build(source: Box<str>, parsed: Parsed, shape: Option<Shape>) -> Option<Pattern> {
        if !hir::fits(&parsed.node) {
            return None;
        }
        let utf8 = Engines::default();
        if shape.is_none() && !hir::surely_builds(&parsed.node) {
            // Builds the engine now, so that a pattern that cannot be built is refused.
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

    /// The pattern as written; lone surrogates show as `?`.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The form that an automaton is built from, over texts without lone surrogates. It matches whole texts, also where
    /// the pattern is one of database rules, which search.
    pub fn hir(&self) -> regex_syntax::hir::Hir {
        hir::whole(&self.0.node)
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

    /// The parts of `text` between the matches, without trailing empty ones but at least one (runtime specification,
    /// section 11). Empty matches count at every UTF-16 unit.
    ///
    /// # Errors
    /// More than `most` parts; searches that together take too long.
    pub fn split<'t>(&self, text: Str<'t>, most: usize) -> Result<Vec<CowStr<'t>>, ReplaceError> {
        let mut parts = Vec::new();
        let form = form(text);
        let mut scan = Scan::new(text, None);
        let mut last = 0;
        if let Some(engine) = self.search(form) {
            let mut overshoot = Overshoot::default();
            while let Some(found) = scan.next(engine) {
                overshoot.add(&scan, found, || self.lookahead(form))?;
                if parts.len() >= most {
                    return Err(ReplaceError::TooLong);
                }
                parts.push(scan.slice(last, found.start));
                last = found.end;
            }
        }
        parts.push(scan.slice(last, scan.len()));
        while parts.len() > 1 && parts.last().is_some_and(|part| part.as_str().is_empty()) {
            parts.pop();
        }
        Ok(parts)
    }

    /// `text` with every match replaced by `template`, in which `$N` and `${name}` refer to groups and `\c` means `c`
    /// (runtime specification, section 11).
    ///
    /// # Errors
    /// There is a match and the template refers to a missing group; the result exceeds `most` bytes; the searches
    /// together take too long.
    pub fn replace(&self, text: Str<'_>, template: Str<'_>, most: usize) -> Result<StrBuf, ReplaceError> {
        let template = replace::parse(template, self.0.groups, &self.0.names);
        let refers = |part: &TemplatePart| matches!(part, TemplatePart::Group { index: 1.., .. });
        let form = form(text);
        let engine = if template.as_ref().is_ok_and(|parts| parts.iter().any(refers)) {
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
            // A malformed template only matters if there is a match.
            let parts = template.as_ref().map_err(Clone::clone)?;
            overshoot.add(&scan, found, || self.lookahead(form))?;
            scan.push_slice(last, found.start, &mut out);
            for part in parts {
                if out.bytes() > most {
                    return Err(ReplaceError::TooLong);
                }
                match part {
                    TemplatePart::Text(text) => out.push(text.as_str()),
                    TemplatePart::Group { index, named } => match scan.group(*index as usize) {
                        Some(group) => scan.push_slice(group.start, group.end, &mut out),
                        // The official engine writes its null for a name, nothing for a number.
                        None if *named => out.push(Str::Utf8("null")),
                        None => {}
                    },
                }
            }
            last = found.end;
        }
        scan.push_slice(last, scan.len(), &mut out);
        if out.bytes() > most { Err(ReplaceError::TooLong) } else { Ok(out.finish()) }
    }

    fn lookahead(&self, form: Form) -> Option<&Lookahead> {
        self.engines(form).lookahead.get_or_init(|| hir::build_lookahead(&self.0.node, form)).as_ref()
    }

    fn whole(&self, form: Form) -> Option<&FullMatcher> {
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

/// Parses a pattern.
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
            Refusal::OverBudget => f.write_str(
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
