//! The functions that a function calls, in an order that needs no recursion.

use rustc_hash::FxHashSet;

use super::{Code, Node, NodeId};

enum Step {
    Enter(u32),
    Leave(u32),
}

/// The functions that calling one can evaluate, callees first and itself last, without those that are known already and
/// what only they call.
///
/// Whoever computes a property of functions in this order has the results of the callees at hand. Recursing into calls
/// instead would nest 20 functions with 90 levels of operations each.
pub(super) fn called(code: &Code, function: u32, is_known: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut order = Vec::new();
    let mut seen = FxHashSet::default();
    let mut steps = vec![Step::Enter(function)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Leave(function) => order.push(function),
            Step::Enter(function) if is_known(function) || !seen.insert(function) => {}
            Step::Enter(function) => {
                steps.push(Step::Leave(function));
                if let Some(found) = code.functions.get(function as usize) {
                    let mut bodies = found.lets.clone();
                    bodies.push(found.result);
                    steps.extend(direct(code, &bodies).map(Step::Enter));
                }
            }
        }
    }
    order
}

/// The functions that stand in these operations.
fn direct(code: &Code, operations: &[NodeId]) -> impl Iterator<Item = u32> {
    let mut open = operations.to_vec();
    std::iter::from_fn(move || {
        while let Some(id) = open.pop() {
            let node = code.node(id);
            open.extend(node.children(code));
            if let Node::Call(function, _) = node {
                return Some(function);
            }
        }
        None
    })
}
