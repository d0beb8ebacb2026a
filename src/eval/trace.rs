//! The trace of an evaluation: blocks, statements, and every sub-expression with its value or error.

use crate::{
    program::{Op, OpId},
    text::Span,
    value::Value,
};

use super::Fault;

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
    /// A value in words: a snapshot, or the beginning of a value that is too large to keep at every step.
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
    /// What a reader wants to know of a step that gave false: `missing: 'size'`.
    pub why: Option<String>,
    /// What happened and what would be right, where the step took an operand that a failed literal had left behind.
    pub stray: Option<String>,
    pub(super) op: OpId,
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
    pub(super) fn of(op: Op) -> Self {
        match op {
            Op::Constant(..) => StepKind::Constant,
            Op::Variable(_) | Op::Capture(_) | Op::Local(_) | Op::Unknown => StepKind::Variable,
            Op::And(..) | Op::All(_) => StepKind::And,
            Op::Or(..) | Op::Any(_) => StepKind::Or,
            Op::Not(_) => StepKind::Not,
            Op::Ternary(..) => StepKind::Ternary,
            Op::Call(..) => StepKind::Call,
            Op::Member(..) => StepKind::Member,
            Op::List(_) | Op::Map(_) => StepKind::Literal,
            _ => StepKind::Operation,
        }
    }
}

impl Step {
    /// The step and all steps inside it, in source order. A list of open steps replaces recursion: steps nest as deeply as
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
    pub fn op(&self) -> OpId {
        self.op
    }
}
