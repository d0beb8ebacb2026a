//! Runs [`Code`]: a [`Language`] with its request and an arena in, a value or a [`Verdict`] out.
//!
//! One loop decides requests ([`Evaluator::decide`], `verdict.rs`). It serves plain decisions, explanations and coverage: an
//! [`Observer`] sees what happens, and the silent one compiles away. Invariants: no I/O, no clock, no globals; a list of
//! tasks (`machine.rs`) replaces recursion, so that rules that nest deeply need no more stack.
//! An operation is paid for after its operands, which is where the official engine reports the one too many.
//!
//! # From a request to a verdict
//!
//! The rule that [`crate::program`] follows from its text to its listing serves as the example. The path
//! `/b/pics/o/users/ada/images/1.png` of an upload leads through the tree of segments to one block; its statement is about
//! `create`.
//!
//! *Operation by operation* (`machine.rs`), for an observer that wants [detail](Observer::DETAIL): the last operation of the
//! condition, an `and`, has its operands evaluated, those theirs, and so on down to `request`, which is the request. Each
//! result is a value or an [`Error`] that knows its operation, each operation is paid for, and the observer sees all of it.
//! In `&&` and `||` a side that decides absorbs an error of the other (`logic.rs`). Explanations, coverage and error messages
//! come from here.
//!
//! *Fused* (`predicate.rs`), for the silent observer: the condition is an [`Op::Fused`](crate::program::Op), and its
//! predicate is asked:
//!
//! | predicate | reads | answer |
//! |---|---|---|
//! | `request.auth.uid == segment 4` | the user's id; the fifth segment | both are `ada`: true |
//! | `request.resource.size < 5242880` | the object's size, by its symbol | true |
//! | `request.resource.contentType matches "image/.*"` | the object's type, by its symbol | has that prefix: true |
//! | `request.resource.metadata.owner == request.auth.uid` | a map by the hash of `owner`; the id | true: permitted |
//!
//! A user, an object and its metadata, which these are properties of, are among the request's
//! [`Facts`](crate::request::Facts). `usual.rs` reads operands of the usual types there, in this table all of them;
//! `predicate.rs` reads all others, and `snapshots.rs` those of database rules. A predicate is true or false exactly as its
//! origin is. Otherwise it *fails*, as the origin does, and a part after it can still decide as in `logic.rs`; or it is
//! *slow*, and only its origin can tell:
//!
//! - The statements so far can cost more than a request may spend. Predicates count nothing: the sum of the most that
//!   each statement can cost is enough as long as it stays within the limit.
//! - A value is too large for the official engine, which aborts the request.
//! - An operation that has no predicate failed and left operands behind, which the operations around it would take, or it
//!   aborted the request (`get` of a document that the host cannot read).
//! - A statement permits, and a block after its own can abort the request.
//!
//! The first and the last concern more than one condition, and none leaves a state from which the origin could be
//! evaluated: what was spent is not counted, and the arena is not what it would be. The same loop therefore starts anew with
//! an observer that wants detail. Nothing changes by that: the documents read so far are those that the evaluation reads
//! first in any case, and the host keeps them.
//!
//! # Why predicates
//!
//! A decision of W1 to W4 of `cargo bench --bench limits` by predicates takes 640 to 2,200 instructions and allocates nothing.
//! The machine would push, enter and leave a task for each operation of such a condition instead, for 35 of them in W3. That
//! is why `predicate.rs`, `usual.rs` and `snapshots.rs` repeat what operators say, for the truth of a condition alone.

mod call;
mod coverage;
mod error;
mod language;
mod literal;
mod logic;
mod machine;
mod observe;
mod predicate;
mod recorder;
mod snapshots;
mod stray;
mod trace;
mod usual;
mod verdict;

use bumpalo::Bump;

use crate::{
    program::{Code, OpId},
    stdlib::{self, Failure},
    value::ValueRef,
};

use error::{anchor, comparison, dispatch, element, member, outer, start, why};

pub use coverage::{Coverage, OpHits};
pub use error::{At, Error};
pub use language::{Host, Language, Service, Subject};
pub use observe::{Observer, Reasons, Silent};
pub use predicate::{Answer, NoAnswer};
pub use recorder::Recorder;
pub use trace::{BlockTrace, Outcome, StatementTrace, Step, StepKind};
pub use verdict::{Fault, Verdict};

pub use crate::program::MAX_EXPRESSIONS;

/// The number of bytes of values after which an evaluation ends. Built-ins ask for room before they make a value
/// (`stdlib::MAX_ARENA`); this bound is below theirs and also counts what literals and messages take.
const MAX_ARENA: usize = 32 << 20;

/// The result of an operation: a value, if nothing else is said.
pub type Result<'a, T = ValueRef<'a>> = std::result::Result<T, Error<'a>>;

/// The state of the evaluation of one request.
pub struct Evaluator<'a, 'o, L, O> {
    code: &'a Code,
    language: L,
    /// Where values made by the evaluation live.
    arena: &'a Bump,
    /// The number of expressions so far; of fused conditions the most that they can have cost.
    spent: u32,
    observer: &'o mut O,
}

impl<'a, 'o, L: Language<'a>, O: Observer> Evaluator<'a, 'o, L, O> {
    /// Starts an evaluation. Values that it makes live in `arena`.
    pub fn new(code: &'a Code, language: L, arena: &'a Bump, observer: &'o mut O) -> Self {
        Evaluator { code, language, arena, spent: 0, observer }
    }

    /// What the conditions read; a caller may change it between conditions.
    pub fn language(&mut self) -> &mut L {
        &mut self.language
    }

    /// Pays for an operation, or for a statement without a condition.
    #[inline]
    fn spend(&mut self, op: Option<OpId>, cost: u32) -> Result<'a, ()> {
        let Some(budget) = L::BUDGET else { return Ok(()) };
        self.spent = self.spent.saturating_add(cost);
        if self.spent > budget {
            return Err(Error { failure: Failure::ExpressionLimit, op, at: At::Start });
        }
        Ok(())
    }

    /// Refuses values beyond what the memory of the official engine holds.
    #[inline(always)]
    fn sized(&self, op: OpId, value: ValueRef<'a>) -> Result<'a> {
        if self.arena.allocated_bytes() > MAX_ARENA {
            return Err(start(op, L::OPERATORS.too_large));
        }
        if L::BUDGET.is_none() {
            return Ok(value);
        }
        match stdlib::unreadable(&value) {
            None => Ok(value),
            Some(failure) => Err(start(op, failure)),
        }
    }
}
