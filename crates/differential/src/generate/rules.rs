//! Random rulesets for requests: nested blocks, wildcards, functions, conditions on what is stored and written.

use firewarden::value::Type;

use super::{
    expression::{Expressions, Scope},
    world,
};
use crate::random::Random;

/// What the rules will be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Single documents.
    Documents,
    /// Queries.
    Lists,
    /// Several writes at once.
    Commits,
}

#[rustfmt::skip]
const OPERANDS: &[&str] = &[
    "request.auth", "request.auth.uid", "request.auth.token.admin", "request.auth.token.level", "request.auth.token.list",
    "request.auth.token.map.a", "request.auth.token.none", "request.auth.token", "request.method", "request.path",
    "request.nothing", "resource", "null", "true", "false", "'alice'", "'x'", "1", "2", "1.0", "['x', 'alice']", "{'a': 1}",
    "1 / 0", "/x/y", "request.time", "database", "request.query", "request.query.limit",
];
#[rustfmt::skip]
const STORED: &[&str] = &[
    "resource.data", "resource.data.n", "resource.data.owner", "resource.data.tags", "resource.data.map.a", "resource.data.open",
    "resource.data.role", "resource.id", "resource.__name__", "resource.data.map", "resource.data.none",
    "resource.data.get('n', 0)", "resource.data['owner']", "resource.data.keys()",
];
#[rustfmt::skip]
const WRITTEN: &[&str] = &[
    "request.resource", "request.resource.data", "request.resource.data.n", "request.resource.data.owner",
    "request.resource.data.tags", "request.resource.data.diff(resource.data).affectedKeys()", "request.resource.id",
    "request.resource.data.keys()", "request.resource.data.open", "request.resource.data.map.a", "request.resource.__name__",
];
#[rustfmt::skip]
const FETCHED: &[&str] = &[
    "exists(/databases/$(database)/documents/c/$(a))", "get(/databases/$(database)/documents/c/$(a)).data.n",
    "get(/databases/(default)/documents/c/alice).data.owner", "exists(/databases/(default)/documents/z/$(request.auth.uid))",
    "get(/databases/(default)/documents/c/alice).id", "get(/databases/(default)/documents/z/none).data",
    "get(/databases/$(database)/documents/c/x/d/alice).data", "exists(path('/databases/(default)/documents/c/x'))",
    "get(/databases/(default)/documents/c/$(resource.data.owner)).data.open", "exists(/databases/(default)/documents/c)",
    "get(/databases/(default)/documents/c/x).__name__",
];
#[rustfmt::skip]
const AFTER: &[&str] = &[
    "existsAfter(/databases/$(database)/documents/c/$(a))", "getAfter(/databases/$(database)/documents/c/$(a)).data.n",
    "getAfter(/databases/(default)/documents/c/alice).data.owner", "existsAfter(/databases/(default)/documents/z/bob)",
    "getAfter(request.path).data.n", "existsAfter(request.path)", "getAfter(/databases/(default)/documents/c/bob).data",
    "getAfter(/databases/(default)/documents/c/x).data.n", "existsAfter(/databases/(default)/documents/c/bob)",
];
const LITERALS: &[&str] = &["1", "2", "0", "true", "'alice'", "'x'", "null", "1.5", "['x']", "''", "'admin'"];
const COMPARISONS: &[&str] = &["==", "==", "==", "!=", "<", "<=", ">", ">="];
#[rustfmt::skip]
const TYPES: &[&str] = &["bool", "int", "number", "string", "list", "map", "path", "timestamp", "float"];
#[rustfmt::skip]
const PATHS: &[&str] = &[
    "/c/{a}", "/{a}/{b}", "/{all=**}", "/c/{all=**}", "/{a}/{all=**}", "/c/alice", "/z/{a}", "/c/{a}/d/{b}", "/{all=**}/d/{b}",
    "/c", "/{a}", "/c/x/d/{a}", "/z/1", "/c/{a=**}", "/{all=**}/alice",
];
#[rustfmt::skip]
const METHODS: &[&str] = &[
    "read", "write", "get", "list", "create", "update", "delete", "read, write", "get, list", "create, update", "write, read",
    "get, get", "update, delete",
];

/// Rules under construction.
#[derive(Debug)]
struct Rules<'r> {
    random: &'r mut Random,
    purpose: Purpose,
    locals: Vec<String>,
    functions: Vec<(String, usize)>,
}

/// A ruleset for Firestore.
pub fn file(random: &mut Random, purpose: Purpose) -> String {
    let mut rules = Rules { random, purpose, locals: Vec::new(), functions: Vec::new() };
    let version = if rules.random.chance(92) { "rules_version = '2';\n" } else { "rules_version = '1';\n" };
    let mut text = format!("{version}service cloud.firestore {{\nmatch /databases/{{database}}/documents {{\n");
    for at in 0..rules.random.below(3) {
        text += &rules.function(&format!("f{at}"));
    }
    for _ in 0..1 + rules.random.below(4) {
        text += &rules.block(2);
    }
    text + "}\n}\n"
}

impl Rules<'_> {
    fn operand(&mut self) -> String {
        if !self.locals.is_empty() && self.random.chance(40) {
            let local = self.random.pick(&self.locals).cloned().unwrap_or_default();
            return format!("{local}{}", self.random.word(&["", "", "", ".data", ".n", ".owner"]));
        }
        let reads = match self.purpose {
            Purpose::Documents => [STORED, WRITTEN, FETCHED],
            Purpose::Lists => [STORED, STORED, FETCHED],
            Purpose::Commits => [AFTER, AFTER, WRITTEN],
        };
        match self.random.below(12) {
            0..6 => {
                let list = reads.get(self.random.below(3)).copied().unwrap_or(STORED);
                self.random.word(list).to_owned()
            }
            6..8 => self.random.word(&["a", "b", "all", "database"]).to_owned(),
            _ => self.random.word(OPERANDS).to_owned(),
        }
    }

    fn literal(&mut self) -> String {
        self.random.word(LITERALS).to_owned()
    }

    fn condition(&mut self, depth: usize) -> String {
        if depth > 0 && self.random.chance(60) {
            let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
            return match self.random.below(14) {
                0..4 => format!("{a} && {b}"),
                4..6 => format!("({a} && {b})"),
                6..8 => format!("{a} || {b}"),
                8..10 => format!("({a} || {b})"),
                10..12 => format!("!({a})"),
                12 => format!("({a})"),
                _ => format!("({a} ? {b} : {})", self.condition(0)),
            };
        }
        match self.random.below(30) {
            0..8 => format!("{} {} {}", self.operand(), self.random.word(COMPARISONS), self.literal()),
            8..11 => format!("{} {} {}", self.operand(), self.random.word(COMPARISONS), self.operand()),
            11..13 => format!("{} {} null", self.operand(), self.random.word(&["==", "!="])),
            13..16 => format!("{} in {}", self.operand(), self.operand()),
            16 => format!("{} in {}", self.literal(), self.operand()),
            17 => format!("{} is {}", self.operand(), self.random.word(TYPES)),
            18 => format!("({}).hasAny(['x', 'owner'])", self.operand()),
            19 => format!("({}).matches('a.*')", self.operand()),
            20 => format!("({}).size() > 0", self.operand()),
            21 => self.operand(),
            22 | 23 => self.random.word(&["true", "false"]).to_owned(),
            24 => "request.time > timestamp.date(2020, 1, 1)".to_owned(),
            25 if self.purpose == Purpose::Documents => {
                let scope = Scope::default();
                Expressions { random: self.random, scope: &scope }.of(Type::Bool, 2)
            }
            _ => self.call(),
        }
    }

    fn call(&mut self) -> String {
        let Some((name, count)) = self.random.pick(&self.functions).cloned() else {
            return "request.auth != null".to_owned();
        };
        let arguments: Vec<_> = (0..count).map(|_| self.operand()).collect();
        format!("{name}({})", arguments.join(", "))
    }

    fn function(&mut self, name: &str) -> String {
        let count = self.random.below(3);
        self.locals = ["p", "q"].iter().take(count).map(|name| (*name).to_owned()).collect();
        let mut text = format!("function {name}({}) {{\n", self.locals.join(", "));
        for variable in ["v", "w"].iter().take(self.random.below(3)) {
            let value = if self.random.chance(80) { self.operand() } else { self.condition(0) };
            text += &format!("let {variable} = {value};\n");
            self.locals.push((*variable).to_owned());
        }
        text += &format!("return {};\n}}\n", self.condition(2));
        self.locals.clear();
        self.functions.push((name.to_owned(), count));
        text
    }

    fn statement(&mut self) -> String {
        let methods = match self.purpose {
            Purpose::Lists if self.random.chance(80) => self.random.word(&["list", "read", "get, list"]),
            Purpose::Commits if self.random.chance(80) => {
                self.random.word(&["write", "create, update", "create", "update", "delete"])
            }
            _ => self.random.word(METHODS),
        };
        let newline = self.random.word(&["", "", "", "\n"]);
        if self.random.chance(5) {
            format!("allow {methods};\n")
        } else {
            format!("allow {methods}: if {newline}{};\n", self.condition(3))
        }
    }

    fn block(&mut self, depth: usize) -> String {
        let mut text = format!("match {} {{\n", self.random.word(PATHS));
        let known = self.functions.len();
        if self.random.chance(15) {
            let name = format!("g{}", self.random.below(1000));
            text += &self.function(&name);
        }
        for _ in 0..1 + self.random.below(3) {
            text += &self.statement();
        }
        if depth > 0 && self.random.chance(35) {
            text += &self.block(depth - 1);
        }
        self.functions.truncate(known);
        text + "}\n"
    }
}

/// A ruleset whose expressions are of every sort, in random layout, for the compiler only.
pub fn any_file(random: &mut Random) -> String {
    if random.chance(60) {
        return file(random, Purpose::Documents);
    }
    let scope = world::scope();
    let mut text =
        "rules_version = '2';\nservice cloud.firestore {\nmatch /databases/{d}/documents/a/{b} {\n".to_owned();
    for _ in 0..1 + random.below(3) {
        let of = random.pick(&super::literals::TYPES).copied().unwrap_or(Type::Bool);
        let of = if random.chance(70) { Type::Bool } else { of };
        let condition = Expressions { random, scope: &scope }.of(of, 3);
        text += &format!("allow {}: if {condition};\n", random.word(METHODS));
    }
    text + "}\n}\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ours::compile;

    #[test]
    fn most_rulesets_compile() {
        for purpose in [Purpose::Documents, Purpose::Lists, Purpose::Commits] {
            let mut random = Random::of(1, "test", 0);
            let sources: Vec<_> = (0..200).map(|_| file(&mut random, purpose)).collect();
            let accepted = sources.iter().filter(|source| compile(source).accepted()).count();
            assert!(accepted > 140, "{accepted} of 200 for {purpose:?}");
        }
    }
}
