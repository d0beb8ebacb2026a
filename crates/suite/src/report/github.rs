//! Results as annotations of GitHub Actions.

use std::collections::BTreeMap;

use super::{
    Ci, TestResult,
    fold::{self, Alike},
    note,
    words::summary,
};
use crate::{Failure, LoadError, Place};
use firewarden::text::{Diagnostic, Diagnostics, Severity};

/// Tests that are named beside the rule that made them fail.
const MOST_NAMED: usize = 5;

/// Annotations, each at its location: an error for each failure, each mistake in a suite and each threshold that is not
/// reached; a warning for each note and each suspicious part of a suite; a notice at each location in the rules that made
/// tests fail; and a notice with the totals. If many failures have the same cause, only the first has the trace.
pub fn github(ci: &Ci<'_>) -> String {
    let Ci { suites, run, path, .. } = ci;
    let mut out: String = suites.errors.iter().map(|error| broken(error, path)).collect();
    let minded = |found: &Diagnostics| ci.strict && suites.doubts().any(|doubt| std::ptr::eq(doubt, found));
    out.extend(suites.warnings.iter().map(|found| match minded(found) {
        true => annotations(&found.clone().map(|problem| problem.severity = Severity::Error), path),
        false => annotations(found, path),
    }));
    let groups = fold::failures(run, false);
    // The service shows few annotations, and counts those of a step: one of each cause comes first.
    for Alike { first: (result, failure), .. } in &groups {
        out += &failed(result, failure, &failure.explanation, path);
    }
    for Alike { first: (first, _), more } in &groups {
        let like = format!("the same cause as {}:{}", path(&first.suite), first.line);
        out.extend(more.iter().filter_map(|result| Some(failed(result, result.failure()?, &like, path))));
    }
    for result in &run.results {
        if let Some(note) = note(result) {
            let text = format!("passes, but {note} (if that is meant: `because: {}`)", note.word());
            let place = Some((result.line, result.column));
            out += &annotation("warning", &path(&result.suite), place, &result.name, &text);
        }
    }
    for (place, tests) in deciding(ci) {
        out += &decided(place, &tests, path);
    }
    for shortfall in ci.shortfalls {
        out += &annotation("error", &path(&shortfall.file), None, "coverage", &shortfall.to_string());
    }
    out + &format!("::notice title=firewarden::{}\n", data(&summary(run)))
}

fn failed(result: &TestResult, failure: &Failure, why: &str, path: &dyn Fn(&str) -> String) -> String {
    let asked = format!("{} as {}: {}", result.request, result.user, failure.text());
    let text = if why.is_empty() { asked } else { format!("{asked}\n\n{why}") };
    annotation("error", &path(&result.suite), Some((result.line, result.column)), &result.name, &text)
}

/// The places in the rules that made tests fail, each once.
fn deciding<'r>(ci: &Ci<'r>) -> BTreeMap<&'r Place, Vec<(&'r TestResult, &'r Failure)>> {
    let mut places: BTreeMap<&Place, Vec<_>> = BTreeMap::new();
    for result in &ci.run.results {
        if let Some(failure) = result.failure()
            && let Some(place) = &failure.place
        {
            places.entry(place).or_default().push((result, failure));
        }
    }
    places
}

fn decided(place: &Place, tests: &[(&TestResult, &Failure)], path: &dyn Fn(&str) -> String) -> String {
    let one = |(result, failure): &(&TestResult, &Failure)| {
        let TestResult { suite, line, name, expected, .. } = result;
        format!("{name} ({}:{line}): expected {expected}, got {}", path(suite), failure.got)
    };
    let mut text: Vec<String> = tests.iter().take(MOST_NAMED).map(one).collect();
    if let Some(more) = tests.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        text.push(format!("… and {} more", more));
    }
    let title = match tests.len() {
        1 => "this decides a failed test".to_owned(),
        many => format!("this decides {} failed tests", many),
    };
    annotation("notice", &path(&place.file), Some((place.line, place.column)), &title, &text.join("\n"))
}

fn broken(error: &LoadError, path: &dyn Fn(&str) -> String) -> String {
    match error {
        LoadError::Unreadable(file, why) => {
            annotation("error", &path(&file.display().to_string()), None, "unreadable-file", why)
        }
        LoadError::Suite(found) | LoadError::Rules(found) => annotations(found, path),
    }
}

/// An annotation for each problem of a file: of rules or of a suite. `path` gives the path in the repository of a file.
pub fn annotations(found: &Diagnostics, path: &dyn Fn(&str) -> String) -> String {
    let file = path(found.source().name());
    let one = |problem: &Diagnostic| {
        let level = if problem.severity == Severity::Error { "error" } else { "warning" };
        let place = found.position(problem).map(|at| (at.line, at.column));
        let hint = problem.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        annotation(level, &file, place, problem.code, &format!("{}{hint}", problem.message))
    };
    found.iter().map(one).collect()
}

/// A workflow command: `::error file=…,line=…,col=…,title=…::message`. `level` is `error`, `warning` or `notice`;
/// `place` is line and column, counted from one.
fn annotation(level: &str, file: &str, place: Option<(u32, u32)>, title: &str, message: &str) -> String {
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let place = place.map_or(String::new(), |(line, column)| format!(",line={line},col={column}"));
    format!("::{level} file={}{place},title={}::{}\n", property(file), property(title), data(message))
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
