//! The four equality relations, and the order (runtime specification, sections 5 and 6).

use std::{cmp::Ordering, collections::HashMap};

use super::{DiffStatus, ListRef, MapRef, Str, ValueRef, lookup::same_set, number, view::DiffRef, work};

/// Relation E1, the operator `==` of anything but constraints: numbers compare across their types as doubles, values of
/// other different types are unequal.
pub fn operator_equals(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    work::steps(1);
    match (a, b) {
        (ValueRef::String(a), ValueRef::String(b)) => a == b,
        (ValueRef::Int(a), ValueRef::Int(b)) => a == b,
        (ValueRef::Int(a), ValueRef::Float(b)) => a as f64 == b,
        (ValueRef::Float(a), ValueRef::Int(b)) => a == b as f64,
        (ValueRef::Float(a), ValueRef::Float(b)) => a == b,
        (ValueRef::Path(a), ValueRef::Path(b)) => a.equals(b),
        (ValueRef::MapDiff(_), ValueRef::MapDiff(_)) | (ValueRef::Constraint(_), ValueRef::Constraint(_)) => false,
        (a, b) => deep_equals(a, b),
    }
}

/// Relation E2, membership in a list: the types are the same and E1 holds.
pub fn in_list(element: ValueRef<'_>, list: ListRef<'_>) -> bool {
    list.iter().any(|item| item.type_of() == element.type_of() && operator_equals(item, element))
}

/// Relation E3, inside lists, maps and vectors: types are the same at every level, doubles compare by their bits, and
/// NaN equals nothing.
pub fn deep_equals(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    work::steps(1);
    match (a, b) {
        (ValueRef::Null, ValueRef::Null) => true,
        (ValueRef::Bool(a), ValueRef::Bool(b)) => a == b,
        (ValueRef::Int(a), ValueRef::Int(b)) => a == b,
        (ValueRef::Float(a), ValueRef::Float(b)) => a.to_bits() == b.to_bits() && !a.is_nan(),
        (ValueRef::String(a), ValueRef::String(b)) => a == b,
        (ValueRef::Bytes(a), ValueRef::Bytes(b)) => a == b,
        (ValueRef::Duration(a), ValueRef::Duration(b)) => a == b,
        (ValueRef::Timestamp(a), ValueRef::Timestamp(b)) => a == b,
        (ValueRef::LatLng(a), ValueRef::LatLng(b)) => a == b,
        (ValueRef::List(a), ValueRef::List(b)) | (ValueRef::Vector(a), ValueRef::Vector(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| deep_equals(a, b))
        }
        (ValueRef::Set(a), ValueRef::Set(b)) => same_set(a, b),
        (ValueRef::Map(a), ValueRef::Map(b)) => same_map(a, b, deep_equals),
        (ValueRef::Path(a), ValueRef::Path(b)) => a.same_structure(b),
        (ValueRef::MapDiff(a), ValueRef::MapDiff(b)) => same_diff(a, b),
        (ValueRef::Constraint(a), ValueRef::Constraint(b)) => a == b,
        _ => false,
    }
}

/// Relation E4, sets and `map.diff`: numbers compare by their exact values across types and at every level, NaN equals
/// itself, paths compare by their text.
pub fn set_equals(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    work::steps(1);
    match (a, b) {
        (ValueRef::Float(a), ValueRef::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (ValueRef::Int(a), ValueRef::Float(b)) | (ValueRef::Float(b), ValueRef::Int(a)) => {
            number::int_equals_double_exactly(a, b)
        }
        (ValueRef::List(a), ValueRef::List(b)) | (ValueRef::Vector(a), ValueRef::Vector(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| set_equals(a, b))
        }
        (ValueRef::Map(a), ValueRef::Map(b)) => same_map(a, b, set_equals),
        (ValueRef::Path(a), ValueRef::Path(b)) => a.equals(b),
        (a, b) => deep_equals(a, b),
    }
}

fn same_map(a: MapRef<'_>, b: MapRef<'_>, same: fn(ValueRef<'_>, ValueRef<'_>) -> bool) -> bool {
    a.len() == b.len() && a.iter().all(|(key, x)| b.get(key).is_some_and(|y| same(x, y)))
}

fn same_diff(a: DiffRef<'_>, b: DiffRef<'_>) -> bool {
    let statuses: HashMap<Str<'_>, DiffStatus> = b.iter().collect();
    a.iter().count() == b.iter().count() && a.iter().all(|(key, status)| statuses.get(&key) == Some(&status))
}

/// The order of two values of ordered types: numbers, strings by UTF-16 code units, bytes, durations, timestamps.
/// `None` for other types and for NaN.
pub fn order(a: ValueRef<'_>, b: ValueRef<'_>) -> Option<Ordering> {
    match (a, b) {
        (ValueRef::Int(a), ValueRef::Int(b)) => Some(a.cmp(&b)),
        (ValueRef::Int(a), ValueRef::Float(b)) => (a as f64).partial_cmp(&b),
        (ValueRef::Float(a), ValueRef::Int(b)) => a.partial_cmp(&(b as f64)),
        (ValueRef::Float(a), ValueRef::Float(b)) => a.partial_cmp(&b),
        (ValueRef::String(a), ValueRef::String(b)) => Some(a.cmp_units(b)),
        (ValueRef::Bytes(a), ValueRef::Bytes(b)) => Some(a.cmp(b)),
        (ValueRef::Duration(a), ValueRef::Duration(b)) => Some(a.cmp(&b)),
        (ValueRef::Timestamp(a), ValueRef::Timestamp(b)) => Some(a.cmp(&b)),
        _ => None,
    }
}
