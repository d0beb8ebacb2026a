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

fn service(condition: String, functions: String) {
    let text = format!(
        "rules_version='2'; service firebase.storage {{ {functions} match /b/{{b}}/o/{{o}} {{ allow read: if {condition}; }} }}"
    );
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

#[test]
fn functions_that_call_each_other() {
    for (before, after) in [("".to_owned(), " && true"), ("!".repeat(44), "")] {
        let chain = (0..19).map(|i| format!("function f{i}(a) {{ return {before}f{}(a){after}; }}", i + 1));
        service("f0(true)".to_owned(), chain.collect::<String>() + "function f19(a) { return a; }");
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
