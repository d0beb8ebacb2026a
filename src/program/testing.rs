//! From a condition's operations to its [`Test`].
//!
//! A function of the user is put in the place of its call: parameters and variables that are operands stand for
//! themselves. Arguments and variables are computed once and fail only where they are read, so that nothing changes by
//! it. What is no ordinary test is evaluated; where that part reads a parameter, the whole call is.

use arrayvec::ArrayVec;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{
    stdlib::{self, Dialect},
    value::{Comparator, Name, Value},
};

use super::{
    Asked, Block, Bounds, Code, Holder, Member, MemberName, Node, NodeId, Operand, Run, Test, TestId,
    builder::Builder,
    implied::{extends, without_implied},
    test::is_pure,
};

/// Tests that a file may have for each of its operations. Functions that call others many times would make more.
const TESTS_PER_NODE: usize = 4;

/// Tests that any file may have.
const FEW_TESTS: usize = 4096;

/// Parameters and variables of a function that is put in the place of its call.
const MAX_LOCALS: usize = 18;

/// Levels of nested tests. Answering a test recurses into its parts; parts below this level are evaluated by the
/// machine, which does not recurse.
const MAX_LEVELS: usize = 64;

/// Elements of a list of constants that becomes a constant.
const MAX_ELEMENTS: usize = 64;

/// The names on the way to a member; few have more.
type Names = SmallVec<[u32; 8]>;

/// What is known from the conditions before, and room that all of them use in turn.
#[derive(Default)]
pub(super) struct Memory {
    /// Members that are entered already: variables and names.
    members: FxHashMap<(u8, Names), Operand>,
    /// Parts of the conditions that are open.
    parts: Vec<NodeId>,
    /// What was made of them.
    tests: Vec<Test>,
}

/// Parameters and variables of the function around, each with the operand it stands for, if it is one; `None` outside
/// functions.
type Locals<'l> = Option<&'l [Option<Operand>]>;

/// The test of a condition, which stands in a block or in database rules.
pub(super) fn test_of(builder: &mut Builder, block: Option<&Block>, condition: NodeId) -> TestId {
    let mut testing = Testing { code: &mut builder.code, memory: &mut builder.testing, block, level: 0 };
    let test = testing.test(condition, None).unwrap_or(Test::Evaluate(condition));
    let test = without_implied(testing.code, test);
    testing.push(test)
}

struct Testing<'b> {
    code: &'b mut Code,
    memory: &'b mut Memory,
    block: Option<&'b Block>,
    /// Tests that are being made around this one.
    level: usize,
}

impl Testing<'_> {
    fn push(&mut self, test: Test) -> TestId {
        self.code.tests.push(test);
        TestId(self.code.tests.len() as u32 - 1)
    }

    /// The test of an operation; `None` where it has to be evaluated and reads a parameter or variable.
    fn test(&mut self, id: NodeId, locals: Locals<'_>) -> Option<Test> {
        if self.level >= MAX_LEVELS {
            return self.evaluate(id, locals);
        }
        self.level += 1;
        let test = self.shallow(id, locals);
        self.level -= 1;
        test
    }

    fn shallow(&mut self, id: NodeId, locals: Locals<'_>) -> Option<Test> {
        match self.code.node(id) {
            Node::All(parts) | Node::Any(parts) => {
                let decisive = matches!(self.code.node(id), Node::Any(_));
                let before = self.memory.parts.len();
                self.memory.parts.extend_from_slice(parts.of(&self.code.lists));
                self.of_parts(before, decisive, locals)
            }
            Node::And(..) | Node::Or(..) => {
                let decisive = matches!(self.code.node(id), Node::Or(..));
                let before = self.memory.parts.len();
                self.flatten(id, decisive);
                self.of_parts(before, decisive, locals)
            }
            Node::Not(part) => {
                let test = self.test(part, locals)?;
                Some(Test::Not(self.push(test)))
            }
            Node::Constant(at, _) => match self.code.constants.get(at as usize) {
                Some(Value::Bool(known)) => Some(Test::Always(*known)),
                _ => self.evaluate(id, locals),
            },
            Node::Call(function, arguments) => {
                self.called(function, arguments, locals).or_else(|| self.evaluate(id, locals))
            }
            node => self.simple(id, node, locals).or_else(|| self.evaluate(id, locals)),
        }
    }

    fn evaluate(&self, id: NodeId, locals: Locals<'_>) -> Option<Test> {
        (locals.is_none() || !self.reads_locals(id)).then_some(Test::Evaluate(id))
    }

    fn reads_locals(&self, id: NodeId) -> bool {
        let node = self.code.node(id);
        matches!(node, Node::Local(_)) || node.children(self.code).any(|part| self.reads_locals(part))
    }

    /// Opens the operands of nested `&&` or of nested `||`, in the order in which they are evaluated.
    fn flatten(&mut self, id: NodeId, decisive: bool) {
        match self.code.node(id) {
            Node::And(a, b) if !decisive => [a, b].into_iter().for_each(|part| self.flatten(part, decisive)),
            Node::Or(a, b) if decisive => [a, b].into_iter().for_each(|part| self.flatten(part, decisive)),
            _ => self.memory.parts.push(id),
        }
    }

    /// One test for the parts that were opened from `before` on, which closes them.
    fn of_parts(&mut self, before: usize, decisive: bool, locals: Locals<'_>) -> Option<Test> {
        let first = self.memory.tests.len();
        let joined = self.joined(before, first, decisive, locals);
        self.memory.parts.truncate(before);
        self.memory.tests.truncate(first);
        joined
    }

    /// The same, whose own tests begin at `first`.
    fn joined(&mut self, mut part: usize, first: usize, decisive: bool, locals: Locals<'_>) -> Option<Test> {
        let absorbs = self.code.dialect == Dialect::Service;
        while let Some(id) = self.memory.parts.get(part).copied() {
            part += 1;
            let test = self.test(id, locals)?;
            let inner = match test {
                Test::All(run) if absorbs && !decisive => Some(run),
                Test::Any(run) if absorbs && decisive => Some(run),
                _ => None,
            };
            for at in 0..inner.map_or(1, |run| run.len) {
                let test = match inner {
                    Some(run) => *self.code.tests.get((run.start + at) as usize)?,
                    None => test,
                };
                // Asked again it would say the same, which did not decide.
                let own = self.memory.tests.get_mut(first..).unwrap_or(&mut []);
                if absorbs && own.contains(&test) && is_pure(self.code, test) {
                    continue;
                }
                match own.last_mut().and_then(|last| Some((bounded(*last, test)?, last))) {
                    Some((both, last)) if !decisive => *last = both,
                    _ => self.memory.tests.push(test),
                }
            }
        }
        let own = self.memory.tests.get(first..).unwrap_or(&[]);
        Some(match own {
            [one] => *one,
            _ if decisive => Test::Any(enter(self.code, own)),
            _ => Test::All(enter(self.code, own)),
        })
    }

    fn simple(&mut self, id: NodeId, node: Node, locals: Locals<'_>) -> Option<Test> {
        let service = self.code.dialect == Dialect::Service;
        match node {
            Node::Compare(op, a, b) => {
                let (a, b) = (self.operand(a, locals)?, self.operand(b, locals)?);
                Some(self.compare(op, a, b))
            }
            Node::Method(table, receiver, arguments, pattern) => {
                self.method(table, receiver, arguments, pattern, locals)
            }
            Node::In(a, b) => Some(Test::In(self.operand(a, locals)?, self.operand(b, locals)?)),
            Node::Is(a, name) => Some(Test::Is(self.operand(a, locals)?, name)),
            Node::Member(..) | Node::Variable(_) | Node::Capture(_) | Node::Local(_) if service => {
                Some(Test::Value(self.operand(id, locals)?))
            }
            _ => None,
        }
    }

    fn compare(&self, op: Comparator, a: Operand, b: Operand) -> Test {
        let is_null = |operand: Operand| match operand {
            Operand::Constant(at) => matches!(self.code.constants.get(at as usize), Some(Value::Null)),
            _ => false,
        };
        let wanted = op == Comparator::Eq;
        match op {
            Comparator::Eq | Comparator::Ne if is_null(b) => Test::Null(a, wanted),
            Comparator::Eq | Comparator::Ne if is_null(a) => Test::Null(b, wanted),
            _ if self.code.dialect == Dialect::Database => Test::Compare(op, a, b),
            _ => self.usual(op, a, b),
        }
    }

    /// The comparison by the types that it is probably about: that of other types is the same, only slower.
    fn usual(&self, op: Comparator, a: Operand, b: Operand) -> Test {
        let constant = |operand: Operand| match operand {
            Operand::Constant(at) => self.code.constants.get(at as usize),
            _ => None,
        };
        match (op, a, b) {
            (op, a, Operand::Int(n)) => Test::Int(op, a, n),
            (op, Operand::Int(n), b) => Test::Int(op.flipped(), b, n),
            (Comparator::Eq | Comparator::Ne, ..) => match (constant(a), constant(b)) {
                (None, Some(Value::Bool(known))) if op == Comparator::Eq => Test::Bool(a, *known),
                (Some(Value::Bool(known)), None) if op == Comparator::Eq => Test::Bool(b, *known),
                // Which of the two stands first makes no difference.
                _ => match a {
                    Operand::Segment(_) => Test::Same(b, a, op == Comparator::Eq),
                    _ => Test::Same(a, b, op == Comparator::Eq),
                },
            },
            _ => Test::Compare(op, a, b),
        }
    }

    fn method(
        &mut self,
        table: u32,
        receiver: NodeId,
        arguments: Run,
        pattern: u32,
        locals: Locals<'_>,
    ) -> Option<Test> {
        let name = self.code.methods.get(table as usize)?.name.as_str();
        if name == "matches" {
            let pattern = pattern.checked_sub(1).filter(|_| arguments.len == 1)?;
            return Some(Test::Matches(self.operand(receiver, locals)?, pattern));
        }
        let place = self.place(receiver)?;
        let asked = match name {
            "exists" => Asked::Anything,
            "isString" => Asked::String,
            "isNumber" => Asked::Number,
            "isBoolean" => Asked::Boolean,
            "hasChildren" => match arguments.of(&self.code.lists) {
                [] => Asked::Children,
                [list] => match self.code.node(*list) {
                    Node::Constant(at, _) => return Some(Test::HasChildren(place, at)),
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        Some(Test::Content(asked, place))
    }

    /// A call as the test of the function's result.
    fn called(&mut self, number: u32, arguments: Run, locals: Locals<'_>) -> Option<Test> {
        let function = self.code.functions.get(number as usize)?;
        let (given, lets, result) = (arguments.len as usize, function.lets.len(), function.result);
        let many = self.code.tests.len() > FEW_TESTS + TESTS_PER_NODE * self.code.nodes.len();
        let fits = given == function.parameters.len() && given + lets <= MAX_LOCALS;
        if !fits || many {
            return None;
        }
        let mut own: ArrayVec<Option<Operand>, MAX_LOCALS> = ArrayVec::new();
        for at in 0..given {
            let argument = *arguments.of(&self.code.lists).get(at)?;
            own.push(Some(self.operand(argument, locals)?));
        }
        for at in 0..lets {
            let value = *self.code.functions.get(number as usize)?.lets.get(at)?;
            let operand = self.operand(value, Some(&own))?;
            own.push(Some(operand));
        }
        let start = self.code.tests.len();
        let Some(mut test) = self.test(result, Some(&own)) else {
            self.code.tests.truncate(start);
            return None;
        };
        for operand in own.into_iter().flatten().rev() {
            let matters = matches!(operand, Operand::Member(..) | Operand::Variable(_));
            if matters && !self.begins_with(test, operand) {
                test = Test::Given(operand, self.push(test));
            }
        }
        Some(test)
    }

    /// Whether the first thing that a test does, in any case, is to read an operand.
    fn begins_with(&self, test: Test, operand: Operand) -> bool {
        let of = |at: TestId| self.code.tests.get(at.0 as usize).is_some_and(|test| self.begins_with(*test, operand));
        let reads = |other: Operand| extends(self.code, other, operand);
        match test {
            Test::All(parts) | Test::Any(parts) => {
                parts.of(&self.code.tests).first().is_some_and(|first| self.begins_with(*first, operand))
            }
            Test::Not(part) => of(part),
            Test::Given(other, part) => reads(other) || of(part),
            Test::Null(a, _) | Test::Matches(a, _) | Test::Is(a, _) | Test::Value(a) => reads(a),
            Test::Int(_, a, _) | Test::Bool(a, _) => reads(a),
            Test::Compare(_, a, b) | Test::Same(a, b, _) | Test::In(a, b) => reads(a) || reads(b),
            _ => false,
        }
    }

    /// A variable that is a place in the database.
    fn place(&self, node: NodeId) -> Option<u8> {
        match self.code.node(node) {
            Node::Variable(slot) => {
                let name = self.code.dialect.variable_name(slot);
                (self.code.dialect == Dialect::Database && matches!(name, "root" | "data" | "newData")).then_some(slot)
            }
            _ => None,
        }
    }

    fn operand(&mut self, node: NodeId, locals: Locals<'_>) -> Option<Operand> {
        match self.code.node(node) {
            Node::Constant(at, _) => match self.code.constants.get(at as usize)? {
                Value::Float(n) => Some(Operand::Number(*n)),
                Value::Int(n) => Some(Operand::Int(*n)),
                value => stdlib::member_of(value.view()).ok().map(|_| Operand::Constant(at)),
            },
            Node::Local(slot) => locals?.get(usize::from(slot)).copied().flatten(),
            Node::Capture(slot) => Some(self.capture(slot)),
            Node::Variable(slot) if self.place(node).is_none() => Some(Operand::Variable(slot)),
            Node::Method(table, receiver, ..) if self.code.dialect == Dialect::Database => {
                let name = self.code.methods.get(table as usize)?.name.clone();
                match name.as_str() {
                    "val" => self.place(receiver).map(Operand::Val),
                    "length" => match self.operand(receiver, locals)? {
                        Operand::Val(slot) => Some(Operand::Length(slot)),
                        _ => None,
                    },
                    _ => None,
                }
            }
            Node::Member(..) => self.member(node, locals),
            Node::List(items) if self.code.dialect == Dialect::Service => self.list(items),
            _ => None,
        }
    }

    /// A wildcard with no glob before it always stands for the same segment, if no other one has its name.
    fn capture(&self, slot: u8) -> Operand {
        let at = self.block.filter(|block| block.hidden_by(slot).is_none()).and_then(|block| {
            let capture = block.captures.get(usize::from(slot)).filter(|capture| !capture.glob)?;
            let shifted = block.glob.is_some_and(|glob| glob < capture.segment);
            u8::try_from(capture.segment).ok().filter(|_| !shifted)
        });
        at.map_or(Operand::Capture(slot), Operand::Segment)
    }

    fn member(&mut self, node: NodeId, locals: Locals<'_>) -> Option<Operand> {
        let mut names = Names::new();
        let mut at = node;
        while let Node::Member(object, name) = self.code.node(at) {
            names.push(name);
            at = object;
        }
        let slot = match self.code.node(at) {
            Node::Variable(slot) => slot,
            Node::Local(slot) => match locals?.get(usize::from(slot)).copied().flatten()? {
                Operand::Variable(slot) => slot,
                Operand::Member(_, first) => {
                    let first = self.code.members.get(first as usize)?;
                    names.extend(first.names.of(&self.code.member_names).iter().rev().map(|name| name.text));
                    first.slot
                }
                _ => return None,
            },
            _ => return None,
        };
        names.reverse();
        self.member_of(slot, names)
    }

    /// A member and what it is asked of; it is entered where it is not there.
    fn member_of(&mut self, slot: u8, names: Names) -> Option<Operand> {
        let key = (slot, names);
        if let Some(known) = self.memory.members.get(&key) {
            return Some(*known);
        }
        let (slot, names) = key;
        let each = names.iter().map(|text| MemberName { text: *text, name: Name::of(self.code.name(*text)) });
        let each: Vec<_> = each.collect();
        let (last, before) = each.split_last()?;
        let known: Vec<_> = before.iter().map(|name| name.name).collect();
        let holder = Holder::of(self.code.dialect, slot, &known);
        let of = match holder {
            // Names in each other are bounded by the parser.
            Holder::Member => match self.member_of(slot, before.iter().map(|name| name.text).collect())? {
                Operand::Member(holder, at) => Some((holder, at)),
                _ => None,
            },
            _ => None,
        };
        let run = Run { start: self.code.member_names.len() as u32, len: names.len() as u32 };
        self.code.member_names.extend(&each);
        let text = self.code.name(last.text).into();
        self.code.members.push(Member { text, name: last.name, of, slot, names: run });
        let operand = Operand::Member(holder.asked(last.name), self.code.members.len() as u32 - 1);
        self.memory.members.insert((slot, names), operand);
        Some(operand)
    }

    /// A list of constants is a constant.
    fn list(&mut self, items: Run) -> Option<Operand> {
        let items = items.of(&self.code.lists);
        if items.len() > MAX_ELEMENTS {
            return None;
        }
        let constant = |item: &NodeId| match self.code.node(*item) {
            Node::Constant(at, _) => self.code.constants.get(at as usize).cloned(),
            _ => None,
        };
        let list = items.iter().map(constant).collect::<Option<Vec<_>>>()?;
        stdlib::member_of(Value::List(list.clone()).view()).ok()?;
        self.code.constants.push(Value::List(list));
        Some(Operand::Constant(self.code.constants.len() as u32 - 1))
    }
}

/// Adds tests that stand beside each other.
pub(super) fn enter(code: &mut Code, tests: &[Test]) -> Run {
    let run = Run { start: code.tests.len() as u32, len: tests.len() as u32 };
    code.tests.extend_from_slice(tests);
    run
}

/// One test for two of an `&&`: the type of what stands at a place, and a bound of it. A value of another type is
/// refused by the first, so that the second never fails.
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
