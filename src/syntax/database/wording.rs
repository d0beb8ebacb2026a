//! What is said of text that is no rules file, or no expression: the service's words where they are known
//! (realtime-database specification, section 1.6), ours where they are not.

use crate::{
    syntax::{error, grammar::Failure, grammar::Rule},
    text::{Diagnostic, Span},
};

use super::lexer::{Token, Tokens, Within};

/// Of a text that is not JSON from the token at `at` on.
pub(super) fn json(text: &str, at: usize) -> Diagnostic {
    let before: Vec<_> = Tokens::new(text, Within::File).take_while(|(_, span)| (span.start as usize) < at).collect();
    let span = token_at(text, at);
    let found = text.get(span.range()).unwrap_or("");
    let problem = |message: String| error::problem(error::JSON_SYNTAX, Some(span), message);
    let Some((last, _)) = before.last() else {
        return problem("Parse error.".to_owned())
            .with_hint("a rules file is JSON, with comments and trailing commas: { \"rules\": { … } }");
    };
    if found.is_empty() {
        return problem("Unexpected end of input.".to_owned()).with_hint(unclosed(text, &before));
    }
    match last {
        // A comma may stand before the closing brace, but no second one after it.
        Token::Other(b',') if innermost(&before) == Some(b'{') => problem("Expected '\"'.".to_owned())
            .with_hint("a member follows: \"key\": value, with the key in double quotes"),
        Token::String if innermost(&before) == Some(b'{') && found == "\"" => problem("Unexpected '\"'.".to_owned())
            .with_hint("members are separated by commas; strings end with a double quote"),
        _ => {
            let problem = problem(format!("Unexpected '{found}'."));
            match found {
                "'" => problem.with_hint("strings stand in double quotes"),
                "\"" => problem.with_hint("members are separated by commas; strings end with a double quote"),
                _ => problem,
            }
        }
    }
}

/// The bracket that is open at the end of the tokens.
fn innermost(tokens: &[(Token, Span)]) -> Option<u8> {
    open(tokens).last().map(|(bracket, _)| *bracket)
}

fn open(tokens: &[(Token, Span)]) -> Vec<(u8, Span)> {
    let mut open = Vec::new();
    for (token, span) in tokens {
        match token {
            Token::Open(bracket) => open.push((*bracket, *span)),
            Token::Close(_) => drop(open.pop()),
            _ => {}
        }
    }
    open
}

fn unclosed(text: &str, tokens: &[(Token, Span)]) -> String {
    match open(tokens).last() {
        Some((bracket, span)) => {
            let line = text.get(..span.start as usize).unwrap_or("").matches('\n').count() + 1;
            format!("the `{}` of line {line} is not closed", char::from(*bracket))
        }
        None => "the file ends too early".to_owned(),
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
const OPERATORS: [(&str, &str); 14] = [
    ("&&", ""),
    ("||", ""),
    ("&", "write `a && b`"),
    ("|", "write `a || b`"),
    ("^", ""),
    ("~", ""),
    ("**", ""),
    ("*", ""),
    ("<<", ""),
    (">>", ""),
    ("in", "ask with hasChild() or with `auth.token.roles[name] != null`"),
    ("instanceof", ""),
    ("typeof", "ask with isString(), isNumber() or isBoolean()"),
    ("void", ""),
];

/// Of a text that is no expression, with spans in that text.
pub(super) fn expression(text: &str, failure: &Failure) -> Diagnostic {
    let at = error::place(text, failure);
    let span = token_at(text, at);
    let rest = text.get(at..).unwrap_or("");
    let found = text.get(span.range()).unwrap_or("");
    let syntax = |message: &str| error::problem(error::EXPRESSION_SYNTAX, Some(span), message);
    let complete = expects_operator(failure);
    if rest.starts_with('=') && !rest.starts_with("==") {
        return error::problem(error::ASSIGNMENT, Some(span), "Rule expressions may not contain assignments.")
            .with_hint("compare with `==`");
    }
    if let Some((token, place)) = unclosed_literal(text, at) {
        let (message, hint) = match token {
            Token::Regex => (
                "unterminated regular expression literal",
                "`/` ends it, on the same line; within brackets `[…]` it does not",
            ),
            _ => ("unterminated string literal", "a string ends on its line, with the quote it began with"),
        };
        return error::problem(error::EXPRESSION_SYNTAX, Some(place), message).with_hint(hint);
    }
    if rest.is_empty() {
        return syntax("Unexpected end of expression").with_hint("an operand or a closing bracket is missing");
    }
    if let Some((operator, hint)) =
        OPERATORS.iter().find(|(operator, _)| rest.starts_with(operator) && found.len() <= operator.len())
        && !(["&&", "||", "*"].contains(operator) && !complete)
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

/// A string or regular expression up to the failure that is not closed.
fn unclosed_literal(text: &str, at: usize) -> Option<(Token, Span)> {
    let mut tokens = Tokens::new(text, Within::Expression).take_while(|(_, span)| span.start as usize <= at);
    tokens.find(|(token, span)| matches!(token, Token::String | Token::Regex) && span.end == span.start + 1)
}

/// Whether what stands before the failure is an operand.
fn expects_operator(failure: &Failure) -> bool {
    match &failure.variant {
        pest::error::ErrorVariant::ParsingError { positives, .. } => positives.contains(&Rule::and),
        pest::error::ErrorVariant::CustomError { .. } => false,
    }
}
