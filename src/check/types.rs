//! What the checker knows of an expression: an ordered list of types, or nothing.
//!
//! Official messages print types in the order in which the overloads that gave them are declared, so a set of bits
//! would not do. Even "anything" is a list: `a == 1` leaves other orders than `[a]` does (measured).

use std::fmt;

use crate::value::Type;

/// Types an expression may have; `None` where nothing is known, which every operation accepts.
pub(super) type Possible = Option<Types>;

/// Every type of a value, in the order in which messages list what is left of "anything".
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

/// Distinct types in the order in which they were added. Two words, because inference makes and copies many.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Types {
    /// Places in [`ALL`], four bits each, the first one lowest.
    order: u64,
    /// The same types, one bit each.
    set: u16,
    /// How many there are.
    count: u8,
}

impl Types {
    /// As many as there are types of values.
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

    /// The same list, with a type at its end unless it is there; `Any` adds all that are not.
    #[must_use]
    pub(super) const fn with(mut self, t: Type) -> Types {
        match place(t) {
            Some(place) => self.with_place(place),
            None if self.is_empty() => Types::ANY,
            None => {
                let mut place = 0;
                while place < Types::CAPACITY as u32 {
                    self = self.with_place(place);
                    place += 1;
                }
                self
            }
        }
    }

    const fn with_place(self, place: u32) -> Types {
        if self.set & 1 << place != 0 {
            return self;
        }
        let order = self.order | (place as u64) << (4 * self.count as u32);
        Types { order, set: self.set | 1 << place, count: self.count + 1 }
    }

    fn places(self) -> impl Iterator<Item = u32> {
        (0..u32::from(self.count)).map(move |n| (self.order >> (4 * n)) as u32 & 15)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Type> + '_ {
        self.places().filter_map(|place| ALL.get(place as usize).copied())
    }

    pub(super) fn contains(&self, t: Type) -> bool {
        place(t).is_some_and(|place| self.set & 1 << place != 0)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.set == 0
    }

    /// Whether all of these are among others.
    pub(super) fn within(&self, other: &Types) -> bool {
        self.set & !other.set == 0
    }

    /// The types in both, in the order of the first.
    pub(super) fn common(&self, other: &Types) -> Types {
        if self.within(other) {
            return *self;
        }
        self.places().filter(|place| other.set & 1 << place != 0).fold(Types::NONE, Types::with_place)
    }

    /// Whether a value of one could be a value of the other.
    pub(super) fn overlaps(&self, other: &Types) -> bool {
        self.set & other.set != 0
    }

    /// Whether a value of one could equal a value of the other: the same, but all numbers are of a kind.
    pub(super) fn comparable(&self, other: &Types) -> bool {
        self.overlaps(other) || (self.has_number() && other.has_number())
    }

    pub(super) fn has_number(&self) -> bool {
        self.contains(Type::Int) || self.contains(Type::Float)
    }
}

/// Where a type stands in [`ALL`], which has the order of the declaration; `Any` and what no value has do not.
const fn place(t: Type) -> Option<u32> {
    if (t as usize) < Types::CAPACITY { Some(t as u32) } else { None }
}

/// As messages print it: `[int, float]`.
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
    use super::{ALL, Type, Types, place};

    #[test]
    fn places_are_those_in_the_list() {
        for (at, t) in ALL.into_iter().enumerate() {
            assert_eq!(place(t), Some(at as u32));
        }
        assert_eq!([Type::Any, Type::Snapshot].map(place), [None, None]);
        assert!(Types::ANY.iter().eq(ALL));
        assert!(Types::of(&[Type::Path, Type::Any]).iter().take(2).eq([Type::Path, Type::Null]));
    }
}
