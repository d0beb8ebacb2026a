//! Answering the tests of database rules, which are mostly about what stands at places.
//!
//! As in [`super::peek`], operands of the usual types are read where they stand; what is left is answered in the general
//! way.

use crate::{
    program::{Asked, Operand, Test, TestId},
    value::{Comparator, Content, MapRef, Snapshot, Str, Value, ValueRef, same_text},
};

use super::{Evaluator, Language, Observer};

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// The same as [`Self::test`], for who asks many tests in a row: the commonest ones take no call.
    #[inline(always)]
    pub fn test_in_place(&mut self, id: TestId) -> Option<bool> {
        let code = self.code;
        self.ask(code.tests.get(id.0 as usize)?)
    }

    /// A test that has no tests for parts. Those of the types of what is written are answered in place.
    #[inline(always)]
    pub(super) fn at_places(&mut self, test: &Test) -> Option<bool> {
        match test {
            Test::Content(asked, slot) => {
                let content = self.language.content(*slot)?;
                Some(match (asked, content) {
                    (Asked::Anything, content) => !matches!(content, Content::Nothing),
                    (Asked::Children, content) => matches!(content, Content::Children),
                    (Asked::String, Content::String(_))
                    | (Asked::Number, Content::Number(_))
                    | (Asked::Boolean, Content::Bool(_)) => true,
                    _ => false,
                })
            }
            Test::LengthWithin(slot, bounds) => Some(match self.language.content(*slot)? {
                Content::String(text) => bounds.hold_length(text),
                _ => false,
            }),
            Test::NumberWithin(slot, bounds) => Some(match self.language.content(*slot)? {
                Content::Number(n) => bounds.hold(n),
                _ => false,
            }),
            test => self.with_operands(test),
        }
    }

    #[inline(never)]
    fn with_operands(&mut self, test: &Test) -> Option<bool> {
        match test {
            Test::Null(operand, wanted) => match self.null_at(operand) {
                Some(null) => Some(null == *wanted),
                None => self.is_null(*operand, *wanted),
            },
            Test::Compare(op, a, b) => match self.compared_at(*op, a, b) {
                None => self.compared(*op, *a, *b),
                said => said,
            },
            Test::Matches(text, pattern) => self.matches_at(text, *pattern),
            Test::HasChildren(slot, names) => self.has_children(*slot, *names),
            Test::Evaluate(node) => self.value_of(*node),
            // What has parts, and what the other languages ask.
            _ => None,
        }
    }

    /// Whether an operand is null, where that is seen without reading it.
    #[inline]
    fn null_at(&self, operand: &Operand) -> Option<bool> {
        match *operand {
            Operand::Variable(slot) => self.language.kept(slot).map(|value| matches!(value, ValueRef::Null)),
            _ => None,
        }
    }

    /// Two numbers ordered, or two texts that are the same or not.
    #[inline]
    fn compared_at(&self, op: Comparator, a: &Operand, b: &Operand) -> Option<bool> {
        match op {
            Comparator::Eq | Comparator::Ne => {
                let same = same_text(self.text_at(a)?, self.text_at(b)?);
                Some(same == (op == Comparator::Eq))
            }
            op => super::test::numbers(op, self.number_at(a)?, self.number_at(b)?),
        }
    }

    /// A text.
    #[inline]
    fn text_at(&self, operand: &Operand) -> Option<&'a str> {
        match *operand {
            Operand::Val(slot) => match self.language.content(slot)? {
                Content::String(text) => Some(text),
                _ => None,
            },
            Operand::Capture(slot) => match self.language.capture(slot, self.arena).ok()? {
                ValueRef::String(Str::Utf8(text)) => Some(text),
                _ => None,
            },
            _ => self.text(operand),
        }
    }

    /// A number.
    #[inline]
    fn number_at(&self, operand: &Operand) -> Option<f64> {
        match *operand {
            Operand::Number(n) => Some(n),
            Operand::Val(slot) => match self.language.content(slot)? {
                Content::Number(n) => Some(n),
                _ => None,
            },
            Operand::Length(slot) => match self.language.content(slot)? {
                Content::String(text) => Some(Str::Utf8(text).size() as f64),
                _ => None,
            },
            Operand::Member(..) => self.peek(operand, |value| match *value {
                ValueRef::Float(n) => Some(n),
                ValueRef::Int(n) => Some(n as f64),
                _ => None,
            }),
            _ => None,
        }
    }

    #[inline]
    fn matches_at(&mut self, text: &Operand, pattern: u32) -> Option<bool> {
        let Operand::Val(slot) = *text else { return self.matched(*text, pattern) };
        match (self.language.content(slot)?, self.code.patterns.get(pattern as usize)) {
            (Content::String(text), Some(pattern)) => Some((L::OPERATORS.matches)(pattern, Str::Utf8(text))),
            _ => None,
        }
    }

    #[inline(never)]
    fn has_children(&self, slot: u8, names: u32) -> Option<bool> {
        let Some(Value::List(names)) = self.code.constants.get(names as usize) else { return None };
        let place: &dyn Snapshot = match self.language.variable(slot)? {
            ValueRef::Snapshot(place) => place,
            _ => return None,
        };
        for name in names {
            // No key has half a surrogate pair.
            let there = name.as_str().map_or(Ok(false), |name| place.has(name));
            if !there.ok()? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// What stands at a variable that is a place. Children are a value that is neither null nor equal to any, and cannot
    /// be ordered, like the place that the evaluation has for them.
    #[inline(always)]
    pub(super) fn val(&self, slot: u8) -> Option<ValueRef<'a>> {
        let content = self.language.content(slot)?;
        Some(match (content, content.leaf()) {
            (_, Some(value)) => value,
            (Content::Children, _) => ValueRef::Map(MapRef::Made(&[])),
            _ => ValueRef::Null,
        })
    }
}
