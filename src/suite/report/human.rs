//! Results as a person reads them.

use std::fmt::Write as _;

use super::{Outcome, Run, TestResult, by_suite, count, note};

/// How much is told of tests that passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Only failures.
    Quiet,
    /// A line for each suite, failures, and the first notes.
    #[default]
    Suites,
    /// A line for each test, and all notes.
    Tests,
}

/// Columns of a line.
const WIDTH: usize = 80;

/// Notes that are shown where not all are asked for.
const MOST_NOTES: usize = 8;

/// Suites, failures with their traces, notes, and a summary.
pub fn human(run: &Run, detail: Detail) -> String {
    let mut out = String::new();
    if detail != Detail::Quiet {
        suites(&mut out, run, detail);
    }
    for result in &run.results {
        if let Outcome::Failed(_) = &result.outcome {
            failure(&mut out, result);
        }
    }
    if detail != Detail::Quiet {
        notes(&mut out, run, detail);
        summary(&mut out, run);
    }
    out
}

fn suites(out: &mut String, run: &Run, detail: Detail) {
    let widest = by_suite(run).filter_map(|tests| tests.first()).map(|test| test.suite.chars().count()).max();
    let width = widest.unwrap_or(0).min(50);
    for tests in by_suite(run) {
        let Some(first) = tests.first() else { continue };
        let failed = tests.iter().filter(|test| matches!(test.outcome, Outcome::Failed(_))).count();
        let skipped = tests.iter().filter(|test| matches!(test.outcome, Outcome::Skipped(_))).count();
        let word = if failed > 0 { "FAIL" } else { "PASS" };
        let mut line = format!("{word}  {:width$}  {}", first.suite, count(tests.len(), "test"));
        if failed > 0 {
            line += &format!(", {failed} failed");
        }
        if skipped > 0 {
            line += &format!(", {skipped} skipped");
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", line.trim_end());
        if detail == Detail::Tests {
            for test in tests {
                let _ = match &test.outcome {
                    Outcome::Passed(_) => writeln!(out, "  ok    {}", test.name),
                    Outcome::Failed(_) => writeln!(out, "  FAIL  {}", test.name),
                    Outcome::Skipped(why) => writeln!(out, "  skip  {}  ({why})", test.name),
                };
            }
        }
    }
}

fn failure(out: &mut String, result: &TestResult) {
    let Outcome::Failed(failure) = &result.outcome else { return };
    let TestResult { suite, line, column, name, user, request, expected, .. } = result;
    let otherwise = if failure.got == *expected { ", but not for that reason" } else { "" };
    let _ = write!(
        out,
        "\nFAIL  {name}\n  --> {suite}:{line}:{column}\n  asked:     {request}\n  as:        {user}\n  expected:  {expected}\n  \
         got:       {}{otherwise}\n",
        failure.got
    );
    // That the answer is another one is said above, and why in the trace.
    if failure.got == *expected || failure.explanation.is_empty() {
        let _ = writeln!(out, "{}", wrapped(&failure.message));
    }
    // The trace may say it where it belongs.
    if let Some(hint) = failure.hint.as_ref().filter(|hint| !failure.explanation.contains(hint.as_str())) {
        let _ = writeln!(out, "{}", wrapped(&format!("hint: {hint}")));
    }
    if !failure.explanation.is_empty() {
        out.push('\n');
        for line in failure.explanation.trim_end().lines() {
            let _ = writeln!(out, "{}", format!("  {line}").trim_end());
        }
    }
}

/// A sentence in indented lines of a terminal's width. Paths are not broken: people copy them.
fn wrapped(text: &str) -> String {
    let options = textwrap::Options::new(WIDTH).initial_indent("  ").subsequent_indent("  ");
    textwrap::fill(text, options.break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation))
}

fn notes(out: &mut String, run: &Run, detail: Detail) {
    let most = if detail == Detail::Tests { usize::MAX } else { MOST_NOTES };
    let mut noted = run.results.iter().filter_map(|result| note(result).map(|note| (result, note)));
    for (result, note) in noted.by_ref().take(most) {
        let TestResult { suite, line, name, .. } = result;
        let _ = write!(out, "\nnote: {name}  ({suite}:{line})\n{}\n", wrapped(&format!("passes, but {note}")));
        let _ = writeln!(out, "  (if that is meant: `because: {}`)", note.word());
    }
    let more = noted.count();
    if more > 0 {
        let _ = writeln!(out, "\n… and {} (--verbose shows all)", count(more, "more note"));
    }
}

fn summary(out: &mut String, run: &Run) {
    let (passed, failed, skipped) = run.counts();
    let suites = by_suite(run).count();
    let mut line = format!("{} in {}: {passed} passed", count(run.results.len(), "test"), count(suites, "suite"));
    if failed > 0 {
        line += &format!(", {failed} failed");
    }
    if skipped > 0 {
        line += &format!(", {skipped} skipped");
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
    let _ = write!(out, "\n{line}\n");
}
