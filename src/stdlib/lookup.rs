//! Finding values in lists and sets: by comparing where there are few, through hashes where there are many, so that
//! no list makes an evaluation quadratic.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher},
};

use crate::value::{ListRef, MapRef, ValueRef, operator_equals, set_equals};

use super::{Failure, misfit};

/// Lists up to this long are searched by comparing.
const SCAN: usize = 16;

/// A relation of equality between elements.
pub(super) type Same = fn(ValueRef<'_>, ValueRef<'_>) -> bool;

/// Relation E2: membership in a list.
pub(super) fn same_in_list(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    a.type_of() == b.type_of() && operator_equals(a, b)
}

/// Whether a set holds an element (relation E4).
pub(super) fn in_set(element: ValueRef<'_>, set: ListRef<'_>) -> bool {
    set.iter().any(|item| set_equals(item, element))
}

/// The same value, for relation E4.
///
/// # Errors
///
/// A constraint in it: sets and `map.diff` refuse those wherever they stand.
pub(super) fn comparable<'a>(value: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    if constrained(value) {
        return Err(Failure::Message("Equality is not defined for type CONSTRAINT_VALUE"));
    }
    Ok(value)
}

fn constrained(value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Constraint(_) => true,
        ValueRef::List(list) => list.iter().any(constrained),
        ValueRef::Map(map) => map.iter().any(|(_, value)| constrained(value)),
        _ => false,
    }
}

/// The elements of an argument that is a list or a set.
pub(super) fn elements<'a>(args: &[ValueRef<'a>], at: usize) -> Result<ListRef<'a>, Failure<'a>> {
    match args.get(at) {
        Some(ValueRef::Set(list) | ValueRef::List(list)) => Ok(*list),
        _ => Err(misfit()),
    }
}

/// Whether every element of the argument is in the receiver.
pub(super) fn has_all<'a>(args: &[ValueRef<'a>], same: Same) -> Result<ValueRef<'a>, Failure<'a>> {
    let mine = Lookup::new(elements(args, 0)?, same);
    Ok(ValueRef::Bool(elements(args, 1)?.iter().all(|item| mine.contains(item))))
}

/// Whether any element of the argument is in the receiver.
pub(super) fn has_any<'a>(args: &[ValueRef<'a>], same: Same) -> Result<ValueRef<'a>, Failure<'a>> {
    let mine = Lookup::new(elements(args, 0)?, same);
    Ok(ValueRef::Bool(elements(args, 1)?.iter().any(|item| mine.contains(item))))
}

/// Whether every element of the receiver is in the argument.
pub(super) fn has_only<'a>(args: &[ValueRef<'a>], same: Same) -> Result<ValueRef<'a>, Failure<'a>> {
    let theirs = Lookup::new(elements(args, 1)?, same);
    Ok(ValueRef::Bool(elements(args, 0)?.iter().all(|item| theirs.contains(item))))
}

/// Elements that a reason names.
const NAMED: usize = 5;

/// The first of some elements, for a reason.
pub(super) fn named<'a>(what: &str, elements: impl Iterator<Item = ValueRef<'a>>) -> Option<String> {
    let mut names: Vec<_> = elements.take(NAMED + 1).map(ValueRef::describe).collect();
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("…".to_owned());
    }
    (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
}

/// Why `has_all` does not hold.
pub(super) fn missing(args: &[ValueRef<'_>], same: Same) -> Option<String> {
    let mine = Lookup::new(elements(args, 0).ok()?, same);
    named("missing", elements(args, 1).ok()?.iter().filter(|item| !mine.contains(*item)))
}

/// Why `has_only` does not hold.
pub(super) fn besides(args: &[ValueRef<'_>], same: Same) -> Option<String> {
    let theirs = Lookup::new(elements(args, 1).ok()?, same);
    named("not in the list", elements(args, 0).ok()?.iter().filter(|item| !theirs.contains(*item)))
}

/// A list prepared for many look-ups.
pub(super) struct Lookup<'a> {
    items: Vec<ValueRef<'a>>,
    same: Same,
    /// Hash to positions; unused while there are few.
    index: HashMap<u64, Vec<u32>>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(list: ListRef<'a>, same: Same) -> Self {
        let mut lookup = Lookup { items: Vec::with_capacity(list.len()), same, index: HashMap::new() };
        list.iter().for_each(|item| lookup.push(item));
        lookup
    }

    pub(super) fn empty(same: Same) -> Self {
        Lookup { items: Vec::new(), same, index: HashMap::new() }
    }

    /// Adds an element without asking whether it is there.
    pub(super) fn push(&mut self, item: ValueRef<'a>) {
        self.items.push(item);
        let count = self.items.len();
        if count == SCAN + 1 {
            for (at, item) in self.items.iter().enumerate() {
                self.index.entry(hash(*item)).or_default().push(at as u32);
            }
        } else if count > SCAN {
            self.index.entry(hash(item)).or_default().push(count as u32 - 1);
        }
    }

    pub(super) fn contains(&self, item: ValueRef<'_>) -> bool {
        if self.items.len() <= SCAN {
            return self.items.iter().any(|other| (self.same)(*other, item));
        }
        let places = self.index.get(&hash(item)).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|at| self.items.get(*at as usize)).any(|other| (self.same)(*other, item))
    }

    pub(super) fn items(self) -> Vec<ValueRef<'a>> {
        self.items
    }
}

/// Equal by any of the relations means equal hashes.
fn hash(value: ValueRef<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    write(value, &mut hasher);
    hasher.finish()
}

fn write(value: ValueRef<'_>, hasher: &mut DefaultHasher) {
    let number = |n: f64| {
        if n == 0.0 {
            0
        } else if n.is_nan() {
            u64::MAX
        } else {
            n.to_bits()
        }
    };
    match value {
        ValueRef::Bool(b) => b.hash(hasher),
        ValueRef::Int(n) => number(n as f64).hash(hasher),
        ValueRef::Float(n) => number(n).hash(hasher),
        ValueRef::String(text) => text.hash(hasher),
        ValueRef::Bytes(octets) => octets.hash(hasher),
        ValueRef::Duration(d) => (d.seconds(), d.nanos()).hash(hasher),
        ValueRef::Timestamp(t) => (t.unix_seconds(), t.nanos()).hash(hasher),
        ValueRef::List(list) | ValueRef::Vector(list) => {
            list.len().hash(hasher);
            list.iter().for_each(|item| write(item, hasher));
        }
        ValueRef::Set(set) => set.len().hash(hasher),
        ValueRef::Map(map) => write_map(map, hasher),
        ValueRef::Path(path) => {
            if let Ok(texts) = path.resolved() {
                texts.hash(hasher);
            }
        }
        other => other.type_of().hash(hasher),
    }
}

/// The order of keys must not matter.
fn write_map(map: MapRef<'_>, hasher: &mut DefaultHasher) {
    let mut sum = 0_u64;
    for (key, value) in map.iter() {
        let mut entry = DefaultHasher::new();
        key.hash(&mut entry);
        write(value, &mut entry);
        sum = sum.wrapping_add(entry.finish());
    }
    sum.hash(hasher);
}
