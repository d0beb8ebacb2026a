//! What came of tests, for people and for programs. Plain text; who prints it adds colour.

mod github;
mod human;
mod json;
mod junit;
mod tap;

pub use github::{annotation, annotations, github};
pub use human::{Detail, human};
pub use json::json;
pub use junit::junit;
pub use tap::tap;

use super::{Note, Outcome, Run, TestResult};

/// `1 test`, `2 tests`
fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
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
