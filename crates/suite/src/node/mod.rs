//! Suite files as trees of values with their places, whether they are written in YAML or in JSON.

mod fields;
mod json;
mod yaml;

use serde_json::{Number, Value as Json};

use firewarden::text::{Diagnostic, Severity, Source, Span};

pub(super) use fields::{Fields, Reader};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// A tag of YAML: `timestamp` of `!timestamp 2026-01-01T00:00:00Z`.
    pub(super) tag: Option<Box<str>>,
    /// Whether it is a scalar of YAML that is not quoted.
    pub(super) plain: bool,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// Keys are different from each other.
    Map(Vec<(Key, Node)>),
}

/// A key of a map and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) span: Span,
}

/// Levels that values of a suite may nest.
const MAX_DEPTH: usize = 128;

/// Reads a file: JSON where its name says so, YAML otherwise. In JSON, comments are allowed. An empty file is null.
pub(super) fn parse(source: &Source) -> Result<Node, Box<Diagnostic>> {
    let is_json = std::path::Path::new(source.name()).extension().is_some_and(|extension| extension == "json");
    if is_json { json::parse(source) } else { yaml::parse(source) }
}

/// A problem of a suite's text.
pub(super) fn problem(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, Severity::Error, Some(span), message)
}

/// The text is not YAML or JSON.
fn syntax(span: Span, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(problem("suite-syntax", span, message))
}

/// Refuses a key that a map has already.
fn add(
    entries: &mut Vec<(Key, Node)>,
    seen: &mut rustc_hash::FxHashSet<String>,
    key: Key,
    value: Node,
) -> Option<Box<Diagnostic>> {
    if !seen.insert(key.text.clone()) {
        let first = entries.iter().find(|(known, _)| known.text == key.text).map(|(known, _)| known.span);
        let mut twice = problem("duplicate-key", key.span, format!("the key \"{}\" stands here twice", key.text));
        twice.labels.extend(first.map(|span| firewarden::text::Label { span, text: "first here".to_owned() }));
        return Some(Box::new(twice));
    }
    entries.push((key, value));
    None
}

/// A value from elsewhere, which has no place in a text. Whole numbers written with a fraction are floats.
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
    /// In words, for messages: `a list`.
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

    /// The entries of a map; none of anything else.
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

    /// The same as plain JSON; tags are left out, and what JSON cannot say is null.
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
