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

/// The number of brackets and choices that are open at once, at most. `bound` is an upper bound, cheap to know; where it
/// is small it is the answer.
///
/// # Errors
///
/// The token that exceeds [`MAX_OPEN`].
pub(super) fn nesting(syntax: Syntax, text: &str, bound: usize) -> Result<usize, Span> {
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
