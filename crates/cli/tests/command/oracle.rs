//! Replays answers recorded on the official engine, through the line protocol of the command.
//!
//! Each file in `oracle/` is a table, one case a line; files in `oracle/NAME/` add to the table NAME, one file a topic.
//! `known_failures.txt` lists the cases that still differ, with the reason: a case that differs and is not listed
//! fails, and so does a listed case that agrees.
//!
//! Shortenings: a source that is only `rules_version`, one service and a `body` is written as that body (version 2
//! and `cloud.firestore` unless said otherwise); variables that several decisions share have a name; in
//! `expressions.jsonl` the first line is the environment of all expressions; no `warnings` are none.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
};

use same::same_value;
use serde_json::{Value as Json, json};

#[path = "../../../../tests/oracle/same.rs"]
mod same;

#[test]
fn expressions_have_the_recorded_value_error_and_warnings() {
    let mut rows = table("expressions");
    let environment = rows.remove(0)["environment"].clone();
    let request = |row: &Json| {
        json!({
            "op": "expression", "service": "firebase.storage", "expr": row["expr"],
            "functions_text": row.get("pre").unwrap_or(&json!("")), "variables": { "request": used(&environment, row) },
        })
    };
    judge("expressions", &rows, request, |row, answer| {
        let warned = row.get("compile_error").is_some() || sorted(&row["warnings"]) == sorted(&answer["warnings"]);
        warned && same_result(row, answer)
    });
}

#[test]
fn odd_expressions_have_the_recorded_value_or_error() {
    let request = |row: &Json| {
        let variables = row.get("variables").cloned().unwrap_or_else(|| json!({}));
        json!({
            "op": "expression", "service": "firebase.storage", "expr": row["expr"],
            "functions_text": row.get("pre").unwrap_or(&json!("")), "variables": variables,
        })
    };
    judge("expressions-fresh", &table("expressions-fresh"), request, same_result);
}

#[test]
fn sources_are_refused_and_warned_of_as_recorded() {
    let request = |row: &Json| json!({ "op": "check", "service": service(row), "source": source(row) });
    judge("compile", &table("compile"), request, |row, answer| {
        row["ok"] == answer["ok"] && row["issues"] == issues(answer)
    });
}

#[test]
fn expressions_are_read_as_recorded() {
    let request = |row: &Json| json!({ "op": "parse", "expr": row["expr"] });
    judge("ast", &table("ast"), request, |row, answer| row["canonical"] == answer["canonical"]);
}

#[test]
fn requests_are_decided_as_recorded() {
    let (shared, rows): (Vec<_>, Vec<_>) = table("decisions").into_iter().partition(|row| row.get("name").is_some());
    let shared: HashMap<_, _> = shared.iter().map(|row| (row["name"].as_str().unwrap(), &row["variables"])).collect();
    let request = |row: &Json| {
        json!({
            "op": "decide", "service": service(row), "source": source(row),
            "method": row["method"], "path": row["path"],
            "variables": row["variables"].as_str().map_or(&row["variables"], |name| shared[name]),
            "functions": row.get("functions").unwrap_or(&json!({})),
        })
    };
    judge("decisions", &rows, request, |row, answer| {
        let error = &answer["error"];
        let Some(thrown) = row.get("throws").and_then(Json::as_str) else {
            let failed = row["permit"] == false && !error.is_null();
            return row["permit"] == answer["permit"] && !failed;
        };
        let text = format!(
            "EvaluationException: Error: firestore.rules line [{}], column [{}]. {}",
            error["line"],
            error["column"],
            error["message"].as_str().unwrap_or("")
        );
        let placed = thrown.starts_with("EvaluationException: Error: ");
        error.is_object() && answer["permit"] != true && (!placed || text == thrown)
    });
}

#[test]
fn the_first_syntax_error_is_the_recorded_one() {
    let request = |row: &Json| json!({ "op": "check", "source": row["source"] });
    judge("syntax-errors", &table("syntax-errors"), request, |row, answer| {
        let errors = answer["issues"].as_array().into_iter().flatten();
        let first = errors.clone().find(|issue| issue["severity"] == "ERROR");
        let place = |issue: &Json| json!([issue["line"], issue["column"], issue["message"]]);
        answer["ok"] == false && first.map(place) == Some(place(&row["first"]))
    });
}

#[test]
fn checks_have_the_recorded_issues() {
    let request = |row: &Json| json!({ "op": "check", "source": row["source"] });
    judge("checks", &table("checks"), request, |row, answer| {
        let recorded: Json = row["issues"].as_array().unwrap().iter().map(as_list).collect();
        recorded == issues(answer)
    });
}

#[test]
fn known_failures_name_cases_that_exist_and_say_why() {
    let mut tables = HashMap::new();
    for ((table_name, id), reason) in known_failures() {
        let rows = tables.entry(table_name.clone()).or_insert_with(|| table(&table_name));
        let exists = rows.iter().enumerate().any(|(at, row)| self::id(row, at) == id);
        assert!(exists, "known_failures.txt lists {table_name}/{id}, which is in no table");
        assert!(!reason.is_empty(), "known_failures.txt gives no reason for {table_name}/{id}");
    }
}

/// The part of an environment, a map under the key `v`, that an expression reads: sending all of it is slow.
fn used(environment: &Json, row: &Json) -> Json {
    let text = format!("{} {}", row["expr"], row["pre"]);
    let mut reads = text.match_indices("request").map(|(at, _)| text[at..].strip_prefix("request.v."));
    if !reads.all(|read| read.is_some()) {
        return environment.clone();
    }
    let names: HashSet<_> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let variables = environment["mapValue"]["fields"]["v"]["mapValue"]["fields"].as_object().unwrap();
    let used = variables.iter().filter(|(name, _)| names.contains(name.as_str()));
    let used: serde_json::Map<_, _> = used.map(|(name, value)| (name.clone(), value.clone())).collect();
    json!({ "mapValue": { "fields": { "v": { "mapValue": { "fields": used } } } } })
}

/// The cases of a table: of its file, and of the files in the folder of its name.
fn table(name: &str) -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle");
    let mut files = vec![folder.join(name).with_extension("jsonl")];
    let topics = fs::read_dir(folder.join(name)).into_iter().flatten();
    files.extend(
        topics.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "jsonl")),
    );
    files[1..].sort();
    files.iter().flat_map(|path| rows(path)).collect()
}

fn rows(path: &Path) -> Vec<Json> {
    let shown = path.display();
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("the table {shown} is missing: {e}"));
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{shown}: {e}: {line}"))).collect()
}

/// A case's own id, or its expression, or its place in its table.
fn id(row: &Json, at: usize) -> String {
    let own = row["id"].as_str().or(row["expr"].as_str());
    own.map_or_else(|| format!("line-{}", at + 1), str::to_owned)
}

/// What is known to differ: table and id to the reason.
fn known_failures() -> BTreeMap<(String, String), String> {
    let entry = |line: &str| {
        let (case, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line:?}"));
        let (table, id) = case.split_once('/').unwrap_or_else(|| panic!("no table in {line:?}"));
        ((table.to_owned(), id.to_owned()), reason.trim().to_owned())
    };
    let lines = include_str!("../../../../tests/known_failures.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(entry).collect()
}

/// Asks for every row and compares, apart from what is known to differ.
fn judge(name: &str, rows: &[Json], request: impl Fn(&Json) -> Json, agrees: impl Fn(&Json, &Json) -> bool) {
    let known = known_failures();
    let answers = ask(rows.iter().map(request).collect());
    let (mut agreed, mut differing, mut wrong) = (0, 0, Vec::new());
    for (at, (row, answer)) in rows.iter().zip(&answers).enumerate() {
        let id = id(row, at);
        match (agrees(row, answer), known.get(&(name.to_owned(), id.clone()))) {
            (true, None) => agreed += 1,
            (false, Some(_)) => differing += 1,
            (true, Some(_)) => wrong.push(format!("{id} agrees now; take it out of known_failures.txt")),
            (false, None) => wrong.push(format!("{id}\n  recorded {}\n  answered {}", brief(row), brief(answer))),
        }
    }
    println!("{name}: {agreed} of {} agree, {differing} are known to differ", rows.len());
    assert!(wrong.is_empty(), "{name}: {} wrong\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(agreed > 0, "{name} is empty");
}

/// One process answers all requests, in order.
fn ask(requests: Vec<Json>) -> Vec<Json> {
    let mut process = Command::new(env!("CARGO_BIN_EXE_firewarden"))
        .args(["eval", "--jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = BufWriter::new(process.stdin.take().unwrap());
    let count = requests.len();
    let writer = thread::spawn(move || {
        for (at, mut request) in requests.into_iter().enumerate() {
            request["id"] = json!(at);
            // A process that died shows in the answers that are missing.
            if writeln!(input, "{request}").is_err() {
                return;
            }
        }
    });
    let output = BufReader::new(process.stdout.take().unwrap());
    let answers: Vec<Json> = output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    writer.join().unwrap();
    let status = process.wait().unwrap();
    assert!(status.success(), "the process ended with {status} after {} of {count} answers", answers.len());
    let in_order = answers.iter().enumerate().all(|(at, answer)| answer["id"] == json!(at));
    assert!(answers.len() == count && in_order, "{} answers to {count} requests, in order: {in_order}", answers.len());
    answers
}

fn service(row: &Json) -> &str {
    row["service"].as_str().unwrap_or("cloud.firestore")
}

fn source(row: &Json) -> String {
    match (row["source"].as_str(), row["body"].as_str()) {
        (Some(source), _) => source.to_owned(),
        (None, Some(body)) => {
            let version = row["version"].as_i64().unwrap_or(2);
            format!("rules_version = '{version}';\nservice {} {{\n{body}\n}}\n", service(row))
        }
        _ => panic!("no source in {row}"),
    }
}

fn issues(answer: &Json) -> Json {
    answer["issues"].as_array().into_iter().flatten().map(as_list).collect()
}

fn as_list(issue: &Json) -> Json {
    json!([issue["severity"], issue["line"], issue["column"], issue["message"]])
}

fn sorted(messages: &Json) -> Vec<&str> {
    let mut messages: Vec<_> = messages.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    messages.sort_unstable();
    messages
}

fn brief(json: &Json) -> String {
    let text = json.to_string();
    if text.chars().count() > 600 { text.chars().take(600).chain(['…']).collect() } else { text }
}

/// Whether an expression gave what is recorded.
fn same_result(row: &Json, answer: &Json) -> bool {
    if row.get("throws").is_some() {
        answer.get("throws").is_some()
    } else if let Some(refused) = row.get("compile_error") {
        answer["compile_error"].get(0) == refused.get(0)
    } else if let Some(error) = row.get("error") {
        answer.get("error") == Some(error)
    } else {
        answer.get("value").is_some_and(|value| same_value(&row["value"], value))
    }
}
