//! The text of rules with what a request made of it: the values of sub-expressions, and the part that decided.

use std::collections::HashSet;

use firewarden::{
    Outcome, Step, StepKind, Value,
    internals::explain::{describe, shorten, worth_showing},
    rules::Decision,
    text::{Source, Span},
};
use serde_json::{Value as Json, json};

/// The number of values that are told.
const MAX_VALUES: usize = 1_000;

/// The longest value in columns.
const MAX_WIDTH: usize = 200;

/// `{"file", "text", "decisive": {"start", "end", "text"}?, "values": [{"start", "end", "outcome", "value", "why"?, "joins"}]}`.
///
/// Offsets count UTF-16 code units, as JavaScript does. `outcome` is `true`, `false`, `error` or `value`; `joins` tells
/// whether the expression joins conditions by `&&`, `||` or `?:`, and may have parts that were not evaluated. Outer
/// expressions come before those in them; an expression that had several values comes once for each.
pub(super) fn annotated(source: &Source, decision: Option<&Decision>) -> Json {
    let units = Utf16::of(source.text());
    let mut answer = json!({ "file": source.name(), "text": source.text(), "decisive": null, "values": [] });
    let (Some(decision), Json::Object(fields)) = (decision, &mut answer) else { return answer };
    let (decisive, conditions): (_, Vec<&Step>) = match decision {
        Decision::Service(decision) => {
            (decision.decisive(), decision.statements().filter_map(|statement| statement.condition.as_ref()).collect())
        }
        Decision::Database(decision) => {
            (decision.decisive(), decision.rules().iter().filter_map(|rule| rule.condition.as_ref()).collect())
        }
    };
    if let Some(decisive) = decisive {
        let (start, end) = units.range(decisive.span);
        fields.insert("decisive".to_owned(), json!({ "start": start, "end": end, "text": decisive.text }));
    }
    let (mut values, mut told) = (Vec::new(), HashSet::new());
    let mut open: Vec<&Step> = conditions.into_iter().rev().collect();
    while let Some(step) = open.pop() {
        open.extend(worth_showing(step).into_iter().rev());
        let value = shorten(&describe(&step.outcome), MAX_WIDTH);
        if values.len() >= MAX_VALUES || !told.insert((step.span.start, step.span.end, value.clone())) {
            continue;
        }
        let (start, end) = units.range(step.span);
        values.push(json!({
            "start": start,
            "end": end,
            "outcome": outcome(&step.outcome),
            "value": value,
            "why": step.why,
            "joins": matches!(step.kind, StepKind::And | StepKind::Or | StepKind::Ternary),
        }));
    }
    fields.insert("values".to_owned(), values.into());
    answer
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Value(Value::Bool(true)) => "true",
        Outcome::Value(Value::Bool(false)) => "false",
        Outcome::Error(_) => "error",
        _ => "value",
    }
}

/// The offset in UTF-16 code units of each byte of a text.
struct Utf16(Vec<u32>);

impl Utf16 {
    fn of(text: &str) -> Self {
        let mut units = Vec::with_capacity(text.len() + 1);
        let mut unit = 0;
        for c in text.chars() {
            units.extend(std::iter::repeat_n(unit, c.len_utf8()));
            unit += c.len_utf16() as u32;
        }
        units.push(unit);
        Utf16(units)
    }

    fn range(&self, span: Span) -> (u32, u32) {
        let at = |offset: u32| self.0.get(offset as usize).or(self.0.last()).copied().unwrap_or(0);
        (at(span.start), at(span.end))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use firewarden::{
        Auth,
        storage::{Request, Ruleset},
    };

    use super::*;

    #[test]
    fn values_have_the_places_that_javascript_counts() {
        let text = "rules_version = '2';\nservice firebase.storage { match /b/{b}/o/{f} {\n  // 🐱 ä\n  \
            allow get: if f != '🐱' && request.auth.uid == 'ann'; } }";
        let rules: Ruleset = text.parse().unwrap();
        let decision = rules.explain(&Request::get("b", "x").auth(Auth::user("bob")), &()).unwrap();
        let decision = Decision::Service(Box::new(decision));
        let answer = annotated(decision.source(), Some(&decision));
        let units: Vec<u16> = text.encode_utf16().collect();
        let part = |of: &Json| {
            let range = of["start"].as_u64().unwrap() as usize..of["end"].as_u64().unwrap() as usize;
            String::from_utf16(&units[range]).unwrap()
        };
        let values = answer["values"].as_array().unwrap();
        let seen: Vec<_> = values.iter().map(|v| format!("{} {} {}", part(v), v["outcome"], v["value"])).collect();
        assert_eq!(
            seen,
            [
                r#"f != '🐱' && request.auth.uid == 'ann' "false" "false""#,
                r#"f != '🐱' "true" "true""#,
                r#"f "value" "'x'""#,
                r#"request.auth.uid == 'ann' "false" "false""#,
                r#"request.auth.uid "value" "'bob'""#,
            ]
        );
        assert_eq!(part(&answer["decisive"]), "request.auth.uid == 'ann'");
        assert_eq!(answer["text"], text);
        let without = annotated(decision.source(), None);
        assert_eq!((&without["decisive"], &without["values"]), (&Json::Null, &json!([])));
    }
}
