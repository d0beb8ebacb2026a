//! Answering [`Test`]s: the quick way to a condition's value, without a record of how it came to be.

use crate::{
    program::{Member, MemberName, NodeId, Operand, Run, Test, TestId},
    stdlib::{self, Failure},
    value::{Comparator, Str, Value, ValueRef},
};

use super::{Evaluator, Halt, Language, MAX_ARENA, Observer};

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// The answer to a test; none where an operation of its condition fails, or data cannot be read.
    pub fn test(&mut self, id: TestId) -> Option<bool> {
        let code = self.code;
        self.ask(code.tests.get(id.0 as usize)?)
    }

    /// The same, without the rest of an `&&` where one part has no answer: the condition cannot permit then. Only a test
    /// that calls nothing may be asked so, and what is left of it may still end everything.
    #[inline]
    pub(super) fn briefly(&mut self, id: TestId) -> Option<bool> {
        let code = self.code;
        match code.tests.get(id.0 as usize)? {
            Test::All(parts) => {
                for part in parts.of(&code.tests) {
                    if !self.ask(part)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            test => self.ask(test),
        }
    }

    /// Most tests have no parts: they are answered without a call in between.
    #[inline(always)]
    pub(super) fn ask(&mut self, test: &Test) -> Option<bool> {
        match test {
            Test::All(_) | Test::Any(_) | Test::Always(_) | Test::Not(_) | Test::Given(..) => self.answer(test),
            test if L::RIGHT_TO_LEFT => self.usual(test),
            test => self.at_places(test),
        }
    }

    fn answer(&mut self, test: &Test) -> Option<bool> {
        match *test {
            Test::All(parts) => self.first(parts, false),
            Test::Any(parts) => self.first(parts, true),
            _ => self.of_part(test),
        }
    }

    #[inline(never)]
    fn of_part(&mut self, test: &Test) -> Option<bool> {
        match *test {
            Test::Always(known) => Some(known),
            Test::Not(part) => self.test(part).map(|said| !said),
            Test::Given(operand, part) => {
                let given = self.read(operand);
                if given.is_none() && self.halt.is_some() { None } else { self.test(part) }
            }
            _ => None,
        }
    }

    /// The tests of Storage and Firestore rules: first as if their operands were of the usual types.
    #[inline(always)]
    fn usual(&mut self, test: &Test) -> Option<bool> {
        let quick = match test {
            Test::Null(operand, wanted) => self.null(operand).map(|null| null == *wanted),
            Test::Same(a, b, wanted) => self.same_text(a, b).map(|same| same == *wanted),
            Test::Int(op, a, n) => self.int(*op, a, *n),
            Test::Bool(operand, known) => self.boolean(operand).map(|said| said == *known),
            Test::Value(operand) => self.boolean(operand),
            Test::In(element, container) => self.text_in(element, container),
            Test::Matches(text, pattern) => self.text_matches(text, *pattern),
            _ => None,
        };
        if quick.is_some() { quick } else { self.missed(test) }
    }

    /// An operand was not one of the usual ones, or cannot be read.
    #[inline(never)]
    fn missed(&mut self, test: &Test) -> Option<bool> {
        match test {
            Test::Null(a, _) | Test::Int(_, a, _) | Test::Bool(a, _) | Test::Value(a) | Test::Matches(a, _)
                if self.fails(a) =>
            {
                None
            }
            Test::Same(a, b, _) | Test::In(a, b)
                if self.fails(a) && self.is_plain(b) || self.fails(b) && self.is_plain(a) =>
            {
                None
            }
            test => self.unusual(test),
        }
    }

    /// The same, whatever the operands are.
    #[inline(never)]
    fn unusual(&mut self, test: &Test) -> Option<bool> {
        match *test {
            Test::Null(operand, wanted) => self.is_null(operand, wanted),
            Test::Same(a, b, wanted) => self.compared(if wanted { Comparator::Eq } else { Comparator::Ne }, a, b),
            Test::Int(op, a, n) => self.compared(op, a, Operand::Int(n)),
            Test::Compare(op, a, b) => self.compared(op, a, b),
            Test::Bool(operand, known) => {
                let value = self.read(operand)?;
                (L::OPERATORS.compare)(Comparator::Eq, value, ValueRef::Bool(known)).ok()
            }
            Test::Value(operand) => match self.read(operand)? {
                ValueRef::Bool(said) => Some(said),
                _ => None,
            },
            Test::In(element, container) => {
                let (element, container) = self.both(element, container)?;
                stdlib::contains(element, container).ok()
            }
            Test::Is(operand, name) => self.read(operand).map(|value| stdlib::has_type(value, name)),
            Test::Matches(text, pattern) => self.matched(text, pattern),
            Test::Evaluate(node) => self.value_of(node),
            _ => None,
        }
    }

    /// The first part with the answer `decisive` decides. In database rules a part that fails ends the condition; in the
    /// others a later part may still decide.
    fn first(&mut self, parts: Run, decisive: bool) -> Option<bool> {
        let code = self.code;
        let mut failed = false;
        for part in parts.of(&code.tests) {
            match self.ask(part) {
                Some(said) if said == decisive => return Some(decisive),
                Some(_) => {}
                None if !L::RIGHT_TO_LEFT || self.halt.is_some() => return None,
                None => failed = true,
            }
        }
        if failed { None } else { Some(!decisive) }
    }

    /// Whether an operand is null, or with `wanted` false whether it is not.
    #[inline(never)]
    pub(super) fn is_null(&mut self, operand: Operand, wanted: bool) -> Option<bool> {
        match self.read(operand)? {
            // What a query says may decide one of the two, and fail for the other.
            value @ ValueRef::Constraint(_) => {
                let op = if wanted { Comparator::Eq } else { Comparator::Ne };
                (L::OPERATORS.compare)(op, value, ValueRef::Null).ok()
            }
            value => Some(matches!(value, ValueRef::Null) == wanted),
        }
    }

    #[inline(never)]
    pub(super) fn matched(&mut self, text: Operand, pattern: u32) -> Option<bool> {
        let ValueRef::String(text) = self.read(text)? else { return None };
        let pattern = self.code.patterns.get(pattern as usize)?;
        Some((L::OPERATORS.matches)(pattern, text))
    }

    #[inline(never)]
    pub(super) fn compared(&mut self, op: Comparator, a: Operand, b: Operand) -> Option<bool> {
        let (a, b) = self.both(a, b)?;
        match (op, a, b) {
            // The commonest comparisons of all.
            (Comparator::Eq, ValueRef::String(Str::Utf8(a)), ValueRef::String(Str::Utf8(b))) => Some(a == b),
            (Comparator::Ne, ValueRef::String(Str::Utf8(a)), ValueRef::String(Str::Utf8(b))) => Some(a != b),
            (Comparator::Eq, ValueRef::Bool(a), ValueRef::Bool(b)) => Some(a == b),
            (Comparator::Ne, ValueRef::Bool(a), ValueRef::Bool(b)) => Some(a != b),
            (op, ValueRef::Int(a), ValueRef::Int(b)) if L::RIGHT_TO_LEFT => numbers(op, a, b),
            (op, a, b) => (L::OPERATORS.compare)(op, a, b).ok(),
        }
    }

    /// Two operands, both of them read whatever the other gives: one may be too large.
    #[inline(always)]
    fn both(&mut self, a: Operand, b: Operand) -> Option<(ValueRef<'a>, ValueRef<'a>)> {
        let (b, a) = (self.read(b), self.read(a));
        Some((a?, b?))
    }

    #[inline(never)]
    pub(super) fn value_of(&mut self, node: NodeId) -> Option<bool> {
        let evaluated = self.evaluate(node);
        let said = match evaluated.result {
            Ok(ValueRef::Bool(said)) => Some(said),
            Ok(_) => None,
            Err(error) => {
                if error.failure.is_fatal() {
                    self.halt = Some(Halt::Ended);
                }
                None
            }
        };
        if self.arena.allocated_bytes() > MAX_ARENA || evaluated.has_leftovers {
            // Whatever is read next may be one value too many; and what a failing list or path left behind is taken for
            // an operand by the operations around, which tests do not know.
            self.halt = self.halt.or(Some(Halt::Unsure));
            return None;
        }
        said
    }

    /// The value of an operand; none where reading it fails, or halts.
    #[inline(always)]
    pub(super) fn read(&mut self, operand: Operand) -> Option<ValueRef<'a>> {
        match operand {
            Operand::Number(n) => Some(ValueRef::Float(n)),
            Operand::Int(n) => Some(ValueRef::Int(n)),
            Operand::Constant(at) => self.code.constants.get(at as usize).map(Value::view),
            Operand::Variable(slot) => {
                let value = self.language.variable(slot)?;
                self.judged(value)
            }
            Operand::Segment(at) => {
                let value = self.language.segment(at)?;
                self.judged(value)
            }
            Operand::Capture(slot) => {
                let value = self.language.capture(slot, self.arena).ok()?;
                self.judged(value)
            }
            Operand::Val(slot) => self.val(slot),
            Operand::Length(slot) => match self.val(slot)? {
                ValueRef::String(text) => Some(ValueRef::Float(text.size() as f64)),
                _ => None,
            },
            Operand::Member(_, at) => self.member(at),
        }
    }

    /// A property of a variable, through properties.
    fn member(&mut self, at: u32) -> Option<ValueRef<'a>> {
        let code = self.code;
        let Member { slot, names, .. } = code.members.get(at as usize)?;
        let mut value = self.language.variable(*slot)?;
        for MemberName { text, name } in names.of(&code.member_names) {
            let text = code.name(*text);
            value = match value {
                ValueRef::Map(map) if L::RIGHT_TO_LEFT => map.find(text, *name)?,
                value if L::RIGHT_TO_LEFT => {
                    // A text has no properties, and one that is too large ends everything before that shows.
                    let value = self.judged(value)?;
                    (L::OPERATORS.member)(value, Str::Utf8(text)).ok()?
                }
                value => (L::OPERATORS.member)(value, Str::Utf8(text)).ok()?,
            };
        }
        self.judged(value)
    }

    /// What an operation gives that reads a value: it may be bound to an error, or too large.
    #[inline(always)]
    fn judged(&mut self, value: ValueRef<'a>) -> Option<ValueRef<'a>> {
        match value {
            ValueRef::String(_) | ValueRef::Bytes(_) | ValueRef::Undefined(_) if L::BUDGET.is_some() => {
                match stdlib::member_of(value) {
                    Ok(value) => Some(value),
                    Err(failure) => {
                        self.halt_unless_plain(failure);
                        None
                    }
                }
            }
            value => Some(value),
        }
    }

    #[cold]
    fn halt_unless_plain(&mut self, failure: Failure<'a>) {
        if failure.is_fatal() {
            self.halt = Some(Halt::Unsure);
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
