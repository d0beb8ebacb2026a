//! Which tests are run: by line, by what failed last, and how they are listed.

use firewarden_suite::{Options, SuiteLine};
use serde_json::Value as Json;

use super::kinds::load;
use super::runner::Folder;

const SUITE: &str = "\
rules: storage.rules
users: { alice: { uid: alice }, bob: { uid: bob } }
tests:
  # the first
  - name: several users
    get: open/a
    expect:
      alice: allow
      bob: allow
      guest: allow

  # between
  - name: a list of users
    get: open/b
    as:
      - alice
      - guest
    expect: allow
  - { name: in one line, get: open/c, expect: { alice: allow, guest: allow } }
  - name: two methods
    as: alice
    read: open/d
    expect: allow
  - &last
    name: the last
    get: open/e
    expect: allow
    skip: |
      not yet

# the end
";

/// The names of the tests at a line of [`SUITE`], or what is said where none stands.
fn at(line: u32) -> Result<Vec<String>, String> {
    let suites = load("t.test.yaml", SUITE);
    assert!(suites.errors.is_empty(), "{}", suites.errors[0]);
    if let Some(why) = suites.no_test_at("t.test.yaml".as_ref(), line) {
        return Err(why);
    }
    let options = Options { lines: vec![SuiteLine { path: "t.test.yaml".into(), line }], ..Options::default() };
    let run = suites.run(&options, &|_| ());
    assert_eq!(run.results.len() + run.filtered, suites.tests());
    let listed: Vec<String> = suites.list(&options).iter().map(|test| test.name.to_owned()).collect();
    let ran: Vec<String> = run.results.into_iter().map(|result| result.name).collect();
    assert_eq!(listed, ran);
    Ok(ran)
}

#[test]
fn a_line_chooses_the_test_that_stands_there_or_the_users_row() {
    let several = ["several users [as alice]", "several users [as bob]", "several users [as guest]"];
    let list = ["a list of users [as alice]", "a list of users [as guest]"];
    for line in [5, 6, 7] {
        assert_eq!(at(line).unwrap(), several, "{line}");
    }
    for (line, user) in [(8, "alice"), (9, "bob"), (10, "guest")] {
        assert_eq!(at(line).unwrap(), [format!("several users [as {user}]")]);
    }
    for line in [13, 14, 15, 18] {
        assert_eq!(at(line).unwrap(), list, "{line}");
    }
    assert_eq!(at(17).unwrap(), [list[1]]);
    assert_eq!(at(19).unwrap(), ["in one line [as alice]", "in one line [as guest]"]);
    assert_eq!(at(22).unwrap(), ["two methods (get)", "two methods (list)"]);
    for line in 24..=29 {
        assert_eq!(at(line).unwrap(), ["the last"], "{line}");
    }
}

#[test]
fn a_line_without_a_test_names_the_nearest() {
    for line in [4, 11, 12] {
        assert_eq!(
            at(line).unwrap_err(),
            format!(
                "t.test.yaml:{line}: no test at this line; the nearest are `several users` (t.test.yaml:5) and \
                 `a list of users` (t.test.yaml:13)"
            )
        );
    }
    for line in [30, 31, 4_000_000_000] {
        let why = at(line).unwrap_err();
        assert!(why.ends_with("`two methods` (t.test.yaml:20) and `the last` (t.test.yaml:25)"), "{why}");
    }
}

#[test]
fn a_line_of_a_json_suite_is_one_of_its_braces_too() {
    let text = "{ \"rules\": \"storage.rules\", \"tests\": [\n  {\n    \"get\": \"open/a\",\n    \"expect\": \"allow\"\n  },\n  \
                { \"get\": \"open/b\", \"expect\": \"allow\" }\n] }";
    let suites = load("t.test.json", text);
    let at = |line: u32| {
        let options = Options { lines: vec![SuiteLine { path: "t.test.json".into(), line }], ..Options::default() };
        suites.list(&options).iter().map(|test| test.name.to_owned()).collect::<Vec<_>>()
    };
    for (line, names) in [(1, &[][..]), (2, &["get open/a"]), (5, &["get open/a"]), (6, &["get open/b"]), (7, &[])] {
        assert_eq!(at(line), names, "{line}");
    }
}

const RULES: &str = "rules_version = '2';\nservice firebase.storage { match /b/{b}/o/{all=**} { allow read; } }\n";

/// Two suites in folders; of `a` the second test fails.
fn project(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("r.rules", RULES);
    let suite = "rules: ../r.rules\ntests:\n  - { name: one, get: a, expect: allow }\n  - { name: two, get: a, expect: deny }\n  \
                 - { name: three, get: a, expect: allow }\n";
    folder.write("x/a.test.yaml", suite);
    folder.write("y/b.test.yaml", &suite.replace("deny", "allow"));
    folder
}

#[test]
fn paths_may_have_lines() {
    let folder = project("lines");
    let list = |arguments: &[&str]| folder.run(&[&["test", "--list"], arguments].concat(), "").out;
    assert_eq!(list(&["x/a.test.yaml:3"]), "x/a.test.yaml::one\n");
    assert_eq!(list(&["./x/a.test.yaml:4:7"]), "x/a.test.yaml::two\n");
    assert_eq!(list(&["x/a.test.yaml:5", "x/a.test.yaml:3"]), "x/a.test.yaml::one\nx/a.test.yaml::three\n");
    assert_eq!(list(&["x/a.test.yaml:5", "y"]).lines().count(), 4);
    // What is named as a whole is run as a whole.
    assert_eq!(list(&["x/a.test.yaml:5", "x"]).lines().count(), 3);
    assert_eq!(list(&["x/a.test.yaml:5", "-k", "one"]), "");
    assert_eq!(folder.run(&["test", "x/a.test.yaml:4"], "").status, 1);
    assert_eq!(folder.run(&["test", "x/a.test.yaml:3", "--strict", "--bail", "--jobs", "2"], "").status, 0);
    for (path, words) in [
        ("x/a.test.yaml:2", "no test at this line; the nearest are `one` (x/a.test.yaml:3) and `two`"),
        ("x/a.test.yaml:0", "lines count from 1"),
        ("x/a.test.yaml:one", "`one` is not a line; write x/a.test.yaml:12, or --filter \"one\""),
        ("x:3", "`x` is a folder; a line needs a suite"),
        ("r.rules:2", "expected a suite: *.test.yaml"),
        ("x/none.test.yaml:3", "x/none.test.yaml:3: No such file"),
    ] {
        let ran = folder.run(&["test", path], "");
        assert_eq!(ran.status, 2, "{path}: {}", ran.all());
        assert!(ran.err.contains(words) && ran.out.is_empty(), "{path}: {}", ran.all());
    }
    // A name may look like a line.
    folder.write("z:3/c.test.yaml", "rules: ../r.rules\ntests: [{ get: a, expect: allow }]\n");
    assert_eq!(list(&["z:3"]), "z:3/c.test.yaml::get a\n");
}

#[test]
fn the_tests_that_failed_last_are_run_again() {
    let folder = project("last-failed");
    let run = |arguments: &[&str]| folder.run(&[&["test"], arguments].concat(), "");
    // Nothing is known, and nothing is kept of a run that passes.
    let first = run(&["y", "--last-failed"]);
    assert!(first.err.contains("no test failed last time; running all tests"), "{}", first.all());
    assert_eq!((first.status, folder.path().join(".firewarden").exists()), (0, false), "{}", first.all());
    assert_eq!(run(&[]).status, 1);
    let again = run(&["--last-failed"]);
    assert!(
        again.status == 1 && again.out.contains("1 test in 1 suite: 0 passed, 1 failed; 5 filtered out"),
        "{}",
        again.all()
    );
    // From a folder below, too; what is asked for elsewhere has its own say.
    let below = folder.run_in("x", &["test", "--last-failed", "--list"], "");
    assert_eq!(below.out, "a.test.yaml::two\n", "{}", below.all());
    let other = run(&["y", "--last-failed"]);
    assert!(
        other.err.contains("none of these tests failed last time") && other.out.contains("3 passed"),
        "{}",
        other.all()
    );
    let lines = run(&["x/a.test.yaml:4", "x/a.test.yaml:5", "--last-failed", "--list"]);
    assert_eq!(lines.out, "x/a.test.yaml::two\n");
    // Lines move, and others are not run: it still failed last time.
    folder.write("x/a.test.yaml", &format!("# moved\n{}", folder.read("x/a.test.yaml")));
    assert_eq!(run(&["-k", "three"]).status, 0);
    assert_eq!(run(&["--last-failed", "--list"]).out, "x/a.test.yaml::two\n");
    // Mended, it is not known any more.
    folder.write("x/a.test.yaml", &folder.read("x/a.test.yaml").replace("deny", "allow"));
    assert_eq!(run(&["--last-failed"]).status, 0);
    let green = run(&["--last-failed"]);
    assert!(green.err.contains("no test failed last time") && green.out.contains("6 passed"), "{}", green.all());
}

#[test]
fn a_test_that_is_gone_or_renamed_failed_no_more() {
    let folder = project("gone");
    assert_eq!(folder.run(&["test"], "").status, 1);
    folder.write("x/a.test.yaml", "rules: ../r.rules\ntests: [{ name: new, get: a, expect: allow }]\n");
    let again = folder.run(&["test", "--last-failed"], "");
    let gone = "1 test that failed last time is gone or renamed";
    assert!(again.err.contains(gone) && again.err.contains("running all of them"), "{}", again.all());
    assert_eq!(folder.run(&["test", "x"], "").status, 0);
    assert!(!folder.read(".firewarden/last-failed.json").contains("two"));
    assert_eq!(folder.read(".firewarden/.gitignore"), "*\n");
}

#[test]
fn what_failed_last_never_fails_a_run() {
    let folder = project("last-failed-broken");
    // Neither a file in the way nor one that says nothing.
    folder.write(".firewarden", "a file");
    let ran = folder.run(&["test", "--last-failed"], "");
    assert!(ran.status == 1 && !ran.err.contains("error"), "{}", ran.all());
    std::fs::remove_file(folder.path().join(".firewarden")).unwrap();
    for text in ["", "{", "[]", "{\"failed\": 1}", "{\"failed\": [1, {}, {\"suite\": 1, \"name\": null}]}"] {
        folder.write(".firewarden/last-failed.json", text);
        let ran = folder.run(&["test", "--last-failed", "y"], "");
        assert!(ran.status == 0 && ran.out.contains("3 passed"), "{text}: {}", ran.all());
    }
}

#[test]
fn tests_that_bail_leaves_out_keep_what_is_known() {
    let folder = project("bail");
    let suite =
        "rules: ../r.rules\ntests:\n  - { name: one, get: a, expect: deny }\n  - { name: two, get: a, expect: deny }\n";
    folder.write("x/a.test.yaml", suite);
    assert_eq!(folder.run(&["test"], "").status, 1);
    let ran = folder.run(&["test", "--last-failed", "--bail", "--jobs", "1"], "");
    assert!(ran.out.contains("1 not run"), "{}", ran.all());
    assert_eq!(folder.run(&["test", "--last-failed", "--list"], "").out.lines().count(), 2);
}

#[test]
fn a_list_has_a_form_for_programs() {
    let folder = project("list");
    folder.write("x/broken.test.yaml", "rules: ../r.rules\ntest: []\n");
    let ran = folder.run(&["test", "--list", "--format", "json", "-k", "t"], "");
    let json: Json = serde_json::from_str(&ran.out).unwrap();
    let names: Vec<&str> =
        json["tests"].as_array().unwrap().iter().map(|test| test["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 6);
    let two = &json["tests"][1];
    assert_eq!(
        *two,
        serde_json::json!({
            "suite": "x/a.test.yaml", "line": 4, "column": 7, "name": "two", "user": "guest",
            "request": "get /b/demo-bucket/o/a", "expected": "deny", "skip": null,
        })
    );
    assert_eq!((ran.status, &json["errors"][0]["file"]), (2, &"x/broken.test.yaml".into()));
    let filtered = folder.run(&["test", "y", "--list", "--format", "json", "-k", "two"], "");
    let json: Json = serde_json::from_str(&filtered.out).unwrap();
    assert_eq!((json["tests"].as_array().unwrap().len(), filtered.status), (1, 0));
}

#[test]
fn a_files_name_says_its_format() {
    let folder = project("format");
    for (name, beginning) in [("r.xml", "<?xml"), ("r.JSON", "{"), ("r.tap", "TAP version 14\n")] {
        let ran = folder.run(&["test", "-o", name], "");
        assert!(ran.status == 1 && ran.out.contains("6 tests in 2 suites"), "{}", ran.all());
        assert!(folder.read(name).starts_with(beginning), "{name}");
    }
    // Annotations are printed, and the file is what its name says.
    let both = folder.run(&["test", "--format", "github", "-o", "both.xml"], "");
    assert!(both.out.starts_with("::error ") && folder.read("both.xml").starts_with("<?xml"), "{}", both.all());
    assert_eq!(folder.run(&["test", "--format", "junit", "-o", "results.txt"], "").status, 1);
    assert!(folder.read("results.txt").starts_with("<?xml"));
}

#[test]
fn contradictions_are_wrong_usage() {
    let folder = project("contradictions");
    for (arguments, words) in [
        (&["-o", "r.txt"][..], "use .xml (JUnit), .json or .tap, or add --format"),
        (&["-o", "report"], "the extension determines no format"),
        (&["--format", "github", "-o", "r.txt"], "use .xml (JUnit), .json or .tap\n"),
        (&["--format", "json", "-o", "r.xml"], "the extension is that of junit, but --format is json"),
        (&["--format", "human", "-o", "r.tap"], "the extension is that of tap, but --format is human"),
        (&["-o", "r.json", "--coverage", "json=r.json"], "two reports have the same file"),
        (&["--coverage", "json=r", "--coverage", "lcov=r"], "two reports have the same file"),
        (&["--list", "--format", "tap"], "--list supports the formats human and json, not tap"),
        (&["--list", "--format", "github"], "the formats human and json, not github"),
        (&["--list", "-o", "r.json"], "cannot be used with"),
        (&["--list", "--bail"], "cannot be used with"),
        (&["--list", "--watch"], "cannot be used with"),
        (&["--quiet", "--verbose"], "cannot be used with"),
        (&["--last-failed", "--official", "q.json"], "cannot be used with"),
        (&["--watch", "--format", "json", "-o", "r.xml"], "but --format is json"),
    ] {
        let ran = folder.run(&[&["test"], arguments].concat(), "");
        assert!(ran.status == 2 && ran.err.contains(words) && ran.out.is_empty(), "{arguments:?}: {}", ran.all());
    }
    assert!(!folder.path().join("r.json").exists() && !folder.path().join("r.xml").exists());
}
