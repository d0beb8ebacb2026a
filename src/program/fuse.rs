//! Fuses the operations of a condition into one [`Predicate`].
//!
//! A user's function takes the place of its call: parameters and variables that are operands stand for themselves.
//! Arguments and variables are computed once and fail only where they are read, so that nothing changes by it. An
//! operation that has no predicate is evaluated; where it reads a parameter, the whole call is.

use smallvec::SmallVec;

use crate::{
    pattern::Pattern,
    stdlib::{self, Dialect},
    value::{Comparator, Name, Type, Value},
};

use super::{
    Code, Function, Holder, Id, Ids, MAX_EXPRESSIONS, Member, MethodTable, NameId, Op, OpId, Operand, Predicate,
    builder::Builder,
};

/// The number of predicates that a file can have for each of its operations. Functions that call others many times would
/// make more.
const PREDICATES_PER_OP: usize = 4;

/// The number of predicates that any file can have.
const FEW_PREDICATES: usize = 4096;

/// The number of parameters and variables of a function that takes the place of its call.
const MAX_LOCALS: usize = 18;

/// Levels of nested predicates. Their evaluation recurses; the machine, which does not, evaluates what nests more deeply.
const MAX_LEVELS: usize = 64;

/// The number of elements of a list of constants that becomes a constant.
const MAX_ELEMENTS: usize = 64;

/// The names on the way to a member.
pub(super) type MemberNames = SmallVec<[NameId; 8]>;

/// The operand that each parameter and variable of the function around stands for, if it is one; `None` outside functions.
type Locals<'l> = Option<&'l [Option<Operand>]>;

impl Builder {
    /// Fuses a condition that costs at most so many expressions: gives the fused operation, or the condition itself where
    /// the machine has to evaluate all of it or the cost is beyond the limit in any case.
    pub(super) fn fuse(&mut self, condition: OpId, max_cost: u32) -> OpId {
        if max_cost > MAX_EXPRESSIONS {
            return condition;
        }
        let predicate = match self.predicate(condition, None) {
            None | Some(Predicate::Evaluate(_)) => return condition,
            Some(predicate) => self.code.predicates.push(predicate),
        };
        let spans = self.code.spans(condition);
        self.push_at(Op::Fused(predicate, condition, max_cost), spans)
    }

    /// The predicate of an operation; `None` where the machine has to evaluate it and it reads a parameter or variable.
    fn predicate(&mut self, id: OpId, locals: Locals<'_>) -> Option<Predicate> {
        if self.level >= MAX_LEVELS {
            return self.evaluate(id, locals);
        }
        self.level += 1;
        let predicate = self.shallow(id, locals);
        self.level -= 1;
        predicate
    }

    fn shallow(&mut self, id: OpId, locals: Locals<'_>) -> Option<Predicate> {
        let op = self.code.op(id).ok()?;
        match op {
            Op::All(parts) | Op::Any(parts) => {
                let first = self.parts.len();
                self.parts.extend_from_slice(self.code.lists.slice(parts).ok()?);
                self.chain(first, matches!(op, Op::Any(_)), locals)
            }
            Op::And(..) | Op::Or(..) => {
                let decisive = matches!(op, Op::Or(..));
                let first = self.parts.len();
                self.flatten(id, decisive);
                self.chain(first, decisive, locals)
            }
            Op::Not(operand) => {
                let predicate = self.predicate(operand, locals)?;
                Some(Predicate::Not(self.code.predicates.push(predicate)))
            }
            Op::Constant(value, _) => match self.code.constants.get(value) {
                Ok(Value::Bool(known)) => Some(Predicate::Always(*known)),
                _ => self.evaluate(id, locals),
            },
            Op::Call(function, arguments) => {
                self.inline(function, arguments, locals).or_else(|| self.evaluate(id, locals))
            }
            op => self.simple(id, op, locals).or_else(|| self.evaluate(id, locals)),
        }
    }

    fn evaluate(&self, id: OpId, locals: Locals<'_>) -> Option<Predicate> {
        (locals.is_none() || !reads_locals(&self.code, id)).then_some(Predicate::Evaluate(id))
    }

    /// Adds the operands of nested `&&`, or with `decisive` of nested `||`, to `parts`, in the order of evaluation.
    fn flatten(&mut self, id: OpId, decisive: bool) {
        match self.code.op(id) {
            Ok(Op::And(a, b)) if !decisive => [a, b].into_iter().for_each(|part| self.flatten(part, decisive)),
            Ok(Op::Or(a, b)) if decisive => [a, b].into_iter().for_each(|part| self.flatten(part, decisive)),
            _ => self.parts.push(id),
        }
    }

    /// The predicate of the `parts` from `first` on, which it removes.
    fn chain(&mut self, first: usize, decisive: bool, locals: Locals<'_>) -> Option<Predicate> {
        let made = self.made.len();
        let joined = self.join(first, made, decisive, locals);
        self.parts.truncate(first);
        self.made.truncate(made);
        joined
    }

    fn join(&mut self, mut part: usize, first: usize, decisive: bool, locals: Locals<'_>) -> Option<Predicate> {
        let absorbs = self.code.dialect == Dialect::Service;
        while let Some(id) = self.parts.get(part).copied() {
            part += 1;
            let predicate = self.predicate(id, locals)?;
            let inner: SmallVec<[Predicate; 8]> = match predicate {
                Predicate::All(inner) if absorbs && !decisive => self.code.predicates.slice(inner).ok()?.into(),
                Predicate::Any(inner) if absorbs && decisive => self.code.predicates.slice(inner).ok()?.into(),
                one => SmallVec::from_slice(&[one]),
            };
            for predicate in inner {
                let own = self.made.get_mut(first..)?;
                // Asked again it would give the same, which did not decide.
                if absorbs && own.contains(&predicate) && predicate.is_pure(&self.code) {
                    continue;
                }
                match own.last_mut().and_then(|last| Some((bounded(*last, predicate)?, last))) {
                    Some((both, last)) if !decisive => *last = both,
                    _ => self.made.push(predicate),
                }
            }
        }
        Some(match self.made.get(first..)? {
            [one] => *one,
            own if decisive => Predicate::Any(self.code.predicates.extend(own.iter().copied())),
            own => Predicate::All(self.code.predicates.extend(own.iter().copied())),
        })
    }

    fn simple(&mut self, id: OpId, op: Op, locals: Locals<'_>) -> Option<Predicate> {
        let service = self.code.dialect == Dialect::Service;
        match op {
            Op::Compare(op, a, b) => {
                let (a, b) = (self.operand(a, locals)?, self.operand(b, locals)?);
                Some(self.comparison(op, a, b))
            }
            Op::Method(table, receiver, arguments, pattern) => {
                self.method_call(table, receiver, arguments, pattern, locals)
            }
            Op::In(a, b) => Some(Predicate::In(self.operand(a, locals)?, self.operand(b, locals)?)),
            Op::Is(a, name) => Some(Predicate::Is(self.operand(a, locals)?, name)),
            Op::Member(..) | Op::Variable(_) | Op::Capture(_) | Op::Local(_) if service => {
                Some(Predicate::Value(self.operand(id, locals)?))
            }
            _ => None,
        }
    }

    fn constant_of(&self, operand: Operand) -> Option<&Value> {
        match operand {
            Operand::Constant(value) => self.code.constants.get(value).ok(),
            _ => None,
        }
    }

    fn comparison(&self, op: Comparator, a: Operand, b: Operand) -> Predicate {
        let is_null = |operand: Operand| matches!(self.constant_of(operand), Some(Value::Null));
        let wanted = op == Comparator::Eq;
        match op {
            Comparator::Eq | Comparator::Ne if is_null(b) => Predicate::Null(a, wanted),
            Comparator::Eq | Comparator::Ne if is_null(a) => Predicate::Null(b, wanted),
            _ if self.code.dialect == Dialect::Database => Predicate::Compare(op, a, b),
            _ => self.usual_comparison(op, a, b),
        }
    }

    /// The comparison by the types that the operands probably have. With other types it gives the same, only slower.
    fn usual_comparison(&self, op: Comparator, a: Operand, b: Operand) -> Predicate {
        match (op, a, b) {
            (op, a, Operand::Int(n)) => Predicate::Int(op, a, n),
            (op, Operand::Int(n), b) => Predicate::Int(op.flipped(), b, n),
            (Comparator::Eq | Comparator::Ne, ..) => match (self.constant_of(a), self.constant_of(b)) {
                (None, Some(Value::Bool(known))) if op == Comparator::Eq => Predicate::Bool(a, *known),
                (Some(Value::Bool(known)), None) if op == Comparator::Eq => Predicate::Bool(b, *known),
                // Equality is symmetric.
                _ => match a {
                    Operand::Segment(_) => Predicate::Same(b, a, op == Comparator::Eq),
                    _ => Predicate::Same(a, b, op == Comparator::Eq),
                },
            },
            _ => Predicate::Compare(op, a, b),
        }
    }

    fn method_call(
        &mut self,
        table: Id<MethodTable>,
        receiver: OpId,
        arguments: Ids<OpId>,
        pattern: Option<Id<Pattern>>,
        locals: Locals<'_>,
    ) -> Option<Predicate> {
        let name = self.code.methods.get(table).ok()?.name.clone();
        if name == "matches" {
            let pattern = pattern.filter(|_| arguments.len() == 1)?;
            return Some(Predicate::Matches(self.operand(receiver, locals)?, pattern));
        }
        let slot = self.snapshot(receiver)?;
        let content = match name.as_str() {
            "exists" => Type::Any,
            "isString" => Type::String,
            "isNumber" => Type::Float,
            "isBoolean" => Type::Bool,
            "hasChildren" => match self.code.lists.slice(arguments).ok()? {
                [] => Type::Map,
                [list] => match self.code.op(*list) {
                    Ok(Op::Constant(names, _)) => return Some(Predicate::HasChildren(slot, names)),
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        Some(Predicate::HasType(slot, content))
    }

    /// The predicate of a function's result, for a call of the function.
    fn inline(&mut self, id: Id<Function>, arguments: Ids<OpId>, locals: Locals<'_>) -> Option<Predicate> {
        let function = self.code.functions.get(id).ok()?;
        let (parameters, lets, result) = (function.parameters.len(), function.lets.clone(), function.result);
        let many = self.code.predicates.len() > FEW_PREDICATES + PREDICATES_PER_OP * self.code.ops.len();
        let fits = arguments.len() == parameters && arguments.len() + lets.len() <= MAX_LOCALS;
        if !fits || many {
            return None;
        }
        let mut own: SmallVec<[Option<Operand>; MAX_LOCALS]> = SmallVec::new();
        for argument in self.code.lists.slice(arguments).ok()?.to_vec() {
            own.push(Some(self.operand(argument, locals)?));
        }
        for value in lets {
            let operand = self.operand(value, Some(&own))?;
            own.push(Some(operand));
        }
        let before = self.code.predicates.len();
        let Some(mut predicate) = self.predicate(result, Some(&own)) else {
            self.code.predicates.truncate(before);
            return None;
        };
        for operand in own.into_iter().flatten().rev() {
            let matters = matches!(operand, Operand::Member(..) | Operand::Variable(_));
            if matters && !self.begins_with(predicate, operand) {
                predicate = Predicate::Given(operand, self.code.predicates.push(predicate));
            }
        }
        Some(predicate)
    }

    /// Whether a predicate reads an operand first, in any case.
    fn begins_with(&self, predicate: Predicate, operand: Operand) -> bool {
        let first = match predicate {
            Predicate::All(parts) | Predicate::Any(parts) => {
                self.code.predicates.slice(parts).ok().and_then(|parts| parts.first())
            }
            Predicate::Not(part) | Predicate::Given(_, part) => self.code.predicates.get(part).ok(),
            _ => None,
        };
        predicate.operands().any(|other| extends(&self.code, other, operand))
            || first.is_some_and(|first| self.begins_with(*first, operand))
    }

    /// The slot of a variable that is a snapshot of the database.
    fn snapshot(&self, id: OpId) -> Option<u8> {
        match self.code.op(id) {
            Ok(Op::Variable(slot)) => {
                let name = self.code.dialect.variable_name(slot);
                (self.code.dialect == Dialect::Database && matches!(name, "root" | "data" | "newData")).then_some(slot)
            }
            _ => None,
        }
    }

    fn operand(&mut self, id: OpId, locals: Locals<'_>) -> Option<Operand> {
        match self.code.op(id).ok()? {
            Op::Constant(at, _) => match self.code.constants.get(at).ok()? {
                Value::Float(n) => Some(Operand::Number(*n)),
                Value::Int(n) => Some(Operand::Int(*n)),
                value => stdlib::member_of(value.view()).ok().map(|_| Operand::Constant(at)),
            },
            Op::Local(slot) => locals?.get(usize::from(slot)).copied().flatten(),
            Op::Capture(slot) => {
                let segment = self.segments.get(usize::from(slot)).copied().flatten();
                Some(segment.map_or(Operand::Capture(slot), Operand::Segment))
            }
            Op::Variable(slot) if self.snapshot(id).is_none() => Some(Operand::Variable(slot)),
            Op::Method(table, receiver, ..) if self.code.dialect == Dialect::Database => {
                let name = self.code.methods.get(table).ok()?.name.clone();
                match name.as_str() {
                    "val" => self.snapshot(receiver).map(Operand::Val),
                    "length" => match self.operand(receiver, locals)? {
                        Operand::Val(slot) => Some(Operand::Length(slot)),
                        _ => None,
                    },
                    _ => None,
                }
            }
            Op::Member(..) => self.member_operand(id, locals),
            Op::List(items) if self.code.dialect == Dialect::Service => self.constant_list(items),
            _ => None,
        }
    }

    fn member_operand(&mut self, id: OpId, locals: Locals<'_>) -> Option<Operand> {
        let mut names = MemberNames::new();
        let mut base = id;
        while let Ok(Op::Member(object, name)) = self.code.op(base) {
            names.push(name);
            base = object;
        }
        let slot = match self.code.op(base).ok()? {
            Op::Variable(slot) => slot,
            Op::Local(slot) => match locals?.get(usize::from(slot)).copied().flatten()? {
                Operand::Variable(slot) => slot,
                Operand::Member(_, member) => {
                    let member = self.code.members.get(member).ok()?;
                    names.extend(member.path.iter().rev().copied());
                    member.slot
                }
                _ => return None,
            },
            _ => return None,
        };
        names.reverse();
        self.member(slot, names)
    }

    /// The operand that reads a member. The parser bounds the number of names, and with it the recursion.
    fn member(&mut self, slot: u8, path: MemberNames) -> Option<Operand> {
        let key = (slot, path);
        if let Some(known) = self.members.get(&key) {
            return Some(*known);
        }
        let (slot, path) = key;
        let (last, before) = path.split_last()?;
        let known =
            before.iter().map(|name| self.code.name(*name).map(Name::of)).collect::<Result<Vec<_>, _>>().ok()?;
        let holder = Holder::of(self.code.dialect, slot, &known);
        let of = match holder {
            Holder::Member => Some(self.member(slot, before.into())?),
            _ => None,
        };
        let text = self.code.name(*last).ok()?;
        let (text, name): (Box<str>, _) = (text.into(), Name::of(text));
        let member = self.code.members.push(Member { text, name, of, slot, path: path.as_slice().into() });
        let operand = Operand::Member(holder.of_property(name), member);
        self.members.insert((slot, path), operand);
        Some(operand)
    }

    /// A list of constants becomes a constant.
    fn constant_list(&mut self, items: Ids<OpId>) -> Option<Operand> {
        if items.len() > MAX_ELEMENTS {
            return None;
        }
        let items = self.code.lists.slice(items).ok()?.iter();
        let list = items.map(|item| self.code.constant(*item).cloned()).collect::<Option<Vec<_>>>()?;
        stdlib::member_of(Value::List(list.clone()).view()).ok()?;
        Some(Operand::Constant(self.code.constants.push(Value::List(list))))
    }
}

/// Whether to read an operand is to read another one first.
fn extends(code: &Code, longer: Operand, shorter: Operand) -> bool {
    match (longer, shorter) {
        (Operand::Member(_, a), Operand::Member(_, b)) => {
            let (Ok(a), Ok(b)) = (code.members.get(a), code.members.get(b)) else { return false };
            a.slot == b.slot && a.path.starts_with(&b.path)
        }
        (Operand::Member(_, member), Operand::Variable(slot)) => {
            code.members.get(member).is_ok_and(|member| member.slot == slot)
        }
        (a, b) => a == b,
    }
}

/// Whether an operation reads a parameter or variable of a function; of a corrupt one that is assumed.
fn reads_locals(code: &Code, id: OpId) -> bool {
    let Ok(op) = code.op(id) else { return true };
    matches!(op, Op::Local(_))
        || op.operands(code).map_or(true, |operands| operands.into_iter().any(|part| reads_locals(code, part)))
}

/// One predicate for two of an `&&`: the type of a snapshot's value, and a bound of it. A value of another type makes the
/// first one false, so that the second never fails.
fn bounded(first: Predicate, second: Predicate) -> Option<Predicate> {
    let (slot, low, high, of_length) = match first {
        Predicate::HasType(slot, Type::String) => (slot, f64::NEG_INFINITY, f64::INFINITY, true),
        Predicate::HasType(slot, Type::Float) => (slot, f64::NEG_INFINITY, f64::INFINITY, false),
        Predicate::LengthWithin(slot, low, high) => (slot, low, high, true),
        Predicate::NumberWithin(slot, low, high) => (slot, low, high, false),
        _ => return None,
    };
    let Predicate::Compare(op, operand, Operand::Number(n)) = second else { return None };
    let is_same = operand == if of_length { Operand::Length(slot) } else { Operand::Val(slot) };
    let (low, high) = match op {
        Comparator::Gt if low == f64::NEG_INFINITY => (n.next_up(), high),
        Comparator::Ge if low == f64::NEG_INFINITY => (n, high),
        Comparator::Lt if high == f64::INFINITY => (low, n.next_down()),
        Comparator::Le if high == f64::INFINITY => (low, n),
        _ => return None,
    };
    let joined = if of_length { Predicate::LengthWithin } else { Predicate::NumberWithin };
    (is_same && n.is_finite()).then(|| joined(slot, low, high))
}
