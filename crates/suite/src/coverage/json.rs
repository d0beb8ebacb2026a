//! Coverage as JSON, for programs.

use serde_json::{Map, Value as Json, json as object};

use firewarden::{
    internals::{eval::Outcome, explain::shorten},
    text::{Source, Span},
    value::json::to_plain,
};

use super::{Counts, FileCoverage, Measure, Ratio};

/// The longest text of a condition, in columns.
const TEXT: usize = 200;

/// Renders all files as one JSON value. The format is stable; members may be added.
///
/// - `version`: 1
/// - `totals`: `statements`, `lines` and `conditions` of all files together, each with `covered`, `total` and `percent`
///   (rounded down to two digits); conditions count two outcomes each
/// - `files`: for each file
///   - `file`: the name; `totals`: its own
///   - `statements`: range, `label`, `tried`, `true`, `false`, `error`
///   - `functions`: range, `name`, `calls`
///   - `conditions`: range, `text` (shortened), `status` ([`super::Status::name`]), `true`, `false`, `error`
///   - `lines`: `line`, `hits`
///   - `expressions`: range, `literal`, `evaluated`, `true`, `false`, `error`, `other`, `values`, `unkept`
///
/// A range is `line`, `column`, `endLine`, `endColumn`, counted from one in code points; the end is exclusive. A value
/// has `count` and one of `value` (plain JSON), `described` (a description of a value that was not kept whole) or
/// `error` (the message, with `errorLine` and `errorColumn`). `unkept` counts further results; `values` is empty unless
/// values were kept.
pub fn json(files: &[FileCoverage]) -> Json {
    object!({
        "version": 1,
        "totals": totals(|measure| measure.of_all(files)),
        "files": files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn totals(ratio: impl Fn(Measure) -> Ratio) -> Json {
    let entry = |measure: Measure| {
        let ratio = ratio(measure);
        let Ratio { covered, total } = ratio;
        (measure.name().to_owned(), object!({ "covered": covered, "total": total, "percent": ratio.percent() }))
    };
    Json::Object(Measure::ALL.into_iter().map(entry).collect())
}

fn file(file: &FileCoverage) -> Json {
    let source = file.source();
    let statements = file.statement_list().iter().map(|statement| {
        let mut entry = range(source, statement.span);
        entry.insert("label".to_owned(), object!(statement.label));
        entry.insert("tried".to_owned(), object!(statement.counts.total()));
        with_outcomes(entry, statement.counts)
    });
    let functions = file.function_list().iter().map(|function| {
        let mut entry = range(source, function.span);
        entry.insert("name".to_owned(), object!(function.name));
        entry.insert("calls".to_owned(), object!(function.calls));
        Json::Object(entry)
    });
    let conditions = file.condition_list().iter().map(|condition| {
        let mut entry = range(source, condition.span);
        entry.insert("text".to_owned(), object!(shorten(source.slice(condition.span), TEXT)));
        entry.insert("status".to_owned(), object!(condition.status().name()));
        with_outcomes(entry, condition.counts)
    });
    let lines = file.line_list().iter().map(|line| object!({ "line": line.line, "hits": line.hits }));
    let expressions = file.expression_list().iter().map(|expression| {
        let Counts { truths, falses, errors, others } = expression.counts;
        let mut entry = range(source, expression.span);
        entry.insert("literal".to_owned(), object!(expression.is_literal));
        entry.insert("evaluated".to_owned(), object!(expression.counts.total()));
        for (name, count) in [("true", truths), ("false", falses), ("error", errors), ("other", others)] {
            entry.insert(name.to_owned(), object!(count));
        }
        let values = expression.values.iter().map(|(outcome, count)| value(outcome, *count));
        entry.insert("values".to_owned(), values.collect());
        entry.insert("unkept".to_owned(), object!(expression.unkept));
        Json::Object(entry)
    });
    object!({
        "file": file.name(),
        "totals": totals(|measure| measure.of(file)),
        "statements": statements.collect::<Vec<_>>(),
        "functions": functions.collect::<Vec<_>>(),
        "conditions": conditions.collect::<Vec<_>>(),
        "lines": lines.collect::<Vec<_>>(),
        "expressions": expressions.collect::<Vec<_>>(),
    })
}

fn range(source: &Source, span: Span) -> Map<String, Json> {
    let (start, end) = (source.position(span.start), source.position(span.end));
    let numbers = [("line", start.line), ("column", start.column), ("endLine", end.line), ("endColumn", end.column)];
    numbers.into_iter().map(|(name, number)| (name.to_owned(), object!(number))).collect()
}

/// Adds the outcomes of a statement or condition; a value other than a boolean counts as an error.
fn with_outcomes(mut entry: Map<String, Json>, counts: Counts) -> Json {
    for (name, count) in [("true", counts.truths), ("false", counts.falses), ("error", counts.failures())] {
        entry.insert(name.to_owned(), object!(count));
    }
    Json::Object(entry)
}

fn value(outcome: &Outcome, count: u64) -> Json {
    match outcome {
        Outcome::Value(value) => object!({ "value": to_plain(value.view()), "count": count }),
        Outcome::Described(text) => object!({ "described": text, "count": count }),
        Outcome::Error(fault) => object!({
            "error": fault.message,
            "errorLine": fault.position.line,
            "errorColumn": fault.position.column,
            "count": count,
        }),
    }
}
