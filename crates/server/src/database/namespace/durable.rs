//! A namespace on disk.

use firewarden::database::{Data, RequestError};
use serde_json::Value as Json;

use super::{Namespace, Refused};
use crate::{
    database::{Node, tree::names},
    disk::Change,
    lock,
};

impl Namespace {
    /// Stores what a write to some paths changes, if there is a disk.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub(super) fn store(&self, before: &Node, after: &Node, paths: &[String]) -> Result<(), Refused> {
        let Some(disk) = &self.shared.disk else { return Ok(()) };
        let changes = paths.iter().map(|path| {
            let path: Vec<&str> = names(path).collect();
            // A write below a leaf replaces the leaf, and one that leaves a location above empty removes it.
            let replaces = |length: &usize| {
                let above = || path.iter().take(*length).copied();
                before.find(above()).is_some_and(|node| node.leaf().is_some())
                    || after.find(above()).is_none_or(Node::is_nothing)
            };
            let length = (0..path.len()).find(replaces).unwrap_or(path.len());
            let path: Vec<&str> = path.into_iter().take(length).collect();
            let value = after.find(path.iter().copied()).map_or(Json::Null, Node::to_wire);
            Change { path, value }
        });
        let changes: Vec<Change<'_>> = changes.collect();
        disk.write(&self.name, &changes).map_err(|error| Refused::Unavailable(error.to_string()))
    }

    /// Takes the data that is on disk.
    ///
    /// # Errors
    ///
    /// Why it is no data: it is damaged.
    pub fn restore(&self, data: &Json) -> Result<(), RequestError> {
        lock(&self.state).root = Node::from(&Data::from_json(data)?);
        Ok(())
    }
}
