//! Expressions from tokens. Operators between operands are `climb`'s.

use crate::text::{Label, Span};

use super::{
    PACKAGES,
    ast::{BinaryOp, Expr, ExprId, ExprList, Exprs, PathPart, TypeName, UnaryOp},
    climb::{self, IS, Operands, Power},
    depth, error, literal,
    parser::{Parser, Unexpected},
    token::{
        self, ALLOW, ASSIGN, BYTES, CLOSE_BRACE, CLOSE_BRACKET, CLOSE_PAREN, COLON, COMMA, DOLLAR, DOT, FALSE,
        IDENTIFIER, Kind, MATCH, MINUS, NOT, NULL, NUM_FLOAT, NUM_INT, OPEN_BRACE, OPEN_BRACKET, OPEN_PAREN,
        PATH_SEGMENT, QUESTION, RESERVED, RETURN, SLASH, STRING, TRUE, Token,
    },
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
        if !self.is(NOT) && !self.is(MINUS) {
            return self.postfix(false);
        }
        let (first, after) = (self.next, self.rest);
        let mut nots = 0usize;
        while self.takes(NOT) {
            nots += 1;
        }
        let mut id = match self.is(MINUS) {
            true => self.negation()?,
            false => self.postfix(false)?,
        };
        let others = after.get(..nots.saturating_sub(1)).unwrap_or(&[]);
        for not in others.iter().rev().chain((nots > 0).then_some(&first)) {
            let whole = not.span().to(self.exprs.outer(id));
            id = self.exprs.push(Expr::Unary(UnaryOp::Not, id), whole, not.span());
        }
        Ok(id)
    }

    /// `a is int`
    fn suffixes(&mut self, mut operand: ExprId, floor: Power) -> Parsed<ExprId> {
        while floor < IS && self.is(token::IS) {
            let keyword = self.advance().span();
            let name = self.expect(IDENTIFIER)?;
            let whole = self.exprs.span(operand).to(name);
            let type_name = self.type_name(name);
            operand = self.exprs.push(Expr::Is(operand, type_name), whole, keyword);
        }
        Ok(operand)
    }

    #[inline]
    fn operator(&self) -> Option<BinaryOp> {
        Some(match self.next.kind {
            token::OR => BinaryOp::Or,
            token::AND => BinaryOp::And,
            token::IN => BinaryOp::In,
            token::EQ => BinaryOp::Eq,
            token::NE => BinaryOp::Ne,
            token::LT => BinaryOp::Lt,
            token::LE => BinaryOp::Le,
            token::GT => BinaryOp::Gt,
            token::GE => BinaryOp::Ge,
            token::PLUS => BinaryOp::Add,
            MINUS => BinaryOp::Sub,
            token::STAR => BinaryOp::Mul,
            SLASH => BinaryOp::Div,
            token::PERCENT => BinaryOp::Rem,
            _ => return None,
        })
    }

    fn take(&mut self) -> Span {
        self.advance().span()
    }

    fn question(&mut self) -> Parsed<Option<Span>> {
        if self.is(QUESTION) { self.opens(QUESTION).map(Some) } else { Ok(None) }
    }

    fn colon(&mut self) -> Parsed<()> {
        self.closes(COLON).map(|_| ())
    }
}

impl Parser<'_> {
    /// Takes a whole condition, result or variable: the expression, checked for nesting.
    pub(super) fn root_expression(&mut self) -> Parsed<ExprId> {
        let first = self.exprs.len();
        self.groups.clear();
        let id = climb::expression(self)?;
        self.groups.sort_unstable();
        let nodes = self.exprs.len() - first;
        self.problems.extend(depth::too_deep(self.text, &self.exprs, id, nodes, &self.groups));
        Ok(id)
    }

    fn negation(&mut self) -> Parsed<ExprId> {
        let minus = self.advance().span();
        let digits = self.is(NUM_INT);
        let id = self.postfix(true)?;
        let whole = minus.to(self.exprs.outer(id));
        if digits && *self.exprs.get(id) == Expr::Int(i64::MIN) {
            // The smallest integer is one literal: its digits are no integer without the minus.
            self.exprs.replace(id, Expr::Int(i64::MIN), whole);
            return Ok(id);
        }
        Ok(self.exprs.push(Expr::Unary(UnaryOp::Negate, id), whole, minus))
    }

    /// Takes a chain of members, calls and brackets. Where it begins with a parenthesis, so does its place.
    fn postfix(&mut self, negated: bool) -> Parsed<ExprId> {
        let start = self.next.span();
        let mut id = self.primary(negated)?;
        loop {
            id = match self.next.kind {
                DOT => self.member(id, start)?,
                OPEN_BRACKET => self.bracket(id, start)?,
                _ => return Ok(id),
            };
        }
    }

    /// A method where arguments follow; reserved words are properties and no methods.
    fn member(&mut self, object: ExprId, start: Span) -> Parsed<ExprId> {
        self.advance();
        let kind = self.next.kind;
        if !matches!(kind, IDENTIFIER | RESERVED | ALLOW..=MATCH | NULL | RETURN | TRUE) {
            return Err(Unexpected);
        }
        let anchor = self.advance().span();
        let name = self.name_at(anchor);
        if kind == IDENTIFIER && self.is(OPEN_PAREN) {
            let (arguments, end) = self.arguments()?;
            return Ok(self.exprs.push(Expr::Method(object, name, arguments), start.to(end), anchor));
        }
        Ok(self.exprs.push(Expr::Member(object, name), start.to(anchor), anchor))
    }

    /// `a[b]`, `a[b:c]`, `a[b:]`, `a[:c]`, `a[:]`
    fn bracket(&mut self, object: ExprId, start: Span) -> Parsed<ExprId> {
        let anchor = self.opens(OPEN_BRACKET)?;
        let from = if self.is(COLON) { None } else { Some(climb::expression(self)?) };
        let range = self.takes(COLON);
        let to = if !range || self.is(CLOSE_BRACKET) { None } else { Some(climb::expression(self)?) };
        let whole = start.to(self.closes(CLOSE_BRACKET)?);
        Ok(match from {
            Some(index) if !range => self.exprs.push(Expr::Index(object, index), whole, anchor),
            _ => self.exprs.push(Expr::Range(object, from, to), whole, anchor),
        })
    }

    fn primary(&mut self, negated: bool) -> Parsed<ExprId> {
        let place = self.next.span();
        let expr = match self.next.kind {
            IDENTIFIER => return self.word(),
            NULL => Expr::Null,
            TRUE => Expr::Bool(true),
            FALSE => Expr::Bool(false),
            NUM_INT => {
                self.advance();
                let alone = !self.is(DOT) && !self.is(OPEN_BRACKET);
                let expr = self.integer(place, negated && alone);
                return Ok(self.exprs.push(expr, place, place));
            }
            NUM_FLOAT => Expr::Float(format!("0{}0", self.slice(place)).parse().unwrap_or(0.0)),
            STRING => Expr::Str(literal::string(self.slice(place))),
            BYTES => self.bytes(place),
            OPEN_PAREN => return self.group(),
            OPEN_BRACKET => {
                let (items, whole) = self.items(OPEN_BRACKET, CLOSE_BRACKET)?;
                return Ok(self.exprs.push(Expr::List(items), whole, whole));
            }
            OPEN_BRACE => return self.map(),
            PATH_SEGMENT => return self.path(),
            SLASH if self.path_goes_on() => return self.path(),
            _ => return Err(Unexpected),
        };
        self.advance();
        Ok(self.exprs.push(expr, place, place))
    }

    /// A variable, a call or a call of a package's function: the last two where arguments follow.
    fn word(&mut self) -> Parsed<ExprId> {
        let name = self.name()?;
        let whole = name.span;
        match (self.next.kind, self.rest) {
            (OPEN_PAREN, _) => {
                let (arguments, end) = self.arguments()?;
                Ok(self.exprs.push(Expr::Call(name, arguments), whole.to(end), whole))
            }
            (DOT, [function, paren, ..])
                if function.kind == IDENTIFIER
                    && paren.kind == OPEN_PAREN
                    && PACKAGES.contains(&name.text.as_str()) =>
            {
                self.advance();
                let function = self.name()?;
                let anchor = function.span;
                let (arguments, end) = self.arguments()?;
                Ok(self.exprs.push(Expr::PackageCall(Box::new(name), function, arguments), whole.to(end), anchor))
            }
            _ => {
                self.refuse_package(&name);
                Ok(self.exprs.push(Expr::Variable(name), whole, whole))
            }
        }
    }

    /// Parentheses leave no trace in the tree but count as levels.
    fn group(&mut self) -> Parsed<ExprId> {
        let start = self.opens(OPEN_PAREN)?;
        let id = climb::expression(self)?;
        let whole = start.to(self.closes(CLOSE_PAREN)?);
        self.exprs.wrap(id, whole);
        match self.groups.last_mut() {
            // `((a))` wraps the same expression twice.
            Some((last, count)) if *last == id => *count += 1,
            _ => self.groups.push((id, 1)),
        }
        Ok(id)
    }

    fn map(&mut self) -> Parsed<ExprId> {
        let start = self.opens(OPEN_BRACE)?;
        let mut entries = Vec::new();
        while !self.is(CLOSE_BRACE) {
            let key = climb::expression(self)?;
            self.expect(COLON)?;
            entries.push((key, climb::expression(self)?));
            if !self.takes(COMMA) {
                break;
            }
        }
        let whole = start.to(self.closes(CLOSE_BRACE)?);
        Ok(self.exprs.push(Expr::Map(entries), whole, whole))
    }

    /// What is called with, and where the last parenthesis stands.
    fn arguments(&mut self) -> Parsed<(ExprList, Span)> {
        self.items(OPEN_PAREN, CLOSE_PAREN)
    }

    /// Expressions in brackets, a comma after the last one or not, and all of their place.
    fn items(&mut self, open: Kind, close: Kind) -> Parsed<(ExprList, Span)> {
        let start = self.opens(open)?;
        let mut items = ExprList::new();
        while !self.is(close) {
            items.push(climb::expression(self)?);
            if !self.takes(COMMA) {
                break;
            }
        }
        Ok((items, start.to(self.closes(close)?)))
    }

    fn path(&mut self) -> Parsed<ExprId> {
        let start = self.next.span();
        let mut whole = start;
        let mut parts = Vec::new();
        loop {
            let (part, place) = match self.next.kind {
                PATH_SEGMENT => {
                    let place = self.advance().span();
                    (PathPart::Literal(literal::segment(self.slice(place)), place), place)
                }
                SLASH if self.is_interpolation() => {
                    self.advance();
                    self.advance();
                    self.opens(OPEN_PAREN)?;
                    let id = climb::expression(self)?;
                    (PathPart::Interpolation(id), self.closes(CLOSE_PAREN)?)
                }
                SLASH if self.path_goes_on() => {
                    let capture = self.capture()?;
                    let place = capture.span;
                    (PathPart::Capture(capture), place)
                }
                SLASH if self.path_ends_in_slash() => return Err(Unexpected),
                _ => break,
            };
            parts.push(part);
            whole = start.to(place);
        }
        self.refuse_repeated(parts.iter().filter_map(|part| match part {
            PathPart::Capture(capture) => Some(capture),
            _ => None,
        }));
        Ok(self.exprs.push(Expr::Path(parts), whole, whole))
    }

    fn is_interpolation(&self) -> bool {
        matches!(self.rest, [Token { kind: DOLLAR, .. }, ..])
    }

    /// Whether the slash that is next begins `/{x}`, `/{x=**}` or `/$(x)`; else it divides, perhaps by a map.
    fn path_goes_on(&self) -> bool {
        let kinds = |at: usize| self.rest.get(at).map(|token| token.kind);
        match kinds(0) {
            Some(DOLLAR) => true,
            Some(OPEN_BRACE) => kinds(1) == Some(IDENTIFIER) && matches!(kinds(2), Some(CLOSE_BRACE | ASSIGN)),
            _ => false,
        }
    }

    /// Whether the slash that is next divides nothing, but is a segment without a name: before another segment, a minus,
    /// or what can be an index.
    fn path_ends_in_slash(&self) -> bool {
        let [next, inside @ ..] = self.rest else { return false };
        match next.kind {
            PATH_SEGMENT | SLASH | MINUS => true,
            OPEN_BRACKET => is_index(inside),
            _ => false,
        }
    }

    fn type_name(&mut self, place: Span) -> TypeName {
        let written = self.slice(place);
        TypeName::parse(written).unwrap_or_else(|| {
            let known: Vec<_> = TypeName::ALL.iter().map(|(name, _)| *name).collect();
            // The official message points at the token after the type.
            let at = self.next.start as usize;
            let message = format!(
                "An unsupported type identifier was used with the 'is' operator. Received {written}. Expected one of {}",
                known.join(",")
            );
            let hint = advice(Language::Firestore, Role::Type, written, known);
            let hint = hint.map(|hint| hint.replace("did you mean `", "did you mean `is "));
            let problem = self.error(error::UNKNOWN_TYPE, Span::new(at, at + 1), message);
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
            self.error(error::INVALID_LITERAL, place, format!("Invalid number literal {text}."));
            0
        }))
    }

    fn bytes(&mut self, place: Span) -> Expr {
        let text = self.slice(place);
        let octets = literal::bytes(text.get(1..).unwrap_or("")).unwrap_or_else(|| {
            self.error(error::INVALID_LITERAL, place, format!("Invalid bytes literal {text}."));
            Vec::new()
        });
        Expr::Bytes(octets)
    }
}

/// Whether tokens after a bracket are an index or a range, rather than a list of none or several, or with a comma at its
/// end.
fn is_index(inside: &[Token]) -> bool {
    let mut open = 0usize;
    for (at, token) in inside.iter().enumerate() {
        match token.kind {
            OPEN_PAREN | OPEN_BRACKET | OPEN_BRACE => open += 1,
            CLOSE_PAREN | CLOSE_BRACKET | CLOSE_BRACE if open == 0 => return at > 0,
            CLOSE_PAREN | CLOSE_BRACKET | CLOSE_BRACE => open -= 1,
            COMMA if open == 0 => return false,
            _ => {}
        }
    }
    true
}
