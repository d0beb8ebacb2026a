//! `&&`, `||` and `?:`: what is evaluated, and which error survives (runtime specification, section 4).

use crate::{
    program::{NodeId, Run},
    stdlib::Failure,
    value::ValueRef,
};

use super::{Evaluator, Language, Observer, Result, anchor, outer, start};

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// `decisive` is true for `||`, false for `&&`: a side of that value decides, whatever the other side is. The left
    /// side stays on the stack while the right one is evaluated; where something was left behind in between, that is
    /// taken for it, and returned as it is where the right side does not decide.
    pub(super) fn connective(
        &mut self,
        id: NodeId,
        left: NodeId,
        right: NodeId,
        decisive: bool,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        self.evaluate(left, locals)?;
        self.spend(id, 1)?;
        let left = match self.pop() {
            Ok(ValueRef::Bool(found)) if found == decisive => return Ok(ValueRef::Bool(decisive)),
            Ok(ValueRef::Bool(found)) => Ok(ValueRef::Bool(found)),
            Ok(other) => Err(anchor(id, not_bool(other))),
            Err(error) => Err(error),
        };
        self.operands.push(left);
        self.evaluate(right, locals)?;
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

    /// `&&` and `||` of database rules: the first part of the value `decisive` decides, a part that fails ends the rule.
    pub(super) fn chain(&mut self, parts: Run, decisive: bool, locals: &[Result<'a>]) -> Result<'a> {
        for part in parts.of(&self.code.lists) {
            self.evaluate(*part, locals)?;
            match self.pop()? {
                ValueRef::Bool(found) if found != decisive => {}
                ValueRef::Bool(_) => return Ok(ValueRef::Bool(decisive)),
                // The checker admits booleans only.
                other => return Err(anchor(*part, not_bool(other))),
            }
        }
        Ok(ValueRef::Bool(!decisive))
    }

    /// The condition, then only the branch it chooses. What it costs beyond them was measured. The condition stays on
    /// the stack below the branch; where the branch left something behind that is no boolean, the official engine ends the
    /// evaluation of the whole request.
    pub(super) fn ternary(
        &mut self,
        id: NodeId,
        condition: NodeId,
        yes: NodeId,
        no: NodeId,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        self.evaluate(condition, locals)?;
        let condition = self.pop();
        self.spend(id, if matches!(condition, Ok(ValueRef::Bool(false))) { 4 } else { 2 })?;
        let branch = match condition? {
            ValueRef::Bool(true) => yes,
            ValueRef::Bool(false) => no,
            other => return Err(anchor(id, not_bool(other))),
        };
        self.operands.push(condition);
        self.evaluate(branch, locals)?;
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
