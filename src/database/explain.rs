//! A decision on a database request as a person reads it. Plain text; the command line adds colour.

use std::fmt::{Display, Formatter, Result};

use crate::{
    eval::Outcome,
    explain::{SOURCE_WIDTH, decisive_step, in_short, shorten, worth_showing, write_decisive, write_step},
    value::Value,
};

use super::{Cause, Decision, RuleKind, RuleTrace, audit::MOST_BELOW, limits};

/// A decision in words: every rule on the way from the root, and what was decisive.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'d> {
    pub(super) decision: &'d Decision,
}

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { warnings, request, .. } = self.decision;
        let rules = self.decision.rules();
        let verdict = if self.decision.is_allowed() { "ALLOW" } else { "DENY" };
        writeln!(f, "{verdict}  {}", crate::text::one_line(request))?;
        writeln!(f, "  {}", self.decision.reason())?;
        for warning in warnings {
            writeln!(f, "  warning: {}", warning.message)?;
        }
        let mut path = None;
        for rule in rules {
            if rule.update.is_some() && path != rule.update {
                path.clone_from(&rule.update);
                writeln!(f, "\nfor {}:", limits::shorten(path.as_deref().unwrap_or("/")))?;
            }
            self.rule(f, rule)?;
        }
        let invalid = rules.iter().filter(|rule| rule.kind == RuleKind::Validate && !rule.holds()).count();
        if invalid >= MOST_BELOW {
            writeln!(f, "\n(no more than {MOST_BELOW} places that are not valid are shown)")?;
        }
        self.decisive(f)
    }
}

impl Explanation<'_> {
    fn rule(&self, f: &mut Formatter<'_>, rule: &RuleTrace) -> Result {
        let source = &self.decision.source;
        let at = source.position(rule.span.start);
        let outcome = match &rule.outcome {
            Outcome::Value(Value::Bool(true)) => "true",
            Outcome::Value(_) | Outcome::Described(_) => "false",
            Outcome::Error(_) => "failed",
        };
        let (kind, place) = (rule.kind.name(), &rule.place);
        writeln!(f, "\n{kind} of {place}  → {outcome}  ({}:{})", source.name(), at.line)?;
        if rule.place != rule.path {
            writeln!(f, "  at {}", limits::shorten(&rule.path))?;
        }
        for (name, key) in &rule.captures {
            writeln!(f, "  {name} = {}", Value::from(key.as_str()).view().describe())?;
        }
        match (&rule.condition, &rule.outcome) {
            (Some(step), _) => write_step(f, source, step, 2, None),
            (None, Outcome::Error(fault)) => writeln!(f, "  {}", fault.message),
            (None, _) => writeln!(f, "  {}", shorten(source.slice(rule.span), SOURCE_WIDTH)),
        }
    }

    /// The place in the rules that decided, with carets.
    fn decisive(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { source, cause, .. } = self.decision;
        let rules = self.decision.rules();
        let last = |granting: bool| {
            let of_kind = move |rule: &&RuleTrace| (rule.kind != RuleKind::Validate) == granting && !rule.holds();
            rules.iter().filter(of_kind)
        };
        let (fault, rule) = match cause {
            Cause::Granted(spans) => match spans.as_slice() {
                [span] => return write_decisive(f, source, *span, "grants", &[]),
                _ => return Ok(()),
            },
            // The deepest rule on the way is the one that a reader expects to grant.
            Cause::NotGranted(_, fault) => (fault, last(true).next_back()),
            Cause::Invalid(path, span, fault) => {
                (fault, last(false).find(|rule| rule.span == *span && rule.path == *path))
            }
            Cause::NoRule(..) | Cause::Refused(_) => return Ok(()),
        };
        if let Some(fault) = fault {
            return write_decisive(f, source, fault.span, &fault.message, &[]);
        }
        match rule.map(|rule| (rule.span, rule.condition.as_ref())) {
            Some((_, Some(step))) => {
                let step = decisive_step(step);
                write_decisive(f, source, step.span, &in_short(step, "false"), &worth_showing(step))
            }
            Some((span, None)) => write_decisive(f, source, span, "false", &[]),
            None => Ok(()),
        }
    }
}
