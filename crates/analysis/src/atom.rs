//! Atoms: the statements about a request that formulas are made of.

use crate::place::{Kind, PlaceId};

/// Ids of entries in the tables of the [`crate::world::World`].
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
    )*};
}

ids! {
    /// A constant.
    ConstId
    /// A set of constants.
    ConstsId
    /// A language of texts: a pattern.
    LanguageId
    /// A linear inequality.
    RowId
    /// An operation whose result the analysis does not model.
    OpenId
}

/// Which keys of `a.diff(b)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiffKeys {
    /// Only in the new map.
    Added,
    /// Only in the old map.
    Removed,
    /// In both, with other values.
    Changed,
    /// In both, with equal values.
    Unchanged,
    /// All but the unchanged.
    Affected,
}

/// The equality of two containers, or of two values whose content the analysis does not model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// The operator `==` (relation E3 inside containers).
    Operator,
    /// That of sets and of `diff` (relation E4).
    Set,
}

/// A statement about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    /// The place has a value of this kind.
    Tag(PlaceId, Kind),
    /// The boolean of the place is true.
    Truth(PlaceId),
    /// The text of the place is the constant.
    TextIs(PlaceId, ConstId),
    /// Two places have the same text.
    TextSame(PlaceId, PlaceId),
    /// The text of the place is in the language.
    TextIn(PlaceId, LanguageId),
    /// An inequality of numbers holds.
    Row(RowId),
    /// Two places are equal.
    Same(Relation, PlaceId, PlaceId),
    /// The place equals a constant that is a list or a map, or of a type without modelled content.
    SameConst(PlaceId, ConstId),
    /// The list has this element.
    HasConst(PlaceId, ConstId),
    /// The list has the value of the other place as an element.
    Has(PlaceId, PlaceId),
    /// The map has keys, the list elements, beside all that are tracked.
    Other(PlaceId),
    /// The keys of the map, the elements of the list, are all among these.
    Only(PlaceId, ConstsId),
    /// A difference of maps has keys of this kind beside all that are tracked.
    OtherDiff(DiffKeys, PlaceId, PlaceId),
    /// The keys of a difference are all among these.
    OnlyDiff(DiffKeys, PlaceId, PlaceId, ConstsId),
    /// The result of an operation that is not modelled, a boolean.
    Open(OpenId),
}

impl Atom {
    /// The places that it speaks of, without those in rows.
    pub fn places(self) -> [Option<PlaceId>; 2] {
        match self {
            Atom::Tag(p, _)
            | Atom::Truth(p)
            | Atom::TextIs(p, _)
            | Atom::TextIn(p, _)
            | Atom::SameConst(p, _)
            | Atom::HasConst(p, _)
            | Atom::Other(p)
            | Atom::Only(p, _) => [Some(p), None],
            Atom::TextSame(p, q)
            | Atom::Same(_, p, q)
            | Atom::Has(p, q)
            | Atom::OtherDiff(_, p, q)
            | Atom::OnlyDiff(_, p, q, _) => [Some(p), Some(q)],
            Atom::Row(_) | Atom::Open(_) => [None, None],
        }
    }

    /// Whether a theory must find values for it.
    pub fn has_theory(self) -> bool {
        matches!(self, Atom::TextIs(..) | Atom::TextSame(..) | Atom::TextIn(..) | Atom::Row(_))
    }
}
