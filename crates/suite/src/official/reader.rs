//! Reading JSON messages of the Rules API: every place knows its path, so that what is wrong can be found.

use serde_json::Value as Json;

/// What is wrong with a test request, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct RequestError {
    /// The path in the JSON, such as `testSuite.testCases[2].request.path`, or `the test request` for all of it.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// A part of the JSON.
#[derive(Clone)]
pub(super) struct Place<'j> {
    pub(super) json: &'j Json,
    path: String,
    depth: usize,
}

/// Levels of nesting that are read.
const MAX_DEPTH: usize = 200;

impl<'j> Place<'j> {
    /// All of it.
    pub(super) fn root(json: &'j Json) -> Self {
        Place { json, path: String::new(), depth: 0 }
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Result<T, RequestError> {
        let place = if self.path.is_empty() { "the test request".to_owned() } else { self.path.clone() };
        Err(RequestError { place, message: message.into() })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The part of that name, which has no other spelling.
    pub(super) fn child(&self, name: &str, json: &'j Json) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Place { json, path, depth: self.depth + 1 }
    }

    /// Whether readers that go down may go on here.
    pub(super) fn shallow(&self) -> Result<(), RequestError> {
        if self.depth > MAX_DEPTH { self.fail("the value nests too deeply") } else { Ok(()) }
    }

    /// The fields of a message, all of which have to be among `known`.
    pub(super) fn message(&self, known: &[&str]) -> Result<(), RequestError> {
        let Json::Object(fields) = self.json else {
            return self.fail(format!("an object with {} is expected, not {}", known.join(", "), kind(self.json)));
        };
        for name in fields.keys() {
            if !known.iter().any(|known| name == known || *name == snake_case(known)) {
                return self.fail(format!("there is no field {name:?}; known: {}", known.join(", ")));
            }
        }
        Ok(())
    }

    /// A field of a message, by its name or in snake_case. As in all protobuf JSON, null is an absent field.
    pub(super) fn field(&self, name: &str) -> Result<Option<Self>, RequestError> {
        let other = snake_case(name);
        let found = |name: &str| self.json.get(name).map(|json| self.child(name, json));
        let place = match (found(name), found(&other).filter(|_| other != name)) {
            (Some(_), Some(_)) => return self.fail(format!("{name} and {other} are the same field: give one of them")),
            (a, b) => a.or(b),
        };
        Ok(place.filter(|place| !place.json.is_null()))
    }

    /// A field that has to be there.
    pub(super) fn needs(&self, name: &str, example: &str) -> Result<Self, RequestError> {
        match self.field(name)? {
            Some(place) => Ok(place),
            None => self.fail(format!("{name} is missing, such as {example}")),
        }
    }

    pub(super) fn text(&self) -> Result<&'j str, RequestError> {
        match self.json {
            Json::String(text) => Ok(text),
            other => self.fail(format!("a text is expected, not {}", kind(other))),
        }
    }

    /// The elements of a list; none where the field is absent.
    pub(super) fn elements(place: Option<Self>) -> Result<Vec<Self>, RequestError> {
        let Some(place) = place else { return Ok(Vec::new()) };
        let Json::Array(items) = place.json else {
            return place.fail(format!("a list is expected, not {}", kind(place.json)));
        };
        let element = |(at, json)| Place { json, path: format!("{}[{at}]", place.path), depth: place.depth + 1 };
        Ok(items.iter().enumerate().map(element).collect())
    }

    /// One of the names of an enumeration, the first where the field is absent.
    pub(super) fn choice<T: Copy>(place: Option<Self>, names: &[(&str, T)], absent: T) -> Result<T, RequestError> {
        let Some(place) = place else { return Ok(absent) };
        let text = place.text()?;
        match names.iter().find(|(name, _)| *name == text) {
            Some((_, meaning)) => Ok(*meaning),
            None => {
                let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
                place.fail(format!("{text:?} is none of {}", names.join(", ")))
            }
        }
    }
}

/// What a JSON value is, in words.
pub(super) fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
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
