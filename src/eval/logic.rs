//! `&&`, `||` and `?:`: what is evaluated, and which error survives (runtime specification, section 4).

use crate::{
    program::{NodeId, Run},
    stdlib::Failure,
    value::ValueRef,
};

use super::{Evaluator, Language, Observer, Result, anchor, outer};

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    /// `decisive` is true for `||`, false for `&&`: a side of that value decides, whatever the other side is.
    pub(super) fn connective(
        &mut self,
        id: NodeId,
        left: NodeId,
        right: NodeId,
        decisive: bool,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        let left = self.evaluate(left, locals);
        self.fatal_first(&left, &left)?;
        self.spend(id, 1)?;
        let left = match left {
            Ok(ValueRef::Bool(found)) if found == decisive => return Ok(ValueRef::Bool(decisive)),
            Ok(ValueRef::Bool(_)) => None,
            Ok(other) => Some(anchor(id, not_bool(other))),
            Err(error) => Some(error),
        };
        let right = self.evaluate(right, locals);
        self.fatal_first(&right, &right)?;
        self.spend(id, 1)?;
        match (right, left) {
            (Ok(ValueRef::Bool(found)), _) if found == decisive => Ok(ValueRef::Bool(decisive)),
            (_, Some(error)) => Err(error),
            (Ok(ValueRef::Bool(found)), None) => Ok(ValueRef::Bool(found)),
            (Ok(other), None) => Err(outer(id, not_bool(other))),
            (Err(error), None) => Err(error),
        }
    }

    /// `&&` and `||` of database rules: the first part of the value `decisive` decides, a part that fails ends the rule.
    pub(super) fn chain(&mut self, parts: Run, decisive: bool, locals: &[Result<'a>]) -> Result<'a> {
        for part in parts.of(&self.code.lists) {
            match self.evaluate(*part, locals)? {
                ValueRef::Bool(found) if found != decisive => {}
                ValueRef::Bool(_) => return Ok(ValueRef::Bool(decisive)),
                // The checker admits booleans only.
                other => return Err(anchor(*part, not_bool(other))),
            }
        }
        Ok(ValueRef::Bool(!decisive))
    }

    /// The condition, then only the branch it chooses. What it costs beyond them was measured.
    pub(super) fn ternary(
        &mut self,
        id: NodeId,
        condition: NodeId,
        yes: NodeId,
        no: NodeId,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        let condition = self.evaluate(condition, locals);
        self.fatal_first(&condition, &condition)?;
        self.spend(id, if matches!(condition, Ok(ValueRef::Bool(false))) { 4 } else { 2 })?;
        match condition? {
            ValueRef::Bool(true) => self.branch(yes, locals),
            ValueRef::Bool(false) => self.branch(no, locals),
            other => Err(anchor(id, not_bool(other))),
        }
    }

    fn branch(&mut self, id: NodeId, locals: &[Result<'a>]) -> Result<'a> {
        self.branches += 1;
        let result = self.evaluate(id, locals);
        self.branches -= 1;
        result
    }
}

/// There is no truthiness.
pub(super) fn not_bool<'a>(value: ValueRef<'_>) -> Failure<'a> {
    Failure::Type { received: value.type_of(), expected: &"bool" }
}
