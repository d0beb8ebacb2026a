//! The engine of this repository, asked the same questions in process.

mod compile;
pub mod expression;
pub mod request;

pub use compile::{compile, is_syntax};

use firewarden::{
    internals::syntax::ast::{ExprId, Exprs},
    text::Span,
};

/// All the text of an expression: of `(a) && b` with the parenthesis of its first operand.
pub fn extent(exprs: &Exprs, id: ExprId) -> Span {
    let outer = exprs.outer(id);
    let mut children = exprs.get(id).children().map(|(child, _)| child);
    let first = children.next();
    let last = children.next_back().or(first);
    let ends = [first, last].into_iter().flatten().map(|child| extent(exprs, child));
    ends.fold(outer, |all, end| Span { start: all.start.min(end.start), end: all.end.max(end.end) })
}
