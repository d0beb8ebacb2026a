//! Verdicts of production, expressed as suites; read where the folder beside the project has them.

use std::{fs, path::PathBuf};

use firewarden::database::Data;
use firewarden_suite::TestOutcome;
use serde_json::{Map, Value as Json, json};

use super::kinds::{Over, clock, run};

/// What cannot be expressed, or is decided otherwise: the capture allowed three documents, where the documentation has a
/// limit of two, and denied where the official engine allows too (CONFORMANCE.md); it states objects without a name,
/// which no bucket holds.
const KNOWN: [(&str, &str); 4] = [
    ("firestore-lookup-budget", "6 budget: three distinct documents deny"),
    ("firestore-lookup-budget", "13 ternary: anonymous branch executes only alternate lookup"),
    ("resource-object-identity", "2 get: resource.name absent"),
    ("resource-object-identity", "8 get: resource.name != literal, name ABSENT"),
];

fn scenarios(product: &str) -> Vec<Json> {
    let Ok(text) = fs::read_to_string("../../../shared/corpus/production-verdicts.json") else {
        println!("no verdicts beside the project: nothing to compare");
        return Vec::new();
    };
    let all: Json = serde_json::from_str(&text).unwrap();
    all[product].as_array().unwrap().clone()
}

/// Runs a suite as JSON over rules in memory; gives the names of tests that do not pass.
fn failures(rules_name: &str, rules: &str, suite: &Json) -> (usize, Vec<String>) {
    let files =
        Over([(PathBuf::from("p.test.json"), suite.to_string()), (PathBuf::from(rules_name), rules.to_owned())].into());
    let suites = firewarden_suite::Suites::load(&files, &[PathBuf::from("p.test.json")], clock());
    let errors: String = suites.errors.iter().map(ToString::to_string).collect();
    assert!(suites.errors.is_empty(), "{errors}");
    let run = run(&suites);
    let failed = run.results.iter().filter(|result| !matches!(result.outcome, TestOutcome::Passed(_)));
    (run.results.len(), failed.map(|result| format!("{}: {:?}", result.name, result.outcome)).collect())
}

fn verdict(case: &Json) -> String {
    case["production"].as_str().unwrap().to_lowercase()
}

fn take(from: &Json, names: &[(&str, &str)]) -> Map<String, Json> {
    let present = names.iter().filter_map(|(theirs, ours)| Some(((*ours).to_owned(), from.get(theirs)?.clone())));
    present.filter(|(_, value)| !value.is_null()).collect()
}

#[test]
fn storage_scenarios_of_production_agree() {
    let mut count = 0;
    for scenario in scenarios("storage") {
        let id = scenario["id"].as_str().unwrap();
        let mut users = Map::new();
        let mut tests = Vec::new();
        for (at, case) in scenario["cases"].as_array().unwrap().iter().enumerate() {
            let mut test = storage_test(case);
            test.insert("name".to_owned(), json!(format!("{at} {}", case["name"].as_str().unwrap())));
            if let Some(auth) = case.get("auth").filter(|auth| !auth.is_null()) {
                let mut user = Map::from_iter([("uid".to_owned(), auth["uid"].clone())]);
                user.extend(take(auth, &[("token", "claims")]));
                users.insert(format!("u{at}"), Json::Object(user));
                test.insert("as".to_owned(), json!(format!("u{at}")));
            }
            tests.push(Json::Object(test));
        }
        let suite = json!({ "rules": "p.rules", "bucket": "demo-pyric.appspot.com", "now": "2026-01-01T00:00:00Z", "users": users, "tests": tests });
        let (run, failed) = failures("p.rules", scenario["rules"].as_str().unwrap(), &suite);
        let known = |failure: &String| KNOWN.iter().any(|(of, name)| *of == id && failure.starts_with(name));
        let (known, failed): (Vec<_>, Vec<_>) = failed.into_iter().partition(known);
        assert!(failed.is_empty(), "{id}: {failed:#?}");
        assert_eq!(known.len(), KNOWN.iter().filter(|(of, _)| *of == id).count(), "{id}: {known:#?}");
        count += run - known.len();
    }
    println!("{count} verdicts of Storage agree");
}

fn storage_test(case: &Json) -> Map<String, Json> {
    let method = case["method"].as_str().unwrap();
    let path = case["path"].clone();
    let mut test = Map::from_iter([(method.to_owned(), path.clone()), ("expect".to_owned(), json!(verdict(case)))]);
    test.extend(take(case, &[("requestTime", "now")]));
    if let Some(stored) = case.get("existingResource").filter(|stored| !stored.is_null()) {
        test.insert("objects".to_owned(), json!({ path.as_str().unwrap(): stored }));
    }
    if matches!(method, "create" | "update") {
        test.insert("with".to_owned(), case.get("resource").cloned().unwrap_or_else(|| json!({})));
    }
    // What a mock answers is a document that is there, or not.
    let mut documents = Map::new();
    for mock in case.get("functionMocks").and_then(Json::as_array).into_iter().flatten() {
        let fields = match (mock["function"].as_str().unwrap(), &mock["result"]) {
            ("get", fields) => fields.clone(),
            (_, found) => {
                if *found == true {
                    json!({})
                } else {
                    Json::Null
                }
            }
        };
        documents.entry(mock["path"].as_str().unwrap()).or_insert(fields);
    }
    if !documents.is_empty() {
        test.insert("documents".to_owned(), Json::Object(documents));
    }
    test
}

#[test]
fn database_scenarios_of_production_agree() {
    let mut count = 0;
    for scenario in scenarios("rtdb") {
        let mut tests = Vec::new();
        // `<UID>` stands for the caller.
        let text = scenario["cases"].to_string().replace("<UID>", "alice");
        let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
        // Some were not captured.
        for (at, case) in cases.iter().enumerate().filter(|(_, case)| case["production"].is_string()) {
            let (operation, path) = (case["operation"].as_str().unwrap(), case["opPath"].as_str().unwrap());
            let mut test = Map::new();
            test.insert(operation.to_owned(), json!(path));
            test.insert("name".to_owned(), json!(format!("{at} {}", case["name"].as_str().unwrap())));
            test.insert("expect".to_owned(), json!(verdict(case)));
            test.insert("as".to_owned(), json!(if case["authPresent"] == true { "user" } else { "guest" }));
            if operation != "read" {
                test.insert("with".to_owned(), case.get("newData").cloned().unwrap_or(Json::Null));
            }
            let mut data = Data::default();
            for (path, value) in case.get("seed").and_then(Json::as_object).into_iter().flatten() {
                data.set(path, Data::from_json(value).unwrap());
            }
            if let Some(stored) = case.get("mockData") {
                data.set(path, Data::from_json(stored).unwrap());
            }
            test.insert("data".to_owned(), data.to_json());
            tests.push(Json::Object(test));
        }
        if tests.is_empty() {
            continue;
        }
        let users = json!({ "user": { "uid": "alice", "provider": "anonymous" } });
        let suite = json!({ "rules": "p.rules.json", "now": "2026-01-01T00:00:00Z", "users": users, "tests": tests });
        let rules = format!("{{\"rules\":{}}}", scenario["rules"].as_str().unwrap());
        let (run, failed) = failures("p.rules.json", &rules, &suite);
        assert!(failed.is_empty(), "{}: {failed:#?}", scenario["id"]);
        count += run;
    }
    println!("{count} verdicts of databases agree");
}
