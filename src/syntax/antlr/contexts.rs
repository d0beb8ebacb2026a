//! Prediction contexts: the call stacks of configurations as a graph-structured stack.

use super::atn::StateId;
use rustc_hash::FxHashMap;

pub(super) type ContextId = u32;

/// The empty context.
pub(super) const EMPTY: ContextId = 0;
/// As a return state: a stack ends here.
pub(super) const EMPTY_RETURN_STATE: StateId = StateId::MAX;

/// The depth beyond which contexts are not merged.
const MAX_DEPTH: usize = 400;

type Entries = Box<[(StateId, ContextId)]>;

#[derive(Debug, Clone)]
pub(super) struct PredictionContexts {
    nodes: Vec<Entries>,
    ids: FxHashMap<Entries, ContextId>,
    merged: FxHashMap<(ContextId, ContextId, bool), ContextId>,
    /// The work done so far.
    pub(super) steps: usize,
    /// Two contexts were too deep to merge.
    pub(super) overflow: bool,
}

impl PredictionContexts {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Box::default()],
            ids: FxHashMap::default(),
            merged: FxHashMap::default(),
            steps: 0,
            overflow: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The return states in ascending order, each with its parent context.
    pub(super) fn entries(&self, id: ContextId) -> &[(StateId, ContextId)] {
        usize::try_from(id).ok().and_then(|index| self.nodes.get(index)).map_or(&[], |node| node)
    }

    pub(super) fn may_be_empty(&self, id: ContextId) -> bool {
        id == EMPTY || self.entries(id).last().is_some_and(|(state, _)| *state == EMPTY_RETURN_STATE)
    }

    pub(super) fn push(&mut self, below: ContextId, follow: StateId) -> ContextId {
        self.intern(Box::new([(follow, below)]))
    }

    fn intern(&mut self, entries: Entries) -> ContextId {
        if let Some(id) = self.ids.get(&entries) {
            return *id;
        }
        let id = ContextId::try_from(self.nodes.len()).unwrap_or(EMPTY);
        self.nodes.push(entries.clone());
        self.ids.insert(entries, id);
        id
    }

    /// The stacks of both contexts. With `wildcard` (SLL mode) the empty context stands for any.
    pub(super) fn merge(&mut self, a: ContextId, b: ContextId, wildcard: bool) -> ContextId {
        self.merge_at(a, b, wildcard, 0)
    }

    fn merge_at(&mut self, a: ContextId, b: ContextId, wildcard: bool, depth: usize) -> ContextId {
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

    fn list(&self, id: ContextId) -> Vec<(StateId, ContextId)> {
        if id == EMPTY { vec![(EMPTY_RETURN_STATE, EMPTY)] } else { self.entries(id).to_vec() }
    }
}
