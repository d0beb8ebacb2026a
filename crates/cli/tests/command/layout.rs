//! How results look: widths, what is told once, durations, colours, help.

use std::{path::Path, time::Duration};

use firewarden_suite::{
    Options, Run, TestOutcome,
    report::{self, Detail, Layout},
};

use super::kinds::{KINDS, load};
use super::runner::{Folder, Ran, run_with};

const RULES: &str = "\
rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    function isOwner(userId) { return request.auth != null && request.auth.uid == userId && request.auth.token.email_verified == true; }
    match /users/{userId}/{file} {
      allow get: if request.auth != null;
      allow create: if request.auth != null && request.auth.uid == userId && request.resource.size < 5 * 1024 * 1024 && request.resource.contentType.matches('image/.*');
      allow delete: if isOwner(userId) && resource.metadata.lockedBy == null || request.auth.token.admin;
      allow update: if request.resource.metadata.keys().hasAll(['title', 'description', 'license', 'photographer', 'camera']);
\t\t\tallow list: if request.auth != null && request.auth.token.email_verified && request.auth.token.admin == true;
    }
  }
}
";

const SUITE: &str = "\
rules: storage.rules
users: { owner: { uid: alice }, stranger: { uid: bob } }
objects: { users/alice/cat.png: { size: 10, metadata: { a: b } } }
tests:
  - { name: a stranger uploads, as: stranger, create: users/alice/cat.png, with: { size: 2048, contentType: image/png }, expect: allow }
  - { name: an owner deletes, as: owner, delete: users/alice/cat.png, expect: allow }
  - { name: an owner updates, as: owner, update: users/alice/cat.png, merge: { metadata: { title: x } }, expect: allow }
  - name: a name that goes on and on, so that it does not fit in one line of eighty columns, nor in one of a hundred and forty
    get: users/alice/a-very-long-file-name-that-nobody-would-write/but/with/many/segments/that/go/on/and/on/cat.png
    expect: allow
  - { name: a guest lists, list: users/alice, expect: allow }
  - { name: an owner lists, as: owner, list: users/alice/x, expect: allow }
  - { name: noted, get: usres/alice/a-very-long-file-name-that-nobody-would-write-either.png, expect: deny }
";

/// The suite in a folder with long names, run there.
fn ran(name: &str, arguments: &[&str], columns: &str) -> Ran {
    let folder = Folder::new(name);
    folder.write("a-folder-with-quite-a-long-name/and-another-one-below-it/storage.rules", RULES);
    folder.write("a-folder-with-quite-a-long-name/and-another-one-below-it/t.test.yaml", SUITE);
    run_with(folder.path(), arguments, "", &[("COLUMNS", columns)])
}

/// Without how long it took.
fn untimed(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" (") {
        Some((before, time)) if time.ends_with("s)") && time.starts_with(|c: char| c == '<' || c.is_ascii_digit()) => {
            format!("{} (TIME)\n", before)
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn traces_fit_eighty_columns_and_use_a_hundred_and_forty() {
    insta::assert_snapshot!("columns_80", untimed(&ran("columns-80", &["test"], "80").out));
    insta::assert_snapshot!("columns_140", untimed(&ran("columns-140", &["test", "--verbose"], "140").out));
    // Neither a terminal nor a variable: 80.
    assert_eq!(
        untimed(&ran("columns-none", &["test"], "").out),
        untimed(&ran("columns-80-again", &["test"], "80").out)
    );
}

/// Lines that do not fit, but for places, which people follow and copy.
fn too_long(text: &str, columns: usize) -> Vec<String> {
    let place = |line: &str| line.trim_start().starts_with("--> ");
    text.lines().filter(|line| !place(line) && line.chars().count() > columns).map(str::to_owned).collect()
}

/// The columns of a terminal with tabs of eight.
fn expanded(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut columns = 0;
        for c in line.chars() {
            let width = if c == '\t' { 8 - columns % 8 } else { 1 };
            out.extend(std::iter::repeat_n(if c == '\t' { ' ' } else { c }, width));
            columns += width;
        }
        out.push('\n');
    }
    out
}

#[test]
fn every_line_fits_whatever_the_columns() {
    let mut shown = 0;
    for columns in [48, 60, 80, 100, 140, 200] {
        for (name, text) in KINDS.into_iter().chain([("t.test.yaml", SUITE)]) {
            let flipped = text
                .replace("allow", "~~")
                .replace("deny", "allow")
                .replace("~~", "deny")
                .replace("no-sign-in", "deny");
            let text = if name == "t.test.yaml" { text } else { &flipped };
            let text = text.replace(
                "rules: storage.rules\nusers: { owner",
                &format!("rules: |\n  {}users: {{ owner", RULES.replace('\n', "\n  ").trim_end_matches(' ')),
            );
            let suites = load(name, &text);
            assert!(suites.errors.is_empty(), "{}", suites.errors[0]);
            let run = suites.run(&Options { columns: Some(columns), ..Options::default() }, &|_| ());
            let text = expanded(&report::human(&run, Layout { detail: Detail::Tests, columns }));
            let long = too_long(&text, columns);
            assert!(long.is_empty(), "{columns} {name}:\n{}", long.join("\n"));
            shown += carets(&text);
        }
    }
    assert!(shown > 400, "{shown}");
}

/// How many frames a text has; each has its carets under something.
fn carets(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let mut count = 0;
    for pair in lines.windows(2) {
        let Some((_, marks)) = pair[1].split_once(" | ").filter(|(_, marks)| marks.trim_start().starts_with('^'))
        else {
            continue;
        };
        let Some((_, source)) = pair[0].split_once(" | ") else { continue };
        let (from, to) = (marks.find('^').unwrap(), marks.rfind('^').unwrap());
        let marked: String = source.chars().skip(from).take(to + 1 - from).collect();
        assert!(
            marked.chars().count() == to + 1 - from && !marked.starts_with(' ') && !marked.contains('…'),
            "{pair:#?}"
        );
        let before: String = source.chars().take(from).collect();
        // A name is marked from its first letter.
        let cuts = |c: char| c.is_alphanumeric() || c == '_';
        assert!(!(before.ends_with(cuts) && marked.starts_with(cuts)), "{pair:#?}");
        count += 1;
    }
    count
}

#[test]
fn an_explained_decision_fits_too() {
    let folder = Folder::new("explained");
    folder.write("storage.rules", RULES);
    let path = format!("users/alice/{}.png", "long-".repeat(40));
    for columns in ["80", "140"] {
        let arguments = ["eval", "storage.rules", "delete", &path, "--as", "alice", "--existing", "{}", "--explain"];
        let ran = run_with(folder.path(), &arguments, "", &[("COLUMNS", columns)]);
        let columns: usize = columns.parse().unwrap();
        assert!(too_long(&ran.out, columns).is_empty(), "{}", ran.out);
        assert!(ran.out.lines().any(|line| line.chars().count() > columns - 5), "{}", ran.out);
    }
}

#[test]
fn true_false_and_errors_differ_with_colour_and_without() {
    let folder = Folder::new("colours");
    folder.write("storage.rules", RULES);
    folder.write(
        "database.rules.json",
        "{ \"rules\": { \"a\": { \".read\": \"auth != null && auth.uid.length > 3\", \".write\": \"newData.val().length > auth.uid\" } } }",
    );
    let run = |arguments: &[&str]| folder.run(arguments, "").out;
    let storage =
        ["eval", "storage.rules", "delete", "users/alice/a", "--as", "alice", "--existing", "{}", "--explain"];
    let coloured = run(&[&storage[..], &["--color", "always"]].concat());
    for painted in
        ["→ \u{1b}[32mtrue\u{1b}[0m\n", "→ \u{1b}[1m\u{1b}[31merror\u{1b}[0m", "= \u{1b}[1m\u{1b}[31merror\u{1b}[0m: "]
    {
        assert!(coloured.contains(painted), "{coloured}");
    }
    let get = run(&["eval", "storage.rules", "get", "users/alice/a", "--explain", "--color", "always"]);
    assert!(get.contains("→ \u{1b}[33mfalse\u{1b}[0m") && get.contains("= \u{1b}[33mfalse\u{1b}[0m\n"), "{get}");
    let plain = run(&storage);
    assert!(plain.contains("→ true\n") && plain.contains("→ error  (") && plain.contains("  = error: "), "{plain}");
    let denied = run(&["eval", "database.rules.json", "read", "a", "--explain"]);
    assert!(denied.contains("→ false  (") && denied.contains("= false\n"), "{denied}");
    let failed = run(&["eval", "database.rules.json", "write", "a", "--with", "1", "--explain"]);
    assert!(failed.contains(".write of /a  → error  (") && failed.contains("  = error: "), "{failed}");
}

/// Tests that fail for two causes, and some that pass with a note.
fn many(failing: usize) -> Run {
    let test = |at: usize| match at % 2 {
        0 => format!("  - {{ name: n{at}, get: users/u{at}/x, expect: allow }}\n"),
        _ => format!("  - {{ name: n{at}, as: owner, get: users/u{at}/x, expect: deny }}\n"),
    };
    let noted = |at: usize| format!("  - {{ name: noted{at}, get: nowhere/{at}, expect: deny }}\n");
    let tests: String = (0..failing).map(test).chain((0..30).map(noted)).collect();
    let rules = RULES.replace('\n', "\n  ");
    let text = format!("rules: |\n  {rules}\nusers: {{ owner: {{ uid: alice }} }}\ntests:\n{tests}");
    let suites = load("t.test.yaml", &text);
    assert!(suites.errors.is_empty(), "{}", suites.errors[0]);
    suites.run(&Options::default(), &|_| ())
}

fn human(run: &Run, detail: Detail) -> String {
    report::human(run, Layout { detail, ..Layout::default() })
}

#[test]
fn failures_with_the_same_cause_are_told_once() {
    let run = many(2000);
    let folded = human(&run, Detail::Suites);
    insta::assert_snapshot!("folded", folded);
    assert!(folded.lines().count() < 120);
    let all = human(&run, Detail::Tests);
    assert_eq!((all.matches("\nFAIL  n").count(), all.matches("decisive:").count()), (2000, 2000));
    assert_eq!(all.matches("\nnote: ").count(), 30);
    let quiet = human(&run, Detail::Quiet);
    assert!(quiet.contains("and 999 more like it:\n") && !quiet.contains("--verbose"), "{quiet}");
    // Few are told one by one.
    let few = human(&many(10), Detail::Suites);
    assert_eq!((few.matches("\nFAIL  n").count(), few.matches("more like it").count()), (10, 1));
    let eleven = human(&many(11), Detail::Suites);
    assert_eq!(eleven.matches("\nFAIL  n").count(), 2);
    assert!(
        eleven.contains("and 5 more like it:\n    t.test.yaml:")
            && eleven.contains("41 tests in 1 suite: 30 passed, 11 failed; 30 notes\n")
    );
}

#[test]
fn failures_of_other_causes_are_told_apart() {
    // The same request and rule, but another part of it, another error, another expectation.
    let rules = "rules: |\n  service firebase.storage { match /b/{b}/o/{o} {\n    allow get: if request.auth.uid == 'a' && resource.size > 3;\n    \
                 allow list, delete;\n  } }\nusers: { a: { uid: a }, b: { uid: b } }\nobjects: { small: { size: 1 }, large: { size: 9 } }\n";
    let kinds = [
        "get: small, as: a, expect: allow",
        "get: small, as: b, expect: allow",
        "get: small, expect: allow",
        "get: none, as: a, expect: allow",
        "get: large, as: a, expect: deny",
        "get: large, as: b, expect: deny, because: no-match",
        "get: large, as: b, expect: deny, because: error",
        "get: large, as: b, expect: no-sign-in",
    ];
    let tests: String = (0..5).flat_map(|at| kinds.map(|kind| format!("  - {{ name: n{at}, {kind} }}\n"))).collect();
    let suites = load("t.test.yaml", &format!("{rules}tests:\n{tests}"));
    let run = suites.run(&Options::default(), &|_| ());
    assert_eq!(run.counts(), (0, 40, 0));
    let text = human(&run, Detail::Suites);
    assert_eq!(
        (text.matches("\nFAIL  n0\n").count(), text.matches("  and 4 more like it:\n").count()),
        (8, 8),
        "{text}"
    );
}

#[test]
fn failures_that_share_nothing_are_bounded() {
    let rule = |at: usize| format!("    match /r{at}/{{o}} {{ allow get: if resource.size == {at}; }}\n");
    let rules: String = (0..300).map(rule).collect();
    let tests: String = (0..300).map(|at| format!("  - {{ name: n{at}, get: r{at}/a, expect: allow }}\n")).collect();
    let text = format!("rules: |\n  service firebase.storage {{ match /b/{{b}}/o {{\n{rules}  }} }}\ntests:\n{tests}");
    let run = load("t.test.yaml", &text).run(&Options::default(), &|_| ());
    let text = human(&run, Detail::Suites);
    assert_eq!(text.matches("decisive:").count(), 20);
    assert!(text.contains("\nmore failures, in short:\n    t.test.yaml:"), "{text}");
    assert!(text.contains("    … and 230 more failures (--verbose shows all)\n"), "{text}");
    assert!(text.ends_with("\n300 tests in 1 suite: 0 passed, 300 failed\n"), "{text}");
}

#[test]
fn like_problems_of_a_suite_are_told_once() {
    let folder = Folder::new("like-problems");
    folder.write("storage.rules", RULES);
    let users: String = (0..400).map(|at| format!("  u{at}: {{ uid: u }}\n")).collect();
    let suite = |tests: &str| format!("rules: storage.rules\nusers:\n{users}tests:\n{tests}");
    folder.write("a.test.yaml", &suite("  - { as: u0, get: users/a/b, expect: allow }\n"));
    let ran = folder.run(&["test"], "");
    assert_eq!(ran.err.matches("warning[unused-user]: no test").count(), 3, "{}", ran.err);
    let rest = "\nwarning[unused-user]: 396 more like this: no test uses the user\n  --> a.test.yaml, lines 7-402\n\n(--verbose shows each of them)\n";
    assert!(ran.err.contains(rest), "{}", ran.err);
    assert_eq!(folder.run(&["test", "--verbose"], "").err.matches("warning[unused-user]").count(), 399);
    let wrong: String =
        (0..400).map(|at| format!("  - {{ get: users/a/{at}, exepct: allow, expect: deny }}\n")).collect();
    folder.write("a.test.yaml", &suite(&wrong));
    let ran = folder.run(&["test"], "");
    assert!(
        ran.status == 2
            && ran.err.contains("error[unknown-key]: 397 more like this: unknown key\n  --> a.test.yaml, lines "),
        "{}",
        ran.err
    );
    // Eight are shown in full.
    let few: String = (0..8).map(|at| format!("  - {{ get: users/a/{at}, exepct: allow, expect: deny }}\n")).collect();
    folder.write("a.test.yaml", &format!("rules: storage.rules\ntests:\n{few}"));
    assert_eq!(folder.run(&["test"], "").err.matches("did you mean expect?").count(), 8);
}

/// A clock that goes on by 1,234 microseconds with each look.
fn timer() -> Duration {
    use std::cell::Cell;
    std::thread_local!(static NOW: Cell<u64> = const { Cell::new(0) });
    Duration::from_micros(1234 * NOW.replace(NOW.get() + 1))
}

#[test]
fn durations_are_in_every_report() {
    let text = "rules: storage.rules\ntests:\n  - { name: a, get: open/a, expect: allow }\n  - { name: b, get: mine/a/b, expect: allow }\n  \
                - { name: c, skip: later, get: open/a, expect: allow }\n";
    let suites = load("t.test.yaml", text);
    let one = std::num::NonZeroUsize::new(1);
    let run = suites.run(&Options { timer: Some(timer), jobs: one, ..Options::default() }, &|_| ());
    assert!(human(&run, Detail::Suites).ends_with("3 tests in 1 suite: 1 passed, 1 failed, 1 skipped (8.6 ms)\n"));
    let verbose = human(&run, Detail::Tests);
    assert!(verbose.starts_with("FAIL  t.test.yaml  3 tests, 1 failed, 1 skipped  (3.7 ms)\n"), "{verbose}");
    let junit = report::junit(&suites, &run).unwrap();
    assert!(
        junit.contains("errors=\"0\" time=\"0.009\">") && junit.contains("failures=\"1\" time=\"0.004\">"),
        "{junit}"
    );
    assert_eq!(junit.matches("classname=\"t.test.yaml\" time=\"0.001\"").count(), 3);
    let json = report::json(&suites, &run);
    assert_eq!((json["seconds"].as_f64(), json["tests"][1]["seconds"].as_f64()), (Some(0.008_638), Some(0.001_234)));
    assert_eq!(json["tests"][1]["decidedAt"]["file"], "storage.rules");
    let tap = report::tap(&suites, &run);
    assert!(tap.contains("ok 1 - t.test.yaml:3 a\n  ---\n  duration_ms: 1.234\n  ...\nnot ok 2 - "), "{tap}");
    assert!(tap.contains("\n  ---\n  duration_ms: 1.234\n  message: ") && tap.ends_with("\n# time=8.638ms\n"), "{tap}");
    // Without a clock there are none.
    let untimed = suites.run(&Options::default(), &|_| ());
    assert!(untimed.duration.is_none() && !report::junit(&suites, &untimed).unwrap().contains("time="));
    assert!(!report::tap(&suites, &untimed).contains("duration_ms"));
    assert!(untimed.results.iter().any(|result| matches!(result.outcome, TestOutcome::Skipped(_))));
}

#[test]
fn the_command_measures_how_long_tests_take() {
    let folder = Folder::new("measured");
    folder.write("storage.rules", RULES);
    folder.write("a.test.yaml", "rules: storage.rules\ntests: [{ get: users/a/b, expect: deny }]\n");
    let ran = folder.run(&["test", "-v", "-o", "r.json"], "");
    assert!(
        untimed(&ran.out).contains("1 test  (TIME)\n") && untimed(&ran.out).ends_with("1 passed (TIME)\n"),
        "{}",
        ran.out
    );
    let json: serde_json::Value = serde_json::from_str(&folder.read("r.json")).unwrap();
    assert!(json["seconds"].as_f64() >= json["tests"][0]["seconds"].as_f64() && json["seconds"].is_f64());
}

#[test]
fn help_has_no_ragged_lines() {
    let commands: &[&[&str]] = &[
        &[],
        &["check"],
        &["eval"],
        &["exec-firebase"],
        &["init"],
        &["test"],
        &["token", "mint"],
        &["token", "exchange"],
        &["token", "callable"],
        &["token", "verify"],
    ];
    for command in commands {
        for (columns, wide) in [("80", 80), ("100", 100), ("140", 100), ("", 80)] {
            let help = run_with(Path::new("."), &[command, &["--help"][..]].concat(), "", &[("COLUMNS", columns)]).out;
            let lines: Vec<&str> = help.lines().collect();
            for pair in lines.windows(2) {
                assert!(pair[0].chars().count() <= wide, "{command:?} at {columns}: {}", pair[0]);
                // A paragraph goes on where its next word does not fit.
                let prose = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
                if prose(pair[0]) && prose(pair[1]) {
                    let next = pair[1].split(' ').next().unwrap();
                    let room = wide - pair[0].chars().count();
                    assert!(next.chars().count() >= room, "{command:?} at {columns}: {pair:#?}");
                }
            }
        }
    }
}
