//! Test requests with the responses to them, side by side in this folder.

use std::{fs, path::PathBuf};

use firewarden::text::Source;
use firewarden_suite::rules_api;
use serde_json::{Value as Json, json};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/suite/rules_api/requests")
}

fn read(name: &str) -> Json {
    serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

/// Runs a request and compares with the response in the file beside it; `UPDATE_OFFICIAL=1` writes that anew.
fn answers(name: &str) -> rules_api::Response {
    let response = rules_api::test(&read(&format!("{name}.request.json")), None).unwrap();
    let file = folder().join(format!("{name}.response.json"));
    let text = format!("{:#}\n", response.to_json());
    if std::env::var_os("UPDATE_OFFICIAL").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&file).unwrap(), "{name}");
    response
}

fn failures(response: &rules_api::Response) -> Vec<usize> {
    let results = response.results.iter().enumerate();
    results.filter(|(_, result)| !result.success).map(|(at, _)| at).collect()
}

#[test]
fn storage_rules_are_tested() {
    let response = answers("storage");
    assert_eq!(failures(&response), [2]);
    assert!(!response.all_passed());
}

#[test]
fn mocks_answer_for_the_functions_of_the_service() {
    let response = answers("mocks");
    assert_eq!(failures(&response), [0; 0]);
    assert!(response.all_passed());
}

#[test]
fn expressions_are_reported_by_level() {
    let response = answers("levels");
    assert!(response.all_passed());
    let reports = |at: usize| response.results[at].expression_reports.len();
    assert!(reports(0) == 0 && reports(1) > 0 && reports(1) < reports(2));
}

#[test]
fn paths_are_decoded_as_the_test_says() {
    assert!(answers("encodings").all_passed());
}

#[test]
fn names_may_be_in_snake_case() {
    assert!(answers("snake_case").all_passed());
}

#[test]
fn an_error_in_the_rules_stops_the_tests() {
    let response = answers("refused");
    assert!(response.results.is_empty() && !response.all_passed());
}

#[test]
fn warnings_do_not_stop_the_tests() {
    let response = answers("warned");
    assert!(response.all_passed() && !response.issues.is_empty());
}

#[test]
fn a_suite_alone_is_run_with_rules_from_elsewhere() {
    let request = read("mocks.request.json");
    let rules = Source::new("firestore.rules", request["source"]["files"][0]["content"].as_str().unwrap());
    let response = rules_api::test(&request["testSuite"], Some(&rules)).unwrap();
    assert_eq!(response.to_json(), read("mocks.response.json"));
    let without = rules_api::test(&request["testSuite"], None).unwrap_err();
    assert!(without.to_string().contains("missing `source`"), "{without}");
    let twice = rules_api::test(&request, Some(&rules)).unwrap_err();
    assert!(twice.to_string().contains("give one of them"), "{twice}");
    let only_rules = rules_api::test(&json!({ "source": request["source"] }), None).unwrap();
    assert_eq!(only_rules.to_json(), json!({}));
}

/// Puts a value at a place such as `/testSuite/testCases/0/request/path` of a request that is fine, and gives the error.
fn broken(pointer: &str, value: Json) -> String {
    let mut request = json!({
        "source": { "files": [{ "name": "firestore.rules", "content": "service cloud.firestore { match /databases/{d}/documents/{a}/{b} { allow read: if true; } }" }] },
        "testSuite": { "testCases": [{
            "expectation": "ALLOW",
            "request": { "method": "get", "path": "/databases/(default)/documents/a/b", "auth": { "uid": "u", "token": {} }, "time": "2026-01-01T00:00:00Z" },
            "resource": { "data": {} },
            "functionMocks": [{ "function": "get", "args": [{ "anyValue": {} }], "result": { "undefined": {} } }],
            "pathEncoding": "PLAIN",
            "expressionReportLevel": "NONE"
        }] }
    });
    assert!(rules_api::test(&request, None).unwrap().all_passed());
    let (around, name) = pointer.rsplit_once('/').unwrap();
    match request.pointer_mut(around).unwrap() {
        Json::Object(fields) => {
            fields.insert(name.to_owned(), value);
        }
        Json::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        other => panic!("{other}"),
    }
    rules_api::test(&request, None).map(|response| response.to_json()).unwrap_err().to_string()
}

#[test]
fn what_is_malformed_is_named_with_its_place() {
    let first = "/testSuite/testCases/0";
    let long = json!({ "simple": 1 });
    for (pointer, value, place, message) in [
        ("/source", json!([]), "source", "expected an object with files, not a list"),
        ("/source/files", json!([]), "source", "expected one file in files, not 0"),
        ("/source/files/0/content", json!(null), "source.files[0]", "missing `content`"),
        ("/source/files/0/content", json!(1), "source.files[0].content", "expected a string, not a number"),
        ("/source/files/0/content", json!("{\"rules\": {}}"), "the test request", "Realtime Database"),
        ("/tests", json!([]), "the test request", "unknown field `tests`; expected source, testSuite"),
        ("/test_suite", json!({}), "the test request", "are the same field"),
        ("/testSuite", json!("x"), "testSuite", "expected an object with testCases, not a string"),
        ("/testSuite/testCases", json!({}), "testSuite.testCases", "expected a list, not an object"),
        ("/testSuite/testCases/0", json!(7), "testSuite.testCases[0]", "not a number"),
        ("#/expectation", json!(null), "testSuite.testCases[0]", "missing `expectation`, such as \"ALLOW\""),
        (
            "#/expectation",
            json!("allow"),
            "testSuite.testCases[0].expectation",
            "unknown value `allow`; expected ALLOW, DENY",
        ),
        ("#/expectation", json!(true), "testSuite.testCases[0].expectation", "expected a string, not a boolean"),
        ("#/expected", json!("DENY"), "testSuite.testCases[0]", "unknown field `expected`"),
        ("#/pathEncoding", json!("UTF8"), "testSuite.testCases[0].pathEncoding", "expected ENCODING_UNSPECIFIED"),
        (
            "#/expressionReportLevel",
            json!("ALL"),
            "testSuite.testCases[0].expressionReportLevel",
            "unknown value `ALL`; expected LEVEL_UNSPECIFIED",
        ),
        ("#/request", json!(null), "testSuite.testCases[0]", "missing `request`"),
        ("#/request", json!({}), "testSuite.testCases[0].request", "missing `path`"),
        (
            "#/request/method",
            json!("read"),
            "testSuite.testCases[0].request.method",
            "unknown method `read`; expected get, list",
        ),
        ("#/request/path", json!("/users/alice"), "testSuite.testCases[0].request.path", "/databases/(default)/"),
        (
            "#/request/path",
            json!("/databases/d/documents/a"),
            "testSuite.testCases[0].request.path",
            "a collection and an id",
        ),
        ("#/request/path", json!("/databases//documents/a"), "testSuite.testCases[0].request.path", "cannot be empty"),
        ("#/request/path", json!(""), "testSuite.testCases[0].request.path", "Path cannot be empty"),
        ("#/request/path", json!("/b/k/o/x"), "testSuite.testCases[0].request.path", "belongs to `firebase.storage`"),
        ("#/request/time", json!("today"), "testSuite.testCases[0].request.time", "invalid time "),
        ("#/request/time", json!(0), "testSuite.testCases[0].request.time", "invalid time "),
        ("#/request/auth", json!("u"), "testSuite.testCases[0].request.auth", "expected an object, not a string"),
        ("#/request/auth/uid", json!(7), "testSuite.testCases[0].request.auth.uid", "expected a string, not a number"),
        (
            "#/request/auth/email",
            json!("e"),
            "testSuite.testCases[0].request.auth.email",
            "unknown field of `auth`; expected uid or token",
        ),
        (
            "#/request/auth/token",
            json!({ "a": { "noValue": 1 } }),
            "testSuite.testCases[0].request.auth.token.a",
            "unknown type of value `noValue`",
        ),
        (
            "#/request/resource",
            json!({ "title": 1 }),
            "testSuite.testCases[0].request.resource",
            "with its fields in data",
        ),
        ("#/resource", json!(1), "testSuite.testCases[0].resource", "expected an object, not a number"),
        ("#/resource/data", json!([]), "testSuite.testCases[0].resource.data", "expected an object with fields"),
        (
            "#/resource/name",
            json!("x"),
            "testSuite.testCases[0].resource.name",
            "unknown field of a document; expected data, id or __name__",
        ),
        ("#/functionMocks", json!({}), "testSuite.testCases[0].functionMocks", "expected a list"),
        (
            "#/functionMocks/0/function",
            json!("fetch"),
            "testSuite.testCases[0].functionMocks[0].function",
            "unknown function `fetch`",
        ),
        (
            "#/functionMocks/0/args",
            json!([]),
            "testSuite.testCases[0].functionMocks[0]",
            "one argument, the path, but `args` has 0",
        ),
        (
            "#/functionMocks/0/args/0",
            json!({}),
            "testSuite.testCases[0].functionMocks[0].args[0]",
            "either `exactValue` or `anyValue`",
        ),
        (
            "#/functionMocks/0/args/0",
            json!({ "exactValue": 5 }),
            "testSuite.testCases[0].functionMocks[0].args[0].exactValue",
            "expected a string",
        ),
        (
            "#/functionMocks/0/args/0",
            json!({ "exactValue": { "pathValue": { "segments": [long] } } }),
            "testSuite.testCases[0].functionMocks[0].args[0].exactValue",
            "is not a segment",
        ),
        ("#/functionMocks/0/result", json!(null), "testSuite.testCases[0].functionMocks[0]", "missing `result`"),
        (
            "#/functionMocks/0/result",
            json!({ "data": true }),
            "testSuite.testCases[0].functionMocks[0].result",
            "unknown field `data`",
        ),
        (
            "#/functionMocks/0/result",
            json!({ "value": 1, "undefined": {} }),
            "testSuite.testCases[0].functionMocks[0].result",
            "either `value` or `undefined`",
        ),
        (
            "#/functionMocks/0/result",
            json!({ "value": { "role": 1 } }),
            "testSuite.testCases[0].functionMocks[0].result.value",
            "with its fields in data",
        ),
    ] {
        let error = broken(&pointer.replace('#', first), value);
        assert!(error.starts_with(&format!("{place}: ")) && error.contains(message), "{pointer}: {error}");
    }
    for whole in [json!(null), json!([]), json!("x"), json!(1)] {
        assert!(rules_api::test(&whole, None).unwrap_err().to_string().starts_with("the test request: "));
    }
}

#[test]
fn values_may_not_nest_without_end() {
    let mut deep = json!(1);
    for _ in 0..1000 {
        deep = Json::Array(vec![deep]);
    }
    let error = broken("/testSuite/testCases/0/request/params", deep);
    assert!(error.ends_with(": the value nests too deeply"), "{}", error.len());
}

#[test]
fn one_file_can_have_rules_for_both_services_and_the_path_says_which() {
    let rules = Source::new(
        "both.rules",
        "service firebase.storage { match /b/{b}/o/{f} { allow get, list: if b == 'k'; } }
         service cloud.firestore { match /databases/{d}/documents/{a}/{b} { allow get, list: if a == 'k'; } }",
    );
    let test = |expectation: &str, method: &str, path: &str| json!({ "expectation": expectation, "request": { "method": method, "path": path } });
    let suite = json!({ "testCases": [
        test("ALLOW", "GET", "/b/k/o/x"),
        test("DENY", "get", "/b/other/o/x"),
        test("ALLOW", "get", "databases/(default)/documents/k/x"),
        test("ALLOW", "list", "/databases/(default)/documents/k"),
        test("DENY", "list", "/databases/(default)/documents/other"),
        test("DENY", "list", "/b/k/o/x"),
    ] });
    let response = rules_api::test(&suite, Some(&rules)).unwrap();
    assert!(response.all_passed(), "{:#}", response.to_json());
    // In version 1, Storage knows no lists.
    assert!(response.results[5].debug_messages[0].contains("only allowed for rules_version='2'"));
}

#[test]
fn numbers_are_ints_where_they_are_whole_and_types_that_json_lacks_can_be_written() {
    let rules = Source::new(
        "types.rules",
        "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents/{a}/{b} {
           function data() { return request.resource.data; }
           allow create: if data().a is int && data().b is int && data().c is float && data().d is float && data().e is bytes
             && data().f is latlng && data().g is timestamp && data().h == null && data().i[0] is int && data().j.k is duration
             && data().l is path && request.path is path && request.time is timestamp && request.method == 'create'
             && request.auth == null && resource == null && request.resource.__name__ == request.path && data().m is string;
         } }",
    );
    let data = json!({
        "a": 1, "b": 2.0, "c": 2.5, "d": { "floatValue": 2 }, "e": { "bytesValue": "YQ==" },
        "f": { "latlngValue": { "latitude": 1, "longitude": 2 } }, "g": { "timestampValue": "2026-01-01T00:00:00Z" },
        "h": null, "i": [3.0], "j": { "k": { "durationValue": "1.5s" } },
        "l": { "pathValue": { "segments": [{ "simple": "x" }] } }, "m": "2026-01-01T00:00:00Z"
    });
    let path = "/databases/(default)/documents/x/y";
    let request = json!({
        "method": "create", "path": path, "time": "2026-01-01T00:00:00Z", "resource": { "data": data, "__name__": path, "id": "y" }
    });
    let suite = json!({ "testCases": [{ "expectation": "ALLOW", "request": request }] });
    let response = rules_api::test(&suite, Some(&rules)).unwrap();
    assert!(response.all_passed(), "{:#}", response.to_json());
}
