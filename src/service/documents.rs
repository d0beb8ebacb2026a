//! Documents that rules ask for while they are evaluated.

use std::collections::{BTreeMap, HashMap};

use crate::{
    error::BoxError,
    value::{Map, Value},
};

/// The full name of a document: `/databases/(default)/documents/users/alice`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DocumentPath<'p> {
    full: &'p str,
    database: &'p str,
    relative: &'p str,
}

impl<'p> DocumentPath<'p> {
    /// Reads a full name. `None` where it names no document: another beginning, or a collection.
    pub fn parse(full: &'p str) -> Option<Self> {
        let rest = full.strip_prefix("/databases/")?;
        let (database, rest) = rest.split_once('/')?;
        let relative = rest.strip_prefix("documents/")?;
        let document =
            !database.is_empty() && relative.split('/').count() % 2 == 0 && relative.split('/').all(|s| !s.is_empty());
        document.then_some(DocumentPath { full, database, relative })
    }

    /// The whole name, with a slash before it.
    pub fn full(self) -> &'p str {
        self.full
    }

    /// The database, usually `(default)`.
    pub fn database(self) -> &'p str {
        self.database
    }

    /// The name within the database: `users/alice`.
    pub fn relative(self) -> &'p str {
        self.relative
    }

    /// The last segment: `alice`.
    pub fn id(self) -> &'p str {
        self.relative.rsplit('/').next().unwrap_or(self.relative)
    }
}

/// Where `get`, `exists` and their kin find documents. Each path is asked for at most once in an evaluation.
///
/// `()` has no documents; a map from names within the database (`users/alice`) to fields has those.
pub trait Documents {
    /// The fields of a document; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Whatever keeps the host from knowing. Then nothing is decided: the evaluation ends with [`crate::Error::Data`].
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError>;

    /// The fields as they will be after the pending writes. Without pending writes that is [`Self::get`].
    ///
    /// # Errors
    ///
    /// As for [`Self::get`].
    fn get_after(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        self.get(path)
    }
}

impl Documents for () {
    fn get(&self, _: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(None)
    }
}

impl Documents for Map {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(Map::get(self, path.relative()).cloned())
    }
}

impl Documents for HashMap<String, Value> {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(HashMap::get(self, path.relative()).cloned())
    }
}

impl Documents for BTreeMap<String, Value> {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(BTreeMap::get(self, path.relative()).cloned())
    }
}
