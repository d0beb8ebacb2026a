//! `because:`: what has to have decided a test.

use firewarden::text::Source;

use super::{
    case::Expect,
    node::{Kind, Node, Reader},
};

/// What a test says has to have decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Because {
    /// A statement or rule on that line of the rules, or a part of its condition.
    Line(u32),
    /// No block covers the path, or no statement speaks of the method; no rule stands on the way.
    NoMatch,
    /// Every condition is false, none failed.
    False,
    /// A condition failed; where it is stated, with that in its message.
    Error(Option<String>),
    /// A `.validate` of a database.
    Invalid,
    /// The request is none that rules could decide.
    Refused,
}

const WORDS: [&str; 5] = ["no-match", "false", "error", "invalid", "refused"];

impl Because {
    /// Whether it can be a reason for that answer.
    pub(super) fn is_about(&self, expect: Expect) -> bool {
        match self {
            Because::Line(_) => expect != Expect::NoSignIn,
            Because::Error(_) => expect != Expect::Allow,
            _ => expect == Expect::Deny,
        }
    }

    /// Reads what decides by these rules.
    pub(super) fn read(reader: &mut Reader, node: &Node, rules: &Source, is_database: bool) -> Option<Self> {
        match &node.kind {
            Kind::Int(line) => line_of(reader, node, rules, *line),
            Kind::Bool(false) => Some(Because::False),
            Kind::Text(text) => match text.as_str() {
                "no-match" => Some(Because::NoMatch),
                "false" => Some(Because::False),
                "error" => Some(Because::Error(None)),
                "invalid" if is_database => Some(Because::Invalid),
                "invalid" => {
                    reader.error("wrong-value", node.span, "because: invalid is for the .validate of a database");
                    None
                }
                "refused" => Some(Because::Refused),
                _ => place(reader, node, rules, text),
            },
            Kind::Map(entries) if !entries.iter().any(|(key, _)| matches!(key.text.as_str(), "line" | "error")) => {
                let message =
                    "because has one of line and error; users who are denied for different reasons take a test each";
                reader.error("wrong-value", node.span, message);
                None
            }
            Kind::Map(_) => {
                let fields = reader.fields(node, "because", &["line", "error"]);
                match (fields.get("line"), fields.stated("error")) {
                    (Some(line), None) => reader.int(line, "line").and_then(|n| line_of(reader, line, rules, n)),
                    (None, Some(error)) if error.as_text() == Some("") => {
                        reader.error("wrong-value", error.span, "an empty text is in every message");
                        None
                    }
                    (None, Some(error)) => {
                        reader.text(error, "error").map(|text| Because::Error(Some(text.to_owned())))
                    }
                    _ => {
                        reader.error("wrong-value", node.span, "because has one of line and error");
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

/// `FILE:LINE`
fn place(reader: &mut Reader, node: &Node, rules: &Source, text: &str) -> Option<Because> {
    let found = text.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse::<i64>().ok()?)));
    let Some((file, line)) = found else {
        let message = format!("because: {text:?} is neither FILE:LINE nor one of the words");
        reader.unknown_name("wrong-value", node.span, message, text, WORDS.into_iter());
        return None;
    };
    let name = rules.name().replace('\\', "/");
    let file = file.trim_start_matches("./");
    if name != file && !name.ends_with(&format!("/{file}")) {
        let message = format!("because: the rules of this suite are {}, not {file}", rules.name());
        reader.error("wrong-value", node.span, message);
        return None;
    }
    line_of(reader, node, rules, line)
}

fn line_of(reader: &mut Reader, node: &Node, rules: &Source, line: i64) -> Option<Because> {
    let line = u32::try_from(line).ok().filter(|line| !rules.line(*line).trim().is_empty());
    if line.is_none() {
        reader.error("wrong-value", node.span, format!("because: nothing stands on that line of {}", rules.name()));
    }
    line.map(Because::Line)
}
