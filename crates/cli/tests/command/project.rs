//! What a Firebase project folder says of rules: `check` and suites that take their rules from `firebase.json`.

use super::runner::Folder;

const STORAGE: &str = "service firebase.storage { match /b/{b}/o/{o} { allow get; } }\n";
const FIRESTORE: &str = "service cloud.firestore { match /databases/{d}/documents/{c}/{i} { allow get; } }\n";
const DATABASE: &str = "{ \"rules\": { \".read\": true } }\n";

/// What `firebase.json` calls a file, what the file holds, whether it is accepted.
#[test]
fn rules_of_another_product_are_refused() {
    for (section, text, accepted) in [
        ("storage", STORAGE, true),
        ("storage", FIRESTORE, false),
        ("storage", DATABASE, false),
        ("firestore", STORAGE, false),
        ("firestore", FIRESTORE, true),
        ("firestore", DATABASE, false),
        ("database", STORAGE, false),
        ("database", FIRESTORE, false),
        ("database", DATABASE, true),
    ] {
        let folder = Folder::new(&format!("product-{section}-{}", text.len()));
        folder.write("firebase.json", &format!("{{ \"{section}\": {{ \"rules\": \"a.rules\" }} }}"));
        folder.write("a.rules", text);
        for arguments in [&["check"][..], &["check", "."], &["check", "a.rules"]] {
            let ran = folder.run(arguments, "");
            assert_eq!(ran.status, if accepted { 0 } else { 3 }, "{section} {text} {}", ran.all());
            assert_eq!(ran.out.contains("error[wrong-product]"), !accepted, "{}", ran.all());
        }
    }
}

#[test]
fn a_usual_name_says_the_product_where_nothing_else_does() {
    let folder = Folder::new("names");
    for (name, text, status) in [
        ("storage.rules", DATABASE, 3),
        ("firestore.rules", DATABASE, 3),
        ("database.rules", DATABASE, 0),
        ("database.rules.json", FIRESTORE, 3),
        ("storage.rules", STORAGE, 0),
    ] {
        folder.write(name, text);
        let ran = folder.run(&["check", name], "");
        assert_eq!(ran.status, status, "{name} {text} {}", ran.all());
        assert_eq!(ran.out.contains("error[wrong-product]"), status == 3, "{}", ran.all());
    }
}

#[test]
fn each_target_is_named_and_no_file_checked_twice() {
    let folder = Folder::new("targets");
    folder.write(
        "firebase.json",
        "\u{feff}{ // comments are allowed\n\
         \"storage\": [{ \"target\": \"main\", \"rules\": \"s.rules\" }, { \"target\": \"logs\", \"rules\": \"./s.rules\" }],\n\
         /* two databases */ \"firestore\": [{ \"rules\": \"f.rules\" }, { \"database\": \"east\", \"rules\": \"e.rules\" }],\n\
         \"database\": { \"rules\": \"d.json\" }, \"hosting\": { \"public\": \"//\" } }",
    );
    for (name, text) in [("s.rules", STORAGE), ("f.rules", FIRESTORE), ("e.rules", FIRESTORE), ("d.json", DATABASE)] {
        folder.write(name, text);
    }
    folder.write("sub/deeper/keep", "");
    let expected = "s.rules: ok (Storage main, Storage logs)\nf.rules: ok (Firestore)\ne.rules: ok (Firestore east)\n\
                    d.json: ok (Realtime Database)\n";
    let lines = |out: &str| {
        out.lines().filter(|line| line.contains(": ok")).map(|line| line.to_owned() + "\n").collect::<String>()
    };
    for arguments in [&["check"][..], &["check", ".", "s.rules", "./s.rules"]] {
        let ran = folder.run(arguments, "");
        assert_eq!(lines(&ran.out).replace(", 1 warning", ""), expected, "{}", ran.all());
    }
    let ran = folder.run_in("sub/deeper", &["check"], "");
    assert_eq!(lines(&ran.out).replace(", 1 warning", "").replace("../../", ""), expected, "{}", ran.all());
    let ran = folder.run_in("sub", &["check", "deeper"], "");
    assert_eq!(lines(&ran.out).lines().count(), 4, "{}", ran.all());
}

#[test]
fn a_wrong_project_file_is_told_with_its_place() {
    let folder = Folder::new("wrong");
    for (text, message) in [
        ("{ \"storage\": }", "error[json-syntax]: not JSON: "),
        (
            "{ \"storage\": { \"rules\": 1 } }",
            "error[wrong-value]: expected `rules` to be text, not a number\n  --> firebase.json:1:",
        ),
        ("[]", "error[wrong-value]: expected `firebase.json` to be an object, not a list\n  --> firebase.json:1:1\n"),
        ("", "error[wrong-value]: firebase.json is empty"),
        ("{}", "error: firebase.json names no rules"),
    ] {
        folder.write("firebase.json", text);
        for command in ["check", "init"] {
            let ran = folder.run(&[command], "");
            assert_eq!(ran.status, 2, "{}", ran.all());
            assert!(ran.err.starts_with(message), "{}", ran.all());
        }
        // A suite that takes its rules from there says so, and the mistake is told once, in its own frame.
        folder.write("a.test.yaml", "tests: [{ get: a, expect: deny }]\n");
        let ran = folder.run(&["test"], "");
        assert_eq!(
            (ran.status, ran.err.matches("firebase.json names no rules").count()),
            (2, usize::from(text == "{}")),
            "{}",
            ran.all()
        );
        if text != "{}" {
            assert!(ran.err.starts_with(message), "{}", ran.all());
            assert!(ran.err.contains("the suite names no rules, and firebase.json has errors"), "{}", ran.all());
        }
    }
}

#[test]
fn a_suite_without_rules_takes_those_of_the_project() {
    let folder = Folder::new("suite");
    folder.write(
        "firebase.json",
        "{ \"storage\": { \"rules\": \"s.rules\" }, \"firestore\": { \"rules\": \"f.rules\" } }",
    );
    folder.write("s.rules", STORAGE);
    folder.write("f.rules", FIRESTORE);
    folder.write("tests/a.test.yaml", "service: storage\ntests: [{ get: a, expect: allow }]\n");
    let ran = folder.run(&["test"], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    let ran = folder.run_in("tests", &["test"], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    std::fs::remove_file(folder.path().join("s.rules")).unwrap();
    let ran = folder.run(&["test"], "");
    let words =
        "error[unreadable-file]: the suite names no rules, and s.rules, which firebase.json names, cannot be read: ";
    assert!(ran.status == 2 && ran.err.starts_with(words), "{}", ran.all());
    folder.write("tests/a.test.yaml", "tests: [{ get: a, expect: allow }]\n");
    let ran = folder.run(&["test"], "");
    assert_eq!(ran.status, 2, "{}", ran.all());
    assert!(ran.err.contains("several: s.rules, f.rules"), "{}", ran.all());
}

#[test]
fn a_first_suite_records_what_the_rules_answer_and_overwrites_nothing() {
    let folder = Folder::new("init");
    folder.write(
        "firebase.json",
        "{ \"storage\": { \"rules\": \"s.rules\" }, \"firestore\": { \"rules\": \"rules/f.rules\" }, \"database\": { \"rules\": \"d.json\" } }",
    );
    folder.write(
        "s.rules",
        "service firebase.storage { match /b/{b}/o { match /users/{userId}/{file=**} {\n\
         allow read; allow write: if request.auth.uid == userId; } } }\n",
    );
    folder.write(
        "rules/f.rules",
        "service cloud.firestore { match /databases/{d}/documents { match /teams/{teamId} {\n\
         allow get, update: if request.auth != null; allow list; match /{deep=**} { allow create; } } } }\n",
    );
    folder.write(
        "d.json",
        "{ \"rules\": { \"users\": { \"$uid\": { \".read\": true, \".write\": \"auth.uid == $uid\" } } } }",
    );
    let ran = folder.run(&["init"], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (storage, firestore, database) = (read("s.test.yaml"), read("rules/f.test.yaml"), read("d.test.yaml"));
    for (suite, part) in [
        (&storage, "get: users/alice/file1\n    expect: { owner: allow, guest: allow }"),
        (&storage, "delete: users/alice/file1\n    expect: { owner: allow, guest: deny }"),
        (&firestore, "update: teams/team1\n    with: { name: after }\n    expect: { owner: allow, guest: deny }"),
        (&firestore, "list: teams\n    expect: { owner: allow, guest: allow }"),
        (&firestore, "create: teams/team1/deep1/item1-new\n"),
        (&database, "write: /users/alice\n    with: text\n    expect: { owner: allow, guest: deny }"),
    ] {
        assert!(suite.contains(part), "{part}\nin\n{suite}");
    }
    assert!(!firestore.contains("delete:"), "{firestore}");
    let ran = folder.run(&["test"], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    folder.write("s.test.yaml", "mine");
    let ran = folder.run(&["init"], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    assert_eq!(read("s.test.yaml"), "mine");
}

/// Blocks that name one path in several ways.
const OVERLAPPING: [(&str, &str); 7] = [
    (
        "firestore",
        "match /databases/{d}/documents { match /notes/{id} { allow read, write; } match /notes/{noteId} { allow read, write; } }",
    ),
    (
        "firestore",
        "match /databases/{d}/documents/n/{id} { allow get; } match /databases/(default)/documents/n/{id} { allow get, list; }",
    ),
    (
        "firestore",
        "match /databases/{d}/documents { match /u/{name} { allow get; match /p/{x} { allow get; } } match /u/{uid}/p/{y} { allow get, delete; } }",
    ),
    (
        "storage",
        "match /b/{b}/o { match /a/{f} { allow read; } match /a/{g} { allow read, create; } match /{all=**} { allow read; } match /{rest=**} { allow read; } }",
    ),
    (
        "storage",
        "match /b/{b}/o/a/{f} { allow read; } match /b/demo-bucket/o/a/{f} { allow read; } match /b/other/o/a/{f} { allow read; }",
    ),
    (
        "storage",
        "match /b/{b}/o { match /users/{uid} { allow get; } match /users/alice { allow get; } match /users/{x=**} { allow get; } }",
    ),
    (
        "database",
        "\"a\": { \".read\": true, \"b\": { \".write\": true, \".validate\": true }, \"$x\": { \".read\": true, \".write\": true } }",
    ),
];

#[test]
fn a_first_suite_asks_for_each_method_of_each_path_once_and_is_not_warned_of() {
    for (at, (product, blocks)) in OVERLAPPING.iter().enumerate() {
        let folder = Folder::new(&format!("init-once-{at}"));
        let text = match *product {
            "database" => format!("{{ \"rules\": {{ {blocks} }} }}\n"),
            "storage" => format!("rules_version = '2'; service firebase.storage {{ {blocks} }}\n"),
            _ => format!("rules_version = '2'; service cloud.firestore {{ {blocks} }}\n"),
        };
        folder.write("firebase.json", &format!("{{ \"{product}\": {{ \"rules\": \"r.any\" }} }}"));
        folder.write("r.any", &text);
        let ran = folder.run(&["init"], "");
        assert_eq!(ran.status, 0, "{}", ran.all());
        let suite = folder.read("r.test.yaml");
        let asked: Vec<String> = suite
            .lines()
            .filter(|line| {
                ["get", "list", "create", "update", "delete", "read", "write"]
                    .iter()
                    .any(|m| line.starts_with(&format!("    {m}: ")))
            })
            // One name of a bucket or database is that of a path without any.
            .map(|line| line.replace("/b/demo-bucket/o/", "").replace("/databases/(default)/documents/", ""))
            .collect();
        let once: std::collections::BTreeSet<&String> = asked.iter().collect();
        assert!(!asked.is_empty() && once.len() == asked.len(), "{suite}");
        let ran = folder.run(&["test"], "");
        assert!(ran.status == 0 && !ran.err.contains("warning["), "{}\n{suite}", ran.all());
        // Wildcards at one position have one name: both blocks are about the same note.
        assert!(!blocks.contains("/notes/") || suite.matches("    get: notes/").count() == 1, "{suite}");
    }
}

#[test]
fn json_in_a_file_for_a_service_is_refused_by_any_name_that_tells_the_product() {
    let folder = Folder::new("product-names");
    for (name, text, why) in [
        ("Storage.rules", DATABASE, "those of Storage"),
        ("storage.dev.rules", DATABASE, "those of Storage"),
        ("my-firestore.rules", DATABASE, "those of Firestore"),
        ("storage.rules", "[{}]\n", "those of Storage"),
        (
            "rules.json",
            "function f() { return true; }\nservice cloud.firestore {}\n",
            "those of Realtime Database are JSON",
        ),
        ("rules.json", "match /a { allow read; }\n", "those of Realtime Database are JSON"),
    ] {
        folder.write(name, text);
        let ran = folder.run(&["check", name], "");
        assert!(
            ran.status == 3 && ran.out.contains("error[wrong-product]") && ran.out.contains(why),
            "{name}: {}",
            ran.all()
        );
    }
    folder.write("dev.rules", DATABASE);
    assert_eq!(folder.run(&["check", "dev.rules"], "").status, 0);
}

#[test]
fn a_path_that_no_database_has_is_wrong_usage() {
    let folder = Folder::new("database-paths");
    folder.write("d.json", DATABASE);
    let deep = "a/".repeat(33);
    for (path, why) in
        [("users/a.json", "one of . $ # [ ] /"), ("a#b", "one of . $ # [ ] /"), (deep.as_str(), "levels deep")]
    {
        let ran = folder.run(&["eval", "d.json", "read", path], "");
        assert!(ran.status == 2 && ran.err.contains(why), "{path}: {}", ran.all());
    }
    let ran = folder.run(&["eval", "d.json", "write", "a/.priority", "--with", "1"], "");
    assert_eq!(ran.status, 1, "{}", ran.all());
}
