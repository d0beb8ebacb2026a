//! What holds for the coverage of any rules: of all those in the recorded answers that are accepted.

use firewarden::{
    Auth, Coverage, database, firestore,
    rules::Rules,
    storage,
    text::{Source, Span},
};
use firewarden_suite::coverage::{FileCoverage, html, lcov, text};
use serde_json::Value;

use super::reports::{assert_well_formed, shown_source};

/// Rules of the recorded answers, those of databases written out.
fn sources() -> Vec<Source> {
    let services = [
        include_str!("../../../../../tests/oracle/compile.jsonl"),
        include_str!("../../../../../tests/oracle/checks.jsonl"),
    ];
    let databases = include_str!("../../../../../tests/oracle/database.jsonl");
    let parse = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let services = services.into_iter().flat_map(str::lines).map(parse);
    let services = services.filter_map(|entry| Some(Source::new("a.rules", entry["source"].as_str()?)));
    let databases = databases.lines().map(parse).filter(|entry| entry["rules"].is_object());
    let databases =
        databases.map(|entry| Source::new("a.json", serde_json::to_string_pretty(&entry["rules"]).unwrap()));
    services.chain(databases).collect()
}

/// Some requests, whatever the rules are for.
fn cover(rules: &Rules) -> Coverage {
    let mut coverage = Coverage::new(true);
    let user = || Auth::user("alice");
    match rules {
        Rules::Storage(rules) => {
            for name in ["a", "a/b", "users/alice/x.png"] {
                let request = storage::Request::get("b", name).existing(storage::Object::new(name)).auth(user());
                let _ = rules.cover(&request, &(), &mut coverage).unwrap();
            }
        }
        Rules::Firestore(rules) => {
            for name in ["a/b", "a/b/c/d", "c/d"] {
                let document = firestore::Document::new(name, serde_json::json!({ "a": 1, "b": "<b>" }));
                let _ = rules.cover(&firestore::Request::create(document).auth(user()), &(), &mut coverage).unwrap();
                let _ = rules.cover(&firestore::Request::get(name), &(), &mut coverage).unwrap();
            }
        }
        Rules::Database(rules) => {
            for path in ["/", "/a", "/users/alice", "/node/x"] {
                let write = database::Request::write(path, serde_json::json!({ "a": 1, "b": "<b>" }));
                let _ = rules.cover(&write.auth(user()), &(), &mut coverage).unwrap();
                let _ = rules.cover(&database::Request::read(path), &(), &mut coverage).unwrap();
            }
        }
    }
    coverage
}

#[test]
fn reports_of_any_rules_are_whole() {
    let (mut files, mut conditions) = (0, 0);
    for source in sources() {
        let Ok(rules) = Rules::parse(&source, None) else { continue };
        let file = FileCoverage::new(&rules, &cover(&rules));
        check(&file);
        files += 1;
        conditions += file.condition_list().len();
    }
    assert!(files > 1000 && conditions > 1000, "{files} files, {conditions} conditions");
}

fn check(file: &FileCoverage) {
    let text_of = |span: Span| file.source().slice(span);
    let all = file.source().text();
    let mut around: Vec<Span> = Vec::new();
    for expression in file.expression_list() {
        let span = expression.span;
        while around.last().is_some_and(|outer| outer.end <= span.start) {
            around.pop();
        }
        assert!(!text_of(span).is_empty() && text_of(span).trim() == text_of(span), "{:?} in {all}", text_of(span));
        assert!(around.last().is_none_or(|outer| span.end <= outer.end), "{:?} in {all}", text_of(span));
        let values: u64 = expression.values.iter().map(|(_, count)| count).sum();
        assert_eq!(values + expression.unkept, expression.counts.total(), "{:?} in {all}", text_of(span));
        around.push(span);
    }
    for condition in file.condition_list() {
        let expression = file.expression_list().iter().find(|e| e.span == condition.span).unwrap();
        assert_eq!(expression.counts, condition.counts);
        // Nothing is seen of what stands in a statement that was never tried.
        let inside = |outer: &Span| outer.start <= condition.span.start && condition.span.end <= outer.end;
        let tried = file.statement_list().iter().find(|s| inside(&s.span)).is_none_or(|s| s.counts.total() > 0);
        assert!(tried || condition.counts.total() == 0, "{:?} in {all}", text_of(condition.span));
    }
    assert!(file.gaps().iter().all(|gap| file.source().text().len() >= gap.span.end as usize));
    let page = html(std::slice::from_ref(file)).unwrap();
    assert_well_formed(&page);
    assert_eq!(shown_source(&page).trim_end(), all.trim_end());
    assert!(lcov(std::slice::from_ref(file)).ends_with("end_of_record\n"));
    assert!(text(std::slice::from_ref(file), 80).starts_with("file "));
}
