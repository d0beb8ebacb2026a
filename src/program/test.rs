//! Conditions as tests of few operands: what decides ordinary rules without evaluating them operation by operation.
//!
//! A test says the same as the operations it stands for, which stay beside it: traces and reasons come from those, and a
//! part that is no ordinary one is evaluated as they say ([`Test::Evaluate`]).

use crate::{stdlib::Dialect, value::Comparator, value::Value};

use super::{Code, Node, NodeId, Run};

/// The place of a test in its [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TestId(pub u32);

/// A question with the answers yes and no, or none where an operation fails, which ends the whole condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// The answer is known.
    Always(bool),
    /// All of these, in order, up to the first that is not so.
    All(Run),
    /// Any of these, in order.
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
    /// Whether an operand matches a pattern.
    Matches(Operand, u32),
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
    const ALL: Bounds = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY, with_low: true, with_high: true };

    /// Whether a number is within them. What is not a number never is.
    pub fn hold(self, n: f64) -> bool {
        (n > self.low || self.with_low && n == self.low) && (n < self.high || self.with_high && n == self.high)
    }

    /// The same with one more; none where there is one at that side already.
    fn with(self, op: Comparator, n: f64) -> Option<Bounds> {
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
    /// A variable that is a value.
    Variable(u8),
    /// A wildcard.
    Capture(u8),
    /// `data.val()`: a variable that is a place.
    Val(u8),
    /// `data.val().length`
    Length(u8),
    /// A property of a variable, through properties: names.
    Member(u8, Run),
}

/// The test of a condition, with the tests of its parts.
pub(super) fn test_of(code: &mut Code, condition: NodeId) -> TestId {
    let test = match code.node(condition) {
        Node::All(parts) => {
            let parts = parts.of(&code.lists).to_vec();
            let mut tests: Vec<Test> = Vec::with_capacity(parts.len());
            for part in parts {
                let id = test_of(code, part);
                let test = code.tests.get(id.0 as usize).copied().unwrap_or(Test::Evaluate(part));
                match tests.last_mut().and_then(|last| Some((bounded(*last, test)?, last))) {
                    Some((both, last)) => *last = both,
                    None => tests.push(test),
                }
            }
            match tests.as_slice() {
                [one] => *one,
                _ => Test::All(run(code, tests)),
            }
        }
        Node::Any(parts) => {
            let parts = parts.of(&code.lists).to_vec();
            let tests = parts.into_iter().map(|part| {
                let id = test_of(code, part);
                code.tests.get(id.0 as usize).copied().unwrap_or(Test::Evaluate(part))
            });
            let tests = tests.collect();
            Test::Any(run(code, tests))
        }
        Node::Not(part) => Test::Not(test_of(code, part)),
        Node::Constant(at, _) => match code.constants.get(at as usize) {
            Some(Value::Bool(known)) => Test::Always(*known),
            _ => Test::Evaluate(condition),
        },
        Node::Compare(op, a, b) => match (operand(code, a), operand(code, b)) {
            (Some(a), Some(b)) => compare(code, op, a, b),
            _ => Test::Evaluate(condition),
        },
        Node::Method(table, receiver, arguments, pattern) => {
            method(code, table, receiver, arguments, pattern).unwrap_or(Test::Evaluate(condition))
        }
        _ => Test::Evaluate(condition),
    };
    code.tests.push(test);
    TestId(code.tests.len() as u32 - 1)
}

fn compare(code: &Code, op: Comparator, a: Operand, b: Operand) -> Test {
    let is_null = |operand: Operand| match operand {
        Operand::Constant(at) => matches!(code.constants.get(at as usize), Some(Value::Null)),
        _ => false,
    };
    let wanted = op == Comparator::Eq;
    match op {
        Comparator::Eq | Comparator::Ne if is_null(b) => Test::Null(a, wanted),
        Comparator::Eq | Comparator::Ne if is_null(a) => Test::Null(b, wanted),
        _ => Test::Compare(op, a, b),
    }
}

fn run(code: &mut Code, tests: Vec<Test>) -> Run {
    let run = Run { start: code.tests.len() as u32, len: tests.len() as u32 };
    code.tests.extend(tests);
    run
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
        Test::Evaluate(_) => true,
    }
}

fn looks_at_new_data(code: &Code, test: Test) -> bool {
    let is_new = |slot: u8| code.dialect.variable_name(slot) == "newData";
    let known = |operand: Operand| match operand {
        Operand::Constant(_) | Operand::Number(_) => true,
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
    }
}

/// One test for two of an `&&`: the type of what stands at a place, and a bound of it. A value of another type is refused
/// by the first, so that the second never fails.
fn bounded(first: Test, second: Test) -> Option<Test> {
    let (slot, bounds, length) = match first {
        Test::Content(Asked::String, slot) => (slot, Bounds::ALL, true),
        Test::Content(Asked::Number, slot) => (slot, Bounds::ALL, false),
        Test::LengthWithin(slot, bounds) => (slot, bounds, true),
        Test::NumberWithin(slot, bounds) => (slot, bounds, false),
        _ => return None,
    };
    match second {
        Test::Compare(op, Operand::Length(of), Operand::Number(n)) if of == slot && length => {
            Some(Test::LengthWithin(slot, bounds.with(op, n)?))
        }
        Test::Compare(op, Operand::Val(of), Operand::Number(n)) if of == slot && !length => {
            Some(Test::NumberWithin(slot, bounds.with(op, n)?))
        }
        _ => None,
    }
}

fn method(code: &mut Code, table: u32, receiver: NodeId, arguments: Run, pattern: u32) -> Option<Test> {
    let name = code.methods.get(table as usize)?.name.clone();
    if name == "matches" {
        let pattern = pattern.checked_sub(1)?;
        return Some(Test::Matches(operand(code, receiver)?, pattern));
    }
    let place = place(code, receiver)?;
    let asked = match name.as_str() {
        "exists" => Asked::Anything,
        "isString" => Asked::String,
        "isNumber" => Asked::Number,
        "isBoolean" => Asked::Boolean,
        "hasChildren" => match arguments.of(&code.lists) {
            [] => Asked::Children,
            [list] => match code.node(*list) {
                Node::Constant(at, _) => return Some(Test::HasChildren(place, at)),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    Some(Test::Content(asked, place))
}

/// A variable that is a place in the database.
fn place(code: &Code, node: NodeId) -> Option<u8> {
    match code.node(node) {
        Node::Variable(slot) => {
            let name = code.dialect.variable_name(slot);
            (code.dialect == Dialect::Database && matches!(name, "root" | "data" | "newData")).then_some(slot)
        }
        _ => None,
    }
}

fn operand(code: &mut Code, node: NodeId) -> Option<Operand> {
    match code.node(node) {
        Node::Constant(at, _) => Some(match code.constants.get(at as usize) {
            Some(Value::Float(n)) => Operand::Number(*n),
            _ => Operand::Constant(at),
        }),
        Node::Capture(slot) => Some(Operand::Capture(slot)),
        Node::Variable(slot) if place(code, node).is_none() => Some(Operand::Variable(slot)),
        Node::Method(table, receiver, ..) => {
            let name = code.methods.get(table as usize)?.name.clone();
            match name.as_str() {
                "val" => place(code, receiver).map(Operand::Val),
                "length" => match operand(code, receiver)? {
                    Operand::Val(slot) => Some(Operand::Length(slot)),
                    _ => None,
                },
                _ => None,
            }
        }
        Node::Member(..) => {
            let mut names = Vec::new();
            let mut at = node;
            while let Node::Member(object, name) = code.node(at) {
                names.push(name);
                at = object;
            }
            let Node::Variable(slot) = code.node(at) else { return None };
            let run = Run { start: code.member_names.len() as u32, len: names.len() as u32 };
            code.member_names.extend(names.into_iter().rev());
            Some(Operand::Member(slot, run))
        }
        _ => None,
    }
}
