//! Operators between operands by precedence climbing, and choices: what both languages have in common.

use crate::text::Span;

use super::ast::{BinaryOp, Expr, ExprId, Exprs};

/// How tightly an operator binds, from 1.
pub(super) type Power = u8;

/// `is`, the one operator after its operand: looser than `==`, tighter than `in`.
pub(super) const IS: Power = 4;

/// What a language's parser gives and takes. It stands before one token at a time.
pub(super) trait Operands {
    /// Why reading ends.
    type Error;

    /// Where expressions go.
    fn exprs(&mut self) -> &mut Exprs;

    /// Takes an operand, with the operators before it.
    fn operand(&mut self) -> Result<ExprId, Self::Error>;

    /// Takes the operators after an operand that bind more tightly than `floor`.
    fn suffixes(&mut self, operand: ExprId, _floor: Power) -> Result<ExprId, Self::Error> {
        Ok(operand)
    }

    /// The operator between operands that the parser stands before.
    fn operator(&self) -> Option<BinaryOp>;

    /// Takes a token and gives its place.
    fn take(&mut self) -> Span;

    /// Takes a `?`, if the parser stands before one. What follows, up to its `:`, counts as one level of nesting.
    fn question(&mut self) -> Result<Option<Span>, Self::Error>;

    /// Takes the `:` of a choice.
    fn colon(&mut self) -> Result<(), Self::Error>;
}

/// Takes an expression: an operation, or a choice of several. Recursion goes as deep as `?` nest, and whatever operands
/// the parser reads with it; choices one after another do not nest.
pub(super) fn expression<P: Operands>(parser: &mut P) -> Result<ExprId, P::Error> {
    let mut last = operation(parser, 0)?;
    let mut pending = Vec::new();
    // condition ? yes : condition ? yes : no …
    while let Some(question) = parser.question()? {
        let yes = expression(parser)?;
        parser.colon()?;
        pending.push((last, yes, question));
        last = operation(parser, 0)?;
    }
    while let Some((condition, yes, question)) = pending.pop() {
        let exprs = parser.exprs();
        let whole = exprs.span(condition).to(exprs.outer(last));
        last = exprs.push(Expr::Ternary(condition, yes, last), whole, question);
    }
    Ok(last)
}

/// Takes an operation whose operators bind more tightly than `floor`; recursion is as deep as there are powers.
fn operation<P: Operands>(parser: &mut P, floor: Power) -> Result<ExprId, P::Error> {
    let mut left = parser.operand()?;
    loop {
        left = parser.suffixes(left, floor)?;
        let Some((op, power)) = parser.operator().map(|op| (op, power(op))).filter(|(_, power)| *power > floor) else {
            return Ok(left);
        };
        let anchor = parser.take();
        let right = operation(parser, power)?;
        let exprs = parser.exprs();
        let whole = exprs.span(left).to(exprs.outer(right));
        left = exprs.push(Expr::Binary(op, left, right), whole, anchor);
    }
}

/// Loosest first (language specification, section 2). All associate to the left; a choice is looser still.
fn power(op: BinaryOp) -> Power {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::In => 3,
        BinaryOp::Eq | BinaryOp::Ne => IS + 1,
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => 6,
        BinaryOp::Add | BinaryOp::Sub => 7,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => 8,
    }
}
