//! Coverage as plain text, for a terminal: a table, then what is not covered.

use std::fmt::{Result, Write as _};

use firewarden::internals::explain::{Width, middle, shorten};

use super::{FileCoverage, Gap, Measure, Ratio};

/// What is not covered of one file is listed up to this.
const MOST: usize = 20;

/// Columns of an expression that are shown beside however long a name.
const EXPRESSION: usize = 24;

/// A table of all files, then what is not covered: each gap with `file:line:column`, what is missing and the source
/// text, the gravest first, at most 20 of a file. Lines are at most `columns` wide (30 to 1,000). No colour.
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
    let name =
        widest(&mut rows.iter().map(|(name, _)| name)).min(width.columns().saturating_sub(a + b + c).max(EXPRESSION));
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
    let place = |gap: &Gap| {
        let at = file.source().position(gap.span.start);
        format!("{name}:{}:{}", at.line, at.column)
    };
    let shown = || gaps.iter().take(MOST);
    let words = shown().map(|gap| gap.to_string().len()).max().unwrap_or(0);
    let places = shown().map(|gap| place(gap).chars().count()).max().unwrap_or(0);
    let places = places.min(width.columns().saturating_sub("      ".len() + words + EXPRESSION).max(EXPRESSION / 2));
    let room = width.columns().saturating_sub(2 + places + 2 + words + 2).clamp(EXPRESSION, width.source());
    for gap in shown() {
        let (place, word) = (middle(&place(gap), places), gap.to_string());
        let text = visible(&shorten(&gap.text, room));
        writeln!(out, "  {place:places$}  {word:words$}  {text}")?;
    }
    match gaps.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more"),
    }
}

/// A text that does nothing to a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
