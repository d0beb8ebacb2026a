//! Expressions from the matches of the grammar. Operators between operands are `climb`'s.

use smallvec::SmallVec;

use crate::text::{Label, Span};

use super::{
    PACKAGES,
    ast::{BinaryOp, Expr, ExprId, ExprList, Exprs, PathPart, TypeName, UnaryOp},
    climb::{self, IS, Operands, Power},
    depth, error,
    grammar::service::Rule,
    literal, message,
    parser::{Parser, Unexpected, head},
    words::{Language, Role, advice},
};

type Parsed<T> = Result<T, Unexpected>;

impl Operands for Parser<'_> {
    type Error = Unexpected;

    fn exprs(&mut self) -> &mut Exprs {
        &mut self.exprs
    }

    /// `!!-a.b`
    fn operand(&mut self) -> Parsed<ExprId> {
        if !self.is(Rule::prefix) {
            return self.postfix(false);
        }
        self.enter(Rule::prefix)?;
        let mut nots: SmallVec<[Span; 4]> = SmallVec::new();
        while let Some(not) = self.eat(Rule::not) {
            nots.push(not);
        }
        let minus = self.eat(Rule::negate);
        self.leave()?;
        let mut id = match minus {
            Some(minus) => self.negation(minus)?,
            None => self.postfix(false)?,
        };
        for not in nots.into_iter().rev() {
            let whole = not.to(self.exprs.outer(id));
            id = self.exprs.push(Expr::Unary(UnaryOp::Not, id), whole, not);
        }
        Ok(id)
    }

    /// `a is int`
    fn suffixes(&mut self, mut operand: ExprId, floor: Power) -> Parsed<ExprId> {
        while floor < IS && self.is(Rule::is_type) {
            let place = self.enter(Rule::is_type)?;
            let name = self.expect(Rule::identifier)?;
            self.leave()?;
            let whole = self.exprs.span(operand).to(name);
            let type_name = self.type_name(name, place.end);
            operand = self.exprs.push(Expr::Is(operand, type_name), whole, head(place, 2));
        }
        Ok(operand)
    }

    #[inline]
    fn operator(&self) -> Option<BinaryOp> {
        climb::binary_operator(self.is(Rule::infix).then(|| self.slice(self.place()))?)
    }

    fn take(&mut self) -> Span {
        self.advance()
    }

    fn question(&mut self) -> Parsed<Option<Span>> {
        let question = self.eat(Rule::question);
        if question.is_some() {
            self.enter(Rule::expression)?;
        }
        Ok(question)
    }

    fn colon(&mut self) -> Parsed<()> {
        self.leave()
    }
}

impl Parser<'_> {
    /// A whole condition, result or variable, whose nesting is checked.
    pub(super) fn root_expression(&mut self) -> Parsed<ExprId> {
        let first = self.exprs.len();
        self.groups.clear();
        let id = self.expression()?;
        self.groups.sort_unstable();
        let nodes = self.exprs.len() - first;
        self.problems.extend(depth::too_deep(self.text, &self.exprs, id, nodes, &self.groups));
        Ok(id)
    }

    /// A whole text that is one expression.
    pub(super) fn lone_expression(&mut self) -> Parsed<ExprId> {
        self.enter(Rule::lone_expression)?;
        let id = self.root_expression()?;
        self.expect(Rule::EOI)?;
        self.leave()?;
        Ok(id)
    }

    fn expression(&mut self) -> Parsed<ExprId> {
        self.enter(Rule::expression)?;
        let id = climb::expression(self)?;
        self.leave()?;
        Ok(id)
    }

    fn negation(&mut self, minus: Span) -> Parsed<ExprId> {
        let digits = self.is(Rule::number);
        let id = self.postfix(true)?;
        let whole = minus.to(self.exprs.outer(id));
        if digits && *self.exprs.get(id) == Expr::Int(i64::MIN) {
            // The smallest integer is one literal: its digits are no integer without the minus.
            self.exprs.replace(id, Expr::Int(i64::MIN), whole);
            return Ok(id);
        }
        Ok(self.exprs.push(Expr::Unary(UnaryOp::Negate, id), whole, minus))
    }

    /// A chain of members, calls and brackets. Where it begins with a parenthesis, so does its place.
    fn postfix(&mut self, negated: bool) -> Parsed<ExprId> {
        let start = self.place();
        let mut id = self.primary(negated)?;
        loop {
            id = match self.rule() {
                Some(Rule::property) => {
                    let anchor = self.advance();
                    let name = self.name_at(anchor);
                    self.exprs.push(Expr::Member(id, name), start.to(anchor), anchor)
                }
                Some(Rule::method) => {
                    let anchor = self.advance();
                    let name = self.name_at(anchor);
                    let (arguments, end) = self.items(Rule::arguments)?;
                    self.exprs.push(Expr::Method(id, name, arguments), start.to(end), anchor)
                }
                Some(Rule::bracket) => self.bracket(id, start)?,
                _ => return Ok(id),
            };
        }
    }

    /// `a[b]`, `a[b:c]`, `a[b:]`, `a[:c]`, `a[:]`
    fn bracket(&mut self, object: ExprId, start: Span) -> Parsed<ExprId> {
        let place = self.enter(Rule::bracket)?;
        let bound = |parser: &mut Self| parser.is(Rule::expression).then(|| parser.expression()).transpose();
        let from = bound(self)?;
        let range = self.eat(Rule::colon).is_some();
        let to = bound(self)?;
        self.leave()?;
        let expr = match from {
            Some(index) if !range => Expr::Index(object, index),
            _ => Expr::Range(object, from, to),
        };
        Ok(self.exprs.push(expr, start.to(place), head(place, 1)))
    }

    fn primary(&mut self, negated: bool) -> Parsed<ExprId> {
        let rule = self.rule().ok_or(Unexpected)?;
        match rule {
            Rule::variable => return self.word(),
            Rule::group => return self.group(),
            Rule::path => return self.path(),
            Rule::list | Rule::no_index => {
                let (items, whole) = self.items(rule)?;
                return Ok(self.exprs.push(Expr::List(items), whole, whole));
            }
            Rule::map => return self.map(),
            _ => {}
        }
        let place = self.advance();
        let text = self.slice(place);
        let expr = match rule {
            Rule::literal => match text {
                "null" => Expr::Null,
                _ => Expr::Bool(text == "true"),
            },
            Rule::number if text.contains('.') => Expr::Float(format!("0{text}0").parse().unwrap_or(0.0)),
            Rule::number => {
                let chained = matches!(self.rule(), Some(Rule::property | Rule::method | Rule::bracket));
                self.integer(place, negated && !chained)
            }
            Rule::string => Expr::Str(literal::string(text)),
            Rule::bytes => self.bytes(place),
            _ => return Err(Unexpected),
        };
        Ok(self.exprs.push(expr, place, place))
    }

    /// A variable, a call, or a call of a package's function.
    fn word(&mut self) -> Parsed<ExprId> {
        let whole = self.advance();
        let name = self.name_at(whole);
        if self.is(Rule::arguments) {
            let (arguments, end) = self.items(Rule::arguments)?;
            return Ok(self.exprs.push(Expr::Call(name, arguments), whole.to(end), whole));
        }
        if self.is(Rule::method) && PACKAGES.contains(&name.text.as_str()) {
            let anchor = self.advance();
            let function = self.name_at(anchor);
            let (arguments, end) = self.items(Rule::arguments)?;
            return Ok(self.exprs.push(Expr::PackageCall(Box::new(name), function, arguments), whole.to(end), anchor));
        }
        self.refuse_package(&name);
        Ok(self.exprs.push(Expr::Variable(name), whole, whole))
    }

    /// Parentheses leave no trace in the tree but count as levels.
    fn group(&mut self) -> Parsed<ExprId> {
        let whole = self.enter(Rule::group)?;
        let id = self.expression()?;
        self.leave()?;
        self.exprs.wrap(id, whole);
        match self.groups.last_mut() {
            // `((a))` wraps the same expression twice.
            Some((last, count)) if *last == id => *count += 1,
            _ => self.groups.push((id, 1)),
        }
        Ok(id)
    }

    fn map(&mut self) -> Parsed<ExprId> {
        let whole = self.enter(Rule::map)?;
        let mut entries = Vec::new();
        while self.is(Rule::expression) {
            entries.push((self.expression()?, self.expression()?));
        }
        self.leave()?;
        Ok(self.exprs.push(Expr::Map(entries), whole, whole))
    }

    /// The expressions directly below a match of `rule`, and its place.
    fn items(&mut self, rule: Rule) -> Parsed<(ExprList, Span)> {
        let place = self.enter(rule)?;
        let mut items = ExprList::new();
        while self.is(Rule::expression) {
            items.push(self.expression()?);
        }
        self.leave()?;
        Ok((items, place))
    }

    fn path(&mut self) -> Parsed<ExprId> {
        self.enter(Rule::path)?;
        let mut whole = self.place();
        let mut parts = Vec::new();
        while let Some(rule) = self.rule() {
            let (part, place) = match rule {
                Rule::segment => {
                    let place = self.advance();
                    (PathPart::Literal(literal::segment(self.slice(place)), place), place)
                }
                Rule::interpolation => {
                    let place = self.enter(rule)?;
                    let id = self.expression()?;
                    self.leave()?;
                    (PathPart::Interpolation(id), place)
                }
                _ => {
                    let capture = self.capture()?;
                    let place = capture.span;
                    (PathPart::Capture(capture), place)
                }
            };
            parts.push(part);
            whole = whole.to(place);
        }
        self.leave()?;
        self.refuse_repeated(parts.iter().filter_map(|part| match part {
            PathPart::Capture(capture) => Some(capture),
            _ => None,
        }));
        Ok(self.exprs.push(Expr::Path(parts), whole, whole))
    }

    /// The type written at `place`; `next` is where the token after it stands.
    fn type_name(&mut self, place: Span, next: u32) -> TypeName {
        let written = self.slice(place);
        TypeName::parse(written).unwrap_or_else(|| {
            let known = TypeName::ALL.iter().map(|(name, _)| *name);
            // The official message points at the token after the type.
            let at = next as usize;
            let hint = advice(Language::Firestore, Role::Type, written, known);
            let hint = hint.map(|hint| hint.replace("did you mean `", "did you mean `is "));
            let problem = self.error(error::UNKNOWN_TYPE, Span::new(at, at + 1), message::unknown_type(written));
            problem.hint = hint;
            problem.labels.push(Label { span: place, text: "this is no type".to_owned() });
            TypeName::Bool
        })
    }

    fn integer(&mut self, place: Span, negated: bool) -> Expr {
        let text = self.slice(place);
        if negated && text == "9223372036854775808" {
            return Expr::Int(i64::MIN);
        }
        Expr::Int(text.parse().unwrap_or_else(|_| {
            self.error(error::INVALID_LITERAL, place, message::invalid_number(text));
            0
        }))
    }

    fn bytes(&mut self, place: Span) -> Expr {
        let text = self.slice(place);
        let octets = literal::bytes(text.get(1..).unwrap_or("")).unwrap_or_else(|| {
            self.error(error::INVALID_LITERAL, place, message::invalid_bytes(text));
            Vec::new()
        });
        Expr::Bytes(octets)
    }
}
