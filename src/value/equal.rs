//! The four relations of equality, and order (runtime specification, sections 5 and 6).

use std::{cmp::Ordering, collections::HashMap};

use super::{DiffStatus, ListRef, MapRef, Str, ValueRef, lookup::same_set, number, view::DiffRef, work};

/// Relation E1, the operator `==`, for anything but constraints: numbers across their types as doubles, other
/// different types unequal.
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

/// Relation E2, membership in a list: the same type, then E1.
pub fn in_list(element: ValueRef<'_>, list: ListRef<'_>) -> bool {
    list.iter().any(|item| item.type_of() == element.type_of() && operator_equals(item, element))
}

/// Relation E3, inside lists, maps and vectors: the same type at every level, doubles by their bits, NaN never.
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
        (ValueRef::LatLng(a), ValueRef::LatLng(b)) => same_place(a, b),
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

/// Relation E4, sets and `map.diff`: numbers by their exact value across types and at every level, NaN equal to
/// itself, paths by their texts.
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

fn same_place(a: super::LatLng, b: super::LatLng) -> bool {
    a.latitude.to_bits() == b.latitude.to_bits() && a.longitude.to_bits() == b.longitude.to_bits()
}

fn same_map(a: MapRef<'_>, b: MapRef<'_>, same: fn(ValueRef<'_>, ValueRef<'_>) -> bool) -> bool {
    a.len() == b.len() && a.iter().all(|(key, x)| b.get(key).is_some_and(|y| same(x, y)))
}

fn same_diff(a: DiffRef<'_>, b: DiffRef<'_>) -> bool {
    let there: HashMap<Str<'_>, DiffStatus> = b.iter().collect();
    a.iter().count() == b.iter().count() && a.iter().all(|(key, status)| there.get(&key) == Some(&status))
}

/// The order of two values of ordered types: numbers, strings by UTF-16 code units, bytes, durations, timestamps.
/// `None` for other types, and where NaN takes part.
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
