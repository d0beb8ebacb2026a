//! Problems as plain text with the source line and carets under the place. No colour, no terminal.

use std::fmt::Write as _;

use super::{Diagnostic, Severity, Source, Span, visible};

/// Columns of source shown on either side of a place in a very long line.
const CONTEXT: usize = 60;

/// A whole report: headline, place, frame, labels and hint, each line ended by a line feed.
pub fn report(source: &Source, diagnostic: &Diagnostic) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut out = String::new();
    let message = shorten(&visible::visible(&diagnostic.message));
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
        let _ = writeln!(out, "  = hint: {}", visible::visible(hint));
    }
    out
}

fn place(source: &Source, span: Span, text: &str) -> String {
    let at = source.position(span.start);
    format!("  --> {}:{}:{}\n{}", source.name(), at.line, at.column, frame(source, span, text))
}

/// The source line of a span with carets under it and a text after them, in columns of a terminal.
///
/// A span of several lines is marked to the end of its first. Tabs are kept, so that carets line up however wide
/// they are shown; of a line longer than a screen only the surroundings are shown. What has no columns, such as an
/// accent on the letter before it, is marked with what it stands on.
pub fn frame(source: &Source, span: Span, text: &str) -> String {
    windowed(source, span, text, |_, marked, _, _| Window {
        before: CONTEXT,
        marked: marked.min(2 * CONTEXT),
        after: CONTEXT,
    })
}

/// The same in lines of so many columns, without a text after the carets.
pub fn frame_within(source: &Source, span: Span, columns: usize) -> String {
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
    let marked = marked.trim_end_matches(|c: char| c.is_ascii_whitespace());
    let rest = after.get(marked.len()..).unwrap_or("");
    let counts = (before.chars().rev().take(MOST).count(), rest.chars().take(MOST).count());
    let tabs = before.bytes().rev().take(MOST).filter(|octet| *octet == b'\t').count();
    let window = window(counts.0, marked.chars().count().max(1), counts.1, tabs);
    let shown = marked.char_indices().nth(window.marked).map_or(marked.len(), |(at, _)| at);
    let (marked, rest) = after.split_at_checked(shown).unwrap_or((after, ""));
    let first = before.char_indices().rev().take(window.before).last().map_or(before.len(), |(at, _)| at);
    let end = rest.char_indices().nth(window.after).map_or(rest.len(), |(at, _)| at);
    let (before, head) = (before.get(first..).unwrap_or(""), if first > 0 { "…" } else { "" });
    let (rest, tail) = (rest.get(..end).unwrap_or(""), if end < rest.len() { "…" } else { "" });
    let [before, marked, rest] = [before, marked, rest].map(visible::visible);
    let base = if visible::columns(&marked) == 0 && !marked.is_empty() { visible::last_shown(&before) } else { "" };
    let pad = visible::blanks(before.get(..before.len() - base.len()).unwrap_or(""));
    let pad = if first > 0 { format!(" {pad}") } else { pad };
    let carets = "^".repeat(visible::columns(base).max(visible::columns(&marked)).max(1));
    let text = if text.is_empty() { String::new() } else { format!(" {}", visible::visible(text)) };
    format!("{margin} |\n{number} | {head}{before}{marked}{rest}{tail}\n{margin} | {pad}{carets}{text}\n")
}

/// A message quotes patterns of up to 4,096 characters and names without limit; a person needs the beginning.
fn shorten(message: &str) -> String {
    const LIMIT: usize = 300;
    match message.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or(message)),
        None => message.to_owned(),
    }
}
