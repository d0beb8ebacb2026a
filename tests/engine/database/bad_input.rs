//! What no sensible host sends: a clear error or a denial, bounded, on the stack of an ordinary thread.

use std::thread;

use firewarden::{
    Error,
    database::{Cause, Data, DuplicateKeys, Request, Ruleset},
    text::Source,
};
use serde_json::{Value as Json, json};

use super::{allows, refused, rules};

/// Runs on a thread with the stack that tests have.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

fn reads(condition: &str) -> String {
    json!({ "rules": { ".read": condition } }).to_string()
}

fn first(text: &str) -> (String, u32, u32) {
    let found = refused(text);
    let problem = found.iter().next().unwrap();
    let at = found.position(problem).unwrap();
    (problem.message.clone(), at.line, at.column)
}

#[test]
fn text_that_is_no_rules_file_is_refused_with_its_place() {
    for (text, message, line, column) in [
        ("", "Parse error.", 1, 1),
        ("\n\n  function f() {}", "Parse error.", 3, 3),
        ("\u{feff}{\"rules\":{}}", "Parse error.", 1, 1),
        ("[]", "Parse error.", 1, 1),
        ("{}", "Expected 'rules' property.", 1, 2),
        ("{\n  \"a\": 1, \"rules\": {} }", "Expected 'rules' property.", 2, 3),
        ("{\"rules\":{}} x", "Unexpected 'x'.", 1, 14),
        ("{\"rules\":{}", "Unexpected end of input.", 1, 12),
        ("{'rules':{}}", "Unexpected '''.", 1, 2),
        ("{rules:{}}", "Unexpected 'rules'.", 1, 2),
        ("{\"rules\":{,}}", "Unexpected ','.", 1, 11),
        ("{\"rules\":{\"a\":{},,}}", "Expected '\"'.", 1, 18),
        ("{\"rules\":{\"a\" {}}}", "Expected ':'.", 1, 15),
        ("{\"rules\":{\"a\":{} \"b\":{}}}", "Expected ',' or '}'.", 1, 18),
        ("{\"rules\":{\"a\":tru}}", "Unexpected 'tru'.", 1, 15),
        ("{\"rules\":{\".read\":\"true}}", "Unexpected end of input.", 1, 19),
        ("{\"rules\":[]}", "Expected '{'.", 1, 10),
        ("{\"rules\":{\".read\":\"tr\\ue\"}}", "Invalid escape: '\\u'", 1, 22),
        ("{\"rules\":{\"a\\ud800\":{}}}", "Invalid escape: '\\u'", 1, 13),
        ("{\"rules\":{\"a\":null}}", "Expected '{'.", 1, 15),
        (
            "{\"rules\":{\".read\":[]}}",
            "Invalid rule expression.  Expected 'true', 'false', or an expression string.",
            1,
            19,
        ),
        (
            "{\"rules\":{\".indexOn\":[\"a\",1]}}",
            "Invalid indexOn expression. Must be either a string or an array of strings",
            1,
            27,
        ),
    ] {
        assert_eq!(first(text), (message.to_owned(), line, column), "{text:?}");
    }
}

#[test]
fn places_within_expressions_count_escapes_and_lines() {
    for (text, line, column) in [
        ("{\"rules\":{\".read\":\"auth != null && foo\"}}", 1, 36),
        ("{\"rules\":{\".read\":\"'\\u0041\\\\n' == foo\"}}", 1, 35),
        ("{\"rules\":{\".read\":\"true &&\n  foo\"}}", 2, 3),
        ("{\"rules\":{\".read\":\"true\t&& foo\"}}", 1, 28),
        ("{\"rules\":{\".read\":\"'é😀' == foo\"}}", 1, 28),
        ("{\n  \"rules\": {\n    \".read\": \"tr\",\n  }\n}", 3, 15),
    ] {
        let (_, at_line, at_column) = first(text);
        assert_eq!((at_line, at_column), (line, column), "{text:?}");
    }
}

#[test]
fn a_key_twice_is_refused_unless_the_last_is_asked_for() {
    let text = r#"{"rules":{".read":true,"a":{},".read":false,"a":{".read":true}}}"#;
    let found = refused(text);
    assert_eq!(found.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["duplicate-key", "duplicate-key"]);
    assert_eq!(found.iter().next().unwrap().labels.len(), 1, "both places are named");
    let rules = Ruleset::parse_with(&Source::new("rules", text), DuplicateKeys::KeepLast).unwrap();
    assert!(!allows(&rules, &Request::read("/"), &Data::default()));
    assert!(allows(&rules, &Request::read("/a"), &Data::default()));
}

#[test]
fn nesting_is_bounded_before_anything_recurses() {
    on_a_small_stack(|| {
        for open in ["{\"a\":", "[", "{\"a\":["] {
            let text = format!("{{\"rules\":{}", open.repeat(100_000));
            assert!(refused(&text).iter().all(|problem| problem.code == "tree-too-deep"), "{open}");
        }
        let thousand = (0..1000).fold(json!({}), |inner, _| json!({ "a": inner }));
        // The printed JSON of so deep a value is made by hand: its own writer recurses.
        drop(thousand);
        let text = format!("{{\"rules\":{}{{}}{}}}", "{\"a\":".repeat(1000), "}".repeat(1000));
        assert_eq!(refused(&text).iter().next().unwrap().code, "tree-too-deep");
        let levels = format!("{{\"rules\":{}{{\".read\":true}}{}}}", "{\"a\":".repeat(200), "}".repeat(200));
        let rules: Ruleset = levels.parse().unwrap();
        assert_eq!(rules.warnings().iter().map(|problem| problem.code).collect::<Vec<_>>(), ["unreachable-rules"]);
        for (open, rest) in [
            ("(", "true"),
            ("!(", "true"),
            ("[", "1"),
            ("-(", "1"),
            ("true ? (", "true"),
            ("data.child(", "'a'"),
            ("auth[", "'a'"),
            // Brackets in texts, patterns and comments neither count nor hide others.
            ("')' == (", "1"),
            ("$k.matches(/)))/) && (", "true"),
            ("/* ) */ (", "true"),
            ("'\\'' + (", "1"),
            ("'/' + (", "1"),
            ("1 / 2 / (", "1"),
            ("true ? true : (", "true"),
            ("true ? ", "true"),
            // A number takes its point along, and no slash after it begins a pattern.
            ("1./(", "1"),
            ("1.5/(", "1"),
        ] {
            let text = reads(&format!("{}{rest}", open.repeat(10_000)));
            assert_eq!(refused(&text).iter().next().unwrap().code, "expression-too-deep", "{open}");
        }
        // Of what is not refused every level may need all operators.
        for open in ["(", "true || true && 1 == 1 < 1 + 1 * -(", "true ? true || true && 1 == [1 + 1 * data.child("] {
            let text = reads(&format!("{}1", open.repeat(240 / open.matches(['(', '[', '?']).count())));
            assert_eq!(first(&text).0, "Unexpected end of expression", "{open}");
        }
        for chain in ["!", "- ", "1 + ", "1 - ", "auth.uid == auth.uid == "] {
            let text = reads(&format!("{}1 == 1", chain.repeat(20_000)));
            assert!(text.parse::<Ruleset>().is_err(), "{chain}");
        }
        assert!(reads(&format!("auth{} == null", ".a".repeat(20_000))).parse::<Ruleset>().is_err());
        assert!(reads(&format!("data{}.exists()", ".parent()".repeat(20_000))).parse::<Ruleset>().is_err());
    });
}

#[test]
fn long_chains_of_conditions_are_read() {
    on_a_small_stack(|| {
        let users: Vec<_> = (0..5_000).map(|at| format!("auth.uid == 'user{at}'")).collect();
        let condition = users.join(" || ");
        assert!(condition.len() > 100_000);
        let rules: Ruleset = reads(&condition).parse().unwrap();
        let read = |uid: &str| allows(&rules, &Request::read("/").auth(firewarden::Auth::user(uid)), &Data::default());
        assert!(read("user0") && read("user4999") && !read("user5000"));
        let all: Ruleset = reads(&vec!["auth != null"; 8_000].join(" && ")).parse().unwrap();
        assert!(!allows(&all, &Request::read("/"), &Data::default()));
    });
}

#[test]
fn five_megabytes_of_rules_are_read() {
    on_a_small_stack(|| {
        let place =
            |at: usize| format!("\"place{at}\": {{ \".read\": \"auth.uid === 'user{at}' // {}\" }}", "x".repeat(400));
        let places: Vec<_> = (0..13_000).map(place).collect();
        let text = format!("{{ \"rules\": {{ {} }} }}", places.join(", "));
        assert!(text.len() > 5 << 20);
        let rules: Ruleset = text.parse().unwrap();
        let read = Request::read("/place12999").auth(firewarden::Auth::user("user12999"));
        assert!(rules.permits(&read, &()).unwrap());
        let noise = "\"".repeat(5 << 20);
        assert!(noise.parse::<Ruleset>().is_err());
        assert!(format!("{{\"rules\":{{\".read\":\"{}", "/*".repeat(1 << 20)).parse::<Ruleset>().is_err());
        assert!(reads(&"/".repeat(100_000)).parse::<Ruleset>().is_err());
        assert!(reads(&"'".repeat(100_001)).parse::<Ruleset>().is_err());
    });
}

#[test]
fn comments_end_where_javascript_ends_lines() {
    for end in ["\n", "\r", "\u{2028}", "\u{2029}"] {
        let rules: Ruleset = reads(&format!("true // whatever{end} && false")).parse().unwrap();
        assert!(!rules.permits(&Request::read("/"), &()).unwrap(), "{end:?}");
    }
    // Of the file's own comments only LF and CR end one; keys keep what they have.
    let rules: Ruleset = "{\"rules\":{ // a\r\".read\": true,\"a\u{2028}b\":{}}}".parse().unwrap();
    assert!(rules.permits(&Request::read("/"), &()).unwrap());
    let rules: Ruleset = "{\"rules\":{\"a\u{2028}b\":{\".read\":true}}}".parse().unwrap();
    assert!(rules.permits(&Request::read("/a\u{2028}b"), &()).unwrap());
}

#[test]
fn many_errors_in_one_line_are_told_with_their_columns() {
    let place = |at: usize| format!("\"é{at}\":{{\".read\":\"foo\"}}");
    let places: Vec<_> = (0..3_000).map(place).collect();
    let text = format!("{{\"rules\":{{{}}}}}", places.join(","));
    let found = refused(&text);
    assert_eq!(found.len(), 3_000);
    for problem in found.iter() {
        let column = found.position(problem).unwrap().column as usize;
        assert_eq!(text.chars().skip(column - 1).take(3).collect::<String>(), "foo");
    }
    let report = found.to_string();
    assert!(report.lines().all(|line| line.chars().count() < 260));
}

#[test]
fn patterns_that_the_dialect_refuses_are_refused_with_a_hint() {
    for pattern in
        ["(?:a)", "(?=a)", "a+?", "a**", r"\\bword\\b", "(^a$|b)", "^(a|)$", "a{3,1}", "a{99999}", "[z-a]", "\"a\""]
    {
        let text = format!("{{\"rules\":{{\"$k\":{{\".read\":\"$k.matches(/{}/)\"}}}}}}", pattern.replace('"', "\\\""));
        let found = refused(&text);
        let problem = found.iter().next().unwrap();
        assert_eq!(problem.code, "invalid-regex", "{pattern}: {found}");
        assert!(problem.hint.is_some() || !problem.message.is_empty(), "{pattern}");
    }
    for (text, message) in [
        ("$k.matches(/[a/)", "unterminated regular expression literal"),
        ("$k.matches(/a\n/)", "unterminated regular expression literal"),
        ("$k.matches(/a/g)", "regular expressions do not support flags other than i"),
        ("$k.matches(/a/ig)", "regular expressions do not support flags other than i"),
        ("$k == 'a", "unterminated string literal"),
    ] {
        let text = json!({ "rules": { "$k": { ".read": text } } }).to_string();
        assert_eq!(first(&text).0, message);
    }
}

#[test]
fn operators_that_rules_do_not_have_are_named() {
    for (condition, part) in [
        ("auth.uid = 'a'", "assignments"),
        ("auth.uid += 'a'", "assignments"),
        ("auth != null & true", "operator '&'"),
        ("auth != null | true", "operator '|'"),
        ("1 ^ 2 == 3", "operator '^'"),
        ("1 << 2 == 4", "operator '<<'"),
        ("1 >> 2 == 4", "operator '>>'"),
        ("typeof auth == 'a'", "operator 'typeof'"),
        ("'a' in auth", "operator 'in'"),
        ("~1 == 2", "operator '~'"),
        ("+1 == 1", "syntax error"),
        ("a => b", "assignments"),
        ("true; false", "missing ; before statement"),
        ("true;", "missing ; before statement"),
        ("true true", "missing ; before statement"),
        ("true &&", "Unexpected end of expression"),
        ("(true", "Unexpected end of expression"),
        ("true)", "syntax error"),
        ("", "Unexpected end of expression"),
        ("   ", "Unexpected end of expression"),
        ("// nothing", "Unexpected end of expression"),
        ("function () {}", "syntax error"),
        ("{a: 1}", "syntax error"),
        ("this == null", "syntax error"),
        ("new Date() > 1", "syntax error"),
        ("3px == 1", "syntax error"),
        ("1..toString()", "target is not an object"),
        ("'a' 'b'", "missing ; before statement"),
        ("data.child('a'", "Unexpected end of expression"),
        ("auth.", "Unexpected end of expression"),
        ("auth.uid.1", "syntax error"),
        ("2**2 == 4", "operator '**'"),
        ("i++ == 1", "missing ; before statement"),
        ("\\u0061uth == null", ""),
    ] {
        let (message, ..) = first(&reads(condition));
        assert!(message.contains(part), "{condition}: {message}");
    }
}

#[test]
fn expressions_that_grow_without_end_fail() {
    on_a_small_stack(|| {
        let grow = (0..200).fold("data.val()".to_owned(), |text, _| format!("({text} + data.val())"));
        let rules: Ruleset = reads(&format!("{grow}.length > 0 || true")).parse().unwrap();
        let stored = Data::from("x".repeat(1 << 20).as_str());
        assert!(!rules.permits(&Request::read("/"), &stored).unwrap());
        let replace: Ruleset = reads("data.val().replace('x', data.val()).length > 0 || true").parse().unwrap();
        assert!(!replace.permits(&Request::read("/"), &stored).unwrap());
        let everywhere: Ruleset = reads("data.val().replace('', data.val()).length > 0 || true").parse().unwrap();
        assert!(!everywhere.permits(&Request::read("/"), &stored).unwrap());
        let path: Ruleset = json!({ "rules": { ".read": format!("!root.child('{}').exists() && !root.hasChild('{}')", "a/".repeat(30_000), "a/".repeat(30_000)) } })
            .to_string().parse().unwrap();
        assert!(path.permits(&Request::read("/"), &()).unwrap());
        assert!(path.permits(&Request::read("/"), &super::behaviour::Lazy::default()).unwrap());
    });
}

#[test]
fn requests_of_any_shape_are_decided() {
    let rules = rules(
        &json!({ "rules": { ".read": true, ".write": true, "a": { "$b": { ".validate": "newData.val() != null" } } } }),
    );
    let deep = (0..120).fold(json!(1), |inner, _| json!({ "a": inner }));
    let arrays = (0..120).fold(json!(1), |inner, _| json!([inner]));
    for value in [
        deep,
        arrays,
        json!([[[[]]]]),
        json!({ "a": { "b": {} } }),
        json!({ ".priority": 1 }),
        json!({ ".value": null }),
    ] {
        let decision = rules.explain(&Request::write("/", value.clone()), &Data::default()).unwrap();
        assert!(decision.is_allowed() || matches!(decision.cause(), Cause::Refused(_)), "{value}");
    }
    for path in ["", "/", "//", "a//b", "/a/", "a", &"/a".repeat(5_000), "/\u{0}", "/..", "/é😀"] {
        let _ = rules.explain(&Request::read(path), &Data::default()).unwrap().explanation().to_string();
        let _ = rules.explain(&Request::update(path, json!({ "": 1 })), &Data::default()).unwrap();
    }
    let many: Json = Json::Object((0..20_000).map(|at| (format!("k{at}"), json!(at))).collect());
    assert!(allows(&rules, &Request::write("/a", many.clone()), &Data::default()));
    assert!(allows(&rules, &Request::update("/a", many), &Data::default()));
}

#[test]
fn rules_of_another_kind_are_not_database_rules() {
    let text = "rules_version = '2';\nservice firebase.storage { match /b/{b}/o/{o} { allow read; } }";
    assert!(matches!(text.parse::<Ruleset>(), Err(Error::Source(_))));
}
