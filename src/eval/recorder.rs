//! Builds the trace of an evaluation while it runs.

use rustc_hash::FxHashMap;

use crate::{
    program::{Block, Code, Id, OpId, Statement},
    stdlib::Dialect,
    value::{MapRef, Segments, Value, ValueRef},
};

use super::{
    Fault, Observer, Result, stray,
    trace::{BlockTrace, Outcome, StatementTrace, Step, StepKind},
};

/// The approximate size in bytes up to which a step keeps a value; steps describe larger ones, because a request with
/// huge claims appears in many steps.
const MAX_KEPT: i64 = 16 << 10;

/// The number of maps whose copies the recorder remembers.
const MAX_COPIES: usize = 16;

/// The observer that records blocks, statements and the steps of their conditions.
#[derive(Debug, Default)]
pub struct Recorder {
    /// The blocks that cover the path so far.
    blocks: Vec<BlockTrace>,
    /// Steps that are done and not part of another yet.
    done: Vec<Step>,
    /// Of each operation that has begun, the number of steps that were done before.
    before: Vec<usize>,
    /// Of each operation that has begun, the number of operands below it.
    below: Vec<usize>,
    /// The number of operands below the operation that begins or ends next, where the machine told it.
    operands: Option<usize>,
    /// Why the operation that ends next gives false.
    why: Option<String>,
    /// Copies of the host's maps by [identity](MapRef::identity): a request appears in many steps, which share one copy.
    copies: FxHashMap<[*const (); 2], Value>,
}

impl Recorder {
    /// Takes the step of the expression that was evaluated last.
    pub fn take_step(&mut self) -> Option<Step> {
        self.before.clear();
        self.below.clear();
        let step = self.done.pop();
        self.done.clear();
        step
    }

    /// Returns the blocks that cover the path, with their statements, in the order in which they were tried.
    pub fn finish(self) -> Vec<BlockTrace> {
        self.blocks
    }
}

impl Observer for Recorder {
    fn block(&mut self, _id: Id<Block>, block: &Block, path: &Segments<'_>) {
        let text = |at: usize| {
            let (taken, glob) = block.captured(at, path)?;
            let names: Vec<_> = taken.iter().collect();
            // A glob that covers no segment is a slash.
            Some(if glob { format!("/{}", names.join("/")) } else { names.concat() })
        };
        let captures = block.captures.iter().enumerate();
        let captures = captures.map(|(at, capture)| (capture.name.to_string(), text(at).unwrap_or_default())).collect();
        let (path, span) = (block.path.clone(), block.span);
        self.blocks.push(BlockTrace { path, span, captures, statements: Vec::new() });
    }

    fn statement(&mut self, _id: Id<Statement>, statement: &Statement) {
        self.take_step();
        if let Some(block) = self.blocks.last_mut() {
            let outcome = Outcome::Described(String::new());
            block.statements.push(StatementTrace { span: statement.span, outcome, condition: None });
        }
    }

    fn decided(&mut self, code: &Code, result: &Result<'_>) {
        let condition = self.take_step();
        let outcome = outcome_of(code, result, &mut self.copies);
        if let Some(tried) = self.blocks.last_mut().and_then(|block| block.statements.last_mut()) {
            (tried.outcome, tried.condition) = (outcome, condition);
        }
    }

    fn refutes(&mut self, why: impl FnOnce() -> Option<String>) {
        self.why = why();
    }

    fn operands(&mut self, count: usize) {
        self.operands = Some(count);
    }

    fn enter(&mut self, _code: &Code, _op: OpId) {
        self.before.push(self.done.len());
        // Database rules leave nothing behind, and the machine does not tell.
        self.below.push(self.operands.take().unwrap_or(0));
    }

    fn leave(&mut self, code: &Code, id: OpId, result: &Result<'_>) {
        let (Some(before), Some(below)) = (self.before.pop(), self.below.pop()) else { return };
        let mut parts = if before < self.done.len() { self.done.split_off(before) } else { Vec::new() };
        let op = code.op(id).ok();
        let stray = op.and_then(|op| stray::explain(code, op, &parts));
        let span = code.span(id);
        // The machine may evaluate operands from right to left; a reader wants them as written.
        if parts.len() > 1 {
            let is_inside = |part: &Step| part.span.start >= span.start && part.span.end <= span.end;
            parts.sort_by_key(|part| if is_inside(part) { (0, part.span.start) } else { (1, 0) });
        }
        self.done.push(Step {
            span,
            outcome: outcome_of(code, result, &mut self.copies),
            parts,
            kind: op.map_or(StepKind::Operation, StepKind::of),
            why: self.why.take(),
            stray,
            op: id,
            strays: self.operands.take().is_some_and(|operands| operands > below),
        });
    }
}

/// A result as traces and coverage keep it.
pub(super) fn outcome_of(code: &Code, result: &Result<'_>, copies: &mut FxHashMap<[*const (); 2], Value>) -> Outcome {
    let value = match result {
        Ok(value) => *value,
        Err(error) => return Outcome::Error(Fault::new(code, error)),
    };
    match value {
        ValueRef::Snapshot(_) => return Outcome::Described(value.describe()),
        // Database rules know one kind of number, which people write without a point where it is whole.
        ValueRef::Float(n) if code.dialect == Dialect::Database && n.fract() == 0.0 && n.abs() < 9e15 => {
            return Outcome::Value(Value::Int(n as i64));
        }
        ValueRef::Map(map) => {
            if let Some(known) = map.identity().and_then(|identity| copies.get(&identity)) {
                return Outcome::Value(known.clone());
            }
        }
        _ => {}
    }
    if value.remaining_budget(MAX_KEPT) < 0 {
        return Outcome::Described(value.describe());
    }
    Outcome::Value(copy_of(value, copies))
}

/// Copies a value, and the records in it once. The nesting of records is that of a request.
fn copy_of(value: ValueRef<'_>, copies: &mut FxHashMap<[*const (); 2], Value>) -> Value {
    let ValueRef::Map(MapRef::Record(record)) = value else { return value.to_value() };
    let identity = MapRef::Record(record).identity();
    if let Some(known) = identity.and_then(|identity| copies.get(&identity)) {
        return known.clone();
    }
    let fields = record.symbols().iter();
    let fields = fields.filter_map(|symbol| Some((symbol.text(), copy_of(record.get(*symbol)?, copies))));
    let copy = Value::Map(fields.collect());
    // What has an identity lives as long as the decision: no other map takes its address.
    if let Some(identity) = identity.filter(|_| copies.len() < MAX_COPIES) {
        copies.insert(identity, copy.clone());
    }
    copy
}
