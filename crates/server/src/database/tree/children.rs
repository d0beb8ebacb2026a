//! The children of a value, sorted by key: a slice of exact size for few, a persistent B-tree for many.

use std::ops::Bound;

use imbl::{OrdMap, ordmap};

use super::{
    Key, Node,
    key::{Name, compare_keys},
};

/// The most children that are kept in a slice. A write copies the slice, which is about what it copies of a B-tree.
const MAX_FEW: usize = 16;

/// The number below which many children become few again. Less than half, so that they do not change back and forth.
const MIN_MANY: usize = 6;

/// The children of a value: keys with values that are not nothing.
#[derive(Clone, Debug)]
pub(in super::super) enum Children {
    Few(Box<[(Key, Node)]>),
    Many(OrdMap<Key, Node>),
}

impl Children {
    /// Of entries in any order. Of entries with one key, the last one counts; nothing is left out.
    pub(in super::super) fn collect(entries: impl IntoIterator<Item = (Key, Node)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().filter(|(_, node)| !node.is_nothing()).collect();
        if entries.len() > MAX_FEW {
            return Children::Many(entries.into_iter().collect());
        }
        entries.reverse();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|a, b| a.0 == b.0);
        Children::Few(entries.into())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Children::Few(entries) => entries.len(),
            Children::Many(map) => map.len(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Children::Few(entries) => {
                let at = entries.binary_search_by(|(other, _)| compare_keys(other.as_str(), key)).ok()?;
                entries.get(at).map(|(_, node)| node)
            }
            Children::Many(map) => map.get(&Name(key)),
        }
    }

    /// Replaces, adds or, with nothing, removes a child.
    pub(super) fn set(&mut self, key: &str, node: Node) {
        match self {
            Children::Few(entries) => {
                let found = entries.binary_search_by(|(other, _)| compare_keys(other.as_str(), key));
                match (found, node.is_nothing()) {
                    (Ok(at), false) => {
                        if let Some((_, slot)) = entries.get_mut(at) {
                            *slot = node;
                        }
                    }
                    (Ok(at), true) => {
                        let mut few = std::mem::take(entries).into_vec();
                        few.remove(at);
                        *entries = few.into();
                    }
                    (Err(_), true) => {}
                    (Err(at), false) => {
                        let mut few = Vec::with_capacity(entries.len() + 1);
                        few.extend(std::mem::take(entries));
                        few.insert(at, (Key::new(key), node));
                        *self = if few.len() > MAX_FEW {
                            Children::Many(few.into_iter().collect())
                        } else {
                            Children::Few(few.into())
                        };
                    }
                }
            }
            Children::Many(map) if node.is_nothing() => {
                map.remove(&Name(key));
                if map.len() < MIN_MANY {
                    *self = Children::Few(map.iter().map(|(key, node)| (key.clone(), node.clone())).collect());
                }
            }
            Children::Many(map) => match map.get_mut(&Name(key)) {
                Some(slot) => *slot = node,
                None => drop(map.insert(Key::new(key), node)),
            },
        }
    }

    pub(super) fn iter(&self) -> Iter<'_> {
        match self {
            Children::Few(entries) => Iter::Few(entries.iter()),
            Children::Many(map) => Iter::Many(map.range::<_, Key>(..)),
        }
    }

    /// The children with keys between two bounds, of which the first is not behind the second.
    pub(super) fn range(&self, (from, to): (Bound<&Key>, Bound<&Key>)) -> Iter<'_> {
        match self {
            Children::Few(entries) => {
                let start = entries.partition_point(|(key, _)| match from {
                    Bound::Unbounded => false,
                    Bound::Included(from) => key < from,
                    Bound::Excluded(from) => key <= from,
                });
                let end = entries.partition_point(|(key, _)| match to {
                    Bound::Unbounded => true,
                    Bound::Included(to) => key <= to,
                    Bound::Excluded(to) => key < to,
                });
                Iter::Few(entries.get(start..end).unwrap_or(&[]).iter())
            }
            Children::Many(map) => Iter::Many(map.range::<_, Key>((from, to))),
        }
    }
}

/// Children in the order of their keys, from either end.
pub(in super::super) enum Iter<'c> {
    Few(std::slice::Iter<'c, (Key, Node)>),
    Many(ordmap::RangedIter<'c, Key, Node, imbl::shared_ptr::DefaultSharedPtr>),
}

impl<'c> Iterator for Iter<'c> {
    type Item = (&'c Key, &'c Node);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Few(entries) => entries.next().map(|(key, node)| (key, node)),
            Iter::Many(entries) => entries.next(),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Few(entries) => entries.next_back().map(|(key, node)| (key, node)),
            Iter::Many(entries) => entries.next_back(),
        }
    }
}
