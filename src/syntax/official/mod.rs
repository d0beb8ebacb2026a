//! The syntax errors of the official compiler.
//!
//! The official compiler is a generated parser with error alternatives in its grammar. To report
//! the same errors in the same places, this module runs a copy of that machinery on sources that
//! the crate's own grammar refused: first quickly, giving up at the first error; then again with
//! error recovery.

mod closure;
mod grammar;
mod hash;
mod network;
mod notice;
mod parser;
mod predict;
mod recovery;
mod stacks;
mod token;
mod tree;

use grammar::USUAL;
use network::Network;
use parser::Parser;
use predict::Predictor;
use recovery::Recovery;
use token::{CLOSE_BRACE, CLOSE_BRACKET, CLOSE_PAREN, OPEN_BRACE, OPEN_BRACKET, OPEN_PAREN, Token};

use super::lexer::{Lexed, lex};

/// Brackets within brackets that are followed; the official engine accepts about a hundred.
const MAX_DEPTH: usize = 500;
const TOO_COMPLEX: &str = "Expression is too complex to evaluate safely.";

thread_local! {
    /// What an engine knows that has read the usual; reading it anew for each source would take a millisecond.
    static EXPERIENCED: Predictor = {
        let mut predictor = Predictor::new(Network::get());
        Parser::new(USUAL, &lex(USUAL).tokens, &mut predictor, None).run();
        predictor.steps = 0;
        predictor
    };
}

/// One error, with the byte offsets of the token it points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset of the token's first character.
    pub start: usize,
    /// Byte offset after the token; equal to `start` at the end of input.
    pub end: usize,
    /// The official wording.
    pub message: String,
}

impl SyntaxError {
    fn at(token: Token, message: String) -> Self {
        SyntaxError { start: token.start as usize, end: token.end as usize, message }
    }
}

/// The official syntax errors of `source` by position; none if it is well-formed.
#[must_use]
pub fn syntax_errors(source: &str) -> Vec<SyntaxError> {
    errors_of(source, &lex(source))
}

/// The same of a source that is cut into tokens.
pub(super) fn errors_of(source: &str, lexed: &Lexed) -> Vec<SyntaxError> {
    if source.is_empty() {
        let message = "Rules content empty. Compilation aborted.".to_owned();
        return vec![SyntaxError { start: 0, end: 0, message }];
    }
    if let Some(token) = too_deep(&lexed.tokens) {
        return vec![token];
    }
    let mut predictor = EXPERIENCED.with(Predictor::clone);
    let mut quick = Parser::new(source, &lexed.tokens, &mut predictor, None);
    let well_formed = quick.run();
    let mut errors = std::mem::take(&mut quick.errors);
    let incremented = std::mem::take(&mut quick.incremented);
    // Characters dropped before the first run ended were reported to a list that is thrown away
    // when there is a second run.
    let mut seen = 0;
    if !well_formed {
        seen = quick.reach.saturating_add(1);
        let mut thorough = Parser::new(source, &lexed.tokens, &mut predictor, Some(Recovery::default()));
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
    if well_formed && !errors.is_empty() {
        errors.extend(tree::tree_errors(source, &lexed.tokens, &incremented));
    }
    errors.sort_by(|a, b| (a.start, &a.message).cmp(&(b.start, &b.message)));
    errors
}

/// The bracket at which a source is nested deeper than this module follows.
fn too_deep(tokens: &[Token]) -> Option<SyntaxError> {
    let mut depth = 0usize;
    for token in tokens {
        match token.kind {
            OPEN_PAREN | OPEN_BRACKET | OPEN_BRACE => depth = depth.saturating_add(1),
            CLOSE_PAREN | CLOSE_BRACKET | CLOSE_BRACE => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(SyntaxError::at(*token, TOO_COMPLEX.to_owned()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, TOO_COMPLEX, syntax_errors};

    fn first(source: &str) -> Option<(usize, String)> {
        syntax_errors(source).into_iter().next().map(|error| (error.start, error.message))
    }

    #[test]
    fn well_formed_sources_have_none() {
        let source = "rules_version = '2';\nservice cloud.firestore { match /a/{b=**} {\n\
                      function f(x) { let y = x[1:] + /a/$(x)/{z}; return y is string; }\n\
                      allow get, list: if f('a') ? !b.c(1,).if : {'k': -1.5}.k in [a, b,];\n} }";
        assert_eq!(syntax_errors(source), []);
    }

    #[test]
    fn a_later_error_may_stand_first() {
        let source = "service x { match /a/{b} { deny read; } }";
        let found: Vec<_> = syntax_errors(source).into_iter().map(|error| (error.start, error.message)).collect();
        assert_eq!(
            found,
            [
                (18, "Missing 'match' keyword before path.".to_owned()),
                (27, "Unexpected 'deny'.".to_owned()),
                (27, "mismatched input 'deny' expecting {'{', '/', PATH_SEGMENT}".to_owned()),
                (40, "Unexpected '}'.".to_owned()),
            ]
        );
    }

    #[test]
    fn dropped_characters_are_lost_before_a_syntax_error() {
        let with = |condition: &str| format!("service x {{ match /a {{ allow get: if {condition}; }} }}");
        assert_eq!(first(&with("a ^ b")), Some((41, "Unexpected 'b'.".to_owned())));
        assert_eq!(first(&with("a ^")), Some((39, "token recognition error at: '^'".to_owned())));
    }

    #[test]
    fn work_and_depth_are_bounded() {
        let with = |condition: String| format!("service x {{ match /a {{ allow get: if {condition}; }} }}");
        let deep = with("(".repeat(100_000));
        assert_eq!(first(&deep), Some((35 + MAX_DEPTH, TOO_COMPLEX.to_owned())));
        for part in ["!", "a ? b : ", "/a", "/{a}", "a[", "f(", "{a:", "-", "a.b", "a && ", "'", "/* "] {
            assert!(first(&with(part.repeat(20_000) + " b c")).is_some(), "{part}");
        }
        for part in ["match ", "match /a { ", "allow ", "function f(", "/ ", "deny x;", "service x { "] {
            assert!(first(&format!("service x {{ {}", part.repeat(20_000))).is_some(), "{part}");
        }
    }
}
