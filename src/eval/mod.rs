//! Running [`Code`]: a [`Language`] with its request, and an arena in, a value or a [`Verdict`] out.
//!
//! One evaluator serves plain decisions, explanations and coverage: an [`Observer`] sees every result, and the silent
//! one compiles away. Invariants: no I/O, no clock, no globals; recursion is bounded by [`MAX_DEPTH`].
//! An operation is paid for after its operands, which is where the official engine reports the one too many.
//!
//! # Two ways to a verdict
//!
//! The rule that [`crate::program`] follows from its text to its listing is decided so. The path
//! `/b/pics/o/users/ada/images/1.png` of an upload leads through the tree of segments to one block; its statement speaks
//! of `create`.
//!
//! *Step by step* ([`Evaluator::decide`]) the condition's last operation, an `and`, evaluates its operands, those theirs,
//! and so on down to `request`, which is the request. Each result is a value or an [`Error`] that knows its operation, each
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
//! [`Facts`](crate::value::Facts) and need not be looked for. `peek.rs` reads operands of the usual types so, in that
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
//! kept. `tests/hot.rs` holds both ways to the same verdict, for all recorded cases and for random rules.

mod call;
mod coverage;
mod error;
mod kept;
mod language;
mod logic;
mod observe;
mod peek;
mod permit;
mod place;
mod test;
mod trace;
mod verdict;

use bumpalo::Bump;

use crate::{
    program::{Code, Node, NodeId, Part, Run},
    stdlib::{self, Failure},
    value::{ListRef, MapRef, PathRef, SegmentRef, Str, ValueRef},
};

use error::{anchor, comparison, dispatch, element, member, outer, start};

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

/// Operations that may stand in each other: in Storage and Firestore rules, each is paid for; in database rules, the
/// parser allows fewer.
pub const MAX_DEPTH: u32 = MAX_EXPRESSIONS;

/// Bytes of values that one evaluation may make. The official engine keeps values on a stack of two MiB; this bounds
/// what a thousand expressions of that size could hold together.
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
    /// Operations that have begun and not ended.
    depth: u32,
    /// Branches of ternaries among them.
    branches: u32,
    /// Why tests have to stop, if they do.
    halt: Option<Halt>,
    observer: &'o mut O,
}

impl<'a, 'o, L: Language<'a>, O: Observer> Evaluator<'a, 'o, L, O> {
    /// A fresh evaluation. Values that it makes live in `arena`.
    pub fn new(code: &'a Code, language: L, arena: &'a Bump, observer: &'o mut O) -> Self {
        Evaluator { code, language, arena, spent: 0, depth: 0, branches: 0, halt: None, observer }
    }

    /// What it reads, to be changed between tests.
    pub fn language(&mut self) -> &mut L {
        &mut self.language
    }

    /// Evaluates a whole condition.
    pub fn condition(&mut self, condition: NodeId) -> Result<'a> {
        self.evaluate(condition, &[])
    }

    /// Evaluates an operation; `locals` are the parameters and variables of the function it stands in.
    fn evaluate(&mut self, id: NodeId, locals: &[Result<'a>]) -> Result<'a> {
        // Every operation that has begun will be paid for, so deeper than the budget nothing can be decided.
        if self.depth >= MAX_DEPTH {
            return Err(start(id, Failure::ExpressionLimit));
        }
        self.depth += 1;
        self.observer.enter(id);
        let result = self.operation(id, locals);
        self.observer.leave(id, &result);
        self.depth -= 1;
        result
    }

    /// The operations that most conditions consist of; the others are in [`Self::rare`], to keep this frame small.
    fn operation(&mut self, id: NodeId, locals: &[Result<'a>]) -> Result<'a> {
        let code = self.code;
        let node = code.node(id);
        match node {
            Node::Constant(at, cost) => {
                self.spend(id, cost)?;
                match code.constants.get(at as usize) {
                    Some(value) => self.sized(id, value.view()),
                    None => Err(start(id, Failure::Null)),
                }
            }
            Node::Variable(slot) => {
                self.spend(id, 1)?;
                match self.language.variable(slot) {
                    Some(ValueRef::Map(map)) => Ok(ValueRef::Map(map)),
                    Some(value) if L::BUDGET.is_none() => Ok(value),
                    Some(value) => match stdlib::unreadable(&value) {
                        None => Ok(value),
                        Some(failure) => Err(start(id, failure)),
                    },
                    None => Err(start(id, Failure::Null)),
                }
            }
            Node::Unknown => {
                self.spend(id, 1)?;
                Err(start(id, L::OPERATORS.no_value))
            }
            Node::Capture(slot) => {
                self.spend(id, 1)?;
                let value = self.language.capture(slot, self.arena).map_err(|f| start(id, f))?;
                self.sized(id, value)
            }
            Node::Local(slot) => {
                self.spend(id, 1)?;
                locals.get(usize::from(slot)).copied().unwrap_or(Err(start(id, Failure::Null)))
            }
            Node::Member(object, name) => {
                let value = self.operand(id, object, locals)?;
                (L::OPERATORS.member)(value, Str::Utf8(code.name(name))).map_err(|f| member(id, object, f))
            }
            Node::Compare(op, a, b) => {
                let (a, b) = self.pair(id, a, b, locals)?;
                (L::OPERATORS.compare)(op, a, b).map(ValueRef::Bool).map_err(|f| comparison(id, op, f))
            }
            Node::And(a, b) => self.connective(id, a, b, false, locals),
            Node::Or(a, b) => self.connective(id, a, b, true, locals),
            Node::Not(a) => {
                let a = self.operand(id, a, locals)?;
                stdlib::not(a).map_err(|f| start(id, f))
            }
            Node::In(element, container) => {
                // `x in c` is `c.in(x)`: the argument is evaluated first, the receiver's error comes first.
                let element = self.evaluate(element, locals);
                let container = self.evaluate(container, locals);
                self.fatal_first(&element, &container)?;
                self.spend(id, 1)?;
                let container = container?;
                let known = matches!(
                    container,
                    ValueRef::List(_) | ValueRef::Set(_) | ValueRef::Map(_) | ValueRef::Constraint(_)
                );
                let element = if known { element? } else { element.unwrap_or(ValueRef::Null) };
                stdlib::contains(element, container).map(ValueRef::Bool).map_err(|f| dispatch(id, f))
            }
            Node::Method(table, receiver, arguments, pattern) => {
                self.method(id, table, receiver, arguments, pattern, locals)
            }
            Node::Call(function, arguments) => self.user_call(id, function, arguments, locals),
            other => self.rare(id, other, locals),
        }
    }

    #[inline(never)]
    fn rare(&mut self, id: NodeId, node: Node, locals: &[Result<'a>]) -> Result<'a> {
        match node {
            Node::Ternary(condition, yes, no) => self.ternary(id, condition, yes, no, locals),
            Node::Index(object, index) => {
                let index = self.evaluate(index, locals);
                self.fatal_first(&index, &index)?;
                let object = self.operand(id, object, locals)?;
                stdlib::has_elements(object, stdlib::INDEX).map_err(|f| element(id, f))?;
                stdlib::index(self.arena, object, index?).map_err(|f| element(id, f))
            }
            Node::Range(object, from, to) => self.range(id, object, from, to, locals),
            Node::List(items) => {
                let items = self.arguments(items, locals)?;
                self.spend(id, 1)?;
                self.leftovers(id, items.iter().map(std::result::Result::is_ok))?;
                let made = items.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
                Ok(ValueRef::List(ListRef::Made(self.arena.alloc_slice_copy(&made))))
            }
            Node::Map(entries) => self.map(id, entries, locals),
            Node::Path(parts) => self.path(id, parts, locals),
            Node::All(parts) => self.chain(parts, false, locals),
            Node::Any(parts) => self.chain(parts, true, locals),
            Node::Claim(object, index) => {
                let (object, index) = self.pair(id, object, index, locals)?;
                stdlib::claim_index(object, index).map_err(|f| start(id, f))
            }
            Node::Negate(a) => (L::OPERATORS.negate)(self.operand(id, a, locals)?).map_err(|f| start(id, f)),
            Node::Arithmetic(op, a, b) => {
                let (a, b) = self.pair(id, a, b, locals)?;
                let result = (L::OPERATORS.arithmetic)(self.arena, op, a, b).map_err(|f| anchor(id, f))?;
                self.sized(id, result)
            }
            Node::Is(a, name) => {
                // The type's name is an operand of its own.
                self.spend(id, 1)?;
                Ok(ValueRef::Bool(stdlib::has_type(self.operand(id, a, locals)?, name)))
            }
            Node::Builtin(builtin, arguments) => self.builtin(id, builtin, arguments, locals),
            Node::Service(function, arguments) => self.service(id, function, arguments, locals),
            Node::Missing(package, name, arguments) => self.missing(id, package, name, arguments, locals),
            _ => Err(start(id, Failure::Null)),
        }
    }

    /// The only operand; the operation is paid for after it.
    fn operand(&mut self, id: NodeId, a: NodeId, locals: &[Result<'a>]) -> Result<'a> {
        let a = self.evaluate(a, locals);
        self.fatal_first(&a, &a)?;
        self.spend(id, 1)?;
        a
    }

    /// Both operands; where the right one is evaluated first, the left one's error still comes first.
    fn pair(
        &mut self,
        id: NodeId,
        a: NodeId,
        b: NodeId,
        locals: &[Result<'a>],
    ) -> std::result::Result<(ValueRef<'a>, ValueRef<'a>), Error<'a>> {
        if !L::LAST_FIRST {
            return Ok((self.evaluate(a, locals)?, self.evaluate(b, locals)?));
        }
        let b = self.evaluate(b, locals);
        self.fatal_first(&b, &b)?;
        let a = self.evaluate(a, locals);
        self.fatal_first(&a, &a)?;
        self.spend(id, 1)?;
        Ok((a?, b?))
    }

    /// An error that ends everything wins over the others.
    fn fatal_first(&self, a: &Result<'a>, b: &Result<'a>) -> std::result::Result<(), Error<'a>> {
        for result in [a, b] {
            if let Err(error) = result
                && error.failure.is_fatal()
            {
                return Err(*error);
            }
        }
        Ok(())
    }

    fn range(
        &mut self,
        id: NodeId,
        object: NodeId,
        from: Option<NodeId>,
        to: Option<NodeId>,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        let to = self.bound(id, to, locals);
        let from = self.bound(id, from, locals);
        let object = self.evaluate(object, locals);
        self.fatal_first(&to, &from)?;
        self.fatal_first(&object, &object)?;
        self.spend(id, 1)?;
        let object = object?;
        stdlib::has_elements(object, stdlib::RANGE).map_err(|f| element(id, f))?;
        stdlib::range(self.arena, object, from?, to?).map_err(|f| element(id, f))
    }

    /// A bound that is missing is the literal null, and counts as one.
    fn bound(&mut self, id: NodeId, bound: Option<NodeId>, locals: &[Result<'a>]) -> Result<'a> {
        match bound {
            Some(bound) => self.evaluate(bound, locals),
            None => self.spend(id, 1).map(|()| ValueRef::Null),
        }
    }

    fn map(&mut self, id: NodeId, entries: Run, locals: &[Result<'a>]) -> Result<'a> {
        let nodes = entries.of(&self.code.lists);
        let results = self.arguments(entries, locals)?;
        self.spend(id, 1)?;
        let mut made: Vec<(Str<'a>, ValueRef<'a>)> = Vec::with_capacity(nodes.len() / 2);
        let mut seen = rustc_hash::FxHashMap::default();
        // All keys are judged first, then the values.
        let pairs = || results.chunks_exact(2).zip(nodes.chunks_exact(2));
        for (pair, ids) in pairs() {
            if let ([key, _], [key_id, _]) = (pair, ids)
                && !matches!(*key, Ok(ValueRef::String(_)))
            {
                let received = (*key)?.type_of();
                return Err(outer(*key_id, Failure::Type { received, expected: &"string" }));
            }
        }
        for (pair, _) in pairs() {
            let [Ok(ValueRef::String(key)), value] = pair else { continue };
            // A repeated key keeps its last value.
            match seen.insert(*key, made.len()) {
                Some(at) => {
                    seen.insert(*key, at);
                    if let Some(entry) = made.get_mut(at) {
                        entry.1 = (*value)?;
                    }
                }
                None => made.push((*key, (*value)?)),
            }
        }
        Ok(ValueRef::Map(MapRef::Made(self.arena.alloc_slice_copy(&made))))
    }

    fn path(&mut self, id: NodeId, parts: Run, locals: &[Result<'a>]) -> Result<'a> {
        let code = self.code;
        let parts = parts.of(&code.parts);
        let literals = parts.iter().filter(|part| matches!(part, Part::Literal(_))).count();
        self.spend(id, literals as u32 + 1)?;
        // Right to left; the leftmost error is the one reported.
        let mut results = Vec::new();
        for part in parts.iter().rev() {
            if let Part::Node(node) = part {
                let result = self.evaluate(*node, locals);
                self.fatal_first(&result, &result)?;
                results.push((*node, result));
            }
        }
        let mut pushed = results.iter().rev().map(|(_, result)| result.is_ok());
        let on_the_stack = parts.iter().filter_map(|part| match part {
            Part::Literal(_) => Some(true),
            Part::Node(_) => pushed.next(),
            Part::Capture(_) | Part::Glob(_) => None,
        });
        self.leftovers(id, on_the_stack)?;
        let mut segments = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Literal(name) => segments.push(SegmentRef::Simple(Str::Utf8(code.name(*name)))),
                Part::Capture(name) => segments.push(SegmentRef::Capture(Str::Utf8(code.name(*name)), None)),
                Part::Glob(name) => segments.push(SegmentRef::Glob(Str::Utf8(code.name(*name)), None)),
                Part::Node(node) => {
                    let value = results.pop().map_or(Err(start(*node, Failure::Null)), |(_, result)| result)?;
                    stdlib::splice(self.arena, value, &mut segments).map_err(|f| outer(*node, f))?;
                }
            }
        }
        Ok(ValueRef::Path(PathRef::Made(self.arena.alloc_slice_copy(&segments))))
    }

    /// Results of a run of nodes, in source order. Where they are not all evaluated in any case, the first error.
    fn arguments(&mut self, run: Run, locals: &[Result<'a>]) -> std::result::Result<Vec<Result<'a>>, Error<'a>> {
        let nodes = run.of(&self.code.lists);
        if !L::LAST_FIRST {
            return nodes.iter().map(|node| self.evaluate(*node, locals).map(Ok)).collect();
        }
        let mut results = Vec::with_capacity(nodes.len());
        for node in nodes.iter().rev() {
            let result = self.evaluate(*node, locals);
            self.fatal_first(&result, &result)?;
            results.push(result);
        }
        results.reverse();
        Ok(results)
    }

    /// A list or path literal that fails although a part after the failing one did not leaves that part on the official
    /// engine's stack. Inside a branch of a ternary this ends the evaluation, and nothing absorbs it (asked of the
    /// official engine: `(true ? [1 / 0, 2] : 1) == 1 || true` permits nothing).
    fn leftovers(&self, id: NodeId, parts: impl Iterator<Item = bool>) -> std::result::Result<(), Error<'a>> {
        if self.branches == 0 {
            return Ok(());
        }
        let mut failed = false;
        for fine in parts {
            if fine && failed {
                let message = "A list or path with an error in it cannot be evaluated in a branch of a ternary.";
                return Err(start(id, Failure::Fatal(message)));
            }
            failed |= !fine;
        }
        Ok(())
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
