//! The record of an evaluation: blocks, statements, and every sub-expression with its value or error.

use crate::{
    program::{Block, Code, Node, NodeId, Program, Run},
    text::Span,
    value::{Segments, Value},
};

use super::{
    Fault, Observer, Result,
    kept::{Keeper, Kept, Reader, Store},
    stray,
};

/// What a decision went through.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The blocks that cover the request's path, in the order in which they were tried.
    pub blocks: Vec<BlockTrace>,
}

impl Trace {
    /// The statements of all blocks that were tried.
    pub(crate) fn statements(&self) -> impl Iterator<Item = &StatementTrace> {
        self.blocks.iter().flat_map(|block| &block.statements)
    }
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
    /// Of one that took an operand which a failed literal had left behind, what happened and what would be right.
    pub stray: Option<String>,
    pub(super) node: NodeId,
    /// Whether it left operands behind.
    pub(super) strays: bool,
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
    /// The step and all steps inside it, in source order. It keeps a list of what is left: steps nest as deeply as
    /// functions and operands together.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Step> {
        let mut open = vec![self];
        std::iter::from_fn(move || {
            let step = open.pop()?;
            open.extend(step.parts.iter().rev());
            Some(step)
        })
    }

    /// The operation, which is the key of coverage.
    pub fn node(&self) -> NodeId {
        self.node
    }
}

/// A step as it is written down: after its parts.
#[derive(Clone, Copy, Debug)]
struct Noted {
    node: NodeId,
    /// Steps that stand before its parts, and are not yet part of another.
    before: u32,
    kept: Kept,
}

/// What evaluations went through, from which steps are made when somebody reads them.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    store: Store,
    steps: Vec<Noted>,
    /// Reasons, each with the number of its step.
    whys: Vec<(u32, String)>,
    /// The numbers of steps that left operands behind.
    strays: Vec<u32>,
}

/// Writes down the sub-expressions of expressions.
#[derive(Debug)]
pub struct Steps<'p> {
    /// Where results are kept.
    pub keeper: Keeper<'p>,
    steps: Vec<Noted>,
    whys: Vec<(u32, String)>,
    strays: Vec<u32>,
    /// Steps that are done and not yet part of another.
    done: u32,
    /// Of each operation that has begun, how many of them stand before its parts, how many errors, and how many operands
    /// lie below it.
    open: Vec<(u32, u32, usize)>,
    /// Operands below the operation that begins or ends next, where that is known.
    operands: Option<usize>,
    /// Of the operation that ends next.
    why: Option<String>,
    /// Where the steps of the expression begin.
    begin: u32,
}

/// Room that is made for steps at first: for those of all operations of the rules, but no more than this.
const FIRST_STEPS: usize = 256;

/// Room that is made for operations that have begun.
const FIRST_OPEN: usize = 16;

impl<'p> Steps<'p> {
    /// Nothing is written down yet.
    pub fn new(code: &'p Code) -> Self {
        Steps {
            keeper: Keeper::with_room(code),
            steps: Vec::new(),
            whys: Vec::new(),
            strays: Vec::new(),
            done: 0,
            open: Vec::new(),
            operands: None,
            why: None,
            begin: 0,
        }
    }

    #[cold]
    fn make_room(&mut self) {
        self.open.reserve(FIRST_OPEN);
        self.steps.reserve(self.keeper.code.nodes.len().min(FIRST_STEPS));
    }

    /// Another expression begins.
    pub fn begin(&mut self) {
        (self.done, self.begin) = (0, self.steps.len() as u32);
        self.open.clear();
    }

    /// The steps since then.
    pub fn run(&self) -> Run {
        Run { start: self.begin, len: self.steps.len() as u32 - self.begin }
    }

    /// Forgets the steps since then.
    pub fn forget(&mut self) {
        self.steps.truncate(self.begin as usize);
        let forgotten = self.whys.iter().rev().take_while(|(step, _)| *step >= self.begin).count();
        self.whys.truncate(self.whys.len() - forgotten);
        self.strays.truncate(self.strays.partition_point(|step| *step < self.begin));
    }

    /// What was written down.
    pub fn finish(self) -> Notes {
        Notes { store: self.keeper.store, steps: self.steps, whys: self.whys, strays: self.strays }
    }
}

impl Observer for Steps<'_> {
    fn refutes(&mut self, why: impl FnOnce() -> Option<String>) {
        self.why = why();
    }

    fn operands(&mut self, count: usize) {
        self.operands = Some(count);
    }

    fn enter(&mut self, _node: NodeId) {
        if self.open.capacity() == 0 {
            self.make_room();
        }
        self.open.push((self.done, self.keeper.errors(), self.operands.take().unwrap_or(0)));
    }

    fn leave(&mut self, node: NodeId, result: &Result<'_>) {
        let (before, errors, below) = self.open.pop().unwrap_or_default();
        if self.operands.take().is_some_and(|operands| operands > below) {
            self.strays.push(self.steps.len() as u32);
        }
        if let Some(why) = self.why.take() {
            self.whys.push((self.steps.len() as u32, why));
        }
        let kept = match self.keeper.passed_on(node, result, errors) {
            Some(known) => known,
            None => self.keeper.of(node, result),
        };
        self.steps.push(Noted { node, before, kept });
        self.done = before + 1;
    }
}

/// Makes traces of notes.
#[derive(Debug)]
pub struct NotesReader<'n> {
    notes: &'n Notes,
    /// Reads the results.
    pub kept: Reader<'n>,
}

impl<'n> NotesReader<'n> {
    /// A reader of what was written down of that code.
    pub fn new(code: &'n Code, notes: &'n Notes) -> Self {
        NotesReader { notes, kept: Reader::new(code, &notes.store) }
    }

    /// The step of a whole expression, of which those are the notes; none of no notes.
    pub fn step(&mut self, run: Run) -> Option<Step> {
        let code = self.kept.code;
        let mut done: Vec<Step> = Vec::new();
        for (number, noted) in (run.start..).zip(run.of(&self.notes.steps)) {
            let mut parts = done.split_off((noted.before as usize).min(done.len()));
            let stray = stray::explain(code, noted.node, &parts);
            // Operands may be evaluated from right to left; a reader wants them as written.
            let span = code.span(noted.node);
            let inside = |part: &Step| part.span.start >= span.start && part.span.end <= span.end;
            if parts.len() > 1 {
                parts.sort_by_key(|part| if inside(part) { (0, part.span.start) } else { (1, 0) });
            }
            let why = self.notes.whys.binary_search_by_key(&number, |(step, _)| *step).ok();
            let why = why.and_then(|at| self.notes.whys.get(at)).map(|(_, why)| why.clone());
            let (kind, outcome) = (StepKind::of(code.node(noted.node)), self.kept.outcome(noted.kept));
            let strays = self.notes.strays.binary_search(&number).is_ok();
            done.push(Step { span, outcome, parts, kind, why, stray, node: noted.node, strays });
        }
        done.pop()
    }
}

/// A block that was tried.
#[derive(Clone, Copy, Debug)]
struct NotedBlock {
    id: u32,
    /// The texts of its wildcards.
    captures: Run,
    /// Among those of the trace.
    statements: Run,
}

/// A statement that was tried.
#[derive(Clone, Copy, Debug)]
struct NotedStatement {
    id: u32,
    kept: Kept,
    steps: Run,
}

/// What a decision went through, from which a [`Trace`] is made when somebody reads it.
#[derive(Clone, Debug)]
pub struct Recording {
    notes: Notes,
    blocks: Vec<NotedBlock>,
    statements: Vec<NotedStatement>,
}

impl Recording {
    /// The trace of a decision by that program and those of its blocks.
    pub fn read(&self, program: &Program, blocks: &[Block]) -> Trace {
        let mut reader = NotesReader::new(&program.code, &self.notes);
        let blocks = self.blocks.iter().filter_map(|noted| {
            let block = blocks.get(noted.id as usize)?;
            let texts = reader.kept.texts(noted.captures).map(str::to_owned);
            let captures = block.captures.iter().map(|capture| capture.name.to_string()).zip(texts).collect();
            let statement = |tried: &NotedStatement| StatementTrace {
                span: program.statements.get(tried.id as usize).map(|s| s.span).unwrap_or_default(),
                condition: reader.step(tried.steps),
                outcome: reader.kept.outcome(tried.kept),
            };
            let statements = noted.statements.of(&self.statements).iter().map(statement).collect();
            Some(BlockTrace { path: block.path.clone(), span: block.span, captures, statements })
        });
        Trace { blocks: blocks.collect() }
    }
}

/// An observer that writes down blocks, statements and all they went through.
pub struct Recorder<'p> {
    all: &'p [Block],
    segments: &'p Segments<'p>,
    steps: Steps<'p>,
    blocks: Vec<NotedBlock>,
    statements: Vec<NotedStatement>,
    statement: u32,
}

impl<'p> Recorder<'p> {
    /// A recorder for a request with that path.
    pub fn new(code: &'p Code, all: &'p [Block], segments: &'p Segments<'p>) -> Self {
        let (steps, blocks, statements) = (Steps::new(code), Vec::new(), Vec::new());
        Recorder { all, segments, steps, blocks, statements, statement: 0 }
    }

    /// What was recorded.
    pub fn finish(self) -> Recording {
        Recording { notes: self.steps.finish(), blocks: self.blocks, statements: self.statements }
    }
}

impl Observer for Recorder<'_> {
    fn refutes(&mut self, why: impl FnOnce() -> Option<String>) {
        self.steps.refutes(why);
    }

    fn operands(&mut self, count: usize) {
        self.steps.operands(count);
    }

    fn block(&mut self, id: u32) {
        let Some(block) = self.all.get(id as usize) else { return };
        let (keeper, segments) = (&mut self.steps.keeper, self.segments);
        let captures = keeper.runs_of((0..block.captures.len()).map(|at| {
            move |out: &mut String| {
                let Some((taken, glob)) = block.captured(at, segments) else { return };
                // A glob has a slash at its beginning, also of nothing.
                out.push_str(if glob { "/" } else { "" });
                for (at, name) in taken.iter().enumerate() {
                    out.push_str(if glob && at > 0 { "/" } else { "" });
                    out.push_str(name);
                }
            }
        }));
        let statements = Run { start: self.statements.len() as u32, len: 0 };
        self.blocks.push(NotedBlock { id, captures, statements });
    }

    fn statement(&mut self, id: u32) {
        self.statement = id;
        self.steps.begin();
    }

    fn decided(&mut self, result: &Result<'_>) {
        let (steps, kept) = (self.steps.run(), self.steps.keeper.keep(result));
        if let Some(block) = self.blocks.last_mut() {
            block.statements.len += 1;
            self.statements.push(NotedStatement { id: self.statement, kept, steps });
        }
    }

    fn enter(&mut self, node: NodeId) {
        self.steps.enter(node);
    }

    fn leave(&mut self, node: NodeId, result: &Result<'_>) {
        self.steps.leave(node, result);
    }
}
