//! What a condition can cost at most, in expressions: with it known, most requests need no counting.

use rustc_hash::FxHashMap;

use super::{Code, Node, NodeId, Part};

/// Expressions that one request may evaluate, over all statements tried (runtime specification, section 17).
pub const MAX_EXPRESSIONS: u32 = 1000;

/// Costs of operations, and of functions, each computed once.
#[derive(Default)]
pub(super) struct Costs {
    functions: FxHashMap<u32, u32>,
}

impl Costs {
    /// Whether a function has been [`learn`](Self::learn)ed.
    pub(super) fn knows(&self, function: u32) -> bool {
        self.functions.contains_key(&function)
    }

    /// Computes what a function costs. The functions that it calls have to be known.
    pub(super) fn learn(&mut self, code: &Code, number: u32) {
        let Some(function) = code.functions.get(number as usize) else { return };
        let lets = self.sum(code, function.lets.len() as u32, function.lets.iter().copied());
        self.functions.insert(number, lets.saturating_add(self.of(code, function.result)));
    }

    /// The most that evaluating an operation spends, whatever the request; the calls in it are counted in full. The
    /// functions that it calls have to be known.
    pub(super) fn of(&self, code: &Code, id: NodeId) -> u32 {
        let node = code.node(id);
        let own = match node {
            Node::Constant(_, cost) => return cost,
            Node::Unknown | Node::Variable(_) | Node::Capture(_) | Node::Local(_) => return 1,
            // One that calls itself costs more than anything may.
            Node::Call(function, _) => self.functions.get(&function).map_or(u32::MAX, |body| body.saturating_add(1)),
            // Both sides are paid for beside the operands.
            Node::And(..) | Node::Or(..) => 2,
            // The type's name is an operand.
            Node::Is(..) => 2,
            Node::Ternary(condition, yes, no) => {
                let branches = self.of(code, yes).max(self.of(code, no));
                return branches.saturating_add(self.of(code, condition)).saturating_add(4);
            }
            // A bound that is missing is a null.
            Node::Range(_, from, to) => 1 + u32::from(from.is_none()) + u32::from(to.is_none()),
            Node::Path(parts) => {
                let literals = parts.of(&code.parts).iter().filter(|part| matches!(part, Part::Literal(_)));
                literals.count() as u32 + 1
            }
            _ => 1,
        };
        self.sum(code, own, node.children(code))
    }

    fn sum(&self, code: &Code, own: u32, nodes: impl Iterator<Item = NodeId>) -> u32 {
        nodes.fold(own, |sum, node| sum.saturating_add(self.of(code, node)))
    }
}
