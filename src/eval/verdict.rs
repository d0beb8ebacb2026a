//! From blocks and statements to a verdict (language specification, section 6, rules 4 and 5).

use crate::{
    program::{Code, NodeId, Place, RequestedMethod, Statement},
    text::{LineColumn, Span},
    value::ValueRef,
};

use super::{At, Error, Evaluator, Observer, Service, logic, start};

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
        let mut first_error = None;
        for block_id in program.matcher.find(&program.blocks, subject.segments).as_slice() {
            let Some(block) = program.blocks.get(*block_id as usize) else { continue };
            self.language.block = Some(block);
            self.observer.block(*block_id);
            for (i, statement) in block.statements.of(statements).iter().enumerate() {
                if !statement.methods.contains(method) {
                    continue;
                }
                let number = block.statements.start + i as u32;
                self.observer.statement(number);
                let result = match statement.condition {
                    Some(condition) => self.condition(condition).and_then(|value| match value {
                        ValueRef::Bool(_) => Ok(value),
                        other => Err(start(condition, logic::not_bool(other))),
                    }),
                    // Without a condition a statement still costs one expression.
                    None => self.spend(NodeId(u32::MAX), 1).map(|()| ValueRef::Bool(true)),
                };
                self.observer.decided(&result);
                match result {
                    Ok(ValueRef::Bool(true)) => return Verdict::Allow(number),
                    Err(error) if error.failure.is_fatal() => return Verdict::Abort(error),
                    Err(error) => first_error = first_error.or(Some(error)),
                    Ok(_) => {}
                }
            }
        }
        Verdict::Deny(first_error)
    }
}

/// An error as it leaves the engine: the official message, and where it arose.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The official message.
    pub message: String,
    /// Line and column of the operation.
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
}

impl Fault {
    /// The error, in words.
    pub fn new(code: &Code, error: &Error<'_>) -> Self {
        Fault::at(code, error.node, error.at, error.failure.to_string(), error.failure.is_fatal())
    }

    /// The error with that message, of that operation.
    pub(super) fn at(code: &Code, node: NodeId, at: At, message: String, fatal: bool) -> Self {
        let place = code.place(node);
        let offset = match at {
            At::Start => place.span.start,
            At::Anchor => place.anchor.start,
            At::Outer => place.outer.start,
            At::Inner => inner(code, place),
        };
        Fault { message, position: code.source.position(offset), offset, span: place.span, fatal }
    }
}

/// The first token after one pair of the parentheses around an operation.
fn inner(code: &Code, place: Place) -> u32 {
    if place.outer.start >= place.span.start {
        return place.span.start;
    }
    crate::syntax::skip_trivia(code.source.text(), place.outer.start as usize + 1) as u32
}
