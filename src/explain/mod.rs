//! Explanations: traces as plain text. This module has what the explanations of all products share.

mod nearest;
mod query;

use std::fmt::{Formatter, Result};

use crate::{
    eval::{Fault, Outcome, Step, StepKind},
    text::{Source, Span, display_width, frame_within, prefix_within, suffix_within},
    value::Value,
};

pub use nearest::Nearest;
pub(crate) use nearest::on_way;
pub(crate) use nearest::{block as nearest_block, place as nearest_place};
pub(crate) use query::{NAME, QueryView, is_unnamed};

/// The default width of a line, in columns.
pub const COLUMNS: usize = 80;
/// The columns for the source of a sub-expression, in a line of [`COLUMNS`].
pub const SOURCE_WIDTH: usize = 44;
/// The least columns for a value, in a line of [`COLUMNS`].
const MIN_VALUE_WIDTH: usize = 24;
/// The least columns for the source of a sub-expression.
const MIN_SOURCE_WIDTH: usize = 12;

/// The width of the lines of an explanation, in columns of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width(usize);

impl Default for Width {
    fn default() -> Self {
        Width(COLUMNS)
    }
}

impl Width {
    /// A width of `columns`, clamped to 30, which indented lines need, and 1,000.
    pub fn new(columns: usize) -> Self {
        Width(columns.clamp(30, 1000))
    }

    /// The width in columns.
    pub fn columns(self) -> usize {
        self.0
    }

    /// The columns for the source of a sub-expression: about half of a line.
    pub fn source(self) -> usize {
        match self.0.checked_sub(COLUMNS) {
            Some(more) => SOURCE_WIDTH + more * 11 / 20,
            None => SOURCE_WIDTH.min(self.0 / 2 + 5),
        }
    }

    /// The least columns for a value.
    fn value(self) -> usize {
        MIN_VALUE_WIDTH.min(self.0 / 3)
    }
}

/// A decision in words: the rules, sub-expressions with their values, and the decisive location.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<D> {
    /// A reference to the decision.
    pub(crate) decision: D,
    pub(crate) width: Width,
}

impl<D> Explanation<D> {
    pub(crate) fn new(decision: D) -> Self {
        Explanation { decision, width: Width::default() }
    }

    /// Sets the width of the lines in columns (30 to 1,000); the default is 80. Source locations, which people follow,
    /// are not shortened.
    #[must_use]
    pub fn columns(self, columns: usize) -> Self {
        Explanation { width: Width::new(columns), ..self }
    }
}

/// What the lines of a trace depend on.
#[derive(Clone, Copy)]
pub(crate) struct View<'v> {
    pub(crate) width: Width,
    pub(crate) source: &'v Source,
    /// What a query leaves unknown, if the request is a query.
    pub(crate) query: Option<&'v QueryView<'v>>,
}

/// The expression or statement that decided.
pub struct Decisive<'d> {
    /// Its span in the rules.
    pub span: Span,
    /// The text below the source.
    pub text: String,
    /// The operands that led to its value.
    pub operands: Vec<&'d Step>,
}

/// Writes the decisive expression with carets, its text and its operands.
pub(crate) fn write_decisive(
    f: &mut Formatter<'_>,
    width: Width,
    source: &Source,
    Decisive { span, text, operands }: &Decisive<'_>,
) -> Result {
    let (span, at) = (*span, source.position(span.start));
    // A location is never shortened, because editors and people follow it.
    writeln!(f, "\ndecisive:\n  --> {}:{}:{}", source.name(), at.line, at.column)?;
    for line in frame_within(source, first_line(source, span), width.columns() - 2).lines() {
        writeln!(f, "  {line}")?;
    }
    write_wrapped(f, width, "  = ", 4, text)?;
    for part in operands {
        let (text, value) = fit_on_line(width, 4, source.slice(part.span), &describe(&part.outcome));
        writeln!(f, "    {text}{ARROW}{value}")?;
    }
    Ok(())
}

const ARROW: &str = " → ";

/// Shortens the source and the value of a sub-expression so that they fit on a line.
fn fit_on_line(width: Width, indent: usize, source: &str, value: &str) -> (String, String) {
    let columns = width.columns().saturating_sub(indent + display_width(ARROW));
    let max_source = columns.saturating_sub(width.value()).max(MIN_SOURCE_WIDTH);
    let text = shorten(source, width.source().min(max_source));
    let room = columns.saturating_sub(display_width(&text)).max(width.value());
    let value = shorten(value, room);
    (text, value)
}

/// Writes `TEXT REST  (FILE:LINE)` on one line; shortens the text, and a long file name, in the middle.
pub(crate) fn write_located(
    f: &mut Formatter<'_>,
    width: Width,
    (text, rest): (&str, &str),
    source: &Source,
    offset: u32,
) -> Result {
    let place = format!("{}:{}", source.name(), source.position(offset).line);
    let room = width.columns().saturating_sub(display_width(rest) + "  ()".len());
    let place = middle(&place, room - (room / 2).min(display_width(text)));
    let text = middle(text, room.saturating_sub(display_width(&place)));
    writeln!(f, "{text}{rest}  ({place})")
}

/// Writes a wrapped text: see [`wrap`].
pub(crate) fn write_wrapped(f: &mut Formatter<'_>, width: Width, head: &str, indent: usize, text: &str) -> Result {
    writeln!(f, "{}", wrap(head, indent, text, width))
}

/// Wraps a text after a head. Lines after the first are indented. A word that is longer than a line, such as a path, is
/// broken, after a slash if possible.
pub fn wrap(head: &str, indent: usize, text: &str, width: Width) -> String {
    let columns = width.columns();
    let line = columns.saturating_sub(indent).max(1);
    let line_break = format!("\n{:indent$}", "");
    let (mut out, mut used) = (head.to_owned(), display_width(head));
    for (at, word) in text.split(' ').enumerate() {
        let (mut word, mut left, space) = (word, display_width(word), usize::from(at > 0));
        let fits = used + space + left <= columns;
        // A word that is longer than a line starts on this one if at least half of it is free.
        if fits || left > line && columns.saturating_sub(used) > line / 2 {
            out += if space > 0 { " " } else { "" };
            used += space;
        } else {
            out.truncate(out.trim_end_matches(' ').len());
            out += &line_break;
            used = indent;
        }
        while used + left > columns && !word.is_empty() {
            // At least a character, so that the loop ends.
            let fitting = prefix_within(word, columns.saturating_sub(used)).len();
            let end = fitting.max(word.chars().next().map_or(0, char::len_utf8));
            let slash = word.get(..end).and_then(|part| part.rfind('/')).map(|at| at + 1);
            let (now, later) = word.split_at(slash.filter(|at| *at > end / 2).unwrap_or(end));
            out += now;
            out += &line_break;
            left = left.saturating_sub(display_width(now));
            (word, used) = (later, indent);
        }
        out += word;
        used += left;
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

/// Shortens a path or a name to `width` columns in its middle. The end, which distinguishes files, is longer than the
/// beginning.
pub fn middle(name: &str, width: usize) -> String {
    if display_width(name) <= width {
        return name.to_owned();
    }
    let head = width.saturating_sub(1) / 3;
    let tail = width.saturating_sub(1 + head);
    format!("{}…{}", prefix_within(name, head), suffix_within(name, tail))
}

/// The value of a step, with its reason if it has one.
pub(crate) fn in_short(step: &Step, value: &str) -> String {
    match &step.why {
        Some(why) => format!("{value}  ({why})"),
        None => value.to_owned(),
    }
}

/// Writes a line for each sub-expression; its own sub-expressions are indented below it.
pub(crate) fn write_steps(f: &mut Formatter<'_>, view: View<'_>, step: &Step, indent: usize) -> Result {
    // An explicit stack, as in [`Step::all`].
    let mut open = vec![(step, indent)];
    while let Some((step, indent)) = open.pop() {
        write_step(f, view, step, indent)?;
        // A limit of the indentation keeps deep expressions readable.
        let indent = if indent < view.width.columns() * 2 / 5 { indent + 2 } else { indent };
        open.extend(worth_showing(step).into_iter().rev().map(|part| (part, indent)));
    }
    Ok(())
}

/// Writes the line of a sub-expression.
fn write_step(f: &mut Formatter<'_>, view: View<'_>, step: &Step, indent: usize) -> Result {
    let View { width, source, query } = view;
    let value = query.and_then(|query| query.describe(step)).unwrap_or_else(|| describe(&step.outcome));
    let (text, short) = fit_on_line(width, indent, source.slice(step.span), &value);
    let failed_inside = failed_part(step).is_some();
    let value = match &step.outcome {
        // The sub-expression that failed has the message.
        Outcome::Error(_) if failed_inside => "error (see below)".to_owned(),
        // A message may take several lines.
        Outcome::Error(_) => value,
        _ => short,
    };
    let head = format!("{:indent$}{text}{ARROW}", "");
    let line = format!("{head}{}", in_short(step, &value));
    match &step.why {
        // A reason that does not fit beside the value goes on its own line.
        Some(why) if display_width(&line) > width.columns() => {
            write_wrapped(f, width, &head, indent + 4, &value)?;
            write_wrapped(f, width, &format!("{:indent$}    ", ""), indent + 4, &format!("({why})"))?;
        }
        _ => write_wrapped(f, width, &head, indent + 4, &in_short(step, &value))?,
    }
    let mut note = |note: &str| write_wrapped(f, width, &format!("{:indent$}  note: ", ""), indent + 4, note);
    step.stray.iter().try_for_each(|stray| note(stray))?;
    match &step.outcome {
        Outcome::Error(Fault { why: Some(why), .. }) if !failed_inside => note(why),
        _ => Ok(()),
    }
}

/// The sub-expressions that an explanation shows. It omits literals and the `a.b` of `a.b.c`, and puts the operands of
/// a chain `a && b && c` on one level.
pub fn worth_showing(step: &Step) -> Vec<&Step> {
    let mut shown = Vec::new();
    collect_shown(step, &mut shown);
    shown
}

fn collect_shown<'s>(step: &'s Step, shown: &mut Vec<&'s Step>) {
    for part in &step.parts {
        let chain = part.kind == step.kind && matches!(step.kind, StepKind::And | StepKind::Or);
        // The object is shown only if reading the member failed.
        let known = matches!((step.kind, &step.outcome), (StepKind::Member, Outcome::Value(_) | Outcome::Described(_)))
            && matches!(part.kind, StepKind::Member | StepKind::Variable);
        // `newData` adds nothing to `newData.exists()`.
        let place = part.kind == StepKind::Variable
            && matches!(part.outcome, Outcome::Described(_))
            && !matches!(step.outcome, Outcome::Error(_));
        if chain {
            collect_shown(part, shown);
        } else if !(is_literal(part) || place || known && !matches!(part.outcome, Outcome::Error(_))) {
            shown.push(part);
        }
    }
}

fn is_literal(step: &Step) -> bool {
    match step.kind {
        StepKind::Constant => true,
        StepKind::Literal => step.parts.iter().all(is_literal),
        _ => false,
    }
}

/// The sub-expression from which a failed step has its error.
fn failed_part(step: &Step) -> Option<&Step> {
    let Outcome::Error(fault) = &step.outcome else { return None };
    worth_showing(step).into_iter().find(|part| matches!(&part.outcome, Outcome::Error(inner) if inner == fault))
}

/// Whether a condition is the same for all requests at one time: it reads neither user, path nor data.
pub fn ignores_request(source: &Source, condition: &Step) -> bool {
    const OF_ALL: [&str; 7] = ["request.time", "now", "timestamp", "duration", "math", "hashing", "latlng"];
    let reads = matches!(condition.kind, StepKind::Variable | StepKind::Member);
    if reads || condition.parts.is_empty() && condition.kind == StepKind::Operation {
        return OF_ALL.contains(&source.slice(condition.span).trim());
    }
    condition.parts.iter().all(|part| ignores_request(source, part))
}

/// The innermost sub-expression with the error of a failed step.
pub fn failed_step<'s>(step: &'s Step, fault: &Fault) -> &'s Step {
    let inner = step.parts.iter().find(|part| matches!(&part.outcome, Outcome::Error(error) if error == fault));
    inner.map_or(step, |inner| failed_step(inner, fault))
}

/// An outcome on one line.
pub fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(value) => value.view().describe(),
        Outcome::Described(beginning) => beginning.clone(),
        Outcome::Error(fault) => format!("error: {}", in_words(fault)),
    }
}

/// An official message, with the cause if several causes have that message.
pub fn in_full(fault: &Fault) -> String {
    match &fault.why {
        Some(why) => format!("{} ({why})", in_words(fault)),
        None => in_words(fault),
    }
}

/// An official message on one line, with `path_value { … }` written as a path.
pub(crate) fn in_words(fault: &Fault) -> String {
    let message = fault.message.as_str();
    if message.is_empty() {
        return "undecided: the query's filters do not imply it".to_owned();
    }
    let Some((before, rest)) = message.split_once("path_value {") else { return shorten(message, 200) };
    let Some((path, after)) = rest.rsplit_once('}') else { return shorten(message, 200) };
    let segments: String = path.split('"').skip(1).step_by(2).map(|segment| format!("/{segment}")).collect();
    format!("{before}{segments}{}", after.trim_start())
}

/// Puts a text on one line and shortens it to `width` columns in its middle.
pub fn shorten(text: &str, width: usize) -> String {
    // A text can be a megabyte long and be shortened for each of its parts, so only its ends are read. Combining
    // characters have no width; more than four for each column are cut.
    let limit = 4 * (width + 2);
    let words = || text.split_whitespace();
    let mut line: String = words().flat_map(|word| word.chars().chain([' '])).take(limit).collect();
    let is_whole = line.chars().count() < limit;
    if is_whole {
        line.truncate(line.trim_end().len());
        if display_width(&line) <= width {
            return line;
        }
    }
    let (tail, head) = (width / 3, width.saturating_sub(width / 3 + 1));
    let end: Vec<char> = words().rev().flat_map(|word| word.chars().rev().chain([' '])).take(4 * tail).collect();
    let end: String = end.iter().rev().collect();
    format!("{}…{}", prefix_within(&line, head), suffix_within(&end, tail))
}

/// The part of a span in its first line.
fn first_line(source: &Source, span: Span) -> Span {
    let length = source.slice(span).find('\n').unwrap_or(source.slice(span).len());
    Span { start: span.start, end: span.start + length as u32 }
}

/// The innermost sub-expression that made a condition false.
pub fn decisive_step(step: &Step) -> &Step {
    let is_false = |s: &&Step| matches!(s.outcome, Outcome::Value(Value::Bool(false)));
    let inner = match step.kind {
        StepKind::And => step.parts.iter().rev().find(is_false),
        StepKind::Call | StepKind::Ternary => step.parts.last().filter(is_false),
        _ => None,
    };
    inner.map_or(step, decisive_step)
}

#[cfg(test)]
mod tests {
    use super::{Width, display_width, middle, shorten, wrap};

    #[test]
    fn sentences_are_wrapped_and_long_words_are_broken_after_a_slash() {
        let wrapped = |head: &str, text: &str| wrap(head, 4, text, Width::new(30));
        assert_eq!(wrapped("  = ", "false  (missing: 'a')"), "  = false  (missing: 'a')");
        assert_eq!(wrapped("  = ", "one two three four five six seven"), "  = one two three four five\n    six seven");
        // The reason moves to the next line as a whole, and no line ends with a space.
        assert_eq!(wrapped("  = ", "false of something  (missing: 'a')"), "  = false of something\n    (missing: 'a')");
        assert_eq!(
            wrapped("a: ", "get /users/alice/cats/and/dogs.png now"),
            "a: get /users/alice/cats/and/\n    dogs.png now"
        );
        assert_eq!(wrapped("a: ", &"x".repeat(60)).lines().map(display_width).collect::<Vec<_>>(), [30, 30, 11]);
        assert_eq!(wrapped("head ", ""), "head");
        // The time for a megabyte without spaces is linear.
        let long = wrapped("", &"é".repeat(1 << 20));
        assert!(long.lines().all(|line| display_width(line) <= 30));
        assert_eq!(long.matches('é').count(), 1 << 20);
    }

    #[test]
    fn names_are_shortened_in_the_middle() {
        assert_eq!(middle("short", 5), "short");
        assert_eq!(middle("rules/deep/storage.rules:12", 15), "rule…e.rules:12");
        assert_eq!((middle("abc", 1), middle("abc", 0)), ("…".to_owned(), "…".to_owned()));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let width = Width::new(30);
        let wrapped = wrap("  = ", 4, &"写真 ".repeat(40), width);
        assert!(wrapped.lines().all(|line| (25..=30).contains(&display_width(line))), "{wrapped}");
        // A word without spaces is broken, and no character is lost.
        let word = "写".repeat(100);
        let broken = wrap("a: ", 4, &word, width);
        assert!(broken.lines().all(|line| display_width(line) <= 30), "{broken}");
        assert_eq!(broken.matches('写').count(), 100);
        assert_eq!(middle("rules/写真写真写真写真.rules", 15), "rule…写真.rules");
        assert_eq!(shorten("写真  写真写真写真 写真", 12), "写真 写…写真");
        for columns in 0..30 {
            assert!(display_width(&middle(&word, columns)) <= columns.max(1), "{columns}");
            assert!(display_width(&shorten(&word, columns)) <= columns.max(1), "{columns}");
        }
        assert_eq!(shorten(&"e\u{301}".repeat(10), 10), "e\u{301}".repeat(10));
    }
}
