//! What the emulator says of a source.

use serde_json::Value as Json;

use super::client::Answer;

/// A problem of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// `ERROR` or `WARNING`; the emulator does not say it of a refused source.
    pub severity: Option<String>,
    /// The line, from 1; 0 of the whole file.
    pub line: u32,
    /// The column, from 1; 0 of the whole file.
    pub column: u32,
    /// In words.
    pub message: String,
}

/// Whether a source was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compiled {
    /// It applies now; what was said of it.
    Accepted(Vec<Issue>),
    /// The rules before it apply still; why.
    Refused(Vec<Issue>),
    /// No answer about the source: the compiler itself failed.
    Broke(String),
}

impl Compiled {
    /// What is wrong, in official order.
    pub fn issues(&self) -> &[Issue] {
        match self {
            Compiled::Accepted(issues) | Compiled::Refused(issues) => issues,
            Compiled::Broke(_) => &[],
        }
    }

    /// Whether it was accepted.
    pub fn accepted(&self) -> bool {
        matches!(self, Compiled::Accepted(_))
    }
}

/// The text before the problems of a refused source.
const REFUSED: &str = "Error compiling rules:\n";

/// Reads the answer to rules that were set.
pub fn read(answer: &Answer) -> Compiled {
    if answer.status == 200 {
        return Compiled::Accepted(answer.body["issues"].as_array().into_iter().flatten().map(issue).collect());
    }
    match answer.error().strip_prefix(REFUSED) {
        Some(list) => Compiled::Refused(refusals(list)),
        None => Compiled::Broke(format!("{} {}", answer.status, answer.error())),
    }
}

fn issue(json: &Json) -> Issue {
    let place = |part: &str| json["sourcePosition"][part].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Issue {
        severity: json["severity"].as_str().map(str::to_owned),
        line: place("line"),
        column: place("column"),
        message: json["description"].as_str().unwrap_or_default().to_owned(),
    }
}

/// `L4:28 text`, one below the other; a text may go on over lines.
fn refusals(list: &str) -> Vec<Issue> {
    let mut issues: Vec<Issue> = Vec::new();
    for line in list.split('\n') {
        match (placed(line), issues.last_mut()) {
            (Some(issue), _) => issues.push(issue),
            (None, Some(last)) => {
                last.message.push('\n');
                last.message += line;
            }
            (None, None) => issues.push(Issue { severity: None, line: 0, column: 0, message: line.to_owned() }),
        }
    }
    issues
}

fn placed(line: &str) -> Option<Issue> {
    let (place, message) = line.strip_prefix('L')?.split_once(' ')?;
    let (line, column) = place.split_once(':')?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    Some(Issue { severity: None, line, column, message: message.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: Json) -> Compiled {
        read(&Answer { status, body })
    }

    #[test]
    fn refusals_are_read_with_their_places() {
        let message = "Error compiling rules:\nL4:28 Invalid function name: foo.\nL4:50 Invalid regular expression pattern. Pattern: (.\nL4:58 Invalid function name: bar.";
        let read = answer(400, json!({ "error": { "code": 400, "message": message, "status": "INVALID_ARGUMENT" } }));
        let places: Vec<_> = read.issues().iter().map(|issue| (issue.line, issue.column)).collect();
        assert_eq!(places, [(4, 28), (4, 50), (4, 58)]);
        assert_eq!(read.issues()[1].message, "Invalid regular expression pattern. Pattern: (.");
        assert!(!read.accepted());
    }

    #[test]
    fn a_text_over_lines_is_one_refusal() {
        let message = "Error compiling rules:\nL3:1 token recognition error at: ''a\nb'\nL0:0 Rules content empty.";
        let read = answer(400, json!({ "error": { "message": message } }));
        assert_eq!(read.issues().len(), 2);
        assert_eq!(read.issues()[0].message, "token recognition error at: ''a\nb'");
    }

    #[test]
    fn issues_of_an_accepted_source_have_severities() {
        let read = answer(
            200,
            json!({ "issues": [{
                "sourcePosition": { "fileName": "security.rules", "line": 2, "column": 57, "currentOffset": 77, "endOffset": 79 },
                "description": "Invalid function name: foo.", "severity": "WARNING"
            }] }),
        );
        let issue = Issue {
            severity: Some("WARNING".to_owned()),
            line: 2,
            column: 57,
            message: "Invalid function name: foo.".to_owned(),
        };
        assert_eq!(read, Compiled::Accepted(vec![issue]));
        assert_eq!(answer(200, json!({})), Compiled::Accepted(Vec::new()));
    }

    #[test]
    fn an_answer_about_something_else_is_neither() {
        let read = answer(500, json!({ "error": { "code": 500, "message": "boom", "status": "INTERNAL" } }));
        assert_eq!(read, Compiled::Broke("500 boom".to_owned()));
    }
}
