//! Diagnostics for programs: JSON and SARIF.

use std::path::Path;

use firewarden_suite::report::annotations;
use serde_json::{Value as Json, json};

use super::{check::CodeInfo, input, output::Output, repository::Repository};
use firewarden::text::{Diagnostic, Diagnostics, LineColumn, Severity};

fn severity(problem: &Diagnostic) -> &'static str {
    match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The beginning and the exclusive end of a diagnostic.
fn range(found: &Diagnostics, problem: &Diagnostic) -> Option<(LineColumn, LineColumn)> {
    problem.span.map(|span| (found.source().position(span.start), found.source().position(span.end)))
}

/// Renders `{"files": [{"file", "ok", "problems": [{"code", "severity", "message", "line", "column", …}]}]}`.
pub(super) fn json(checked: &[Diagnostics]) -> String {
    let problem = |found: &Diagnostics, problem: &Diagnostic| {
        let range = range(found, problem);
        json!({
            "code": problem.code,
            "severity": severity(problem),
            "message": problem.message,
            "line": range.map(|r| r.0.line),
            "column": range.map(|r| r.0.column),
            "endLine": range.map(|r| r.1.line),
            "endColumn": range.map(|r| r.1.column),
            "hint": problem.hint,
            "labels": problem.labels.iter().map(|label| {
                let at = found.source().position(label.span.start);
                json!({ "line": at.line, "column": at.column, "text": label.text })
            }).collect::<Vec<_>>(),
        })
    };
    let file = |found: &Diagnostics| {
        json!({
            "file": found.source().name(),
            "ok": !found.has_errors(),
            "problems": found.iter().map(|p| problem(found, p)).collect::<Vec<_>>(),
        })
    };
    pretty(&json!({ "files": checked.iter().map(file).collect::<Vec<_>>() }))
}

/// The description of a code in SARIF.
fn rule(code: &CodeInfo) -> Json {
    let mut help = code.hint.map_or(String::new(), |hint| format!("Hint: {hint}\n\n"));
    help += &format!("Example:\n\n{}", code.example.trim_end());
    json!({
        "id": code.id,
        "shortDescription": { "text": code.about },
        "help": { "text": help },
        "defaultConfiguration": { "level": if code.severity == Severity::Error { "error" } else { "warning" } },
        "properties": { "tags": [if code.official { "official" } else { "lint" }] },
    })
}

fn region((from, to): (LineColumn, LineColumn)) -> Json {
    json!({ "startLine": from.line, "startColumn": from.column, "endLine": to.line, "endColumn": to.column })
}

/// Renders a SARIF 2.1.0 log with one run, which describes the codes that its results can have.
pub(super) fn sarif(checked: &[Diagnostics], rules: impl Iterator<Item = CodeInfo>) -> String {
    let result = |found: &Diagnostics, problem: &Diagnostic| {
        let region_of_problem = range(found, problem).map(region);
        let hint = problem.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        let artifact = json!({ "uri": uri(found.source().name()) });
        let related = problem.labels.iter().map(|label| {
            let (from, to) = (found.source().position(label.span.start), found.source().position(label.span.end));
            json!({
                "physicalLocation": { "artifactLocation": artifact, "region": region((from, to)) },
                "message": { "text": label.text },
            })
        });
        json!({
            "ruleId": problem.code,
            "level": severity(problem),
            "message": { "text": format!("{}{hint}", problem.message) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": artifact,
                "region": region_of_problem.unwrap_or_else(|| json!({ "startLine": 1 })),
            } }],
            "relatedLocations": related.collect::<Vec<_>>(),
        })
    };
    let results: Vec<Json> = checked.iter().flat_map(|found| found.iter().map(|p| result(found, p))).collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "firewarden",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.map(|code| rule(&code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// Prints annotations of GitHub Actions for files of the repository.
pub(super) fn github(found: &[Diagnostics], output: &mut Output) {
    let repository = Repository::here();
    // Standard input has no path in the repository.
    let path = |name: &str| if name == input::name(Path::new("-")) { name.to_owned() } else { repository.path(name) };
    output.plain(&found.iter().map(|found| annotations(found, &path)).collect::<String>());
}

/// Converts a path to a relative URI reference.
fn uri(path: &str) -> String {
    let one = |byte: u8| match byte {
        b'\\' if cfg!(windows) => "/".to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    path.bytes().map(one).collect()
}

pub(super) fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap_or_else(|_| json.to_string())
}
