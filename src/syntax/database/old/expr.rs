//! Expressions of database rules, by recursive descent (grammar/database.pest). Only brackets and choices nest it.

use crate::{
    syntax::{
        ast::{BinaryOp, Expr, ExprId, ExprList, Exprs, Name, UnaryOp},
        climb::{self, Operands as _},
        depth::MAX_OPEN,
        literal,
    },
    text::Span,
};

use super::lexer::{Literal, Token, Tokens, Within};

/// Why a text is no expression.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// The token that cannot stand where it does, or the end.
    pub(super) at: usize,
    /// What is not closed, if that token is not.
    pub(super) unclosed: Option<Literal>,
    /// Whether an operand stands before it.
    pub(super) complete: bool,
}

type Parsed<T> = Result<T, Failure>;

/// What is read but not yet part of an expression; kept, so that not every expression needs memory of its own for it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Elements of the lists that are open.
    items: Vec<ExprId>,
    /// Operators whose operands have not been read.
    prefixes: Vec<(UnaryOp, Span)>,
}

/// Reads an expression, with spans in its text. Where brackets and choices nest more than [`MAX_OPEN`] deep it fails.
pub(super) fn parse(text: &str, exprs: &mut Exprs, pending: &mut Pending) -> Parsed<ExprId> {
    pending.items.clear();
    pending.prefixes.clear();
    let mut parser = Parser {
        text,
        tokens: Tokens::new(text, Within::Expression),
        token: None,
        span: Span::default(),
        exprs,
        open: 1,
        pending,
    };
    parser.take();
    let root = climb::expression(&mut parser)?;
    if parser.token.is_some() { parser.fail(true) } else { Ok(root) }
}

struct Parser<'t, 'e> {
    text: &'t str,
    tokens: Tokens<'t>,
    /// The next token, `None` at the end.
    token: Option<Token>,
    span: Span,
    exprs: &'e mut Exprs,
    /// Brackets and choices that are open, and one.
    open: usize,
    pending: &'e mut Pending,
}

impl climb::Operands for Parser<'_, '_> {
    type Error = Failure;

    fn exprs(&mut self) -> &mut Exprs {
        self.exprs
    }

    fn operand(&mut self) -> Parsed<ExprId> {
        let before = self.pending.prefixes.len();
        while let Some(Token::Prefix(op)) = self.token {
            let anchor = self.take();
            self.pending.prefixes.push((op, anchor));
        }
        let mut id = self.postfix()?;
        while self.pending.prefixes.len() > before
            && let Some((op, anchor)) = self.pending.prefixes.pop()
        {
            let whole = anchor.to(self.exprs.outer(id));
            id = self.exprs.push(Expr::Unary(op, id), whole, anchor);
        }
        Ok(id)
    }

    fn operator(&self) -> Option<BinaryOp> {
        match self.token {
            Some(Token::Infix(op)) => Some(op),
            _ => None,
        }
    }

    fn take(&mut self) -> Span {
        let place = self.span;
        (self.token, self.span) = match self.tokens.next() {
            Some((token, span)) => (Some(token), span),
            None => (None, Span::new(self.text.len(), self.text.len())),
        };
        place
    }

    fn question(&mut self) -> Parsed<Option<Span>> {
        if self.is(Token::Sign(b'?')) { self.open().map(Some) } else { Ok(None) }
    }

    fn colon(&mut self) -> Parsed<()> {
        self.close(Token::Sign(b':')).map(drop)
    }
}

impl Parser<'_, '_> {
    fn is(&self, token: Token) -> bool {
        self.token == Some(token)
    }

    fn fail<T>(&self, complete: bool) -> Parsed<T> {
        let unclosed = match self.token {
            Some(Token::Unclosed(literal)) => Some(literal),
            _ => None,
        };
        Err(Failure { at: self.span.start as usize, unclosed, complete })
    }

    /// Takes what opens a bracket or a choice.
    fn open(&mut self) -> Parsed<Span> {
        self.open += 1;
        if self.open > MAX_OPEN { self.fail(false) } else { Ok(self.take()) }
    }

    /// Takes what ends it, after an operand; gives where that stands.
    fn close(&mut self, token: Token) -> Parsed<Span> {
        if !self.is(token) {
            return self.fail(true);
        }
        self.open -= 1;
        Ok(self.take())
    }

    fn postfix(&mut self) -> Parsed<ExprId> {
        let mut id = self.primary()?;
        let mut whole = self.exprs.outer(id);
        loop {
            id = match self.token {
                Some(Token::Sign(b'.')) => {
                    self.take();
                    if !self.is(Token::Word) {
                        return self.fail(false);
                    }
                    let name = self.name();
                    self.take();
                    self.member(id, name, &mut whole)?
                }
                Some(Token::Open(b'[')) => self.index(id, &mut whole)?,
                Some(Token::Open(b'(')) => self.call(id, &mut whole)?,
                _ => return Ok(id),
            };
        }
    }

    /// A member; one that is called is a method. `whole` is what has been read of the chain before, and then with it.
    fn member(&mut self, object: ExprId, name: Name, whole: &mut Span) -> Parsed<ExprId> {
        let anchor = name.span;
        if !self.is(Token::Open(b'(')) {
            *whole = whole.to(anchor);
            return Ok(self.exprs.push(Expr::Member(object, name), *whole, anchor));
        }
        let (arguments, brackets) = self.arguments()?;
        *whole = whole.to(brackets);
        Ok(self.exprs.push(Expr::Method(object, name, arguments), *whole, anchor))
    }

    /// `a['b']` is `a.b` (realtime-database specification, section 2.4).
    fn index(&mut self, object: ExprId, whole: &mut Span) -> Parsed<ExprId> {
        self.open()?;
        let start = self.span.start;
        let index = climb::expression(self)?;
        let end = self.close(Token::Close(b']'))?;
        *whole = whole.to(end);
        let place = Span { start, end: end.start };
        if let Expr::Str(text) = self.exprs.get(index)
            && let Some(text) = text.as_str().as_utf8()
        {
            let name = Name { text: text.into(), span: place };
            return self.member(object, name, whole);
        }
        Ok(self.exprs.push(Expr::Index(object, index), *whole, place))
    }

    /// A call of what is not written as a member; in parentheses it may be one.
    fn call(&mut self, callee: ExprId, whole: &mut Span) -> Parsed<ExprId> {
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

    fn arguments(&mut self) -> Parsed<(ExprList, Span)> {
        let start = self.span;
        let arguments = self.list(Token::Close(b')'), false)?;
        Ok((arguments.0, start.to(arguments.1)))
    }

    /// Expressions up to a bracket, and where that stands.
    fn list(&mut self, end: Token, trailing_comma: bool) -> Parsed<(ExprList, Span)> {
        let before = self.pending.items.len();
        self.open()?;
        let mut more = !self.is(end);
        while more {
            let item = climb::expression(self)?;
            self.pending.items.push(item);
            more = self.is(Token::Sign(b','));
            if more {
                self.take();
                more = !(trailing_comma && self.is(end));
            }
        }
        let end = self.close(end)?;
        Ok((self.pending.items.drain(before..).collect(), end))
    }

    fn primary(&mut self) -> Parsed<ExprId> {
        let whole = self.span;
        let text = self.text.get(whole.range()).unwrap_or("");
        let expr = match self.token {
            Some(Token::Word) => match text {
                "null" => Expr::Null,
                "true" => Expr::Bool(true),
                "false" => Expr::Bool(false),
                _ if is_reserved(text) => return self.fail(false),
                _ => Expr::Variable(self.name()),
            },
            Some(Token::Number) => Expr::Float(number(text)),
            Some(Token::String) if has_whole_escapes(text) => Expr::Str(literal::javascript_string(text)),
            Some(Token::Regex) => self.regex(text),
            Some(Token::Open(b'[')) => {
                let (items, end) = self.list(Token::Close(b']'), true)?;
                let whole = whole.to(end);
                return Ok(self.exprs.push(Expr::List(items), whole, whole));
            }
            Some(Token::Open(b'(')) => {
                self.open()?;
                let inner = climb::expression(self)?;
                let end = self.close(Token::Close(b')'))?;
                // Parentheses leave no trace.
                self.exprs.wrap(inner, whole.to(end));
                return Ok(inner);
            }
            _ => return self.fail(false),
        };
        self.take();
        Ok(self.exprs.push(expr, whole, whole))
    }

    /// The token as a name.
    fn name(&self) -> Name {
        Name { text: self.text.get(self.span.range()).unwrap_or("").into(), span: self.span }
    }

    /// `/pattern/flags`; no flag is a slash.
    fn regex(&self, text: &str) -> Expr {
        let (pattern, flags) = text.rsplit_once('/').unwrap_or((text, ""));
        let pattern = pattern.get(1..).unwrap_or("");
        let start = self.span.start as usize + 1;
        let span = Span::new(start, start + pattern.len());
        Expr::Regex(Name { text: pattern.into(), span }, flags.into())
    }
}

/// Words of JavaScript that are neither names nor in this language.
fn is_reserved(word: &str) -> bool {
    matches!(
        word,
        "break"
            | "case"
            | "catch"
            | "continue"
            | "default"
            | "delete"
            | "do"
            | "else"
            | "false"
            | "finally"
            | "for"
            | "function"
            | "if"
            | "in"
            | "instanceof"
            | "new"
            | "null"
            | "return"
            | "switch"
            | "this"
            | "throw"
            | "true"
            | "try"
            | "typeof"
            | "var"
            | "void"
            | "while"
            | "with"
    )
}

/// Whether every `\x` and `\u` of a string has its digits.
fn has_whole_escapes(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, escape)) = rest.split_once('\\') {
        let digits = match escape.as_bytes().first() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            _ => 0,
        };
        if escape.bytes().skip(1).take(digits).filter(u8::is_ascii_hexdigit).count() < digits {
            return false;
        }
        let mut after = escape.chars();
        after.next();
        rest = after.as_str();
    }
    true
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
