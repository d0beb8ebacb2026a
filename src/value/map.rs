//! Maps that keep the order of insertion and find keys quickly.
//!
//! Every key is stored with its hash. Small maps are scanned; medium ones have a hash table; large ones have an index
//! sorted by key, so that no choice of keys makes a lookup slow.

use std::{hash::Hasher as _, sync::Arc};

use rustc_hash::FxHasher;

use super::{Name, Value, same_text, work};

/// Maps with more entries than this have a hash table.
const MAX_SCANNED: usize = 8;

/// Maps with more entries than this have a sorted index.
const MAX_HASHED: usize = 64;

/// Slots of the hash table, of which at most half are in use.
const SLOTS: usize = 2 * MAX_HASHED;

/// Maximum number of entries in a block of the sorted index.
const MAX_BLOCK: usize = 256;

/// A free slot. Slots are bytes, not `Option`s, so that the table fits two cache lines.
const FREE: u8 = u8::MAX;

/// String keys to values, in the order of insertion. Inserting an existing key replaces its value.
///
/// A copy shares its entries with the original until one of the two changes: traces keep many copies.
#[derive(Clone, Default)]
pub struct Map {
    /// `None` for an empty map.
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

/// Indices into the entries.
#[derive(Clone, Debug, Default)]
enum Index {
    #[default]
    None,
    /// Open addressing with linear probing.
    Table(Box<[u8; SLOTS]>),
    /// Sorted by key, in blocks: inserting a key moves the indices of one block only.
    Sorted(Vec<Vec<u32>>),
}

/// The hash by which maps find keys.
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

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether the map is empty.
    pub fn is_empty(&self) -> bool {
        self.table.is_none()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.get_hashed(key, hash(key))
    }

    /// The value of a key with a precomputed hash.
    #[inline]
    pub fn named(&self, key: &str, name: Name) -> Option<&Value> {
        self.get_hashed(key, name.hash)
    }

    /// The value of a key with a known hash.
    #[inline]
    pub(super) fn get_hashed(&self, key: &str, hash: u32) -> Option<&Value> {
        self.table.as_ref()?.get(key, hash)
    }

    /// Sets the value of a key and returns the previous one.
    pub fn insert(&mut self, key: impl Into<Box<str>>, value: impl Into<Value>) -> Option<Value> {
        Arc::make_mut(self.table.get_or_insert_default()).insert(key.into(), value.into())
    }

    /// Keys and values in the order of insertion.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries().iter().map(|entry| (&*entry.key, &entry.value))
    }

    /// The entry at an index in the order of insertion.
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
            Index::None => self.entries.iter().find(|entry| entry.has_key(key, hash)).map(|entry| &entry.value),
            Index::Table(table) => self.find_hashed(table, key, hash).map(|entry| &entry.value),
            Index::Sorted(_) => self.find_sorted(key, hash),
        }
    }

    #[inline(never)]
    fn find_sorted(&self, key: &str, hash: u32) -> Option<&Value> {
        self.position(key, hash).and_then(|at| self.entries.get(at)).map(|entry| &entry.value)
    }

    #[inline]
    fn find_hashed(&self, table: &[u8; SLOTS], key: &str, hash: u32) -> Option<&Entry> {
        let mut slot = hash as usize;
        loop {
            let at = *table.get(slot % SLOTS)?;
            // A free slot holds an index beyond the entries.
            let entry = self.entries.get(usize::from(at))?;
            if entry.has_key(key, hash) {
                return Some(entry);
            }
            slot += 1;
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

    /// Indexes the last entry.
    fn extend_index(&mut self) {
        let count = self.entries.len();
        if count == MAX_SCANNED + 1 {
            let mut table = Box::new([FREE; SLOTS]);
            self.entries.iter().enumerate().for_each(|(at, entry)| store(&mut table, at, entry.hash));
            self.index = Index::Table(table);
            return;
        }
        if count == MAX_HASHED + 1 {
            let mut sorted: Vec<u32> = (0..count as u32).collect();
            sorted.sort_by(|a, b| key_at(&self.entries, *a).cmp(key_at(&self.entries, *b)));
            self.index = Index::Sorted(vec![sorted]);
            return;
        }
        match &mut self.index {
            Index::None => {}
            Index::Table(table) => store(table, count - 1, self.entries.last().map_or(0, |entry| entry.hash)),
            Index::Sorted(sorted) => {
                let last = count as u32 - 1;
                let key = key_at(&self.entries, last);
                let at = block_of(&self.entries, sorted, key);
                let Some(block) = sorted.get_mut(at) else { return };
                let position = block.partition_point(|i| key_at(&self.entries, *i) < key);
                work::steps(block.len() - position);
                block.insert(position, last);
                if block.len() > MAX_BLOCK {
                    // Keys often arrive in order, so the split leaves the lower block nearly full.
                    let keep = if position + 1 == block.len() { MAX_BLOCK - MAX_BLOCK / 8 } else { MAX_BLOCK / 2 };
                    let upper = block.split_off(keep);
                    work::steps(upper.len() + (sorted.len() - at) / MAX_BLOCK);
                    sorted.insert(at + 1, upper);
                }
            }
        }
    }

    fn position(&self, key: &str, hash: u32) -> Option<usize> {
        match &self.index {
            Index::None => self.entries.iter().position(|entry| entry.has_key(key, hash)),
            Index::Table(table) => {
                let slots = (hash as usize..).map_while(|slot| table.get(slot % SLOTS).filter(|at| **at != FREE));
                let mut positions = slots.map(|at| usize::from(*at));
                positions.find(|at| self.entries.get(*at).is_some_and(|entry| entry.has_key(key, hash)))
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
    fn has_key(&self, key: &str, hash: u32) -> bool {
        self.hash == hash && same_text(&self.key, key)
    }
}

/// Stores an index in the first free slot; there always is one.
fn store(table: &mut [u8; SLOTS], at: usize, hash: u32) {
    for at_slot in hash as usize..hash as usize + SLOTS {
        if let Some(slot) = table.get_mut(at_slot % SLOTS)
            && *slot == FREE
        {
            *slot = at as u8;
            return;
        }
    }
}

/// The block that holds a key, or would hold it.
fn block_of(entries: &[Entry], blocks: &[Vec<u32>], key: &str) -> usize {
    let begins_before = |block: &Vec<u32>| block.first().is_some_and(|first| key_at(entries, *first) <= key);
    blocks.partition_point(begins_before).saturating_sub(1)
}

fn key_at(entries: &[Entry], at: u32) -> &str {
    entries.get(at as usize).map_or("", |entry| &entry.key)
}

/// Equality ignores the order of keys.
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
        for n in 0..MAX_HASHED {
            let value = Value::Int(n as i64);
            table.entries.push(Entry { hash: 7, key: format!("k{n}").into(), value });
            table.extend_index();
        }
        let map = Map { table: Some(Arc::new(table)) };
        for n in 0..MAX_HASHED {
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
