//! Rendering of diagnostics as plain text: the source line with carets under the span.

use std::fmt::Write as _;

use super::{Diagnostic, Severity, Source, Span, visible};

/// The columns shown on either side of a span in a very long line.
const CONTEXT: usize = 60;

/// Renders a diagnostic: headline, location, frame, labels and hint. Each line ends with a line feed.
pub fn report(source: &Source, diagnostic: &Diagnostic) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut out = String::new();
    let message = truncate(&visible::visible(&diagnostic.message));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{word}[{}]: {message}", diagnostic.code);
    match diagnostic.span {
        Some(span) => out += &location(source, span, ""),
        None => {
            let _ = writeln!(out, "  --> {}", source.name());
        }
    }
    for label in &diagnostic.labels {
        out += &location(source, label.span, &label.text);
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = writeln!(out, "  = hint: {}", visible::visible(hint));
    }
    out
}

fn location(source: &Source, span: Span, text: &str) -> String {
    let at = source.position(span.start);
    format!("  --> {}:{}:{}\n{}", source.name(), at.line, at.column, frame(source, span, text))
}

/// Renders the source line of a span, with carets under the span and a text after them.
///
/// A span of several lines is marked up to the end of its first line. Tabs are kept, so that the carets are aligned for
/// any tab width. A long line is cut on both sides of the span. A combining character, which has no column of its own,
/// is marked together with its base character. Widths are columns of a terminal.
pub fn frame(source: &Source, span: Span, text: &str) -> String {
    render_frame(source, span, text, |line, _| Window {
        before: CONTEXT,
        marked: line.marked.min(2 * CONTEXT),
        after: CONTEXT,
    })
}

/// Renders a frame within `columns` terminal columns, without a text after the carets.
pub fn frame_within(source: &Source, span: Span, columns: usize) -> String {
    let margin = source.position(span.start).line.to_string().len() + " | ".len();
    let room = columns.saturating_sub(margin).max(3);
    render_frame(source, span, "", |Window { before, marked, after }, tabs| {
        // A tab takes up to eight columns.
        let room = room.saturating_sub(7 * tabs).max(room / 2);
        if before + marked + after <= room {
            return Window { before, marked, after };
        }
        // The ellipses take two columns.
        let marked = marked.min(room - 2);
        let rest = room - 2 - marked;
        let before = before.min(rest - after.min(rest / 3));
        Window { before, marked, after: rest - before }
    })
}

/// The columns before, in and after the marked part of a line.
struct Window {
    before: usize,
    marked: usize,
    after: usize,
}

/// Renders a frame. `window` chooses how much of the line is shown, from the whole line (up to 1,000 characters for
/// each part) and the number of tabs before the marked part.
fn render_frame(source: &Source, span: Span, text: &str, window: impl Fn(Window, usize) -> Window) -> String {
    // A line can be a megabyte long and have many errors, so only what can be shown is read.
    const MAX_CHARS: usize = 1000;
    let at = source.position(span.start);
    let number = at.line.to_string();
    let margin = " ".repeat(number.len());
    let (before, after) = source.split_line(at.line, span.start);
    let marked: String = source.slice(span).chars().take(MAX_CHARS).take_while(|c| *c != '\n').collect();
    let marked = marked.trim_end_matches(|c: char| c.is_ascii_whitespace());
    let rest = after.get(marked.len()..).unwrap_or("");
    let first = before.char_indices().rev().take(MAX_CHARS).last().map_or(before.len(), |(at, _)| at);
    let end = rest.char_indices().nth(MAX_CHARS).map_or(rest.len(), |(at, _)| at);
    let (is_cut_before, is_cut_after) = (first > 0, end < rest.len());
    let [before, marked, rest] =
        [before.get(first..).unwrap_or(""), marked, rest.get(..end).unwrap_or("")].map(visible::visible);
    let line = Window {
        before: visible::display_width(&before),
        marked: visible::display_width(&marked).max(1),
        after: visible::display_width(&rest),
    };
    let window = window(line, before.matches('\t').count());
    let shown_before = visible::suffix_within(&before, window.before);
    let shown_marked = visible::prefix_within(&marked, window.marked);
    let rest = format!("{}{rest}", marked.get(shown_marked.len()..).unwrap_or(""));
    let shown_rest = visible::prefix_within(&rest, window.after);
    let head = if is_cut_before || shown_before.len() < before.len() { "…" } else { "" };
    let tail = if is_cut_after || shown_rest.len() < rest.len() { "…" } else { "" };
    // A mark without a column of its own is shown under its base character.
    let has_columns = shown_marked.is_empty() || visible::display_width(shown_marked) > 0;
    let base = if has_columns { "" } else { visible::last_visible(shown_before) };
    let indent = shown_before.get(..shown_before.len() - base.len()).unwrap_or("");
    let pad = format!("{}{}", if head.is_empty() { "" } else { " " }, visible::padding(indent));
    let carets = "^".repeat(visible::display_width(base).max(visible::display_width(shown_marked)).max(1));
    let text = if text.is_empty() { String::new() } else { format!(" {}", visible::visible(text)) };
    format!(
        "{margin} |\n{number} | {head}{shown_before}{shown_marked}{shown_rest}{tail}\n{margin} | {pad}{carets}{text}\n"
    )
}

/// Cuts a message, which may quote patterns of 4,096 characters and names of any length.
fn truncate(message: &str) -> String {
    const LIMIT: usize = 300;
    match message.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or(message)),
        None => message.to_owned(),
    }
}
