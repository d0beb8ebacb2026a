//! Predicates: what the conditions of ordinary rules ask, in operands that are read without evaluating operations.
//!
//! A predicate gives the truth of the operation that it was made from, its origin; `fuse.rs` makes it, and
//! [`Op::Fused`](super::Op::Fused) keeps the two together. Its duty of proof: true and false are what the origin gives, and
//! where the origin gives neither, the predicate fails or leaves the answer to the origin. `tests/hot/recorded.rs` holds
//! every fused operation of all recorded tables to that.

use crate::{
    pattern::Pattern,
    stdlib::Dialect,
    value::{Comparator, Name, Symbol, Type, TypeName, Value},
};

use super::{Code, Id, Ids, NameId, OpId};

/// A question that is true, false, or fails. In database rules a failure ends the whole condition; in Storage and
/// Firestore rules, `&&` and `||` continue, and another part can still decide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Predicate {
    /// Known without a request.
    Always(bool),
    /// `&&`: all of these, in order, up to the first that is false.
    All(Ids<Predicate>),
    /// `||`: any of these, in order, up to the first that is true.
    Any(Ids<Predicate>),
    /// `!`
    Not(Id<Predicate>),
    /// A snapshot, a variable, has a value of this type: any for `exists()`, a map for `hasChildren()`.
    HasType(u8, Type),
    /// A snapshot, a variable, has the children of a constant list.
    HasChildren(u8, Id<Value>),
    /// A snapshot is a string whose length is at least the first number and at most the second:
    /// `isString() && val().length <= 100`.
    LengthWithin(u8, f64, f64),
    /// A snapshot is a number, at least the first and at most the second: `isNumber() && val() >= 0 && val() < 10`.
    NumberWithin(u8, f64, f64),
    /// An operand is null, or is not.
    Null(Operand, bool),
    /// Two operands compared.
    Compare(Comparator, Operand, Operand),
    /// Two operands that are probably texts are equal, or are not.
    Same(Operand, Operand, bool),
    /// An operand that is probably an int, compared with one.
    Int(Comparator, Operand, i64),
    /// An operand that is probably a boolean equals this one.
    Bool(Operand, bool),
    /// An operand matches a pattern.
    Matches(Operand, Id<Pattern>),
    /// An operand is in another: an element in a list, a key in a map.
    In(Operand, Operand),
    /// An operand is of a type.
    Is(Operand, TypeName),
    /// An operand that is true or false itself.
    Value(Operand),
    /// A predicate after an operand: an argument or a variable that the predicate may not come to read. That reading it
    /// fails does no harm; a value too large ends everything.
    Given(Operand, Id<Predicate>),
    /// The value of an operation that has no predicate.
    Evaluate(OpId),
}

/// A value that is read without evaluating an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand {
    /// A constant.
    Constant(Id<Value>),
    /// A constant number.
    Number(f64),
    /// A constant int.
    Int(i64),
    /// A variable that is no snapshot.
    Variable(u8),
    /// A wildcard.
    Capture(u8),
    /// A wildcard that stands for the segment of this index, whatever the request.
    Segment(u8),
    /// `data.val()`: the value of a snapshot, a variable.
    Val(u8),
    /// `data.val().length`
    Length(u8),
    /// A property of a variable, through properties.
    Member(Holder, Id<Member>),
}

/// What a property belongs to, where the rules alone tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// `request`
    Request,
    /// `request.auth`; in database rules `auth`
    User,
    /// The same, of which it is the `uid`.
    UserId,
    /// `request.auth.token`; in database rules `auth.token`
    Claims,
    /// `request.resource`
    Incoming,
    /// `request.resource.data`
    IncomingData,
    /// `request.resource.metadata`
    IncomingMetadata,
    /// `resource`
    Existing,
    /// `resource.data`
    ExistingData,
    /// `resource.metadata`
    ExistingMetadata,
    /// Another member.
    Member,
    /// Anything else that a property of database rules may belong to.
    Variable,
}

impl Holder {
    /// What the names lead to from a variable.
    pub(super) fn of(dialect: Dialect, slot: u8, names: &[Name]) -> Holder {
        let first = match (dialect, slot) {
            (Dialect::Database, slot) if Dialect::Database.variable_name(slot) == "auth" => Holder::User,
            (Dialect::Database, _) => Holder::Variable,
            (Dialect::Service, 0) => Holder::Request,
            (Dialect::Service, _) => Holder::Existing,
        };
        names.iter().fold(first, |holder, name| match (holder, name.symbol()) {
            (Holder::Variable, _) => Holder::Variable,
            (Holder::Request, Some(Symbol::Auth)) => Holder::User,
            (Holder::Request, Some(Symbol::Resource)) => Holder::Incoming,
            (Holder::User, Some(Symbol::Token)) => Holder::Claims,
            // What is missing on the way is null there, and has properties that are null.
            (Holder::User | Holder::Claims, _) if dialect == Dialect::Database => Holder::Variable,
            (Holder::Incoming, Some(Symbol::Data)) => Holder::IncomingData,
            (Holder::Incoming, Some(Symbol::Metadata)) => Holder::IncomingMetadata,
            (Holder::Existing, Some(Symbol::Data)) => Holder::ExistingData,
            (Holder::Existing, Some(Symbol::Metadata)) => Holder::ExistingMetadata,
            _ => Holder::Member,
        })
    }

    /// The holder of a property of that name; the user's id, which rules read most, has its own.
    pub(super) fn of_property(self, name: Name) -> Holder {
        match (self, name.symbol()) {
            (Holder::User, Some(Symbol::Uid)) => Holder::UserId,
            (holder, _) => holder,
        }
    }
}

/// A property of a variable, prepared for looking it up.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub text: Box<str>,
    /// The hash and symbol of its name.
    pub name: Name,
    /// The operand that it is a property of, if that is a member.
    pub of: Option<Operand>,
    /// The variable.
    pub slot: u8,
    /// The names on the way to it; its own is the last.
    pub path: Box<[NameId]>,
}

impl Predicate {
    /// The operands that it reads itself, in the order in which they are written.
    pub(super) fn operands(self) -> impl Iterator<Item = Operand> {
        let operands = match self {
            Predicate::Null(a, _)
            | Predicate::Matches(a, _)
            | Predicate::Is(a, _)
            | Predicate::Value(a)
            | Predicate::Int(_, a, _)
            | Predicate::Bool(a, _)
            | Predicate::Given(a, _) => [Some(a), None],
            Predicate::Compare(_, a, b) | Predicate::Same(a, b, _) | Predicate::In(a, b) => [Some(a), Some(b)],
            _ => [None, None],
        };
        operands.into_iter().flatten()
    }

    /// Whether a check holds for the predicate and for all that it is made of; of a corrupt one it does not.
    fn every(self, code: &Code, check: &impl Fn(Predicate) -> bool) -> bool {
        let parts = match self {
            Predicate::All(parts) | Predicate::Any(parts) => code.predicates.slice(parts),
            Predicate::Not(part) | Predicate::Given(_, part) => code.predicates.get(part).map(std::slice::from_ref),
            _ => Ok([].as_slice()),
        };
        check(self) && parts.is_ok_and(|parts| parts.iter().all(|part| part.every(code, check)))
    }

    /// Whether it evaluates no operation, so that it calls nothing.
    pub(super) fn is_pure(self, code: &Code) -> bool {
        self.every(code, &|predicate| !matches!(predicate, Predicate::Evaluate(_)))
    }

    /// Whether it reads nothing but what its rule's own location holds before and after a write, the user and the time.
    pub(super) fn is_local(self, code: &Code) -> bool {
        let is_own = |slot: u8| matches!(code.dialect.variable_name(slot), "data" | "newData");
        let is_given = |slot: u8| matches!(code.dialect.variable_name(slot), "auth" | "now");
        let is_near = |operand: Operand| match operand {
            Operand::Constant(_) | Operand::Number(_) | Operand::Int(_) | Operand::Capture(_) => true,
            Operand::Variable(slot) => is_given(slot),
            Operand::Member(_, member) => code.members.get(member).is_ok_and(|member| is_given(member.slot)),
            Operand::Val(slot) | Operand::Length(slot) => is_own(slot),
            Operand::Segment(_) => false,
        };
        self.every(code, &|predicate| match predicate {
            Predicate::Always(_) | Predicate::All(_) | Predicate::Any(_) | Predicate::Not(_) => true,
            Predicate::HasType(slot, _) | Predicate::LengthWithin(slot, ..) | Predicate::NumberWithin(slot, ..) => {
                is_own(slot)
            }
            Predicate::Matches(..) | Predicate::Null(..) | Predicate::Compare(..) => predicate.operands().all(is_near),
            _ => false,
        })
    }

    /// Whether it can read the snapshot that a variable of that name is.
    pub(super) fn reads(self, code: &Code, snapshot: &str) -> bool {
        let is_other = |slot: u8| code.dialect.variable_name(slot) != snapshot;
        !self.every(code, &|predicate| match predicate {
            Predicate::Always(_) | Predicate::All(_) | Predicate::Any(_) | Predicate::Not(_) => true,
            Predicate::HasType(slot, _)
            | Predicate::HasChildren(slot, _)
            | Predicate::LengthWithin(slot, ..)
            | Predicate::NumberWithin(slot, ..) => is_other(slot),
            Predicate::Matches(..) | Predicate::Null(..) | Predicate::Compare(..) => {
                predicate.operands().all(|operand| match operand {
                    Operand::Val(slot) | Operand::Length(slot) => is_other(slot),
                    _ => true,
                })
            }
            _ => false,
        })
    }
}
