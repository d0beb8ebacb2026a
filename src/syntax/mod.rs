//! Text to syntax tree: [`Source`] in, [`ast::Ruleset`] or [`ast::DatabaseRules`] or the official list of syntax errors
//! out.
//!
//! pest generates the parsers of both languages from `grammar/`, which alone says what is accepted; the other modules build
//! trees from their matches. Invariant: what is accepted has bounded nesting, so later stages may recurse over expressions
//! ([`MAX_TREE_DEPTH`]) and blocks.

pub mod antlr;
pub mod ast;
mod brackets;
mod climb;
mod comments;
mod database;
mod depth;
mod error;
mod expr;
mod grammar;
mod literal;
mod message;
mod parser;
mod pasted;
mod print;
mod service;
mod token;
mod words;

pub(crate) use comments::line_comments;
pub use error::skip_trivia;
pub(crate) use words::{Language, Role, advice, of_word};

pub use database::{DuplicateKeys, parse_database};
pub use depth::{MAX_NESTING, MAX_TREE_DEPTH};
pub use print::{expression as print_expression, ruleset as print_ruleset};

use ast::{ExprId, Exprs, Ruleset};
use grammar::service::Rule;
use parser::{Parser, Unexpected};
use token::{Lexed, lex};

use crate::text::{Diagnostic, Diagnostics, Source};

/// Names that may only stand before `.function(`. A function may carry such a name, a variable may not.
pub const PACKAGES: [&str; 6] = ["math", "hashing", "duration", "timestamp", "latlng", "firestore"];

/// Reads a rules file.
///
/// # Errors
///
/// Everything the official compiler reports in its first stage: syntax, version, imports, literals, nesting.
pub fn parse_service(source: &Source) -> Result<Ruleset, Diagnostics> {
    let text = source.text();
    let refuse = |list| Err(Diagnostics::new(source.clone(), list));
    if text.is_empty() {
        let empty = error::problem(error::EMPTY_FILE, None, message::EMPTY);
        return refuse(vec![empty.with_hint("a rules file holds at least `service firebase.storage { … }`")]);
    }
    match read(text, Rule::file, |parser| parser.ruleset()) {
        Ok((ruleset, exprs)) => Ok(Ruleset { exprs, ..ruleset }),
        Err(Failure::Problems(list)) => refuse(list),
        Err(Failure::Unexpected(at, lexed)) => refuse(error::syntax(source, &lexed, at)),
    }
}

/// Reads one expression, as a tool that asks about an expression needs it.
///
/// # Errors
///
/// What is wrong with it, placed in the expression's own text.
pub fn parse_expression(source: &Source) -> Result<(Exprs, ExprId), Diagnostics> {
    let text = source.text();
    match read(text, Rule::lone_expression, |parser| parser.lone_expression()) {
        Ok((root, exprs)) => Ok((exprs, root)),
        Err(Failure::Problems(list)) => Err(Diagnostics::new(source.clone(), list)),
        Err(Failure::Unexpected(at, lexed)) => {
            let mut list = vec![error::unexpected(text, at)];
            error::explain(source, &lexed, &mut list);
            Err(Diagnostics::new(source.clone(), list))
        }
    }
}

/// Whether rules are of a database: they are JSON, while a file with services begins with a word.
pub fn is_database(source: &Source) -> bool {
    let text = source.text();
    let json = std::path::Path::new(source.name()).extension().is_some_and(|extension| extension == "json");
    json || text.get(skip_trivia(text, 0)..).is_some_and(|rest| rest.starts_with('{'))
}

/// The reason for which a text is refused.
enum Failure {
    /// The text is well-formed but has these problems, or it nests too deeply.
    Problems(Vec<Diagnostic>),
    /// The token at this offset fits no rule; all tokens of the text.
    Unexpected(usize, Lexed),
}

/// Parses a text by `rule`; returns what `build` makes of its matches, and the expressions.
fn read<T: Send>(
    text: &str,
    rule: Rule,
    build: impl Fn(&mut Parser<'_>) -> Result<T, Unexpected> + Sync,
) -> Result<(T, Exprs), Failure> {
    let nesting = depth::scan(depth::marks(text));
    // Tokens up to the bracket at which the scan ended tell as much as those of a whole text that may be large.
    let stop = nesting.as_ref().err().and_then(|problem| problem.span).and_then(|span| text.get(..span.end as usize));
    if let Some(problem) = stop.and_then(|begin| depth::scan(lex(begin).marks(begin)).err()) {
        return Err(Failure::Problems(vec![problem]));
    }
    let parsed = nesting.map_err(|_| 0).and_then(|nesting| {
        grammar::on_enough_stack(nesting, || {
            let nodes = grammar::parse_service(rule, text).map_err(|failure| failure.at)?;
            let mut parser = Parser::new(text, &nodes);
            let found = build(&mut parser).map_err(|Unexpected| parser.place().start as usize)?;
            Ok((found, parser.exprs, parser.problems))
        })
    });
    match parsed {
        Ok((found, exprs, problems)) if problems.is_empty() => Ok((found, exprs)),
        Ok((_, _, mut problems)) => {
            problems.sort_by_key(|problem| problem.span.map_or(0, |span| span.start));
            Err(Failure::Problems(problems))
        }
        Err(at) => {
            let lexed = lex(text);
            // What nests too deeply is not said to be anything else, wherever reading ended.
            if let Err(problem) = depth::scan(lexed.marks(text)) {
                return Err(Failure::Problems(vec![problem]));
            }
            // A rule may fail within a token, where another part of the grammar has begun to read it.
            let token = lexed.tokens.iter().find(|token| token.span().range().contains(&at));
            let at = token.map_or(at, |token| token.start as usize);
            let dropped = lexed.dropped.first().map_or(at, |dropped| dropped.start);
            Err(Failure::Unexpected(at.min(dropped), lexed))
        }
    }
}
