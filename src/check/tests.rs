//! Texts that are hard to check. `crates/cli/tests/command/oracle.rs` replays recorded answers.

use crate::{check::check, syntax::parse_service, text::Source};

/// The problems of a text that parses, one per line.
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

#[test]
fn a_source_longer_than_what_can_be_deployed_is_warned_of() {
    let text = "rules_version = '2'; service cloud.firestore { match /a { allow get; } }";
    let of_size = |bytes: usize| problems(&format!("{text}{}", " ".repeat(bytes - text.len())));
    assert_eq!(of_size(256 * 1024), [""; 0]);
    let warning = "WARNING 0:0 The source has 262145 bytes; deployment refuses more than 262144.";
    assert_eq!(of_size(256 * 1024 + 1), [warning]);
}

/// Texts of the size that the command accepts, each of which stresses one part of the checker.
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
        ("blocks", service(&many(30_000, &|i| format!("match /a/{{b{i}}} {{ allow get: if f(); }} ")))),
        (
            "names without end",
            service(&many(40, &|i| format!("function {0}{i}() {{ return {0}{1}(); }} ", "n".repeat(12_000), i + 1))),
        ),
    ]
}

/// Functions that call the next one at the bottom of a deep expression, for each kind of expression.
fn deep() -> Vec<(&'static str, String)> {
    let shapes = [
        "-(X)",
        "[X]",
        "{'a': X}",
        "(X) ? 1 : 2",
        "1 + (X)",
        "1 in (X)",
        "(X) == 1",
        "g(X)",
        "math.abs(X)",
        "a.split(X)",
        "a[X]",
        "/a/$(X)",
        "(X) is int",
        "a[X:]",
        "(X).a.size()[0]",
    ];
    let function = |shape: &str, i: usize| {
        let result = (0..40).fold(format!("f{}(a)", i + 1), |inner, _| shape.replace('X', &inner));
        format!("function f{i}(a) {{ return {result}; }} ")
    };
    let text = |shape: &str| {
        let functions: String = (0..20).map(|i| function(shape, i)).collect();
        let ends = "function f20(a) { return a; } function g(a) { return a; }";
        format!(
            "rules_version='2'; service cloud.firestore {{ {functions} {ends} match /a {{ allow get: if f0(1); }} }}"
        )
    };
    shapes.into_iter().map(|shape| (shape, text(shape))).collect()
}

#[test]
fn hostile_texts_end_and_do_not_overflow_the_stack() {
    for (what, text) in hostile().into_iter().chain(deep()) {
        let source = Source::new(what, text);
        let Ok(ruleset) = parse_service(&source) else { panic!("{what}: does not read") };
        // The test shows that the check ends, within a test thread's stack.
        check(&source, &ruleset);
    }
}

#[test]
fn names_that_only_requests_give_are_no_failure_where_none_gets() {
    let codes = |text: &str| {
        let source = Source::new("test.rules", text);
        let ruleset = parse_service(&source).unwrap();
        check(&source, &ruleset).iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let service = |body: &str| format!("rules_version='2'; service cloud.firestore {{ match /a {{ {body} }} }}");
    let unused = service("function f() { return request.auth != null && exists(/a/b); } allow get;");
    assert_eq!(codes(&unused), ["unused-function"; 3]);
    assert_eq!(codes(&service("allow foo: if request.auth != null;")), ["unknown-method"; 2]);
    assert_eq!(codes(&service("allow get: if requst.auth != null;")), ["unknown-variable"]);
}

#[test]
fn patterns_that_are_too_large_together_are_refused_before_they_are_built() {
    let file = |call: &str, count: usize| {
        let blocks: String = (0..count)
            .map(|n| format!("match /a{n}/{{x}} {{ allow read: if {}; }}\n", call.replace('#', &n.to_string())))
            .collect();
        format!("rules_version='2'; service firebase.storage {{ match /b/{{b}}/o {{\n{blocks}}} }}")
    };
    for (call, fits) in [
        (r"x.matches('\\pL[\\pL ]{1,300}#')", 1),
        ("x.matches('[ab]*a([ab]{1000}){10}c#')", 20),
        ("x.matches('[ab]*a[ab]{1000}#')", 200),
        ("x.split('(a{100}){100}#') == []", 20),
        ("x.replace('(a{100}){100}#', '') == ''", 20),
        (r"x.matches('\\pL+#')", 500),
    ] {
        assert_eq!(problems(&file(call, fits)), [""; 0], "{call}");
        let mut refused = Vec::new();
        let memory = allocation_counter::measure(|| refused = problems(&file(call, 2_000)));
        assert!(refused.iter().any(|line| line.starts_with("ERROR") && line.contains("too large together")), "{call}");
        assert!(memory.bytes_max < 64 << 20, "{call}: {}", memory.bytes_max);
    }
}
