//! What is reported: for people, and for programs by their own rules.

use firewarden_suite::{
    Run,
    report::{self, Ci, Detail, Layout},
};
use serde_json::Value as Json;

use super::kinds::{load, run};

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

fn human(run: &Run, detail: Detail) -> String {
    report::human(run, Layout { detail, ..Layout::default() })
}

fn mixed() -> Run {
    run(&loaded())
}

fn loaded() -> firewarden_suite::Suites {
    let suites = load("t.test.yaml", MIXED);
    assert!(suites.errors.is_empty());
    suites
}

#[test]
fn people_read_failures_with_their_traces() {
    insta::assert_snapshot!("human", human(&mixed(), Detail::Suites));
    insta::assert_snapshot!("human_tests", human(&mixed(), Detail::Tests));
    let quiet = human(&mixed(), Detail::Quiet);
    assert!(quiet.starts_with("\nFAIL  fails") && !quiet.contains("noted"), "{quiet}");
}

#[test]
fn every_line_fits_a_terminal_of_80_columns() {
    let text = human(&mixed(), Detail::Tests);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn junit_is_read_by_a_consumer() {
    let xml = report::junit(&loaded(), &mixed()).unwrap();
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((read.tests, read.failures, read.errors), (4, 1, 0));
    let suite = &read.test_suites[0];
    assert_eq!(suite.name.as_str(), "t.test.yaml");
    assert_eq!(suite.test_cases[0].name.as_str(), "passes <&> \"quoted\" ]]>");
    insta::assert_snapshot!("junit", xml);
}

#[test]
fn a_suite_that_cannot_be_run_is_in_every_report() {
    let broken = load("b.test.yaml", "rules: storage.rules\ntest: []\n");
    let run = run(&broken);
    let xml = report::junit(&broken, &run).unwrap();
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((read.tests, read.errors, read.test_suites[0].name.as_str()), (1, 1, "b.test.yaml"));
    assert!(report::tap(&broken, &run).contains("1..1\nnot ok 1 - b.test.yaml:2 the suite can be run\n"));
    assert!(human(&run, Detail::Suites).contains("1 suite cannot be run"));
}

/// What Jenkins takes (xunit-plugin, junit-10.xsd): elements and their attributes.
const JENKINS: [(&str, &[&str]); 6] = [
    ("testsuites", &["name", "time", "tests", "failures", "errors"]),
    (
        "testsuite",
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        ],
    ),
    ("testcase", &["name", "time", "classname", "group"]),
    ("failure", &["type", "message"]),
    ("skipped", &["type", "message"]),
    ("system-out", &[]),
];

#[test]
fn junit_has_only_what_jenkins_takes() {
    let xml = report::junit(&loaded(), &mixed()).unwrap();
    for tag in xml.split('<').skip(2).filter(|tag| !tag.starts_with('/')) {
        let head = tag.split('>').next().unwrap().trim_end_matches('/');
        let (name, rest) = head.split_once(' ').unwrap_or((head, ""));
        let (_, allowed) = JENKINS.iter().find(|(known, _)| *known == name).expect(name);
        // Values are quoted, and quotes within them are escaped.
        for attribute in rest.split('"').step_by(2).filter(|part| part.contains('=')) {
            let attribute = attribute.trim().trim_end_matches('=');
            assert!(allowed.contains(&attribute), "{attribute} of {name}");
        }
    }
}

#[test]
fn tap_has_a_line_for_each_test() {
    let tap = report::tap(&loaded(), &mixed());
    let points: Vec<&str> = tap.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).collect();
    assert_eq!(points.len(), 4);
    assert!(tap.starts_with("TAP version 14\n1..4\n"));
    assert_eq!(points[1], "not ok 2 - t.test.yaml:6 fails \\# and: , % <b>");
    assert_eq!(points[3], "ok 4 - t.test.yaml:8 skipped # SKIP not \\# yet");
    // The block of a failure is YAML.
    let block = tap.split("  ---\n").nth(1).unwrap().split("  ...\n").next().unwrap();
    let yaml = firewarden_suite::to_json("block.yaml", block).unwrap();
    assert_eq!(yaml["expected"], "allow");
    assert!(yaml["explanation"].as_str().unwrap().contains("decisive"));
}

#[test]
fn github_gets_an_annotation_for_failures_and_notes() {
    let (suites, run) = (loaded(), mixed());
    let ci = Ci { suites: &suites, run: &run, coverage: &[], shortfalls: &[], strict: false, path: &str::to_owned };
    let text = report::github(&ci);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "a failure, a note, the rule that decided, and the totals");
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
    let misspelt = &json["errors"][0];
    assert_eq!((&misspelt["line"], &misspelt["hint"]), (&2.into(), &"write `tests:`, a list".into()));
}
