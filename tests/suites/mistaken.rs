//! No test passes by mistake: what is noted, warned of, or refused.

use firewarden::suite::{Note, Options, Outcome};

use super::{load, results, run};

/// Rules with a catch-all, as most published rules have one.
const STORAGE: &str = "rules: |
  rules_version = '2';
  service firebase.storage { match /b/{b}/o {
    match /users/{uid}/{file} { allow read: if request.auth.uid == uid; allow create: if request.resource.size > 0; }
    match /{all=**} { allow read, write: if false; }
  } }
";
const FIRESTORE: &str = "rules: |
  rules_version = '2';
  service cloud.firestore { match /databases/{db}/documents {
    match /users/{uid} { allow get: if request.auth != null; allow write: if request.resource.data.n == 3; }
    match /{all=**} { allow read, write: if false; }
  } }
";
const DATABASE: &str = "rules: |
  { \"rules\": { \".read\": false, \".write\": \"false\", \"users\": { \".read\": \"auth != null\" } } }
";

fn notes(text: &str) -> Vec<Option<String>> {
    let note = |outcome: &Outcome| match outcome {
        Outcome::Passed(note) => note.as_ref().map(|note: &Note| format!("{}: {note}", note.word())),
        other => panic!("{other:?}"),
    };
    results(text).results.iter().map(|result| note(&result.outcome)).collect()
}

fn told(text: &str) -> String {
    let suites = load("t.test.yaml", text);
    let errors: String = suites.errors.iter().map(ToString::to_string).collect();
    errors + &suites.warnings.iter().map(ToString::to_string).collect::<String>()
}

#[test]
fn a_denial_by_the_catch_all_alone_is_noted_as_one_of_a_path_that_rules_do_not_name() {
    for (rules, test) in [
        (STORAGE, "get: usrs/alice/cat.png"),
        (STORAGE, "create: usrs/alice/cat.png, with: { size: 1 }"),
        (FIRESTORE, "get: usres/alice"),
        (FIRESTORE, "create: usres/alice, with: { n: 1 }"),
        (DATABASE, "read: usrs/alice"),
        (DATABASE, "write: users/alice, with: 1"),
    ] {
        let suite = |because: &str| format!("{rules}tests:\n  - {{ {test}, expect: deny{because} }}\n");
        let note = notes(&suite("")).remove(0).unwrap_or_else(|| panic!("{test}"));
        assert!(note.starts_with("no-match: denied by the catch-all alone (t.test.yaml:"), "{note}");
        let near = test.contains("us") && rules != DATABASE;
        assert_eq!(note.contains("(did you mean users/alice"), near, "{note}");
        let strict = load("t.test.yaml", &suite("")).run(&Options { strict: true, ..Options::default() }, &|_| ());
        assert_eq!(strict.counts(), (0, 1, 0));
        for pinned in [", because: no-match", ", because: 'false'"] {
            assert_eq!(notes(&suite(pinned)), [None], "{test}{pinned}");
        }
    }
    // Where rules name the path, a catch-all beside is no reason to doubt.
    let named = "tests:\n  - { get: users/alice, expect: deny }\n";
    assert_eq!(notes(&format!("{FIRESTORE}{named}")), [None]);
}

#[test]
fn what_the_service_computes_of_an_object_differs_where_the_object_does() {
    let rules = |method: &str, field: &str| {
        format!(
            "rules: |\n  service firebase.storage {{ match /b/{{b}}/o/{{o}} {{\n    allow {method}: if \
             request.resource.{field} == resource.{field} && request.resource.{field} != null;\n  }} }}\nobjects: {{ f: \
             {{ size: 1, contentType: a/b }} }}\n"
        )
    };
    for field in ["md5Hash", "crc32c", "etag", "generation", "updated", "timeCreated"] {
        let other = "tests: [{ create: f, with: { size: 2, contentType: a/b }, expect: deny }]\n";
        assert!(results(&(rules("create", field) + other)).passed(), "{field}");
        // What is unstated follows from size and type; an upload is a new version all the same.
        let verdict = if matches!(field, "md5Hash" | "crc32c") { "allow" } else { "deny" };
        let same = format!("tests: [{{ create: f, with: {{ size: 1, contentType: a/b }}, expect: {verdict} }}]\n");
        assert!(results(&(rules("create", field) + &same)).passed(), "{field}");
        let verdict = if matches!(field, "etag" | "updated") { "deny" } else { "allow" };
        let update = format!("tests: [{{ update: f, merge: {{ contentLanguage: en }}, expect: {verdict} }}]\n");
        assert!(results(&(rules("update", field) + &update)).passed(), "{field}");
    }
}

#[test]
fn a_set_creates_or_updates_by_what_is_stored() {
    let text = "rules: |
  rules_version = '2';
  service cloud.firestore { match /databases/{db}/documents/n/{id} {
    allow create: if request.resource.data == { 'a': { 'x': 1 } };
    allow update: if request.resource.data == { 'a': { 'x': 1, 'y': 2 }, 'b': 3 } && resource.data.b == 3;
  } }
documents: { n/old: { a: { y: 2 }, b: 3 } }
tests:
  - { set: n/new, with: { a: { x: 1 } }, expect: allow }
  - { set: n/new, merge: { a: { x: 1 } }, expect: allow }
  - { set: n/old, merge: { a: { x: 1 } }, expect: allow }
  - { set: n/old, with: { a: { x: 1 } }, expect: deny }
  - { update: n/old, merge: { a: { x: 1 } }, expect: deny }
";
    assert_eq!(results(text).counts(), (5, 0, 0), "{:?}", results(text).results);
    let data = "rules: database.rules.json\nusers: { alice: { uid: alice } }\ntests: [{ as: alice, set: users/alice/age, with: 3, expect: allow }]\n";
    assert!(results(data).passed());
    let dotted = told("rules: firestore.rules\ntests: [{ set: notes/a, merge: { a.b: 1 }, expect: deny }]\n");
    assert!(dotted.contains("the name of one field") && dotted.contains("write `{ a: { b: … } }`"), "{dotted}");
    let storage = told("rules: storage.rules\ntests: [{ set: open/a, with: { size: 1 }, expect: deny }]\n");
    assert!(storage.contains("an upload is a create"), "{storage}");
}

#[test]
fn transforms_are_resolved_before_rules_see_them() {
    for (stored, write, found) in [
        ("{ n: 2 }", "update: n/a, merge: { n: !increment 3 }", "d.n == 5 && d.n is int"),
        ("{ n: 2 }", "update: n/a, merge: { n: { incrementValue: 0.5 } }", "d.n == 2.5"),
        ("{ n: 9223372036854775807 }", "update: n/a, merge: { n: !increment 1 }", "d.n == 9223372036854775807"),
        ("{ n: text }", "update: n/a, merge: { n: !increment 1 }", "d.n == 1"),
        ("{ a: { n: 2 } }", "update: n/a, merge: { a.n: !increment 3 }", "d.a.n == 5"),
        ("{ a: { n: 2 } }", "set: n/a, merge: { a: { n: !increment 3 } }", "d.a.n == 5"),
        ("{ a: { n: 2 } }", "set: n/a, with: { a: { n: !increment 3 } }", "d.a.n == 3"),
        ("{ l: [1, 2] }", "update: n/a, merge: { l: !arrayUnion [2, 3, 3] }", "d.l == [1, 2, 3]"),
        ("{ l: [1, 2, 1] }", "update: n/a, merge: { l: { arrayRemoveValue: [1] } }", "d.l == [2]"),
        ("{}", "update: n/a, merge: { t: !serverTimestamp }", "d.t == request.time"),
        (
            "null",
            "create: n/a, with: { t: { serverTimestampValue: true }, n: !increment 1 }",
            "d.t == request.time && d.n == 1",
        ),
    ] {
        let text = format!(
            "rules: |\n  service cloud.firestore {{ match /databases/{{db}}/documents/n/{{id}} {{\n    function ok(d) {{ \
             return {found}; }}\n    allow write: if ok(request.resource.data);\n  }} }}\ndocuments: {{ n/a: {stored} \
             }}\ntests:\n  - {{ {write}, expect: allow }}\n"
        );
        let run = results(&text);
        assert!(run.passed(), "{write}: {:?}", run.results);
    }
}

#[test]
fn transforms_where_nothing_is_written_and_look_alikes_are_told() {
    let firestore =
        |written: &str| format!("{FIRESTORE}tests: [{{ create: users/a, with: {{ n: {written} }}, expect: deny }}]\n");
    for (written, right) in [
        ("{ .sv: timestamp }", "!serverTimestamp"),
        ("{ .sv: { increment: 1 } }", "!increment 1"),
        ("{ increment: 1 }", "!increment 1"),
        ("serverTimestamp()", "!serverTimestamp"),
        ("'FieldValue.serverTimestamp()'", "!serverTimestamp"),
        ("firebase.firestore.FieldValue.increment(1)", "!increment 1"),
        ("{ arrayUnion: [a] }", "!arrayUnion [a]"),
    ] {
        let told = told(&firestore(written));
        assert!(told.starts_with("warning[server-value]") && told.contains(right), "{written}: {told}");
    }
    for written in ["{ amount: 1 }", "'f(x)'", "increment", "!increment 1"] {
        assert_eq!(told(&firestore(written)), "", "{written}");
    }
    for written in ["!increment a", "!arrayUnion a", "[!increment 1]", "!incremnt 1"] {
        assert!(told(&firestore(written)).starts_with("error["), "{written}: {}", told(&firestore(written)));
    }
    let database = |written: &str| told(&format!("{DATABASE}tests: [{{ write: a, with: {written}, expect: deny }}]\n"));
    assert!(database("{ n: serverTimestamp() }").contains("write { .sv: timestamp }"));
    assert!(database("{ increment: 1 }").contains("write { .sv: { increment: 1 } }"));
    assert_eq!(database("{ .sv: timestamp }") + &database("{ .sv: { increment: 1 } }"), "");
}

#[test]
fn what_no_test_uses_is_told_with_its_line() {
    let text = format!(
        "{STORAGE}users:\n  alice: {{ uid: alice }}\n  bob: {{ uid: bob }}\nobjects:\n  users/alice/a: {{ size: 1 }}\n  \
         users/alcie/b: {{ size: 1 }}\ndocuments:\n  teams/a: {{}}\ntests:\n  - {{ as: alice, get: users/alice/a, expect: allow }}\n"
    );
    let told = self::told(&text);
    for (line, what) in
        [(9, "no test is for the user bob"), (12, "no test asks for users/alcie/b"), (14, "no test asks for teams/a")]
    {
        assert!(told.contains(what) && told.contains(&format!("t.test.yaml:{line}:")), "{told}");
    }
    assert_eq!(told.matches("warning[").count(), 3, "{told}");
    // What a list is about, and what rules look up, is used.
    let used = "rules: firestore.rules\ndocuments: { own/o1: {}, d/a: {}, reads/r: {} }\ntests:\n  \
                - { list: reads, expect: deny }\n  - { get: own/o2, expect: deny }\n";
    assert_eq!(self::told(used), "");
    assert!(run(&load("t.test.yaml", used)).results.len() == 2);
}
