//! Expressions: from matches of the grammar to the syntax tree.

use crate::{
    syntax::{
        ast::{BinaryOp, Expr, ExprId, ExprList, Exprs, Name, UnaryOp},
        climb::{self, Operands as _},
        grammar::{
            self, Failure, Nodes,
            database::{DatabaseGrammar, Rule},
        },
        literal,
    },
    text::Span,
};

/// Parses an expression, recursing as deeply as its brackets nest. Returns the root and the comments, with spans in `text`.
///
/// # Errors
///
/// The offset at which the text stops being an expression.
pub(super) fn parse(text: &str, exprs: &mut Exprs) -> Result<(ExprId, Vec<Span>), Failure<Rule>> {
    let nodes = grammar::parse::<DatabaseGrammar, Rule>(Rule::db_rule, text)?;
    let (below, _) = Nodes(&nodes).split();
    let mut builder =
        Builder { text, nodes: below, exprs, items: ExprList::new(), prefixes: Vec::new(), outer: Vec::new() };
    let root = builder.within(climb::expression)?;
    let comments = nodes.iter().filter(|node| node.rule == Rule::db_comment).map(|node| node.span).collect();
    Ok((root, comments))
}

type Built<T> = Result<T, Failure<Rule>>;

struct Builder<'n, 'e> {
    text: &'n str,
    /// The matches that remain in the innermost bracket.
    nodes: Nodes<'n, Rule>,
    exprs: &'e mut Exprs,
    /// The elements read so far of all open lists.
    items: ExprList,
    /// The unary operators whose operands are still to be read.
    prefixes: Vec<(UnaryOp, Span)>,
    /// For each open choice, the matches after it.
    outer: Vec<Nodes<'n, Rule>>,
}

impl climb::Operands for Builder<'_, '_> {
    type Error = Failure<Rule>;

    fn exprs(&mut self) -> &mut Exprs {
        self.exprs
    }

    fn operand(&mut self) -> Built<ExprId> {
        let before = self.prefixes.len();
        while self.rule() == Some(Rule::db_unary) {
            let anchor = self.take();
            let op = if self.written(anchor) == "!" { UnaryOp::Not } else { UnaryOp::Negate };
            self.prefixes.push((op, anchor));
        }
        let mut id = self.postfix()?;
        while self.prefixes.len() > before
            && let Some((op, anchor)) = self.prefixes.pop()
        {
            let whole = anchor.to(self.exprs.outer(id));
            id = self.exprs.push(Expr::Unary(op, id), whole, anchor);
        }
        Ok(id)
    }

    fn operator(&self) -> Option<BinaryOp> {
        let node = self.next().first().filter(|node| node.rule == Rule::db_infix)?;
        climb::binary_operator(self.written(node.span))
    }

    fn take(&mut self) -> Span {
        let nodes = self.next();
        let place = nodes.first().map_or(Span::new(self.text.len(), self.text.len()), |node| node.span);
        (_, self.nodes) = nodes.split();
        place
    }

    fn question(&mut self) -> Built<Option<Span>> {
        let Some(choice) = self.next().first().filter(|node| node.rule == Rule::db_choice) else { return Ok(None) };
        let (below, beside) = self.next().split();
        self.outer.push(beside);
        (self.nodes, _) = below.split();
        Ok(Some(opening(choice.span)))
    }

    fn colon(&mut self) -> Built<()> {
        self.nodes = self.outer.pop().unwrap_or(self.nodes);
        Ok(())
    }
}

/// The bracket or `?` directly before its contents.
fn opening(inner: Span) -> Span {
    Span { start: inner.start.saturating_sub(1), end: inner.start }
}

impl<'n> Builder<'n, '_> {
    /// The remaining matches, from the first that is no comment.
    fn next(&self) -> Nodes<'n, Rule> {
        let mut nodes = self.nodes;
        while nodes.first().is_some_and(|node| node.rule == Rule::db_comment) {
            (_, nodes) = nodes.split();
        }
        nodes
    }

    fn rule(&self) -> Option<Rule> {
        self.next().first().map(|node| node.rule)
    }

    fn written(&self, span: Span) -> &'n str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Reads the contents of the next match.
    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let (below, beside) = self.next().split();
        self.nodes = below;
        let found = read(self);
        self.nodes = beside;
        found
    }

    fn postfix(&mut self) -> Built<ExprId> {
        let mut id = self.primary()?;
        let mut whole = self.exprs.outer(id);
        while let Some(node) = self.next().first() {
            id = match node.rule {
                Rule::db_property => {
                    self.take();
                    self.member(id, self.name(node.span), &mut whole)?
                }
                Rule::db_index => self.index(id, node.span, &mut whole)?,
                Rule::db_arguments => self.call(id, &mut whole)?,
                _ => break,
            };
        }
        Ok(id)
    }

    /// Adds a member, or a method where arguments follow. `whole` is the span of the chain up to here; it grows.
    fn member(&mut self, object: ExprId, name: Name, whole: &mut Span) -> Built<ExprId> {
        let anchor = name.span;
        if self.rule() != Some(Rule::db_arguments) {
            *whole = whole.to(anchor);
            return Ok(self.exprs.push(Expr::Member(object, name), *whole, anchor));
        }
        let (arguments, brackets) = self.arguments()?;
        *whole = whole.to(brackets);
        Ok(self.exprs.push(Expr::Method(object, name, arguments), *whole, anchor))
    }

    /// `a['b']` is `a.b` (realtime-database specification, section 2.4).
    fn index(&mut self, object: ExprId, brackets: Span, whole: &mut Span) -> Built<ExprId> {
        let (start, index) = self.within(|this| {
            this.within(|this| {
                let start = this.next().first().map_or(brackets.start, |node| node.span.start);
                climb::expression(this).map(|index| (start, index))
            })
        })?;
        *whole = whole.to(brackets);
        let place = Span { start, end: brackets.end - 1 };
        if let Expr::Str(text) = self.exprs.get(index)
            && let Some(text) = text.as_str().as_utf8()
        {
            let name = Name { text: text.into(), span: place };
            return self.member(object, name, whole);
        }
        Ok(self.exprs.push(Expr::Index(object, index), *whole, place))
    }

    /// Adds a call of something other than a member; in parentheses it may be one.
    fn call(&mut self, callee: ExprId, whole: &mut Span) -> Built<ExprId> {
        let (arguments, brackets) = self.arguments()?;
        *whole = whole.to(brackets);
        Ok(match self.exprs.get(callee) {
            Expr::Member(receiver, name) => {
                let (receiver, name) = (*receiver, name.clone());
                let anchor = name.span;
                self.exprs.push(Expr::Method(receiver, name, arguments), *whole, anchor)
            }
            _ => self.exprs.push(Expr::Invoke(callee, arguments), *whole, brackets),
        })
    }

    /// The arguments, and their span with the parentheses.
    fn arguments(&mut self) -> Built<(ExprList, Span)> {
        let inner = self.next().first().map(|node| node.span).unwrap_or_default();
        let arguments = self.list()?;
        Ok((arguments, opening(inner).to(inner)))
    }

    /// The expressions in the next match.
    fn list(&mut self) -> Built<ExprList> {
        let before = self.items.len();
        self.within(|this| {
            while this.rule() == Some(Rule::db_expression) {
                let item = this.within(climb::expression)?;
                this.items.push(item);
            }
            Ok(())
        })?;
        Ok(self.items.drain(before..).collect())
    }

    fn primary(&mut self) -> Built<ExprId> {
        let node = self.next().first().ok_or_else(|| self.unexpected())?;
        let text = self.written(node.span);
        let expr = match node.rule {
            Rule::db_word => match text {
                "null" => Expr::Null,
                "true" => Expr::Bool(true),
                "false" => Expr::Bool(false),
                _ => Expr::Variable(self.name(node.span)),
            },
            Rule::db_number => Expr::Float(number(text)),
            Rule::db_string => Expr::Str(literal::javascript_string(text)),
            Rule::db_regex => regex(text, node.span),
            Rule::db_array => {
                let items = self.list()?;
                return Ok(self.exprs.push(Expr::List(items), node.span, node.span));
            }
            Rule::db_group => {
                let inner = self.within(|this| this.within(climb::expression))?;
                // Parentheses leave no trace.
                self.exprs.wrap(inner, node.span);
                return Ok(inner);
            }
            _ => return Err(self.unexpected()),
        };
        self.take();
        Ok(self.exprs.push(expr, node.span, node.span))
    }

    fn name(&self, span: Span) -> Name {
        Name { text: self.written(span).into(), span }
    }

    /// A match that this builder does not know: the expression is refused.
    fn unexpected(&self) -> Failure<Rule> {
        let at = self.next().first().map_or(self.text.len(), |node| node.span.start as usize);
        Failure { at, tried: Vec::new() }
    }
}

/// `/pattern/flags`; no flag is a slash.
fn regex(text: &str, span: Span) -> Expr {
    let (pattern, flags) = text.rsplit_once('/').unwrap_or((text, ""));
    let pattern = pattern.get(1..).unwrap_or("");
    let start = span.start as usize + 1;
    Expr::Regex(Name { text: pattern.into(), span: Span::new(start, start + pattern.len()) }, flags.into())
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
    text.parse().unwrap_or(f64::NAN)
}
