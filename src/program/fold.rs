//! Constants computed once: arithmetic on literals, such as `5 * 1024 * 1024`. What fails is left to fail when it is
//! evaluated, and what it would have cost in expressions is kept.

use bumpalo::Bump;

use crate::{
    stdlib::{self, Arithmetic},
    value::{Type, ValueRef},
};

use super::{Node, NodeId, lower::Lowering};

pub(super) fn arithmetic(lowering: &mut Lowering<'_>, op: Arithmetic, a: NodeId, b: NodeId) -> Option<Node> {
    let (Node::Constant(left, cost_left), Node::Constant(right, cost_right)) =
        (lowering.program.node(a), lowering.program.node(b))
    else {
        return None;
    };
    let bump = Bump::new();
    let (left, right) =
        (lowering.program.constants.get(left as usize)?, lowering.program.constants.get(right as usize)?);
    let value = stdlib::arithmetic(&bump, op, left.view(), right.view()).ok().filter(is_number)?.to_value();
    Some(lowering.costly_constant(value, cost_left + cost_right + 1))
}

pub(super) fn negate(lowering: &mut Lowering<'_>, a: NodeId) -> Option<Node> {
    let Node::Constant(value, cost) = lowering.program.node(a) else { return None };
    let value = lowering.program.constants.get(value as usize)?.view();
    let value = stdlib::negate(value).ok().filter(is_number)?.to_value();
    Some(lowering.costly_constant(value, cost + 1))
}

fn is_number(value: &ValueRef<'_>) -> bool {
    matches!(value.type_of(), Type::Int | Type::Float)
}
