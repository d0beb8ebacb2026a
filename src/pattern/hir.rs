//! Translates a [`Node`] tree to the regex engine's `Hir`, and limits the size of engines.
//!
//! The engine searches UTF-8, which has no lone surrogates. A text with lone surrogates is searched in the `Wide` form:
//! each lone surrogate is replaced by a character of an unassigned plane, and the sets of the pattern are translated in
//! the same way.

use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::{self, Capture, Class, Hir, Repetition};

use super::classes::{SURROGATES, Set, meet};
use super::full_match::FullMatcher;
use super::overshoot::Lookahead;
use super::parse::{Look, Node};

/// The texts that an engine searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Text without lone surrogates.
    Utf8,
    /// Text whose lone surrogates were replaced by [`stand_in`].
    Wide,
}

/// First of the 2048 code points that replace lone surrogates; all are unassigned, in plane 5.
const STAND_INS: u32 = 0x5_0000;

/// The character that replaces the lone surrogate `unit` in `Wide` texts.
pub(super) fn stand_in(unit: u16) -> char {
    let offset = u32::from(unit).saturating_sub(SURROGATES.0);
    char::from_u32(STAND_INS + offset).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Largest pattern that is built, in estimated automaton states. It admits `\pL[\pL ]{1,1000}\pL`, which takes some 200
/// ms to build, and refuses `((a{100}){100}){100}`.
const MAX_STATES: u64 = 1_000_000;
/// Limit for all patterns of one file together, in estimated states: as much as one pattern may have, or 700 patterns
/// with one Unicode class each.
pub(super) const MAX_FILE_STATES: u64 = MAX_STATES;
/// Patterns up to this size, in estimated states, always build.
const MAX_SAFE_STATES: u64 = 20_000;
/// Largest pattern that is built from a value, in estimated states: some 10 ms.
const MAX_VALUE_STATES: u64 = 50_000;
/// Limit for estimated states times bytes of the text, for a pattern from a value: if no state occurs twice, each byte
/// costs as much as all states.
const MAX_VALUE_WORK: u64 = 1 << 28;
/// Limit for one automaton in bytes, which only backs up the estimate.
const MAX_BYTES: usize = 1 << 26;
/// Limit for estimated states times groups, up to which the search may track capture positions.
const MAX_SLOTS: u64 = 20_000_000;

/// Whether the pattern is small enough to build. The estimate is cheap, so that a text full of patterns like
/// `((a{100}){100}){100}` is refused without building any of them.
pub(super) fn fits(node: &Node) -> bool {
    states(node) <= MAX_STATES
}

/// Whether building the pattern always succeeds and thus may wait until the pattern is used.
pub(super) fn surely_builds(node: &Node) -> bool {
    states(node) <= MAX_SAFE_STATES
}

/// Whether a pattern that a client may have chosen is small enough to search a text of `text` bytes.
pub(super) fn fits_value(node: &Node, text: usize) -> bool {
    let states = states(node);
    states <= MAX_VALUE_STATES && states.saturating_mul(text as u64) <= MAX_VALUE_WORK
}

/// Whether the search may track capture positions as well.
pub(super) fn captures_fit(node: &Node, groups: u32) -> bool {
    states(node).saturating_mul(u64::from(groups) + 1) <= MAX_SLOTS
}

/// Estimates the number of states of a pattern's automaton.
pub(super) fn states(node: &Node) -> u64 {
    match node {
        Node::Empty | Node::Look(_) => 1,
        Node::Literal(c) => char::from_u32(*c).map_or(4, |c| c.len_utf8() as u64),
        // About one state for each range: ranges share the states of their common bytes.
        Node::Class(set) => 1 + set.ranges().len() as u64 * 2,
        Node::Capture(_, node) => 2 + states(node),
        Node::Repeat(repeat) => {
            let times = u64::from(repeat.max.unwrap_or(repeat.min).max(1));
            (states(&repeat.node) + 1).saturating_mul(times)
        }
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().map(states).fold(1, u64::saturating_add),
    }
}

/// Builds the engine that tells whether a whole text matches.
pub(super) fn build_whole(node: &Node, form: Form) -> Option<FullMatcher> {
    FullMatcher::build(&anchored(node, form), MAX_BYTES)
}

/// The form of a pattern that matches whole texts in UTF-8.
pub(super) fn whole(node: &Node) -> Hir {
    anchored(node, Form::Utf8)
}

fn anchored(node: &Node, form: Form) -> Hir {
    let start = Hir::look(hir::Look::Start);
    let end = Hir::look(hir::Look::End);
    Hir::concat(vec![start, translate(node, form, false), end])
}

/// Builds the engine that finds matches within a text.
pub(super) fn build_search(node: &Node, form: Form, captures: bool) -> Option<Regex> {
    let which = if captures { WhichCaptures::All } else { WhichCaptures::Implicit };
    // Full DFAs cost more to build than the short texts of rules pay back.
    let config = Config::new().which_captures(which).nfa_size_limit(Some(MAX_BYTES)).dfa(false);
    let hir = translate(node, form, captures);
    Regex::builder().configure(config).build_from_hir(&hir).ok()
}

/// Builds the automaton that tells how far a search looks.
pub(super) fn build_lookahead(node: &Node, form: Form) -> Option<Lookahead> {
    Lookahead::build(&translate(node, form, false), MAX_BYTES)
}

fn translate(node: &Node, form: Form, captures: bool) -> Hir {
    let inner = |node| translate(node, form, captures);
    match node {
        Node::Empty => Hir::empty(),
        Node::Literal(c) => literal(*c, form),
        Node::Class(set) => Hir::class(Class::Unicode(match form {
            Form::Utf8 => set.to_class(),
            Form::Wide => with_stand_ins(set).to_class(),
        })),
        Node::Look(look) => Hir::look(match look {
            Look::TextStart => hir::Look::Start,
            Look::TextEnd => hir::Look::End,
            Look::LineStart => hir::Look::StartLF,
            Look::LineEnd => hir::Look::EndLF,
            Look::WordBoundary => hir::Look::WordAscii,
            Look::NotWordBoundary => hir::Look::WordAsciiNegate,
        }),
        Node::Capture(index, node) if captures => {
            Hir::capture(Capture { index: *index, name: None, sub: Box::new(inner(node)) })
        }
        Node::Capture(_, node) => inner(node),
        Node::Repeat(repeat) => Hir::repetition(Repetition {
            min: repeat.min,
            max: repeat.max,
            greedy: repeat.greedy,
            sub: Box::new(inner(&repeat.node)),
        }),
        Node::Concat(nodes) => Hir::concat(nodes.iter().map(inner).collect()),
        Node::Alternate(nodes) => Hir::alternation(nodes.iter().map(inner).collect()),
    }
}

fn literal(c: u32, form: Form) -> Hir {
    let character = match (char::from_u32(c), u16::try_from(c)) {
        (Some(character), _) => character,
        (None, Ok(unit)) if form == Form::Wide => stand_in(unit),
        // No text of this form contains it.
        _ => return Hir::fail(),
    };
    Hir::literal(character.encode_utf8(&mut [0; 4]).as_bytes().to_vec())
}

/// `set` with its surrogates replaced by their stand-ins.
fn with_stand_ins(set: &Set) -> Set {
    let shift = STAND_INS - SURROGATES.0;
    let stand_ins = (STAND_INS, SURROGATES.1 + shift);
    let mut out = Set::default();
    for &range in set.ranges() {
        for kept in [(0, stand_ins.0 - 1), (stand_ins.1 + 1, super::classes::MAX)] {
            if let Some((low, high)) = meet(range, kept) {
                out.add(low, high);
            }
        }
        if let Some((low, high)) = meet(range, SURROGATES) {
            out.add(low + shift, high + shift);
        }
    }
    out.normalize();
    out
}
