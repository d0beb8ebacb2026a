//! Finding values among others: by comparing where there are few, through hashes where there are many, so that no values
//! make an evaluation quadratic.
//!
//! Clients choose the values. Hence the hashes have a key that is made anew for each look-up, so that nobody can choose
//! values of one hash, and each relation of equality has a hash of its own: values that it tells apart have different
//! ones, whatever another relation says of them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash as _, Hasher, RandomState},
};

use super::{ListRef, MapRef, ValueRef, operator_equals, set_equals, work};

/// So few values are searched by comparing.
const SCAN: usize = 16;

/// No further value.
const NONE: u32 = u32::MAX;

/// A relation of equality between elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// E2: membership in a list.
    List,
    /// E4: sets.
    Set,
}

impl Relation {
    /// Whether two elements are the same.
    pub fn same(self, a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
        match self {
            Relation::List => a.type_of() == b.type_of() && operator_equals(a, b),
            Relation::Set => set_equals(a, b),
        }
    }

    /// Elements that are the same have the same hash.
    fn hash(self, value: ValueRef<'_>, key: &RandomState) -> u64 {
        let mut hasher = key.build_hasher();
        match (self, value) {
            // Zero has two forms, which only elements of elements tell apart.
            (Relation::List, ValueRef::Float(n)) => (n + 0.0).to_bits().hash(&mut hasher),
            (Relation::List, ValueRef::Path(path)) => {
                if let Ok(texts) = path.resolved() {
                    texts.hash(&mut hasher);
                }
            }
            (relation, value) => write(relation, value, key, &mut hasher),
        }
        hasher.finish()
    }
}

/// Values prepared for many look-ups.
pub struct Lookup<'a> {
    items: Vec<ValueRef<'a>>,
    relation: Relation,
    /// Unused while there are few.
    index: Option<Index>,
}

struct Index {
    key: RandomState,
    /// Hash to the last value that has it.
    last: HashMap<u64, u32>,
    /// Of each value, the one before it that has its hash.
    before: Vec<u32>,
}

impl<'a> Lookup<'a> {
    /// No values.
    pub fn new(relation: Relation) -> Self {
        Lookup { items: Vec::new(), relation, index: None }
    }

    /// Those values, for look-ups: a few of them may be the same.
    pub fn of(relation: Relation, values: impl Iterator<Item = ValueRef<'a>>) -> Self {
        let mut lookup =
            Lookup { items: Vec::with_capacity(values.size_hint().1.unwrap_or(0).min(SCAN)), ..Lookup::new(relation) };
        for value in values {
            // Few are not worth comparing with each other.
            if lookup.items.len() < SCAN { lookup.items.push(value) } else { lookup.insert(value) }
        }
        lookup
    }

    /// Adds a value, unless the same is there.
    pub fn insert(&mut self, item: ValueRef<'a>) {
        if self.items.len() < SCAN {
            if !self.is_among_few(item) {
                self.items.push(item);
            }
            return;
        }
        let Lookup { items, relation, index } = self;
        let index = index.get_or_insert_with(|| {
            let mut index = Index { key: RandomState::new(), last: HashMap::new(), before: Vec::new() };
            items.iter().for_each(|item| index.enter(relation.hash(*item, &index.key)));
            index
        });
        let hash = relation.hash(item, &index.key);
        // What is not even the same as itself, such as NaN, is not looked for: it is kept, and nothing finds it.
        if !relation.same(item, item) {
            items.push(item);
            index.before.push(NONE);
        } else if !index.has(items, *relation, item, hash) {
            items.push(item);
            index.enter(hash);
        }
    }

    /// Whether the same value is there.
    pub fn contains(&self, item: ValueRef<'_>) -> bool {
        match &self.index {
            None => self.is_among_few(item),
            Some(index) if self.relation.same(item, item) => {
                index.has(&self.items, self.relation, item, self.relation.hash(item, &index.key))
            }
            Some(_) => false,
        }
    }

    fn is_among_few(&self, item: ValueRef<'_>) -> bool {
        self.items.iter().any(|other| self.relation.same(*other, item))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The values in the order in which they came.
    pub fn items(&self) -> &[ValueRef<'a>] {
        &self.items
    }
}

impl Index {
    /// Enters the next value.
    fn enter(&mut self, hash: u64) {
        let at = self.before.len() as u32;
        self.before.push(self.last.insert(hash, at).unwrap_or(NONE));
    }

    fn has(&self, items: &[ValueRef<'_>], relation: Relation, item: ValueRef<'_>, hash: u64) -> bool {
        let mut at = self.last.get(&hash).copied().unwrap_or(NONE);
        while let Some(other) = items.get(at as usize) {
            if relation.same(*other, item) {
                return true;
            }
            at = self.before.get(at as usize).copied().unwrap_or(NONE);
        }
        false
    }
}

/// What tells an element of elements from others, by the relation inside of lists (E3) or that of sets (E4).
fn write(relation: Relation, value: ValueRef<'_>, key: &RandomState, hasher: &mut impl Hasher) {
    work::steps(1);
    // A number is the same as another of a different type only in sets.
    match (relation, value) {
        (Relation::Set, ValueRef::Int(n)) => return write_number(n, hasher),
        (Relation::Set, ValueRef::Float(n)) if n.fract() == 0.0 && (-MAX_INT..MAX_INT).contains(&n) => {
            return write_number(n as i64, hasher);
        }
        _ => value.type_of().hash(hasher),
    }
    match value {
        ValueRef::Bool(b) => b.hash(hasher),
        ValueRef::Int(n) => n.hash(hasher),
        ValueRef::Float(n) if n.is_nan() => u64::MAX.hash(hasher),
        ValueRef::Float(n) => n.to_bits().hash(hasher),
        ValueRef::String(text) => text.hash(hasher),
        ValueRef::Bytes(octets) => octets.hash(hasher),
        ValueRef::Duration(d) => (d.seconds(), d.nanos()).hash(hasher),
        ValueRef::Timestamp(t) => (t.unix_seconds(), t.nanos()).hash(hasher),
        ValueRef::LatLng(p) => (p.latitude().to_bits(), p.longitude().to_bits()).hash(hasher),
        ValueRef::List(list) | ValueRef::Vector(list) => {
            list.len().hash(hasher);
            list.iter().for_each(|item| write(relation, item, key, hasher));
        }
        // The order of elements and of keys does not matter.
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

/// Doubles from here on are no integers of 64 bits.
const MAX_INT: f64 = 9_223_372_036_854_775_808.0;

fn write_number(n: i64, hasher: &mut impl Hasher) {
    n.hash(hasher);
}

fn entries(relation: Relation, map: MapRef<'_>, key: &RandomState) -> impl Iterator<Item = u64> {
    map.iter().map(move |(name, value)| {
        let mut entry = key.build_hasher();
        name.hash(&mut entry);
        write(relation, value, key, &mut entry);
        entry.finish()
    })
}

fn sum(hashes: impl Iterator<Item = u64>) -> u64 {
    hashes.fold(0, u64::wrapping_add)
}

/// Whether two sets have the same elements.
pub(super) fn same_set(a: ListRef<'_>, b: ListRef<'_>) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let there = Lookup::of(Relation::Set, b.iter());
    a.iter().all(|item| there.contains(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{LatLng, Map, Value};

    /// Values of many types, of which some are the same by one relation or another.
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
            // No set has an element twice.
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
