//! A request without a time: whatever reads the clock fails and says why, in all products and by all ways to a verdict.

use firewarden::{Auth, Timestamp, database, firestore, storage};
use proptest::prelude::*;
use serde_json::json;

/// What a denial says.
const NO_TIME: &str = "the request has no time; set it with at(…)";

/// 2026-01-01 is the day until which the rules of these tests permit.
fn before() -> Timestamp {
    "2025-12-31T23:59:59.999Z".parse().unwrap()
}

fn after() -> Timestamp {
    Timestamp::from_secs(1_767_225_600).unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Product {
    Storage,
    Firestore,
    Database,
}

use Product::{Database, Firestore, Storage};

/// The verdict of rules that consist of a condition, and the explanation: of all three entrances, which agree.
fn asked(product: Product, condition: &str, time: Option<Timestamp>) -> (bool, String) {
    macro_rules! decided {
        ($rules:expr, $request:expr, $data:expr) => {{
            let (rules, request, data) = ($rules, $request, $data);
            let request = match time {
                Some(time) => request.at(time),
                None => request,
            };
            let explained = rules.explain(&request, data).unwrap();
            let evaluated = rules.evaluate(&request, data).unwrap();
            let allowed = explained.is_allowed();
            assert_eq!(rules.permits(&request, data).unwrap(), allowed, "{product:?} {condition}");
            assert_eq!(evaluated.is_allowed(), allowed, "{product:?} {condition}");
            assert_eq!(evaluated.reason(), explained.reason(), "{product:?} {condition}");
            (allowed, format!("{}\n{}", explained.reason(), explained.explanation()))
        }};
    }
    let functions = "function same(x) { return x; } function nobody(r) { return r.auth == null; }";
    match product {
        Storage => {
            let rules = format!(
                "rules_version = '2'; service firebase.storage {{ match /b/{{bucket}}/o {{ {functions}
                 match /{{name}} {{ allow read, write: if {condition}; }} }} }}"
            );
            decided!(
                rules.parse::<storage::Ruleset>().unwrap_or_else(|refused| panic!("{condition}\n{refused}")),
                storage::Request::create("bucket", storage::Object::new("cat.png")),
                &()
            )
        }
        Firestore => {
            let rules = format!(
                "rules_version = '2'; service cloud.firestore {{ match /databases/{{database}}/documents {{ {functions}
                 match /{{collection}}/{{id}} {{ allow read, write: if {condition}; }} }} }}"
            );
            decided!(
                rules.parse::<firestore::Ruleset>().unwrap_or_else(|refused| panic!("{condition}\n{refused}")),
                firestore::Request::get("notes/n1"),
                &()
            )
        }
        Database => {
            let rules = json!({ "rules": { ".read": condition } }).to_string();
            decided!(
                rules.parse::<database::Ruleset>().unwrap_or_else(|refused| panic!("{condition}\n{refused}")),
                database::Request::read("/notes"),
                &database::Data::default()
            )
        }
    }
}

/// A condition as the product writes it: `CLOCK` is the time of the request, `END` 2026-01-01.
fn written(product: Product, condition: &str) -> String {
    let (clock, end) = match product {
        Database => ("now", "1767225600000"),
        _ => ("request.time", "timestamp.date(2026, 1, 1)"),
    };
    condition.replace("CLOCK", clock).replace("END", end)
}

#[test]
fn test_mode_rules_deny_without_a_clock_and_expire_with_one() {
    for product in [Storage, Firestore, Database] {
        for condition in ["CLOCK < END", "CLOCK != END && CLOCK < END", "!(CLOCK >= END)"] {
            let condition = written(product, condition);
            let (allowed, said) = asked(product, &condition, None);
            assert!(!allowed, "{product:?} {condition}");
            assert!(said.contains(NO_TIME), "{product:?} {condition}\n{said}");
            assert!(asked(product, &condition, Some(before())).0, "{product:?} {condition}");
            let (allowed, said) = asked(product, &condition, Some(after()));
            assert!(!allowed && !said.contains(NO_TIME), "{product:?} {condition}\n{said}");
        }
    }
}

#[test]
fn no_operator_makes_an_allow_of_a_missing_clock() {
    let conditions = [
        "CLOCK == CLOCK",
        "CLOCK != END",
        "CLOCK != null",
        "!(CLOCK == null)",
        "CLOCK < END || CLOCK >= END",
        "false || CLOCK < END",
        "!(false || CLOCK < END)",
        "true && CLOCK < END",
        "!(CLOCK < END && true)",
        "CLOCK < END ? true : true",
        "true ? CLOCK < END : true",
        "false ? true : !(CLOCK < END)",
    ];
    for product in [Storage, Firestore, Database] {
        for condition in conditions {
            let condition = written(product, condition);
            let (allowed, said) = asked(product, &condition, None);
            assert!(!allowed && said.contains(NO_TIME), "{product:?} {condition}\n{said}");
        }
        // What decides by itself absorbs the error, as it does any other.
        for condition in ["true || CLOCK < END", "!(false && CLOCK < END)", "true ? true : CLOCK < END"] {
            assert!(asked(product, &written(product, condition), None).0, "{product:?} {condition}");
        }
    }
    // On the left of what decides, only services absorb it.
    for (product, allowed) in [(Storage, true), (Firestore, true), (Database, false)] {
        assert_eq!(asked(product, &written(product, "CLOCK < END || true"), None).0, allowed, "{product:?}");
    }
    for condition in
        ["now + 'x' != ''", "now.toString() != ''", "(now + 1) > 0", "-now != 0", "root.child('' + now) != null"]
    {
        let rules = json!({ "rules": { ".read": condition } }).to_string();
        if rules.parse::<database::Ruleset>().is_ok() {
            assert!(!asked(Database, condition, None).0, "{condition}");
        }
    }
}

/// A request has its time whether it is known or not: its keys are those of any other. To read it, by whatever way, or
/// all of the request, is an error.
#[test]
fn a_request_without_a_time_has_the_key_and_cannot_be_read_as_a_whole() {
    let denied = [
        "request['time'] != null",
        "request.get('time', null) == null",
        "request.get(['time'], null) == null",
        "request.time is timestamp",
        "!(request.time is timestamp)",
        "request.time.toMillis() >= 0",
        "same(request.time) != null",
        "same(request).time != null",
        "debug(request.time) != null",
        "debug(request).time != null",
        "int(request.time) != 0",
        "request == request",
        "request != request",
        "request != {}",
        "!(request == {'a': 1})",
        "!(request in [1, {}])",
        "!(request in [].toSet())",
        "[request] != []",
        "[request].size() == 1",
        "{'r': request} != {}",
        "request.values().size() > 0",
        "!(1 in request.values())",
        "request.diff({}).affectedKeys().size() > 0",
        "!{}.diff(request).affectedKeys().hasAny(['x'])",
        "!([request].hasAny([1]))",
        "same(request) != same({})",
    ];
    let allowed = [
        "'time' in request",
        "request.keys().hasAll(['time', 'method'])",
        "request.size() > 4",
        "request is map",
        "request != null",
        "!(request == null)",
        "request != 1",
        "request.get('auth', 1) == null",
        "request.auth == null",
        "nobody(request)",
        "debug(request).auth == null",
        "same(request).keys().hasAll(['time'])",
    ];
    for product in [Storage, Firestore] {
        for condition in denied {
            let (allowed, said) = asked(product, condition, None);
            assert!(!allowed && said.contains(NO_TIME), "{product:?} {condition}\n{said}");
            assert!(!asked(product, condition, Some(after())).1.contains(NO_TIME), "{product:?} {condition}");
        }
        for condition in allowed {
            for time in [None, Some(after())] {
                let (allowed, said) = asked(product, condition, time);
                assert!(allowed, "{product:?} {condition}\n{said}");
            }
        }
    }
    // The times of an object that states none are the request's.
    for condition in
        ["request.resource.timeCreated != null", "request.resource != {}", "request.resource.updated == null"]
    {
        let (allowed, said) = asked(Storage, condition, None);
        assert!(!allowed && said.contains(NO_TIME), "{condition}\n{said}");
    }
    assert!(asked(Storage, "request.resource.size == 0 && request.resource != null", None).0);
}

#[test]
fn a_server_timestamp_needs_a_clock() {
    let rules: database::Ruleset = r#"{ "rules": { ".write": true } }"#.parse().unwrap();
    let timestamp = || json!({ ".sv": "timestamp" });
    let stored = database::Data::default();
    let writes: [fn(serde_json::Value) -> database::Request<'static>; 4] = [
        |value| database::Request::write("/a", value),
        |value| database::Request::write("/a", json!({ "b": 1, ".priority": value })),
        |value| database::Request::write("/a/.priority", value),
        |value| database::Request::update("/a", json!({ "b": value })),
    ];
    for write in writes {
        let request = write(timestamp());
        assert!(!rules.permits(&request, &stored).unwrap());
        for decision in [rules.evaluate(&request, &stored).unwrap(), rules.explain(&request, &stored).unwrap()] {
            let refused = database::RequestError::NoTime;
            assert!(matches!(decision.cause(), database::Cause::Refused(error) if *error == refused));
            assert!(decision.reason().contains(NO_TIME), "{}", decision.reason());
        }
        assert!(rules.permits(&request.at(after()), &stored).unwrap());
        assert!(rules.permits(&write(json!(1)), &stored).unwrap());
    }
    let user = Auth::user("alice");
    let increment = database::Request::write("/a", json!({ ".sv": { "increment": 1 } })).auth(&user);
    assert!(rules.permits(&increment, &stored).unwrap());
}

/// A condition with reads of the clock among parts that are true or false without it.
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        2 => Just("true".to_owned()),
        2 => Just("false".to_owned()),
        1 => Just("CLOCK < END".to_owned()),
        1 => Just("CLOCK >= END".to_owned()),
        1 => Just("CLOCK != END".to_owned()),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What is allowed without a clock is allowed at every time: a part that does not read it has decided.
    #[test]
    fn only_what_does_not_depend_on_the_clock_is_allowed_without_one(condition in condition()) {
        for product in [Storage, Firestore, Database] {
            let condition = written(product, &condition);
            if asked(product, &condition, None).0 {
                for time in [before(), after()] {
                    prop_assert!(asked(product, &condition, Some(time)).0, "{product:?} {condition}");
                }
            }
        }
    }
}
