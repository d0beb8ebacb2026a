//! A value of the database with everything below it.

use firewarden::database::Data;
use serde_json::Value as Json;

/// A value of the database with everything below it. Immutable; a clone costs nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Node {
    /// Nothing.
    #[default]
    Nothing,
    /// Not there yet.
    #[doc(hidden)]
    Json(Json),
}

impl Node {
    /// The value at a path below: names separated by slashes.
    #[must_use]
    pub fn at(&self, _path: &str) -> Node {
        self.clone()
    }

    /// Whether there is nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Node::Nothing)
    }

    /// The hash that clients compare: base64 of SHA-1; empty for nothing.
    pub fn hash(&self) -> String {
        String::new()
    }

    /// Plain JSON as REST answers it: no priorities, and children whose keys are more than half of 0 to the greatest are an
    /// array.
    pub fn to_rest(&self) -> Json {
        Json::Null
    }

    /// JSON of the WebSocket protocol and of `format=export`: objects only, with `.priority` and, beside it, `.value`.
    pub fn to_wire(&self) -> Json {
        Json::Null
    }

    /// The answer to `shallow=true`: each child is `true`; a leaf is itself.
    pub fn to_shallow(&self) -> Json {
        Json::Null
    }
}

impl From<&Data> for Node {
    fn from(_data: &Data) -> Self {
        Node::Nothing
    }
}
