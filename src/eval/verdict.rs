//! The decision of a request to Storage or Firestore: from blocks and statements to a verdict (language specification,
//! section 6, rules 4 and 5).

use crate::{
    program::{Code, Corrupt, Methods, Statement, Table},
    stdlib::Failure,
    text::{LineColumn, Span},
    value::ValueRef,
};

use super::{At, Error, Evaluator, Observer, Result, Service, logic::not_bool, outer, predicate::NoAnswer, why};

/// What the rules say.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// A statement permits.
    Allow(&'a Statement),
    /// None permits. The first error, if one failed and the observer wants detail.
    Deny(Option<Error<'a>>),
    /// The evaluation ended early: a limit, data that could not be read, or a corrupt program. Denies the request.
    Abort(Error<'a>),
    /// Fused operations cannot tell: an evaluation from the start by an observer that wants detail can, and such an
    /// evaluation never gives this. Denies the request otherwise.
    Slow,
}

impl<'a, O: Observer> Evaluator<'a, '_, Service<'a>, O> {
    /// Tries the statements for a method in all blocks that cover the path.
    // Each observer decides in one place, and a call costs a tenth of a decision.
    #[inline(always)]
    pub fn decide(&mut self, statements: &'a Table<Statement>, method: &Methods) -> Verdict<'a> {
        self.try_blocks(statements, method).unwrap_or_else(|corrupt| Verdict::Abort(corrupt.into()))
    }

    #[inline(always)]
    fn try_blocks(
        &mut self,
        statements: &'a Table<Statement>,
        method: &Methods,
    ) -> std::result::Result<Verdict<'a>, Corrupt> {
        let Service { program, subject, .. } = self.language;
        let several;
        let blocks = match program.matcher.straight(subject.segments)? {
            Some(blocks) => blocks,
            None => {
                several = program.matcher.fork(&program.blocks, subject.segments)?;
                several.as_slice()
            }
        };
        let (mut first_error, mut allowed) = (None, None);
        for (at, id) in blocks.iter().enumerate() {
            let block = program.blocks.get(*id)?;
            self.language.block = Some(block);
            self.observer.block(*id, block, subject.segments);
            for (id, statement) in block.statements.iter().zip(statements.slice(block.statements)?) {
                if !statement.methods.contains(method) {
                    continue;
                }
                if O::DETAIL {
                    self.observer.statement(id, statement);
                    let result = self.statement(statement);
                    self.observer.decided(self.code, &result);
                    match result {
                        Ok(ValueRef::Bool(true)) => {}
                        Ok(_) => continue,
                        Err(error) if error.failure.is_fatal() => {
                            return Ok(match (allowed, error.failure) {
                                // The official engine counts no more once it has to stop counting.
                                (Some(statement), Failure::ExpressionLimit | Failure::MemoryLimit) => {
                                    Verdict::Allow(statement)
                                }
                                _ => Verdict::Abort(error),
                            });
                        }
                        Err(error) => {
                            first_error = first_error.or(Some(error));
                            continue;
                        }
                    }
                } else {
                    match self.answer(statement.condition) {
                        Ok(true) => {}
                        Ok(false) | Err(NoAnswer::Fails) => continue,
                        Err(NoAnswer::Slow) => return Ok(Verdict::Slow),
                    }
                }
                allowed = allowed.or(Some(statement));
                break;
            }
            // A block ends with the statement that permits. The official engine evaluates the other blocks all the same,
            // which matters where they can abort.
            if let Some(statement) = allowed {
                let others = blocks.iter().skip(at + 1).copied();
                if !program.may_abort(others, statements, method)? {
                    return Ok(Verdict::Allow(statement));
                }
                if !O::DETAIL {
                    return Ok(Verdict::Slow);
                }
            }
        }
        Ok(allowed.map_or(Verdict::Deny(first_error), Verdict::Allow))
    }

    /// The result of a statement. One without a condition is true, and still costs an expression.
    fn statement(&mut self, statement: &Statement) -> Result<'a> {
        let Some(condition) = statement.condition else {
            self.spend(None, 1)?;
            return Ok(ValueRef::Bool(true));
        };
        match self.condition(condition)? {
            value @ ValueRef::Bool(_) => Ok(value),
            other => Err(outer(self.code.origin(condition), not_bool(other))),
        }
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
    /// The same position as an offset in bytes.
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
    /// Puts an error into words.
    pub fn new(code: &Code, error: &Error<'_>) -> Self {
        let spans = error.op.map(|op| code.spans(op)).unwrap_or_default();
        let offset = match error.at {
            At::Start => spans.span.start,
            At::Anchor => spans.anchor.start,
            At::Outer => spans.outer.start,
        };
        let message = error.failure.to_string();
        // What a query leaves undecided has neither a message nor a position officially.
        let position = match message.is_empty() {
            true => LineColumn { line: 0, column: 0 },
            false => code.source.position(offset),
        };
        let why = why(code, error).map(str::to_owned);
        Fault { message, position, offset, span: spans.span, fatal: error.failure.is_fatal(), why }
    }
}
