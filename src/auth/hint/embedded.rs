//! A token that is embedded in other text, or has foreign characters in it: quotation marks, `Bearer`, line breaks, a
//! URL, a JSON document.

use serde_json::Value as Json;

use crate::{
    auth::{TokenKind, jws},
    value::{PercentMode, percent_decode},
};

use super::{decode_parts, detected::DetectedKind, quoted};

/// The Base64 of `{"`, `{ `, and `{` before a line break or a tab: a JSON object begins so.
const JSON_PREFIXES: [&str; 4] = ["eyJ", "eyA", "ewo", "ewk"];

/// The largest number of offsets that are tried as the start of a token: each attempt scans the rest of the text.
const MAX_CANDIDATES: usize = 8;

/// The longest context that is read on either side of a token, in bytes.
const MAX_SURROUNDINGS: usize = 2000;

const PERCENT: &str = "percent-encoding (such as `%20`)";

/// A token that was found in a text.
struct EmbeddedToken<'t> {
    /// The token without whitespace.
    token: String,
    before: &'t str,
    after: &'t str,
    irregularities: Vec<&'static str>,
}

pub(super) fn hint(expected: TokenKind, text: &str) -> Option<String> {
    if let Some(json) = parse_document(text) {
        return document_hint(expected, &json);
    }
    let decoded = percent_decode(text, PercentMode::Component);
    let decoded = decoded.as_deref().unwrap_or(text);
    // A token has no characters that need percent-encoding, so it is usually plain even in encoded text.
    let found = find_token(expected, text).or_else(|| {
        let mut found = find_token(expected, decoded)?;
        found.irregularities.push(PERCENT);
        Some(found)
    });
    let Some(found) = found else {
        return token_starts(decoded).take(MAX_CANDIDATES).find_map(|at| damage_hint(decoded.get(at..)?));
    };
    let mut surroundings = Surroundings::default();
    surroundings.read_before(found.before);
    surroundings.read_after(found.after);
    let describe = |names: &[String], place: &str| {
        (!names.is_empty()).then(|| format!("{place} the token: {}", join_with_and(names)))
    };
    let irregularities: Vec<String> = found.irregularities.iter().map(|name| (*name).to_owned()).collect();
    let parts = [describe(&surroundings.names(), "around"), describe(&irregularities, "inside")];
    let what = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    if what.is_empty() {
        return None;
    }
    let hint = format!("{what}. Pass only the token, from its first character to the last of its signature");
    Some(with_kind_hint(expected, &found.token, hint))
}

/// Finds a token of the expected kind, or else the first one.
fn find_token(expected: TokenKind, text: &str) -> Option<EmbeddedToken<'_>> {
    let candidates = || token_starts(text).take(MAX_CANDIDATES).filter_map(|at| extract(text, at));
    candidates().find(|found| may_be(expected, &found.token)).or_else(|| candidates().next())
}

/// Appends the hint about the kind of the token that was found.
fn with_kind_hint(expected: TokenKind, token: &str, hint: String) -> String {
    let detected = decode_parts(token).map(|(header, payload)| DetectedKind::detect(&header, &payload));
    match detected.filter(|detected| detected.conflicts_with(expected)) {
        Some(detected) => format!("{hint}. Besides, {}", detected.advice(expected)),
        None => hint,
    }
}

/// Whether a token may be of the expected kind.
fn may_be(expected: TokenKind, token: &str) -> bool {
    decode_parts(token)
        .is_some_and(|(header, payload)| !DetectedKind::detect(&header, &payload).conflicts_with(expected))
}

/// Parses a JSON object or array.
fn parse_document(text: &str) -> Option<Json> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let json: Json = serde_json::from_str(text).ok()?;
    (json.is_object() || json.is_array()).then_some(json)
}

fn document_hint(expected: TokenKind, json: &Json) -> Option<String> {
    let mut found = Vec::new();
    collect_tokens(json, &mut String::new(), &mut found);
    let (name, token) = found.iter().find(|(_, token)| may_be(expected, token)).or(found.first())?;
    let hint = format!(
        "this is a JSON document with a token in {}: pass only the value of that member, without quotation marks",
        quoted(name)
    );
    Some(with_kind_hint(expected, token, hint))
}

/// Collects the members that contain a token, with their paths from the root: `data.jwt`.
fn collect_tokens(json: &Json, path: &mut String, found: &mut Vec<(String, String)>) {
    let mut below = |name: &str, json: &Json| {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
        collect_tokens(json, path, found);
        path.truncate(length);
    };
    match json {
        Json::Object(fields) => fields.iter().for_each(|(name, json)| below(name, json)),
        Json::Array(items) => items.iter().enumerate().for_each(|(at, json)| below(&at.to_string(), json)),
        Json::String(text) => {
            if let Some(token) = token_starts(text).take(MAX_CANDIDATES).find_map(|at| extract(text, at)) {
                found.push((path.clone(), token.token));
            }
        }
        _ => {}
    }
}

/// The offsets at which a token may begin: the start of each run of token characters with the prefix of a JSON object.
fn token_starts(text: &str) -> impl Iterator<Item = usize> {
    let begins =
        |at: usize| text.get(at..).is_some_and(|rest| JSON_PREFIXES.iter().any(|start| rest.starts_with(start)));
    let mut last = ' ';
    text.char_indices().filter_map(move |(at, c)| {
        let is_first = !is_token_char(last);
        last = c;
        (is_first && c == 'e' && begins(at)).then_some(at)
    })
}

/// Whether the character occurs in tokens.
fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Whether the character occurs in tokens or in other forms of Base64.
fn is_base64_char(c: char) -> bool {
    is_token_char(c) || matches!(c, '=' | '+' | '/')
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The token that begins at an offset, with or without whitespace in it.
fn extract(text: &str, at: usize) -> Option<EmbeddedToken<'_>> {
    let (before, rest) = text.split_at_checked(at)?;
    let until = |is_part: &dyn Fn(char) -> bool| rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let whole = until(&is_base64_char);
    let broken = until(&|c| is_base64_char(c) || c.is_whitespace() || is_invisible(c));
    let read = |length: usize| {
        let run = rest.get(..length)?.trim_end();
        let base64url = |c: char| match c {
            '+' => '-',
            '/' => '_',
            c => c,
        };
        let joined: String = run.chars().filter(|c| is_base64_char(*c)).map(base64url).collect();
        let (token, stop) = split_full_stop(&joined)?;
        let mut irregularities = Vec::new();
        let mut note = |name, holds: bool| {
            if holds {
                irregularities.push(name)
            }
        };
        note("line breaks", run.contains(['\n', '\r']));
        note("spaces", run.contains(|c: char| c.is_whitespace() && !matches!(c, '\n' | '\r')));
        note("invisible characters", run.contains(is_invisible));
        note("padding (`=`)", token.contains('='));
        note("characters of plain Base64 (`+`, `/`), which base64url writes `-` and `_`", run.contains(['+', '/']));
        let after = rest.get(run.len() - stop..)?;
        Some(EmbeddedToken { token: token.to_owned(), before, after, irregularities })
    };
    // Text after whitespace belongs to the token only if the token is incomplete without it.
    let (alone, joined) = (read(whole), read(broken));
    let is_signed = |found: &Option<EmbeddedToken<'_>>| found.as_ref().is_some_and(|found| has_signature(&found.token));
    if is_signed(&alone) || !is_signed(&joined) { alone.or(joined) } else { joined }
}

/// The token in a run of characters, and the length of a full stop after it: 0 or 1.
fn split_full_stop(run: &str) -> Option<(&str, usize)> {
    let without_stop = run.strip_suffix('.').filter(|token| token.split('.').count() == 3);
    let token = without_stop.unwrap_or(run);
    decode_parts(token)?;
    Some((token, run.len() - token.len()))
}

/// Whether the third part has the length of a signature, or is empty as in unsigned tokens.
fn has_signature(token: &str) -> bool {
    let signature = token.rsplit('.').next().unwrap_or_default().trim_end_matches('=');
    let bytes = signature.len() * 3 / 4;
    matches!(bytes, 32 | 48 | 64 | 96 | 132 | 256 | 384 | 512) || bytes == 0
}

/// The hint about a text that begins like a token but is not one.
fn damage_hint(rest: &str) -> Option<String> {
    let run: String =
        rest.chars().take_while(|c| is_base64_char(*c) || c.is_whitespace()).filter(|c| is_base64_char(*c)).collect();
    let count = run.split('.').count();
    let header = |text: &str| jws::read_leniently(&format!("{text}.e30.")).ok().map(|(header, _)| header);
    if run.contains("..") || rest.chars().find(|c| !is_base64_char(*c)) == Some('…') {
        let hint = "the program that printed the token shortened it (`...`): copy the whole token from its source";
        return Some(hint.to_owned());
    }
    let header = header(run.split('.').next()?)?;
    if count == 5 && header.contains_key("enc") {
        return Some("this is an encrypted token (JWE); tokens of Firebase are signed, not encrypted".to_owned());
    }
    let hint = match count {
        2 if decode_parts(&format!("{run}.")).is_some() => {
            "the signature is missing: pass all three parts. An unsigned token ends with its second dot"
        }
        2 | 3 => "its second part is truncated or changed: copy the whole token again",
        4.. => "it has more than three parts: it was joined with another token or other text",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The names of what surrounds a token, without repetitions.
#[derive(Default)]
struct Surroundings {
    names: Vec<String>,
    has_whitespace: bool,
    is_parameter: bool,
}

impl Surroundings {
    fn add(&mut self, name: impl Into<String>) {
        let name = name.into();
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    fn names(self) -> Vec<String> {
        match self.names.is_empty() && self.has_whitespace {
            true => vec!["whitespace".to_owned()],
            false => self.names,
        }
    }

    /// Adds a character that can occur on both sides: whitespace, a quotation mark, a bracket or an invisible
    /// character. Returns whether it is one of these.
    fn add_common(&mut self, c: char) -> bool {
        match c {
            c if c.is_whitespace() => self.has_whitespace = true,
            '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' => self.add("quotation marks"),
            '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' => self.add("brackets"),
            '\u{feff}' => self.add("a byte-order mark"),
            c if is_invisible(c) => self.add(format!("an invisible character (U+{:04X})", u32::from(c))),
            _ => return false,
        }
        true
    }

    /// Reads the text before the token, from the token outward.
    fn read_before(&mut self, before: &str) {
        let far = (0..=before.len().saturating_sub(MAX_SURROUNDINGS)).rev().find_map(|at| before.get(at..));
        let mut rest = far.unwrap_or_default();
        while let Some(last) = rest.chars().next_back() {
            let shorter = rest.strip_suffix(last).unwrap_or_default();
            if self.add_common(last) {
                rest = shorter;
                // A Python literal: b'…'.
                let prefix = shorter.strip_suffix(['b', 'u', 'r', 'f']).filter(|rest| !rest.ends_with(is_token_char));
                if let Some(before) = prefix.filter(|_| matches!(last, '"' | '\'')) {
                    self.add("a Python prefix (`b'…'`)");
                    rest = before;
                }
            } else if let Some(before) = strip_name_suffix(shorter).filter(|_| matches!(last, ':' | '=')) {
                let name = shorter.get(before.len()..).unwrap_or_default().trim_matches(['"', '\'', ' ']);
                let is_address = before.contains("://") || before.ends_with(['?', '#', '&']);
                if is_address {
                    self.add(format!("a URL with the token in its parameter {}", quoted(name)));
                    self.is_parameter = true;
                    return;
                }
                self.add(format!("the name {}", quoted(&format!("{name}{last}"))));
                rest = before;
            } else if let Some((scheme, before)) = strip_scheme(rest) {
                self.add(format!("the scheme `{scheme}`"));
                rest = before;
            } else if let Some((word, before)) = strip_keyword(rest) {
                self.add(format!("`{word}`"));
                rest = before;
            } else {
                let is_address = rest.contains("://");
                let is_token = token_starts(rest).next().is_some();
                return self.add(match (is_address, is_token) {
                    (true, _) => "a URL",
                    (_, true) => "another token",
                    _ => "other text",
                });
            }
        }
    }

    /// Reads the text after the token, from the token outward.
    fn read_after(&mut self, after: &str) {
        let near = (0..=MAX_SURROUNDINGS.min(after.len())).rev().find_map(|end| after.get(..end));
        let mut rest = near.unwrap_or_default();
        while let Some(first) = rest.chars().next() {
            rest = rest.strip_prefix(first).unwrap_or_default();
            match first {
                c if self.add_common(c) => {}
                ',' => self.add("a comma"),
                ';' => self.add("a semicolon"),
                '%' => {
                    self.add(PERCENT);
                    rest = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit());
                }
                '.' if rest.starts_with("..") => self.add("an ellipsis (the token was shortened)"),
                '…' => self.add("an ellipsis (the token was shortened)"),
                '.' => self.add("a full stop"),
                '&' | '#' if self.is_parameter => return,
                '&' | '#' | '?' => return self.add("other parameters of a URL"),
                '\\' => {
                    self.add("an escape (such as `\\n`)");
                    rest = rest.get(rest.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
                }
                _ if near.is_some_and(|near| token_starts(near).next().is_some()) => return self.add("another token"),
                _ => return self.add("other text"),
            }
        }
    }
}

/// Strips a name at the end, with or without quotation marks.
fn strip_name_suffix(text: &str) -> Option<&str> {
    let trimmed = text.trim_end();
    let (unquoted, quote) = match trimmed.strip_suffix(['"', '\'']) {
        Some(unquoted) => (unquoted, trimmed.get(unquoted.len()..)),
        None => (trimmed, None),
    };
    let before = unquoted.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if before.len() == unquoted.len() {
        return None;
    }
    quote.map_or(Some(before), |quote| before.strip_suffix(quote))
}

/// Strips the scheme of an `Authorization` header at the end; returns the scheme and the rest.
fn strip_scheme(text: &str) -> Option<(&'static str, &str)> {
    strip_word_suffix(text, &["Bearer", "Firebase", "Basic", "Token", "JWT"])
}

/// Strips a keyword of a shell or a program at the end; returns the keyword and the rest.
fn strip_keyword(text: &str) -> Option<(&'static str, &str)> {
    strip_word_suffix(text, &["export", "const", "let", "var", "set", "-H", "--header"])
}

fn strip_word_suffix<'t>(text: &'t str, words: &[&'static str]) -> Option<(&'static str, &'t str)> {
    words.iter().find_map(|word| {
        let (before, end) = text.split_at_checked(text.len().checked_sub(word.len())?)?;
        (end.eq_ignore_ascii_case(word) && !before.ends_with(is_token_char)).then_some((*word, before))
    })
}

/// `a, b and c`.
fn join_with_and(names: &[String]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
