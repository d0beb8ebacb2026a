//! Positions in rules, in the format of the Rules API.

use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::{
    internals::eval::Fault,
    text::{Source, Span},
};

/// A range of a source: `SourcePosition` of the Rules API. Lines, columns and offsets count Unicode code points, as
/// experiments with the Firestore emulator show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePosition {
    /// The name of the file; the emulator's coverage omits it.
    pub file_name: Option<String>,
    /// The line, counted from 1; 0 if a problem concerns the whole file.
    pub line: u32,
    /// The column, counted from 1.
    pub column: u32,
    /// The offset of the first character, counted from 0.
    pub current_offset: u32,
    /// The offset of the last character.
    pub end_offset: u32,
}

impl SourcePosition {
    /// The position of a span, without the name of the file.
    pub(super) fn new(source: &Source, span: Span) -> Self {
        let at = source.position(span.start);
        SourcePosition {
            file_name: None,
            line: at.line,
            column: at.column,
            current_offset: source.code_points_before(span.start),
            end_offset: source.code_points_before(span.end).saturating_sub(1),
        }
    }

    /// The position of the whole file, without line and column.
    pub(super) fn whole_file() -> Self {
        SourcePosition { file_name: None, line: 0, column: 0, current_offset: 0, end_offset: 0 }
    }

    /// The position of the token that an error points at.
    pub(super) fn of_fault(source: &Source, fault: &Fault) -> Self {
        Self::new(source, token(source.text(), fault.offset))
    }

    /// The position with the name of the file.
    pub(super) fn named(mut self, source: &Source) -> Self {
        self.file_name = Some(source.name().to_owned());
        self
    }

    /// Converts the position to JSON of the Rules API, which like all protobuf JSON omits zeros and empty strings.
    pub fn to_json(&self) -> Json {
        let mut fields = JsonMap::new();
        if let Some(name) = self.file_name.as_ref().filter(|name| !name.is_empty()) {
            fields.insert("fileName".to_owned(), json!(name));
        }
        let numbers = [
            ("line", self.line),
            ("column", self.column),
            ("currentOffset", self.current_offset),
            ("endOffset", self.end_offset),
        ];
        for (name, number) in numbers {
            if number != 0 {
                fields.insert(name.to_owned(), json!(number));
            }
        }
        Json::Object(fields)
    }
}

/// The token that begins at an offset. Messages of the official engine point at one token.
pub(super) fn token(text: &str, start: u32) -> Span {
    let from = start as usize;
    let rest = text.get(from..).unwrap_or("");
    let mut chars = rest.chars();
    let length = match (chars.next(), chars.next()) {
        (Some('b' | 'B'), Some(quote @ ('\'' | '"'))) => 1 + quoted(rest.get(1..).unwrap_or(""), quote),
        (Some(quote @ ('\'' | '"')), _) => quoted(rest, quote),
        (Some(first), _) if is_word(first) => {
            let number = first.is_ascii_digit();
            rest.find(|c| !(is_word(c) || (number && c == '.'))).unwrap_or(rest.len())
        }
        (Some(a), Some(b))
            if ["&&", "||", "==", "!=", "<=", ">="].contains(&[a, b].iter().collect::<String>().as_str()) =>
        {
            2
        }
        (Some('/'), Some(next)) if is_segment(next) => {
            1 + rest.get(1..).and_then(|rest| rest.find(|c| !is_segment(c))).unwrap_or(rest.len() - 1)
        }
        (Some(first), _) => first.len_utf8(),
        (None, _) => 0,
    };
    Span::new(from, from + length)
}

/// The length of a string literal with its quotes, in bytes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$')
}

/// Whether a segment of a path can contain the character (language specification, section 1).
fn is_segment(c: char) -> bool {
    c.is_ascii_alphanumeric() || "&'*-.:@_~+%".contains(c)
}
