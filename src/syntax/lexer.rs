//! Cuts rules files into tokens as the official lexer does: the longest token wins, and what no token can start is
//! dropped. Both the parser and the copy of the official one read them.

use super::token::{
    ALLOW, AND, ASSIGN, AT, BYTES, CLOSE_BRACE, CLOSE_BRACKET, CLOSE_PAREN, COLON, COMMA, DECREMENT, DOLLAR, DOT,
    DOUBLE_STAR, EOF, EQ, FALSE, FUNCTION, GE, GT, IDENTIFIER, IF, IMPORT, IN, INCREMENT, IS, Kind, LE, LET, LT, MATCH,
    MINUS, NE, NOT, NULL, NUM_FLOAT, NUM_INT, OPEN_BRACE, OPEN_BRACKET, OPEN_PAREN, OR, PATH_SEGMENT, PERCENT, PLUS,
    QUESTION, RESERVED, RETURN, RULES_VERSION, SEMICOLON, SERVICE, SERVICE_KEYWORD, SERVICE_NAME, SLASH, STAR, STRING,
    TRUE, Token, UNPAIRED_DOUBLE, UNPAIRED_SINGLE,
};

/// Characters that the lexer dropped. A file with any is refused.
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
    /// The last one is always the end of input.
    pub(super) tokens: Vec<Token>,
    pub(super) dropped: Vec<Dropped>,
}

/// Splits `source` into tokens.
pub(super) fn lex(source: &str) -> Lexed {
    let bytes = source.as_bytes();
    // Few files have more than a token for every four bytes.
    let mut lexed = Lexed { tokens: Vec::with_capacity(bytes.len() / 4 + 1), dropped: Vec::new() };
    let mut at = 0;
    let mut names_service = false;
    let mut comments_close = true;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let skipped = match rest {
            [b' ' | b'\t' | b'\r' | b'\n' | 0x0C, ..] => blank(rest),
            // A service's name follows without a comment in between.
            [b'/', b'/', ..] if !names_service => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] if !names_service && comments_close => comment(source, at),
            _ => 0,
        };
        if skipped > 0 {
            at += skipped;
            continue;
        }
        let token = if names_service { service_name(rest) } else { token(rest) };
        let Some((kind, length)) = token else {
            at = drop(source, at, names_service, &mut lexed);
            continue;
        };
        if let [b'/', b'*', ..] = rest {
            // This comment is not closed, and so none after it is: they are path segments.
            comments_close = false;
        }
        lexed.tokens.push(Token { kind, start: offset(at), end: offset(at + length) });
        names_service = kind == SERVICE;
        at += length;
    }
    let end = offset(source.len());
    lexed.tokens.push(Token { kind: EOF, start: end, end });
    lexed
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Notes what is dropped at `at` and gives where it ends.
fn drop(source: &str, at: usize, names_service: bool, lexed: &mut Lexed) -> usize {
    let rest = source.get(at..).unwrap_or("");
    // A lone `&` or `|` takes the character that should have been its twin with it.
    let mut chars = rest.chars();
    let first = chars.next().map_or(1, char::len_utf8);
    let twin = if names_service || !rest.starts_with(['&', '|']) { None } else { chars.next() };
    let misfit = if names_service || !rest.starts_with(['&', '|']) { at } else { at + first };
    let end = at + first + twin.map_or(0, char::len_utf8);
    lexed.dropped.push(Dropped { tokens_before: lexed.tokens.len(), start: at, end, at: misfit });
    end
}

fn blank(rest: &[u8]) -> usize {
    count(rest, |byte| is(byte, BLANK))
}

/// The length of the comment that `/*` begins; 0 where it is not closed, which makes it none.
fn comment(source: &str, at: usize) -> usize {
    source.get(at + 2..).and_then(|inside| inside.find("*/")).map_or(0, |found| found + 4)
}

fn service_name(rest: &[u8]) -> Option<(Kind, usize)> {
    let length = count(rest, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    // `let` may name a service, and `rules_version` is no name at all.
    let kind = match rest.get(..length)? {
        b"" => return None,
        b"allow" | b"deny" | b"extends" | b"false" | b"function" | b"if" | b"import" | b"in" | b"is" | b"match"
        | b"null" | b"package" | b"return" | b"service" | b"true" => SERVICE_KEYWORD,
        _ => SERVICE_NAME,
    };
    Some((kind, length))
}

/// The token at the start of `rest`. Where two could begin, the longer one wins.
fn token(rest: &[u8]) -> Option<(Kind, usize)> {
    let one = |kind| (kind, 1);
    let two = |kind| (kind, 2);
    Some(match rest {
        [b'b' | b'B', quote @ (b'\'' | b'"'), ..] => match quoted(rest, 1, *quote) {
            (STRING, length) => (BYTES, length),
            _ => word(rest),
        },
        [b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$', ..] => word(rest),
        [quote @ (b'\'' | b'"'), ..] => quoted(rest, 0, *quote),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => number(rest),
        [b'/', ..] => path_segment(rest),
        [b'.', ..] => one(DOT),
        [b',', ..] => one(COMMA),
        [b'(', ..] => one(OPEN_PAREN),
        [b')', ..] => one(CLOSE_PAREN),
        [b'[', ..] => one(OPEN_BRACKET),
        [b']', ..] => one(CLOSE_BRACKET),
        [b'{', ..] => one(OPEN_BRACE),
        [b'}', ..] => one(CLOSE_BRACE),
        [b';', ..] => one(SEMICOLON),
        [b':', ..] => one(COLON),
        [b'?', ..] => one(QUESTION),
        [b'%', ..] => one(PERCENT),
        [b'@', ..] => one(AT),
        [b'=', b'=', ..] => two(EQ),
        [b'=', ..] => one(ASSIGN),
        [b'!', b'=', ..] => two(NE),
        [b'!', ..] => one(NOT),
        [b'<', b'=', ..] => two(LE),
        [b'<', ..] => one(LT),
        [b'>', b'=', ..] => two(GE),
        [b'>', ..] => one(GT),
        [b'&', b'&', ..] => two(AND),
        [b'|', b'|', ..] => two(OR),
        [b'+', b'+', ..] => two(INCREMENT),
        [b'+', ..] => one(PLUS),
        [b'-', b'-', ..] => two(DECREMENT),
        [b'-', ..] => one(MINUS),
        [b'*', b'*', ..] => two(DOUBLE_STAR),
        [b'*', ..] => one(STAR),
        _ => return None,
    })
}

/// `/` and segment characters, or `/(` segment characters `)`; else the slash alone.
fn path_segment(rest: &[u8]) -> (Kind, usize) {
    let plain = segment_chars(rest, 1);
    if plain > 1 {
        return (PATH_SEGMENT, plain);
    }
    if rest.get(1) == Some(&b'(') {
        let inside = segment_chars(rest, 2);
        if inside > 2 && rest.get(inside) == Some(&b')') {
            return (PATH_SEGMENT, inside + 1);
        }
    }
    (SLASH, 1)
}

/// Where the segment characters from `at` on end.
fn segment_chars(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(byte) if is(*byte, SEGMENT) => at += 1,
            Some(b'%') if hex(bytes, at + 1, 2) => at += 3,
            _ => return at,
        }
    }
}

/// A string whose quote stands at `at`; without its closing quote an "unpaired" token, which goes as far as it can.
fn quoted(bytes: &[u8], at: usize, quote: u8) -> (Kind, usize) {
    let mut at = at + 1;
    loop {
        let step = match bytes.get(at) {
            Some(byte) if *byte == quote => return (STRING, at + 1),
            Some(b'\\') => escape(bytes, at),
            Some(b'\n' | b'\r' | 0x08 | 0x0C) | None => 0,
            Some(0xC2 | 0xE2) if is_foreign_quote(bytes.get(at..).unwrap_or(&[]), quote) => 0,
            Some(_) => 1,
        };
        if step == 0 {
            return (if quote == b'"' { UNPAIRED_DOUBLE } else { UNPAIRED_SINGLE }, at);
        }
        at += step;
    }
}

/// Whether `rest` begins with a typographic quote of the same kind, or with what Windows-1252 has in its place: neither
/// can stand in a string.
fn is_foreign_quote(rest: &[u8], quote: u8) -> bool {
    match rest {
        [0xC2, 0x91 | 0x92, ..] | [0xE2, 0x80, 0x98 | 0x99, ..] => quote == b'\'',
        [0xC2, 0x93 | 0x94, ..] | [0xE2, 0x80, 0x9C | 0x9D, ..] => quote == b'"',
        _ => false,
    }
}

/// Length of the escape whose backslash stands at `at`, 0 if it is none.
fn escape(bytes: &[u8], at: usize) -> usize {
    let octal = |at: usize| matches!(bytes.get(at), Some(b'0'..=b'7'));
    match bytes.get(at + 1) {
        Some(b'b' | b't' | b'n' | b'f' | b'r' | b'"' | b'\'' | b'\\') => 2,
        Some(b'x') if hex(bytes, at + 2, 2) => 4,
        Some(b'u') if hex(bytes, at + 2, 4) => 6,
        Some(b'0'..=b'3') if octal(at + 2) && octal(at + 3) => 4,
        _ => 0,
    }
}

fn hex(bytes: &[u8], at: usize, digits: usize) -> bool {
    bytes.get(at..at + digits).is_some_and(|part| part.iter().all(u8::is_ascii_hexdigit))
}

fn word(rest: &[u8]) -> (Kind, usize) {
    let length = count(rest, |byte| is(byte, WORD));
    (keyword(rest.get(..length).unwrap_or(&[])), length)
}

fn keyword(word: &[u8]) -> Kind {
    // Most words are none, which their lengths and first letters tell.
    let keywords: &[(&[u8], Kind)] = match word.len() {
        1 => &[(b"$", DOLLAR)],
        2 => &[(b"if", IF), (b"in", IN), (b"is", IS), (b"do", RESERVED)],
        3 => &[(b"let", LET), (b"for", RESERVED), (b"not", RESERVED), (b"var", RESERVED)],
        4 => &[
            (b"null", NULL),
            (b"true", TRUE),
            (b"case", RESERVED),
            (b"deny", RESERVED),
            (b"each", RESERVED),
            (b"else", RESERVED),
            (b"goto", RESERVED),
            (b"then", RESERVED),
        ],
        5 => &[(b"allow", ALLOW), (b"match", MATCH), (b"false", FALSE), (b"break", RESERVED), (b"while", RESERVED)],
        6 => &[(b"return", RETURN), (b"import", IMPORT), (b"switch", RESERVED)],
        7 => &[(b"service", SERVICE), (b"default", RESERVED), (b"extends", RESERVED), (b"package", RESERVED)],
        8 => &[(b"function", FUNCTION), (b"continue", RESERVED)],
        // Words without a meaning are nevertheless no identifiers (case reserved-091).
        9 => &[(b"arguments", RESERVED)],
        13 => &[(b"rules_version", RULES_VERSION)],
        _ => &[],
    };
    let same = |known: &&(&[u8], Kind)| known.0.first() == word.first() && known.0 == word;
    keywords.iter().find(same).map_or(IDENTIFIER, |known| known.1)
}

/// A number. A leading zero is one of its own, so that `007` is three tokens.
fn number(rest: &[u8]) -> (Kind, usize) {
    let digits = |from: usize| count(rest.get(from..).unwrap_or(&[]), |byte| byte.is_ascii_digit());
    let whole = if rest.first() == Some(&b'0') { 1 } else { digits(0) };
    match rest.get(whole) {
        Some(b'.') => (NUM_FLOAT, whole + 1 + digits(whole + 1)),
        _ => (NUM_INT, whole),
    }
}

/// Characters of words.
pub(super) const WORD: u8 = 1;
/// Characters of path segments, without the percent sign.
const SEGMENT: u8 = 2;
/// Characters between tokens.
const BLANK: u8 = 4;

/// What each character is a part of.
#[allow(clippy::indexing_slicing, reason = "there is a place for every byte")]
const CLASSES: [u8; 256] = {
    const fn with(mut classes: [u8; 256], mut bytes: &[u8], class: u8) -> [u8; 256] {
        while let [first, rest @ ..] = bytes {
            classes[*first as usize] |= class;
            bytes = rest;
        }
        classes
    }
    let alphanumeric = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let classes = with(with([0; 256], alphanumeric, WORD | SEGMENT), b"_$", WORD);
    with(with(classes, b"&'*-.:@_~+", SEGMENT), b" \t\r\n\x0C", BLANK)
};

#[inline]
pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & class != 0)
}

#[inline]
fn count(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !wanted(*byte)).unwrap_or(bytes.len())
}
