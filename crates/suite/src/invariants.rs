//! Files of invariants: what rules must never permit and what they must always permit, with the places of its parts.

use std::path::{Path, PathBuf};

use firewarden::{
    storage::Method,
    text::{Diagnostics, Source, Span},
    value::Timestamp,
};

use crate::node::{self, Key, Kind, Node, Reader};

/// The JSON schema (draft 7) of files of invariants.
pub const INVARIANTS_SCHEMA: &str = include_str!("invariants.schema.json");

/// The keys of a file.
const KEYS: [&str; 7] = ["rules", "now", "functions", "claims", "never", "always", "frozen"];

/// The keys of an invariant.
const LAW_KEYS: [&str; 9] = ["get", "list", "create", "update", "delete", "read", "write", "when", "unless"];

/// Whether something must never be permitted, or always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// No request of the kind is permitted.
    Never,
    /// Each request of the kind is permitted.
    Always,
}

/// A text with its place in the file.
#[derive(Clone, Debug)]
pub struct Stated {
    /// The text.
    pub text: String,
    /// The place of the value.
    pub span: Span,
}

impl Stated {
    /// The place of a part of the text, where the file has the text as it is; else that of the whole value.
    pub fn part(&self, source: &Source, part: Span) -> Span {
        let whole = source.slice(self.span);
        let Some(at) = whole.find(self.text.trim_end()) else { return self.span };
        let start = self.span.start as usize + at + part.start as usize;
        let end = (start + (part.end.saturating_sub(part.start)) as usize).min(self.span.end as usize);
        if start >= end { self.span } else { Span::new(start, end) }
    }
}

/// An invariant.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// What it says, in the words of who wrote it.
    pub name: String,
    /// The place of the name.
    pub span: Span,
    /// Never or always.
    pub demand: Demand,
    /// The methods that it is about.
    pub methods: Vec<Method>,
    /// The path, as rules write it.
    pub path: Stated,
    /// Where it applies.
    pub when: Option<Stated>,
    /// What excuses.
    pub unless: Option<Stated>,
}

/// What a file says.
#[derive(Clone, Debug)]
pub struct Invariants {
    /// The file.
    pub source: Source,
    /// The rules that it is about, if it names them.
    pub rules: Option<PathBuf>,
    /// The time from which proofs hold, if it states one.
    pub now: Option<Timestamp>,
    /// Functions that its expressions may call.
    pub functions: Option<Stated>,
    /// The custom claims that exist, if it lists them.
    pub claims: Option<Vec<String>>,
    /// The invariants, in the order of the file.
    pub laws: Vec<Invariant>,
}

impl Invariants {
    /// Reads a file in YAML, or in JSON if its name ends in `.json`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with the places.
    pub fn parse(source: Source) -> Result<Invariants, Diagnostics> {
        let root = match node::parse(&source) {
            Ok(root) => root,
            Err(problem) => return Err(Diagnostics::new(source, vec![*problem])),
        };
        let mut reader = Reader::new(source.clone());
        let fields = reader.fields(&root, "a file of invariants", &KEYS);
        let folder = Path::new(source.name()).parent().unwrap_or(Path::new("")).to_owned();
        let rules = fields.get("rules").and_then(|node| reader.text(node, "rules").map(|name| folder.join(name)));
        let now = fields.get("now").and_then(|node| reader.time(node, "now", None));
        let functions = fields.get("functions").and_then(|node| stated(&mut reader, node, "functions"));
        let claims = fields.get("claims").map(|node| names(&mut reader, node, "claims"));
        let mut laws = Vec::new();
        for (key, demand) in [("never", Demand::Never), ("always", Demand::Always)] {
            let entries = fields.get(key).map_or_else(Vec::new, |node| named(&mut reader, node, key));
            for (name, body) in entries {
                laws.extend(law(&mut reader, name, body, demand));
            }
        }
        let entries = fields.get("frozen").map_or_else(Vec::new, |node| named(&mut reader, node, "frozen"));
        for (path, fields) in entries {
            laws.extend(names(&mut reader, fields, "frozen").iter().map(|field| frozen(path, fields, field)));
        }
        if laws.is_empty() && !reader.has_problems() {
            reader.error("missing-key", root.span, "the file has no invariant: write `never`, `always` or `frozen`");
        }
        laws.sort_by_key(|law| law.span.start);
        let problems = reader.finish();
        if problems.has_errors() {
            return Err(problems);
        }
        Ok(Invariants { source, rules, now, functions, claims, laws })
    }

    /// Reads an invariant of one line: `METHOD[,METHOD] PATH [when EXPRESSION] [unless EXPRESSION]`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn of_line(name: &str, line: &str, demand: Demand) -> Result<Invariants, Diagnostics> {
        let source = Source::new(name, line);
        let mut reader = Reader::new(source.clone());
        let law = of_line(&mut reader, line, demand);
        match law {
            Some(law) if !reader.has_problems() => {
                Ok(Invariants { source, rules: None, now: None, functions: None, claims: None, laws: vec![law] })
            }
            _ => Err(reader.finish()),
        }
    }
}

fn stated(reader: &mut Reader, node: &Node, what: &str) -> Option<Stated> {
    // YAML reads `true` as a boolean, which an expression may be.
    if let Kind::Bool(b) = node.kind {
        return Some(Stated { text: b.to_string(), span: node.span });
    }
    reader.text(node, what).map(|text| Stated { text: text.to_owned(), span: node.span })
}

fn names(reader: &mut Reader, node: &Node, what: &str) -> Vec<String> {
    let Kind::List(items) = &node.kind else {
        reader.wrong(node, what, "a list of names");
        return Vec::new();
    };
    items.iter().filter_map(|item| reader.text(item, what).map(str::to_owned)).collect()
}

/// The entries of a list of maps, or of a map.
fn named<'n>(reader: &mut Reader, node: &'n Node, what: &str) -> Vec<(&'n Key, &'n Node)> {
    let items: &[Node] = match &node.kind {
        Kind::List(items) => items,
        _ => std::slice::from_ref(node),
    };
    let mut found = Vec::new();
    for item in items {
        match &item.kind {
            Kind::Map(entries) => found.extend(entries.iter().map(|(key, value)| (key, value))),
            _ => reader.wrong(item, &format!("an entry of `{what}`"), "`NAME: { METHOD: PATH, when: EXPRESSION }`"),
        }
    }
    found
}

fn law(reader: &mut Reader, name: &Key, body: &Node, demand: Demand) -> Option<Invariant> {
    let body = &one_method_a_key(body);
    let fields = reader.fields(body, "an invariant", &LAW_KEYS);
    if !fields.is_map() {
        return None;
    }
    let (mut methods, mut path) = (Vec::new(), None);
    for (key, value) in body.entries() {
        let Some(named) = methods_of(&key.text) else { continue };
        methods.extend(named.into_iter().filter(|method| !methods.contains(method)).collect::<Vec<_>>());
        // In `{ update, delete: PATH }` YAML reads null for the first.
        if !value.is_null() {
            let this = stated(reader, value, &key.text)?;
            if let Some(first) = path.replace(this)
                && path.as_ref().is_some_and(|this| this.text != first.text)
            {
                reader.error(
                    "wrong-value",
                    value.span,
                    "an invariant has one path: state another invariant for this one",
                );
            }
        }
    }
    let when = fields.get("when").and_then(|node| stated(reader, node, "when"));
    let unless = fields.get("unless").and_then(|node| stated(reader, node, "unless"));
    let Some(path) = path else {
        reader.missing_at(
            body,
            name.span,
            "the invariant has no path: write `METHOD: PATH`, such as `write: \"/users/{user}\"`",
        );
        return None;
    };
    Some(Invariant { name: name.text.clone(), span: name.span, demand, methods, path, when, unless })
}

/// An invariant in which `get, delete: PATH` is two keys, as YAML reads it between braces: `{ get, delete: PATH }`.
fn one_method_a_key(body: &Node) -> Node {
    let mut body = body.clone();
    if let Kind::Map(entries) = &mut body.kind {
        let split = std::mem::take(entries).into_iter().flat_map(|(key, value)| {
            let words: Vec<String> = key.text.split(',').map(|word| word.trim().to_owned()).collect();
            words.into_iter().map(move |text| (Key { text, span: key.span }, value.clone()))
        });
        *entries = split.collect();
    }
    body
}

/// The methods that a word stands for.
fn methods_of(word: &str) -> Option<Vec<Method>> {
    match word {
        "read" => Some(vec![Method::Get, Method::List]),
        "write" => Some(vec![Method::Create, Method::Update, Method::Delete]),
        word => Method::parse(word).map(|method| vec![method]),
    }
}

/// A field that an update never changes.
fn frozen(path: &Key, place: &Node, field: &str) -> Invariant {
    let quoted = field.replace('\\', "\\\\").replace('\'', "\\'");
    let when = format!("request.resource.data.diff(resource.data).affectedKeys().hasAny(['{quoted}'])");
    Invariant {
        name: format!("{field} of {} never changes", path.text),
        span: path.span,
        demand: Demand::Never,
        methods: vec![Method::Update],
        path: Stated { text: path.text.clone(), span: path.span },
        when: Some(Stated { text: when, span: place.span }),
        unless: None,
    }
}

fn of_line(reader: &mut Reader, line: &str, demand: Demand) -> Option<Invariant> {
    let part = |from: usize, to: usize| {
        let text = line.get(from..to).unwrap_or("");
        let start = from + (text.len() - text.trim_start().len());
        Stated { text: text.trim().to_owned(), span: Span::new(start, start + text.trim().len()) }
    };
    let unless = line.find(" unless ");
    let when = line.find(" when ").filter(|when| unless.is_none_or(|unless| *when < unless));
    let end = line.len();
    let head = part(0, when.or(unless).unwrap_or(end));
    let when = when.map(|at| part(at + " when ".len(), unless.unwrap_or(end)));
    let unless = unless.map(|at| part(at + " unless ".len(), end));
    let Some((words, _)) = head.text.split_once(char::is_whitespace) else {
        reader.error("missing-key", head.span, "expected `METHOD PATH [when EXPRESSION] [unless EXPRESSION]`");
        return None;
    };
    let mut methods = Vec::new();
    for word in words.split(',') {
        let Some(named) = methods_of(word) else {
            let message = format!("no method is called `{word}`");
            let known = LAW_KEYS.iter().copied().filter(|key| methods_of(key).is_some());
            reader.unknown_name("unknown-key", Span::new(0, words.len()), message, word, known);
            return None;
        };
        methods.extend(named);
    }
    let path = part(words.len(), head.span.end as usize);
    Some(Invariant { name: line.trim().to_owned(), span: head.span, demand, methods, path, when, unless })
}
