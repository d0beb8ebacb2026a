//! The types of an expression as far as the checker knows them: an ordered list, or nothing.
//!
//! Official messages print types in the order in which the overloads that gave them are declared, so a bit set alone is
//! not enough. Even "any type" is a list: `a == 1` leaves another order than `[a]` (measured).

use std::fmt;

use crate::value::Type;

/// The types that an expression may have; `None` if nothing is known, which every operation accepts.
pub(super) type Possible = Option<Types>;

/// Every type of a value, in the order in which messages list what is left of "any type".
const ALL: [Type; Types::CAPACITY] = [
    Type::Null,
    Type::Bool,
    Type::Int,
    Type::Float,
    Type::String,
    Type::Bytes,
    Type::Duration,
    Type::Timestamp,
    Type::LatLng,
    Type::List,
    Type::Vector,
    Type::Set,
    Type::Map,
    Type::Path,
    Type::MapDiff,
    Type::Constraint,
];

/// Distinct types in the order in which they were added. The type is two words, because inference copies it often.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Types {
    /// Indices into [`ALL`], four bits each, the first one lowest.
    order: u64,
    /// The same types, one bit each.
    set: u16,
    /// Number of types.
    count: u8,
}

impl Types {
    /// Number of types of values.
    const CAPACITY: usize = 16;

    /// No type.
    pub(super) const NONE: Types = Types { order: 0, set: 0, count: 0 };

    /// Every type, in the order of [`ALL`].
    pub(super) const ANY: Types = Types { order: 0xFEDC_BA98_7654_3210, set: u16::MAX, count: 16 };

    /// These types, in this order.
    pub(super) const fn of(mut types: &[Type]) -> Types {
        let mut list = Types::NONE;
        while let [first, rest @ ..] = types {
            list = list.with(*first);
            types = rest;
        }
        list
    }

    /// Appends a type unless the list contains it; `Any` appends all missing types.
    #[must_use]
    pub(super) const fn with(mut self, t: Type) -> Types {
        match index_of(t) {
            Some(index) => self.with_index(index),
            None if self.is_empty() => Types::ANY,
            None => {
                let mut index = 0;
                while index < Types::CAPACITY as u32 {
                    self = self.with_index(index);
                    index += 1;
                }
                self
            }
        }
    }

    const fn with_index(self, index: u32) -> Types {
        if self.set & 1 << index != 0 {
            return self;
        }
        let order = self.order | (index as u64) << (4 * self.count as u32);
        Types { order, set: self.set | 1 << index, count: self.count + 1 }
    }

    fn indices(self) -> impl Iterator<Item = u32> {
        (0..u32::from(self.count)).map(move |n| (self.order >> (4 * n)) as u32 & 15)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Type> + '_ {
        self.indices().filter_map(|index| ALL.get(index as usize).copied())
    }

    pub(super) fn contains(&self, t: Type) -> bool {
        index_of(t).is_some_and(|index| self.set & 1 << index != 0)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.set == 0
    }

    /// Whether all of these types are in `other`.
    pub(super) fn within(&self, other: &Types) -> bool {
        self.set & !other.set == 0
    }

    /// The types in both lists, in the order of the first.
    pub(super) fn common(&self, other: &Types) -> Types {
        if self.within(other) {
            return *self;
        }
        self.indices().filter(|index| other.set & 1 << index != 0).fold(Types::NONE, Types::with_index)
    }

    /// Whether a value of one list could have a type of the other.
    pub(super) fn overlaps(&self, other: &Types) -> bool {
        self.set & other.set != 0
    }

    /// Whether a value of one list could equal a value of the other: numbers of different types may be equal.
    pub(super) fn comparable(&self, other: &Types) -> bool {
        self.overlaps(other) || (self.has_number() && other.has_number())
    }

    pub(super) fn has_number(&self) -> bool {
        self.contains(Type::Int) || self.contains(Type::Float)
    }
}

/// The index of a type in [`ALL`], which has the order of the declaration; `None` for `Any` and for types that no value
/// has.
const fn index_of(t: Type) -> Option<u32> {
    if (t as usize) < Types::CAPACITY { Some(t as u32) } else { None }
}

/// The format of messages: `[int, float]`.
impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, t) in self.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}{t}")?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Type, Types, index_of};

    #[test]
    fn indices_are_those_in_the_list() {
        for (at, t) in ALL.into_iter().enumerate() {
            assert_eq!(index_of(t), Some(at as u32));
        }
        assert_eq!([Type::Any, Type::Snapshot].map(index_of), [None, None]);
        assert!(Types::ANY.iter().eq(ALL));
        assert!(Types::of(&[Type::Path, Type::Any]).iter().take(2).eq([Type::Path, Type::Null]));
    }
}
