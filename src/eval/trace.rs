//! The record of an evaluation: blocks, statements, and every sub-expression with its value or error.

use crate::{
    program::{Block, Code, Node, NodeId, Program, Statement},
    stdlib::Dialect,
    text::Span,
    value::{MapRef, Segments, Value, ValueRef},
};

use super::{Fault, Observer, Result};

/// What a decision went through.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The blocks that cover the request's path, in the order in which they were tried.
    pub blocks: Vec<BlockTrace>,
}

/// A block that covers the request's path.
#[derive(Clone, Debug)]
pub struct BlockTrace {
    /// Its whole path, as rules write it.
    pub path: String,
    /// Where it stands.
    pub span: Span,
    /// What its wildcards stand for.
    pub captures: Vec<(String, String)>,
    /// The statements that speak of the method and were tried.
    pub statements: Vec<StatementTrace>,
}

/// A statement that was tried.
#[derive(Clone, Debug)]
pub struct StatementTrace {
    /// Where it stands.
    pub span: Span,
    /// What its condition gave.
    pub outcome: Outcome,
    /// How it came to that; `None` without a condition.
    pub condition: Option<Step>,
}

/// What an expression gave.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A value.
    Value(Value),
    /// A value that is not kept, in words: a place in a database, or the beginning of one too large to keep at every step.
    Described(String),
    /// An error.
    Error(Fault),
}

/// A sub-expression that was evaluated.
#[derive(Clone, Debug)]
pub struct Step {
    /// The text it covers.
    pub span: Span,
    /// What it gave.
    pub outcome: Outcome,
    /// What it was made of, in source order; of a user's function, its variables and its result after the arguments.
    pub parts: Vec<Step>,
    /// What kind of operation it is.
    pub kind: StepKind,
    /// Of one that gave false, what a reader wants to know: `missing: 'size'`.
    pub why: Option<String>,
    node: NodeId,
}

/// What a reader of a trace needs to know of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A literal.
    Constant,
    /// `request`, `data`, a wildcard, a parameter.
    Variable,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!`
    Not,
    /// `?:`
    Ternary,
    /// A call of a user's function.
    Call,
    /// `a.name`
    Member,
    /// A list or map written out.
    Literal,
    /// Anything else.
    Operation,
}

impl StepKind {
    fn of(node: Node) -> Self {
        match node {
            Node::Constant(..) => StepKind::Constant,
            Node::Variable(_) | Node::Capture(_) | Node::Local(_) | Node::Unknown => StepKind::Variable,
            Node::And(..) | Node::All(_) => StepKind::And,
            Node::Or(..) | Node::Any(_) => StepKind::Or,
            Node::Not(_) => StepKind::Not,
            Node::Ternary(..) => StepKind::Ternary,
            Node::Call(..) => StepKind::Call,
            Node::Member(..) => StepKind::Member,
            Node::List(_) | Node::Map(_) => StepKind::Literal,
            _ => StepKind::Operation,
        }
    }
}

impl Step {
    /// The operation, which is the key of coverage.
    pub fn node(&self) -> NodeId {
        self.node
    }
}

/// Bytes of a value, roughly, that each step of a trace keeps: a request with huge claims appears in many steps.
const MAX_KEPT: i64 = 16 << 10;

/// Maps that are looked for among those that were met.
const MOST_MAPS: usize = 16;

/// Writes down the sub-expressions of one expression.
pub struct Steps<'p> {
    code: &'p Code,
    /// Steps that are done and not yet part of another, of the outermost operation first.
    done: Vec<Step>,
    /// Where among them the parts of each operation begin that has begun.
    open: Vec<usize>,
    /// Of the operation that ends next.
    why: Option<String>,
    /// The maps that were met, each with what is kept of it and what it leaves of [`MAX_KEPT`]: a request is met in many
    /// steps.
    maps: Vec<([*const (); 2], Value, i64)>,
}

impl<'p> Steps<'p> {
    /// Nothing is written down yet.
    pub fn new(code: &'p Code) -> Self {
        Steps { code, done: Vec::new(), open: Vec::new(), why: None, maps: Vec::new() }
    }

    /// Another evaluation begins, of which nothing is known.
    pub fn begin(&mut self) {
        self.maps.clear();
        self.take();
    }

    /// The step of the whole expression; begins anew.
    pub fn take(&mut self) -> Option<Step> {
        self.open.clear();
        let last = self.done.pop();
        self.done.clear();
        last
    }

    /// A result as a trace keeps it.
    pub fn outcome(&mut self, result: &Result<'_>) -> Outcome {
        match result {
            Ok(value @ ValueRef::Map(map)) => match self.map(*map) {
                (_, left) if left < 0 => Outcome::Described(value.describe()),
                (map, _) => Outcome::Value(map),
            },
            result => outcome_of(self.code, result),
        }
    }

    /// A map as it is kept, and what it leaves of [`MAX_KEPT`]. Made once, with the maps in it.
    fn map(&mut self, map: MapRef<'_>) -> (Value, i64) {
        // Whatever an evaluation gives lives as long as the evaluation, so that no map takes the place of another.
        let identity = map.identity();
        let known = self.maps.iter().find(|(other, ..)| identity.is_some_and(|identity| *other == identity));
        if let Some((_, known, left)) = known {
            return (known.clone(), *left);
        }
        let made = match map {
            MapRef::Record(_) => self.record(map),
            map => {
                let left = ValueRef::Map(map).taken_from(MAX_KEPT);
                let kept = if left < 0 { Value::Null } else { ValueRef::Map(map).to_value() };
                (kept, left)
            }
        };
        if let Some(identity) = identity
            && self.maps.len() < MOST_MAPS
        {
            self.maps.push((identity, made.0.clone(), made.1));
        }
        made
    }

    fn record(&mut self, record: MapRef<'_>) -> (Value, i64) {
        let mut left = ValueRef::Map(MapRef::Made(&[])).taken_from(MAX_KEPT);
        let mut entries = Vec::with_capacity(record.len());
        for (key, value) in record.iter() {
            left = ValueRef::String(key).taken_from(left);
            let kept = match value {
                ValueRef::Map(map) => {
                    let (kept, left_by_map) = self.map(map);
                    left -= MAX_KEPT - left_by_map;
                    kept
                }
                value => {
                    left = value.taken_from(left);
                    if left < 0 { Value::Null } else { value.to_value() }
                }
            };
            if left < 0 {
                return (Value::Null, left);
            }
            entries.push((key.to_string(), kept));
        }
        (Value::Map(entries.into_iter().collect()), left)
    }
}

/// A result as traces and coverage keep it.
pub(super) fn outcome_of(code: &Code, result: &Result<'_>) -> Outcome {
    match result {
        Ok(place @ ValueRef::Snapshot(_)) => Outcome::Described(place.describe()),
        Ok(value) if value.taken_from(MAX_KEPT) < 0 => Outcome::Described(value.describe()),
        // Database rules know one kind of number, which people write without a point where it is whole.
        Ok(ValueRef::Float(n)) if code.dialect == Dialect::Database && n.fract() == 0.0 && n.abs() < 9e15 => {
            Outcome::Value(Value::Int(*n as i64))
        }
        Ok(value) => Outcome::Value(value.to_value()),
        Err(error) => Outcome::Error(Fault::new(code, error)),
    }
}

impl Observer for Steps<'_> {
    fn refutes(&mut self, why: impl FnOnce() -> Option<String>) {
        self.why = why();
    }

    fn enter(&mut self, _node: NodeId) {
        self.open.push(self.done.len());
    }

    fn leave(&mut self, node: NodeId, result: &Result<'_>) {
        let from = self.open.pop().unwrap_or(0).min(self.done.len());
        let mut parts = self.done.split_off(from);
        // Operands may be evaluated from right to left; a reader wants them as written.
        let span = self.code.span(node);
        let inside = |part: &Step| part.span.start >= span.start && part.span.end <= span.end;
        if parts.len() > 1 {
            parts.sort_by_key(|part| if inside(part) { (0, part.span.start) } else { (1, 0) });
        }
        let kind = StepKind::of(self.code.node(node));
        let step = Step { span, outcome: self.outcome(result), parts, kind, why: self.why.take(), node };
        self.done.push(step);
    }
}

/// An observer that writes down blocks, statements and all they went through.
pub struct Recorder<'p> {
    statements: &'p [Statement],
    blocks: &'p [Block],
    segments: &'p Segments<'p>,
    trace: Trace,
    steps: Steps<'p>,
    statement: Option<Span>,
}

impl<'p> Recorder<'p> {
    /// A recorder for a request with that path.
    pub fn new(program: &'p Program, blocks: &'p [Block], segments: &'p Segments<'p>) -> Self {
        let (steps, trace) = (Steps::new(&program.code), Trace::default());
        Recorder { statements: &program.statements, blocks, segments, trace, steps, statement: None }
    }

    /// What was recorded.
    pub fn finish(self) -> Trace {
        self.trace
    }
}

impl Observer for Recorder<'_> {
    fn refutes(&mut self, why: impl FnOnce() -> Option<String>) {
        self.steps.refutes(why);
    }

    fn block(&mut self, id: u32) {
        let Some(block) = self.blocks.get(id as usize) else { return };
        let text = |at: usize| match block.captured(at, self.segments) {
            Some((taken, glob)) => {
                let names: Vec<_> = taken.iter().collect();
                if glob { format!("/{}", names.join("/")) } else { names.concat() }
            }
            None => String::new(),
        };
        let captures = block.captures.iter().enumerate().map(|(at, c)| (c.name.clone(), text(at))).collect();
        let (path, span) = (block.path.clone(), block.span);
        self.trace.blocks.push(BlockTrace { path, span, captures, statements: Vec::new() });
    }

    fn statement(&mut self, id: u32) {
        self.statement = self.statements.get(id as usize).map(|s| s.span);
        self.steps.take();
    }

    fn decided(&mut self, result: &Result<'_>) {
        let condition = self.steps.take();
        let outcome = self.steps.outcome(result);
        let trace = StatementTrace { span: self.statement.unwrap_or_default(), outcome, condition };
        if let Some(block) = self.trace.blocks.last_mut() {
            block.statements.push(trace);
        }
    }

    fn enter(&mut self, node: NodeId) {
        self.steps.enter(node);
    }

    fn leave(&mut self, node: NodeId, result: &Result<'_>) {
        self.steps.leave(node, result);
    }
}
