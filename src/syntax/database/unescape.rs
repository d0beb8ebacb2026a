//! Strings of JSON with their escapes resolved, and the way back from an offset in such a text to the file.

use std::borrow::Cow;

use crate::text::Span;

/// A string with its escapes resolved.
#[derive(Debug)]
pub(super) struct Unescaped<'t> {
    pub(super) text: Cow<'t, str>,
    /// The offset of the text in the file.
    start: u32,
    /// Pairs of offsets in `text` and in the file: before and after each escape, where their difference changes.
    breaks: Vec<(u32, u32)>,
}

/// An escape that JSON does not have.
#[derive(Debug)]
pub(super) struct BadEscape {
    pub(super) span: Span,
    pub(super) written: String,
}

impl<'t> Unescaped<'t> {
    /// Resolves a string as written between its quotes, which begins at offset `start` of the file.
    ///
    /// # Errors
    ///
    /// An unknown escape, or half of a surrogate pair.
    pub(super) fn new(written: &'t str, start: usize) -> Result<Self, BadEscape> {
        let (first, mut breaks) = (start as u32, Vec::new());
        if !written.contains('\\') {
            return Ok(Unescaped { text: Cow::Borrowed(written), start: first, breaks });
        }
        let mut text = String::with_capacity(written.len());
        let mut at = 0;
        while let Some(found) = written.get(at..).and_then(|rest| rest.find('\\')) {
            text.push_str(written.get(at..at + found).unwrap_or(""));
            at += found;
            let escape = written.get(at..).unwrap_or("");
            let Some((c, length)) = resolve(escape) else {
                let length = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
                let written = escape.get(..length).unwrap_or(escape).to_owned();
                return Err(BadEscape { span: Span::new(start + at, start + at + length), written });
            };
            breaks.push((text.len() as u32, (start + at) as u32));
            text.push(c);
            at += length;
            breaks.push((text.len() as u32, (start + at) as u32));
        }
        text.push_str(written.get(at..).unwrap_or(""));
        Ok(Unescaped { text: Cow::Owned(text), start: first, breaks })
    }

    /// The span in the file of a span in the text.
    pub(super) fn in_file(&self, span: Span) -> Span {
        Span { start: self.offset(span.start), end: self.offset(span.end) }
    }

    fn offset(&self, at: u32) -> u32 {
        if self.breaks.is_empty() {
            return self.start + at;
        }
        // An escape without text has two breaks at one offset; the second counts.
        let next = self.breaks.partition_point(|(text, _)| *text <= at);
        let (text, file) = self.breaks.get(next.wrapping_sub(1)).copied().unwrap_or((0, self.start));
        file + (at - text)
    }
}

/// The character of the escape that a text begins with, and the bytes of the escape.
fn resolve(escape: &str) -> Option<(char, usize)> {
    let simple = |c| Some((c, 2));
    match escape.chars().nth(1)? {
        c @ ('"' | '\\' | '/') => simple(c),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'u' => {
            let unit = |at: usize| {
                let digits = escape.get(at..at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
                u16::from_str_radix(digits, 16).ok()
            };
            let first = unit(2)?;
            if let Some(c) = char::from_u32(u32::from(first)) {
                return Some((c, 6));
            }
            let second = escape.get(6..8).filter(|text| *text == "\\u").and_then(|_| unit(8))?;
            char::decode_utf16([first, second]).next()?.ok().map(|c| (c, 12))
        }
        _ => None,
    }
}
