//! Literals, ordinary and odd, by type.

use firewarden::value::Type;

use crate::random::Random;

/// Types that expressions of their own can have.
pub const TYPES: [Type; 15] = [
    Type::Null,
    Type::Bool,
    Type::Int,
    Type::Float,
    Type::String,
    Type::Bytes,
    Type::Duration,
    Type::Timestamp,
    Type::LatLng,
    Type::List,
    Type::Set,
    Type::Map,
    Type::Path,
    Type::MapDiff,
    Type::Vector,
];

#[rustfmt::skip]
const INTS: &[&str] = &[
    "0", "1", "2", "3", "-1", "7", "10", "-5", "100", "255", "9223372036854775807", "-9223372036854775807",
    "2147483648", "-2147483649", "86400", "9007199254740993", "(-9223372036854775807 - 1)", "007", "1000000007",
];
#[rustfmt::skip]
const FLOATS: &[&str] = &[
    "0.0", "1.0", "1.5", "-1.5", "2.5", "-0.0", "0.1", "-0.5", "1000000000000000000000.0", "0.000001", "(0.0 / 0.0)",
    "(1.0 / 0.0)", "(-1.0 / 0.0)", "9223372036854775808.0", "123456789.125", "3.0", "90.0", "180.5", "0.30000000000000004",
];
#[rustfmt::skip]
const STRINGS: &[&str] = &[
    "'a'", "''", "\"A b\"", "'é'", "'\\u00e9'", "'😀'", "'\\ud83d\\ude00'", "'\\ud83d'", "'a,b,,c'", "'  x '", "'123'",
    "'-1.5'", "'1e3'", "'true'", "'TRUE'", "'0x1F'", "'/a/b'", "'a\\nb'", "'\\u0000'", "'aaa'", "'ß'", "'İ'", "'ﬁ'",
    "'A\\u0301'", "'NaN'", "'Infinity'", "'+7'", "'1_0'", "' 1'", "'9223372036854775808'", "'s'", "'ms'", "'b'", "'x'",
    "'a/b'", "'{x}'", "'/a/{x}'", "'/{y=**}'", "'a.b'", "'$'", "'\\\\'", "'\\''", "'1.'", "'.5'", "'0b1'", "'1f'",
    "'\\u2028x\\t'", "'\\u00a0x'", "'ΑΣ'", "'ǅ'", "'abcABC012'",
];
#[rustfmt::skip]
const PATTERNS: &[&str] = &[
    "'a'", "'.*'", "'[a-z]+'", "'^a'", "'a$'", "'(a|b)'", "'(a)(b)?'", "'\\\\d+'", "'\\\\s'", "'a{2}'", "'a{2,}'", "''",
    "'(?i)A'", "'(?s).'", "'[^a]'", "'\\\\bx'", "','", "'b*'", "'a*?'", "'\\\\p{L}+'", "'[[:alpha:]]'", "'\\\\x41'",
    "'(?:a|b)+'", "'(?P<n>a)'", "'\\\\Q.\\\\E'", "'[é-ü]'", "'.'", "'\\\\pN'", "'[\\\\w.]+@[a-z]+'", "'|'", "'a|'",
];
const REPLACEMENTS: &[&str] =
    &["'x'", "''", "'\\\\1'", "'$1'", "'\\\\0'", "'[\\\\0]'", "'\\\\\\\\'", "'é😀'", "'\\\\2'"];
#[rustfmt::skip]
const BYTES: &[&str] = &[
    "b''", "b'a'", "b'abc'", "b'\\xff\\x00'", "b'é'", "b'\\u00e9'", "b'\\n'", "'aé'.toUtf8()", "b'\\377'", "hashing.md5('a')",
    "hashing.sha256(b'')", "hashing.crc32('a')", "hashing.crc32c(b'\\x00')",
];
#[rustfmt::skip]
const DURATIONS: &[&str] = &[
    "duration.value(3, 's')", "duration.time(1, 2, 3, 4)", "duration.value(-1, 'w')", "duration.value(0, 'ns')",
    "duration.value(1, 'ms')", "duration.value(90, 'm')", "duration.time(-1, 0, 0, -1)", "duration.value(315576000000, 's')",
];
#[rustfmt::skip]
const TIMESTAMPS: &[&str] = &[
    "timestamp.date(2020, 2, 29)", "timestamp.value(0)", "timestamp.value(-1)", "timestamp.date(1, 1, 1)",
    "timestamp.date(9999, 12, 31)", "timestamp.value(1600000000123)", "timestamp.date(1969, 12, 31)", "timestamp.date(2024, 12, 30)",
];
const PLACES: &[&str] =
    &["latlng.value(1.5, -2)", "latlng.value(90, 180)", "latlng.value(0.0, -0.0)", "latlng.value(-90, -180)"];
#[rustfmt::skip]
const LISTS: &[&str] = &[
    "[]", "[1, 2]", "['a', 'b']", "[1, 1.0]", "[null]", "[[1], [2]]", "[1, 'a', true]", "['b', 'a', 'b']", "[0.0, -0.0]", "['a']",
    "[{'a': 1}]", "[[]]", "['a', null]",
];
const SETS: &[&str] =
    &["[].toSet()", "[1, 2].toSet()", "['a', 'b'].toSet()", "[1, 1.0].toSet()", "['a', 'a'].toSet()", "[null].toSet()"];
#[rustfmt::skip]
const MAPS: &[&str] = &[
    "{}", "{'a': 1}", "{'a': 1, 'b': 'x'}", "{'a': {'b': 1}}", "{'': 0}", "{'b': 2, 'a': 1}", "{'a': null}", "{'a': [1, 2]}",
    "{'x': 'y', 'a': 'b'}", "{'é': 1}", "{'a': 1, 'a': 2}",
];
#[rustfmt::skip]
const PATHS: &[&str] = &[
    "/a/b", "/a", "path('a/b')", "path('/a/{x}/b')", "path('/a/{x=**}')", "path('')", "path('/')", "path('a//b')", "/a/{x}",
    "/a/{x=**}", "/a/$('b')/c", "/é/b", "path('/a/{x}').bind({'x': 'y'})", "/a.b/c-d", "path('a/')",
];
const DIFFS: &[&str] = &["({'a': 1}.diff({'a': 2}))", "({'a': 1, 'b': 2}.diff({'b': 2, 'c': 3}))", "({}).diff({})"];

/// A literal of a type, or the shortest expression of it.
pub fn literal(random: &mut Random, of: Type) -> String {
    let list: &[&str] = match of {
        Type::Null => &["null"],
        Type::Bool => &["true", "false"],
        Type::Int => INTS,
        Type::Float => FLOATS,
        Type::String => STRINGS,
        Type::Bytes => BYTES,
        Type::Duration => DURATIONS,
        Type::Timestamp => TIMESTAMPS,
        Type::LatLng => PLACES,
        Type::List => LISTS,
        Type::Set => SETS,
        Type::Map => MAPS,
        Type::Path => PATHS,
        Type::MapDiff => DIFFS,
        Type::Vector | Type::Constraint | Type::Snapshot | Type::Any => return literal_of_any(random),
    };
    random.word(list).to_owned()
}

fn literal_of_any(random: &mut Random) -> String {
    // The last has no literal.
    let of = TYPES.get(random.below(TYPES.len() - 1)).copied().unwrap_or(Type::Null);
    literal(random, of)
}

/// A pattern.
pub fn pattern(random: &mut Random) -> String {
    random.word(PATTERNS).to_owned()
}

/// What a pattern's matches are replaced by.
pub fn replacement(random: &mut Random) -> String {
    random.word(REPLACEMENTS).to_owned()
}
