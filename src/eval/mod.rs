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
use smallvec::SmallVec;

use crate::{
    program::{Code, Node, NodeId, Part, Run},
    stdlib::{self, Failure},
    value::{ListRef, MapRef, PathRef, SegmentRef, Str, TypeName, ValueRef},
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

/// Operands of most conditions: they need no allocation.
const FEW_OPERANDS: usize = 8;

/// What an expression gives.
pub type Result<'a> = std::result::Result<ValueRef<'a>, Error<'a>>;

/// Whether evaluation goes on; an error ends it.
type Flow<'a> = std::result::Result<(), Error<'a>>;

/// The state of one evaluation.
pub struct Evaluator<'a, 'o, L, O> {
    code: &'a Code,
    language: L,
    /// Where values made by the evaluation live.
    arena: &'a Bump,
    spent: u32,
    /// Operations that have begun and not ended.
    depth: u32,
    /// Results that no operation has taken yet, as the official engine keeps them; see [`Self::evaluate`].
    operands: SmallVec<[Result<'a>; FEW_OPERANDS]>,
    /// Why tests have to stop, if they do.
    halt: Option<Halt>,
    observer: &'o mut O,
}

impl<'a, 'o, L: Language<'a>, O: Observer> Evaluator<'a, 'o, L, O> {
    /// A fresh evaluation. Values that it makes live in `arena`.
    pub fn new(code: &'a Code, language: L, arena: &'a Bump, observer: &'o mut O) -> Self {
        Evaluator { code, language, arena, spent: 0, depth: 0, operands: SmallVec::new(), halt: None, observer }
    }

    /// What it reads, to be changed between tests.
    pub fn language(&mut self) -> &mut L {
        &mut self.language
    }

    /// Evaluates a whole condition. Operands that are left over from the condition before are dropped.
    pub fn condition(&mut self, condition: NodeId) -> Result<'a> {
        self.operands.clear();
        self.evaluate(condition, &[])?;
        self.pop()
    }

    /// Evaluates an operation and pushes its result; `locals` are the parameters and variables of the function around it.
    ///
    /// Operations take their operands from one stack, as in the official engine. Each takes as many as it has, with one
    /// exception: a list or a path takes its parts up to the first that is an error, and leaves the others behind. An
    /// operation around it that has operands below then takes what was left for one of them. That is why
    /// `signedIn() && (uid in [data.missing, data.editor] || true)` is a type error: the `&&` takes `data.editor` for its
    /// left side.
    ///
    /// # Errors
    ///
    /// An error that ends everything; in the database language any error.
    fn evaluate(&mut self, id: NodeId, locals: &[Result<'a>]) -> Flow<'a> {
        // Every operation that has begun will be paid for, so deeper than the budget nothing can be decided.
        if self.depth >= MAX_DEPTH {
            return Err(start(id, Failure::ExpressionLimit));
        }
        self.depth += 1;
        self.observer.enter(id);
        let result = self.operation(id, locals);
        self.observer.leave(id, &result);
        self.depth -= 1;
        match result {
            Err(error) if !L::RIGHT_TO_LEFT || error.failure.is_fatal() => Err(error),
            result => {
                self.operands.push(result);
                Ok(())
            }
        }
    }

    /// The operand that was pushed last.
    #[inline]
    fn pop(&mut self) -> Result<'a> {
        // Each operation pushes what it takes; without an operand nothing is granted.
        self.operands.pop().unwrap_or(Err(start(NodeId(u32::MAX), Failure::Null)))
    }

    /// Whether a list or a path left operands behind.
    pub(super) fn has_leftovers(&self) -> bool {
        !self.operands.is_empty()
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
                self.evaluate(element, locals)?;
                self.evaluate(container, locals)?;
                self.spend(id, 1)?;
                let (container, element) = (self.pop(), self.pop());
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
                self.evaluate(index, locals)?;
                self.evaluate(object, locals)?;
                self.spend(id, 1)?;
                let (object, index) = (self.pop(), self.pop());
                let object = object?;
                stdlib::has_elements(object, stdlib::INDEX).map_err(|f| element(id, f))?;
                stdlib::index(self.arena, object, index?).map_err(|f| element(id, f))
            }
            Node::Range(object, from, to) => self.range(id, object, from, to, locals),
            Node::List(items) => {
                self.arguments(items, locals)?;
                self.spend(id, 1)?;
                let mut made = Vec::with_capacity(items.len as usize);
                for _ in 0..items.len {
                    made.push(self.pop()?);
                }
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
            Node::Is(a, name) => self.is(id, a, name, locals),
            Node::Builtin(builtin, arguments) => self.builtin(id, builtin, arguments, locals),
            Node::Service(function, arguments) => self.service(id, function, arguments, locals),
            Node::Missing(package, name, arguments) => self.missing(id, package, name, arguments, locals),
            _ => Err(start(id, Failure::Null)),
        }
    }

    /// The only operand; the operation is paid for after it.
    fn operand(&mut self, id: NodeId, a: NodeId, locals: &[Result<'a>]) -> Result<'a> {
        self.evaluate(a, locals)?;
        self.spend(id, 1)?;
        self.pop()
    }

    /// Both operands; where the right one is evaluated first, the left one's error still comes first.
    fn pair(
        &mut self,
        id: NodeId,
        a: NodeId,
        b: NodeId,
        locals: &[Result<'a>],
    ) -> std::result::Result<(ValueRef<'a>, ValueRef<'a>), Error<'a>> {
        let (first, second) = if L::RIGHT_TO_LEFT { (b, a) } else { (a, b) };
        self.evaluate(first, locals)?;
        self.evaluate(second, locals)?;
        self.spend(id, 1)?;
        let (second, first) = (self.pop(), self.pop());
        if L::RIGHT_TO_LEFT { Ok((second?, first?)) } else { Ok((first?, second?)) }
    }

    /// `a is type`. The type's name is an operand of its own, below the value.
    fn is(&mut self, id: NodeId, a: NodeId, name: TypeName, locals: &[Result<'a>]) -> Result<'a> {
        self.spend(id, 1)?;
        self.operands.push(Ok(ValueRef::String(Str::Utf8(name.name()))));
        let value = self.operand(id, a, locals);
        let named = self.pop();
        let value = value?;
        match named? {
            ValueRef::String(name) => {
                let name = TypeName::parse(&name.to_string());
                Ok(ValueRef::Bool(name.is_some_and(|name| stdlib::has_type(value, name))))
            }
            other => {
                let (value, other) = (value.type_of(), other.type_of());
                let message = "Unsupported operation error. Received:";
                let message = format!("{message} {value} is {other}. Expected: any is string.");
                Err(anchor(id, Failure::Message(self.arena.alloc_str(&message))))
            }
        }
    }

    fn range(
        &mut self,
        id: NodeId,
        object: NodeId,
        from: Option<NodeId>,
        to: Option<NodeId>,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        self.bound(id, to, locals)?;
        self.bound(id, from, locals)?;
        self.evaluate(object, locals)?;
        self.spend(id, 1)?;
        let (object, from, to) = (self.pop(), self.pop(), self.pop());
        let object = object?;
        stdlib::has_elements(object, stdlib::RANGE).map_err(|f| element(id, f))?;
        stdlib::range(self.arena, object, from?, to?).map_err(|f| element(id, f))
    }

    /// A bound that is missing is the literal null, and counts as one.
    fn bound(&mut self, id: NodeId, bound: Option<NodeId>, locals: &[Result<'a>]) -> Flow<'a> {
        match bound {
            Some(bound) => self.evaluate(bound, locals),
            None => {
                self.spend(id, 1)?;
                self.operands.push(Ok(ValueRef::Null));
                Ok(())
            }
        }
    }

    fn map(&mut self, id: NodeId, entries: Run, locals: &[Result<'a>]) -> Result<'a> {
        let nodes = entries.of(&self.code.lists);
        self.arguments(entries, locals)?;
        self.spend(id, 1)?;
        let results: Vec<_> = nodes.iter().map(|_| self.pop()).collect();
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
        for part in parts.iter().rev() {
            match part {
                Part::Node(node) => self.evaluate(*node, locals)?,
                Part::Literal(name) => self.operands.push(Ok(ValueRef::String(Str::Utf8(code.name(*name))))),
                Part::Capture(_) | Part::Glob(_) => {}
            }
        }
        let mut segments = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Capture(name) => segments.push(SegmentRef::Capture(Str::Utf8(code.name(*name)), None)),
                Part::Glob(name) => segments.push(SegmentRef::Glob(Str::Utf8(code.name(*name)), None)),
                Part::Literal(_) => {
                    let value = self.pop()?;
                    stdlib::splice(self.arena, value, &mut segments).map_err(|f| outer(id, f))?;
                }
                Part::Node(node) => {
                    let value = self.pop()?;
                    stdlib::splice(self.arena, value, &mut segments).map_err(|f| outer(*node, f))?;
                }
            }
        }
        Ok(ValueRef::Path(PathRef::Made(self.arena.alloc_slice_copy(&segments))))
    }

    /// Pushes the results of a run of nodes, the first one last where operands are evaluated from right to left.
    fn arguments(&mut self, run: Run, locals: &[Result<'a>]) -> Flow<'a> {
        let nodes = run.of(&self.code.lists);
        if L::RIGHT_TO_LEFT {
            nodes.iter().rev().try_for_each(|node| self.evaluate(*node, locals))
        } else {
            nodes.iter().try_for_each(|node| self.evaluate(*node, locals))
        }
    }

    /// Takes as many results as [`Self::arguments`] pushed, in the order of the arguments.
    fn take(&mut self, count: usize) -> SmallVec<[Result<'a>; FEW_OPERANDS]> {
        let mut taken: SmallVec<[_; FEW_OPERANDS]> = (0..count).map(|_| self.pop()).collect();
        if !L::RIGHT_TO_LEFT {
            taken.reverse();
        }
        taken
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
