//! The recorded answers of the official emulator, and texts made to be hard to check.

use std::{fs, path::Path, time::Instant};

use serde_json::Value as Json;

use crate::{check::check, syntax::parse_service, text::Source};

/// What the checker says of a text that reads, one line a problem.
fn problems(text: &str) -> Vec<String> {
    let source = Source::new("test.rules", text);
    let ruleset = parse_service(&source).unwrap_or_else(|refused| panic!("does not read:\n{refused}"));
    let found = check(&source, &ruleset);
    let line = |problem: &crate::text::Diagnostic| {
        let severity = if problem.is_error() { "ERROR" } else { "WARNING" };
        let (line, column) = found.position(problem).map_or((0, 0), |at| (at.line, at.column));
        format!("{severity} {line}:{column} {}", problem.message)
    };
    found.iter().map(line).collect()
}

#[test]
fn recorded_sources_have_the_recorded_problems_in_the_recorded_order() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/checks.jsonl");
    let mut wrong = Vec::new();
    for row in fs::read_to_string(table).unwrap().lines() {
        let row: Json = serde_json::from_str(row).unwrap();
        let line = |issue: &Json| {
            let text = |key: &str| issue[key].as_str().unwrap().to_owned();
            format!("{} {}:{} {}", text("severity"), issue["line"], issue["column"], text("message"))
        };
        let recorded: Vec<_> = row["issues"].as_array().unwrap().iter().map(line).collect();
        let source = row["source"].as_str().unwrap();
        let found = problems(source);
        if found != recorded {
            wrong.push(format!("{source}\nrecorded {recorded:#?}\nfound {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn a_parameter_has_the_types_that_all_its_uses_leave() {
    let source = "rules_version='2'; service cloud.firestore { match /a {
function f(a) { return a.size() == 1 && 1 in a; }
allow get: if f(1); } }";
    assert_eq!(
        problems(source),
        ["WARNING 3:17 Invalid type. Received one of [int]. Expected one of [list, set, map]."]
    );
}

#[test]
fn the_float_result_that_stops_the_official_compiler_is_reported_like_a_float() {
    let source = "rules_version='2'; service cloud.firestore { match /a { allow get: if\n[1][math.floor(1)] == 1; } }";
    assert_eq!(
        problems(source),
        ["WARNING 2:10 Invalid type. Received one of [float]. Expected one of [int, string]."]
    );
}

/// Texts of the size that the command accepts, each made against one part of the checker.
fn hostile() -> Vec<(&'static str, String)> {
    let service =
        |body: &str| format!("rules_version='2'; service cloud.firestore {{ {body} match /a {{ allow get; }} }}");
    let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let body = |text: String| format!("function f() {{ return [{text}]; }}");
    let fan = |i: usize, width: usize, next: &dyn Fn(usize) -> usize| {
        format!("function f{i}(a) {{ return {}; }} ", vec![format!("f{}(a)", next(i)); width].join(" == "))
    };
    vec![
        (
            "calls that double at each level",
            service(&(many(20, &|i| fan(i, 40, &|i| i + 1)) + "function f20(a) { return a; }")),
        ),
        (
            "a chain of functions",
            service(&(many(30_000, &|i| fan(i, 1, &|i| i + 1)) + "function f30000(a) { return a; }")),
        ),
        ("a circle of functions", service(&many(20_000, &|i| fan(i, 1, &|i| (i + 1) % 20_000)))),
        (
            "functions that all call each other",
            service(&many(60, &|i| format!("function f{i}() {{ return [{}]; }} ", many(60, &|j| format!("f{j}(), "))))),
        ),
        ("namesakes", service(&(many(15_000, &|_| "function f(a) { return f(a); } ".to_owned())))),
        (
            "parameters",
            service(&format!(
                "function f({}) {{ return [{}]; }}",
                many(60_000, &|i| format!("p{i}, ")) + "q",
                many(60_000, &|i| format!("p{i}, "))
            )),
        ),
        (
            "variables",
            service(&format!("function f() {{ {} return 1; }}", many(40_000, &|i| format!("let v{i} = 1; ")))),
        ),
        (
            "a list of uses",
            service(&format!("function f(a) {{ return [{}]; }}", many(150_000, &|_| "a + 1, ".to_owned()))),
        ),
        ("members", service(&body(many(2_000, &|_| format!("a{}, ", ".b".repeat(200)))))),
        ("methods", service(&body(many(250, &|_| format!("a{}, ", ".size()".repeat(500)))))),
        ("parentheses", service(&body(many(5_000, &|_| format!("{}a && a.b{}, ", "(".repeat(80), ")".repeat(80)))))),
        (
            "deep bodies in deep calls",
            service(
                &(many(20, &|i| {
                    format!(
                        "function f{i}(a) {{ return {}f{}(a){}; }} ",
                        "-(".repeat(40),
                        i + 1,
                        ".b".repeat(350) + &")".repeat(40)
                    )
                }) + "function f20(a) { return a; }"),
            ),
        ),
        ("blocks", service(&many(30_000, &|i| format!("match /a/{{b{i}}} {{ allow get: if f(); }} ")))),
        (
            "names without end",
            service(&many(40, &|i| format!("function {0}{i}() {{ return {0}{1}(); }} ", "n".repeat(12_000), i + 1))),
        ),
    ]
}

#[test]
fn no_text_takes_long_or_overflows_the_stack() {
    for (what, text) in hostile() {
        let source = Source::new(what, text);
        let start = Instant::now();
        eprintln!("read {what}");
        let Ok(ruleset) = parse_service(&source) else { panic!("{what}: does not read") };
        let read = start.elapsed();
        eprintln!("check");
        let found = check(&source, &ruleset);
        let checked = start.elapsed() - read;
        assert!(
            checked.as_secs() < 10,
            "{what}: {checked:?} for {} bytes and {} problems",
            source.text().len(),
            found.len()
        );
    }
}
