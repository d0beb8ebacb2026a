//! What the public interface promises: sharing, documents, limits, list queries, claims, reasons and explanations.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

use firewarden::{
    Auth, BlockTrace, BoxError, Cause, Decision, Diagnostics, DocumentPath, Documents, Error, Explanation, Outcome,
    Step, Value, WriteEffect,
    firestore::{self, Direction, Document, Query},
    storage::{self, Object},
    text::Source,
    value::{Comparator, Map},
};
use serde_json::json;

/// Compiles only if it holds.
const _: () = {
    const fn shared<T: Send + Sync + Clone + 'static>() {}
    const fn sent<T: Send + Sync>() {}
    const fn object(_: Option<&dyn Documents>) {}
    shared::<storage::Ruleset>();
    shared::<firestore::Ruleset>();
    shared::<storage::Request<'static>>();
    shared::<firestore::Request<'static>>();
    shared::<Object>();
    shared::<Document>();
    shared::<Auth>();
    shared::<Value>();
    shared::<Decision>();
    shared::<Diagnostics>();
    shared::<Source>();
    sent::<Error>();
    sent::<BlockTrace>();
    sent::<Explanation<'static>>();
    object(None);
};

#[test]
fn one_ruleset_decides_on_many_threads() {
    let rules = storage("request.auth.uid == name");
    std::thread::scope(|scope| {
        for user in ["alice", "bob"] {
            let rules = rules.clone();
            scope.spawn(move || {
                for _ in 0..100 {
                    let request = storage::Request::get("b", "alice").auth(Auth::user(user));
                    assert_eq!(rules.permits(&request, &()).unwrap(), user == "alice");
                }
            });
        }
    });
}

#[test]
fn maps_are_documents_by_their_name_within_the_database() {
    let rules = firestore(
        "exists(/databases/(default)/documents/users/alice)
            && get(/databases/(default)/documents/users/alice).data.admin",
    );
    let fields = Value::from(json!({ "admin": true }));
    let entries = [("users/alice".to_owned(), fields.clone())];
    let request = firestore::Request::get("notes/n1");
    let sources: [(&dyn Documents, bool); 6] = [
        (&(), false),
        (&HashMap::from(entries.clone()), true),
        (&BTreeMap::from(entries), true),
        (&Map::from([("users/alice", fields.clone())]), true),
        (&Map::from([("/users/alice", fields.clone())]), true),
        (&Map::from([("/alice", fields)]), false),
    ];
    for (documents, found) in sources {
        assert_eq!(rules.permits(&request, documents).unwrap(), found);
    }
}

#[test]
fn a_document_has_name_data_and_id() {
    for (expression, path) in [
        ("get(/databases/(default)/documents/users/alice)", "users/alice"),
        ("resource", "users/alice"),
        ("request.resource", "users/alice"),
    ] {
        let keys =
            format!("{expression}.keys().hasOnly(['__name__', 'data', 'id']) && {expression}.keys().size() == 3");
        let name = format!("{expression}.__name__ == /databases/(default)/documents/{path}");
        let data = format!("{expression}.data == {{'admin': true}} && {expression}.id == 'alice'");
        for condition in [keys, name, data] {
            let stored = Document::new(path, json!({ "admin": true }));
            let request = firestore::Request::update(&stored, &stored);
            let documents = Map::from([("users/alice", Value::from(json!({ "admin": true })))]);
            let decision = firestore(&condition).explain(&request, &documents).unwrap();
            assert!(decision.is_allowed(), "{}", decision.explanation());
        }
    }
}

#[test]
fn paths_of_documents_are_told_apart() {
    let path = DocumentPath::parse("/databases/(default)/documents/users/alice/notes/n1").unwrap();
    assert_eq!((path.database(), path.relative(), path.id()), ("(default)", "users/alice/notes/n1", "n1"));
    for other in [
        "",
        "/",
        "users/alice",
        "/databases/(default)/documents",
        "/databases/(default)/documents/",
        "/databases/(default)/documents/users",
        "/databases/(default)/documents/users/",
        "/databases/(default)/documents//alice",
        "/databases//documents/users/alice",
        "/databases/(default)/documents/users/..",
        "/databases/(default)/documents/users/__alice__",
        "/databases/(default)/documents/__users__/alice",
        "/databases/(default)/collections/users/alice",
        "/b/bucket/o/name",
    ] {
        assert_eq!(DocumentPath::parse(other), None, "{other}");
    }
}

/// Documents that exist, all of them, and remember what was asked.
#[derive(Default)]
struct Asked(RefCell<Vec<String>>);

impl Documents for Asked {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        self.0.borrow_mut().push(path.relative().to_owned());
        Ok(Some(json!({ "name": path.id(), "n": 1 }).into()))
    }

    fn after(&self, path: DocumentPath<'_>) -> Result<WriteEffect, BoxError> {
        self.0.borrow_mut().push(format!("{} after", path.relative()));
        Ok(match path.id() {
            "deleted" => WriteEffect::Deleted,
            _ => WriteEffect::Written(json!({ "name": path.id(), "n": 2 }).into()),
        })
    }
}

#[test]
fn each_document_is_asked_for_at_most_once_in_an_evaluation() {
    let rules = firestore(
        "get(/databases/(default)/documents/a/b).data.n == 1 && exists(/databases/(default)/documents/a/b)
            && get(/databases/$('(default)')/documents/a/b).data.name == 'b'
            && exists(path('/databases/(default)/documents/a/b'))
            && exists(/databases/(default)/documents/a/c)",
    );
    let request = firestore::Request::get("notes/n1");
    for _ in 0..2 {
        let asked = Asked::default();
        assert!(rules.evaluate(&request, &asked).unwrap().is_allowed());
        assert_eq!(asked.0.into_inner(), ["a/b", "a/c"]);
    }
    // Several statements share what was read.
    let rules: firestore::Ruleset = in_service(
        "cloud.firestore",
        "/databases/{db}/documents/notes/{note}",
        "get(/databases/$(db)/documents/a/b).data.n == 2;
         allow read: if get(/databases/$(db)/documents/a/b).data.n == 1",
    )
    .parse()
    .unwrap();
    let asked = Asked::default();
    assert!(rules.explain(&request, &asked).unwrap().is_allowed());
    assert_eq!(asked.0.into_inner(), ["a/b"]);
}

#[test]
fn what_is_not_needed_is_not_asked_for() {
    let asks = "exists(/databases/(default)/documents/a/b)";
    for (condition, allowed) in [
        (format!("true || {asks}"), true),
        (format!("false && {asks}"), false),
        (format!("true ? true : {asks}"), true),
    ] {
        let asked = Asked::default();
        let decision = firestore(&condition).evaluate(&firestore::Request::get("notes/n1"), &asked).unwrap();
        assert_eq!((decision.is_allowed(), asked.0.into_inner().len()), (allowed, 0), "{condition}");
    }
}

#[test]
fn so_many_documents_and_no_more_can_be_read() {
    let asks = |prefix: &str, count: usize| {
        let one = |n| {
            format!(
                "{prefix}exists(/databases/(default)/documents/a/d{n})
                    && {prefix}exists(/databases/(default)/documents/a/d{n})"
            )
        };
        (0..count).map(one).collect::<Vec<_>>().join(" && ")
    };
    let request = || firestore::Request::get("notes/n1");
    for (request, most) in [(request(), 10), (request().in_batch(), 20)] {
        for (count, allowed) in [(most, true), (most + 1, false)] {
            let asked = Asked::default();
            let decision = firestore(&asks("", count)).evaluate(&request, &asked).unwrap();
            assert_eq!(decision.is_allowed(), allowed, "{count}: {}", decision.reason());
            assert_eq!(asked.0.into_inner().len(), most);
            if !allowed {
                assert!(decision.reason().contains("Service call error. Function: [exists]"), "{}", decision.reason());
            }
        }
    }
    for (count, allowed) in [(2, true), (3, false)] {
        let asked = Asked::default();
        let decision = storage(&asks("firestore.", count)).evaluate(&storage::Request::get("b", "x"), &asked).unwrap();
        assert_eq!(decision.is_allowed(), allowed, "{}", decision.reason());
        assert_eq!(asked.0.into_inner().len(), 2);
    }
}

#[test]
fn one_document_too_many_is_an_ordinary_error() {
    let eleven: Vec<_> = (0..11).map(|n| format!("exists(/databases/(default)/documents/a/d{n})")).collect();
    let rules = firestore(&format!("({}) || true", eleven.join(" && ")));
    let decision = rules.evaluate(&firestore::Request::get("notes/n1"), &Asked::default()).unwrap();
    assert!(decision.is_allowed(), "{}", decision.reason());
}

#[test]
fn after_is_the_state_that_the_writes_lead_to() {
    let path = "/databases/(default)/documents/a/b";
    let deleted = "/databases/(default)/documents/a/deleted";
    let rules = firestore(&format!(
        "get({path}).data.n == 1 && getAfter({path}).data.n == 2 && existsAfter({path})
            && exists({deleted}) && !existsAfter({deleted}) && getAfter({deleted}) == null"
    ));
    let asked = Asked::default();
    let stored = Document::new("notes/n1", json!({}));
    let decision = rules.explain(&firestore::Request::update(&stored, &stored), &asked).unwrap();
    assert!(decision.is_allowed(), "{}", decision.explanation());
    let mut asked = asked.0.into_inner();
    asked.sort();
    assert_eq!(asked, ["a/b", "a/b after", "a/deleted", "a/deleted after"]);
    // Without pending writes it is what is stored.
    let rules = firestore(&format!("getAfter({path}).data.n == 1"));
    let documents = Map::from([("a/b", Value::from(json!({ "n": 1 })))]);
    assert!(rules.permits(&firestore::Request::get("notes/n1"), &documents).unwrap());
}

#[test]
fn a_document_that_is_missing_is_an_error_and_not_null() {
    let path = "/databases/(default)/documents/a/b";
    for condition in [format!("get({path}) == null"), format!("get({path}) != null"), format!("!(get({path}) == null)")]
    {
        let decision = firestore(&condition).evaluate(&firestore::Request::get("notes/n1"), &()).unwrap();
        assert!(decision.error().unwrap().message.starts_with("Service call error. Function: [get]"), "{condition}");
    }
    assert!(!firestore(&format!("exists({path})")).permits(&firestore::Request::get("notes/n1"), &()).unwrap());
    assert!(firestore(&format!("!exists({path})")).permits(&firestore::Request::get("notes/n1"), &()).unwrap());
}

#[test]
fn a_list_is_permitted_where_the_query_proves_the_condition() {
    let owner = || Query::new().filter("owner", Comparator::Eq, "alice");
    let adults = |op, n: i64| Query::new().filter("age", op, n);
    for (condition, query, allowed) in [
        ("resource.data.owner == 'alice'", owner(), true),
        ("resource.data.owner == 'alice'", Query::new(), false),
        ("resource.data.owner == 'bob'", owner(), false),
        ("resource.data.owner != 'bob'", owner(), true),
        ("resource.data.age >= 18", adults(Comparator::Ge, 18), true),
        ("resource.data.age >= 18", adults(Comparator::Gt, 20), true),
        ("resource.data.age > 18", adults(Comparator::Ge, 18), false),
        ("resource.data.age < 18", adults(Comparator::Ge, 18), false),
        // What is not known is not false either.
        ("!(resource.data.age < 18)", adults(Comparator::Ge, 18), false),
        ("'a' in resource.data.tags", Query::new().filter("tags", Comparator::ListContains, "a"), true),
        ("'b' in resource.data.tags", Query::new().filter("tags", Comparator::ListContains, "a"), false),
        ("resource.data.author.uid == 'alice'", Query::new().filter("author.uid", Comparator::Eq, "alice"), true),
        ("resource.data.author.uid == 'alice'", owner(), false),
        ("request.query.limit <= 10", Query::new().limit(10), true),
        ("request.query.limit <= 10", Query::new().limit(11), false),
        ("request.query.limit <= 10", Query::new(), false),
        ("request.query.offset == 0", Query::new(), true),
        ("request.query.offset == 5", Query::new().offset(5), true),
        ("request.query.orderBy.age == 'DESC'", Query::new().order_by("age", Direction::Descending), true),
        ("request.query.orderBy.age == 'ASC'", Query::new(), false),
        // The document has no name yet.
        ("note == 'n1'", owner(), false),
        ("note != 'n1'", owner(), false),
        ("resource.id == 'n1'", owner(), false),
        ("request.path == /databases/(default)/documents/notes", owner(), true),
        ("request.method == 'list'", owner(), true),
    ] {
        let decision = firestore(condition).explain(&firestore::Request::list("notes", query), &()).unwrap();
        assert_eq!(decision.is_allowed(), allowed, "{condition}\n{}", decision.explanation());
    }
}

#[test]
fn a_list_of_objects_needs_version_2() {
    let list = |version| {
        let text = in_service("firebase.storage", "/b/{bucket}/o/{name=**}", "true");
        let rules: storage::Ruleset = text.replace("'2'", version).parse().unwrap();
        rules.evaluate(&storage::Request::list("b", "photos/"), &()).unwrap()
    };
    assert!(list("'2'").is_allowed());
    assert!(matches!(list("'1'").cause(), Cause::Refused(why) if why.contains("rules_version='2'")));
}

#[test]
fn claims_are_exact_to_64_bits() {
    let claims: serde_json::Value = serde_json::from_str(
        r#"{ "odd": 9007199254740993, "most": 9223372036854775807, "least": -9223372036854775808, "one": 1.0,
             "thousand": 1e3, "beyond": 9223372036854775808, "half": 0.5, "minus": -0.0, "nested": { "n": [2.0] } }"#,
    )
    .unwrap();
    let auth = Auth::user("alice").claims(claims);
    for condition in [
        "request.auth.token.odd == 9007199254740993",
        "request.auth.token.odd != 9007199254740992",
        "request.auth.token.odd - 9007199254740992 == 1",
        "request.auth.token.most == 9223372036854775807",
        "request.auth.token.most - 9223372036854775806 == 1",
        "request.auth.token.least < 0 && request.auth.token.least + 9223372036854775807 == -1",
        "request.auth.token.one is int && request.auth.token.one == 1",
        "request.auth.token.thousand is int && request.auth.token.thousand == 1000",
        "request.auth.token.beyond is float",
        "request.auth.token.half is float",
        "request.auth.token.minus is int && request.auth.token.minus == 0",
        "request.auth.token.nested.n[0] is int",
        "request.auth.keys().hasOnly(['uid', 'token'])",
        "request.auth.token.sub == 'alice' && request.auth.token.user_id == 'alice'",
    ] {
        let decision = storage(condition).explain(&storage::Request::get("b", "x").auth(&auth), &()).unwrap();
        assert!(decision.is_allowed(), "{}", decision.explanation());
    }
}

#[test]
fn fields_of_documents_keep_their_types() {
    let stored = Document::new("notes/n1", json!({ "one": 1, "float": 1.0, "big": 9007199254740993_i64 }));
    for condition in [
        "resource.data.one is int",
        "resource.data.float is float && resource.data.float == 1",
        "resource.data.big == 9007199254740993 && resource.data.big != 9007199254740992",
        "[resource.data.one] != [resource.data.float]",
    ] {
        let request = firestore::Request::get("notes/n1").existing(&stored);
        let decision = firestore(condition).explain(&request, &()).unwrap();
        assert!(decision.is_allowed(), "{}", decision.explanation());
    }
}

#[test]
fn a_user_is_read_from_claims() {
    let uid = |claims| Auth::from_claims(claims).uid().map(str::to_owned);
    assert_eq!(uid(json!({ "sub": "alice", "user_id": "bob" })).as_deref(), Some("alice"));
    assert_eq!(uid(json!({ "user_id": "bob" })).as_deref(), Some("bob"));
    assert_eq!(uid(json!({ "sub": 1 })), None);
    assert_eq!(uid(json!({})), None);
    assert_eq!(uid(json!("alice")), None);
    // Nobody's id equals that of a user without one, who still is somebody.
    let nobody = storage("request.auth == null");
    let request = storage::Request::get("b", "x");
    assert!(nobody.permits(&request, &()).unwrap());
    assert!(!nobody.permits(&request.auth(Auth::from_claims(json!({}))), &()).unwrap());
}

#[test]
fn a_reason_is_one_sentence() {
    let reason = |condition: &str| storage(condition).evaluate(&storage::Request::get("b", "x"), &()).unwrap().reason();
    assert_eq!(reason("true"), "permitted by storage.rules:4:5");
    assert_eq!(reason("false"), "no condition is true");
    assert_eq!(
        reason("request.auth.uid == name"),
        "no condition is true; the first that failed: Null value error. (storage.rules:4:28)"
    );
    let ninety = format!("({})", ["true"; 90].join(" && "));
    let spent = reason(&[&*ninety; 5].join(" && "));
    assert!(spent.starts_with("evaluation ended: ") && spent.contains("(storage.rules:4:"), "{spent}");
    let rules = storage("true");
    let other = rules.evaluate(&storage::Request::create("b", Object::new("x")), &()).unwrap();
    assert_eq!((other.cause(), &*other.reason()), (&Cause::NoStatement, "no statement covers this path and method"));
    let empty = rules.evaluate(&storage::Request::get("b", ""), &()).unwrap();
    assert_eq!(empty.reason(), "the request cannot be decided: Path segment cannot be empty");
    let rules: storage::Ruleset = in_service("cloud.firestore", "/{x=**}", "true").parse().unwrap();
    let none = rules.evaluate(&storage::Request::get("b", "x"), &()).unwrap();
    assert_eq!((none.cause(), &*none.reason()), (&Cause::NoService, "the rules have no service for this request"));
}

#[test]
fn only_an_explained_decision_has_a_trace() {
    let (rules, request) = (storage("true"), storage::Request::get("b", "x"));
    assert!(rules.evaluate(&request, &()).unwrap().trace().is_none());
    assert!(rules.explain(&request, &()).unwrap().trace().is_some());
    let plain = rules.evaluate(&request, &()).unwrap().explanation().to_string();
    assert_eq!(plain, "ALLOW  get /b/b/o/x\n  permitted by storage.rules:4:5\n");
}

const PHOTOS: &str = "\
rules_version = '2';

service firebase.storage {
  match /b/{bucket}/o {
    function isOwner(userId) {
      let user = request.auth;
      return user != null && user.uid == userId;
    }

    match /users/{userId}/{file=**} {
      allow read: if isOwner(userId) || resource.metadata.public == 'yes';
      allow create: if isOwner(userId)
                    && request.resource.size < 5 * 1024 * 1024
                    && request.resource.contentType.matches('image/.*');
    }

    match /{everything=**} {
      allow read: if request.auth.token.admin == true;
    }
  }
}
";

#[test]
fn an_allow_is_explained() {
    let upload = Object::new("users/alice/trips/cat.png").size(20_000).content_type("image/png");
    let request = storage::Request::create("photos", upload).auth(Auth::user("alice"));
    insta::assert_snapshot!(explained(&request));
}

#[test]
fn a_deny_is_explained() {
    let upload = Object::new("users/alice/cat.tiff").size(20_000_000).content_type("image/tiff");
    let request = storage::Request::create("photos", upload).auth(Auth::user("alice"));
    insta::assert_snapshot!(explained(&request));
}

#[test]
fn an_error_is_explained() {
    let request = storage::Request::get("photos", "users/alice/cat.png").existing(Object::new("users/alice/cat.png"));
    insta::assert_snapshot!(explained(&request));
}

#[test]
fn a_request_that_no_block_covers_is_explained() {
    let request = storage::Request::delete("photos", Object::new("users/alice/cat.png")).auth(Auth::user("alice"));
    insta::assert_snapshot!(explained(&request));
}

/// An error passes on to what it is a part of; one that arose at the same place in another call is another.
#[test]
fn each_step_of_a_trace_has_its_own_error() {
    let condition = "small(request.auth) || (small(request.method) && small(resource.size))";
    let rules = format!(
        "rules_version = '2';\nservice firebase.storage {{\n  function small(v) {{ return v < 10; }}\n  \
         match /b/{{bucket}}/o/{{name}} {{ allow get: if {condition}; }}\n}}\n"
    );
    let rules: storage::Ruleset = rules.parse().unwrap();
    let request = storage::Request::get("b", "x").existing(Object::new("x").size(20)).auth(Auth::user("u"));
    let decision = rules.explain(&request, &()).unwrap();
    let whole = decision.trace().unwrap()[0].statements[0].condition.clone().unwrap();
    let message = |step: &Step| match &step.outcome {
        Outcome::Error(fault) => fault.message.clone(),
        outcome => format!("{outcome:?}"),
    };
    let [of_map, both] = whole.parts.as_slice() else { panic!("{whole:?}") };
    let of_text = &both.parts[0];
    assert!(message(of_map).contains("Received: map < int"), "{}", message(of_map));
    assert!(message(of_text).contains("Received: string < int"), "{}", message(of_text));
    assert_eq!(message(&both.parts[1]), "Value(Bool(false))");
    assert_eq!(message(both), "Value(Bool(false))");
    assert_eq!(message(&whole), message(of_map));
}

#[test]
fn elements_that_make_an_answer_false_are_named() {
    let named = |condition: &str, reason: &str| {
        let decision = storage(condition).explain(&storage::Request::get("b", "x"), &()).unwrap();
        let text = decision.explanation().to_string();
        // In the trace the reason has a line of its own where it does not fit beside the answer.
        assert_eq!(text.matches(&format!("({reason})")).count(), 2, "{text}");
        assert!(text.contains(&format!("= false  ({reason})\n")), "{text}");
    };
    named("['a', 'b'].hasAll(['b', 'c', 1])", "missing: 'c', 1");
    named("['a', 'b'].hasOnly(['a'])", "not in the list: 'b'");
    named("{'a': 1, 'z': 2}.keys().toSet().hasOnly(['a'])", "not in the list: 'z'");
    named("[].toSet().hasAll([1, 2, 3, 4, 5, 6, 7])", "missing: 1, 2, 3, 4, 5, …");
}

fn explained(request: &storage::Request<'_>) -> String {
    let rules: storage::Ruleset = PHOTOS.parse().unwrap();
    rules.explain(request, &()).unwrap().explanation().to_string()
}

fn in_service(service: &str, path: &str, condition: &str) -> String {
    let block = format!("match {path} {{\n    allow read, update: if {condition};\n  }}");
    format!("rules_version = '2';\nservice {service} {{\n  {block}\n}}\n")
}

fn storage(condition: &str) -> storage::Ruleset {
    in_service("firebase.storage", "/b/{bucket}/o/{name}", condition).parse().unwrap()
}

fn firestore(condition: &str) -> firestore::Ruleset {
    in_service("cloud.firestore", "/databases/{database}/documents/{collection}/{note}", condition).parse().unwrap()
}
