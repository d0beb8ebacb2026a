//! Replays queries asked of the official engine: what their filters tell rules, and which of them pass.
//!
//! Each line of `queries/*.jsonl` is a query of a collection with the official answer. A `condition` stands in
//! `match MATCH { allow list: if CONDITION; }`, with `/c/{d}` unless `match` says otherwise, which may be several paths of
//! blocks in each other; `list` is the collection,
//! `c` unless it says otherwise; `documents` is what is stored. `error` is the message of the condition that failed,
//! null where it is false, and missing where the query passes.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use firewarden::{
    Value,
    firestore::{Query, Request, Ruleset},
    value::json,
};
use serde_json::Value as Json;

#[test]
fn queries_are_decided_as_recorded() {
    let mut rules: HashMap<String, Ruleset> = HashMap::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for (file, row) in rows() {
        count += 1;
        let text = |key: &str, default: &str| row[key].as_str().unwrap_or(default).to_owned();
        let blocks: Vec<_> = match row["match"].as_array() {
            Some(paths) => paths.iter().map(|path| path.as_str().unwrap().to_owned()).collect(),
            None => vec![text("match", "/c/{d}")],
        };
        let open: String = blocks.iter().map(|path| format!("  match {path} {{\n")).collect();
        let close = "}\n".repeat(blocks.len());
        let source = format!(
            "rules_version = '2';\nservice cloud.firestore {{ match /databases/{{db}}/documents {{\n{open}    allow list: if \
             {};\n{close}}} }}\n",
            text("condition", "true")
        );
        let ruleset = rules.entry(source.clone()).or_insert_with(|| source.parse().unwrap());
        let query = Query::from_json(&row["query"]).unwrap_or_else(|why| panic!("{file}: {row}: {why}"));
        let request = Request::list(text("list", "c"), query);
        let documents = documents(&row["documents"]);
        let decision = ruleset.evaluate(&request, &documents).unwrap();
        let allowed = decision.is_allowed();
        let permitted = ruleset.permits(&request, &documents).unwrap();
        let explained = ruleset.explain(&request, &documents).unwrap();
        let error = decision.error().map(|fault| fault.message.as_str());
        let agrees = row["permit"] == allowed && (allowed || row["error"].as_str() == error);
        let alike = permitted == allowed && explained.is_allowed() == allowed;
        if !agrees || !alike {
            wrong.push(format!("{file}: {row}\n  decided {allowed}, {error:?}; permitted {permitted}"));
        }
    }
    println!("{} of {count} queries agree", count - wrong.len());
    assert!(wrong.is_empty(), "{} of {count} wrong\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert!(count > 0, "no query is recorded");
}

fn rows() -> impl Iterator<Item = (String, Json)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "jsonl")).flat_map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(row).collect();
        lines.into_iter().map(move |row| (name.clone(), row))
    })
}

fn row(line: &str) -> Json {
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

fn documents(stored: &Json) -> BTreeMap<String, Value> {
    let stored = stored.as_object().into_iter().flatten();
    stored.map(|(name, fields)| (name.clone(), json::document(fields.as_object().unwrap()).unwrap())).collect()
}
