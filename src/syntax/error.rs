//! Syntax errors as diagnostics.

use crate::text::{Diagnostic, Label, Severity, Source, Span};

use super::{
    antlr,
    brackets::imbalance,
    pasted,
    token::{
        CLOSE_BRACE, CLOSE_BRACKET, CLOSE_PAREN, Kind, Lexed, MATCH, OPEN_BRACE, OPEN_BRACKET, OPEN_PAREN,
        UNPAIRED_DOUBLE, UNPAIRED_SINGLE,
    },
    words::{self, Finding},
};

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
pub(super) fn syntax(source: &Source, lexed: &Lexed, at: usize) -> Vec<Diagnostic> {
    let text = source.text();
    let found: Vec<_> = antlr::errors_of(text, lexed)
        .into_iter()
        .map(|e| with_hint(problem(SYNTAX, Some(Span::new(e.start, e.end)), e.message)))
        .collect();
    let mut problems = if found.is_empty() { vec![unexpected(text, at)] } else { found };
    explain(source, lexed, &mut problems);
    problems
}

/// Kinds of findings that one hint tells.
const MOST_TOLD: usize = 4;

/// Says of problems, whose words are official, what is likely meant: characters that were pasted, words of other
/// languages, a bracket that is not closed. The official places are often those where reading went wrong at last.
pub(super) fn explain(source: &Source, lexed: &Lexed, problems: &mut [Diagnostic]) {
    let text = source.text();
    let mut findings = pasted::find(text, lexed);
    findings.extend(words::find_sequences(text, &lexed.tokens));
    findings.sort_by_key(|finding| finding.span.start);
    let places: Vec<Option<(u32, u32)>> =
        problems.iter().map(|p| p.span.map(|span| (span.start, source.position(span.start).line))).collect();
    let mut told: Vec<Vec<Finding>> = problems.iter().map(|_| Vec::new()).collect();
    for finding in findings {
        let concerned = concerned(&places, &finding, source.position(finding.span.start).line);
        if let Some(told) = told.get_mut(concerned) {
            told.push(finding);
        }
    }
    // Where text was dropped, or a string has no end, some bracket may have been lost.
    let whole = lexed.dropped.is_empty()
        && !lexed.tokens.iter().any(|token| [UNPAIRED_DOUBLE, UNPAIRED_SINGLE].contains(&token.kind));
    if whole && let Some(wrong) = imbalance(text, brackets(lexed)) {
        let place = wrong.place();
        let after = places.iter().position(|at| at.is_some_and(|(start, _)| start >= place.start)).unwrap_or(0);
        let (what, hint) = wrong.words(text);
        if let Some(told) = told.get_mut(after) {
            told.push(Finding { span: place, what, hint });
        }
    }
    for (problem, findings) in problems.iter_mut().zip(told) {
        // Where `match` stands before the path, the error comes from what follows it.
        let path = problem.span.filter(|_| problem.message.starts_with("Missing 'match'"));
        let first = path.map(|span| lexed.tokens.partition_point(|token| token.start < span.start));
        if first.is_some_and(|first| first > 0 && lexed.tokens.get(first - 1).is_some_and(|t| t.kind == MATCH)) {
            problem.hint = None;
        }
        tell(problem, &findings);
    }
}

fn brackets(lexed: &Lexed) -> impl Iterator<Item = Span> {
    const KINDS: [Kind; 6] = [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, OPEN_PAREN, CLOSE_PAREN];
    lexed.tokens.iter().filter(|token| KINDS.contains(&token.kind)).map(|token| token.span())
}

/// The problem, by offset and line, that a part of the text likely led to: of a character, one that begins there, else
/// the first of its line, else the next.
fn concerned(places: &[Option<(u32, u32)>], finding: &Finding, line: u32) -> usize {
    let part = finding.span;
    let first = |wanted: &dyn Fn(u32, u32) -> bool| {
        places.iter().position(|place| place.is_some_and(|(start, line)| wanted(start, line)))
    };
    first(&|start, _| !finding.what.is_empty() && part.start <= start && start < part.end)
        .or_else(|| first(&|_, of| of == line))
        .or_else(|| first(&|start, _| start >= part.start))
        .unwrap_or(0)
}

/// Puts what was found into the hint of a problem, and a label where it stands elsewhere.
pub(super) fn tell(problem: &mut Diagnostic, findings: &[Finding]) {
    let mut kinds: Vec<(&Finding, usize)> = Vec::new();
    for finding in findings {
        match kinds.iter_mut().find(|(first, _)| first.hint == finding.hint) {
            Some((_, count)) => *count += 1,
            None => kinds.push((finding, 1)),
        }
    }
    let more = kinds.len().saturating_sub(MOST_TOLD);
    let mut hints = Vec::new();
    for (finding, count) in kinds.into_iter().take(MOST_TOLD) {
        hints.push(match count {
            _ if finding.what.is_empty() => finding.hint.clone(),
            1 => finding.hint.clone(),
            2 => format!("{} (and once more)", finding.hint),
            _ => format!("{} (and {} more)", finding.hint, count - 1),
        });
        if problem.span.is_none_or(|span| span.start != finding.span.start) {
            let text = if finding.what.is_empty() { "here" } else { &finding.what };
            problem.labels.push(Label { span: finding.span, text: text.to_owned() });
        }
    }
    if more > 0 {
        hints.push(format!("and {more} more kinds of such characters"));
    }
    if !hints.is_empty() {
        problem.hint = Some(hints.join("; "));
    }
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
pub fn skip_trivia(text: &str, mut at: usize) -> usize {
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
        m if m.starts_with("Missing 'function' body") => {
            "a function is `let` bindings and one `return`: `function f(a) { return a == 1; }`"
        }
        m if m.starts_with("Missing ':'") => "write `allow read: if condition;`",
        m if m.starts_with("Missing 'if'") => "write `allow read: if condition;`",
        m if m.starts_with("Expected at least one 'operation'") => {
            "name what is allowed: read, write, get, list, create, update, delete"
        }
        "Unexpected '='." => "compare with `==` or `!=`; a value is bound with `let` inside a function",
        "Unexpected ';'." => {
            "a semicolon ends a statement or a `let`; none follows a block, and an expression must be complete before it"
        }
        m if m.starts_with("Increment") => "write `a + 1`, `a - (-b)`",
        _ => return problem,
    };
    problem.with_hint(hint)
}
