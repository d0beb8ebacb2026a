//! The dialect of Realtime Database rules: a subset of the usual syntax, made for an automaton over UTF-16 units.
//!
//! Whether a pattern occurs in a text is all that can be asked. Where an anchor is missing, the tree gets a `.*`, and
//! then the whole text must match; so the shapes and engines of the other dialect serve this one too.
//!
//! What the documentation and recorded answers of the service leave open is decided as follows.
//!
//! * Characters are UTF-16 units, those of the automaton: `^.$` does not match an emoji, `^..$` does. A character
//!   beyond U+FFFF in a pattern is two: a repetition takes its second half only, a set either half.
//! * Anchors belong to the pattern and not to an alternative: `^a|b$` is `^(a|b)$`. An automaton has no anchors; the
//!   service can only leave out the `.*` at one end, which is why it refuses `(^a|b)`, and `a|^b` is refused as well.
//! * `.` is any unit, line feeds included; `\d`, `\s` and `\w` are ASCII, those of the other dialect; `i` is simple
//!   case folding, so that `/k/i` finds the Kelvin sign.
//! * `()` is the empty text, as in the grammar of the service's library, dk.brics.automaton; but an empty alternative,
//!   which that grammar reads as a literal `|` or `)`, is refused.
//! * A repetition of a repetition, such as `a**`, is in that grammar too. It is refused all the same: `a+?` and `a++`
//!   are meant as lazy and possessive, and would mean something else.
//! * `{` without counts is literal where nothing precedes it, and refused elsewhere, as in that grammar. `}` and `]`
//!   are literal where they close nothing. `*`, `+`, `?`, `|` and `)`, literal there in first place, are refused.
//! * `[]` and `[^]` are refused: they are empty sets to some and hold a bracket to others. A `-` that cannot be part of
//!   a range is literal, as in `[\w-.]`.
//! * Unescaped operators of the library's extended syntax are refused, except in sets: nobody knows whether they are
//!   switched on.

mod parser;
#[cfg(test)]
mod tests;

use std::fmt;

use super::classes::{MAX, Set};
use super::hir::{Form, stand_in, surely_builds};
use super::parse::{Node, Parsed, Repeat};
use super::search::narrow;
use super::shape::Shape;
use super::{Pattern, PatternBudget};
use crate::text::Span;
use crate::value::string::Str;

/// Why a pattern of database rules is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectError {
    /// The place, in bytes of the pattern.
    pub span: Span,
    /// What is wrong; the service's text where that is known.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl DialectError {
    fn new(start: usize, end: usize, message: impl Into<String>) -> DialectError {
        DialectError { span: Span::new(start, end), message: message.into(), hint: None }
    }

    fn with_hint(mut self, hint: impl Into<String>) -> DialectError {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for DialectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DialectError {}

impl Pattern {
    /// Compiles the text between the slashes of a regex literal of database rules.
    ///
    /// # Errors
    /// When the service would refuse it, when nobody knows what it means there, and when it is too large to build.
    pub fn database(source: &str, ignore_case: bool) -> Result<Pattern, DialectError> {
        let node = whole(parser::parse(source, ignore_case)?);
        Pattern::of_node(source, node)
    }

    /// Whether [`Pattern::database`] compiles a text, without what only matching needs.
    ///
    /// # Errors
    /// As [`Pattern::database`], and when the budget of the file is exhausted.
    pub fn check_database(source: &str, ignore_case: bool, budget: &mut PatternBudget) -> Result<(), DialectError> {
        let node = whole(parser::parse(source, ignore_case)?);
        if !budget.deduct(&node) {
            let message = "the regular expressions of this file are too large together";
            return Err(DialectError::new(0, source.len(), message)
                .with_hint("lower the counts of repetitions within repetitions"));
        }
        if surely_builds(&node) { Ok(()) } else { Pattern::of_node(source, node).map(drop) }
    }

    fn of_node(source: &str, node: Node) -> Result<Pattern, DialectError> {
        let shape = Shape::of(&node).filter(Shape::splits_no_pair);
        let parsed = Parsed { node, groups: 0, names: Vec::new() };
        Pattern::build(source.into(), parsed, shape).ok_or_else(|| {
            DialectError::new(0, source.len(), "regular expression too large")
                .with_hint("lower the counts of repetitions within repetitions")
        })
    }

    /// Whether a pattern made by [`Pattern::database`] occurs anywhere in `text`.
    pub fn is_found(&self, text: Str<'_>) -> bool {
        let shape = self.0.shape.as_ref();
        shape.and_then(|shape| shape.matches_units(text)).unwrap_or_else(|| self.is_found_by_engine(text))
    }

    fn is_found_by_engine(&self, text: Str<'_>) -> bool {
        if let Some(text) = narrow(text) {
            return self.whole(Form::Utf8).is_some_and(|engine| engine.matches(text));
        }
        let text: String = text.units().map(|unit| char::from_u32(unit.into()).unwrap_or(stand_in(unit))).collect();
        self.whole(Form::Wide).is_some_and(|engine| engine.matches(&text))
    }
}

/// A pattern without its anchors.
struct Anchored {
    node: Node,
    at_start: bool,
    at_end: bool,
}

/// The node that matches the whole of each text in which the pattern is found.
fn whole(pattern: Anchored) -> Node {
    let mut nodes = match pattern.node {
        Node::Concat(nodes) => nodes,
        node => vec![node],
    };
    if !pattern.at_end {
        open(&mut nodes);
    }
    if !pattern.at_start {
        nodes.reverse();
        open(&mut nodes);
        nodes.reverse();
    }
    let mut joined = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node {
            Node::Concat(nodes) => nodes.into_iter().for_each(|node| join(&mut joined, node)),
            node => join(&mut joined, node),
        }
    }
    Node::Concat(joined)
}

/// Lets anything follow. A repetition there need not take more than it must, which makes more patterns simple.
fn open(nodes: &mut Vec<Node>) {
    while let Some(node) = nodes.pop() {
        match node {
            Node::Repeat(repeat) if repeat.min == 0 => continue,
            Node::Repeat(repeat) if repeat.min == 1 => nodes.push(repeat.node),
            Node::Repeat(repeat) => nodes.push(times(repeat.min, Some(repeat.min), repeat.node)),
            node => nodes.push(node),
        }
        break;
    }
    nodes.push(times(0, None, any()));
}

/// Appends a node. Runs of any character become one, as `.+.*` is `.+`.
fn join(nodes: &mut Vec<Node>, node: Node) {
    match (nodes.last().and_then(any_times), any_times(&node)) {
        (Some(before), Some(more)) => {
            nodes.pop();
            let max = before.1.zip(more.1).map(|(a, b)| a.saturating_add(b));
            nodes.push(times(before.0.saturating_add(more.0), max, any()));
        }
        _ => nodes.push(node),
    }
}

/// How often a node takes any character, if that is all it does.
fn any_times(node: &Node) -> Option<(u32, Option<u32>)> {
    let is_any = |node: &Node| matches!(node, Node::Class(set) if set.ranges() == [(0, MAX)]);
    match node {
        Node::Repeat(repeat) if is_any(&repeat.node) => Some((repeat.min, repeat.max)),
        node => is_any(node).then_some((1, Some(1))),
    }
}

fn any() -> Node {
    Node::Class(Set::from_ranges(&[(0, MAX)]))
}

fn times(min: u32, max: Option<u32>, node: Node) -> Node {
    Node::Repeat(Box::new(Repeat { min, max, greedy: true, node }))
}
