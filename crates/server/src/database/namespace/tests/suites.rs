//! The suites that the journal writes: `firewarden test` passes on them.

use std::{collections::BTreeMap, path::PathBuf};

use firewarden::Timestamp;
use firewarden_suite::{Options, Suites};

use super::*;

/// Runs the suite of the last request, and returns it.
fn last_suite(namespace: &Namespace) -> String {
    let (entries, _) = namespace.shared().journal.follow();
    let replay = &entries.last().unwrap().record.replay;
    let (suite, rules) = (replay.suite(), replay.rules().unwrap());
    let files = BTreeMap::from([
        (PathBuf::from("t.test.yaml"), suite.clone()),
        (PathBuf::from(rules.name()), rules.text().to_owned()),
    ]);
    let suites = Suites::load(&files, &[PathBuf::from("t.test.yaml")], Timestamp::UNIX_EPOCH);
    assert!(
        suites.errors.is_empty() && suites.warnings.is_empty(),
        "{suite}\n{:?} {:?}",
        suites.errors,
        suites.warnings
    );
    let run = suites.run(&Options::default(), &|_| {});
    assert_eq!(run.counts().0, 1, "{suite}\n{run:?}");
    suite
}

#[test]
fn a_request_becomes_a_test_that_passes() {
    let namespace = namespace(Some(json!({
        "rooms": { "$room": {
            ".read": "root.child('members').child($room).child(auth.uid).exists() && query.limitToLast <= 10",
            ".write": "auth.token.admin === true || data.child('owner').val() === auth.uid && now > 1000",
            "count": { ".validate": "newData.isNumber() && newData.val() === data.val() + 1" },
        } },
    })));
    let data = json!({
        "rooms": { "r1": { "owner": "alice", "count": 4, "text": "long ago" }, "r2": { "count": 1 } },
        "members": { "r1": { "alice": { "since": 1, "as": "owner" }, "bob": true } },
    });
    namespace.set(&admin(), "/", data, None).unwrap();
    let (alice, guest) = (caller(user("alice")), Caller::default());
    namespace.read(&alice, "rooms/r1", &query(json!({ "l": 5, "vf": "r" }))).unwrap();
    let suite = last_suite(&namespace);
    assert!(!suite.contains("long ago") && !suite.contains("bob"), "only what the decision reads: {suite}");
    namespace.read(&alice, "rooms/r1", &Query::default()).unwrap_err();
    assert!(last_suite(&namespace).contains("expect: \"deny\""));
    namespace.read(&guest, "rooms/r1", &query(json!({ "i": "text", "sp": "a", "l": 5, "vf": "r" }))).unwrap_err();
    last_suite(&namespace);
    namespace.set(&alice, "rooms/r1/count", json!({ ".sv": { "increment": 1 } }), None).unwrap();
    assert!(last_suite(&namespace).contains("4"));
    namespace.set(&alice, "rooms/r1/count", json!(9), None).unwrap_err();
    last_suite(&namespace);
    namespace.update(&alice, "rooms", json!({ "r1/text": "new", "r1/at": { ".sv": "timestamp" } })).unwrap();
    last_suite(&namespace);
    namespace.update(&alice, "rooms", json!({ "r1/text": "new", "r2/text": "new" })).unwrap_err();
    last_suite(&namespace);
    let root = caller(User::from_variable(json!({ "uid": "service", "token": { "admin": true } })));
    namespace.set(&root, "rooms/r2", json!({ "text": "x" }), None).unwrap();
    last_suite(&namespace);
    namespace.set(&Caller { transport: Transport::Rest, ..alice }, "rooms/r1/.priority", json!(3), None).unwrap();
    last_suite(&namespace);
}

#[test]
fn a_request_can_be_explained_later() {
    let namespace = namespace(Some(json!({ "a": { ".read": "data.val() === 1" } })));
    namespace.set(&admin(), "a", json!(1), None).unwrap();
    namespace.read(&Caller::default(), "a", &Query::default()).unwrap();
    namespace.set(&admin(), "a", json!(2), None).unwrap();
    let (entries, _) = namespace.shared().journal.follow();
    let read = &entries[1].record;
    let decision = read.replay.explain().unwrap();
    assert!(decision.is_allowed(), "the data of then: {}", decision.explanation(100));
    assert_eq!(read.place, Some(("database.rules.json".to_owned(), 1, 25)));
    assert_eq!(read.replay.detail()["stored"], json!(1));
    assert!(entries[2].record.replay.explain().is_none());
    assert_eq!(entries[2].record.verdict, Verdict::Admin);
}
