//! The machine that evaluates a condition operation by operation, with a list of tasks and a stack of operands instead of
//! recursion.
//!
//! The machine enters an operation, evaluates its operands and finishes it: the operation takes its operands from the stack
//! and pushes its result. `&&`, `||`, `?:`, calls of users' functions and the chains of database rules have tasks in between.
//!
//! Operations take their operands from one stack, as in the official engine. Each takes as many as it has, with one
//! exception: a list or a path takes its parts up to the first that is an error, and leaves the others behind. An
//! operation around it that has operands below then takes what was left for one of them. That is why
//! `signedIn() && (uid in [data.missing, data.editor] || true)` is a type error: the `&&` takes `data.editor` for its
//! left side. All of it was asked of the official engine (`tests/oracle/decisions/leftovers.jsonl`).

use bumpalo::Bump;
use smallvec::SmallVec;

use crate::{
    program::{Code, Corrupt, Ids, NameId, Op, OpId, Part},
    stdlib::{self, Failure},
    value::{Str, TypeName, ValueRef},
};

use super::{Error, Evaluator, Language, Observer, Result, anchor, comparison, dispatch, element, member, start};

/// What is left to do. Every operation that was entered and has no result yet has exactly one task other than
/// [`Task::Enter`], [`Task::Name`] and [`Task::Absent`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Enter an operation.
    Enter(OpId),
    /// Push a name: a plain segment of a path.
    Name(NameId),
    /// Push the null that stands for an absent bound of a range.
    Absent(OpId),
    /// All operands are on the stack.
    Finish(OpId),
    /// The left side of `&&` or `||` is on the stack.
    Left(OpId),
    /// The condition of `?:` is on the stack.
    Condition(OpId),
    /// The arguments of a user's function are on the stack.
    Arguments(OpId),
    /// The value of a function's variable is on the stack: which one.
    Variable(OpId, u32),
    /// So many parts of a chain are evaluated; the last of them is on the stack.
    Parts(OpId, u32),
}

/// The number of operands of most conditions, which need no allocation.
const FEW_OPERANDS: usize = 8;

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

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// Evaluates a whole condition operation by operation.
    pub fn condition(&mut self, condition: OpId) -> Result<'a> {
        Machine::new(self).run(condition)
    }
}

impl<'e, 'a, 'o, L: Language<'a>, O: Observer> Machine<'e, 'a, 'o, L, O> {
    pub(super) fn new(evaluator: &'e mut Evaluator<'a, 'o, L, O>) -> Self {
        Machine {
            code: evaluator.code,
            arena: evaluator.arena,
            evaluator,
            tasks: SmallVec::new(),
            operands: SmallVec::new(),
            locals: SmallVec::new(),
            frame: 0,
            frames: SmallVec::new(),
        }
    }

    /// Evaluates an operation. What it leaves behind stays among the operands.
    pub(super) fn run(&mut self, op: OpId) -> Result<'a> {
        self.tasks.push(Task::Enter(op));
        while let Some(task) = self.tasks.pop() {
            if let Err(error) = self.perform(task) {
                self.unwind(&error);
                return Err(error);
            }
        }
        self.pop()
    }

    /// Takes the operand that was pushed last. Every operation pushes what another takes: without an operand the program
    /// is corrupt.
    #[inline]
    pub(super) fn pop(&mut self) -> Result<'a> {
        self.operands.pop().unwrap_or(Err(Corrupt.into()))
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
    pub(super) fn spend(&mut self, id: OpId, cost: u32) -> Result<'a, ()> {
        self.evaluator.spend(Some(id), cost)
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
    fn perform(&mut self, task: Task) -> Result<'a, ()> {
        // An operation continues with its result, or without one while tasks of its own are left.
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
                self.operands.push(Ok(ValueRef::String(Str::Utf8(self.code.name(name)?))));
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

    fn begin(&mut self, id: OpId) -> Result<'a, ()> {
        let op = self.code.op(id)?;
        if let Op::Fused(_, origin, _) = op {
            self.tasks.push(Task::Enter(origin));
            return Ok(());
        }
        // Where the first error ends the condition, nothing is left behind.
        if L::RIGHT_TO_LEFT {
            self.evaluator.observer.operands(self.operands.len());
        }
        self.evaluator.observer.enter(self.code, id);
        match op {
            // Without operands it is finished at once.
            Op::Constant(..) | Op::Variable(_) | Op::Unknown | Op::Capture(_) | Op::Local(_) => {
                let result = self.finish(id);
                self.leave(id, result)
            }
            op => match self.enter(id, op) {
                Ok(()) => Ok(()),
                Err(error) => self.leave(id, Err(error)),
            },
        }
    }

    /// Gives an operation its result.
    fn leave(&mut self, id: OpId, result: Result<'a>) -> Result<'a, ()> {
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
    fn enter(&mut self, id: OpId, op: Op) -> Result<'a, ()> {
        let code = self.code;
        match op {
            // [`Self::begin`] does not enter these.
            Op::Constant(..) | Op::Variable(_) | Op::Unknown | Op::Capture(_) | Op::Local(_) | Op::Fused(..) => {}
            Op::All(_) | Op::Any(_) => self.todo([Task::Parts(id, 0)]),
            Op::And(left, _) | Op::Or(left, _) => self.todo([Task::Left(id), Task::Enter(left)]),
            Op::Ternary(condition, ..) => self.todo([Task::Condition(id), Task::Enter(condition)]),
            Op::Call(_, arguments) => {
                self.tasks.push(Task::Arguments(id));
                self.evaluate_all(arguments)?;
            }
            Op::Member(a, _) | Op::Not(a) | Op::Negate(a) => {
                self.todo([Task::Finish(id), Task::Enter(a)]);
            }
            Op::Compare(_, a, b) | Op::Arithmetic(_, a, b) | Op::Claim(a, b) | Op::Index(a, b) => {
                let (first, second) = if L::RIGHT_TO_LEFT { (b, a) } else { (a, b) };
                self.todo([Task::Finish(id), Task::Enter(second), Task::Enter(first)]);
            }
            // `x in c` is `c.in(x)`: the argument is evaluated first.
            Op::In(x, c) => self.todo([Task::Finish(id), Task::Enter(c), Task::Enter(x)]),
            Op::Range(object, from, to) => {
                let bound = |bound: Option<OpId>| bound.map_or(Task::Absent(id), Task::Enter);
                self.todo([Task::Finish(id), Task::Enter(object), bound(from), bound(to)]);
            }
            Op::Is(a, name) => {
                // The type's name is an operand of its own, below the value.
                self.spend(id, 1)?;
                self.operands.push(Ok(ValueRef::String(Str::Utf8(name.name()))));
                self.todo([Task::Finish(id), Task::Enter(a)]);
            }
            Op::Path(parts) => {
                let parts = code.parts.slice(parts)?;
                let literals = parts.iter().filter(|part| matches!(part, Part::Literal(_))).count();
                self.spend(id, literals as u32 + 1)?;
                self.tasks.push(Task::Finish(id));
                self.tasks.extend(parts.iter().filter_map(|part| match part {
                    Part::Op(op) => Some(Task::Enter(*op)),
                    Part::Literal(name) => Some(Task::Name(*name)),
                    Part::Capture(_) | Part::Glob(_) => None,
                }));
            }
            Op::List(run) | Op::Map(run) | Op::Builtin(_, run) | Op::Service(_, run) | Op::Missing(_, _, run) => {
                self.tasks.push(Task::Finish(id));
                self.evaluate_all(run)?;
            }
            Op::Method(_, receiver, arguments, _) => {
                self.tasks.push(Task::Finish(id));
                if L::RIGHT_TO_LEFT {
                    self.tasks.push(Task::Enter(receiver));
                    self.evaluate_all(arguments)?;
                } else {
                    self.evaluate_all(arguments)?;
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

    /// Adds tasks that evaluate operations, from the last to the first where the language does.
    fn evaluate_all(&mut self, ops: Ids<OpId>) -> Result<'a, ()> {
        let tasks = self.code.lists.slice(ops)?.iter().map(|op| Task::Enter(*op));
        if L::RIGHT_TO_LEFT {
            tasks.for_each(|task| self.tasks.push(task));
        } else {
            tasks.rev().for_each(|task| self.tasks.push(task));
        }
        Ok(())
    }

    /// The result of an operation whose operands are on the stack.
    fn finish(&mut self, id: OpId) -> Result<'a> {
        let code = self.code;
        match code.op(id)? {
            Op::Constant(value, cost) => {
                self.spend(id, cost)?;
                self.evaluator.sized(id, code.constants.get(value)?.view())
            }
            Op::Variable(slot) => {
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
            Op::Unknown => {
                self.spend(id, 1)?;
                Err(start(id, L::OPERATORS.no_value))
            }
            Op::Capture(slot) => {
                self.spend(id, 1)?;
                let value = self.evaluator.language.capture(slot, self.arena).map_err(|f| start(id, f))?;
                self.evaluator.sized(id, value)
            }
            Op::Local(slot) => {
                self.spend(id, 1)?;
                let local = self.locals.get(self.frame + usize::from(slot)).copied();
                local.unwrap_or(Err(Corrupt.into()))
            }
            Op::Member(object, name) => {
                let value = self.operand(id)?;
                (L::OPERATORS.member)(value, Str::Utf8(code.name(name)?)).map_err(|f| member(id, object, f))
            }
            Op::Compare(op, ..) => {
                let (a, b) = self.pair(id)?;
                (L::OPERATORS.compare)(op, a, b).map(ValueRef::Bool).map_err(|f| comparison(id, op, f))
            }
            Op::And(..) => self.sides(id, false),
            Op::Or(..) => self.sides(id, true),
            Op::Not(_) => stdlib::not(self.operand(id)?).map_err(|f| start(id, f)),
            Op::Method(table, _, arguments, pattern) => self.method(id, table, arguments, pattern),
            Op::Ternary(..) => self.branch(id),
            Op::Call(..) => self.returned(),
            _ => self.finish_rare(id),
        }
    }

    /// The operations that few conditions have, apart to keep the frame of [`Self::finish`] small.
    #[inline(never)]
    fn finish_rare(&mut self, id: OpId) -> Result<'a> {
        match self.code.op(id)? {
            Op::In(..) => {
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
            Op::Index(..) => {
                self.spend(id, 1)?;
                let (object, index) = (self.pop(), self.pop());
                let object = object?;
                stdlib::has_elements(object, stdlib::INDEX).map_err(|f| element(id, f))?;
                stdlib::index(self.arena, object, index?).map_err(|f| element(id, f))
            }
            Op::Range(..) => {
                self.spend(id, 1)?;
                let (object, from, to) = (self.pop(), self.pop(), self.pop());
                let object = object?;
                stdlib::has_elements(object, stdlib::RANGE).map_err(|f| element(id, f))?;
                stdlib::range(self.arena, object, from?, to?).map_err(|f| element(id, f))
            }
            Op::List(items) => self.list(id, items),
            Op::Map(entries) => self.map(id, entries),
            Op::Path(parts) => self.path(id, parts),
            Op::Claim(..) => {
                let (object, index) = self.pair(id)?;
                stdlib::claim_index(object, index).map_err(|f| start(id, f))
            }
            Op::Negate(_) => (L::OPERATORS.negate)(self.operand(id)?).map_err(|f| start(id, f)),
            Op::Arithmetic(op, ..) => {
                let (a, b) = self.pair(id)?;
                let result = (L::OPERATORS.arithmetic)(self.arena, op, a, b).map_err(|f| anchor(id, f))?;
                self.evaluator.sized(id, result)
            }
            Op::Is(..) => self.is(id),
            Op::Builtin(builtin, arguments) => self.builtin(id, builtin, arguments),
            Op::Service(function, arguments) => self.service(id, function, arguments),
            Op::Missing(package, name, arguments) => self.missing(id, package, name, arguments),
            // [`Self::finish`] knows all others.
            _ => Err(Corrupt.into()),
        }
    }

    /// The only operand; the operation is paid for after it.
    pub(super) fn operand(&mut self, id: OpId) -> Result<'a> {
        self.spend(id, 1)?;
        self.pop()
    }

    /// Both operands; where the right one is evaluated first, the left one's error still comes first.
    fn pair(&mut self, id: OpId) -> Result<'a, (ValueRef<'a>, ValueRef<'a>)> {
        self.spend(id, 1)?;
        let (last, first) = (self.pop(), self.pop());
        if L::RIGHT_TO_LEFT { Ok((last?, first?)) } else { Ok((first?, last?)) }
    }

    /// `a is type`, by the name that is on the stack.
    fn is(&mut self, id: OpId) -> Result<'a> {
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
