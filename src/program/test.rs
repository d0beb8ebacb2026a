//! Conditions as tests of few operands: what decides ordinary rules without evaluating them operation by operation.
//!
//! A test says the same as the operations it stands for, which stay beside it: traces and reasons come from those, and a
//! part that is no ordinary one is evaluated as they say ([`Test::Evaluate`]).

use crate::{
    stdlib::Dialect,
    value::{Comparator, Name, Str, Symbol, TypeName},
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

/// Numbers between two, or beyond one: from the first on, to the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    low: f64,
    high: f64,
    /// Whether rules name the number before the first, and the one after the second, which are not within.
    beyond_low: bool,
    beyond_high: bool,
}

impl Bounds {
    pub(super) const ALL: Bounds =
        Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY, beyond_low: false, beyond_high: false };

    /// Whether a number is within them. What is not a number never is.
    #[inline(always)]
    pub fn hold(&self, n: f64) -> bool {
        self.low <= n && n <= self.high
    }

    /// Whether the length of a text is, in UTF-16 units. It has no more of them than bytes, which need not be counted.
    #[inline(always)]
    pub fn hold_length(&self, text: &str) -> bool {
        self.low <= 0.0 && text.len() as i64 as f64 <= self.high || self.hold_units(text)
    }

    #[inline(never)]
    fn hold_units(&self, text: &str) -> bool {
        self.hold(Str::Utf8(text).size() as f64)
    }

    /// The same with one more; none where there is one at that side already.
    pub(super) fn with(self, op: Comparator, n: f64) -> Option<Bounds> {
        if !n.is_finite() {
            return None;
        }
        let (open_below, open_above) = (self.low == f64::NEG_INFINITY, self.high == f64::INFINITY);
        match op {
            Comparator::Gt if open_below => Some(Bounds { low: n.next_up(), beyond_low: true, ..self }),
            Comparator::Ge if open_below => Some(Bounds { low: n, ..self }),
            Comparator::Lt if open_above => Some(Bounds { high: n.next_down(), beyond_high: true, ..self }),
            Comparator::Le if open_above => Some(Bounds { high: n, ..self }),
            _ => None,
        }
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (open, low) = if self.beyond_low { ('(', self.low.next_down()) } else { ('[', self.low) };
        let (close, high) = if self.beyond_high { (')', self.high.next_up()) } else { (']', self.high) };
        write!(f, "{open}{low}, {high}{close}")
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
    /// What some names lead to from a variable.
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
}

impl Holder {
    /// The same where the name of the property settles more.
    pub(super) fn asked(self, name: Name) -> Holder {
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

/// Whether a test looks at nothing but what stands at its own place, before and after, at who asks, and when: no place
/// has to be at hand.
pub(super) fn is_local(code: &Code, id: TestId) -> bool {
    code.tests.get(id.0 as usize).is_some_and(|test| looks_around(code, *test))
}

/// Whether a test may look at what stands at a variable that is a place.
pub(super) fn reads(code: &Code, id: TestId, place: &str) -> bool {
    code.tests.get(id.0 as usize).is_none_or(|test| looks_at(code, *test, place))
}

fn looks_at(code: &Code, test: Test, place: &str) -> bool {
    let is_it = |slot: u8| code.dialect.variable_name(slot) == place;
    let reads_it = |operand: Operand| matches!(operand, Operand::Val(slot) | Operand::Length(slot) if is_it(slot));
    match test {
        Test::Always(_) => false,
        Test::All(parts) | Test::Any(parts) => parts.of(&code.tests).iter().any(|part| looks_at(code, *part, place)),
        Test::Not(part) => reads(code, part, place),
        Test::Content(_, slot)
        | Test::HasChildren(slot, _)
        | Test::LengthWithin(slot, _)
        | Test::NumberWithin(slot, _) => is_it(slot),
        Test::Null(a, _) => reads_it(a),
        Test::Compare(_, a, b) => reads_it(a) || reads_it(b),
        Test::Matches(text, _) => reads_it(text),
        // Those of the other languages.
        Test::In(..) | Test::Is(..) | Test::Value(_) | Test::Given(..) | Test::Evaluate(_) => true,
        Test::Same(..) | Test::Int(..) | Test::Bool(..) => true,
    }
}

fn looks_around(code: &Code, test: Test) -> bool {
    let is_near = |slot: u8| matches!(code.dialect.variable_name(slot), "data" | "newData");
    let is_around = |slot: u8| matches!(code.dialect.variable_name(slot), "auth" | "now");
    let near = |operand: Operand| match operand {
        Operand::Constant(_) | Operand::Number(_) | Operand::Int(_) | Operand::Capture(_) => true,
        Operand::Variable(slot) => is_around(slot),
        Operand::Member(_, at) => code.members.get(at as usize).is_some_and(|member| is_around(member.slot)),
        Operand::Val(slot) | Operand::Length(slot) => is_near(slot),
        Operand::Segment(_) => false,
    };
    match test {
        Test::Always(_) => true,
        Test::All(parts) | Test::Any(parts) => parts.of(&code.tests).iter().all(|part| looks_around(code, *part)),
        Test::Not(part) => is_local(code, part),
        Test::Content(_, slot) | Test::LengthWithin(slot, _) | Test::NumberWithin(slot, _) => is_near(slot),
        Test::Matches(a, _) | Test::Null(a, _) => near(a),
        Test::Compare(_, a, b) => near(a) && near(b),
        Test::HasChildren(..) | Test::Evaluate(_) => false,
        Test::In(..) | Test::Is(..) | Test::Value(_) | Test::Given(..) => false,
        Test::Same(..) | Test::Int(..) | Test::Bool(..) => false,
    }
}
