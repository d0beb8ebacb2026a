//! The syntax tree of a rules file from the matches of its grammar: a cursor over them, and what all parts share.

use std::collections::HashSet;

use crate::text::{Diagnostic, Span};

use super::{
    PACKAGES,
    ast::{Capture, ExprId, Exprs, Name},
    error,
    grammar::{Node, Nodes, service::Rule},
};

/// Problems after which repeated variables are no more told.
const MAX_PROBLEMS: usize = 500;

/// The match that comes next is not the one that the tree has here: grammar and tree disagree.
#[derive(Debug)]
pub(super) struct Unexpected;

/// Builds the tree from matches, and collects what is wrong with well-formed text.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    /// What comes next within the match that was entered last.
    next: Nodes<'t, Rule>,
    /// What follows the matches that were entered.
    entered: Vec<Nodes<'t, Rule>>,
    pub(super) exprs: Exprs,
    /// How many parentheses stand around which expression, in the expression being read.
    pub(super) groups: Vec<(ExprId, u32)>,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, nodes: &'t [Node<Rule>]) -> Self {
        Parser {
            text,
            next: Nodes(nodes),
            entered: Vec::new(),
            // An expression has two matches or more.
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

    /// Passes the next match and all below it; gives its place.
    #[inline]
    pub(super) fn advance(&mut self) -> Span {
        let place = self.place();
        (_, self.next) = self.next.split();
        place
    }

    /// Takes a match of this rule, if it is next.
    #[inline]
    pub(super) fn takes(&mut self, rule: Rule) -> Option<Span> {
        self.is(rule).then(|| self.advance())
    }

    /// Takes a match of this rule.
    #[inline]
    pub(super) fn expect(&mut self, rule: Rule) -> Result<Span, Unexpected> {
        self.takes(rule).ok_or(Unexpected)
    }

    /// Goes on with what is below the next match, which is one of this rule.
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

    /// Goes on behind the match that was entered last, all of which has been taken.
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

    /// Takes a name.
    pub(super) fn name(&mut self) -> Result<Name, Unexpected> {
        let span = self.expect(Rule::identifier)?;
        Ok(self.name_at(span))
    }

    /// Takes `/{x}`, `/{x=*}` or `/{x=**}`.
    pub(super) fn capture(&mut self) -> Result<Capture, Unexpected> {
        let span = self.enter(Rule::capture)?;
        let name = self.name()?;
        let glob = self.takes(Rule::glob).is_some();
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
                let message = format!("Variable {} already exists in the PathTemplate.", capture.name.text);
                self.error(error::REPEATED_CAPTURE, capture.name.span, message);
            }
        }
    }

    pub(super) fn refuse_package(&mut self, name: &Name) {
        if PACKAGES.contains(&name.text.as_str()) {
            let message = format!("{} is a package and cannot be used as variable name.", name.text);
            self.error(error::PACKAGE_AS_VARIABLE, name.span, message);
        }
    }

    pub(super) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.problems.push(error::problem(code, Some(span), message));
        let last = self.problems.len() - 1;
        #[allow(clippy::indexing_slicing, reason = "just pushed")]
        &mut self.problems[last]
    }
}

/// The first `length` bytes of a place: a keyword or a bracket, which have no match of their own.
pub(super) fn head(place: Span, length: u32) -> Span {
    Span { start: place.start, end: place.start + length }
}
