//! The JSON of a rules file, with the place of every token (realtime-database specification, section 1.1).

use crate::{
    syntax::{depth::MAX_OPEN, error},
    text::{Diagnostic, Span},
};

use super::{
    lexer::{self, Token, Tokens, Within},
    wording::{self, Expected},
};

/// A value and where it stands, quotes and brackets included.
#[derive(Debug)]
pub(super) struct Json<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum Kind<'t> {
    /// Members in source order: key and value.
    Object(Vec<(Json<'t>, Json<'t>)>),
    Array(Vec<Json<'t>>),
    /// As written, without the quotes.
    String(&'t str),
    Bool(bool),
    Number,
    Null,
}

/// Reads a text.
///
/// # Errors
///
/// Nesting that no data has, otherwise the first place at which it is not JSON, in the service's words where they are
/// known.
pub(super) fn parse(text: &str) -> Result<Json<'_>, Diagnostic> {
    let mut reader = Reader { text, tokens: Tokens::new(text, Within::File), depth: 0, members: Vec::new() };
    // Where a text breaks off both ways, its nesting is told: the reader may not have come so far.
    reader.document().map_err(|problem| match lexer::too_deep(text, Within::File, MAX_OPEN) {
        Some(place) => too_deep(place),
        None => {
            let mut problem = *problem;
            wording::explain(text, Within::File, &mut problem);
            problem
        }
    })
}

fn too_deep(place: Span) -> Diagnostic {
    error::problem(error::TREE_TOO_DEEP, Some(place), "The rules nest too deeply.")
        .with_hint("data is at most 32 levels deep, so rules below that never apply")
}

type Read<T> = Result<T, Box<Diagnostic>>;

struct Reader<'t> {
    text: &'t str,
    tokens: Tokens<'t>,
    /// How many brackets are open.
    depth: usize,
    /// Those of the open objects that have been read.
    members: Vec<(Json<'t>, Json<'t>)>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Read<Json<'t>> {
        let Some((token, span)) = self.tokens.next() else { return Err(Box::new(wording::no_file(self.text, 0))) };
        if let Token::Unclosed(literal) = token {
            return Err(Box::new(wording::unclosed_in_file(literal, span)));
        }
        let document = self.value(token, span).and_then(|document| match self.tokens.next() {
            None => Ok(document),
            Some((Token::Unclosed(literal), span)) => Err(Box::new(wording::unclosed_in_file(literal, span))),
            Some((_, span)) => Err(self.misplaced(Expected::Nothing, span)),
        });
        // Of a text that does not even begin as a file no more is said.
        document.map_err(|problem| match token {
            Token::Open(b'{') => problem,
            _ => Box::new(wording::no_file(self.text, span.start as usize)),
        })
    }

    /// The next token within a bracket.
    fn next(&mut self) -> Read<(Token, Span)> {
        match self.tokens.next() {
            Some((Token::Unclosed(literal), span)) => Err(Box::new(wording::unclosed_in_file(literal, span))),
            Some(next) => Ok(next),
            None => Err(Box::new(wording::unclosed_bracket(self.text))),
        }
    }

    fn misplaced(&self, expected: Expected, span: Span) -> Box<Diagnostic> {
        Box::new(wording::misplaced(self.text, expected, span))
    }

    fn value(&mut self, token: Token, span: Span) -> Read<Json<'t>> {
        match token {
            Token::Open(b'{') => self.object(span),
            Token::Open(b'[') => self.array(span),
            Token::String => Ok(self.string(span)),
            Token::Word | Token::Sign(b'-') => self.literal(span),
            _ => Err(self.misplaced(Expected::Value, span)),
        }
    }

    fn open(&mut self, bracket: Span) -> Read<()> {
        self.depth += 1;
        if self.depth < MAX_OPEN { Ok(()) } else { Err(Box::new(too_deep(bracket))) }
    }

    fn object(&mut self, bracket: Span) -> Read<Json<'t>> {
        self.open(bracket)?;
        let before = self.members.len();
        let mut expected = Expected::FirstKey;
        let end = loop {
            let (token, place) = self.next()?;
            let key = match token {
                Token::String => self.string(place),
                Token::Close(b'}') => break place,
                _ => return Err(self.misplaced(expected, place)),
            };
            let (token, place) = self.next()?;
            if token != Token::Sign(b':') {
                return Err(self.misplaced(Expected::Colon, place));
            }
            let (token, place) = self.next()?;
            let value = self.value(token, place)?;
            self.members.push((key, value));
            let (token, place) = self.next()?;
            match token {
                Token::Sign(b',') => expected = Expected::Key,
                Token::Close(b'}') => break place,
                _ => return Err(self.misplaced(Expected::Comma('}'), place)),
            }
        };
        self.depth -= 1;
        let members = self.members.drain(before..).collect();
        Ok(Json { kind: Kind::Object(members), span: bracket.to(end) })
    }

    fn array(&mut self, bracket: Span) -> Read<Json<'t>> {
        self.open(bracket)?;
        let mut items = Vec::new();
        let end = loop {
            let (token, place) = self.next()?;
            if token == Token::Close(b']') {
                break place;
            }
            items.push(self.value(token, place)?);
            let (token, place) = self.next()?;
            match token {
                Token::Sign(b',') => {}
                Token::Close(b']') => break place,
                _ => return Err(self.misplaced(Expected::Comma(']'), place)),
            }
        };
        self.depth -= 1;
        Ok(Json { kind: Kind::Array(items), span: bracket.to(end) })
    }

    fn string(&self, span: Span) -> Json<'t> {
        let written = self.text.get(span.start as usize + 1..span.end as usize - 1).unwrap_or("");
        Json { kind: Kind::String(written), span }
    }

    /// `true`, `false`, `null` or a number, of which the token is the beginning.
    fn literal(&mut self, span: Span) -> Read<Json<'t>> {
        let rest = self.text.get(span.start as usize..).unwrap_or("");
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
        let (written, after) = rest.split_at(rest.find(|c| !part(c)).unwrap_or(rest.len()));
        let kind = match written {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "null" => Kind::Null,
            number if is_number(number) => Kind::Number,
            other => return Err(Box::new(wording::no_literal(self.text, other, span))),
        };
        if after.starts_with(|c: char| matches!(c, '_' | '$') || !c.is_ascii()) {
            return Err(Box::new(wording::no_literal(self.text, written, span)));
        }
        let end = span.start + written.len() as u32;
        self.tokens.skip_to(end);
        Ok(Json { kind, span: Span { end, ..span } })
    }
}

/// Whether a text is a number as JSON has them.
fn is_number(text: &str) -> bool {
    let bytes = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let mut at = match bytes.first() {
        Some(b'0') => 1,
        _ => digits(0),
    };
    if at == 0 {
        return false;
    }
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return false;
        }
        at += 1 + sign + exponent;
    }
    at == bytes.len()
}
