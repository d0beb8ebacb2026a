//! The syntax errors of the official compiler.
//!
//! The official compiler is a parser that ANTLR 4 generated from a grammar with error alternatives. To report the same
//! errors in the same places, this module emulates ANTLR's runtime on the sources that our own grammar refuses: the ATN,
//! adaptive LL(*) prediction (Parr, Harwell, Fisher, 2014) and the default error strategy. A first run bails out at the
//! first error (SLL mode), a second one recovers. The failing offset of our own grammar is no substitute: it is the place
//! of 471 of 904 recorded first errors, and 202 have the message that follows from it.

mod atn;
mod configs;
mod contexts;
mod error_strategy;
mod grammar;
mod notice;
mod parser;
mod simulator;
mod token;
mod tree;

use atn::Atn;
use error_strategy::DefaultErrorStrategy;
use grammar::USUAL;
use parser::{MAX_ERRORS, Parser};
use simulator::ParserAtnSimulator;
use token::{CLOSE_BRACE, CLOSE_BRACKET, CLOSE_PAREN, OPEN_BRACE, OPEN_BRACKET, OPEN_PAREN, Token};

use super::{
    message::{self, EXPRESSION_TOO_COMPLEX},
    token::{Lexed, lex},
};

/// Brackets within brackets that are followed; the official engine accepts about a hundred.
const MAX_DEPTH: usize = 500;

thread_local! {
    /// A simulator whose DFA holds what ordinary sources need; computing that anew for each source takes a millisecond.
    static WARM: ParserAtnSimulator = {
        let mut simulator = ParserAtnSimulator::new(Atn::get());
        Parser::new(USUAL, &lex(USUAL).tokens, &mut simulator, None).run();
        simulator
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

/// The official syntax errors of `source` by position; none if it is well-formed, or if it would take too long to tell.
#[must_use]
pub fn syntax_errors(source: &str) -> Vec<SyntaxError> {
    errors_of(source, &lex(source))
}

/// The official syntax errors of tokens.
pub(super) fn errors_of(source: &str, lexed: &Lexed) -> Vec<SyntaxError> {
    if source.is_empty() {
        let message = message::EMPTY.to_owned();
        return vec![SyntaxError { start: 0, end: 0, message }];
    }
    if let Some(token) = too_deep(&lexed.tokens) {
        return vec![token];
    }
    found_by(&mut WARM.with(ParserAtnSimulator::clone), source, lexed)
}

fn found_by(simulator: &mut ParserAtnSimulator, source: &str, lexed: &Lexed) -> Vec<SyntaxError> {
    simulator.begin(lexed.tokens.len());
    let mut sll_only = Parser::new(source, &lexed.tokens, simulator, None);
    let well_formed = sll_only.run();
    let mut errors = std::mem::take(&mut sll_only.errors);
    let incremented = std::mem::take(&mut sll_only.incremented);
    // Characters dropped before the first run ended were reported to a list that is thrown away
    // when there is a second run.
    let mut seen = 0;
    if !well_formed {
        seen = sll_only.reach.saturating_add(1);
        let mut thorough = Parser::new(source, &lexed.tokens, simulator, Some(DefaultErrorStrategy::default()));
        thorough.run();
        errors = thorough.errors;
    }
    for dropped in lexed.dropped.iter().filter(|dropped| dropped.tokens_before >= seen).take(MAX_ERRORS) {
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
    errors.truncate(MAX_ERRORS.saturating_mul(2));
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
            return Some(SyntaxError::at(*token, EXPRESSION_TOO_COMPLEX.to_owned()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{
        EXPRESSION_TOO_COMPLEX, MAX_DEPTH, WARM, found_by, lex,
        simulator::{ParserAtnSimulator, STEPS_PER_TOKEN},
        syntax_errors,
    };

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
        assert_eq!(first(&deep), Some((35 + MAX_DEPTH, EXPRESSION_TOO_COMPLEX.to_owned())));
    }

    /// How much of what a source may take it took: at most 1, but for the last step.
    fn share(source: &str) -> f64 {
        let lexed = lex(source);
        let mut simulator = WARM.with(ParserAtnSimulator::clone);
        found_by(&mut simulator, source, &lexed);
        simulator.share()
    }

    #[test]
    fn hostile_sources_take_no_more_work_than_their_length_allows() {
        let expression = |text: String| format!("service x {{ match /a {{ allow get: if {text}; }} }}");
        for part in [
            "!", "a ? b : ", "/a", "/{a}", "a[", "f(", "{a:", "-", "a.b", "a && ", "'", "/* ", "^", "a[(", "/a/b[",
            "[/a/b, ",
        ] {
            for count in [40, 90, 1_000] {
                let share = share(&expression(part.repeat(count) + " b c"));
                assert!(share < 1.1, "{count} times {part}: {share}");
            }
        }
        for part in ["match ", "match /a { ", "allow ", "function f(", "/ ", "deny x;", "service x { ", "@"] {
            let share = share(&format!("service x {{ {}", part.repeat(2_000)));
            assert!(share < 1.1, "{part}: {share}");
        }
        for (open, closed) in [(45, 105), (80, 168), (31, 98), (3, 1)] {
            let share = share(&expression("[".repeat(open) + "k" + &"[".repeat(5) + &" ]".repeat(closed)));
            assert!(share < 1.1, "{open} open, {closed} closed: {share}");
        }
    }

    #[test]
    fn each_line_of_a_file_with_a_mistake_takes_less_work_than_its_tokens_allow() {
        let line = "match /a/{b} { allow get: if a.b(c)[1].d == /a/$(b.c)/d && exists(/a/$(b)) || !(x in [1, 2]); }\n";
        let work = |lines: usize| {
            let source = format!("service x {{ {} ]", line.repeat(lines));
            let mut simulator = WARM.with(ParserAtnSimulator::clone);
            found_by(&mut simulator, &source, &lex(&source));
            simulator.work()
        };
        let tokens = lex(line).tokens.len() - 1;
        let each = (work(60) - work(10)) / 50;
        assert!(each < tokens * STEPS_PER_TOKEN, "{each} for {tokens} tokens");
    }
}
