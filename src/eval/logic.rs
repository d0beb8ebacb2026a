//! `&&`, `||` and `?:`: what is evaluated, and which error survives (runtime specification, section 4).

use crate::{
    program::{Node, NodeId},
    stdlib::Failure,
    value::ValueRef,
};

use super::{
    Language, Observer, Result, anchor,
    machine::{Advance, Machine, Task},
    outer, start,
};

impl<'a, L: Language<'a>, O: Observer> Machine<'_, 'a, '_, L, O> {
    /// The left side of `&&` or `||` decides, or the right side is evaluated. Meanwhile the left side stays on the stack.
    pub(super) fn after_left(&mut self, id: NodeId) -> Advance<'a> {
        let (right, decisive) = match self.code.node(id) {
            Node::And(_, right) => (right, false),
            Node::Or(_, right) => (right, true),
            _ => return Err(start(id, Failure::Null)),
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

    /// Both sides of `&&`, or with `decisive` of `||`: a side of that value decides, whatever the other side is. Where
    /// something was left behind between them, that is taken for the left side, and returned as it is where the right
    /// side does not decide.
    pub(super) fn sides(&mut self, id: NodeId, decisive: bool) -> Result<'a> {
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
    pub(super) fn after_parts(&mut self, id: NodeId, done: u32) -> Advance<'a> {
        let (parts, decisive) = match self.code.node(id) {
            Node::All(parts) => (parts, false),
            Node::Any(parts) => (parts, true),
            _ => return Err(start(id, Failure::Null)),
        };
        let parts = parts.of(&self.code.lists);
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

    /// The condition of `?:` chooses a branch, and stays on the stack below it. What a choice costs was measured.
    pub(super) fn after_condition(&mut self, id: NodeId) -> Advance<'a> {
        let Node::Ternary(_, yes, no) = self.code.node(id) else {
            return Err(start(id, Failure::Null));
        };
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

    /// The value of the branch. Where the branch left something behind that is no boolean, the official engine ends the
    /// evaluation of the whole request.
    pub(super) fn branch(&mut self, id: NodeId) -> Result<'a> {
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
