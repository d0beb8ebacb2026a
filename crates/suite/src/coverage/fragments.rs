//! Cuts the source with its marks into lines. Marks stay nested; a mark that extends over several lines is closed at
//! the end of each and opened again.

use serde::Serialize;

use super::rows::{Mark, Row};

/// A part of a line.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Fragment<'r> {
    /// The mark begins or continues.
    Open { class: &'static str, title: &'r str },
    /// Text of the source.
    Text { text: &'r str },
    /// The mark ends or is interrupted; where it ends, with the letters of its condition.
    Close { mark: Option<Mark> },
}

/// A mark that has begun and not ended.
struct OpenMark<'r> {
    end: usize,
    row: &'r Row,
    title: &'r str,
}

/// Cuts a text into lines. `rows` are in the order of the text, outer ones before inner ones, and `titles` belong to
/// them.
pub(super) fn lines<'r>(text: &'r str, rows: &'r [Row], titles: &'r [String]) -> Vec<Vec<Fragment<'r>>> {
    let mut marks = rows.iter().zip(titles).peekable();
    let mut open: Vec<OpenMark<'_>> = Vec::new();
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let end = at + line.len();
        let mut fragments: Vec<_> = open.iter().map(|mark| begin(mark.row, mark.title)).collect();
        loop {
            let next_end = open.last().map(|mark| mark.end).filter(|next| *next <= end);
            let next_start = marks.peek().map(|(row, _)| row.span.start as usize).filter(|next| *next < end);
            match (next_end, next_start) {
                (Some(stop), start) if start.is_none_or(|start| start >= stop) => {
                    push_text(&mut fragments, text, &mut at, stop);
                    let mark = open.pop().and_then(|mark| mark.row.mark);
                    fragments.push(Fragment::Close { mark });
                }
                (_, Some(start)) => {
                    push_text(&mut fragments, text, &mut at, start);
                    let Some((row, title)) = marks.next() else { break };
                    let stop = row.span.end as usize;
                    // An inner mark ends no later than the outer one.
                    let stop = open.last().map_or(stop, |outer| stop.min(outer.end));
                    fragments.push(begin(row, title));
                    open.push(OpenMark { end: stop, row, title });
                }
                _ => break,
            }
        }
        push_text(&mut fragments, text, &mut at, end);
        fragments.extend(open.iter().map(|_| Fragment::Close { mark: None }));
        lines.push(fragments);
        at = end + 1;
    }
    lines
}

fn begin<'r>(row: &'r Row, title: &'r str) -> Fragment<'r> {
    Fragment::Open { class: row.mark.map_or("p", |mark| mark.class), title }
}

fn push_text<'r>(fragments: &mut Vec<Fragment<'r>>, text: &'r str, at: &mut usize, until: usize) {
    let part = text.get(*at..until).unwrap_or("");
    *at = until.max(*at);
    if !part.is_empty() {
        fragments.push(Fragment::Text { text: part });
    }
}
