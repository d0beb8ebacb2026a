//! Membership tests: linear search in small collections, hashing in large ones, so that no choice of values makes an
//! evaluation quadratic.
//!
//! Clients choose the values. Each lookup therefore hashes with a fresh key, so that nobody can construct collisions.
//! Each equality relation has its own hash: values that a relation distinguishes get different hashes, whatever another
//! relation says about them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash as _, Hasher, RandomState},
};

use super::{ListRef, MapRef, ValueRef, operator_equals, set_equals, work};

/// Collections up to this size are searched linearly.
const MAX_SCANNED: usize = 16;

/// An equality relation between elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// E2: membership in a list.
    List,
    /// E4: sets.
    Set,
}

impl Relation {
    /// Whether two elements are equal.
    pub fn same(self, a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
        match self {
            Relation::List => a.type_of() == b.type_of() && operator_equals(a, b),
            Relation::Set => set_equals(a, b),
        }
    }

    /// Equal elements have equal hashes.
    fn hash(self, value: ValueRef<'_>, key: &RandomState) -> u64 {
        let mut hasher = key.build_hasher();
        match (self, value) {
            // Only nested elements distinguish 0.0 from -0.0.
            (Relation::List, ValueRef::Float(n)) => (n + 0.0).to_bits().hash(&mut hasher),
            (Relation::List, ValueRef::Path(path)) => {
                if let Ok(texts) = path.resolved() {
                    texts.hash(&mut hasher);
                }
            }
            (relation, value) => hash_nested(relation, value, key, &mut hasher),
        }
        hasher.finish()
    }
}

/// A collection prepared for many membership tests.
pub struct Lookup<'a> {
    items: Vec<ValueRef<'a>>,
    relation: Relation,
    /// `None` while the collection is small.
    index: Option<Index>,
}

struct Index {
    key: RandomState,
    /// The index of the last value with each hash.
    last: HashMap<u64, u32>,
    /// For each value, the index of the previous value with the same hash.
    previous: Vec<Option<u32>>,
}

impl<'a> Lookup<'a> {
    /// An empty collection.
    pub fn new(relation: Relation) -> Self {
        Lookup { items: Vec::new(), relation, index: None }
    }

    /// A collection of these values. Some of the first may be equal.
    pub fn of(relation: Relation, values: impl Iterator<Item = ValueRef<'a>>) -> Self {
        let mut lookup = Lookup {
            items: Vec::with_capacity(values.size_hint().1.unwrap_or(0).min(MAX_SCANNED)),
            ..Lookup::new(relation)
        };
        for value in values {
            // Deduplicating a few values costs more than keeping them.
            if lookup.items.len() < MAX_SCANNED { lookup.items.push(value) } else { lookup.insert(value) }
        }
        lookup
    }

    /// Adds a value unless an equal one is present.
    pub fn insert(&mut self, item: ValueRef<'a>) {
        if self.items.len() < MAX_SCANNED {
            if !self.contains_by_scan(item) {
                self.items.push(item);
            }
            return;
        }
        let Lookup { items, relation, index } = self;
        let index = index.get_or_insert_with(|| {
            let mut index = Index { key: RandomState::new(), last: HashMap::new(), previous: Vec::new() };
            items.iter().for_each(|item| index.push(relation.hash(*item, &index.key)));
            index
        });
        let hash = relation.hash(item, &index.key);
        // A value that does not equal itself, such as NaN, is kept but never found.
        if !relation.same(item, item) {
            items.push(item);
            index.previous.push(None);
        } else if !index.has(items, *relation, item, hash) {
            items.push(item);
            index.push(hash);
        }
    }

    /// Whether an equal value is present.
    pub fn contains(&self, item: ValueRef<'_>) -> bool {
        match &self.index {
            None => self.contains_by_scan(item),
            Some(index) if self.relation.same(item, item) => {
                index.has(&self.items, self.relation, item, self.relation.hash(item, &index.key))
            }
            Some(_) => false,
        }
    }

    fn contains_by_scan(&self, item: ValueRef<'_>) -> bool {
        self.items.iter().any(|other| self.relation.same(*other, item))
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The values in the order of insertion.
    pub fn items(&self) -> &[ValueRef<'a>] {
        &self.items
    }
}

impl Index {
    /// Adds the hash of the next value.
    fn push(&mut self, hash: u64) {
        let at = self.previous.len() as u32;
        self.previous.push(self.last.insert(hash, at));
    }

    fn has(&self, items: &[ValueRef<'_>], relation: Relation, item: ValueRef<'_>, hash: u64) -> bool {
        let mut candidate = self.last.get(&hash).copied();
        while let Some(at) = candidate {
            if items.get(at as usize).is_some_and(|other| relation.same(*other, item)) {
                return true;
            }
            candidate = self.previous.get(at as usize).copied().flatten();
        }
        false
    }
}

/// Hashes what distinguishes nested elements by the relation inside lists (E3) or by that of sets (E4).
fn hash_nested(relation: Relation, value: ValueRef<'_>, key: &RandomState, hasher: &mut impl Hasher) {
    work::steps(1);
    // Only sets equate numbers of different types.
    match (relation, value) {
        (Relation::Set, ValueRef::Int(n)) => return hash_number(n, hasher),
        (Relation::Set, ValueRef::Float(n)) if n.fract() == 0.0 && (-MAX_INT..MAX_INT).contains(&n) => {
            return hash_number(n as i64, hasher);
        }
        _ => value.type_of().hash(hasher),
    }
    match value {
        ValueRef::Bool(b) => b.hash(hasher),
        ValueRef::Int(n) => n.hash(hasher),
        ValueRef::Float(n) if n.is_nan() => u64::MAX.hash(hasher),
        ValueRef::Float(n) => n.to_bits().hash(hasher),
        ValueRef::String(text) => text.hash(hasher),
        ValueRef::Bytes(bytes) => bytes.hash(hasher),
        ValueRef::Duration(d) => (d.seconds(), d.nanos()).hash(hasher),
        ValueRef::Timestamp(t) => (t.unix_seconds(), t.nanos()).hash(hasher),
        ValueRef::LatLng(p) => (p.latitude().to_bits(), p.longitude().to_bits()).hash(hasher),
        ValueRef::List(list) | ValueRef::Vector(list) => {
            list.len().hash(hasher);
            list.iter().for_each(|item| hash_nested(relation, item, key, hasher));
        }
        // The hash ignores the order of elements and of keys.
        ValueRef::Set(set) => sum(set.iter().map(|item| Relation::Set.hash(item, key))).hash(hasher),
        ValueRef::Map(map) => sum(entries(relation, map, key)).hash(hasher),
        ValueRef::Path(path) => {
            if let Ok(texts) = path.resolved() {
                texts.hash(hasher);
            }
        }
        ValueRef::MapDiff(diff) => sum(diff.iter().map(|(name, status)| key.hash_one((name, status)))).hash(hasher),
        ValueRef::Null | ValueRef::Constraint(_) | ValueRef::Snapshot(_) | ValueRef::Undefined(_) => {}
    }
}

/// Doubles from here on exceed 64-bit integers.
const MAX_INT: f64 = 9_223_372_036_854_775_808.0;

fn hash_number(n: i64, hasher: &mut impl Hasher) {
    n.hash(hasher);
}

fn entries(relation: Relation, map: MapRef<'_>, key: &RandomState) -> impl Iterator<Item = u64> {
    map.iter().map(move |(name, value)| {
        let mut entry = key.build_hasher();
        name.hash(&mut entry);
        hash_nested(relation, value, key, &mut entry);
        entry.finish()
    })
}

fn sum(hashes: impl Iterator<Item = u64>) -> u64 {
    hashes.fold(0, u64::wrapping_add)
}

/// Whether two sets have equal elements.
pub(super) fn same_set(a: ListRef<'_>, b: ListRef<'_>) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let present = Lookup::of(Relation::Set, b.iter());
    a.iter().all(|item| present.contains(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{LatLng, Map, Value};

    /// Values of many types, some of which are equal by one relation or another.
    fn values() -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        for n in [0.0, -0.0, 1.0, -1.0, 0.5, 9e15, 9_007_199_254_740_993.0, MAX_INT, -MAX_INT, f64::NAN, f64::INFINITY]
        {
            values.push(Value::Float(n));
            values.push(Value::Int(n as i64));
            values.push(Value::Int((n as i64).saturating_add(1)));
        }
        values.extend(["", "a", "0"].map(Value::from));
        values.extend([Value::Null, Value::Bool(true), Value::Bool(false), Value::Bytes(vec![1])]);
        values.extend([0.0, -0.0, 1.0].map(|n| Value::LatLng(LatLng::new(n, 1.0).unwrap())));
        let plain = values.clone();
        for (a, b) in plain.iter().zip(plain.iter().skip(1)) {
            values.push(Value::List(vec![a.clone(), b.clone()]));
            values.push(Value::Vector(vec![a.clone(), b.clone()]));
            values.push(Value::Map(Map::from([("a", a.clone()), ("b", b.clone())])));
            values.push(Value::Map(Map::from([("b", b.clone()), ("a", a.clone())])));
            // A set holds no element twice.
            if !set_equals(a.view(), b.view()) {
                values.push(Value::Set(vec![a.clone(), b.clone()]));
                values.push(Value::Set(vec![b.clone(), a.clone()]));
            }
        }
        values
    }

    #[test]
    fn a_lookup_finds_what_comparing_finds() {
        let values = values();
        for relation in [Relation::List, Relation::Set] {
            for skip in [0, 1, 2] {
                let some: Vec<_> = values.iter().skip(skip).step_by(3).map(Value::view).collect();
                let lookup = Lookup::of(relation, some.iter().copied());
                for value in &values {
                    let found = some.iter().any(|other| relation.same(*other, value.view()));
                    assert_eq!(lookup.contains(value.view()), found, "{relation:?} {value:?}");
                }
            }
        }
    }

    #[test]
    fn of_values_that_are_the_same_the_first_is_kept() {
        let values = values();
        for count in [4, values.len()] {
            let mut lookup = Lookup::new(Relation::Set);
            let mut plain: Vec<ValueRef<'_>> = Vec::new();
            for value in values.iter().chain(&values).take(2 * count).map(Value::view) {
                lookup.insert(value);
                if !plain.iter().any(|other| set_equals(*other, value)) {
                    plain.push(value);
                }
            }
            assert_eq!(lookup.len(), plain.len());
        }
    }

    #[test]
    fn equality_of_sets_is_what_comparing_says() {
        let values = values();
        for (a, b) in [(0, 0), (0, 1), (1, 2)] {
            let some = |skip: usize| values.iter().skip(skip).step_by(2).map(Value::view).collect::<Vec<_>>();
            let (a, mut b) = (some(a), some(b));
            b.reverse();
            let plain = a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| set_equals(*x, *y)));
            assert_eq!(same_set(ListRef::Made(&a), ListRef::Made(&b)), plain);
        }
    }
}
