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
    let at = source.position(span.start);
    let number = at.line.to_string();
    let margin = " ".repeat(number.len());
    let line: Vec<char> = source.line(at.line).chars().collect();
    let from = (at.column as usize - 1).min(line.len());
    let width = source.slice(span).split('\n').next().unwrap_or("").trim_end().chars().count().max(1);
    let skip = from.saturating_sub(CONTEXT);
    let shown = width.min(2 * CONTEXT);
    let upto = line.len().min(from.saturating_add(shown).saturating_add(CONTEXT));
    let cut = |from: usize, to: usize| line.get(from..to).unwrap_or(&[]).iter().collect::<String>();
    let (head, tail) = (if skip > 0 { "…" } else { "" }, if upto < line.len() { "…" } else { "" });
    let pad: String = cut(skip, from).chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let pad = if skip > 0 { format!(" {pad}") } else { pad };
    let carets = "^".repeat(shown);
    let text = if text.is_empty() { String::new() } else { format!(" {text}") };
    format!("{margin} |\n{number} | {head}{}{tail}\n{margin} | {pad}{carets}{text}\n", cut(skip, upto))
}

/// A message quotes patterns of up to 4,096 characters and names without limit; a person needs the beginning.
fn shorten(message: &str) -> String {
    const LIMIT: usize = 300;
    match message.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or(message)),
        None => message.to_owned(),
    }
}
