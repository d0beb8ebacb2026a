//! What the filters of a query leave unknown about the documents that it could return.

use crate::{
    eval::{BlockTrace, Outcome, Step, StepKind},
    text::Source,
    value::{Comparator, Value},
};

use super::{failed_part, in_words};

/// The field path of a document's name.
pub(crate) const NAME: &str = "__name__";

/// The fields that a query leaves unknown.
pub(crate) struct QueryView<'t> {
    source: &'t Source,
    /// The known constraints on fields: the value of `resource.data`.
    data: Option<&'t Value>,
    /// Wildcards that capture the unknown name of a document.
    unnamed: Vec<&'t str>,
}

impl<'t> QueryView<'t> {
    /// The view of a query in one of the blocks that cover it.
    pub(crate) fn new(source: &'t Source, blocks: &'t [BlockTrace], block: &'t BlockTrace) -> Self {
        let statements = blocks.iter().flat_map(|block| &block.statements);
        let steps = statements.filter_map(|statement| statement.condition.as_ref()).flat_map(Step::all);
        let data =
            steps.filter(|step| source.slice(step.span) == "resource.data").find_map(|step| match &step.outcome {
                Outcome::Value(value) => Some(value),
                _ => None,
            });
        let unnamed = block.captures.iter().filter(|(_, text)| is_unnamed(text)).map(|(name, _)| name.as_str());
        QueryView { source, data, unnamed: unnamed.collect() }
    }

    /// The field that a sub-expression reads, if the query leaves it unknown: `owner`, `author.uid`, `__name__`.
    pub(crate) fn field(&self, step: &Step) -> Option<String> {
        let text = self.source.slice(step.span);
        match &step.outcome {
            Outcome::Error(_) if step.kind == StepKind::Variable && self.unnamed.contains(&text) => {
                return Some(NAME.to_owned());
            }
            Outcome::Error(fault) if fault.message.starts_with("Property ") => {}
            Outcome::Value(Value::Constraint(_)) => {}
            _ => return None,
        }
        if let Some(rest) = text.strip_prefix("resource.data") {
            return field_path(rest);
        }
        // The object may be a parameter or variable with the value of `resource.data`.
        let object = step.parts.first().filter(|_| step.kind == StepKind::Member)?;
        let stands_for_data = object.kind == StepKind::Variable
            && matches!(&object.outcome, Outcome::Value(value) if self.is_data(value));
        let name = text.rsplit('.').next()?;
        stands_for_data.then(|| name.to_owned())
    }

    /// Whether a value is that of `resource.data`.
    fn is_data(&self, value: &Value) -> bool {
        self.data.is_some_and(|data| data.view().describe() == value.view().describe())
    }

    /// The value of a sub-expression, if it depends on unknown fields.
    pub fn describe(&self, step: &Step) -> Option<String> {
        match &step.outcome {
            Outcome::Value(value @ Value::Constraint(_)) => Some(describe_unknown(value)),
            Outcome::Value(value @ Value::Map(map)) => {
                let written = self.source.slice(step.span) == "resource.data";
                let stands_for_data = step.kind == StepKind::Variable && self.is_data(value);
                match map.iter().next() {
                    None => written.then(|| "unknown: the query has no filters on fields".to_owned()),
                    Some(_) => (written || stands_for_data)
                        .then(|| format!("{}, other fields unknown", describe_unknown(value))),
                }
            }
            Outcome::Error(_) if failed_part(step).is_some() => None,
            Outcome::Error(fault) => self.field(step).map(|_| format!("unknown ({})", in_words(fault))),
            _ => None,
        }
    }
}

/// A value with its known constraints: `{'age': unknown (> 10), 'kind': 'a'}`.
fn describe_unknown(value: &Value) -> String {
    match value {
        Value::Constraint(constraint) if constraint.terms.is_empty() => "unknown".to_owned(),
        Value::Constraint(constraint) => {
            let term = |(op, value): &(Comparator, Value)| format!("{} {}", op.symbol(), value.view().describe());
            let known: Vec<_> = constraint.terms.iter().map(term).collect();
            format!("unknown ({})", known.join(" and "))
        }
        Value::Map(map) => {
            let part = |(key, value): (&str, &Value)| format!("'{key}': {}", describe_unknown(value));
            format!("{{{}}}", map.iter().map(part).collect::<Vec<_>>().join(", "))
        }
        value => value.view().describe(),
    }
}

/// Whether a wildcard captures the unknown name of a document.
pub(crate) fn is_unnamed(capture: &str) -> bool {
    capture.is_empty() || capture.ends_with('/')
}

/// The field path of the members after `resource.data`: `.author.uid`, `['author']['uid']`.
fn field_path(mut rest: &str) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    while !rest.is_empty() {
        let name = if let Some(member) = rest.strip_prefix('.') {
            let end =
                member.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$')).unwrap_or(member.len());
            rest = member.get(end..)?;
            member.get(..end)?
        } else {
            let quoted = rest.strip_prefix('[')?;
            let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let (name, after) = quoted.get(1..)?.split_once(quote)?;
            rest = after.strip_prefix(']')?;
            name
        };
        names.push(name.to_owned());
    }
    (!names.is_empty() && names.iter().all(|name| !name.is_empty())).then(|| names.join("."))
}
