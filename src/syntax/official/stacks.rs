//! Call stacks of the prediction, shared as a graph: a node may stand for several stacks.

use super::hash::Map;
use super::network::StateId;

pub(super) type StackId = u32;

/// The empty stack.
pub(super) const EMPTY: StackId = 0;
/// As a return state: the stack may end here.
pub(super) const END: StateId = StateId::MAX;

/// Stacks deeper than this are not merged any more.
const MAX_DEPTH: usize = 400;

type Entries = Box<[(StateId, StackId)]>;

#[derive(Debug, Clone)]
pub(super) struct Stacks {
    nodes: Vec<Entries>,
    ids: Map<Entries, StackId>,
    merged: Map<(StackId, StackId, bool), StackId>,
    /// Work done so far.
    pub(super) steps: usize,
    /// Set when two stacks were too deep to merge.
    pub(super) overflow: bool,
}

impl Stacks {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Box::default()], ids: Map::default(), merged: Map::default(), steps: 0, overflow: false }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Return states and what lies below each, in ascending order.
    pub(super) fn entries(&self, id: StackId) -> &[(StateId, StackId)] {
        usize::try_from(id).ok().and_then(|index| self.nodes.get(index)).map_or(&[], |node| node)
    }

    pub(super) fn may_be_empty(&self, id: StackId) -> bool {
        id == EMPTY || self.entries(id).last().is_some_and(|(state, _)| *state == END)
    }

    pub(super) fn push(&mut self, below: StackId, follow: StateId) -> StackId {
        self.intern(Box::new([(follow, below)]))
    }

    fn intern(&mut self, entries: Entries) -> StackId {
        if let Some(id) = self.ids.get(&entries) {
            return *id;
        }
        let id = StackId::try_from(self.nodes.len()).unwrap_or(EMPTY);
        self.nodes.push(entries.clone());
        self.ids.insert(entries, id);
        id
    }

    /// The stacks of both. With `wildcard` the empty stack stands for any.
    pub(super) fn merge(&mut self, a: StackId, b: StackId, wildcard: bool) -> StackId {
        self.merge_at(a, b, wildcard, 0)
    }

    fn merge_at(&mut self, a: StackId, b: StackId, wildcard: bool, depth: usize) -> StackId {
        if a == b {
            return a;
        }
        if wildcard && (a == EMPTY || b == EMPTY) {
            return EMPTY;
        }
        if depth > MAX_DEPTH {
            self.overflow = true;
            return a;
        }
        let key = (a.min(b), a.max(b), wildcard);
        if let Some(id) = self.merged.get(&key) {
            return *id;
        }
        let mut all = self.list(a);
        self.steps = self.steps.saturating_add(all.len().saturating_add(self.entries(b).len()));
        for (state, below) in self.list(b) {
            match all.binary_search_by_key(&state, |entry| entry.0) {
                Ok(index) => {
                    let other = all.get(index).map_or(below, |entry| entry.1);
                    let joined = self.merge_at(other, below, wildcard, depth.saturating_add(1));
                    if let Some(entry) = all.get_mut(index) {
                        entry.1 = joined;
                    }
                }
                Err(index) => all.insert(index, (state, below)),
            }
        }
        let id = self.intern(all.into_boxed_slice());
        self.merged.insert(key, id);
        id
    }

    fn list(&self, id: StackId) -> Vec<(StateId, StackId)> {
        if id == EMPTY { vec![(END, EMPTY)] } else { self.entries(id).to_vec() }
    }
}
