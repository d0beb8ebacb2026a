//! Files of Realtime Database rules: text to [`DatabaseRules`], with every problem of its text and structure.

mod expr;
mod json;
mod lexer;
mod rules;
mod unescape;
mod wording;

use crate::text::{Diagnostic, Source};

use super::DuplicateKeys;
use crate::syntax::ast::DatabaseRules;

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
    (root.map(|root| DatabaseRules { root, exprs, comments: Vec::new() }), problems)
}
