//! No test passes by mistake: what is noted, warned of, or refused.

use firewarden_suite::{Note, Options, TestOutcome};

use super::kinds::{load, results, run};

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
    let note = |outcome: &TestOutcome| match outcome {
        TestOutcome::Passed(note) => note.as_ref().map(|note: &Note| format!("{}: {note}", note.word())),
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
        (DATABASE, "write: usrs/alice, with: 1"),
    ] {
        let suite = |because: &str| format!("{rules}tests:\n  - {{ {test}, expect: deny{because} }}\n");
        let note = notes(&suite("")).remove(0).unwrap_or_else(|| panic!("{test}"));
        assert!(note.starts_with("no-match: denied by the catch-all alone (t.test.yaml:"), "{note}");
        // No other rule of the database grants a write.
        let near = !(rules == DATABASE && test.starts_with("write"));
        assert_eq!(note.contains("(nearest: `"), near, "{note}");
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
fn a_denial_of_a_path_that_rules_name_with_no_statement_for_the_method_says_so() {
    let without_catch_all = |rules: &str| {
        rules.lines().filter(|line| !line.contains("=**}")).map(|line| line.to_owned() + "\n").collect::<String>()
    };
    for (rules, test, block, method) in [
        (STORAGE, "delete: users/alice/cat.png", "/b/{b}/o/users/{uid}/{file}", "delete"),
        (
            STORAGE,
            "update: users/alice/cat.png, merge: { contentLanguage: de }",
            "/b/{b}/o/users/{uid}/{file}",
            "update",
        ),
        (FIRESTORE, "list: users", "/databases/{db}/documents/users/{uid}", "list"),
    ] {
        let seeds = if rules == STORAGE { "objects: { users/alice/cat.png: { size: 1 } }\n" } else { "" };
        let suite = |rules: &str, because| format!("{rules}{seeds}tests:\n  - {{ {test}, expect: deny{because} }}\n");
        for (rules, only) in
            [(rules.to_owned(), ", only the catch-all does (t.test.yaml:"), (without_catch_all(rules), "")]
        {
            let note = notes(&suite(&rules, "")).remove(0).unwrap_or_else(|| panic!("{test}"));
            let expected = format!(
                "no-match: denied because no statement of `match {block}` (t.test.yaml:4) covers `{method}`{only}"
            );
            assert!(note.starts_with(&expected) && !note.contains("is the path right?"), "{note}");
            assert_eq!(notes(&suite(&rules, ", because: no-match")), [None], "{test}");
        }
    }
    // The rules of a database are of a kind.
    let database = |root: &str| {
        format!(
            "rules: |\n  {{ \"rules\": {{ {root}\n    \"users\": {{ \"$u\": {{ \".read\": \"auth != null\" }} }},\n    \"posts\": {{ \".write\": \"auth != null\" \
             }} }} }}\n"
        )
    };
    for (root, but) in [("", ""), ("\".write\": false,", " but the root's (t.test.yaml:2)")] {
        let note = notes(&format!("{}tests: [{{ write: users/alice, with: 1, expect: deny }}]\n", database(root)))
            .remove(0)
            .unwrap();
        let expected = format!(
            "no-match: denied because no `.write`{but} exists at or above `.read of /users/$u` (t.test.yaml:3)"
        );
        assert!(note.starts_with(&expected), "{note}");
        let note = notes(&format!("{}tests: [{{ write: usres/alice, with: 1, expect: deny }}]\n", database(root)))
            .remove(0)
            .unwrap();
        assert!(note.contains("is the path right?"), "{note}");
    }
    // A catch-all covers any path: one that is misspelt, too.
    let only_reads = "rules: |\n  rules_version = '2';\n  service firebase.storage { match /b/{b}/o { match /{all=**} { allow get: if true; } } }\n";
    let note =
        notes(&format!("{only_reads}tests: [{{ create: a, with: {{ size: 1 }}, expect: deny }}]\n")).remove(0).unwrap();
    assert!(note.contains("is the path right?"), "{note}");
}

#[test]
fn what_strictness_fails_is_not_called_another_reason_than_the_one_that_is_pinned() {
    let told = |because: &str| {
        let suites =
            load("t.test.yaml", &format!("{FIRESTORE}tests:\n  - {{ get: usres/a, expect: deny{because} }}\n"));
        let run = suites.run(&Options { strict: true, ..Options::default() }, &|_| ());
        firewarden_suite::report::human(&run, firewarden_suite::report::Layout::default())
    };
    assert!(told("").contains("got:       deny, for a reason that the test does not pin\n"), "{}", told(""));
    let pinned = told(", because: error");
    assert!(pinned.contains("got:       deny, but not for that reason\n"), "{pinned}");
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
    assert!(storage.contains("an upload is `create: NAME`"), "{storage}");
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
        ("ServerValue.TIMESTAMP", "!serverTimestamp"),
        ("firebase.database.ServerValue.TIMESTAMP", "!serverTimestamp"),
        ("FieldValue.serverTimestamp", "!serverTimestamp"),
        ("firestore.SERVER_TIMESTAMP", "!serverTimestamp"),
        ("{ _methodName: FieldValue.serverTimestamp }", "!serverTimestamp"),
        ("{ _methodName: increment, _operand: 1 }", "!increment 1"),
        ("\"arrayRemove('a', 'b')\"", "!arrayRemove [a]"),
        ("FieldValue.delete()", "`remove: FIELD`"),
        ("deleteField()", "`remove: FIELD`"),
        ("new Date()", "!now"),
        ("Date.now()", "!now"),
        ("Timestamp.now()", "!now"),
        ("request.time", "!now"),
        ("{ seconds: 1, nanoseconds: 0 }", "!timestamp 2026"),
    ] {
        let told = told(&firestore(written));
        assert!(told.starts_with("warning[server-value]") && told.contains(right), "{written}: {told}");
    }
    for written in [
        "{ amount: 1 }",
        "'f(x)'",
        "increment",
        "!increment 1",
        "a delete()",
        "timestamp",
        "the time of request.time",
        "{ seconds: 1 }",
        "see Date.now",
    ] {
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
    for (line, what) in [
        (9, "no test uses the user `bob`"),
        (12, "no test requests `users/alcie/b`"),
        (14, "no test requests `teams/a`"),
    ] {
        assert!(told.contains(what) && told.contains(&format!("t.test.yaml:{line}:")), "{told}");
    }
    assert_eq!(told.matches("warning[").count(), 3, "{told}");
    // What a list is about, and what rules look up, is used.
    let used = "rules: firestore.rules\ndocuments: { own/o1: {}, d/a: {}, reads/r: {} }\ntests:\n  \
                - { list: reads, expect: deny }\n  - { get: own/o2, expect: deny }\n";
    assert_eq!(self::told(used), "");
    assert!(run(&load("t.test.yaml", used)).results.len() == 2);
}

#[test]
fn addresses_and_other_ways_to_write_a_path_are_answered_by_the_path() {
    let rules = |kind: &str| format!("rules: {kind}.rules{}\n", if kind == "database" { ".json" } else { "" });
    for (kind, test, right) in [
        (
            "storage",
            "get: 'https://firebasestorage.googleapis.com/v0/b/app/o/open%2Fa%20b.png?alt=media&token=x'",
            "open/a b.png",
        ),
        ("storage", "get: https://storage.googleapis.com/app/open/a.png", "open/a.png"),
        ("storage", "get: open//a.png", "open/a.png"),
        ("storage", "get: open%2Fa.png", "open/a.png"),
        (
            "firestore",
            "get: https://firestore.googleapis.com/v1/projects/p/databases/(default)/documents/notes/n1",
            "notes/n1",
        ),
        ("firestore", "get: /documents/notes/n1", "notes/n1"),
        ("firestore", "get: notes/n1/", "notes/n1"),
        ("firestore", "list: notes/", "notes"),
        ("database", "read: https://app.firebaseio.com/users/alice.json", "users/alice"),
        ("database", "read: users//alice", "users/alice"),
    ] {
        let told = told(&format!("{}tests: [{{ {test}, expect: deny }}]\n", rules(kind)));
        assert!(told.contains(&format!("= hint: did you mean {right}?")) && told.contains('^'), "{test}: {told}");
    }
}

#[test]
fn a_catch_all_that_permits_nothing_is_one_however_it_is_written() {
    let rules = |catch_all: &str| {
        format!(
            "rules: |\n  rules_version = '2';\n  service cloud.firestore {{ match /databases/{{db}}/documents {{\n    function \
             no() {{ return false; }}\n    match /users/{{uid}} {{ allow read: if request.auth.uid == uid; }}\n    match \
             /{{all=**}} {{ allow read: if {catch_all}; }}\n  }} }}\nusers: {{ bob: {{ uid: bob }} }}\n"
        )
    };
    let nobody = [
        "false",
        "!true",
        "1 == 2",
        "no()",
        "request.time < timestamp.date(2020, 1, 1)",
        "false && request.auth != null",
    ];
    for catch_all in nobody {
        // A path that is like none of the rules' is noted too.
        for path in ["usres/a", "teams/a"] {
            let noted = notes(&format!("{}tests: [{{ as: bob, get: {path}, expect: deny }}]\n", rules(catch_all)));
            assert!(noted[0].as_ref().is_some_and(|note| note.starts_with("no-match: ")), "{catch_all}: {noted:?}");
        }
    }
    // One for administrators is a rule of its own, but where the path is a slip away from one that others name.
    for catch_all in ["request.auth.token.get('admin', false)", "resource.data.open"] {
        let noted = |path: &str| {
            notes(&format!(
                "{}documents: {{ teams/a: {{ open: false }}, usres/a: {{ open: false }} }}\ntests: [{{ as: bob, get: {path}, \
                 expect: deny }}]\n",
                rules(catch_all)
            ))
            .remove(0)
        };
        assert_eq!(noted("teams/a"), None, "{catch_all}");
        assert!(noted("usres/a").is_some_and(|note| note.contains("has `usres` where the block has `users`")));
    }
    let database = |root: &str, path: &str| {
        let rules = format!(
            "rules: |\n  {{ \"rules\": {{ \".read\": \"{root}\", \"users\": {{ \"$u\": {{ \".read\": \"auth.uid == $u\" }} }} }} }}\n"
        );
        notes(&format!("{rules}users: {{ bob: {{ uid: bob }} }}\ntests: [{{ as: bob, read: {path}, expect: deny }}]\n"))
            .remove(0)
    };
    for root in ["false", "!true", "1 == 2", "now < 1000"] {
        assert!(database(root, "teams/a").is_some() && database(root, "usres/a").is_some(), "{root}");
    }
    assert_eq!(database("auth.token.admin == true", "teams/a"), None);
    assert!(database("auth.token.admin == true", "usres/a").is_some_and(|note| note.contains("has `usres`")));
}

#[test]
fn what_a_test_states_and_does_not_use_is_told() {
    let told = |rules: &str, test: &str| told(&format!("rules: {rules}\ntests: [{{ {test}, expect: deny }}]\n"));
    for (rules, test, unused) in [
        ("storage.rules", "get: mine/alice/a, objects: { mine/alcie/a: {} }", Some("mine/alcie/a")),
        (
            "storage.rules",
            "get: mine/alice/a, objects: { /mine/alice/a: {}, gs://other/mine/alice/a: {} }",
            Some("gs://other/mine/alice/a"),
        ),
        ("storage.rules", "get: mine/alice/a, objects: { gs://demo-bucket/mine/alice/a: {} }", None),
        ("storage.rules", "get: mine/alice/a, bucket: other, objects: { mine/alice/a: {} }", None),
        ("storage.rules", "list: mine/alice, objects: { mine/alice/a: {} }", None),
        ("storage.rules", "get: teams/t/a, objects: { teams/t/a: {} }, documents: { teams/t: {} }", None),
        ("storage.rules", "get: teams/t/a, objects: { teams/t/a: {} }, documents: { taems/t: {} }", Some("taems/t")),
        ("firestore.rules", "get: notes/a, documents: { ntoes/a: { owner: x } }", Some("ntoes/a")),
        ("firestore.rules", "get: notes/a, documents: { notes/a: { owner: x }, d/a: {}, audit/a: {} }", None),
        ("firestore.rules", "write: notes/a, with: {}, documents: { notes/b: null, ntoes/c: {} }", Some("ntoes/c")),
    ] {
        let told = told(rules, test);
        let warning = unused
            .map(|name| format!("warning[unused-seed]: the test does not request `{name}`, and no rule can read it"));
        assert_eq!(told.matches("warning[unused-seed]").count(), usize::from(warning.is_some()), "{test}: {told}");
        assert!(warning.is_none_or(|warning| told.contains(&warning)), "{test}: {told}");
    }
}
