//! Comments with their places: the tree of a file has none.

use crate::text::{Source, Span};

use super::{database, is_database, lexer::lex};

/// The comments of a file that begin with `//`, each from there to the end of its line.
pub(crate) fn line_comments(source: &Source) -> Vec<Span> {
    let text = source.text();
    if is_database(source) {
        let of_line = |span: Span| {
            let written = text.get(span.range()).filter(|written| written.starts_with("//"))?;
            let start = span.start as usize;
            Some(Span::new(start, start + written.trim_end().len()))
        };
        return database::comments(text).filter_map(of_line).collect();
    }
    let mut found = Vec::new();
    let mut end = 0;
    // The last token is the end.
    for token in &lex(text).tokens {
        comments(text, end..token.start as usize, &mut found);
        end = token.end as usize;
    }
    found
}

/// Adds those in a gap between two tokens.
fn comments(text: &str, gap: std::ops::Range<usize>, found: &mut Vec<Span>) {
    let mut at = gap.start;
    while let Some(rest) = text.get(at..gap.end).filter(|rest| !rest.is_empty()) {
        at += if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            found.push(Span::new(at, at + rest.get(..length).unwrap_or("").trim_end().len()));
            length
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |close| close + 2)
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
    }
}
