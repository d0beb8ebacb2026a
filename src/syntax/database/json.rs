//! The JSON of a rules file (realtime-database specification, section 1.1).

use crate::{
    syntax::{
        error,
        grammar::{
            self, Node, Nodes,
            database::{DatabaseGrammar, Rule},
        },
    },
    text::{Diagnostic, Span},
};

use super::{
    tokens::{self, Syntax},
    wording,
};

/// A value, a key or a member. Its span includes quotes and brackets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<'n> {
    pub(super) rule: Rule,
    pub(super) span: Span,
    below: Nodes<'n, Rule>,
}

impl<'n> Json<'n> {
    /// The value of a file.
    pub(super) fn document(nodes: &'n [Node<Rule>]) -> Option<Self> {
        let (below, _) = Nodes(nodes).split();
        Json::values(below).next()
    }

    fn values(nodes: Nodes<'n, Rule>) -> impl Iterator<Item = Self> {
        let json = nodes.siblings().map(|(node, below)| Json { rule: node.rule, span: node.span, below });
        json.filter(|json| !matches!(json.rule, Rule::comment | Rule::comma | Rule::colon | Rule::EOI))
    }

    pub(super) fn is_object(self) -> bool {
        self.rule == Rule::json_object
    }

    /// The keys and values of an object in source order, or nothing.
    pub(super) fn members(self) -> impl Iterator<Item = (Self, Self)> {
        Json::values(self.below).filter(|json| json.rule == Rule::json_member).filter_map(|member| {
            let mut parts = Json::values(member.below);
            parts.next().zip(parts.next())
        })
    }

    /// The values in an array, or nothing.
    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        Json::values(self.below)
    }

    /// A string as written, without the quotes, and the offset of its first character.
    pub(super) fn string(self, text: &str) -> Option<(&str, usize)> {
        let (start, end) = (self.span.start as usize + 1, self.span.end as usize);
        let is_string = self.rule == Rule::json_string;
        text.get(start..end.checked_sub(1)?).filter(|_| is_string).map(|written| (written, start))
    }
}

/// Parses a file, recursing as deeply as its brackets nest.
///
/// # Errors
///
/// The first offset at which the text is not JSON, in the service's words where they are known.
pub(super) fn parse(text: &str) -> Result<Vec<Node<Rule>>, Diagnostic> {
    grammar::parse::<DatabaseGrammar, Rule>(Rule::json_file, text).map_err(|failure| wording::file(text, &failure))
}

/// The number of brackets that are open at once in a file, at most.
///
/// # Errors
///
/// Nesting beyond what any data has.
pub(super) fn nesting(text: &str) -> Result<usize, Diagnostic> {
    tokens::nesting(Syntax::Json, text).map_err(|place| {
        error::problem(error::TREE_TOO_DEEP, Some(place), "The rules nest too deeply.")
            .with_hint("data is at most 32 levels deep, so rules below that never apply")
    })
}
