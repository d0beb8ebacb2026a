//! Asks predicates: the quick way to the truth of a condition, without the results of its operations.
//!
//! Operands are first read as if they had the usual types (`usual.rs`, `snapshots.rs`); where one does not, the general
//! way below reads it again.

use crate::{
    program::{Corrupt, Id, Ids, MAX_EXPRESSIONS, Member, Op, OpId, Operand, Predicate},
    stdlib::{self, Failure},
    value::{Comparator, Str, Value, ValueRef},
};

use super::{Evaluator, Language, MAX_ARENA, Observer, machine::Machine};

/// Whether a predicate is true.
pub type Answer = Result<bool, NoAnswer>;

/// Why a predicate is neither true nor false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Its origin fails, and the evaluation continues.
    Fails,
    /// Only its origin can tell: it may abort the request, or take an operand that a failed literal left behind.
    Slow,
}

impl From<Failure<'_>> for NoAnswer {
    #[cold]
    fn from(failure: Failure<'_>) -> Self {
        if failure.is_fatal() { NoAnswer::Slow } else { NoAnswer::Fails }
    }
}

impl From<Corrupt> for NoAnswer {
    #[cold]
    fn from(_: Corrupt) -> Self {
        NoAnswer::Slow
    }
}

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// Whether a condition of database rules is true; a condition that fails is not.
    pub fn holds(&mut self, condition: OpId) -> bool {
        match self.answer(Some(condition)) {
            Ok(truth) => truth,
            Err(NoAnswer::Fails) => false,
            Err(NoAnswer::Slow) => matches!(self.condition(condition), Ok(ValueRef::Bool(true))),
        }
    }

    /// Whether a condition is true, by its predicate if it is fused. No condition is always true.
    ///
    /// Predicates count no expressions: while the most that the conditions so far can cost stays within the limit, nothing
    /// has to be counted. `spent` is that sum here.
    #[inline(always)]
    pub fn answer(&mut self, condition: Option<OpId>) -> Answer {
        let Some(condition) = condition else {
            self.spent += 1;
            return if self.spent > MAX_EXPRESSIONS { Err(NoAnswer::Slow) } else { Ok(true) };
        };
        let Op::Fused(predicate, _, max_cost) = self.code.op(condition)? else { return self.value_of(condition) };
        let spent = self.spent.saturating_add(max_cost);
        if L::BUDGET.is_some_and(|budget| spent > budget) {
            return Err(NoAnswer::Slow);
        }
        let answer = self.predicate(predicate);
        self.spent = spent;
        answer
    }

    /// Most predicates have no parts: no call stands between them and their answer.
    #[inline(always)]
    pub(super) fn ask(&mut self, predicate: &Predicate) -> Answer {
        if L::RIGHT_TO_LEFT { self.usual(predicate) } else { self.of_snapshots(predicate) }
    }

    pub(super) fn compound(&mut self, predicate: &Predicate) -> Answer {
        match *predicate {
            Predicate::All(parts) => self.first(parts, false),
            Predicate::Any(parts) => self.first(parts, true),
            _ => self.of_part(predicate),
        }
    }

    #[inline(never)]
    fn of_part(&mut self, predicate: &Predicate) -> Answer {
        match *predicate {
            Predicate::Always(known) => Ok(known),
            Predicate::Not(part) => self.predicate(part).map(|truth| !truth),
            Predicate::Given(operand, part) => match self.read(operand) {
                Err(NoAnswer::Slow) => Err(NoAnswer::Slow),
                Ok(_) | Err(NoAnswer::Fails) => self.predicate(part),
            },
            _ => Err(NoAnswer::Slow),
        }
    }

    /// The first part that is `decisive` decides. In database rules a part that fails ends the condition; in the others a
    /// later part can still decide.
    fn first(&mut self, parts: Ids<Predicate>, decisive: bool) -> Answer {
        let code = self.code;
        let mut answer = Ok(!decisive);
        for part in code.predicates.slice(parts)? {
            match self.ask(part) {
                Ok(truth) if truth == decisive => return Ok(decisive),
                Ok(_) => {}
                Err(NoAnswer::Fails) if L::RIGHT_TO_LEFT => answer = Err(NoAnswer::Fails),
                Err(why) => return Err(why),
            }
        }
        answer
    }

    /// Asks a predicate of Storage and Firestore rules, first as if their operands had the usual types.
    #[inline(always)]
    fn usual(&mut self, predicate: &Predicate) -> Answer {
        let quick = match predicate {
            Predicate::Null(operand, wanted) => self.null(operand).map(|null| null == *wanted),
            Predicate::Same(a, b, wanted) => self.same_text(a, b).map(|same| same == *wanted),
            Predicate::Int(op, a, n) => self.int(*op, a, *n),
            Predicate::Bool(operand, known) => self.boolean(operand).map(|truth| truth == *known),
            Predicate::Value(operand) => self.boolean(operand),
            Predicate::In(element, container) => self.text_in(element, container),
            Predicate::Matches(text, pattern) => self.text_matches(text, *pattern),
            Predicate::All(_) | Predicate::Any(_) | Predicate::Always(_) | Predicate::Not(_) | Predicate::Given(..) => {
                return self.compound(predicate);
            }
            _ => None,
        };
        if let Some(truth) = quick { Ok(truth) } else { self.unusual(predicate) }
    }

    /// An operand does not have the usual type, or cannot be read.
    #[inline(never)]
    fn unusual(&mut self, predicate: &Predicate) -> Answer {
        match predicate {
            Predicate::Null(a, _)
            | Predicate::Int(_, a, _)
            | Predicate::Bool(a, _)
            | Predicate::Value(a)
            | Predicate::Matches(a, _)
                if self.fails(a) =>
            {
                Err(NoAnswer::Fails)
            }
            Predicate::Same(a, b, _) | Predicate::In(a, b)
                if self.fails(a) && self.is_plain(b) || self.fails(b) && self.is_plain(a) =>
            {
                Err(NoAnswer::Fails)
            }
            predicate => self.general(predicate),
        }
    }

    /// The same, whatever the operands are.
    #[inline(never)]
    pub(super) fn general(&mut self, predicate: &Predicate) -> Answer {
        match *predicate {
            Predicate::Null(operand, wanted) => match self.read(operand)? {
                // What a query says may decide one of the two, and fail for the other.
                value @ ValueRef::Constraint(_) => {
                    self.compared(if wanted { Comparator::Eq } else { Comparator::Ne }, value, ValueRef::Null)
                }
                value => Ok(matches!(value, ValueRef::Null) == wanted),
            },
            Predicate::Same(a, b, wanted) => {
                self.comparison(if wanted { Comparator::Eq } else { Comparator::Ne }, a, b)
            }
            Predicate::Int(op, a, n) => self.comparison(op, a, Operand::Int(n)),
            Predicate::Compare(op, a, b) => self.comparison(op, a, b),
            Predicate::Bool(operand, known) => {
                let value = self.read(operand)?;
                self.compared(Comparator::Eq, value, ValueRef::Bool(known))
            }
            Predicate::Value(operand) => match self.read(operand)? {
                ValueRef::Bool(truth) => Ok(truth),
                _ => Err(NoAnswer::Fails),
            },
            Predicate::In(element, container) => {
                let (element, container) = self.both(element, container)?;
                stdlib::contains(element, container).map_err(NoAnswer::from)
            }
            Predicate::Is(operand, name) => Ok(stdlib::has_type(self.read(operand)?, name)),
            Predicate::Matches(text, pattern) => match self.read(text)? {
                ValueRef::String(text) => Ok((L::OPERATORS.matches)(self.code.patterns.get(pattern)?, text)),
                _ => Err(NoAnswer::Fails),
            },
            Predicate::Evaluate(op) => self.value_of(op),
            // `ask` and `of_snapshots` know all others.
            _ => Err(NoAnswer::Slow),
        }
    }

    fn compared(&self, op: Comparator, a: ValueRef<'a>, b: ValueRef<'a>) -> Answer {
        (L::OPERATORS.compare)(op, a, b).map_err(NoAnswer::from)
    }

    #[inline(never)]
    fn comparison(&mut self, op: Comparator, a: Operand, b: Operand) -> Answer {
        let (a, b) = self.both(a, b)?;
        match (op, a, b) {
            // The most frequent comparisons.
            (Comparator::Eq, ValueRef::String(Str::Utf8(a)), ValueRef::String(Str::Utf8(b))) => Ok(a == b),
            (Comparator::Ne, ValueRef::String(Str::Utf8(a)), ValueRef::String(Str::Utf8(b))) => Ok(a != b),
            (Comparator::Eq, ValueRef::Bool(a), ValueRef::Bool(b)) => Ok(a == b),
            (Comparator::Ne, ValueRef::Bool(a), ValueRef::Bool(b)) => Ok(a != b),
            (op, ValueRef::Int(a), ValueRef::Int(b)) if L::RIGHT_TO_LEFT => numbers(op, a, b).ok_or(NoAnswer::Fails),
            (op, a, b) => self.compared(op, a, b),
        }
    }

    /// Reads two operands, both of them whatever the other gives: one may be too large.
    #[inline(always)]
    fn both(&mut self, a: Operand, b: Operand) -> Result<(ValueRef<'a>, ValueRef<'a>), NoAnswer> {
        match (self.read(b), self.read(a)) {
            (Ok(b), Ok(a)) => Ok((a, b)),
            (Err(NoAnswer::Slow), _) | (_, Err(NoAnswer::Slow)) => Err(NoAnswer::Slow),
            _ => Err(NoAnswer::Fails),
        }
    }

    /// Evaluates an operation that has no predicate.
    #[inline(never)]
    fn value_of(&mut self, op: OpId) -> Answer {
        let mut machine = Machine::new(self);
        let result = machine.run(op);
        // What a failed list or path left behind would be an operand of the operations around, which predicates do not
        // know; and where little memory is left, the next value may be one too many.
        let has_leftovers = L::RIGHT_TO_LEFT && !machine.operands.is_empty();
        if has_leftovers || self.arena.allocated_bytes() > MAX_ARENA {
            return Err(NoAnswer::Slow);
        }
        match result.map_err(|error| NoAnswer::from(error.failure))? {
            ValueRef::Bool(truth) => Ok(truth),
            _ => Err(NoAnswer::Fails),
        }
    }

    /// Reads an operand.
    #[inline(always)]
    pub(super) fn read(&self, operand: Operand) -> Result<ValueRef<'a>, NoAnswer> {
        let value = match operand {
            Operand::Number(n) => return Ok(ValueRef::Float(n)),
            Operand::Int(n) => return Ok(ValueRef::Int(n)),
            Operand::Constant(id) => return Ok(self.code.constants.get(id).map(Value::view)?),
            Operand::Variable(slot) => self.language.variable(slot),
            Operand::Segment(at) => self.language.segment(at),
            Operand::Capture(slot) => self.language.capture(slot, self.arena).ok(),
            Operand::Val(slot) => return self.val(slot),
            Operand::Length(slot) => {
                return match self.val(slot)? {
                    ValueRef::String(text) => Ok(ValueRef::Float(text.size() as f64)),
                    _ => Err(NoAnswer::Fails),
                };
            }
            Operand::Member(_, id) => match self.peek(&operand, |value| Some(*value)) {
                None => return self.member(id),
                found => found,
            },
        };
        self.readable(value.ok_or(NoAnswer::Fails)?)
    }

    /// Reads a property of a variable, through properties.
    fn member(&self, id: Id<Member>) -> Result<ValueRef<'a>, NoAnswer> {
        let member = self.code.members.get(id)?;
        let mut value = self.language.variable(member.slot).ok_or(NoAnswer::Fails)?;
        for name in &member.path {
            // A text has no properties, and one that is too large aborts before that shows.
            if !matches!(value, ValueRef::Map(_)) {
                value = self.readable(value)?;
            }
            let name = Str::Utf8(self.code.name(*name)?);
            value = (L::OPERATORS.member)(value, name).map_err(NoAnswer::from)?;
        }
        self.readable(value)
    }

    /// What an operation gives that reads a value: the value may be undefined, or too large.
    #[inline(always)]
    fn readable(&self, value: ValueRef<'a>) -> Result<ValueRef<'a>, NoAnswer> {
        match value {
            ValueRef::String(_) | ValueRef::Bytes(_) | ValueRef::Undefined(_) if L::BUDGET.is_some() => {
                stdlib::member_of(value).map_err(NoAnswer::from)
            }
            value => Ok(value),
        }
    }
}

/// Two numbers of one type compared.
#[inline]
pub(super) fn numbers<N: PartialOrd>(op: Comparator, a: N, b: N) -> Option<bool> {
    match op {
        Comparator::Eq => Some(a == b),
        Comparator::Ne => Some(a != b),
        Comparator::Lt => Some(a < b),
        Comparator::Le => Some(a <= b),
        Comparator::Gt => Some(a > b),
        Comparator::Ge => Some(a >= b),
        _ => None,
    }
}
