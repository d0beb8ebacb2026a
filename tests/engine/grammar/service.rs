//! The grammar accepts what the copy of the official parser accepts, no more and no less: rules files and expressions as
//! they stand in these tests and examples, and the same with random mistakes. `PROPTEST_CASES=100000` makes it a long run.

use std::sync::LazyLock;

use firewarden::{internals::syntax, text::Source};
use proptest::{
    prelude::*,
    sample::{Index, select},
};
use serde_json::Value as Json;

use super::{Kind, each_text, each_value};

/// Texts of these tests: files, and whatever else might be an expression.
struct Texts {
    files: Vec<String>,
    expressions: Vec<String>,
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let mut found = Vec::new();
    each_text(&mut |kind, text| match kind {
        Kind::Rules => found.push(text.to_owned()),
        Kind::Json | Kind::JsonLine => each_value(text, &mut |value| {
            if let Json::String(text) = value {
                found.push(text.clone());
            }
        }),
    });
    found.sort();
    found.dedup();
    let (files, expressions) = found.into_iter().partition(|text| text.contains("service ") && text.contains('{'));
    Texts { files, expressions }
});

/// Whether a file is well-formed, unless the two descriptions disagree.
fn file_agrees(text: &str) -> Result<bool, String> {
    let found = syntax::parse_service(&Source::new("storage.rules", text));
    let problems: Vec<_> =
        found.err().iter().flat_map(|problems| problems.iter().map(|problem| problem.code)).collect();
    // What nests too deeply neither tells.
    if text.is_empty() || ["rules-too-deep", "too-complex"].iter().any(|code| problems == [*code]) {
        return Ok(false);
    }
    let errors = syntax::antlr::syntax_errors(text);
    match problems.as_slice() {
        [] if !errors.is_empty() => Err(format!("accepted, in spite of {errors:?}: {text}")),
        problems if problems.contains(&"syntax") && errors.is_empty() => {
            Err(format!("refused without an error: {text}"))
        }
        problems => Ok(!problems.contains(&"syntax")),
    }
}

/// The same of an expression, as a condition and alone.
fn expression_agrees(text: &str) -> Result<bool, String> {
    let condition = file_agrees(&format!("service a {{ match /a {{ allow get: if {text}\n; }} }}"))?;
    let alone = syntax::parse_expression(&Source::new("expression", text)).is_ok();
    if alone && !condition {
        return Err(format!("well-formed only alone: {text}"));
    }
    Ok(alone)
}

#[test]
fn texts_of_the_tests() {
    let files: Vec<_> = TEXTS.files.iter().map(|text| file_agrees(text)).collect();
    let expressions: Vec<_> = TEXTS.expressions.iter().map(|text| expression_agrees(text)).collect();
    for found in [files, expressions] {
        let wrong: Vec<_> = found.iter().filter_map(|found| found.as_ref().err().cloned()).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for verdict in [true, false] {
            assert!(found.iter().filter(|found| **found == Ok(verdict)).count() > 100, "too few are {verdict}");
        }
    }
}

/// What is put into texts: every token, and what almost is one.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "!", "(", ")", "[", "]", "{", "}", "?", ":",
    ",", ";", ".", "$", "=", "++", "--", "**", "@", "^", "&", "|", "~", "\\", "`", "#", "é", "\u{1F600}", "\0", "\t",
    "\n", "\r", "\x0C", "\u{a0}", "//", "/*", "*/", " ", "/* c */", "// c\n", "a", "x1", "_", "$a", "math", "firestore",
    "math.abs(", "firestore.get(/a)", "in", "is", "is int", "service", "service a", "service let", "service if",
    "service/**/a", "rules_version", "rules_version = '2';", "import", "import 'a' as b;", "as", "allow", "allow read",
    "allow read: if true;", "match", "match /a {", "function", "function f(a, b) { return", "let", "let a =", "return",
    "if", "null", "true", "false", "deny", "package", "not", "0", "007", "1.", "1.5", ".5", "1..2",
    "9223372036854775808", "'a'", "\"b\"", "'", "\"", "'\\q'", "'\\x41'", "'\\x4'", "'\\u0041'", "'\\377'", "'\\477'",
    "b'a'", "B\"\"", "b", "/a", "/{a}", "/{a=*}", "/{a=**}", "/$(a)", "/(a)", "/(a", "/%41", "/%4", "/'", "/*b", "/ {a}",
    "/ $ (a)", "/ {a: b}", "/{}", "a ? b : c", "[a:b]", "[:]", "[1:]", "[1:2:3]", "{'a': 1}", "{a: b,}", "[a,]", "(a,)",
    "(a,,b)", "a.b", "a.b()", "a.in", "a.if(b)", "a.service", "!!", "- -", "-!a", "a in b is int", "a is int == b",
];

/// A mistake, and where.
#[derive(Clone, Debug)]
enum Edit {
    Delete(Index, usize),
    Repeat(Index),
    Swap(Index, Index),
    Insert(Index, &'static str),
    Replace(Index, &'static str),
    /// Another character for one.
    Character(Index, Index, char),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        1 => (at(), 1..8_usize).prop_map(|(at, count)| Edit::Delete(at, count)),
        1 => at().prop_map(Edit::Repeat),
        1 => (at(), at()).prop_map(|(a, b)| Edit::Swap(a, b)),
        3 => (at(), select(PIECES)).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        1 => (at(), select(PIECES)).prop_map(|(at, piece)| Edit::Replace(at, piece)),
        1 => (at(), at(), proptest::char::range(' ', '~')).prop_map(|(at, within, c)| Edit::Character(at, within, c)),
    ]
}

/// A text with mistakes.
fn mistaken(text: &str, edits: &[Edit]) -> String {
    let mut pieces = pieces(text);
    for edit in edits {
        let count = pieces.len();
        if count == 0 {
            break;
        }
        match edit {
            Edit::Delete(at, many) => drop(pieces.drain(at.index(count)..(at.index(count) + many).min(count))),
            Edit::Repeat(at) => pieces.insert(at.index(count), pieces[at.index(count)].clone()),
            Edit::Swap(a, b) => pieces.swap(a.index(count), b.index(count)),
            Edit::Insert(at, piece) => pieces.insert(at.index(count), (*piece).to_owned()),
            Edit::Replace(at, piece) => pieces[at.index(count)] = (*piece).to_owned(),
            Edit::Character(at, within, c) => {
                let mut chars: Vec<_> = pieces[at.index(count)].chars().collect();
                let place = within.index(chars.len());
                chars[place] = *c;
                pieces[at.index(count)] = chars.into_iter().collect();
            }
        }
    }
    pieces.concat()
}

/// Words, blanks and single characters.
fn pieces(text: &str) -> Vec<String> {
    let class = |c: char| if c == '_' || c.is_alphanumeric() { 1 } else { 2 * u8::from(c == ' ') };
    let mut pieces: Vec<String> = Vec::new();
    let mut before = 0;
    for c in text.chars() {
        match pieces.last_mut() {
            Some(piece) if class(c) > 0 && class(c) == before => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
        before = class(c);
    }
    pieces
}

proptest! {
    // Where PROPTEST_CASES is set, it counts instead. Some files are too long for this.
    #![proptest_config(ProptestConfig {
        cases: 3_000, max_global_rejects: u32::MAX, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn files_with_mistakes(at in any::<Index>(), edits in prop::collection::vec(edit(), 1..4)) {
        let text = mistaken(&TEXTS.files[at.index(TEXTS.files.len())], &edits);
        prop_assume!(text.len() < 4_000);
        file_agrees(&text).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn expressions_with_mistakes(at in any::<Index>(), edits in prop::collection::vec(edit(), 1..4)) {
        let text = mistaken(&TEXTS.expressions[at.index(TEXTS.expressions.len())], &edits);
        prop_assume!(text.len() < 2_000);
        expression_agrees(&text).map_err(TestCaseError::fail)?;
    }
}
