//! Expressions: their values, their errors with places, and what is said of them.

use anyhow::Result;
use firewarden::value::Type;
use serde_json::{Value as Json, json};

use super::{
    Kind, Setting,
    asked::{Asked, Asker, Both, Gave, Layout, MOST, request, resource},
    compile,
};
use crate::{
    documents::as_rules_see,
    emulator::{Client, Issue, coverage::Result as Outcome},
    generate::{
        expression::{Expressions, function},
        world,
    },
    minimise::{self, Budget},
    ours,
    random::Random,
    rows::Row,
    same::same_value,
    tally::{Found, outline, template},
};

/// Smaller forms that are asked about at once.
const AT_ONCE: usize = 40;

/// Longer ones say nothing that shorter ones do not.
const LONGEST: usize = 500;

/// Asks one batch.
///
/// # Errors
///
/// The emulator does not answer.
pub fn batch(setting: &Setting, asker: &Asker<'_>, random: &mut Random) -> Result<()> {
    let list: Vec<Asked> = (0..MOST).map(|number| question(random, number)).collect();
    let answers = asker.ask(&list)?;
    let compared = answers.iter().filter(|both| !matches!(both, Both::RefusedHere | Both::BrokeThere(_))).count();
    let value = |both: &&Both| matches!(both, Both::Gave(Gave { outcome: Outcome::Value(_), .. }, _));
    let positive = answers.iter().filter(value).count();
    setting.tally(|tally| tally.compared(Kind::Expressions.name(), compared as u64, positive as u64));
    for (asked, both) in list.iter().zip(&answers) {
        if let Both::BrokeThere(why) = both {
            setting.broke(Kind::Expressions, &Layout::of(&[asked]).source, why)?;
        }
        if let Some(class) = difference(both)
            && setting.tally(|tally| tally.differs(Kind::Expressions.name(), &narrower(&class, &asked.expr)))
        {
            let found = minimised(asker, asked, &class, setting.effort)?;
            setting.report(Kind::Expressions, found)?;
        }
    }
    Ok(())
}

/// A class with the last function that is called, where the class alone is too rough.
fn narrower(class: &str, expr: &str) -> String {
    if class.starts_with("place") || class.starts_with("warnings") {
        return class.to_owned();
    }
    format!("{class} {}", word(expr))
}

/// The name of the last call of an expression.
fn word(expr: &str) -> &str {
    let before = expr.rsplit_once('(').map_or("", |(before, _)| before);
    before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

fn question(random: &mut Random, number: usize) -> Asked {
    let mut scope = world::scope();
    let mut functions = String::new();
    if random.chance(20) {
        let name = format!("f{number}");
        let (text, count) = function(random, &scope, &name, Type::Any, 2);
        functions = text;
        scope.functions.push((name, count));
    }
    let depth = 1 + random.below(4);
    let expr = Expressions { random, scope: &scope }.of(Type::Any, depth);
    if expr.len() + functions.len() > LONGEST { question(random, number) } else { Asked { functions, expr } }
}

/// How two answers differ, roughly.
fn difference(both: &Both) -> Option<String> {
    let (official, own) = match both {
        Both::RefusedHere | Both::BrokeThere(_) => return None,
        Both::RefusedThere(issues) => {
            let first = issues.first().map_or(String::new(), |issue| template(&issue.message));
            return Some(format!("accepted only here: {first}"));
        }
        Both::Gave(official, own) => (official, own),
    };
    match (&official.outcome, &own.outcome) {
        (Outcome::Value(a), Outcome::Value(b)) if same_value(a, b) => {}
        (Outcome::Value(a), Outcome::Value(b)) => return Some(format!("value: {} | {}", kind_of(a), kind_of(b))),
        (Outcome::Value(a), Outcome::Error(b, _)) => {
            return Some(format!("fails only here: {} | {}", kind_of(a), outline(b)));
        }
        (Outcome::Error(a, _), Outcome::Value(b)) => {
            return Some(format!("does not fail here: {} | {}", outline(a), kind_of(b)));
        }
        (Outcome::Error(a, at), Outcome::Error(b, own_at)) => {
            if a != b {
                return Some(format!("error: {} | {}", outline(a), outline(b)));
            }
            if at != own_at {
                return Some(format!("place of the error: {}", outline(a)));
            }
        }
        (Outcome::Unknown, Outcome::Unknown) => {}
        (Outcome::Unknown, _) => return Some("not evaluated there".to_owned()),
        (_, Outcome::Unknown) => return Some("not evaluated here".to_owned()),
    }
    let of_issues = |gave: &Gave| {
        let mut issues: Vec<_> = gave.issues.iter().map(|i| (i.line, i.column, i.message.clone())).collect();
        issues.sort();
        issues
    };
    let (a, b) = (of_issues(official), of_issues(own));
    let surplus = a.iter().find(|issue| !b.contains(issue)).or(b.iter().find(|issue| !a.contains(issue)));
    (a != b).then(|| format!("warnings: {}", surplus.map_or("order".to_owned(), |issue| template(&issue.2))))
}

fn kind_of(value: &Json) -> String {
    value.as_object().and_then(|fields| fields.keys().next()).cloned().unwrap_or_default()
}

fn minimised(asker: &Asker<'_>, asked: &Asked, class: &str, effort: usize) -> Result<Found> {
    let budget = Budget::new(effort.div_ceil(AT_ONCE) * 2);
    let first = |forms: &[Asked]| -> Result<Option<usize>> {
        budget.take();
        Ok(asker.ask(forms)?.iter().position(|both| difference(both).as_deref() == Some(class)))
    };
    let small = minimise::steps(asked.clone(), &budget, AT_ONCE, smaller, first)?;
    let both = asker.ask(std::slice::from_ref(&small))?;
    let (official, own) = match both.first() {
        Some(Both::Gave(official, own)) => (official.clone(), own.clone()),
        _ => return refused(asker.client, &small, class),
    };
    let signature = format!("{class}\n{}\n{}", template(&small.functions), template(&small.expr));
    let row = if class.starts_with("warnings") {
        let source = Layout::of(&[&small]).source;
        compile::row(&source, &asker.client.set_rules(&source)?, &ours::compile(&source))
    } else if class.starts_with("place") {
        placed_row(&small, &official.outcome)?
    } else {
        row(&small, &official.outcome)?
    };
    let shown = format!("{}\n{}", small.functions, small.expr);
    Ok(Found { signature, shown, row, official: described(&official), ours: described(&own) })
}

fn refused(client: &Client, small: &Asked, class: &str) -> Result<Found> {
    let source = Layout::of(&[small]).source;
    let (official, own) = (client.set_rules(&source)?, ours::compile(&source));
    let first = |issues: &[Issue]| issues.first().map_or("accepted".to_owned(), |issue| issue.message.clone());
    Ok(Found {
        signature: format!("{class}\n{}", template(&small.expr)),
        shown: source.clone(),
        row: compile::row(&source, &official, &own),
        official: first(official.issues()),
        ours: first(own.issues()),
    })
}

/// Functions less, a simpler function, a simpler expression.
fn smaller(asked: &Asked) -> Vec<Asked> {
    let with = |expr: String| Asked { expr, ..asked.clone() };
    let mut forms = Vec::new();
    if !asked.functions.is_empty() {
        forms.push(Asked { functions: String::new(), ..asked.clone() });
    }
    forms.extend(minimise::edits::expression(&asked.expr).into_iter().map(with));
    if !asked.functions.is_empty() {
        let (before, after) = ("service cloud.firestore { ", " }");
        let file = format!("{before}{}{after}", asked.functions);
        forms.extend(minimise::edits::ruleset(&file).into_iter().filter_map(|text| {
            let functions = text.strip_prefix(before)?.strip_suffix(after)?.to_owned();
            Some(Asked { functions, ..asked.clone() })
        }));
    }
    forms
}

/// A row of `expressions-fresh`.
fn row(asked: &Asked, official: &Outcome) -> Result<Row> {
    let mut row = json!({ "expr": asked.expr });
    if !asked.functions.is_empty() {
        row["pre"] = json!(asked.functions);
    }
    let variables = variables(asked)?;
    if variables != json!({}) {
        row["variables"] = variables;
    }
    match official {
        Outcome::Value(value) => row["value"] = value.clone(),
        Outcome::Error(message, _) => row["error"] = json!(message),
        Outcome::Unknown => row["throws"] = json!("not evaluated"),
    }
    Ok(Row { table: "expressions-fresh", json: row })
}

/// A row of `decisions`: those tell where an error arose.
fn placed_row(asked: &Asked, official: &Outcome) -> Result<Row> {
    let Outcome::Error(message, Some((line, column))) = official else { return row(asked, official) };
    // The functions stand on the fifth line of the layout.
    let (line, source) = (line + 5, Layout::of(&[asked]).source);
    let mut variables = variables(asked)?;
    variables["request"] = request();
    if variables.get("resource").is_none() {
        variables["resource"] = json!({ "nullValue": null });
    }
    let json = json!({
        "source": source, "method": "get", "path": "/databases/(default)/documents/x/d0", "variables": variables,
        "throws": format!("EvaluationException: Error: firestore.rules line [{line}], column [{column}]. {message}"),
    });
    Ok(Row { table: "decisions", json })
}

/// The variables that an expression reads, with those fields only.
fn variables(asked: &Asked) -> Result<Json> {
    let text = format!("{} {}", asked.functions, asked.expr);
    let mut variables = json!({});
    if text.contains("resource") {
        let all = as_rules_see(&world::fields())?;
        let names: Vec<_> = text
            .match_indices("resource.data")
            .map(|(at, sign)| {
                let after = text.get(at + sign.len()..).unwrap_or_default();
                after
                    .strip_prefix('.')
                    .map(|name| name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default())
            })
            .collect();
        let whole = names.contains(&None) || names.is_empty();
        let fields = all["mapValue"]["fields"].as_object().cloned().unwrap_or_default();
        let used: serde_json::Map<_, _> =
            fields.into_iter().filter(|(name, _)| whole || names.contains(&Some(name.as_str()))).collect();
        let data = json!({ "mapValue": { "fields": used } });
        variables["resource"] = resource(&data);
    }
    if text.contains("request") {
        variables["request"] = request();
    }
    Ok(variables)
}

fn described(gave: &Gave) -> String {
    let issues: Vec<_> = gave.issues.iter().map(|i| format!("{}:{} {}", i.line, i.column, i.message)).collect();
    let outcome = match &gave.outcome {
        Outcome::Value(value) => value.to_string(),
        Outcome::Error(message, Some((line, column))) => format!("error at {line}:{column}: {message}"),
        Outcome::Error(message, None) => format!("error: {message}"),
        Outcome::Unknown => "not evaluated".to_owned(),
    };
    if issues.is_empty() { outcome } else { format!("{outcome}  ({})", issues.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_variables_that_are_read() -> Result<()> {
        let asked = Asked { functions: String::new(), expr: "resource.data.i + resource.data.f".to_owned() };
        let row = row(&asked, &Outcome::Error("x".to_owned(), None))?.json;
        let data = &row["variables"]["resource"]["mapValue"]["fields"]["data"]["mapValue"]["fields"];
        assert_eq!(data, &json!({ "i": { "intValue": "7" }, "f": { "floatValue": 1.5 } }));
        assert_eq!((&row["error"], row["variables"].get("request")), (&json!("x"), None));
        Ok(())
    }

    #[test]
    fn answers_are_compared_with_places_and_warnings() {
        let gave = |outcome: Outcome| Gave { outcome, issues: Vec::new() };
        let error = |text: &str, at| Outcome::Error(text.to_owned(), Some(at));
        let compare = |a, b| difference(&Both::Gave(gave(a), gave(b)));
        assert_eq!(compare(error("x", (1, 2)), error("x", (1, 2))), None);
        assert_eq!(compare(error("x", (1, 2)), error("x", (1, 3))).as_deref(), Some("place of the error: x"));
        let int = |n: i64| Outcome::Value(json!({ "intValue": n.to_string() }));
        assert_eq!(compare(int(1), int(1)), None);
        assert_eq!(compare(int(1), int(2)).as_deref(), Some("value: intValue | intValue"));
    }
}
