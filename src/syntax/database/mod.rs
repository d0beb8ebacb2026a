//! Files of Realtime Database rules: text to [`DatabaseRules`], with every problem of its text and structure.

mod expr;
mod json;
mod lexer;
mod rules;
mod unescape;
mod wording;

use crate::text::{Diagnostic, Source, Span};

use super::ast::DatabaseRules;

/// What to do with the same key twice in an object. What the service does is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicateKeys {
    /// The file is refused: whichever is dropped, access could widen unseen.
    #[default]
    Refuse,
    /// The last one counts, as most readers of JSON have it.
    KeepLast,
}

/// The places of the tokens of a file.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Span> {
    lexer::Tokens::new(text, lexer::Within::File).map(|(_, span)| span)
}

/// Reads a file of database rules. What can be read is given even where there are problems, so that the expressions in
/// it can be checked too; a file with errors is refused all the same.
pub fn parse_database(source: &Source, duplicates: DuplicateKeys) -> (Option<DatabaseRules>, Vec<Diagnostic>) {
    // A carriage return ends a comment here too: otherwise a rule behind it would vanish unseen.
    let text = &*rules::line_feeds(source.text(), &['\r']);
    let document = match json::parse(text) {
        Ok(document) => document,
        Err(problem) => return (None, vec![problem]),
    };
    let mut reader = rules::Reader::new(duplicates, source.text().len());
    let root = reader.file(&document);
    let (exprs, problems) = reader.finish();
    (root.map(|root| DatabaseRules { root, exprs }), problems)
}
