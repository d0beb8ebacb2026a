//! What an evaluation tells while it runs.

use crate::{
    program::{Block, Code, NodeId, Statement},
    value::Segments,
};

use super::Result;

/// Sees blocks, statements and operations begin and end.
pub trait Observer {
    /// The evaluation tries a block, which is that of the number in its service and covers the path.
    fn block(&mut self, _number: u32, _block: &Block, _path: &Segments<'_>) {}

    /// The evaluation tries a statement, which is that of the number in the program.
    fn statement(&mut self, _number: u32, _statement: &Statement) {}

    /// The statement has a result; that of a statement without a condition is true.
    fn decided(&mut self, _code: &Code, _result: &Result<'_>) {}

    /// The operation that ends next gives false; `why` says what a reader wants to know about it.
    fn refutes(&mut self, _why: impl FnOnce() -> Option<String>) {}

    /// The number of operands on the stack below the operation that begins or ends next.
    fn operands(&mut self, _count: usize) {}

    /// An operation begins.
    fn enter(&mut self, _code: &Code, _node: NodeId) {}

    /// The operation has a result.
    fn leave(&mut self, _code: &Code, _node: NodeId, _result: &Result<'_>) {}
}

/// Ignores everything and costs nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
