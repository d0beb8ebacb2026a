//! Text to syntax tree: [`Source`] in, [`ast::Ruleset`] or [`ast::DatabaseRules`] or the official list of syntax errors
//! out.
//!
//! pest generates the parser of database rules from `grammar/`; the lexer and parser of services are written by hand, and
//! tests hold them to their grammar. Invariant: what is accepted has bounded nesting, so later stages may recurse over
//! expressions ([`MAX_TREE_DEPTH`]) and blocks.

pub mod ast;
mod brackets;
mod climb;
mod comments;
mod database;
mod depth;
mod error;
mod expr;
mod grammar;
mod lexer;
mod literal;
pub mod official;
mod parser;
mod pasted;
mod print;
mod service;
mod token;
mod words;

pub(crate) use comments::line_comments;
pub(crate) use error::skip_trivia;
pub(crate) use words::{Language, Role, advice, of_word};

pub use database::{DuplicateKeys, parse_database};
pub use depth::{MAX_NESTING, MAX_TREE_DEPTH};
pub use print::{expression as print_expression, ruleset as print_ruleset};

use ast::{ExprId, Exprs, Ruleset};
use lexer::{Lexed, lex};
use parser::{Parser, Unexpected};

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
        let empty = error::problem(error::EMPTY_FILE, None, "Rules content empty. Compilation aborted.");
        return refuse(vec![empty.with_hint("a rules file holds at least `service firebase.storage { … }`")]);
    }
    let lexed = lex(text);
    let found = read(text, &lexed, Parser::ruleset).map(|(ruleset, exprs)| Ruleset { exprs, ..ruleset });
    found.or_else(|failure| match failure {
        Failure::Problems(list) => refuse(list),
        Failure::Unexpected(at) => refuse(error::syntax(source, &lexed, at)),
    })
}

/// Reads one expression, as a tool that asks about an expression needs it.
///
/// # Errors
///
/// What is wrong with it, placed in the expression's own text.
pub fn parse_expression(source: &Source) -> Result<(Exprs, ExprId), Diagnostics> {
    let text = source.text();
    let lexed = lex(text);
    let found = read(text, &lexed, |parser| {
        let root = parser.root_expression()?;
        parser.expect(token::EOF).map(|_| root)
    });
    found.map(|(root, exprs)| (exprs, root)).map_err(|failure| {
        let list = match failure {
            Failure::Problems(list) => list,
            Failure::Unexpected(at) => {
                let mut list = vec![error::unexpected(text, at)];
                error::explain(source, &lexed, &mut list);
                list
            }
        };
        Diagnostics::new(source.clone(), list)
    })
}

/// Whether rules are of a database: they are JSON, while a file with services begins with a word.
pub(crate) fn is_database(source: &Source) -> bool {
    let text = source.text();
    let json = std::path::Path::new(source.name()).extension().is_some_and(|extension| extension == "json");
    json || text.get(skip_trivia(text, 0)..).is_some_and(|rest| rest.starts_with('{'))
}

/// Why a text is refused.
enum Failure {
    /// It is well-formed, or nests too deeply to tell.
    Problems(Vec<Diagnostic>),
    /// What stands at this offset cannot be there.
    Unexpected(usize),
}

/// What `rule` finds in a text, and the expressions in it.
fn read<'t, T>(
    text: &'t str,
    lexed: &'t Lexed,
    rule: impl FnOnce(&mut Parser<'t>) -> Result<T, Unexpected>,
) -> Result<(T, Exprs), Failure> {
    let mut parser = Parser::new(text, &lexed.tokens);
    let found = rule(&mut parser);
    let dropped = lexed.dropped.first().map(|dropped| dropped.start);
    let token = found.is_err().then_some(parser.next.start as usize);
    match (found, dropped.into_iter().chain(token).min()) {
        (Ok(found), None) if parser.problems.is_empty() => Ok((found, parser.exprs)),
        (Ok(_), None) => {
            parser.problems.sort_by_key(|p| p.span.map_or(0, |s| s.start));
            Err(Failure::Problems(parser.problems))
        }
        // What nests too deeply is not said to be anything else, wherever reading ended.
        (_, at) => Err(match depth::scan(&lexed.tokens) {
            Err(problem) => Failure::Problems(vec![problem]),
            Ok(()) => Failure::Unexpected(at.unwrap_or(0)),
        }),
    }
}
