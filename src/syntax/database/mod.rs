//! Files of Realtime Database rules: text to [`DatabaseRules`], with every problem of its text and structure.

mod expr;
mod json;
mod rules;
mod tokens;
mod unescape;
mod wording;

use crate::text::{Diagnostic, Source, Span};

use super::{
    ast::DatabaseRules,
    grammar::{database::Rule, on_enough_stack},
};

/// What to do with the same key twice in an object. What the service does is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicateKeys {
    /// The file is refused: whichever is dropped, access could widen unseen.
    #[default]
    Refuse,
    /// The last one counts, as most readers of JSON have it.
    KeepLast,
}

/// The comments of a file, also of one that is refused.
pub(super) fn comments(text: &str) -> impl Iterator<Item = Span> {
    let tokens = tokens::all(tokens::Syntax::Json, text).into_iter();
    tokens.filter(|token| token.rule == Rule::comment).map(|token| token.span)
}

/// Reads a file of database rules. What can be read is returned even where there are problems, so that the expressions in
/// it can be checked too; a file with errors is refused all the same.
pub fn parse_database(source: &Source, duplicates: DuplicateKeys) -> (Option<DatabaseRules>, Vec<Diagnostic>) {
    let text = source.text();
    let read = || {
        let nodes = json::parse(text)?;
        Ok(rules::read(text, &nodes, duplicates))
    };
    let found = json::nesting(text).and_then(|depth| on_enough_stack(depth, read));
    found.unwrap_or_else(|problem| (None, vec![problem]))
}
