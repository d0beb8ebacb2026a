//! The time of a request that the command decides: stated, the present, or none.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value as Json, json};

/// What a denial says.
const NO_TIME: &str = "the request has no time; set it with at(…)";

fn run(arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_firewarden"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// The answer to the op `database` for test-mode rules.
fn line(now: &Json) -> Json {
    let mut line = json!({
        "op": "database", "id": 1, "rules": { "rules": { ".read": "now < 1767225600000" } },
        "operation": { "type": "read", "path": "/" },
    });
    if *now != json!("unstated") {
        line["now"] = now.clone();
    }
    serde_json::from_str(&run(&["eval", "--jsonl"], &format!("{line}\n")).1).unwrap()
}

#[test]
fn a_line_without_a_time_is_asked_at_none() {
    for now in [json!("unstated"), Json::Null] {
        let answer = line(&now);
        assert_eq!(answer["decision"], "deny", "{answer}");
        assert!(answer["reason"].as_str().unwrap().contains(NO_TIME), "{answer}");
    }
    assert_eq!(line(&json!(1_767_225_599_999_i64))["decision"], "allow");
    assert_eq!(line(&json!(1_767_225_600_000_i64))["decision"], "deny");
    for wrong in [json!(i64::MAX), json!(i64::MIN), json!(1.5), json!("2026-01-01T00:00:00Z")] {
        let answer = line(&wrong);
        assert!(answer["bad_request"].as_str().unwrap().contains("`now`"), "{answer}");
    }
}

/// A request of a person at a terminal is asked now, unless the option says when.
#[test]
fn eval_asks_now_unless_it_is_told_when() {
    let folder = std::env::temp_dir().join(format!("firewarden-clock-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let storage = "rules_version = '2'; service firebase.storage { match /b/{b}/o/{name} {
        allow get: if request.time < timestamp.date(YEAR, 1, 1); } }";
    let firestore = "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents/{name}/{id} {
        allow get: if request.time < timestamp.date(YEAR, 1, 1); } }";
    let (past, future) = ((2001, "978307200000"), (9000, "221845392000000"));
    for ((year, millis), allowed) in [(past, false), (future, true)] {
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let storage = write("storage.rules", storage.replace("YEAR", &year.to_string()));
        let firestore = write("firestore.rules", firestore.replace("YEAR", &year.to_string()));
        let database =
            write("database.rules.json", json!({ "rules": { ".read": format!("now < {millis}") } }).to_string());
        for ask in [[&*storage, "get", "a.png"], [&*firestore, "get", "notes/n1"], [&*database, "read", "/"]] {
            let eval = |more: &[&str]| run(&[&["eval"], &ask[..], more].concat(), "").0;
            assert_eq!(eval(&[]), Some(i32::from(!allowed)), "{ask:?} {year}");
            assert_eq!(eval(&["--time", "2000-12-31T23:59:59Z"]), Some(0), "{ask:?} {year}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
