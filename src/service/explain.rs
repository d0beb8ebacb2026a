//! A decision as a person reads it. Plain text; the command line adds colour.

use std::fmt::{Display, Formatter, Result};

use crate::{
    eval::{BlockTrace, Outcome, StatementTrace},
    explain::{
        QueryView, SOURCE_WIDTH, decisive_step, describe, in_short, in_words, is_unnamed, shorten, strays,
        worth_showing, write_decisive, write_step,
    },
    text::{Source, one_line},
    value::Value,
};

use super::{Cause, Decision};

/// A decision in words: blocks, statements, sub-expressions with their values, and what was decisive.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'d> {
    pub(super) decision: &'d Decision,
}

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { source, cause, request, .. } = self.decision;
        let verdict = if self.decision.is_allowed() { "ALLOW" } else { "DENY" };
        writeln!(f, "{verdict}  {}", one_line(request))?;
        writeln!(f, "  {}", self.decision.reason())?;
        let Some(trace) = self.decision.trace() else { return Ok(()) };
        if trace.blocks.is_empty() && matches!(cause, Cause::NoStatement) {
            writeln!(f, "\nNo match block covers this path.")?;
        }
        for block in &trace.blocks {
            let view = self.decision.query.then(|| QueryView::new(source, trace, block));
            write_block(f, source, block, view.as_ref())?;
        }
        self.decisive(f)
    }
}

fn write_block(f: &mut Formatter<'_>, source: &Source, block: &BlockTrace, query: Option<&QueryView<'_>>) -> Result {
    let at = source.position(block.span.start);
    writeln!(f, "\nmatch {}  ({}:{})", block.path, source.name(), at.line)?;
    for (name, text) in &block.captures {
        match query {
            Some(_) if text.is_empty() => writeln!(f, "  {name} is unknown: a query is about documents of any name")?,
            Some(_) if is_unnamed(text) => writeln!(f, "  {name} is unknown behind {text}")?,
            _ => writeln!(f, "  {name} = {}", Value::from(text.as_str()).view().describe())?,
        }
    }
    if block.statements.is_empty() {
        writeln!(f, "  no statement for this method")?;
    }
    for statement in &block.statements {
        write_statement(f, source, statement, query)?;
    }
    Ok(())
}

fn write_statement(
    f: &mut Formatter<'_>,
    source: &Source,
    statement: &StatementTrace,
    query: Option<&QueryView<'_>>,
) -> Result {
    let at = source.position(statement.span.start);
    let head = source.slice(statement.span).split(':').next().unwrap_or("allow").trim_end_matches([';', ' ']);
    let condition = if statement.condition.is_some() { ": if …" } else { "" };
    let outcome = match &statement.outcome {
        Outcome::Error(_) => "error".to_owned(),
        outcome => describe(outcome),
    };
    writeln!(f, "  {}{condition}  → {outcome}  ({}:{})", shorten(head, SOURCE_WIDTH), source.name(), at.line)?;
    if let Some(step) = &statement.condition {
        write_step(f, source, step, 4, query)?;
    }
    Ok(())
}

impl Explanation<'_> {
    /// The place in the rules that decided, with carets.
    fn decisive(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { source, cause, .. } = self.decision;
        let statements = || self.decision.trace().into_iter().flat_map(|t| &t.blocks).flat_map(|b| &b.statements);
        let (span, text, operands) = match cause {
            Cause::Permitted(span) => (*span, "permits".to_owned(), Vec::new()),
            Cause::Failed(fault) | Cause::Aborted(fault) => (fault.span, in_words(fault), Vec::new()),
            Cause::ConditionsFalse => {
                let mut steps = statements().filter_map(|s| s.condition.as_ref()).map(decisive_step);
                let (Some(step), more) = (steps.next(), steps.count()) else { return Ok(()) };
                let text = if more > 0 { format!("false (and {more} more)") } else { "false".to_owned() };
                let text = in_short(step, &text);
                (step.span, text, worth_showing(step))
            }
            _ => return Ok(()),
        };
        let steps = statements().filter_map(|statement| statement.condition.as_ref());
        let notes: Vec<&str> = match cause {
            // What went wrong elsewhere did no harm.
            Cause::Permitted(_) => Vec::new(),
            _ => steps.flat_map(strays).collect(),
        };
        write_decisive(f, source, span, &text, &operands)?;
        if let Some(why) = self.decision.error().and_then(|fault| fault.why.as_ref()) {
            writeln!(f, "  = note: {why}")?;
        }
        notes.iter().try_for_each(|note| writeln!(f, "  = note: {note}"))?;
        match self.decision.missing_filter() {
            Some(hint) => writeln!(f, "  = hint: {hint}"),
            None => Ok(()),
        }
    }
}
