//! Expressions from what pest found. Precedence lives here.

use std::sync::LazyLock;

use pest::pratt_parser::{Assoc, Op, PrattParser};

use crate::text::Span;

use super::{
    Builder, PACKAGES,
    ast::{BinaryOp, Capture, Expr, ExprId, Name, PathPart, TypeName, UnaryOp},
    depth, error,
    grammar::{Node, Rule, span},
    literal,
};

/// Loosest first (specification, section 2). The ternary is looser still and stands in the grammar.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(left(Rule::in_))
        .op(Op::postfix(Rule::is_type))
        .op(left(Rule::eq) | left(Rule::ne))
        .op(left(Rule::lt) | left(Rule::le) | left(Rule::gt) | left(Rule::ge))
        .op(left(Rule::add) | left(Rule::sub))
        .op(left(Rule::mul) | left(Rule::div) | left(Rule::rem))
});

impl Builder<'_> {
    /// A whole condition, result or variable: the expression, checked for nesting.
    pub(super) fn root_expression(&mut self, node: Node<'_>) -> ExprId {
        let mut groups = Vec::new();
        let id = self.expression(node, &mut groups);
        groups.sort_unstable();
        self.problems.extend(depth::too_deep(self.text, &self.exprs, id, &groups));
        id
    }

    /// `groups` collects how many parentheses stand around which expression.
    pub(super) fn expression(&mut self, node: Node<'_>, groups: &mut Vec<(ExprId, u32)>) -> ExprId {
        let mut parts = node.into_inner();
        let mut pending = Vec::new();
        let mut last = match parts.next() {
            Some(first) => self.operation(first, groups),
            None => self.exprs.push(Expr::Null, Span::default(), Span::default()),
        };
        // condition ? yes : condition ? yes : no …
        while let (Some(yes), Some(no)) = (parts.next(), parts.next()) {
            let question = span(&yes).start;
            let yes = self.expression(yes, groups);
            pending.push((last, yes, question));
            last = self.operation(no, groups);
        }
        while let Some((condition, yes, before_yes)) = pending.pop() {
            let whole = self.exprs.span(condition).to(self.exprs.outer(last));
            let anchor = self.question_mark(condition, before_yes);
            last = self.exprs.push(Expr::Ternary(condition, yes, last), whole, anchor);
        }
        last
    }

    /// The `?` between a condition and what follows it.
    fn question_mark(&self, condition: ExprId, before: u32) -> Span {
        let start = self.exprs.span(condition).end as usize;
        let between = self.text.get(start..before as usize).unwrap_or("");
        // Parentheses, blanks and comments may stand between; the last `?` is the operator.
        let at = start + between.rfind('?').unwrap_or(0);
        Span::new(at, at + 1)
    }

    fn operation(&mut self, node: Node<'_>, groups: &mut Vec<(ExprId, u32)>) -> ExprId {
        let builder = std::cell::RefCell::new((self, groups));
        PRECEDENCE
            .map_primary(|primary| {
                let (this, groups) = &mut *builder.borrow_mut();
                this.unary(primary, groups)
            })
            .map_infix(|left, op, right| {
                let (this, _) = &mut *builder.borrow_mut();
                let whole = this.exprs.span(left).to(this.exprs.outer(right));
                let anchor = span(&op);
                let op = match op.as_rule() {
                    Rule::or => BinaryOp::Or,
                    Rule::and => BinaryOp::And,
                    Rule::in_ => BinaryOp::In,
                    Rule::eq => BinaryOp::Eq,
                    Rule::ne => BinaryOp::Ne,
                    Rule::lt => BinaryOp::Lt,
                    Rule::le => BinaryOp::Le,
                    Rule::gt => BinaryOp::Gt,
                    Rule::ge => BinaryOp::Ge,
                    Rule::add => BinaryOp::Add,
                    Rule::sub => BinaryOp::Sub,
                    Rule::mul => BinaryOp::Mul,
                    Rule::div => BinaryOp::Div,
                    _ => BinaryOp::Rem,
                };
                this.exprs.push(Expr::Binary(op, left, right), whole, anchor)
            })
            .map_postfix(|operand, is| {
                let (this, _) = &mut *builder.borrow_mut();
                this.is_type(operand, is)
            })
            .parse(node.into_inner())
    }

    fn is_type(&mut self, operand: ExprId, node: Node<'_>) -> ExprId {
        let whole = self.exprs.span(operand).to(span(&node));
        let mut parts = node.into_inner();
        let keyword = parts.next().map(|n| span(&n)).unwrap_or_default();
        let name = parts.next();
        let written = name.as_ref().map_or("", |n| n.as_str());
        let type_name = TypeName::parse(written).unwrap_or_else(|| {
            let known: Vec<_> = TypeName::ALL.iter().map(|(name, _)| *name).collect();
            // The official message points at the token after the type.
            let at = error::skip_trivia(self.text, whole.end as usize);
            let message = format!(
                "An unsupported type identifier was used with the 'is' operator. Received {written}. Expected one of {}",
                known.join(",")
            );
            self.error(error::UNKNOWN_TYPE, Span::new(at, at + 1), message);
            TypeName::Bool
        });
        self.exprs.push(Expr::Is(operand, type_name), whole, keyword)
    }

    fn unary(&mut self, node: Node<'_>, groups: &mut Vec<(ExprId, u32)>) -> ExprId {
        let mut operators = Vec::new();
        let mut id = ExprId(0);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::not => operators.push((UnaryOp::Not, span(&part))),
                Rule::negate => operators.push((UnaryOp::Negate, span(&part))),
                _ => id = self.postfix(part, operators.last().map(|o| o.0), groups),
            }
        }
        for (op, anchor) in operators.into_iter().rev() {
            let whole = anchor.to(self.exprs.outer(id));
            let digits = self.text.as_bytes().get(self.exprs.span(id).start as usize).is_some_and(u8::is_ascii_digit);
            if op == UnaryOp::Negate && digits && *self.exprs.get(id) == Expr::Int(i64::MIN) {
                // The smallest integer is one literal: its digits are no integer without the minus.
                self.exprs.replace(id, Expr::Int(i64::MIN), whole);
                continue;
            }
            id = self.exprs.push(Expr::Unary(op, id), whole, anchor);
        }
        id
    }

    fn postfix(&mut self, node: Node<'_>, before: Option<UnaryOp>, groups: &mut Vec<(ExprId, u32)>) -> ExprId {
        let mut parts = node.into_inner();
        let Some(first) = parts.next() else { return ExprId(0) };
        let negated = before == Some(UnaryOp::Negate) && parts.peek().is_none();
        // An expression in parentheses starts a chain where its parenthesis does.
        let mut whole = tight(&first);
        let mut id = self.primary(first, negated, groups);
        for part in parts {
            whole = whole.to(tight(&part));
            id = match part.as_rule() {
                Rule::member => {
                    let mut inner = part.into_inner();
                    let name = self.name(inner.next());
                    let anchor = name.span;
                    let expr = match inner.next() {
                        Some(arguments) => Expr::Method(id, name, self.arguments(Some(arguments), groups)),
                        None => Expr::Member(id, name),
                    };
                    self.exprs.push(expr, whole, anchor)
                }
                _ => self.bracket(id, part, whole, groups),
            };
        }
        id
    }

    fn bracket(&mut self, object: ExprId, node: Node<'_>, whole: Span, groups: &mut Vec<(ExprId, u32)>) -> ExprId {
        let at = span(&node).start as usize;
        let anchor = Span::new(at, at + 1);
        let (mut from, mut to, mut range) = (None, None, false);
        for part in node.into_inner() {
            if part.as_rule() == Rule::colon {
                range = true;
            } else {
                let id = self.expression(part, groups);
                *(if range { &mut to } else { &mut from }) = Some(id);
            }
        }
        match from {
            Some(index) if !range => self.exprs.push(Expr::Index(object, index), whole, anchor),
            _ => self.exprs.push(Expr::Range(object, from, to), whole, anchor),
        }
    }

    fn primary(&mut self, node: Node<'_>, negated: bool, groups: &mut Vec<(ExprId, u32)>) -> ExprId {
        let whole = tight(&node);
        let text = node.as_str();
        let (expr, anchor) = match node.as_rule() {
            Rule::null => (Expr::Null, whole),
            Rule::boolean => (Expr::Bool(text == "true"), whole),
            Rule::integer => (self.integer(text, whole, negated), whole),
            Rule::float => (Expr::Float(format!("0{text}0").parse().unwrap_or(0.0)), whole),
            Rule::string => (Expr::Str(literal::string(text)), whole),
            Rule::bytes => (self.bytes(text, whole), whole),
            Rule::variable => {
                let mut inner = node.into_inner();
                let name = self.name(inner.next());
                let anchor = name.span;
                match inner.next() {
                    Some(arguments) => (Expr::Call(name, self.arguments(Some(arguments), groups)), anchor),
                    None => {
                        self.refuse_package(&name);
                        (Expr::Variable(name), whole)
                    }
                }
            }
            Rule::package_call => {
                let mut inner = node.into_inner();
                let (package, name) = (self.name(inner.next()), self.name(inner.next()));
                let anchor = name.span;
                (Expr::PackageCall(package, name, self.arguments(inner.next(), groups)), anchor)
            }
            Rule::list => (Expr::List(node.into_inner().map(|n| self.expression(n, groups)).collect()), whole),
            Rule::map => {
                let mut entries = Vec::new();
                for entry in node.into_inner() {
                    let mut inner = entry.into_inner();
                    if let (Some(key), Some(value)) = (inner.next(), inner.next()) {
                        entries.push((self.expression(key, groups), self.expression(value, groups)));
                    }
                }
                (Expr::Map(entries), whole)
            }
            Rule::path => {
                let path = self.path(node, groups);
                return self.exprs.push(path, whole, whole);
            }
            _ => {
                // A group: parentheses leave no trace but count as levels.
                let Some(inner) = node.into_inner().next() else { return ExprId(0) };
                let id = self.expression(inner, groups);
                self.exprs.wrap(id, whole);
                groups.push((id, 1));
                merge_last(groups);
                return id;
            }
        };
        self.exprs.push(expr, whole, anchor)
    }

    fn integer(&mut self, text: &str, whole: Span, negated: bool) -> Expr {
        if negated && text == "9223372036854775808" {
            return Expr::Int(i64::MIN);
        }
        Expr::Int(text.parse().unwrap_or_else(|_| {
            self.error(error::INVALID_LITERAL, whole, format!("Invalid number literal {text}."));
            0
        }))
    }

    fn bytes(&mut self, text: &str, whole: Span) -> Expr {
        let octets = literal::bytes(text.get(1..).unwrap_or("")).unwrap_or_else(|| {
            self.error(error::INVALID_LITERAL, whole, format!("Invalid bytes literal {text}."));
            Vec::new()
        });
        Expr::Bytes(octets)
    }

    fn path(&mut self, node: Node<'_>, groups: &mut Vec<(ExprId, u32)>) -> Expr {
        let mut parts = Vec::new();
        for part in node.into_inner() {
            parts.push(match part.as_rule() {
                Rule::segment => PathPart::Literal(literal::segment(part.as_str()), span(&part)),
                Rule::capture => PathPart::Capture(self.capture(part)),
                _ => match part.into_inner().next() {
                    Some(inner) => PathPart::Interpolation(self.expression(inner, groups)),
                    None => continue,
                },
            });
        }
        let captures: Vec<_> =
            parts.iter().filter_map(|p| if let PathPart::Capture(c) = p { Some(c.clone()) } else { None }).collect();
        self.refuse_repeated(&captures);
        Expr::Path(parts)
    }

    pub(super) fn capture(&mut self, node: Node<'_>) -> Capture {
        let span = span(&node);
        let mut inner = node.into_inner();
        let name = self.name(inner.next());
        self.refuse_package(&name);
        Capture { name, glob: inner.next().is_some_and(|n| n.as_rule() == Rule::glob), span }
    }

    pub(super) fn refuse_repeated(&mut self, captures: &[Capture]) {
        for (i, capture) in captures.iter().enumerate() {
            if captures.iter().take(i).any(|c| c.name.text == capture.name.text) {
                let message = format!("Variable {} already exists in the PathTemplate.", capture.name.text);
                self.error(error::REPEATED_CAPTURE, capture.name.span, message);
            }
        }
    }

    pub(super) fn refuse_package(&mut self, name: &Name) {
        if PACKAGES.contains(&name.text.as_str()) {
            let message = format!("{} is a package and cannot be used as variable name.", name.text);
            self.error(error::PACKAGE_AS_VARIABLE, name.span, message);
        }
    }

    fn arguments(&mut self, node: Option<Node<'_>>, groups: &mut Vec<(ExprId, u32)>) -> Vec<ExprId> {
        node.into_iter().flat_map(Node::into_inner).map(|n| self.expression(n, groups)).collect()
    }

    pub(super) fn name(&self, node: Option<Node<'_>>) -> Name {
        node.map_or_else(
            || Name { text: String::new(), span: Span::default() },
            |n| Name { text: n.as_str().to_owned(), span: span(&n) },
        )
    }
}

/// Where a node stands. pest counts blanks before an optional part that is not there, and after a lone segment of a path.
fn tight(node: &Node<'_>) -> Span {
    let whole = span(node);
    match node.as_rule() {
        Rule::variable | Rule::member | Rule::path => {
            let end = node.clone().into_inner().last().map_or(whole.end, |last| span(&last).end);
            Span { end, ..whole }
        }
        _ => whole,
    }
}

/// `((a))` wraps the same expression twice.
fn merge_last(groups: &mut Vec<(ExprId, u32)>) {
    if let [.., (before, count), (last, added)] = groups.as_mut_slice()
        && before == last
    {
        *count += *added;
        groups.pop();
    }
}
