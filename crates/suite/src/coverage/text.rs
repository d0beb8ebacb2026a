//! Coverage as plain text for terminals: a table, then the gaps.

use std::fmt::{Result, Write as _};

use firewarden::internals::explain::{Width, middle, shorten};

use super::{FileCoverage, Gap, Measure, Ratio};

/// Gaps of a file that are listed.
const MAX_GAPS: usize = 20;

/// The columns that a gap's source text gets, however long the name of the file is.
const MIN_EXPRESSION: usize = 24;

/// Renders a table of all files, then their gaps: `file:line:column`, the kind and the source text, the most serious
/// first, at most 20 for each file. Lines are at most `columns` wide (30 to 1,000). The text has no colour.
pub fn text(files: &[FileCoverage], columns: usize) -> String {
    let width = Width::new(columns);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_table(&mut out, files, width);
    for file in files {
        let _ = write_gaps(&mut out, file, width);
    }
    out
}

fn write_table(out: &mut String, files: &[FileCoverage], width: Width) -> Result {
    let mut rows = vec![("file".to_owned(), Measure::ALL.map(|measure| measure.name().to_owned()))];
    let cell = |ratio: Ratio| format!("{}/{} {:>6}", ratio.covered, ratio.total, ratio.to_string());
    for file in files {
        rows.push((visible(file.name()), Measure::ALL.map(|measure| cell(measure.of(file)))));
    }
    if files.len() != 1 {
        rows.push(("total".to_owned(), Measure::ALL.map(|measure| cell(measure.of_all(files)))));
    }
    let widest = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let [a, b, c] = [0, 1, 2].map(|at| 2 + widest(&mut rows.iter().filter_map(|(_, cells)| cells.get(at))));
    let name = widest(&mut rows.iter().map(|(name, _)| name))
        .min(width.columns().saturating_sub(a + b + c).max(MIN_EXPRESSION));
    for (file, [statements, lines, conditions]) in &rows {
        let file = middle(file, name);
        writeln!(out, "{file:name$}{statements:>a$}{lines:>b$}{conditions:>c$}")?;
    }
    Ok(())
}

fn write_gaps(out: &mut String, file: &FileCoverage, width: Width) -> Result {
    let gaps = file.gaps();
    if gaps.is_empty() {
        return Ok(());
    }
    let name = visible(file.name());
    writeln!(out, "\nnot covered in {name}:")?;
    let location = |gap: &Gap| {
        let at = file.source().position(gap.span.start);
        format!("{name}:{}:{}", at.line, at.column)
    };
    let shown = || gaps.iter().take(MAX_GAPS);
    let words = shown().map(|gap| gap.to_string().len()).max().unwrap_or(0);
    let location_width = shown().map(|gap| location(gap).chars().count()).max().unwrap_or(0);
    let location_width = location_width
        .min(width.columns().saturating_sub("      ".len() + words + MIN_EXPRESSION).max(MIN_EXPRESSION / 2));
    let room = width.columns().saturating_sub(2 + location_width + 2 + words + 2).clamp(MIN_EXPRESSION, width.source());
    for gap in shown() {
        let (location, word) = (middle(&location(gap), location_width), gap.to_string());
        let text = visible(&shorten(&gap.text, room));
        writeln!(out, "  {location:location_width$}  {word:words$}  {text}")?;
    }
    match gaps.len().saturating_sub(MAX_GAPS) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more"),
    }
}

/// Replaces control characters.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
