//! Judges real rules files, where they are present: `../shared/corpus` beside this repository. They keep their own
//! licences, so nothing of them is copied here.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use firewarden::{
    Auth, Diagnostics, Error, Timestamp, Value, database, firestore,
    storage::{self, Method, Object, Request},
    text::Source,
};
use serde_json::{Value as Json, json};

/// Requests that are decided otherwise than in production, and why.
const DIFFERENT: [(&str, &str); 4] = [
    ("firestore-lookup-budget/6", "documents that a test makes up were not counted; the documented limit is two"),
    ("firestore-lookup-budget/13", "the official engine differs from production too"),
    ("resource-object-identity/2", "an object without a name, which `Object` cannot describe"),
    ("resource-object-identity/8", "an object without a name, which `Object` cannot describe"),
];

#[test]
fn real_files_are_accepted_or_refused_as_by_the_official_compiler() {
    let Some(folder) = corpus() else { return };
    let mut wrong = Vec::new();
    let mut judged = 0;
    for entry in read(&folder.join("index.json")).as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        let kind = entry["kind"].as_str().unwrap();
        if kind == "rtdb" {
            continue;
        }
        judged += 1;
        let source = Source::new(name, fs::read_to_string(folder.join(name)).unwrap());
        let problems = problems(kind, &source);
        let accepted = problems.is_none();
        if entry["oracle"]["accepted"] != json!(accepted) {
            wrong.push(format!("{name}: accepted: {accepted}\n{}", problems.map_or(String::new(), |p| p.to_string())));
        }
    }
    println!("{} of {judged} files are judged alike", judged - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 0);
}

/// Database files that the service refuses by recorded answers, and targaryen too: `.function` is no rule (an unknown
/// key with a dot, whose value is an object), and 7 is no expression.
const REFUSED: [(&str, &str); 5] = [
    ("corpus-0302.rules.json", "invalid-key"),
    ("corpus-0303.rules.json", "invalid-key"),
    ("corpus-0306.rules.json", "invalid-key"),
    ("corpus-0307.rules.json", "invalid-key"),
    ("corpus-0312.rules.json", "rule-value"),
];

#[test]
fn real_database_files_load_and_decide_at_every_leaf() {
    let Some(folder) = corpus() else { return };
    let (mut judged, mut decided, mut allowed) = (0, 0, 0);
    for entry in read(&folder.join("index.json")).as_array().unwrap() {
        if entry["kind"] != "rtdb" {
            continue;
        }
        judged += 1;
        let name = entry["file"].as_str().unwrap();
        let source = Source::new(name, fs::read_to_string(folder.join(name)).unwrap());
        let rules = match database::Ruleset::parse(&source) {
            Ok(rules) => rules,
            Err(Error::Source(problems)) => {
                let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
                assert!(REFUSED.iter().any(|(file, code)| *file == name && codes == [*code]), "{name}\n{problems}");
                continue;
            }
            Err(other) => panic!("{name}: {other}"),
        };
        assert_eq!(entry["targaryen"]["accepted"], true, "{name}");
        for place in rules.places() {
            let path = place.replace('$', "key-");
            for (value, stored) in
                [(json!("a"), json!(null)), (json!({ "a": 1, "b": { "c": "d" } }), json!({ "key-uid": 1 }))]
            {
                let stored = database::Data::from_json(&stored).unwrap();
                for auth in [None, Some(Auth::user("key-uid").claims(json!({ "admin": true, "level": 3 })))] {
                    let requests = [
                        database::Request::read(path.as_str()),
                        database::Request::write(path.as_str(), value.clone()),
                    ];
                    for request in requests {
                        let request = request.at(Timestamp::from_secs(1_700_000_000).unwrap());
                        let request = match &auth {
                            Some(auth) => request.auth(auth),
                            None => request,
                        };
                        let decision = rules.explain(&request, &stored).unwrap();
                        assert_eq!(rules.permits(&request, &stored).unwrap(), decision.is_allowed(), "{name} {path}");
                        assert!(!decision.explanation().to_string().is_empty());
                        decided += 1;
                        allowed += usize::from(decision.is_allowed());
                    }
                }
            }
        }
    }
    println!("{judged} files, {decided} requests, {allowed} allowed");
    assert_eq!(judged, 94);
    assert!(allowed > 0 && allowed < decided);
}

/// As the scorer places them: below a child named `scenario`, so those that look at the root are left out.
#[test]
fn database_requests_get_the_verdict_of_production() {
    let Some(folder) = corpus() else { return };
    let (mut judged, mut wrong) = (0, Vec::new());
    let verdicts = fs::read_to_string(folder.join("production-verdicts.json")).unwrap().replace("<UID>", "alice");
    let verdicts: Json = serde_json::from_str(&verdicts).unwrap();
    for scenario in verdicts["rtdb"].as_array().unwrap() {
        let rules = match &scenario["rules"] {
            Json::String(text) => serde_json::from_str(text).unwrap(),
            rules => rules.clone(),
        };
        if rules.to_string().contains("root") {
            continue;
        }
        let rules: database::Ruleset = json!({ "rules": { "scenario": rules } }).to_string().parse().unwrap();
        for case in scenario["cases"].as_array().unwrap() {
            let (Some(verdict @ ("ALLOW" | "DENY")), Some(operation @ ("read" | "write"))) =
                (case["production"].as_str(), case["operation"].as_str())
            else {
                continue;
            };
            judged += 1;
            let path = format!("/scenario{}", case["opPath"].as_str().unwrap());
            let mut stored = database::Data::default();
            for (seed, value) in case["seed"].as_object().into_iter().flatten() {
                stored.set(&format!("/scenario{seed}"), database::Data::from_json(value).unwrap());
            }
            if !case["mockData"].is_null() {
                stored.set(&path, database::Data::from_json(&case["mockData"]).unwrap());
            }
            let request = match operation {
                "read" => database::Request::read(path),
                _ => database::Request::write(path, case["newData"].clone()),
            };
            let claims = json!({ "provider_id": "anonymous", "firebase": { "sign_in_provider": "anonymous" } });
            let request = request.at(Timestamp::from_secs(1_767_225_600).unwrap());
            let request =
                if case["authPresent"] == true { request.auth(Auth::user("alice").claims(claims)) } else { request };
            let decision = rules.explain(&request, &stored).unwrap();
            if decision.is_allowed() != (verdict == "ALLOW") {
                wrong.push(format!("{}: production says {verdict}\n{}", scenario["id"], decision.explanation()));
            }
        }
    }
    println!("{} of {judged} requests are decided as in production", judged - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(judged, 72);
}

#[test]
fn storage_requests_get_the_verdict_of_production() {
    let Some(folder) = corpus() else { return };
    let (mut judged, mut wrong) = (0, Vec::new());
    for scenario in read(&folder.join("production-verdicts.json"))["storage"].as_array().unwrap() {
        let rules: storage::Ruleset = scenario["rules"].as_str().unwrap().parse().unwrap();
        for (at, case) in scenario["cases"].as_array().unwrap().iter().enumerate() {
            let id = format!("{}/{at}", scenario["id"].as_str().unwrap());
            let Some(verdict @ ("ALLOW" | "DENY")) = case["production"].as_str() else { continue };
            judged += 1;
            let decision = rules.evaluate(&request(case), &documents(case)).unwrap();
            let agrees = decision.is_allowed() == (verdict == "ALLOW");
            if agrees == DIFFERENT.iter().any(|(different, _)| id == *different) {
                wrong.push(format!("{id}: production says {verdict}: {case}\n{}", decision.explanation()));
            }
        }
    }
    println!("{} of {judged} requests are decided as expected", judged - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 0);
}

/// The folder, if it is here.
fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let present = folder.join("index.json").exists();
    if !present {
        println!("skipped: {} is not here", folder.display());
    }
    present.then_some(folder)
}

fn read(path: &Path) -> Json {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Why a file is refused, if it is.
fn problems(kind: &str, source: &Source) -> Option<Diagnostics> {
    let refused = match kind {
        "storage" => storage::Ruleset::parse(source).err(),
        _ => firestore::Ruleset::parse(source).err(),
    };
    refused.map(|error| match error {
        Error::Source(problems) => problems,
        other => panic!("{}: {other}", source.name()),
    })
}

fn request(case: &Json) -> Request<'static> {
    let name = case["path"].as_str().unwrap().trim_start_matches('/').to_owned();
    let time = case["requestTime"].as_str().unwrap_or("2026-01-01T00:00:00Z").parse().unwrap();
    let method = Method::parse(case["method"].as_str().unwrap()).unwrap();
    let mut request = Request::new(method, "demo-pyric.appspot.com", name.clone()).at(time);
    if case["auth"].is_object() {
        let token = case["auth"].get("token").cloned().unwrap_or(json!({}));
        request = request.auth(Auth::from_values(case["auth"]["uid"].as_str().unwrap(), Value::from(token)));
    }
    if case["resource"].is_object() {
        request = request.with(object(&name, &case["resource"]));
    }
    if case["existingResource"].is_object() {
        request = request.existing(object(&name, &case["existingResource"]));
    }
    request
}

fn object(name: &str, fields: &Json) -> Object {
    let mut object = Object::new(name);
    for (key, value) in fields.as_object().unwrap() {
        let text = value.as_str().unwrap_or_default();
        object = match key.as_str() {
            "name" => object,
            "bucket" => object.bucket(text),
            "size" => object.size(value.as_i64().unwrap()),
            "contentType" => object.content_type(text),
            "timeCreated" => object.time_created(text.parse().unwrap()),
            "updated" => object.updated(text.parse().unwrap()),
            "metadata" => {
                let entries = value.as_object().unwrap().iter();
                entries.fold(object, |object, (key, value)| object.metadata(key, value.as_str().unwrap()))
            }
            other => panic!("a scenario sets {other}"),
        };
    }
    object
}

/// What the Firestore functions find.
fn documents(case: &Json) -> HashMap<String, Value> {
    let mocks = case["functionMocks"].as_array().into_iter().flatten();
    let found = mocks.filter(|mock| mock["result"] != false);
    let fields = |mock: &Json| match &mock["result"] {
        fields @ Json::Object(_) => Value::from(fields),
        _ => Value::from(json!({})),
    };
    let mut documents = HashMap::new();
    for mock in found {
        documents.entry(mock["path"].as_str().unwrap().to_owned()).or_insert_with(|| fields(mock));
    }
    documents
}
