//! Maps that keep the order of insertion and find keys quickly.

use super::Value;

/// Maps of more entries than this are searched through an index.
const SCAN: usize = 8;

/// String keys to values. Keeps the order of insertion; of equal keys the last value stays.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<(Box<str>, Value)>,
    /// Positions in `entries`, sorted by key; empty while the map is small.
    sorted: Vec<u32>,
}

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Map::default()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).and_then(|at| self.entries.get(at)).map(|(_, value)| value)
    }

    /// Sets a key's value; returns the one it had.
    pub fn insert(&mut self, key: impl Into<Box<str>>, value: impl Into<Value>) -> Option<Value> {
        let key = key.into();
        if let Some(entry) = self.position(&key).and_then(|at| self.entries.get_mut(at)) {
            return Some(std::mem::replace(&mut entry.1, value.into()));
        }
        self.entries.push((key, value.into()));
        if self.entries.len() == SCAN + 1 {
            self.sorted = (0..self.entries.len() as u32).collect();
            let entries = &self.entries;
            self.sorted.sort_by(|a, b| key_at(entries, *a).cmp(key_at(entries, *b)));
        } else if self.entries.len() > SCAN {
            let last = self.entries.len() as u32 - 1;
            let key = key_at(&self.entries, last);
            let at = self.sorted.partition_point(|i| key_at(&self.entries, *i) < key);
            self.sorted.insert(at, last);
        }
        None
    }

    /// Keys and values in the order of insertion.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// The entry at a position in the order of insertion.
    pub fn entry(&self, at: usize) -> Option<(&str, &Value)> {
        self.entries.get(at).map(|(key, value)| (&**key, value))
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.sorted.is_empty() {
            return self.entries.iter().position(|(k, _)| **k == *key);
        }
        let found = self.sorted.binary_search_by(|i| key_at(&self.entries, *i).cmp(key)).ok()?;
        self.sorted.get(found).map(|i| *i as usize)
    }
}

fn key_at(entries: &[(Box<str>, Value)], at: u32) -> &str {
    entries.get(at as usize).map_or("", |(key, _)| key)
}

/// The order of keys does not matter.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: Into<Box<str>>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Map::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl<K: Into<Box<str>>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Map {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}
