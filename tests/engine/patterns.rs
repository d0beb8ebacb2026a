//! Replays answers of the official engine about strings and patterns.
//!
//! The files in `patterns/` hold one case a line: id, operation, operands, `=>`, kind and value of the
//! answer. Texts write control and non-ASCII characters as `\uXXXX`, one for each UTF-16 unit.
//! `recorded.tsv` has the cases of the recorded expressions, under their ids. `database.tsv` is for the dialect of
//! database rules and says itself how to read it.

use firewarden::internals::pattern::Pattern;
use firewarden::value::string::{CowStr, Str, StrBuf};

struct Case<'c> {
    id: &'c str,
    operation: &'c str,
    operands: Vec<StrBuf>,
    kind: &'c str,
    answer: Vec<StrBuf>,
}

impl<'c> Case<'c> {
    fn parse(line: &'c str) -> Case<'c> {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap();
        let (id, operation) = (next(), next());
        let fields: Vec<_> = fields.collect();
        let arrow = fields.iter().position(|field| *field == "=>").unwrap();
        let texts = |fields: &[&str]| fields.iter().map(|field| unescape(field)).collect();
        Case {
            id,
            operation,
            operands: texts(&fields[..arrow]),
            kind: fields[arrow + 1],
            answer: texts(&fields[arrow + 2..]),
        }
    }

    fn operand(&self, index: usize) -> Str<'_> {
        self.operands[index].as_str()
    }

    /// Kind and value of our answer; nothing when the answer is not this module's to give.
    fn ours(&self) -> Option<(&'static str, Vec<String>)> {
        let text = self.operand(0);
        let number = |index: usize| self.operand(index).to_string().parse::<i64>().unwrap();
        let ordering = || text.cmp_units(self.operand(1));
        let cut = |cut: Option<CowStr<'_>>| cut.map(|cut| ("text", vec![cut.as_str().to_string()]));
        Some(match self.operation {
            "compile" => match Pattern::from_text(text) {
                Ok(_) => ("ok", vec![]),
                Err(error) => ("error", vec![error.to_string()]),
            },
            "matches" | "split" | "replace" => return Some(self.by_pattern()),
            "upper" => return cut(Some(text.upper())),
            "lower" => return cut(Some(text.lower())),
            "trim" => ("text", vec![text.trim().to_string()]),
            "size" => ("int", vec![text.size().to_string()]),
            "toUtf8" => {
                let bytes = text.to_utf8();
                ("bytes", vec![bytes.iter().map(|byte| format!("{byte:02x}")).collect()])
            }
            "+" => ("text", vec![text.concat(self.operand(1)).to_string()]),
            "<" => bool(ordering().is_lt()),
            "<=" => bool(ordering().is_le()),
            ">" => bool(ordering().is_gt()),
            ">=" => bool(ordering().is_ge()),
            "==" => bool(text == self.operand(1)),
            "!=" => bool(text != self.operand(1)),
            // The bounds of rules, and so the errors, are the evaluator's.
            "index" | "range" if self.kind == "error" => return None,
            "index" => return cut(text.unit_at(number(1) as usize)),
            "range" => return cut(text.range(number(1) as usize, number(2) as usize)),
            other => panic!("unknown operation {other}"),
        })
    }

    fn by_pattern(&self) -> (&'static str, Vec<String>) {
        let text = self.operand(0);
        let pattern = match Pattern::from_text(self.operand(1)) {
            Ok(pattern) => pattern,
            Err(error) => return ("error", vec![error.to_string()]),
        };
        match self.operation {
            "matches" => bool(pattern.matches(text)),
            "split" => {
                ("list", pattern.split(text, 1000).unwrap().iter().map(|part| part.as_str().to_string()).collect())
            }
            _ => match pattern.replace(text, self.operand(2), 1 << 20) {
                Ok(text) => ("text", vec![text.to_string()]),
                Err(error) => ("throws", vec![error.to_string()]),
            },
        }
    }
}

fn bool(answer: bool) -> (&'static str, Vec<String>) {
    ("bool", vec![answer.to_string()])
}

fn unescape(field: &str) -> StrBuf {
    let mut units = Vec::new();
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('u') => {
                    let digits: String = chars.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).unwrap());
                }
                other => units.extend(other.unwrap().encode_utf16(&mut [0; 2]).iter()),
            },
            _ => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    StrBuf::from_units(units)
}

fn replay(recorded: &str) {
    let (mut agreed, mut skipped, mut wrong) = (0, 0, Vec::new());
    for line in recorded.lines().filter(|line| !line.starts_with('#')) {
        let case = Case::parse(line);
        // The record writes a lone surrogate of an answer as `?`; so does `Display`.
        let want: Vec<String> = case.answer.iter().map(StrBuf::to_string).collect();
        match case.ours() {
            None => skipped += 1,
            Some((kind, ours)) if kind == case.kind && ours == want => agreed += 1,
            Some((kind, ours)) => {
                wrong.push(format!("{}: {kind} {ours:?}, recorded {} {want:?}", case.id, case.kind));
            }
        }
    }
    println!("{agreed} agree, {skipped} not ours, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(agreed > 0);
}

#[test]
fn recorded_answers() {
    replay(include_str!("../patterns/recorded.tsv"));
}

#[test]
fn answers_asked_for() {
    replay(include_str!("../patterns/asked.tsv"));
}

#[test]
fn length_counts_utf16_units() {
    assert!(Pattern::new(&"é".repeat(4096)).is_ok());
    assert!(Pattern::new(&"😀".repeat(2048)).is_ok());
    let error = Pattern::new(&"😀".repeat(2049)).unwrap_err().to_string();
    assert!(error.starts_with("Regular expression too long. Maximum allowed length: 4096 Pattern: 😀"));
    // The length comes first, then the groups, then the syntax.
    let error = Pattern::new(&"(".repeat(4097)).unwrap_err().to_string();
    assert!(error.starts_with("Regular expression too long."), "{error}");
}

#[test]
fn oversized_patterns_are_refused_without_building_them() {
    // A thousand times each: building even one would take far longer than the whole suite may.
    for _ in 0..1_000 {
        assert!(Pattern::new("((a{100}){100}){100}").is_err());
        assert!(Pattern::new("(((a{1000}){1000}){1000})").is_err());
        assert!(Pattern::new(r"((\pL{100}){100}){100}").is_err());
    }
}

#[test]
fn deep_trees_do_not_exhaust_the_stack() {
    // RE2/J allows a repetition to be repeated behind an empty quote or a flag group.
    assert!(Pattern::new(&format!("a*{}", r"\Q\E*".repeat(100))).is_ok());
    assert!(Pattern::new(&format!("a*{}", r"\Q\E*".repeat(800))).is_err());
    let nested = format!("{}a{}", "(?:".repeat(20), ")*".repeat(20));
    assert!(Pattern::new(&nested).unwrap().matches(Str::Utf8("aaa")));
}

#[test]
fn many_empty_matches_in_surrogate_pairs_stay_linear() {
    let text = "😀".repeat(20_000);
    let pieces = Pattern::new("").unwrap().split(Str::Utf8(&text), 1 << 20).unwrap();
    assert_eq!(pieces.len(), 40_001);
}

#[test]
fn patterns_are_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    shared(&Pattern::new("a").unwrap());
}

#[test]
fn database_patterns() {
    let (mut wrong, mut rows) = (Vec::new(), 0);
    for line in include_str!("../patterns/database.tsv").lines().filter(|line| !line.starts_with("# ")) {
        let fields: Vec<_> = line.split('\t').collect();
        let [origin, source, flags, text, want, why @ ..] = fields.as_slice() else { panic!("{line}") };
        assert!(["recorded", "documented", "decided"].contains(origin), "{line}");
        let ours = match Pattern::database(source, flags.contains('i')) {
            Ok(pattern) if pattern.is_found(unescape(text).as_str()) => "found".to_owned(),
            Ok(_) => "absent".to_owned(),
            Err(error) => {
                let place = source.get(error.span.range());
                assert!(place.is_some_and(|place| !place.is_empty() || source.is_empty()), "{line}: {:?}", error.span);
                format!("refused\t{error}")
            }
        };
        rows += 1;
        let want = [&[*want][..], why].concat().join("\t");
        if ours != want {
            wrong.push(format!("/{source}/{flags} on {text:?}: {ours}, not {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows > 400, "{rows}");
}

#[test]
fn database_patterns_say_where_and_what_would_be_right() {
    let shown = |source: &str| {
        let error = Pattern::database(source, false).unwrap_err();
        let place = &source[error.span.range()];
        format!("`{place}` at {}: {error}; {}", error.span.start, error.hint.as_deref().unwrap_or_default())
    };
    let shown: Vec<_> =
        ["é(?:a)", r"a\bc", "a+?", "(a^)", "a&b", "😀[z-a]", "a{x}", "(a|)", "[a", "((a)"].map(shown).into();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn database_patterns_are_bounded() {
    let refused = |source: &str| Pattern::database(source, true).unwrap_err().message;
    assert_eq!(refused(&"a".repeat(16_385)), "regular expression longer than 16384 bytes");
    assert_eq!(refused(&"(".repeat(16_384)), "more than 40 groups within each other");
    for _ in 0..1_000 {
        assert_eq!(refused("((a{100}){100}){1000}"), "regular expression too large");
    }
    let deepest = format!("{}a{}", "(b|c".repeat(40), ")*".repeat(40));
    assert!(Pattern::database(&deepest, false).unwrap().is_found(Str::Utf8("bca")));
    assert!(Pattern::database(&vec!["é"; 5_000].join("|"), true).unwrap().is_found(Str::Utf8("É")));
}

#[test]
fn database_patterns_search_large_texts() {
    let plain = "ab ".repeat(3_500_000);
    let astral = format!("{plain}😀");
    let rows = [
        ("(a|b)*c", false),
        ("^(a|b| )*$", true),
        ("(a+)+x", false),
        ("b a$", false),
        ("^ab", true),
        (r"\w{3}", false),
        ("[^ ]+ [^ ]+ .*z", false),
    ];
    for (source, want) in rows {
        let pattern = Pattern::database(source, false).unwrap();
        assert_eq!(pattern.is_found(Str::Utf8(&plain)), want, "{source}");
        assert_eq!(pattern.is_found(Str::Utf8(&astral)), want && !source.contains('$'), "{source}");
    }
}

#[test]
fn usual_database_patterns_allocate_nothing() {
    let texts = ["https://a.b/c.png", "user_1 admin", "2024-01-31", "😀", ""];
    for source in
        ["^[a-z0-9-]+$", r"^\d{4}-\d\d-\d\d$", "^.{1,20}$", "^(draft|live)$", "admin", "^user_", r"\.(png|jpg)$"]
    {
        let pattern = Pattern::database(source, false).unwrap();
        let used = allocation_counter::measure(|| {
            for text in texts {
                std::hint::black_box(pattern.is_found(Str::Utf8(text)));
            }
        });
        assert_eq!(used.count_total, 0, "{source}");
    }
}
