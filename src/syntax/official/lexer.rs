//! The official lexer: the longest token wins, and what no token can start is dropped with a
//! message of its own.

use super::token::{
    BYTES, EOF, IDENTIFIER, Kind, NUM_FLOAT, NUM_INT, PATH_SEGMENT, RESERVED, RULES_VERSION, SERVICE, SERVICE_KEYWORD,
    SERVICE_NAME, STRING, Token, UNPAIRED_DOUBLE, UNPAIRED_SINGLE, kind_spelled,
};

/// A character that the lexer dropped.
#[derive(Debug)]
pub(super) struct Dropped {
    /// How many tokens stood before it.
    pub(super) tokens_before: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the message points: the character that did not fit.
    pub(super) at: usize,
}

#[derive(Debug, Default)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) dropped: Vec<Dropped>,
}

const OPERATORS: [&str; 31] = [
    "&&", "||", "==", "!=", ">=", "<=", "++", "--", "**", "=", ":", ",", ".", "$", ">", "{", "[", "(", "<", "-", "%",
    "!", "+", "}", "]", ")", ";", "/", "*", "?", "@",
];

/// Reserved words that may not name a service; `let` may, and `rules_version` is no name at all.
const SERVICE_RESERVED: [&str; 15] = [
    "allow", "deny", "extends", "false", "function", "if", "import", "in", "is", "match", "null", "package", "return",
    "service", "true",
];

/// Words without a meaning that are nevertheless no identifiers.
const RESERVED_WORDS: [&str; 18] = [
    "arguments",
    "break",
    "case",
    "continue",
    "default",
    "deny",
    "do",
    "each",
    "else",
    "extends",
    "for",
    "goto",
    "not",
    "package",
    "switch",
    "then",
    "var",
    "while",
];

/// Splits `source` into tokens; the last one is always the end of input.
pub(super) fn lex(source: &str) -> Lexed {
    let mut lexed = Lexed::default();
    let mut at = 0usize;
    let mut service_name_next = false;
    let comment_limit = source.rfind("*/").unwrap_or(0);
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let skipped = if service_name_next { blank(rest) } else { blank_or_comment(rest, at, comment_limit) };
        if skipped > 0 {
            at = at.saturating_add(skipped);
            continue;
        }
        let token = if service_name_next { service_name(rest) } else { default_token(rest) };
        let Some((kind, length)) = token else {
            // A lone `&` or `|` takes the character that should have been its twin with it.
            let mut chars = rest.chars();
            let first = chars.next().map_or(1, char::len_utf8);
            let twin = if service_name_next || !rest.starts_with(['&', '|']) { None } else { chars.next() };
            let misfit = if twin.is_some() { at.saturating_add(first) } else { at };
            let end = at.saturating_add(first).saturating_add(twin.map_or(0, char::len_utf8));
            lexed.dropped.push(Dropped { tokens_before: lexed.tokens.len(), start: at, end, at: misfit });
            at = end;
            continue;
        };
        let end = at.saturating_add(length);
        lexed.tokens.push(Token { kind, start: at, end });
        service_name_next = kind == SERVICE;
        at = end;
    }
    lexed.tokens.push(Token { kind: EOF, start: source.len(), end: source.len() });
    lexed
}

fn blank(rest: &str) -> usize {
    count(rest.as_bytes(), |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0C))
}

fn blank_or_comment(rest: &str, at: usize, comment_limit: usize) -> usize {
    let blanks = blank(rest);
    if blanks > 0 {
        return blanks;
    }
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    // An unclosed comment is not a comment; the limit spares scanning to the end each time.
    if rest.starts_with("/*") && at.saturating_add(2) <= comment_limit {
        let inside = rest.get(2..).unwrap_or_default();
        return inside.find("*/").map_or(0, |found| found.saturating_add(4));
    }
    0
}

fn service_name(rest: &str) -> Option<(Kind, usize)> {
    let length = count(rest.as_bytes(), |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let name = rest.get(..length).filter(|name| !name.is_empty())?;
    let reserved = SERVICE_RESERVED.contains(&name);
    Some((if reserved { SERVICE_KEYWORD } else { SERVICE_NAME }, length))
}

fn default_token(rest: &str) -> Option<(Kind, usize)> {
    let bytes = rest.as_bytes();
    let first = *bytes.first()?;
    // Where two rules match, the longer token wins.
    let candidate = match first {
        b'/' => path_segment(bytes),
        b'\'' | b'"' => Some(quoted(rest, first)),
        b'b' | b'B' => bytes_literal(rest).or_else(|| word(rest)),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => word(rest),
        b'0'..=b'9' | b'.' => number(bytes),
        _ => None,
    };
    candidate.or_else(|| {
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator))?;
        Some((kind_spelled(operator)?, operator.len()))
    })
}

/// `/` and segment characters, or `/(` segment characters `)`.
fn path_segment(bytes: &[u8]) -> Option<(Kind, usize)> {
    let plain = segment_chars(bytes.get(1..)?);
    if plain > 0 {
        return Some((PATH_SEGMENT, plain.saturating_add(1)));
    }
    let inside = bytes.get(2..).filter(|_| bytes.get(1) == Some(&b'('))?;
    let length = segment_chars(inside);
    (length > 0 && inside.get(length) == Some(&b')')).then(|| (PATH_SEGMENT, length.saturating_add(3)))
}

fn segment_chars(bytes: &[u8]) -> usize {
    let mut length = 0usize;
    while let Some(tail) = bytes.get(length..) {
        let step = match tail {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => 3,
            [byte, ..] if byte.is_ascii_alphanumeric() || b"&'*-.:@_~+".contains(byte) => 1,
            _ => break,
        };
        length = length.saturating_add(step);
    }
    length
}

/// A string; without its closing quote an "unpaired" token, which goes as far as it can.
fn quoted(rest: &str, quote: u8) -> (Kind, usize) {
    let bytes = rest.as_bytes();
    let mut length = 1usize;
    while let Some(tail) = bytes.get(length..) {
        let step = match tail {
            [byte, ..] if *byte == quote => return (STRING, length.saturating_add(1)),
            [b'\\', ..] => escape(tail),
            [] | [b'\n' | b'\r', ..] => 0,
            [_, ..] => 1,
        };
        if step == 0 {
            break;
        }
        length = length.saturating_add(step);
    }
    (if quote == b'"' { UNPAIRED_DOUBLE } else { UNPAIRED_SINGLE }, length)
}

/// Length of the escape at the start of `tail`, 0 if it is none.
fn escape(tail: &[u8]) -> usize {
    let octal = |byte: &u8| (b'0'..=b'7').contains(byte);
    match tail {
        [_, b'b' | b't' | b'n' | b'f' | b'r' | b'"' | b'\'' | b'\\', ..] => 2,
        [_, b'x', digits @ ..] if hex(digits, 2) => 4,
        [_, b'u', digits @ ..] if hex(digits, 4) => 6,
        [_, b'0'..=b'3', second, third, ..] if octal(second) && octal(third) => 4,
        _ => 0,
    }
}

fn hex(bytes: &[u8], digits: usize) -> bool {
    bytes.get(..digits).is_some_and(|part| part.iter().all(u8::is_ascii_hexdigit))
}

fn bytes_literal(rest: &str) -> Option<(Kind, usize)> {
    let tail = rest.get(1..)?;
    let quote = *tail.as_bytes().first().filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let (kind, length) = quoted(tail, quote);
    (kind == STRING).then(|| (BYTES, length.saturating_add(1)))
}

fn word(rest: &str) -> Option<(Kind, usize)> {
    let length = count(rest.as_bytes(), |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
    let text = rest.get(..length)?;
    match text {
        "$" => None,
        "rules_version" => Some((RULES_VERSION, length)),
        _ if RESERVED_WORDS.contains(&text) => Some((RESERVED, length)),
        _ => Some((kind_spelled(text).unwrap_or(IDENTIFIER), length)),
    }
}

fn number(bytes: &[u8]) -> Option<(Kind, usize)> {
    let digits = |from: usize| count(bytes.get(from..).unwrap_or_default(), |byte| byte.is_ascii_digit());
    // A leading zero is a number of its own, so that `007` is three tokens.
    let whole = if bytes.first() == Some(&b'0') { 1 } else { digits(0) };
    if bytes.get(whole) == Some(&b'.') {
        let after = whole.saturating_add(1);
        let fraction = digits(after);
        if whole > 0 || fraction > 0 {
            return Some((NUM_FLOAT, after.saturating_add(fraction)));
        }
    }
    (whole > 0).then_some((NUM_INT, whole))
}

fn count(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| wanted(**byte)).count()
}
