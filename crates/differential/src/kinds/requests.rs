//! Requests: single documents, queries, commits.

use anyhow::Result;
use firewarden::firestore::Method;
use serde_json::{Value as Json, json};

use super::{Kind, Setting};
use crate::{
    documents::as_rules_see,
    emulator::{Client, Project, coverage::Report, coverage::Result as Outcome, denial::Said},
    generate::{requests, rules::Purpose},
    minimise::{Budget, cases::smaller, single_steps},
    ours,
    random::Random,
    request::{Answer, Asked, Case},
    rows::Row,
    tally::{Found, outline, template},
};

/// Rulesets of one batch.
const RULESETS: usize = 10;

/// Asks one batch.
///
/// # Errors
///
/// The emulator does not answer.
pub fn batch(kind: Kind, purpose: Purpose, setting: &Setting, client: &Client, random: &mut Random) -> Result<()> {
    let mut project = Project::empty(client)?;
    for _ in 0..RULESETS {
        for case in requests::cases(random, purpose) {
            let official = project.ask(&case)?;
            if matches!(official, Answer::NoRules(_)) {
                break;
            }
            if matches!(official, Answer::Other(_)) {
                continue;
            }
            setting.tally(|tally| tally.compared(kind.name(), 1, u64::from(official == Answer::Allowed)));
            let own = ours::request::decide(&case)?;
            match difference(&official, &own, case.requests.len()) {
                None => setting.agrees(kind, || Row { table: "requests-agreed", ..own_row(&case, &official) })?,
                Some(class) => {
                    if setting.tally(|tally| tally.differs(kind.name(), &class)) {
                        let found = minimised(&mut project, client, &case, &class, setting.effort)?;
                        setting.report(kind, found)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// How two answers differ, roughly. Of a commit only the verdict counts: the text of its denial mixes the writes.
pub fn difference(official: &Answer, own: &Answer, requests: usize) -> Option<String> {
    match (official, own) {
        (Answer::Other(_), _) | (Answer::Allowed, Answer::Allowed) => None,
        (Answer::Denied(_), Answer::Denied(_)) if requests > 1 => None,
        (Answer::Denied(theirs), Answer::Denied(own)) => {
            let last = theirs.get(theirs.len().saturating_sub(own.len())..).unwrap_or_default();
            if last.len() < own.len() || (own.is_empty() && !theirs.is_empty()) {
                return Some(format!("statements: {} | {}", theirs.len(), own.len()));
            }
            let (a, b) = last.iter().zip(own).find(|(a, b)| a != b)?;
            let line = if a.what == b.what { "line: " } else { "" };
            Some(format!("said: {line}{} | {}", short(a), short(b)))
        }
        (Answer::NoRules(_), Answer::NoRules(_)) => None,
        (official, own) => Some(format!("verdict: {} | {}", verdict(official), verdict(own))),
    }
}

fn short(said: &Said) -> String {
    outline(said.what.split(" at L").next().unwrap_or_default())
}

fn verdict(answer: &Answer) -> String {
    match answer {
        Answer::Allowed => "allow".to_owned(),
        Answer::Denied(said) => {
            let first = said.iter().rev().find(|said| said.what != "false");
            format!("deny {}", first.map_or(String::new(), short))
        }
        Answer::NoRules(_) => "rules are refused".to_owned(),
        Answer::Other(why) => why.clone(),
    }
}

fn minimised(project: &mut Project<'_>, client: &Client, case: &Case, class: &str, effort: usize) -> Result<Found> {
    let budget = Budget::new(effort);
    let small = single_steps(case.clone(), &budget, smaller, |case| {
        let own = ours::request::decide(case)?;
        if !possible(class, &own) || !budget.take() {
            return Ok(false);
        }
        Ok(difference(&project.ask(case)?, &own, case.requests.len()).as_deref() == Some(class))
    })?;
    // Rules are sent again, so that the report is of this request alone.
    client.set_rules("rules_version = '2';\nservice cloud.firestore {}\n")?;
    let mut project = Project::empty(client)?;
    let official = project.ask(&small)?;
    let reports = client.coverage()?;
    let own = ours::request::decide(&small)?;
    let row = decision_row(&small, &official, &own, &reports)?.unwrap_or_else(|| own_row(&small, &official));
    let methods: Vec<_> = small.requests.iter().map(|asked| asked.method.name()).collect();
    Ok(Found {
        signature: format!("{class}\n{}\n{}", methods.join(" "), template(&small.source)),
        shown: shown(&small),
        row,
        official: official.to_string(),
        ours: own.to_string(),
    })
}

/// Whether our answer can be one of that class: the emulator need not be asked otherwise.
fn possible(class: &str, own: &Answer) -> bool {
    let ends = |text: &str| class.ends_with(&format!("| {text}"));
    match own {
        Answer::NoRules(_) => class.ends_with("refused"),
        Answer::Denied(said) if class.starts_with("said") => said.iter().any(|said| ends(&short(said))),
        Answer::Denied(said) if class.starts_with("statements") => ends(&said.len().to_string()),
        other => ends(&verdict(other)),
    }
}

fn shown(case: &Case) -> String {
    let requests = case.requests.iter().map(|asked| format!("{}\n", asked.to_json()));
    let documents = case.documents.iter().map(|(name, fields)| format!("{name}: {fields}\n"));
    format!("{}{}{}", case.source, documents.collect::<String>(), requests.collect::<String>())
}

/// A row of this package's own table.
fn own_row(case: &Case, official: &Answer) -> Row {
    let mut row = case.to_json();
    row.insert("allowed".to_owned(), json!(*official == Answer::Allowed));
    if let Answer::Denied(said) = official {
        row.insert("said".to_owned(), said.iter().map(|said| json!([said.what, said.method, said.line])).collect());
    }
    Row { table: "requests", json: Json::Object(row) }
}

/// Reads the official answer of such a row.
pub fn recorded(row: &Json) -> Answer {
    if row["allowed"] == true {
        return Answer::Allowed;
    }
    let said = |said: &Json| {
        let text = |at: usize| said[at].as_str().unwrap_or_default().to_owned();
        let line = said[2].as_u64().and_then(|line| u32::try_from(line).ok()).unwrap_or(0);
        Said { what: text(0), method: text(1), line }
    };
    Answer::Denied(row["said"].as_array().into_iter().flatten().map(said).collect())
}

/// A row of `decisions`, which has a method, a path, and the values of variables and functions; none of queries and
/// commits.
fn decision_row(case: &Case, official: &Answer, own: &Answer, reports: &[Report]) -> Result<Option<Row>> {
    let [asked] = case.requests.as_slice() else { return Ok(None) };
    if asked.method == Method::List {
        return Ok(None);
    }
    let path = format!("/databases/(default)/documents/{}", asked.path);
    let stored = case.documents.get(&asked.path).map(|fields| snapshot(&asked.path, fields)).transpose()?;
    let mut row = json!({
        "source": case.source, "service": "cloud.firestore", "method": asked.method.name(), "path": path,
        "variables": {
            "request": request(asked)?,
            "resource": stored.unwrap_or_else(|| json!({ "nullValue": null })),
        },
    });
    if ["get(", "exists("].iter().any(|call| case.source.contains(call)) {
        let (mut get, mut exists) = (json!({}), json!({ "*": { "boolValue": false } }));
        for (name, fields) in &case.documents {
            let path = format!("/databases/(default)/documents/{name}");
            get[&path] = snapshot(name, fields)?;
            exists[&path] = json!({ "boolValue": true });
        }
        row["functions"] = json!({ "get": get, "exists": exists });
    }
    let said = match official {
        Answer::Allowed => &[],
        Answer::Denied(said) => {
            let count = if let Answer::Denied(own) = own { own.len() } else { said.len() };
            said.get(said.len().saturating_sub(count.max(1))..).unwrap_or_default()
        }
        _ => return Ok(None),
    };
    match said.iter().find(|said| said.what != "false") {
        None => row["permit"] = json!(*official == Answer::Allowed),
        Some(error) => {
            let place = reports.iter().filter(|report| report.at.0 == error.line).find_map(|report| {
                report.results.iter().find_map(|result| match result {
                    Outcome::Error(message, at) if *message == error.what => *at,
                    _ => None,
                })
            });
            row["throws"] = match place {
                Some((line, column)) => {
                    let text = &error.what;
                    json!(format!(
                        "EvaluationException: Error: firestore.rules line [{line}], column [{column}]. {text}"
                    ))
                }
                None => json!(error.what),
            };
        }
    }
    Ok(Some(Row { table: "decisions", json: row }))
}

fn request(asked: &Asked) -> Result<Json> {
    let mut fields = json!({ "method": { "stringValue": asked.method.name() } });
    fields["path"] = path_value(&asked.path);
    fields["time"] = json!({ "timestampValue": ours::request::NOW });
    fields["auth"] = match &asked.user {
        None => json!({ "nullValue": null }),
        Some(claims) => {
            let token = typed(claims);
            json!({ "mapValue": { "fields": { "uid": typed(&claims["sub"]), "token": token } } })
        }
    };
    if !matches!(asked.method, Method::Get) {
        let written = asked.fields.as_ref().map(|fields| snapshot(&asked.path, fields)).transpose()?;
        fields["resource"] = written.unwrap_or_else(|| json!({ "nullValue": null }));
    }
    Ok(json!({ "mapValue": { "fields": fields } }))
}

fn path_value(name: &str) -> Json {
    let segments = ["databases", "(default)", "documents"].into_iter().chain(name.split('/'));
    let segments: Vec<_> = segments.map(|segment| json!({ "simple": segment })).collect();
    json!({ "pathValue": { "segments": segments } })
}

fn snapshot(name: &str, fields: &Json) -> Result<Json> {
    let id = name.rsplit('/').next().unwrap_or_default();
    let fields = json!({ "data": as_rules_see(fields)?, "id": { "stringValue": id }, "__name__": path_value(name) });
    Ok(json!({ "mapValue": { "fields": fields } }))
}

/// Claims as typed JSON.
fn typed(plain: &Json) -> Json {
    let claims = firewarden::value::json::claims(plain.clone());
    firewarden::value::json::to_typed(claims.view())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(what: &str, line: u32) -> Said {
        Said { what: what.to_owned(), method: "get".to_owned(), line }
    }

    #[test]
    fn what_was_said_before_the_document_was_read_does_not_count() {
        let official = Answer::Denied(vec![said("evaluation error at L3:1", 3), said("false", 3)]);
        assert_eq!(difference(&official, &Answer::Denied(vec![said("false", 3)]), 1), None);
        let class = difference(&official, &Answer::Denied(vec![said("false", 4)]), 1);
        assert_eq!(class.as_deref(), Some("said: line: false | false"));
        assert!(difference(&official, &Answer::Allowed, 1).is_some());
        assert!(difference(&Answer::Denied(Vec::new()), &Answer::Denied(vec![said("false", 1)]), 1).is_some());
    }

    #[test]
    fn a_recorded_answer_is_read_as_it_is_written() {
        let case = Case { requests: vec![Asked::new(Method::Get, "a/b")], ..Case::default() };
        for answer in [Answer::Allowed, Answer::Denied(vec![said("Null value error.", 3)]), Answer::Denied(Vec::new())]
        {
            assert_eq!(recorded(&own_row(&case, &answer).json), answer);
        }
    }
}
