//! The answer: may this request pass, and why.

use crate::{
    eval::{Fault, StatementTrace, Trace},
    explain::{Nearest, ignores_request, in_full},
    text::{Source, Span},
};

use super::{Explanation, null, undecided};

/// The answer to one request.
#[derive(Clone, Debug)]
#[must_use = "a decision that is not looked at protects nothing"]
pub struct Decision {
    pub(super) source: Source,
    pub(super) cause: Cause,
    pub(super) recorded: Option<Box<Recorded>>,
    pub(super) request: String,
    /// Whether it is about documents of a collection that are not named.
    pub(super) query: bool,
}

/// What an explained decision went through.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) trace: Trace,
    /// Of a denial where no block covers the path, or only catch-alls: the block that comes nearest, and whether one
    /// misspelt name makes the difference.
    pub(super) nearest: Option<(Nearest, bool)>,
}

/// What decided.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// A statement permits: where it stands.
    Permitted(Span),
    /// The file has no rules for this service.
    NoService,
    /// No block covers the path, or none of them speaks of the method.
    NoStatement,
    /// Every condition was false.
    ConditionsFalse,
    /// None permits, and this was the first condition that failed.
    Failed(Fault),
    /// The evaluation ended early: a limit was exceeded.
    Aborted(Fault),
    /// The request cannot be decided by any rules, such as an empty path.
    Refused(String),
}

impl Cause {
    /// The name of the cause in decisions as data: `permitted`, `no-statement`.
    pub fn name(&self) -> &'static str {
        match self {
            Cause::Permitted(_) => "permitted",
            Cause::NoService => "no-service",
            Cause::NoStatement => "no-statement",
            Cause::ConditionsFalse => "conditions-false",
            Cause::Failed(_) => "failed",
            Cause::Aborted(_) => "aborted",
            Cause::Refused(_) => "refused",
        }
    }
}

impl Decision {
    /// Whether the request may pass.
    pub fn is_allowed(&self) -> bool {
        matches!(self.cause, Cause::Permitted(_))
    }

    /// What decided.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The error that kept the rules from permitting, if one did.
    pub fn error(&self) -> Option<&Fault> {
        match &self.cause {
            Cause::Failed(fault) | Cause::Aborted(fault) => Some(fault),
            _ => None,
        }
    }

    /// What decided, in a sentence: where it permits, or why nothing does.
    pub fn reason(&self) -> String {
        let place = |span: Span| {
            let at = self.source.position(span.start);
            format!("{}:{}:{}", self.source.name(), at.line, at.column)
        };
        let named = |fault: &Fault| {
            let at = self.source.position(fault.offset);
            format!("{} ({}:{}:{})", in_full(fault), self.source.name(), at.line, at.column)
        };
        match &self.cause {
            Cause::Permitted(span) => format!("permitted by {}", place(*span)),
            Cause::NoService => "the rules have no service for this request".to_owned(),
            Cause::NoStatement => "no statement covers this path and method".to_owned(),
            Cause::ConditionsFalse => "no condition is true".to_owned(),
            Cause::Failed(fault) => format!("no condition is true; the first that failed: {}", named(fault)),
            Cause::Aborted(fault) => format!("evaluation ended: {}", named(fault)),
            Cause::Refused(why) => format!("the request cannot be decided: {why}"),
        }
    }

    /// What the decision went through, where it was asked for with `explain`.
    pub fn trace(&self) -> Option<&Trace> {
        self.recorded.as_ref().map(|recorded| &recorded.trace)
    }

    /// The statements that were tried, where that is known.
    #[doc(hidden)]
    pub fn statements(&self) -> impl Iterator<Item = &StatementTrace> {
        self.trace().into_iter().flat_map(Trace::statements)
    }

    /// Of a denial that was asked for with `explain`, where no block covers the path: the block that comes nearest. So
    /// also where only a catch-all covers it, if that permits nothing, whoever asks, or if one misspelt name keeps another
    /// block from covering it.
    pub fn nearest(&self) -> Option<&Nearest> {
        let recorded = self.recorded.as_ref()?;
        let (nearest, is_misspelt) = recorded.nearest.as_ref()?;
        let permits_nothing = || {
            let mut conditions = recorded.trace.statements().filter_map(|statement| statement.condition.as_ref());
            conditions.all(|condition| ignores_request(&self.source, condition))
        };
        (*is_misspelt || permits_nothing()).then_some(nearest)
    }

    /// Of a denial that was asked for with `explain`, what may help, in a line: the block that comes nearest to the
    /// path, what a query has to state, or what is null and why.
    pub fn hint(&self) -> Option<String> {
        let nearest = self.nearest().map(|nearest| nearest.in_line(&self.source));
        nearest.or_else(|| self.missing_filter()).or_else(|| null::hint(self))
    }

    /// Of an explained denial of a query, what the query has to state so that rules can permit it; `None` where that is
    /// not what it lacks.
    #[doc(hidden)]
    pub fn missing_filter(&self) -> Option<String> {
        let denied = matches!(self.cause, Cause::Failed(_) | Cause::ConditionsFalse);
        self.trace().filter(|_| self.query && denied).and_then(|trace| undecided::hint(&self.source, trace))
    }

    /// The text of the rules that decided.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The decision as a person reads it: blocks, statements, every sub-expression, and what was decisive. Without a
    /// trace only the reason.
    pub fn explanation(&self) -> Explanation<'_> {
        Explanation { decision: self, width: crate::explain::Width::default() }
    }
}
