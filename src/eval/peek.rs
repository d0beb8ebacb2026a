//! Operands of the usual types, read without passing values around.
//!
//! Nothing is decided here that [`super::test`] does not decide: where an operand is of another type, missing, or too
//! large, there is no answer, and the operand is read again in the general way.

use crate::{
    program::{MemberName, Operand},
    value::{Comparator, ListRef, Map, MapRef, Record, Str, StrBuf, Symbol, Value, ValueRef, same_text},
};

use super::{Evaluator, Language, Observer};

/// Texts that are surely not too large.
const SMALL: usize = 1 << 20;

/// What has properties.
#[derive(Clone, Copy)]
enum Holder<'a> {
    Record(&'a dyn Record),
    Map(&'a Map),
}

impl<'a> Holder<'a> {
    #[inline(always)]
    fn of(value: &ValueRef<'a>) -> Option<Self> {
        match value {
            ValueRef::Map(MapRef::Record(record)) => Some(Holder::Record(*record)),
            ValueRef::Map(MapRef::Owned(map)) => Some(Holder::Map(map)),
            _ => None,
        }
    }
}

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// A text.
    #[inline(never)]
    fn text(&self, operand: &Operand) -> Option<&'a str> {
        let text = match *operand {
            Operand::Segment(at) => match self.language.segment(at)? {
                ValueRef::String(Str::Utf8(text)) => text,
                _ => return None,
            },
            Operand::Member(slot, names) => {
                let (last, before) = names.of(&self.code.member_names).split_last()?;
                match self.holder(slot, before)? {
                    Holder::Record(record) => record.text(last.name.symbol()?)?,
                    Holder::Map(map) => map.named(self.code.name(last.text), last.name)?.as_str()?,
                }
            }
            Operand::Constant(at) => self.code.constants.get(at as usize)?.as_str()?,
            _ => return None,
        };
        (text.len() < SMALL).then_some(text)
    }

    /// Whether two texts are the same.
    #[inline]
    pub(super) fn same_text(&self, a: &Operand, b: &Operand) -> Option<bool> {
        Some(same_text(self.text(a)?, self.text(b)?))
    }

    /// Whether a text is in a list.
    #[inline]
    pub(super) fn text_in(&self, element: &Operand, list: &Operand) -> Option<bool> {
        let element = self.text(element)?;
        let list = self.peek(list, |value| match value {
            ValueRef::List(ListRef::Owned(items)) => Some(*items),
            _ => None,
        })?;
        let is_it = |item: &Value| matches!(item, Value::String(StrBuf::Utf8(text)) if same_text(text, element));
        Some(list.iter().any(is_it))
    }

    /// Whether a text matches a pattern.
    #[inline]
    pub(super) fn text_matches(&self, text: &Operand, pattern: u32) -> Option<bool> {
        let text = self.text(text)?;
        let pattern = self.code.patterns.get(pattern as usize)?;
        Some((L::OPERATORS.matches)(pattern, Str::Utf8(text)))
    }

    /// A boolean.
    #[inline]
    pub(super) fn boolean(&self, operand: &Operand) -> Option<bool> {
        self.peek(operand, |value| match value {
            ValueRef::Bool(said) => Some(*said),
            _ => None,
        })
    }

    /// Whether a value is null, where it is one of the usual ones.
    #[inline]
    pub(super) fn null(&self, operand: &Operand) -> Option<bool> {
        self.peek(operand, |value| match value {
            ValueRef::Null => Some(true),
            ValueRef::Map(_) | ValueRef::Bool(_) | ValueRef::Int(_) | ValueRef::List(_) => Some(false),
            ValueRef::String(Str::Utf8(text)) if text.len() < SMALL => Some(false),
            _ => None,
        })
    }

    /// An int compared with another.
    #[inline]
    pub(super) fn int(&self, op: Comparator, a: &Operand, b: i64) -> Option<bool> {
        let a = self.peek(a, |value| match value {
            ValueRef::Int(n) => Some(*n),
            _ => None,
        })?;
        super::test::ints(op, a, b)
    }

    /// What `take` makes of an operand. It looks at the value where it is found, for to copy one costs more than to find
    /// it.
    #[inline(always)]
    fn peek<R>(&self, operand: &Operand, take: impl FnOnce(&ValueRef<'a>) -> Option<R>) -> Option<R> {
        let code = self.code;
        match *operand {
            Operand::Member(slot, names) => {
                let (last, before) = names.of(&code.member_names).split_last()?;
                match self.holder(slot, before)? {
                    Holder::Record(record) => match &record.known(last.name.symbol()?) {
                        Some(value) => take(value),
                        None => None,
                    },
                    Holder::Map(map) => take(&map.named(code.name(last.text), last.name)?.view()),
                }
            }
            Operand::Segment(at) => take(&self.language.segment(at)?),
            Operand::Constant(at) => take(&code.constants.get(at as usize)?.view()),
            _ => None,
        }
    }

    /// What the last of some names is asked of.
    #[inline(always)]
    fn holder(&self, slot: u8, names: &[MemberName]) -> Option<Holder<'a>> {
        let mut holder = Holder::of(self.language.kept(slot)?)?;
        for MemberName { text, name } in names {
            holder = match holder {
                Holder::Record(record) => match name.symbol()? {
                    symbol @ (Symbol::Auth | Symbol::Resource) => Holder::Record(record.record(symbol)?),
                    symbol => Holder::Map(record.map(symbol)?),
                },
                Holder::Map(map) => match map.named(self.code.name(*text), *name)? {
                    Value::Map(map) => Holder::Map(map),
                    _ => return None,
                },
            };
        }
        Some(holder)
    }
}
