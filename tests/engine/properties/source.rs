//! Rules as text: expressions, blocks, files; and texts that are nearly rules.

use proptest::{collection::vec, prelude::*, sample::select};

/// Words and signs of the language, and some that are none.
#[rustfmt::skip]
const TOKENS: &[&str] = &[
    "rules_version", "=", "'2'", "'1'", ";", "service", "firebase.storage", "cloud.firestore", "{", "}", "match", "/",
    "/b/{bucket}/o", "/{name}", "/{path=**}", "/a", "{x}", "{x=**}", "allow", "read", "write", "get", ",", ":", "if",
    "true", "false", "null", "function", "f", "(", ")", "return", "let", "x", "request", "resource", ".", "auth", "uid",
    "[", "]", "&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "%", "?", "in", "is", "string", "int",
    "0", "1", "007", "9223372036854775808", "1.5", "'a'", "\"b\"", "'\\u00e9'", "b'\\xff'", "$(", "math", "import",
    "matches", "size", "// comment\n", "/* comment */", "\n", " ", "\t", "é", "😀", "\u{0}", "\u{feff}", "'", "\"",
    "\\", "#", "@", "$",
];

/// Tokens in any order.
pub fn tokens() -> impl Strategy<Value = String> {
    (vec(select(TOKENS), 0..80), select(vec!["", " "])).prop_map(|(tokens, between)| tokens.join(between))
}

/// Rules with some of their text cut out, doubled or replaced.
pub fn damaged() -> impl Strategy<Value = String> {
    let wound = (any::<prop::sample::Index>(), 0..12_usize, prop::option::of(select(TOKENS)), any::<bool>());
    (parts(), vec(wound, 1..4)).prop_map(|(parts, wounds)| {
        let mut chars: Vec<char> = parts.text().chars().collect();
        for (at, length, token, double) in wounds {
            let from = at.index(chars.len().max(1)).min(chars.len());
            let to = (from + length).min(chars.len());
            let cut: Vec<char> = if double { chars[from..to].repeat(2) } else { Vec::new() };
            chars.splice(from..to, cut.into_iter().chain(token.unwrap_or("").chars()));
        }
        chars.into_iter().collect()
    })
}

/// A string literal that stands for the text, in ASCII.
pub fn literal(text: &str) -> String {
    let unit = |unit: u16| match char::from_u32(unit.into()) {
        Some(c @ ('\'' | '\\')) => format!("\\{c}"),
        Some(c @ ' '..='~') => c.to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    format!("'{}'", text.encode_utf16().map(unit).collect::<String>())
}

/// A literal of any type that has one, and variables that a request binds or does not.
fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(NAMES).prop_map(str::to_owned),
        2 => any::<bool>().prop_map(|b| b.to_string()),
        2 => (-5..100_i64).prop_map(|n| n.to_string()),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        1 => (-1e3..1e3_f64).prop_map(|n| format!("{n:.3}")),
        1 => "[ -~]{0,6}".prop_map(|s| literal(&s)),
        1 => any::<String>().prop_map(|s| literal(&s)),
        1 => vec(any::<u8>(), 0..4).prop_map(|octets| {
            let digits: String = octets.iter().map(|octet| format!("\\x{octet:02x}")).collect();
            format!("b'{digits}'")
        }),
        1 => select(OTHERS).prop_map(str::to_owned),
    ]
}

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "request", "request.auth", "request.auth.uid", "request.auth.token", "request.auth.token.admin", "request.time",
    "request.method", "request.path", "request.resource", "request.resource.size", "request.resource.metadata",
    "resource", "resource.name", "resource.metadata.public", "bucket", "name", "unknown", "request.unknown",
    "firestore.exists(/databases/(default)/documents/users/alice)",
    "firestore.get(/databases/(default)/documents/users/alice).data.level",
];
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "null", "[]", "{}", "/a/b", "/a/$(name)/c", "/{x}/b", "path('/a/{x}').bind({'x': 'b'})", "[1, 1.0].toSet()",
    "duration.value(3, 's')", "timestamp.date(2026, 1, 2)", "latlng.value(1, 2)",
];
const OPERATORS: &[&str] = &["&&", "||", "&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/ ", "%", "in"];
#[rustfmt::skip]
const METHODS: &[&str] = &[
    "size()", "upper()", "lower()", "trim()", "toUtf8()", "keys()", "values()", "toSet()", "seconds()", "toMillis()",
    "matches('[a-z]+')", "split(',')", "replace('a', 'b')", "get('a', 1)", "hasAll(['a'])", "hasAny([1, 'a'])",
    "hasOnly(['a', 'b'])", "concat([1])", "join(',')", "removeAll([1])", "diff({'a': 1})",
    "diff({'a': 1}).changedKeys()", "union([1].toSet())", "bind({'x': 'y'})", "toBase64()", "nothing()", "size(1)",
];
#[rustfmt::skip]
const FUNCTIONS: &[&str] = &[
    "int", "float", "string", "bool", "path", "math.abs", "math.floor", "hashing.md5", "debug", "helper", "inner", "unknown",
];
const TYPES: &[&str] =
    &["bool", "int", "float", "number", "string", "list", "map", "path", "timestamp", "set", "bytes"];

/// An expression, well formed, of any type or none.
fn expression() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        let one = || inner.clone();
        prop_oneof![
            6 => (one(), select(OPERATORS), one()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            2 => (one(), select(OPERATORS), one()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            1 => one().prop_map(|a| format!("!({a})")),
            1 => one().prop_map(|a| format!("!{a}")),
            1 => one().prop_map(|a| format!("-({a})")),
            1 => (one(), one(), one()).prop_map(|(c, a, b)| format!("({c} ? {a} : {b})")),
            1 => (one(), one()).prop_map(|(a, i)| format!("({a})[{i}]")),
            1 => (one(), one(), one()).prop_map(|(a, i, j)| format!("({a})[{i}:{j}]")),
            1 => (one(), one()).prop_map(|(a, i)| format!("({a})[{i}:]")),
            1 => one().prop_map(|a| format!("({a}).public")),
            2 => (one(), select(METHODS)).prop_map(|(a, m)| format!("({a}).{m}")),
            2 => (select(FUNCTIONS), one()).prop_map(|(f, a)| format!("{f}({a})")),
            1 => (one(), select(TYPES)).prop_map(|(a, t)| format!("({a}) is {t}")),
            1 => vec(one(), 1..4).prop_map(|items| format!("[{}]", items.join(", "))),
            1 => vec(one(), 1..3).prop_map(|values| {
                let entries: Vec<_> = values.iter().enumerate().map(|(n, v)| format!("'k{n}': {v}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
            1 => one().prop_map(|a| format!("/users/$({a})/x")),
        ]
    })
}

/// An expression that is a bool or fails.
fn condition() -> impl Strategy<Value = String> {
    let test = prop_oneof![
        4 => select(TESTS).prop_map(str::to_owned),
        1 => (expression(), expression()).prop_map(|(a, b)| format!("({a}) == ({b})")),
        1 => expression(),
    ];
    test.prop_recursive(3, 8, 3, |inner| {
        let one = || inner.clone();
        prop_oneof![
            3 => (one(), select(&["&&", "||"][..]), one()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            1 => one().prop_map(|a| format!("!({a})")),
            1 => (one(), one(), one()).prop_map(|(c, a, b)| format!("({c} ? {a} : {b})")),
        ]
    })
}

/// What rules usually ask.
const TESTS: &[&str] = &[
    "true",
    "false",
    "request.auth != null",
    "request.auth.uid == 'alice'",
    "name == 'alice'",
    "bucket == 'bucket'",
    "resource == null",
    "resource.size > 0",
    "request.resource.metadata.public == 'yes'",
    "request.resource.contentType.matches('[a-m].*/.*')",
    "request.auth.token.admin == true",
    "request.auth.token.admin",
    "request.method in ['get', 'list']",
    "request.time < timestamp.date(2000, 1, 1)",
    "firestore.exists(/databases/(default)/documents/users/$(request.auth.uid))",
    "inner('alice')",
    "inner(request.auth.uid)",
    "helper(name)",
    "helper(1) == 1",
];

/// A condition on the field `n` of a document, and perhaps on another one. Only comparisons: what the official engine says
/// of an unknown value to `in`, `is`, `keys` and `get` holds for the query, not for its documents.
pub fn about_a_field() -> impl Strategy<Value = String> {
    let sign = || select(&["==", "!=", "<", "<=", ">", ">="][..]);
    let bound =
        || prop_oneof![(-2..3_i64).prop_map(|n| n.to_string()), (-2..3_i64).prop_map(|n| format!("({n} + 0.5)"))];
    let test = prop_oneof![
        6 => (sign(), bound()).prop_map(|(sign, n)| format!("resource.data.n {sign} {n}")),
        3 => (bound(), sign()).prop_map(|(n, sign)| format!("{n} {sign} resource.data.n")),
        1 => select(FIELD_TESTS).prop_map(str::to_owned),
    ];
    test.prop_recursive(3, 6, 3, |inner| {
        let one = || inner.clone();
        prop_oneof![
            4 => (one(), select(&["&&", "||"][..]), one()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            2 => one().prop_map(|a| format!("!({a})")),
            1 => (one(), one(), one()).prop_map(|(c, a, b)| format!("({c} ? {a} : {b})")),
        ]
    })
}

#[rustfmt::skip]
const FIELD_TESTS: &[&str] = &[
    "resource.data.n != null", "resource.data.n == null", "true", "false", "resource.data.m == 1", "resource.data.m != 1",
    "resource.data.n - 1 < 0", "resource.data.n == resource.data.n", "resource.data.n == 'a'", "resource.data.n != 'a'",
];

/// An allow statement.
pub fn statement() -> impl Strategy<Value = String> {
    let methods = select(vec!["read", "write", "get", "create, update", "delete", "read, write", "read, write, get"]);
    (methods, prop::option::weighted(0.95, condition())).prop_map(|(methods, condition)| match condition {
        Some(condition) => format!("allow {methods}: if {condition};"),
        None => format!("allow {methods};"),
    })
}

const PATHS: &[&str] = &[
    "/{name}",
    "/{name=**}",
    "/photos/{name}",
    "/photos/{name=**}",
    "/photos",
    "/{folder}/{name}",
    "/{other=**}/{name}",
    "/users/alice",
    "/a%20b",
];

/// The parts of a Storage file: functions, blocks and their statements, which can be put together again with more.
#[derive(Clone, Debug)]
pub struct Parts {
    version: u8,
    held: String,
    helper: String,
    /// Paths with what stands in them.
    blocks: Vec<(String, Vec<String>, bool)>,
}

impl Parts {
    /// The text of the file.
    pub fn text(&self) -> String {
        self.with(usize::MAX, 0, "")
    }

    /// The text with one more statement, at a place in a block.
    pub fn with(&self, block: usize, place: usize, statement: &str) -> String {
        let block = if block == usize::MAX { block } else { block % self.blocks.len() };
        let mut text = format!("rules_version = '{}';\nservice firebase.storage {{\n", self.version);
        // Only version 2 has `let`.
        let held = if self.version == 2 { format!("let held = {}; ", self.held) } else { String::new() };
        let function = format!("function helper(a) {{ {held}return {}; }}", self.helper);
        text += &format!("  {function}\n  match /b/{{bucket}}/o {{\n");
        for (at, (path, statements, nested)) in self.blocks.iter().enumerate() {
            let mut statements = statements.clone();
            if at == block {
                statements.insert(place % (statements.len() + 1), statement.to_owned());
            }
            text += &format!("    match {path} {{\n      function inner(a) {{ return a == name; }}\n");
            // A block in a block applies only below a glob.
            let (open, close) = if *nested { ("      match /{last} {\n", "      }\n") } else { ("", "") };
            text += open;
            statements.iter().for_each(|statement| text += &format!("      {statement}\n"));
            text += close;
            text += "    }\n";
        }
        text + "  }\n}\n"
    }
}

/// A file that the compiler accepts or refuses only for what it means.
pub fn parts() -> impl Strategy<Value = Parts> {
    let block = (select(PATHS).prop_map(str::to_owned), vec(statement(), 1..4), prop::bool::weighted(0.1));
    // A function that calls itself is refused.
    let body = || expression().prop_map(|body| body.replace("helper(", "int(").replace("inner(", "held == ("));
    let version = prop_oneof![9 => Just(2_u8), 1 => Just(1)];
    (version, body(), body(), vec(block, 1..4)).prop_map(|(version, held, helper, blocks)| Parts {
        version,
        held: held.replace("held", "a"),
        helper,
        blocks,
    })
}
