//! Cuts rules files and the expressions in them into tokens: for the parsers, for the check that bounds nesting before
//! they recurse, and for the words about text that they refuse (realtime-database specification, section 2.2).

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::{
    syntax::{
        ast::{BinaryOp, UnaryOp},
        lexer,
    },
    text::Span,
};

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// JSON with comments.
    File,
    /// An expression, in which a slash may begin a regular expression.
    Expression,
}

/// A piece of text that is not blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open(u8),
    Close(u8),
    String,
    Regex,
    /// A name, reserved or not; in a file a number too.
    Word,
    Number,
    /// What begins as a number but is none: `3px`.
    Malformed,
    /// Before an operand.
    Prefix(UnaryOp),
    /// After an operand; `===` is `==`.
    Infix(BinaryOp),
    /// Any other character, by its first byte.
    Sign(u8),
    /// What is not closed, by its first byte; the last token.
    Unclosed(Literal),
}

/// What begins and has to be closed, other than brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    String,
    Regex,
    Comment,
}

/// The tokens of a text with their places.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    text: &'t str,
    within: Within,
    at: usize,
    /// Whether the last token ends an operand, so that a slash divides.
    operand: bool,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str, within: Within) -> Self {
        Tokens { text, within, at: 0, operand: false }
    }

    /// Goes on at an offset.
    pub(super) fn skip_to(&mut self, at: u32) {
        self.at = at as usize;
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or(&[])
    }

    /// Whether a comment follows that is not closed.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = self.rest();
            match rest {
                [b' ' | b'\t' | b'\r' | b'\n' | 0x0C, ..] => self.at += 1,
                [b'/', second, ..] => match comment(*second, rest) {
                    Some(0) => return false,
                    Some(length) => self.at += length,
                    None => return true,
                },
                _ => return false,
            }
        }
    }

    /// What stands at the offset, and how long it is.
    fn token(&self, first: u8, rest: &[u8]) -> (Token, usize) {
        let expression = self.within == Within::Expression;
        let or_unclosed = |token, literal, length: Option<usize>| match length {
            Some(length) => (token, length),
            None => (Token::Unclosed(literal), 1),
        };
        match first {
            // Most tokens are names.
            b'a'..=b'z' if expression => (Token::Word, word(self.after(0))),
            b'"' => or_unclosed(Token::String, Literal::String, string(rest, !expression)),
            b'\'' if expression => or_unclosed(Token::String, Literal::String, string(rest, false)),
            b'(' | b'[' | b'{' => (Token::Open(first), 1),
            b')' | b']' | b'}' => (Token::Close(first), 1),
            b'/' if expression && !self.operand => or_unclosed(Token::Regex, Literal::Regex, regex(self.after(0))),
            // Here a word takes a point along, and what is no ASCII: JSON has neither outside of strings.
            b if !expression && is_file_word(b) => {
                let within = |b: &&u8| is_file_word(**b) || first.is_ascii_digit() && **b == b'.';
                (Token::Word, rest.iter().take_while(within).count())
            }
            b if !expression => (Token::Sign(b), 1),
            b'0'..=b'9' => number(self.after(0)),
            b'.' if !self.operand && rest.get(1).is_some_and(u8::is_ascii_digit) => number(self.after(0)),
            b if is_ascii_word(b) || b >= 0x80 && self.after(0).starts_with(is_word_start) => {
                (Token::Word, word(self.after(0)))
            }
            b => match operator(rest, self.operand) {
                Some(found) => found,
                None => (Token::Sign(b), self.after(0).chars().next().map_or(1, char::len_utf8)),
            },
        }
    }

    /// The text from a distance to the offset on.
    fn after(&self, distance: usize) -> &'t str {
        self.text.get(self.at + distance..).unwrap_or("")
    }
}

impl Iterator for Tokens<'_> {
    type Item = (Token, Span);

    fn next(&mut self) -> Option<(Token, Span)> {
        let unclosed = self.skip_blanks();
        let rest = self.rest();
        let first = *rest.first()?;
        let (token, length) = if unclosed { (Token::Unclosed(Literal::Comment), 1) } else { self.token(first, rest) };
        self.operand = matches!(
            token,
            Token::Close(_) | Token::String | Token::Regex | Token::Word | Token::Number | Token::Malformed
        );
        let start = self.at;
        self.at = if matches!(token, Token::Unclosed(_)) { self.text.len() } else { start + length };
        Some((token, Span::new(start, start + length)))
    }
}

/// The length of a comment, none at all where the slash begins something else; `None` if it is not closed.
fn comment(second: u8, text: &[u8]) -> Option<usize> {
    match second {
        b'/' => Some(text.iter().position(|b| *b == b'\n').unwrap_or(text.len())),
        b'*' => text.windows(2).skip(2).position(|w| w == b"*/").map(|end| end + 4),
        _ => Some(0),
    }
}

/// An operator: one between operands where one stands before it, otherwise one before an operand.
fn operator(text: &[u8], after_operand: bool) -> Option<(Token, usize)> {
    // Neither `++` nor `--` is there, nor the two that they could be read as.
    if matches!(text, [b'+', b'+', ..] | [b'-', b'-', ..]) {
        return None;
    }
    if !after_operand {
        return match text.first()? {
            b'!' => Some((Token::Prefix(UnaryOp::Not), 1)),
            b'-' => Some((Token::Prefix(UnaryOp::Negate), 1)),
            _ => None,
        };
    }
    let (op, length) = match text {
        [b'|', b'|', ..] => (BinaryOp::Or, 2),
        [b'&', b'&', ..] => (BinaryOp::And, 2),
        [b'=', b'=', b'=', ..] => (BinaryOp::Eq, 3),
        [b'=', b'=', ..] => (BinaryOp::Eq, 2),
        [b'!', b'=', b'=', ..] => (BinaryOp::Ne, 3),
        [b'!', b'=', ..] => (BinaryOp::Ne, 2),
        [b'<', b'=', ..] => (BinaryOp::Le, 2),
        [b'>', b'=', ..] => (BinaryOp::Ge, 2),
        [b'<', ..] => (BinaryOp::Lt, 1),
        [b'>', ..] => (BinaryOp::Gt, 1),
        [b'+', ..] => (BinaryOp::Add, 1),
        [b'-', ..] => (BinaryOp::Sub, 1),
        [b'*', ..] => (BinaryOp::Mul, 1),
        [b'/', ..] => (BinaryOp::Div, 1),
        [b'%', ..] => (BinaryOp::Rem, 1),
        _ => return None,
    };
    Some((Token::Infix(op), length))
}

#[inline]
fn is_ascii_word(byte: u8) -> bool {
    lexer::is(byte, lexer::WORD)
}

fn is_file_word(byte: u8) -> bool {
    is_ascii_word(byte) || byte >= 0x80
}

fn is_letter(category: GeneralCategory) -> bool {
    use GeneralCategory as Category;
    matches!(
        category,
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::TitlecaseLetter
            | Category::ModifierLetter
            | Category::OtherLetter
    )
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == '$' || !c.is_ascii() && is_letter(get_general_category(c))
}

/// Whether a name can go on with a character.
fn is_word(c: char) -> bool {
    use GeneralCategory as Category;
    if c.is_ascii() {
        return is_ascii_word(c as u8);
    }
    let category = get_general_category(c);
    is_letter(category)
        || matches!(
            category,
            Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark | Category::DecimalNumber
        )
}

/// The length of the word that a text begins with.
fn word(text: &str) -> usize {
    match text.bytes().position(|b| !is_ascii_word(b)) {
        Some(end) if text.as_bytes().get(end).is_some_and(u8::is_ascii) => end,
        Some(_) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        None => text.len(),
    }
}

/// A number, and how long it is. No word may follow it, and no other fraction.
fn number(text: &str) -> (Token, usize) {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let exponent = |from: usize| {
        let sign = match bytes.get(from..).unwrap_or(&[]) {
            [b'e' | b'E', b'+' | b'-', ..] => 1,
            [b'e' | b'E', ..] => 0,
            _ => return from,
        };
        match digits(from + 1 + sign) {
            0 => from,
            digits => from + 1 + sign + digits,
        }
    };
    let end = match bytes {
        [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => {
            2 + bytes.iter().skip(2).take_while(|b| b.is_ascii_hexdigit()).count()
        }
        [b'0', digit, ..] if digit.is_ascii_digit() => digits(0),
        [b'.', ..] => exponent(1 + digits(1)),
        _ => match digits(0) {
            whole if bytes.get(whole) == Some(&b'.') => exponent(whole + 1 + digits(whole + 1)),
            whole => exponent(whole),
        },
    };
    let rest = text.get(end..).unwrap_or("");
    if rest.starts_with(is_word) || matches!(rest.as_bytes(), [b'.', b'0'..=b'9', ..]) {
        let run = |c: char| is_word(c) || c == '.';
        return (Token::Malformed, text.find(|c| !run(c)).unwrap_or(text.len()));
    }
    (Token::Number, end)
}

/// The length of a string with its quotes, if it is closed, and on its line where `lines` is not set.
fn string(text: &[u8], lines: bool) -> Option<usize> {
    let quote = *text.first()?;
    let mut at = 1;
    loop {
        match *text.get(at)? {
            b'\\' => at += if text.get(at + 1..at + 3) == Some(b"\r\n") { 3 } else { 2 },
            b'\n' | b'\r' if !lines => return None,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The length of a regular expression with its slashes and flags, if it is closed on its line.
fn regex(text: &str) -> Option<usize> {
    let mut class = false;
    let mut bytes = text.bytes().enumerate().skip(1);
    let slash = loop {
        match bytes.next()? {
            (_, b'\n' | b'\r') => return None,
            (_, b'\\') => drop(bytes.next().filter(|(_, b)| !matches!(b, b'\n' | b'\r'))?),
            (_, b'[') => class = true,
            (_, b']') => class = false,
            (at, b'/') if !class => break at,
            _ => {}
        }
    };
    Some(slash + 1 + word(text.get(slash + 1..).unwrap_or("")))
}

/// The bracket that is one too many inside each other, or the `?` of a choice within choices.
pub(super) fn too_deep(text: &str, within: Within, limit: usize) -> Option<Span> {
    // For each open bracket, how many `?` inside it wait for their `:`.
    let mut open: Vec<usize> = vec![0];
    let mut choices = 0;
    for (token, span) in Tokens::new(text, within) {
        match token {
            Token::Open(_) => open.push(0),
            Token::Close(_) if open.len() > 1 => choices -= open.pop().unwrap_or(0),
            Token::Sign(b'?') => {
                if let Some(last) = open.last_mut() {
                    *last += 1;
                    choices += 1;
                }
            }
            Token::Sign(b':') => {
                if let Some(last) = open.last_mut().filter(|last| **last > 0) {
                    *last -= 1;
                    choices -= 1;
                }
            }
            _ => {}
        }
        if open.len() + choices > limit {
            return Some(span);
        }
    }
    None
}
