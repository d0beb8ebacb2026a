//! A small ruleset of each kind, the requests that tests make of it, and counts made by hand.

use firewarden::{
    Auth, Coverage, database,
    firestore::{self, Document},
    rules::Rules,
    storage::{self, Object},
    text::Source,
};
use firewarden_suite::coverage::{Counts, FileCoverage, Ratio, Status};
use serde_json::json;

pub fn rules(name: &str, text: &str) -> Rules {
    Rules::parse(&Source::new(name, text), None).unwrap()
}

pub fn counts(truths: u64, falses: u64, errors: u64, others: u64) -> Counts {
    Counts { truths, falses, errors, others }
}

/// Conditions with line and column, text, and counts.
pub fn conditions(file: &FileCoverage) -> Vec<(String, &str, Counts)> {
    let condition = |c: &firewarden_suite::coverage::ConditionCoverage| {
        let at = file.source().position(c.span.start);
        (format!("{}:{}", at.line, at.column), file.source().slice(c.span), c.counts)
    };
    file.condition_list().iter().map(condition).collect()
}

pub fn statements(file: &FileCoverage) -> Vec<(&str, Counts)> {
    file.statement_list().iter().map(|s| (s.label.as_str(), s.counts)).collect()
}

pub fn lines(file: &FileCoverage) -> Vec<(u32, u64)> {
    file.line_list().iter().map(|line| (line.line, line.hits)).collect()
}

pub fn functions(file: &FileCoverage) -> Vec<(&str, u64)> {
    file.function_list().iter().map(|function| (function.name.as_str(), function.calls)).collect()
}

pub fn storage_requests() -> Vec<storage::Request<'static>> {
    let stored = || Object::new("users/alice/a").size(10);
    let get = || storage::Request::get("bucket", "users/alice/a").existing(stored());
    vec![
        get().auth(Auth::user("alice")),
        get().auth(Auth::user("bob")),
        get(),
        storage::Request::create("bucket", Object::new("users/alice/b").size(1000)).auth(Auth::user("alice")),
    ]
}

pub fn storage_file() -> FileCoverage {
    let rules = rules("rules/storage.rules", include_str!("storage.rules"));
    let Rules::Storage(ruleset) = &rules else { panic!() };
    let mut coverage = Coverage::new(true);
    for request in storage_requests() {
        let _ = ruleset.cover(&request, &(), &mut coverage).unwrap();
    }
    FileCoverage::new(&rules, &coverage)
}

pub fn firestore_file() -> FileCoverage {
    let rules = rules("rules/firestore.rules", include_str!("firestore.rules"));
    let Rules::Firestore(ruleset) = &rules else { panic!() };
    let mut coverage = Coverage::new(true);
    let note = |fields| Document::new("notes/n", fields);
    let get = |fields| firestore::Request::get("notes/n").existing(note(fields));
    let edited = || note(json!({ "editors": ["alice"] }));
    let update = || firestore::Request::update(edited(), note(json!({ "editors": ["alice"], "text": "x" })));
    let requests = [
        get(json!({ "public": true })),
        get(json!({ "public": false, "owner": "alice" })).auth(Auth::user("alice")),
        get(json!({ "public": false, "owner": "alice" })).auth(Auth::user("bob")),
        get(json!({ "public": "yes" })),
        update().auth(Auth::user("alice")),
        update().auth(Auth::user("bob")),
    ];
    for request in requests {
        let _ = ruleset.cover(&request, &(), &mut coverage).unwrap();
    }
    FileCoverage::new(&rules, &coverage)
}

pub fn database_file() -> FileCoverage {
    let rules = rules("rules/database.rules.json", include_str!("database.rules.json"));
    let Rules::Database(ruleset) = &rules else { panic!() };
    let data = database::Data::from_json(&json!({ "admins": { "carol": true } })).unwrap();
    let mut coverage = Coverage::new(true);
    let requests = [
        database::Request::read("/users/alice").auth(Auth::user("alice")),
        database::Request::read("/users/alice").auth(Auth::user("bob")),
        database::Request::read("/users/alice"),
        database::Request::write("/users/alice/age", json!(31)).auth(Auth::user("alice")),
        database::Request::write("/users/alice/age", json!("old")).auth(Auth::user("alice")),
        database::Request::write("/users/alice/name", json!("Al")).auth(Auth::user("bob")),
    ];
    for request in requests {
        let _ = ruleset.cover(&request, &data, &mut coverage).unwrap();
    }
    FileCoverage::new(&rules, &coverage)
}

/// What each request evaluates, a column a request: alice gets her file, bob gets it, nobody gets it, alice creates one.
///
/// ```text
///                                           alice  bob    nobody  create
/// 12 allow get                              true   error  error   -
/// 12   owns(user)                           true   false  false   -
///  8     let id                             value  value  error   value
///  9     signedIn()                         true   true   false   true
///  3       request.auth != null             true   true   false   true
///  9     id == user                         true   false  -       true
/// 12   request.auth.token.admin == true     -      error  error   -
/// 13 allow create                           -      -      -       true
/// 13   owns(user)                           -      -      -       true
/// 14   request.resource.size < 5 * 1024     -      -      -       true
/// 15 allow delete                           -      -      -       -
/// 18 allow read                             -      -      -       -
/// ```
#[test]
fn storage_rules_are_counted_as_by_hand() {
    let file = storage_file();
    assert_eq!(
        statements(&file),
        [
            ("/b/{bucket}/o/users/{user}/{file} allow get", counts(1, 0, 2, 0)),
            ("/b/{bucket}/o/users/{user}/{file} allow create", counts(1, 0, 0, 0)),
            ("/b/{bucket}/o/users/{user}/{file} allow delete", counts(0, 0, 0, 0)),
            ("/b/{bucket}/o/public/{file} allow read", counts(0, 0, 0, 0)),
        ]
    );
    assert_eq!(
        conditions(&file),
        [
            ("3:10".to_owned(), "request.auth != null", counts(3, 1, 0, 0)),
            ("9:14".to_owned(), "signedIn()", counts(3, 1, 0, 0)),
            ("9:28".to_owned(), "id == user", counts(2, 1, 0, 0)),
            ("12:21".to_owned(), "owns(user)", counts(1, 2, 0, 0)),
            ("12:35".to_owned(), "request.auth.token.admin == true", counts(0, 0, 2, 0)),
            ("13:24".to_owned(), "owns(user)", counts(1, 0, 0, 0)),
            ("14:12".to_owned(), "request.resource.size < 5 * 1024", counts(1, 0, 0, 0)),
        ]
    );
    let statuses: Vec<_> = file.condition_list().iter().map(|condition| condition.status()).collect();
    use Status::{Both, OnlyFailed, OnlyTrue};
    assert_eq!(statuses, [Both, Both, Both, Both, OnlyFailed, OnlyTrue, OnlyTrue]);
    assert_eq!(functions(&file), [("signedIn", 4), ("owns", 4)]);
    assert_eq!(lines(&file), [(3, 4), (8, 4), (9, 4), (12, 3), (13, 1), (14, 1), (15, 0), (18, 0)]);
    assert_eq!(file.statements(), Ratio { covered: 2, total: 4 });
    assert_eq!(file.lines(), Ratio { covered: 6, total: 8 });
    // Four conditions both ways, one that only failed, two one way.
    assert_eq!(file.conditions(), Ratio { covered: 10, total: 14 });
}

/// Gets of a public note, of one by its owner, of the same by another, of one whose `public` is a string; then updates by
/// an editor and by another.
///
/// ```text
///                                           public  owner  other  string  editor  other
///  6 allow get                              true    true   false  error   -       -
///  6   resource.data.public                 true    false  false  'yes'   -       -
///  6   owner() == request.auth.uid          -       true   false  -       -       -
///  4     resource.data.owner                -       value  value  -       -       -
///  7 allow update                           -       -      -      -       true    false
///  7   request.auth.uid in …                -       -      -      -       true    false
///  8   'locked' in resource.data            -       -      -      -       false   -
///  9 allow create                           -       -      -      -       -       -
/// 12 allow write                            -       -      -      -       -       -
/// ```
#[test]
fn firestore_rules_are_counted_as_by_hand() {
    let file = firestore_file();
    let all: Vec<_> = statements(&file).into_iter().map(|(_, counts)| counts).collect();
    assert_eq!(all, [counts(2, 1, 1, 0), counts(1, 1, 0, 0), counts(0, 0, 0, 0), counts(0, 0, 0, 0)]);
    let exists = "exists(/databases/$(database)/documents/users/$(request.auth.uid))";
    assert_eq!(
        conditions(&file),
        [
            ("6:21".to_owned(), "resource.data.public", counts(1, 2, 0, 1)),
            ("6:51".to_owned(), "owner() == request.auth.uid", counts(1, 1, 0, 0)),
            ("7:24".to_owned(), "request.auth.uid in resource.data.editors", counts(1, 1, 0, 0)),
            ("8:14".to_owned(), "'locked' in resource.data", counts(0, 1, 0, 0)),
            ("9:24".to_owned(), exists, counts(0, 0, 0, 0)),
        ]
    );
    // What the function gives is compared: it is no condition.
    assert_eq!(functions(&file), [("owner", 2)]);
    assert_eq!(lines(&file), [(4, 2), (6, 4), (7, 2), (8, 1), (9, 0), (12, 0)]);
    assert_eq!(file.statements(), Ratio { covered: 2, total: 4 });
    assert_eq!(file.lines(), Ratio { covered: 4, total: 6 });
    assert_eq!(file.conditions(), Ratio { covered: 7, total: 10 });
}

/// Reads of alice's place by alice, bob and nobody; writes of her age by alice, right and wrong; a write by bob.
///
/// ```text
///                                           alice  bob    nobody  31     'old'  bob
///  5 .read                                  true   false  false   -      -      -
///  5   auth != null                         true   true   false   -      -      -
///  5   auth.uid === $uid                    true   false  -       -      -      -
///  5   root.child('admins').hasChild(…)     -      false  -       -      -      -
///  6 .write                                 -      -      -       true   true   false
///  7 .validate                              -      -      -       true   false  -
///  7   newData.isNumber()                   -      -      -       true   false  -
///  7   newData.val() >= 0                   -      -      -       true   -      -
///  8 .validate                              -      -      -       -      -      -
/// 12 .write, 13 .read                       -      -      -       -      -      -
/// ```
#[test]
fn database_rules_are_counted_as_by_hand() {
    let file = database_file();
    assert_eq!(
        statements(&file),
        [
            ("/users/$uid .read", counts(1, 2, 0, 0)),
            ("/users/$uid .write", counts(2, 1, 0, 0)),
            ("/users/$uid/age .validate", counts(1, 1, 0, 0)),
            ("/users/$uid/$other .validate", counts(0, 0, 0, 0)),
            ("/log .write", counts(0, 0, 0, 0)),
            ("/log .read", counts(0, 0, 0, 0)),
        ]
    );
    assert_eq!(
        conditions(&file),
        [
            ("5:19".to_owned(), "auth != null", counts(2, 1, 0, 0)),
            ("5:36".to_owned(), "auth.uid === $uid", counts(1, 1, 0, 0)),
            ("5:57".to_owned(), "root.child('admins').hasChild(auth.uid)", counts(0, 1, 0, 0)),
            ("6:20".to_owned(), "auth.uid === $uid", counts(2, 1, 0, 0)),
            ("7:32".to_owned(), "newData.isNumber()", counts(1, 1, 0, 0)),
            ("7:54".to_owned(), "newData.val() >= 0", counts(1, 0, 0, 0)),
            ("12:19".to_owned(), "data.exists()", counts(0, 0, 0, 0)),
        ]
    );
    assert_eq!(functions(&file), []);
    assert_eq!(lines(&file), [(5, 3), (6, 3), (7, 2), (8, 0), (12, 0), (13, 0)]);
    assert_eq!(file.statements(), Ratio { covered: 3, total: 6 });
    assert_eq!(file.lines(), Ratio { covered: 3, total: 6 });
    assert_eq!(file.conditions(), Ratio { covered: 10, total: 14 });
}
