//! What reading database rules returns: places of expressions and comments, and of the problems of damaged text. Files
//! and conditions are those of these tests and examples. `PROPTEST_CASES=100000` makes it a long run.

use std::sync::LazyLock;

use firewarden::{
    internals::syntax::{
        self, DuplicateKeys,
        ast::{DatabaseRules, ExprId, Location},
    },
    text::{Diagnostic, Source, Span},
};
use proptest::{
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value as Json, json};

use super::{Kind, each_text, each_value};

/// Texts of these tests: files, and whatever might be a condition.
struct Texts {
    files: Vec<String>,
    conditions: Vec<String>,
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let mut found = Texts { files: Vec::new(), conditions: Vec::new() };
    each_text(&mut |kind, text| {
        if kind == Kind::Rules {
            return;
        }
        each_value(text, &mut |value| {
            if value.get("rules").is_some() {
                found.files.push(format!("{value:#}"));
            }
            if let Json::String(text) = value {
                found.conditions.push(text.clone());
            }
        });
        if kind == Kind::Json {
            found.files.push(text.to_owned());
        }
    });
    for texts in [&mut found.files, &mut found.conditions] {
        texts.sort();
        texts.dedup();
        texts.retain(|text| text.len() < 4_000);
    }
    found
});

fn read(text: &str) -> (Option<DatabaseRules>, Vec<Diagnostic>) {
    syntax::parse_database(&Source::new("rules", text), DuplicateKeys::default())
}

/// The conditions of a location and of those below it.
fn each_condition(location: &Location, take: &mut dyn FnMut(ExprId)) {
    let conditions = [location.read, location.write, location.validate];
    conditions.into_iter().flatten().for_each(|condition| take(condition.expr));
    location.children.iter().for_each(|child| each_condition(child, take));
}

/// Reads every part of every expression alone and compares: places are exact, and nothing around an operand changes it.
/// Returns the number of parts.
fn parts_read_alone(text: &str) -> usize {
    let (Some(rules), _) = read(text) else { return 0 };
    let mut count = 0;
    each_condition(&rules.root, &mut |root| {
        // Where the file has escapes, a part of it is no JSON string yet.
        let outer = rules.exprs.outer(root);
        if text[outer.range()].contains('\\') {
            return;
        }
        let mut parts = vec![root];
        while let Some(id) = parts.pop() {
            // A place does not include the parenthesis that its first operand begins with.
            let first =
                std::iter::successors(Some(id), |id| rules.exprs.get(*id).children().next().map(|child| child.0));
            let span = rules.exprs.span(id);
            let start = first.skip(1).fold(span.start, |start, id| start.min(rules.exprs.outer(id).start));
            let part = &text[Span { start, ..span }.range()];
            let (alone, problems) = read(&json!({ "rules": { ".read": part } }).to_string());
            let alone =
                alone.filter(|alone| alone.root.read.is_some()).unwrap_or_else(|| panic!("{part}: {problems:?}"));
            let again = syntax::print_expression(&alone.exprs, alone.root.read.unwrap().expr);
            assert_eq!(again, syntax::print_expression(&rules.exprs, id), "{part}");
            parts.extend(rules.exprs.get(id).children().map(|(child, _)| child));
            count += 1;
        }
    });
    count
}

#[test]
fn each_part_of_an_expression_reads_alone_as_the_same() {
    let of_files: usize = TEXTS.files.iter().map(|text| parts_read_alone(text)).sum();
    let plain = TEXTS.conditions.iter().filter(|text| !text.contains(['"', '\\']));
    let of_conditions: usize =
        plain.map(|text| parts_read_alone(&format!("{{\"rules\": {{\".read\": \"{text}\"}}}}"))).sum();
    assert!(of_files > 500 && of_conditions > 5_000, "{of_files} {of_conditions}");
}

#[test]
fn comments_are_listed_with_their_places() {
    let text =
        "// a\r{ /* b */ \"rules\": { \".read\": \"auth /* \\u0063 */ != null // d\", // \"e\"\n \"//\": {} } } // f";
    let (rules, problems) = read(text);
    let comments = rules.unwrap().comments;
    assert!(!comments.is_empty(), "{problems:?}");
    let written: Vec<_> = comments.iter().map(|span| &text[span.range()]).collect();
    assert_eq!(written, ["// a", "/* b */", "/* \\u0063 */", "// d", "// \"e\"", "// f"]);
}

#[test]
fn names_have_letters_marks_and_digits() {
    let is_name = |text: &str| {
        let (rules, _) = read(&json!({ "rules": { ".read": text } }).to_string());
        rules.unwrap().root.read.is_some()
    };
    for name in ["é", "ß", "中", "𝒳", "ʰ", "ǅ", "e\u{301}", "a\u{93e}", "a\u{20dd}", "a٣", "$é", "nullé", "_"]
    {
        assert!(is_name(name), "{name}");
    }
    for other in ["ⅷ", "٣", "\u{301}", "a\u{203f}b", "a\u{200d}b", "a²", "→", "😀", "in", "null é"] {
        assert!(!is_name(other), "{other}");
    }
}

/// Pieces of JSON and of conditions, and what looks like some.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "(", ")", "[", "]", "{", "}", "!", "-", "--", "+", "++", "*", "**", "/", "%", "&&", "||", "&", "==", "===", "=",
    "!=", "!==", "<", "<<", "<=", ">", ">=", "?", ":", "? a :", ",", ";", ".", "..", "'", "\"", "'a'", "\"b\"", "'\\u00e9'",
    "'\\x4'", "'\\\n'", "'\\'", "\\", "/a/", "/[/]/i", "/[a/", "/a\\/", "/\\\n/", "/*", "*/", "/*/", "/* c */", "// c",
    "\n", "\r", "\t", " ", "\u{c}", "\u{b}", "0", "01", "-1", "1.5", "1.", ".5", "0x1F", "0x", "017", "08.5", "1e5", "1e",
    "1.e3", "1.5.6", "3px", "1..a", "a", "auth", "$k", "é", "→", "😀", "nullé", "trueé", "ⅷ", "e\u{301}", "a\u{203f}",
    "null", "true", "false", "in", "instanceof", "typeof", "new", "this", "do", "double", "\u{2028}", "\u{feff}", "\u{0}",
    "\"a\": 1", "{}", "[]", "[1,]", "(a)", "['b']", "(1, 2)", ".matches(/x/)", "//",
];

/// A text with some of it cut out, doubled, moved or replaced.
fn damaged(texts: &'static [String]) -> impl Strategy<Value = String> {
    let wound = (any::<Index>(), any::<Index>(), 0..12_usize, prop::option::of(select(PIECES)), 0..3_u8);
    (select(texts), prop::collection::vec(wound, 1..4)).prop_map(|(text, wounds)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, other, length, piece, kind) in wounds {
            let from = at.index(chars.len() + 1);
            let to = (from + length).min(chars.len());
            let cut: Vec<char> = chars.splice(from..to, piece.unwrap_or("").chars()).collect();
            let again = other.index(chars.len() + 1);
            match kind {
                0 => drop(chars.splice(from..from, cut)),
                1 => drop(chars.splice(again..again, cut)),
                _ => {}
            }
        }
        chars.into_iter().collect()
    })
}

/// Every place that reading a text returns is a part of it.
fn places_are_within(text: &str) {
    let (rules, problems) = read(text);
    let within = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?}");
    for problem in &problems {
        problem.span.into_iter().chain(problem.labels.iter().map(|label| label.span)).for_each(within);
    }
    match rules {
        Some(rules) => {
            rules.comments.iter().for_each(|span| assert!(text[span.range()].starts_with('/'), "{span:?}"));
            each_condition(&rules.root, &mut |root| within(rules.exprs.outer(root)));
        }
        None => assert!(problems.iter().any(Diagnostic::is_error)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_have_problems_in_their_text(text in damaged(&TEXTS.files)) {
        places_are_within(&text);
    }

    #[test]
    fn damaged_conditions_have_problems_in_their_text(text in damaged(&TEXTS.conditions)) {
        places_are_within(&json!({ "rules": { ".read": text } }).to_string());
    }
}
