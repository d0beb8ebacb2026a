//! The answer: may this request pass, and why.

use std::sync::OnceLock;

use crate::{
    eval::{Fault, Recording, Trace},
    explain::in_full,
    text::{Source, Span},
    value::Root,
};

use super::{Compiled, Explanation, undecided};

/// The answer to one request.
#[derive(Clone, Debug)]
#[must_use = "a decision that is not looked at protects nothing"]
pub struct Decision {
    pub(super) source: Source,
    pub(super) cause: Cause,
    pub(super) trace: Option<Box<Recorded>>,
    pub(super) request: String,
    /// Whether it is about documents of a collection that are not named.
    pub(super) query: bool,
}

/// What was written down of a decision, and the trace as soon as somebody has read it.
#[derive(Clone)]
pub(super) struct Recorded {
    compiled: Compiled,
    root: Root,
    recording: Recording,
    trace: OnceLock<Trace>,
}

impl Recorded {
    pub(super) fn new(compiled: Compiled, root: Root, recording: Recording) -> Self {
        Recorded { compiled, root, recording, trace: OnceLock::new() }
    }

    fn trace(&self) -> &Trace {
        self.trace.get_or_init(|| {
            let program = self.compiled.program();
            self.recording.read(program, program.of(self.root).map_or(&[], |service| &service.blocks))
        })
    }
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.trace().fmt(f)
    }
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
        self.trace.as_ref().map(|recorded| recorded.trace())
    }

    /// Whether it is about documents of a collection that are not named.
    #[cfg(feature = "suite")]
    pub(crate) fn is_query(&self) -> bool {
        self.query
    }

    /// Of an explained denial of a query, what the query has to state so that rules can permit it; `None` where that is
    /// not what it lacks.
    pub(crate) fn missing_filter(&self) -> Option<String> {
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
        Explanation { decision: self }
    }
}
