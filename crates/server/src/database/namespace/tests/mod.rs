//! Tests of namespaces: single behaviours here, random histories against a model in `histories.rs`, and costs in `costs.rs`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod costs;
mod durable;
mod histories;
mod model;
mod suites;

use std::sync::{Arc, Mutex};

use firewarden::text::Source;
use serde_json::{Value as Json, json};

use super::*;
use crate::{
    database::{Change, Database, Push, Transport},
    journal::Verdict,
    memory::Memory,
    shared::Settings,
};

/// A subscriber that keeps what it is sent.
#[derive(Default)]
struct Inbox(Mutex<Vec<Arc<Push>>>);

impl Subscriber for Inbox {
    fn push(&self, push: &Arc<Push>) {
        lock(&self.0).push(Arc::clone(push));
    }
}

impl Inbox {
    fn take(&self) -> Vec<Arc<Push>> {
        std::mem::take(&mut lock(&self.0))
    }

    /// The bodies of the frames since the last call, each behind its action.
    fn frames(&self) -> Vec<String> {
        let frames = self.take().into_iter().map(|push| serde_json::from_str::<Json>(push.frame()).unwrap());
        frames.map(|frame| format!("{} {}", frame["d"]["a"].as_str().unwrap(), frame["d"]["b"])).collect()
    }
}

fn namespace(rules: Option<Json>) -> Arc<Namespace> {
    let namespace = Database::standalone().namespace("demo");
    if let Some(rules) = rules {
        namespace.set_rules(&rules_source(&rules)).unwrap();
    }
    namespace.clock().freeze(Some(1_700_000_000_000));
    namespace
}

fn rules_source(rules: &Json) -> Source {
    Source::new("database.rules.json", json!({ "rules": rules }).to_string())
}

fn caller(user: User) -> Caller {
    Caller { user, transport: Transport::WebSocket }
}

fn user(uid: &str) -> User {
    User::from_claims(json!({ "sub": uid, "user_id": uid, "firebase": { "sign_in_provider": "custom" } }))
}

fn admin() -> Caller {
    caller(User::Admin)
}

fn connect(namespace: &Namespace, user: User) -> (SubscriberId, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    (namespace.connect(inbox.clone(), caller(user)), inbox)
}

fn query(json: Json) -> Query {
    Query::from_wire(&json).unwrap()
}

#[test]
fn a_namespace_without_rules_is_open_and_one_with_broken_rules_closed() {
    let namespace = namespace(None);
    assert!(namespace.is_blank());
    assert_eq!(namespace.rules_text(), r#"{"rules":{".read":true,".write":true}}"#);
    namespace.set(&Caller::default(), "a", json!(1), None).unwrap();
    let error = namespace.set_rules(&Source::new("database.rules.json", "{ \"rules\": 1 }")).unwrap_err();
    assert!(error.starts_with("1:"), "{error}");
    let Err(Refused::Denied { reason, entry }) = namespace.read(&Caller::default(), "a", &Query::default()) else {
        panic!("it was allowed")
    };
    assert!(reason.contains(&error), "{reason}");
    let kept = namespace.shared().journal.get(entry).unwrap();
    assert_eq!((kept.record.verdict, kept.record.method), (Verdict::Denied, "read"));
    assert_eq!(namespace.read(&admin(), "a", &Query::default()).unwrap().value, Node::Number(1.0));
}

#[test]
fn listeners_get_the_written_path_and_the_writer_before_its_answer() {
    let namespace = namespace(None);
    let (id, inbox) = connect(&namespace, User::Nobody);
    namespace.listen(id, "/a/", &Query::default(), None, None).unwrap();
    assert_eq!(inbox.frames(), [r#"d {"p":"a","d":null}"#]);
    let me = Caller::default();
    namespace.set(&me, "a/b", json!({ "c": 1, "d": { ".value": 2, ".priority": 3 } }), None).unwrap();
    assert_eq!(inbox.frames(), [r#"d {"p":"a/b","d":{"c":1,"d":{".value":2,".priority":3}}}"#]);
    namespace.update(&me, "a", json!({ "b/c": null, "x": { ".sv": "timestamp" } })).unwrap();
    assert_eq!(inbox.frames(), [r#"m {"p":"a","d":{"b/c":null,"x":1700000000000}}"#]);
    namespace.set(&me, "a/x/.priority", json!("p"), None).unwrap();
    assert_eq!(inbox.frames(), [r#"d {"p":"a/x","d":{".value":1700000000000,".priority":"p"}}"#]);
    // A write above gives the new value where it is another.
    namespace.set(&me, "/", json!({ "a": { "x": 1 } }), None).unwrap();
    assert_eq!(inbox.frames(), [r#"d {"p":"a","d":{"x":1}}"#]);
    namespace.set(&me, "/", json!({ "a": { "x": 1 }, "b": 1 }), None).unwrap();
    namespace.set(&me, "b", json!(2), None).unwrap();
    assert!(inbox.frames().is_empty());
    namespace.unlisten(id, "a", &Query::default());
    namespace.set(&me, "a", json!(1), None).unwrap();
    assert!(inbox.frames().is_empty());
}

#[test]
fn an_update_tells_each_listener_what_concerns_it() {
    let namespace = namespace(None);
    let (id, inbox) = connect(&namespace, User::Nobody);
    for path in ["a/b", "a/c/d", "e"] {
        namespace.listen(id, path, &Query::default(), None, Some("")).unwrap();
    }
    assert!(inbox.frames().is_empty(), "the hash of nothing is empty");
    namespace.update(&Caller::default(), "/", json!({ "a/b/x": 1, "a/b/y": 2, "a/c": { "d": 3 }, "z": 4 })).unwrap();
    assert_eq!(inbox.frames(), [r#"m {"p":"a/b","d":{"x":1,"y":2}}"#, r#"d {"p":"a/c/d","d":3}"#]);
    let refused = namespace.update(&Caller::default(), "/", json!({ "a": 1, "a/b": 2 }));
    assert!(matches!(refused, Err(Refused::Invalid(_))));
    assert_eq!(namespace.root().at("z"), Node::Number(4.0));
}

#[test]
fn a_hash_that_is_known_needs_no_data() {
    let namespace = namespace(None);
    namespace.set(&admin(), "a", json!({ "k1": 1, "k2": 2 }), None).unwrap();
    let (id, inbox) = connect(&namespace, User::Nobody);
    let hash = namespace.root().at("a").hash();
    namespace.listen(id, "a", &Query::default(), None, Some(&hash)).unwrap();
    assert!(inbox.frames().is_empty());
    let last = query(json!({ "l": 1, "vf": "r" }));
    namespace.listen(id, "a", &last, Some(4), Some(&hash)).unwrap();
    assert_eq!(inbox.frames(), [r#"d {"p":"a","d":{"k2":2},"t":4}"#]);
}

#[test]
fn a_window_moves() {
    let namespace = namespace(None);
    let me = Caller::default();
    namespace.set(&me, "m", json!({ "a": { "at": 1 }, "b": { "at": 2 }, "c": { "at": 3 } }), None).unwrap();
    let (id, inbox) = connect(&namespace, User::Nobody);
    let last = query(json!({ "i": "at", "l": 2, "vf": "r" }));
    let warning = namespace.listen(id, "m", &last, Some(7), Some("other")).unwrap();
    assert_eq!(warning.unwrap().index, "at");
    assert_eq!(inbox.frames(), [r#"d {"p":"m","d":{"b":{"at":2},"c":{"at":3}},"t":7}"#]);
    namespace.set(&me, "m/d", json!({ "at": 4 }), None).unwrap();
    assert_eq!(inbox.frames(), [r#"m {"p":"m","d":{"b":null,"d":{"at":4}},"t":7}"#]);
    namespace.set(&me, "m/d/text", json!("x"), None).unwrap();
    assert_eq!(inbox.frames(), [r#"d {"p":"m/d/text","d":"x","t":7}"#]);
    namespace.set(&me, "m/a/text", json!("x"), None).unwrap();
    assert!(inbox.frames().is_empty());
    namespace.set(&me, "m/c", Json::Null, None).unwrap();
    assert_eq!(inbox.frames(), [r#"m {"p":"m","d":{"b":{"at":2},"c":null},"t":7}"#]);
}

#[test]
fn transactions_compare_hashes() {
    let namespace = namespace(Some(
        json!({ "secret": { ".write": true }, "open": { ".read": true, ".write": "!data.exists() || newData.val() === data.val() + 1" } }),
    ));
    let me = Caller::default();
    namespace.set(&me, "open", json!(1), Some("")).unwrap();
    // The rule would deny it, but the value is one made from an old one.
    assert_eq!(
        namespace.set(&me, "open", json!(1), Some("")),
        Err(Refused::Stale { current: Some(Node::Number(1.0)) })
    );
    let hash = namespace.root().at("open").hash();
    assert!(matches!(namespace.set(&me, "open", json!(5), Some(&hash)), Err(Refused::Denied { .. })));
    namespace.set(&me, "open", json!(2), Some(&hash)).unwrap();
    // Who may not read a value is not shown it.
    namespace.set(&me, "secret", json!(1), Some("")).unwrap();
    assert_eq!(namespace.set(&me, "secret", json!(2), Some("")), Err(Refused::Stale { current: None }));
    assert_eq!(namespace.root().at("secret"), Node::Number(1.0));
}

#[test]
fn a_data_write_takes_a_permission_away_and_no_data_follows() {
    let namespace = namespace(Some(json!({
        ".write": true, "room": { ".read": "root.child('members').child(auth.uid).val() === true" }
    })));
    let me = Caller::default();
    namespace.update(&me, "/", json!({ "room/text": "hi", "members/alice": true, "members/bob": true })).unwrap();
    let (alice, alice_inbox) = connect(&namespace, user("alice"));
    let (bob, bob_inbox) = connect(&namespace, user("bob"));
    let last = query(json!({ "l": 1, "vf": "r" }));
    for (id, inbox) in [(alice, &alice_inbox), (bob, &bob_inbox)] {
        namespace.listen(id, "room", &Query::default(), None, None).unwrap();
        namespace.listen(id, "room", &last, Some(1), None).unwrap();
        inbox.take();
    }
    namespace.update(&me, "/", json!({ "room/text": "secret", "members/bob": null })).unwrap();
    assert_eq!(bob_inbox.frames(), [r#"c {"p":"room"}"#, r#"c {"p":"room","q":[{"l":1,"vf":"r"}]}"#]);
    assert_eq!(alice_inbox.frames().len(), 2);
    namespace.set(&me, "members/bob", json!(true), None).unwrap();
    namespace.set(&me, "room/text", json!("later"), None).unwrap();
    assert!(bob_inbox.frames().is_empty(), "a listen that ended stays ended");
    namespace.change_user(alice, user("eve"));
    assert_eq!(alice_inbox.frames().len(), 4);
    namespace.change_user(bob, User::Admin);
    namespace.listen(bob, "room", &Query::default(), None, None).unwrap();
    namespace.set_rules(&rules_source(&json!({ ".read": false }))).unwrap();
    assert_eq!(bob_inbox.frames().len(), 1, "rules do not concern the owner");
}

#[test]
fn what_ends_with_a_connection_is_judged_when_asked_for_and_runs_at_the_end() {
    let namespace = namespace(Some(json!({ "a": { ".write": "root.child('closed').val() !== true" } })));
    let (id, _) = connect(&namespace, User::Nobody);
    assert!(matches!(namespace.on_disconnect_set(id, "b", json!(1)), Err(Refused::Denied { .. })));
    namespace.on_disconnect_set(id, "a/gone", json!(1)).unwrap();
    namespace.on_disconnect_update(id, "a", json!({ "gone": 2, "at": { ".sv": "timestamp" }, "no/more": 3 })).unwrap();
    namespace.on_disconnect_cancel(id, "a/no").unwrap();
    namespace.set(&admin(), "closed", json!(true), None).unwrap();
    namespace.clock().advance(5);
    namespace.disconnect(id);
    assert_eq!(namespace.root().at("a").to_wire(), json!({ "at": 1_700_000_000_005_i64, "gone": 2 }));
    namespace.disconnect(id);
    assert!(matches!(namespace.on_disconnect_set(id, "a/x", json!(1)), Err(Refused::Limit(_))));
}

#[test]
fn one_write_has_one_frame_for_all() {
    let namespace = namespace(None);
    let inboxes: Vec<_> = (0..5)
        .map(|at| {
            let (id, inbox) = connect(&namespace, user(&format!("u{at}")));
            namespace.listen(id, "a", &Query::default(), None, Some("")).unwrap();
            inbox
        })
        .collect();
    namespace.set(&admin(), "a/b", json!(1), None).unwrap();
    let pushes: Vec<_> = inboxes.iter().flat_map(|inbox| inbox.take()).collect();
    assert_eq!(pushes.len(), 5);
    assert!(pushes.iter().all(|push| Arc::ptr_eq(push, &pushes[0])));
    assert!(matches!(&pushes[0].change, Change::Data { path, .. } if path == "a/b"));
}

#[test]
fn data_go_in_and_out() {
    let database = Database::standalone();
    let data = json!({ ".priority": 1, "a": { ".value": "x", ".priority": "p" }, "b": { "0": true } });
    database.import("demo", &data).unwrap();
    assert_eq!(database.export("demo"), data);
    assert_eq!(database.namespaces(), ["demo"]);
    assert!(database.import("demo", &json!({ "a.b": 1 })).is_err());
    database.reset(Some("other")).unwrap();
    assert_eq!(database.export("demo"), data);
    database.reset(Some("demo")).unwrap();
    assert_eq!(database.export("demo"), Json::Null);
    assert!(database.namespaces().is_empty());
}

#[test]
fn what_connections_leave_has_a_limit_together() {
    let mut shared = Shared::in_memory(Settings::default());
    shared.kept = Memory::limited(200_000, 0);
    let namespace = Namespace::new("demo", Arc::new(shared));
    let data: serde_json::Map<_, _> = (0..1_000).map(|n| (n.to_string(), json!(n))).collect();
    namespace.import(&json!({ "many": data })).unwrap();
    let connect = || namespace.connect(Arc::new(Inbox::default()) as _, caller(User::Nobody));
    let query = |count: usize| Query::from_wire(&json!({ "l": count, "vf": "l" })).unwrap();
    let (one, two) = (connect(), connect());
    // An index of 1,000 children, which both queries share, and their windows.
    assert!(namespace.listen(one, "many", &query(1), Some(1), None).is_ok());
    assert!(namespace.listen(two, "many", &query(100), Some(1), None).is_ok());
    let refused = |result: Result<_, Refused>| matches!(result, Err(Refused::Limit(_)));
    assert!(refused(namespace.listen(two, "many", &query(900), Some(2), None).map(drop)));
    let other = Query::from_wire(&json!({ "i": "x", "l": 1, "vf": "l" })).unwrap();
    assert!(refused(namespace.listen(two, "many", &other, Some(3), None).map(drop)));
    // The same view costs a listen only.
    assert!(namespace.listen(one, "many", &query(100), Some(2), None).is_ok());
    let large = json!("x".repeat(100_000));
    assert!(refused(namespace.on_disconnect_set(one, "end", large.clone())));
    namespace.disconnect(two);
    namespace.unlisten(one, "many", &query(1));
    namespace.unlisten(one, "many", &query(100));
    assert!(namespace.on_disconnect_set(one, "end", large.clone()).is_ok());
    assert!(refused(namespace.on_disconnect_set(connect(), "end", large.clone())));
    assert!(namespace.on_disconnect_cancel(one, "end").is_ok());
    assert!(namespace.on_disconnect_set(connect(), "end", large).is_ok());
}
