//! What the command says of unreadable files, wrong usage and bad lines.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

/// Rules with one condition.
fn condition(expression: &str) -> String {
    format!(
        "rules_version = '2';\nservice firebase.storage {{\nmatch /b/{{bucket}}/o {{\nmatch /{{name}} {{ allow read: if {expression}; }}\n}}\n}}\n"
    )
}

/// `firewarden check -` with these bytes.
fn check(bytes: &[u8]) -> Output {
    run(&["check", "-"], bytes)
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_firewarden"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading.
    let _ = process.stdin.take().unwrap().write_all(input);
    process.wait_with_output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_file_that_is_not_utf8_is_unreadable() {
    let file = std::env::temp_dir().join(format!("firewarden-not-utf8-{}.rules", std::process::id()));
    std::fs::write(&file, b"rules_version = '2'; // caf\xe9\n").unwrap();
    let output = run(&["check", file.to_str().unwrap()], b"");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    let message = errors(&output);
    assert!(message.contains("UTF-8") && message.contains("firewarden-not-utf8"), "{message}");
    assert_eq!(check(b"\xff\xfe").status.code(), Some(2));
}

#[test]
fn a_file_that_is_not_there_is_unreadable() {
    let output = run(&["check", "/no/such/file.rules"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("/no/such/file.rules"), "{}", errors(&output));
}

#[test]
fn refused_rules_end_with_three_and_good_ones_with_nought() {
    assert_eq!(check(b"").status.code(), Some(3));
    assert_eq!(check(b"service").status.code(), Some(3));
    assert_eq!(check(condition(&"(".repeat(10_000)).as_bytes()).status.code(), Some(3));
    assert_eq!(check(condition("true").as_bytes()).status.code(), Some(0));
}

#[test]
fn wrong_usage_ends_with_two() {
    assert_eq!(run(&["no-such-command"], b"").status.code(), Some(2));
    assert_eq!(run(&["eval", "--no-such-option"], b"").status.code(), Some(2));
    assert_eq!(run(&["eval", "/no/such/file.rules", "get", "a"], b"").status.code(), Some(2));
}

#[test]
fn bad_lines_are_answered_and_never_allow() {
    let lines: &[&[u8]] = &[
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{",
        b"{\"op\":\"decide\"}",
        b"{\"op\":\"fly\"}",
        b"{\"op\":1}",
        b"{\"id\":7,\"op\":\"decide\",\"source\":1}",
        b"{\"id\":8,\"op\":\"decide\",\"ruleset\":\"none\",\"method\":\"get\",\"path\":\"/a\"}",
        b"{\"id\":9,\"op\":\"expression\",\"expr\":\"request.auth\",\"variables\":{\"request\":{\"noValue\":1}}}",
        b"{\"id\":10,\"op\":\"load\",\"name\":\"a\",\"source\":\"service firebase.storage { match /{a=**} { allow get; } }\"}",
        b"{\"id\":11,\"op\":\"decide\",\"ruleset\":\"a\",\"method\":\"get\",\"path\":\"/%zz\"}",
        b"{\"id\":12,\"op\":\"decide\",\"ruleset\":\"a\",\"method\":\"get\",\"path\":\"//\"}",
    ];
    let nested = "[".repeat(100_000);
    let mut input = lines.join(&b'\n');
    input.extend_from_slice(format!("\n{nested}\n").as_bytes());
    let output = run(&["eval", "--jsonl"], &input);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let answers = String::from_utf8(output.stdout).unwrap();
    assert!(!answers.contains("\"permit\":true"), "{answers}");
    // The empty line asks nothing, the nested one is one more; three are read, of which two name no path.
    assert_eq!(answers.lines().count(), lines.len(), "{answers}");
    assert_eq!(answers.matches("bad_request").count(), lines.len() - 3, "{answers}");
    assert_eq!(answers.matches("\"permit\":false").count(), 2, "{answers}");
    assert!(answers.contains("\"id\":7"), "{answers}");
}
