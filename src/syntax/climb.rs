//! Binary operators by precedence climbing, and ternaries: the expression grammar that both languages share.

use crate::text::Span;

use super::ast::{BinaryOp, Expr, ExprId, Exprs};

/// The binding power of an operator, from 1.
pub(super) type Power = u8;

/// The power of `is`, the only postfix operator: between `in` and `==`.
pub(super) const IS: Power = 4;

/// The parser of a language, which is positioned before one token at a time.
pub(super) trait Operands {
    /// The reason why parsing ends.
    type Error;

    /// The expressions that the parser builds.
    fn exprs(&mut self) -> &mut Exprs;

    /// Parses an operand with its prefix operators.
    fn operand(&mut self) -> Result<ExprId, Self::Error>;

    /// Parses the postfix operators of an operand whose power exceeds `floor`.
    fn suffixes(&mut self, operand: ExprId, _floor: Power) -> Result<ExprId, Self::Error> {
        Ok(operand)
    }

    /// The next token as a binary operator, if it is one.
    fn operator(&self) -> Option<BinaryOp>;

    /// Consumes a token and returns its span.
    fn take(&mut self) -> Span;

    /// Consumes a `?`, if it is the next token. The text up to its `:` counts as one level of nesting.
    fn question(&mut self) -> Result<Option<Span>, Self::Error>;

    /// Consumes the `:` of a ternary.
    fn colon(&mut self) -> Result<(), Self::Error>;
}

/// Parses an expression: an operation or a ternary. The recursion is as deep as ternaries nest in their middle operand;
/// ternaries in the last operand do not nest.
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

/// Parses an operation whose operators have powers above `floor`. The number of powers bounds the recursion.
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

/// The binary operator that a token of either language writes; each grammar admits its own.
pub(super) fn binary_operator(text: &str) -> Option<BinaryOp> {
    Some(match text {
        "||" => BinaryOp::Or,
        "&&" => BinaryOp::And,
        "in" => BinaryOp::In,
        "==" | "===" => BinaryOp::Eq,
        "!=" | "!==" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        _ => return None,
    })
}

/// The powers of operators, loosest first (language specification, section 2). All associate to the left; a ternary binds
/// more loosely than any of them.
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
