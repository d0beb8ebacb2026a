//! Reads test requests: a `TestRulesetRequest` of the Rules API, or its test suite alone.

use serde_json::Value as Json;

use firewarden::{firestore, internals::service::Method, text::Source, value::Value};

use super::{
    mocks::Mock,
    reader::{JsonLocation, RequestError},
    values,
};

/// The encoding of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Percent signs and plus signs have the meaning that they have in URLs.
    Url,
    /// Every character stands for itself.
    Plain,
}

/// The expressions that a result reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    None,
    Full,
    Visited,
}

/// A test case.
pub(super) struct Case {
    /// The location of its path in the JSON, for messages.
    pub(super) location: String,
    pub(super) allow: bool,
    pub(super) service: &'static str,
    pub(super) method: Method,
    /// The segments of the requested path.
    pub(super) segments: Vec<String>,
    /// Whether the last segment is a document without a name.
    pub(super) unnamed_last: bool,
    pub(super) request: Value,
    pub(super) resource: Value,
    pub(super) mocks: Vec<Mock>,
    pub(super) level: Level,
}

/// A test suite, with the rules that the request contains.
pub(super) struct TestSuite {
    pub(super) source: Option<Source>,
    pub(super) cases: Vec<Case>,
}

/// Reads a request, or a test suite alone.
pub(super) fn read(json: &Json) -> Result<TestSuite, RequestError> {
    let root = JsonLocation::root(json);
    let suite_alone = ["testCases", "test_cases"].iter().any(|name| json.get(name).is_some());
    if suite_alone {
        return Ok(TestSuite { source: None, cases: suite(Some(root))? });
    }
    root.message(&["source", "testSuite"])?;
    let source = root.field("source")?.map(|location| source(&location)).transpose()?;
    Ok(TestSuite { source, cases: suite(root.field("testSuite")?)? })
}

fn source(location: &JsonLocation<'_>) -> Result<Source, RequestError> {
    location.message(&["files"])?;
    let files = location.field("files")?;
    match JsonLocation::elements(files)?.as_slice() {
        [file] => {
            file.message(&["name", "content", "fingerprint"])?;
            let name = file.field("name")?.map_or(Ok("rules"), |name| name.text())?;
            let content = file.needs("content", "\"rules_version = '2'; …\"")?.text()?;
            Ok(Source::new(name, content))
        }
        files => location.fail(format!("expected one file in files, not {}", files.len())),
    }
}

fn suite(location: Option<JsonLocation<'_>>) -> Result<Vec<Case>, RequestError> {
    let Some(location) = location else { return Ok(Vec::new()) };
    location.message(&["testCases"])?;
    JsonLocation::elements(location.field("testCases")?)?.iter().map(case).collect()
}

const CASE: [&str; 6] =
    ["expectation", "request", "resource", "functionMocks", "pathEncoding", "expressionReportLevel"];

fn case(location: &JsonLocation<'_>) -> Result<Case, RequestError> {
    location.message(&CASE)?;
    let expectation = location.needs("expectation", "\"ALLOW\"")?;
    let allow = JsonLocation::choice(Some(expectation), &[("ALLOW", true), ("DENY", false)], false)?;
    let encodings =
        [("ENCODING_UNSPECIFIED", Encoding::Url), ("URL_ENCODED", Encoding::Url), ("PLAIN", Encoding::Plain)];
    let encoding = JsonLocation::choice(location.field("pathEncoding")?, &encodings, Encoding::Url)?;
    let levels =
        [("LEVEL_UNSPECIFIED", Level::None), ("NONE", Level::None), ("FULL", Level::Full), ("VISITED", Level::Visited)];
    let level = JsonLocation::choice(location.field("expressionReportLevel")?, &levels, Level::None)?;
    let request =
        location.needs("request", "{\"method\": \"get\", \"path\": \"/databases/(default)/documents/users/a\"}")?;
    let (path_place, method) = (member(&request, "path", "a path")?, member(&request, "method", "\"get\"")?);
    let mut segments = values::segments(&path_place, encoding)?;
    let service = values::service_of(&path_place, &segments)?;
    let method = self::method(&method)?;
    let collection = service == firestore::SERVICE && segments.len() % 2 == 0;
    if collection && method != Method::List {
        return path_place
            .fail("only `list` can request a collection; the path of a document has a collection and an id");
    }
    let value = values::request(&request, service, values::path(&segments))?;
    // The list of a collection is decided for a document without a name, as in `firestore::Request::list`.
    let unnamed_last = collection;
    if unnamed_last {
        segments.push(String::new());
    }
    let resource =
        location.field("resource")?.map_or(Ok(Value::Null), |location| values::resource(&location, service))?;
    let mocks = JsonLocation::elements(location.field("functionMocks")?)?;
    let mocks = mocks.iter().map(|mock| Mock::read(mock, service, encoding)).collect::<Result<_, _>>()?;
    let (location, request) = (path_place.path().to_owned(), value);
    Ok(Case { location, allow, service, method, segments, unnamed_last, request, resource, mocks, level })
}

/// A member of `request`, which is a plain value: its name has no snake_case form.
fn member<'j>(request: &JsonLocation<'j>, name: &str, example: &str) -> Result<JsonLocation<'j>, RequestError> {
    match request.json.get(name) {
        Some(json) => Ok(request.child(name, json)),
        None => request.fail(format!("missing `{name}`, such as {example}")),
    }
}

fn method(location: &JsonLocation<'_>) -> Result<Method, RequestError> {
    let name = location.text()?;
    match Method::parse(&name.to_ascii_lowercase()) {
        Some(method) => Ok(method),
        None => location.fail(format!("unknown method `{name}`; expected get, list, create, update or delete")),
    }
}
