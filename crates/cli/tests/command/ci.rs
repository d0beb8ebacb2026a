//! What GitHub Actions is told: annotations at paths of the repository, a summary of the step.

use std::time::Duration;

use firewarden_suite::{
    Options, Run, Suites,
    coverage::Threshold,
    report::{self, Ci},
};

use super::kinds::load;
use super::runner::{Folder, run_with};

const RULES: &str = "\
rules_version = '2';
service firebase.storage {
  match /b/{b}/o {
    match /open/{o} { allow read; }
    match /mine/{o} { allow read: if request.auth != null
      && request.auth.uid == 'alice'; }
  }
}
";

/// A clock of which each look takes a millisecond.
fn timer() -> Duration {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NOW: AtomicU64 = AtomicU64::new(0);
    Duration::from_millis(NOW.fetch_add(1, Ordering::Relaxed))
}

fn timed(suites: &Suites) -> Run {
    let options =
        Options { coverage: true, timer: Some(timer), jobs: std::num::NonZeroUsize::new(1), ..Options::default() };
    let mut run = suites.run(&options, &|_| ());
    // Other tests look at the clock, too.
    run.duration = run.duration.map(|_| Duration::from_millis(12));
    run.results.iter_mut().for_each(|result| result.duration = result.duration.map(|_| Duration::from_millis(1)));
    run
}

/// What CI is told of a suite in memory: annotations, and a summary of at most so many bytes.
fn told(suite: &str, most: usize) -> (String, String) {
    let suites = load("t.test.yaml", suite);
    let run = timed(&suites);
    let coverage = run.coverage();
    let shortfalls = Threshold { lines: Some(100.0), conditions: None }.shortfalls(&coverage);
    let path = |name: &str| format!("deep/{name}");
    let ci =
        Ci { suites: &suites, run: &run, coverage: &coverage, shortfalls: &shortfalls, strict: false, path: &path };
    (report::github(&ci), report::markdown(&ci, most))
}

/// One of each: a failure that a rule decides, one that no rule does, a note, a skipped test, and names that have to be
/// escaped.
const MIXED: &str = "\
rules: |
  rules_version = '2';
  service firebase.storage { match /b/{b}/o {
    match /open/{o} { allow read; }
    match /mine/{o} { allow read: if request.auth != null && request.auth.uid == 'alice'; }
  } }
users: { alice: { uid: alice } }
tests:
  - { name: 'passes | `a` <b>', get: open/a, expect: allow }
  - { name: '100 %, a: <b> & |c| ```', get: mine/a, expect: allow }
  - { name: nowhere, get: elsewhere, expect: allow }
  - { name: noted, get: elsewhere, expect: deny }
  - { name: skipped, skip: later, get: open/a, expect: allow }
";

#[test]
fn annotations_stand_at_the_test_and_at_the_rule_that_decided() {
    let (annotations, summary) = told(MIXED, 1 << 20);
    insta::assert_snapshot!("github", annotations);
    insta::assert_snapshot!("step_summary", summary);
}

#[test]
fn a_green_run_has_a_summary_line_too() {
    let (annotations, summary) = told("rules: storage.rules\ntests: [{ get: open/a, expect: allow }]\n", 1 << 20);
    assert!(annotations.ends_with("::notice title=firewarden::1 test in 1 suite: 1 passed (12 ms)\n"), "{annotations}");
    assert!(summary.contains("1 test in 1 suite: 1 passed (12 ms)\n"), "{summary}");
}

#[test]
fn suites_that_cannot_be_run_are_in_the_summary() {
    let (annotations, summary) = told("rules: storage.rules\ntest: []\n", 1 << 20);
    assert!(annotations.starts_with("::error file=deep/t.test.yaml,"), "{annotations}");
    assert!(summary.starts_with("### ❌") && summary.contains("write `tests:`"), "{summary}");
}

#[test]
fn a_summary_stays_below_the_limit_and_counts_what_it_leaves_out() {
    // Each has a cause of its own.
    let rule = |at: usize| {
        format!("    match /r{at}/{{o}} {{ allow get: if resource.size == {at} && resource.name == 'é'; }}\n")
    };
    let rules: String = (0..400).map(rule).collect();
    let tests: String = (0..400).map(|at| format!("  - {{ name: '{at} é', get: r{at}/a, expect: allow }}\n")).collect();
    let suite = format!("rules: |\n  service firebase.storage {{ match /b/{{b}}/o {{\n{rules}  }} }}\ntests:\n{tests}");
    for most in [0, 100, 1000, 5000, 20_000, 100_000] {
        let (_, summary) = told(&suite, most);
        assert!(summary.len() <= most, "{} of {most}", summary.len());
        assert_eq!(summary.matches("<details>").count(), summary.matches("</details>").count());
        if most >= 5000 {
            let shown = summary.matches("<details>").count();
            assert!(shown > 0 && summary.ends_with(&format!("\n… and {} more failures\n", 400 - shown)), "{summary}");
        }
    }
}

#[test]
fn failures_with_the_same_cause_have_one_trace() {
    let tests: String =
        (0..1500).map(|at| format!("  - {{ name: n{at}, get: mine/a{at}, expect: allow }}\n")).collect();
    let head = MIXED.split("tests:").next().unwrap();
    let (annotations, summary) = told(&format!("{head}tests:\n{tests}"), 1 << 20);
    let errors: Vec<&str> = annotations.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.iter().filter(|line| line.contains("title=n")).count(), 1500);
    assert_eq!(annotations.matches("decisive:").count(), 1);
    assert!(errors[1].ends_with("%0A%0Athe same cause as deep/t.test.yaml:9"), "{}", errors[1]);
    let notices: Vec<&str> = annotations.lines().filter(|line| line.starts_with("::notice ")).collect();
    assert_eq!(notices.len(), 2);
    assert!(notices[0].contains("title=this decides 1500 failed tests::") && notices[0].ends_with("… and 1495 more"));
    assert!(summary.contains("(deep/t.test.yaml:9), and 1499 more like it</summary>"), "{summary}");
    assert!(summary.contains("* … and 1479 others\n") && summary.len() < 10_000);
}

/// A repository whose rules stand below its root.
fn repository(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("rules/deep/storage.rules", RULES);
    let suite = "rules: storage.rules\ntests:\n  - { name: fails, get: mine/a, expect: allow }\n";
    folder.write("rules/deep/a.test.yaml", suite);
    folder.write("rules/deep/green.test.yaml", &suite.replace("mine", "open"));
    folder
}

#[test]
fn paths_are_those_of_the_repository_wherever_the_command_runs() {
    let folder = repository("ci-paths");
    let deep = folder.path().join("rules/deep");
    let whole = deep.join("a.test.yaml");
    for (below, path) in [
        ("", "."),
        ("rules", "deep"),
        ("rules", "./deep/../deep/a.test.yaml"),
        ("rules/deep", "a.test.yaml"),
        ("", whole.to_str().unwrap()),
    ] {
        let ran = folder.run_in(below, &["test", path, "--format", "github"], "");
        assert!(
            ran.out.starts_with("::error file=rules/deep/a.test.yaml,line=3,col=7,"),
            "{below} {path}: {}",
            ran.all()
        );
        let rule = "::notice file=rules/deep/storage.rules,line=5,col=38,title=this decides a failed test::";
        assert!(ran.out.contains(rule), "{below} {path}: {}", ran.all());
    }
    // The nearest one is the root: a repository within another one.
    std::fs::create_dir(deep.join(".git")).unwrap();
    let inner = folder.run_in("rules/deep", &["test", "--format", "github"], "");
    assert!(inner.out.starts_with("::error file=a.test.yaml,"), "{}", inner.all());
}

#[test]
fn without_a_repository_the_folder_of_the_workflow_is_the_root() {
    let outside = std::env::temp_dir().join(format!("firewarden-workspace-{}", std::process::id()));
    let deep = outside.join("rules");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("storage.rules"), RULES).unwrap();
    std::fs::write(deep.join("a.test.yaml"), "rules: storage.rules\ntests: [{ get: a, expect: allow }]\n").unwrap();
    let variables = [("GITHUB_WORKSPACE", outside.to_str().unwrap())];
    let ran = run_with(&deep, &["test", "--format", "github"], "", &variables);
    std::fs::remove_dir_all(&outside).unwrap();
    assert!(ran.out.starts_with("::error file=rules/a.test.yaml,"), "{}", ran.all());
}

#[test]
fn problems_of_rules_have_the_paths_of_the_repository() {
    let folder = repository("ci-check");
    folder.write("rules/deep/bad.rules", "service firebase.storage { match }");
    for (below, path) in [("", "rules/deep/bad.rules"), ("rules/deep", "bad.rules")] {
        let ran = folder.run_in(below, &["check", path, "--format", "github"], "");
        assert!(ran.status == 3 && ran.out.starts_with("::error file=rules/deep/bad.rules,line=1,"), "{}", ran.all());
    }
    let input = folder.run_in("rules", &["check", "-", "--format", "github"], "service firebase.storage { match }");
    assert!(input.out.starts_with("::error file=<standard input>,"), "{}", input.all());
}

#[test]
fn thresholds_are_annotations_and_the_summary_is_appended() {
    let folder = repository("ci-summary");
    let summary = folder.path().join("summary.md");
    let variables = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    let arguments = ["test", "green.test.yaml", "--format", "github", "--fail-under", "90", "--strict", "--jobs", "2"];
    let run = || run_with(&folder.path().join("rules/deep"), &arguments, "", &variables);
    let ran = run();
    let short = "::error file=rules/deep/storage.rules,title=coverage::storage.rules: ";
    assert!(ran.status == 1 && ran.out.matches(short).count() == 2, "{}", ran.all());
    assert!(ran.out.contains(" of lines covered (1/3), at least 90 %25 required: 2 more\n"), "{}", ran.all());
    assert!(ran.out.contains("\n::notice title=firewarden::1 test in 1 suite: 1 passed ("), "{}", ran.all());
    let first = folder.read("summary.md");
    assert!(
        first.starts_with("### ❌ firewarden\n") && first.contains("| rules/deep/green.test.yaml | 1 | 0 | 0 |"),
        "{first}"
    );
    assert!(first.contains("| rules/deep/storage.rules |") && first.contains("at least 90 % required"), "{first}");
    run();
    assert_eq!(folder.read("summary.md").matches("### ❌ firewarden\n").count(), 2);
    // Other formats are for others: a step that writes them, too, has its summary once.
    run_with(&folder.path().join("rules/deep"), &["test", "--format", "junit"], "", &variables);
    assert_eq!(folder.read("summary.md").matches("firewarden\n").count(), 2);
    // What other commands of the step have written counts.
    folder.write("summary.md", &"x".repeat((1 << 20) - 100));
    run();
    assert!(folder.read("summary.md").len() <= 1 << 20);
    // Where it cannot be written, the tests have passed all the same.
    let nowhere = [("GITHUB_STEP_SUMMARY", folder.path().to_str().unwrap())];
    let ran =
        run_with(&folder.path().join("rules/deep"), &["test", "green.test.yaml", "--format", "github"], "", &nowhere);
    assert!(ran.status == 0 && ran.err.contains("warning: cannot write the summary of the step"), "{}", ran.all());
}

#[test]
fn warnings_that_strictness_minds_are_errors() {
    let folder = repository("ci-strict");
    folder.write(
        "rules/deep/green.test.yaml",
        "rules: storage.rules\nusers: { u: { uid: u } }\ntests: [{ get: open/a, expect: allow }]\n",
    );
    let summary = folder.path().join("summary.md");
    let variables = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    for (strict, status, level, mark) in [(&[][..], 0, "::warning ", "✅"), (&["--strict"], 1, "::error ", "❌")] {
        folder.write("summary.md", "");
        let arguments = [&["test", "rules/deep/green.test.yaml", "--format", "github"], strict].concat();
        let ran = run_with(folder.path(), &arguments, "", &variables);
        let annotation = format!("{level}file=rules/deep/green.test.yaml,line=2,col=10,title=unused-user::");
        assert!(ran.status == status && ran.out.starts_with(&annotation), "{}", ran.all());
        let summary = folder.read("summary.md");
        assert!(summary.starts_with(&format!("### {mark} firewarden")), "{summary}");
        assert_eq!(summary.contains("warning[unused-user]: no test uses the user `u`"), status == 1, "{summary}");
    }
}
