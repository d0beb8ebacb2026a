//! What the documentation of suites says holds. `tests/pages.rs` runs the suites of the pages.

use firewarden_suite::Suites;

use super::kinds::clock;
use super::runner::Folder;

const SUITES: &str = include_str!("../../../../docs/suites.md");
const MODULE: &str = include_str!("../../../suite/src/lib.rs");

/// The texts between fences of that kind.
fn blocks<'t>(page: &'t str, kind: &str) -> Vec<&'t str> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.strip_prefix(kind)?.strip_prefix('\n')).collect()
}

#[test]
fn the_failure_that_is_read_line_by_line_is_the_one_of_the_suite_above_it() {
    let folder = Folder::new("docs-failure");
    let (texts, suites) = (blocks(SUITES, "text"), blocks(SUITES, "yaml"));
    let failure = texts.iter().find(|block| block.starts_with("FAIL")).unwrap();
    folder.write("storage.rules", texts[0]);
    folder.write("storage.test.yaml", &format!("{}\n{}\n", suites[0], suites[1]));
    let ran = folder.run(&["test"], "");
    assert!(ran.status == 1 && ran.out.contains(failure), "{failure}\n--- is not in\n{}", ran.out);
}

#[test]
fn users_and_tests_of_the_page_are_read_without_a_mistake() {
    let yaml = blocks(SUITES, "yaml");
    let block = |begin: &str| *yaml.iter().find(|block| block.starts_with(begin)).unwrap_or_else(|| panic!("{begin}"));
    // The files of a token are not there.
    let users: Vec<_> = block("users:").lines().filter(|line| !line.contains("token:")).collect();
    let rules =
        "rules: |\n  rules_version = '2';\n  service cloud.firestore { match /{all=**} { allow read, write; } }\n";
    let seeds = "documents: { teams/docs: { name: Documentation, color: red, roles: { alice: owner } } }\n";
    let tests = format!("{}\n{}", block("tests:"), block("  - name: drafts are"));
    let inline = block("tests:                                         # users");
    for tests in [tests.as_str(), inline] {
        let text = format!("{rules}{}\n{seeds}{tests}\n", users.join("\n"));
        let files = std::collections::BTreeMap::from([("t.test.yaml".into(), text)]);
        let suites = Suites::load(&files, &["t.test.yaml".into()], clock());
        let errors: String = suites.errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors, "");
    }
}

#[test]
fn the_example_of_the_module_uses_the_users_whom_it_states() {
    let lines =
        MODULE.lines().map_while(|line| line.strip_prefix("//!")).map(|line| line.strip_prefix(' ').unwrap_or(line));
    let page = lines.collect::<Vec<_>>().join("\n");
    let suite = blocks(&page, "yaml")[0];
    let (users, tests) = suite.split_once("\ntests:").unwrap();
    let stated = users.split_once("\nusers:\n").unwrap().1.lines().take_while(|line| line.starts_with("  "));
    for user in stated.map(|line| line.trim().split(':').next().unwrap()) {
        assert!(tests.contains(user), "no test is for {user}");
    }
}

#[test]
fn comparisons_that_the_page_lists_are_those_that_queries_take() {
    let limits = SUITES.split("## Limits").nth(1).unwrap();
    for comparison in ["==", "!=", "<", "<=", ">", ">=", "in", "not-in", "array-contains", "array-contains-any"] {
        let value = if comparison.contains("in") && comparison != "array-contains" || comparison.ends_with("any") {
            "[a]"
        } else {
            "a"
        };
        let rules = "rules: |\n  service cloud.firestore { match /databases/{d}/documents/{c}/{i} { allow read; } }\n";
        let text = format!(
            "{rules}tests: [{{ list: c, query: {{ where: [[n, {comparison:?}, {value}]] }}, expect: allow }}]\n"
        );
        let suites = super::kinds::load("t.test.yaml", &text);
        assert!(suites.errors.is_empty(), "{comparison}: {:?}", suites.errors);
        assert!(SUITES.contains(&format!("`{comparison}`")), "{comparison} is not in the page");
    }
    assert!(!limits.contains("`where` takes"), "what queries take is told in one place");
}
