//! The command: exit statuses, options, what it prints where.

use std::{fs, path::Path};

use super::runner::{Folder, Ran, run};

/// The command in the project's own folder.
fn firewarden(arguments: &[&str]) -> Ran {
    run(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../suite")), arguments, "")
}

/// A folder of its own for a test, with these files in it.
fn folder(name: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(&format!("suites-{name}"));
    files.iter().for_each(|(name, text)| folder.write(name, text));
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
        let output = folder.run(&["test"], "");
        assert_eq!(output.status, status, "{name}: {}{}", output.out, output.err);
    }
    let empty = folder("status-empty", &[("r.rules", RULES)]);
    assert_eq!(empty.run(&["test"], "").status, 2);
    assert_eq!(firewarden(&["test", "nowhere"]).status, 2);
    let filtered = firewarden(&["test", "tests/suites/sketch", "--filter", "nothing has this name"]);
    assert_eq!(filtered.status, 2);
}

#[test]
fn a_mistake_is_told_with_file_line_and_caret_on_standard_error() {
    let suite = "rules: r.rules\ntests:\n  - get: a\n    exepct: deny\n";
    let folder = folder("mistake", &[("s.test.yaml", suite), ("r.rules", RULES)]);
    let output = folder.run(&["test"], "");
    let error = output.err;
    assert!(
        error.contains("s.test.yaml:4:5\n") && error.contains("^^^^^^") && error.contains("did you mean expect?"),
        "{error}"
    );
}

#[test]
fn formats_go_to_standard_output_or_to_a_file() {
    let folder = folder("formats", &[]);
    let file = folder.path().join("report.xml");
    let output = firewarden(&["test", "tests/suites/kinds", "--format", "junit", "--output", file.to_str().unwrap()]);
    assert_eq!(output.status, 0);
    assert!(fs::read_to_string(&file).unwrap().starts_with("<?xml"));
    assert!(output.out.contains("80 passed, 1 skipped"), "{}", output.out);
    let json = firewarden(&["test", "tests/suites/kinds", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["passed"], 80);
    let tap = firewarden(&["test", "tests/suites/kinds", "--format", "tap"]).out;
    assert!(tap.starts_with("TAP version 14\n1..81\n"));
}

#[test]
fn tests_are_listed_and_chosen_by_name() {
    let list = firewarden(&["test", "tests/suites", "--list"]).out;
    assert!(list.contains("tests/suites/sketch/sketch.test.yaml::an owner replaces her picture\n"), "{list}");
    let chosen = firewarden(&["test", "tests/suites", "-k", "sketch::owner", "-v"]).out;
    assert!(
        chosen.contains("  ok    an owner replaces her picture\n") && chosen.contains("1 test in 1 suite"),
        "{chosen}"
    );
}

#[test]
fn schema_is_printed_for_editors() {
    let output = firewarden(&["test", "--schema"]);
    assert_eq!(output.out, firewarden_suite::JSON_SCHEMA);
}

#[test]
fn a_closed_pipe_and_quiet_are_no_errors() {
    let quiet = firewarden(&["test", "tests/suites/kinds", "--quiet"]);
    assert_eq!((quiet.status, quiet.out.len(), quiet.err.len()), (0, 0, 0));
}

#[test]
fn coverage_is_written_in_every_form_and_held_against_thresholds() {
    let folder = folder("coverage", &[]);
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let reports = [("html", "c.html"), ("lcov", "c.info"), ("json", "c.json"), ("official", "o.json")];
    let options: Vec<String> = reports.iter().map(|(kind, name)| format!("--coverage={kind}={}", file(name))).collect();
    let mut arguments = vec!["test", "tests/suites/kinds", "--coverage", "text"];
    arguments.extend(options.iter().map(String::as_str));
    let output = firewarden(&arguments);
    assert_eq!(output.status, 0, "{}", output.err);
    assert!(output.out.contains("not covered in tests/suites/kinds/storage.rules:"));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("c.html").starts_with("<!doctype html>"));
    assert!(read("c.info").contains("SF:tests/suites/kinds/firestore.rules\n"));
    for name in ["c.json", "o.json"] {
        serde_json::from_str::<serde_json::Value>(&read(name)).unwrap();
    }
    for (least, status) in [("0", 0), ("lines=100", 0), ("conditions=99.9", 1), ("101", 2), ("lines=x", 2)] {
        let output = firewarden(&["test", "tests/suites/kinds", "-q", "--fail-under", least]);
        assert_eq!(output.status, status, "{least}: {}", output.err);
    }
    let short = firewarden(&["test", "tests/suites/kinds", "-q", "--fail-under", "conditions=99"]).err;
    assert!(short.contains("tests/suites/kinds/storage.rules") && short.contains("at least 99 % required"), "{short}");
}

#[test]
fn what_the_tests_read_is_not_written_over() {
    let suite = "rules: r.rules\ntests: [{ get: a, expect: allow }]\n";
    let folder = folder("over", &[("s.test.yaml", suite), ("r.rules", RULES)]);
    let rules = folder.path().join("r.rules");
    for option in [format!("--coverage=lcov={}", rules.display()), format!("--output={}", rules.display())] {
        let output = folder.run(&["test", "--format", "tap", &option], "");
        assert_eq!(output.status, 2, "{option}");
        assert_eq!(fs::read_to_string(&rules).unwrap(), RULES);
    }
}

#[test]
fn names_cannot_write_to_the_terminal() {
    let suite = "rules: r.rules\ntests: [{ name: \"a\\e[2J\\u202E\\n::error::b\", get: a, expect: deny }]\n";
    let folder = folder("escapes", &[("s.test.yaml", suite), ("r.rules", RULES)]);
    for options in [&[][..], &["--color", "always"], &["--format", "github"], &["--format", "tap"], &["--list"]] {
        let mut arguments = vec!["test"];
        arguments.extend(options);
        let output = folder.run(&arguments, "").out;
        assert!(!output.contains("\x1b[2J") && !output.contains('\u{202e}'), "{options:?}: {output}");
        assert!(!output.lines().any(|line| line.starts_with("::error::")), "{options:?}: {output}");
    }
}

#[test]
fn an_official_request_is_answered() {
    let request = r#"{ "testSuite": { "testCases": [{ "expectation": "EXPECTED",
        "request": { "method": "get", "path": "/b/b/o/a" } }] } }"#;
    for (expected, status) in [("ALLOW", 0), ("DENY", 1), ("PERHAPS", 2)] {
        let request = request.replace("EXPECTED", expected);
        let folder = folder(&format!("official-{status}"), &[("q.json", &request), ("r.rules", RULES)]);
        let output = folder.run(&["test", "--official", "q.json", "r.rules"], "");
        assert_eq!(output.status, status, "{}", output.err);
        if status < 2 {
            let answer: serde_json::Value = serde_json::from_str(&output.out).unwrap();
            assert_eq!(answer["testResults"][0]["state"], if status == 0 { "SUCCESS" } else { "FAILURE" });
        }
    }
}

#[test]
fn warnings_of_rules_in_a_suite_of_any_name_are_shown_with_the_suite() {
    let suite = "rules: |\n  service firebase.storage { match /b/{b}/o/{all=**} { allow read; } }\ntests: [{ get: a, expect: allow }]\n";
    let folder = folder("any-name", &[("suite.yaml", suite)]);
    let ran = folder.run(&["test", "suite.yaml"], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    assert!(ran.err.contains("warning[old-version]") && !ran.err.contains("firewarden check"), "{}", ran.all());
}

#[test]
fn a_suite_in_utf_16_is_named() {
    let folder = folder("utf-16", &[("r.rules", RULES)]);
    std::fs::write(folder.path().join("a.test.yaml"), b"\xff\xfer\0").unwrap();
    let ran = folder.run(&["test"], "");
    assert!(ran.status == 2 && ran.err.contains("a.test.yaml: this is UTF-16"), "{}", ran.all());
}

#[test]
fn a_dash_is_no_file_for_results() {
    let folder =
        folder("dash", &[("r.rules", RULES), ("a.test.yaml", "rules: r.rules\ntests: [{ get: a, expect: allow }]\n")]);
    let ran = folder.run(&["test", "--format", "tap", "--output", "-"], "");
    assert!(ran.status == 2 && ran.err.contains("without --output, results go to standard output"), "{}", ran.all());
    assert!(!folder.path().join("-").exists());
}

#[test]
fn a_watch_that_nobody_reads_ends() {
    let folder = folder(
        "watch-unread",
        &[("r.rules", RULES), ("a.test.yaml", "rules: r.rules\ntests: [{ get: a, expect: allow }]\n")],
    );
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_firewarden"));
    let mut child = command.args(["test", "--watch"]).current_dir(folder.path()).stdout(writer).spawn().unwrap();
    let ended = (0..300).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        child.try_wait().unwrap()
    });
    let _ = child.kill();
    assert_eq!(ended.and_then(|status| status.code()), Some(2));
}

#[test]
fn strict_says_what_it_minds() {
    let suite =
        "rules: r.rules\nusers: { u: { uid: a, claims: { acr: x } } }\ntests: [{ get: a, as: u, expect: allow }]\n";
    let folder = folder("strict", &[("s.test.yaml", suite), ("r.rules", RULES)]);
    let lax = folder.run(&["test"], "");
    assert_eq!(lax.status, 0);
    assert!(lax.err.contains("s.test.yaml:2:33"), "{}", lax.err);
    for more in ["-v", "-q"] {
        let strict = folder.run(&["test", "--strict", more], "");
        assert_eq!(strict.status, 1);
        assert!(strict.err.contains("--strict"), "{}", strict.err);
    }
}
