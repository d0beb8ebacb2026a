//! Random rules and random requests through both ways: the verdict, the host's failures, and the documents asked for.

use std::{cell::RefCell, sync::OnceLock};

use firewarden::{
    Auth, BoxError, DocumentPath, Documents, Value, WriteEffect,
    firestore::{self, Document, Query},
    storage::{self, Method, Object, Request},
    value::{Comparator, Map, Timestamp},
};
use serde_json::json;

/// A series of pseudo-random numbers.
struct Series(u64);

impl Series {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[rustfmt::skip]
const OPERANDS: &[&str] = &[
    "request.auth", "request.auth.uid", "request.auth.token", "request.auth.token.admin", "request.auth.token.n",
    "request.auth.token.list", "request.auth.token.map", "request.auth.token.map.a", "request.auth.token.none",
    "request.auth.token.text", "request.auth.uid.x", "request.method", "request.path", "request.time", "request.nothing",
    "request.resource", "resource", "a", "b", "rest", "nobody", "null", "true", "false", "'alice'", "'x'", "''", "1", "2",
    "1.0", "-3", "5 * 2", "[1, 'alice', true]", "['x']", "[]", "{'a': 1}", "1 / 0", "/x/y",
    "request.auth.token.admin", "request.auth.uid", "a", "request",
    // Lists and paths that fail before their last part, and what ends everything.
    "[nobody, true]", "[request.nothing, false, 'x']", "[1, request.auth.token.none, a, true]", "/x/$(nobody)/y",
    "(request.auth.token.admin ? [nobody, 1] : a)", "(a == 'x' ? /x/$(nobody)/y : [nobody, true])",
    "'a'.replace('a', '$1')", "request.auth.uid.replace('(a)', request.auth.token.text)",
];
#[rustfmt::skip]
const STORAGE: &[&str] = &[
    "resource.size", "resource.contentType", "resource.metadata.owner", "request.resource.metadata", "resource.name",
    "request.resource.size", "request.resource.metadata.owner", "request.params", "resource.contentLanguage",
    "firestore.get(/databases/(default)/documents/c/$(a)).data.n", "firestore.exists(/databases/(default)/documents/c/$(b))",
    "firestore.exists(/databases/(default)/documents/c/fail)", "request.resource.contentType",
];
#[rustfmt::skip]
const FIRESTORE: &[&str] = &[
    "resource.data", "resource.data.n", "resource.data.owner", "resource.data.tags", "request.resource.data.n", "resource.id",
    "request.resource.data.owner", "request.resource.data", "request.query.limit", "resource.data.map.a", "resource.__name__",
    "get(/databases/(default)/documents/c/$(a)).data.n", "exists(/databases/(default)/documents/c/$(b))", "getAfter(/databases/(default)/documents/c/y).id",
    "exists(/databases/(default)/documents/c/fail)", "existsAfter(/databases/(default)/documents/c/$(request.auth.uid))",
];
const PATTERNS: &[&str] = &["a.*", ".*", "image/.*", "(alice|x)", "[a-z]+", ".*e", "", "al.*ce", "(?i)ALICE"];
const TYPES: &[&str] = &["bool", "int", "number", "string", "list", "map", "path", "timestamp", "set"];
const COMPARATORS: &[&str] = &["==", "!=", "==", "<", "<=", ">", ">="];

/// Rules under construction.
struct Rules<'s> {
    series: &'s mut Series,
    firestore: bool,
    /// Parameters that may be named here.
    locals: Vec<&'static str>,
    /// Functions that may be called here, each with how many parameters it has.
    functions: Vec<(String, usize)>,
}

impl Rules<'_> {
    fn operand(&mut self) -> String {
        if !self.locals.is_empty() && self.series.chance(40) {
            let local = self.locals[self.series.below(self.locals.len())];
            let member = self.series.one(&["", "", "", ".admin", ".n", ".size", ".owner"]);
            return format!("{local}{member}");
        }
        match self.series.below(20) {
            0..8 => self.series.one(if self.firestore { FIRESTORE } else { STORAGE }).to_owned(),
            8 => format!("{}.size()", self.series.one(OPERANDS)),
            _ => self.series.one(OPERANDS).to_owned(),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        if depth > 0 && self.series.chance(65) {
            let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
            return match self.series.below(12) {
                0..5 => format!("({a} && {b})"),
                5..9 => format!("({a} || {b})"),
                9 | 10 => format!("!({a})"),
                _ => format!("({a} ? {b} : {})", self.condition(0)),
            };
        }
        match self.series.below(24) {
            0..8 => format!("{} {} {}", self.operand(), self.series.one(COMPARATORS), self.operand()),
            8..10 => format!("{} == true", self.operand()),
            10..12 => format!(
                "{} {} {}",
                self.operand(),
                self.series.one(COMPARATORS),
                self.series.one(&["1", "2", "true", "'alice'"])
            ),
            12..14 => format!("{} {} null", self.operand(), self.series.one(&["==", "!="])),
            14 => format!("{} in {}", self.operand(), self.operand()),
            15 => format!("{} in [{}, {}]", self.operand(), self.operand(), self.operand()),
            16 => format!("{} is {}", self.operand(), self.series.one(TYPES)),
            17 => format!("({}).matches('{}')", self.operand(), self.series.one(PATTERNS)),
            18 => self.operand(),
            19 => self.series.one(&["true", "false"]).to_owned(),
            _ => self.call(),
        }
    }

    fn call(&mut self) -> String {
        if self.functions.is_empty() {
            return "request.auth != null".to_owned();
        }
        let (name, count) = self.functions[self.series.below(self.functions.len())].clone();
        let arguments: Vec<_> = (0..count).map(|_| self.operand()).collect();
        format!("{name}({})", arguments.join(", "))
    }

    fn function(&mut self, name: &str) -> String {
        let count = self.series.below(3);
        self.locals = ["p", "q"][..count].to_vec();
        let mut text = format!("function {name}({}) {{ ", self.locals.join(", "));
        for variable in &["v", "w"][..self.series.below(3)] {
            let value = if self.series.chance(85) { self.operand() } else { self.condition(0) };
            text += &format!("let {variable} = {value}; ");
            self.locals.push(variable);
        }
        text += &format!("return {}; }}\n", self.condition(2));
        self.locals.clear();
        self.functions.push((name.to_owned(), count));
        text
    }

    fn file(&mut self) -> String {
        let (service, root) = match self.firestore {
            true => ("cloud.firestore", "/databases/{database}/documents"),
            false => ("firebase.storage", "/b/{bucket}/o"),
        };
        let mut text = format!("rules_version = '2'; service {service} {{\n");
        for n in 0..self.series.below(4) {
            text += &self.function(&format!("f{n}"));
        }
        if self.series.chance(10) {
            // Costs of up to several times what a request may evaluate.
            text += "function h0() { return request.auth.uid != 'z'; }\n";
            let doublings = 1 + self.series.below(9);
            for n in 1..=doublings {
                text += &format!("function h{n}() {{ return h{m}() && h{m}(); }}\n", m = n - 1);
            }
            self.functions.push((format!("h{doublings}"), 0));
        }
        text += &format!("match {root} {{\n");
        for n in 0..1 + self.series.below(3) {
            let path = self.series.one(&[
                "/{a}/{b}",
                "/c/{a}",
                "/{rest=**}",
                "/{a}/{rest=**}",
                "/c/{a}/d/{b}",
                "/c/{b}/{rest=**}",
            ]);
            text += &format!("match {path} {{\n");
            let outer = self.functions.len();
            if self.series.chance(30) {
                text += &self.function(&format!("g{n}"));
            }
            for _ in 0..1 + self.series.below(3) {
                let methods =
                    self.series.one(&["read", "write", "read, write", "get", "list", "create, update", "delete"]);
                text += &format!("allow {methods}: if {};\n", self.condition(3));
            }
            if self.series.chance(25) {
                text += &format!("match /d/{{last}} {{ allow read, write: if {}; }}\n", self.condition(2));
            }
            self.functions.truncate(outer);
            text += "}\n";
        }
        text + "}\n}\n"
    }
}

/// A user with a claim that no evaluation may read.
pub fn auth_with_big_claim() -> Auth {
    Auth::user("u").claims(json!({ "big": "x".repeat(2_200_000), "text": "é".repeat(1_100_000) }))
}

fn auth(series: &mut Series) -> Option<Auth> {
    static BIG: OnceLock<Auth> = OnceLock::new();
    let uid = series.one(&["alice", "x", "y"]);
    let mut claims =
        json!({ "admin": series.chance(50), "n": series.below(3), "list": ["alice", 1, "x"], "map": { "a": 1 } });
    for n in 0..series.below(80) * usize::from(series.chance(30)) {
        claims[format!("more{n}")] = json!(n);
    }
    match series.below(16) {
        0 => None,
        1 => Some(Auth::user(uid).claims(json!({ "admin": "true", "n": 1.0, "list": null, "map": [] }))),
        2 => Some(Auth::from_values(1, Value::from("token"))),
        3 => Some(Auth::from_values("alice", Map::from([("n", Value::Undefined("odd".to_owned()))]))),
        4 if series.chance(5) => Some(BIG.get_or_init(auth_with_big_claim).clone()),
        _ => Some(Auth::user(uid).claims(claims)),
    }
}

fn fields(series: &mut Series) -> Value {
    let owner = Value::from(series.one(&["alice", "x"]));
    let list: Vec<Value> = vec![Value::from("x"), Value::Int(1)];
    let map = Map::from([("a", Value::Int(1))]);
    Value::Map(Map::from([
        ("n", if series.chance(80) { Value::Int(series.below(3) as i64) } else { Value::Float(1.5) }),
        ("owner", owner),
        ("tags", Value::List(list)),
        ("map", if series.chance(80) { Value::Map(map) } else { Value::Null }),
    ]))
}

/// Documents that notes what it is asked for, and cannot read one.
struct Host(RefCell<Vec<String>>);

impl Documents for Host {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        self.0.borrow_mut().push(path.full().to_owned());
        match path.id() {
            "fail" => Err("no document can be read".into()),
            "alice" | "x" => Ok(Some(Value::Map(Map::from([("n", 1)])))),
            _ => Ok(None),
        }
    }

    fn after(&self, path: DocumentPath<'_>) -> Result<WriteEffect, BoxError> {
        self.0.borrow_mut().push(format!("after {}", path.full()));
        Ok(match path.id() {
            "y" => WriteEffect::Written(Value::Map(Map::new())),
            "x" => WriteEffect::Deleted,
            _ => WriteEffect::Unchanged,
        })
    }
}

const METHODS: [Method; 5] = [Method::Get, Method::List, Method::Create, Method::Update, Method::Delete];

fn of_storage(series: &mut Series) -> Request<'static> {
    let name = series.one(&["c/alice", "c/x", "c/x/d/alice", "z/alice/d", "alice", "c/alice/e/f/g", "é/x", "c/x/"]);
    let object = |series: &mut Series| {
        let object = Object::new(name).size(series.below(3) as i64).metadata("owner", series.one(&["alice", "x"]));
        if series.chance(70) { object.content_type(series.one(&["image/png", "x", "image/a\nb"])) } else { object }
    };
    let mut request = Request::new(METHODS[series.below(5)], "alice", name);
    if series.chance(50) {
        request = request.at(Timestamp::UNIX_EPOCH);
    }
    if let Some(auth) = auth(series) {
        request = request.auth(auth);
    }
    if series.chance(70) {
        request = request.existing(object(series));
    }
    if series.chance(70) { request.with(object(series)) } else { request }
}

fn of_firestore(series: &mut Series) -> firestore::Request<'static> {
    let name = series.one(&["c/alice", "c/x", "c/x/d/alice", "z/alice", "c/alice/e/f", "é/x"]);
    let method = METHODS[series.below(5)];
    let mut request = if method == Method::List {
        let op = [Comparator::Eq, Comparator::Lt, Comparator::Ge, Comparator::Ne][series.below(4)];
        let query = if series.chance(60) { Query::new().limit(2).filter("n", op, 1) } else { Query::new() };
        firestore::Request::list(series.one(&["c", "z", "c/x/d"]), query)
    } else {
        firestore::Request::new(method, name)
    };
    if series.chance(50) {
        request = request.at(Timestamp::UNIX_EPOCH);
    }
    if let Some(auth) = auth(series) {
        request = request.auth(auth);
    }
    if series.chance(70) {
        request = request.existing(Document::new(name, fields(series)));
    }
    if series.chance(70) { request.with(Document::new(name, fields(series))) } else { request }
}

/// What came of fused operations and of their origins, and what they asked the host for.
fn agree<E: std::fmt::Display>(
    text: &str,
    quick: Result<bool, E>,
    asked: Host,
    slow: Result<bool, E>,
    wanted: Host,
) -> bool {
    let (quick, slow) = (quick.map_err(|e| e.to_string()), slow.map_err(|e| e.to_string()));
    assert_eq!(quick, slow, "{text}");
    assert_eq!(asked.0.into_inner(), wanted.0.into_inner(), "{text}");
    slow == Ok(true)
}

#[test]
fn random_rules_give_the_same_verdict_by_fused_operations() {
    const REQUESTS: usize = 20;
    let cases = std::env::var("FIREWARDEN_HOT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(4_000_usize);
    let seed = std::env::var("FIREWARDEN_HOT_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0_u64);
    let (mut done, mut allowed, mut refused, mut number) = (0, 0, 0, seed);
    while done < cases {
        number += 1;
        let mut series = Series(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let firestore = series.chance(50);
        let mut rules = Rules { series: &mut series, firestore, locals: Vec::new(), functions: Vec::new() };
        let text = rules.file();
        let host = || Host(RefCell::default());
        let parsed = if firestore { text.parse().map(Either::Firestore) } else { text.parse().map(Either::Storage) };
        let Ok(rules) = parsed else {
            refused += 1;
            assert!(refused < 1_000 + done, "{text}");
            continue;
        };
        for n in 0..REQUESTS {
            let (first, second) = (host(), host());
            let explained = n == 0;
            let (quick, slow) = match &rules {
                Either::Storage(rules) => {
                    let request = of_storage(&mut series);
                    let decide = if explained { storage::Ruleset::explain } else { storage::Ruleset::evaluate };
                    (rules.permits(&request, &first), decide(rules, &request, &second).map(|said| said.is_allowed()))
                }
                Either::Firestore(rules) => {
                    let request = of_firestore(&mut series);
                    let decide = if explained { firestore::Ruleset::explain } else { firestore::Ruleset::evaluate };
                    (rules.permits(&request, &first), decide(rules, &request, &second).map(|said| said.is_allowed()))
                }
            };
            allowed += usize::from(agree(&text, quick, first, slow, second));
            done += 1;
        }
    }
    println!("{done} cases, {allowed} of them allowed, {refused} files refused");
    assert!(allowed > done / 20 && allowed < done / 2, "{allowed} of {done} are allowed");
}

enum Either {
    Storage(storage::Ruleset),
    Firestore(firestore::Ruleset),
}
