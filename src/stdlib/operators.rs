//! Computes operators on values: arithmetic, comparison, membership, type tests. The evaluator implements `&&`, `||` and `?:`,
//! since they decide what is evaluated.

use std::cmp::Ordering;

use bumpalo::Bump;

use crate::value::{Comparator, Str, StrBuilder, Type, TypeName, ValueRef, in_list, number, operator_equals, order};

use super::{Failure, Operation, access::whole, alloc_text, lists, lookup, message, mismatch};

/// Types that compare with a constraint for equality, as the message lists them (case `constraint ==/1`).
pub(super) static EQUALITY_TYPES: &str =
    "bool,duration,float,int,latlng,map,null,string,bytes,timestamp,path,list,vector,set";
/// Types that compare with a constraint for order, as the message lists them.
pub(super) static ORDER_TYPES: &str = "timestamp,duration,float,int,string,bytes";

/// `+ - * / %`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl Arithmetic {
    /// The operator in rules.
    pub fn symbol(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Sub => "-",
            Arithmetic::Mul => "*",
            Arithmetic::Div => "/",
            Arithmetic::Rem => "%",
        }
    }
}

/// `+ - * / %` on two values.
///
/// # Errors
///
/// Types without this operation, overflow, division by zero, times out of range.
pub fn arithmetic<'a>(
    bump: &'a Bump,
    op: Arithmetic,
    a: ValueRef<'a>,
    b: ValueRef<'a>,
) -> Result<ValueRef<'a>, Failure<'a>> {
    use Arithmetic::{Add, Sub};
    use ValueRef::{Duration, Float, Int, String, Timestamp};
    match (op, a, b) {
        (_, Int(a), Int(b)) => integers(op, a, b).map(Int),
        (_, Float(a), Float(b)) => Ok(Float(floats(op, a, b))),
        (_, Int(a), Float(b)) => Ok(Float(floats(op, a as f64, b))),
        (_, Float(a), Int(b)) => Ok(Float(floats(op, a, b as f64))),
        (Add, String(a), String(b)) => Ok(String(concat(bump, a, b)?)),
        (Add, Duration(a), Duration(b)) => a.checked_add(b).map(Duration).map_err(|e| message(bump, e)),
        (Add, Duration(d), Timestamp(t)) | (Add, Timestamp(t), Duration(d)) => {
            t.checked_add(d).map(Timestamp).map_err(|e| message(bump, e))
        }
        (Sub, Duration(a), Duration(b)) => a.checked_sub(b).map(Duration).map_err(|e| message(bump, e)),
        (Sub, Timestamp(t), Duration(d)) => t.checked_sub(d).map(Timestamp).map_err(|e| message(bump, e)),
        (Sub, Timestamp(a), Timestamp(b)) => a.since(b).map(Duration).map_err(|e| message(bump, e)),
        _ => Err(Failure::Unsupported(Operation::Arithmetic(op, a.type_of(), b.type_of()))),
    }
}

fn integers<'a>(op: Arithmetic, a: i64, b: i64) -> Result<i64, Failure<'a>> {
    match op {
        Arithmetic::Add => number::add(a, b).map_err(|_| Failure::Overflow),
        Arithmetic::Sub => number::sub(a, b).map_err(|_| Failure::Overflow),
        Arithmetic::Mul => number::mul(a, b).map_err(|_| Failure::Overflow),
        Arithmetic::Div => number::div(a, b).map_err(|_| Failure::DivideByZero),
        Arithmetic::Rem => number::rem(a, b).map_err(|_| Failure::DivideByZero),
    }
}

fn floats(op: Arithmetic, a: f64, b: f64) -> f64 {
    match op {
        Arithmetic::Add => number::float_add(a, b),
        Arithmetic::Sub => a - b,
        Arithmetic::Mul => a * b,
        Arithmetic::Div => a / b,
        Arithmetic::Rem => number::float_rem(a, b),
    }
}

/// Concatenates two texts. Checks the memory limit before copying.
fn concat<'a>(bump: &'a Bump, a: Str<'a>, b: Str<'a>) -> Result<Str<'a>, Failure<'a>> {
    let bytes = a.bytes() + b.bytes();
    super::access::check_bytes(bytes)?;
    if let (Str::Utf8(a), Str::Utf8(b)) = (a, b) {
        super::check_arena(bump, bytes)?;
        let mut joined = bumpalo::collections::String::with_capacity_in(bytes, bump);
        joined.push_str(a);
        joined.push_str(b);
        return Ok(Str::Utf8(joined.into_bump_str()));
    }
    let mut builder = StrBuilder::default();
    builder.push(a);
    builder.push(b);
    alloc_text(bump, builder.finish())
}

/// `-a`
///
/// # Errors
///
/// A value that is neither a number nor a duration; the least integer.
pub fn negate<'a>(a: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match a {
        ValueRef::Int(n) => number::neg(n).map(ValueRef::Int).map_err(|_| Failure::Overflow),
        ValueRef::Float(n) => Ok(ValueRef::Float(-n)),
        ValueRef::Duration(d) => Ok(ValueRef::Duration(-d)),
        other => Err(Failure::Unsupported(Operation::Negate(other.type_of()))),
    }
}

/// `!a`
///
/// # Errors
///
/// A value that is not a bool: rules have no truthiness.
pub fn not<'a>(a: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match a {
        ValueRef::Bool(b) => Ok(ValueRef::Bool(!b)),
        other => Err(Failure::Unsupported(Operation::Not(other.type_of()))),
    }
}

/// `a == b`, relation E1; a comparison with a constraint succeeds only if its result is certain.
///
/// # Errors
///
/// A constraint that does not decide the result; two constraints.
pub fn equal<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> Result<bool, Failure<'a>> {
    equality(Comparator::Eq, a, b)
}

fn equality<'a>(op: Comparator, a: ValueRef<'a>, b: ValueRef<'a>) -> Result<bool, Failure<'a>> {
    match (a, b) {
        (ValueRef::Constraint(_), _) | (_, ValueRef::Constraint(_)) => {
            constrained(op, whole(a)?, whole(b)?, &EQUALITY_TYPES)
        }
        (ValueRef::Map(_), ValueRef::Map(_)) => Ok(operator_equals(whole(a)?, whole(b)?) == (op == Comparator::Eq)),
        _ => Ok(operator_equals(a, b) == (op == Comparator::Eq)),
    }
}

/// `== != < <= > >=`
///
/// # Errors
///
/// Types without an order; constraints as for [`equal`].
pub fn compare<'a>(op: Comparator, a: ValueRef<'a>, b: ValueRef<'a>) -> Result<bool, Failure<'a>> {
    use ValueRef::{Bytes, Constraint, Duration, Float, Int, String, Timestamp};
    if matches!(op, Comparator::Eq | Comparator::Ne) {
        return equality(op, a, b);
    }
    match (a, b) {
        (Int(_) | Float(_), Int(_) | Float(_))
        | (String(_), String(_))
        | (Bytes(_), Bytes(_))
        | (Duration(_), Duration(_))
        | (Timestamp(_), Timestamp(_)) => Ok(order(a, b).is_some_and(|found| holds(op, found))),
        (Constraint(_), _) | (_, Constraint(_)) => constrained(op, a, b, &ORDER_TYPES),
        _ => Err(Failure::Unsupported(Operation::Order(op, a.type_of(), b.type_of()))),
    }
}

fn holds(op: Comparator, found: Ordering) -> bool {
    match op {
        Comparator::Lt => found == Ordering::Less,
        Comparator::Le => found != Ordering::Greater,
        Comparator::Gt => found == Ordering::Greater,
        _ => found != Ordering::Less,
    }
}

/// A comparison with a constraint is true if the constraint proves it, else undecided; never false.
fn constrained<'a>(
    op: Comparator,
    a: ValueRef<'a>,
    b: ValueRef<'a>,
    expected: &'static &'static str,
) -> Result<bool, Failure<'a>> {
    let (constraint, op, value) = match (a, b) {
        (ValueRef::Constraint(c), value) => (c, op, value),
        (value, ValueRef::Constraint(c)) => (c, op.flipped(), value),
        _ => return Err(mismatch()),
    };
    let received = value.type_of();
    if !expected.split(',').any(|name| name == received.name()) {
        return Err(Failure::Type { received, expected });
    }
    if constraint.implies(op, value) { Ok(true) } else { Err(Failure::Message("")) }
}

/// `element in container`, which is the method `in` of the container.
///
/// # Errors
///
/// A container without that method; a key that is not a string; a constraint that does not decide the result.
pub fn contains<'a>(element: ValueRef<'a>, container: ValueRef<'a>) -> Result<bool, Failure<'a>> {
    match container {
        ValueRef::List(list) => Ok(in_list(whole(element)?, list)),
        ValueRef::Set(set) => {
            let element = whole(element)?;
            Ok(!set.is_empty() && lookup::in_set(lookup::comparable(element)?, set))
        }
        ValueRef::Map(map) => match element {
            ValueRef::String(key) => Ok(map.get(key).is_some()),
            other => Err(Failure::Unsupported(Operation::InMap(other.type_of()))),
        },
        ValueRef::Constraint(constraint) => lists::constraint_has(constraint, whole(element)?),
        ValueRef::Null => Err(Failure::Null),
        _ => Err(Failure::NotFound("in")),
    }
}

/// `a is type`; `number` is int or float, and no value is a set (case `is/…`).
pub fn has_type(a: ValueRef<'_>, type_name: TypeName) -> bool {
    use TypeName as T;
    let found = a.type_of();
    match type_name {
        T::Bool => found == Type::Bool,
        T::Bytes => found == Type::Bytes,
        T::Constraint => found == Type::Constraint,
        T::Duration => found == Type::Duration,
        T::Float => found == Type::Float,
        T::Int => found == Type::Int,
        T::LatLng => found == Type::LatLng,
        T::List => found == Type::List,
        T::Vector => found == Type::Vector,
        T::Set => false,
        T::Number => matches!(found, Type::Int | Type::Float),
        T::Map => found == Type::Map,
        T::String => found == Type::String,
        T::Timestamp => found == Type::Timestamp,
        T::Path => found == Type::Path,
        T::MapDiff => found == Type::MapDiff,
    }
}
