//! The rows of the page: sub-expressions with their counts in words and their values.

use serde::Serialize;

use firewarden::{
    internals::{
        eval::Outcome,
        explain::{describe, shorten},
    },
    text::Span,
    value::Value,
};

use super::{Counts, ExpressionCoverage, FileCoverage, Status, file::around_first};

/// The number of distinct values that a row shows.
const MAX_VALUES: usize = 5;
/// The longest text of a sub-expression or a value, in columns.
const TEXT: usize = 120;

/// A sub-expression on the page.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(skip)]
    pub(super) span: Span,
    /// The mark of a condition.
    pub(super) mark: Option<Mark>,
    pub(super) text: String,
    /// The counts in words: `3 true, 1 error`.
    pub(super) counts: String,
    pub(super) values: Vec<SeenValue>,
    /// The number of further distinct values.
    pub(super) more: usize,
}

/// A value with how often it occurred.
#[derive(Debug, Serialize)]
pub(super) struct SeenValue {
    pub(super) text: String,
    pub(super) count: u64,
}

/// The mark of a condition, which letters and lines show, not colour alone.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Mark {
    /// The CSS class, which selects the line under the text.
    pub(super) class: &'static str,
    /// The letters after the text.
    pub(super) symbol: &'static str,
    /// The mark in words.
    pub(super) words: &'static str,
}

impl Mark {
    pub(super) fn of(counts: Counts) -> Self {
        let failed = counts.failures() > 0;
        let (class, symbol, words) = match (counts.status(), failed) {
            (Status::Never, _) => ("never", "∅", "never evaluated"),
            (Status::OnlyFailed, _) => ("failed", "!", "only failed"),
            (Status::OnlyTrue, false) => ("true", "T", "only true"),
            (Status::OnlyTrue, true) => ("true", "T!", "only true, and errors"),
            (Status::OnlyFalse, false) => ("false", "F", "only false"),
            (Status::OnlyFalse, true) => ("false", "F!", "only false, and errors"),
            (Status::Both, false) => ("both", "TF", "true and false"),
            (Status::Both, true) => ("both", "TF!", "true and false, and errors"),
        };
        Mark { class, symbol, words }
    }
}

/// The sub-expressions that the page shows, outer ones first. Literals and global variables such as `request` are left
/// out; of expressions that were never evaluated, only conditions and the outermost ones are shown.
pub(super) fn rows(file: &FileCoverage) -> Vec<Row> {
    let conditions = file.condition_list();
    let mut rows = Vec::new();
    // The end of the last outermost expression that was never evaluated.
    let mut unseen = 0;
    for expression in file.expression_list() {
        let span = expression.span;
        let at = conditions.binary_search_by_key(&around_first(span), |condition| around_first(condition.span));
        let mark = at.ok().and_then(|at| conditions.get(at)).map(|condition| Mark::of(condition.counts));
        let never = expression.counts.total() == 0;
        let hidden = (never && span.end <= unseen || expression.is_object) && mark.is_none();
        if never {
            unseen = unseen.max(span.end);
        }
        if !expression.is_literal && !hidden {
            rows.push(row(file, expression, mark));
        }
    }
    rows
}

fn row(file: &FileCoverage, expression: &ExpressionCoverage, mark: Option<Mark>) -> Row {
    // The counts include true and false.
    let telling = |outcome: &&(Outcome, u64)| !matches!(outcome.0, Outcome::Value(Value::Bool(_)));
    let values = expression.values.iter().filter(telling);
    let seen = |(outcome, count): &(Outcome, u64)| SeenValue { text: shorten(&describe(outcome), TEXT), count: *count };
    Row {
        span: expression.span,
        mark,
        text: shorten(file.source().slice(expression.span), TEXT),
        counts: in_words(expression.counts),
        values: values.clone().take(MAX_VALUES).map(seen).collect(),
        more: values.count().saturating_sub(MAX_VALUES),
    }
}

impl Row {
    /// The tooltip.
    pub(super) fn title(&self) -> String {
        let mut lines = vec![match self.mark {
            Some(mark) if self.counts != mark.words => format!("{}: {}", mark.words, self.counts),
            _ => self.counts.clone(),
        }];
        lines.extend(self.values.iter().map(|seen| format!("{}× {}", seen.count, seen.text)));
        if self.more > 0 {
            lines.push(format!("… and {} more values", self.more));
        }
        lines.join("\n")
    }
}

/// The counts in words: `2 true, 1 false, 1 error`.
pub(super) fn in_words(counts: Counts) -> String {
    let Counts { truths, falses, errors, others } = counts;
    let plural = |count, one: &'static str, many: &'static str| if count == 1 { one } else { many };
    let values = match truths + falses {
        0 => plural(others, "value", "values"),
        _ => plural(others, "other value", "other values"),
    };
    let parts = [(truths, "true"), (falses, "false"), (others, values), (errors, plural(errors, "error", "errors"))];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    match parts.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>() {
        parts if parts.is_empty() => "never evaluated".to_owned(),
        parts => parts.join(", "),
    }
}
