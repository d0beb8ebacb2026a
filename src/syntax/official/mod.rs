//! The syntax errors of the official compiler.
//!
//! The official compiler is a generated parser with error alternatives in its grammar. To report
//! the same errors in the same places, this module runs a copy of that machinery on sources that
//! the crate's own grammar refused: first quickly, giving up at the first error; then again with
//! error recovery.

mod grammar;
mod lexer;
mod network;
mod notice;
mod parser;
mod predict;
mod recovery;
mod stacks;
mod token;

use network::Network;
use parser::Parser;
use predict::Predictor;
use recovery::Recovery;

/// One error, with the byte offsets of the token it points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    pub start: usize,
    pub end: usize,
    pub message: String,
}

/// The official syntax errors of `source` by position; none if it is well-formed.
#[must_use]
pub fn syntax_errors(source: &str) -> Vec<SyntaxError> {
    if source.is_empty() {
        let message = "Rules content empty. Compilation aborted.".to_owned();
        return vec![SyntaxError { start: 0, end: 0, message }];
    }
    let lexed = lexer::lex(source);
    let mut predictor = Predictor::new(Network::get());
    let mut quick = Parser::new(source, &lexed.tokens, &mut predictor, None);
    let well_formed = quick.run();
    let mut errors = std::mem::take(&mut quick.errors);
    // Characters dropped before the first run ended were reported to a list that is thrown away
    // when there is a second run.
    let mut seen = 0;
    if !well_formed {
        seen = quick.reach.saturating_add(1);
        let mut thorough =
            Parser::new(source, &lexed.tokens, &mut predictor, Some(Recovery::default()));
        thorough.run();
        errors = thorough.errors;
    }
    for dropped in lexed.dropped.iter().filter(|dropped| dropped.tokens_before >= seen) {
        let text = source.get(dropped.start..dropped.end).unwrap_or_default();
        let shown = text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
        errors.push(SyntaxError {
            start: dropped.at,
            end: dropped.end,
            message: format!("token recognition error at: '{shown}'"),
        });
    }
    errors.sort_by(|a, b| (a.start, &a.message).cmp(&(b.start, &b.message)));
    errors
}
