//! Asks the predicates of database rules, which are mostly about snapshots.
//!
//! As in `usual.rs`, operands that have the usual types are read where they are; the general way reads the others.

use crate::{
    pattern::Pattern,
    program::{Id, Operand, Predicate},
    value::{Comparator, Content, MapRef, Snapshot, Str, Type, Value, ValueRef, same_text},
};

use super::{
    Evaluator, Language, Observer,
    predicate::{Answer, NoAnswer, numbers},
};

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// Asks a predicate, for callers that ask many in a row: the most frequent predicates need no further call.
    #[inline(always)]
    pub fn predicate(&mut self, id: Id<Predicate>) -> Answer {
        let code = self.code;
        self.ask(code.predicates.get(id)?)
    }

    /// Asks a predicate of database rules. Those about the type of what is written need no further call.
    #[inline(always)]
    pub(super) fn of_snapshots(&mut self, predicate: &Predicate) -> Answer {
        match predicate {
            Predicate::HasType(slot, wanted) => {
                let found = self.content(*slot)?.type_of();
                Ok(found == *wanted || *wanted == Type::Any && found != Type::Null)
            }
            Predicate::LengthWithin(slot, low, high) => Ok(match self.content(*slot)? {
                // A text has no more UTF-16 units than bytes, whose number is known without counting.
                Content::String(text) => {
                    *low <= 0.0 && text.len() as i64 as f64 <= *high || length_within(text, *low, *high)
                }
                _ => false,
            }),
            Predicate::NumberWithin(slot, low, high) => Ok(match self.content(*slot)? {
                Content::Number(n) => *low <= n && n <= *high,
                _ => false,
            }),
            Predicate::All(_) | Predicate::Any(_) | Predicate::Always(_) | Predicate::Not(_) | Predicate::Given(..) => {
                self.compound(predicate)
            }
            predicate => self.with_operands(predicate),
        }
    }

    /// What a snapshot has; data that cannot be read fails.
    #[inline(always)]
    fn content(&self, slot: u8) -> Result<Content<'a>, NoAnswer> {
        self.language.content(slot).ok_or(NoAnswer::Fails)
    }

    #[inline(never)]
    fn with_operands(&mut self, predicate: &Predicate) -> Answer {
        let quick = match predicate {
            Predicate::Null(Operand::Variable(slot), wanted) => {
                self.language.borrowed(*slot).map(|value| matches!(value, ValueRef::Null) == *wanted)
            }
            Predicate::Compare(op, a, b) => self.compared_in_place(*op, a, b),
            Predicate::Matches(Operand::Val(slot), pattern) => return self.content_matches(*slot, *pattern),
            Predicate::HasChildren(slot, names) => return self.has_children(*slot, *names),
            _ => None,
        };
        if let Some(truth) = quick { Ok(truth) } else { self.general(predicate) }
    }

    /// Compares two numbers by order, or two texts by equality.
    #[inline]
    fn compared_in_place(&self, op: Comparator, a: &Operand, b: &Operand) -> Option<bool> {
        match op {
            Comparator::Eq | Comparator::Ne => {
                let same = same_text(self.text_at(a)?, self.text_at(b)?);
                Some(same == (op == Comparator::Eq))
            }
            op => numbers(op, self.number_at(a)?, self.number_at(b)?),
        }
    }

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
    fn content_matches(&self, slot: u8, pattern: Id<Pattern>) -> Answer {
        match self.content(slot)? {
            Content::String(text) => Ok((L::OPERATORS.matches)(self.code.patterns.get(pattern)?, Str::Utf8(text))),
            _ => Err(NoAnswer::Fails),
        }
    }

    #[inline(never)]
    fn has_children(&self, slot: u8, names: Id<Value>) -> Answer {
        let Value::List(names) = self.code.constants.get(names)? else { return Err(NoAnswer::Fails) };
        let snapshot: &dyn Snapshot = match self.language.variable(slot) {
            Some(ValueRef::Snapshot(snapshot)) => snapshot,
            _ => return Err(NoAnswer::Fails),
        };
        for name in names {
            // No key has half a surrogate pair.
            let Some(name) = name.as_str() else { return Ok(false) };
            match snapshot.has(name) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(_) => return Err(NoAnswer::Fails),
            }
        }
        Ok(true)
    }

    /// The value of a snapshot. Children are a value that is neither null nor equal to any, and cannot be ordered, like the
    /// snapshot that the machine has for them.
    #[inline(always)]
    pub(super) fn val(&self, slot: u8) -> Result<ValueRef<'a>, NoAnswer> {
        let content = self.content(slot)?;
        Ok(match (content, content.leaf()) {
            (_, Some(value)) => value,
            (Content::Children, _) => ValueRef::Map(MapRef::Made(&[])),
            _ => ValueRef::Null,
        })
    }
}

#[inline(never)]
fn length_within(text: &str, low: f64, high: f64) -> bool {
    let length = Str::Utf8(text).size() as f64;
    low <= length && length <= high
}
