//! Answering [`Test`]s: the quick way to a condition's value, without a record of how it came to be.

use crate::{
    program::{Asked, NodeId, Operand, Run, Test, TestId},
    value::{Comparator, Content, Snapshot, Str, Value, ValueRef},
};

use super::{Evaluator, Language, Observer};

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// The answer to a test; none where an operation of its condition fails, or data cannot be read.
    pub fn test(&mut self, id: TestId) -> Option<bool> {
        match *self.code.tests.get(id.0 as usize)? {
            test @ (Test::Always(_) | Test::All(_) | Test::Any(_) | Test::Not(_)) => self.of_parts(test),
            test => self.simple(test),
        }
    }

    fn of_parts(&mut self, test: Test) -> Option<bool> {
        match test {
            Test::Always(known) => Some(known),
            Test::All(parts) => self.first(parts, false),
            Test::Any(parts) => self.first(parts, true),
            Test::Not(part) => self.test(part).map(|said| !said),
            test => self.simple(test),
        }
    }

    /// The first part with the answer `decisive` decides.
    fn first(&mut self, parts: Run, decisive: bool) -> Option<bool> {
        let code = self.code;
        for part in parts.of(&code.tests) {
            let said = match *part {
                test @ (Test::Always(_) | Test::All(_) | Test::Any(_) | Test::Not(_)) => self.of_parts(test),
                test => self.simple(test),
            };
            if said? == decisive {
                return Some(decisive);
            }
        }
        Some(!decisive)
    }

    /// A test that has no tests for parts.
    #[inline]
    fn simple(&mut self, test: Test) -> Option<bool> {
        let code = self.code;
        match test {
            Test::Content(asked, slot) => {
                let content = self.language.content(slot)?;
                Some(match (asked, content) {
                    (Asked::Anything, content) => !matches!(content, Content::Nothing),
                    (Asked::Children, content) => matches!(content, Content::Children),
                    (Asked::String, Content::Leaf(ValueRef::String(_)))
                    | (Asked::Number, Content::Leaf(ValueRef::Float(_)))
                    | (Asked::Boolean, Content::Leaf(ValueRef::Bool(_))) => true,
                    _ => false,
                })
            }
            Test::LengthWithin(slot, bounds) => Some(match self.language.content(slot)? {
                Content::Leaf(ValueRef::String(text)) => bounds.hold(text.size() as f64),
                _ => false,
            }),
            Test::NumberWithin(slot, bounds) => Some(match self.language.content(slot)? {
                Content::Leaf(ValueRef::Float(n)) => bounds.hold(n),
                _ => false,
            }),
            Test::HasChildren(slot, names) => self.has_children(slot, names),
            Test::Compare(op, a, Operand::Number(n)) if !matches!(op, Comparator::Eq | Comparator::Ne) => {
                let found = self.number_of(a)?;
                Some(match op {
                    Comparator::Lt => found < n,
                    Comparator::Le => found <= n,
                    Comparator::Gt => found > n,
                    _ => found >= n,
                })
            }
            Test::Null(operand, wanted) => self.is_null(operand).map(|null| null == wanted),
            Test::Compare(op, a, b) => self.compared(op, a, b),
            Test::Matches(Operand::Val(slot), pattern) => {
                match (self.language.content(slot)?, code.patterns.get(pattern as usize)) {
                    (Content::Leaf(ValueRef::String(text)), Some(pattern)) => {
                        Some((L::OPERATORS.matches)(pattern, text))
                    }
                    _ => None,
                }
            }
            Test::Matches(text, pattern) => self.matched(text, pattern),
            Test::Evaluate(node) => self.value_of(node),
            Test::Always(_) | Test::All(_) | Test::Any(_) | Test::Not(_) => None,
        }
    }

    /// An operand that is ordered with a number: anything else fails.
    #[inline]
    fn number_of(&self, operand: Operand) -> Option<f64> {
        match operand {
            Operand::Number(n) => Some(n),
            Operand::Val(slot) => match self.language.content(slot)? {
                Content::Leaf(ValueRef::Float(n)) => Some(n),
                _ => None,
            },
            Operand::Length(slot) => match self.language.content(slot)? {
                Content::Leaf(ValueRef::String(text)) => Some(text.size() as f64),
                _ => None,
            },
            other => match self.operand_of(other)? {
                ValueRef::Float(n) => Some(n),
                ValueRef::Int(n) => Some(n as f64),
                _ => None,
            },
        }
    }

    #[inline(never)]
    fn is_null(&self, operand: Operand) -> Option<bool> {
        self.operand_of(operand).map(|value| matches!(value, ValueRef::Null))
    }

    #[inline(never)]
    fn matched(&self, text: Operand, pattern: u32) -> Option<bool> {
        let pattern = self.code.patterns.get(pattern as usize)?;
        let text = match text {
            Operand::Val(slot) => match self.language.content(slot)? {
                Content::Leaf(ValueRef::String(text)) => text,
                _ => return None,
            },
            other => match self.operand_of(other)? {
                ValueRef::String(text) => text,
                _ => return None,
            },
        };
        Some((L::OPERATORS.matches)(pattern, text))
    }

    #[inline(never)]
    fn compared(&self, op: Comparator, a: Operand, b: Operand) -> Option<bool> {
        let (a, b) = (self.operand_of(a)?, self.operand_of(b)?);
        // The commonest comparison of all: a text with a text.
        if let (ValueRef::String(Str::Utf8(a)), ValueRef::String(Str::Utf8(b))) = (a, b) {
            match op {
                Comparator::Eq => return Some(a == b),
                Comparator::Ne => return Some(a != b),
                _ => {}
            }
        }
        (L::OPERATORS.compare)(op, a, b).ok()
    }

    #[inline(never)]
    fn value_of(&mut self, node: NodeId) -> Option<bool> {
        match self.condition(node) {
            Ok(ValueRef::Bool(said)) => Some(said),
            _ => None,
        }
    }

    #[inline(never)]
    fn has_children(&self, slot: u8, names: u32) -> Option<bool> {
        let Some(Value::List(names)) = self.code.constants.get(names as usize) else { return None };
        let place = self.place(slot)?;
        for name in names {
            // No key has half a surrogate pair.
            let there = name.as_str().map_or(Ok(false), |name| place.has(name));
            if !there.ok()? {
                return Some(false);
            }
        }
        Some(true)
    }

    fn place(&self, slot: u8) -> Option<&'a dyn Snapshot> {
        match self.language.variable(slot)? {
            ValueRef::Snapshot(place) => Some(place),
            _ => None,
        }
    }

    #[inline(always)]
    fn operand_of(&self, operand: Operand) -> Option<ValueRef<'a>> {
        match operand {
            Operand::Number(n) => Some(ValueRef::Float(n)),
            Operand::Constant(at) => self.code.constants.get(at as usize).map(Value::view),
            Operand::Variable(slot) => self.language.variable(slot),
            Operand::Capture(slot) => self.language.capture(slot, self.arena).ok(),
            Operand::Val(slot) => self.val(slot),
            Operand::Length(slot) => match self.val(slot)? {
                ValueRef::String(text) => Some(ValueRef::Float(text.size() as f64)),
                _ => None,
            },
            Operand::Member(slot, names) => {
                let mut value = self.language.variable(slot)?;
                for name in names.of(&self.code.member_names) {
                    value = (L::OPERATORS.member)(value, Str::Utf8(self.code.name(*name))).ok()?;
                }
                Some(value)
            }
        }
    }

    #[inline(always)]
    fn val(&self, slot: u8) -> Option<ValueRef<'a>> {
        Some(match self.language.content(slot)? {
            Content::Nothing => ValueRef::Null,
            Content::Leaf(value) => value,
            Content::Children => ValueRef::Snapshot(self.place(slot)?),
        })
    }
}
