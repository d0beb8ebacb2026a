//! How suites run.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use firewarden_suite::{Disk, Note, Options, Suites, TestOutcome, discover, is_suite};

use super::kinds::{KINDS, clock, load, results, run};

#[test]
fn the_first_sketch_runs_as_written() {
    let suites = Suites::load(&Disk, &[PathBuf::from("tests/suites/sketch/sketch.test.yaml")], clock());
    let run = run(&suites);
    let warnings: String = suites.warnings.iter().map(ToString::to_string).collect();
    // It states a user and a document more than it needs, to show how.
    let only_unused = warnings.matches("warning[").count() == warnings.matches("warning[unused-").count();
    assert!(suites.errors.is_empty() && only_unused, "{:?}{warnings}", suites.errors);
    assert_eq!(run.counts(), (3, 0, 0));
}

#[test]
fn suites_of_each_kind_pass() {
    for (name, text) in KINDS {
        let suites = load(name, text);
        assert!(suites.errors.is_empty(), "{}", suites.errors[0]);
        let run = run(&suites);
        for result in &run.results {
            assert!(!matches!(result.outcome, TestOutcome::Failed(_)), "{name}: {result:?}");
        }
    }
}

#[test]
fn every_flipped_expectation_fails_and_shows_why() {
    for (name, text) in KINDS {
        let flipped =
            text.replace("allow", "~~").replace("deny", "allow").replace("~~", "deny").replace("no-sign-in", "deny");
        let suites = load(name, &flipped);
        let run = run(&suites);
        assert!(run.results.len() > 10);
        for result in &run.results {
            match &result.outcome {
                TestOutcome::Failed(failure) => {
                    let no_user = failure.got == "no-sign-in";
                    assert!(
                        no_user
                            || failure.explanation.contains("\nmatch /")
                            || failure.explanation.contains(" of /")
                            || failure.message.contains("no statement")
                            || failure.message.contains("there is no")
                            || failure.message.contains("refuses"),
                        "{failure:?}"
                    );
                }
                TestOutcome::Skipped(_) => {}
                TestOutcome::Passed(_) => panic!("{name}: {result:?}"),
            }
        }
    }
}

#[test]
fn a_wrong_reason_fails_a_right_answer() {
    let suite = |because: &str| {
        format!(
            "rules: storage.rules\nusers: {{ alice: {{ uid: alice }} }}\ntests:\n  - as: alice\n    create: mine/a/b\n    \
             with: {{ size: 9000, contentType: image/png }}\n    expect: deny\n    because: {because}\n"
        )
    };
    for right in ["12", "13", "storage.rules:13", "./storage.rules:12", "false", "{ line: 13 }"] {
        assert!(results(&suite(right)).passed(), "{right}");
    }
    for wrong in ["11", "14", "error", "no-match", "refused", "{ error: Null value }"] {
        let run = results(&suite(wrong));
        let TestOutcome::Failed(failure) = &run.results[0].outcome else { panic!("{wrong} passes") };
        assert!(failure.message.starts_with("expected"), "{}", failure.message);
        assert!(failure.explanation.contains("^^^"), "{}", failure.explanation);
    }
}

#[test]
fn a_denial_for_a_doubtful_reason_is_noted_and_strict_fails_it() {
    let text = "rules: storage.rules\nobjects: { mine/alice/cat.png: {} }\ntests:\n  \
                - { name: error, get: embargo/a, expect: deny }\n  \
                - { name: no-match, get: mien/alice/cat.png, expect: deny }\n  \
                - { name: false, list: mine/alice, expect: deny }\n";
    let text = text.replace("name: false", "name: 'false'");
    let suites = load("t.test.yaml", &text);
    let run = run(&suites);
    let notes: Vec<_> = run
        .results
        .iter()
        .map(|result| match &result.outcome {
            TestOutcome::Passed(note) => note.as_ref().map(Note::word),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(notes, [Some("error"), Some("no-match"), None]);
    let TestOutcome::Passed(Some(note)) = &run.results[1].outcome else { panic!() };
    assert!(note.to_string().contains("did you mean mine/alice/cat.png?"), "{note}");
    let strict = suites.run(&Options { strict: true, ..Options::default() }, &|_| ());
    assert_eq!(strict.counts(), (1, 2, 0));
}

#[test]
fn the_answer_is_the_same_with_any_number_of_threads() {
    let test = |at: usize| {
        format!(
            "  - {{ name: n{at}, as: alice, create: mine/alice/{at}, with: {{ size: {} , contentType: image/png }}, expect: allow }}\n",
            at * 7
        )
    };
    let tests: String = (0..1500).map(test).collect();
    let text = format!("rules: storage.rules\nusers: {{ alice: {{ uid: alice }} }}\ntests:\n{tests}");
    let suites = load("t.test.yaml", &text);
    let told = |jobs: usize, coverage: bool| {
        let options = Options { jobs: NonZeroUsize::new(jobs), coverage, ..Options::default() };
        let run = suites.run(&options, &|_| ());
        let counted: Vec<String> = run.coverage.iter().map(|(_, coverage)| format!("{coverage:?}")).collect();
        (format!("{:?}", run.results), counted, run.counts())
    };
    let one = told(1, true);
    assert_eq!(one.2, (732, 768, 0), "5,120 bytes are too many");
    for jobs in [2, 3, 16] {
        assert_eq!(told(jobs, true), one);
    }
    assert_eq!(told(4, false).0, one.0, "coverage changes no answer");
}

#[test]
fn a_filter_chooses_by_path_and_name() {
    let suites = load(KINDS[0].0, KINDS[0].1);
    let count = |filter: &str| {
        let run = suites.run(&Options { filter: Some(filter.to_owned()), ..Options::default() }, &|_| ());
        assert_eq!(run.results.len() + run.filtered, suites.tests());
        run.results.len()
    };
    assert_eq!(count("storage"), suites.tests());
    assert_eq!(count("OWNER reads"), 4);
    assert_eq!(count("[as guest]"), count("storage::[as guest]"));
    assert_eq!(count("firestore::owner"), 0);
}

#[test]
fn inline_rules_have_the_lines_of_the_suite() {
    let text = "rules: |\n  service firebase.storage {\n    match /b/{b}/o/{o} {\n      allow get: if false == true;\n    }\n  }\n\
                tests:\n  - { get: a, expect: deny, because: t.test.yaml:4 }\n  - { get: a, expect: allow }\n";
    let run = results(text);
    assert!(matches!(run.results[0].outcome, TestOutcome::Passed(None)), "{:?}", run.results[0]);
    let TestOutcome::Failed(failure) = &run.results[1].outcome else { panic!() };
    assert!(failure.message.ends_with("(t.test.yaml:4:19)"), "{}", failure.message);
}

#[test]
fn seeds_belong_to_their_bucket_and_their_database() {
    let objects = "rules: storage.rules\nbucket: one\nusers: { alice: { uid: alice } }\nobjects:\n  \
                   mine/alice/a: { metadata: { owner: alice } }\n  /b/two/o/mine/alice/b: { metadata: { owner: alice } }\ntests:\n  \
                   - { as: alice, get: mine/alice/a, expect: allow }\n  \
                   - { as: alice, get: mine/alice/b, expect: deny }\n  \
                   - { as: alice, get: /b/two/o/mine/alice/b, expect: allow }\n  \
                   - { as: alice, get: gs://two/mine/alice/b, expect: allow }\n  \
                   - { as: alice, get: mine/alice/a, bucket: two, expect: deny }\n";
    let documents = "rules: firestore.rules\nusers: { alice: { uid: alice } }\ndocuments:\n  notes/n1: { owner: alice }\n  \
                     /databases/other/documents/notes/n2: { owner: alice }\ntests:\n  \
                     - { as: alice, get: notes/n1, expect: allow }\n  \
                     - { as: alice, get: notes/n2, expect: deny }\n  \
                     - { as: alice, get: /databases/other/documents/notes/n2, expect: allow }\n  \
                     - { as: alice, get: notes/n2, database: other, expect: allow }\n  \
                     - { get: /databases/other/documents/own/o1, expect: allow }\n";
    for text in [objects, documents] {
        let run = results(text);
        for result in &run.results {
            assert!(matches!(result.outcome, TestOutcome::Passed(_)), "{result:?}");
        }
    }
}

#[test]
fn bail_ends_at_the_first_failure_whatever_the_threads() {
    let tests: String = (0..400)
        .map(|at| format!("  - {{ get: open/{at}, expect: {} }}\n", if at >= 200 { "deny" } else { "allow" }))
        .collect();
    let suites = load("t.test.yaml", &format!("rules: storage.rules\ntests:\n{tests}"));
    for jobs in [1, 2, 4, 2, 8, 2, 3] {
        let options = Options { bail: true, jobs: NonZeroUsize::new(jobs), ..Options::default() };
        let run = suites.run(&options, &|_| ());
        assert_eq!((run.counts(), run.unrun), ((200, 1, 0), 199));
    }
}

#[test]
fn a_refused_sign_in_has_the_reason_that_is_pinned() {
    let suite = |because: &str| {
        format!(
            "rules: storage.rules\nusers: {{ mallory: {{ uid: m, provider: google.com, beforeSignIn: {{ throw: {{ code: \
             permission-denied, message: banned }} }} }} }}\ntests:\n  - {{ as: mallory, get: open/a, expect: no-sign-in, \
             because: {because} }}\n"
        )
    };
    for right in ["error", "{ error: banned }", "null"] {
        assert!(results(&suite(right)).passed(), "{right}");
    }
    for wrong in ["{ error: expired }", "no-match", "5"] {
        assert!(!results(&suite(wrong)).passed(), "{wrong}");
    }
}

#[test]
fn times_of_a_database_are_told_by_the_clock() {
    let text = "rules: database.rules.json\nnow: 2026-11-22T10:00:00Z\nusers: { alice: { uid: alice } }\ntests:\n  \
                - { as: alice, write: users/alice/seen, with: !now, expect: allow }\n  \
                - { as: alice, write: users/alice/seen, with: !now -1s, expect: deny }\n  \
                - { as: alice, write: users/alice/seen, with: { timestampValue: now }, expect: allow }\n  \
                - { as: alice, write: users/alice/seen, with: !timestamp '2026-11-22T10:00:00Z', expect: allow }\n";
    assert!(results(text).passed());
}

#[test]
fn users_are_who_they_would_be() {
    let text = r"
rules: |
  rules_version = '2';
  service firebase.storage { match /b/{b}/o {
    match /password/{x} { allow get: if request.auth.token.firebase.sign_in_provider == 'password'
      && request.auth.token.email == 'p@example.com' && !request.auth.token.email_verified; }
    match /phone/{x} { allow get: if request.auth.token.phone_number == '+15555550100' && !('email' in request.auth.token); }
    match /anonymous/{x} { allow get: if request.auth.token.provider_id == 'anonymous'; }
    match /link/{x} { allow get: if request.auth.token.firebase.sign_in_provider == 'password' && request.auth.token.email_verified; }
    match /saml/{x} { allow get: if request.auth.token.firebase.sign_in_provider == 'saml.acme'
      && request.auth.token.firebase.sign_in_attributes.role == 'boss' && request.auth.token.firebase.tenant == 't1'; }
    match /second/{x} { allow get: if request.auth.token.firebase.sign_in_second_factor == 'phone'; }
    match /custom/{x} { allow get: if request.auth.token.premium && request.auth.token.exp - request.auth.token.iat == 3600; }
    match /earlier/{x} { allow get: if request.auth.token.auth_time == request.time.toMillis() / 1000 - 3600; }
    match /created/{x} { allow get: if request.auth.token.role == 'new' && request.auth.token.name == 'N'; }
  } }
users:
  password: { uid: p, provider: password }
  phone: { uid: p, provider: phone }
  anonymous: { uid: p, provider: anonymous }
  link: { uid: p, provider: emailLink }
  saml: { uid: p, provider: saml.acme, signInAttributes: { role: boss }, tenant: t1 }
  second: { uid: p, secondFactor: phone }
  custom: { uid: p, provider: custom, claims: { premium: true } }
  earlier: { uid: p, signedIn: now-1h }
  created: { uid: p, provider: google.com, displayName: null, beforeCreate: { return: { displayName: N, customClaims: { role: new } } } }
tests:
  - { get: password/x, expect: { password: allow, phone: deny, link: deny } }
  - { get: phone/x, expect: { phone: allow, password: deny } }
  - { get: anonymous/x, expect: { anonymous: allow, password: deny } }
  - { get: link/x, expect: { link: allow, password: deny } }
  - { get: saml/x, expect: { saml: allow, password: deny } }
  - { get: second/x, expect: { second: allow, password: deny } }
  - { get: custom/x, expect: { custom: allow, password: deny } }
  - { get: earlier/x, expect: { earlier: allow, password: deny } }
  - { get: created/x, expect: { created: allow, password: deny } }
";
    let run = results(text);
    for result in &run.results {
        assert!(matches!(result.outcome, TestOutcome::Passed(_)), "{result:?}");
    }
}

#[test]
fn suites_are_found_by_their_names() {
    for (name, expected) in [
        ("a.test.yaml", true),
        ("a/b.test.yml", true),
        ("a.test.json", true),
        (".test.yaml", false),
        ("a.yaml", false),
        ("a.test.yaml.bak", false),
    ] {
        assert_eq!(is_suite(Path::new(name)), expected, "{name}");
    }
    let found =
        discover(&[PathBuf::from("tests/suites/kinds"), PathBuf::from("tests/suites/kinds/database.test.json")]);
    assert_eq!(found.unwrap().len(), 3);
    assert!(discover(&[PathBuf::from("tests/suites/nowhere")]).is_err());
}
