//! The command: exit statuses, options, what it prints where.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

fn firewarden(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firewarden")).args(arguments).output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// A folder of its own for a test, with these files in it.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    folder
}

const RULES: &str = "rules_version = '2';\nservice firebase.storage { match /b/{b}/o/{all=**} { allow read; } }\n";

#[test]
fn exit_status_tells_what_happened() {
    let good = "rules: r.rules\ntests: [{ get: a, expect: allow }]\n";
    let failing = "rules: r.rules\ntests: [{ get: a, expect: deny }]\n";
    let wrong = "rules: r.rules\ntests: [{ get: a, exepct: deny }]\n";
    let refused = "rules: broken.rules\ntests: [{ get: a, expect: deny }]\n";
    for (name, suite, status) in
        [("good", good, 0), ("failing", failing, 1), ("wrong", wrong, 2), ("refused", refused, 3)]
    {
        let files =
            [("s.test.yaml", suite), ("r.rules", RULES), ("broken.rules", "service firebase.storage { match }")];
        let folder = folder(&format!("status-{name}"), &files);
        let output = firewarden(&["test", folder.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(status), "{name}: {}{}", text(&output.stdout), text(&output.stderr));
    }
    let empty = folder("status-empty", &[("r.rules", RULES)]);
    assert_eq!(firewarden(&["test", empty.to_str().unwrap()]).status.code(), Some(2));
    assert_eq!(firewarden(&["test", "nowhere"]).status.code(), Some(2));
    let filtered = firewarden(&["test", "tests/suites/sketch", "--filter", "nothing has this name"]);
    assert_eq!(filtered.status.code(), Some(2));
}

#[test]
fn a_mistake_is_told_with_file_line_and_caret_on_standard_error() {
    let suite = "rules: r.rules\ntests:\n  - get: a\n    exepct: deny\n";
    let folder = folder("mistake", &[("s.test.yaml", suite), ("r.rules", RULES)]);
    let output = firewarden(&["test", folder.to_str().unwrap()]);
    let error = text(&output.stderr);
    assert!(
        error.contains("s.test.yaml:4:5\n") && error.contains("^^^^^^") && error.contains("did you mean expect?"),
        "{error}"
    );
}

#[test]
fn formats_go_to_standard_output_or_to_a_file() {
    let folder = folder("formats", &[]);
    let file = folder.join("report.xml");
    let output = firewarden(&["test", "tests/suites/kinds", "--format", "junit", "--output", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(fs::read_to_string(&file).unwrap().starts_with("<?xml"));
    assert!(text(&output.stdout).contains("80 passed, 1 skipped"), "{}", text(&output.stdout));
    let json = firewarden(&["test", "tests/suites/kinds", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["passed"], 80);
    let tap = text(&firewarden(&["test", "tests/suites/kinds", "--format", "tap"]).stdout);
    assert!(tap.starts_with("TAP version 14\n1..81\n"));
}

#[test]
fn tests_are_listed_and_chosen_by_name() {
    let list = text(&firewarden(&["test", "tests/suites", "--list"]).stdout);
    assert!(list.contains("tests/suites/sketch/sketch.test.yaml::an owner replaces her picture\n"), "{list}");
    let chosen = text(&firewarden(&["test", "tests/suites", "-k", "sketch::owner", "-v"]).stdout);
    assert!(
        chosen.contains("  ok    an owner replaces her picture\n") && chosen.contains("1 test in 1 suite"),
        "{chosen}"
    );
}

#[test]
fn schema_is_printed_for_editors() {
    let output = firewarden(&["test", "--schema"]);
    assert_eq!(text(&output.stdout), firewarden::suite::JSON_SCHEMA);
}

#[test]
fn a_closed_pipe_and_quiet_are_no_errors() {
    let quiet = firewarden(&["test", "tests/suites/kinds", "--quiet"]);
    assert_eq!((quiet.status.code(), quiet.stdout.len(), quiet.stderr.len()), (Some(0), 0, 0));
}
