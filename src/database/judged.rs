//! The rules that a decision looked at: written down while it was made, and made into [`RuleTrace`]s when somebody reads
//! them.

use std::sync::OnceLock;

use crate::{
    eval::{Fault, Kept, Notes, NotesReader},
    explain::{Nearest, ignores_request, nearest_place},
    program::{RulePlace, Run},
    text::Span,
};

use super::{Cause, RuleKind, RuleTrace, Ruleset, decide::Verdict};

/// A rule that was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotedRule {
    pub(super) kind: RuleKind,
    /// Its place in the rules.
    pub(super) place: u32,
    pub(super) span: Span,
    /// The text of its place in the database.
    pub(super) path: Run,
    /// Of an update, the text of the path for which it was looked at.
    pub(super) update: Option<Run>,
    /// The texts that its wildcards stand for.
    pub(super) captures: Run,
    pub(super) outcome: Kept,
    /// How it came to that.
    pub(super) steps: Run,
}

impl NotedRule {
    fn holds(&self) -> bool {
        matches!(self.outcome, Kept::True)
    }

    fn grants(&self) -> bool {
        self.kind != RuleKind::Validate
    }
}

/// All of them, in the order in which they were judged: those of one path stand together.
#[derive(Clone)]
pub(super) struct Judged {
    rules: Ruleset,
    notes: Notes,
    noted: Vec<NotedRule>,
    read: OnceLock<Vec<RuleTrace>>,
}

impl std::fmt::Debug for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.rules().fmt(f)
    }
}

impl Judged {
    pub(super) fn new(rules: Ruleset, notes: Notes, noted: Vec<NotedRule>) -> Self {
        Judged { rules, notes, noted, read: OnceLock::new() }
    }

    fn reader(&self) -> NotesReader<'_> {
        NotesReader::new(&self.rules.inner.tree.code, &self.notes)
    }

    /// Whether reads or writes were judged.
    pub(super) fn kind(&self) -> Option<RuleKind> {
        self.noted.iter().map(|noted| noted.kind).find(|kind| *kind != RuleKind::Validate)
    }

    /// The rule nearest to a path that no rule covers, or only the root's. The root's rule counts as covering the path
    /// unless it ignores the request or the two paths differ by one misspelt name.
    pub(super) fn nearest(&self, path: &str, kind: RuleKind) -> Option<Nearest> {
        let tree = &self.rules.inner.tree;
        let of = |place: &RulePlace| if kind == RuleKind::Read { place.read } else { place.write };
        let (nearest, is_misspelt) = nearest_place(tree, path, kind.name(), of)?;
        let conditions = || self.rules().iter().filter(|rule| rule.kind == kind);
        let ignores = |rule: &RuleTrace| match &rule.condition {
            Some(condition) => ignores_request(&tree.code.source, condition),
            None => tree.place(0).and_then(of).is_some_and(|rule| tree.code.is_constant(rule.condition)),
        };
        (is_misspelt || conditions().all(ignores)).then_some(nearest)
    }

    /// Of a path on whose way below the root no rule of the kind stands: the deepest place there that has one of another
    /// kind, and that rule.
    pub(super) fn other_kind(&self, path: &str, kind: RuleKind) -> Option<(RuleKind, &str, Span)> {
        let of = |place: &RulePlace, kind: RuleKind| match kind {
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
        self.read.get_or_init(|| {
            let mut reader = self.reader();
            let mut rules: Vec<_> = self.noted.iter().filter_map(|noted| self.rule(&mut reader, noted)).collect();
            sort(&mut rules);
            rules
        })
    }

    fn rule(&self, reader: &mut NotesReader<'_>, noted: &NotedRule) -> Option<RuleTrace> {
        let place = self.rules.inner.tree.place(noted.place)?;
        let names = place.wildcards.iter().map(|name| name.to_string());
        Some(RuleTrace {
            kind: noted.kind,
            place: place.path.clone(),
            path: reader.kept.text(noted.path).to_owned(),
            update: noted.update.map(|update| reader.kept.text(update).to_owned()),
            captures: names.zip(reader.kept.texts(noted.captures).map(str::to_owned)).collect(),
            span: noted.span,
            outcome: reader.kept.outcome(noted.outcome),
            condition: reader.step(noted.steps),
        })
    }

    /// What decided, from the verdict of each path and the rules that were judged for it.
    pub(super) fn cause(&self, paths: &[(String, Verdict)], kind: RuleKind) -> Cause {
        let reader = self.reader();
        let fault = |rule: &NotedRule| -> Option<Fault> { reader.kept.error(rule.outcome) };
        let mut noted = self.noted.as_slice();
        let mut spans = Vec::with_capacity(paths.len());
        for (path, verdict) in paths {
            let of_path = |rule: &&NotedRule| rule.update.is_none_or(|update| reader.kept.text(update) == path);
            let (rules, rest) = noted.split_at(noted.iter().take_while(of_path).count());
            noted = rest;
            match verdict {
                Verdict::Allowed => {
                    spans.extend(rules.iter().find(|rule| rule.grants() && rule.holds()).map(|rule| rule.span));
                }
                Verdict::NotGranted => {
                    let mut tried = rules.iter().filter(|rule| rule.grants()).peekable();
                    if tried.peek().is_none() {
                        return Cause::NoRule(path.clone(), kind);
                    }
                    return Cause::NotGranted(path.clone(), tried.find_map(fault));
                }
                Verdict::Invalid => {
                    let invalid = rules.iter().filter(|rule| !rule.grants() && !rule.holds());
                    let Some(rule) = invalid.min_by_key(|rule| levels(reader.kept.text(rule.path))) else {
                        return Cause::NoRule(path.clone(), kind);
                    };
                    return Cause::Invalid(reader.kept.text(rule.path).to_owned(), rule.span, fault(rule));
                }
            }
        }
        Cause::Granted(spans)
    }
}

/// How deep in the database a place is.
fn levels(path: &str) -> usize {
    if path == "/" { 0 } else { path.matches('/').count() }
}

/// Permission from the root on, then validation from the root on; the walk validates on its way back. The paths of an
/// update stay together.
fn sort(rules: &mut [RuleTrace]) {
    rules.sort_by_cached_key(|rule| {
        (rule.update.clone(), rule.kind == RuleKind::Validate, levels(&rule.path), rule.path.clone())
    });
}
