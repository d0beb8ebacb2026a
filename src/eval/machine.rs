//! The loop that evaluates a condition: a list of tasks and a stack of operands, no recursion.
//!
//! An operation is entered, its operands are evaluated, and it is finished: it takes its operands from the stack and
//! pushes its result. `&&`, `||`, `?:`, calls of users' functions and the chains of database rules have tasks in between.
//!
//! Operations take their operands from one stack, as in the official engine. Each takes as many as it has, with one
//! exception: a list or a path takes its parts up to the first that is an error, and leaves the others behind. An
//! operation around it that has operands below then takes what was left for one of them. That is why
//! `signedIn() && (uid in [data.missing, data.editor] || true)` is a type error: the `&&` takes `data.editor` for its
//! left side. All of it was asked of the official engine (`tests/oracle/decisions/leftovers.jsonl`).

use bumpalo::Bump;
use smallvec::SmallVec;

use crate::{
    program::{Code, Node, NodeId, Part, Run},
    stdlib::{self, Failure},
    value::{Str, TypeName, ValueRef},
};

use super::{Error, Evaluator, Language, Observer, Result, anchor, comparison, dispatch, element, member, start};

/// What is left to do. Every operation that was entered and has no result yet has exactly one task other than
/// [`Task::Enter`], [`Task::Name`] and [`Task::Absent`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Enter an operation.
    Enter(NodeId),
    /// Push a name: a plain segment of a path.
    Name(u32),
    /// Push the null that stands for an absent bound of a range.
    Absent(NodeId),
    /// All operands are on the stack.
    Finish(NodeId),
    /// The left side of `&&` or `||` is on the stack.
    Left(NodeId),
    /// The condition of `?:` is on the stack.
    Condition(NodeId),
    /// The arguments of a user's function are on the stack.
    Arguments(NodeId),
    /// The value of a function's variable is on the stack: which one.
    Variable(NodeId, u32),
    /// So many parts of a chain are evaluated; the last of them is on the stack.
    Parts(NodeId, u32),
}

/// Operands of most conditions: they need no allocation.
const FEW_OPERANDS: usize = 8;

/// Whether evaluation goes on; an error ends it.
type Flow<'a> = std::result::Result<(), Error<'a>>;

/// How an operation goes on: with its value, or without one while tasks of its own are left. An error is its result.
pub(super) type Advance<'a> = std::result::Result<Option<ValueRef<'a>>, Error<'a>>;

/// The evaluation of one condition.
pub(super) struct Machine<'e, 'a, 'o, L, O> {
    pub(super) code: &'a Code,
    pub(super) arena: &'a Bump,
    pub(super) evaluator: &'e mut Evaluator<'a, 'o, L, O>,
    /// What is left to do, the next task last.
    pub(super) tasks: SmallVec<[Task; FEW_OPERANDS]>,
    /// Results that no operation has taken yet, as the official engine keeps them.
    pub(super) operands: SmallVec<[Result<'a>; FEW_OPERANDS]>,
    /// Parameters and variables of the functions that are being evaluated, the innermost last.
    pub(super) locals: SmallVec<[Result<'a>; FEW_OPERANDS]>,
    /// Where those of the innermost function begin.
    pub(super) frame: usize,
    /// Where those of the functions around it begin.
    pub(super) frames: SmallVec<[usize; FEW_OPERANDS]>,
}

/// What a condition gave.
pub(super) struct Evaluated<'a> {
    pub(super) result: Result<'a>,
    /// Whether a list or a path left operands behind that nobody took.
    pub(super) has_leftovers: bool,
}

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// Evaluates a whole condition.
    pub fn condition(&mut self, condition: NodeId) -> Result<'a> {
        self.evaluate(condition).result
    }

    /// The same, with what it leaves behind.
    pub(super) fn evaluate(&mut self, condition: NodeId) -> Evaluated<'a> {
        let mut machine = Machine {
            code: self.code,
            arena: self.arena,
            evaluator: self,
            tasks: SmallVec::new(),
            operands: SmallVec::new(),
            locals: SmallVec::new(),
            frame: 0,
            frames: SmallVec::new(),
        };
        let result = machine.run(condition);
        Evaluated { result, has_leftovers: !machine.operands.is_empty() }
    }
}

impl<'a, L: Language<'a>, O: Observer> Machine<'_, 'a, '_, L, O> {
    fn run(&mut self, condition: NodeId) -> Result<'a> {
        self.tasks.push(Task::Enter(condition));
        while let Some(task) = self.tasks.pop() {
            if let Err(error) = self.perform(task) {
                self.unwind(&error);
                return Err(error);
            }
        }
        self.pop()
    }

    /// The operand that was pushed last.
    #[inline]
    pub(super) fn pop(&mut self) -> Result<'a> {
        // Each operation pushes what it takes; without an operand nothing is granted.
        self.operands.pop().unwrap_or(Err(start(NodeId(u32::MAX), Failure::Null)))
    }

    /// Takes as many operands as arguments were evaluated, in the order of the arguments.
    pub(super) fn take(&mut self, count: usize) -> SmallVec<[Result<'a>; FEW_OPERANDS]> {
        let mut taken: SmallVec<[_; FEW_OPERANDS]> = (0..count).map(|_| self.pop()).collect();
        if !L::RIGHT_TO_LEFT {
            taken.reverse();
        }
        taken
    }

    /// Pays for an operation.
    #[inline]
    pub(super) fn spend(&mut self, id: NodeId, cost: u32) -> Flow<'a> {
        self.evaluator.spend(id, cost)
    }

    /// Ends the operations that are still open.
    fn unwind(&mut self, error: &Error<'a>) {
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Enter(_) | Task::Name(_) | Task::Absent(_) => {}
                Task::Finish(id)
                | Task::Left(id)
                | Task::Condition(id)
                | Task::Arguments(id)
                | Task::Variable(id, _)
                | Task::Parts(id, _) => self.evaluator.observer.leave(self.code, id, &Err(*error)),
            }
        }
    }

    /// # Errors
    ///
    /// An error that ends everything; in the database language any error.
    fn perform(&mut self, task: Task) -> Flow<'a> {
        let (id, advance) = match task {
            Task::Enter(id) => return self.begin(id),
            Task::Finish(id) => {
                let result = self.finish(id);
                return self.leave(id, result);
            }
            Task::Left(id) => (id, self.after_left(id)),
            Task::Condition(id) => (id, self.after_condition(id)),
            Task::Arguments(id) => (id, self.after_arguments(id)),
            Task::Variable(id, at) => (id, self.after_variable(id, at)),
            Task::Parts(id, done) => (id, self.after_parts(id, done)),
            Task::Name(name) => {
                self.operands.push(Ok(ValueRef::String(Str::Utf8(self.code.name(name)))));
                return Ok(());
            }
            Task::Absent(id) => {
                // A bound that is missing is the literal null, and counts as one.
                self.spend(id, 1)?;
                self.operands.push(Ok(ValueRef::Null));
                return Ok(());
            }
        };
        match advance.transpose() {
            Some(result) => self.leave(id, result),
            None => Ok(()),
        }
    }

    fn begin(&mut self, id: NodeId) -> Flow<'a> {
        // Where the first error ends the condition, nothing is left behind.
        if L::RIGHT_TO_LEFT {
            self.evaluator.observer.operands(self.operands.len());
        }
        self.evaluator.observer.enter(self.code, id);
        match self.code.node(id) {
            // Without operands it is finished at once.
            Node::Constant(..) | Node::Variable(_) | Node::Unknown | Node::Capture(_) | Node::Local(_) => {
                let result = self.finish(id);
                self.leave(id, result)
            }
            node => match self.enter(id, node) {
                Ok(()) => Ok(()),
                Err(error) => self.leave(id, Err(error)),
            },
        }
    }

    /// Gives an operation its result.
    fn leave(&mut self, id: NodeId, result: Result<'a>) -> Flow<'a> {
        let ends = matches!(&result, Err(error) if !L::RIGHT_TO_LEFT || error.failure.is_fatal());
        // What ends everything leaves all operands where they are, and nobody takes them.
        if !ends && L::RIGHT_TO_LEFT {
            self.evaluator.observer.operands(self.operands.len());
        }
        self.evaluator.observer.leave(self.code, id, &result);
        match result {
            Err(error) if ends => Err(error),
            result => {
                self.operands.push(result);
                Ok(())
            }
        }
    }

    /// Lists what an operation has to do with its operands.
    fn enter(&mut self, id: NodeId, node: Node) -> Flow<'a> {
        let code = self.code;
        match node {
            // [`Self::begin`] finishes what has no operands.
            Node::Constant(..) | Node::Variable(_) | Node::Unknown | Node::Capture(_) | Node::Local(_) => {}
            Node::All(_) | Node::Any(_) => self.todo([Task::Parts(id, 0)]),
            Node::And(left, _) | Node::Or(left, _) => self.todo([Task::Left(id), Task::Enter(left)]),
            Node::Ternary(condition, ..) => self.todo([Task::Condition(id), Task::Enter(condition)]),
            Node::Call(_, arguments) => {
                self.tasks.push(Task::Arguments(id));
                self.evaluate_all(arguments);
            }
            Node::Member(a, _) | Node::Not(a) | Node::Negate(a) => {
                self.todo([Task::Finish(id), Task::Enter(a)]);
            }
            Node::Compare(_, a, b) | Node::Arithmetic(_, a, b) | Node::Claim(a, b) | Node::Index(a, b) => {
                let (first, second) = if L::RIGHT_TO_LEFT { (b, a) } else { (a, b) };
                self.todo([Task::Finish(id), Task::Enter(second), Task::Enter(first)]);
            }
            // `x in c` is `c.in(x)`: the argument is evaluated first.
            Node::In(x, c) => self.todo([Task::Finish(id), Task::Enter(c), Task::Enter(x)]),
            Node::Range(object, from, to) => {
                let bound = |bound: Option<NodeId>| bound.map_or(Task::Absent(id), Task::Enter);
                self.todo([Task::Finish(id), Task::Enter(object), bound(from), bound(to)]);
            }
            Node::Is(a, name) => {
                // The type's name is an operand of its own, below the value.
                self.spend(id, 1)?;
                self.operands.push(Ok(ValueRef::String(Str::Utf8(name.name()))));
                self.todo([Task::Finish(id), Task::Enter(a)]);
            }
            Node::Path(parts) => {
                let parts = parts.of(&code.parts);
                let literals = parts.iter().filter(|part| matches!(part, Part::Literal(_))).count();
                self.spend(id, literals as u32 + 1)?;
                self.tasks.push(Task::Finish(id));
                self.tasks.extend(parts.iter().filter_map(|part| match part {
                    Part::Node(node) => Some(Task::Enter(*node)),
                    Part::Literal(name) => Some(Task::Name(*name)),
                    Part::Capture(_) | Part::Glob(_) => None,
                }));
            }
            Node::List(run)
            | Node::Map(run)
            | Node::Builtin(_, run)
            | Node::Service(_, run)
            | Node::Missing(_, _, run) => {
                self.tasks.push(Task::Finish(id));
                self.evaluate_all(run);
            }
            Node::Method(_, receiver, arguments, _) => {
                self.tasks.push(Task::Finish(id));
                if L::RIGHT_TO_LEFT {
                    self.tasks.push(Task::Enter(receiver));
                    self.evaluate_all(arguments);
                } else {
                    self.evaluate_all(arguments);
                    self.tasks.push(Task::Enter(receiver));
                }
            }
        }
        Ok(())
    }

    /// Adds tasks, the first one to be done last.
    #[inline(always)]
    pub(super) fn todo<const N: usize>(&mut self, tasks: [Task; N]) {
        // Not `extend`, which costs more than the few that there are.
        tasks.into_iter().for_each(|task| self.tasks.push(task));
    }

    /// Evaluates a run of nodes, from the last to the first where the language does.
    fn evaluate_all(&mut self, run: Run) {
        let nodes = run.of(&self.code.lists).iter().map(|node| Task::Enter(*node));
        if L::RIGHT_TO_LEFT {
            nodes.for_each(|task| self.tasks.push(task));
        } else {
            nodes.rev().for_each(|task| self.tasks.push(task));
        }
    }

    /// The result of an operation whose operands are on the stack.
    fn finish(&mut self, id: NodeId) -> Result<'a> {
        let code = self.code;
        match code.node(id) {
            Node::Constant(at, cost) => {
                self.spend(id, cost)?;
                match code.constants.get(at as usize) {
                    Some(value) => self.evaluator.sized(id, value.view()),
                    None => Err(start(id, Failure::Null)),
                }
            }
            Node::Variable(slot) => {
                self.spend(id, 1)?;
                match self.evaluator.language.variable(slot) {
                    Some(ValueRef::Map(map)) => Ok(ValueRef::Map(map)),
                    Some(value) if L::BUDGET.is_none() => Ok(value),
                    Some(value) => match stdlib::unreadable(&value) {
                        None => Ok(value),
                        Some(failure) => Err(start(id, failure)),
                    },
                    None => Err(start(id, self.evaluator.language.absent(slot))),
                }
            }
            Node::Unknown => {
                self.spend(id, 1)?;
                Err(start(id, L::OPERATORS.no_value))
            }
            Node::Capture(slot) => {
                self.spend(id, 1)?;
                let value = self.evaluator.language.capture(slot, self.arena).map_err(|f| start(id, f))?;
                self.evaluator.sized(id, value)
            }
            Node::Local(slot) => {
                self.spend(id, 1)?;
                let local = self.locals.get(self.frame + usize::from(slot)).copied();
                local.unwrap_or(Err(start(id, Failure::Null)))
            }
            Node::Member(object, name) => {
                let value = self.operand(id)?;
                (L::OPERATORS.member)(value, Str::Utf8(code.name(name))).map_err(|f| member(id, object, f))
            }
            Node::Compare(op, ..) => {
                let (a, b) = self.pair(id)?;
                (L::OPERATORS.compare)(op, a, b).map(ValueRef::Bool).map_err(|f| comparison(id, op, f))
            }
            Node::And(..) => self.sides(id, false),
            Node::Or(..) => self.sides(id, true),
            Node::Not(_) => stdlib::not(self.operand(id)?).map_err(|f| start(id, f)),
            Node::Method(table, _, arguments, pattern) => self.method(id, table, arguments, pattern),
            Node::Ternary(..) => self.branch(id),
            Node::Call(..) => self.returned(),
            _ => self.finish_rare(id),
        }
    }

    /// The operations that few conditions have, apart to keep the frame of [`Self::finish`] small.
    #[inline(never)]
    fn finish_rare(&mut self, id: NodeId) -> Result<'a> {
        match self.code.node(id) {
            Node::In(..) => {
                self.spend(id, 1)?;
                let (container, x) = (self.pop(), self.pop());
                // The receiver's error comes first.
                let container = container?;
                let known = matches!(
                    container,
                    ValueRef::List(_) | ValueRef::Set(_) | ValueRef::Map(_) | ValueRef::Constraint(_)
                );
                let x = if known { x? } else { x.unwrap_or(ValueRef::Null) };
                stdlib::contains(x, container).map(ValueRef::Bool).map_err(|f| dispatch(id, f))
            }
            Node::Index(..) => {
                self.spend(id, 1)?;
                let (object, index) = (self.pop(), self.pop());
                let object = object?;
                stdlib::has_elements(object, stdlib::INDEX).map_err(|f| element(id, f))?;
                stdlib::index(self.arena, object, index?).map_err(|f| element(id, f))
            }
            Node::Range(..) => {
                self.spend(id, 1)?;
                let (object, from, to) = (self.pop(), self.pop(), self.pop());
                let object = object?;
                stdlib::has_elements(object, stdlib::RANGE).map_err(|f| element(id, f))?;
                stdlib::range(self.arena, object, from?, to?).map_err(|f| element(id, f))
            }
            Node::List(items) => self.list(id, items),
            Node::Map(entries) => self.map(id, entries),
            Node::Path(parts) => self.path(id, parts),
            Node::Claim(..) => {
                let (object, index) = self.pair(id)?;
                stdlib::claim_index(object, index).map_err(|f| start(id, f))
            }
            Node::Negate(_) => (L::OPERATORS.negate)(self.operand(id)?).map_err(|f| start(id, f)),
            Node::Arithmetic(op, ..) => {
                let (a, b) = self.pair(id)?;
                let result = (L::OPERATORS.arithmetic)(self.arena, op, a, b).map_err(|f| anchor(id, f))?;
                self.evaluator.sized(id, result)
            }
            Node::Is(..) => self.is(id),
            Node::Builtin(builtin, arguments) => self.builtin(id, builtin, arguments),
            Node::Service(function, arguments) => self.service(id, function, arguments),
            Node::Missing(package, name, arguments) => self.missing(id, package, name, arguments),
            _ => Err(start(id, Failure::Null)),
        }
    }

    /// The only operand; the operation is paid for after it.
    pub(super) fn operand(&mut self, id: NodeId) -> Result<'a> {
        self.spend(id, 1)?;
        self.pop()
    }

    /// Both operands; where the right one is evaluated first, the left one's error still comes first.
    fn pair(&mut self, id: NodeId) -> std::result::Result<(ValueRef<'a>, ValueRef<'a>), Error<'a>> {
        self.spend(id, 1)?;
        let (last, first) = (self.pop(), self.pop());
        if L::RIGHT_TO_LEFT { Ok((last?, first?)) } else { Ok((first?, last?)) }
    }

    /// `a is type`, by the name that is on the stack.
    fn is(&mut self, id: NodeId) -> Result<'a> {
        self.spend(id, 1)?;
        let (value, name) = (self.pop(), self.pop());
        let value = value?;
        match name? {
            ValueRef::String(name) => {
                let name = TypeName::parse(&name.to_string());
                Ok(ValueRef::Bool(name.is_some_and(|name| stdlib::has_type(value, name))))
            }
            other => {
                let (value, other) = (value.type_of(), other.type_of());
                let message = "Unsupported operation error. Received:";
                let message = format!("{message} {value} is {other}. Expected: any is string.");
                Err(anchor(id, Failure::Message(self.arena.alloc_str(&message))))
            }
        }
    }
}
