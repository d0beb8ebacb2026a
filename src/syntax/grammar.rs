//! The pest parser and readable names for what it finds.

use pest::{Parser as _, iterators::Pair, iterators::Pairs};

use crate::text::Span;

/// Parses the files of the grammar as one.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/lexical.pest"]
#[grammar = "grammar/service.pest"]
struct Parser;

pub(super) type Node<'t> = Pair<'t, Rule>;
pub(super) type Failure = pest::error::Error<Rule>;

/// The parts of the one node that `rule` matches.
pub(super) fn parse(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Box<Failure>> {
    let mut found = Parser::parse(rule, text).map_err(Box::new)?;
    match found.next() {
        Some(whole) => Ok(whole.into_inner()),
        None => Ok(found),
    }
}

/// Where a node stands.
pub(super) fn span(node: &Node<'_>) -> Span {
    let found = node.as_span();
    Span::new(found.start(), found.end())
}
