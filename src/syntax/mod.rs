//! Text to syntax tree: [`Source`] in, [`ast::Ruleset`] or [`ast::DatabaseRules`] or the official list of syntax errors
//! out.
//!
//! Invariants: the only folder that mentions pest; what it accepts has bounded nesting, so later stages may recurse
//! over expressions ([`MAX_TREE_DEPTH`]) and blocks.

pub mod ast;
mod climb;
mod database;
mod depth;
mod error;
mod expr;
mod grammar;
mod literal;
pub mod official;
mod print;
mod service;

pub(crate) use error::skip_trivia;

pub use database::{DuplicateKeys, parse_database};
pub use depth::{MAX_NESTING, MAX_TREE_DEPTH};
pub use print::{expression as print_expression, ruleset as print_ruleset};

use ast::{ExprId, Exprs, Ruleset};
use grammar::{Rule, parse};

use crate::text::{Diagnostic, Diagnostics, Source, Span};

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
    if let Err(problem) = depth::scan(text) {
        return refuse(vec![problem]);
    }
    let mut builder = Builder { text, exprs: Exprs::default(), problems: Vec::new() };
    match parse(Rule::file, text) {
        Ok(pairs) => {
            let ruleset = builder.ruleset(pairs);
            builder.finish(source).map(|exprs| Ruleset { exprs, ..ruleset })
        }
        Err(failure) => refuse(error::syntax(text, &failure)),
    }
}

/// Reads one expression, as a tool that asks about an expression needs it.
///
/// # Errors
///
/// What is wrong with it, placed in the expression's own text.
pub fn parse_expression(source: &Source) -> Result<(Exprs, ExprId), Diagnostics> {
    let text = source.text();
    if let Err(problem) = depth::scan(text) {
        return Err(Diagnostics::new(source.clone(), vec![problem]));
    }
    let mut builder = Builder { text, exprs: Exprs::default(), problems: Vec::new() };
    match parse(Rule::lone_expression, text) {
        Ok(mut pairs) => {
            let root = pairs.next().map(|pair| builder.root_expression(pair));
            builder.finish(source).map(|exprs| (exprs, root.unwrap_or(ExprId(0))))
        }
        Err(failure) => Err(Diagnostics::new(source.clone(), vec![error::unexpected(text, &failure)])),
    }
}

/// Builds the tree from what pest found, and collects what is wrong with well-formed text.
struct Builder<'t> {
    text: &'t str,
    exprs: Exprs,
    problems: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.problems.push(error::problem(code, Some(span), message));
        let last = self.problems.len() - 1;
        #[allow(clippy::indexing_slicing, reason = "just pushed")]
        &mut self.problems[last]
    }

    fn finish(mut self, source: &Source) -> Result<Exprs, Diagnostics> {
        if self.problems.is_empty() {
            return Ok(self.exprs);
        }
        self.problems.sort_by_key(|p| p.span.map_or(0, |s| s.start));
        Err(Diagnostics::new(source.clone(), self.problems))
    }
}
