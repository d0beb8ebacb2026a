//! Running [`Code`]: a [`Language`] with its request, and an arena in, a value or a [`Verdict`] out.
//!
//! One evaluator serves plain decisions, explanations and coverage: an [`Observer`] sees every result, and the silent
//! one compiles away. Invariants: no I/O, no clock, no globals; what is left to do stands in a list (`machine.rs`), so that
//! evaluation needs no more stack for rules that nest deeply.
//! An operation is paid for after its operands, which is where the official engine reports the one too many.
//!
//! # Two ways to a verdict
//!
//! The rule that [`crate::program`] follows from its text to its listing is decided so. The path
//! `/b/pics/o/users/ada/images/1.png` of an upload leads through the tree of segments to one block; its statement speaks
//! of `create`.
//!
//! *Step by step* ([`Evaluator::decide`], `machine.rs`) the condition's last operation, an `and`, has its operands evaluated,
//! those theirs, and so on down to `request`, which is the request. Each result is a value or an [`Error`] that knows its operation, each
//! operation is paid for, and the [`Observer`] sees all of it. In `&&` and `||` a side that decides absorbs a failure of
//! the other (`logic.rs`). This is the reference: explanations, coverage and error messages come from it.
//!
//! *By tests* ([`Evaluator::permits`], `permit.rs`), where nobody asks why, the statement's test is asked instead:
//!
//! | test | read | answer |
//! |---|---|---|
//! | `request.auth.uid == segment 4` | the user's id; the fifth segment | `ada` twice: yes |
//! | `request.resource.size < 5242880` | the object's size, by its symbol | yes |
//! | `request.resource.contentType matches "image/.*"` | the object's type, by its symbol | a prefix is compared: yes |
//! | `request.resource.metadata.owner == request.auth.uid` | a map by the hash of `owner`; the id | yes: permitted |
//!
//! What these are asked of, a user, an object, its metadata, stands in the request's
//! [`Facts`](crate::request::Facts) and need not be looked for. `peek.rs` reads operands of the usual types so, in that
//! table all of them; `test.rs` knows all others, and `place.rs` those of database rules. No answer (`None`) is a failure:
//! a part after it may still decide, as in `logic.rs`. Only the parts of a whole condition's `&&` are left at the first
//! without an answer: it cannot permit then, and what is left of them is asked where another statement follows. Three
//! things are watched:
//!
//! - What the statements tried can cost at most is summed up. Beyond the limit, the request starts anew, step by step.
//! - A text too large for the official engine ends everything there; here, the request starts anew as well.
//! - A failure inside of what has to be evaluated (`get` of a document that the host cannot read) may end the decision.
//!
//! Starting anew changes nothing: the documents asked for so far are those that come first in any case, and they are
//! kept. `tests/engine/hot/` holds both ways to the same verdict, for all recorded cases and for random rules.

mod call;
mod coverage;
mod error;
mod kept;
mod language;
mod literal;
mod logic;
mod machine;
mod observe;
mod peek;
mod permit;
mod place;
mod stray;
mod test;
mod trace;
mod verdict;

use bumpalo::Bump;

use crate::{
    program::{Code, NodeId},
    stdlib::{self, Failure},
    value::ValueRef,
};

use error::{anchor, comparison, dispatch, element, member, outer, start, why};

pub use coverage::{Counter, Coverage, NodeHits, StatementHits};
pub use error::{At, Error};
pub use kept::Kept;
pub use language::{Host, Language, Service, Subject};
pub use observe::{Observer, Silent};
pub use trace::{
    BlockTrace, Notes, NotesReader, Outcome, Recorder, Recording, StatementTrace, Step, StepKind, Steps, Trace,
};
pub use verdict::{Fault, Verdict};

pub use crate::program::MAX_EXPRESSIONS;
use permit::Halt;

/// Bytes of values after which an evaluation ends. Built-ins ask for room before they make a value
/// (`stdlib::MAX_ARENA`); this bound lies below theirs and also counts what literals and messages take.
const MAX_ARENA: usize = 32 << 20;

/// What an expression gives.
pub type Result<'a> = std::result::Result<ValueRef<'a>, Error<'a>>;

/// The state of one evaluation.
pub struct Evaluator<'a, 'o, L, O> {
    code: &'a Code,
    language: L,
    /// Where values made by the evaluation live.
    arena: &'a Bump,
    spent: u32,
    /// Why tests have to stop, if they do.
    halt: Option<Halt>,
    observer: &'o mut O,
}

impl<'a, 'o, L: Language<'a>, O: Observer> Evaluator<'a, 'o, L, O> {
    /// A fresh evaluation. Values that it makes live in `arena`.
    pub fn new(code: &'a Code, language: L, arena: &'a Bump, observer: &'o mut O) -> Self {
        Evaluator { code, language, arena, spent: 0, halt: None, observer }
    }

    /// What it reads, to be changed between tests.
    pub fn language(&mut self) -> &mut L {
        &mut self.language
    }

    /// Pays for an operation.
    #[inline]
    fn spend(&mut self, id: NodeId, cost: u32) -> std::result::Result<(), Error<'a>> {
        let Some(budget) = L::BUDGET else { return Ok(()) };
        self.spent = self.spent.saturating_add(cost);
        if self.spent > budget { Err(start(id, Failure::ExpressionLimit)) } else { Ok(()) }
    }

    /// Refuses values beyond what the official engine's memory holds.
    #[inline(always)]
    fn sized(&self, id: NodeId, value: ValueRef<'a>) -> Result<'a> {
        if self.arena.allocated_bytes() > MAX_ARENA {
            return Err(start(id, L::OPERATORS.too_large));
        }
        if L::BUDGET.is_none() {
            return Ok(value);
        }
        match stdlib::unreadable(&value) {
            None => Ok(value),
            Some(failure) => Err(start(id, failure)),
        }
    }
}
