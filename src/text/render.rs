//! Problems as plain text with the source line and carets under the place. No colour, no terminal.

use std::fmt::Write as _;

use super::{Diagnostic, Severity, Source, Span};

/// Columns of source shown on either side of a place in a very long line.
const CONTEXT: usize = 60;

/// A whole report: headline, place, frame, labels and hint, each line ended by a line feed.
pub fn report(source: &Source, diagnostic: &Diagnostic) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut out = String::new();
    let message = shorten(&diagnostic.message);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{word}[{}]: {message}", diagnostic.code);
    match diagnostic.span {
        Some(span) => out += &place(source, span, ""),
        None => {
            let _ = writeln!(out, "  --> {}", source.name());
        }
    }
    for label in &diagnostic.labels {
        out += &place(source, label.span, &label.text);
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = writeln!(out, "  = hint: {hint}");
    }
    out
}

fn place(source: &Source, span: Span, text: &str) -> String {
    let at = source.position(span.start);
    format!("  --> {}:{}:{}\n{}", source.name(), at.line, at.column, frame(source, span, text))
}

/// The source line of a span with carets under it and a text after them.
///
/// A span of several lines is marked to the end of its first. Tabs are kept, so that carets line up however wide
/// they are shown; of a line longer than a screen only the surroundings are shown.
pub fn frame(source: &Source, span: Span, text: &str) -> String {
    windowed(source, span, text, |_, marked, _, _| Window {
        before: CONTEXT,
        marked: marked.min(2 * CONTEXT),
        after: CONTEXT,
    })
}

/// The same in lines of so many columns, without a text after the carets.
pub(crate) fn frame_within(source: &Source, span: Span, columns: usize) -> String {
    let margin = source.position(span.start).line.to_string().len() + " | ".len();
    let room = columns.saturating_sub(margin).max(3);
    windowed(source, span, "", |before, marked, after, tabs| {
        // A terminal shows a tab as up to eight columns.
        let room = room.saturating_sub(7 * tabs).max(room / 2);
        if before + marked + after <= room {
            return Window { before, marked, after };
        }
        // Two columns are for the marks of what is left out.
        let marked = marked.min(room - 2);
        let rest = room - 2 - marked;
        let before = before.min(rest - after.min(rest / 3));
        Window { before, marked, after: rest - before }
    })
}

/// Characters of a line that are shown before, in and after its marked part.
struct Window {
    before: usize,
    marked: usize,
    after: usize,
}

/// A frame; `window` is given how many characters there are before, in and after the marked part, or 1,000 where there
/// are more, and how many tabs are before it.
fn windowed(source: &Source, span: Span, text: &str, window: impl Fn(usize, usize, usize, usize) -> Window) -> String {
    // Only as much of the line is looked at as can be shown: it can be a megabyte long, with many errors in it.
    const MOST: usize = 1000;
    let at = source.position(span.start);
    let number = at.line.to_string();
    let margin = " ".repeat(number.len());
    let (before, after) = source.around(at.line, span.start);
    let marked: String = source.slice(span).chars().take(MOST).take_while(|c| *c != '\n').collect();
    let marked = marked.trim_end().chars().count().max(1);
    let counts = (before.chars().rev().take(MOST).count(), after.chars().skip(marked).take(MOST).count());
    let tabs = before.bytes().rev().take(MOST).filter(|octet| *octet == b'\t').count();
    let window = window(counts.0, marked, counts.1, tabs);
    let shown = marked.min(window.marked);
    let first = before.char_indices().rev().take(window.before).last().map_or(before.len(), |(at, _)| at);
    let end = after.char_indices().nth(shown + window.after).map_or(after.len(), |(at, _)| at);
    let (before, head) = (before.get(first..).unwrap_or(""), if first > 0 { "…" } else { "" });
    let (after, tail) = (after.get(..end).unwrap_or(""), if end < after.len() { "…" } else { "" });
    let pad: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let pad = if first > 0 { format!(" {pad}") } else { pad };
    let carets = "^".repeat(shown);
    let text = if text.is_empty() { String::new() } else { format!(" {text}") };
    format!("{margin} |\n{number} | {head}{before}{after}{tail}\n{margin} | {pad}{carets}{text}\n")
}

/// A message quotes patterns of up to 4,096 characters and names without limit; a person needs the beginning.
fn shorten(message: &str) -> String {
    const LIMIT: usize = 300;
    match message.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or(message)),
        None => message.to_owned(),
    }
}
