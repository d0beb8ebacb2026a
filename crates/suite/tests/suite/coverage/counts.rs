//! What is counted where: functions of several services and callers, variables, nested branches, ratios, thresholds.

use firewarden::{
    Auth, Coverage, firestore,
    rules::{Product, Rules},
    storage,
    text::Source,
};
use firewarden_suite::coverage::{FileCoverage, GapKind, Measure, Ratio, Status, Threshold};

use super::hand::{
    conditions, counts, database_file, firestore_file, functions, lines, rules, statements, storage_file,
    storage_requests,
};

/// Covers Storage rules whose only block covers everything, with gets of `a` by each of the users.
fn storage(body: &str, users: &[Option<&str>]) -> FileCoverage {
    let text = format!("rules_version = '2';\nservice firebase.storage {{ match /{{p=**}} {{\n{body}\n}} }}");
    let rules = rules("a.rules", &text);
    let Rules::Storage(ruleset) = &rules else { panic!() };
    let mut coverage = Coverage::new(true);
    for user in users {
        let request = storage::Request::get("b", "a");
        let request = match user {
            Some(user) => request.auth(Auth::user(*user)),
            None => request,
        };
        let _ = ruleset.cover(&request, &(), &mut coverage).unwrap();
    }
    FileCoverage::new(&rules, &coverage)
}

fn found(file: &FileCoverage) -> Vec<(&str, Status)> {
    file.condition_list().iter().map(|c| (file.source().slice(c.span), c.status())).collect()
}

#[test]
fn nothing_evaluated_is_nothing_covered() {
    let rules = rules("a.rules", include_str!("storage.rules"));
    let file = FileCoverage::new(&rules, &Coverage::default());
    assert_eq!(file.statements(), Ratio { covered: 0, total: 4 });
    assert_eq!(file.lines(), Ratio { covered: 0, total: 8 });
    assert_eq!(file.conditions(), Ratio { covered: 0, total: 14 });
    // What stands in a statement that was never tried is not named again.
    assert_eq!(file.gaps().len(), 4 + 2);
}

#[test]
fn a_file_without_statements_has_all_of_them_covered() {
    let file = FileCoverage::new(
        &rules("a.rules", "service firebase.storage { match /a { function f() { return true; } } }"),
        &Coverage::default(),
    );
    assert_eq!(file.statements(), Ratio { covered: 0, total: 0 });
    assert_eq!(file.conditions().to_string(), "100 %");
    assert_eq!(file.lines(), Ratio { covered: 0, total: 1 });
    assert_eq!(file.gaps()[0].to_string(), "never called");
}

#[test]
fn a_function_outside_services_is_counted_once_for_all_of_them() {
    let text = "rules_version = '2';
function signedIn() { return request.auth != null; }
service firebase.storage { match /{p=**} { allow get: if signedIn(); } }
service cloud.firestore { match /{p=**} { allow get: if signedIn(); } }";
    let source = Source::new("both.rules", text);
    let one = Rules::parse(&source, Some(Product::Storage)).unwrap();
    let other = Rules::parse(&source, Some(Product::Firestore)).unwrap();
    let (Rules::Storage(storage_rules), Rules::Firestore(firestore_rules)) = (&one, &other) else { panic!() };
    let (mut coverage, mut more) = (Coverage::new(true), Coverage::new(true));
    let _ = storage_rules.cover(&storage::Request::get("b", "a"), &(), &mut coverage).unwrap();
    let request = firestore::Request::get("a/b").auth(Auth::user("alice"));
    let _ = firestore_rules.cover(&request, &(), &mut more).unwrap();
    assert_eq!(FileCoverage::new(&one, &coverage).conditions(), Ratio { covered: 2, total: 6 });
    coverage.add(&more);
    let file = FileCoverage::new(&other, &coverage);
    assert_eq!(
        conditions(&file),
        [
            ("2:30".to_owned(), "request.auth != null", counts(1, 1, 0, 0)),
            ("3:58".to_owned(), "signedIn()", counts(0, 1, 0, 0)),
            ("4:57".to_owned(), "signedIn()", counts(1, 0, 0, 0)),
        ]
    );
    assert_eq!(functions(&file), [("signedIn", 2)]);
    // Values of both: `null` and a map.
    let auth = file.expression_list().iter().find(|e| file.source().slice(e.span) == "request.auth").unwrap();
    assert_eq!(auth.values.len(), 2);
    let whole = file.expression_list().iter().find(|e| file.source().slice(e.span) == "request.auth != null").unwrap();
    assert_eq!(whole.values.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_function_is_counted_over_all_its_callers() {
    let body = "function am(name) { return request.auth.uid == name; }
allow get: if am('alice') || am('bob');";
    let file = storage(body, &[Some("alice"), Some("bob"), Some("carol")]);
    assert_eq!(functions(&file), [("am", 5)]);
    assert_eq!(
        conditions(&file),
        [
            ("3:28".to_owned(), "request.auth.uid == name", counts(2, 3, 0, 0)),
            ("4:15".to_owned(), "am('alice')", counts(1, 2, 0, 0)),
            ("4:30".to_owned(), "am('bob')", counts(1, 1, 0, 0)),
        ]
    );
}

#[test]
fn a_condition_that_only_failed_is_seen_and_not_covered() {
    let file = storage("allow get: if request.auth.uid == 'a';", &[None, None]);
    assert_eq!(found(&file), [("request.auth.uid == 'a'", Status::OnlyFailed)]);
    assert_eq!(statements(&file), [("/{p=**} allow get", counts(0, 0, 2, 0))]);
    assert_eq!(file.conditions(), Ratio { covered: 0, total: 2 });
    assert_eq!(file.lines(), Ratio { covered: 1, total: 1 });
    let gaps = file.gaps();
    assert_eq!(gaps[0].kind, GapKind::Condition(Status::OnlyFailed));
    assert_eq!(gaps[0].to_string(), "only failed (2 errors)");
}

#[test]
fn branches_are_conditions_where_their_result_is_one() {
    use Status::{Both, Never, OnlyTrue};
    let nested = "allow get: if request.auth == null ? true : (request.auth.uid == 'a' ? 'x' == 'x' : false);";
    let file = storage(nested, &[None, Some("a"), Some("b")]);
    assert_eq!(
        found(&file),
        [("request.auth == null", Both), ("request.auth.uid == 'a'", Both), ("'x' == 'x'", OnlyTrue)]
    );
    // The branches of a `?:` that is compared are none, its condition is one.
    let compared = "allow get: if (request.auth == null ? 'nobody' : request.auth.uid) == 'nobody';";
    let file = storage(compared, &[None, Some("a")]);
    assert_eq!(
        found(&file),
        [("(request.auth == null ? 'nobody' : request.auth.uid) == 'nobody'", Both), ("request.auth == null", Both)]
    );
    // Operands are conditions wherever they stand.
    let inside = "allow get: if [true || request.auth == null][0];";
    let file = storage(inside, &[None]);
    assert_eq!(found(&file), [("[true || request.auth == null][0]", OnlyTrue), ("request.auth == null", Never)]);
}

#[test]
fn a_variable_is_a_condition_and_so_is_its_value() {
    let body = "function mine() {
  let known = request.auth != null;
  let name = 'a' + 'b';
  return known && request.auth.uid == name;
}
function unused() { return 1 == 2; }
allow get: if mine();";
    let file = storage(body, &[None, Some("ab")]);
    use Status::{Both, OnlyTrue};
    assert_eq!(
        found(&file),
        [("request.auth != null", Both), ("known", Both), ("request.auth.uid == name", OnlyTrue), ("mine()", Both)]
    );
    assert_eq!(functions(&file), [("mine", 2), ("unused", 0)]);
    assert_eq!(lines(&file), [(4, 2), (5, 2), (6, 2), (8, 0), (9, 2)]);
    let kinds: Vec<_> = file.gaps().iter().map(|gap| gap.kind).collect();
    assert_eq!(kinds, [GapKind::Function, GapKind::Condition(OnlyTrue)]);
}

#[test]
fn literals_are_no_conditions_and_what_was_computed_once_is_one_literal() {
    let file = storage("allow get: if true && -(5 * 1024) < 0;", &[None]);
    assert_eq!(found(&file), [("-(5 * 1024) < 0", Status::OnlyTrue)]);
    let literals = file.expression_list().iter().filter(|e| e.is_literal);
    let literals: Vec<_> = literals.map(|e| (file.source().slice(e.span), e.counts.total())).collect();
    assert_eq!(literals, [("true", 1), ("-(5 * 1024)", 1), ("0", 1)]);
}

#[test]
fn conditions_over_several_lines_count_where_they_start() {
    let body = "allow get: if request.auth != null
  && (
    request.auth.uid ==
      'alice'
    || false
  );";
    let file = storage(body, &[None, Some("alice")]);
    assert_eq!(lines(&file), [(3, 2), (5, 1), (6, 1), (7, 0)]);
}

#[test]
fn columns_are_code_points() {
    let file = storage("allow get: if '😀é' == 'x' || request.auth == null;", &[None]);
    let places: Vec<_> = conditions(&file).into_iter().map(|(place, ..)| place).collect();
    assert_eq!(places, ["3:15", "3:30"]);
}

#[test]
fn the_same_requests_add_up_in_any_order_of_runs() {
    let rules = rules("rules/storage.rules", include_str!("storage.rules"));
    let Rules::Storage(ruleset) = &rules else { panic!() };
    let mut sum = Coverage::new(true);
    for request in storage_requests() {
        let mut one = Coverage::new(true);
        let _ = ruleset.cover(&request, &(), &mut one).unwrap();
        sum.add(&one);
    }
    let (a, b) = (FileCoverage::new(&rules, &sum), storage_file());
    assert_eq!(firewarden_suite::coverage::json(&[a]), firewarden_suite::coverage::json(&[b]));
}

#[test]
fn ratios_are_rounded_down() {
    let ratio = |covered, total| Ratio { covered, total };
    assert_eq!(ratio(9_999, 10_000).to_string(), "99.9 %");
    assert_eq!(ratio(9_999, 10_000).percent(), 99.99);
    assert_eq!(ratio(99_999, 100_000).percent(), 99.99);
    assert_eq!(ratio(2, 3).to_string(), "66.6 %");
    assert_eq!(ratio(0, 3).to_string(), "0.0 %");
    assert_eq!(ratio(3, 3).to_string(), "100 %");
    assert_eq!(ratio(0, 0).percent(), 100.0);
    assert_eq!(ratio(u64::MAX, u64::MAX).percent(), 100.0);
    assert!(!ratio(u64::MAX - 1, u64::MAX).is_full());
}

#[test]
fn thresholds_are_of_each_file() {
    let files = [storage_file(), firestore_file(), database_file()];
    let none = Threshold::default();
    assert!(none.shortfalls(&files).is_empty());
    // 75.0 %, 66.6 % and 50 % of lines; 71.4 %, 70 % and 71.4 % of conditions.
    let enough = Threshold { lines: Some(50.0), conditions: Some(70.0) };
    assert!(enough.shortfalls(&files).is_empty());
    let more = Threshold { lines: Some(75.0), conditions: Some(71.0) };
    let found: Vec<_> = more.shortfalls(&files).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("coverage_shortfalls", found.join("\n"));
    let all = Threshold { lines: Some(100.0), conditions: None };
    let found: Vec<_> = all.shortfalls(&files).into_iter().map(|s| (s.measure, s.missing)).collect();
    assert_eq!(found, [(Measure::Lines, 2), (Measure::Lines, 2), (Measure::Lines, 3)]);
    assert_eq!(Ratio { covered: 2, total: 3 }.missing(66.6), 0);
    assert_eq!(Ratio { covered: 0, total: 0 }.missing(100.0), 0);
    assert_eq!(Ratio { covered: 7, total: 10 }.missing(70.0), 0);
}
