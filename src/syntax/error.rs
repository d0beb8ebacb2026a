//! Syntax errors as diagnostics.

use crate::text::{Diagnostic, Severity, Span};

use super::{lexer::Lexed, official};

pub(super) const EMPTY_FILE: &str = "empty-file";
pub(super) const GLOB_PLACE: &str = "glob-place";
pub(super) const IMPORT: &str = "import";
pub(super) const INVALID_LITERAL: &str = "invalid-literal";
pub(super) const PACKAGE_AS_VARIABLE: &str = "package-as-variable";
pub(super) const REPEATED_CAPTURE: &str = "repeated-capture";
pub(super) const RULES_TOO_DEEP: &str = "rules-too-deep";
pub(super) const SERVICE_KEYWORD: &str = "service-keyword";
pub(super) const SYNTAX: &str = "syntax";
pub(super) const TOO_COMPLEX: &str = "too-complex";
pub(super) const UNKNOWN_TYPE: &str = "unknown-type";
pub(super) const ASSIGNMENT: &str = "assignment";
pub(super) const DUPLICATE_KEY: &str = "duplicate-key";
pub(super) const EXPRESSION_SYNTAX: &str = "expression-syntax";
pub(super) const EXPRESSION_TOO_DEEP: &str = "expression-too-deep";
pub(super) const EXTRA_PROPERTY: &str = "extra-property";
pub(super) const INDEX_VALUE: &str = "index-value";
pub(super) const INVALID_ESCAPE: &str = "invalid-escape";
pub(super) const INVALID_KEY: &str = "invalid-key";
pub(super) const JSON_SYNTAX: &str = "json-syntax";
pub(super) const MISSING_RULES: &str = "missing-rules";
pub(super) const NOT_RULES: &str = "not-rules";
pub(super) const REPEATED_WILDCARD: &str = "repeated-wildcard";
pub(super) const RULE_VALUE: &str = "rule-value";
pub(super) const TREE_TOO_DEEP: &str = "tree-too-deep";
pub(super) const TWO_WILDCARDS: &str = "two-wildcards";
pub(super) const UNNAMABLE_WILDCARD: &str = "unnamable-wildcard";
pub(super) const UNREACHABLE_RULES: &str = "unreachable-rules";
pub(super) const UNSUPPORTED_VERSION: &str = "unsupported-version";

pub(super) fn problem(code: &'static str, span: Option<Span>, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, Severity::Error, span, message)
}

/// The official list of errors for a text that did not parse. Never empty.
pub(super) fn syntax(text: &str, lexed: &Lexed, at: usize) -> Vec<Diagnostic> {
    let found: Vec<_> = official::errors_of(text, lexed)
        .into_iter()
        .map(|e| with_hint(problem(SYNTAX, Some(Span::new(e.start, e.end)), e.message)))
        .collect();
    if found.is_empty() { vec![unexpected(text, at)] } else { found }
}

/// What our own parser says: what stands at `at` cannot be there.
pub(super) fn unexpected(text: &str, at: usize) -> Diagnostic {
    let rest = text.get(at..).unwrap_or("");
    let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
    let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    let token = rest.get(..length).filter(|t| !t.is_empty()).unwrap_or("<EOF>");
    with_hint(problem(SYNTAX, Some(Span::new(at, at + length)), format!("Unexpected '{token}'.")))
}

/// The offset of the first token at or after `at`.
pub(crate) fn skip_trivia(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or("");
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\x0C']).len();
        let comment = match rest.get(blank..) {
            Some(c) if c.starts_with("//") => c.find('\n').unwrap_or(c.len()),
            Some(c) if c.starts_with("/*") => c.find("*/").map_or(0, |end| end + 2),
            _ => 0,
        };
        if blank + comment == 0 {
            return at;
        }
        at += blank + comment;
    }
}

/// What would be right, for the mistakes that newcomers make.
fn with_hint(problem: Diagnostic) -> Diagnostic {
    let hint = match problem.message.as_str() {
        m if m.starts_with("Missing 'match' keyword") => {
            "a slash directly before a word begins a path; to divide, put a blank after it; to match a path, write `match` before it"
        }
        m if m.starts_with("Missing a closing") => {
            "a string ends on its line; the escapes are \\n \\t \\r \\b \\f \\\\ \\' \\\" \\xHH \\uHHHH \\OOO, so a regular expression needs two backslashes: '\\\\d'"
        }
        m if m.starts_with("Forward slash") => {
            "a segment is a name or a wildcard: `/users/{userId}`; a path has no slash at its end"
        }
        m if m.starts_with("Missing ':'") => "write `allow read: if condition;`",
        m if m.starts_with("Missing 'if'") => "write `allow read: if condition;`",
        m if m.starts_with("Expected at least one 'operation'") => {
            "name what is allowed: read, write, get, list, create, update, delete"
        }
        "Unexpected '='." => "compare with `==` or `!=`; a value is bound with `let` inside a function",
        "Unexpected 'and'." | "Unexpected '&'." => "write `a && b`",
        "Unexpected 'or'." | "Unexpected '|'." => "write `a || b`",
        "Unexpected 'not'." => "write `!a`",
        "Unexpected 'else'." | "Unexpected 'var'." => {
            "a function is `let` bindings and one `return`; choose with `condition ? a : b`"
        }
        "Unexpected ';'." => {
            "a semicolon ends a statement or a `let`; none follows a block, and an expression must be complete before it"
        }
        m if m.starts_with("Increment") => "write `a + 1`, `a - (-b)`",
        _ => return problem,
    };
    problem.with_hint(hint)
}
