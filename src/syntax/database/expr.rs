//! Expressions of database rules from what pest found. Operators and choices are built as those of the other language.

use crate::{
    syntax::{
        Builder,
        ast::{Expr, ExprId, Name, UnaryOp},
        grammar::{Node, Rule, span},
        literal,
    },
    text::Span,
};

/// Parentheses around expressions, which this language does not count.
type Groups = Vec<(ExprId, u32)>;

impl Builder<'_> {
    pub(in crate::syntax) fn database_unary(&mut self, node: Node<'_>, groups: &mut Groups) -> ExprId {
        let mut operators = Vec::new();
        let mut id = ExprId(0);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::not => operators.push((UnaryOp::Not, span(&part))),
                Rule::negate => operators.push((UnaryOp::Negate, span(&part))),
                _ => id = self.database_postfix(part, groups),
            }
        }
        for (op, anchor) in operators.into_iter().rev() {
            let whole = anchor.to(self.exprs.outer(id));
            id = self.exprs.push(Expr::Unary(op, id), whole, anchor);
        }
        id
    }

    fn database_postfix(&mut self, node: Node<'_>, groups: &mut Groups) -> ExprId {
        let mut parts = node.into_inner();
        let Some(first) = parts.next() else { return ExprId(0) };
        let mut whole = span(&first);
        let mut id = self.database_primary(first, groups);
        for part in parts {
            let bracket = span(&part);
            whole = whole.to(bracket);
            let rule = part.as_rule();
            let mut inner = part.into_inner();
            id = match rule {
                Rule::db_member => {
                    let name = self.name(inner.next());
                    self.member(id, name, whole)
                }
                Rule::db_bracket => match inner.next() {
                    Some(index) => self.database_bracket(id, index, whole, groups),
                    None => id,
                },
                _ => {
                    let arguments = inner.map(|argument| self.expression(argument, groups)).collect();
                    self.database_call(id, arguments, whole, bracket)
                }
            };
        }
        id
    }

    fn member(&mut self, object: ExprId, name: Name, whole: Span) -> ExprId {
        let anchor = name.span;
        self.exprs.push(Expr::Member(object, name), whole, anchor)
    }

    /// `a['b']` is `a.b` (specification, section 2.4).
    fn database_bracket(&mut self, object: ExprId, index: Node<'_>, whole: Span, groups: &mut Groups) -> ExprId {
        let place = span(&index);
        let index = self.expression(index, groups);
        if let Expr::Str(text) = self.exprs.get(index)
            && let Some(text) = text.as_str().as_utf8()
        {
            let name = Name { text: text.to_owned(), span: place };
            return self.member(object, name, whole);
        }
        self.exprs.push(Expr::Index(object, index), whole, place)
    }

    /// A member that is called is a method.
    fn database_call(&mut self, callee: ExprId, arguments: Vec<ExprId>, whole: Span, bracket: Span) -> ExprId {
        match self.exprs.get(callee) {
            Expr::Member(receiver, name) => {
                let (receiver, name) = (*receiver, name.clone());
                let anchor = name.span;
                self.exprs.push(Expr::Method(receiver, name, arguments), whole, anchor)
            }
            _ => self.exprs.push(Expr::Invoke(callee, arguments), whole, bracket),
        }
    }

    fn database_primary(&mut self, node: Node<'_>, groups: &mut Groups) -> ExprId {
        let whole = span(&node);
        let text = node.as_str();
        let expr = match node.as_rule() {
            Rule::null => Expr::Null,
            Rule::boolean => Expr::Bool(text == "true"),
            Rule::db_number => Expr::Float(number(text)),
            Rule::db_string => Expr::Str(literal::javascript_string(text)),
            Rule::db_regex => {
                let mut parts = node.into_inner();
                let pattern = self.name(parts.next());
                Expr::Regex(pattern, parts.next().map_or(String::new(), |flags| flags.as_str().to_owned()))
            }
            Rule::db_name => Expr::Variable(Name { text: text.to_owned(), span: whole }),
            Rule::db_array => Expr::List(node.into_inner().map(|item| self.expression(item, groups)).collect()),
            _ => {
                // A group: parentheses leave no trace.
                let Some(inner) = node.into_inner().next() else { return ExprId(0) };
                let id = self.expression(inner, groups);
                self.exprs.wrap(id, whole);
                return id;
            }
        };
        self.exprs.push(expr, whole, whole)
    }
}

/// The value of a number: decimal, hexadecimal, or octal where it begins with a zero and has octal digits only.
fn number(text: &str) -> f64 {
    let digits = |text: &str, radix: u32| {
        text.chars().filter_map(|c| c.to_digit(radix)).fold(0.0, |n, digit| n * f64::from(radix) + f64::from(digit))
    };
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return digits(hex, 16);
    }
    if text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return digits(text, 8);
    }
    format!("0{text}").replace(".e", ".0e").replace(".E", ".0e").trim_end_matches('.').parse().unwrap_or(f64::NAN)
}
