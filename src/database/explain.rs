//! A decision on a database request as text for people, without colour, which the command adds.

use std::fmt::{Display, Formatter, Result};

use crate::{
    eval::Outcome,
    explain::{
        Decisive, View, decisive_step, describe, in_short, in_words, middle, shorten, worth_showing, write_decisive,
        write_located, write_steps, write_wrapped,
    },
    value::Value,
};

use super::{Cause, Decision, RuleKind, RuleTrace, limits, recorder::MAX_BELOW};

/// A decision in words: every rule from the root to the path, and the decisive one.
pub type Explanation<'d> = crate::explain::Explanation<&'d Decision>;

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Decision { warnings, request, .. } = self.decision;
        let rules = self.decision.rules();
        let verdict = if self.decision.is_allowed() { "ALLOW" } else { "DENY" };
        let columns = self.width.columns();
        writeln!(f, "{verdict}  {}", middle(&crate::text::one_line(request), columns - verdict.len() - 2))?;
        write_wrapped(f, self.width, "  ", 2, &self.decision.reason())?;
        for warning in warnings {
            write_wrapped(f, self.width, "  warning: ", 4, &warning.message)?;
        }
        let mut path = None;
        for rule in rules {
            if rule.update.is_some() && path != rule.update {
                path.clone_from(&rule.update);
                let place = limits::shorten(path.as_deref().unwrap_or("/"));
                writeln!(f, "\nfor {}:", middle(&place, columns - "for :".len()))?;
            }
            self.rule(f, rule)?;
        }
        if let Some(nearest) = self.decision.nearest() {
            let only = if rules.is_empty() { "No rule" } else { "Only the rule of the root" };
            writeln!(f)?;
            write_wrapped(f, self.width, "", 0, &format!("{only} stands on the way to this path. The nearest one:"))?;
            nearest.write(f, self.width, self.decision.source())?;
        }
        let invalid = rules.iter().filter(|rule| rule.kind == RuleKind::Validate && !rule.holds()).count();
        if invalid >= MAX_BELOW {
            writeln!(f, "\n(no more than {MAX_BELOW} places that are not valid are shown)")?;
        }
        match self.decision.decisive() {
            Some(decisive) => write_decisive(f, self.width, self.decision.source(), &decisive),
            None => Ok(()),
        }
    }
}

impl Explanation<'_> {
    fn rule(&self, f: &mut Formatter<'_>, rule: &RuleTrace) -> Result {
        let (source, width) = (self.decision.source(), self.width);
        let outcome = match &rule.outcome {
            Outcome::Value(Value::Bool(true)) => "true",
            Outcome::Value(_) | Outcome::Described(_) => "false",
            Outcome::Error(_) => "error",
        };
        writeln!(f)?;
        let (head, rest) = (format!("{} of {}", rule.kind.name(), rule.place), format!("  → {outcome}"));
        write_located(f, width, (&head, &rest), source, rule.span.start)?;
        if rule.place != rule.path {
            writeln!(f, "  at {}", middle(&limits::shorten(&rule.path), width.columns() - "  at ".len()))?;
        }
        for (name, key) in &rule.captures {
            let room = width.columns().saturating_sub("   = ".len() + name.chars().count());
            writeln!(f, "  {name} = {}", shorten(&Value::from(key.as_str()).view().describe(), room))?;
        }
        match (&rule.condition, &rule.outcome) {
            (Some(step), _) => write_steps(f, View { width, source, query: None }, step, 2),
            (None, Outcome::Error(_)) => write_wrapped(f, width, "  ", 4, &describe(&rule.outcome)),
            (None, _) => writeln!(f, "  {}", shorten(source.slice(rule.span), width.source())),
        }
    }
}

impl Decision {
    /// The decisive part of the rules; `None` if there is none, if several rules decided, or if only a trace would tell.
    #[doc(hidden)]
    pub fn decisive(&self) -> Option<Decisive<'_>> {
        let rules = self.rules();
        let last = |granting: bool| {
            let of_kind = move |rule: &&RuleTrace| (rule.kind != RuleKind::Validate) == granting && !rule.holds();
            rules.iter().filter(of_kind)
        };
        let (fault, rule) = match &self.cause {
            Cause::Granted(spans) => match spans.as_slice() {
                [span] => return Some(Decisive { span: *span, text: "grants".to_owned(), operands: Vec::new() }),
                _ => return None,
            },
            // A reader expects the deepest rule on the way to grant.
            Cause::NotGranted(_, fault) => (fault, last(true).next_back()),
            Cause::Invalid(path, span, fault) => {
                (fault, last(false).find(|rule| rule.span == *span && rule.path == *path))
            }
            Cause::NoRule(..) | Cause::Refused(_) => return None,
        };
        if let Some(fault) = fault {
            let text = format!("error: {}", in_words(fault));
            return Some(Decisive { span: fault.span, text, operands: Vec::new() });
        }
        let rule = rule?;
        let Some(condition) = &rule.condition else {
            return Some(Decisive { span: rule.span, text: "false".to_owned(), operands: Vec::new() });
        };
        let step = decisive_step(condition);
        Some(Decisive { span: step.span, text: in_short(step, "false"), operands: worth_showing(step) })
    }
}
