//! A token with something around it or in it: quotation marks, `Bearer`, line breaks, a URL, a JSON document.

use serde_json::Value as Json;

use crate::{
    auth::{TokenKind, compact},
    value::{PercentMode, percent_decode},
};

use super::{given::Given, parts, quoted};

/// How the Base64 of a JSON object begins: `{"`, `{ `, and `{` before a line break or a tab.
const BEGINNINGS: [&str; 4] = ["eyJ", "eyA", "ewo", "ewk"];

/// Offsets at which a token may begin that are tried: each scans all the text after it.
const MAX_CANDIDATES: usize = 8;

/// Bytes on either side of a token that are looked at.
const MAX_AROUND: usize = 2000;

const PERCENT: &str = "percent-encoding (such as `%20`)";

/// A token that was found in a text.
struct Found<'t> {
    /// Without white space in it.
    token: String,
    before: &'t str,
    after: &'t str,
    inside: Vec<&'static str>,
}

pub(super) fn hint(expected: TokenKind, text: &str) -> Option<String> {
    if let Some(json) = document(text) {
        return in_document(expected, &json);
    }
    let decoded = percent_decode(text, PercentMode::Component);
    let decoded = decoded.as_deref().unwrap_or(text);
    // A token has no percent sign, so it is seldom encoded where what stands around it is.
    let found = find(expected, text).or_else(|| {
        let mut found = find(expected, decoded)?;
        found.inside.push(PERCENT);
        Some(found)
    });
    let Some(found) = found else {
        return starts(decoded).take(MAX_CANDIDATES).find_map(|at| damaged(decoded.get(at..)?));
    };
    let mut around = Around::default();
    around.read_before(found.before);
    around.read_after(found.after);
    let stands =
        |names: &[String], place: &str| (!names.is_empty()).then(|| format!("{place} the token: {}", list(names)));
    let inside: Vec<String> = found.inside.iter().map(|name| (*name).to_owned()).collect();
    let parts = [stands(&around.names(), "around"), stands(&inside, "inside")];
    let what = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    if what.is_empty() {
        return None;
    }
    let hint = format!("{what}. Hand over the token alone, from its first character to the last of its signature");
    Some(with_kind(expected, &found.token, hint))
}

/// A token in a text: one of the expected kind, or else the first.
fn find(expected: TokenKind, text: &str) -> Option<Found<'_>> {
    let candidates = || starts(text).take(MAX_CANDIDATES).filter_map(|at| locate(text, at));
    candidates().find(|found| is_of(expected, &found.token)).or_else(|| candidates().next())
}

/// The hint, and the one about the kind of the token that was found.
fn with_kind(expected: TokenKind, token: &str, hint: String) -> String {
    let given = parts(token).map(|(header, payload)| Given::of(&header, &payload));
    match given.filter(|given| given.is_not(expected)) {
        Some(given) => format!("{hint}. Besides, {}", given.instead_of(expected)),
        None => hint,
    }
}

/// Whether a token may be of the kind.
fn is_of(expected: TokenKind, token: &str) -> bool {
    parts(token).is_some_and(|(header, payload)| !Given::of(&header, &payload).is_not(expected))
}

/// A JSON document that is more than a text.
fn document(text: &str) -> Option<Json> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let json: Json = serde_json::from_str(text).ok()?;
    (json.is_object() || json.is_array()).then_some(json)
}

fn in_document(expected: TokenKind, json: &Json) -> Option<String> {
    let mut found = Vec::new();
    members(json, &mut String::new(), &mut found);
    let (name, token) = found.iter().find(|(_, token)| is_of(expected, token)).or(found.first())?;
    let hint = format!(
        "this is a JSON document that holds a token in {}: hand over the value of that member alone, without quotation \
         marks",
        quoted(name)
    );
    Some(with_kind(expected, token, hint))
}

/// The members of a document that hold a token, by their names from the top: `data.jwt`.
fn members(json: &Json, path: &mut String, found: &mut Vec<(String, String)>) {
    let mut below = |name: &str, json: &Json| {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
        members(json, path, found);
        path.truncate(length);
    };
    match json {
        Json::Object(fields) => fields.iter().for_each(|(name, json)| below(name, json)),
        Json::Array(items) => items.iter().enumerate().for_each(|(at, json)| below(&at.to_string(), json)),
        Json::String(text) => {
            if let Some(token) = starts(text).take(MAX_CANDIDATES).find_map(|at| locate(text, at)) {
                found.push((path.clone(), token.token));
            }
        }
        _ => {}
    }
}

/// The offsets at which tokens may begin: the first character of each run of token characters.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let begins = |at: usize| text.get(at..).is_some_and(|rest| BEGINNINGS.iter().any(|start| rest.starts_with(start)));
    let mut last = ' ';
    text.char_indices().filter_map(move |(at, c)| {
        let is_first = !is_token(last);
        last = c;
        (is_first && c == 'e' && begins(at)).then_some(at)
    })
}

/// Characters of tokens.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Characters of tokens, and those that other forms of Base64 have.
fn is_encoded(c: char) -> bool {
    is_token(c) || matches!(c, '=' | '+' | '/')
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The token that begins at an offset, with white space in it or without.
fn locate(text: &str, at: usize) -> Option<Found<'_>> {
    let (before, rest) = text.split_at_checked(at)?;
    let until = |is_part: &dyn Fn(char) -> bool| rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let whole = until(&is_encoded);
    let broken = until(&|c| is_encoded(c) || c.is_whitespace() || is_invisible(c));
    let read = |length: usize| {
        let run = rest.get(..length)?.trim_end();
        let base64url = |c: char| match c {
            '+' => '-',
            '/' => '_',
            c => c,
        };
        let joined: String = run.chars().filter(|c| is_encoded(*c)).map(base64url).collect();
        let (token, stop) = complete(&joined)?;
        let mut inside = Vec::new();
        let mut note = |name, holds: bool| {
            if holds {
                inside.push(name)
            }
        };
        note("line breaks", run.contains(['\n', '\r']));
        note("spaces", run.contains(|c: char| c.is_whitespace() && !matches!(c, '\n' | '\r')));
        note("invisible characters", run.contains(is_invisible));
        note("padding (`=`)", token.contains('='));
        note("characters of plain Base64 (`+`, `/`), which base64url writes `-` and `_`", run.contains(['+', '/']));
        let after = rest.get(run.len() - stop..)?;
        Some(Found { token: token.to_owned(), before, after, inside })
    };
    // What follows white space is a part of the token only where the token is not whole without it.
    let (alone, joined) = (read(whole), read(broken));
    let is_signed = |found: &Option<Found<'_>>| found.as_ref().is_some_and(|found| has_signature(&found.token));
    if is_signed(&alone) || !is_signed(&joined) { alone.or(joined) } else { joined }
}

/// The token in a run of characters, and the length of the full stop after it: 0 or 1.
fn complete(run: &str) -> Option<(&str, usize)> {
    let without_stop = run.strip_suffix('.').filter(|token| token.split('.').count() == 3);
    let token = without_stop.unwrap_or(run);
    parts(token)?;
    Some((token, run.len() - token.len()))
}

/// Whether the third part is as long as signatures are, or the token is one that nobody signs.
fn has_signature(token: &str) -> bool {
    let signature = token.rsplit('.').next().unwrap_or_default().trim_end_matches('=');
    let bytes = signature.len() * 3 / 4;
    matches!(bytes, 32 | 48 | 64 | 96 | 132 | 256 | 384 | 512) || bytes == 0
}

/// What is wrong with a text that begins like a token and is none.
fn damaged(rest: &str) -> Option<String> {
    let run: String =
        rest.chars().take_while(|c| is_encoded(*c) || c.is_whitespace()).filter(|c| is_encoded(*c)).collect();
    let count = run.split('.').count();
    let header = |text: &str| compact::read_leniently(&format!("{text}.e30.")).ok().map(|(header, _)| header);
    if run.contains("..") || rest.chars().find(|c| !is_encoded(*c)) == Some('…') {
        let hint =
            "the token was shortened (`...`) by the program that printed it: take it from the source, as a whole";
        return Some(hint.to_owned());
    }
    let header = header(run.split('.').next()?)?;
    if count == 5 && header.contains_key("enc") {
        return Some("this is an encrypted token (JWE); Firebase's tokens are signed and not encrypted".to_owned());
    }
    let hint = match count {
        2 if parts(&format!("{run}.")).is_some() => {
            "the signature is missing: hand over all three parts. A token that nobody signed still ends with its second \
             dot"
        }
        2 | 3 => "its second part is cut off or changed: copy the token once more, as a whole",
        4.. => "it has more than three parts: tokens or other texts were joined",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// What stands around a token, each thing once.
#[derive(Default)]
struct Around {
    names: Vec<String>,
    has_space: bool,
    is_parameter: bool,
}

impl Around {
    fn add(&mut self, name: impl Into<String>) {
        let name = name.into();
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    fn names(self) -> Vec<String> {
        match self.names.is_empty() && self.has_space {
            true => vec!["white space".to_owned()],
            false => self.names,
        }
    }

    /// White space, quotation marks, brackets and what nobody sees, on either side. Says whether it was one of these.
    fn common(&mut self, c: char) -> bool {
        match c {
            c if c.is_whitespace() => self.has_space = true,
            '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' => self.add("quotation marks"),
            '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' => self.add("brackets"),
            '\u{feff}' => self.add("a byte-order mark"),
            c if is_invisible(c) => self.add(format!("an invisible character (U+{:04X})", u32::from(c))),
            _ => return false,
        }
        true
    }

    /// Names what precedes the token, from the token outward.
    fn read_before(&mut self, before: &str) {
        let far = (0..=before.len().saturating_sub(MAX_AROUND)).rev().find_map(|at| before.get(at..));
        let mut rest = far.unwrap_or_default();
        while let Some(last) = rest.chars().next_back() {
            let shorter = rest.strip_suffix(last).unwrap_or_default();
            if self.common(last) {
                rest = shorter;
                // A text of Python: b'…'.
                let prefix = shorter.strip_suffix(['b', 'u', 'r', 'f']).filter(|rest| !rest.ends_with(is_token));
                if let Some(before) = prefix.filter(|_| matches!(last, '"' | '\'')) {
                    self.add("a prefix of Python (`b'…'`)");
                    rest = before;
                }
            } else if let Some(before) = ends_with_name(shorter).filter(|_| matches!(last, ':' | '=')) {
                let name = shorter.get(before.len()..).unwrap_or_default().trim_matches(['"', '\'', ' ']);
                let is_address = before.contains("://") || before.ends_with(['?', '#', '&']);
                if is_address {
                    self.add(format!("a URL, of which it is the parameter {}", quoted(name)));
                    self.is_parameter = true;
                    return;
                }
                self.add(format!("the name {}", quoted(&format!("{name}{last}"))));
                rest = before;
            } else if let Some((scheme, before)) = scheme(rest) {
                self.add(format!("the scheme `{scheme}`"));
                rest = before;
            } else if let Some((word, before)) = keyword(rest) {
                self.add(format!("`{word}`"));
                rest = before;
            } else {
                let is_address = rest.contains("://");
                let is_token = starts(rest).next().is_some();
                return self.add(match (is_address, is_token) {
                    (true, _) => "a URL",
                    (_, true) => "another token",
                    _ => "other text",
                });
            }
        }
    }

    /// Names what follows the token, from the token outward.
    fn read_after(&mut self, after: &str) {
        let near = (0..=MAX_AROUND.min(after.len())).rev().find_map(|end| after.get(..end));
        let mut rest = near.unwrap_or_default();
        while let Some(first) = rest.chars().next() {
            rest = rest.strip_prefix(first).unwrap_or_default();
            match first {
                c if self.common(c) => {}
                ',' => self.add("a comma"),
                ';' => self.add("a semicolon"),
                '%' => {
                    self.add(PERCENT);
                    rest = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit());
                }
                '.' if rest.starts_with("..") => self.add("an ellipsis (it was shortened)"),
                '…' => self.add("an ellipsis (it was shortened)"),
                '.' => self.add("a full stop"),
                '&' | '#' if self.is_parameter => return,
                '&' | '#' | '?' => return self.add("further parameters of a URL"),
                '\\' => {
                    self.add("an escape (such as `\\n`)");
                    rest = rest.get(rest.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
                }
                _ if near.is_some_and(|near| starts(near).next().is_some()) => return self.add("another token"),
                _ => return self.add("other text"),
            }
        }
    }
}

/// A text that ends with a name, in quotation marks or without, up to that name.
fn ends_with_name(text: &str) -> Option<&str> {
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

/// The scheme of an `Authorization` header at the end of a text, and what stands before it.
fn scheme(text: &str) -> Option<(&'static str, &str)> {
    ends_with_word(text, &["Bearer", "Firebase", "Basic", "Token", "JWT"])
}

/// A word of a shell or a program before a variable's name.
fn keyword(text: &str) -> Option<(&'static str, &str)> {
    ends_with_word(text, &["export", "const", "let", "var", "set", "-H", "--header"])
}

fn ends_with_word<'t>(text: &'t str, words: &[&'static str]) -> Option<(&'static str, &'t str)> {
    words.iter().find_map(|word| {
        let (before, end) = text.split_at_checked(text.len().checked_sub(word.len())?)?;
        (end.eq_ignore_ascii_case(word) && !before.ends_with(is_token)).then_some((*word, before))
    })
}

/// `a, b and c`.
fn list(names: &[String]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
