//! Counts what is evaluated, and with what results, over many decisions, for coverage reports.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHasher};

use crate::{
    program::{Block, Code, Id, OpId, Statement},
    value::{Segments, Str, Value, ValueRef, deep_equals},
};

use super::{Observer, Outcome, Result, recorder::outcome_of};

/// The number of different values of one operation that are kept; of others only their number is.
const MAX_VALUES: usize = 100;

/// Counts by operation and by statement of one compiled program. Those of several runs can be added up.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    ops: Vec<OpHits>,
    statements: Vec<OpHits>,
    blocks: Vec<u64>,
    values: bool,
    /// The statement that is being tried.
    current: Option<Id<Statement>>,
}

/// How often an operation or a statement gave what.
#[derive(Clone, Debug, Default)]
pub struct OpHits {
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
    /// A hash of each value: a request has many parts, and the counter sees it many times.
    marks: Vec<u64>,
    /// Results beyond those.
    pub unkept: u64,
}

impl OpHits {
    /// How often it was evaluated.
    pub fn total(&self) -> u64 {
        self.truths + self.falses + self.errors + self.others
    }

    fn count(&mut self, result: &Result<'_>) {
        match result {
            Ok(ValueRef::Bool(true)) => self.truths += 1,
            Ok(ValueRef::Bool(false)) => self.falses += 1,
            Ok(_) => self.others += 1,
            Err(_) => self.errors += 1,
        }
    }

    fn note(&mut self, mark: u64, outcome: impl FnOnce() -> Outcome, same: impl Fn(&Outcome) -> bool, count: u64) {
        let mut known = self.values.iter_mut().zip(&self.marks).filter(|(_, other)| **other == mark);
        if let Some(((_, seen), _)) = known.find(|((known, _), _)| same(known)) {
            *seen += count;
        } else if self.values.len() < MAX_VALUES {
            self.values.push((outcome(), count));
            self.marks.push(mark);
        } else {
            self.unkept += count;
        }
    }

    fn add(&mut self, other: &OpHits) {
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

impl Coverage {
    /// Nothing was evaluated yet. With `values` the results themselves are kept, not only their kinds.
    pub fn new(values: bool) -> Self {
        Coverage { values, ..Coverage::default() }
    }

    /// The counts of an operation; `None` if it was never evaluated.
    pub fn op(&self, id: OpId) -> Option<&OpHits> {
        self.ops.get(id.index())
    }

    /// The counts of a statement; `None` if it was never tried.
    pub fn statement(&self, id: Id<Statement>) -> Option<&OpHits> {
        self.statements.get(id.index())
    }

    /// How often a block of a service covered the path of a request.
    pub fn block(&self, id: Id<Block>) -> u64 {
        self.blocks.get(id.index()).copied().unwrap_or_default()
    }

    /// Adds the counts of another run of the same program, as if it had come after this one.
    pub fn add(&mut self, other: &Coverage) {
        self.values |= other.values;
        for (at, hits) in other.ops.iter().enumerate() {
            slot(&mut self.ops, at).add(hits);
        }
        for (at, hits) in other.statements.iter().enumerate() {
            slot(&mut self.statements, at).add(hits);
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
    fn block(&mut self, id: Id<Block>, _block: &Block, _path: &Segments<'_>) {
        *slot(&mut self.blocks, id.index()) += 1;
    }

    fn statement(&mut self, id: Id<Statement>, _statement: &Statement) {
        self.current = Some(id);
    }

    fn decided(&mut self, _code: &Code, result: &Result<'_>) {
        let Some(statement) = self.current.take() else { return };
        slot(&mut self.statements, statement.index()).count(result);
    }

    fn leave(&mut self, code: &Code, op: OpId, result: &Result<'_>) {
        let hits = slot(&mut self.ops, op.index());
        hits.count(result);
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

/// A hash that equal results share.
fn mark_of(result: &Result<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    match result {
        Ok(value) => mark(*value, &mut hasher),
        Err(error) => error.op.hash(&mut hasher),
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
