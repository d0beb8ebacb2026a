//! Counts, durations and the summary line that several reports share.

use std::time::Duration;

use super::{Run, TestResult, by_suite, note};

/// A number with its noun: `1 test`, `2 tests`.
pub(super) fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// A duration: `<0.1 ms`, `0.4 ms`, `34 ms`, `1.25 s`, `2 min 5 s`.
pub(super) fn time(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..100 => "<0.1 ms".to_owned(),
        100..10_000 => format!("{}.{} ms", micros / 1000, micros / 100 % 10),
        10_000..1_000_000 => format!("{} ms", micros / 1000),
        1_000_000..60_000_000 => format!("{}.{:02} s", micros / 1_000_000, micros / 10_000 % 100),
        _ => format!("{} min {} s", micros / 60_000_000, micros / 1_000_000 % 60),
    }
}

/// The total duration of tests, if it was measured.
pub(super) fn total_duration(tests: &[TestResult]) -> Option<Duration> {
    tests.iter().map(|test| test.duration).sum()
}

/// The summary: `4 tests in 1 suite: 2 passed, 1 failed, 1 skipped; 1 note; 3 filtered out (12 ms)`.
pub(super) fn summary(run: &Run) -> String {
    let (passed, failed, skipped) = run.counts();
    let suites = by_suite(run).count();
    let mut line = format!("{} in {}: {} passed", count(run.results.len(), "test"), count(suites, "suite"), passed);
    if failed > 0 {
        line += &format!(", {} failed", failed);
    }
    if skipped > 0 {
        line += &format!(", {} skipped", skipped);
    }
    let noted = run.results.iter().filter(|result| note(result).is_some()).count();
    if noted > 0 {
        line += &format!("; {}", count(noted, "note"));
    }
    if run.filtered > 0 {
        line += &format!("; {} filtered out", run.filtered);
    }
    if run.unrun > 0 {
        line += &format!("; {} not run after the failure", run.unrun);
    }
    if run.broken > 0 {
        line += &format!("; {} cannot be run", count(run.broken, "suite"));
    }
    if let Some(duration) = run.duration {
        line += &format!(" ({})", time(duration));
    }
    line
}
