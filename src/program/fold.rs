//! Constants computed once: arithmetic on literals, such as `5 * 1024 * 1024`. What fails is left to fail when it is
//! evaluated; what it would have cost in expressions and what it was computed from are kept.

use bumpalo::Bump;

use crate::{
    stdlib::Arithmetic,
    value::{Type, ValueRef},
};

use super::{Node, NodeId, builder::Builder};

pub(super) fn arithmetic(builder: &mut Builder, op: Arithmetic, a: NodeId, b: NodeId) -> Option<Node> {
    let (Node::Constant(left, cost_left), Node::Constant(right, cost_right)) =
        (builder.code.node(a), builder.code.node(b))
    else {
        return None;
    };
    let bump = Bump::new();
    let (left, right) = (builder.code.constants.get(left as usize)?, builder.code.constants.get(right as usize)?);
    let compute = builder.code.dialect.operators().arithmetic;
    let value = compute(&bump, op, left.view(), right.view()).ok().filter(is_number)?.to_value();
    Some(builder.folded(value, cost_left + cost_right + 1, &[a, b]))
}

pub(super) fn negate(builder: &mut Builder, a: NodeId) -> Option<Node> {
    let Node::Constant(value, cost) = builder.code.node(a) else { return None };
    let value = builder.code.constants.get(value as usize)?.view();
    let value = (builder.code.dialect.operators().negate)(value).ok().filter(is_number)?.to_value();
    Some(builder.folded(value, cost + 1, &[a]))
}

fn is_number(value: &ValueRef<'_>) -> bool {
    matches!(value.type_of(), Type::Int | Type::Float)
}
