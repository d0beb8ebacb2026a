//! Explains an operation that took what a failed literal had left behind for an operand of its own.

use crate::program::{Code, Op, OpId, Part};

use super::trace::{Outcome, Step};

/// Words for an operation with parts in the order of evaluation; `None` for one that took its own operands.
pub(super) fn explain(code: &Code, op: Op, parts: &[Step]) -> Option<String> {
    let ternary = matches!(op, Op::Ternary(..));
    // A part that fails makes the operation around it fail in any case.
    let harms = |part: &Step| part.strays && (ternary || !matches!(part.outcome, Outcome::Error(_)));
    let position =
        parts.iter().enumerate().position(|(at, part)| harms(part) && has_operands_below(code, op, at, part))?;
    // The literal is the innermost step that left something.
    let mut literal = parts.get(position)?;
    while let Some(inner) = literal.parts.iter().find(|part| part.strays) {
        literal = inner;
    }
    let text = |id: OpId| code.source.slice(code.span(id)).split_whitespace().collect::<Vec<_>>().join(" ");
    let failed = literal.parts.iter().find(|part| matches!(part.outcome, Outcome::Error(_)));
    let at = failed.map_or(String::new(), |part| format!(" at `{}`", text(part.op)));
    let effect = match op {
        Op::Ternary(..) => "which ends the request in a branch of `?:`",
        Op::And(..) | Op::Or(..) => "and the operator here took one of them for its left side",
        _ => "and this operation took one of them for an operand",
    };
    Some(format!(
        "`{}` failed{at} and left its later parts behind, {effect}: put the part that may be missing last, or test for it \
         before",
        text(literal.op)
    ))
}

/// Whether an operand lay below a part, which is the one of that index, while it was evaluated.
fn has_operands_below(code: &Code, op: Op, at: usize, part: &Step) -> bool {
    match op {
        // The name of the type.
        Op::Is(..) => true,
        Op::Path(parts) => {
            let last = code.parts.slice(parts).ok().and_then(|parts| parts.iter().rev().find(|part| part.is_operand()));
            at > 0 || !matches!(last, Some(Part::Op(last)) if *last == part.op)
        }
        // Variables and the result begin with nothing below, arguments after the first do not.
        Op::Call(_, arguments) => at > 0 && at < arguments.len(),
        _ => at > 0,
    }
}
