//! Answers of operations: JSON objects that leave out what is absent.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::answer::json_answer;

/// An answer with status 200.
#[derive(Debug, Default)]
pub struct Answer(Map<String, Json>);

impl Answer {
    /// `{}`
    pub fn new() -> Self {
        Answer::default()
    }

    /// `{"kind": "identitytoolkit#NAME"}`
    pub fn of_kind(name: &str) -> Self {
        Answer::new().with("kind", format!("identitytoolkit#{name}"))
    }

    /// Adds a member.
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a member if there is a value.
    pub fn some(self, name: &str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds data.
    pub fn data(self, name: &str, value: &impl Serialize) -> Self {
        // The types here have no maps with keys that are no texts, so that this cannot fail.
        self.with(name, serde_json::to_value(value).unwrap_or_default())
    }

    /// The members.
    pub fn fields(&self) -> &Map<String, Json> {
        &self.0
    }
}

impl From<Map<String, Json>> for Answer {
    fn from(fields: Map<String, Json>) -> Self {
        Answer(fields)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        json_answer(StatusCode::OK, &self.0)
    }
}
