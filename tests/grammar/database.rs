//! The parsers of database rules accept what `grammar/` says, no more and no less: files and conditions as they stand in
//! these tests and examples, and the same with random mistakes. `PROPTEST_CASES=100000` makes it a long run.

use std::sync::LazyLock;

use firewarden::{internals::syntax, text::Source};
use proptest::{
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value as Json, json};
use unicode_general_category::{GeneralCategory, get_general_category};

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

/// What both parsers say of a file.
fn both(text: &str) -> (String, String) {
    let source = Source::new("rules", text);
    let told = |(rules, problems): (Option<firewarden::internals::syntax::ast::DatabaseRules>, Vec<_>)| {
        // Of a refused expression the old parser kept what it had read.
        let refused = problems.iter().any(|problem: &firewarden::text::Diagnostic| problem.is_error());
        let rules = rules.filter(|_| !refused).map(|rules| (rules.root, rules.exprs));
        format!("{rules:?}\n{problems:?}")
    };
    let duplicates = syntax::DuplicateKeys::default();
    (told(syntax::parse_database(&source, duplicates)), told(syntax::parse_database_old(&source, duplicates)))
}

fn file_agrees(text: &str) -> Result<(), String> {
    let (new, old) = both(text);
    if new == old { Ok(()) } else { Err(format!("{text:?}\nnew {new}\nold {old}")) }
}

fn condition_agrees(text: &str) -> Result<(), String> {
    file_agrees(&json!({ "rules": { ".read": text } }).to_string())?;
    file_agrees(&format!("{{\"rules\": {{\".read\": \"{text}\"}}}}"))
}

#[test]
fn texts_of_the_tests_are_read_alike() {
    let mut wrong = Vec::new();
    for text in &TEXTS.files {
        wrong.extend(file_agrees(text).err());
    }
    for text in &TEXTS.conditions {
        wrong.extend(condition_agrees(text).err());
    }
    let count = wrong.len();
    wrong.sort_by_key(String::len);
    wrong.truncate(12);
    assert!(
        wrong.is_empty(),
        "{count} differ, of {} and {}:\n{}",
        TEXTS.files.len(),
        TEXTS.conditions.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn names_have_the_letters_of_the_grammar() {
    for c in ('\u{80}'..=char::MAX).step_by(17) {
        // The tables of the two know different versions of Unicode.
        if get_general_category(c) != GeneralCategory::Unassigned {
            for text in [c.to_string(), format!("a{c}")] {
                if file_agrees(&json!({ "rules": { ".read": text } }).to_string()).is_err() {
                    print!("{:04X} ", c as u32);
                }
            }
        }
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_read_alike(text in damaged(&TEXTS.files)) {
        prop_assert!(file_agrees(&text).is_ok(), "{}", file_agrees(&text).unwrap_err());
    }

    #[test]
    fn damaged_conditions_are_read_alike(text in damaged(&TEXTS.conditions)) {
        prop_assert!(condition_agrees(&text).is_ok(), "{}", condition_agrees(&text).unwrap_err());
    }
}
