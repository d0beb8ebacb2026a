//! What holds for all rules and all requests. `properties/` makes them.
//!
//! The second half are classes of case where other engines allow what the official one denies: a wrong allow is the
//! worst fault of all, so each class is a property over generated values.

mod requests;
mod source;

use firewarden::{
    Auth, Cause, Decision, Diagnostics, Documents, Error, Outcome, Value,
    firestore::{self, Document, Query},
    internals::syntax,
    storage::{Request, Ruleset},
    text::Source,
    value::{Comparator, Map},
};
use proptest::{collection::vec, prelude::*, sample::select, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value as Json, json};
use source::{damaged, literal, parts, statement, tokens};

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn any_text_is_read_or_refused_with_positions(text in any::<String>()) {
        read_or_refused(&text);
    }

    #[test]
    fn tokens_in_any_order_are_read_or_refused_with_positions(text in tokens()) {
        read_or_refused(&text);
    }

    #[test]
    fn damaged_rules_are_read_or_refused_with_positions(text in damaged()) {
        read_or_refused(&text);
    }

    #[test]
    fn printed_rules_are_the_same_rules(parts in parts(), request in requests::ordinary()) {
        let text = parts.text();
        let Ok(read) = syntax::parse_service(&Source::new("a", text.as_str())) else { return Ok(()) };
        let printed = syntax::print_ruleset(&read);
        let again = syntax::parse_service(&Source::new("b", printed.as_str()))
            .map_err(|refused| TestCaseError::fail(format!("{text}\n{printed}\n{refused}")))?;
        prop_assert_eq!(&printed, &syntax::print_ruleset(&again));
        match (text.parse::<Ruleset>(), printed.parse::<Ruleset>()) {
            (Ok(a), Ok(b)) => {
                let (a, b) = (decide(&a, &request), decide(&b, &request));
                prop_assert_eq!(outcome(&a), outcome(&b), "{}\n{}", text, printed);
            }
            (Err(Error::Source(a)), Err(Error::Source(b))) => prop_assert_eq!(errors(&a), errors(&b)),
            (a, b) => prop_assert!(false, "{text}\n{a:?}\n{printed}\n{b:?}"),
        }
    }

    #[test]
    fn what_is_explained_is_what_is_decided(parts in parts(), request in requests::ordinary()) {
        let Ok(rules) = parts.text().parse::<Ruleset>() else { return Ok(()) };
        let documents = documents();
        let decided = rules.evaluate(&request, &documents).unwrap();
        let explained = rules.explain(&request, &documents).unwrap();
        prop_assert_eq!(decided.cause(), explained.cause());
        prop_assert_eq!(rules.permits(&request, &documents).unwrap(), decided.is_allowed());
        // Twice, and by a clone, the same.
        let again = rules.clone().evaluate(&request, &documents).unwrap();
        prop_assert_eq!(again.cause(), decided.cause());
        // What no rules can decide leaves no trace.
        prop_assert_eq!(explained.trace().is_none(), matches!(decided.cause(), Cause::Refused(_)));
        let blocks = explained.trace().into_iter().flatten();
        let tried: Vec<_> = blocks.flat_map(|block| &block.statements).collect();
        let permits = |outcome: &Outcome| matches!(outcome, Outcome::Value(Value::Bool(true)));
        // Blocks after one that permits are tried where they can end everything, which denies.
        let permitted = tried.iter().any(|statement| permits(&statement.outcome));
        prop_assert!(permitted == decided.is_allowed() || permitted && matches!(decided.cause(), Cause::Aborted(_)));
        if let Some(fault) = decided.error() {
            prop_assert!(again.reason().contains("storage.rules:"), "{}: {}", fault.message, again.reason());
        }
        prop_assert!(!explained.explanation().to_string().is_empty());
    }

    #[test]
    fn one_more_allow_never_denies(
        parts in parts(), request in requests::ordinary(), more in statement(),
        block in 0..3_usize, place in 0..4_usize,
    ) {
        let text = parts.with(block, place, &more);
        let (Ok(before), Ok(after)) = (parts.text().parse::<Ruleset>(), text.parse::<Ruleset>()) else { return Ok(()) };
        let (before, after) = (decide(&before, &request), decide(&after, &request));
        let ended = matches!(after.cause(), Cause::Aborted(_)) || after.reason().contains("Service call error");
        prop_assert!(after.is_allowed() || !before.is_allowed() || ended, "{text}\n{}", after.explanation());
    }

    #[test]
    fn odd_requests_are_decided(parts in parts(), request in requests::odd()) {
        let Ok(rules) = parts.text().parse::<Ruleset>() else { return Ok(()) };
        let documents = documents();
        let decision = rules.explain(&request, &documents).unwrap();
        prop_assert!(!decision.reason().is_empty());
        prop_assert_eq!(rules.permits(&request, &documents).unwrap(), decision.is_allowed());
        prop_assert!(!decision.explanation().to_string().is_empty());
    }

    #[test]
    fn blocks_cover_the_paths_that_their_segments_spell(
        patterns in vec(vec(select(&["a", "b", "{x}", "{y}", "{rest=**}"][..]), 1..4), 1..4),
        path in vec(select(&["a", "b", "c"][..]), 1..5),
        version in 1..=2_u8,
    ) {
        // A file has a variable once in a path, and in version 1 a glob only at the end.
        let distinct = |pattern: Vec<&'static str>| {
            let mut seen = Vec::new();
            let last = pattern.len() - 1;
            let usual = |(at, segment): (usize, &'static str)| {
                let placed = version == 2 || at == last || segment != "{rest=**}";
                let fits = placed && (!segment.starts_with('{') || !seen.contains(&segment));
                seen.push(segment);
                if fits { segment } else { "a" }
            };
            pattern.into_iter().enumerate().map(usual).collect()
        };
        let patterns: Vec<Vec<&str>> = patterns.into_iter().map(distinct).collect();
        let blocks: String = patterns.iter().map(|p| format!("match /{} {{ allow get; }}\n", p.join("/"))).collect();
        let rules = in_version(version, &format!("match /b/{{bucket}}/o {{\n{blocks}}}")).parse::<Ruleset>().unwrap();
        let covered = patterns.iter().any(|pattern| covers(pattern, &path, if version == 1 { 1 } else { 0 }));
        let decision = decide(&rules, &Request::get("bucket", path.join("/")));
        prop_assert_eq!(decision.is_allowed(), covered, "{}", decision.explanation());
    }

    #[test]
    fn and_and_or_follow_their_tables(operands in vec(0..4_usize, 2..5), and in any::<bool>()) {
        let texts = ["true", "false", "resource.size == 1", "5"];
        let sign = if and { " && " } else { " || " };
        let text = operands.iter().map(|o| texts[*o]).collect::<Vec<_>>().join(sign);
        let deciding = usize::from(and);
        // The operand that decides wins over any error, the first error over what does not decide.
        let expected = match operands.iter().find(|o| **o >= 2) {
            _ if operands.contains(&deciding) => format!("{}", !and),
            Some(2) => "Null value error.".to_owned(),
            Some(_) => "Type error. Received: [int] Expected: [bool].".to_owned(),
            None => format!("{and}"),
        };
        prop_assert_eq!(value(&text), expected, "{}", text);
    }
}

proptest! {
    #![proptest_config(config(128))]

    // Truthiness.

    #[test]
    fn a_condition_that_is_no_bool_never_permits(value in requests::json(), around in select(AROUND)) {
        prop_assume!(!value.is_boolean());
        let condition = around.replace('@', "v");
        never_permits(&condition, &value)?;
        if let Some(text) = value.as_str() {
            never_permits(&around.replace('@', &literal(text)), &value)?;
        }
    }

    #[test]
    fn texts_of_truth_are_no_truth(
        text in select(&["true", "yes", "1", "TRUE", "on", "false", "no", ""][..]), around in select(AROUND),
    ) {
        never_permits(&around.replace('@', "v"), &json!(text))?;
    }

    // Operands.

    #[test]
    fn only_lists_sets_and_maps_contain(
        element in requests::json(), container in requests::scalar(), around in select(AROUND),
    ) {
        let claims = json!([element, container]);
        never_permits(&around.replace('@', "(v[0] in v[1])"), &claims)?;
    }

    #[test]
    fn keys_of_maps_are_texts(key in requests::json(), map in requests::object_of(), around in select(AROUND)) {
        prop_assume!(!key.is_string());
        never_permits(&around.replace('@', "(v[0] in v[1])"), &json!([key, map]))?;
        never_permits(&around.replace('@', "(v[1][v[0]] != null)"), &json!([key, map]))?;
    }

    #[test]
    fn only_documented_pairs_of_operands_have_a_result(
        a in select(OPERANDS), b in select(OPERANDS),
        sign in select(&["+", "-", "*", "/ ", "%", "<", "<=", ">", ">="][..]), around in select(AROUND),
    ) {
        let (kind, other) = (a.0, b.0);
        let numbers = kind == "number" && other == "number";
        let both = |kinds: &[&str]| kind == other && kinds.contains(&kind);
        let documented = numbers || match sign {
            "+" if kind != other => [kind, other].iter().all(|kind| ["duration", "timestamp"].contains(kind)),
            "+" => both(&["string", "duration"]),
            "-" => both(&["duration", "timestamp"]) || (kind == "timestamp" && other == "duration"),
            "*" | "/ " | "%" => false,
            _ => both(&["string", "bytes", "duration", "timestamp"]),
        };
        let operation = format!("({} {sign}{})", a.1, b.1);
        if documented {
            let is_error = value(&format!("{operation} == {operation} || true"));
            prop_assert_eq!(is_error, "true");
        } else {
            never_permits(&around.replace('@', &format!("({operation} == {operation})")), &json!(null))?;
            never_permits(&around.replace('@', &format!("({operation} != 0)")), &json!(null))?;
            never_permits(&around.replace('@', &operation), &json!(null))?;
        }
    }

    #[test]
    fn what_is_absent_equals_nothing_and_differs_from_nothing(other in requests::json(), around in select(AROUND)) {
        for absent in ["v[0]['absent']", "v[0].absent", "v[0]['a']['b']"] {
            for sign in ["==", "!="] {
                let condition = around.replace('@', &format!("({absent} {sign} v[1])"));
                never_permits(&condition, &json!([{ "present": 1 }, other]))?;
            }
        }
    }

    // Scope.

    #[test]
    fn functions_see_what_encloses_their_declaration(name in "[a-z]{3,8}", text in "[a-z]{1,5}") {
        prop_assume!(!KEYWORDS.split_whitespace().any(|word| word == name));
        let rules = |outer: &str, inner: &str, condition: &str| {
            let block = format!("match /{{{name}}} {{ {inner} allow read: if {condition}; }}");
            rules(&format!("{outer} match /b/{{bucket}}/o {{ {block} }}"))
        };
        let reads = format!("function reads_() {{ return {name} == '{text}'; }}");
        let request = Request::get("b", text.as_str());
        // Declared outside, it does not see the caller's wildcard; declared inside, it does.
        let decision = decide(&rules(&reads, "", "reads_()"), &request);
        prop_assert_eq!(decision.error().map(|e| e.message.as_str()), Some("Null value error."));
        prop_assert!(!decide(&rules(&reads, "", "!reads_()"), &request).is_allowed());
        prop_assert!(decide(&rules("", &reads, "reads_()"), &request).is_allowed());
        // Nor does it call an inner function of the same name as an outer one.
        let outer = "function same_() { return false; } function calls_() { return same_(); }";
        let inner = "function same_() { return true; }";
        prop_assert!(!decide(&rules(outer, inner, "calls_()"), &request).is_allowed());
        prop_assert!(decide(&rules(outer, inner, "same_()"), &request).is_allowed());
        // A parameter is not seen by what the function calls.
        let passes = format!("function passes_({name}) {{ return reads_() || {name} == 0; }}");
        let outer = format!("{reads} {passes}");
        let rules = rules(&outer, "", &format!("passes_('{text}')"));
        prop_assert!(!decide(&rules, &request).is_allowed());
    }

    // Errors that end everything.

    #[test]
    fn nothing_absorbs_an_error_that_ends_the_evaluation(fatal in select(FATAL), around in select(ABSORBING)) {
        let condition = around.replace('@', fatal);
        for more in ["", "allow read: if true;"] {
            let block = format!("match /b/{{bucket}}/o/{{name}} {{ allow read: if {condition}; {more} }}");
            let decision = decide(&rules(&format!("{HELPERS} {block}")), &Request::get("b", "x"));
            prop_assert!(matches!(decision.cause(), Cause::Aborted(_)), "{condition}: {}", decision.reason());
            prop_assert!(decision.error().unwrap().fatal);
        }
    }

    // Limits.

    #[test]
    fn a_thousand_expressions_are_evaluated_and_not_one_more(counts in vec(1..97_usize, 1..6)) {
        // A literal costs one; an `&&` whose left operand does not decide costs two more than its operands.
        let cost: usize = counts.iter().map(|n| 3 * n - 2 + 3).sum::<usize>();
        let term = |n: &usize| format!("allow read: if {} && false;\n", vec!["true"; *n].join(" && "));
        let statements: String = counts.iter().map(term).collect();
        let rules = rules(&format!("match /b/{{bucket}}/o/{{name}} {{ {statements} allow read; }}"));
        let decision = decide(&rules, &Request::get("b", "x"));
        // The last statement costs one too.
        prop_assert_eq!(decision.is_allowed(), cost < 1000, "cost {}: {}", cost, decision.reason());
        prop_assert!(decision.is_allowed() || matches!(decision.cause(), Cause::Aborted(_)), "{}", decision.reason());
    }

    #[test]
    fn sizes_are_utf16_units(text in any::<String>(), other in any::<String>()) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let size = units.len();
        let claims = json!([text, other]);
        permits(&format!("v[0].size() == {size}"), &claims)?;
        permits(&format!("{}.size() == {size}", literal(&text)), &claims)?;
        permits(&format!("v[0] == {}", literal(&text)), &claims)?;
        let (a, b) = (literal(&text), literal(&other));
        let less = units < other.encode_utf16().collect::<Vec<_>>();
        permits(&format!("({a} < {b}) == {less} && (v[0] < v[1]) == {less}"), &claims)?;
        permits(&format!("{a}.upper() == {}", literal(&text.to_ascii_uppercase())), &claims)?;
        permits(&format!("({a} + {b}).size() == {}", size + other.encode_utf16().count()), &claims)?;
        for at in 0..size.min(3) {
            permits(&format!("{a}[{at}].size() == 1"), &claims)?;
            permits(&format!("{at} + 1 == {size} || {a}[{at}] + {a}[{at} + 1:] == {a}[{at}:]"), &claims)?;
        }
        never_permits(&format!("{a}[{size}] != ''"), &claims)?;
    }

    // Numbers.

    #[test]
    fn equality_depends_on_where_numbers_stand(n in -(1_i64 << 53)..=(1_i64 << 53)) {
        permits(&format!("{n} == float({n})"), &json!(null))?;
        permits(&format!("[{n}] != [float({n})] && {{'a': {n}}} != {{'a': float({n})}}"), &json!(null))?;
        permits(&format!("!({n} in [float({n})])"), &json!(null))?;
        permits(&format!("{n} in [float({n})].toSet() && [{n}].toSet() == [float({n})].toSet()"), &json!(null))?;
        permits(&format!("{{'a': {n}}}.diff({{'a': float({n})}}).changedKeys().size() == 0"), &json!(null))?;
    }

    #[test]
    fn large_numbers_are_exact(n in (1_i64 << 53) + 1..i64::MAX) {
        let odd = n | 1;
        let claims = json!([odd, odd - 1]);
        permits(&format!("v[0] == {odd} && v[0] != {}", odd - 1), &claims)?;
        permits("v[0] - v[1] == 1", &claims)?;
        // Comparison with a float rounds, membership of a set does not.
        permits(&format!("{odd} == float({odd})"), &claims)?;
        if odd as f64 as i128 != i128::from(odd) {
            permits(&format!("!({odd} in [float({odd})].toSet())"), &claims)?;
        }
    }

    #[test]
    fn nothing_is_said_of_what_is_no_number(n in any::<f64>()) {
        let nan = "(0.0 / 0.0)";
        permits(&format!("{nan} != {nan} && !({nan} == {nan}) && !({nan} < {nan})"), &json!(null))?;
        permits(&format!("!({nan} in [{nan}]) && {nan} in [{nan}].toSet()"), &json!(null))?;
        permits(&format!("[{nan}] != [{nan}] && [{nan}].toSet() == [{nan}].toSet()"), &json!(null))?;
        permits(&format!("{{'a': {nan}}}.diff({{'a': {nan}}}).unchangedKeys() == ['a'].toSet()"), &json!(null))?;
        permits(&format!("!({nan} < v) && !({nan} >= v)"), &json!(n))?;
    }

    // Globs.

    #[test]
    fn a_rest_is_a_path(segments in vec("[a-z]{1,4}", 0..4), around in select(AROUND)) {
        let name = segments.join("/");
        for version in [1, 2] {
            let rules = |condition: &str| {
                let block = format!("match /b/{{bucket}}/o/x/{{rest=**}} {{ allow read: if {condition}; }}");
                in_version(version, &block).parse::<Ruleset>().unwrap()
            };
            let request = Request::get("b", format!("x/{name}").trim_end_matches('/').to_owned());
            let covered = version == 2 || !segments.is_empty();
            prop_assert_eq!(decide(&rules("rest is path && !(rest is string)"), &request).is_allowed(), covered);
            let as_text = rules(&format!("rest == '{name}' || rest == '/{name}' || rest == null"));
            prop_assert!(!decide(&as_text, &request).is_allowed());
            for text in ["rest.matches('.*')", "rest.size() >= 0", "rest + '' == ''", "rest < 'zzzz'"] {
                let rules = rules(&around.replace('@', &format!("({text})")));
                prop_assert!(!decide(&rules, &request).is_allowed());
            }
        }
    }

    // Lists.

    #[test]
    fn a_list_is_permitted_only_where_all_its_documents_are(
        condition in source::about_a_field(),
        filters in vec((select(COMPARATORS), -2..3_i64, any::<bool>()), 0..3),
    ) {
        let block = format!("match /databases/{{db}}/documents/notes/{{note}} {{ allow read: if {condition}; }}");
        let text = format!("rules_version = '2'; service cloud.firestore {{ {block} }}");
        let rules: firestore::Ruleset = text.parse().unwrap();
        // Bounds are whole or halves.
        let bound = |n: i64, half: bool| if half { Value::from(n as f64 + 0.5) } else { Value::from(n) };
        let query = filters.iter().fold(Query::new(), |query, (op, n, half)| query.filter("n", *op, bound(*n, *half)));
        let list = rules.explain(&firestore::Request::list("notes", query), &()).unwrap();
        if !list.is_allowed() {
            return Ok(());
        }
        for (n, half) in (-4..5).flat_map(|n| [(n, false), (n, true)]) {
            let doubled = |n: i64, half: bool| 2 * n + i64::from(half);
            let found = |(op, m, h): &(Comparator, i64, bool)| holds(doubled(n, half), *op, doubled(*m, *h));
            let stored = Document::new("notes/n1", Map::from([("n", bound(n, half)), ("m", Value::from(1))]));
            let get = rules.evaluate(&firestore::Request::get("notes/n1").existing(stored), &()).unwrap();
            let known = !filters.iter().all(found) || get.is_allowed();
            prop_assert!(known, "{condition}: list permitted, but not {n} half {half}\n{}", list.explanation());
        }
    }

    // Sources.

    #[test]
    fn leading_zeros_are_refused(zeros in 1..4_usize, digits in "[0-9]{1,5}", fraction in select(&["", ".5"][..])) {
        let rules = on_condition(&format!("{}{digits}{fraction} == 1", "0".repeat(zeros)));
        prop_assert!(rules.parse::<Ruleset>().is_err());
    }

    #[test]
    fn packages_are_no_names(package in select(&syntax::PACKAGES[..])) {
        for text in [
            format!("match /{{{package}}} {{ allow read; }}"),
            format!("match /x/{{{package}=**}} {{ allow read; }}"),
            format!("function f({package}) {{ return true; }} match /a {{ allow read: if f(1); }}"),
            format!("function f() {{ let {package} = 1; return true; }} match /a {{ allow read: if f(); }}"),
            format!("match /a {{ allow read: if {package} == 1 || true; }}"),
        ] {
            prop_assert!(in_version(2, &text).parse::<Ruleset>().is_err(), "{}", text);
        }
    }

    #[test]
    fn recursion_is_refused_however_long_the_circle(length in 1..20_usize, called in any::<bool>()) {
        let function = |n: usize| format!("function f{n}() {{ return true || f{}(); }}\n", (n + 1) % length);
        let functions: String = (0..length).map(function).collect();
        let condition = if called { "f0()" } else { "true" };
        let text = in_version(2, &format!("{functions} match /a {{ allow read: if {condition}; }}"));
        prop_assert!(text.parse::<Ruleset>().is_err(), "{}", text);
    }

    // Patterns.

    #[test]
    fn patterns_beyond_re2_are_refused(inside in "[a-z]{1,3}", beyond in select(BEYOND_RE2)) {
        let pattern = beyond.replace('@', &inside);
        let condition = format!("'{inside}'.matches({})", literal(&pattern));
        prop_assert!(on_condition(&condition).parse::<Ruleset>().is_err(), "{}", pattern);
        for around in AROUND {
            never_permits(&around.replace('@', &format!("'{inside}'.matches(v)")), &json!(pattern))?;
        }
    }

    #[test]
    fn groups_nest_twenty_deep_and_a_repeat_counts_to_a_thousand(depth in 1..40_usize, count in 1..2_000_usize) {
        let nested = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        let accepted = on_condition(&format!("'a'.matches('{nested}')")).parse::<Ruleset>().is_ok();
        prop_assert_eq!(accepted, depth <= 20, "{} groups", depth);
        let accepted = on_condition(&format!("'a'.matches('a{{{count}}}')")).parse::<Ruleset>().is_ok();
        prop_assert_eq!(accepted, count <= 1_000, "a repeat of {}", count);
    }

    // Paths and keys that are computed.

    #[test]
    fn computed_keys_and_paths_of_other_kinds_fail(key in requests::json(), around in select(AROUND)) {
        prop_assume!(!key.is_string() && !key.is_array());
        never_permits(&around.replace('@', "({'a': 1}.get(v, 0) == 0)"), &key)?;
        never_permits(&around.replace('@', "(path(v) != /a)"), &key)?;
        never_permits(&around.replace('@', "({'a': {'b': 1}}.get(['a', v], 0) == 0)"), &key)?;
    }
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn a_value_of_two_mebibytes_ends_the_evaluation(
        size in prop_oneof![1_usize..1_000_000, 1_060_000_usize..1_500_000],
    ) {
        let claims = json!("a".repeat(size));
        let condition = format!("(v + v).size() == {} || true", 2 * size);
        let decision = ask(&condition, &claims);
        prop_assert_eq!(decision.is_allowed(), size < 1_000_000, "{}: {}", size, decision.reason());
        prop_assert!(decision.is_allowed() || matches!(decision.cause(), Cause::Aborted(_)));
    }

    #[test]
    fn texts_doubled_too_often_end_the_evaluation(doublings in 1..40_usize) {
        let function = |n: usize| match n {
            0 => "function d0() { return '0123456789abcdef0123456789abcdef'; }".to_owned(),
            n => format!("function d{n}() {{ let t = d{}(); return t + t; }}", n - 1),
        };
        let depth = doublings.min(19);
        let functions: String = (0..=depth).map(function).collect();
        let block = format!("match /b/{{bucket}}/o/{{name}} {{ allow read: if d{depth}().size() > 0 || true; }}");
        let decision = decide(&rules(&format!("{functions} {block}")), &Request::get("b", "x"));
        prop_assert_eq!(decision.is_allowed(), depth < 16, "{}: {}", depth, decision.reason());
        prop_assert!(decision.is_allowed() || matches!(decision.cause(), Cause::Aborted(_)));
    }
}

#[test]
fn the_generators_make_rules_that_are_accepted_and_requests_that_are_decided_either_way() {
    let mut runner = TestRunner::deterministic();
    let (mut accepted, mut allowed, mut false_only, mut failed) = (0, 0, 0, 0);
    for _ in 0..400 {
        let parts = parts().new_tree(&mut runner).unwrap().current();
        let request = requests::ordinary().new_tree(&mut runner).unwrap().current();
        let Ok(rules) = parts.text().parse::<Ruleset>() else { continue };
        accepted += 1;
        match decide(&rules, &request).cause() {
            Cause::Permitted(_) => allowed += 1,
            Cause::ConditionsFalse => false_only += 1,
            Cause::Failed(_) => failed += 1,
            _ => {}
        }
    }
    println!("of 400 files {accepted} are accepted; {allowed} requests allowed, {false_only} false, {failed} failed");
    assert!(accepted > 200 && allowed > 40 && false_only > 10 && failed > 40);
}

/// What can stand around a condition that fails: none of it may make it permit.
const AROUND: &[&str] = &[
    "@",
    "!@",
    "!!@",
    "@ && true",
    "true && @",
    "@ || false",
    "false || @",
    "!(@ && true)",
    "!(@ || false)",
    "(@ ? true : true)",
    "(@ == true ? true : @)",
];

/// What absorbs ordinary errors.
const ABSORBING: &[&str] = &[
    "@",
    "@ || true",
    "!@",
    "(@ || true) || true",
    "@ && false || true",
    "[@] == [1] || true",
    "(@ ? true : true) || true",
];

/// What ends an evaluation.
const FATAL: &[&str] = &[
    "('a'.replace('a', '$1') == 'a')",
    "('a'.replace('(a)', '$2') == 'a')",
    "thousand()",
    "(hundred() && hundred() && hundred() && hundred() && hundred())",
];

const HELPERS: &str = "
    function ten() { return true && true && true && true && true && true && true && true && true && true; }
    function half() { return ten() && ten() && ten() && ten() && ten(); }
    function hundred() { return half() && half(); }
    function thousand() { return hundred() && hundred() && hundred() && hundred(); }";

const COMPARATORS: &[Comparator] =
    &[Comparator::Eq, Comparator::Ne, Comparator::Lt, Comparator::Le, Comparator::Gt, Comparator::Ge];

fn holds(a: i64, op: Comparator, b: i64) -> bool {
    match op {
        Comparator::Eq => a == b,
        Comparator::Ne => a != b,
        Comparator::Lt => a < b,
        Comparator::Le => a <= b,
        Comparator::Gt => a > b,
        Comparator::Ge => a >= b,
        Comparator::ListContains => false,
    }
}

/// A value of each type, with what can be added, subtracted and ordered.
const OPERANDS: &[(&str, &str)] = &[
    ("number", "1"),
    ("number", "2.5"),
    ("string", "'a'"),
    ("bool", "true"),
    ("null", "null"),
    ("list", "[1]"),
    ("map", "{'a': 1}"),
    ("set", "[1].toSet()"),
    ("bytes", "b'a'"),
    ("path", "path('/a')"),
    ("duration", "duration.value(1, 's')"),
    ("timestamp", "timestamp.date(2026, 1, 1)"),
    ("latlng", "latlng.value(1, 1)"),
];

/// Patterns of other engines. `@` stands for text.
const BEYOND_RE2: &[&str] = &[
    "(?=@)@",
    "(?!@)@",
    "(?<=@)@",
    "(?<!@)@",
    "(@)\\1",
    "(?<n>@)\\k<n>",
    "(?>@)",
    "@*+",
    "@{1001}",
    "@**",
    "\\Z@",
    "\\G@",
    "(?x)@",
    "(?#@)@",
    "\\h@",
    "@{2,1}",
    "(@",
    "@)",
    "[@",
    "\\cA@",
    "\\X@",
];

/// What is no name for a user's function.
const KEYWORDS: &str = "true false null function return match allow service import let request resource math hashing \
    latlng duration read write get list create update delete bucket path int float string bool debug if in is do for not \
    var case deny each else goto then break while switch default extends package continue arguments rules_version";

/// So many cases, or more where `PROPTEST_CASES` (256 unless set) says so. Failing cases are shrunk and printed, but not
/// written into the tree.
fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: (cases * default.cases / 256).max(1),
        failure_persistence: None,
        max_global_rejects: 100_000,
        max_shrink_iters: 2_000,
        ..default
    }
}

fn in_version(version: u8, blocks: &str) -> String {
    format!("rules_version = '{version}';\nservice firebase.storage {{\n{blocks}\n}}\n")
}

fn rules(blocks: &str) -> Ruleset {
    let text = in_version(2, blocks);
    text.parse().unwrap_or_else(|refused| panic!("{text}: {refused}"))
}

fn on_condition(condition: &str) -> String {
    in_version(2, &format!("match /b/{{bucket}}/o/{{name}} {{ allow read: if {condition}; }}"))
}

fn documents() -> Map {
    Map::from([("users/alice", Value::from(json!({ "level": 3 })))])
}

fn decide(rules: &Ruleset, request: &Request<'_>) -> Decision {
    rules.evaluate(request, &documents()).unwrap()
}

/// Decides a condition in which `v` is a claim of the user.
fn ask(condition: &str, claim: &Json) -> Decision {
    let function = format!("function asked(v) {{ return {condition}; }}");
    let rules = rules(&format!("{function} match /b/{{bucket}}/o/x {{ allow read: if asked(request.auth.token.v); }}"));
    let auth = Auth::user("alice").claims(json!({ "v": claim }));
    let documents: &dyn Documents = &();
    rules.evaluate(&Request::get("b", "x").auth(auth), documents).unwrap()
}

/// `true`, `false` or the message of the error.
fn value(condition: &str) -> String {
    let decision = ask(condition, &json!(null));
    decision.error().map_or_else(|| decision.is_allowed().to_string(), |fault| fault.message.clone())
}

fn never_permits(condition: &str, claim: &Json) -> Result<(), TestCaseError> {
    let decision = ask(condition, claim);
    prop_assert!(!decision.is_allowed(), "{condition} permits, v is {claim}");
    Ok(())
}

fn permits(condition: &str, claim: &Json) -> Result<(), TestCaseError> {
    let decision = ask(condition, claim);
    prop_assert!(decision.is_allowed(), "{condition}: {}, v is {claim}", decision.reason());
    Ok(())
}

/// Whether segments of a pattern spell a path; a glob takes at least so many.
fn covers(pattern: &[&str], path: &[&str], least: usize) -> bool {
    match pattern {
        [] => path.is_empty(),
        ["{rest=**}", rest @ ..] => (least..=path.len()).any(|taken| covers(rest, &path[taken..], least)),
        [first, rest @ ..] => match path {
            [segment, left @ ..] => (first == segment || first.starts_with('{')) && covers(rest, left, least),
            [] => false,
        },
    }
}

/// What decided, without its place.
fn outcome(decision: &Decision) -> String {
    match decision.cause() {
        Cause::Permitted(_) => "permitted".to_owned(),
        Cause::Failed(fault) => format!("failed: {}", fault.message),
        Cause::Aborted(fault) => format!("ended: {}", fault.message),
        other => format!("{other:?}"),
    }
}

fn errors(problems: &Diagnostics) -> Vec<(&str, &str)> {
    problems.iter().filter(|p| p.is_error()).map(|p| (p.code, p.message.as_str())).collect()
}

/// Both products read the text or refuse it with errors that stand in it.
fn read_or_refused(text: &str) {
    let refused = [text.parse::<Ruleset>().err(), text.parse::<firestore::Ruleset>().err()];
    for problems in refused.into_iter().flatten() {
        let Error::Source(problems) = problems else { panic!("{problems}") };
        assert!(problems.has_errors(), "{text:?}");
        for problem in &problems {
            let Some(span) = problem.span else { continue };
            assert!(span.start <= span.end && span.end as usize <= text.len() + 1, "{text:?}: {problem:?}");
            let place = problems.position(problem).unwrap();
            assert!(place.line >= 1 && place.column >= 1, "{text:?}");
        }
        assert!(problems.to_string().contains(" --> "), "{text:?}");
    }
}
