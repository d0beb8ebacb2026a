//! Conditions as tests of few operands: what decides ordinary rules without evaluating them operation by operation.
//!
//! A test says the same as the operations it stands for, which stay beside it: traces and reasons come from those, and a
//! part that is no ordinary one is evaluated as they say ([`Test::Evaluate`]).

use crate::{
    stdlib::Dialect,
    value::{Comparator, Name, Symbol, TypeName},
};

use super::{Code, NodeId, Run};

/// The place of a test in its [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TestId(pub u32);

/// A question with the answers yes and no, or none where an operation fails. In database rules that ends the whole
/// condition; in Storage and Firestore rules, `&&` and `||` go on, and another part may still decide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// The answer is known.
    Always(bool),
    /// All of these, in order, up to the first that is not so.
    All(Run),
    /// Any of these, in order, up to the first that is so.
    Any(Run),
    /// Not this.
    Not(TestId),
    /// What stands at a place: a variable.
    Content(Asked, u8),
    /// Whether a place, a variable, has the children of a constant list.
    HasChildren(u8, u32),
    /// Whether a string stands at a place, and its length is within bounds: `isString() && val().length <= 100`.
    LengthWithin(u8, Bounds),
    /// Whether a number stands at a place, and is within bounds: `isNumber() && val() >= 0 && val() < 10`.
    NumberWithin(u8, Bounds),
    /// Whether an operand is null, or is not.
    Null(Operand, bool),
    /// Two operands compared.
    Compare(Comparator, Operand, Operand),
    /// Two operands that are probably texts: whether they are equal, or are not.
    Same(Operand, Operand, bool),
    /// An operand that is probably an int, compared with one.
    Int(Comparator, Operand, i64),
    /// An operand that is probably a boolean: whether it equals this one.
    Bool(Operand, bool),
    /// Whether an operand matches a pattern.
    Matches(Operand, u32),
    /// Whether an operand is in another: an element in a list, a key in a map.
    In(Operand, Operand),
    /// Whether an operand is of a type.
    Is(Operand, TypeName),
    /// An operand that is true or false itself.
    Value(Operand),
    /// The test, after an operand was read: an argument or a variable that the test may not come to read. A failure does
    /// no harm; a value too large ends everything.
    Given(Operand, TestId),
    /// The operation's value.
    Evaluate(NodeId),
}

/// Numbers between two, or beyond one: from the first on, to the second, each with or without itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    low: f64,
    high: f64,
    with_low: bool,
    with_high: bool,
}

impl Bounds {
    pub(super) const ALL: Bounds =
        Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY, with_low: true, with_high: true };

    /// Whether a number is within them. What is not a number never is.
    pub fn hold(self, n: f64) -> bool {
        (n > self.low || self.with_low && n == self.low) && (n < self.high || self.with_high && n == self.high)
    }

    /// The same with one more; none where there is one at that side already.
    pub(super) fn with(self, op: Comparator, n: f64) -> Option<Bounds> {
        if n.is_nan() {
            return None;
        }
        let (open_below, open_above) = (self.low == f64::NEG_INFINITY, self.high == f64::INFINITY);
        match op {
            Comparator::Gt if open_below => Some(Bounds { low: n, with_low: false, ..self }),
            Comparator::Ge if open_below => Some(Bounds { low: n, with_low: true, ..self }),
            Comparator::Lt if open_above => Some(Bounds { high: n, with_high: false, ..self }),
            Comparator::Le if open_above => Some(Bounds { high: n, with_high: true, ..self }),
            _ => None,
        }
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (open, close) = (if self.with_low { '[' } else { '(' }, if self.with_high { ']' } else { ')' });
        write!(f, "{open}{}, {}{close}", self.low, self.high)
    }
}

/// What can be asked of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `exists()`
    Anything,
    /// `hasChildren()`
    Children,
    /// `isString()`
    String,
    /// `isNumber()`
    Number,
    /// `isBoolean()`
    Boolean,
}

/// An operand that is read without further ado.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand {
    /// A constant.
    Constant(u32),
    /// A constant number.
    Number(f64),
    /// A constant that is an int.
    Int(i64),
    /// A variable that is a value.
    Variable(u8),
    /// A wildcard.
    Capture(u8),
    /// A wildcard that stands for the segment at this place, whatever the request.
    Segment(u8),
    /// `data.val()`: a variable that is a place.
    Val(u8),
    /// `data.val().length`
    Length(u8),
    /// A property of a variable, through properties: what it is asked of, and its place among the members.
    Member(Holder, u32),
}

/// What a property belongs to, where that is known before any request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// `request`
    Request,
    /// `request.auth`
    User,
    /// `request.auth.token`
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
    /// A variable of database rules.
    Variable,
}

impl Holder {
    /// What some names lead to from a variable.
    pub(super) fn of(dialect: Dialect, slot: u8, names: &[Name]) -> Holder {
        let first = match (dialect, slot) {
            (Dialect::Database, _) => Holder::Variable,
            (Dialect::Service, 0) => Holder::Request,
            (Dialect::Service, _) => Holder::Existing,
        };
        names.iter().fold(first, |holder, name| match (holder, name.symbol()) {
            (Holder::Variable, _) => Holder::Variable,
            (Holder::Request, Some(Symbol::Auth)) => Holder::User,
            (Holder::Request, Some(Symbol::Resource)) => Holder::Incoming,
            (Holder::User, Some(Symbol::Token)) => Holder::Claims,
            (Holder::Incoming, Some(Symbol::Data)) => Holder::IncomingData,
            (Holder::Incoming, Some(Symbol::Metadata)) => Holder::IncomingMetadata,
            (Holder::Existing, Some(Symbol::Data)) => Holder::ExistingData,
            (Holder::Existing, Some(Symbol::Metadata)) => Holder::ExistingMetadata,
            _ => Holder::Member,
        })
    }
}

/// A property of a variable, prepared for looking it up.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub text: Box<str>,
    /// What that is found by.
    pub name: Name,
    /// The member that it is a property of, where it is one of such, and what that is asked of.
    pub of: Option<(Holder, u32)>,
    /// The variable.
    pub slot: u8,
    /// The names on the way to it, its own the last.
    pub names: Run,
}

/// The name of a property, prepared for looking it up.
#[derive(Clone, Copy, Debug)]
pub struct MemberName {
    /// Its text, among the names.
    pub text: u32,
    /// What it is found by.
    pub name: Name,
}

/// Whether nothing is evaluated to answer a test, so that nothing is called.
pub(super) fn is_pure(code: &Code, test: Test) -> bool {
    let of = |at: TestId| code.tests.get(at.0 as usize).is_some_and(|test| is_pure(code, *test));
    match test {
        Test::Evaluate(_) => false,
        Test::All(parts) | Test::Any(parts) => parts.of(&code.tests).iter().all(|test| is_pure(code, *test)),
        Test::Not(part) | Test::Given(_, part) => of(part),
        _ => true,
    }
}

/// Whether a test looks at nothing but what stands at the variable `newData`.
pub(super) fn is_local(code: &Code, id: TestId) -> bool {
    code.tests.get(id.0 as usize).is_some_and(|test| looks_at_new_data(code, *test))
}

/// Whether a test may look at what stands at the variable `data`.
pub(super) fn reads_data(code: &Code, id: TestId) -> bool {
    code.tests.get(id.0 as usize).is_none_or(|test| looks_at_data(code, *test))
}

fn looks_at_data(code: &Code, test: Test) -> bool {
    let is_data = |slot: u8| code.dialect.variable_name(slot) == "data";
    let reads = |operand: Operand| matches!(operand, Operand::Val(slot) | Operand::Length(slot) if is_data(slot));
    match test {
        Test::Always(_) => false,
        Test::All(parts) | Test::Any(parts) => parts.of(&code.tests).iter().any(|part| looks_at_data(code, *part)),
        Test::Not(part) => reads_data(code, part),
        Test::Content(_, slot)
        | Test::HasChildren(slot, _)
        | Test::LengthWithin(slot, _)
        | Test::NumberWithin(slot, _) => is_data(slot),
        Test::Null(a, _) => reads(a),
        Test::Compare(_, a, b) => reads(a) || reads(b),
        Test::Matches(text, _) => reads(text),
        // Those of the other languages.
        Test::In(..) | Test::Is(..) | Test::Value(_) | Test::Given(..) | Test::Evaluate(_) => true,
        Test::Same(..) | Test::Int(..) | Test::Bool(..) => true,
    }
}

fn looks_at_new_data(code: &Code, test: Test) -> bool {
    let is_new = |slot: u8| code.dialect.variable_name(slot) == "newData";
    let known = |operand: Operand| match operand {
        Operand::Constant(_) | Operand::Number(_) | Operand::Int(_) => true,
        Operand::Length(slot) => is_new(slot),
        _ => false,
    };
    match test {
        Test::Always(_) => true,
        Test::All(parts) | Test::Any(parts) => parts.of(&code.tests).iter().all(|part| looks_at_new_data(code, *part)),
        Test::Not(part) => is_local(code, part),
        Test::Content(_, slot) | Test::LengthWithin(slot, _) | Test::NumberWithin(slot, _) => is_new(slot),
        Test::Matches(Operand::Val(slot), _) => is_new(slot),
        // The value of a place with children is the place, which is not at hand.
        Test::Null(a, _) => known(a),
        Test::Compare(_, a, b) => known(a) && known(b),
        Test::Matches(..) | Test::HasChildren(..) | Test::Evaluate(_) => false,
        Test::In(..) | Test::Is(..) | Test::Value(_) | Test::Given(..) => false,
        Test::Same(..) | Test::Int(..) | Test::Bool(..) => false,
    }
}
