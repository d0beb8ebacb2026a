//! The tokens of a file or an expression: for the bound on nesting, and for the words about text that is refused.

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

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// JSON with comments.
    Json,
    Expression,
}

/// A bracket, a string, a sign or a comment. What is not closed is the last token, by its first byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) rule: Rule,
    pub(super) span: Span,
}

impl Token {
    /// Whether this begins a string, a pattern or a comment that nothing closes.
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

/// All tokens, comments included.
pub(super) fn all(language: Language, text: &str) -> Vec<Token> {
    let rule = match language {
        Language::Json => Rule::json_tokens,
        Language::Expression => Rule::db_tokens,
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

/// How deep brackets and choices nest. `bound` is at least that, and exact enough where it is small.
///
/// # Errors
///
/// The token at which more than [`MAX_OPEN`] are open, one more than the brackets counted.
pub(super) fn nesting(language: Language, text: &str, bound: usize) -> Result<usize, Span> {
    if bound <= COMFORTABLE {
        return Ok(bound);
    }
    // For each open bracket, how many `?` inside it wait for their `:`.
    let mut open: Vec<usize> = vec![0];
    let (mut choices, mut deepest) = (0, 0);
    for token in all(language, text) {
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
