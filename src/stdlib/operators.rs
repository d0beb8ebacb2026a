//! Operators on values that are there: arithmetic, comparison, membership, type tests. `&&`, `||` and `?:` are the
//! evaluator's, since they decide what is evaluated.

use std::cmp::Ordering;

use bumpalo::Bump;

use crate::value::{Comparator, Str, StrBuilder, Type, TypeName, ValueRef, in_list, number, operator_equals, order};

use super::{Failure, Operation, keep, lists, lookup, message, misfit};

/// Types that a constraint can be compared with for equality, as the message lists them (case `constraint ==/1`).
pub(super) const EQUALITY_TYPES: &str =
    "bool,duration,float,int,latlng,map,null,string,bytes,timestamp,path,list,vector,set";
/// The same for order.
pub(super) const ORDER_TYPES: &str = "timestamp,duration,float,int,string,bytes";

/// `+ - * / %` on two values.
///
/// # Errors
///
/// Types that do not go together, overflow, division by zero, times out of range.
pub fn arithmetic<'a>(
    bump: &'a Bump,
    op: &'static str,
    a: ValueRef<'a>,
    b: ValueRef<'a>,
) -> Result<ValueRef<'a>, Failure<'a>> {
    use ValueRef::{Duration, Float, Int, String, Timestamp};
    match (op, a, b) {
        (_, Int(a), Int(b)) => integers(op, a, b).map(Int),
        (_, Float(a), Float(b)) => Ok(Float(floats(op, a, b))),
        (_, Int(a), Float(b)) => Ok(Float(floats(op, a as f64, b))),
        (_, Float(a), Int(b)) => Ok(Float(floats(op, a, b as f64))),
        ("+", String(a), String(b)) => Ok(String(concat(bump, a, b)?)),
        ("+", Duration(a), Duration(b)) => a.checked_add(b).map(Duration).map_err(|e| message(bump, e)),
        ("+", Duration(d), Timestamp(t)) | ("+", Timestamp(t), Duration(d)) => {
            t.checked_add(d).map(Timestamp).map_err(|e| message(bump, e))
        }
        ("-", Duration(a), Duration(b)) => a.checked_sub(b).map(Duration).map_err(|e| message(bump, e)),
        ("-", Timestamp(t), Duration(d)) => t.checked_sub(d).map(Timestamp).map_err(|e| message(bump, e)),
        ("-", Timestamp(a), Timestamp(b)) => a.since(b).map(Duration).map_err(|e| message(bump, e)),
        _ => Err(Failure::Unsupported(Operation::Binary(op, a.type_of(), b.type_of()))),
    }
}

fn integers<'a>(op: &str, a: i64, b: i64) -> Result<i64, Failure<'a>> {
    match op {
        "+" => number::add(a, b).map_err(|_| Failure::Overflow),
        "-" => number::sub(a, b).map_err(|_| Failure::Overflow),
        "*" => number::mul(a, b).map_err(|_| Failure::Overflow),
        "/" => number::div(a, b).map_err(|_| Failure::DivideByZero),
        _ => number::rem(a, b).map_err(|_| Failure::DivideByZero),
    }
}

fn floats(op: &str, a: f64, b: f64) -> f64 {
    match op {
        "+" => number::float_add(a, b),
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        _ => number::float_rem(a, b),
    }
}

/// Two texts joined. The memory limit is checked before the copy is made.
fn concat<'a>(bump: &'a Bump, a: Str<'a>, b: Str<'a>) -> Result<Str<'a>, Failure<'a>> {
    if text_bytes(a) + text_bytes(b) > super::access::MAX_VALUE {
        return Err(Failure::MemoryLimit);
    }
    if let (Str::Utf8(a), Str::Utf8(b)) = (a, b) {
        let joined = bumpalo::collections::String::from_iter_in([a, b].into_iter().flat_map(str::chars), bump);
        return Ok(Str::Utf8(joined.into_bump_str()));
    }
    let mut builder = StrBuilder::default();
    builder.push(a);
    builder.push(b);
    Ok(keep(bump, builder.finish()))
}

pub(super) fn text_bytes(text: Str<'_>) -> usize {
    match text {
        Str::Utf8(text) => text.len(),
        Str::Wide(units) => units.len() * 2,
    }
}

/// `-a`
///
/// # Errors
///
/// Not a number or duration; the smallest integer.
pub fn negate<'a>(a: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match a {
        ValueRef::Int(n) => number::neg(n).map(ValueRef::Int).map_err(|_| Failure::Overflow),
        ValueRef::Float(n) => Ok(ValueRef::Float(-n)),
        ValueRef::Duration(d) => Ok(ValueRef::Duration(-d)),
        other => Err(Failure::Unsupported(Operation::Unary("-", other.type_of()))),
    }
}

/// `!a`
///
/// # Errors
///
/// Not a bool: there is no truthiness.
pub fn not<'a>(a: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match a {
        ValueRef::Bool(b) => Ok(ValueRef::Bool(!b)),
        other => Err(Failure::Unsupported(Operation::Unary("!", other.type_of()))),
    }
}

/// `a == b`, relation E1; a constraint answers only what is certain.
///
/// # Errors
///
/// A constraint that does not decide; two constraints.
pub fn equal<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> Result<bool, Failure<'a>> {
    equality(Comparator::Eq, a, b)
}

fn equality<'a>(op: Comparator, a: ValueRef<'a>, b: ValueRef<'a>) -> Result<bool, Failure<'a>> {
    match (a, b) {
        (ValueRef::Constraint(_), _) | (_, ValueRef::Constraint(_)) => constrained(op, a, b, EQUALITY_TYPES),
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
        (Constraint(_), _) | (_, Constraint(_)) => constrained(op, a, b, ORDER_TYPES),
        _ => Err(Failure::Unsupported(Operation::Binary(symbol(op), a.type_of(), b.type_of()))),
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

fn symbol(op: Comparator) -> &'static str {
    match op {
        Comparator::Lt => "<",
        Comparator::Le => "<=",
        Comparator::Gt => ">",
        Comparator::Ge => ">=",
        Comparator::Ne => "!=",
        Comparator::Eq | Comparator::ListContains => "==",
    }
}

/// A comparison with a constraint is true where it follows from what is known, else undecided; never false.
fn constrained<'a>(
    op: Comparator,
    a: ValueRef<'a>,
    b: ValueRef<'a>,
    expected: &'static str,
) -> Result<bool, Failure<'a>> {
    let (constraint, op, value) = match (a, b) {
        (ValueRef::Constraint(c), value) => (c, op, value),
        (value, ValueRef::Constraint(c)) => (c, op.flipped(), value),
        _ => return Err(misfit()),
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
/// A container without that method; a key that is no string; a constraint that does not decide.
pub fn contains<'a>(element: ValueRef<'a>, container: ValueRef<'a>) -> Result<bool, Failure<'a>> {
    match container {
        ValueRef::List(_) if matches!(element, ValueRef::Constraint(_)) => Ok(false),
        ValueRef::List(list) => Ok(in_list(element, list)),
        ValueRef::Set(_) if matches!(element, ValueRef::Constraint(_)) => {
            Err(Failure::Message("Equality is not defined for type CONSTRAINT_VALUE"))
        }
        ValueRef::Set(set) => Ok(lookup::in_set(element, set)),
        ValueRef::Map(map) => match element {
            ValueRef::String(key) => Ok(map.get(key).is_some()),
            other => Err(Failure::Unsupported(Operation::Call(
                super::Expected::Service("map.in(string)"),
                [Some(other.type_of()), None, None, None, None, None],
            ))),
        },
        ValueRef::Constraint(constraint) => lists::constraint_has(constraint, element),
        ValueRef::Null => Err(Failure::Null),
        _ => Err(Failure::NotFound(None, "in")),
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
