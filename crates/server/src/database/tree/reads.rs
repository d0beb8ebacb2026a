//! What a decision read.

use std::{cell::RefCell, ops::ControlFlow};

use firewarden::{
    BoxError,
    database::{Stored, Tree},
};

use super::Node;

/// A tree that notes the paths that a decision reads. The decision depends on nothing else of the data: it is the same for
/// every tree that [reads like](Node::reads_like) this one at these paths.
pub(in super::super) struct Reads<'n> {
    root: &'n Node,
    paths: RefCell<Vec<Box<str>>>,
}

impl<'n> Reads<'n> {
    pub(in super::super) fn new(root: &'n Node) -> Self {
        Reads { root, paths: RefCell::default() }
    }

    /// The paths, as the engine writes them: `/users/alice`.
    pub(in super::super) fn into_paths(self) -> Vec<Box<str>> {
        self.paths.into_inner()
    }
}

impl Tree for Reads<'_> {
    fn get(&self, path: &str) -> Result<Stored<'_>, BoxError> {
        self.paths.borrow_mut().push(path.into());
        self.root.get(path)
    }

    fn child_names(&self, path: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
        // Only the decision on a write asks, and only reads are judged anew; for a suite, each name is a path read.
        self.root.child_names(path, &mut |name| {
            self.paths.borrow_mut().push(format!("{}/{name}", path.trim_end_matches('/')).into());
            visit(name)
        })
    }
}
