//! Results as JSON.

use serde_json::{Value as Json, json};

use super::{Outcome, Run, TestResult, note};
use crate::suite::{LoadError, Suites};
use crate::text::{Diagnostics, Severity};

/// `{"passed", "failed", "skipped", "filtered", "unrun", "broken", "tests": […], "errors": […], "warnings": […]}`. A test is
/// `{"suite", "line", "column", "name", "user", "request", "expected", "outcome", …}` with outcome `passed`, `failed` or
/// `skipped`; of a failure `message`, `hint`, `got` and `explanation`, of a pass that may surprise `note` and `noteKind`.
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
        "tests": run.results.iter().map(test).collect::<Vec<_>>(),
        "errors": errors,
        "warnings": warnings,
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
    });
    let more = match &result.outcome {
        Outcome::Passed(_) => match note(result) {
            Some(note) => json!({ "outcome": "passed", "note": note.to_string(), "noteKind": note.word() }),
            None => json!({ "outcome": "passed" }),
        },
        Outcome::Failed(failure) => json!({
            "outcome": "failed",
            "message": failure.message,
            "hint": failure.hint,
            "got": failure.got,
            "explanation": failure.explanation,
        }),
        Outcome::Skipped(why) => json!({ "outcome": "skipped", "reason": why }),
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
    let one = |problem: &crate::text::Diagnostic| {
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
