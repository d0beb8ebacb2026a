//! Queries: order, bounds and limit of a read, as the WebSocket and REST write them.

use serde_json::Value as Json;

/// The order of the children that a query selects from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Order {
    /// By key.
    Key,
    /// By value.
    Value,
    /// By priority.
    Priority,
    /// By the value at a path below each child; names without slashes at the ends, joined with `/`.
    Child(Box<str>),
}

/// A query. The default selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Query {
    order: Option<Order>,
}

impl Query {
    /// Reads the object `q` of a WebSocket request, `{"sp","sn","sin","ep","en","ein","l","vf","i"}`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_wire(_q: &Json) -> Result<Self, String> {
        Ok(Query::default())
    }

    /// Reads the REST parameters `orderBy`, `startAt`, `startAfter`, `endAt`, `endBefore`, `equalTo`, `limitToFirst`,
    /// `limitToLast` (decoded, each a JSON value; bounds may have `,"key"` behind the value). Other parameters are ignored.
    ///
    /// # Errors
    ///
    /// What is wrong with them, for a 400.
    pub fn from_parameters<'a>(_parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        Ok(Query::default())
    }

    /// Whether the query selects everything in the default order.
    pub fn is_default(&self) -> bool {
        self.order.is_none()
    }
}
