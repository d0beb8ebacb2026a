//! The source with its marks, cut into lines: what is nested stays nested, and what goes over several lines is closed at
//! the end of each and opened again.

use serde::Serialize;

use super::rows::{Mark, Row};

/// A piece of a line.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Piece<'r> {
    /// A mark begins, or goes on from the line before.
    Open { class: &'static str, title: &'r str },
    /// Text of the source.
    Text { text: &'r str },
    /// A mark ends; where it does not go on in the next line, with the letters of a condition.
    Close { mark: Option<Mark> },
}

/// The lines of a text, each in pieces. `rows` stand in the order of the text, what is around before what is inside, and
/// `titles` are theirs.
pub(super) fn lines<'r>(text: &'r str, rows: &'r [Row], titles: &'r [String]) -> Vec<Vec<Piece<'r>>> {
    let mut marks = rows.iter().zip(titles).peekable();
    let mut open: Vec<(usize, &Row, &String)> = Vec::new();
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let end = at + line.len();
        let mut pieces: Vec<_> = open.iter().map(|(_, row, title)| begin(row, title)).collect();
        loop {
            let next_end = open.last().map(|(end, ..)| *end).filter(|next| *next <= end);
            let next_start = marks.peek().map(|(row, _)| row.span.start as usize).filter(|next| *next < end);
            match (next_end, next_start) {
                (Some(stop), start) if start.is_none_or(|start| start >= stop) => {
                    push_text(&mut pieces, text, &mut at, stop);
                    let mark = open.pop().and_then(|(_, row, _)| row.mark);
                    pieces.push(Piece::Close { mark });
                }
                (_, Some(start)) => {
                    push_text(&mut pieces, text, &mut at, start);
                    let Some((row, title)) = marks.next() else { break };
                    let stop = row.span.end as usize;
                    // What is inside ends no later than what is around.
                    let stop = open.last().map_or(stop, |(around, ..)| stop.min(*around));
                    pieces.push(begin(row, title));
                    open.push((stop, row, title));
                }
                _ => break,
            }
        }
        push_text(&mut pieces, text, &mut at, end);
        pieces.extend(open.iter().map(|_| Piece::Close { mark: None }));
        lines.push(pieces);
        at = end + 1;
    }
    lines
}

fn begin<'r>(row: &'r Row, title: &'r str) -> Piece<'r> {
    Piece::Open { class: row.mark.map_or("p", |mark| mark.class), title }
}

fn push_text<'r>(pieces: &mut Vec<Piece<'r>>, text: &'r str, at: &mut usize, until: usize) {
    let part = text.get(*at..until).unwrap_or("");
    *at = until.max(*at);
    if !part.is_empty() {
        pieces.push(Piece::Text { text: part });
    }
}
