//! Explains queries that were denied because rules depend on what the query leaves open, and names the filter that
//! would decide them. Rules are not filters: they have to hold for every document that a query could return.

use crate::{
    eval::{BlockTrace, Outcome, Step, StepKind},
    explain::{NAME, QueryView},
    text::Source,
    value::{Comparator, Value},
};

/// Maximum number of ways to satisfy a condition that are followed.
const MAX_WAYS: usize = 8;

/// A part that a query lacks.
#[derive(Clone, Debug, PartialEq)]
enum MissingPart {
    /// A filter: field, operator and value, as JSON.
    Filter(String, &'static str, String),
    /// A limit.
    Limit(i64),
}

/// The parts with which a query would decide one of the conditions, in words; `None` if no condition depends on what
/// the query leaves open.
pub(super) fn hint(source: &Source, blocks: &[BlockTrace]) -> Option<String> {
    let reader = Reader { source };
    let mut found: Vec<Vec<MissingPart>> = Vec::new();
    let mut open = None;
    for block in blocks {
        let view = QueryView::new(source, blocks, block);
        for step in block.statements.iter().filter_map(|statement| statement.condition.as_ref()) {
            found.extend(reader.ways(step, &view, false).into_iter().filter(|ways| !ways.is_empty()));
            open = open.or_else(|| reader.unknown(step, &view));
        }
    }
    // The hint names the way that requires the fewest parts.
    match found.iter().min_by_key(|ways| ways.len()) {
        Some(ways) => Some(format!("rules are not filters: add {} to the query", join_parts(ways))),
        None => open.map(|field| {
            format!("rules are not filters: the query leaves `{field}` open; fix it with a filter, `where: [[\"{field}\", \"==\", …]]`")
        }),
    }
}

fn join_parts(ways: &[MissingPart]) -> String {
    let filters: Vec<_> = ways
        .iter()
        .filter_map(|missing_part| match missing_part {
            MissingPart::Filter(field, op, value) => Some(format!("[\"{field}\", \"{op}\", {value}]")),
            MissingPart::Limit(_) => None,
        })
        .collect();
    let limits = ways.iter().filter_map(|missing_part| match missing_part {
        MissingPart::Limit(limit) => Some(format!("`limit: {limit}`")),
        MissingPart::Filter(..) => None,
    });
    let filters = (!filters.is_empty()).then(|| format!("`where: [{}]`", filters.join(", ")));
    filters.into_iter().chain(limits).collect::<Vec<_>>().join(" and ")
}

struct Reader<'s> {
    source: &'s Source,
}

impl Reader<'_> {
    /// The ways to make a part of a condition true, or false if it is negated; none if filters cannot.
    fn ways(&self, step: &Step, view: &QueryView<'_>, negated: bool) -> Vec<Vec<MissingPart>> {
        if let Outcome::Value(Value::Bool(found)) = step.outcome {
            return if found != negated { vec![Vec::new()] } else { Vec::new() };
        }
        // Negation exchanges `&&` and `||`.
        let all = matches!(step.kind, StepKind::And) != negated;
        match step.kind {
            StepKind::And | StepKind::Or if all => step.parts.iter().fold(vec![Vec::new()], |ways, part| {
                let more = self.ways(part, view, negated);
                let both = ways.iter().flat_map(|a| more.iter().map(move |b| a.iter().chain(b).cloned().collect()));
                both.take(MAX_WAYS).collect()
            }),
            StepKind::And | StepKind::Or => {
                step.parts.iter().flat_map(|part| self.ways(part, view, negated)).take(MAX_WAYS).collect()
            }
            StepKind::Not => step.parts.first().map(|part| self.ways(part, view, !negated)).unwrap_or_default(),
            // The last part is the result.
            StepKind::Call | StepKind::Ternary => {
                step.parts.last().map(|part| self.ways(part, view, negated)).unwrap_or_default()
            }
            _ => {
                self.missing_part(step, view, negated).map(|missing_part| vec![vec![missing_part]]).unwrap_or_default()
            }
        }
    }

    /// The filter that decides a comparison, a membership test, or a field that is a condition by itself.
    fn missing_part(&self, step: &Step, view: &QueryView<'_>, negated: bool) -> Option<MissingPart> {
        if let Some(field) = view.field(step) {
            return Some(MissingPart::Filter(field, "==", (!negated).to_string()));
        }
        let [left, right] = step.parts.as_slice() else { return None };
        let between = self.source.text().get(left.span.end as usize..right.span.start as usize)?;
        let text = self.source.slice(step.span);
        if text.contains(".hasAny(") && !negated {
            return Some(MissingPart::Filter(view.field(left)?, "array-contains-any", json(right)?));
        }
        let op = between.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
        if op == "in" && !negated {
            return match (view.field(left), view.field(right)) {
                (Some(field), None) => Some(MissingPart::Filter(field, "in", json(right)?)),
                (None, Some(field)) => Some(MissingPart::Filter(field, "array-contains", json(left)?)),
                _ => None,
            };
        }
        let op = [Comparator::Eq, Comparator::Ne, Comparator::Le, Comparator::Ge, Comparator::Lt, Comparator::Gt]
            .into_iter()
            .find(|known| known.symbol() == op)?;
        if let Some(limit) = self.limit(left, op, right).filter(|_| !negated) {
            return Some(limit);
        }
        let (field, op, other) = match (view.field(left), view.field(right)) {
            (Some(field), None) => (field, op, right),
            (None, Some(field)) => (field, op.flipped(), left),
            _ => return None,
        };
        // A wildcard has a value only if the query names the document.
        if field == NAME && (negated || op != Comparator::Eq) {
            return None;
        }
        // A constraint never proves a comparison false: only a fixed value can be false.
        Some(match (negated, op, &other.outcome) {
            (true, Comparator::Eq, Outcome::Value(Value::Bool(value))) => {
                MissingPart::Filter(field, "==", (!value).to_string())
            }
            (true, Comparator::Ne, _) => MissingPart::Filter(field, "==", json(other)?),
            (true, ..) => MissingPart::Filter(field, "==", "…".to_owned()),
            (false, ..) => MissingPart::Filter(field, op.symbol(), json(other)?),
        })
    }

    /// The limit for `request.query.limit <= 10` in a query without one.
    fn limit(&self, left: &Step, op: Comparator, right: &Step) -> Option<MissingPart> {
        let is_limit = |step: &Step| {
            self.source.slice(step.span) == "request.query.limit" && matches!(step.outcome, Outcome::Value(Value::Null))
        };
        let (op, bound) = match (is_limit(left), is_limit(right)) {
            (true, false) => (op, right),
            (false, true) => (op.flipped(), left),
            _ => return None,
        };
        match (op, &bound.outcome) {
            (Comparator::Le | Comparator::Eq, Outcome::Value(Value::Int(n))) => Some(MissingPart::Limit(*n)),
            (Comparator::Lt, Outcome::Value(Value::Int(n))) => Some(MissingPart::Limit(n.saturating_sub(1))),
            _ => None,
        }
    }

    /// The first field in a condition that the query leaves open.
    fn unknown(&self, step: &Step, view: &QueryView<'_>) -> Option<String> {
        view.field(step).or_else(|| step.parts.iter().find_map(|part| self.unknown(part, view)))
    }
}

/// The value of a step as the JSON of a filter.
fn json(step: &Step) -> Option<String> {
    let Outcome::Value(value) = &step.outcome else { return None };
    fn write(value: &Value) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) if value.is_finite() => format!("{value:?}"),
            Value::String(text) => format!("{:?}", text.as_str().to_string()),
            Value::List(items) => format!("[{}]", items.iter().map(write).collect::<Vec<_>>().join(", ")),
            _ => "…".to_owned(),
        }
    }
    Some(write(value))
}
