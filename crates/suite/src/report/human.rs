//! Results for people.

use std::fmt::Write as _;

use crate::TestFailure;
use firewarden::internals::explain::{COLUMNS, Width, middle, wrap};

use super::{
    Run, TestOutcome, TestResult, by_suite,
    groups::{self, TestGroup},
    summary::{count, summary, time, total_duration},
};

/// How much a report shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Failures only.
    Quiet,
    /// Suites, failures, and the first notes.
    #[default]
    Suites,
    /// Every test, the duration of each suite, every failure with its trace, and all notes.
    Tests,
}

/// The layout of a report for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How much the report shows.
    pub detail: Detail,
    /// Columns of a line, 30 to 1,000. The run decides the width of traces.
    pub columns: usize,
}

impl Default for Layout {
    fn default() -> Self {
        Layout { detail: Detail::default(), columns: COLUMNS }
    }
}

/// Notes that are shown unless all are requested.
const MAX_NOTES: usize = 8;
/// Causes of failures that are shown with a trace unless all are requested.
const MAX_TRACES: usize = 20;
/// Further failures that are named.
const MAX_NAMED: usize = 50;
/// Further tests of a group that are named.
const MAX_ALIKE: usize = 5;

/// Renders suites, failures with their traces, notes, and a summary. If there are more than ten failures, those with
/// the same cause are grouped.
pub fn human(run: &Run, layout: Layout) -> String {
    let mut page = Page { out: String::new(), width: Width::new(layout.columns), detail: layout.detail };
    if layout.detail != Detail::Quiet {
        page.suites(run);
    }
    page.failures(run);
    if layout.detail != Detail::Quiet {
        page.notes(run);
        page.wrapped("", &summary(run), true);
    }
    page.out
}

struct Page {
    out: String,
    width: Width,
    detail: Detail,
}

// Writing to a String cannot fail.
impl Page {
    /// Writes a text after a head, wrapped and indented.
    fn wrapped(&mut self, head: &str, text: &str, apart: bool) {
        let indent = head.chars().count().max(2);
        let lines = wrap(head, indent, text, self.width);
        let _ = writeln!(self.out, "{}{lines}", if apart { "\n" } else { "" });
    }

    fn suites(&mut self, run: &Run) {
        let rows: Vec<_> =
            by_suite(run).filter_map(|tests| Some((tests, tests.first()?, self.totals(tests)))).collect();
        let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
        let totals = widest(&mut rows.iter().map(|(.., totals)| totals.as_str()));
        let room = self.width.columns().saturating_sub("PASS    ".len() + totals).max(8);
        let names = widest(&mut rows.iter().map(|(_, first, _)| first.suite.as_str())).min(room);
        for (tests, first, totals) in rows {
            let failed = tests.iter().any(|test| test.failure().is_some());
            let word = if failed { "FAIL" } else { "PASS" };
            let _ = writeln!(self.out, "{word}  {:names$}  {totals}", middle(&first.suite, names));
            if self.detail == Detail::Tests {
                tests.iter().for_each(|test| self.test(test));
            }
        }
    }

    /// `4 tests, 1 failed, 1 skipped`
    fn totals(&self, tests: &[TestResult]) -> String {
        let failed = tests.iter().filter(|test| test.failure().is_some()).count();
        let skipped = tests.iter().filter(|test| matches!(test.outcome, TestOutcome::Skipped(_))).count();
        let mut line = count(tests.len(), "test");
        if failed > 0 {
            line += &format!(", {} failed", failed);
        }
        if skipped > 0 {
            line += &format!(", {} skipped", skipped);
        }
        if let (Detail::Tests, Some(duration)) = (self.detail, total_duration(tests)) {
            line += &format!("  ({})", time(duration));
        }
        line
    }

    fn test(&mut self, test: &TestResult) {
        match &test.outcome {
            TestOutcome::Passed(_) => self.wrapped("  ok    ", &test.name, false),
            TestOutcome::Failed(_) => self.wrapped("  FAIL  ", &test.name, false),
            TestOutcome::Skipped(why) => self.wrapped("  skip  ", &format!("{}  ({why})", test.name), false),
        }
    }

    fn failures(&mut self, run: &Run) {
        let groups = groups::failures(run, self.detail == Detail::Tests);
        let each = self.detail == Detail::Tests || groups.len() <= MAX_TRACES;
        let most = if each { groups.len() } else { MAX_TRACES };
        let (shown, others) = groups.split_at_checked(most).unwrap_or((&groups, &[]));
        for TestGroup { first: (result, failure), more } in shown {
            self.failure(result, failure);
            self.alike(more);
        }
        let others: Vec<_> =
            others.iter().flat_map(|group| std::iter::once(group.first.0).chain(group.more.iter().copied())).collect();
        self.named("\nmore failures, in short:", "more failure", &others, MAX_NAMED);
    }

    fn failure(&mut self, result: &TestResult, failure: &TestFailure) {
        let TestResult { suite, line, column, name, user, request, expected, .. } = result;
        let otherwise = match (failure.got == *expected, failure.noted) {
            (false, _) => "",
            (true, false) => ", but not for that reason",
            (true, true) => ", for a reason that the test does not pin",
        };
        self.wrapped("FAIL  ", name, true);
        // Editors and people follow a location, so it is never shortened.
        let _ = writeln!(self.out, "  --> {suite}:{line}:{column}");
        self.wrapped("  asked:     ", request, false);
        self.wrapped("  as:        ", user, false);
        let _ = writeln!(self.out, "  expected:  {expected}\n  got:       {}{otherwise}", failure.got);
        // The lines above and the trace already say what the message says.
        if failure.got == *expected || failure.explanation.is_empty() {
            self.wrapped("  ", &failure.message, false);
        }
        // The trace may have the hint where it belongs.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(hint) = failure.hint.as_ref().filter(|hint| !words(&failure.explanation).contains(&words(hint))) {
            self.wrapped("  ", &format!("hint: {hint}"), false);
        }
        if !failure.explanation.is_empty() {
            self.out.push('\n');
            for line in failure.explanation.trim_end().lines() {
                let _ = writeln!(self.out, "{}", format!("  {line}").trim_end());
            }
        }
    }

    /// Writes `and 1,999 more like it:` with the first of them.
    fn alike(&mut self, tests: &[&TestResult]) {
        if !tests.is_empty() {
            let head = format!("\n  and {} more like it:", tests.len());
            self.named(&head, "other", tests, MAX_ALIKE);
        }
    }

    /// Writes tests, one a line, and the number of those beyond `most`.
    fn named(&mut self, head: &str, word: &str, tests: &[&TestResult], most: usize) {
        if tests.is_empty() {
            return;
        }
        let _ = writeln!(self.out, "{head}");
        for TestResult { suite, line, name, .. } in tests.iter().take(most) {
            let location = format!("{suite}:{line}");
            let room = self.width.columns().saturating_sub("      ".len());
            let location = middle(&location, room - (room / 2).min(name.chars().count()));
            let name = middle(name, room.saturating_sub(location.chars().count()));
            let _ = writeln!(self.out, "    {location}  {name}");
        }
        let more = tests.len().saturating_sub(most);
        if more > 0 {
            // `--quiet` excludes `--verbose`.
            let how = if self.detail == Detail::Quiet { "" } else { " (--verbose shows all)" };
            let _ = writeln!(self.out, "    … and {}{how}", count(more, word));
        }
    }

    fn notes(&mut self, run: &Run) {
        let all = self.detail == Detail::Tests;
        let groups = groups::notes(run, all, MAX_NOTES);
        let most = if all { usize::MAX } else { MAX_NOTES };
        for TestGroup { first: (result, note), more } in groups.iter().take(most) {
            let TestResult { suite, line, name, .. } = result;
            self.wrapped("note: ", &format!("{name}  ({suite}:{line})"), true);
            self.wrapped("  ", &format!("passes, but {note}"), false);
            self.wrapped("  ", &format!("(if that is meant: `because: {}`)", note.word()), false);
            self.alike(more);
        }
        let more: usize = groups.iter().skip(most).map(|group| 1 + group.more.len()).sum();
        if more > 0 {
            let _ = writeln!(self.out, "\n… and {} (--verbose shows all)", count(more, "more note"));
        }
    }
}
