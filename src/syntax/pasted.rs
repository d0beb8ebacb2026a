//! Characters that no token begins with: what they are, and what to write instead. Most of them come along when text is
//! copied from a page or a document.

use crate::text::{Lookalike, Span};

use super::{
    token::{DOLLAR, Dropped, Lexed, PATH_SEGMENT, SLASH},
    words::{self, Finding},
};

/// What is said of ASCII characters that no token begins with.
const ASCII: [(char, &str); 7] = [
    ('`', "a string stands in quotes, `'…'`, and joins with `+`; in a path write `$(name)`"),
    ('&', "write `a && b`"),
    ('|', "write `a || b`"),
    ('^', words::PATTERN),
    ('#', "comments begin with `//`"),
    ('\\', words::PATTERN),
    ('~', "write `!a`"),
];

impl Lookalike {
    /// The lookalike at a place, with what to say of it.
    pub(super) fn finding(&self, at: usize, written: &str) -> Finding {
        let hint = match self.name.starts_with("U+FEFF") && at == 0 {
            true => format!("the file begins with {}: save it as UTF-8 without one", self.name),
            false => self.words(written),
        };
        Finding { span: Span::new(at, at + self.length), what: self.name.clone(), hint }
    }
}

/// Characters that are looked at: nobody reads more.
const MOST: usize = 1000;

/// Characters of a segment that are looked at.
const MAX_SEGMENT: usize = 500;

/// What is to be said of the characters that the lexer dropped, in their order.
pub(super) fn find(text: &str, lexed: &Lexed) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for dropped in lexed.dropped.iter().take(MOST) {
        let next = segment(text, lexed, dropped).or_else(|| character(text, dropped));
        // A part that is told of already may have several.
        found.extend(next.filter(|next| found.last().is_none_or(|last| last.span.end <= next.span.start)));
    }
    found
}

fn character(text: &str, dropped: &Dropped) -> Option<Finding> {
    let rest = text.get(dropped.start..)?;
    if let Some(found) = Lookalike::at(rest) {
        return Some(found.finding(dropped.start, rest.get(..found.length)?));
    }
    let c = rest.chars().next()?;
    let span = Span::new(dropped.start, dropped.start + c.len_utf8());
    // Between operands it is meant as an operator.
    let after_operand = text.get(..dropped.start)?.trim_end().ends_with(|c: char| c.is_alphanumeric() || c == ')');
    if c == '^' && after_operand {
        return Some(Finding { span, what: String::new(), hint: "write `math.pow(a, b)`".to_owned() });
    }
    if let Some((_, hint)) = ASCII.iter().find(|(known, _)| *known == c) {
        return Some(Finding { span, what: String::new(), hint: (*hint).to_owned() });
    }
    let name = format!("U+{:04X}", c as u32);
    let shown = if c.is_control() { "this".to_owned() } else { format!("`{c}`") };
    let hint = format!(
        "{shown} is {name}: outside of strings and comments rules are ASCII, and names are letters, digits and `_`"
    );
    Some(Finding { span, what: name, hint })
}

/// A path segment that the dropped character is a part of.
fn segment(text: &str, lexed: &Lexed, dropped: &Dropped) -> Option<Finding> {
    if dropped.start == 0 || !text.get(dropped.start..)?.starts_with(|c: char| !c.is_ascii()) {
        return None;
    }
    let goes_on = |rest: &str| {
        let c = rest.chars().next()?;
        let part = match Lookalike::at(rest) {
            Some(found) => found.is_part_of_names() && !c.is_ascii(),
            None => !c.is_ascii() && !c.is_control() || is_segment(c),
        };
        part.then(|| c.len_utf8())
    };
    // The last slash before it, with nothing but a segment in between.
    let before = text.get(..dropped.start)?;
    let mut near = before.char_indices().rev().take(MAX_SEGMENT);
    let slash = near.find(|(_, c)| *c == '/')?.0;
    let mut at = slash + 1;
    while at < dropped.start {
        at += goes_on(text.get(at..)?)?;
    }
    goes_on(text.get(dropped.start..)?)?;
    // A path begins there, or goes on.
    let begins = |token: &super::token::Token| {
        token.start as usize == slash && (token.kind == SLASH || token.kind == PATH_SEGMENT)
    };
    let first = lexed.tokens.partition_point(|token| (token.start as usize) < slash);
    if !lexed.tokens.get(first).is_some_and(begins) || lexed.tokens.get(first + 1).is_some_and(|t| t.kind == DOLLAR) {
        return None;
    }
    let mut end = dropped.start;
    while let Some(length) = text.get(end..).and_then(goes_on).filter(|_| end - slash < MAX_SEGMENT) {
        end += length;
    }
    let encoded = encode(text.get(slash..end)?);
    let written = text.get(dropped.start..)?;
    let hint = match Lookalike::at(written) {
        Some(found) => {
            let finding = found.finding(dropped.start, written.get(..found.length)?);
            format!("{}; if the name has it, write it percent-encoded: `{encoded}`", finding.hint)
        }
        None => format!("a path segment is ASCII: write it percent-encoded, `{encoded}`"),
    };
    Some(Finding { span: Span::new(slash, end), what: "not ASCII".to_owned(), hint })
}

fn is_segment(c: char) -> bool {
    c.is_ascii_alphanumeric() || "&'*-.:@_~+%".contains(c)
}

/// A segment with what is not ASCII percent-encoded.
fn encode(segment: &str) -> String {
    let byte = |byte: u8| match byte {
        byte if byte.is_ascii() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    segment.bytes().map(byte).collect()
}
