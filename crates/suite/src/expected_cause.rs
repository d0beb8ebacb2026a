//! `because:`, the cause that a test expects of its decision.

use firewarden::text::Source;

use super::{
    case::Expectation,
    node::{Kind, Node, Reader},
};

/// The cause that a test expects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ExpectedCause {
    /// A statement or rule on this line of the rules, or a part of its condition.
    Line(u32),
    /// No block covers the path, no statement covers the method, or the path has no rule.
    NoMatch,
    /// Every condition is false, and none failed.
    False,
    /// A condition failed, with this text in its message if a text is given.
    Error(Option<String>),
    /// A `.validate` rule of a database refused the value.
    Invalid,
    /// No rules could decide the request.
    Refused,
}

const CAUSES: [&str; 5] = ["no-match", "false", "error", "invalid", "refused"];

impl ExpectedCause {
    /// Whether the cause can explain this verdict.
    pub(super) fn is_about(&self, expect: Expectation) -> bool {
        match self {
            ExpectedCause::Line(_) => expect != Expectation::NoSignIn,
            ExpectedCause::Error(_) => expect != Expectation::Allow,
            _ => expect == Expectation::Deny,
        }
    }

    /// Reads the value of `because`.
    pub(super) fn read(reader: &mut Reader, node: &Node, rules: &Source, is_database: bool) -> Option<Self> {
        match &node.kind {
            Kind::Int(line) => line_of(reader, node, rules, *line),
            Kind::Bool(false) => Some(ExpectedCause::False),
            Kind::Text(text) => match text.as_str() {
                "no-match" => Some(ExpectedCause::NoMatch),
                "false" => Some(ExpectedCause::False),
                "error" => Some(ExpectedCause::Error(None)),
                "invalid" if is_database => Some(ExpectedCause::Invalid),
                "invalid" => {
                    reader.error("wrong-value", node.span, "`because: invalid` only applies to database rules");
                    None
                }
                "refused" => Some(ExpectedCause::Refused),
                _ => file_and_line(reader, node, rules, text),
            },
            Kind::Map(entries) if !entries.iter().any(|(key, _)| matches!(key.text.as_str(), "line" | "error")) => {
                let message = "expected either `line` or `error` in `because`; write a test for each user who is denied for another reason";
                reader.error("wrong-value", node.span, message);
                None
            }
            Kind::Map(_) => {
                let fields = reader.fields(node, "because", &["line", "error"]);
                match (fields.get("line"), fields.stated("error")) {
                    (Some(line), None) => reader.int(line, "line").and_then(|n| line_of(reader, line, rules, n)),
                    (None, Some(error)) if error.as_text() == Some("") => {
                        reader.error("wrong-value", error.span, "`error` is empty, which matches every message");
                        None
                    }
                    (None, Some(error)) => {
                        reader.text(error, "error").map(|text| ExpectedCause::Error(Some(text.to_owned())))
                    }
                    _ => {
                        reader.error("wrong-value", node.span, "expected either `line` or `error` in `because`");
                        None
                    }
                }
            }
            _ => {
                reader.wrong(node, "because", "a line, FILE:LINE, or one of no-match, false, error, invalid, refused");
                None
            }
        }
    }
}

/// Reads `FILE:LINE`.
fn file_and_line(reader: &mut Reader, node: &Node, rules: &Source, text: &str) -> Option<ExpectedCause> {
    let found = text.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse::<i64>().ok()?)));
    let Some((file, line)) = found else {
        let message = format!("expected FILE:LINE or a cause for `because`, not `{text}`");
        reader.unknown_name("wrong-value", node.span, message, text, CAUSES.into_iter());
        return None;
    };
    let name = rules.name().replace('\\', "/");
    let file = file.trim_start_matches("./");
    if name != file && !name.ends_with(&format!("/{file}")) {
        let message = format!("`because` names `{file}`, but the rules of this suite are `{}`", rules.name());
        reader.error("wrong-value", node.span, message);
        return None;
    }
    line_of(reader, node, rules, line)
}

fn line_of(reader: &mut Reader, node: &Node, rules: &Source, line: i64) -> Option<ExpectedCause> {
    let line = u32::try_from(line).ok().filter(|line| !rules.line(*line).trim().is_empty());
    if line.is_none() {
        reader.error("wrong-value", node.span, format!("`because` names an empty line of `{}`", rules.name()));
    }
    line.map(ExpectedCause::Line)
}
