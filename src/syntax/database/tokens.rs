//! The tokens of a file or an expression, from the same grammar: for the limit of nesting, and for the messages about text
//! that is refused.

use crate::{
    syntax::{
        depth::MAX_OPEN,
        grammar::{
            self, COMFORTABLE,
            database::{DatabaseGrammar, Rule},
        },
    },
    text::Span,
};

/// The grammar of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// JSON with comments.
    Json,
    Expression,
}

/// A bracket, a string, a sign or a comment. An unclosed string, pattern or comment is the last token; its span is its
/// first byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) rule: Rule,
    pub(super) span: Span,
}

impl Token {
    /// Whether a string, a pattern or a comment begins here that nothing closes.
    pub(super) fn is_unclosed(self) -> bool {
        matches!(self.rule, Rule::unclosed_string | Rule::unclosed_regex | Rule::unclosed_comment)
    }

    pub(super) fn is_string(self) -> bool {
        matches!(self.rule, Rule::json_string | Rule::db_closed_string | Rule::unclosed_string)
    }

    pub(super) fn is_bracket(self) -> bool {
        matches!(self.rule, Rule::open | Rule::close)
    }
}

/// All tokens, comments included. Every text has them.
pub(super) fn all(syntax: Syntax, text: &str) -> Vec<Token> {
    let rule = match syntax {
        Syntax::Json => Rule::json_tokens,
        Syntax::Expression => Rule::db_tokens,
    };
    let nodes = grammar::parse::<DatabaseGrammar, Rule>(rule, text).unwrap_or_default();
    let tokens = nodes.into_iter().filter(|node| ![rule, Rule::EOI].contains(&node.rule));
    tokens
        .map(|node| {
            let token = Token { rule: node.rule, span: node.span };
            let end = if token.is_unclosed() { node.span.start + 1 } else { node.span.end };
            Token { span: Span { end, ..node.span }, ..token }
        })
        .collect()
}

/// The number of brackets and choices that are open at once, at most; an upper bound where that is small.
///
/// # Errors
///
/// The token that exceeds [`MAX_OPEN`].
pub(super) fn nesting(syntax: Syntax, text: &str) -> Result<usize, Span> {
    let openers = text.bytes().filter(|byte| matches!(byte, b'{' | b'[' | b'(' | b'?')).count();
    let bound = if openers <= COMFORTABLE { openers } else { bound(syntax, text).unwrap_or(openers) };
    if bound <= COMFORTABLE {
        return Ok(bound);
    }
    // For the text and each open bracket, the number of `?` that wait for their `:`.
    let mut open: Vec<usize> = vec![0];
    let (mut choices, mut deepest) = (0, 0);
    for token in all(syntax, text) {
        match token.rule {
            Rule::open => open.push(0),
            Rule::close if open.len() > 1 => choices -= open.pop().unwrap_or(0),
            Rule::question => {
                if let Some(last) = open.last_mut() {
                    *last += 1;
                    choices += 1;
                }
            }
            Rule::colon => {
                if let Some(last) = open.last_mut().filter(|last| **last > 0) {
                    *last -= 1;
                    choices -= 1;
                }
            }
            _ => {}
        }
        deepest = deepest.max(open.len() + choices);
        if deepest > MAX_OPEN {
            return Err(token.span);
        }
    }
    Ok(deepest)
}

/// An upper bound of the nesting, without tokens. `None` where a slash in an expression may begin a pattern or a comment.
fn bound(syntax: Syntax, text: &str) -> Option<usize> {
    let (mut open, mut deepest, mut choices, mut rest) = (0_usize, 0, 0, text.as_bytes());
    loop {
        rest = match rest {
            [] => return Some(deepest + choices),
            [b'?', after @ ..] => {
                choices += 1;
                after
            }
            [b'{' | b'[' | b'(', after @ ..] => {
                open += 1;
                deepest = deepest.max(open);
                after
            }
            [b'}' | b']' | b')', after @ ..] => {
                open = open.saturating_sub(1);
                after
            }
            [b'"', after @ ..] => after_string(after, b'"'),
            [b'\'', after @ ..] if syntax == Syntax::Expression => after_string(after, b'\''),
            [b'/', ..] if syntax == Syntax::Expression => return None,
            [b'/', b'/', after @ ..] => after_first(after, 1, |bytes| matches!(bytes, b"\n" | b"\r")),
            [b'/', b'*', after @ ..] => after_first(after, 2, |bytes| bytes == b"*/"),
            [_, after @ ..] => after,
        };
    }
}

fn after_string(mut rest: &[u8], quote: u8) -> &[u8] {
    loop {
        rest = match rest {
            [] => return rest,
            [byte, after @ ..] if *byte == quote => return after,
            [b'\\', _, after @ ..] | [_, after @ ..] => after,
        };
    }
}

/// What follows the first `length` bytes for which `is_end` holds, or nothing.
fn after_first(text: &[u8], length: usize, is_end: impl Fn(&[u8]) -> bool) -> &[u8] {
    let at = text.windows(length).position(is_end);
    at.and_then(|at| text.get(at + length..)).unwrap_or(&[])
}
