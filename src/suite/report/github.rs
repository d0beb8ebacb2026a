//! Results as annotations of GitHub Actions.

use super::{Outcome, Run, note};
use crate::suite::{LoadError, Suites};
use crate::text::{Diagnostics, Severity};

/// An error for each failure and for each mistake of a suite, a warning for each note and for what is suspicious in a
/// suite, each at its place.
pub fn github(suites: &Suites, run: &Run) -> String {
    let mut out: String = suites.errors.iter().map(broken).chain(suites.warnings.iter().map(annotations)).collect();
    for result in &run.results {
        let place = Some((result.line, result.column));
        let (level, text) = match (&result.outcome, note(result)) {
            (Outcome::Failed(failure), _) => {
                let asked = format!("{} as {}: {}", result.request, result.user, failure.text());
                (
                    "error",
                    if failure.explanation.is_empty() { asked } else { format!("{asked}\n\n{}", failure.explanation) },
                )
            }
            (_, Some(note)) => ("warning", format!("passes, but {note}")),
            _ => continue,
        };
        out += &annotation(level, &result.suite, place, &result.name, &text);
    }
    out
}

fn broken(error: &LoadError) -> String {
    match error {
        LoadError::Unreadable(path, why) => {
            annotation("error", &path.display().to_string(), None, "unreadable-file", why)
        }
        LoadError::Suite(found) | LoadError::Rules(found) => annotations(found),
    }
}

/// An annotation for each problem of a file: of rules or of a suite.
pub fn annotations(found: &Diagnostics) -> String {
    let one = |problem: &crate::text::Diagnostic| {
        let level = if problem.severity == Severity::Error { "error" } else { "warning" };
        let place = found.position(problem).map(|at| (at.line, at.column));
        let hint = problem.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        annotation(level, found.source().name(), place, problem.code, &format!("{}{hint}", problem.message))
    };
    found.iter().map(one).collect()
}

/// A workflow command: `::error file=…,line=…,col=…,title=…::message`. `level` is `error`, `warning` or `notice`; `place` is
/// line and column, counted from one.
pub fn annotation(level: &str, file: &str, place: Option<(u32, u32)>, title: &str, message: &str) -> String {
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let place = place.map_or(String::new(), |(line, column)| format!(",line={line},col={column}"));
    format!("::{level} file={}{place},title={}::{}\n", property(file), property(title), escape(message))
}
