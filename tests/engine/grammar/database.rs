//! The parsers of database rules accept what `grammar/` says, no more and no less: files and conditions as they stand in
//! these tests and examples, and the same with random mistakes. `PROPTEST_CASES=100000` makes it a long run.

use std::sync::LazyLock;

use firewarden::{internals::syntax, text::Source};
use pest::Parser as _;
use proptest::{
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value as Json, json};
use unicode_general_category::{GeneralCategory, get_general_category};

use super::{Grammar, Kind, Rule, agrees, each_text, each_value};

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

/// Whether the parser finds a text well-formed, where none of `codes` says that it is not. What nests too deeply it does
/// not tell.
fn well_formed(text: &str, codes: &[&str]) -> Option<bool> {
    let (_, problems) = syntax::parse_database(&Source::new("rules", text), syntax::DuplicateKeys::default());
    let has = |codes: &[&str]| problems.iter().any(|problem| codes.contains(&problem.code));
    (!has(&["tree-too-deep", "expression-too-deep"])).then(|| !has(codes))
}

/// Other ends of lines than line feeds are none to the grammar.
fn line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n")
}

fn file_agrees(text: &str) -> Result<bool, String> {
    // As a member, so that a file which is no object differs from one that is no JSON.
    let text = format!("{{ \"file\": {} }}", line_feeds(text));
    agrees(&text, Grammar::parse(Rule::json_file, &text).is_ok(), well_formed(&text, &["json-syntax"]))
}

fn condition_agrees(text: &str) -> Result<bool, String> {
    let text = line_feeds(text);
    let file = json!({ "rules": { ".read": text } }).to_string();
    let ours = well_formed(&file, &["expression-syntax", "assignment"]);
    agrees(&text, Grammar::parse(Rule::db_rule, &text).is_ok(), ours)
}

#[test]
fn texts_of_the_tests_are_accepted_as_the_grammar_says() {
    let accepted = |texts: &[String], judge: fn(&str) -> Result<bool, String>| {
        texts.iter().map(|text| judge(text).unwrap()).filter(|accepted| *accepted).count()
    };
    assert!(accepted(&TEXTS.files, file_agrees) > 300);
    assert!(accepted(&TEXTS.conditions, condition_agrees) > 300);
}

#[test]
fn names_have_the_letters_of_the_grammar() {
    for c in ('\u{80}'..=char::MAX).step_by(17) {
        // The tables of the two know different versions of Unicode.
        if get_general_category(c) != GeneralCategory::Unassigned {
            for text in [c.to_string(), format!("a{c}")] {
                condition_agrees(&text).unwrap();
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
    fn damaged_files_are_accepted_as_the_grammar_says(text in damaged(&TEXTS.files)) {
        prop_assert!(file_agrees(&text).is_ok(), "{}", file_agrees(&text).unwrap_err());
    }

    #[test]
    fn damaged_conditions_are_accepted_as_the_grammar_says(text in damaged(&TEXTS.conditions)) {
        prop_assert!(condition_agrees(&text).is_ok(), "{}", condition_agrees(&text).unwrap_err());
    }
}
