//! The command where something is in the way: output that cannot be written, lines that are too long, few threads, names
//! that break lines, paths that cannot be asked.

use std::process::{Command, Stdio};

use super::runner::{Folder, Ran};
use serde_json::Value as Json;

const STORAGE: &str =
    "rules_version = '2'; service firebase.storage { match /b/{b}/o { match /{o=**} { allow read, create; } } }\n";
const FIRESTORE: &str =
    "service cloud.firestore { match /databases/{d}/documents { match /{o=**} { allow read, write; } } }\n";
const SUITE: &str = "rules: storage.rules\ntests: [{ get: a, expect: allow }]\n";

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("storage.rules", STORAGE);
    folder.write("firestore.rules", FIRESTORE);
    folder.write("database.rules.json", "{ \"rules\": { \".read\": true, \".write\": true } }");
    folder.write("a.test.yaml", SUITE);
    folder
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_end_with_two_and_words() {
    let folder = folder("full");
    for arguments in [
        &["check", "storage.rules"][..],
        &["check", "storage.rules", "--format", "json"],
        &["check", "storage.rules", "--format", "sarif"],
        &["test"],
        &["test", "--format", "junit"],
        &["test", "--output", "/dev/full", "--format", "tap"],
        &["test", "--coverage", "text"],
        &["eval", "storage.rules", "get", "a"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_firewarden"))
            .args(arguments)
            .current_dir(folder.path())
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {words}");
        assert!(words.contains("No space left"), "{arguments:?} {words}");
    }
    // A reader that is gone.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_firewarden"));
    let output = command.args(["check", "storage.rules"]).current_dir(folder.path()).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn reports_are_replaced_at_once() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = folder("replace");
    folder.write("report.xml", "old");
    let inode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().ino();
    let old = inode("report.xml");
    std::os::unix::fs::symlink("report.xml", folder.path().join("link.xml")).unwrap();
    let ran = folder.run(&["test", "--format", "junit", "--output", "link.xml", "--coverage", "lcov=c.info"], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    assert_ne!(inode("report.xml"), old);
    assert!(std::fs::symlink_metadata(folder.path().join("link.xml")).unwrap().is_symlink());
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name != ".git");
    names.sort();
    let expected =
        ["a.test.yaml", "c.info", "database.rules.json", "firestore.rules", "link.xml", "report.xml", "storage.rules"];
    assert_eq!(names, expected);
}

#[test]
fn threads_beyond_what_the_system_gives_are_done_without() {
    let folder = folder("jobs");
    let tests = "  - { get: a, expect: allow }\n".repeat(2_000);
    folder.write("a.test.yaml", &format!("rules: storage.rules\ntests:\n{tests}"));
    // No system has that much room for a stack.
    let mut command = Command::new(env!("CARGO_BIN_EXE_firewarden"));
    command.args(["test", "-j", "100000"]).env("RUST_MIN_STACK", (1_u64 << 46).to_string());
    let output = command.current_dir(folder.path()).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{out}{}", String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("2000 passed"), "{out}");
}

#[test]
fn a_line_that_is_too_long_is_answered_with_its_number_and_the_next_one_too() {
    let folder = folder("long");
    let mut input = "\n{}\n".to_owned();
    input += &" ".repeat((64 << 20) + 1);
    input += "\n{\"id\": 7, \"rules\": \"storage.rules\", \"method\": \"get\", \"path\": \"a\"}\n";
    let ran = folder.run(&["eval", "--jsonl"], &input);
    assert_eq!(ran.status, 0, "{}", ran.all());
    let answers: Vec<Json> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 3, "{}", ran.all());
    assert_eq!(answers[0]["line"], 2);
    assert_eq!(answers[1]["line"], 3);
    assert!(answers[1]["bad_request"].as_str().unwrap().contains("64 MiB"), "{}", ran.all());
    assert_eq!((&answers[2]["id"], &answers[2]["allowed"]), (&Json::from(7), &Json::from(true)));
}

#[test]
fn a_stream_takes_requests_as_request_files_have_them() {
    let folder = folder("stream");
    folder.write("broken.rules", "service");
    for (line, expected) in [
        (r#"{"rules":"storage.rules","method":"get","path":"a"}"#, r#""allowed":true"#),
        (r#"{"rules":"storage.rules","method":"delete","path":"a"}"#, r#""warning":"nothing is stored"#),
        (r#"{"rules":"storage.rules","method":"delete","path":"a","existing":{}}"#, r#""cause":"no-statement""#),
        (r#"{"rules":"firestore.rules","method":"create","path":"a/b","with":{"x":1}}"#, r#""allowed":true"#),
        (r#"{"rules":"database.rules.json","method":"write","path":"a","with":1}"#, r#""cause":"granted""#),
        (r#"{"rules":"broken.rules","method":"get","path":"a"}"#, r#""ok":false"#),
        (r#"{"rules":"none.rules","method":"get","path":"a"}"#, "bad_request"),
        (r#"{"rules":"-","method":"get","path":"a"}"#, "bad_request"),
        (r#"{"rules":"storage.rules","method":"get","paht":"a"}"#, "unknown field `paht`"),
        (r#"{"rules":"storage.rules","method":"get","path":"a//b"}"#, "bad_request"),
    ] {
        let ran = folder.run(&["eval", "--jsonl"], &format!("{}\n", line.replacen('{', "{\"id\":5,", 1)));
        assert_eq!(ran.status, 0, "{}", ran.all());
        assert!(ran.out.contains(expected) && ran.out.starts_with("{\"id\":5,"), "{line}: {}", ran.all());
    }
}

/// What is asked, what the answer calls it; nothing where it cannot be asked, in a suite neither.
#[test]
fn paths_are_read_alike_in_suites_and_by_eval() {
    let folder = folder("paths");
    for (rules, method, path, asked) in [
        ("storage.rules", "get", "gs://bucket/a/b", Some("/b/bucket/o/a/b")),
        ("storage.rules", "get", "/b/bucket/o/a/b", Some("/b/bucket/o/a/b")),
        ("storage.rules", "get", "/a/b", Some("/b/demo-bucket/o/a/b")),
        ("storage.rules", "list", "gs://bucket", Some("/b/bucket/o")),
        ("storage.rules", "list", "", Some("/b/demo-bucket/o")),
        ("storage.rules", "list", "a/", Some("/b/demo-bucket/o/a")),
        ("storage.rules", "get", "", None),
        ("storage.rules", "get", "gs://bucket", None),
        ("storage.rules", "get", "a//b", None),
        ("storage.rules", "get", "users/{id}", None),
        ("firestore.rules", "get", "/databases/(default)/documents/a/b", Some("a/b")),
        ("firestore.rules", "get", "projects/p/databases/east/documents/a/b", Some("a/b")),
        ("firestore.rules", "get", "/projects/p/databases/(default)/documents/a/b", Some("a/b")),
        ("firestore.rules", "get", "projects/p", Some("projects/p")),
        ("firestore.rules", "get", "/a/b", Some("a/b")),
        ("firestore.rules", "list", "a", Some("a")),
        ("firestore.rules", "get", "a", None),
        ("firestore.rules", "list", "a/b", None),
        ("firestore.rules", "get", "a/..", None),
        ("firestore.rules", "get", "/databases/x", None),
        ("database.rules.json", "read", "a/b/", Some("/a/b")),
        ("database.rules.json", "read", "a//b", None),
        ("database.rules.json", "read", "a/$id", None),
    ] {
        // The name with or without what all names of the service begin with.
        let told = |ran: &Ran| {
            let line = |line: &str| {
                line.contains(&format!("{method} ")) && line.trim_end_matches('/').ends_with(asked.unwrap_or("\0"))
            };
            ran.out.lines().any(line)
        };
        let ran = folder.run(&["eval", rules, method, path], "");
        match asked {
            Some(_) => assert!(ran.status == 0 && told(&ran), "{path}: {}", ran.all()),
            None => assert_eq!(ran.status, 2, "{path}: {}", ran.all()),
        }
        folder.write("a.test.yaml", &format!("rules: {rules}\ntests: [{{ {method}: \"{path}\", expect: deny }}]\n"));
        let ran = folder.run(&["test"], "");
        match asked {
            Some(_) => assert!(ran.status == 1 && told(&ran), "{path}: {}", ran.all()),
            None => assert_eq!(ran.status, 2, "{path}: {}", ran.all()),
        }
    }
}

#[test]
fn changing_what_is_not_there_is_told() {
    let folder = folder("absent");
    for (arguments, is_told) in [
        (&["storage.rules", "delete", "a"][..], true),
        (&["storage.rules", "update", "a", "--with", "{}"], true),
        (&["storage.rules", "delete", "a", "--existing", "{}"], false),
        (&["storage.rules", "get", "a"], false),
        (&["firestore.rules", "delete", "a/b"], true),
        (&["firestore.rules", "delete", "a/b", "--documents", "{\"a/b\": {}}"], false),
        (&["database.rules.json", "delete", "a"], false),
    ] {
        let ran = folder.run(&[&["eval"], arguments].concat(), "");
        assert_eq!(ran.err.contains("nothing is stored at"), is_told, "{arguments:?} {}", ran.all());
    }
}

#[test]
fn names_with_line_breaks_stay_in_their_line() {
    let folder = folder("breaks");
    folder.write(
        "a.test.yaml",
        "rules: storage.rules\ntests:\n  - { name: \"one\\n::error::two\", get: \"a\\n::error::b\\nnot ok 3\", expect: deny }\n",
    );
    for format in ["human", "tap", "github"] {
        let ran = folder.run(&["test", "--format", format, "--verbose"], "");
        assert_eq!(ran.status, 1, "{}", ran.all());
        let broken =
            |line: &str| line.trim_start().starts_with("::error::") || line.trim_start().starts_with("not ok 3");
        assert!(!ran.out.lines().any(broken), "{format}: {}", ran.all());
    }
    for (rules, method, path) in [
        ("storage.rules", "get", "a\nALLOW"),
        ("firestore.rules", "get", "a/b\nALLOW"),
        ("database.rules.json", "read", "a\nALLOW"),
    ] {
        let ran = folder.run(&["eval", rules, method, path, "--explain"], "");
        // What no database has as a path is wrong usage.
        assert_eq!(ran.status == 2, rules.ends_with("json"), "{}", ran.all());
        let told = ran.out.clone() + &ran.err;
        assert!(!told.lines().any(|line| line == "ALLOW" || line.starts_with("ALLOW has")), "{}", ran.all());
        assert!(told.contains("\\nALLOW"), "{}", ran.all());
    }
}

#[test]
fn file_names_are_encoded_in_sarif() {
    let folder = folder("sarif");
    folder.write("a b#1%.rules", "service");
    let ran = folder.run(&["check", "a b#1%.rules", "--format", "sarif"], "");
    let log: Json = serde_json::from_str(&ran.out).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b%231%25.rules", "{}", ran.all());
}

#[test]
fn a_map_of_one_field_that_looks_like_a_type_can_be_written() {
    let folder = folder("typed");
    folder.write(
        "firestore.rules",
        "service cloud.firestore { match /databases/{d}/documents/a/b { allow create: if request.resource.data.p.maxValue == 3; } }",
    );
    let written = "{\"p\": {\"mapValue\": {\"fields\": {\"maxValue\": {\"intValue\": \"3\"}}}}}";
    let ran = folder.run(&["eval", "firestore.rules", "create", "a/b", "--with", written], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    let ran = folder.run(&["eval", "firestore.rules", "create", "a/b", "--with", "{\"p\": {\"maxValue\": 3}}"], "");
    assert!(ran.status == 2 && ran.err.contains("mapValue"), "{}", ran.all());
}
