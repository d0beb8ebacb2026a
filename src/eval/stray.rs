//! What to say of an operation that took what a failed literal had left behind for an operand of its own.

use crate::program::{Code, Node, NodeId, Part};

use super::trace::{Outcome, Step};

/// Words for an operation, given its parts in the order in which they were evaluated; none for one that took its own
/// operands.
pub(super) fn explain(code: &Code, node: NodeId, parts: &[Step]) -> Option<String> {
    let ternary = matches!(code.node(node), Node::Ternary(..));
    // What fails is an error around it in any case.
    let harms = |part: &Step| part.strays && (ternary || !matches!(part.outcome, Outcome::Error(_)));
    let place =
        parts.iter().enumerate().position(|(at, part)| harms(part) && has_operands_below(code, node, at, part))?;
    let literal = literal(parts.get(place)?);
    let text = |node: NodeId| code.source.slice(code.span(node)).split_whitespace().collect::<Vec<_>>().join(" ");
    let failed = literal.parts.iter().find(|part| matches!(part.outcome, Outcome::Error(_)));
    let at = failed.map_or(String::new(), |part| format!(" at `{}`", text(part.node)));
    let effect = match code.node(node) {
        Node::Ternary(..) => "which ends the request in a branch of `?:`",
        Node::And(..) | Node::Or(..) => "and the operator here took one of them for its left side",
        _ => "and this operation took one of them for an operand",
    };
    Some(format!(
        "`{}` failed{at} and left its later parts behind, {effect}: put the part that may be missing last, or test for it \
         before",
        text(literal.node)
    ))
}

/// Whether an operand lay below a part, which is the one of that number, while it was evaluated.
fn has_operands_below(code: &Code, node: NodeId, at: usize, part: &Step) -> bool {
    match code.node(node) {
        // The type's name.
        Node::Is(..) => true,
        Node::Path(parts) => {
            let pushed =
                parts.of(&code.parts).iter().rev().find(|part| matches!(part, Part::Literal(_) | Part::Node(_)));
            at > 0 || !matches!(pushed, Some(Part::Node(last)) if *last == part.node)
        }
        // Variables and the result begin with nothing below, arguments after the first do not.
        Node::Call(_, arguments) => at > 0 && at < arguments.of(&code.lists).len(),
        _ => at > 0,
    }
}

/// The literal that failed: the innermost step that left something.
fn literal(step: &Step) -> &Step {
    step.parts.iter().find(|part| part.strays).map_or(step, literal)
}
