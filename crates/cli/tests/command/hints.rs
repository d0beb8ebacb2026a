//! What a reader of a failure, or of a word that no suite has, is told.

use std::{collections::BTreeMap, path::PathBuf};

use firewarden_suite::{Suites, TestOutcome};

use super::kinds::{clock, load, results, run};
use super::runner::Folder;

/// The rules of a service, given its blocks.
fn service(name: &str, blocks: &str) -> String {
    format!("rules: |\n  rules_version = '2';\n  service {name} {{ {blocks} }}\n")
}

fn storage(blocks: &str) -> String {
    service("firebase.storage", blocks)
}

fn firestore(blocks: &str) -> String {
    service("cloud.firestore", blocks)
}

/// Everything that is told of the tests of a suite: failures, and notes of those that pass.
fn told(suite: &str) -> String {
    let tell = |outcome: &TestOutcome| match outcome {
        TestOutcome::Passed(note) => note.as_ref().map_or_else(String::new, ToString::to_string),
        TestOutcome::Failed(failure) => format!("{}\n{}\n", failure.text(), failure.explanation),
        TestOutcome::Skipped(why) => why.clone(),
    };
    results(suite).results.iter().map(|result| tell(&result.outcome)).collect()
}

fn mistakes(text: &str) -> String {
    let suites = load("t.test.yaml", text);
    suites.errors.iter().map(ToString::to_string).collect()
}

/// Rules, a request that no rules cover, the nearest rules, and what differs.
const UNCOVERED: [(&str, &str, &str, &str, &str); 25] = [
    (
        "F",
        "match /users/{id} { allow read; } match /categories/{id} { allow read; }",
        "get: category/c",
        "/categories/{id}",
        "has `category` where the block has `categories`",
    ),
    (
        "F",
        "match /users/{id} { allow read; }",
        "get: user/alice",
        "/users/{id}",
        "has `user` where the block has `users`",
    ),
    ("F", "match /users/{id} { allow read; }", "get: Users/alice", "/users/{id}", "upper and lower case count"),
    (
        "F",
        "match /users/{id} { allow read; } match /rooms/{id} { allow read; }",
        "get: romos/r1",
        "/rooms/{id}",
        "has `romos` where",
    ),
    (
        "F",
        "match /users/{id} { allow read; }",
        "get: users/a/posts/p",
        "/users/{id}",
        "goes on with `posts` where the block ends: only `{id=**}`",
    ),
    (
        "F",
        "match /teams/{t}/members/{m} { allow read; }",
        "get: teams/t",
        "/teams/{t}/members/{m}",
        "ends where the block goes on with `members`",
    ),
    (
        "F",
        "match /teams/{t}/members/{m} { allow read; }",
        "list: teams/t/member",
        "/teams/{t}/members/{m}",
        "has `member` where the block has `members`",
    ),
    (
        "F",
        "match /notes { allow read; }",
        "get: notes/n1",
        "/notes",
        "names the collection `notes`, and requests are about its documents",
    ),
    ("F", "match /notes { allow read; }", "list: notes", "/notes", "write `match …/notes/{id}`"),
    ("F", "match /notes/n1 { allow read; }", "list: notes", "/notes/n1", "the block is about `n1` alone"),
    (
        "F",
        "match /{p=**}/songs/{s} { allow read; }",
        "get: a/b/song/s",
        "/{p=**}/songs/{s}",
        "has `song` where the block has `songs`",
    ),
    (
        "F",
        "match /songs/{s} { allow read; }",
        "list: songs, query: { collectionGroup: true }",
        "/songs/{s}",
        "only a block that begins with a glob covers it, such as `match /{path=**}/songs/{id}`",
    ),
    (
        "f",
        "match /users/{id} { allow read; }",
        "get: users/a",
        "match /users/{id}",
        "put the block inside `match /databases/{database}/documents",
    ),
    (
        "f",
        "match /databases/{d}/users/{id} { allow read; }",
        "get: users/a",
        "match /databases/{d}/users/{id}",
        "write `/databases/{database}/documents/…`",
    ),
    (
        "f",
        "match /databases/prod/documents/users/{id} { allow read; }",
        "get: users/a",
        "match /databases/prod/documents/users/{id}",
        "for the database `(default)`, the block for `prod` alone",
    ),
    (
        "S",
        "match /users/{uid}/{f} { allow read; }",
        "list: users/a",
        "/users/{uid}/{f}",
        "a list asks for the folder itself, and the block goes on with `{f}`: `match /users/{uid}` covers it",
    ),
    (
        "S",
        "match /users/{uid}/{f} { allow read; }",
        "get: users/a/b/c",
        "/users/{uid}/{f}",
        "goes on with `c` where the block ends",
    ),
    (
        "S",
        "match /users/{uid}/{f} { allow read; }",
        "get: user/a/b",
        "/users/{uid}/{f}",
        "has `user` where the block has `users`",
    ),
    (
        "s",
        "match /users/{uid}/{f} { allow read; }",
        "get: users/a/b",
        "match /users/{uid}/{f}",
        "put the block inside `match /b/{bucket}/o",
    ),
    (
        "s",
        "match /b/my-app/o/{f} { allow read; }",
        "get: a",
        "match /b/my-app/o/{f}",
        "for the bucket `demo-bucket`, the block for `my-app` alone",
    ),
    (
        "D",
        "\"users\": { \"$u\": { \".read\": true } }",
        "read: users",
        ".read of /users/$u",
        "ends where the rule goes on with `$u`",
    ),
    (
        "D",
        "\"users\": { \"$u\": { \".read\": true } }",
        "read: user/alice",
        ".read of /users/$u",
        "has `user` where the rule has `users`",
    ),
    (
        "D",
        "\"users\": { \"$u\": { \".write\": true }, \"admin\": { \".read\": true } }",
        "write: users/admin, with: 1",
        ".write of /users/$u",
        "/users/admin has rules of its own, which hide this wildcard",
    ),
    (
        "D",
        "\"users\": { \".write\": true }, \"rooms\": { \".read\": true }",
        "write: usres/a, with: 1",
        ".write of /users",
        "has `usres` where the rule has `users`",
    ),
    (
        "D",
        "\".read\": false, \"users\": { \".read\": true }",
        "read: usres",
        ".read of /users",
        "has `usres` where the rule has `users`",
    ),
];

fn uncovered(kind: &str, blocks: &str) -> String {
    match kind {
        "F" => firestore(&format!("match /databases/{{d}}/documents {{ {blocks} }}")),
        "f" => firestore(blocks),
        "S" => storage(&format!("match /b/{{bucket}}/o {{ {blocks} }}")),
        "s" => storage(blocks),
        _ => format!("rules: |\n  {{ \"rules\": {{ {blocks} }} }}\n"),
    }
}

#[test]
fn a_request_that_no_rules_cover_is_answered_by_the_nearest_rules_and_the_first_difference() {
    for (kind, blocks, test, nearest, differs) in UNCOVERED {
        let suite = |expect: &str| format!("{}tests: [{{ {test}, expect: {expect} }}]\n", uncovered(kind, blocks));
        // In the sentence and in the trace of a failure.
        let failed = told(&suite("allow"));
        let (sentence, trace) = failed.split_once('\n').unwrap();
        assert!(trace.lines().all(|line| line.chars().count() <= 80), "{test}: {trace}");
        // Lines of the trace are broken.
        let trace = &trace.split_whitespace().collect::<Vec<_>>().join(" ");
        for told in [sentence, trace] {
            assert!(told.contains(nearest) && told.contains(differs), "{test}: {told}");
        }
        assert!(trace.contains("The nearest one:") && trace.contains("(t.test.yaml:"), "{test}: {trace}");
        // A denial that passes is noted with the same words.
        let note = told(&suite("deny"));
        assert!(note.contains(nearest) && note.contains(differs), "{test}: {note}");
    }
}

#[test]
fn what_rules_cover_has_no_nearest_block() {
    let covered = firestore("match /databases/{d}/documents { match /users/{id} { allow get: if false; } }");
    let failed =
        told(&format!("{covered}tests: [{{ get: users/a, expect: allow }}, {{ delete: users/a, expect: allow }}]\n"));
    assert!(!failed.contains("earest"), "{failed}");
    // A catch-all that asks for something is a rule like others.
    let asking = storage(
        "match /b/{b}/o { match /users/{u} { allow read; } match /{all=**} { allow read: if request.auth != null; } }",
    );
    let failed = told(&format!("{asking}tests: [{{ get: teams/a, expect: allow }}]\n"));
    assert!(!failed.contains("earest"), "{failed}");
    // Rules that allow nothing have no nearest block either.
    let failed = told(&format!(
        "{}tests: [{{ get: a, expect: allow }}]\n",
        storage("match /b/{b}/o { function f() { return true; } }")
    ));
    assert!(failed.contains("No match block covers this path.\n"), "{failed}");
}

#[test]
fn eval_explains_a_request_that_no_rules_cover() {
    let folder = Folder::new("hints-eval");
    folder.write("firestore.rules", "rules_version = '2';\nservice cloud.firestore {\n  match /databases/{d}/documents {\n    match /users/{id} { allow read; }\n    match /{all=**} { allow read, write: if false; }\n  }\n}\n");
    folder.write(
        "storage.rules",
        "rules_version = '2';\nservice firebase.storage {\n  match /b/{b}/o {\n    match /users/{u}/{f} { allow read; }\n  }\n}\n",
    );
    folder.write("database.rules.json", "{ \"rules\": {\n  \"users\": { \"$u\": { \".read\": true } }\n} }\n");
    let explained = |rules: &str, path: &str| {
        let ran =
            folder.run(&["eval", rules, if rules.ends_with("json") { "read" } else { "get" }, path, "--explain"], "");
        assert_eq!(ran.status, 1, "{}", ran.all());
        format!("{}{}\n", ran.out, ran.err)
    };
    insta::assert_snapshot!(
        explained("firestore.rules", "usres/alice")
            + &explained("storage.rules", "users/alice")
            + &explained("database.rules.json", "users")
    );
    let json = folder.run(&["eval", "storage.rules", "get", "user/a/b", "--explain", "--format", "json"], "");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(json["hint"].as_str().unwrap().contains("has `user` where the block has `users`"), "{json}");
}

/// A condition, a test, and why a variable is null.
const NULL: [(&str, &str, &str); 10] = [
    (
        "write: if owns(request.auth, request.resource)",
        "delete: a, as: { uid: b }, objects: { a: {} }",
        "`request.resource` is null on delete",
    ),
    ("write: if request.resource.size < 5", "delete: a, objects: { a: {} }", "`request.resource` is null on delete"),
    ("read: if request.resource.size < 5", "get: a", "`request.resource` is null on get"),
    ("write: if small(request.resource)", "delete: a, objects: { a: {} }", "`request.resource` is null on delete"),
    ("write: if lets()", "delete: a, objects: { a: {} }", "`request.resource` is null on delete"),
    ("write: if resource.size == 1", "create: a, with: {}", "`resource` is null on create"),
    ("read: if resource.size == 1", "get: a", "`resource` is null: nothing is stored there"),
    ("read: if resource.size == 1", "list: a", "`resource` is null on list"),
    ("read: if request.auth.uid == 'alice'", "get: a", "`request.auth` is null: nobody is signed in"),
    ("read: if request.auth.token.email.size() > 0", "get: a", "`request.auth` is null: nobody is signed in"),
];

#[test]
fn a_variable_that_is_null_is_told_with_why() {
    for (condition, test, why) in NULL {
        let functions = "function small(object) { return object.size < 5; } \
                         function owns(user, object) { return object.metadata.owner == user.uid; } \
                         function lets() { let object = request.resource; return object.size < 5; }";
        let rules = storage(&format!("match /b/{{b}}/o/{{f}} {{ {functions} allow {condition}; }}"));
        let failed = told(&format!("{rules}tests: [{{ {test}, expect: allow }}]\n"));
        let (sentence, trace) = failed.split_once('\n').unwrap();
        assert!(sentence.contains(why), "{condition}: {sentence}");
        assert!(trace.contains(&format!("= note: {why}")), "{condition}: {trace}");
        let note = told(&format!("{rules}tests: [{{ {test}, expect: deny }}]\n"));
        assert!(note.contains(why), "{condition}: {note}");
    }
    // Another null is not explained by these.
    let rules = storage("match /b/{b}/o/{f} { allow read: if resource.contentType.size() > 0; }");
    let failed = told(&format!("{rules}objects: {{ a: {{}} }}\ntests: [{{ get: a, expect: allow }}]\n"));
    assert!(!failed.contains("is null"), "{failed}");
}

/// A condition, a test, and the metadata that are unstated.
const UNSTATED: [(&str, &str, &str); 12] = [
    (
        "r.contentType.matches('image/.*')",
        "create: a, with: { size: 1 }",
        "states no `contentType`: write `with: { contentType: image/png }`",
    ),
    ("r.contentType == 'image/png'", "create: a, with: { size: 1 }", "states no `contentType`"),
    ("r.contentType in ['image/png']", "create: a, with: { size: 1 }", "states no `contentType`"),
    ("image(r)", "create: a, with: { size: 1 }", "states no `contentType`"),
    ("r.size > 0", "create: a, with: { contentType: a/b }", "states no `size`: write `with: { size: 2048 }`"),
    (
        "r.metadata.owner == 'a'",
        "create: a, with: { size: 1 }",
        "states no metadata `owner`: write `with: { metadata: { owner: … } }`",
    ),
    ("r.metadata['owner'] == 'a'", "create: a, with: { metadata: { other: b } }", "states no metadata `owner`"),
    (
        "r.contentLanguage == 'en'",
        "create: a, with: {}",
        "states no `contentLanguage`: write `with: { contentLanguage: en }`",
    ),
    (
        "r.metadata.owner == 'a'",
        "update: s, merge: { contentType: a/b }",
        "states no metadata `owner`: write `merge: {",
    ),
    (
        "resource.metadata.owner == 'a'",
        "get: s",
        "the stored object states no metadata `owner`: write `objects: { s: { metadata: { owner: … } } }`",
    ),
    ("resource.contentType.size() > 0", "get: s", "the stored object states no `contentType`"),
    ("!(r.contentType == null)", "create: a, with: {}", "states no `contentType`"),
];

#[test]
fn metadata_that_a_test_leaves_unstated_are_told() {
    for (condition, test, hint) in UNSTATED {
        let condition = condition.replace("r.", "request.resource.").replace("(r)", "(request.resource)");
        let rules = storage(&format!(
            "match /b/{{b}}/o/{{f}} {{ function image(o) {{ return o.contentType.matches('image/.*'); }} allow read, write: \
             if {condition}; }}"
        ));
        let failed = told(&format!("{rules}objects: {{ s: {{ size: 1 }} }}\ntests: [{{ {test}, expect: allow }}]\n"));
        assert!(failed.lines().next().unwrap().contains(hint), "{condition}: {failed}");
    }
    // What is stated is not asked for.
    let rules = storage("match /b/{b}/o/{f} { allow write: if request.resource.contentType == 'image/png'; }");
    let failed = told(&format!("{rules}tests: [{{ create: a, with: {{ contentType: a/b }}, expect: allow }}]\n"));
    assert!(!failed.contains("states no"), "{failed}");
    let folder = Folder::new("hints-unstated");
    folder.write(
        "storage.rules",
        "service firebase.storage { match /b/{b}/o/{f} { allow create: if request.resource.contentType.size() > 0; } }",
    );
    let ran = folder.run(&["eval", "storage.rules", "create", "a", "--with", "{\"size\": 1}", "--explain"], "");
    assert!(
        ran.err.contains("--with states no `contentType`: write --with '{ \"contentType\": \"image/png\" }'"),
        "{}",
        ran.all()
    );
}

const RULES: [&str; 3] = ["rules: storage.rules\n", "rules: firestore.rules\n", "rules: database.rules.json\n"];

/// A test in Storage, Firestore and a database, and what has to be written instead: nothing where it is right.
const WORDS: [(&str, [&str; 3]); 44] = [
    ("auth: alice", ["`as: { uid: alice }`"; 3]),
    ("user: alice", ["`as: { uid: alice }`"; 3]),
    ("token: { admin: true }", ["`as: { token: FILE, keys: FILE }`"; 3]),
    ("claims: { admin: true }", ["`as: { uid: alice, claims: { … } }`"; 3]),
    ("authenticatedContext: alice", ["`as: { uid: alice }`"; 3]),
    ("unauthenticatedContext: true", ["without `as`"; 3]),
    ("withSecurityRulesDisabled: {}", ["`objects: {", "`documents: {", "`data: {"]),
    ("seed: {}", ["`objects: {", "`documents: {", "`data: {"]),
    ("set: a/b", ["an upload is `create: NAME`", "", ""]),
    ("push: a/b", ["an upload is `create: NAME`", "`create: COLLECTION/ID`", "`write: PATH/KEY`"]),
    ("upload: a/b", ["an upload is `create: NAME`", "files are uploaded to Storage", "files are uploaded to Storage"]),
    ("uploadBytes: a/b", ["an upload is `create: NAME`", "files are uploaded", "files are uploaded"]),
    ("setDoc: a/b", ["`create: NAME`", "`set: COLLECTION/ID`", "`write: PATH`"]),
    ("getDoc: a/b", ["`get: NAME`", "`get: COLLECTION/ID`", "`read: PATH`"]),
    ("addDoc: a", ["`create: NAME`", "`create: COLLECTION/ID`", "`write: PATH/KEY`"]),
    ("updateDoc: a/b", ["`update: NAME`", "`update: COLLECTION/ID`", "`update: PATH`"]),
    ("deleteDoc: a/b", ["`delete: NAME`", "`delete: COLLECTION/ID`", "`delete: PATH`"]),
    ("getDocs: a", ["`list: FOLDER`", "`list: COLLECTION`", "`read: PATH`"]),
    ("getDownloadURL: a/b", ["`get: NAME`", "`get: COLLECTION/ID`", "`read: PATH`"]),
    ("listAll: a", ["`list: FOLDER`", "`list: COLLECTION`", "`read: PATH`"]),
    ("once: a/b", ["`get: NAME`", "`get: COLLECTION/ID`", "`read: PATH`"]),
    ("assertFails: true", ["`expect: allow` or `expect: deny`"; 3]),
    ("assertSucceeds: true", ["`expect: allow` or `expect: deny`"; 3]),
    ("assertFalis: true", ["`expect: allow` or `expect: deny`"; 3]),
    ("canRead: true", ["`get: NAME`", "`get: COLLECTION/ID`", "`read: PATH`"]),
    ("cannotWrite: true", ["`create: NAME`", "`set: COLLECTION/ID`", "`write: PATH`"]),
    ("allow: true", ["`expect: allow`"; 3]),
    ("should: allow", ["`expect: allow`"; 3]),
    ("expectation: ALLOW", ["`expect: allow`"; 3]),
    ("doc: a/b", ["write the path after the method: `get: users", "`get: teams/docs`", "`read: users/alice`"]),
    ("collection: a", ["`list: users/alice`", "`list: teams`", "`read: users/alice`"]),
    ("child: a/b", ["write the path after the method"; 3]),
    ("method: get", ["use the method as the key"; 3]),
    ("headers: { a: b }", ["rules see no headers"; 3]),
    ("where: [[a, ==, b]]", ["have no query", "`query: { where:", "`query: { orderByChild:"]),
    ("orderBy: a", ["have no query", "`query: {", "`query: { orderByChild:"]),
    ("limit: 10", ["have no query", "`query: {", "limitToFirst: 10"]),
    ("data: { a: 1 }", ["`with: { size: 2048", "write the new value as `with: { … }`", ""]),
    ("newData: { a: 1 }", ["`with: {", "`with: {", "`with: …`"]),
    ("documents: { a/b: {} }", ["", "", "`data: { … }`"]),
    ("objects: { a: {} }", ["", "`documents: {", "`data: {"]),
    ("transaction: []", ["write a test for each", "`batch: true`", "`update: /`"]),
    ("time: now", ["`now:`"; 3]),
    ("it: works", ["`name:`"; 3]),
];

#[test]
fn a_word_of_another_tool_or_product_is_answered_by_what_to_write_here() {
    for (word, right) in WORDS {
        for (at, right) in right.iter().enumerate() {
            let verb = ["get: a/b", "get: a/b", "read: a/b"][at];
            // Words that are methods stand for the method.
            let verb = if ["set:", "push:"].iter().any(|verb| word.starts_with(verb)) {
                String::new()
            } else {
                format!(", {verb}")
            };
            let told = mistakes(&format!("{}tests:\n  - {{ {word}{verb}, expect: deny }}\n", RULES[at]));
            let key = word.split(':').next().unwrap();
            if right.is_empty() {
                assert!(!told.contains(&format!("unknown key `{key}` in")), "{word}: {told}");
                continue;
            }
            assert!(told.contains("t.test.yaml:3:7\n") && told.contains(&"^".repeat(key.len())), "{word}: {told}");
            let hint = told.lines().find(|line| line.contains("= hint: ")).unwrap_or_else(|| panic!("{word}: {told}"));
            assert!(hint.contains(right), "{word} in {}: {told}", RULES[at]);
        }
    }
}

#[test]
fn words_in_queries_users_suites_and_expectations_are_answered_too() {
    let (storage, firestore, database) = (RULES[0], RULES[1], RULES[2]);
    let test = "tests: [{ get: a/b, expect: deny }]\n";
    let query = |text: &str, rules: &str| {
        let verb = if rules == database { "read" } else { "list" };
        format!("{rules}tests: [{{ {verb}: a, query: {{ {text} }}, expect: deny }}]\n")
    };
    for (text, right) in [
        (query("orderBy: name", database), "`orderByChild: name`"),
        (query("where: [[a, ==, b]]", database), "with `equalTo`"),
        (query("limit: 10", database), "`limitToFirst: 10`"),
        (query("collectionGroup: true", database), "no collections"),
        (query("orderByChild: name", firestore), "`orderBy: { title: ASC }`"),
        (query("limitToLast: 10", firestore), "`limit: 10`"),
        (query("equalTo: 3", firestore), "`where: [["),
        (query("filters: []", firestore), "`where: [["),
        (format!("{storage}auth: {{ uid: alice }}\n{test}"), "`users: { alice: { uid: alice } }`"),
        (format!("{firestore}seeds: {{}}\n{test}"), "`documents: {"),
        (format!("{storage}seeds: {{}}\n{test}"), "`objects: {"),
        (format!("{storage}data: {{}}\n{test}"), "`objects: {"),
        (format!("{storage}cases: []\n{test}"), "write `tests:`"),
        (format!("ruleset: x\n{storage}{test}"), "write `rules: FILE`"),
        (format!("{storage}users: {{ a: {{ id: alice }} }}\n{test}"), "write `uid: alice`"),
        (format!("{storage}users: {{ a: {{ uid: a, customClaims: {{}} }} }}\n{test}"), "write `claims:"),
        (format!("{storage}objects: {{ a: {{ mimeType: a/b }} }}\n{test}"), "write `contentType: image/png`"),
        (format!("{storage}tests: [{{ get: a, expect: assertFails }}]\n"), "write `expect: deny`"),
        (format!("{storage}tests: [{{ get: a, expect: true }}]\n"), "write `expect: allow`"),
        (format!("{storage}tests: [{{ get: a, expect: permission-denied }}]\n"), "write `expect: deny`"),
        (format!("{storage}tests: [{{ get: a, as: unauthenticated, expect: deny }}]\n"), "write `guest` for nobody"),
    ] {
        let told = mistakes(&text);
        let hint = told.lines().find(|line| line.contains("= hint: "));
        assert!(hint.is_some_and(|hint| hint.contains(right)) && told.contains('^'), "{text}: {told}");
    }
    let nobody = mistakes(&format!("{storage}tests: [{{ get: a, as: alice, expect: deny }}]\n"));
    assert!(nobody.contains("in the test: `as: { uid: alice }`"), "{nobody}");
}

#[test]
fn a_user_is_stated_where_he_asks() {
    let text = "rules: storage.rules
objects: { mine/alice/a: { metadata: { owner: alice } }, verified/a: {} }
tests:
  - { name: one, as: { uid: alice }, get: mine/alice/a, expect: allow }
  - { name: claims, as: { uid: bob, provider: google.com }, get: verified/a, expect: allow }
  - { name: several, as: [{ uid: bob }, { uid: eve, claims: { admin: true } }, { uid: bob, claims: { a: 1 } }, guest], get: mine/alice/a, expect: deny, because: 'false' }
  - { name: banned, as: { uid: mal, provider: password, disabled: true }, get: open/a, expect: no-sign-in }
  - { name: signed, as: { token: ../sketch/tokens/alice.jwt, keys: ../sketch/tokens/jwks.json, project: demo-app }, get: open/a, expect: allow }
";
    let run = results(text);
    let named: Vec<(&str, &str)> =
        run.results.iter().map(|result| (result.name.as_str(), result.user.as_str())).collect();
    assert_eq!(run.counts(), (8, 0, 0), "{:?}", run.results);
    assert_eq!(
        named,
        [
            ("one", "uid alice"),
            ("claims", "uid bob"),
            ("several [as uid bob]", "uid bob"),
            ("several [as uid eve]", "uid eve"),
            ("several [as uid bob (2)]", "uid bob (2)"),
            ("several [as guest]", "guest"),
            ("banned", "uid mal"),
            ("signed", "token ../sketch/tokens/alice.jwt"),
        ]
    );
    let database = "rules: database.rules.json\ntests: [{ as: { auth: { uid: alice, admin: true } }, read: short, expect: allow }]\n";
    assert_eq!(results(database).results[0].user, "auth alice");
    let wrong = |user: &str| {
        mistakes(&format!("rules: storage.rules\ntests: [{{ as: {user}, get: open/a, expect: allow }}]\n"))
    };
    assert!(wrong("{ claims: {} }").contains("the user `stated here` has no `uid`"));
    assert!(wrong("{ uid: a, provder: x }").contains("did you mean provider?"));
    assert!(
        wrong("[[a]]")
            .contains("expected `as` to be the name of a user, or a user such as `{ uid: alice }`, not a list")
    );
    assert!(wrong("{ auth: { uid: a } }").contains("only applies to database rules"));
}

#[test]
fn what_shared_files_state_and_no_suite_uses_is_told_where_all_suites_were_read() {
    let files = BTreeMap::from(
        [
            ("r.rules", "rules_version = '2'; service firebase.storage { match /b/{b}/o/{o} { allow read; } }"),
            ("f.rules", "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents/{c}/{i} { allow read; } }"),
            ("shared.yaml", "users: { ann: { uid: a }, bob: { uid: b }, eve: { uid: e } }\nobjects: { one: {}, two: {}, three: {} }\ndocuments: { c/i: {} }\n"),
            ("seeds/objects.yaml", "four: {}\nfive: {}\n"),
            ("a.test.yaml", "include: shared.yaml\nrules: r.rules\ntests: [{ get: one, as: ann, expect: allow }]\n"),
            ("b.test.yaml", "include: shared.yaml\nrules: r.rules\ntests: [{ get: two, as: bob, expect: allow }]\n"),
            ("c.test.yaml", "rules: r.rules\nobjects: seeds/objects.yaml\ntests: [{ get: four, expect: allow }]\n"),
            ("d.test.yaml", "rules: f.rules\ntests: [{ get: c/i, expect: allow }]\n"),
        ]
        .map(|(name, text)| (PathBuf::from(name), text.to_owned())),
    );
    let load = |suites: &[&str], folder: &str| {
        let paths: Vec<PathBuf> = suites.iter().map(PathBuf::from).collect();
        let mut suites = Suites::load(&files, &paths, clock());
        assert!(suites.errors.is_empty() && run(&suites).passed());
        suites.warn_unused_shared(&[PathBuf::from(folder)]);
        let warnings: String = suites.warnings.iter().map(ToString::to_string).collect();
        let names = warnings.lines().filter(|line| line.starts_with("warning")).map(str::to_owned).collect::<Vec<_>>();
        (names, warnings)
    };
    let all = ["a.test.yaml", "b.test.yaml", "c.test.yaml", "d.test.yaml"];
    let (names, warnings) = load(&all, ".");
    let tests = "no test of the suites that share this file";
    assert_eq!(
        names,
        [
            format!("warning[unused-seed]: {tests} requests `five`, and no rule can read it"),
            format!("warning[unused-user]: {tests} uses the user `eve`"),
            format!("warning[unused-seed]: {tests} requests `three`, and no rule can read it"),
            // No rule of the suites that include it looks it up, and the suite that asks for it does not include it.
            format!("warning[unused-seed]: {tests} requests `c/i`, and no rule can read it"),
        ]
    );
    assert!(warnings.contains("shared.yaml:1:") && warnings.contains("seeds/objects.yaml:2:1"), "{warnings}");
    // What a file states that lies elsewhere, other suites may use.
    assert_eq!(load(&all, "seeds").0.len(), 1);
    assert_eq!(load(&all, "elsewhere").0.len(), 0);
}

#[test]
fn a_run_of_single_suites_says_nothing_of_what_others_may_use() {
    let folder = Folder::new("hints-shared");
    folder.write("r.rules", "rules_version = '2'; service firebase.storage { match /b/{b}/o/{o} { allow read; } }");
    folder.write("shared.yaml", "rules: r.rules\nobjects: { one: {}, two: {} }\n");
    folder.write("a.test.yaml", "include: shared.yaml\ntests: [{ get: one, expect: allow }]\n");
    folder.write("b.test.yaml", "include: shared.yaml\ntests: [{ get: three, expect: allow }]\n");
    let all = folder.run(&["test", "--strict"], "");
    assert!(all.status == 1 && all.err.contains("requests `two`"), "{}", all.all());
    assert!(!all.err.contains("requests `one`"), "{}", all.all());
    let one = folder.run(&["test", "--strict", "b.test.yaml"], "");
    assert_eq!((one.status, one.err.as_str()), (0, ""), "{}", one.all());
}

#[test]
fn warnings_of_a_suite_with_its_own_rules_are_shown_and_count() {
    let folder = Folder::new("hints-inline");
    let rules = firestore("match /databases/{d}/documents/n/{i} { allow read, write: if false; }");
    // The compiler warns of rules without a version.
    for (rules, of_rules) in [(rules.clone(), false), (rules.replace("rules_version = '2';", ""), true)] {
        folder.write("a.test.yaml", &(rules + "users: { ann: { uid: a } }\ntests: [{ get: n/a, expect: deny }]\n"));
        let ran = folder.run(&["test"], "");
        assert!(ran.status == 0 && ran.err.contains("a.test.yaml:4:10"), "{}", ran.all());
        assert!(ran.err.contains("no test uses the user `ann`"), "{}", ran.all());
        assert!(!ran.err.contains("firewarden check"), "{}", ran.all());
        assert_eq!(ran.err.contains("old-version"), of_rules, "{}", ran.all());
        assert_eq!(folder.run(&["test", "--strict"], "").status, 1);
    }
}
