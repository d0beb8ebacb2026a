//! A request as the journal keeps it: enough to decide it again, and to write it as a test.

use std::sync::Arc;

use firewarden::{
    Timestamp,
    database::{Decision, Request, Ruleset, Tree},
    rules::{self, Rules},
    text::Source,
};
use serde_json::{Map, Value as Json, json};

use crate::{
    database::{
        Caller, Node, Query, Transport, User,
        tree::{Reads, canonical, names},
    },
    journal::Replay,
    memory::json_size,
    rules::LoadedRules,
};

/// The greatest number of values that the details of a request show.
const MAX_SHOWN: usize = 1_000;

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// Canonical.
    pub(super) path: String,
    pub(super) operation: Operation,
}

/// What a request does at its path.
#[derive(Debug)]
pub(super) enum Operation {
    Read(Query),
    /// Replaces the value, or the priority where the path ends in `/.priority`.
    Write(Json),
    /// Replaces the values of paths below.
    Update(Json),
}

impl Asked {
    pub(super) fn read(path: &str, query: &Query) -> Arc<Self> {
        Arc::new(Asked { path: canonical(path), operation: Operation::Read(query.clone()) })
    }

    pub(super) fn write(path: &str, value: Json) -> Arc<Self> {
        Arc::new(Asked { path: canonical(path), operation: Operation::Write(value) })
    }

    pub(super) fn update(path: &str, values: Json) -> Arc<Self> {
        Arc::new(Asked { path: canonical(path), operation: Operation::Update(values) })
    }

    /// The rules' word for the operation.
    pub(super) fn method(&self) -> &'static str {
        match self.operation {
            Operation::Read(_) => "read",
            Operation::Write(_) => "write",
            Operation::Update(_) => "update",
        }
    }

    /// The request as the engine decides it.
    pub(super) fn request<'a>(&'a self, caller: &'a Caller, now: Timestamp) -> Request<'a> {
        let path = self.path.as_str();
        let request = match &self.operation {
            Operation::Read(query) => Request::read(path).query(query.to_rules()),
            Operation::Write(value) => Request::write(path, value),
            Operation::Update(values) => Request::update(path, values.clone()),
        };
        caller.user.sign(request.at(now).transport(caller.transport))
    }
}

/// A decided request with all that the decision depended on.
pub(super) struct Kept {
    pub(super) asked: Arc<Asked>,
    pub(super) caller: Caller,
    pub(super) now: Timestamp,
    /// The data before the request.
    pub(super) root: Node,
    /// The rules; `None` if they did not compile.
    pub(super) rules: Option<Arc<LoadedRules>>,
    /// The text of the rules.
    pub(super) source: Source,
    pub(super) is_allowed: bool,
}

/// The rules as what they are: a namespace loads no others.
pub(super) fn ruleset(loaded: &LoadedRules) -> Option<&Ruleset> {
    match &loaded.rules {
        Rules::Database(ruleset) => Some(ruleset),
        _ => None,
    }
}

impl Kept {
    fn explained(&self, root: &dyn Tree) -> Option<Decision> {
        let ruleset = ruleset(self.rules.as_ref()?)?;
        ruleset.explain(&self.asked.request(&self.caller, self.now), root).ok()
    }

    /// The stored data that the decision read: a leaf as it is, and of a value with children one leaf that keeps it there.
    fn seeds(&self) -> Node {
        let reads = Reads::new(&self.root);
        let _ = self.explained(&reads);
        let mut seeds = Node::Nothing;
        let mut paths = reads.into_paths();
        // The deepest first: what they keep may be enough for those above.
        paths.sort_by_key(|path| std::cmp::Reverse(names(path).count()));
        paths.dedup();
        for path in paths {
            let path: Vec<&str> = names(&path).collect();
            let Some(stored) = self.root.find(path.iter().copied()) else { continue };
            if stored.leaf().is_some() {
                seeds = seeds.with(&path, stored.clone());
                continue;
            }
            if seeds.find(path.iter().copied()).is_none() {
                let (mut below, mut leaf) = (path.clone(), stored);
                while let Some((key, child)) = leaf.children().next() {
                    below.push(key.as_str());
                    leaf = child;
                }
                seeds = seeds.with(&below, leaf.clone());
            }
            let kept = seeds.find(path.iter().copied()).cloned().unwrap_or_default();
            seeds = seeds.with(&path, kept.with_priority(stored.priority().cloned()));
        }
        seeds
    }
}

impl Replay for Kept {
    fn explain(&self) -> Option<rules::Decision> {
        match self.caller.user {
            User::Admin => None,
            _ => self.explained(&self.root).map(|decision| rules::Decision::Database(Box::new(decision))),
        }
    }

    fn rules(&self) -> Option<Source> {
        Some(self.source.clone())
    }

    fn detail(&self) -> Json {
        let mut detail = json!({
            "auth": self.caller.user.variable(),
            "transport": transport(self.caller.transport),
            "stored": shown(&self.root.at(self.asked.path.trim_end_matches("/.priority"))),
        });
        let (name, value) = match &self.asked.operation {
            Operation::Read(query) => ("query", query.to_json().unwrap_or_default()),
            Operation::Write(value) => ("newData", value.clone()),
            Operation::Update(values) => ("updates", values.clone()),
        };
        if let Some(detail) = detail.as_object_mut() {
            detail.insert(name.to_owned(), value);
        }
        detail
    }

    fn suite(&self) -> String {
        let path = format!("/{}", self.asked.path);
        let mut test = Map::new();
        let expected = if self.is_allowed { "allow" } else { "deny" };
        let who = self.caller.user.uid().map_or_else(|| "a guest".to_owned(), |uid| format!("`{uid}`"));
        let does = match (&self.asked.operation, self.is_allowed) {
            (Operation::Read(_), true) => "reads",
            (Operation::Read(_), false) => "does not read",
            (_, true) => "writes",
            (_, false) => "does not write",
        };
        test.insert("name".to_owned(), json!(format!("{who} {does} {path}")));
        let user = match self.caller.user.variable() {
            Json::Null => json!("guest"),
            auth => json!({ "auth": auth }),
        };
        test.insert("as".to_owned(), user);
        test.insert(self.asked.method().to_owned(), json!(path));
        match &self.asked.operation {
            Operation::Read(query) if query.is_default() => {}
            Operation::Read(query) => drop(test.insert("query".to_owned(), query.to_suite())),
            Operation::Write(value) | Operation::Update(value) => drop(test.insert("with".to_owned(), value.clone())),
        }
        if self.caller.transport == Transport::Rest {
            test.insert("transport".to_owned(), json!("rest"));
        }
        test.insert("expect".to_owned(), json!(expected));
        let seeds = self.seeds();
        let data = if seeds.is_nothing() { String::new() } else { format!("data: {}\n", seeds.to_wire()) };
        let mut suite = format!(
            "rules: {}\nservice: database\nnow: {}\n{data}tests:\n",
            json!(self.source.name()),
            json!(self.now.to_string())
        );
        for (at, (name, value)) in test.iter().enumerate() {
            suite += &format!("  {} {name}: {value}\n", if at == 0 { "-" } else { " " });
        }
        suite
    }

    fn size(&self) -> usize {
        let value = match &self.asked.operation {
            Operation::Read(_) => 0,
            Operation::Write(value) | Operation::Update(value) => json_size(value),
        };
        // The nodes on the way to a write are copied, and the value is in the data that follows as well.
        let rules = self.rules.as_ref().map_or(0, |rules| rules.size_once());
        1_024 + self.asked.path.len() * 64 + value * 2 + rules
    }
}

fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::WebSocket => "websocket",
        Transport::Rest => "rest",
    }
}

/// A stored value for a reader; of a large one only the keys.
fn shown(node: &Node) -> Json {
    if !node.has_more_than(MAX_SHOWN) {
        return node.to_wire();
    }
    let keys = node.children().take(MAX_SHOWN).map(|(key, _)| (key.as_str().to_owned(), json!(true)));
    Json::Object(keys.collect())
}
