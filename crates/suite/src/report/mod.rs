//! Reports about runs, for people and for programs. The text is plain; the command adds colour.

mod fold;
mod github;
mod groups;
mod human;
mod json;
mod junit;
mod markdown;
mod summary;
mod tap;

pub use fold::folded;
pub use github::{annotations, github};
pub use human::{Detail, Layout, human};
pub use json::{json, list};
pub use junit::junit;
pub use markdown::markdown;
pub use tap::tap;

use super::{
    Note, Run, Suites, TestOutcome, TestResult,
    coverage::{FileCoverage, Shortfall},
};

/// The input of a report for a CI service.
#[derive(Clone, Copy)]
pub struct Ci<'r> {
    /// The requested suites, with their errors and warnings.
    pub suites: &'r Suites,
    /// The results of their tests.
    pub run: &'r Run,
    /// Their coverage; empty unless it was requested.
    pub coverage: &'r [FileCoverage],
    /// The coverage that falls short of the thresholds.
    pub shortfalls: &'r [Shortfall],
    /// Whether warnings about suites are errors.
    pub strict: bool,
    /// Maps the name of a file to its path in the repository, by which the service knows the file.
    pub path: &'r dyn Fn(&str) -> String,
}

impl Ci<'_> {
    /// Whether there is neither a failure nor an error.
    fn passed(&self) -> bool {
        let doubtful = self.strict && self.suites.suite_warnings().next().is_some();
        self.run.passed() && self.suites.errors.is_empty() && self.shortfalls.is_empty() && !doubtful
    }
}

/// The results of each suite, in order.
fn by_suite(run: &Run) -> impl Iterator<Item = &[TestResult]> {
    run.results.chunk_by(|a, b| a.suite == b.suite)
}

/// The note on a test that passed.
fn note(result: &TestResult) -> Option<&Note> {
    match &result.outcome {
        TestOutcome::Passed(note) => note.as_ref(),
        _ => None,
    }
}
