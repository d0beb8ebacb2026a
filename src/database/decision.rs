//! The answer to a request to the database, and why.

use crate::{
    eval::{Fault, Outcome, Step},
    explain::Nearest,
    text::{Source, Span},
    value::Value,
};

use super::{RequestError, limits::shorten, trace_log::TraceLog};

/// The answer to one request.
#[derive(Clone, Debug)]
#[must_use = "a decision that is not looked at protects nothing"]
pub struct Decision {
    pub(super) source: Source,
    pub(super) cause: Cause,
    pub(super) rules: TraceLog,
    pub(super) warnings: Vec<IndexWarning>,
    pub(super) request: String,
}

/// Which rule of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleKind {
    /// `.read`
    Read,
    /// `.write`
    Write,
    /// `.validate`
    Validate,
}

impl RuleKind {
    /// As rules write it.
    pub fn name(self) -> &'static str {
        match self {
            RuleKind::Read => ".read",
            RuleKind::Write => ".write",
            RuleKind::Validate => ".validate",
        }
    }
}

/// What decided.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// Every path of the request is granted, and all that must be is valid. Where the granting rules stand: one for each
    /// path of an update, one for any other request; none for an update without paths.
    Granted(Vec<Span>),
    /// There is no rule of this kind, `.read` or `.write`, on the way from the root to this path.
    NoRule(String, RuleKind),
    /// Those on the way to this path are not true. Where one of them failed, the first that did.
    NotGranted(String, Option<Fault>),
    /// The write is permitted, but what it would leave is not valid: the place, its rule, and how it failed, if it did.
    Invalid(String, Span, Option<Fault>),
    /// The database does not take the request, whatever the rules are.
    Refused(RequestError),
}

impl Cause {
    /// The name of the cause in decisions as data: `granted`, `no-rule`.
    pub fn name(&self) -> &'static str {
        match self {
            Cause::Granted(_) => "granted",
            Cause::NoRule(..) => "no-rule",
            Cause::NotGranted(..) => "not-granted",
            Cause::Invalid(..) => "invalid",
            Cause::Refused(_) => "refused",
        }
    }
}

/// A rule that was looked at.
#[derive(Clone, Debug)]
pub struct RuleTrace {
    /// Which rule of the place.
    pub kind: RuleKind,
    /// The place as rules write it: `/users/$uid`.
    pub place: String,
    /// The place in the database: `/users/alice`.
    pub path: String,
    /// Of an update, the path for which it was looked at.
    pub update: Option<String>,
    /// What the wildcards stand for.
    pub captures: Vec<(String, String)>,
    /// Its expression, without quotes.
    pub span: Span,
    /// What it gave: true, false, or how it failed.
    pub outcome: Outcome,
    /// How it came to that, where the decision was asked for with `explain`.
    pub condition: Option<Step>,
}

impl RuleTrace {
    /// Whether it is true.
    pub fn holds(&self) -> bool {
        matches!(self.outcome, Outcome::Value(Value::Bool(true)))
    }
}

/// A query for which the rules have no index. It never changes the answer; the service filters by reading everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexWarning {
    /// The place that is queried.
    pub path: String,
    /// The index that is missing: a child path, or `.value`.
    pub index: String,
    /// What the official client prints, or what the REST API answers instead of data.
    pub message: String,
}

impl Decision {
    /// Whether the request may pass.
    pub fn is_allowed(&self) -> bool {
        matches!(self.cause, Cause::Granted(_))
    }

    /// What decided.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The error that kept a rule from granting, or made a value invalid, if one did.
    pub fn error(&self) -> Option<&Fault> {
        match &self.cause {
            Cause::NotGranted(_, fault) | Cause::Invalid(_, _, fault) => fault.as_ref(),
            _ => None,
        }
    }

    /// Queries without an index.
    pub fn warnings(&self) -> &[IndexWarning] {
        &self.warnings
    }

    /// The rules that were looked at, each path of the request from the root on: permission first, then validation. Of
    /// the validations below a written place only those that do not hold are among them, or, where all of them do, all:
    /// of either kind the first 50.
    pub fn rules(&self) -> &[RuleTrace] {
        self.rules.rules()
    }

    /// Of a request with no rule on its way, or only a constant at the root: the rule that comes nearest.
    pub fn nearest(&self) -> Option<Nearest> {
        let (path, kind) = self.ungranted()?;
        self.rules.nearest(path, kind)
    }

    /// Of such a request, the rule of another kind that stands deepest on its way, with its kind and its place; and the kind
    /// that was asked for.
    #[doc(hidden)]
    pub fn other_kind(&self) -> Option<(RuleKind, (RuleKind, &str, Span))> {
        let (path, kind) = self.ungranted()?;
        Some((kind, self.rules.other_kind(path, kind)?))
    }

    /// The path that no rule grants, where none failed, and what was asked for.
    fn ungranted(&self) -> Option<(&str, RuleKind)> {
        match &self.cause {
            Cause::NoRule(path, kind) => Some((path, *kind)),
            Cause::NotGranted(path, None) => Some((path, self.rules.kind()?)),
            _ => None,
        }
    }

    /// Of a denial, what may help, in a line: the rule that comes nearest to the path.
    pub fn hint(&self) -> Option<String> {
        self.nearest().map(|nearest| nearest.in_line(&self.source))
    }

    /// The text of the rules that decided.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What decided, in a sentence.
    pub fn reason(&self) -> String {
        let place = |span: Span| {
            let at = self.source.position(span.start);
            format!("{}:{}:{}", self.source.name(), at.line, at.column)
        };
        let failed = |fault: &Fault| {
            let (line, column) = (fault.position.line, fault.position.column);
            format!("{} ({}:{line}:{column})", fault.message, self.source.name())
        };
        match &self.cause {
            Cause::Granted(spans) => match spans.as_slice() {
                [] => "an update without paths changes nothing".to_owned(),
                [span] => format!("granted by {}", place(*span)),
                spans => {
                    let mut places: Vec<_> = spans.iter().map(|span| place(*span)).collect();
                    places.dedup();
                    format!("granted by {}", places.join(", "))
                }
            },
            Cause::NoRule(path, kind) => {
                format!("there is no {} on the way from the root to {}", kind.name(), shorten(path))
            }
            Cause::NotGranted(path, None) => format!("no rule on the way to {} is true", shorten(path)),
            Cause::NotGranted(path, Some(fault)) => {
                format!("no rule on the way to {} is true; the first that failed: {}", shorten(path), failed(fault))
            }
            Cause::Invalid(path, span, None) => {
                format!("{} would not be valid: {} is false", shorten(path), place(*span))
            }
            Cause::Invalid(path, _, Some(fault)) => format!("{} would not be valid: {}", shorten(path), failed(fault)),
            Cause::Refused(error) => format!("the database refuses the request: {error}"),
        }
    }

    /// The decision as a person reads it: every rule on the way from the root, and what was decisive. Sub-expressions
    /// only where the decision was asked for with `explain`.
    pub fn explanation(&self) -> super::Explanation<'_> {
        super::Explanation { decision: self, width: crate::explain::Width::default() }
    }
}
