//! Traces as a person reads them: what the explanations of all products have in common. Plain text; the command line
//! adds colour.

use std::fmt::{Formatter, Result};

use crate::{
    eval::{BlockTrace, Fault, Outcome, Step, StepKind, Trace},
    text::{Source, Span, frame},
    value::{Comparator, Value},
};

/// Columns that lines are kept within, where indentation leaves enough room.
pub(crate) const WIDTH: usize = 80;
/// Columns of source shown for a sub-expression.
pub(crate) const SOURCE_WIDTH: usize = 44;
/// The field that stands for a document's name.
pub(crate) const NAME: &str = "__name__";
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

/// One line for each sub-expression, those inside it indented below. Of a query, `query` is what it leaves open.
pub(crate) fn write_step(
    f: &mut Formatter<'_>,
    source: &Source,
    step: &Step,
    indent: usize,
    query: Option<&QueryView<'_>>,
) -> Result {
    let text = shorten(source.slice(step.span), SOURCE_WIDTH);
    let room = WIDTH.saturating_sub(indent + text.chars().count() + " → ".chars().count()).max(VALUE_WIDTH);
    let value = match &step.outcome {
        // The part that failed has the message.
        Outcome::Error(_) if origin(step).is_some() => "error (see below)".to_owned(),
        // A message is worth a long line.
        Outcome::Error(_) => describe(&step.outcome),
        outcome => shorten(&describe(outcome), room),
    };
    let open = query.and_then(|query| query.describe(step));
    let value = open.map_or(value, |open| shorten(&open, room.max(SOURCE_WIDTH)));
    writeln!(f, "{:indent$}{text} → {}", "", in_short(step, &value))?;
    if let Some(stray) = &step.stray {
        writeln!(f, "{:indent$}  note: {stray}", "")?;
    }
    if let Outcome::Error(Fault { why: Some(why), .. }) = &step.outcome
        && origin(step).is_none()
    {
        writeln!(f, "{:indent$}  note: {why}", "")?;
    }
    // Very deep expressions stay readable if they stop moving to the right.
    let indent = if indent < WIDTH / 2 { indent + 2 } else { indent };
    for part in worth_showing(step) {
        write_step(f, source, part, indent, query)?;
    }
    Ok(())
}

/// What a query leaves open of the documents that it could return.
pub(crate) struct QueryView<'t> {
    source: &'t Source,
    /// What it tells of the fields: `resource.data`.
    data: Option<&'t Value>,
    /// Wildcards that stand for the name of a document.
    unnamed: Vec<&'t str>,
}

impl<'t> QueryView<'t> {
    /// Of a block that covers the query.
    pub(crate) fn new(source: &'t Source, trace: &'t Trace, block: &'t BlockTrace) -> Self {
        let statements = trace.blocks.iter().flat_map(|block| &block.statements);
        let mut open: Vec<&Step> = statements.filter_map(|statement| statement.condition.as_ref()).collect();
        let mut data = None;
        while let Some(step) = open.pop() {
            if source.slice(step.span) == "resource.data"
                && let Outcome::Value(value) = &step.outcome
            {
                data = Some(value);
                break;
            }
            open.extend(&step.parts);
        }
        let unnamed = block.captures.iter().filter(|(_, text)| is_unnamed(text)).map(|(name, _)| name.as_str());
        QueryView { source, data, unnamed: unnamed.collect() }
    }

    /// The field that a sub-expression stands for, where the query leaves it open: `owner`, `author.uid`, `__name__`.
    pub(crate) fn field(&self, step: &Step) -> Option<String> {
        let text = self.source.slice(step.span);
        match &step.outcome {
            Outcome::Error(_) if step.kind == StepKind::Variable && self.unnamed.contains(&text) => {
                return Some(NAME.to_owned());
            }
            Outcome::Error(fault) if fault.message.starts_with("Property ") => {}
            Outcome::Value(Value::Constraint(_)) => {}
            _ => return None,
        }
        if let Some(rest) = text.strip_prefix("resource.data") {
            return field_path(rest);
        }
        // A parameter or variable that stands for the fields.
        let object = step.parts.first().filter(|_| step.kind == StepKind::Member)?;
        let stands_for_data = object.kind == StepKind::Variable
            && matches!(&object.outcome, Outcome::Value(value) if self.is_data(value));
        let name = text.rsplit('.').next()?;
        stands_for_data.then(|| name.to_owned())
    }

    /// Whether a value is what the query tells of the fields.
    fn is_data(&self, value: &Value) -> bool {
        self.data.is_some_and(|data| data.view().describe() == value.view().describe())
    }

    /// What a sub-expression gave that depends on what is open.
    pub(crate) fn describe(&self, step: &Step) -> Option<String> {
        match &step.outcome {
            Outcome::Value(value @ Value::Constraint(_)) => Some(describe_open(value)),
            Outcome::Value(value @ Value::Map(map)) => {
                let written = self.source.slice(step.span) == "resource.data";
                let stands_for_data = step.kind == StepKind::Variable && self.is_data(value);
                match map.iter().next() {
                    None => written.then(|| "unknown: the query has no filters on fields".to_owned()),
                    Some(_) => {
                        (written || stands_for_data).then(|| format!("{}, other fields unknown", describe_open(value)))
                    }
                }
            }
            Outcome::Error(_) if origin(step).is_some() => None,
            Outcome::Error(fault) => self.field(step).map(|_| format!("unknown ({})", in_words(fault))),
            _ => None,
        }
    }
}

/// A value with what is known of its parts: `{'age': unknown (> 10), 'kind': 'a'}`.
fn describe_open(value: &Value) -> String {
    match value {
        Value::Constraint(constraint) if constraint.terms.is_empty() => "unknown".to_owned(),
        Value::Constraint(constraint) => {
            let term = |(op, value): &(Comparator, Value)| format!("{} {}", op.symbol(), value.view().describe());
            let known: Vec<_> = constraint.terms.iter().map(term).collect();
            format!("unknown ({})", known.join(" and "))
        }
        Value::Map(map) => {
            let part = |(key, value): (&str, &Value)| format!("'{key}': {}", describe_open(value));
            format!("{{{}}}", map.iter().map(part).collect::<Vec<_>>().join(", "))
        }
        value => value.view().describe(),
    }
}

/// Whether a wildcard stands for the name of a document that a query could return.
pub(crate) fn is_unnamed(capture: &str) -> bool {
    capture.is_empty() || capture.ends_with('/')
}

/// The path of a field, from the members behind `resource.data`: `.author.uid`, `['author']['uid']`.
fn field_path(mut rest: &str) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    while !rest.is_empty() {
        let name = if let Some(member) = rest.strip_prefix('.') {
            let end =
                member.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$')).unwrap_or(member.len());
            rest = member.get(end..)?;
            member.get(..end)?
        } else {
            let quoted = rest.strip_prefix('[')?;
            let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let (name, after) = quoted.get(1..)?.split_once(quote)?;
            rest = after.strip_prefix(']')?;
            name
        };
        names.push(name.to_owned());
    }
    (!names.is_empty() && names.iter().all(|name| !name.is_empty())).then(|| names.join("."))
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

pub(crate) fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(value) => value.view().describe(),
        Outcome::Described(beginning) => beginning.clone(),
        Outcome::Error(fault) => format!("error: {}", in_words(fault)),
    }
}

/// An official message, and why, where several causes have that message.
pub(crate) fn in_full(fault: &Fault) -> String {
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
