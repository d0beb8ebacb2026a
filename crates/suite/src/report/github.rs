//! Results as annotations of GitHub Actions.

use std::collections::BTreeMap;

use super::{
    Ci, TestResult,
    groups::{self, TestGroup},
    note,
    summary::summary,
};
use crate::{LoadError, Location, TestFailure};
use firewarden::text::{Diagnostic, Diagnostics, Severity};

/// Tests that the annotation of a deciding location names.
const MAX_NAMED: usize = 5;

/// Renders annotations, each at its location: an error for each failure, each error in a suite and each missed
/// threshold; a warning for each note and each suspicious part of a suite; a notice at each location in the rules that
/// made tests fail; and a notice with the totals. If many failures have the same cause, only the first has the trace.
pub fn github(ci: &Ci<'_>) -> String {
    let Ci { suites, run, path, .. } = ci;
    let mut out: String = suites.errors.iter().map(|error| broken(error, path)).collect();
    let minded = |found: &Diagnostics| ci.strict && suites.suite_warnings().any(|doubt| std::ptr::eq(doubt, found));
    out.extend(suites.warnings.iter().map(|found| match minded(found) {
        true => annotations(&found.clone().map(|problem| problem.severity = Severity::Error), path),
        false => annotations(found, path),
    }));
    let groups = groups::failures(run, false);
    // GitHub limits the annotations of a step, so the first failure of each cause goes first.
    for TestGroup { first: (result, failure), .. } in &groups {
        out += &failed(result, failure, &failure.explanation, path);
    }
    for TestGroup { first: (first, _), more } in &groups {
        let like = format!("the same cause as {}:{}", path(&first.suite), first.line);
        out.extend(more.iter().filter_map(|result| Some(failed(result, result.failure()?, &like, path))));
    }
    for result in &run.results {
        if let Some(note) = note(result) {
            let text = format!("passes, but {note} (if that is meant: `because: {}`)", note.word());
            let location = Some((result.line, result.column));
            out += &annotation("warning", &path(&result.suite), location, &result.name, &text);
        }
    }
    for (location, tests) in deciding(ci) {
        out += &decided(location, &tests, path);
    }
    for shortfall in ci.shortfalls {
        out += &annotation("error", &path(&shortfall.file), None, "coverage", &shortfall.to_string());
    }
    out + &format!("::notice title=firewarden::{}\n", data(&summary(run)))
}

fn failed(result: &TestResult, failure: &TestFailure, why: &str, path: &dyn Fn(&str) -> String) -> String {
    let asked = format!("{} as {}: {}", result.request, result.user, failure.text());
    let text = if why.is_empty() { asked } else { format!("{asked}\n\n{why}") };
    annotation("error", &path(&result.suite), Some((result.line, result.column)), &result.name, &text)
}

/// The locations in the rules that made tests fail, each with these tests.
fn deciding<'r>(ci: &Ci<'r>) -> BTreeMap<&'r Location, Vec<(&'r TestResult, &'r TestFailure)>> {
    let mut locations: BTreeMap<&Location, Vec<_>> = BTreeMap::new();
    for result in &ci.run.results {
        if let Some(failure) = result.failure()
            && let Some(location) = &failure.location
        {
            locations.entry(location).or_default().push((result, failure));
        }
    }
    locations
}

fn decided(location: &Location, tests: &[(&TestResult, &TestFailure)], path: &dyn Fn(&str) -> String) -> String {
    let one = |(result, failure): &(&TestResult, &TestFailure)| {
        let TestResult { suite, line, name, expected, .. } = result;
        format!("{name} ({}:{line}): expected {expected}, got {}", path(suite), failure.got)
    };
    let mut text: Vec<String> = tests.iter().take(MAX_NAMED).map(one).collect();
    if let Some(more) = tests.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        text.push(format!("… and {} more", more));
    }
    let title = match tests.len() {
        1 => "this decides a failed test".to_owned(),
        many => format!("this decides {} failed tests", many),
    };
    annotation("notice", &path(&location.file), Some((location.line, location.column)), &title, &text.join("\n"))
}

fn broken(error: &LoadError, path: &dyn Fn(&str) -> String) -> String {
    match error {
        LoadError::Unreadable(file, why) => {
            annotation("error", &path(&file.display().to_string()), None, "unreadable-file", why)
        }
        LoadError::Suite(found) | LoadError::Rules(found) => annotations(found, path),
    }
}

/// Renders an annotation for each diagnostic of a file. `path` maps the name of the file to its path in the repository.
pub fn annotations(found: &Diagnostics, path: &dyn Fn(&str) -> String) -> String {
    let file = path(found.source().name());
    let one = |problem: &Diagnostic| {
        let level = if problem.severity == Severity::Error { "error" } else { "warning" };
        let location = found.position(problem).map(|at| (at.line, at.column));
        let hint = problem.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        annotation(level, &file, location, problem.code, &format!("{}{hint}", problem.message))
    };
    found.iter().map(one).collect()
}

/// A workflow command: `::error file=…,line=…,col=…,title=…::message`. `level` is `error`, `warning` or `notice`;
/// `location` is line and column, counted from one.
fn annotation(level: &str, file: &str, location: Option<(u32, u32)>, title: &str, message: &str) -> String {
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let location = location.map_or(String::new(), |(line, column)| format!(",line={line},col={column}"));
    format!("::{level} file={}{location},title={}::{}\n", property(file), property(title), data(message))
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
