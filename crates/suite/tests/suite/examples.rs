//! The suites of `examples/` within `cargo test`, and hand-written tests of the same rules beside them.

use std::{fs, time::SystemTime};

use firewarden::{Auth, Documents, Value, firestore, storage, text::Source};
use firewarden_suite::{Options, Suites, assert_allowed, assert_denied, assert_folder, discover, run_folder};
use serde_json::json;

#[test]
fn suites_of_the_examples_pass() {
    assert_folder("../../examples", SystemTime::now().into());
}

#[test]
fn each_example_has_its_suites() {
    for (name, least) in [("chat", 100), ("photos", 100), ("wiki", 100), ("identity", 50)] {
        let (passed, failed, skipped) = run_folder(format!("../../examples/{name}"), SystemTime::now().into()).counts();
        assert!(passed >= least && failed == 0 && skipped == 0, "{name}: {passed} passed, {failed} failed");
    }
}

#[test]
fn more_than_95_percent_of_lines_and_conditions_are_covered() {
    let found = discover(&["../../examples".into()]).unwrap();
    let suites = Suites::load(&firewarden_suite::Disk, &found, SystemTime::now().into());
    let run = suites.run(&Options { coverage: true, strict: true, ..Options::default() }, &|_| ());
    assert!(run.passed() && suites.errors.is_empty() && suites.warnings.is_empty());
    let files = run.coverage();
    assert_eq!(files.len(), 9);
    for file in &files {
        let (lines, conditions) = (file.lines().percent(), file.conditions().percent());
        assert!(lines > 95.0 && conditions > 95.0, "{}: {lines} % of lines, {conditions} % of conditions", file.name());
    }
}

fn source(path: &str) -> Source {
    Source::new(path, fs::read_to_string(path).unwrap())
}

#[test]
fn nobody_outside_a_rule_is_let_in() {
    let photos = storage::Ruleset::parse(&source("../../examples/photos/storage.rules")).unwrap();
    let elsewhere = storage::Request::get("demo-bucket", "elsewhere/a.png").auth(Auth::user("alice"));
    assert_denied(&photos.explain(&elsewhere, &()).unwrap());
    let wiki = firestore::Ruleset::parse(&source("../../examples/wiki/firestore.rules")).unwrap();
    let elsewhere = firestore::Request::get("elsewhere/a").auth(Auth::user("alice"));
    assert_denied(&wiki.explain(&elsewhere, &()).unwrap());
}

/// A host's own documents: one team, whose owner is alice.
struct Team;

impl Documents for Team {
    fn get(&self, path: firewarden::DocumentPath<'_>) -> Result<Option<Value>, firewarden::BoxError> {
        let team = || json!({ "name": "Docs", "roles": { "alice": "owner" } }).into();
        Ok((path.relative() == "teams/docs").then(team))
    }
}

#[test]
fn a_decision_is_asserted_with_documents_of_ones_own() {
    let rules: firestore::Ruleset = "rules_version = '2';
        service cloud.firestore {
          match /databases/{database}/documents/teams/{team}/pages/{page} {
            allow get: if get(/databases/$(database)/documents/teams/$(team)).data.roles[request.auth.uid] == 'owner';
          }
        }"
    .parse()
    .unwrap();
    let get = |uid: &str| firestore::Request::get("teams/docs/pages/p1").auth(Auth::user(uid));
    assert_allowed(&rules.explain(&get("alice"), &Team).unwrap());
    assert_denied(&rules.explain(&get("bob"), &Team).unwrap());
}
