//! Results as JSON.

use serde_json::{Value as Json, json};

use super::{Run, TestOutcome, TestResult, note};
use crate::{LoadError, Options, Suites};
use firewarden::text::{Diagnostics, Severity};

/// Renders `{"passed", "failed", "skipped", "filtered", "unrun", "broken", "seconds", "tests": […], "errors": […],
/// "warnings": […]}`. A test is `{"suite", "line", "column", "name", "user", "request", "expected", "seconds",
/// "outcome", …}` with the outcome `passed`, `failed` or `skipped`. A failure has `message`, `hint`, `got`, `decidedAt`
/// (a location in the rules) and `explanation`; a test with a note has `note` and `noteKind`. Durations that were not
/// measured are null.
pub fn json(suites: &Suites, run: &Run) -> Json {
    let (passed, failed, skipped) = run.counts();
    let errors: Vec<Json> = suites.errors.iter().flat_map(error).collect();
    let warnings: Vec<Json> = suites.warnings.iter().flat_map(diagnostics).collect();
    json!({
        "passed": passed,
        "failed": failed,
        "skipped": skipped,
        "filtered": run.filtered,
        "unrun": run.unrun,
        "broken": run.broken,
        "seconds": run.duration.map(|duration| duration.as_secs_f64()),
        "tests": run.results.iter().map(test).collect::<Vec<_>>(),
        "errors": errors,
        "warnings": warnings,
    })
}

/// Renders the selected tests without running them: `{"tests": […], "errors": […], "warnings": […]}`. A test is
/// `{"suite", "line", "column", "name", "user", "request", "expected", "skip"}`.
pub fn list(suites: &Suites, options: &Options) -> Json {
    let tests = suites.list(options).into_iter().map(|test| {
        json!({
            "suite": test.suite,
            "line": test.line,
            "column": test.column,
            "name": test.name,
            "user": test.user,
            "request": test.request,
            "expected": test.expected,
            "skip": test.skip,
        })
    });
    json!({
        "tests": tests.collect::<Vec<_>>(),
        "errors": suites.errors.iter().flat_map(error).collect::<Vec<_>>(),
        "warnings": suites.warnings.iter().flat_map(diagnostics).collect::<Vec<_>>(),
    })
}

fn test(result: &TestResult) -> Json {
    let mut answer = json!({
        "suite": result.suite,
        "line": result.line,
        "column": result.column,
        "name": result.name,
        "user": result.user,
        "request": result.request,
        "expected": result.expected,
        "seconds": result.duration.map(|duration| duration.as_secs_f64()),
    });
    let more = match &result.outcome {
        TestOutcome::Passed(_) => match note(result) {
            Some(note) => json!({ "outcome": "passed", "note": note.to_string(), "noteKind": note.word() }),
            None => json!({ "outcome": "passed" }),
        },
        TestOutcome::Failed(failure) => json!({
            "outcome": "failed",
            "message": failure.message,
            "hint": failure.hint,
            "got": failure.got,
            "decidedAt": failure.location.as_ref().map(|at| json!({ "file": at.file, "line": at.line, "column": at.column })),
            "explanation": failure.explanation,
        }),
        TestOutcome::Skipped(why) => json!({ "outcome": "skipped", "reason": why }),
    };
    if let (Json::Object(fields), Json::Object(more)) = (&mut answer, more) {
        fields.extend(more);
    }
    answer
}

fn error(error: &LoadError) -> Vec<Json> {
    match error {
        LoadError::Unreadable(path, why) => {
            vec![json!({ "file": path.display().to_string(), "code": "unreadable-file", "message": why })]
        }
        LoadError::Suite(found) | LoadError::Rules(found) => diagnostics(found),
    }
}

fn diagnostics(found: &Diagnostics) -> Vec<Json> {
    let one = |problem: &firewarden::text::Diagnostic| {
        let at = found.position(problem);
        json!({
            "file": found.source().name(),
            "line": at.map(|at| at.line),
            "column": at.map(|at| at.column),
            "severity": if problem.severity == Severity::Error { "error" } else { "warning" },
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
        })
    };
    found.iter().map(one).collect()
}
