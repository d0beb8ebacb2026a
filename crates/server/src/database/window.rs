//! The part of a value that a query selects, kept up to date change by change.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use super::{Node, Order, Query, query::Entry, tree::Key};

/// All children of a value in one order.
#[derive(Debug)]
pub(super) struct Index {
    entries: BTreeSet<Entry>,
}

/// A child before and after a change, as an order sees it; `None` where it is not there.
pub(super) type Moved = (Option<Entry>, Option<Entry>);

/// What a change did to a child of a window, or one that it moved into or out of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Entered,
    Left,
    /// The child changed and is still there.
    Stayed,
}

/// Children, whether each was in the window, and whether it is.
type Touched = BTreeMap<Key, (bool, bool)>;

/// Notes that an entry came into the window or left it.
fn touch(touched: &mut Touched, entry: &Entry, is_in: bool) {
    if let Some(key) = entry.key() {
        touched.entry(key.clone()).or_insert((!is_in, is_in)).1 = is_in;
    }
}

impl Index {
    pub(super) fn new(order: &Order, parent: &Node) -> Self {
        Index { entries: parent.children().map(|(key, child)| order.entry(key, child)).collect() }
    }

    /// Follows the change of a child, given with its value before and after. Returns it as this order sees it.
    pub(super) fn follow(&mut self, order: &Order, key: &Key, before: Option<&Node>, after: Option<&Node>) -> Moved {
        let entry = |child: Option<&Node>| child.map(|child| order.entry(key, child));
        let (before, after) = (entry(before), entry(after));
        if before != after {
            if let Some(before) = &before {
                self.entries.remove(before);
            }
            self.entries.extend(after.clone());
        }
        (before, after)
    }
}

/// The children that a query selects: of the entries within its bounds, as many as its limit says, from one end.
#[derive(Debug)]
pub(super) struct Window {
    entries: BTreeSet<Entry>,
}

impl Window {
    pub(super) fn new(query: &Query, parent: &Node) -> Self {
        Window { entries: query.select(parent) }
    }

    pub(super) fn entries(&self) -> &BTreeSet<Entry> {
        &self.entries
    }

    /// Follows changes of children, which the index has followed already. Costs a few look-ups for each child that changes,
    /// enters or leaves, however many there are.
    ///
    /// Between the end where the query counts and the farthest entry of the window, all entries of the index are in the
    /// window, before and after.
    pub(super) fn follow(&mut self, query: &Query, index: &Index, moved: &[Moved]) -> BTreeMap<Key, Effect> {
        let Some(range) = query.range() else { return BTreeMap::new() };
        let mut touched = Touched::new();
        for (before, after) in moved {
            let Some(key) = before.as_ref().or(after.as_ref()).and_then(Entry::key) else { continue };
            let was_in = before.as_ref().is_some_and(|entry| self.entries.contains(entry));
            // A child that stays where it is needs no look at the others.
            touched.insert(key.clone(), (was_in, was_in && before == after));
            if before != after
                && let Some(before) = before
            {
                self.entries.remove(before);
            }
        }
        let farthest = self.farthest(query).cloned();
        for entry in moved.iter().filter(|(before, after)| before != after).filter_map(|(_, after)| after.as_ref()) {
            let is_nearer =
                farthest.as_ref().is_some_and(|far| if query.is_from_end() { entry > far } else { entry < far });
            if is_nearer && std::ops::RangeBounds::contains(&range, entry) {
                self.entries.insert(entry.clone());
                touch(&mut touched, entry, true);
            }
        }
        while self.entries.len() > query.most() {
            let Some(dropped) = query.drop_farthest(&mut self.entries) else { break };
            touch(&mut touched, &dropped, false);
        }
        self.refill(query, index, range, &mut touched);
        let effect = |(was_in, is_in)| match (was_in, is_in) {
            (true, true) => Some(Effect::Stayed),
            (true, false) => Some(Effect::Left),
            (false, true) => Some(Effect::Entered),
            (false, false) => None,
        };
        touched.into_iter().filter_map(|(key, was_and_is)| Some((key, effect(was_and_is)?))).collect()
    }

    /// The entry that the limit drops first.
    fn farthest(&self, query: &Query) -> Option<&Entry> {
        if query.is_from_end() { self.entries.first() } else { self.entries.last() }
    }

    /// Takes the next entries of the index into the window until it is full.
    fn refill(
        &mut self,
        query: &Query,
        index: &Index,
        (from, to): (Bound<&Entry>, Bound<&Entry>),
        touched: &mut Touched,
    ) {
        let missing = query.most() - self.entries.len().min(query.most());
        if missing == 0 {
            return;
        }
        let farthest = self.farthest(query).map(Bound::Excluded);
        let next: Vec<Entry> = if query.is_from_end() {
            index.entries.range((from, farthest.unwrap_or(to))).rev().take(missing).cloned().collect()
        } else {
            index.entries.range((farthest.unwrap_or(from), to)).take(missing).cloned().collect()
        };
        for entry in next {
            touch(touched, &entry, true);
            self.entries.insert(entry);
        }
    }
}
