//! One test: who asks for what, and what is expected.

mod change;
mod request;
mod who;

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

use super::{
    because::Because,
    idioms::Context,
    load::Shared,
    node::{Fields, Kind, Node, Reader},
    reading::Reading,
    seeds::Store,
    users::Identity,
};

/// A test with one user and one method, ready to be decided.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// The name of the test as it is written, for all of its users and methods.
    pub(super) title: String,
    /// Where the test begins.
    pub(super) span: Span,
    /// All of the test as it is written.
    pub(super) whole: Span,
    /// Of a test for several users, where its user stands.
    pub(super) row: Option<Span>,
    /// Who asks, as the suite calls him.
    pub(super) user: String,
    pub(super) ask: Ask,
    pub(super) expect: Expect,
    pub(super) because: Option<Because>,
    /// Why the test is not run.
    pub(super) skip: Option<String>,
    /// What may help where the request is denied: a name that is stored.
    pub(super) hint: Option<String>,
    /// The method as the test calls it.
    pub(super) verb: &'static str,
    /// Whether the object that is written is stated without its size.
    pub(super) size_unstated: bool,
}

/// A request with what is there before it.
#[derive(Debug)]
pub(super) enum Ask {
    Storage(Box<storage::Request<'static>>, Arc<Store>),
    Firestore(Box<firestore::Request<'static>>, Arc<Store>),
    Database(Box<database::Request<'static>>, Arc<Data>),
    /// There is no user who could ask: code and text of the refused sign-in.
    NoUser {
        request: String,
        code: String,
        message: String,
    },
}

/// What is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    Allow,
    Deny,
    /// The user cannot sign in at all.
    NoSignIn,
}

impl Expect {
    pub(super) fn name(self) -> &'static str {
        match self {
            Expect::Allow => "allow",
            Expect::Deny => "deny",
            Expect::NoSignIn => "no-sign-in",
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
pub(super) fn read_all(reading: &mut Reading<'_>, node: &Node, shared: &Shared) -> Vec<Case> {
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
            reader.warn("duplicate-name", span, format!("another test is called {name:?} too"), "");
        }
    }
    cases
}

pub(super) fn transport(reader: &mut Reader, node: &Node) -> Option<Transport> {
    match reader.text(node, "transport")? {
        "rest" => Some(Transport::Rest),
        "websocket" => Some(Transport::WebSocket),
        other => {
            reader.error("wrong-value", node.span, format!("transport: {other:?} is neither websocket nor rest"));
            None
        }
    }
}

/// A test as it is written: for one user or several, and one method or several.
pub(super) struct Test<'n, 's> {
    pub(super) fields: Fields<'n>,
    pub(super) shared: &'s Shared,
    pub(super) now: Timestamp,
    verb: &'static str,
    path: &'n Node,
}

impl<'n> Test<'n, '_> {
    fn read(reading: &mut Reading<'_>, node: &'n Node, shared: &Shared, cases: &mut Vec<Case>) {
        let reader = &mut reading.reader;
        let fields = reader.fields_of(Context::Test, node, "a test", &KEYS);
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
            .and_then(|node| Because::read(reader, node, shared.rules.source(), is_database));
        // Of a test for several users, a word is said of those who are denied, a line of those whom rules decide.
        let mixed =
            users.iter().any(|(_, expect, _)| *expect != users.first().map_or(Expect::Deny, |(_, first, _)| *first));
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
        for (user, expect, row) in users {
            let identity = user.identity(test.now);
            if user.is_variable() && !is_database {
                let message =
                    format!("{} states the variable auth of a database; these are not database rules", user.name);
                reader.error("misplaced-key", span, message);
                return;
            }
            for (method, asked) in test.asks(reader, &identity) {
                let mut name = title.clone();
                if let Some(method) = method {
                    name = format!("{name} ({method})");
                }
                if several {
                    name = format!("{name} [as {}]", one_line(&user.name));
                }
                let (because, skip, user) = (because.clone(), skip.clone(), user.name.clone());
                // A word says why a request is denied; it says nothing of those that are allowed.
                let because = because.filter(|because| !mixed || because.is_about(expect));
                let Asked { ask, hint, size_unstated } = asked;
                let title = title.clone();
                cases.push(Case {
                    name,
                    title,
                    span,
                    whole,
                    row,
                    user,
                    ask,
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

/// A test as it is written, without what stands between it and the next.
fn whole(reader: &Reader, node: &Node) -> Span {
    // In JSON, and between braces, the last brace ends it.
    if reader.source.slice(node.span).starts_with('{') {
        return node.span;
    }
    let found = Span { start: node.span.start, end: node.last() };
    let text = reader.source.slice(found).trim_end();
    Span { end: found.start + text.len() as u32, ..found }
}

/// Names are told in one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a test is not run.
fn skip(reader: &mut Reader, node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Bool(skip) => skip.then(|| "skipped".to_owned()),
        Kind::Text(text)
            if matches!(text.to_lowercase().as_str(), "" | "no" | "off" | "false" | "yes" | "on" | "true") =>
        {
            reader.error("wrong-value", node.span, format!("skip: {text:?} is text; write true, false, or why"));
            None
        }
        _ => reader.text(node, "skip").map(one_line),
    }
}

/// What the test asks: exactly one of the verbs.
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
            let message = format!("{verb} is for {of}; {has} has {}", known.join(", "));
            reader.misplaced(Context::Test, verb, key.span, message);
            return None;
        }
    }
    let mut stated = known.iter().filter_map(|verb| fields.stated(verb).map(|path| (*verb, path)));
    match (stated.next(), stated.next()) {
        (Some(found), None) => Some(found),
        (Some((first, _)), Some((second, _))) => {
            let span = fields.key(second).map_or(fields.node.span, |key| key.span);
            reader.error("misplaced-key", span, format!("{first} and {second} are two requests; a test makes one"));
            None
        }
        _ => {
            reader.missing(fields.node, format!("a test says what is asked, with one of {}", known.join(", ")));
            None
        }
    }
}

/// What one method of a test asks.
pub(super) struct Asked {
    pub(super) ask: Ask,
    pub(super) hint: Option<String>,
    /// Whether the object that is written is stated without its size.
    pub(super) size_unstated: bool,
}

impl Test<'_, '_> {
    /// The requests of a test for one user: one, or one for each method that `read` and `write` stand for.
    fn asks(&self, reader: &mut Reader, identity: &Identity) -> Vec<(Option<&'static str>, Asked)> {
        let methods = match (&self.shared.rules, self.verb) {
            (Rules::Storage(_), "read") => &["get", "list"][..],
            (Rules::Storage(_) | Rules::Firestore(_), "write") => &["create", "update", "delete"],
            // A document is read with get, a collection with list.
            (Rules::Firestore(_), "read") => {
                if self.is_collection() {
                    &["list"]
                } else {
                    &["get"]
                }
            }
            (_, verb) => return self.ask(reader, verb, identity).map(|ask| (None, ask)).into_iter().collect(),
        };
        let several = methods.len() > 1;
        let mut asks = Vec::new();
        for method in methods {
            let Some(ask) = self.ask(reader, method, identity) else { break };
            asks.push((several.then_some(*method), ask));
        }
        asks
    }

    /// Whether the path, of Firestore, names a collection.
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
