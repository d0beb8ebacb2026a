//! Rules that nest as deeply as rules may, in a thread whose stack is [`STACK`].

use firewarden::{
    Auth,
    database::{self, Data},
    storage,
};
use serde_json::json;

/// Bytes that suffice, as the documentation of the crate says.
const STACK: usize = 1 << 20;

fn within_the_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap();
}

fn ruleset(condition: &str, functions: &str) -> String {
    format!(
        "rules_version='2'; service firebase.storage {{ {functions} match /b/{{b}}/o/{{o}} {{ allow read: if {condition}; }} }}"
    )
}

fn service(condition: String, functions: String) {
    let text = ruleset(&condition, &functions);
    within_the_stack(move || {
        let rules: storage::Ruleset = text.parse().unwrap_or_else(|refused| panic!("{refused}"));
        let request = storage::Request::get("b", "o").auth(Auth::user("a"));
        let decision = rules.explain(&request, &()).unwrap();
        assert_eq!(rules.permits(&request, &()).unwrap(), decision.is_allowed());
        assert!(!decision.explanation().to_string().is_empty());
    });
}

#[test]
fn chains_of_members_indexes_and_methods() {
    service(format!("request.auth.token{} == 1", ".a".repeat(396)), String::new());
    service(format!("request.auth.token.l{} == 1", "[0]".repeat(395)), String::new());
    service(format!("'a'{} == 'a'", ".trim()".repeat(397)), String::new());
}

#[test]
fn nested_operands() {
    service(format!("{}true{}", "(".repeat(97), ")".repeat(97)), String::new());
    service(format!("{}1{} == []", "[".repeat(96), "]".repeat(96)), String::new());
    service(format!("1{} == 2", " + 1".repeat(90)), String::new());
}

/// What nests, as what stands before and behind an operand, and the operand at the very bottom.
const NESTED: [(&str, &str); 22] = [
    ("", " && true"),
    ("true && (", ")"),
    ("", " || a"),
    ("a || (", ")"),
    ("!", ""),
    ("!(", ")"),
    ("(", ") == a"),
    ("a != (", ")"),
    ("a ? (", ") : a"),
    ("(", ") ? a : true"),
    ("true ? true : (", ")"),
    ("(", ") is bool"),
    ("[a, ", "][1]"),
    ("[", "] == [a]"),
    ("{'k': ", "}.k"),
    ("{'k': ", "}['k']"),
    ("(", ") in [a]"),
    ("[true].hasAny([", "])"),
    ("debug(", ")"),
    ("string(", ") == 'true'"),
    ("/a/$(string(", ")) == /a/true"),
    ("'a'.matches(string(", "))"),
];

/// Rules whose functions call each other 19 times, each call within as many operations as the official compiler takes.
#[test]
fn functions_that_call_each_other() {
    let depth = |before: &str, after: &str| {
        let fits = |n: &usize| {
            let function = format!("function f(a) {{ return {}a{}; }}", before.repeat(*n), after.repeat(*n));
            ruleset("f(true)", &function).parse::<storage::Ruleset>().is_ok()
        };
        (1..=99).rev().find(fits).unwrap_or(0)
    };
    for (before, after) in NESTED {
        let n = depth(before, after).saturating_sub(2);
        assert!(n > 0, "{before}…{after}");
        let (before, after) = (before.repeat(n), after.repeat(n));
        let chain = (0..19).map(|i| format!("function f{i}(a) {{ return {before}f{}(a){after}; }}", i + 1));
        service("f0(true)".to_owned(), chain.collect::<String>() + "function f19(a) { return a; }");
    }
}

/// What nests far beyond what the official compiler takes, and chains of which it takes any length.
#[test]
fn rules_far_beyond_the_limits() {
    let n = 20_000;
    for (before, after) in NESTED {
        let condition = format!("{}true{}", before.repeat(n), after.repeat(n));
        let blocks = "match /a/{b} { ".repeat(n) + &"}".repeat(n);
        let services =
            [ruleset(&condition, ""), ruleset("true", &blocks), ruleset(&format!("!{}", before.repeat(n)), "")];
        let databases = [json!({ "rules": { ".read": condition } }).to_string(), "{\"rules\": ".repeat(n)];
        within_the_stack(move || {
            for text in services {
                assert!(text.parse::<storage::Ruleset>().is_err(), "{}", text.get(..200).unwrap_or(&text));
            }
            for text in databases {
                let Ok(rules) = text.parse::<database::Ruleset>() else { continue };
                let decision = rules.explain(&database::Request::read("/a"), &Data::default()).unwrap();
                assert!(!decision.explanation().to_string().is_empty());
            }
        });
    }
}

#[test]
fn database_rules() {
    let deep = || (0..31).fold(json!(1), |below, _| json!({ "a": below }));
    for condition in [
        "!".repeat(240) + "(auth == null)",
        "(".repeat(240) + "auth == null" + &")".repeat(240),
        "true ? (".repeat(100) + "auth == null" + &") : false".repeat(100),
        "root".to_owned() + &".child('a')".repeat(240) + ".exists()",
        "'a'".to_owned() + &" + 'a'".repeat(400) + " == 'b'",
    ] {
        let text = json!({ "rules": { ".read": condition, ".write": condition } }).to_string();
        within_the_stack(move || {
            let rules: database::Ruleset = text.parse().unwrap_or_else(|refused| panic!("{refused}"));
            let stored = Data::from_json(&deep()).unwrap();
            for request in [database::Request::read("/a"), database::Request::write("/", deep())] {
                let decision = rules.explain(&request, &stored).unwrap();
                assert_eq!(rules.permits(&request, &stored).unwrap(), decision.is_allowed());
                assert!(!decision.explanation().to_string().is_empty());
            }
        });
    }
}

/// Brackets just so deep that they are read on the caller's stack, and one more.
#[test]
fn database_rules_on_the_callers_stack() {
    for n in [24, 25] {
        let condition = "!(".repeat(n) + "auth == null" + &")".repeat(n);
        let rule = json!({ ".read": condition });
        // `rules` and the outermost object are two levels, the innermost is one.
        let rules = (0..n - 3).fold(rule, |below, _| json!({ "a": below }));
        let text = json!({ "rules": rules }).to_string();
        within_the_stack(move || {
            let rules: database::Ruleset = text.parse().unwrap_or_else(|refused| panic!("{refused}"));
            let path = "/a".repeat(n - 3);
            let read = database::Request::read(path.as_str());
            assert_eq!(rules.permits(&read, &Data::default()).unwrap(), n % 2 == 0);
        });
    }
}
