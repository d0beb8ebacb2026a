//! What came of tests, for people and for programs. Plain text; who prints it adds colour.

mod fold;
mod github;
mod human;
mod json;
mod junit;
mod markdown;
mod tap;
mod words;

pub use fold::problems;
pub use github::{annotations, github};
pub use human::{Detail, Layout, human};
pub use json::{json, list};
pub use junit::junit;
pub use markdown::markdown;
pub use tap::tap;

use super::{
    Note, Outcome, Run, Suites, TestResult,
    coverage::{FileCoverage, Shortfall},
};

/// All that a report for a CI service tells of.
#[derive(Clone, Copy)]
pub struct Ci<'r> {
    /// The suites that were to be run, and what is wrong with them.
    pub suites: &'r Suites,
    /// What came of their tests.
    pub run: &'r Run,
    /// What they cover; empty where that was not asked for.
    pub coverage: &'r [FileCoverage],
    /// What they do not cover and should.
    pub shortfalls: &'r [Shortfall],
    /// Whether warnings about suites are errors.
    pub strict: bool,
    /// From the name of a file to its path in the repository, which the service knows it by.
    pub path: &'r dyn Fn(&str) -> String,
}

impl Ci<'_> {
    /// Whether nothing is wrong.
    fn passed(&self) -> bool {
        let doubtful = self.strict && self.suites.doubts().next().is_some();
        self.run.passed() && self.suites.errors.is_empty() && self.shortfalls.is_empty() && !doubtful
    }
}

/// The results of each suite, in order.
fn by_suite(run: &Run) -> impl Iterator<Item = &[TestResult]> {
    run.results.chunk_by(|a, b| a.suite == b.suite)
}

/// What a reader should know of a test that passed.
fn note(result: &TestResult) -> Option<&Note> {
    match &result.outcome {
        Outcome::Passed(note) => note.as_ref(),
        _ => None,
    }
}
