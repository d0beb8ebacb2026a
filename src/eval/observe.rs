//! What an evaluation tells while it runs.

use crate::{
    program::{Block, Code, Id, OpId, Statement},
    value::Segments,
};

use super::Result;

/// Sees blocks, statements and operations begin and end.
pub trait Observer {
    /// Whether conditions are evaluated operation by operation. Otherwise a fused operation gives no more than its truth,
    /// and the observer sees nothing.
    const DETAIL: bool = true;

    /// The evaluation tries a block of the service, which covers the path.
    fn block(&mut self, _id: Id<Block>, _block: &Block, _path: &Segments<'_>) {}

    /// The evaluation tries a statement.
    fn statement(&mut self, _id: Id<Statement>, _statement: &Statement) {}

    /// The statement has a result; that of a statement without a condition is true.
    fn decided(&mut self, _code: &Code, _result: &Result<'_>) {}

    /// The operation that ends next gives false; `why` says what a reader wants to know about it.
    fn refutes(&mut self, _why: impl FnOnce() -> Option<String>) {}

    /// The number of operands on the stack below the operation that begins or ends next.
    fn operands(&mut self, _count: usize) {}

    /// An operation begins.
    fn enter(&mut self, _code: &Code, _op: OpId) {}

    /// The operation has a result.
    fn leave(&mut self, _code: &Code, _op: OpId, _result: &Result<'_>) {}
}

/// Wants nothing but the verdict.
#[derive(Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    const DETAIL: bool = false;
}

/// Wants the error that denied the request, if one did, and no steps.
#[derive(Debug, Default)]
pub struct Reasons;

impl Observer for Reasons {}
