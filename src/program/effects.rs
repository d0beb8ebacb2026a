//! What evaluating an operation can do beyond giving a value: what it costs, and whether it leaves operands behind or
//! aborts the evaluation of the whole request.
//!
//! A list or a path with an operand that fails leaves the operands after it on the stack (see [`crate::eval`]); in a branch
//! of a ternary that aborts the request. A replacement that names a group which the pattern lacks aborts it too. The
//! official engine evaluates every block that covers a path, even after one of them permits, and an abort then denies the
//! request: whoever has found a statement that permits must know whether another block can still abort.

use rustc_hash::FxHashSet;

use crate::value::Value;

use super::{Code, Corrupt, Function, Id, Op, OpId};

/// The number of expressions that one request may evaluate, over all statements (runtime specification, section 17).
pub const MAX_EXPRESSIONS: u32 = 1000;

/// What an operation can do, together with all that it evaluates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effects {
    /// The most expressions that it spends, whatever the request.
    pub(super) cost: u32,
    /// Whether it can leave operands behind.
    leaves: bool,
    /// Whether it can abort the evaluation of the whole request.
    pub(super) aborts: bool,
}

impl Effects {
    /// What is assumed of an operation that cannot be analysed.
    const WORST: Effects = Effects { cost: u32::MAX, leaves: true, aborts: true };

    fn costing(cost: u32) -> Self {
        Effects { cost, leaves: false, aborts: false }
    }

    /// The effects of two operations that are both evaluated.
    fn and(self, other: Effects) -> Self {
        Effects { cost: self.cost.saturating_add(other.cost), ..self.or(other) }
    }

    /// The effects of two operations of which one is evaluated.
    fn or(self, other: Effects) -> Self {
        Effects {
            cost: self.cost.max(other.cost),
            leaves: self.leaves || other.leaves,
            aborts: self.aborts || other.aborts,
        }
    }

    /// Analyses an operation. The functions that it calls must have been [learned](learn). The parser bounds how deeply
    /// operations nest, and with it this recursion.
    pub(super) fn of(code: &Code, id: OpId) -> Self {
        Effects::analyse(code, id).unwrap_or(Effects::WORST)
    }

    fn analyse(code: &Code, id: OpId) -> Result<Self, Corrupt> {
        let op = code.op(id)?;
        let own = match op {
            Op::Constant(_, cost) => Effects::costing(cost),
            Op::Ternary(condition, yes, no) => {
                let branches = Effects::analyse(code, yes)?.or(Effects::analyse(code, no)?);
                let aborts = branches.aborts || branches.leaves;
                let condition = Effects::analyse(code, condition)?.and(Effects::costing(4));
                return Ok(condition.and(Effects { aborts, ..branches }));
            }
            // Both sides are paid for beside the operands; so is the name of a type.
            Op::And(..) | Op::Or(..) | Op::Is(..) => Effects::costing(2),
            // An absent bound is a null.
            Op::Range(_, from, to) => Effects::costing(1 + u32::from(from.is_none()) + u32::from(to.is_none())),
            Op::List(items) => {
                let leaves = match code.lists.slice(items)? {
                    [before @ .., _] => before.iter().any(|item| may_fail(code, *item)),
                    [] => false,
                };
                Effects { leaves, ..Effects::costing(1) }
            }
            Op::Path(parts) => {
                let operands = code.parts.slice(parts)?.iter().filter(|part| part.is_operand());
                let count = operands.clone().count();
                let literals = count - operands.clone().filter_map(|part| part.operation()).count();
                let mut before = operands.take(count.saturating_sub(1)).filter_map(|part| part.operation());
                Effects { leaves: before.any(|op| may_fail(code, op)), ..Effects::costing(literals as u32 + 1) }
            }
            Op::Method(table, _, arguments, _) => {
                let replaces = code.methods.get(table)?.name == "replace";
                let template = code.lists.slice(arguments)?.get(1);
                let aborts = replaces && template.is_some_and(|id| names_groups(code, *id));
                Effects { aborts, ..Effects::costing(1) }
            }
            // The checker refuses a function that calls itself; nothing is known of one here.
            Op::Call(function, _) => {
                code.functions.get(function)?.effects.unwrap_or(Effects::WORST).and(Effects::costing(1))
            }
            Op::Fused(_, origin, _) => return Effects::analyse(code, origin),
            _ => Effects::costing(1),
        };
        op.operands(code)?.into_iter().try_fold(own, |sum, operand| Ok(sum.and(Effects::analyse(code, operand)?)))
    }
}

/// Analyses a function, and before it the functions that it calls. A list of open functions replaces recursion: 20
/// functions with 90 levels of operations each can call one another.
pub(super) fn learn(code: &mut Code, function: Id<Function>) -> Result<(), Corrupt> {
    let mut open = vec![function];
    let mut seen = FxHashSet::default();
    while let Some(id) = open.last().copied() {
        let callees = if seen.insert(id) { callees(code, id)? } else { Vec::new() };
        let before = open.len();
        for callee in callees {
            if code.functions.get(callee)?.effects.is_none() && !seen.contains(&callee) {
                open.push(callee);
            }
        }
        if open.len() > before {
            continue;
        }
        open.pop();
        let function = code.functions.get(id)?;
        if function.effects.is_none() {
            let lets = function.lets.iter().map(|id| Effects::of(code, *id));
            let none = Effects::costing(function.lets.len() as u32);
            let effects = lets.fold(none, Effects::and).and(Effects::of(code, function.result));
            code.functions.get_mut(id)?.effects = Some(effects);
        }
    }
    Ok(())
}

/// The functions that the body of a function calls.
fn callees(code: &Code, function: Id<Function>) -> Result<Vec<Id<Function>>, Corrupt> {
    let function = code.functions.get(function)?;
    let mut open = function.lets.clone();
    open.push(function.result);
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        let op = code.op(id)?;
        open.extend(op.operands(code)?);
        if let Op::Call(function, _) = op {
            found.push(function);
        }
    }
    Ok(found)
}

/// Whether an operation can be an error, or no segment of a path. Texts and numbers are neither.
fn may_fail(code: &Code, id: OpId) -> bool {
    !matches!(code.constant(id), Some(Value::String(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_)))
}

/// Whether a replacement can name a group of its pattern. A constant that is no text cannot be a replacement.
fn names_groups(code: &Code, id: OpId) -> bool {
    match code.constant(id) {
        Some(Value::String(text)) => text.as_str().to_string().contains(['$', '\\']),
        constant => constant.is_none(),
    }
}
