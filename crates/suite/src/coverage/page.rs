//! Coverage as one page of HTML, which needs nothing else: no script, no file beside it.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use firewarden::internals::explain::shorten;

use super::{
    FileCoverage, Gap, Measure, Ratio, marks,
    rows::{Mark, Row, in_words, rows},
};

/// What is not covered of one file is listed up to this; the rest can be unfolded.
const MOST: usize = 20;
/// Columns by which the rest of a long line is indented.
const MOST_INDENT: usize = 12;
/// Columns of the text of what is not covered.
const TEXT: usize = 120;

/// Why there is no page: the template is at fault, never the rules.
#[derive(Debug, thiserror::Error)]
#[error("the page of coverage cannot be made: {0}")]
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
    /// What is counted, where the name does not say it.
    unit: &'static str,
    /// As text.
    percent: String,
    /// As a number.
    part: f64,
    full: bool,
}

#[derive(Serialize)]
struct File<'p> {
    /// What anchors in it begin with.
    id: String,
    name: &'p str,
    bars: Vec<Bar>,
    gaps: Vec<GapLine>,
    more_gaps: Vec<GapLine>,
    lines: Vec<Line<'p>>,
    /// Digits of the last line's number and of the largest count, for which columns are made wide enough.
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
    /// `hit`, `part`, `miss`; nothing where there is nothing to evaluate.
    class: &'static str,
    symbol: &'static str,
    words: &'static str,
    hits: Option<u64>,
    /// Columns before its text, within reason: what does not fit in a line is indented as much.
    indent: usize,
    pieces: Vec<marks::Piece<'p>>,
    notes: Vec<Note<'p>>,
    rows: Vec<&'p Row>,
}

/// What is said of a statement or function.
#[derive(Serialize)]
struct Note<'p> {
    text: &'p str,
    words: String,
}

/// What of a file the page borrows.
struct Made {
    rows: Vec<Row>,
    titles: Vec<String>,
}

/// All files as one self-contained page: totals, what is not covered, and the sources with counts and the values that
/// were seen. Reads without scripts and without colour; texts of rules and values are escaped.
///
/// # Errors
///
/// None that rules or values can cause.
pub fn html(files: &[FileCoverage]) -> Result<String, PageError> {
    let made: Vec<Made> = files
        .iter()
        .map(|file| {
            let rows = rows(file);
            let titles = rows.iter().map(Row::title).collect();
            Made { rows, titles }
        })
        .collect();
    let page = Page {
        totals: Measure::ALL.into_iter().map(|measure| bar(measure, measure.of_all(files))).collect(),
        files: files.iter().zip(&made).enumerate().map(|(at, (file, made))| view(at, file, made)).collect(),
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // A line with nothing but a tag leaves none.
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    Ok(environment.render_str(include_str!("page.html"), Serde(page))?)
}

fn indent(line: &str) -> usize {
    let columns = line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 });
    columns.sum::<usize>().min(MOST_INDENT)
}

fn bar(measure: Measure, ratio: Ratio) -> Bar {
    let Ratio { covered, total } = ratio;
    let (percent, part, full) = (ratio.to_string(), ratio.percent(), ratio.is_full());
    let unit = if measure == Measure::Conditions { " outcomes" } else { "" };
    Bar { name: measure.name(), covered, total, unit, percent, part, full }
}

fn view<'p>(at: usize, file: &'p FileCoverage, made: &'p Made) -> File<'p> {
    let all = file.gaps();
    let mut gaps: Vec<_> = all.iter().map(|gap| gap_line(file, gap)).collect();
    let more_gaps = gaps.split_off(gaps.len().min(MOST));
    let lines = lines(file, made, &all);
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

fn lines<'p>(file: &'p FileCoverage, made: &'p Made, gaps: &[Gap]) -> Vec<Line<'p>> {
    let line_of = |offset| file.source().position(offset).line;
    let mut rows: BTreeMap<u32, Vec<&Row>> = BTreeMap::new();
    for row in &made.rows {
        rows.entry(line_of(row.span.start)).or_default().push(row);
    }
    let mut notes: BTreeMap<u32, Vec<Note<'_>>> = BTreeMap::new();
    for statement in file.statement_list() {
        let words = match statement.counts.total() {
            0 => "never tried".to_owned(),
            total => format!("tried {total}×: {}", in_words(statement.counts)),
        };
        notes.entry(line_of(statement.span.start)).or_default().push(Note { text: &statement.label, words });
    }
    for function in file.function_list() {
        let words = format!("called {}×", function.calls);
        notes.entry(line_of(function.span.start)).or_default().push(Note { text: &function.name, words });
    }
    let partial: BTreeSet<u32> = gaps.iter().map(|gap| line_of(gap.span.start)).collect();
    let hits: BTreeMap<u32, u64> = file.line_list().iter().map(|line| (line.line, line.hits)).collect();
    let text = file.source().text();
    // The line feed at the end begins no line that anybody sees.
    let cut = marks::lines(text.strip_suffix('\n').unwrap_or(text), &made.rows, &made.titles);
    (1..)
        .zip(cut)
        .map(|(number, pieces)| {
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
            Line { number, class, symbol, words, hits, indent, pieces, notes, rows }
        })
        .collect()
}
