//! The record of an evaluation: blocks, statements, and every sub-expression with its value or error.

use crate::{
    program::{Node, NodeId},
    text::Span,
    value::Value,
};

use super::Fault;

/// What a decision went through.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The blocks that cover the request's path, in the order in which they were tried.
    pub blocks: Vec<BlockTrace>,
}

impl Trace {
    /// The statements of all blocks that were tried.
    pub(crate) fn statements(&self) -> impl Iterator<Item = &StatementTrace> {
        self.blocks.iter().flat_map(|block| &block.statements)
    }
}

/// A block that covers the request's path.
#[derive(Clone, Debug)]
pub struct BlockTrace {
    /// Its whole path, as rules write it.
    pub path: String,
    /// Where it stands.
    pub span: Span,
    /// What its wildcards stand for.
    pub captures: Vec<(String, String)>,
    /// The statements that speak of the method and were tried.
    pub statements: Vec<StatementTrace>,
}

/// A statement that was tried.
#[derive(Clone, Debug)]
pub struct StatementTrace {
    /// Where it stands.
    pub span: Span,
    /// What its condition gave.
    pub outcome: Outcome,
    /// How it came to that; `None` without a condition.
    pub condition: Option<Step>,
}

/// What an expression gave.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A value.
    Value(Value),
    /// A value that is not kept, in words: a place in a database, or the beginning of one too large to keep at every step.
    Described(String),
    /// An error.
    Error(Fault),
}

/// A sub-expression that was evaluated.
#[derive(Clone, Debug)]
pub struct Step {
    /// The text it covers.
    pub span: Span,
    /// What it gave.
    pub outcome: Outcome,
    /// What it was made of, in source order; of a user's function, its variables and its result after the arguments.
    pub parts: Vec<Step>,
    /// What kind of operation it is.
    pub kind: StepKind,
    /// Of one that gave false, what a reader wants to know: `missing: 'size'`.
    pub why: Option<String>,
    /// Of one that took an operand which a failed literal had left behind, what happened and what would be right.
    pub stray: Option<String>,
    pub(super) node: NodeId,
    /// The number of operands on the stack when it began.
    pub(super) operands_below: usize,
    /// Whether it left operands behind.
    pub(super) strays: bool,
}

/// What a reader of a trace needs to know of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A literal.
    Constant,
    /// `request`, `data`, a wildcard, a parameter.
    Variable,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!`
    Not,
    /// `?:`
    Ternary,
    /// A call of a user's function.
    Call,
    /// `a.name`
    Member,
    /// A list or map written out.
    Literal,
    /// Anything else.
    Operation,
}

impl StepKind {
    pub(super) fn of(node: Node) -> Self {
        match node {
            Node::Constant(..) => StepKind::Constant,
            Node::Variable(_) | Node::Capture(_) | Node::Local(_) | Node::Unknown => StepKind::Variable,
            Node::And(..) | Node::All(_) => StepKind::And,
            Node::Or(..) | Node::Any(_) => StepKind::Or,
            Node::Not(_) => StepKind::Not,
            Node::Ternary(..) => StepKind::Ternary,
            Node::Call(..) => StepKind::Call,
            Node::Member(..) => StepKind::Member,
            Node::List(_) | Node::Map(_) => StepKind::Literal,
            _ => StepKind::Operation,
        }
    }
}

impl Step {
    /// The step and all steps inside it, in source order. It keeps a list of what is left: steps nest as deeply as
    /// functions and operands together.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Step> {
        let mut open = vec![self];
        std::iter::from_fn(move || {
            let step = open.pop()?;
            open.extend(step.parts.iter().rev());
            Some(step)
        })
    }

    /// The operation, which is the key of coverage.
    pub fn node(&self) -> NodeId {
        self.node
    }
}
