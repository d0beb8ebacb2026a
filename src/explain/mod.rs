//! Traces as a person reads them: what the explanations of all products have in common. Plain text; the command line
//! adds colour.

mod nearest;

use std::fmt::{Formatter, Result};

use crate::{
    eval::{Fault, Outcome, Step, StepKind},
    text::{Source, Span, frame},
    value::Value,
};

pub use nearest::Nearest;
pub(crate) use nearest::{block as nearest_block, place as nearest_place};

/// Columns that lines are kept within, where indentation leaves enough room.
pub(crate) const WIDTH: usize = 80;
/// Columns of source shown for a sub-expression.
pub(crate) const SOURCE_WIDTH: usize = 44;
/// Columns that a value gets at least.
const VALUE_WIDTH: usize = 24;

/// The place in the rules that decided, with carets, what is to be said of it, and the operands that made it so.
pub(crate) fn write_decisive(
    f: &mut Formatter<'_>,
    source: &Source,
    span: Span,
    text: &str,
    operands: &[&Step],
) -> Result {
    let at = source.position(span.start);
    writeln!(f, "\ndecisive:\n  --> {}:{}:{}", source.name(), at.line, at.column)?;
    for line in frame(source, first_line(source, span), "").lines() {
        writeln!(f, "  {line}")?;
    }
    writeln!(f, "  = {text}")?;
    for part in operands {
        let text = shorten(source.slice(part.span), SOURCE_WIDTH);
        writeln!(f, "    {text} → {}", shorten(&describe(&part.outcome), WIDTH))?;
    }
    Ok(())
}

/// Lines of a terminal's width, the first after `first`, the others after as many blanks. Words are not broken.
pub(crate) fn write_wrapped(f: &mut Formatter<'_>, first: &str, text: &str) -> Result {
    let mut line = first.to_owned();
    let indent = first.chars().count();
    for word in text.split(' ') {
        let width = line.chars().count();
        if width > indent && width + 1 + word.chars().count() > WIDTH - 2 {
            writeln!(f, "{line}")?;
            line = " ".repeat(indent);
        }
        if line.chars().count() > indent {
            line.push(' ');
        }
        line += word;
    }
    writeln!(f, "{line}")
}

/// What a step gave, with the reason where it has one.
pub(crate) fn in_short(step: &Step, gave: &str) -> String {
    match &step.why {
        Some(why) => format!("{gave}  ({why})"),
        None => gave.to_owned(),
    }
}

/// What the steps of a condition say of operands that were taken by mistake.
pub(crate) fn strays(step: &Step) -> Vec<&str> {
    let (mut open, mut found) = (vec![step], Vec::new());
    while let Some(step) = open.pop() {
        found.extend(step.stray.as_deref());
        open.extend(step.parts.iter().rev());
    }
    found
}

/// One line for each sub-expression, those inside it indented below.
pub(crate) fn write_step(f: &mut Formatter<'_>, source: &Source, step: &Step, indent: usize) -> Result {
    let text = shorten(source.slice(step.span), SOURCE_WIDTH);
    let room = WIDTH.saturating_sub(indent + text.chars().count() + " → ".chars().count()).max(VALUE_WIDTH);
    let value = match &step.outcome {
        // The part that failed has the message.
        Outcome::Error(_) if origin(step).is_some() => "error (see below)".to_owned(),
        // A message is worth a long line.
        Outcome::Error(_) => describe(&step.outcome),
        outcome => shorten(&describe(outcome), room),
    };
    writeln!(f, "{:indent$}{text} → {}", "", in_short(step, &value))?;
    if let Some(stray) = &step.stray {
        writeln!(f, "{:indent$}  note: {stray}", "")?;
    }
    // Very deep expressions stay readable if they stop moving to the right.
    let indent = if indent < WIDTH / 2 { indent + 2 } else { indent };
    for part in worth_showing(step) {
        write_step(f, source, part, indent)?;
    }
    Ok(())
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
pub(crate) fn ignores_request(source: &Source, condition: &Step) -> bool {
    const OF_ALL: [&str; 7] = ["request.time", "now", "timestamp", "duration", "math", "hashing", "latlng"];
    let reads = matches!(condition.kind, StepKind::Variable | StepKind::Member);
    if reads || condition.parts.is_empty() && condition.kind == StepKind::Operation {
        return OF_ALL.contains(&source.slice(condition.span).trim());
    }
    condition.parts.iter().all(|part| ignores_request(source, part))
}

/// The sub-expression of a failed one that failed itself.
pub(crate) fn failed_step<'s>(step: &'s Step, fault: &Fault) -> &'s Step {
    let inner = step.parts.iter().find(|part| matches!(&part.outcome, Outcome::Error(error) if error == fault));
    inner.map_or(step, |inner| failed_step(inner, fault))
}

pub(crate) fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(value) => value.view().describe(),
        Outcome::Described(beginning) => beginning.clone(),
        Outcome::Error(fault) => format!("error: {}", in_words(&fault.message)),
    }
}

/// An official message on one line, with paths written as paths.
pub(crate) fn in_words(message: &str) -> String {
    if message.is_empty() {
        return "undecided: the query's filters do not imply it".to_owned();
    }
    let Some((before, rest)) = message.split_once("path_value {") else { return shorten(message, 200) };
    let Some((path, after)) = rest.rsplit_once('}') else { return shorten(message, 200) };
    let segments: String = path.split('"').skip(1).step_by(2).map(|segment| format!("/{segment}")).collect();
    format!("{before}{segments}{} (no such document, or too many documents were read)", after.trim_start())
}

/// Text on one line; what does not fit is left out in the middle.
pub(crate) fn shorten(text: &str, width: usize) -> String {
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
pub(crate) fn decisive_step(step: &Step) -> &Step {
    let is_false = |s: &&Step| matches!(s.outcome, Outcome::Value(Value::Bool(false)));
    let inner = match step.kind {
        StepKind::And => step.parts.iter().rev().find(is_false),
        StepKind::Call | StepKind::Ternary => step.parts.last().filter(is_false),
        _ => None,
    };
    inner.map_or(step, decisive_step)
}
