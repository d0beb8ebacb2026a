//! What a write changes, for a host that keeps the data itself.

use std::borrow::Cow;

use crate::error::BoxError;

use super::{Data, Request, RequestError, Scalar, Tree, run};

/// A change that a write makes to the stored data. Paths are like `/users/alice`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change<'r> {
    /// The value of a location becomes this one; an absent one deletes it.
    Value {
        /// The location.
        path: String,
        /// The value, with server values filled in.
        value: Cow<'r, Data>,
    },
    /// The priority of a location becomes this one, or none. An absent location stays absent.
    Priority {
        /// The location.
        path: String,
        /// The priority: a number or a string.
        priority: Option<Scalar>,
    },
}

/// Why there are no changes.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The database takes no such write.
    #[error(transparent)]
    Refused(#[from] RequestError),
    /// The host's data could not be read.
    #[error("the stored data could not be read: {0}")]
    Data(#[source] BoxError),
}

impl Request<'_> {
    /// The changes that the request makes to what `tree` holds, whatever the rules say: checked against the limits of the
    /// database, sorted by path, server values filled in. No path is below another. A read makes none.
    ///
    /// ```
    /// use firewarden::database::{Change, Data, Request};
    /// use serde_json::json;
    ///
    /// let stored = Data::from_json(&json!({ "posts": 3 }))?;
    /// let request = Request::update("/", json!({ "posts": { ".sv": { "increment": 1 } }, "drafts": null }));
    /// let changes = request.changes(&stored)?;
    /// assert!(matches!(&changes[0], Change::Value { path, value } if path == "/drafts" && value.is_nothing()));
    /// assert!(matches!(&changes[1], Change::Value { path, value } if path == "/posts" && **value == Data::from(4.0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ChangeError`].
    pub fn changes(&self, tree: &dyn Tree) -> Result<Vec<Change<'_>>, ChangeError> {
        run::changes(self, tree)
    }
}
