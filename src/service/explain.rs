//! Decisions as text for people. The text is plain; the command adds colour.

use std::fmt::{Display, Formatter, Result};

use crate::{
    eval::{BlockTrace, Outcome, StatementTrace, Step},
    explain::{
        Decisive, QueryView, View, decisive_step, describe, in_short, in_words, is_unnamed, middle, shorten,
        worth_showing, write_decisive, write_located, write_steps, write_wrapped,
    },
    text::one_line,
    value::Value,
};

use super::{Cause, Decision, null};

/// A decision in words: blocks, statements, sub-expressions with their values, and the decisive location.
pub type Explanation<'d> = crate::explain::Explanation<&'d Decision>;

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { source, cause, request, .. } = self.decision;
        let verdict = if self.decision.is_allowed() { "ALLOW" } else { "DENY" };
        writeln!(f, "{verdict}  {}", middle(&one_line(request), self.width.columns() - verdict.len() - 2))?;
        write_wrapped(f, self.width, "  ", 2, &self.decision.reason())?;
        let Some(blocks) = self.decision.trace() else { return Ok(()) };
        let uncovered = blocks.is_empty() && matches!(cause, Cause::NoStatement);
        for block in blocks {
            let query = self.decision.query.then(|| QueryView::new(source, blocks, block));
            write_block(f, View { width: self.width, source, query: query.as_ref() }, block)?;
        }
        match (self.decision.nearest(), uncovered) {
            (Some(nearest), _) => {
                let none = if uncovered { "No match block covers" } else { "Only a catch-all covers" };
                writeln!(f)?;
                write_wrapped(f, self.width, "", 0, &format!("{none} this path. The nearest one:"))?;
                nearest.write(f, self.width, source)?;
            }
            (None, true) => writeln!(f, "\nNo match block covers this path.")?,
            (None, false) => {}
        }
        self.decisive(f)
    }
}

fn write_block(f: &mut Formatter<'_>, view: View<'_>, block: &BlockTrace) -> Result {
    let View { width, source, query } = view;
    writeln!(f)?;
    write_located(f, width, (&format!("match {}", block.path), ""), source, block.span.start)?;
    for (name, text) in &block.captures {
        let room = width.columns().saturating_sub("   = ".len() + name.chars().count());
        match query {
            Some(_) if text.is_empty() => {
                let unknown = format!("{name} is unknown: a query is about documents of any name");
                write_wrapped(f, width, "  ", 4, &unknown)?;
            }
            Some(_) if is_unnamed(text) => {
                write_wrapped(f, width, "  ", 4, &format!("{name} is unknown behind {text}"))?;
            }
            _ => writeln!(f, "  {name} = {}", shorten(&Value::from(text.as_str()).view().describe(), room))?,
        }
    }
    if block.statements.is_empty() {
        writeln!(f, "  no statement for this method")?;
    }
    for statement in &block.statements {
        write_statement(f, view, statement)?;
    }
    Ok(())
}

fn write_statement(f: &mut Formatter<'_>, view: View<'_>, statement: &StatementTrace) -> Result {
    let View { width, source, .. } = view;
    let head = source.slice(statement.span).split(':').next().unwrap_or("allow").trim_end_matches([';', ' ']);
    let condition = if statement.condition.is_some() { ": if …" } else { "" };
    let outcome = match &statement.outcome {
        Outcome::Error(_) => "error".to_owned(),
        outcome => describe(outcome),
    };
    let (head, rest) = (format!("  {}", shorten(head, width.source())), format!("{condition}  → {outcome}"));
    write_located(f, width, (&head, &rest), source, statement.span.start)?;
    if let Some(step) = &statement.condition {
        write_steps(f, view, step, 4)?;
    }
    Ok(())
}

impl Explanation<'_> {
    /// Writes the decisive location in the rules, with carets.
    fn decisive(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { source, cause, .. } = self.decision;
        let Some(decisive) = self.decision.decisive() else { return Ok(()) };
        write_decisive(f, self.width, source, &decisive)?;
        let say = |kind: &str, text: &str, f: &mut Formatter<'_>| write_wrapped(f, self.width, kind, 4, text);
        if let Some(why) = self.decision.error().and_then(|fault| fault.why.as_ref()) {
            say("  = note: ", why, f)?;
        }
        // Stray operands elsewhere do not matter to a request that is allowed.
        if !matches!(cause, Cause::Permitted(_)) {
            let conditions = self.decision.statements().filter_map(|statement| statement.condition.as_ref());
            let mut strays = conditions.flat_map(Step::all).filter_map(|step| step.stray.as_deref());
            strays.try_for_each(|stray| say("  = note: ", stray, f))?;
        }
        null::hint(self.decision).map_or(Ok(()), |hint| say("  = note: ", &hint, f))?;
        self.decision.missing_filter().map_or(Ok(()), |hint| say("  = hint: ", &hint, f))
    }
}

impl Decision {
    /// The location in the rules that decided the request; `None` if there is none, or if it is unknown without a
    /// trace.
    #[doc(hidden)]
    pub fn decisive(&self) -> Option<Decisive<'_>> {
        let (span, text, operands) = match &self.cause {
            Cause::Permitted(span) => (*span, "permits".to_owned(), Vec::new()),
            Cause::Failed(fault) | Cause::Aborted(fault) => {
                (fault.span, format!("error: {}", in_words(fault)), Vec::new())
            }
            Cause::ConditionsFalse => {
                let mut steps = self.statements().filter_map(|s| s.condition.as_ref()).map(decisive_step);
                let (step, more) = (steps.next()?, steps.count());
                let text = if more > 0 { format!("false (and {more} more)") } else { "false".to_owned() };
                (step.span, in_short(step, &text), worth_showing(step))
            }
            _ => return None,
        };
        Some(Decisive { span, text, operands })
    }
}
