//! `&&`, `||` and `?:`: what is evaluated, and which error survives (runtime specification, section 4).

use crate::{
    program::{Corrupt, Op, OpId},
    stdlib::Failure,
    value::ValueRef,
};

use super::{
    Language, Observer, Result, anchor,
    machine::{Machine, Task},
    outer, start,
};

impl<'a, L: Language<'a>, O: Observer> Machine<'_, 'a, '_, L, O> {
    /// The left side of `&&` or `||` decides, or the right side is evaluated. Meanwhile the left side stays on the stack.
    pub(super) fn after_left(&mut self, id: OpId) -> Result<'a, Option<ValueRef<'a>>> {
        let (right, decisive) = match self.code.op(id)? {
            Op::And(_, right) => (right, false),
            Op::Or(_, right) => (right, true),
            _ => return Err(Corrupt.into()),
        };
        self.spend(id, 1)?;
        let left = match self.pop() {
            Ok(ValueRef::Bool(found)) if found == decisive => return Ok(Some(ValueRef::Bool(decisive))),
            Ok(ValueRef::Bool(found)) => Ok(ValueRef::Bool(found)),
            Ok(other) => Err(anchor(id, not_bool(other))),
            Err(error) => Err(error),
        };
        self.operands.push(left);
        self.todo([Task::Finish(id), Task::Enter(right)]);
        Ok(None)
    }

    /// Both sides of `&&`, or with `decisive` of `||`: a side of that value decides, whatever the other side is. An operand
    /// that was left behind between them takes the place of the left side, and is the result where the right side does not
    /// decide.
    pub(super) fn sides(&mut self, id: OpId, decisive: bool) -> Result<'a> {
        self.spend(id, 1)?;
        let (right, left) = (self.pop(), self.pop());
        match (right, left) {
            (Ok(ValueRef::Bool(found)), _) if found == decisive => Ok(ValueRef::Bool(decisive)),
            (_, Err(error)) => Err(error),
            (Ok(ValueRef::Bool(found)), Ok(ValueRef::Bool(_))) => Ok(ValueRef::Bool(found)),
            (Ok(ValueRef::Bool(_)), Ok(other)) => Ok(other),
            (Ok(other), Ok(_)) => Err(outer(id, not_bool(other))),
            (Err(error), Ok(_)) => Err(error),
        }
    }

    /// `&&` and `||` of database rules: the first part with the decisive value decides, a part that fails ends the rule.
    pub(super) fn after_parts(&mut self, id: OpId, done: u32) -> Result<'a, Option<ValueRef<'a>>> {
        let (parts, decisive) = match self.code.op(id)? {
            Op::All(parts) => (parts, false),
            Op::Any(parts) => (parts, true),
            _ => return Err(Corrupt.into()),
        };
        let parts = self.code.lists.slice(parts)?;
        if let Some(part) = (done as usize).checked_sub(1).and_then(|last| parts.get(last)) {
            match self.pop() {
                Ok(ValueRef::Bool(found)) if found != decisive => {}
                Ok(ValueRef::Bool(_)) => return Ok(Some(ValueRef::Bool(decisive))),
                // The checker admits booleans only.
                Ok(other) => return Err(anchor(*part, not_bool(other))),
                Err(error) => return Err(error),
            }
        }
        match parts.get(done as usize) {
            Some(next) => {
                self.todo([Task::Parts(id, done + 1), Task::Enter(*next)]);
                Ok(None)
            }
            None => Ok(Some(ValueRef::Bool(!decisive))),
        }
    }

    /// The condition of `?:` chooses a branch, and stays on the stack below it. The costs of a choice are measured.
    pub(super) fn after_condition(&mut self, id: OpId) -> Result<'a, Option<ValueRef<'a>>> {
        let Op::Ternary(_, yes, no) = self.code.op(id)? else { return Err(Corrupt.into()) };
        let condition = self.pop();
        self.spend(id, if matches!(condition, Ok(ValueRef::Bool(false))) { 4 } else { 2 })?;
        let branch = match condition {
            Ok(ValueRef::Bool(true)) => yes,
            Ok(ValueRef::Bool(false)) => no,
            Ok(other) => return Err(anchor(id, not_bool(other))),
            Err(error) => return Err(error),
        };
        self.operands.push(condition);
        self.todo([Task::Finish(id), Task::Enter(branch)]);
        Ok(None)
    }

    /// The value of the branch. Where the branch left something behind that is no boolean, the official engine aborts the
    /// evaluation of the whole request.
    pub(super) fn branch(&mut self, id: OpId) -> Result<'a> {
        let (value, predicate) = (self.pop(), self.pop());
        match predicate {
            Ok(ValueRef::Bool(_)) => value,
            _ => Err(start(id, Failure::Fatal(TERNARY_PREDICATE))),
        }
    }
}

/// The official words where a branch of a ternary left something behind.
const TERNARY_PREDICATE: &str = "ternary operator predicate is always boolean";

/// There is no truthiness.
pub(super) fn not_bool<'a>(value: ValueRef<'_>) -> Failure<'a> {
    Failure::Type { received: value.type_of(), expected: &"bool" }
}
