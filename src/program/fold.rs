//! Computes arithmetic on literals, such as `5 * 1024 * 1024`. What fails stays an operation, and fails when a request
//! evaluates it. A computed constant keeps its operands and what computing it costs officially.

use bumpalo::Bump;

use crate::{
    stdlib::Arithmetic,
    value::{Type, ValueRef},
};

use super::{Op, OpId, builder::Builder};

pub(super) fn arithmetic(builder: &mut Builder, op: Arithmetic, a: OpId, b: OpId) -> Option<Op> {
    let code = &builder.code;
    let (Ok(Op::Constant(left, cost_left)), Ok(Op::Constant(right, cost_right))) = (code.op(a), code.op(b)) else {
        return None;
    };
    let bump = Bump::new();
    let (left, right) = (code.constants.get(left).ok()?, code.constants.get(right).ok()?);
    let compute = code.dialect.operators().arithmetic;
    let value = compute(&bump, op, left.view(), right.view()).ok().filter(is_number)?.to_value();
    Some(builder.folded(value, cost_left + cost_right + 1, &[a, b]))
}

pub(super) fn negate(builder: &mut Builder, a: OpId) -> Option<Op> {
    let Ok(Op::Constant(value, cost)) = builder.code.op(a) else { return None };
    let value = builder.code.constants.get(value).ok()?.view();
    let value = (builder.code.dialect.operators().negate)(value).ok().filter(is_number)?.to_value();
    Some(builder.folded(value, cost + 1, &[a]))
}

fn is_number(value: &ValueRef<'_>) -> bool {
    matches!(value.type_of(), Type::Int | Type::Float)
}
