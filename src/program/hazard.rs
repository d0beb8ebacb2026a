//! What evaluating an operation may do beyond giving a value or an error: leave operands behind, or end the evaluation
//! of the whole request.
//!
//! A list or a path whose part fails leaves the parts after it on the stack (see [`crate::eval`]); in a branch of a
//! ternary that ends everything. So does a replacement that names a group which the pattern lacks. The official engine
//! evaluates every block that covers a path, even where one of them permits, and such an end then denies the request:
//! whoever has found a statement that permits must know whether another block can still end everything.

use rustc_hash::FxHashMap;

use crate::value::Value;

use super::{Code, Node, NodeId, Part};

/// What an operation may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hazard {
    /// It may leave operands behind.
    leaves: bool,
    /// It may end the evaluation of the whole request.
    pub(super) aborts: bool,
}

impl Hazard {
    fn or(self, other: Hazard) -> Hazard {
        Hazard { leaves: self.leaves || other.leaves, aborts: self.aborts || other.aborts }
    }
}

/// Hazards of operations, and of functions, each computed once.
#[derive(Default)]
pub(super) struct Hazards {
    functions: FxHashMap<u32, Hazard>,
}

impl Hazards {
    /// Computes what a function may do. The functions that it calls have to be known.
    pub(super) fn learn(&mut self, code: &Code, number: u32) {
        let Some(function) = code.functions.get(number as usize) else { return };
        let bodies = function.lets.iter().chain([&function.result]);
        let hazard = bodies.map(|id| self.of(code, *id)).fold(Hazard::default(), Hazard::or);
        self.functions.insert(number, hazard);
    }

    /// The hazard of an operation with all that it evaluates. The functions that it calls have to be known.
    pub(super) fn of(&self, code: &Code, id: NodeId) -> Hazard {
        let node = code.node(id);
        if let Node::Ternary(condition, yes, no) = node {
            let branches = self.of(code, yes).or(self.of(code, no));
            let ends = Hazard { leaves: false, aborts: branches.leaves };
            return self.of(code, condition).or(branches).or(ends);
        }
        let operands = node.children(code).map(|part| self.of(code, part)).fold(Hazard::default(), Hazard::or);
        operands.or(match node {
            Node::List(items) => match items.of(&code.lists) {
                [before @ .., _] => leaving(before.iter().any(|item| may_fail(code, *item))),
                [] => Hazard::default(),
            },
            Node::Path(parts) => {
                let pushed =
                    parts.of(&code.parts).iter().filter(|part| matches!(part, Part::Literal(_) | Part::Node(_)));
                let last = pushed.clone().count().saturating_sub(1);
                let mut before = pushed.take(last);
                leaving(before.any(|part| matches!(part, Part::Node(node) if may_fail(code, *node))))
            }
            Node::Method(table, _, arguments, _) => {
                let replaces = code.methods.get(table as usize).is_some_and(|methods| methods.name == "replace");
                let template = arguments.of(&code.lists).get(1);
                Hazard { leaves: false, aborts: replaces && template.is_some_and(|id| names_groups(code, *id)) }
            }
            // One that calls itself adds nothing to what it does; the checker refuses it.
            Node::Call(function, _) => self.functions.get(&function).copied().unwrap_or_default(),
            _ => Hazard::default(),
        })
    }
}

fn leaving(leaves: bool) -> Hazard {
    Hazard { leaves, aborts: false }
}

/// Whether an operation may be an error, or no segment of a path. Texts and numbers are neither.
fn may_fail(code: &Code, id: NodeId) -> bool {
    let constant = match code.node(id) {
        Node::Constant(at, _) => code.constants.get(at as usize),
        _ => None,
    };
    !matches!(constant, Some(Value::String(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_)))
}

/// Whether a replacement may name a group of its pattern.
fn names_groups(code: &Code, id: NodeId) -> bool {
    match code.node(id) {
        Node::Constant(at, _) => match code.constants.get(at as usize) {
            Some(Value::String(text)) => text.as_str().to_string().contains(['$', '\\']),
            // What is no text cannot be a replacement.
            _ => false,
        },
        _ => true,
    }
}
