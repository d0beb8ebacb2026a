//! What the page says of a sub-expression: its counts in words, and the values that were seen.

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

/// Different values that are shown.
const MOST_VALUES: usize = 5;
/// Columns of the text of a sub-expression, and of a value.
const TEXT: usize = 120;

/// A sub-expression as the page shows it.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(skip)]
    pub(super) span: Span,
    /// What was seen of it, where it is a condition.
    pub(super) mark: Option<Mark>,
    pub(super) text: String,
    /// `3 true, 1 error`
    pub(super) counts: String,
    pub(super) values: Vec<Seen>,
    /// Different values beyond those.
    pub(super) more: usize,
}

/// A value that was seen, and how often.
#[derive(Debug, Serialize)]
pub(super) struct Seen {
    pub(super) text: String,
    pub(super) count: u64,
}

/// How a condition is marked: told by letters and lines, not by colour alone.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Mark {
    /// Which kind of line is under it.
    pub(super) class: &'static str,
    /// The letters after it.
    pub(super) symbol: &'static str,
    /// The same in words.
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

/// The sub-expressions worth showing, what is around before what is inside: no literals, no `request` of `request.auth`,
/// and nothing but conditions in what was never evaluated.
pub(super) fn rows(file: &FileCoverage) -> Vec<Row> {
    let conditions = file.condition_list();
    let mut rows = Vec::new();
    // The end of the last text that was never evaluated and stands in no other.
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
    // True and false are among the counts.
    let telling = |outcome: &&(Outcome, u64)| !matches!(outcome.0, Outcome::Value(Value::Bool(_)));
    let values = expression.values.iter().filter(telling);
    let seen = |(outcome, count): &(Outcome, u64)| Seen { text: shorten(&describe(outcome), TEXT), count: *count };
    Row {
        span: expression.span,
        mark,
        text: shorten(file.source().slice(expression.span), TEXT),
        counts: in_words(expression.counts),
        values: values.clone().take(MOST_VALUES).map(seen).collect(),
        more: values.count().saturating_sub(MOST_VALUES),
    }
}

impl Row {
    /// What is shown where a pointer rests.
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

/// `2 true, 1 false, 1 error`
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
