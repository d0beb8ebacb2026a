//! Suites and assertions within tests of one's own.

use std::{fs, panic, path::PathBuf};

use firewarden::{Auth, database, storage};
use firewarden_suite::{TestOutcome, assert_allowed, assert_denied, assert_folder, run_folder};

use super::kinds::clock;

/// What a failing assertion says.
fn said(test: impl FnOnce() + panic::UnwindSafe) -> String {
    *panic::catch_unwind(test).unwrap_err().downcast::<String>().unwrap()
}

#[test]
fn a_folder_of_suites_is_a_test() {
    assert_folder("tests/suites/kinds", clock());
    let run = run_folder("tests/suites/sketch", clock());
    assert_eq!(run.counts(), (3, 0, 0));
}

#[test]
fn what_cannot_be_run_is_a_failed_test() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("embedding");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("a.test.yaml"), "rules: gone.rules\ntests: [{ get: a, expect: deny }]\n").unwrap();
    let run = run_folder(&folder, clock());
    assert!(matches!(&run.results[0].outcome, TestOutcome::Failed(failure) if failure.message.contains("gone.rules")));
    let message = said(move || assert_folder(&folder, clock()));
    assert!(message.contains("a.test.yaml:1:8") && message.contains("^^^"), "{message}");
    let message = said(|| assert_folder("tests/suites/nowhere", clock()));
    assert!(message.contains("nowhere"), "{message}");
}

#[test]
fn assertions_fail_with_the_trace() {
    let rules: database::Ruleset = r#"{ "rules": { "$uid": { ".read": "auth.uid === $uid" } } }"#.parse().unwrap();
    let read = |uid: &str| {
        rules.explain(&database::Request::read("/alice").auth(Auth::user(uid)), &database::Data::default()).unwrap()
    };
    let (own, other) = (read("alice"), read("bob"));
    assert_allowed(&own);
    assert_denied(&other);
    let message = said(panic::AssertUnwindSafe(|| assert_allowed(&other)));
    assert!(message.contains("to allow the request") && message.contains("auth.uid → 'bob'"), "{message}");
    let message = said(panic::AssertUnwindSafe(|| assert_denied(&own)));
    assert!(message.contains("to deny the request") && message.contains("ALLOW  read /alice"), "{message}");
    let rules: storage::Ruleset =
        "service firebase.storage { match /b/{b}/o/{o} { allow get: if request.auth != null; } }".parse().unwrap();
    assert_denied(&rules.explain(&storage::Request::get("b", "o"), &()).unwrap());
}
