//! The answer to a request to the database, and why.

use crate::{
    eval::{Fault, Outcome, Step},
    explain::{Nearest, ignores_request, nearest_place, on_way},
    program::{Rule, RuleNode},
    text::{Source, Span},
    value::Value,
};

use super::{RequestError, Ruleset, decide::Verdict, limits::shorten};

/// The answer to one request.
#[derive(Clone)]
#[must_use = "a decision that is not looked at protects nothing"]
pub struct Decision {
    pub(super) ruleset: Ruleset,
    pub(super) cause: Cause,
    /// In the order of [`sort`].
    pub(super) traces: Vec<RuleTrace>,
    pub(super) warnings: Vec<IndexWarning>,
    pub(super) request: String,
}

/// The kind of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleKind {
    /// `.read`
    Read,
    /// `.write`
    Write,
    /// `.validate`
    Validate,
}

impl std::fmt::Debug for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Decision { ruleset: _, cause, traces, warnings, request } = self;
        let mut out = f.debug_struct("Decision");
        out.field("request", request).field("cause", cause).field("traces", traces).field("warnings", warnings);
        out.finish_non_exhaustive()
    }
}

impl RuleKind {
    /// The key of the rule.
    pub fn name(self) -> &'static str {
        match self {
            RuleKind::Read => ".read",
            RuleKind::Write => ".write",
            RuleKind::Validate => ".validate",
        }
    }

    /// The rule of this kind of a node.
    #[inline(always)]
    pub(super) fn of(self, node: &RuleNode) -> Option<Rule> {
        match self {
            RuleKind::Read => node.read,
            RuleKind::Write => node.write,
            RuleKind::Validate => node.validate,
        }
    }
}

/// What decided.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// A rule grants every path of the request, and the result is valid. The spans of the granting rules: one for each path
    /// of an update, one for any other request; none for an update without paths.
    Granted(Vec<Span>),
    /// No location from the root to this path has a rule of this kind, `.read` or `.write`.
    NoRule(String, RuleKind),
    /// No rule from the root to this path is true; with the first error among them, if any.
    NotGranted(String, Option<Fault>),
    /// A rule grants the write, but its result is not valid: the location, the span of the `.validate`, and its error, if any.
    Invalid(String, Span, Option<Fault>),
    /// The database refuses the request before it evaluates rules.
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

/// An evaluated rule.
#[derive(Clone, Debug)]
pub struct RuleTrace {
    /// The kind of the rule.
    pub kind: RuleKind,
    /// The location as rules write it: `/users/$uid`.
    pub place: String,
    /// The location in the database: `/users/alice`.
    pub path: String,
    /// The path of an update for which the rule was evaluated.
    pub update: Option<String>,
    /// The wildcards and the names that they match.
    pub captures: Vec<(String, String)>,
    /// The span of its expression, without quotes.
    pub span: Span,
    /// Its result: true, false, or an error.
    pub outcome: Outcome,
    /// The evaluation step by step, in decisions of `explain`.
    pub condition: Option<Step>,
}

impl RuleTrace {
    /// Whether the rule is true.
    pub fn holds(&self) -> bool {
        matches!(self.outcome, Outcome::Value(Value::Bool(true)))
    }
}

/// A query without an index. It does not change the decision: the service reads everything and filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexWarning {
    /// The queried location.
    pub path: String,
    /// The missing index: a child path, or `.value`.
    pub index: String,
    /// The warning of the official client, or the error that the REST API answers instead of data.
    pub message: String,
}

impl Decision {
    /// Whether the rules allow the request.
    pub fn is_allowed(&self) -> bool {
        matches!(self.cause, Cause::Granted(_))
    }

    /// What decided.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The error that kept a rule from granting, or made a value invalid, if any.
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

    /// The evaluated rules, for each path of the request from the root on: `.read` or `.write` first, then `.validate`. Below
    /// a written location, they are the validations that do not hold or, if all hold, all; of either the first 50.
    pub fn rules(&self) -> &[RuleTrace] {
        &self.traces
    }

    /// The rule nearest to a path that no rule covers, or only the root's. The root's rule counts as covering the path unless
    /// it ignores the request or the two paths differ by one misspelt name.
    pub fn nearest(&self) -> Option<Nearest> {
        let (path, kind) = self.ungranted()?;
        let tree = self.ruleset.tree();
        let (nearest, is_misspelt) = nearest_place(tree, path, kind.name(), |node| kind.of(node))?;
        let ignores = |rule: &RuleTrace| match &rule.condition {
            Some(condition) => ignores_request(&tree.code.source, condition),
            None => tree
                .nodes
                .get(tree.root)
                .ok()
                .and_then(|root| kind.of(root))
                .is_some_and(|rule| tree.code.constant(tree.code.origin(rule.condition)).is_some()),
        };
        let mut rules = self.traces.iter().filter(|rule| rule.kind == kind);
        (is_misspelt || rules.all(ignores)).then_some(nearest)
    }

    /// For a path that no rule of the requested kind covers below the root: the requested kind, and the deepest rule of
    /// another kind on the way with its kind, location and span.
    #[doc(hidden)]
    pub fn other_kind(&self) -> Option<(RuleKind, (RuleKind, &str, Span))> {
        let (path, kind) = self.ungranted()?;
        let grants = if kind == RuleKind::Read { RuleKind::Write } else { RuleKind::Read };
        let way = on_way(self.ruleset.tree(), path);
        let below = way.get(1..).unwrap_or(&[]);
        if below.iter().any(|node| kind.of(node).is_some()) {
            return None;
        }
        let others = [grants, RuleKind::Validate];
        let mut rules = below.iter().rev().flat_map(|node| {
            others.into_iter().filter_map(|other| Some((other, node.path.as_str(), other.of(node)?.span)))
        });
        Some((kind, rules.next()?))
    }

    /// The path that no rule grants without any error, and the requested kind.
    fn ungranted(&self) -> Option<(&str, RuleKind)> {
        match &self.cause {
            Cause::NoRule(path, kind) => Some((path, *kind)),
            Cause::NotGranted(path, None) => {
                let kind = self.traces.iter().map(|rule| rule.kind).find(|kind| *kind != RuleKind::Validate)?;
                Some((path, kind))
            }
            _ => None,
        }
    }

    /// A hint for a denial, in one line: the rule nearest to the path.
    pub fn hint(&self) -> Option<String> {
        self.nearest().map(|nearest| nearest.in_line(self.source()))
    }

    /// The source of the rules.
    pub fn source(&self) -> &Source {
        &self.ruleset.tree().code.source
    }

    /// The cause in a sentence.
    pub fn reason(&self) -> String {
        let source = self.source();
        let located = |span: Span| {
            let at = source.position(span.start);
            format!("{}:{}:{}", source.name(), at.line, at.column)
        };
        let failed = |fault: &Fault| {
            let (line, column) = (fault.position.line, fault.position.column);
            format!("{} ({}:{line}:{column})", fault.message, source.name())
        };
        match &self.cause {
            Cause::Granted(spans) => match spans.as_slice() {
                [] => "an update without paths changes nothing".to_owned(),
                [span] => format!("granted by {}", located(*span)),
                spans => {
                    let mut rules: Vec<_> = spans.iter().map(|span| located(*span)).collect();
                    rules.dedup();
                    format!("granted by {}", rules.join(", "))
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
                format!("{} would not be valid: {} is false", shorten(path), located(*span))
            }
            Cause::Invalid(path, _, Some(fault)) => format!("{} would not be valid: {}", shorten(path), failed(fault)),
            Cause::Refused(error) => format!("the database refuses the request: {error}"),
        }
    }

    /// The decision as text for people: every rule from the root to the path, and the decisive one. Only decisions of
    /// `explain` have sub-expressions.
    pub fn explanation(&self) -> super::Explanation<'_> {
        super::Explanation::new(self)
    }
}

/// Sorts traces for the reader: by path of an update, then `.read` and `.write` from the root on, then `.validate` from the
/// root on. The walk validates on its way back.
pub(super) fn sort(traces: &mut [RuleTrace]) {
    traces.sort_by_cached_key(|rule| {
        (rule.update.clone(), rule.kind == RuleKind::Validate, levels(&rule.path), rule.path.clone())
    });
}

/// The cause of a decision, from the verdict of each path and the traces of its rules in the order of the walk.
pub(super) fn cause(mut traces: &[RuleTrace], paths: &[(String, Verdict)]) -> Cause {
    let mut spans = Vec::with_capacity(paths.len());
    for (path, verdict) in paths {
        let is_of_path = |rule: &&RuleTrace| rule.update.as_ref().is_none_or(|update| update == path);
        let (rules, rest) = traces.split_at(traces.iter().take_while(is_of_path).count());
        traces = rest;
        let grants = |rule: &&RuleTrace| rule.kind != RuleKind::Validate;
        match verdict {
            Ok(()) => {
                spans.extend(rules.iter().find(|rule| grants(rule) && rule.holds()).map(|rule| rule.span));
            }
            Err(RuleKind::Validate) => {
                let invalid = rules.iter().filter(|rule| !grants(rule) && !rule.holds());
                let Some(rule) = invalid.min_by_key(|rule| levels(&rule.path)) else {
                    return Cause::NoRule(path.clone(), RuleKind::Write);
                };
                return Cause::Invalid(rule.path.clone(), rule.span, fault(rule));
            }
            Err(kind) => {
                let mut tried = rules.iter().filter(grants).peekable();
                if tried.peek().is_none() {
                    return Cause::NoRule(path.clone(), *kind);
                }
                return Cause::NotGranted(path.clone(), tried.find_map(fault));
            }
        }
    }
    Cause::Granted(spans)
}

fn fault(rule: &RuleTrace) -> Option<Fault> {
    match &rule.outcome {
        Outcome::Error(fault) => Some(fault.clone()),
        _ => None,
    }
}

/// The number of levels of a path below the root.
fn levels(path: &str) -> usize {
    if path == "/" { 0 } else { path.matches('/').count() }
}
