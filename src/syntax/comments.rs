//! Comments with their places, as a list beside the tree.

use crate::text::{Source, Span};

use super::{database, is_database, token::lex};

/// The comments of a file that begin with `//`, each from there to the end of its line.
pub(crate) fn line_comments(source: &Source) -> Vec<Span> {
    let text = source.text();
    if !is_database(source) {
        let written = |span: &Span| text.get(span.range()).unwrap_or("");
        let of_line = lex(text).comments.into_iter().filter(|span| written(span).starts_with("//"));
        return of_line
            .map(|span| Span::new(span.start as usize, span.start as usize + written(&span).trim_end().len()))
            .collect();
    }
    let mut found = Vec::new();
    let mut end = 0;
    for span in database::tokens(text).chain([Span::new(text.len(), text.len())]) {
        comments(text, end..span.start as usize, &mut found);
        end = span.end as usize;
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
