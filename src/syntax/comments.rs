//! Comments with their places, as a list beside the tree.

use crate::text::{Source, Span};

use super::{database, is_database, token::lex};

/// The comments of a file that begin with `//`, each from there to the end of its line.
pub(crate) fn line_comments(source: &Source) -> Vec<Span> {
    let text = source.text();
    let of_line = |span: Span| {
        let written = text.get(span.range()).filter(|written| written.starts_with("//"))?;
        let start = span.start as usize;
        Some(Span::new(start, start + written.trim_end().len()))
    };
    if is_database(source) {
        database::comments(text).filter_map(of_line).collect()
    } else {
        lex(text).comments.into_iter().filter_map(of_line).collect()
    }
}
