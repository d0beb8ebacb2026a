//! A query that was denied because rules ask for what it leaves open: which filter would decide it. Rules are not filters:
//! they have to hold for every document that a query could return.

use crate::{
    eval::{Outcome, Step, StepKind, Trace},
    explain::{NAME, QueryView},
    text::Source,
    value::{Comparator, Value},
};

/// Ways to satisfy a condition that are followed.
const MOST: usize = 8;

/// What a query has to state.
#[derive(Clone, Debug, PartialEq)]
enum Need {
    /// A filter: field, operator and value, as JSON.
    Filter(String, &'static str, String),
    /// A limit.
    Limit(i64),
}

/// What the query has to state so that one of the conditions is decided, in words; `None` where no condition asks for
/// what the query leaves open.
pub(super) fn hint(source: &Source, trace: &Trace) -> Option<String> {
    let reader = Reader { source };
    let mut found: Vec<Vec<Need>> = Vec::new();
    let mut open = None;
    for block in &trace.blocks {
        let view = QueryView::new(source, trace, block);
        for step in block.statements.iter().filter_map(|statement| statement.condition.as_ref()) {
            found.extend(reader.needs(step, &view, false).into_iter().filter(|needs| !needs.is_empty()));
            open = open.or_else(|| reader.unknown(step, &view));
        }
    }
    // The way that asks for least.
    match found.iter().min_by_key(|needs| needs.len()) {
        Some(needs) => Some(format!("rules are not filters: add {} to the query", words(needs))),
        None => open.map(|field| {
            format!("rules are not filters: the query leaves `{field}` open; fix it with a filter, `where: [[\"{field}\", \"==\", …]]`")
        }),
    }
}

fn words(needs: &[Need]) -> String {
    let filters: Vec<_> = needs
        .iter()
        .filter_map(|need| match need {
            Need::Filter(field, op, value) => Some(format!("[\"{field}\", \"{op}\", {value}]")),
            Need::Limit(_) => None,
        })
        .collect();
    let limits = needs.iter().filter_map(|need| match need {
        Need::Limit(limit) => Some(format!("`limit: {limit}`")),
        Need::Filter(..) => None,
    });
    let filters = (!filters.is_empty()).then(|| format!("`where: [{}]`", filters.join(", ")));
    filters.into_iter().chain(limits).collect::<Vec<_>>().join(" and ")
}

struct Reader<'s> {
    source: &'s Source,
}

impl Reader<'_> {
    /// The ways to make a part of a condition true, or false where it is negated; none where filters cannot.
    fn needs(&self, step: &Step, view: &QueryView<'_>, negated: bool) -> Vec<Vec<Need>> {
        if let Outcome::Value(Value::Bool(found)) = step.outcome {
            return if found != negated { vec![Vec::new()] } else { Vec::new() };
        }
        // Negation exchanges the two.
        let all = matches!(step.kind, StepKind::And) != negated;
        match step.kind {
            StepKind::And | StepKind::Or if all => step.parts.iter().fold(vec![Vec::new()], |ways, part| {
                let more = self.needs(part, view, negated);
                let both = ways.iter().flat_map(|a| more.iter().map(move |b| a.iter().chain(b).cloned().collect()));
                both.take(MOST).collect()
            }),
            StepKind::And | StepKind::Or => {
                step.parts.iter().flat_map(|part| self.needs(part, view, negated)).take(MOST).collect()
            }
            StepKind::Not => step.parts.first().map(|part| self.needs(part, view, !negated)).unwrap_or_default(),
            // The last part is the result.
            StepKind::Call | StepKind::Ternary => {
                step.parts.last().map(|part| self.needs(part, view, negated)).unwrap_or_default()
            }
            _ => self.need(step, view, negated).map(|need| vec![vec![need]]).unwrap_or_default(),
        }
    }

    /// What decides a comparison, a test for an element, or a field that is a condition by itself.
    fn need(&self, step: &Step, view: &QueryView<'_>, negated: bool) -> Option<Need> {
        if let Some(field) = view.field(step) {
            return Some(Need::Filter(field, "==", (!negated).to_string()));
        }
        let [left, right] = step.parts.as_slice() else { return None };
        let between = self.source.text().get(left.span.end as usize..right.span.start as usize)?;
        let text = self.source.slice(step.span);
        if text.contains(".hasAny(") && !negated {
            return Some(Need::Filter(view.field(left)?, "array-contains-any", json(right)?));
        }
        let op = between.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
        if op == "in" && !negated {
            return match (view.field(left), view.field(right)) {
                (Some(field), None) => Some(Need::Filter(field, "in", json(right)?)),
                (None, Some(field)) => Some(Need::Filter(field, "array-contains", json(left)?)),
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
        // A wildcard has a value only where the query names the document.
        if field == NAME && (negated || op != Comparator::Eq) {
            return None;
        }
        // What a filter leaves open is never known to be false: only a value that is fixed can be.
        Some(match (negated, op, &other.outcome) {
            (true, Comparator::Eq, Outcome::Value(Value::Bool(value))) => {
                Need::Filter(field, "==", (!value).to_string())
            }
            (true, Comparator::Ne, _) => Need::Filter(field, "==", json(other)?),
            (true, ..) => Need::Filter(field, "==", "…".to_owned()),
            (false, ..) => Need::Filter(field, op.symbol(), json(other)?),
        })
    }

    /// `request.query.limit <= 10` of a query without a limit.
    fn limit(&self, left: &Step, op: Comparator, right: &Step) -> Option<Need> {
        let is_limit = |step: &Step| {
            self.source.slice(step.span) == "request.query.limit" && matches!(step.outcome, Outcome::Value(Value::Null))
        };
        let (op, bound) = match (is_limit(left), is_limit(right)) {
            (true, false) => (op, right),
            (false, true) => (op.flipped(), left),
            _ => return None,
        };
        match (op, &bound.outcome) {
            (Comparator::Le | Comparator::Eq, Outcome::Value(Value::Int(n))) => Some(Need::Limit(*n)),
            (Comparator::Lt, Outcome::Value(Value::Int(n))) => Some(Need::Limit(n.saturating_sub(1))),
            _ => None,
        }
    }

    /// The first field of a condition that the query leaves open.
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
