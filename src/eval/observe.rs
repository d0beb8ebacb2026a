//! Watching an evaluation.

use crate::program::NodeId;

use super::Result;

/// Sees every operation begin and end. The silent observer costs nothing.
pub trait Observer {
    /// A block is about to be tried.
    fn block(&mut self, _block: u32) {}

    /// A statement is about to be tried.
    fn statement(&mut self, _statement: u32) {}

    /// The statement's result; one without a condition gives true.
    fn decided(&mut self, _result: &Result<'_>) {}

    /// The operation that ends next gives false; `why` tells what a reader wants to know of it.
    fn refutes(&mut self, _why: impl FnOnce() -> Option<String>) {}

    /// How many operands lie below the operation that begins or ends next.
    fn operands(&mut self, _count: usize) {}

    /// An operation begins.
    fn enter(&mut self, _node: NodeId) {}

    /// It has a result.
    fn leave(&mut self, _node: NodeId, _result: &Result<'_>) {}
}

/// Watches nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
