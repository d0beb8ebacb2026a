//! The builder of the syntax tree: a cursor over the matches of the grammar, and what files and expressions share.

use std::collections::HashSet;

use crate::text::{Diagnostic, Span};

use super::{
    PACKAGES,
    ast::{Capture, ExprId, Exprs, Name},
    error,
    grammar::{Node, Nodes, service::Rule},
    message,
};

/// The number of problems after which repeated variables are not reported.
const MAX_PROBLEMS: usize = 500;

/// The next match has another rule than the tree expects: the grammar and this builder disagree, and the text is refused.
#[derive(Debug)]
pub(super) struct Unexpected;

/// Builds the tree from the matches of the grammar, and collects the problems of well-formed text.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    /// The matches that remain within the one that was entered last.
    next: Nodes<'t, Rule>,
    /// For each match that was entered, those that follow it.
    entered: Vec<Nodes<'t, Rule>>,
    pub(super) exprs: Exprs,
    /// The expressions in parentheses within the current root expression, each with their number.
    pub(super) groups: Vec<(ExprId, u32)>,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, nodes: &'t [Node<Rule>]) -> Self {
        Parser {
            text,
            next: Nodes(nodes),
            entered: Vec::new(),
            // Few expressions have less than two matches.
            exprs: Exprs::with_capacity(nodes.len() / 2),
            groups: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The rule of the next match.
    #[inline]
    pub(super) fn rule(&self) -> Option<Rule> {
        self.next.first().map(|node| node.rule)
    }

    /// Whether the next match is one of this rule.
    #[inline]
    pub(super) fn is(&self, rule: Rule) -> bool {
        self.rule() == Some(rule)
    }

    /// The place of the next match.
    #[inline]
    pub(super) fn place(&self) -> Span {
        self.next.first().map_or(Span::default(), |node| node.span)
    }

    /// Consumes the next match and all below it; returns its place.
    #[inline]
    pub(super) fn advance(&mut self) -> Span {
        let place = self.place();
        (_, self.next) = self.next.split();
        place
    }

    /// Consumes the next match if it is one of this rule; returns its place.
    #[inline]
    pub(super) fn eat(&mut self, rule: Rule) -> Option<Span> {
        self.is(rule).then(|| self.advance())
    }

    /// Consumes the next match, which is one of this rule.
    #[inline]
    pub(super) fn expect(&mut self, rule: Rule) -> Result<Span, Unexpected> {
        self.eat(rule).ok_or(Unexpected)
    }

    /// Moves to the matches below the next one, which is one of this rule; returns its place.
    #[inline]
    pub(super) fn enter(&mut self, rule: Rule) -> Result<Span, Unexpected> {
        if !self.is(rule) {
            return Err(Unexpected);
        }
        let place = self.place();
        let (below, beside) = self.next.split();
        self.entered.push(beside);
        self.next = below;
        Ok(place)
    }

    /// Moves behind the match that was entered last. Every match below it has been consumed.
    #[inline]
    pub(super) fn leave(&mut self) -> Result<(), Unexpected> {
        if self.rule().is_some() {
            return Err(Unexpected);
        }
        self.next = self.entered.pop().ok_or(Unexpected)?;
        Ok(())
    }

    #[inline]
    pub(super) fn slice(&self, place: Span) -> &'t str {
        self.text.get(place.range()).unwrap_or("")
    }

    #[inline]
    pub(super) fn name_at(&self, span: Span) -> Name {
        Name { text: self.slice(span).into(), span }
    }

    /// Consumes a name.
    pub(super) fn name(&mut self) -> Result<Name, Unexpected> {
        let span = self.expect(Rule::identifier)?;
        Ok(self.name_at(span))
    }

    /// `/{x}`, `/{x=*}` or `/{x=**}`
    pub(super) fn capture(&mut self) -> Result<Capture, Unexpected> {
        let span = self.enter(Rule::capture)?;
        let name = self.name()?;
        let glob = self.eat(Rule::glob).is_some();
        self.leave()?;
        self.refuse_package(&name);
        Ok(Capture { name, glob, span })
    }

    pub(super) fn refuse_repeated<'c>(&mut self, captures: impl Iterator<Item = &'c Capture>) {
        let mut names = HashSet::new();
        for capture in captures {
            if self.problems.len() >= MAX_PROBLEMS {
                return;
            }
            if !names.insert(capture.name.text.as_str()) {
                let message = message::repeated_capture(&capture.name.text);
                self.error(error::REPEATED_CAPTURE, capture.name.span, message);
            }
        }
    }

    pub(super) fn refuse_package(&mut self, name: &Name) {
        if PACKAGES.contains(&name.text.as_str()) {
            self.error(error::PACKAGE_AS_VARIABLE, name.span, message::package_as_variable(&name.text));
        }
    }

    pub(super) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.problems.push(error::problem(code, Some(span), message));
        let last = self.problems.len() - 1;
        #[allow(clippy::indexing_slicing, reason = "just pushed")]
        &mut self.problems[last]
    }
}

/// The first `length` bytes of a place: keywords and brackets have no match of their own.
pub(super) fn head(place: Span, length: u32) -> Span {
    Span { start: place.start, end: place.start + length }
}
