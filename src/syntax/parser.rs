//! The parser of rules files: a cursor over tokens, and what is found by it.

use std::collections::HashSet;

use smallvec::smallvec;

use crate::text::{Diagnostic, Span};

use super::{
    PACKAGES,
    ast::{Capture, ExprId, Exprs, Name, Names},
    depth::MAX_OPEN,
    error,
    token::{
        ASSIGN, CLOSE_BRACE, COMMA, DOUBLE_STAR, EOF, IDENTIFIER, Kind, OPEN_BRACE, SEMICOLON, SLASH, STAR, Token,
    },
};

/// Problems after which repeated variables are no more told.
const MAX_PROBLEMS: usize = 500;

/// The token before which the parser stands cannot be there, or is one bracket too many inside each other.
pub(super) struct Unexpected;

/// Builds the tree from tokens, and collects what is wrong with well-formed text.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    tokens: &'t [Token],
    pub(super) next: Token,
    /// What follows it.
    pub(super) rest: &'t [Token],
    /// Brackets and `?` that are not closed.
    open: usize,
    pub(super) exprs: Exprs,
    /// How many parentheses stand around which expression, in the expression being read.
    pub(super) groups: Vec<(ExprId, u32)>,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, tokens: &'t [Token]) -> Self {
        let mut parser = Parser {
            text,
            tokens,
            next: Token { kind: EOF, start: 0, end: 0 },
            rest: tokens,
            open: 0,
            // About two for five tokens, in files and expressions alike.
            exprs: Exprs::with_capacity(tokens.len() * 2 / 5 + 1),
            groups: Vec::new(),
            problems: Vec::new(),
        };
        parser.advance();
        parser
    }

    /// Takes a token. There are always more: the last one is the end of input, which stays.
    #[inline]
    pub(super) fn advance(&mut self) -> Token {
        let token = self.next;
        if let Some((next, rest)) = self.rest.split_first() {
            self.next = *next;
            self.rest = rest;
        }
        token
    }

    /// Whether the parser stands before a token of this kind.
    #[inline]
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.next.kind == kind
    }

    /// Takes a token of this kind, if it is next.
    #[inline]
    pub(super) fn takes(&mut self, kind: Kind) -> bool {
        let is = self.is(kind);
        if is {
            self.advance();
        }
        is
    }

    /// Takes a token of this kind.
    #[inline]
    pub(super) fn expect(&mut self, kind: Kind) -> Result<Span, Unexpected> {
        if self.is(kind) { Ok(self.advance().span()) } else { Err(Unexpected) }
    }

    /// Takes a bracket or `?` of this kind. What is open is counted, so that reading ends before the stack does.
    pub(super) fn opens(&mut self, kind: Kind) -> Result<Span, Unexpected> {
        let place = self.expect(kind)?;
        self.open += 1;
        if self.open >= MAX_OPEN { Err(Unexpected) } else { Ok(place) }
    }

    /// Takes what closes the last one.
    pub(super) fn closes(&mut self, kind: Kind) -> Result<Span, Unexpected> {
        self.open -= 1;
        self.expect(kind)
    }

    /// Takes the end of a statement, which may be left out; gives the statement's last token.
    pub(super) fn semicolon(&mut self) -> Span {
        self.takes(SEMICOLON);
        let taken = self.tokens.len() - self.rest.len() - 1;
        self.tokens.get(taken.wrapping_sub(1)).map_or(Span::default(), |last| last.span())
    }

    pub(super) fn slice(&self, place: Span) -> &'t str {
        self.text.get(place.range()).unwrap_or("")
    }

    pub(super) fn name_at(&self, span: Span) -> Name {
        Name { text: self.slice(span).into(), span }
    }

    /// Takes a name.
    pub(super) fn name(&mut self) -> Result<Name, Unexpected> {
        let span = self.expect(IDENTIFIER)?;
        Ok(self.name_at(span))
    }

    /// Takes `a, b, c`.
    pub(super) fn names(&mut self) -> Result<Names, Unexpected> {
        let mut names = smallvec![self.name()?];
        while self.takes(COMMA) {
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// Takes `/{x}`, `/{x=*}` or `/{x=**}`.
    pub(super) fn capture(&mut self) -> Result<Capture, Unexpected> {
        let slash = self.expect(SLASH)?;
        self.opens(OPEN_BRACE)?;
        let name = self.name()?;
        let mut glob = false;
        if self.takes(ASSIGN) {
            glob = self.takes(DOUBLE_STAR);
            if !glob {
                self.expect(STAR)?;
            }
        }
        let brace = self.closes(CLOSE_BRACE)?;
        self.refuse_package(&name);
        Ok(Capture { name, glob, span: slash.to(brace) })
    }

    pub(super) fn refuse_repeated<'c>(&mut self, captures: impl Iterator<Item = &'c Capture>) {
        let mut names = HashSet::new();
        for capture in captures {
            if self.problems.len() >= MAX_PROBLEMS {
                return;
            }
            if !names.insert(capture.name.text.as_str()) {
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

    pub(super) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.problems.push(error::problem(code, Some(span), message));
        let last = self.problems.len() - 1;
        #[allow(clippy::indexing_slicing, reason = "just pushed")]
        &mut self.problems[last]
    }
}
