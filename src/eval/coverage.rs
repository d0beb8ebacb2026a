//! What was evaluated, and with what results, over many decisions: the counts behind coverage reports.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHasher};

use crate::{
    program::{Block, Code, NodeId, Statement},
    value::{Segments, Str, Value, ValueRef, deep_equals},
};

use super::{Observer, Outcome, Result, recorder::outcome_of};

/// Different values of one operation that are kept; of further ones only their number.
const MOST_VALUES: usize = 100;

/// Counts by operation and by statement of one compiled program. Those of several runs can be added up.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    nodes: Vec<NodeHits>,
    statements: Vec<StatementHits>,
    blocks: Vec<u64>,
    values: bool,
    /// The statement that is being tried.
    current: Option<u32>,
}

/// How often an operation gave what.
#[derive(Clone, Debug, Default)]
pub struct NodeHits {
    /// True.
    pub truths: u64,
    /// False.
    pub falses: u64,
    /// An error.
    pub errors: u64,
    /// Another value.
    pub others: u64,
    /// Different results with their numbers, in the order in which they were first seen.
    pub values: Vec<(Outcome, u64)>,
    /// For each of them a number that equal ones share: a request has many parts, and is seen many times.
    marks: Vec<u64>,
    /// Results beyond those.
    pub unkept: u64,
}

impl NodeHits {
    /// How often it was evaluated.
    pub fn total(&self) -> u64 {
        self.truths + self.falses + self.errors + self.others
    }

    fn note(&mut self, mark: u64, outcome: impl FnOnce() -> Outcome, same: impl Fn(&Outcome) -> bool, count: u64) {
        let mut known = self.values.iter_mut().zip(&self.marks).filter(|(_, other)| **other == mark);
        if let Some(((_, seen), _)) = known.find(|((known, _), _)| same(known)) {
            *seen += count;
        } else if self.values.len() < MOST_VALUES {
            self.values.push((outcome(), count));
            self.marks.push(mark);
        } else {
            self.unkept += count;
        }
    }

    fn add(&mut self, other: &NodeHits) {
        self.truths += other.truths;
        self.falses += other.falses;
        self.errors += other.errors;
        self.others += other.others;
        self.unkept += other.unkept;
        for ((outcome, count), mark) in other.values.iter().zip(&other.marks) {
            self.note(*mark, || outcome.clone(), |known| same_outcome(known, outcome), *count);
        }
    }
}

/// How often a statement of Storage or Firestore rules gave what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatementHits {
    /// It permitted.
    pub truths: u64,
    /// Its condition was false.
    pub falses: u64,
    /// Its condition failed.
    pub errors: u64,
}

impl StatementHits {
    /// How often it was tried.
    pub fn total(&self) -> u64 {
        self.truths + self.falses + self.errors
    }
}

impl Coverage {
    /// Nothing was evaluated yet. With `values` the results themselves are kept, not only their kinds.
    pub fn new(values: bool) -> Self {
        Coverage { values, ..Coverage::default() }
    }

    /// The counts of an operation.
    pub fn node(&self, id: NodeId) -> Option<&NodeHits> {
        self.nodes.get(id.0 as usize)
    }

    /// The counts of a statement, by its number in the program.
    pub fn statement(&self, number: u32) -> StatementHits {
        self.statements.get(number as usize).copied().unwrap_or_default()
    }

    /// How often a block covered the path of a request, by its number in the service.
    pub fn block(&self, number: u32) -> u64 {
        self.blocks.get(number as usize).copied().unwrap_or_default()
    }

    /// Adds the counts of another run of the same program, as if it had come after this one.
    pub fn add(&mut self, other: &Coverage) {
        self.values |= other.values;
        for (at, hits) in other.nodes.iter().enumerate() {
            slot(&mut self.nodes, at).add(hits);
        }
        for (at, hits) in other.statements.iter().enumerate() {
            let sum = slot(&mut self.statements, at);
            sum.truths += hits.truths;
            sum.falses += hits.falses;
            sum.errors += hits.errors;
        }
        for (at, hits) in other.blocks.iter().enumerate() {
            *slot(&mut self.blocks, at) += hits;
        }
    }
}

/// The entry of a list that grows as needed.
fn slot<T: Default + Clone>(list: &mut Vec<T>, at: usize) -> &mut T {
    if list.len() <= at {
        list.resize(at + 1, T::default());
    }
    #[allow(clippy::indexing_slicing, reason = "made long enough")]
    &mut list[at]
}

/// Counts what it sees.
impl Observer for Coverage {
    fn block(&mut self, number: u32, _block: &Block, _path: &Segments<'_>) {
        *slot(&mut self.blocks, number as usize) += 1;
    }

    fn statement(&mut self, number: u32, _statement: &Statement) {
        self.current = Some(number);
    }

    fn decided(&mut self, _code: &Code, result: &Result<'_>) {
        let Some(statement) = self.current.take() else { return };
        let hits = slot(&mut self.statements, statement as usize);
        match result {
            Ok(ValueRef::Bool(true)) => hits.truths += 1,
            Ok(_) => hits.falses += 1,
            Err(_) => hits.errors += 1,
        }
    }

    fn leave(&mut self, code: &Code, node: NodeId, result: &Result<'_>) {
        let hits = slot(&mut self.nodes, node.0 as usize);
        match result {
            Ok(ValueRef::Bool(true)) => hits.truths += 1,
            Ok(ValueRef::Bool(false)) => hits.falses += 1,
            Ok(_) => hits.others += 1,
            Err(_) => hits.errors += 1,
        }
        if self.values {
            let outcome = || outcome_of(code, result, &mut FxHashMap::default());
            hits.note(mark_of(result), outcome, |known| same_result(code, known, result), 1);
        }
    }
}

fn same_outcome(a: &Outcome, b: &Outcome) -> bool {
    match (a, b) {
        (Outcome::Value(a), Outcome::Value(b)) => same(a.view(), b.view()),
        (Outcome::Described(a), Outcome::Described(b)) => a == b,
        (Outcome::Error(a), Outcome::Error(b)) => a == b,
        _ => false,
    }
}

fn same_result(code: &Code, known: &Outcome, result: &Result<'_>) -> bool {
    match (known, result) {
        // The commonest results need no copy to be compared.
        (Outcome::Value(Value::Bool(a)), Ok(ValueRef::Bool(b))) => a == b,
        (Outcome::Value(a), Ok(b)) if a.view().type_of() == b.type_of() => same(a.view(), *b),
        _ => same_outcome(known, &outcome_of(code, result, &mut FxHashMap::default())),
    }
}

/// A number that equal results share.
fn mark_of(result: &Result<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    match result {
        Ok(value) => mark(*value, &mut hasher),
        Err(error) => error.node.hash(&mut hasher),
    }
    hasher.finish()
}

fn mark(value: ValueRef<'_>, hasher: &mut FxHasher) {
    std::mem::discriminant(&value).hash(hasher);
    match value {
        ValueRef::Bool(b) => b.hash(hasher),
        ValueRef::Int(n) => n.hash(hasher),
        ValueRef::Float(n) => n.to_bits().hash(hasher),
        ValueRef::String(Str::Utf8(text)) => text.hash(hasher),
        ValueRef::Bytes(octets) => octets.hash(hasher),
        ValueRef::List(list) => list.iter().for_each(|item| mark(item, hasher)),
        // The order of entries does not count.
        ValueRef::Map(map) => {
            let one = |(key, value): (Str<'_>, ValueRef<'_>)| {
                let mut hasher = FxHasher::default();
                mark(ValueRef::String(key), &mut hasher);
                mark(value, &mut hasher);
                hasher.finish()
            };
            map.iter().map(one).fold(0_u64, u64::wrapping_add).hash(hasher);
        }
        ValueRef::Snapshot(_) => value.describe().hash(hasher),
        // Those of one kind are compared with each other.
        _ => {}
    }
}

fn same(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::Float(a), ValueRef::Float(b)) => a.to_bits() == b.to_bits(),
        _ => deep_equals(a, b),
    }
}
