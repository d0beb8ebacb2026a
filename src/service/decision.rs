//! The answer to a request: whether it is allowed, and why.

use crate::{
    eval::{BlockTrace, Fault, StatementTrace},
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
    /// Whether the request is a query for documents that it does not name.
    pub(super) query: bool,
}

/// What an explained decision went through.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) blocks: Vec<BlockTrace>,
    /// Of a denial where no block covers the path, or only catch-alls: the block that comes nearest, and whether one
    /// misspelt name makes the difference.
    pub(super) nearest: Option<(Nearest, bool)>,
}

/// What decided a request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// The statement at this location allows.
    Permitted(Span),
    /// The file has no rules for this service.
    NoService,
    /// No block matches the path, or none of the matching blocks names the method.
    NoStatement,
    /// Every condition is false.
    ConditionsFalse,
    /// No condition is true, and this was the first that failed.
    Failed(Fault),
    /// The evaluation ended early, because it exceeded a limit.
    Aborted(Fault),
    /// No rules can decide the request, for example because its path is empty.
    Refused(String),
}

impl Cause {
    /// The name of the cause in serialized decisions: `permitted`, `no-statement`.
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
    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self.cause, Cause::Permitted(_))
    }

    /// The request in words: `create /b/bucket/o/users/alice/cat.png`.
    #[doc(hidden)]
    pub fn request(&self) -> &str {
        &self.request
    }

    /// What decided the request.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The error that prevented the rules from allowing, if there is one.
    pub fn error(&self) -> Option<&Fault> {
        match &self.cause {
            Cause::Failed(fault) | Cause::Aborted(fault) => Some(fault),
            _ => None,
        }
    }

    /// The cause in one sentence: the location of the statement that allows, or why none does.
    pub fn reason(&self) -> String {
        let location = |span: Span| {
            let at = self.source.position(span.start);
            format!("{}:{}:{}", self.source.name(), at.line, at.column)
        };
        let named = |fault: &Fault| {
            let at = self.source.position(fault.offset);
            format!("{} ({}:{}:{})", in_full(fault), self.source.name(), at.line, at.column)
        };
        match &self.cause {
            Cause::Permitted(span) => format!("permitted by {}", location(*span)),
            Cause::NoService => "the rules have no service for this request".to_owned(),
            Cause::NoStatement => "no statement covers this path and method".to_owned(),
            Cause::ConditionsFalse => "no condition is true".to_owned(),
            Cause::Failed(fault) => format!("no condition is true; the first that failed: {}", named(fault)),
            Cause::Aborted(fault) => format!("evaluation ended: {}", named(fault)),
            Cause::Refused(why) => format!("the request cannot be decided: {why}"),
        }
    }

    /// The trace of the evaluation, if the decision was made by `explain`: the blocks that cover the path, in the order in
    /// which they were tried.
    pub fn trace(&self) -> Option<&[BlockTrace]> {
        self.recorded.as_ref().map(|recorded| recorded.blocks.as_slice())
    }

    /// The statements that were evaluated, if the decision has a trace.
    #[doc(hidden)]
    pub fn statements(&self) -> impl Iterator<Item = &StatementTrace> {
        self.trace().into_iter().flatten().flat_map(|block| &block.statements)
    }

    /// For a denial made by `explain`: the block nearest to the path, if no block matches it. If only a catch-all
    /// matches, this requires that the catch-all never allows anything, or that one misspelt name prevents the match of
    /// another block.
    pub fn nearest(&self) -> Option<&Nearest> {
        let recorded = self.recorded.as_ref()?;
        let (nearest, is_misspelt) = recorded.nearest.as_ref()?;
        let permits_nothing = || {
            let mut conditions = self.statements().filter_map(|statement| statement.condition.as_ref());
            conditions.all(|condition| ignores_request(&self.source, condition))
        };
        (*is_misspelt || permits_nothing()).then_some(nearest)
    }

    /// For a denial made by `explain`, a hint in one line: the nearest block, the filter that a query lacks, or the
    /// variable that is null and why.
    pub fn hint(&self) -> Option<String> {
        let nearest = self.nearest().map(|nearest| nearest.in_line(&self.source));
        nearest.or_else(|| self.missing_filter()).or_else(|| null::hint(self))
    }

    /// For a denied query with a trace: the filter that the query has to state so that rules can allow it; `None` if a
    /// filter would not help.
    #[doc(hidden)]
    pub fn missing_filter(&self) -> Option<String> {
        let denied = matches!(self.cause, Cause::Failed(_) | Cause::ConditionsFalse);
        self.trace().filter(|_| self.query && denied).and_then(|blocks| undecided::hint(&self.source, blocks))
    }

    /// The source text of the rules.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The decision as text for people: blocks, statements, every sub-expression, and the decisive location. Without a
    /// trace, only the reason.
    pub fn explanation(&self) -> Explanation<'_> {
        Explanation::new(self)
    }
}
