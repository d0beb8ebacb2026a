//! Results in the Test Anything Protocol, version 14.

use std::{fmt::Write as _, time::Duration};

use super::{Run, TestOutcome, TestResult, note};
use crate::Suites;

/// Renders a line for each test and for each suite that cannot be run. A YAML block has the duration, if it was
/// measured, and for a failure the request, the expected and the actual verdict.
pub fn tap(suites: &Suites, run: &Run) -> String {
    let broken: Vec<TestResult> = suites.errors.iter().map(TestResult::unreadable).collect();
    let mut out = format!("TAP version 14\n1..{}\n", broken.len() + run.results.len());
    for (at, result) in broken.iter().chain(&run.results).enumerate() {
        let (number, title) = (at + 1, escape(&format!("{}:{} {}", result.suite, result.line, result.name)));
        // Writing to a String cannot fail.
        let _ = match &result.outcome {
            TestOutcome::Passed(_) => writeln!(out, "ok {number} - {title}"),
            TestOutcome::Skipped(why) => writeln!(out, "ok {number} - {title} # SKIP {}", escape(why)),
            TestOutcome::Failed(_) => writeln!(out, "not ok {number} - {title}"),
        };
        let duration = result.duration.map_or(String::new(), |time| format!("  duration_ms: {}\n", milliseconds(time)));
        if let TestOutcome::Failed(failure) = &result.outcome {
            let _ = write!(
                out,
                "  ---\n{duration}  message: {}\n  asked: {}\n  as: {}\n  expected: {}\n  got: {}\n",
                quoted(&failure.text()),
                quoted(&result.request),
                quoted(&result.user),
                result.expected,
                failure.got
            );
            if !failure.explanation.is_empty() {
                out += "  explanation: |\n";
                for line in failure.explanation.trim_end().lines() {
                    let _ = writeln!(out, "{}", format!("    {}", one_line(line)).trim_end());
                }
            }
            out += "  ...\n";
        } else if !duration.is_empty() {
            let _ = write!(out, "  ---\n{duration}  ...\n");
        }
        if let Some(note) = note(result) {
            let _ = writeln!(out, "# passes, but {}", one_line(&note.to_string()));
        }
    }
    if let Some(duration) = run.duration {
        let _ = writeln!(out, "# time={}ms", milliseconds(duration));
    }
    out
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1000.0)
}

/// Replaces control characters, so that the text is one line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Escapes a title: `#` begins a directive, and a backslash escapes it.
fn escape(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}

/// A YAML scalar: a JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(one_line(text)).to_string()
}
