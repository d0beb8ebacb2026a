//! Groups tests with the same cause, so that reports show the cause once.

use rustc_hash::FxHashMap;

use super::note;
use crate::{Note, Run, TestFailure, TestResult};

/// Up to this number, failures are not grouped.
const FEW_FAILURES: usize = 10;

/// Tests with the same cause.
pub(super) struct TestGroup<'r, T> {
    pub(super) first: (&'r TestResult, T),
    pub(super) more: Vec<&'r TestResult>,
}

/// The failures of a run, grouped by cause: the rule that decided, and the path of its evaluation. Few failures are not
/// grouped, nor are any if `all` is set.
pub(super) fn failures(run: &Run, all: bool) -> Vec<TestGroup<'_, &TestFailure>> {
    let failed: Vec<_> = run.results.iter().filter_map(|result| Some((result, result.failure()?))).collect();
    let each = all || failed.len() <= FEW_FAILURES;
    group_by(failed, each, |result, failure| (result.expected, &failure.got, &failure.location, failure.fingerprint))
}

/// The notes of a run, grouped by cause. Up to `few` notes are not grouped, nor are any if `all` is set.
pub(super) fn notes(run: &Run, all: bool, few: usize) -> Vec<TestGroup<'_, &Note>> {
    let noted: Vec<_> = run.results.iter().filter_map(|result| note(result).map(|note| (result, note))).collect();
    let each = all || noted.len() <= few;
    // A hint belongs to one path, not to the cause.
    group_by(noted, each, |_, note| match note {
        Note::NoMatch(_) => (note.word(), ""),
        Note::NoMethod(text, _) | Note::CatchAll(text, _) | Note::Error(text, _) | Note::Refused(text) => {
            (note.word(), text.as_str())
        }
    })
}

fn group_by<'r, T: Copy, K: Eq + std::hash::Hash>(
    tests: Vec<(&'r TestResult, T)>,
    each: bool,
    cause: impl Fn(&'r TestResult, T) -> K,
) -> Vec<TestGroup<'r, T>> {
    let mut groups: Vec<TestGroup<'r, T>> = Vec::new();
    let mut known: FxHashMap<K, usize> = FxHashMap::default();
    for (result, what) in tests {
        let group = if each { None } else { known.get(&cause(result, what)).and_then(|at| groups.get_mut(*at)) };
        match group {
            Some(group) => group.more.push(result),
            None => {
                known.insert(cause(result, what), groups.len());
                groups.push(TestGroup { first: (result, what), more: Vec::new() });
            }
        }
    }
    groups
}
