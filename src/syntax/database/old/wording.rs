//! What is said of text that is no rules file, or no expression: the service's words where they are known
//! (realtime-database specification, section 1.6), ours where they are not.

use crate::{
    syntax::{
        brackets::imbalance,
        error,
        words::{Finding, Language, Role, of_word},
    },
    text::{Diagnostic, Lookalike, Span},
};

use super::{
    expr::Failure,
    lexer::{Literal, Token, Tokens, Within},
};

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
pub(super) fn unclosed_bracket(text: &str) -> Diagnostic {
    json(Span::new(text.len(), text.len()), "Unexpected end of input.")
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

/// Says of the first problem of a text what is likely meant: a character that was pasted, or a bracket that is not closed.
pub(super) fn explain(text: &str, within: Within, problem: &mut Diagnostic) {
    let at = problem.span.map_or(0, |span| span.start as usize);
    let findings = match pasted(text, within, at) {
        Some(finding) => vec![finding],
        None => unbalanced(text, within, at).into_iter().collect(),
    };
    error::tell(problem, &findings);
}

/// The character that was pasted at the place of a problem, or a quotation mark that did not end the string before it.
fn pasted(text: &str, within: Within, at: usize) -> Option<Finding> {
    let finding =
        |at: usize, found: Lookalike| text.get(at..at + found.length).map(|written| found.finding(at, written));
    let here = text.get(at..)?;
    if let Some(found) = Lookalike::at(here) {
        return finding(at, found);
    }
    let word = here.find(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()).unwrap_or(here.len());
    if let Some((start, found)) = Lookalike::find(here.get(..word)?) {
        return finding(at + start, found);
    }
    let string = Tokens::new(text, within)
        .take_while(|(_, span)| (span.start as usize) <= at)
        .filter(|(token, _)| matches!(token, Token::String | Token::Unclosed(Literal::String)))
        .last();
    let (token, span) = string?;
    let end = if token == Token::String { span.end as usize } else { text.len() };
    let (mut from, end) = (span.start as usize, if within == Within::Expression { end } else { end.min(text.len()) });
    while let Some((start, found)) = Lookalike::find(text.get(from..end)?) {
        let (start, after) = (from + start, from + start + found.length);
        // In a file a string may hold such a mark, where something else follows than what follows a string.
        let ends = text.get(after..)?.trim_start().starts_with([':', ',', '}', ']']);
        if found.is_quote() && (within == Within::Expression || found.meant == "\"" && ends) {
            return finding(start, found);
        }
        from = after;
    }
    None
}

/// The bracket that a problem comes from, where one is not closed, or closes nothing.
fn unbalanced(text: &str, within: Within, at: usize) -> Option<Finding> {
    if at < text.len() && !text.get(at..)?.starts_with(['(', ')', '[', ']', '{', '}']) {
        return None;
    }
    let mut brackets = Vec::new();
    for (token, span) in Tokens::new(text, within) {
        match token {
            Token::Open(_) | Token::Close(_) => brackets.push(span),
            Token::Unclosed(_) => return None,
            _ => {}
        }
    }
    let wrong = imbalance(text, brackets)?;
    let (what, hint) = wrong.words(text);
    Some(Finding { span: wrong.place(), what, hint })
}

/// Operators of JavaScript that rules do not have.
const OPERATORS: [&str; 11] = ["&&", "||", "&", "|", "^", "~", "*", "in", "instanceof", "typeof", "void"];

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
    let hint = |word: &str| of_word(Language::Database, Role::Operator, word);
    let problem = |message: &str| match hint(found) {
        Some(hint) => syntax(message).with_hint(hint),
        None => syntax(message),
    };
    if let Some(operator) = OPERATORS.iter().find(|known| rest.starts_with(**known) && found.len() <= known.len())
        && (complete || !["&&", "||", "*"].contains(operator))
    {
        return problem(&format!("Rule expressions may not contain operator '{operator}'."));
    }
    if complete && !rest.starts_with([')', ']', '}', ',']) {
        // Of two words, the first may be the one that is no name.
        let before = text.get(..at).unwrap_or("").trim_end();
        let before = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        let hint = hint(found).or_else(|| hint(before).filter(|_| !before.is_empty()));
        return syntax("missing ; before statement")
            .with_hint(hint.unwrap_or("an operator such as `&&` is missing, or this is one too many"));
    }
    match hint(found) {
        Some(hint) => syntax("syntax error").with_hint(hint),
        None => syntax("syntax error").with_hint(format!("`{found}` cannot stand here")),
    }
}
