//! Messages and hints about text that is no rules file or no expression: the service's words where they are known
//! (realtime-database specification, section 1.6), ours where they are not.

use crate::{
    syntax::{
        brackets::imbalance,
        error,
        grammar::{Failure, database::Rule},
        words::{Finding, Language, Role, of_word},
    },
    text::{Diagnostic, Lookalike, Span},
};

use super::tokens::{self, Syntax, Token};

const FILE: &str = "a rules file is JSON, with comments and trailing commas: { \"rules\": { … } }";
const MEMBER: &str = "a member is \"key\": value, with the key in double quotes";

fn json(span: Span, message: impl Into<String>) -> Diagnostic {
    error::problem(error::JSON_SYNTAX, Some(span), message)
}

/// Describes why a text is no rules file.
pub(super) fn file(text: &str, failure: &Failure<Rule>) -> Diagnostic {
    let text = &line_feeds(text);
    let tokens = tokens::all(Syntax::Json, text);
    let mut problem = file_problem(text, &tokens, failure);
    explain(text, &tokens, Syntax::Json, &mut problem);
    problem
}

/// The text with a line feed at every end of a line. Offsets stay as they are.
fn line_feeds(text: &str) -> String {
    text.replace("\r\n", " \n").replace('\r', "\n")
}

fn file_problem(text: &str, tokens: &[Token], failure: &Failure<Rule>) -> Diagnostic {
    let tokens = tokens.iter().filter(|token| token.rule != Rule::comment);
    let Some(first) = tokens.clone().next() else { return no_file(text, 0) };
    let here = tokens.clone().find(|token| token.span.start as usize == failure.at);
    let unclosed = here.filter(|token| token.is_unclosed());
    // A text that does not begin as a file gets no other message.
    if text.as_bytes().get(first.span.start as usize) != Some(&b'{') {
        return match unclosed.filter(|unclosed| unclosed.span == first.span) {
            Some(unclosed) => unclosed_in_file(unclosed),
            None => no_file(text, first.span.start as usize),
        };
    }
    if let Some(unclosed) = unclosed {
        return unclosed_in_file(unclosed);
    }
    if failure.at == text.len() {
        return json(Span::new(failure.at, failure.at), "Unexpected end of input.");
    }
    let span = token_at(text, failure.at);
    let found = text.get(span.range()).unwrap_or("");
    let unexpected = || format!("Unexpected '{found}'.");
    let tried = |rule| failure.tried.contains(&rule);
    let before = || tokens.take_while(|token| (token.span.start as usize) < failure.at);
    if tried(Rule::json_object) {
        let rest = text.get(failure.at..).unwrap_or("");
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
        return match rest.get(..rest.find(|c| !part(c)).unwrap_or(rest.len())) {
            Some(written) if is_like_literal(written) => json(span, "Parse error."),
            _ if found == "'" => json(span, unexpected()).with_hint("strings stand in double quotes"),
            _ => json(span, unexpected()).with_hint("a value follows"),
        };
    }
    if tried(Rule::json_string) {
        // A comma may precede the closing brace, a second one may not.
        let comma = before().last().is_some_and(|token| text.get(token.span.range()) == Some(","));
        let message = if comma { "Expected '\"'.".to_owned() } else { unexpected() };
        return json(span, message).with_hint(MEMBER);
    }
    if tried(Rule::colon) {
        return json(span, "Expected ':'.").with_hint(MEMBER);
    }
    if tried(Rule::comma) {
        let end = if innermost(text, before()) == Some(b'[') { ']' } else { '}' };
        return json(span, format!("Expected ',' or '{end}'."))
            .with_hint("members are separated by commas; a string ends with a double quote");
    }
    json(span, unexpected()).with_hint("nothing stands after the closing brace")
}

fn no_file(text: &str, at: usize) -> Diagnostic {
    json(token_at(text, at), "Parse error.").with_hint(FILE)
}

/// Describes a string or comment that the end of the file cuts off.
fn unclosed_in_file(token: &Token) -> Diagnostic {
    let what = if token.rule == Rule::unclosed_comment { "comment" } else { "string" };
    json(token.span, "Unexpected end of input.").with_hint(format!("the {what} that begins here is not closed"))
}

/// Whether a token resembles a literal of JSON: a number with a mistake inside, or a word that continues with a letter
/// that JSON does not have.
fn is_like_literal(written: &str) -> bool {
    let digits = written.strip_prefix('-').unwrap_or(written);
    let number = digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.ends_with(['.', '+', '-', 'e', 'E']);
    number || matches!(written, "true" | "false" | "null")
}

/// The innermost bracket that the tokens leave open.
fn innermost<'t>(text: &str, tokens: impl Iterator<Item = &'t Token>) -> Option<u8> {
    let mut open = Vec::new();
    for token in tokens {
        match token.rule {
            Rule::open => open.push(token.span),
            Rule::close => drop(open.pop()),
            _ => {}
        }
    }
    open.last().and_then(|span| text.as_bytes().get(span.start as usize)).copied()
}

/// The word or the character at an offset.
fn token_at(text: &str, at: usize) -> Span {
    let rest = text.get(at..).unwrap_or("");
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
    let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    Span::new(at, at + length)
}

/// Adds the likely cause: a character that was pasted, or a bracket that is not closed.
fn explain(text: &str, tokens: &[Token], syntax: Syntax, problem: &mut Diagnostic) {
    let at = problem.span.map_or(0, |span| span.start as usize);
    let findings = match pasted(text, tokens, syntax, at) {
        Some(finding) => vec![finding],
        None => unbalanced(text, tokens, at).into_iter().collect(),
    };
    error::tell(problem, &findings);
}

/// Finds a character that was pasted at the offset of a problem, or a quotation mark that did not end the string before.
fn pasted(text: &str, tokens: &[Token], syntax: Syntax, at: usize) -> Option<Finding> {
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
    let string = tokens.iter().take_while(|token| token.span.start as usize <= at).filter(|token| token.is_string());
    let string = string.last()?;
    let end = if string.is_unclosed() { text.len() } else { string.span.end as usize };
    let mut from = string.span.start as usize;
    while let Some((start, found)) = Lookalike::find(text.get(from..end)?) {
        let (start, after) = (from + start, from + start + found.length);
        // A string of a file may contain such a mark, unless what follows the mark is what follows a string.
        let ends = text.get(after..)?.trim_start().starts_with([':', ',', '}', ']']);
        if found.is_quote() && (syntax == Syntax::Expression || found.meant == "\"" && ends) {
            return finding(start, found);
        }
        from = after;
    }
    None
}

/// Finds the bracket that causes a problem: one that is not closed, or one that closes nothing.
fn unbalanced(text: &str, tokens: &[Token], at: usize) -> Option<Finding> {
    if at < text.len() && !text.get(at..)?.starts_with(['(', ')', '[', ']', '{', '}']) {
        return None;
    }
    // An unclosed string may contain brackets.
    if tokens.iter().any(|token| token.is_unclosed()) {
        return None;
    }
    let brackets = tokens.iter().filter(|token| token.is_bracket()).map(|token| token.span);
    let wrong = imbalance(text, brackets)?;
    let (what, hint) = wrong.words(text);
    Some(Finding { span: wrong.place(), what, hint })
}

/// Operators of JavaScript that rules do not have.
const OPERATORS: [&str; 11] = ["&&", "||", "&", "|", "^", "~", "*", "in", "instanceof", "typeof", "void"];

/// Describes why a text is no expression, with spans in that text.
pub(super) fn expression(text: &str, failure: &Failure<Rule>) -> Diagnostic {
    let text = &line_feeds(text).replace(['\u{2028}', '\u{2029}'], "\n  ");
    let tokens = tokens::all(Syntax::Expression, text);
    let mut problem = expression_problem(text, &tokens, failure);
    explain(text, &tokens, Syntax::Expression, &mut problem);
    problem
}

fn expression_problem(text: &str, tokens: &[Token], failure: &Failure<Rule>) -> Diagnostic {
    let at = failure.at;
    // The grammar tries an operator only after an operand.
    let complete = failure.tried.contains(&Rule::db_infix);
    let span = token_at(text, at);
    let rest = text.get(at..).unwrap_or("");
    let found = text.get(span.range()).unwrap_or("");
    let syntax = |message: &str| error::problem(error::EXPRESSION_SYNTAX, Some(span), message);
    if rest.starts_with('=') && !rest.starts_with("==") {
        return error::problem(error::ASSIGNMENT, Some(span), "Rule expressions may not contain assignments.")
            .with_hint("compare with `==`");
    }
    if let Some(token) = tokens.last().filter(|token| token.is_unclosed() && token.span.start as usize == at) {
        let (message, hint) = match token.rule {
            Rule::unclosed_regex => (
                "unterminated regular expression literal",
                "`/` ends it, on the same line; within brackets `[…]` it does not",
            ),
            Rule::unclosed_comment => ("unterminated comment", "`*/` ends it"),
            _ => ("unterminated string literal", "a string ends on its line, with the quote it began with"),
        };
        return error::problem(error::EXPRESSION_SYNTAX, Some(token.span), message).with_hint(hint);
    }
    // `**`, `<<`, `>>`: the grammar took the first half for an operator.
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
