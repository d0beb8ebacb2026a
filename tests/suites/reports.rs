//! What is reported: for people, and for programs by their own rules.

use firewarden::suite::report::{self, Detail};
use serde_json::Value as Json;

use super::{load, run};

/// A suite with one of each outcome, and text that every format has to escape.
const MIXED: &str = "\
rules: storage.rules
users: { alice: { uid: alice } }
objects: { mine/alice/cat.png: { metadata: { owner: alice } } }
tests:
  - { name: 'passes <&> \"quoted\" ]]>', as: alice, get: mine/alice/cat.png, expect: allow }
  - { name: 'fails # and: , % <b>', get: mine/alice/cat.png, expect: allow }
  - { name: \"noted \\x07\", get: embargo/a, expect: deny }
  - { name: skipped, skip: 'not # yet', get: open/a, expect: allow }
";

fn mixed() -> firewarden::suite::Run {
    let suites = load("t.test.yaml", MIXED);
    assert!(suites.errors.is_empty());
    run(&suites)
}

#[test]
fn people_read_failures_with_their_traces() {
    insta::assert_snapshot!("human", report::human(&mixed(), Detail::Suites));
    insta::assert_snapshot!("human_tests", report::human(&mixed(), Detail::Tests));
    let quiet = report::human(&mixed(), Detail::Quiet);
    assert!(quiet.starts_with("\nFAIL  fails") && !quiet.contains("noted"), "{quiet}");
}

#[test]
fn every_line_fits_a_terminal_of_80_columns() {
    let human = report::human(&mixed(), Detail::Tests);
    // Lines of the rules are shown as they are.
    for line in human.lines().filter(|line| !line.contains(" | ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn junit_is_read_by_a_consumer() {
    let xml = report::junit(&mixed()).unwrap();
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((read.tests, read.failures, read.errors), (4, 1, 0));
    let suite = &read.test_suites[0];
    assert_eq!(suite.name.as_str(), "t.test.yaml");
    assert_eq!(suite.test_cases[0].name.as_str(), "passes <&> \"quoted\" ]]>");
    insta::assert_snapshot!("junit", xml);
}

#[test]
fn tap_has_a_line_for_each_test() {
    let tap = report::tap(&mixed());
    let points: Vec<&str> = tap.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).collect();
    assert_eq!(points.len(), 4);
    assert!(tap.starts_with("TAP version 14\n1..4\n"));
    assert_eq!(points[1], "not ok 2 - t.test.yaml:6 fails \\# and: , % <b>");
    assert_eq!(points[3], "ok 4 - t.test.yaml:8 skipped # SKIP not \\# yet");
    // The block of a failure is YAML.
    let block = tap.split("  ---\n").nth(1).unwrap().split("  ...\n").next().unwrap();
    let yaml = firewarden::suite::to_json("block.yaml", block).unwrap();
    assert_eq!(yaml["expected"], "allow");
    assert!(yaml["explanation"].as_str().unwrap().contains("decisive"));
}

#[test]
fn github_gets_an_annotation_for_failures_and_notes() {
    let text = report::github(&mixed());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("::error file=t.test.yaml,line=6,col=7,title=fails # and%3A %2C %25 <b>::get "),
        "{text}"
    );
    assert!(lines[1].starts_with("::warning file=t.test.yaml,line=7"), "{text}");
}

#[test]
fn json_has_all_of_it() {
    let suites = load("t.test.yaml", MIXED);
    let json = report::json(&suites, &run(&suites));
    let outcomes: Vec<&Json> = json["tests"].as_array().unwrap().iter().map(|test| &test["outcome"]).collect();
    assert_eq!(outcomes, ["passed", "failed", "passed", "skipped"]);
    assert_eq!((&json["passed"], &json["failed"], &json["skipped"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(json["tests"][2]["noteKind"], "error");
    assert!(json["tests"][1]["explanation"].as_str().unwrap().contains("^^^"));
    let broken = load("b.test.yaml", "rules: storage.rules\ntest: []\n");
    let json = report::json(&broken, &run(&broken));
    let misspelt = &json["errors"][1];
    assert_eq!((&misspelt["line"], &misspelt["hint"]), (&2.into(), &"did you mean tests?".into()));
}
