//! What a condition can cost at most, in expressions: with it known, most requests need no counting.

use rustc_hash::FxHashMap;

use super::{Code, Node, NodeId, Part, Run};

/// Expressions that one request may evaluate, over all statements tried (runtime specification, section 17).
pub const MAX_EXPRESSIONS: u32 = 1000;

/// Costs of operations and functions, each computed once.
#[derive(Default)]
pub(super) struct Costs {
    /// By function; `None` while it is being computed, which only a function that calls itself sees.
    functions: FxHashMap<u32, Option<u32>>,
}

impl Costs {
    /// The most that evaluating an operation spends, whatever the request; the calls in it are counted in full.
    pub(super) fn of(&mut self, code: &Code, id: NodeId) -> u32 {
        let own = match code.node(id) {
            Node::Constant(_, cost) => return cost,
            Node::Unknown | Node::Variable(_) | Node::Capture(_) | Node::Local(_) => return 1,
            Node::Call(function, arguments) => return self.call(code, function, arguments),
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
        self.sum(code, own, code.node(id).children(code))
    }

    fn sum(&mut self, code: &Code, own: u32, nodes: impl Iterator<Item = NodeId>) -> u32 {
        nodes.fold(own, |sum, node| sum.saturating_add(self.of(code, node)))
    }

    fn call(&mut self, code: &Code, number: u32, arguments: Run) -> u32 {
        let body = self.function(code, number);
        self.sum(code, body.saturating_add(1), arguments.of(&code.lists).iter().copied())
    }

    fn function(&mut self, code: &Code, number: u32) -> u32 {
        if let Some(known) = self.functions.get(&number) {
            // One that calls itself costs more than anything may.
            return known.unwrap_or(u32::MAX);
        }
        let Some(function) = code.functions.get(number as usize) else { return 0 };
        self.functions.insert(number, None);
        let lets = self.sum(code, function.lets.len() as u32, function.lets.iter().copied());
        let cost = lets.saturating_add(self.of(code, function.result));
        self.functions.insert(number, Some(cost));
        cost
    }
}
