//! Typed ids and the tables that they belong to.
//!
//! Lowering makes every id together with its entry, so that a look-up never misses in a program that lowering made. If one
//! misses all the same, the program is [`Corrupt`]: an evaluation aborts with that error, which denies the request, and
//! an analysis assumes the worst. No look-up falls back to an empty list, an empty text or zero.

use std::{fmt, hash::Hash, marker::PhantomData};

use crate::text::{Diagnostic, Diagnostics, Severity, Source};

/// The index of an entry in a [`Table`] of `T`.
pub struct Id<T> {
    index: u32,
    of: PhantomData<fn() -> T>,
}

/// Consecutive entries of a [`Table`] of `T`.
pub struct Ids<T> {
    start: u32,
    len: u32,
    of: PhantomData<fn() -> T>,
}

/// Entries of the type `T`, which ids of the type [`Id<K>`] name.
#[derive(Clone, Debug)]
pub struct Table<T, K = T> {
    entries: Vec<T>,
    of: PhantomData<fn() -> K>,
}

/// An id names no entry of its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl Corrupt {
    /// What an evaluation reports.
    pub const MESSAGE: &'static str = "the compiled rules are corrupt: an id names no entry";

    /// Refuses a source that cannot be lowered.
    pub fn refuse(self, source: &Source) -> Diagnostics {
        Diagnostics::new(source.clone(), vec![Diagnostic::new("corrupt-program", Severity::Error, None, Self::MESSAGE)])
    }
}

impl<T> Id<T> {
    fn new(index: usize) -> Self {
        Id { index: index as u32, of: PhantomData }
    }

    /// The position of the entry in its table.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<T> Ids<T> {
    /// No entries.
    pub const NONE: Self = Ids { start: 0, len: 0, of: PhantomData };

    /// The number of entries.
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are no entries.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The ids of the entries, in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Id<T>> + ExactSizeIterator {
        let start = self.start as usize;
        (start..start + self.len()).map(Id::new)
    }

    /// These entries and those of `next`, which follow them in the table.
    pub(super) fn and(self, next: Self) -> Self {
        Ids { len: self.len + next.len, ..self }
    }
}

impl<T, K> Table<T, K> {
    /// Adds an entry.
    pub(super) fn push(&mut self, entry: T) -> Id<K> {
        self.entries.push(entry);
        Id::new(self.entries.len() - 1)
    }

    /// Adds entries, one after the other.
    pub(super) fn extend(&mut self, entries: impl IntoIterator<Item = T>) -> Ids<K> {
        let start = self.entries.len();
        self.entries.extend(entries);
        Ids { start: start as u32, len: (self.entries.len() - start) as u32, of: PhantomData }
    }

    /// Makes room for more entries.
    pub(super) fn reserve(&mut self, more: usize) {
        self.entries.reserve(more);
    }

    /// Removes all entries but the first `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
    }

    /// The id of the entry that [`Self::push`] adds next.
    pub(super) fn next_id(&self) -> Id<K> {
        Id::new(self.entries.len())
    }

    /// The entries from `first` on.
    pub(super) fn since(&self, first: Id<K>) -> Ids<K> {
        let len = self.entries.len().saturating_sub(first.index()) as u32;
        Ids { start: first.index, len, of: PhantomData }
    }

    /// An entry.
    ///
    /// # Errors
    ///
    /// The table has no such entry.
    #[inline(always)]
    pub fn get(&self, id: Id<K>) -> Result<&T, Corrupt> {
        self.entries.get(id.index()).ok_or(Corrupt)
    }

    pub(super) fn get_mut(&mut self, id: Id<K>) -> Result<&mut T, Corrupt> {
        self.entries.get_mut(id.index()).ok_or(Corrupt)
    }

    /// Consecutive entries.
    ///
    /// # Errors
    ///
    /// The table does not have all of them.
    #[inline(always)]
    pub fn slice(&self, ids: Ids<K>) -> Result<&[T], Corrupt> {
        let start = ids.start as usize;
        self.entries.get(start..start + ids.len as usize).ok_or(Corrupt)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.entries.iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.entries.iter_mut()
    }

    /// The ids of the entries, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Id<K>> + ExactSizeIterator + use<T, K> {
        (0..self.len()).map(Id::new)
    }
}

// The derived traits would demand the same of `T`.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl<T> Eq for Id<T> {}

impl<T> Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.index.fmt(f)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.index.fmt(f)
    }
}

impl<T> Clone for Ids<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Ids<T> {}

impl<T> PartialEq for Ids<T> {
    fn eq(&self, other: &Self) -> bool {
        self.start == other.start && self.len == other.len
    }
}

impl<T> fmt::Debug for Ids<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.start..self.start + self.len).fmt(f)
    }
}

impl<T, K> Default for Table<T, K> {
    fn default() -> Self {
        Table { entries: Vec::new(), of: PhantomData }
    }
}

#[cfg(test)]
mod tests {
    use super::{Corrupt, Table};

    #[test]
    fn ids_of_another_table_miss() {
        let (mut long, mut short) = (Table::<char>::default(), Table::<char>::default());
        let (all, last) = (long.extend(['a', 'b']), long.push('c'));
        short.push('d');
        assert_eq!((long.get(last), long.slice(all)), (Ok(&'c'), Ok(['a', 'b'].as_slice())));
        assert_eq!((short.get(last), short.slice(all)), (Err(Corrupt), Err(Corrupt)));
    }
}
