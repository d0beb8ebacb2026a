//! The lint of chained comparisons, `a == b == c`, in both languages.

use crate::syntax::ast::{BinaryOp, Expr, ExprId, Exprs};

use super::{Code, findings::Findings};

pub(super) fn check(exprs: &Exprs, found: &mut Findings) {
    let equality = |op: &BinaryOp| matches!(op, BinaryOp::Eq | BinaryOp::Ne);
    for id in (0..exprs.len()).filter_map(|at| u32::try_from(at).ok()).map(ExprId) {
        let Expr::Binary(op, left, right) = exprs.get(id) else { continue };
        let Expr::Binary(inner, ..) = exprs.get(*left) else { continue };
        // Parentheses or a comparison with a boolean show that the chain is meant.
        let meant = exprs.outer(*left) != exprs.span(*left) || matches!(exprs.get(*right), Expr::Bool(_));
        if equality(op) && equality(inner) && !meant {
            let (op, inner) = (op.symbol(), inner.symbol());
            let message = format!("this `{op}` compares the boolean result of the `{inner}` before it");
            found.add(Code::ChainedComparison, exprs.span(id), message);
        }
    }
}
