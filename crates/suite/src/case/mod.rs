//! Tests: who requests what, and the expected verdict.

mod request;
mod users;
mod write;

pub(super) use request::COMPARED;

use std::sync::Arc;

use rustc_hash::FxHashSet;

use firewarden::{
    database::{self, Data, Transport},
    firestore,
    rules::Rules,
    storage,
    text::Span,
    value::Timestamp,
};

use users::UserExpectation;

use super::{
    expected_cause::ExpectedCause,
    file_reader::FileReader,
    load::SuiteContext,
    node::{Fields, Kind, Node, Reader},
    seeds::Store,
    synonyms::Vocabulary,
    users::Principal,
};

/// A test for one user and one method, ready to be decided.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// The name of the test without the user and method.
    pub(super) title: String,
    /// The beginning of the test.
    pub(super) span: Span,
    /// The whole test.
    pub(super) whole: Span,
    /// The entry of the user, in a test for several users.
    pub(super) row: Option<Span>,
    /// The name of the user in the suite.
    pub(super) user: String,
    pub(super) request: TestRequest,
    pub(super) expect: Expectation,
    pub(super) because: Option<ExpectedCause>,
    /// The reason for which the test is skipped.
    pub(super) skip: Option<String>,
    /// A hint for a denial: the nearest stored name.
    pub(super) hint: Option<String>,
    /// The key of the request in the test.
    pub(super) verb: &'static str,
    /// Whether the incoming object states no size.
    pub(super) size_unstated: bool,
}

/// A request with its seeds.
#[derive(Debug)]
pub(super) enum TestRequest {
    Storage(Box<storage::Request<'static>>, Arc<Store>),
    Firestore(Box<firestore::Request<'static>>, Arc<Store>),
    Database(Box<database::Request<'static>>, Arc<Data>),
    /// The sign-in is refused, so there is no request: the code and text of the refusal.
    NoUser {
        request: String,
        code: String,
        message: String,
    },
}

/// The expected verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expectation {
    Allow,
    Deny,
    /// The user cannot sign in.
    NoSignIn,
}

impl Expectation {
    pub(super) fn name(self) -> &'static str {
        match self {
            Expectation::Allow => "allow",
            Expectation::Deny => "deny",
            Expectation::NoSignIn => "no-sign-in",
        }
    }
}

pub(crate) const KEYS: [&str; 28] = [
    "name",
    "description",
    "as",
    "get",
    "list",
    "read",
    "create",
    "update",
    "set",
    "delete",
    "write",
    "with",
    "merge",
    "remove",
    "query",
    "params",
    "batch",
    "expect",
    "because",
    "now",
    "bucket",
    "database",
    "transport",
    "objects",
    "documents",
    "data",
    "after",
    "skip",
];

const VERBS: [&str; 8] = ["get", "list", "read", "create", "update", "set", "delete", "write"];
const STORAGE_VERBS: [&str; 7] = ["get", "list", "read", "create", "update", "delete", "write"];
const DATABASE_VERBS: [&str; 5] = ["read", "write", "update", "set", "delete"];

/// Reads the tests of a suite.
pub(super) fn read_all(reading: &mut FileReader<'_>, node: &Node, shared: &SuiteContext) -> Vec<Case> {
    let reader = &mut reading.reader;
    let Kind::List(tests) = &node.kind else {
        reader.wrong(node, "tests", "a list");
        return Vec::new();
    };
    if tests.is_empty() {
        reader.error("no-tests", node.span, "the suite has no tests");
    }
    let mut cases = Vec::with_capacity(tests.len());
    let mut names = FxHashSet::default();
    for test in tests {
        Test::read(reading, test, shared, &mut cases);
        let reader = &mut reading.reader;
        let name = test.get("name").and_then(|name| Some((name.as_text()?, name.span)));
        if let Some((name, span)) = name.filter(|(name, _)| !names.insert(*name)) {
            reader.warn("duplicate-name", span, format!("duplicate test name `{name}`"), "");
        }
    }
    cases
}

pub(super) fn transport(reader: &mut Reader, node: &Node) -> Option<Transport> {
    match reader.text(node, "transport")? {
        "rest" => Some(Transport::Rest),
        "websocket" => Some(Transport::WebSocket),
        other => {
            reader.error("wrong-value", node.span, format!("unknown transport `{other}`; expected websocket or rest"));
            None
        }
    }
}

/// A test as written: for one or several users, and one or several methods.
pub(super) struct Test<'n, 's> {
    pub(super) fields: Fields<'n>,
    pub(super) shared: &'s SuiteContext,
    pub(super) now: Timestamp,
    verb: &'static str,
    path: &'n Node,
}

impl<'n> Test<'n, '_> {
    fn read(reading: &mut FileReader<'_>, node: &'n Node, shared: &SuiteContext, cases: &mut Vec<Case>) {
        let reader = &mut reading.reader;
        let fields = reader.fields_of(Vocabulary::Test, node, "a test", &KEYS);
        if !matches!(node.kind, Kind::Map(_)) {
            return;
        }
        let is_database = matches!(shared.rules, Rules::Database(_));
        let Some((verb, path)) = verb(reader, &fields, &shared.rules) else { return };
        let now = match fields.get("now") {
            Some(now) => reader.time(now, "now", Some(shared.now)).unwrap_or(shared.now),
            None => shared.now,
        };
        let test = Test { fields, shared, now, verb, path };
        let Some(users) = test.users(reading) else { return };
        let reader = &mut reading.reader;
        let because = fields
            .stated("because")
            .filter(|node| !node.is_null())
            .and_then(|node| ExpectedCause::read(reader, node, shared.rules.source(), is_database));
        // In a test with different verdicts, `because` applies to those users whose verdict it can explain.
        let mixed = users.windows(2).any(|pair| matches!(pair, [a, b] if a.expect != b.expect));
        let skip = fields.get("skip").and_then(|node| skip(reader, node));
        if let Some(description) = fields.get("description") {
            reader.text(description, "description");
        }
        let title = match fields.get("name") {
            Some(name) => one_line(reader.text(name, "name").unwrap_or("")),
            None => one_line(&format!("{verb} {}", path.as_text().unwrap_or(""))),
        };
        let span = fields.node.entries().first().map_or(node.span, |(key, _)| key.span);
        let several = users.len() > 1;
        test.misplaced(reader);
        let whole = whole(reader, node);
        for UserExpectation { user, expect, span: row } in users {
            let principal = user.principal(test.now);
            if user.is_variable() && !is_database {
                let message = format!("`auth` of the user `{}` only applies to database rules", user.name);
                reader.error("misplaced-key", span, message);
                return;
            }
            for (method, built) in test.requests(reader, &principal) {
                let mut name = title.clone();
                if let Some(method) = method {
                    name = format!("{name} ({method})");
                }
                if several {
                    name = format!("{name} [as {}]", one_line(&user.name));
                }
                let (because, skip, user) = (because.clone(), skip.clone(), user.name.clone());
                let because = because.filter(|because| !mixed || because.is_about(expect));
                let BuiltRequest { request, hint, size_unstated } = built;
                let title = title.clone();
                cases.push(Case {
                    name,
                    title,
                    span,
                    whole,
                    row,
                    user,
                    request,
                    expect,
                    because,
                    skip,
                    hint,
                    verb,
                    size_unstated,
                });
            }
        }
    }
}

/// The span of a test without the comments and blank lines after it.
fn whole(reader: &Reader, node: &Node) -> Span {
    // A flow mapping, or a JSON object, ends with its brace.
    if reader.source.slice(node.span).starts_with('{') {
        return node.span;
    }
    let found = Span { start: node.span.start, end: node.last() };
    let text = reader.source.slice(found).trim_end();
    Span { end: found.start + text.len() as u32, ..found }
}

/// Joins the lines of a name.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads the reason for which a test is skipped.
fn skip(reader: &mut Reader, node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Bool(skip) => skip.then(|| "skipped".to_owned()),
        Kind::Text(text)
            if matches!(text.to_lowercase().as_str(), "" | "no" | "off" | "false" | "yes" | "on" | "true") =>
        {
            reader.error(
                "wrong-value",
                node.span,
                format!("`skip` is the text `{text}`; write true, false, or the reason"),
            );
            None
        }
        _ => reader.text(node, "skip").map(one_line),
    }
}

/// Reads the request of a test: exactly one of the verbs.
fn verb<'n>(reader: &mut Reader, fields: &Fields<'n>, rules: &Rules) -> Option<(&'static str, &'n Node)> {
    let known: &[&'static str] = match rules {
        Rules::Storage(_) => &STORAGE_VERBS,
        Rules::Firestore(_) => &VERBS,
        Rules::Database(_) => &DATABASE_VERBS,
    };
    for verb in VERBS.iter().filter(|verb| !known.contains(verb)) {
        if let Some(key) = fields.key(verb) {
            let (of, has) = match *verb {
                "set" => ("Firestore and databases", "Storage"),
                _ => ("Storage and Firestore", "a database"),
            };
            let message = format!("`{verb}` only applies to {of}; {has} has {}", known.join(", "));
            reader.misplaced(Vocabulary::Test, verb, key.span, message);
            return None;
        }
    }
    let mut stated = known.iter().filter_map(|verb| fields.stated(verb).map(|path| (*verb, path)));
    match (stated.next(), stated.next()) {
        (Some(found), None) => Some(found),
        (Some((first, _)), Some((second, _))) => {
            let span = fields.key(second).map_or(fields.node.span, |key| key.span);
            reader.error(
                "misplaced-key",
                span,
                format!("`{first}` and `{second}` are two requests; write a test for each"),
            );
            None
        }
        _ => {
            reader.missing(fields.node, format!("missing request; expected one of {}", known.join(", ")));
            None
        }
    }
}

/// The request of one method of a test.
pub(super) struct BuiltRequest {
    pub(super) request: TestRequest,
    pub(super) hint: Option<String>,
    /// Whether the incoming object states no size.
    pub(super) size_unstated: bool,
}

impl Test<'_, '_> {
    /// Builds the requests of a test for one user: one, or one for each method that `read` and `write` stand for.
    fn requests(&self, reader: &mut Reader, principal: &Principal) -> Vec<(Option<&'static str>, BuiltRequest)> {
        let methods = match (&self.shared.rules, self.verb) {
            (Rules::Storage(_), "read") => &["get", "list"][..],
            (Rules::Storage(_) | Rules::Firestore(_), "write") => &["create", "update", "delete"],
            // `get` reads a document, `list` a collection.
            (Rules::Firestore(_), "read") => {
                if self.is_collection() {
                    &["list"]
                } else {
                    &["get"]
                }
            }
            (_, verb) => return self.request(reader, verb, principal).map(|built| (None, built)).into_iter().collect(),
        };
        let several = methods.len() > 1;
        let mut requests = Vec::new();
        for method in methods {
            let Some(built) = self.request(reader, method, principal) else { break };
            requests.push((several.then_some(*method), built));
        }
        requests
    }

    /// Whether a Firestore path names a collection.
    pub(super) fn is_collection(&self) -> bool {
        let text = self.path.as_text().unwrap_or("");
        let name = text.split_once("/documents/").map_or(text, |(_, name)| name);
        !name.trim_matches('/').split('/').count().is_multiple_of(2)
    }

    pub(super) fn verb(&self) -> &'static str {
        self.verb
    }

    pub(super) fn path(&self) -> &Node {
        self.path
    }
}
