//! What is said of text that is no rules file, or no expression: the service's words where they are known
//! (realtime-database specification, section 1.6), ours where they are not.

use crate::{
    syntax::error,
    text::{Diagnostic, Span},
};

use super::{expr::Failure, lexer::Literal};

const FILE: &str = "a rules file is JSON, with comments and trailing commas: { \"rules\": { … } }";
const MEMBER: &str = "a member is \"key\": value, with the key in double quotes";

/// What may stand next in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A key, or the end of the object that has just begun.
    FirstKey,
    /// A key, or the end of the object after a comma.
    Key,
    Colon,
    /// A value, or the end of the array.
    Value,
    /// A comma, or the end with this bracket.
    Comma(char),
    Nothing,
}

fn json(span: Span, message: impl Into<String>) -> Diagnostic {
    error::problem(error::JSON_SYNTAX, Some(span), message)
}

/// Of a text that does not begin as a file.
pub(super) fn no_file(text: &str, at: usize) -> Diagnostic {
    json(token_at(text, at), "Parse error.").with_hint(FILE)
}

/// Of a string or comment that goes on to the end of the file.
pub(super) fn unclosed_in_file(literal: Literal, place: Span) -> Diagnostic {
    let what = if literal == Literal::Comment { "comment" } else { "string" };
    json(place, "Unexpected end of input.").with_hint(format!("the {what} that begins here is not closed"))
}

/// Of a file that ends within a bracket.
pub(super) fn unclosed_bracket(text: &str, bracket: Span) -> Diagnostic {
    let line = text.get(..bracket.start as usize).unwrap_or("").matches('\n').count() + 1;
    let bracket = text.get(bracket.range()).unwrap_or("");
    json(Span::new(text.len(), text.len()), "Unexpected end of input.")
        .with_hint(format!("the `{bracket}` of line {line} is not closed"))
}

/// Of a word or number that is no JSON.
pub(super) fn no_literal(text: &str, written: &str, span: Span) -> Diagnostic {
    let digits = written.strip_prefix('-').unwrap_or(written);
    let number = digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.ends_with(['.', '+', '-', 'e', 'E']);
    if number || matches!(written, "true" | "false" | "null") {
        return json(token_at(text, span.start as usize), "Parse error.");
    }
    misplaced(text, Expected::Value, span)
}

/// Of a token where it cannot stand.
pub(super) fn misplaced(text: &str, expected: Expected, span: Span) -> Diagnostic {
    let span = token_at(text, span.start as usize);
    let found = text.get(span.range()).unwrap_or("");
    let unexpected = || format!("Unexpected '{found}'.");
    match expected {
        // A comma may stand before the closing brace, but no second one after it.
        Expected::Key => json(span, "Expected '\"'.").with_hint(MEMBER),
        Expected::FirstKey => json(span, unexpected()).with_hint(MEMBER),
        Expected::Colon => json(span, "Expected ':'.").with_hint(MEMBER),
        Expected::Comma(end) => json(span, format!("Expected ',' or '{end}'."))
            .with_hint("members are separated by commas; a string ends with a double quote"),
        Expected::Value => {
            let hint = if found == "'" { "strings stand in double quotes" } else { "a value follows" };
            json(span, unexpected()).with_hint(hint)
        }
        Expected::Nothing => json(span, unexpected()).with_hint("nothing stands after the closing brace"),
    }
}

/// A word or a character.
fn token_at(text: &str, at: usize) -> Span {
    let rest = text.get(at..).unwrap_or("");
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
    let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    Span::new(at, at + length)
}

/// Operators of JavaScript that rules do not have, and what to write instead.
const OPERATORS: [(&str, &str); 11] = [
    ("&&", ""),
    ("||", ""),
    ("&", "write `a && b`"),
    ("|", "write `a || b`"),
    ("^", ""),
    ("~", ""),
    ("*", ""),
    ("in", "ask with hasChild() or with `auth.token.roles[name] != null`"),
    ("instanceof", ""),
    ("typeof", "ask with isString(), isNumber() or isBoolean()"),
    ("void", ""),
];

/// Of a text that is no expression, with spans in that text.
pub(super) fn expression(text: &str, failure: Failure) -> Diagnostic {
    let Failure { at, unclosed, complete } = failure;
    let span = token_at(text, at);
    let rest = text.get(at..).unwrap_or("");
    let found = text.get(span.range()).unwrap_or("");
    let syntax = |message: &str| error::problem(error::EXPRESSION_SYNTAX, Some(span), message);
    if rest.starts_with('=') && !rest.starts_with("==") {
        return error::problem(error::ASSIGNMENT, Some(span), "Rule expressions may not contain assignments.")
            .with_hint("compare with `==`");
    }
    if let Some(literal) = unclosed {
        let place = Span::new(at, at + 1);
        let (message, hint) = match literal {
            Literal::Regex => (
                "unterminated regular expression literal",
                "`/` ends it, on the same line; within brackets `[…]` it does not",
            ),
            Literal::Comment => ("unterminated comment", "`*/` ends it"),
            Literal::String => {
                ("unterminated string literal", "a string ends on its line, with the quote it began with")
            }
        };
        return error::problem(error::EXPRESSION_SYNTAX, Some(place), message).with_hint(hint);
    }
    // `**`, `<<`, `>>`: the parser took the first half for an operator of its own.
    let before = text.as_bytes().get(at.wrapping_sub(1)).copied().filter(|byte| b"*<>".contains(byte));
    if let Some(half) = before.filter(|half| rest.as_bytes().first() == Some(half)) {
        let operator = char::from(half).to_string().repeat(2);
        let message = format!("Rule expressions may not contain operator '{operator}'.");
        return error::problem(error::EXPRESSION_SYNTAX, Some(Span::new(at - 1, at + 1)), message);
    }
    if rest.is_empty() {
        return syntax("Unexpected end of expression").with_hint("an operand or a closing bracket is missing");
    }
    if let Some((operator, hint)) =
        OPERATORS.iter().find(|(operator, _)| rest.starts_with(operator) && found.len() <= operator.len())
        && (complete || !["&&", "||", "*"].contains(operator))
    {
        let message = format!("Rule expressions may not contain operator '{operator}'.");
        let problem = error::problem(error::EXPRESSION_SYNTAX, Some(span), message);
        return if hint.is_empty() { problem } else { problem.with_hint(*hint) };
    }
    if complete && !rest.starts_with([')', ']', '}', ',']) {
        let hint = match found {
            "and" => "write `&&`",
            "or" => "write `||`",
            ";" => "a rule is one expression, without a semicolon",
            _ => "an operator such as `&&` is missing, or this is one too many",
        };
        return syntax("missing ; before statement").with_hint(hint);
    }
    syntax("syntax error").with_hint(format!("`{found}` cannot stand here"))
}
