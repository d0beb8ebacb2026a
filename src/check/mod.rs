//! Names, types and static limits: a syntax tree in, the official list of warnings and errors out.
//!
//! This is the second stage of the official compiler (language specification, section 4): what it reports, in its words and
//! order. [`codes`] names every problem; [`limits`] holds the numbers.

mod body;
mod call;
mod calls;
pub mod codes;
mod context;
mod database;
mod host;
mod infer;
mod limits;
mod meant;
mod patterns;
mod places;
mod postfix;
mod problems;
mod reach;
mod scope;
mod signature;
#[cfg(test)]
mod tests;
mod types;

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

pub use codes::{Code, is_refused_if_strict};
pub use database::check_database;
pub(crate) use host::Product;
pub use limits::Limits;
pub(crate) use scope::{FunctionId, ScopeId, World};

use self::{calls::Calls, infer::Checker, problems::Problems};
use crate::{
    syntax::ast::{Ruleset, Version},
    text::{Diagnostics, Source},
};

/// Checks a file that was read without errors. The file is refused if any of the problems is an error.
pub fn check(source: &Source, ruleset: &Ruleset) -> Diagnostics {
    check_within(source, ruleset, &Limits::OFFICIAL)
}

/// [`check`] with other limits than the official ones.
pub fn check_within(source: &Source, ruleset: &Ruleset, limits: &Limits) -> Diagnostics {
    let mut problems = Problems::default();
    if ruleset.version == Version::V1 {
        let message = "Ruleset uses old version (version [1]). Please update to the latest version (version [2]).";
        problems.push(Code::OldVersion.problem(None, message));
    }
    limits::size(source, limits, &mut problems);
    limits::blocks(ruleset, limits, &mut problems);
    patterns::check(source, &ruleset.exprs, &mut problems);
    let world = World::new(ruleset, limits, &mut problems);
    let calls = Calls::new(&world, &ruleset.exprs);
    calls.unused(&mut problems);
    calls.depth(limits, &mut problems);
    let hosts = reach::hosts(&world, &ruleset.exprs);
    let mut checker = Checker {
        source,
        exprs: &ruleset.exprs,
        version: ruleset.version,
        limits,
        world: &world,
        hosts: &hosts,
        problems: &mut problems,
        summaries: FxHashMap::default(),
        places: OnceCell::new(),
        quiet: 0,
        active: Vec::new(),
        level: 0,
        hinted: 0,
        links: Vec::new(),
    };
    for statement in &world.statements {
        checker.statement(statement);
    }
    for id in 0..world.functions.len() {
        checker.function(id);
    }
    problems.finish(source)
}
