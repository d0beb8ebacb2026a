//! A decision as a person reads it. Plain text; the command line adds colour.

use std::fmt::{Display, Formatter, Result, Write as _};

use crate::{
    eval::{BlockTrace, Outcome, StatementTrace, Step, StepKind},
    text::{Source, Span, frame},
    value::Value,
};

use super::{Cause, Decision};

/// Columns of source shown for a sub-expression.
const EXPRESSION_WIDTH: usize = 56;

/// A decision in words: blocks, statements, sub-expressions with their values, and what was decisive.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'d> {
    pub(super) decision: &'d Decision,
}

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { source, cause, trace, request } = self.decision;
        let verdict = if self.decision.is_allowed() { "ALLOW" } else { "DENY" };
        writeln!(f, "{verdict}  {request}")?;
        writeln!(f, "  {}", self.decision.reason())?;
        let Some(trace) = trace else { return Ok(()) };
        if trace.blocks.is_empty() && matches!(cause, Cause::NoStatement) {
            writeln!(f, "\nNo match block covers this path.")?;
        }
        for block in &trace.blocks {
            write_block(f, source, block)?;
        }
        self.decisive(f)
    }
}

fn write_block(f: &mut Formatter<'_>, source: &Source, block: &BlockTrace) -> Result {
    let at = source.position(block.span.start);
    writeln!(f, "\nmatch {}  ({}:{})", block.path, source.name(), at.line)?;
    for (name, text) in &block.captures {
        writeln!(f, "  {name} = {}", Value::from(text.as_str()).view().describe())?;
    }
    if block.statements.is_empty() {
        writeln!(f, "  no statement for this method")?;
    }
    for statement in &block.statements {
        write_statement(f, source, statement)?;
    }
    Ok(())
}

fn write_statement(f: &mut Formatter<'_>, source: &Source, statement: &StatementTrace) -> Result {
    let at = source.position(statement.span.start);
    let head = source.slice(statement.span).split(':').next().unwrap_or("allow").trim_end_matches([';', ' ']);
    let condition = if statement.condition.is_some() { ": if …" } else { "" };
    writeln!(f, "  {}{condition}  → {}  ({}:{})", one_line(head), describe(&statement.outcome), source.name(), at.line)?;
    if let Some(step) = &statement.condition {
        write_step(f, source, step, &mut "    ".to_owned())?;
    }
    Ok(())
}

/// One line for each sub-expression, those inside it indented below. Literals explain themselves.
fn write_step(f: &mut Formatter<'_>, source: &Source, step: &Step, indent: &mut String) -> Result {
    writeln!(f, "{indent}{} = {}", one_line(source.slice(step.span)), describe(&step.outcome))?;
    let depth = indent.len();
    // Very deep expressions stay readable if they stop moving to the right.
    if depth < 40 {
        indent.push_str("  ");
    }
    for part in step.parts.iter().filter(|part| part.kind != StepKind::Constant) {
        write_step(f, source, part, indent)?;
    }
    indent.truncate(depth);
    Ok(())
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(value) => value.view().describe(),
        Outcome::Error(fault) if fault.message.is_empty() => "undecided".to_owned(),
        Outcome::Error(fault) => format!("error: {}", one_line_of(&fault.message, 160)),
    }
}

fn one_line(text: &str) -> String {
    one_line_of(text, EXPRESSION_WIDTH)
}

fn one_line_of(text: &str, width: usize) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if out.chars().count() > width {
            return out.chars().take(width - 1).chain(['…']).collect();
        }
    }
    out
}

impl Explanation<'_> {
    /// The place in the rules that decided, with carets.
    fn decisive(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { source, cause, trace, .. } = self.decision;
        let statements = || trace.iter().flat_map(|t| &t.blocks).flat_map(|b| &b.statements);
        let (span, text) = match cause {
            Cause::Permitted(span) => (*span, "permits".to_owned()),
            Cause::Failed(fault) | Cause::Aborted(fault) => (fault.span, one_line_of(&fault.message, 120)),
            Cause::ConditionsFalse => {
                let mut steps = statements().filter_map(|s| s.condition.as_ref()).map(decisive_step);
                let (Some(step), more) = (steps.next(), steps.count()) else { return Ok(()) };
                let mut text = format!("false{}", operands(source, step));
                if more > 0 {
                    let _ = write!(text, " (and {more} more)");
                }
                (step.span, text)
            }
            _ => return Ok(()),
        };
        writeln!(f, "\ndecisive:")?;
        let at = source.position(span.start);
        writeln!(f, "  --> {}:{}:{}", source.name(), at.line, at.column)?;
        for line in frame(source, narrow(source, span), &text).lines() {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

/// Only the first line of a long statement can be marked.
fn narrow(source: &Source, span: Span) -> Span {
    let length = source.slice(span).find('\n').unwrap_or(source.slice(span).len());
    Span { start: span.start, end: span.start + length as u32 }
}

/// The innermost sub-expression that made a condition false.
fn decisive_step(step: &Step) -> &Step {
    let is_false = |s: &&Step| matches!(s.outcome, Outcome::Value(Value::Bool(false)));
    let inner = match step.kind {
        StepKind::And => step.parts.iter().rev().find(is_false),
        StepKind::Call | StepKind::Ternary => step.parts.last().filter(is_false),
        _ => None,
    };
    inner.map_or(step, decisive_step)
}

/// The values that were compared.
fn operands(source: &Source, step: &Step) -> String {
    let shown: Vec<_> = step
        .parts
        .iter()
        .filter(|part| part.kind != StepKind::Constant)
        .map(|part| format!("{} = {}", one_line(source.slice(part.span)), describe(&part.outcome)))
        .collect();
    if shown.is_empty() { String::new() } else { format!(": {}", shown.join(", ")) }
}
