//! Suites as trees of nodes with spans, read from YAML or JSON.

mod fields;
mod json;
mod yaml;

use serde_json::{Number, Value as Json};

use firewarden::text::{Diagnostic, Severity, Source, Span};

pub(super) use fields::{Fields, Reader};

/// A value with its span.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// The YAML tag: `timestamp` of `!timestamp 2026-01-01T00:00:00Z`.
    pub(super) tag: Option<Box<str>>,
    /// Whether the node is an unquoted scalar of YAML.
    pub(super) plain: bool,
}

/// The content of a node.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// A map; its keys are distinct.
    Map(Vec<(Key, Node)>),
}

/// A key of a map with its span.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) span: Span,
}

/// The deepest nesting of values.
const MAX_DEPTH: usize = 128;

/// Parses JSON if the name of the source ends in `.json`, otherwise YAML. JSON may have comments. An empty file is
/// null.
pub(super) fn parse(source: &Source) -> Result<Node, Box<Diagnostic>> {
    let is_json = std::path::Path::new(source.name()).extension().is_some_and(|extension| extension == "json");
    if is_json { json::parse(source) } else { yaml::parse(source) }
}

/// Parses JSON with comments.
pub(super) fn parse_json(source: &Source) -> Result<Node, Box<Diagnostic>> {
    json::parse(source)
}

/// An error about a suite.
pub(super) fn problem(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, Severity::Error, Some(span), message)
}

/// An error about text that is neither YAML nor JSON.
fn syntax(span: Span, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(problem("suite-syntax", span, message))
}

/// Adds an entry to a map; returns an error if the key is a duplicate.
fn add(
    entries: &mut Vec<(Key, Node)>,
    seen: &mut rustc_hash::FxHashSet<String>,
    key: Key,
    value: Node,
) -> Option<Box<Diagnostic>> {
    if !seen.insert(key.text.clone()) {
        let first = entries.iter().find(|(known, _)| known.text == key.text).map(|(known, _)| known.span);
        let mut twice = problem("duplicate-key", key.span, format!("duplicate key `{}`", key.text));
        twice.labels.extend(first.map(|span| firewarden::text::Label { span, text: "first here".to_owned() }));
        return Some(Box::new(twice));
    }
    entries.push((key, value));
    None
}

/// Converts JSON that is not part of a file. Numbers with a fraction or an exponent are floats.
impl From<&Json> for Node {
    fn from(json: &Json) -> Self {
        let kind = match json {
            Json::Null => Kind::Null,
            Json::Bool(b) => Kind::Bool(*b),
            Json::Number(n) => n.as_i64().map_or_else(|| Kind::Float(n.as_f64().unwrap_or(f64::NAN)), Kind::Int),
            Json::String(text) => Kind::Text(text.clone()),
            Json::Array(items) => Kind::List(items.iter().map(Node::from).collect()),
            Json::Object(entries) => {
                let key = |text: &String| Key { text: text.clone(), span: Span::default() };
                Kind::Map(entries.iter().map(|(name, value)| (key(name), Node::from(value))).collect())
            }
        };
        Node { kind, span: Span::default(), tag: None, plain: false }
    }
}

impl Node {
    /// The type of the node, for messages: `a list`.
    pub(super) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) | Kind::Float(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a map; no entries for other nodes.
    pub(super) fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
    }

    /// The offset after the node's last character. The span of a YAML block also covers the comments and blank lines
    /// after it, and nodes that an alias or `<<` repeats lie outside the span; neither counts.
    pub(super) fn last(&self) -> u32 {
        let (mut open, mut last) = (vec![self], self.span.start);
        let mut add = |span: Span| {
            if self.span.start <= span.start && span.end <= self.span.end {
                last = last.max(span.end);
            }
        };
        while let Some(node) = open.pop() {
            match &node.kind {
                Kind::List(items) => open.extend(items),
                Kind::Map(entries) => {
                    entries.iter().for_each(|(key, _)| add(key.span));
                    open.extend(entries.iter().map(|(_, value)| value));
                }
                _ => add(node.span),
            }
        }
        last
    }

    /// Converts the node to plain JSON without its tags; numbers that JSON lacks become null.
    pub(super) fn to_json(&self) -> Json {
        match &self.kind {
            Kind::Null => Json::Null,
            Kind::Bool(b) => Json::Bool(*b),
            Kind::Int(n) => Json::from(*n),
            Kind::Float(n) => Number::from_f64(*n).map_or(Json::Null, Json::Number),
            Kind::Text(text) => Json::String(text.clone()),
            Kind::List(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(entries) => entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect(),
        }
    }
}
