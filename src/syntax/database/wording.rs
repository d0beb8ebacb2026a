//! What is said of text that is no rules file, or no expression: the service's words where they are known
//! (realtime-database specification, section 1.6), ours where they are not.

use crate::{
    syntax::{error, grammar::Failure, grammar::Rule},
    text::{Diagnostic, Span},
};

use super::lexer::{Token, Tokens, Within};

/// Of a text that is not JSON; `at` is where the parser gave up. The parser reports only places where it tried a rule, so
/// the tokens are read once more to tell the first that is out of place.
pub(super) fn json(text: &str, at: usize) -> Diagnostic {
    let mut reader = Reader { text, open: Vec::new(), expected: Expected::File };
    let mut skip_to = 0;
    for (token, span) in Tokens::new(text, Within::File) {
        // A number may be several tokens.
        if span.start < skip_to {
            continue;
        }
        match reader.take(token, span) {
            Ok(end) => skip_to = end,
            Err(problem) => return *problem,
        }
    }
    if reader.expected == Expected::Nothing {
        return reader.problem(token_at(text, at), "Parse error.");
    }
    if reader.expected == Expected::File {
        return reader.problem(token_at(text, 0), "Parse error.").with_hint(FILE);
    }
    let hint = match reader.open.last() {
        Some((bracket, span)) => {
            let line = text.get(..span.start as usize).unwrap_or("").matches('\n').count() + 1;
            format!("the `{}` of line {line} is not closed", char::from(*bracket))
        }
        None => "the file ends too early".to_owned(),
    };
    reader.problem(Span::new(text.len(), text.len()), "Unexpected end of input.").with_hint(hint)
}

const FILE: &str = "a rules file is JSON, with comments and trailing commas: { \"rules\": { … } }";
const MEMBER: &str = "a member is \"key\": value, with the key in double quotes";

/// What may stand next in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    File,
    /// A key, or the end of the object that has just begun.
    FirstKey,
    /// A key, or the end of the object after a comma.
    Key,
    Colon,
    Value,
    /// A value, or the end of the array.
    Element,
    /// A comma, or the end.
    Comma,
    Nothing,
}

struct Reader<'t> {
    text: &'t str,
    /// Open brackets.
    open: Vec<(u8, Span)>,
    expected: Expected,
}

impl Reader<'_> {
    fn problem(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        error::problem(error::JSON_SYNTAX, Some(span), message)
    }

    fn inner(&self) -> Option<u8> {
        self.open.last().map(|(bracket, _)| *bracket)
    }

    /// Takes a token where it may stand; gives where it ends.
    fn take(&mut self, token: Token, span: Span) -> Result<u32, Box<Diagnostic>> {
        let unclosed = match token {
            Token::String if span.end == span.start + 1 => Some("string"),
            Token::Comment => Some("comment"),
            _ => None,
        };
        if let Some(what) = unclosed {
            let problem = self.problem(span, "Unexpected end of input.");
            return Err(Box::new(problem.with_hint(format!("the {what} that begins here is not closed"))));
        }
        let in_object = self.inner() == Some(b'{');
        match (self.expected, token) {
            (Expected::File | Expected::Value | Expected::Element, Token::Open(b'{')) => {
                self.open.push((b'{', span));
                self.expected = Expected::FirstKey;
            }
            (Expected::Value | Expected::Element, Token::Open(b'[')) => {
                self.open.push((b'[', span));
                self.expected = Expected::Element;
            }
            (Expected::FirstKey | Expected::Key, Token::String) => self.expected = Expected::Colon,
            (Expected::Colon, Token::Other(b':')) => self.expected = Expected::Value,
            (Expected::Value | Expected::Element, Token::String) => self.expected = Expected::Comma,
            (Expected::Value | Expected::Element, Token::Word | Token::Other(b'-')) => {
                let end = self.literal(span)?;
                self.expected = Expected::Comma;
                return Ok(end);
            }
            (Expected::Comma, Token::Other(b',')) => {
                self.expected = if in_object { Expected::Key } else { Expected::Element };
            }
            (Expected::FirstKey | Expected::Key | Expected::Comma, Token::Close(b'}')) if in_object => self.close(),
            (Expected::Element | Expected::Comma, Token::Close(b']')) if !in_object => self.close(),
            _ => return Err(Box::new(self.misplaced(span))),
        }
        Ok(span.end)
    }

    fn close(&mut self) {
        self.open.pop();
        self.expected = if self.open.is_empty() { Expected::Nothing } else { Expected::Comma };
    }

    /// `true`, `false`, `null` or a number.
    fn literal(&self, span: Span) -> Result<u32, Box<Diagnostic>> {
        let rest = self.text.get(span.start as usize..).unwrap_or("");
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let written = rest.get(..length).unwrap_or("");
        let digits = written.strip_prefix('-').unwrap_or(written);
        let number = digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.ends_with(['.', '+', '-', 'e', 'E']);
        if number || matches!(written, "true" | "false" | "null") {
            return Ok(span.start + length as u32);
        }
        Err(Box::new(self.misplaced(span)))
    }

    fn misplaced(&self, span: Span) -> Diagnostic {
        let span = token_at(self.text, span.start as usize);
        let found = self.text.get(span.range()).unwrap_or("");
        let unexpected = || format!("Unexpected '{found}'.");
        match self.expected {
            Expected::File => self.problem(span, "Parse error.").with_hint(FILE),
            // A comma may stand before the closing brace, but no second one after it.
            Expected::Key => self.problem(span, "Expected '\"'.").with_hint(MEMBER),
            Expected::FirstKey => self.problem(span, unexpected()).with_hint(MEMBER),
            Expected::Colon => self.problem(span, "Expected ':'.").with_hint(MEMBER),
            Expected::Comma => {
                let end = if self.inner() == Some(b'[') { ']' } else { '}' };
                let hint = "members are separated by commas; a string ends with a double quote";
                self.problem(span, format!("Expected ',' or '{end}'.")).with_hint(hint)
            }
            Expected::Value | Expected::Element => {
                let hint = if found == "'" { "strings stand in double quotes" } else { "a value follows" };
                self.problem(span, unexpected()).with_hint(hint)
            }
            Expected::Nothing => self.problem(span, unexpected()).with_hint("nothing stands after the closing brace"),
        }
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
            Token::Comment => ("unterminated comment", "`*/` ends it"),
            _ => ("unterminated string literal", "a string ends on its line, with the quote it began with"),
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

/// A string or regular expression up to the failure that is not closed.
fn unclosed_literal(text: &str, at: usize) -> Option<(Token, Span)> {
    let mut tokens = Tokens::new(text, Within::Expression).take_while(|(_, span)| span.start as usize <= at);
    let is_literal = |token: &Token| matches!(token, Token::String | Token::Regex | Token::Comment);
    tokens.find(|(token, span)| is_literal(token) && span.end == span.start + 1)
}

/// Whether what stands before the failure is an operand.
fn expects_operator(failure: &Failure) -> bool {
    match &failure.variant {
        pest::error::ErrorVariant::ParsingError { positives, .. } => positives.contains(&Rule::and),
        pest::error::ErrorVariant::CustomError { .. } => false,
    }
}
