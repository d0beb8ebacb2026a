//! Coverage as one self-contained page of HTML, without scripts or other files.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use firewarden::internals::explain::shorten;

use super::{
    FileCoverage, Gap, Measure, Ratio, fragments,
    rows::{Mark, Row, in_words, rows},
};

/// Gaps of a file that are listed; further ones are collapsed.
const MAX_GAPS: usize = 20;
/// The largest indentation of the continuation of a long line, in columns.
const MAX_INDENT: usize = 12;
/// The longest text of a gap, in columns.
const TEXT: usize = 120;

/// The page cannot be rendered, because of its template.
#[derive(Debug, thiserror::Error)]
#[error("the page of coverage cannot be rows_of_files: {0}")]
pub struct PageError(#[from] minijinja::Error);

#[derive(Serialize)]
struct Page<'p> {
    totals: Vec<Bar>,
    files: Vec<File<'p>>,
}

#[derive(Serialize)]
struct Bar {
    name: &'static str,
    covered: u64,
    total: u64,
    /// What is counted, if the name does not say it.
    unit: &'static str,
    /// The percentage as text.
    percent: String,
    /// The percentage as a number.
    part: f64,
    full: bool,
}

#[derive(Serialize)]
struct File<'p> {
    /// The prefix of the anchors of the file.
    id: String,
    name: &'p str,
    bars: Vec<Bar>,
    gaps: Vec<GapLine>,
    more_gaps: Vec<GapLine>,
    lines: Vec<Line<'p>>,
    /// The digits of the largest line number and of the largest count, for the widths of columns.
    digits: usize,
    hit_digits: usize,
}

#[derive(Serialize)]
struct GapLine {
    line: u32,
    column: u32,
    class: &'static str,
    symbol: &'static str,
    words: String,
    text: String,
}

#[derive(Serialize)]
struct Line<'p> {
    number: u32,
    /// `hit`, `part` or `miss`; empty if the line has nothing to evaluate.
    class: &'static str,
    symbol: &'static str,
    words: &'static str,
    hits: Option<u64>,
    /// The indentation of the line, in columns, for its continuation.
    indent: usize,
    fragments: Vec<fragments::Fragment<'p>>,
    notes: Vec<LineNote<'p>>,
    rows: Vec<&'p Row>,
}

/// A note about a statement or function.
#[derive(Serialize)]
struct LineNote<'p> {
    text: &'p str,
    words: String,
}

/// The rows of a file, which the page borrows.
struct FileRows {
    rows: Vec<Row>,
    titles: Vec<String>,
}

/// Renders all files as one self-contained page: totals, gaps, and the sources with counts and values. The page is
/// readable without scripts and without colour; texts of rules and values are escaped.
///
/// # Errors
///
/// None that rules or values can cause.
pub fn html(files: &[FileCoverage]) -> Result<String, PageError> {
    let rows_of_files: Vec<FileRows> = files
        .iter()
        .map(|file| {
            let rows = rows(file);
            let titles = rows.iter().map(Row::title).collect();
            FileRows { rows, titles }
        })
        .collect();
    let page = Page {
        totals: Measure::ALL.into_iter().map(|measure| bar(measure, measure.of_all(files))).collect(),
        files: files
            .iter()
            .zip(&rows_of_files)
            .enumerate()
            .map(|(at, (file, rows_of_files))| view(at, file, rows_of_files))
            .collect(),
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // A line with only a tag renders as nothing.
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    Ok(environment.render_str(include_str!("page.html"), Serde(page))?)
}

fn indent(line: &str) -> usize {
    let columns = line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 });
    columns.sum::<usize>().min(MAX_INDENT)
}

fn bar(measure: Measure, ratio: Ratio) -> Bar {
    let Ratio { covered, total } = ratio;
    let (percent, part, full) = (ratio.to_string(), ratio.percent(), ratio.is_full());
    let unit = if measure == Measure::Conditions { " outcomes" } else { "" };
    Bar { name: measure.name(), covered, total, unit, percent, part, full }
}

fn view<'p>(at: usize, file: &'p FileCoverage, rows_of_files: &'p FileRows) -> File<'p> {
    let all = file.gaps();
    let mut gaps: Vec<_> = all.iter().map(|gap| gap_line(file, gap)).collect();
    let more_gaps = gaps.split_off(gaps.len().min(MAX_GAPS));
    let lines = lines(file, rows_of_files, &all);
    let most = file.line_list().iter().map(|line| line.hits).max().unwrap_or(0);
    File {
        id: format!("f{}", at + 1),
        name: file.name(),
        bars: Measure::ALL.into_iter().map(|measure| bar(measure, measure.of(file))).collect(),
        gaps,
        more_gaps,
        digits: lines.len().to_string().len(),
        hit_digits: most.to_string().len(),
        lines,
    }
}

fn gap_line(file: &FileCoverage, gap: &Gap) -> GapLine {
    let at = file.source().position(gap.span.start);
    let mark = Mark::of(gap.counts);
    let text = shorten(&gap.text, TEXT);
    GapLine { line: at.line, column: at.column, class: mark.class, symbol: mark.symbol, words: gap.to_string(), text }
}

fn lines<'p>(file: &'p FileCoverage, rows_of_files: &'p FileRows, gaps: &[Gap]) -> Vec<Line<'p>> {
    let line_of = |offset| file.source().position(offset).line;
    let mut rows: BTreeMap<u32, Vec<&Row>> = BTreeMap::new();
    for row in &rows_of_files.rows {
        rows.entry(line_of(row.span.start)).or_default().push(row);
    }
    let mut notes: BTreeMap<u32, Vec<LineNote<'_>>> = BTreeMap::new();
    for statement in file.statement_list() {
        let words = match statement.counts.total() {
            0 => "never tried".to_owned(),
            total => format!("tried {total}×: {}", in_words(statement.counts)),
        };
        notes.entry(line_of(statement.span.start)).or_default().push(LineNote { text: &statement.label, words });
    }
    for function in file.function_list() {
        let words = format!("called {}×", function.calls);
        notes.entry(line_of(function.span.start)).or_default().push(LineNote { text: &function.name, words });
    }
    let partial: BTreeSet<u32> = gaps.iter().map(|gap| line_of(gap.span.start)).collect();
    let hits: BTreeMap<u32, u64> = file.line_list().iter().map(|line| (line.line, line.hits)).collect();
    let text = file.source().text();
    // A final line feed does not begin another line.
    let cut = fragments::lines(text.strip_suffix('\n').unwrap_or(text), &rows_of_files.rows, &rows_of_files.titles);
    (1..)
        .zip(cut)
        .map(|(number, fragments)| {
            let hits = hits.get(&number).copied();
            let (class, symbol, words) = match hits {
                None => ("", "", ""),
                Some(0) => ("miss", "✗", "not covered"),
                Some(_) if partial.contains(&number) => ("part", "◐", "partly covered"),
                Some(_) => ("hit", "✓", "covered"),
            };
            let notes = notes.remove(&number).unwrap_or_default();
            let rows = rows.remove(&number).unwrap_or_default();
            let indent = indent(file.source().line(number));
            Line { number, class, symbol, words, hits, indent, fragments, notes, rows }
        })
        .collect()
}
