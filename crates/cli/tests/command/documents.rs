//! Documents that rules read: which they reach, under which name, and what a commit leaves of them.
//!
//! `documents/commits.jsonl` holds answers of the official emulator, one request a line, replayed through the library,
//! suites and the command. A request is about `t/x`; the documents are those before it, `with` is what it writes,
//! `mask` what the write is confined to, `after` what the other writes of the commit leave (null: deleted).

use std::{cell::RefCell, collections::BTreeMap, collections::HashMap, fs, path::PathBuf, process::Command};

use firewarden::{
    Auth, BoxError, Cause, DocumentPath, Documents, Value, WriteEffect,
    firestore::{self, Document, Method},
    storage,
    value::Map,
};
use firewarden_suite::{Options, Suites, TestOutcome};
use serde_json::{Map as JsonMap, Value as Json, json};

const OWN: &str = "t/x";

fn rows() -> Vec<Json> {
    let text = fs::read_to_string("../../tests/documents/commits.jsonl").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rules(row: &Json) -> String {
    let (method, condition) = (text(row, "method"), text(row, "condition"));
    format!(
        "rules_version = '2';
         service cloud.firestore {{ match /databases/{{database}}/documents/t/{{d}} {{ allow {method}: if {condition}; }} }}"
    )
}

fn text<'j>(row: &'j Json, key: &str) -> &'j str {
    row[key].as_str().unwrap()
}

fn database(row: &Json) -> &str {
    row["database"].as_str().unwrap_or("(default)")
}

/// What a decision is called in the table.
fn called(cause: &Cause) -> &'static str {
    match cause {
        Cause::Permitted(_) => "allow",
        Cause::ConditionsFalse => "false",
        Cause::Failed(_) => "error",
        other => panic!("{other:?}"),
    }
}

fn agree(differ: &[String], of: usize) {
    assert!(differ.is_empty(), "{} of {of} differ:\n{}", differ.len(), differ.join("\n"));
}

/// The documents of a row.
struct Commit {
    before: HashMap<String, Value>,
    after: HashMap<String, Option<Value>>,
}

impl Documents for Commit {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Documents::get(&self.before, path)
    }

    fn after(&self, path: DocumentPath<'_>) -> Result<WriteEffect, BoxError> {
        Ok(match self.after.get(path.relative()) {
            None => WriteEffect::Unchanged,
            Some(None) => WriteEffect::Deleted,
            Some(Some(fields)) => WriteEffect::Written(fields.clone()),
        })
    }
}

fn fields(json: &Json) -> Value {
    Value::from(json)
}

fn entries(row: &Json, key: &str) -> JsonMap<String, Json> {
    row[key].as_object().cloned().unwrap_or_default()
}

#[test]
fn the_library_decides_commits_as_recorded() {
    let (rows, mut differ) = (rows(), Vec::new());
    for row in &rows {
        let rules: firestore::Ruleset = rules(row).parse().unwrap();
        let method = Method::parse(text(row, "method")).unwrap();
        let mut request = firestore::Request::new(method, OWN).database(database(row));
        let documents = Commit {
            before: entries(row, "documents").iter().map(|(name, f)| (name.clone(), fields(f))).collect(),
            after: entries(row, "after")
                .iter()
                .map(|(name, f)| (name.clone(), (!f.is_null()).then(|| fields(f))))
                .collect(),
        };
        if let Some(stored) = documents.before.get(OWN) {
            request = request.existing(Document::new(OWN, stored.clone()));
        }
        if let Some(with) = row.get("with") {
            request = request.with(Document::new(OWN, fields(with)));
        }
        if let Some(mask) = row["mask"].as_array() {
            request = request.write_fields(mask.iter().map(|name| name.as_str().unwrap()));
        }
        let decision = rules.explain(&request, &documents).unwrap();
        let quick = rules.permits(&request, &documents).unwrap();
        let answer = called(decision.cause());
        if answer != text(row, "answer") || quick != decision.is_allowed() {
            differ.push(format!("{row}\n  answered {answer}, permits {quick}: {}", decision.reason()));
        }
    }
    agree(&differ, rows.len());
}

/// A row as a test of a suite; `None` where suites have no words for it.
fn test(row: &Json) -> Option<Json> {
    let method = text(row, "method");
    let because = text(row, "answer");
    let expect = if because == "allow" { "allow" } else { "deny" };
    let mut test = json!({
        "name": row["id"], method: OWN, "database": database(row), "documents": row["documents"], "expect": expect,
    });
    if expect == "deny" {
        test["because"] = if because == "false" { json!("false") } else { json!("error") };
    }
    match row["mask"].as_array() {
        Some(_) if method != "update" => return None,
        Some(mask) => {
            let with = &row["with"];
            let (set, removed): (Vec<_>, Vec<_>) =
                mask.iter().map(|name| name.as_str().unwrap()).partition(|name| with.get(name).is_some());
            test["merge"] =
                set.iter().map(|name| ((*name).to_owned(), with[name].clone())).collect::<JsonMap<_, _>>().into();
            test["remove"] = json!(removed);
        }
        None => {
            if let Some(with) = row.get("with") {
                test["with"] = with.clone();
            }
        }
    }
    if let Some(after) = row.get("after") {
        test["after"] = after.clone();
    }
    Some(test)
}

#[test]
fn suites_decide_commits_as_recorded() {
    let (mut files, mut suites) = (BTreeMap::new(), Vec::new());
    for (at, row) in rows().iter().enumerate() {
        let Some(test) = test(row) else { continue };
        let (name, rules_name) = (PathBuf::from(format!("{at}.test.json")), format!("{at}.rules"));
        files.insert(PathBuf::from(&rules_name), rules(row));
        files.insert(name.clone(), json!({ "rules": rules_name, "tests": [test] }).to_string());
        suites.push(name);
    }
    let loaded = Suites::load(&files, &suites, "2026-11-22T10:00:00Z".parse().unwrap());
    let errors: String = loaded.errors.iter().map(ToString::to_string).collect();
    assert!(loaded.errors.is_empty(), "{errors}");
    let run = loaded.run(&Options::default(), &|_| ());
    let failed = run.results.iter().filter(|result| !matches!(result.outcome, TestOutcome::Passed(_)));
    let failed: Vec<_> = failed.map(|result| format!("{}: {:?}", result.name, result.outcome)).collect();
    assert_eq!(run.results.len(), suites.len());
    agree(&failed, suites.len());
}

/// The command is started for each request: a part of them will do.
#[test]
fn the_command_decides_commits_as_recorded() {
    let folder = std::env::temp_dir().join(format!("firewarden-documents-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (rows, mut differ) = (rows(), Vec::new());
    for row in rows.iter().step_by(7) {
        fs::write(folder.join("r.rules"), rules(row)).unwrap();
        let mut request = json!({
            "rules": "r.rules", "method": row["method"], "path": OWN, "database": database(row), "documents": row["documents"],
        });
        for (key, named) in [("with", "with"), ("after", "after"), ("mask", "writeFields")] {
            if let Some(stated) = row.get(key) {
                request[named] = stated.clone();
            }
        }
        let file = folder.join("request.json");
        fs::write(&file, request.to_string()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_firewarden"))
            .args(["eval", "--format", "json", "--request"])
            .arg(&file)
            .output()
            .unwrap();
        let answer: Json = serde_json::from_slice(&output.stdout).unwrap_or(Json::Null);
        let cause = match answer["cause"].as_str() {
            Some("permitted") => "allow",
            Some("conditions-false") => "false",
            Some("failed") => "error",
            _ => "neither",
        };
        if cause != text(row, "answer") {
            differ.push(format!("{row}\n  {answer} {}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    agree(&differ, rows.len() / 7);
}

/// Texts that a field or a claim may hold in the place of an id.
const HOSTILE: [&str; 26] = [
    "h1/rooms/r1",
    "h1/rooms",
    "h1/",
    "/h1",
    "/",
    "//",
    "",
    ".",
    "..",
    "../secrets/s",
    "h1/../../secrets/s",
    "__x__",
    "__id0__",
    "h1%2Frooms%2Fr1",
    "%2e%2e",
    "$(x)",
    "{x}",
    "*",
    "**",
    "h1\u{0}",
    " h1",
    "h1 ",
    "?",
    "a/documents/houses/h1",
    "x/documents/secrets/s",
    "(default)",
];

/// Documents that are all there, and note what they are asked for.
#[derive(Default)]
struct All(RefCell<Vec<Vec<String>>>);

impl Documents for All {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        self.0.borrow_mut().push(path.full().split('/').map(str::to_owned).collect());
        Ok(Some(Value::Map(Map::from([("x", 1)]))))
    }
}

#[test]
fn a_computed_segment_reaches_no_document_but_the_one_of_its_name() {
    let places = [
        ("/databases/$(database)/documents/houses/$(V)", 5),
        ("/databases/$(database)/documents/$(V)/h1", 4),
        ("/databases/$(database)/documents/houses/$(V)/rooms/r1", 5),
        ("/databases/$(database)/$(V)/houses/h1", 3),
        ("/databases/$(V)/documents/houses/h1", 2),
        ("/$(V)/(default)/documents/houses/h1", 1),
        ("path('/databases/(default)/documents/houses/{v}').bind({'v': V})", 5),
    ];
    for (path, at) in places {
        for function in ["exists", "get", "existsAfter", "getAfter"] {
            let firestore = format!("{function}({})", path.replace('V', "request.auth.token.v"));
            let storage = format!("firestore.{firestore}").replace("database)", "'(default)')");
            for hostile in HOSTILE {
                let auth = || Auth::user("u").claims(json!({ "v": hostile }));
                let asked = All::default();
                let rules: firestore::Ruleset = format!(
                    "rules_version = '2'; service cloud.firestore {{
                       match /databases/{{database}}/documents/t/{{d}} {{ allow get: if {firestore} != null; }} }}"
                )
                .parse()
                .unwrap();
                let request = firestore::Request::get(OWN).auth(auth());
                let allowed = rules.evaluate(&request, &asked).unwrap().is_allowed();
                reaches_only(asked, allowed, function, path, at, hostile);
                if matches!(function, "exists" | "get") {
                    let asked = All::default();
                    let rules: storage::Ruleset = format!(
                        "rules_version = '2'; service firebase.storage {{
                           match /b/{{b}}/o/{{o}} {{ allow get: if {storage} != null; }} }}"
                    )
                    .parse()
                    .unwrap();
                    let request = storage::Request::get("b", "o").auth(auth());
                    let allowed = rules.evaluate(&request, &asked).unwrap().is_allowed();
                    reaches_only(asked, allowed, function, path, at, hostile);
                }
            }
        }
    }
}

fn reaches_only(asked: All, allowed: bool, function: &str, path: &str, at: usize, hostile: &str) {
    let count = 1 + path.split("').bind").next().unwrap().matches('/').count();
    let default = at == 2 && hostile.is_empty();
    for segments in asked.0.into_inner() {
        let named = segments[at] == hostile || default && segments[at] == "(default)";
        assert!(named && segments.len() == count, "{function}({path}) of {hostile:?} reaches {segments:?}");
        assert!(!hostile.is_empty() || default, "{function}({path}) asks for a document without a name");
    }
    let reads = matches!(function, "get" | "getAfter");
    let possible = !hostile.contains('/') && !matches!(hostile, "" | "." | ".." | "__x__" | "__id0__");
    assert!(!reads || !allowed || possible || default, "{function}({path}) of {hostile:?} finds a document");
}

#[test]
fn bare_names_of_maps_are_of_the_requests_database_and_full_names_of_theirs() {
    let rules: firestore::Ruleset = "rules_version = '2'; service cloud.firestore {
        match /databases/{database}/documents/t/{d} {
          allow get: if exists(/databases/$(database)/documents/houses/h1);
          allow update: if exists(/databases/eu/documents/houses/h1);
          allow delete: if !exists(/databases/eu/documents/houses/h1);
        } }"
    .parse()
    .unwrap();
    let allowed = |method, database: &'static str, name: &str| {
        let request = firestore::Request::new(method, OWN).database(database);
        let map = Map::from([(name, Value::Map(Map::new()))]);
        let hashed = HashMap::from([(name.to_owned(), Value::Map(Map::new()))]);
        let sorted = BTreeMap::from([(name.to_owned(), Value::Map(Map::new()))]);
        let answers: [&dyn Documents; 3] = [&map, &hashed, &sorted];
        let [first, rest @ ..] = answers.map(|documents| rules.permits(&request, documents).unwrap());
        assert!(rest.iter().all(|other| *other == first));
        first
    };
    for (name, of_default, of_eu) in [
        ("houses/h1", true, true),
        ("/houses/h1", true, true),
        ("/databases/(default)/documents/houses/h1", true, false),
        ("databases/(default)/documents/houses/h1", true, false),
        ("/databases/eu/documents/houses/h1", false, true),
        ("/databases/zz/documents/houses/h1", false, false),
        ("houses/h2", false, false),
    ] {
        assert_eq!(allowed(Method::Get, "(default)", name), of_default, "{name}");
        assert_eq!(allowed(Method::Get, "eu", name), of_eu, "{name}");
        assert_eq!(allowed(Method::Update, "eu", name), of_eu, "{name}");
        // Another database is out of reach, whatever is there.
        assert!(!allowed(Method::Update, "(default)", name), "{name}");
        assert!(!allowed(Method::Delete, "(default)", name), "{name}");
    }
}

#[test]
fn storage_reads_the_default_database_only() {
    let allowed = |condition: &str| {
        let rules: storage::Ruleset = format!(
            "rules_version = '2'; service firebase.storage {{ match /b/{{b}}/o/{{o}} {{ allow get: if {condition}; }} }}"
        )
        .parse()
        .unwrap();
        let documents = Map::from([
            ("houses/h1", Value::Map(Map::new())),
            ("/databases/eu/documents/houses/h1", Value::Map(Map::new())),
        ]);
        rules.evaluate(&storage::Request::get("b", "o"), &documents).unwrap().is_allowed()
    };
    assert!(allowed("firestore.exists(/databases/(default)/documents/houses/h1)"));
    assert!(allowed("!firestore.exists(/databases/(default)/documents/houses/h2)"));
    for database in ["eu", "database", "(database)", "$('')", "$(b)"] {
        assert!(!allowed(&format!("firestore.exists(/databases/{database}/documents/houses/h1)")), "{database}");
        assert!(!allowed(&format!("!firestore.exists(/databases/{database}/documents/houses/h1)")), "{database}");
        assert!(!allowed(&format!("firestore.get(/databases/{database}/documents/houses/h1) == null")), "{database}");
    }
}

#[test]
fn a_document_of_another_name_than_the_requests_is_refused() {
    let rules: firestore::Ruleset =
        "service cloud.firestore { match /databases/{d}/documents/{x=**} { allow read, write; } }".parse().unwrap();
    let other = Document::new("t/y", json!({}));
    for request in [
        firestore::Request::get(OWN).existing(&other),
        firestore::Request::new(Method::Create, OWN).with(&other),
        firestore::Request::update(Document::new(OWN, json!({})), &other),
    ] {
        let decision = rules.evaluate(&request, &()).unwrap();
        assert!(matches!(decision.cause(), Cause::Refused(_)), "{}", decision.reason());
        assert!(!rules.permits(&request, &()).unwrap());
    }
}
