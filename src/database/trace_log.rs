//! The rules that a decision evaluated, and what decided it.

use crate::{
    eval::{Fault, Outcome},
    explain::{Nearest, ignores_request, nearest_place},
    program::RuleNode,
};

use super::{Cause, RuleKind, RuleTrace, Ruleset, decide::Verdict};

/// The traces of all rules that a decision evaluated.
#[derive(Clone)]
pub(super) struct TraceLog {
    rules: Ruleset,
    traces: Vec<RuleTrace>,
}

impl std::fmt::Debug for TraceLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.traces.fmt(f)
    }
}

impl TraceLog {
    /// Sorts the traces as they are shown: the paths of an update together, permission from the root on, then validation
    /// from the root on. The walk validates on its way back.
    pub(super) fn new(rules: Ruleset, mut traces: Vec<RuleTrace>) -> Self {
        traces.sort_by_cached_key(|rule| {
            (rule.update.clone(), rule.kind == RuleKind::Validate, levels(&rule.path), rule.path.clone())
        });
        TraceLog { rules, traces }
    }

    /// Whether the request reads or writes.
    pub(super) fn kind(&self) -> Option<RuleKind> {
        self.traces.iter().map(|rule| rule.kind).find(|kind| *kind != RuleKind::Validate)
    }

    /// The rule nearest to a path that no rule covers, or only the root's. The root's rule counts as covering the path
    /// unless it ignores the request or the two paths differ by one misspelt name.
    pub(super) fn nearest(&self, path: &str, kind: RuleKind) -> Option<Nearest> {
        let tree = &self.rules.inner.tree;
        let of = |place: &RuleNode| if kind == RuleKind::Read { place.read } else { place.write };
        let (nearest, is_misspelt) = nearest_place(tree, path, kind.name(), of)?;
        let conditions = || self.rules().iter().filter(|rule| rule.kind == kind);
        let ignores = |rule: &RuleTrace| match &rule.condition {
            Some(condition) => ignores_request(&tree.code.source, condition),
            None => tree
                .nodes
                .get(tree.root)
                .ok()
                .and_then(of)
                .is_some_and(|rule| tree.code.constant(tree.code.origin(rule.condition)).is_some()),
        };
        (is_misspelt || conditions().all(ignores)).then_some(nearest)
    }

    /// Of a path on whose way below the root no rule of the kind stands: the deepest place there that has one of another
    /// kind, and that rule.
    pub(super) fn other_kind(&self, path: &str, kind: RuleKind) -> Option<(RuleKind, &str, crate::text::Span)> {
        let of = |place: &RuleNode, kind: RuleKind| match kind {
            RuleKind::Read => place.read,
            RuleKind::Write => place.write,
            RuleKind::Validate => place.validate,
        };
        let grants = if kind == RuleKind::Read { RuleKind::Write } else { RuleKind::Read };
        let on_way = crate::explain::on_way(&self.rules.inner.tree, path);
        let below = on_way.get(1..).unwrap_or(&[]);
        if below.iter().any(|place| of(place, kind).is_some()) {
            return None;
        }
        let others = [grants, RuleKind::Validate];
        below.iter().rev().find_map(|place| {
            others.into_iter().find_map(|other| Some((other, place.path.as_str(), of(place, other)?.span)))
        })
    }

    /// The rules, in the order in which they are shown.
    pub(super) fn rules(&self) -> &[RuleTrace] {
        &self.traces
    }
}

/// What decided, from the verdict of each path and the rules that the walk evaluated for it, in the order of the walk.
pub(super) fn cause(mut traces: &[RuleTrace], paths: &[(String, Verdict)], kind: RuleKind) -> Cause {
    let mut spans = Vec::with_capacity(paths.len());
    for (path, verdict) in paths {
        let is_of_path = |rule: &&RuleTrace| rule.update.as_ref().is_none_or(|update| update == path);
        let (rules, rest) = traces.split_at(traces.iter().take_while(is_of_path).count());
        traces = rest;
        let grants = |rule: &&RuleTrace| rule.kind != RuleKind::Validate;
        match verdict {
            Verdict::Allowed => {
                spans.extend(rules.iter().find(|rule| grants(rule) && rule.holds()).map(|rule| rule.span));
            }
            Verdict::NotGranted => {
                let mut tried = rules.iter().filter(grants).peekable();
                if tried.peek().is_none() {
                    return Cause::NoRule(path.clone(), kind);
                }
                return Cause::NotGranted(path.clone(), tried.find_map(fault));
            }
            Verdict::Invalid => {
                let invalid = rules.iter().filter(|rule| !grants(rule) && !rule.holds());
                let Some(rule) = invalid.min_by_key(|rule| levels(&rule.path)) else {
                    return Cause::NoRule(path.clone(), kind);
                };
                return Cause::Invalid(rule.path.clone(), rule.span, fault(rule));
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

/// How deep in the database a place is.
fn levels(path: &str) -> usize {
    if path == "/" { 0 } else { path.matches('/').count() }
}
