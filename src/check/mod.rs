//! Names, types and static limits: checks a syntax tree and returns the official list of warnings and errors.
//!
//! This is the second stage of the official compiler (language specification, section 4): it reports the same problems
//! with the same messages in the same order. [`codes`] names every problem; [`limits`] holds the numbers.

mod body;
mod call;
mod callers;
mod calls;
pub mod codes;
mod context;
mod database;
mod host;
mod infer;
mod limits;
mod patterns;
mod postfix;
mod problems;
mod scope;
mod signature;
mod suggest;
#[cfg(test)]
mod tests;
mod token_index;
mod types;

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

pub use codes::{Code, is_refused_if_strict};
pub use database::check_database;
pub use limits::Limits;
pub(crate) use scope::{FunctionId, ScopeId, SymbolTable};

use self::{calls::Calls, infer::Checker, problems::Problems};
use crate::{
    syntax::ast::{Ruleset, Version},
    text::{Diagnostics, Source},
};

/// Checks a file that parsed without errors. An error among the problems refuses the file.
pub fn check(source: &Source, ruleset: &Ruleset) -> Diagnostics {
    check_within(source, ruleset, &Limits::OFFICIAL)
}

/// [`check`] with other limits.
pub fn check_within(source: &Source, ruleset: &Ruleset, limits: &Limits) -> Diagnostics {
    let mut problems = Problems::default();
    if ruleset.version == Version::V1 {
        let message = "Ruleset uses old version (version [1]). Please update to the latest version (version [2]).";
        problems.push(Code::OldVersion.problem(None, message));
    }
    limits::size(source, limits, &mut problems);
    limits::blocks(ruleset, limits, &mut problems);
    patterns::check(source, &ruleset.exprs, &mut problems);
    let symbols = SymbolTable::new(ruleset, limits, &mut problems);
    let calls = Calls::new(&symbols, &ruleset.exprs);
    calls.unused(&mut problems);
    calls.depth(limits, &mut problems);
    let kinds = callers::request_kinds(&symbols, &ruleset.exprs);
    let mut checker = Checker {
        source,
        exprs: &ruleset.exprs,
        version: ruleset.version,
        limits,
        symbols: &symbols,
        kinds: &kinds,
        problems: &mut problems,
        summaries: FxHashMap::default(),
        token_index: OnceCell::new(),
        quiet: 0,
        active: Vec::new(),
        level: 0,
        hinted: 0,
        links: Vec::new(),
    };
    for statement in &symbols.statements {
        checker.statement(statement);
    }
    for id in 0..symbols.functions.len() {
        checker.function(id);
    }
    problems.finish(source)
}
