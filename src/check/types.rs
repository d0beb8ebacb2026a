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

/// Distinct types in the order in which they were added.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Types {
    len: u8,
    /// The same types, one bit each, so that asking for one is quick.
    set: u32,
    items: [Type; Types::CAPACITY],
}

impl Types {
    /// As many as there are types of values.
    const CAPACITY: usize = 16;

    /// No type.
    pub(super) const NONE: Types = Types { len: 0, set: 0, items: [Type::Any; Types::CAPACITY] };

    /// Every type.
    pub(super) const ANY: Types = Types { len: Types::CAPACITY as u8, set: Types::all(), items: ALL };

    const fn bit(t: Type) -> u32 {
        1 << t as u32
    }

    const fn all() -> u32 {
        let (mut set, mut rest) = (0, ALL.as_slice());
        while let [first, after @ ..] = rest {
            set |= Types::bit(*first);
            rest = after;
        }
        set
    }

    /// These types, in this order.
    pub(super) fn of(types: &[Type]) -> Types {
        types.iter().fold(Types::NONE, |list, t| list.with(*t))
    }

    /// The same list, with a type at its end unless it is there; `Any` adds all that are not.
    #[must_use]
    pub(super) fn with(mut self, t: Type) -> Types {
        if t == Type::Any {
            return if self.is_empty() { Types::ANY } else { ALL.into_iter().fold(self, Types::with) };
        }
        if !self.contains(t)
            && let Some(slot) = self.items.get_mut(usize::from(self.len))
        {
            *slot = t;
            self.set |= Types::bit(t);
            self.len += 1;
        }
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Type> + '_ {
        self.items.iter().take(usize::from(self.len)).copied()
    }

    pub(super) fn contains(&self, t: Type) -> bool {
        self.set & Types::bit(t) != 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The types in both, in the order of the first.
    pub(super) fn common(&self, other: &Types) -> Types {
        if self.set & !other.set == 0 {
            return *self;
        }
        self.iter().filter(|t| other.contains(*t)).fold(Types::NONE, Types::with)
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
