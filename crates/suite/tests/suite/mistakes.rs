//! What is wrong with a suite is told with its place, and what would be right.

use std::{collections::BTreeMap, path::PathBuf};

use firewarden_suite::{LoadError, Suites};

use super::kinds::{Over, clock, load, run};

const MISTAKES: &str = include_str!("mistakes.yaml");

/// The suites of `mistakes.yaml` by the comment in their first line.
fn mistakes() -> impl Iterator<Item = (String, Suites)> {
    let all = MISTAKES.split_once('\n').unwrap().1;
    all.split("\n---\n").map(|text| {
        let name = text.lines().next().unwrap().trim_start_matches("# ").to_owned();
        // `---` divides the mistakes; the one about it writes `%%`.
        let text = text.replace("%% ", "--- ");
        let files = Over(BTreeMap::from([
            (PathBuf::from("t.test.yaml"), text),
            (PathBuf::from("with-tests.yaml"), "tests: []\n".to_owned()),
            (PathBuf::from("itself.yaml"), "include: itself.yaml\n".to_owned()),
            (PathBuf::from("names-rules.yaml"), "rules: firestore.rules\n".to_owned()),
            (PathBuf::from("garbage.jwt"), "garbage".to_owned()),
            (PathBuf::from("wrong-seeds.yaml"), "notes: { a: 1 }\n".to_owned()),
        ]));
        (name, Suites::load(&files, &[PathBuf::from("t.test.yaml")], clock()))
    })
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_would_be_right() {
    let told: String = mistakes()
        .map(|(name, suites)| {
            let errors: String = suites.errors.iter().map(ToString::to_string).collect();
            let warnings: String = suites.warnings.iter().map(ToString::to_string).collect();
            format!("=== {name}\n{errors}{warnings}\n")
        })
        .collect();
    insta::assert_snapshot!(told);
}

#[test]
fn a_suite_with_a_mistake_is_not_run() {
    for (name, suites) in mistakes() {
        let is_warning = name.contains("(warning");
        assert_eq!(suites.errors.is_empty(), is_warning, "{name}");
        assert_eq!(suites.tests() == 0, !is_warning, "{name}");
        assert_eq!(suites.warnings.is_empty(), !is_warning, "{name}");
    }
}

#[test]
fn every_mistake_has_a_line() {
    for (name, suites) in mistakes() {
        for error in &suites.errors {
            let LoadError::Suite(found) = error else { panic!("{name}: {error}") };
            for problem in found {
                assert!(found.position(problem).is_some(), "{name}: {}", problem.message);
            }
        }
    }
}

#[test]
fn refused_rules_are_told_once_however_many_suites_name_them() {
    let suite = "rules: broken.rules\ntests: [{ get: a, expect: deny }]\n";
    let files = Over(BTreeMap::from([
        (PathBuf::from("a.test.yaml"), suite.to_owned()),
        (PathBuf::from("b.test.yaml"), suite.to_owned()),
        (PathBuf::from("broken.rules"), "service cloud.firestore { match }".to_owned()),
    ]));
    let suites = Suites::load(&files, &[PathBuf::from("a.test.yaml"), PathBuf::from("b.test.yaml")], clock());
    assert!(matches!(suites.errors.as_slice(), [LoadError::Rules(_)]), "{:?}", suites.errors);
}

#[test]
fn hostile_text_ends_quickly_and_in_words() {
    let deep = "[".repeat(100_000);
    let quotes = format!("rules: \"{}", "\\\"".repeat(10_000));
    let odd = "\u{feff}rules: storage.rules\r\ntests:\r\n- get: open/ä\r\n  expect: allow\r\n";
    for text in [deep.as_str(), &quotes, "rules: !!binary x\ntests: 1", "? [a]\n: b", "a: &a [*a]", "\0", "rules: *x"] {
        for name in ["t.test.yaml", "t.test.json"] {
            assert_eq!(load(name, text).errors.len(), 1, "{name} {}", text.chars().take(20).collect::<String>());
        }
    }
    let suites = load("t.test.yaml", odd);
    assert!(suites.errors.is_empty(), "{:?}", suites.errors);
    assert!(run(&suites).passed());
}
