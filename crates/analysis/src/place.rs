//! Places: values that a request decides, such as `request.auth.uid`, the third segment of its path, or a document.

use crate::{atom::OpenId, schema::Schema, value::SegmentTerm};

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaceId(pub u32);

/// The kinds of values at places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Reading the place is an error.
    Absent,
    /// `null`
    Null,
    /// A boolean.
    Bool,
    /// A whole number.
    Int,
    /// A double that is a number.
    Float,
    /// A double that is not a number: all comparisons with it are false.
    NaN,
    /// Text.
    String,
    /// Bytes.
    Bytes,
    /// A moment.
    Timestamp,
    /// A length of time.
    Duration,
    /// A location on Earth.
    LatLng,
    /// A list.
    List,
    /// A map.
    Map,
    /// A path, in data a reference.
    Path,
    /// A vector.
    Vector,
    /// A type that no stored value has: a set, a difference of maps, what a query knows of a field.
    Other,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 16] = [
        Kind::Absent,
        Kind::Null,
        Kind::Bool,
        Kind::Int,
        Kind::Float,
        Kind::NaN,
        Kind::String,
        Kind::Bytes,
        Kind::Timestamp,
        Kind::Duration,
        Kind::LatLng,
        Kind::List,
        Kind::Map,
        Kind::Path,
        Kind::Vector,
        Kind::Other,
    ];
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kinds(u16);

impl Kinds {
    /// No kind.
    pub const NONE: Kinds = Kinds(0);

    /// These kinds.
    pub const fn of(kinds: &[Kind]) -> Kinds {
        let (mut set, mut rest) = (0, kinds);
        while let [first, others @ ..] = rest {
            set |= 1 << (*first as u16);
            rest = others;
        }
        Kinds(set)
    }

    /// Whether the set has a kind.
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }

    /// The kinds of both.
    #[must_use]
    pub const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// The kinds of either.
    #[must_use]
    pub const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// The kinds that the other set lacks.
    #[must_use]
    pub const fn without(self, other: Kinds) -> Kinds {
        Kinds(self.0 & !other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The only kind, if there is one.
    pub fn single(self) -> Option<Kind> {
        if self.0.count_ones() == 1 { self.iter().next() } else { None }
    }

    /// The kinds in order.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }

    /// Any value of JSON.
    pub const JSON: Kinds =
        Kinds::of(&[Kind::Null, Kind::Bool, Kind::Int, Kind::Float, Kind::String, Kind::List, Kind::Map]);
    /// Any field of a document.
    pub const FIELD: Kinds =
        Kinds::JSON.or(Kinds::of(&[Kind::NaN, Kind::Bytes, Kind::Timestamp, Kind::LatLng, Kind::Path, Kind::Vector]));
    /// Any value at all, or an error.
    pub const ANY: Kinds = Kinds::FIELD.or(Kinds::of(&[Kind::Absent, Kind::Duration, Kind::Other]));
    /// Numbers.
    pub const NUMBER: Kinds = Kinds::of(&[Kind::Int, Kind::Float]);
    /// What a path takes as one segment.
    pub const SEGMENT: Kinds = Kinds::of(&[Kind::String, Kind::Null, Kind::Bool, Kind::Int, Kind::Float, Kind::NaN]);
}

/// The step from a place to one below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The value of this key, a constant text.
    Name(crate::atom::ConstId),
    /// The value of the key that is the text of a place.
    Of(PlaceId),
    /// The element of this index.
    Index(u32),
}

/// What a place stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The variable `request`.
    Request,
    /// The variable `resource`.
    Resource,
    /// A segment of the request's path.
    Segment(u32),
    /// A document before the request.
    Document(Vec<SegmentTerm>),
    /// A document after the commit that the request belongs to.
    After(Vec<SegmentTerm>),
    /// Below another place.
    Child(PlaceId, Key),
    /// The result of an operation that is not modelled.
    Open(OpenId),
    /// A value that a question speaks of, by its name.
    Named(&'static str),
}

/// A place and what is known of it.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it stands for.
    pub origin: Origin,
    /// The kinds of values that it can have.
    pub kinds: Kinds,
    /// What is below it.
    pub schema: Schema,
    /// Whether it is there whenever the place around it is a map.
    pub required: bool,
}
