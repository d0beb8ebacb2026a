//! Cuts rules files and the expressions in them into tokens, as far as telling their brackets takes: what would overflow
//! the parser's stack is refused before it runs.

use crate::text::Span;

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
    /// A name or a number.
    Word,
    Other(u8),
    /// A comment that is not closed.
    Comment,
}

/// The tokens of a text with their places. A string, regular expression or comment that is not closed is one of its first
/// byte, and the last token: no parser gets beyond it.
pub(super) struct Tokens<'t> {
    bytes: &'t [u8],
    within: Within,
    at: usize,
    /// Whether the last token ends an operand, so that a slash divides.
    operand: bool,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str, within: Within) -> Self {
        Tokens { bytes: text.as_bytes(), within, at: 0, operand: false }
    }

    fn rest(&self) -> &'t [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    /// Whether a comment follows that is not closed.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let length = match rest {
                [b' ' | b'\t' | b'\r' | b'\n' | 0x0C, ..] => 1,
                [b'/', b'/', ..] => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => match rest.windows(2).skip(2).position(|w| w == b"*/") {
                    Some(end) => end + 4,
                    None => return true,
                },
                _ => return false,
            };
            self.at += length;
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = (Token, Span);

    fn next(&mut self) -> Option<(Token, Span)> {
        let unclosed = self.skip_blanks();
        let rest = self.rest();
        let first = *rest.first()?;
        let slash_begins = self.within == Within::Expression && !self.operand;
        let (token, length) = match first {
            _ if unclosed => (Token::Comment, 1),
            b'"' => (Token::String, closed(rest, self.within == Within::File)),
            b'\'' if self.within == Within::Expression => (Token::String, closed(rest, false)),
            b'/' if slash_begins => (Token::Regex, regex(rest)),
            b'(' | b'[' | b'{' => (Token::Open(first), 1),
            b')' | b']' | b'}' => (Token::Close(first), 1),
            // The point of a number is no operator, even where nothing follows it.
            b'0'..=b'9' => (Token::Word, number(rest)),
            b'.' if !self.operand && rest.get(1).is_some_and(u8::is_ascii_digit) => (Token::Word, number(rest)),
            b if is_word(b) => (Token::Word, rest.iter().take_while(|b| is_word(**b)).count()),
            other => (Token::Other(other), 1),
        };
        self.operand = matches!(token, Token::Close(_) | Token::String | Token::Regex | Token::Word);
        let start = self.at;
        let open = length == 1 && matches!(token, Token::String | Token::Regex | Token::Comment);
        self.at = if open { self.bytes.len() } else { start + length };
        Some((token, Span::new(start, start + length)))
    }
}

fn number(text: &[u8]) -> usize {
    text.iter().take_while(|b| is_word(**b) || **b == b'.').count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// The length of a string with its quotes; of one that is not closed, or not on its line, one.
fn closed(text: &[u8], lines: bool) -> usize {
    let quote = text.first().copied();
    let mut at = 1;
    loop {
        match text.get(at) {
            None => return 1,
            Some(b'\\') => at += if text.get(at + 1..at + 3) == Some(b"\r\n") { 3 } else { 2 },
            Some(b'\n' | b'\r') if !lines => return 1,
            byte if byte == quote.as_ref() => return at + 1,
            Some(_) => at += 1,
        }
    }
}

/// The length of a regular expression with its slashes and flags.
fn regex(text: &[u8]) -> usize {
    let mut at = 1;
    let mut class = false;
    loop {
        match text.get(at) {
            None | Some(b'\n' | b'\r') => return 1,
            Some(b'\\') => at += 1,
            Some(b'[') => class = true,
            Some(b']') => class = false,
            Some(b'/') if !class => break,
            Some(_) => {}
        }
        at += 1;
    }
    at + 1 + text.iter().skip(at + 1).take_while(|b| is_word(**b)).count()
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
            Token::Other(b'?') => {
                if let Some(last) = open.last_mut() {
                    *last += 1;
                    choices += 1;
                }
            }
            Token::Other(b':') => {
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
