//! Decisions through the public interface: what is judged where, what rules see, and what a decision says.

use std::{cell::RefCell, ops::ControlFlow};

use firewarden::{
    Auth, BoxError, Error,
    database::{
        Cause, Data, Decision, Incoming, Query, Request, RequestError, RuleKind, Ruleset, Scalar, ServerValue, Stored,
        Transport, Tree,
    },
};
use serde_json::{Value as Json, json};

use super::{allows, data, decide, ms, rules};

/// Compiles only if it holds.
const _: () = {
    const fn shared<T: Send + Sync + Clone + 'static>() {}
    const fn object(_: Option<&dyn Tree>) {}
    shared::<Ruleset>();
    shared::<Request<'static>>();
    shared::<Decision>();
    shared::<Data>();
    shared::<Incoming>();
    shared::<RequestError>();
    object(None);
};

fn nothing() -> Data {
    Data::default()
}

#[test]
fn a_grant_holds_below_and_a_deeper_false_takes_nothing_back() {
    let rules = rules(
        &json!({ "rules": { "a": { ".read": true, "b": { ".read": false } }, "$x": { "c": { ".read": true } } } }),
    );
    for (path, expected) in
        [("/a", true), ("/a/b", true), ("/a/b/c", true), ("/", false), ("/x", false), ("/x/c/d", true)]
    {
        assert_eq!(allows(&rules, &Request::read(path), &nothing()), expected, "{path}");
    }
}

#[test]
fn a_literal_child_hides_the_wildcard_whatever_the_order() {
    for text in [
        r#"{"rules":{"$any":{".read":true,".write":true,".validate":false},"own":{"x":{}}}}"#,
        r#"{"rules":{"own":{"x":{}},"$any":{".read":true,".write":true,".validate":false}}}"#,
    ] {
        let rules: Ruleset = text.parse().unwrap();
        assert!(allows(&rules, &Request::read("/other"), &nothing()));
        assert!(!allows(&rules, &Request::read("/own"), &nothing()));
        assert!(!allows(&rules, &Request::read("/own/x"), &nothing()));
    }
    let rules = rules(&json!({ "rules": { ".write": true, "a": { "$k": { ".validate": false }, "own": {} } } }));
    assert!(allows(&rules, &Request::write("/a", json!({ "own": 1 })), &nothing()));
    assert!(!allows(&rules, &Request::write("/a", json!({ "own": 1, "else": 1 })), &nothing()));
}

#[test]
fn validation_covers_ancestors_and_what_is_written_and_nothing_else() {
    let rules = rules(&json!({ "rules": { ".write": true, "room": {
        ".validate": "newData.hasChildren(['owner'])",
        "owner": { ".validate": "newData.isString()" },
        "size": { ".validate": "newData.isNumber()" },
        "tags": { "$tag": { ".validate": "newData.val() == true" } },
    } } }));
    let stored = data(json!({ "room": { "owner": "alice", "size": "wrong since ever", "tags": { "a": true } } }));
    let writes = |path: &'static str, value: Json| allows(&rules, &Request::write(path, value), &stored);
    // An invalid sibling does no harm, an invalid ancestor does.
    assert!(writes("/room/tags/b", json!(true)));
    assert!(!writes("/room/tags/b", json!(1)));
    assert!(!writes("/room", json!({ "size": 1 })));
    assert!(writes("/room", json!({ "owner": "bob", "size": 1 })));
    // What is deleted is not validated, what loses a child is.
    assert!(writes("/room/size", Json::Null));
    assert!(!writes("/room/owner", Json::Null));
    assert!(writes("/room", Json::Null));
    assert!(writes("/", json!({})));
    let only = data(json!({ "room": { "owner": "alice" } }));
    assert!(allows(&rules, &Request::delete("/room/owner"), &only), "the room is gone with its last child");
}

#[test]
fn an_update_is_judged_path_by_path_against_one_result() {
    let rules = rules(&json!({ "rules": {
        "posts": { "$post": { ".write": "newData.parent().parent().child('stamps/alice').val() == now" } },
        "stamps": { "$user": { ".write": "auth.uid == $user && newData.val() == now" } },
    } }));
    let update = |json: Json| Request::update("/", json).auth(Auth::user("alice")).at(ms(1000));
    let both = json!({ "posts/p": "hi", "stamps/alice": { ".sv": "timestamp" } });
    assert!(allows(&rules, &update(both), &nothing()));
    assert!(!allows(&rules, &update(json!({ "posts/p": "hi" })), &nothing()));
    assert!(!allows(&rules, &update(json!({ "posts/p": "hi", "stamps/alice": 999 })), &nothing()));
    let decision =
        decide(&rules, &update(json!({ "posts/p": "hi", "stamps/bob": { ".sv": "timestamp" } })), &nothing());
    assert!(matches!(decision.cause(), Cause::NotGranted(path, None) if path == "/posts/p"));
    // Nothing is written by an update without paths.
    assert!(allows(&rules, &update(json!({})), &nothing()));
    assert!(allows(&rules, &update(Json::Null), &nothing()));
}

#[test]
fn server_values_are_filled_in_before_rules_see_them() {
    let rules = rules(&json!({ "rules": {
        "at": { ".write": "newData.val() == now" },
        "count": { ".write": "newData.val() == 1 + (data.exists() ? 41 : 0)" },
        "leaf": { ".write": "newData.val() == 'x' && newData.getPriority() == now" },
        "deep": { ".write": "newData.child('a/n').val() == 7 && newData.child('b').val() == now" },
    } }));
    let stored = data(json!({ "count": 41, "deep": { "a": { "n": 5 } } }));
    let writes = |path: &'static str, value: Json| allows(&rules, &Request::write(path, value).at(ms(77)), &stored);
    assert!(writes("/at", json!({ ".sv": "timestamp" })));
    assert!(writes("/count", json!({ ".sv": { "increment": 1 } })));
    assert!(writes("/leaf", json!({ ".value": "x", ".priority": { ".sv": "timestamp" } })));
    assert!(writes("/deep", json!({ "a": { "n": { ".sv": { "increment": 2 } } }, "b": { ".sv": "timestamp" } })));
    assert!(allows(&rules, &Request::write("/count", Incoming::server(ServerValue::Increment(1.0))), &nothing()));
    assert!(allows(&rules, &Request::write("/at", Incoming::server(ServerValue::Timestamp)).at(ms(5)), &nothing()));
}

#[test]
fn priorities_are_written_with_values_or_alone_and_kept_on_the_way() {
    let rules = rules(&json!({ "rules": {
        ".read": "data.getPriority() == null",
        "n": {
            ".write": "newData.getPriority() == 7",
            "kept": { ".write": "newData.parent().getPriority() == 3" },
        },
        "gone": { ".write": "newData.getPriority() == null" },
    } }));
    let stored = data(json!({ "n": { ".priority": 3, "x": 1 }, "gone": { ".value": 1, ".priority": 2 } }));
    let allows = |request: Request<'_>| allows(&rules, &request, &stored);
    assert!(allows(Request::set_priority("/n", Some(Scalar::Number(7.0)))));
    assert!(!allows(Request::set_priority("/n", None)));
    assert!(allows(Request::update("/", json!({ "n/.priority": 7, "gone": 1 }))));
    assert!(!allows(Request::update("/", json!({ "n/.priority": 8, "gone": 1 }))));
    assert!(!allows(Request::update("/", json!({ "n": { "x": 1 }, "gone": 1 }))));
    assert!(allows(Request::write("/n/.priority", json!(7))));
    assert!(allows(Request::write("/n", json!({ ".value": 1, ".priority": 7 }))));
    assert!(allows(Request::write("/n/kept", json!(1))), "a deep write keeps the priorities on its way");
    assert!(allows(Request::write("/gone", json!(5))), "a plain write removes the priority");
    assert!(!allows(Request::write("/n/.priority", json!(true))));
    assert!(!allows(Request::set_priority("/nowhere", Some(Scalar::Number(7.0)))), "nothing has no priority");
}

#[test]
fn a_deep_write_turns_a_leaf_into_an_object_and_a_deep_delete_does_not() {
    let rules = rules(
        &json!({ "rules": { "a": { "b": { ".write": "newData.parent().hasChildren() == newData.exists()" } } } }),
    );
    let stored = data(json!({ "a": "leaf" }));
    assert!(allows(&rules, &Request::write("/a/b", json!(1)), &stored));
    assert!(allows(&rules, &Request::delete("/a/b"), &stored));
}

#[test]
fn the_order_of_a_plain_read_is_that_of_its_transport() {
    let rule = |rule: &str| rules(&json!({ "rules": { ".read": rule } }));
    let (key, priority) = (rule("query.orderByKey"), rule("query.orderByPriority"));
    let read = || Request::read("/");
    assert!(!allows(&key, &read(), &nothing()) && allows(&priority, &read(), &nothing()));
    let rest = || read().transport(Transport::Rest);
    assert!(allows(&key, &rest(), &nothing()) && !allows(&priority, &rest(), &nothing()));
    assert!(allows(&key, &read().query(Query::new().order_by_key()), &nothing()));
    // While something is written, nothing is asked for.
    let write = rules(&json!({ "rules": { ".write": "!query.orderByKey && query.limitToFirst == null" } }));
    assert!(allows(&write, &Request::write("/", json!(1)).transport(Transport::Rest), &nothing()));
}

#[test]
fn a_query_without_its_index_is_warned_of_and_decided_all_the_same() {
    let rules = rules(
        &json!({ "rules": { "items": { ".read": true, ".indexOn": ["owner", "a/b"] }, "$x": { ".read": true, ".indexOn": ".value" } } }),
    );
    let warned = |path: &'static str, query: Query| {
        let decision = decide(&rules, &Request::read(path).query(query), &nothing());
        assert!(decision.is_allowed());
        decision.warnings().iter().map(|warning| warning.index.clone()).collect::<Vec<_>>()
    };
    assert_eq!(warned("/items", Query::new().order_by_child("owner")), [""; 0]);
    assert_eq!(warned("/items", Query::new().order_by_child("/a/b/")), [""; 0]);
    assert_eq!(warned("/items", Query::new().order_by_child("age")), ["age"]);
    assert_eq!(warned("/items", Query::new().order_by_value()), [".value"]);
    assert_eq!(warned("/items/i", Query::new().order_by_child("owner")), ["owner"]);
    assert_eq!(warned("/other", Query::new().order_by_value()), [""; 0]);
    assert_eq!(warned("/other", Query::new().order_by_key().limit_to_first(3)), [""; 0]);
    assert_eq!(warned("/other", Query::new()), [""; 0]);
    let request = Request::read("/items").query(Query::new().order_by_child("age")).transport(Transport::Rest);
    let decision = decide(&rules, &request, &nothing());
    assert!(decision.warnings()[0].message.starts_with("Index not defined, add \".indexOn\": \"age\""));
    assert!(decision.explanation().to_string().contains("warning: Index not defined"));
}

#[test]
fn what_the_database_does_not_take_is_refused_with_its_reason() {
    let rules = rules(&json!({ "rules": { ".read": true, ".write": true } }));
    let long = "k".repeat(769);
    let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
    let path = |levels: usize| "/a".repeat(levels);
    let refused = |request: Request<'_>| match decide(&rules, &request, &nothing()).cause() {
        Cause::Refused(error) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let writes = |value: Json| refused(Request::write("/x", value));
    for (value, words) in [
        (json!({ "a.b": 1 }), "has one of . $ # [ ] /"),
        (json!({ "a/b": 1 }), "has one of"),
        (json!({ "": 1 }), "is empty"),
        // A key that cannot be is no better where nothing is written to it.
        (json!({ "a.b": null }), "has one of"),
        (json!({ "a": { "b#": {} } }), "the key \"b#\" in /x/a has one of"),
        (json!({ "a\u{1}": 1 }), "control characters"),
        (json!({ "a\u{7f}": 1 }), "control characters"),
        (json!({ long.clone(): 1 }), "more than 768 bytes"),
        (json!({ ".value": 1, "a": 1 }), "beside children"),
        (json!({ ".value": { "a": 1 } }), "\".value\" of /x is an object"),
        (json!({ ".value": 1, ".priority": true }), "the priority of /x is a boolean"),
        (json!({ ".value": 1, ".priority": [1] }), "the priority of /x is an array"),
        (json!({ "a": { ".sv": "time" } }), "the server value at /x/a"),
        (json!({ ".sv": { "increment": "1" } }), "server value"),
        (json!({ ".sv": "timestamp", "a": 1 }), "beside children"),
        (deep(32), "33 levels deep"),
    ] {
        let said = writes(value.clone());
        assert!(said.contains(words), "{value}: {said}");
    }
    assert!(refused(Request::read(format!("/{long}"))).contains("768 bytes"));
    assert!(refused(Request::read(path(33))).contains("33 levels deep"));
    assert!(refused(Request::read(path(500))).contains("500 levels deep"));
    assert!(refused(Request::write(format!("{}/.priority", path(40)), json!(1))).contains("levels deep"));
    assert!(refused(Request::read("/a.b")).contains("has one of"));
    assert!(refused(Request::delete("/a#b")).contains("has one of"));
    assert!(refused(Request::write("/x", Data::from(f64::NAN))).contains("NaN"));
    assert!(refused(Request::write("/x", Data::from(f64::INFINITY))).contains("finite"));
    assert!(refused(Request::write(path(32), json!({ "a": 1 }))).contains("33 levels"));
    assert!(allows(&rules, &Request::write(path(32), json!(1)), &nothing()));
    assert!(allows(&rules, &Request::write("/", deep(32)), &nothing()));
    assert!(refused(Request::update("/", json!(3))).contains("an update is an object"));
    assert!(refused(Request::update("/", json!({ "a": 1, "a/b": 2 }))).contains("/a and /a/b below it"));
    assert!(refused(Request::update("/", json!({ "a/b": 1, "/a/b/": 2 }))).contains("below it"));
    assert!(refused(Request::read("/").query(Query::new().limit_to_first(1).limit_to_last(1))).contains("both limits"));
    let ordered = |path: &str| refused(Request::read("/").query(Query::new().order_by_child(path)));
    assert!(ordered("").contains("orderByChild has no path") && ordered("/").contains("orderByChild has no path"));
    assert!(ordered("$value").contains("that no data has") && ordered("a/b.c").contains("that no data has"));
    for (query, words) in [
        (json!({ "orderByKey": true, "orderByChild": "a" }), "a query has one order"),
        (json!({ "orderByChild": 3 }), "orderByChild: 3 does not fit"),
        (json!({ "limitToFirst": -1 }), "limitToFirst: -1 does not fit"),
        (json!({ "limit": 1 }), "limit is no part of a query"),
        (json!([]), "a query is an object, not an array"),
    ] {
        assert!(Query::from_json(&query).unwrap_err().contains(words), "{query}");
    }
    let one = json!({ "orderByKey": true, "orderByValue": false, "orderByChild": null });
    assert_eq!(Query::from_json(&one), Ok(Query::new().order_by_key()));
    let huge = Data::from("x".repeat((10 << 20) + 1).as_str());
    assert!(refused(Request::write("/x", huge)).contains("at most 10485760"));
    let large = || Data::object((0..2).map(|at| (at.to_string(), Data::from("x".repeat(9 << 20).as_str()))));
    assert!(refused(Request::write("/x", large())).contains("over this transport"));
    assert!(allows(&rules, &Request::write("/x", large()).transport(Transport::Rest), &nothing()));
}

#[test]
fn stored_data_is_read_in_the_export_form() {
    let stored = data(json!({
        "list": ["a", null, "c"], "empty": {}, "none": null, "hollow": { "a": { "b": null } },
        "leaf": { ".value": 1.5, ".priority": "p" }, "object": { ".priority": 2, "x": true },
    }));
    assert_eq!(stored.at("list/2").and_then(Data::scalar), Some(&Scalar::from("c")));
    assert_eq!(stored.child("list").unwrap().child_count(), 2);
    for gone in ["empty", "none", "hollow"] {
        assert!(stored.child(gone).is_none(), "{gone}");
    }
    let back = stored.to_json();
    assert_eq!(back["leaf"], json!({ ".value": 1.5, ".priority": "p" }));
    assert_eq!(back["object"], json!({ ".priority": 2, "x": true }));
    assert_eq!(data(back), stored);
    assert!(Data::from_json(&json!({ "a": { ".sv": "timestamp" } })).is_err());
    assert!(Data::from_json(&json!({ "a.b": 1 })).is_err());
}

#[test]
fn legacy_and_overridden_users_are_what_they_are_given_as() {
    let rules = rules(&json!({ "rules": { ".read": "auth.isAdmin == true", ".write": "auth == null" } }));
    assert!(allows(
        &rules,
        &Request::read("/").auth_variable(firewarden::Value::from(json!({ "isAdmin": true }))),
        &nothing()
    ));
    assert!(allows(&rules, &Request::write("/", json!(1)).auth_variable(firewarden::Value::Null), &nothing()));
    let provider = super::rules(
        &json!({ "rules": { ".read": "auth.provider == 'custom' && auth.uid == 'u' && auth.token.level >= 3" } }),
    );
    let auth = Auth::user("u").claims(json!({ "level": 3, "firebase": { "sign_in_provider": "custom" } }));
    assert!(allows(&provider, &Request::read("/").auth(&auth), &nothing()));
    assert!(!allows(&provider, &Request::read("/").auth(Auth::user("u")), &nothing()));
}

/// Answers path by path, and remembers what it was asked.
#[derive(Default)]
pub struct Lazy {
    pub data: Data,
    pub asked: RefCell<Vec<String>>,
    pub fails_at: Option<&'static str>,
}

impl Lazy {
    fn ask(&self, question: &str, path: &str) -> Result<(), BoxError> {
        self.asked.borrow_mut().push(format!("{question} {path}"));
        if self.fails_at == Some(path) { Err(format!("{path} is on fire").into()) } else { Ok(()) }
    }
}

impl Tree for Lazy {
    fn get(&self, path: &str) -> Result<Stored<'_>, BoxError> {
        self.ask("get", path)?;
        Ok(match self.data.at(path) {
            None => Stored::Nothing,
            Some(data) if data.is_nothing() => Stored::Nothing,
            Some(data) => match data.scalar() {
                Some(scalar) => Stored::Leaf(scalar.clone(), data.priority().cloned()),
                None => Stored::Children(data.priority().cloned()),
            },
        })
    }

    fn child_names(&self, path: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
        self.ask("names", path)?;
        let _ = self.data.at(path).into_iter().flat_map(Data::children).try_for_each(|(name, _)| visit(name));
        Ok(())
    }
}

#[test]
fn a_host_is_asked_once_and_only_for_what_rules_look_at() {
    let rules = rules(&json!({ "rules": {
        "rooms": { "$room": { "$message": {
            ".write": "root.child('members/' + $room + '/' + auth.uid).exists() && root.child('members/' + $room + '/' + auth.uid).val() == true && !root.child('../etc/passwd').exists() && !root.hasChild('a.b')",
        } } },
        ".read": true,
    } }));
    let lazy = Lazy {
        data: data(json!({ "members": { "r": { "alice": true } }, "rooms": { "r": { "x": 1 } } })),
        ..Lazy::default()
    };
    let write = Request::write("/rooms/r/m", json!("hi")).auth(Auth::user("alice"));
    assert!(rules.permits(&write, &lazy).unwrap());
    assert_eq!(*lazy.asked.borrow(), ["get /members/r/alice"]);
    lazy.asked.borrow_mut().clear();
    assert!(rules.permits(&Request::read("/rooms"), &lazy).unwrap());
    assert!(lazy.asked.borrow().is_empty());
    // To know whether a parent survives a delete, its children are named.
    let survives = super::rules(&json!({ "rules": { ".write": "newData.child('rooms/r').exists()" } }));
    assert!(!survives.permits(&Request::delete("/rooms/r/x"), &lazy).unwrap());
    assert!(survives.permits(&Request::delete("/rooms/r/y"), &lazy).unwrap());
    assert!(lazy.asked.borrow().contains(&"names /rooms/r".to_owned()));
}

#[test]
fn a_host_that_cannot_read_decides_nothing() {
    let rules = rules(
        &json!({ "rules": { ".read": "root.child('a').exists() || true", "b": { ".read": true }, "n": { ".write": true } } }),
    );
    let lazy = Lazy { fails_at: Some("/a"), ..Lazy::default() };
    for request in [Request::read("/b"), Request::read("/")] {
        assert!(
            matches!(rules.permits(&request, &lazy), Err(Error::Data(error)) if error.to_string().contains("on fire"))
        );
        assert!(matches!(rules.evaluate(&request, &lazy), Err(Error::Data(_))));
        assert!(matches!(rules.explain(&request, &lazy), Err(Error::Data(_))));
    }
    let increment = Request::write("/n", json!({ ".sv": { "increment": 1 } }));
    let lazy = Lazy { fails_at: Some("/n"), ..Lazy::default() };
    assert!(matches!(rules.permits(&increment, &lazy), Err(Error::Data(_))));
}

#[test]
fn a_host_that_failed_is_asked_no_more() {
    let rules = rules(&json!({ "rules": { ".write": "true", "a": {
        "b": { ".validate": "data.exists()" }, "c": { ".validate": "data.exists()" },
    } } }));
    let write = Request::write("/a", json!({ "b": 1, "c": 1 }));
    for ask in [
        |rules: &Ruleset, write: &Request<'_>, lazy: &Lazy| rules.permits(write, lazy).map(drop),
        |rules: &Ruleset, write: &Request<'_>, lazy: &Lazy| rules.evaluate(write, lazy).map(drop),
        |rules: &Ruleset, write: &Request<'_>, lazy: &Lazy| rules.explain(write, lazy).map(drop),
    ] {
        let lazy = Lazy { fails_at: Some("/a/b"), ..Lazy::default() };
        assert!(matches!(ask(&rules, &write, &lazy), Err(Error::Data(_))));
        assert_eq!(*lazy.asked.borrow(), ["get /a/b"]);
    }
}

#[test]
fn an_explanation_asks_a_host_no_more_than_the_evaluation() {
    let rules = rules(&json!({ "rules": {
        ".read": "root.child('a').child('b').exists() && root.child('big').hasChildren(['x', 'y', 'z'])",
    } }));
    let lazy =
        Lazy { data: data(json!({ "a": { "b": 1 }, "big": { "x": 1 } })), fails_at: Some("/big/z"), ..Lazy::default() };
    let _ = rules.evaluate(&Request::read("/"), &lazy).unwrap();
    let asked = std::mem::take(&mut *lazy.asked.borrow_mut());
    assert_eq!(asked, ["get /a/b", "get /big/x", "get /big/y"]);
    let text = rules.explain(&Request::read("/"), &lazy).unwrap().explanation().to_string();
    assert_eq!(*lazy.asked.borrow(), asked);
    assert!(text.contains("(missing: 'y')") && text.contains("root.child('a') → not read"), "{text}");
}

#[test]
fn a_string_that_no_database_holds_is_an_error_of_the_host() {
    struct Huge;
    impl Tree for Huge {
        fn get(&self, path: &str) -> Result<Stored<'_>, BoxError> {
            let size = if path == "/huge" { 300 << 20 } else { 10 << 20 };
            Ok(Stored::Leaf(Scalar::String("x".repeat(size).into()), None))
        }
        fn child_names(&self, _: &str, _: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
            Ok(())
        }
    }
    let rules = rules(
        &json!({ "rules": { "$x": { ".read": "data.val().length > 1", ".write": "(data.val() + data.val()).length > 1" } } }),
    );
    assert!(
        matches!(rules.permits(&Request::read("/huge"), &Huge), Err(Error::Data(error)) if error.to_string().contains("314572800"))
    );
    assert!(rules.permits(&Request::read("/ten"), &Huge).unwrap());
    assert!(!rules.permits(&Request::write("/ten", json!(1)), &Huge).unwrap(), "the sum would be too long");
}

#[test]
fn a_decision_names_every_rule_on_the_way_and_every_place_that_is_not_valid() {
    let rules = rules(&json!({ "rules": {
        ".write": "auth.token.admin == true",
        "users": { "$uid": {
            ".write": "auth.uid == $uid",
            ".validate": "newData.hasChildren(['name'])",
            "name": { ".validate": "newData.isString()" },
            "age": { ".validate": "newData.val() > 0" },
            "$other": { ".validate": false },
        } },
    } }));
    let write = Request::write("/users/alice", json!({ "name": 1, "age": "x", "zip": 2 })).auth(Auth::user("alice"));
    let decision = decide(&rules, &write, &nothing());
    let seen: Vec<_> = decision
        .rules()
        .iter()
        .map(|rule| (rule.kind, rule.place.as_str(), rule.path.as_str(), rule.holds()))
        .collect();
    use RuleKind::{Validate, Write};
    assert_eq!(
        seen,
        [
            (Write, "/", "/", false),
            (Write, "/users/$uid", "/users/alice", true),
            (Validate, "/users/$uid", "/users/alice", true),
            (Validate, "/users/$uid/age", "/users/alice/age", false),
            (Validate, "/users/$uid/name", "/users/alice/name", false),
            (Validate, "/users/$uid/$other", "/users/alice/zip", false),
        ]
    );
    assert!(
        matches!(decision.cause(), Cause::Invalid(path, _, Some(fault)) if path == "/users/alice/age" && fault.message.contains('>'))
    );
    insta::assert_snapshot!("database_a_write_that_is_not_valid", decision.explanation());
    let many = Request::write("/users/alice", Json::Object((0..500).map(|at| (format!("k{at}"), json!(1))).collect()));
    let decision = decide(&rules, &many.auth(Auth::user("alice")), &nothing());
    assert_eq!(decision.rules().iter().filter(|rule| !rule.holds()).count(), 52, "50 of those below are kept");
}

#[test]
fn paths_that_are_long_and_begin_alike_are_told_apart() {
    let rules = rules(&json!({ "rules": {
        ".validate": "newData.child('x').exists()",
        "$key": { ".write": "$key.endsWith('a')", ".validate": "newData.isString()" },
    } }));
    let key = |end: &str| format!("{}{end}", "k".repeat(300));
    let paths = json!({ key("a"): "fine", key("b"): "fine" });
    let decision = decide(&rules, &Request::update("/", paths), &nothing());
    assert!(matches!(decision.cause(), Cause::Invalid(path, ..) if path == "/"), "the root is judged for the first");
    let decision = decide(
        &rules,
        &Request::update("/", json!({ key("a"): "fine", key("b"): "fine", "xa": "" })),
        &data(json!({ "x": 1 })),
    );
    assert!(matches!(decision.cause(), Cause::NotGranted(path, _) if *path == format!("/{}", key("b"))));
    assert!(decision.reason().len() < 200 && decision.reason().contains("…"));
    // Of two that are not valid the outer one is named, however many levels below it are the other.
    let decision = decide(&rules, &Request::write(format!("/{}", key("a")), json!(1)), &nothing());
    assert!(matches!(decision.cause(), Cause::Invalid(path, ..) if path == "/"));
}

#[test]
fn what_is_missing_is_named() {
    let rules = rules(&json!({ "rules": { ".write": true, "$x": {
        ".validate": "newData.hasChildren(['name', 'age', 'mail']) && newData.child('age').val() != newData.val().length",
    } } }));
    let said = |value: Json| {
        let decision = rules.explain(&Request::write("/u", value), &nothing()).unwrap();
        decision.explanation().to_string()
    };
    let text = said(json!({ "name": "x" }));
    // Beside the step, and beside what was decisive.
    assert_eq!(text.matches("(missing: 'age', 'mail')").count(), 2, "{text}");
    assert!(!said(json!({ "name": "x", "age": 1, "mail": "m" })).contains("missing"));
}

/// Below the written place, what holds is shown where all of it does; otherwise only what does not, wherever it stands.
#[test]
fn of_a_write_that_is_not_valid_only_what_fails_is_shown() {
    let field = |more: &str| json!({ ".validate": format!("newData.isNumber(){more}") });
    let rules = rules(&json!({ "rules": { "u": {
        ".write": true, ".validate": "newData.hasChildren()", "a": field(""), "b": field(" && newData.val() > data.val()"),
        "c": { ".validate": true, "d": field(""), "e": field("") }, "f": field(" && root.child('u').exists()"),
    } } }));
    let stored = data(json!({ "u": { "b": 1 } }));
    let shown = |value: Json| {
        let request = Request::write("/u", value);
        let evaluated = decide(&rules, &request, &stored);
        let explained = rules.explain(&request, &stored).unwrap();
        let paths = |decision: &Decision| -> Vec<String> {
            let validated = decision.rules().iter().filter(|rule| rule.kind == RuleKind::Validate);
            validated.map(|rule| rule.path.clone()).collect()
        };
        assert_eq!(paths(&evaluated), paths(&explained));
        assert!(explained.rules().iter().all(|rule| rule.condition.is_some()));
        (explained.is_allowed(), paths(&explained).join(" "))
    };
    let valid = |at: &str, value: Json| {
        let mut record = json!({ "a": 1, "b": 2, "c": { "d": 1, "e": 1 }, "f": 1 });
        *record.pointer_mut(at).unwrap() = value;
        shown(record)
    };
    assert_eq!(valid("/a", json!(2)), (true, "/u /u/a /u/b /u/c /u/f /u/c/d /u/c/e".to_owned()));
    assert_eq!(valid("/a", json!("x")), (false, "/u /u/a".to_owned()));
    assert_eq!(valid("/b", json!(1)), (false, "/u /u/b".to_owned()));
    assert_eq!(valid("/c/d", json!("x")), (false, "/u /u/c/d".to_owned()));
    assert_eq!(valid("/f", json!("x")), (false, "/u /u/f".to_owned()));
    let record = json!({ "a": "x", "b": 2, "c": { "d": 1, "e": "x" }, "f": "x" });
    assert_eq!(shown(record), (false, "/u /u/a /u/f /u/c/e".to_owned()));
}

#[test]
fn decisions_read_well() {
    let rules: Ruleset = include_str!("../../../examples/database.rules.json").parse().unwrap();
    let stored: Json = serde_json::from_str(include_str!("../../../examples/database.json")).unwrap();
    let stored = data(stored);
    let message = |from: &str| json!({ "from": from, "text": "hi", "sent": { ".sv": "timestamp" } });
    let alice = Auth::user("alice");
    let shown = |name: &str, request: Request<'_>| {
        insta::assert_snapshot!(name, decide(&rules, &request.at(ms(1_700_000_000_000)), &stored).explanation());
    };
    shown("database_an_allowed_write", Request::write("/rooms/r1/messages/m1", message("alice")).auth(&alice));
    shown("database_a_denied_write", Request::write("/rooms/r1/messages/m1", message("bob")).auth(Auth::user("bob")));
    shown("database_a_read_whose_rule_fails", Request::read("/rooms/r1"));
    shown("database_no_rule_on_the_way", Request::read("/rooms").auth(&alice));
    shown(
        "database_an_update",
        Request::update("/", json!({ "users/alice/age": 12.5, "rooms/r1/members/alice": null })).auth(&alice),
    );
    shown("database_a_refused_request", Request::write("/users/alice", json!({ "a.b": 1 })).auth(&alice));
}

#[test]
fn the_compiled_form_is_readable() {
    let rules: Ruleset = include_str!("../../../examples/database.rules.json").parse().unwrap();
    insta::assert_snapshot!("database_listing", rules);
}

/// A path in an explanation has all its names, also those beyond what data can have.
#[test]
fn the_path_of_a_place_is_whole() {
    let deep: Vec<String> = (0..40).map(|n| format!("n{n}")).collect();
    for levels in [0, 1, 31, 32, 33, 40] {
        let path = deep[..levels].join("/");
        let place = if levels == 0 { "data".to_owned() } else { format!("data.child('{path}')") };
        let rules = rules(&json!({ "rules": { ".read": format!("{place}.exists()") } }));
        let lazy = Lazy { data: data(json!({ "x": 1 })), ..Lazy::default() };
        assert!(rules.permits(&Request::read("/"), &lazy).is_ok(), "{levels}");
        let asked = lazy.asked.borrow();
        let whole = format!("get /{path}");
        assert!(asked.iter().all(|asked| whole.starts_with(asked.as_str())), "{levels} {asked:?}");
        assert!(levels == 0 || levels > 32 || asked.contains(&whole), "{levels} {asked:?}");
    }
}
