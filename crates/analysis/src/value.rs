//! Symbolic values: what an expression can be, for all requests at once.

use std::rc::Rc;

use crate::{
    atom::{ConstId, DiffKeys},
    formula::Formula,
    linear::Linear,
    place::PlaceId,
};

/// The possible results of an expression. The guards exclude each other; where none holds, the expression is an error.
pub type Values = Rc<[(Formula, Sym)]>;

/// A number by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumKind {
    /// `int`
    Int,
    /// `timestamp`
    Timestamp,
    /// `duration`
    Duration,
}

/// A text of which parts are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextPart {
    /// A constant.
    Const(ConstId),
    /// The text of a place.
    Of(PlaceId),
}

/// A segment of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SegmentTerm {
    /// A constant text.
    Const(ConstId),
    /// The text of a place.
    Of(PlaceId),
    /// A text in parts.
    Parts(Rc<[TextPart]>),
}

/// A symbolic value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sym {
    /// A constant.
    Const(ConstId),
    /// What a place has.
    Place(PlaceId),
    /// A number.
    Number(NumKind, Linear),
    /// A boolean: where it is true, where it is false; where neither, it is an error.
    Bool(Formula, Formula),
    /// A text in parts.
    Text(Rc<[TextPart]>),
    /// A list made by the rules.
    List(Rc<[Values]>),
    /// A map made by the rules; keys are constants or texts of places, in the order of insertion.
    Map(Rc<[(Sym, Values)]>),
    /// A path.
    Path(Rc<[SegmentTerm]>),
    /// `keys()` of the map at a place.
    Keys(PlaceId),
    /// `new.diff(old)`
    Diff(PlaceId, PlaceId),
    /// Keys of such a difference.
    DiffKeys(DiffKeys, PlaceId, PlaceId),
    /// `toSet()` of a list.
    ToSet(Rc<Sym>),
    /// `union`, and of lists `concat`.
    Union(Rc<Sym>, Rc<Sym>),
    /// `intersection`
    Intersection(Rc<Sym>, Rc<Sym>),
    /// `difference`, and of lists `removeAll`.
    Difference(Rc<Sym>, Rc<Sym>),
    /// `size()` of keys or a set.
    SizeOf(Rc<Sym>),
}

/// The result of evaluating an operation.
#[derive(Clone, Debug)]
pub struct Term {
    /// Its possible values.
    pub values: Values,
    /// Where the evaluation leaves operands behind, which operations around it take for their own.
    pub leaves: Formula,
}
