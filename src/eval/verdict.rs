//! From blocks and statements to a verdict (language specification, section 6, rules 4 and 5).

use crate::{
    program::{Code, NodeId, RequestedMethod, Statement},
    stdlib::Failure,
    text::{LineColumn, Span},
    value::ValueRef,
};

use super::{At, Error, Evaluator, Observer, Result, Service, logic, outer, why};

/// What the rules say.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// A statement permits: its number.
    Allow(u32),
    /// None permits; the first error, if any failed.
    Deny(Option<Error<'a>>),
    /// Evaluation ended early: a limit, or data that could not be read.
    Abort(Error<'a>),
}

impl<'a, O: Observer> Evaluator<'a, '_, Service<'a>, O> {
    /// Tries the statements of all blocks that cover the path.
    pub fn decide(mut self, statements: &'a [Statement], method: &str) -> Verdict<'a> {
        let Service { program, subject, .. } = self.language;
        let method = RequestedMethod::new(method);
        let blocks = program.matcher.find(&program.blocks, subject.segments);
        let blocks = blocks.as_slice();
        let (mut first_error, mut allowed) = (None, None);
        for (at, block_id) in blocks.iter().enumerate() {
            let Some(block) = program.blocks.get(*block_id as usize) else { continue };
            self.language.block = Some(block);
            self.observer.block(*block_id, block, subject.segments);
            for (i, statement) in block.statements.of(statements).iter().enumerate() {
                if !statement.methods.contains(method) {
                    continue;
                }
                let number = block.statements.start + i as u32;
                match self.statement(number, statement) {
                    Ok(ValueRef::Bool(true)) => {
                        allowed = allowed.or(Some(number));
                        break;
                    }
                    Err(error) if error.failure.is_fatal() => {
                        return match (allowed, error.failure) {
                            // The official engine counts no more once it has to stop counting.
                            (Some(number), Failure::ExpressionLimit | Failure::MemoryLimit) => Verdict::Allow(number),
                            _ => Verdict::Abort(error),
                        };
                    }
                    Err(error) => first_error = first_error.or(Some(error)),
                    Ok(_) => {}
                }
            }
            // A block that permits ends itself; the others are evaluated as well, which matters where they may abort.
            let others = blocks.get(at + 1..).unwrap_or(&[]);
            if let Some(number) = allowed
                && !program.may_abort(others, statements, method)
            {
                return Verdict::Allow(number);
            }
        }
        allowed.map_or(Verdict::Deny(first_error), Verdict::Allow)
    }

    /// Evaluates the condition of a statement; one without a condition is true, and still costs an expression.
    fn statement(&mut self, number: u32, statement: &Statement) -> Result<'a> {
        self.observer.statement(number, statement);
        let result = match statement.condition {
            Some(condition) => self.condition(condition).and_then(|value| match value {
                ValueRef::Bool(_) => Ok(value),
                other => Err(outer(condition, logic::not_bool(other))),
            }),
            None => self.spend(NodeId(u32::MAX), 1).map(|()| ValueRef::Bool(true)),
        };
        self.observer.decided(self.code, &result);
        result
    }
}

/// An error as it leaves the engine: the official message, and where it arose.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The official message.
    pub message: String,
    /// Line and column of the operation; zeros where a query leaves it undecided, of which the official engine tells no
    /// position. [`Self::offset`] is known in any case.
    #[serde(flatten)]
    pub position: LineColumn,
    /// The same place as an offset in bytes.
    #[serde(skip)]
    pub offset: u32,
    /// The text that the operation covers.
    #[serde(skip)]
    pub span: Span,
    /// Whether it ended the evaluation of the whole request.
    #[serde(skip)]
    pub fatal: bool,
    /// Of a message that has several causes, which one it was and what would be right, in our words.
    #[serde(skip)]
    pub why: Option<String>,
}

impl Fault {
    /// The error, in words.
    pub fn new(code: &Code, error: &Error<'_>) -> Self {
        let why = why(code, error).map(str::to_owned);
        Fault { why, ..Fault::at(code, error.node, error.at, error.failure.to_string(), error.failure.is_fatal()) }
    }

    /// The error with that message, of that operation.
    pub(super) fn at(code: &Code, node: NodeId, at: At, message: String, fatal: bool) -> Self {
        let place = code.place(node);
        let offset = match at {
            At::Start => place.span.start,
            At::Anchor => place.anchor.start,
            At::Outer => place.outer.start,
        };
        // What a query leaves undecided has neither a message nor a position officially.
        let position = match message.is_empty() {
            true => LineColumn { line: 0, column: 0 },
            false => code.source.position(offset),
        };
        Fault { message, position, offset, span: place.span, fatal, why: None }
    }
}
