//! Reads JSON messages of the Rules API. Each value knows its location, for errors.

use serde_json::Value as Json;

/// An error in a test request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {message}")]
pub struct RequestError {
    /// The path in the JSON, such as `testSuite.testCases[2].request.path`, or `the test request`.
    pub location: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// A value in the JSON, with its path.
#[derive(Clone)]
pub(super) struct JsonLocation<'j> {
    pub(super) json: &'j Json,
    path: String,
    depth: usize,
}

/// The deepest nesting of values.
const MAX_DEPTH: usize = 200;

impl<'j> JsonLocation<'j> {
    /// The whole request.
    pub(super) fn root(json: &'j Json) -> Self {
        JsonLocation { json, path: String::new(), depth: 0 }
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Result<T, RequestError> {
        let location = if self.path.is_empty() { "the test request".to_owned() } else { self.path.clone() };
        Err(RequestError { location, message: message.into() })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// A member of the value, by its only name.
    pub(super) fn child(&self, name: &str, json: &'j Json) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        JsonLocation { json, path, depth: self.depth + 1 }
    }

    /// Refuses values that nest too deeply for recursion.
    pub(super) fn shallow(&self) -> Result<(), RequestError> {
        if self.depth > MAX_DEPTH { self.fail("the value nests too deeply") } else { Ok(()) }
    }

    /// Checks that the value is a message whose fields are all among `known`.
    pub(super) fn message(&self, known: &[&str]) -> Result<(), RequestError> {
        let Json::Object(fields) = self.json else {
            return self.fail(format!("expected an object with {}, not {}", known.join(", "), kind(self.json)));
        };
        for name in fields.keys() {
            if !known.iter().any(|known| name == known || *name == snake_case(known)) {
                return self.fail(format!("unknown field `{name}`; expected {}", known.join(", ")));
            }
        }
        Ok(())
    }

    /// A field of a message, by its name or in snake_case. As in all protobuf JSON, null is an absent field.
    pub(super) fn field(&self, name: &str) -> Result<Option<Self>, RequestError> {
        let other = snake_case(name);
        let found = |name: &str| self.json.get(name).map(|json| self.child(name, json));
        let location = match (found(name), found(&other).filter(|_| other != name)) {
            (Some(_), Some(_)) => {
                return self.fail(format!("`{name}` and `{other}` are the same field; give one of them"));
            }
            (a, b) => a.or(b),
        };
        Ok(location.filter(|location| !location.json.is_null()))
    }

    /// A required field.
    pub(super) fn needs(&self, name: &str, example: &str) -> Result<Self, RequestError> {
        match self.field(name)? {
            Some(location) => Ok(location),
            None => self.fail(format!("missing `{name}`, such as {example}")),
        }
    }

    pub(super) fn text(&self) -> Result<&'j str, RequestError> {
        match self.json {
            Json::String(text) => Ok(text),
            other => self.fail(format!("expected a string, not {}", kind(other))),
        }
    }

    /// The elements of a list; no elements if the field is absent.
    pub(super) fn elements(location: Option<Self>) -> Result<Vec<Self>, RequestError> {
        let Some(location) = location else { return Ok(Vec::new()) };
        let Json::Array(items) = location.json else {
            return location.fail(format!("expected a list, not {}", kind(location.json)));
        };
        let element =
            |(at, json)| JsonLocation { json, path: format!("{}[{at}]", location.path), depth: location.depth + 1 };
        Ok(items.iter().enumerate().map(element).collect())
    }

    /// The meaning of an enumeration's name; `absent` if the field is absent.
    pub(super) fn choice<T: Copy>(location: Option<Self>, names: &[(&str, T)], absent: T) -> Result<T, RequestError> {
        let Some(location) = location else { return Ok(absent) };
        let text = location.text()?;
        match names.iter().find(|(name, _)| *name == text) {
            Some((_, meaning)) => Ok(*meaning),
            None => {
                let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
                location.fail(format!("unknown value `{text}`; expected {}", names.join(", ")))
            }
        }
    }
}

/// The type of a JSON value, for messages.
pub(super) fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
