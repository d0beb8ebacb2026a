//! Maps that keep the order of insertion and find keys quickly.
//!
//! Every key is kept with a hash of it. A small map is scanned, a larger one has a table by hash, and a large one is
//! searched by its keys in order, so that no choice of keys makes a search slow.

use std::{hash::Hasher as _, sync::Arc};

use rustc_hash::FxHasher;

use super::{Name, Value, same_text, work};

/// Maps of more entries than this are searched through a table.
const SCAN: usize = 8;

/// Maps of more entries than this are searched by their keys in order.
const TABLE: usize = 64;

/// Places of a table: at most half of them are taken.
const PLACES: usize = 2 * TABLE;

/// Positions of a block at most.
const BLOCK: usize = 256;

/// A place of a table that is not taken.
const FREE: u8 = u8::MAX;

/// String keys to values. Keeps the order of insertion; of equal keys the last value stays.
///
/// A copy shares its entries with the original until one of the two is changed: traces keep many.
#[derive(Clone, Default)]
pub struct Map {
    /// None where there are no entries.
    table: Option<Arc<Table>>,
}

#[derive(Clone, Default)]
struct Table {
    entries: Vec<Entry>,
    index: Index,
}

#[derive(Clone, Debug)]
struct Entry {
    hash: u32,
    key: Box<str>,
    value: Value,
}

/// Positions in the entries.
#[derive(Clone, Debug, Default)]
enum Index {
    #[default]
    None,
    /// From the place that the hash says on, up to one that is free.
    Table(Box<[u8; PLACES]>),
    /// Sorted by key, in blocks: a key that comes late moves those of one block, not all of them.
    Sorted(Vec<Vec<u32>>),
}

/// The hash by which maps find a key.
pub(super) fn hash(key: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(key.as_bytes());
    hasher.finish() as u32
}

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Map::default()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.table.is_none()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.get_hashed(key, hash(key))
    }

    /// The value of a key that is prepared for it.
    #[inline]
    pub fn named(&self, key: &str, name: Name) -> Option<&Value> {
        self.get_hashed(key, name.hash)
    }

    /// The value of a key whose hash is known.
    #[inline]
    pub(super) fn get_hashed(&self, key: &str, hash: u32) -> Option<&Value> {
        self.table.as_ref()?.get(key, hash)
    }

    /// Sets a key's value; returns the one it had.
    pub fn insert(&mut self, key: impl Into<Box<str>>, value: impl Into<Value>) -> Option<Value> {
        Arc::make_mut(self.table.get_or_insert_default()).insert(key.into(), value.into())
    }

    /// Keys and values in the order of insertion.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries().iter().map(|entry| (&*entry.key, &entry.value))
    }

    /// The entry at a position in the order of insertion.
    pub fn entry(&self, at: usize) -> Option<(&str, &Value)> {
        self.entries().get(at).map(|entry| (&*entry.key, &entry.value))
    }

    fn entries(&self) -> &[Entry] {
        self.table.as_ref().map_or(&[], |table| &table.entries)
    }
}

impl Table {
    #[inline]
    fn get(&self, key: &str, hash: u32) -> Option<&Value> {
        match &self.index {
            Index::None => self.entries.iter().find(|entry| entry.is(key, hash)).map(|entry| &entry.value),
            Index::Table(table) => self.in_table(table, key, hash).map(|entry| &entry.value),
            Index::Sorted(_) => self.in_order(key, hash),
        }
    }

    #[inline(never)]
    fn in_order(&self, key: &str, hash: u32) -> Option<&Value> {
        self.position(key, hash).and_then(|at| self.entries.get(at)).map(|entry| &entry.value)
    }

    #[inline]
    fn in_table(&self, table: &[u8; PLACES], key: &str, hash: u32) -> Option<&Entry> {
        let mut place = hash as usize;
        loop {
            let at = *table.get(place % PLACES)?;
            // Beyond all entries where the place is free.
            let entry = self.entries.get(usize::from(at))?;
            if entry.is(key, hash) {
                return Some(entry);
            }
            place += 1;
        }
    }

    fn insert(&mut self, key: Box<str>, value: Value) -> Option<Value> {
        let hash = hash(&key);
        if let Some(entry) = self.position(&key, hash).and_then(|at| self.entries.get_mut(at)) {
            return Some(std::mem::replace(&mut entry.value, value));
        }
        self.entries.push(Entry { hash, key, value });
        self.extend_index();
        None
    }

    /// Enters the last entry.
    fn extend_index(&mut self) {
        let count = self.entries.len();
        if count == SCAN + 1 {
            let mut table = Box::new([FREE; PLACES]);
            self.entries.iter().enumerate().for_each(|(at, entry)| enter(&mut table, at, entry.hash));
            self.index = Index::Table(table);
            return;
        }
        if count == TABLE + 1 {
            let mut sorted: Vec<u32> = (0..count as u32).collect();
            sorted.sort_by(|a, b| key_at(&self.entries, *a).cmp(key_at(&self.entries, *b)));
            self.index = Index::Sorted(vec![sorted]);
            return;
        }
        match &mut self.index {
            Index::None => {}
            Index::Table(table) => enter(table, count - 1, self.entries.last().map_or(0, |entry| entry.hash)),
            Index::Sorted(sorted) => {
                let last = count as u32 - 1;
                let key = key_at(&self.entries, last);
                let at = block_of(&self.entries, sorted, key);
                let Some(block) = sorted.get_mut(at) else { return };
                let place = block.partition_point(|i| key_at(&self.entries, *i) < key);
                work::steps(block.len() - place);
                block.insert(place, last);
                if block.len() > BLOCK {
                    // Keys often come in order: then full blocks stay behind.
                    let keep = if place + 1 == block.len() { BLOCK - BLOCK / 8 } else { BLOCK / 2 };
                    let upper = block.split_off(keep);
                    work::steps(upper.len() + (sorted.len() - at) / BLOCK);
                    sorted.insert(at + 1, upper);
                }
            }
        }
    }

    fn position(&self, key: &str, hash: u32) -> Option<usize> {
        match &self.index {
            Index::None => self.entries.iter().position(|entry| entry.is(key, hash)),
            Index::Table(table) => {
                let places = (hash as usize..).map_while(|place| table.get(place % PLACES).filter(|at| **at != FREE));
                let mut positions = places.map(|at| usize::from(*at));
                positions.find(|at| self.entries.get(*at).is_some_and(|entry| entry.is(key, hash)))
            }
            Index::Sorted(sorted) => {
                let block = sorted.get(block_of(&self.entries, sorted, key))?;
                let found = block.binary_search_by(|i| key_at(&self.entries, *i).cmp(key)).ok()?;
                block.get(found).map(|i| *i as usize)
            }
        }
    }
}

impl Entry {
    #[inline(always)]
    fn is(&self, key: &str, hash: u32) -> bool {
        self.hash == hash && same_text(&self.key, key)
    }
}

/// Takes the first free place for a position; there always is one.
fn enter(table: &mut [u8; PLACES], at: usize, hash: u32) {
    for place in hash as usize..hash as usize + PLACES {
        if let Some(slot) = table.get_mut(place % PLACES)
            && *slot == FREE
        {
            *slot = at as u8;
            return;
        }
    }
}

/// The block in which a key stands, or would stand.
fn block_of(entries: &[Entry], blocks: &[Vec<u32>], key: &str) -> usize {
    let begins_before = |block: &Vec<u32>| block.first().is_some_and(|first| key_at(entries, *first) <= key);
    blocks.partition_point(begins_before).saturating_sub(1)
}

fn key_at(entries: &[Entry], at: u32) -> &str {
    entries.get(at as usize).map_or("", |entry| &entry.key)
}

/// The order of keys does not matter.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.entries().iter().all(|entry| other.get_hashed(&entry.key, entry.hash) == Some(&entry.value))
    }
}

impl<K: Into<Box<str>>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut table = Table::default();
        for (key, value) in entries {
            table.insert(key.into(), value.into());
        }
        Map { table: (!table.entries.is_empty()).then(|| Arc::new(table)) }
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<Box<str>>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Map {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_maps_of_any_size() {
        for count in [0, 1, 7, 8, 9, 10, 63, 64, 65, 66, 200, 3_000] {
            let mut map = Map::new();
            for n in 0..count {
                assert_eq!(map.insert(format!("k{n}"), n as i64), None);
                let again = map.insert(format!("k{}", n / 2), (n / 2) as i64);
                assert_eq!(again, Some(Value::Int((n / 2) as i64)));
            }
            assert_eq!(map.len(), count);
            for n in 0..count {
                assert_eq!(map.get(&format!("k{n}")), Some(&Value::Int(n as i64)), "{n} of {count}");
            }
            for absent in ["", "k", "k00", "x"] {
                assert_eq!(map.get(absent), None);
            }
            let names: Vec<_> = map.iter().map(|(key, _)| key.to_owned()).collect();
            assert_eq!(names, (0..count).map(|n| format!("k{n}")).collect::<Vec<_>>());
        }
    }

    #[test]
    fn keys_in_any_order_make_a_map_in_little_more_than_one_step_each() {
        const COUNT: usize = 40_000;
        let orders: [fn(usize) -> usize; 3] = [|n| n, |n| COUNT - n, |n| n * 7_919 % COUNT];
        for order in orders {
            let key = |n: usize| format!("{:06}", order(n));
            let mut map = Map::new();
            let steps = work::counted(|| {
                map = (0..COUNT).map(|n| (key(n), n as i64)).collect();
            });
            assert!(steps < 200 * COUNT as u64, "{steps}");
            for n in (0..COUNT).step_by(97) {
                assert_eq!(map.get(&key(n)), Some(&Value::Int(n as i64)));
            }
            assert_eq!(map.get("none"), None);
        }
    }

    #[test]
    fn keys_of_one_hash_are_told_apart() {
        let mut table = Table::default();
        for n in 0..TABLE {
            let value = Value::Int(n as i64);
            table.entries.push(Entry { hash: 7, key: format!("k{n}").into(), value });
            table.extend_index();
        }
        let map = Map { table: Some(Arc::new(table)) };
        for n in 0..TABLE {
            assert_eq!(map.get_hashed(&format!("k{n}"), 7), Some(&Value::Int(n as i64)));
        }
        assert_eq!(map.get_hashed("k", 7), None);
        assert_eq!(map.get_hashed("k0", 8), None);
    }

    #[test]
    fn a_copy_does_not_change_with_the_original() {
        let mut map = Map::from([("a", 1)]);
        let copy = map.clone();
        map.insert("a", 2);
        map.insert("b", 3);
        assert_eq!(copy, Map::from([("a", 1)]));
        assert_eq!(map, Map::from([("a", 2), ("b", 3)]));
    }
}
