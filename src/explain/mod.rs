//! Traces as a person reads them: what the explanations of all products have in common. Plain text; the command line
//! adds colour.

mod nearest;
mod query;

use std::fmt::{Formatter, Result};

use crate::{
    eval::{Fault, Outcome, Step, StepKind},
    text::{Source, Span, frame_within},
    value::Value,
};

pub use nearest::Nearest;
pub(crate) use nearest::on_way;
pub(crate) use nearest::{block as nearest_block, place as nearest_place};
pub(crate) use query::{NAME, QueryView, is_unnamed};

/// Columns of a line where nobody asks for others.
pub const COLUMNS: usize = 80;
/// Columns of source shown for a sub-expression, in a line of [`COLUMNS`].
pub const SOURCE_WIDTH: usize = 44;
/// Columns that a value gets at least, in a line of [`COLUMNS`].
const VALUE_WIDTH: usize = 24;
/// Columns that a piece of source gets at least.
const LEAST_SOURCE: usize = 12;

/// How wide the lines of a text are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width(usize);

impl Default for Width {
    fn default() -> Self {
        Width(COLUMNS)
    }
}

impl Width {
    /// So many columns; at least 30, which indented lines need, and at most 1,000.
    pub fn new(columns: usize) -> Self {
        Width(columns.clamp(30, 1000))
    }

    /// The columns of a line.
    pub fn columns(self) -> usize {
        self.0
    }

    /// Columns of source shown for a sub-expression: about half of a line.
    pub fn source(self) -> usize {
        match self.0.checked_sub(COLUMNS) {
            Some(more) => SOURCE_WIDTH + more * 11 / 20,
            None => SOURCE_WIDTH.min(self.0 / 2 + 5),
        }
    }

    /// Columns that a value gets at least.
    fn value(self) -> usize {
        VALUE_WIDTH.min(self.0 / 3)
    }
}

/// What every line of a trace is written with.
#[derive(Clone, Copy)]
pub(crate) struct View<'v> {
    pub(crate) width: Width,
    pub(crate) source: &'v Source,
    /// Of a query, what it leaves open.
    pub(crate) query: Option<&'v QueryView<'v>>,
}

/// The place in the rules that decided, what is to be said of it, and the operands that made it so.
pub struct Decisive<'d> {
    /// The place in the rules.
    pub span: Span,
    /// What is to be said of it.
    pub text: String,
    /// The operands that made it so.
    pub operands: Vec<&'d Step>,
}

/// The place in the rules that decided, with carets.
pub(crate) fn write_decisive(
    f: &mut Formatter<'_>,
    width: Width,
    source: &Source,
    Decisive { span, text, operands }: &Decisive<'_>,
) -> Result {
    let (span, at) = (*span, source.position(span.start));
    // A place is never shortened: editors and people follow it.
    writeln!(f, "\ndecisive:\n  --> {}:{}:{}", source.name(), at.line, at.column)?;
    for line in frame_within(source, first_line(source, span), width.columns() - 2).lines() {
        writeln!(f, "  {line}")?;
    }
    write_wrapped(f, width, "  = ", 4, text)?;
    for part in operands {
        let (text, value) = beside(width, 4, source.slice(part.span), &describe(&part.outcome));
        writeln!(f, "    {text}{ARROW}{value}")?;
    }
    Ok(())
}

const ARROW: &str = " → ";

/// A sub-expression and its value as they stand in one line.
fn beside(width: Width, indent: usize, source: &str, value: &str) -> (String, String) {
    let columns = width.columns().saturating_sub(indent + count(ARROW));
    let most = columns.saturating_sub(width.value()).max(LEAST_SOURCE);
    let text = shorten(source, width.source().min(most));
    let room = columns.saturating_sub(count(&text)).max(width.value());
    let value = shorten(value, room);
    (text, value)
}

fn count(text: &str) -> usize {
    text.chars().count()
}

/// `TEXT REST  (FILE:LINE)` in one line: what does not fit is left out in the middle of the text, and of a long file name.
pub(crate) fn write_located(
    f: &mut Formatter<'_>,
    width: Width,
    (text, rest): (&str, &str),
    source: &Source,
    offset: u32,
) -> Result {
    let place = format!("{}:{}", source.name(), source.position(offset).line);
    let room = width.columns().saturating_sub(count(rest) + "  ()".len());
    let place = middle(&place, room - (room / 2).min(count(text)));
    let text = middle(text, room.saturating_sub(count(&place)));
    writeln!(f, "{text}{rest}  ({place})")
}

/// A text after a head, in as many lines as it needs; those after the first are indented.
pub(crate) fn write_wrapped(f: &mut Formatter<'_>, width: Width, head: &str, indent: usize, text: &str) -> Result {
    writeln!(f, "{}", wrap(head, indent, text, width))
}

/// A text after a head, in lines that fit. Those after the first are indented; a word that fits in no line, such as a
/// long path, is broken, after a slash where there is one.
pub fn wrap(head: &str, indent: usize, text: &str, width: Width) -> String {
    let columns = width.columns();
    let line = columns.saturating_sub(indent).max(1);
    let next = format!("\n{:indent$}", "");
    let (mut out, mut used) = (head.to_owned(), count(head));
    for (at, word) in text.split(' ').enumerate() {
        let (mut word, mut left, blank) = (word, count(word), usize::from(at > 0));
        let fits = used + blank + left <= columns;
        // A word that fits in no line begins where a good part of one is left.
        if fits || left > line && columns.saturating_sub(used) > line / 2 {
            out += if blank > 0 { " " } else { "" };
            used += blank;
        } else {
            out.truncate(out.trim_end_matches(' ').len());
            out += &next;
            used = indent;
        }
        while used + left > columns {
            let room = columns.saturating_sub(used).max(1);
            let end = word.char_indices().nth(room).map_or(word.len(), |(at, _)| at);
            let slash = word.get(..end).and_then(|part| part.rfind('/')).map(|at| at + 1);
            let (now, later) = word.split_at(slash.filter(|at| *at > end / 2).unwrap_or(end));
            out += now;
            out += &next;
            left -= count(now);
            (word, used) = (later, indent);
        }
        out += word;
        used += left;
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

/// A path or a name that fits; its end, which tells files apart, is kept longer than its beginning.
pub fn middle(name: &str, width: usize) -> String {
    let count = count(name);
    if count <= width {
        return name.to_owned();
    }
    let head = width.saturating_sub(1) / 3;
    let tail = width.saturating_sub(1 + head);
    let start: String = name.chars().take(head).collect();
    let end: String = name.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// What a step gave, with the reason where it has one.
pub(crate) fn in_short(step: &Step, gave: &str) -> String {
    match &step.why {
        Some(why) => format!("{gave}  ({why})"),
        None => gave.to_owned(),
    }
}

/// One line for each sub-expression, those inside it indented below.
pub(crate) fn write_steps(f: &mut Formatter<'_>, view: View<'_>, step: &Step, indent: usize) -> Result {
    // A list of what is left to write, as [`Step::all`] keeps one.
    let mut open = vec![(step, indent)];
    while let Some((step, indent)) = open.pop() {
        write_step(f, view, step, indent)?;
        // Very deep expressions stay readable if they stop moving to the right.
        let indent = if indent < view.width.columns() * 2 / 5 { indent + 2 } else { indent };
        open.extend(worth_showing(step).into_iter().rev().map(|part| (part, indent)));
    }
    Ok(())
}

/// The line of a sub-expression.
fn write_step(f: &mut Formatter<'_>, view: View<'_>, step: &Step, indent: usize) -> Result {
    let View { width, source, query } = view;
    let gave = query.and_then(|query| query.describe(step)).unwrap_or_else(|| describe(&step.outcome));
    let (text, short) = beside(width, indent, source.slice(step.span), &gave);
    let failed_inside = origin(step).is_some();
    let value = match &step.outcome {
        // The part that failed has the message.
        Outcome::Error(_) if failed_inside => "error (see below)".to_owned(),
        // A message is worth more than a line.
        Outcome::Error(_) => gave,
        _ => short,
    };
    let head = format!("{:indent$}{text}{ARROW}", "");
    let line = format!("{head}{}", in_short(step, &value));
    match &step.why {
        // A reason that does not fit beside the value has a line of its own.
        Some(why) if count(&line) > width.columns() => {
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

/// The parts a reader learns from. Literals explain themselves, `a.b.c` needs no line for `a.b`, and the operands of a
/// chain `a && b && c` stand beside each other.
pub(crate) fn worth_showing(step: &Step) -> Vec<&Step> {
    let mut shown = Vec::new();
    collect(step, &mut shown);
    shown
}

fn collect<'s>(step: &'s Step, shown: &mut Vec<&'s Step>) {
    for part in &step.parts {
        let chain = part.kind == step.kind && matches!(step.kind, StepKind::And | StepKind::Or);
        // Of a member that failed, the object is worth seeing.
        let known = matches!((step.kind, &step.outcome), (StepKind::Member, Outcome::Value(_) | Outcome::Described(_)))
            && matches!(part.kind, StepKind::Member | StepKind::Variable);
        // `newData` says no more than `newData.exists()` does.
        let place = part.kind == StepKind::Variable
            && matches!(part.outcome, Outcome::Described(_))
            && !matches!(step.outcome, Outcome::Error(_));
        if chain {
            collect(part, shown);
        } else if !(is_plain(part) || place || known && !matches!(part.outcome, Outcome::Error(_))) {
            shown.push(part);
        }
    }
}

fn is_plain(step: &Step) -> bool {
    match step.kind {
        StepKind::Constant => true,
        StepKind::Literal => step.parts.iter().all(is_plain),
        _ => false,
    }
}

/// The part of a failed step that failed in the same way.
fn origin(step: &Step) -> Option<&Step> {
    let Outcome::Error(fault) = &step.outcome else { return None };
    worth_showing(step).into_iter().find(|part| matches!(&part.outcome, Outcome::Error(inner) if inner == fault))
}

/// Whether a condition says the same of every request at its time: it reads nothing of user, path or data.
pub fn ignores_request(source: &Source, condition: &Step) -> bool {
    const OF_ALL: [&str; 7] = ["request.time", "now", "timestamp", "duration", "math", "hashing", "latlng"];
    let reads = matches!(condition.kind, StepKind::Variable | StepKind::Member);
    if reads || condition.parts.is_empty() && condition.kind == StepKind::Operation {
        return OF_ALL.contains(&source.slice(condition.span).trim());
    }
    condition.parts.iter().all(|part| ignores_request(source, part))
}

/// The sub-expression of a failed one that failed itself.
pub fn failed_step<'s>(step: &'s Step, fault: &Fault) -> &'s Step {
    let inner = step.parts.iter().find(|part| matches!(&part.outcome, Outcome::Error(error) if error == fault));
    inner.map_or(step, |inner| failed_step(inner, fault))
}

/// The outcome of an operation in a line.
pub fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(value) => value.view().describe(),
        Outcome::Described(beginning) => beginning.clone(),
        Outcome::Error(fault) => format!("error: {}", in_words(fault)),
    }
}

/// An official message, and why, where several causes have that message.
pub fn in_full(fault: &Fault) -> String {
    match &fault.why {
        Some(why) => format!("{} ({why})", in_words(fault)),
        None => in_words(fault),
    }
}

/// An official message on one line, with paths written as paths.
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

/// Text on one line; what does not fit is left out in the middle.
pub fn shorten(text: &str, width: usize) -> String {
    // A text can be a megabyte long, and be shortened for every part of it: only its ends are looked at.
    let words = || text.split_whitespace();
    let line: String = words().flat_map(|word| word.chars().chain([' '])).take(width + 2).collect();
    if line.chars().count() < width + 2 {
        return line.trim_end().to_owned();
    }
    let (tail, head) = (width / 3, width - width / 3 - 1);
    let head: String = line.chars().take(head).collect();
    let tail: Vec<char> = words().rev().flat_map(|word| word.chars().rev().chain([' '])).take(tail).collect();
    format!("{head}…{}", tail.iter().rev().collect::<String>())
}

/// Only the first line of a long statement can be marked.
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
    use super::{Width, count, middle, wrap};

    #[test]
    fn sentences_are_wrapped_and_long_words_are_broken_behind_a_slash() {
        let wrapped = |head: &str, text: &str| wrap(head, 4, text, Width::new(30));
        assert_eq!(wrapped("  = ", "false  (missing: 'a')"), "  = false  (missing: 'a')");
        assert_eq!(wrapped("  = ", "one two three four five six seven"), "  = one two three four five\n    six seven");
        // The reason stays apart, and no line ends with a blank.
        assert_eq!(wrapped("  = ", "false of something  (missing: 'a')"), "  = false of something\n    (missing: 'a')");
        assert_eq!(
            wrapped("a: ", "get /users/alice/cats/and/dogs.png now"),
            "a: get /users/alice/cats/and/\n    dogs.png now"
        );
        assert_eq!(wrapped("a: ", &"x".repeat(60)).lines().map(count).collect::<Vec<_>>(), [30, 30, 11]);
        assert_eq!(wrapped("head ", ""), "head");
        // A megabyte without a blank takes no longer than any other.
        let long = wrapped("", &"é".repeat(1 << 20));
        assert!(long.lines().all(|line| count(line) <= 30));
        assert_eq!(long.matches('é').count(), 1 << 20);
    }

    #[test]
    fn names_are_shortened_in_the_middle() {
        assert_eq!(middle("short", 5), "short");
        assert_eq!(middle("rules/deep/storage.rules:12", 15), "rule…e.rules:12");
        assert_eq!((middle("abc", 1), middle("abc", 0)), ("…".to_owned(), "…".to_owned()));
    }
}
