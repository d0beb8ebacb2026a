//! The test request: `TestRulesetRequest` of the Rules API, or its test suite alone.

use serde_json::Value as Json;

use firewarden::{firestore, internals::service::Method, text::Source, value::Value};

use super::{
    mocks::Mock,
    reader::{Place, RequestError},
    values,
};

/// How paths are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Percent signs and plus signs mean what they mean in URLs.
    Url,
    /// As they are.
    Plain,
}

/// Which expressions are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    None,
    Full,
    Visited,
}

/// One test.
pub(super) struct Case {
    /// Where its path stands, for messages.
    pub(super) place: String,
    pub(super) allow: bool,
    pub(super) service: &'static str,
    pub(super) method: Method,
    /// The path that is matched.
    pub(super) segments: Vec<String>,
    /// Whether the last segment stands for documents that are not named.
    pub(super) unnamed_last: bool,
    pub(super) request: Value,
    pub(super) resource: Value,
    pub(super) mocks: Vec<Mock>,
    pub(super) level: Level,
}

/// What was read: rules, if the request brings them, and the tests.
pub(super) struct Tests {
    pub(super) source: Option<Source>,
    pub(super) cases: Vec<Case>,
}

/// Reads a request, or a test suite alone.
pub(super) fn read(json: &Json) -> Result<Tests, RequestError> {
    let root = Place::root(json);
    let suite_alone = ["testCases", "test_cases"].iter().any(|name| json.get(name).is_some());
    if suite_alone {
        return Ok(Tests { source: None, cases: suite(Some(root))? });
    }
    root.message(&["source", "testSuite"])?;
    let source = root.field("source")?.map(|place| source(&place)).transpose()?;
    Ok(Tests { source, cases: suite(root.field("testSuite")?)? })
}

fn source(place: &Place<'_>) -> Result<Source, RequestError> {
    place.message(&["files"])?;
    let files = place.field("files")?;
    match Place::elements(files)?.as_slice() {
        [file] => {
            file.message(&["name", "content", "fingerprint"])?;
            let name = file.field("name")?.map_or(Ok("rules"), |name| name.text())?;
            let content = file.needs("content", "\"rules_version = '2'; …\"")?.text()?;
            Ok(Source::new(name, content))
        }
        files => place.fail(format!("one file is expected in files, not {}", files.len())),
    }
}

fn suite(place: Option<Place<'_>>) -> Result<Vec<Case>, RequestError> {
    let Some(place) = place else { return Ok(Vec::new()) };
    place.message(&["testCases"])?;
    Place::elements(place.field("testCases")?)?.iter().map(case).collect()
}

const CASE: [&str; 6] =
    ["expectation", "request", "resource", "functionMocks", "pathEncoding", "expressionReportLevel"];

fn case(place: &Place<'_>) -> Result<Case, RequestError> {
    place.message(&CASE)?;
    let expectation = place.needs("expectation", "\"ALLOW\"")?;
    let allow = Place::choice(Some(expectation), &[("ALLOW", true), ("DENY", false)], false)?;
    let encodings =
        [("ENCODING_UNSPECIFIED", Encoding::Url), ("URL_ENCODED", Encoding::Url), ("PLAIN", Encoding::Plain)];
    let encoding = Place::choice(place.field("pathEncoding")?, &encodings, Encoding::Url)?;
    let levels =
        [("LEVEL_UNSPECIFIED", Level::None), ("NONE", Level::None), ("FULL", Level::Full), ("VISITED", Level::Visited)];
    let level = Place::choice(place.field("expressionReportLevel")?, &levels, Level::None)?;
    let request =
        place.needs("request", "{\"method\": \"get\", \"path\": \"/databases/(default)/documents/users/a\"}")?;
    let (path_place, method) = (member(&request, "path", "a path")?, member(&request, "method", "\"get\"")?);
    let mut segments = values::segments(&path_place, encoding)?;
    let service = values::service_of(&path_place, &segments)?;
    let method = self::method(&method)?;
    let collection = service == firestore::SERVICE && segments.len() % 2 == 0;
    if collection && method != Method::List {
        return path_place.fail("only a list asks for a collection: a document's path has a collection and an id");
    }
    let value = values::request(&request, service, values::path(&segments))?;
    // A list of a collection is decided for a document without a name, as in `firestore::Request::list`.
    let unnamed_last = collection;
    if unnamed_last {
        segments.push(String::new());
    }
    let resource = place.field("resource")?.map_or(Ok(Value::Null), |place| values::resource(&place, service))?;
    let mocks = Place::elements(place.field("functionMocks")?)?;
    let mocks = mocks.iter().map(|mock| Mock::read(mock, service, encoding)).collect::<Result<_, _>>()?;
    let (place, request) = (path_place.path().to_owned(), value);
    Ok(Case { place, allow, service, method, segments, unnamed_last, request, resource, mocks, level })
}

/// A member of `request`, which is a value and no message: it has one spelling.
fn member<'j>(request: &Place<'j>, name: &str, example: &str) -> Result<Place<'j>, RequestError> {
    match request.json.get(name) {
        Some(json) => Ok(request.child(name, json)),
        None => request.fail(format!("{name} is missing, such as {example}")),
    }
}

fn method(place: &Place<'_>) -> Result<Method, RequestError> {
    let name = place.text()?;
    match Method::parse(&name.to_ascii_lowercase()) {
        Some(method) => Ok(method),
        None => place.fail(format!("{name:?} is none of get, list, create, update, delete")),
    }
}
