//! `firewarden diff`, `prove`, `who-can` and `test --generate`: what they print, and their exit statuses.

use std::{path::Path, process::Command};

use serde_json::Value as Json;

use super::runner::{Folder, Ran, run};

const NOW: &str = "2026-12-01T00:00:00Z";

const PHOTOS: &str = include_str!("../../../../examples/photos/storage.rules");
const PHOTOS_LAWS: &str = include_str!("../../../../examples/photos/photos.invariants.yaml");
const WIKI: &str = include_str!("../../../../examples/wiki/firestore.rules");
const WIKI_LAWS: &str = include_str!("../../../../examples/wiki/wiki.invariants.yaml");

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A text with changes that it must have room for.
fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in the text");
        text.replace(from, to)
    })
}

/// The rules of the photos with a check taken away, a moderator let in, a limit added, and a function rewritten to the
/// same effect.
fn changed_photos() -> String {
    changed(
        PHOTOS,
        &[
            ("'private'))\n                      && !isSuspended();", "'private'));"),
            (
                "allow get, delete: if isUser(userId);",
                "allow get: if isUser(userId) || isModerator(); allow delete: if isUser(userId) && resource.size < 1000;",
            ),
            ("return role() in ['moderator', 'admin'];", "return role() == 'moderator' || isAdmin();"),
        ],
    )
}

/// The commands that a result prints, each with what follows it up to the next empty line.
fn commands(out: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = out.lines();
    while let Some(line) = lines.next() {
        if !line.trim_start().starts_with("firewarden eval ") {
            continue;
        }
        let mut command = line.trim().to_owned();
        while let Some(rest) = command.strip_suffix('\\') {
            command = format!("{rest}{}", lines.next().unwrap().trim());
        }
        found.push(command);
    }
    found
}

/// Runs a command line as a shell does, with the command of this build.
#[cfg(unix)]
fn shell(folder: &Folder, line: &str) -> i32 {
    let line = line.replacen("firewarden", env!("CARGO_BIN_EXE_firewarden"), 1);
    let ran = Command::new("sh").arg("-c").arg(line).current_dir(folder.path()).output().unwrap();
    ran.status.code().unwrap()
}

#[test]
fn a_change_of_the_photos_has_exactly_its_three_differences() {
    let folder = Folder::new("analysis-photos");
    folder.write("old.rules", PHOTOS);
    folder.write("storage.rules", &changed_photos());
    let ran = folder.run(&["diff", "old.rules", "storage.rules", "--now", NOW, "--write-tests", "c.test.yaml"], "");
    assert_eq!(ran.status, 1, "{}", ran.all());
    insta::assert_snapshot!(ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80));
    // Two are allowed now, one is denied.
    #[cfg(unix)]
    assert_eq!(commands(&ran.out).iter().map(|line| shell(&folder, line)).collect::<Vec<_>>(), [0, 0, 1]);
    let tested = folder.run(&["test", "c.test.yaml", "--strict"], "");
    assert!(tested.status == 0 && tested.out.contains("3 passed"), "{}\n{}", tested.all(), folder.read("c.test.yaml"));
    // The suite tells the rules apart.
    folder.write("storage.rules", PHOTOS);
    let tested = folder.run(&["test", "c.test.yaml"], "");
    assert!(tested.out.contains("3 failed"), "{}", tested.all());
}

#[test]
fn options_choose_differences_and_what_fails() {
    let folder = Folder::new("analysis-options");
    folder.write("old.rules", PHOTOS);
    folder.write("new.rules", &changed_photos());
    let heads = |ran: &Ran| {
        let head = |line: &&str| ["WIDENED", "NARROWED", "UNKNOWN"].iter().any(|word| line.starts_with(word));
        ran.out.lines().filter(head).map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (arguments, methods, status) in [
        (&[][..], &["get", "create", "delete"][..], 1),
        (&["--only", "widened"], &["get", "create"], 1),
        (&["--only", "narrowed", "--fail-on", "widened"], &["delete"], 0),
        (&["--method", "create"], &["create"], 1),
        (&["--method", "write"], &["create", "delete"], 1),
        (&["--path", "/users/{user}/{photo}"], &["create"], 1),
        (&["--path", "/albums/{any=**}"], &[], 0),
        (&["--fail-on", "none"], &["get", "create", "delete"], 0),
    ] {
        let ran = folder.run(&[&["diff", "old.rules", "new.rules", "--now", NOW], arguments].concat(), "");
        assert_eq!(
            (heads(&ran), ran.status),
            (methods.iter().map(ToString::to_string).collect(), status),
            "{arguments:?}"
        );
    }
    for (arguments, says) in [
        (&["old.rules", "none.rules"][..], "none.rules"),
        (&["old.rules", "new.rules", "--method", "edit"], "no method is called `edit`"),
        (&["old.rules", "new.rules", "--path", "users"], "write `/users`"),
        (&["git:", "new.rules"], "git:HEAD~1"),
        (&["git:HEAD", "git:HEAD"], "name the file as well"),
    ] {
        let ran = folder.run(&[&["diff"], arguments].concat(), "");
        assert!(ran.status == 2 && ran.err.contains(says), "{arguments:?} {}", ran.all());
    }
    folder.write("broken.rules", "service firebase.storage { match }");
    assert_eq!(folder.run(&["diff", "old.rules", "broken.rules"], "").status, 3);
}

#[test]
fn rules_are_compared_with_those_of_a_revision() {
    let folder = Folder::new("analysis-git");
    folder.write("repository/rules/storage.rules", PHOTOS);
    let inside = folder.path().join("repository");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=test", "-c", "user.email=test@example.com"]).args(arguments);
        let ran = git.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(&inside).output().unwrap();
        assert!(ran.status.success(), "{arguments:?} {}", String::from_utf8_lossy(&ran.stderr));
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "first"]);
    folder.write("repository/rules/storage.rules", &changed_photos());
    for (at, arguments) in [
        ("repository", ["git:HEAD", "rules/storage.rules"]),
        ("repository/rules", ["git:HEAD", "storage.rules"]),
        ("", ["git:HEAD", "repository/rules/storage.rules"]),
        ("repository", ["git:HEAD:rules/storage.rules", "rules/storage.rules"]),
    ] {
        let ran = folder.run_in(at, &[&["diff"][..], &arguments, &["--now", NOW]].concat(), "");
        assert!(ran.status == 1 && ran.out.contains("2 widened, 1 narrowed, 0 unknown"), "{arguments:?} {}", ran.all());
        assert!(ran.out.starts_with("HEAD:"), "{}", ran.out);
    }
    for revision in ["git:none", "git:HEAD:other.rules"] {
        let ran = folder.run_in("repository", &["diff", revision, "rules/storage.rules"], "");
        assert!(ran.status == 2 && ran.err.contains(revision), "{}", ran.all());
    }
}

#[test]
fn rules_that_are_rewritten_to_the_same_effect_do_not_differ() {
    let folder = Folder::new("analysis-same");
    folder.write("old.rules", PHOTOS);
    folder.write(
        "new.rules",
        &changed(
            PHOTOS,
            &[("return role() in ['moderator', 'admin'];", "return role() == 'admin' || role() == 'moderator';")],
        ),
    );
    let ran = folder.run(&["diff", "old.rules", "new.rules", "--now", NOW], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    assert!(ran.out.contains("no difference, in 20 statements\n0 widened, 0 narrowed, 0 unknown"), "{}", ran.out);
}

#[test]
fn what_is_not_known_fails_unless_it_may() {
    let folder = Folder::new("analysis-unknown");
    let rules = |condition: &str| {
        format!(
            "rules_version = '2'; service firebase.storage {{ match /b/{{b}}/o/{{o}} {{ allow get: if {condition}; }} }}"
        )
    };
    folder.write("old.rules", &rules("hashing.sha256(o.toUtf8()).toHexString() == 'aa'"));
    folder.write("new.rules", &rules("hashing.md5(o.toUtf8()).toHexString() == 'aa'"));
    let ran = folder.run(&["diff", "old.rules", "new.rules"], "");
    assert!(ran.status == 4 && ran.out.contains("2 unknown"), "{}", ran.all());
    assert!(ran.out.contains("because  old.rules:1:"), "{}", ran.all());
    assert_eq!(folder.run(&["diff", "old.rules", "new.rules", "--unknown", "ok"], "").status, 0);
}

#[test]
fn the_promises_of_the_examples_hold() {
    let ran = run(root(), &["prove", "examples"], "");
    assert_eq!(ran.status, 0, "{}", ran.all());
    assert!(ran.out.contains("0 violated, 0 unknown"), "{}", ran.out);
}

/// Each promise with a change of the rules that breaks it.
#[test]
fn a_broken_promise_is_found_with_a_request() {
    for (name, rules, laws, change, promise) in [
        (
            "storage.rules",
            PHOTOS,
            PHOTOS_LAWS,
            ("isImage(1) && !isSuspended();", "isImage(1);"),
            "suspended users add nothing",
        ),
        (
            "firestore.rules",
            WIKI,
            WIKI_LAWS,
            ("(isOwner(teamId) || isStaff()) && !isBlocked();", "isOwner(teamId) || isStaff();"),
            "a blocked user writes nothing",
        ),
        (
            "firestore.rules",
            WIKI,
            WIKI_LAWS,
            ("changesOnly(['name', 'public', 'roles'])", "changesOnly(['name', 'public', 'roles', 'createdAt'])"),
            "createdAt of /teams/{team} never changes",
        ),
    ] {
        let folder = Folder::new(&format!("analysis-broken-{}", promise.len()));
        folder.write(name, &changed(rules, &[change]));
        folder.write("a.invariants.yaml", laws);
        let ran = folder.run(&["prove", "--write-tests", "broken.test.yaml"], "");
        assert_eq!(ran.status, 1, "{}", ran.all());
        let violated: Vec<&str> = ran.out.lines().filter_map(|line| line.trim().strip_prefix("VIOLATED ")).collect();
        assert!(violated.len() == 1 && violated[0].starts_with(promise), "{}", ran.all());
        #[cfg(unix)]
        for line in commands(&ran.out) {
            assert_eq!(shell(&folder, &line), 0, "{line}");
        }
        assert!(!commands(&ran.out).is_empty());
        let tested = folder.run(&["test", "broken.test.yaml", "--strict"], "");
        assert_eq!(tested.status, 0, "{}", tested.all());
    }
}

#[test]
fn mistakes_in_invariants_are_shown_where_they_are() {
    let folder = Folder::new("analysis-mistakes");
    folder.write("firestore.rules", WIKI);
    folder.write(
        "a.invariants.yaml",
        "rules: firestore.rules\nclaims: staff\nnever:\n  - one: { wirte: \"/a/{b}\" }\n  - two: { when: \"true\" }\n  - three\nfrosen: []\n",
    );
    let ran = folder.run(&["prove", "a.invariants.yaml"], "");
    assert_eq!(ran.status, 2);
    insta::assert_snapshot!("mistakes_of_the_file", ran.err);
    folder.write(
        "a.invariants.yaml",
        "rules: firestore.rules\nnever:\n\
         \x20 - misspelt member: { write: \"/a/{b}\", when: request.auth.emial == 'a' }\n\
         \x20 - misspelt function: { write: \"/a/{b}\", when: isStaf() }\n\
         \x20 - unknown variable: { write: \"/a/{b}\", when: user == b }\n\
         \x20 - no expression: { write: \"/a/{b}\", when: request.auth = null }\n\
         \x20 - never true: { write: \"/a/{b}\", when: request.auth == null && request.auth.uid == b }\n\
         \x20 - no document: { write: /a, when: request.auth == null }\n\
         \x20 - no slash: { write: \"a/{b}\" }\n",
    );
    let ran = folder.run(&["prove", "a.invariants.yaml"], "");
    assert_eq!(ran.status, 2);
    insta::assert_snapshot!("mistakes_of_expressions", ran.err);
    for (arguments, says) in [
        (&["--never", "wirte /a/{b}"][..], "did you mean write?"),
        (&["--never", "write"], "METHOD PATH"),
        (&["--never", "write /a/{b}"], "--rules FILE"),
        (&["none.invariants.yaml"], "none.invariants.yaml"),
        (&["firestore.rules"], "a file of invariants"),
    ] {
        let ran = folder.run(&[&["prove"], arguments].concat(), "");
        assert!(ran.status == 2 && ran.err.contains(says), "{arguments:?} {}", ran.all());
    }
}

#[test]
fn an_invariant_can_be_stated_in_a_line() {
    let folder = Folder::new("analysis-line");
    folder.write("s.rules", PHOTOS);
    let prove = |law: &[&str]| folder.run(&[&["prove", "--rules", "s.rules", "--now", NOW], law].concat(), "");
    let ran = prove(&["--never", "write /{any=**} when request.auth == null"]);
    assert!(ran.status == 0 && ran.out.contains("1 invariant: 1 hold, 0 violated"), "{}", ran.all());
    let ran = prove(&["--never", "create,delete /avatars/{user} unless request.auth.uid == user"]);
    assert!(ran.status == 1 && ran.out.contains("allow delete: if isUser(userId) || isModerator();"), "{}", ran.all());
    let ran = prove(&["--always", "get /avatars/{user}", "--always", "get /users/{user}/{photo}"]);
    assert!(ran.status == 1 && ran.out.contains("2 invariants: 1 hold, 1 violated"), "{}", ran.all());
}

#[test]
fn who_can_names_the_conditions_and_the_callers() {
    let photos = ["--rules", "examples/photos/storage.rules", "--now", NOW];
    for (name, method, path) in [
        ("get", "get", "/users/{user}/{photo}"),
        ("create", "create", "/users/{user}/{photo}"),
        ("quarantine", "update", "/quarantine/{any=**}"),
    ] {
        let ran = run(root(), &[&["who-can", method, path], &photos[..]].concat(), "");
        assert_eq!(ran.status, 0, "{}", ran.all());
        insta::assert_snapshot!(format!("who_can_{name}"), ran.out);
    }
    let wiki = ["--rules", "examples/wiki/firestore.rules", "--now", NOW, "--format", "json"];
    let ran = run(root(), &[&["who-can", "get", "/teams/{team}/pages/{page}"], &wiki[..]].concat(), "");
    let found: Json = serde_json::from_str(&ran.out).unwrap();
    let classes = found["classes"].as_array().unwrap();
    let signed_out = classes.iter().find(|class| class["class"] == "signed out").unwrap();
    assert_eq!(signed_out["access"], "sometimes", "{}", ran.out);
    assert_eq!(signed_out["witness"]["auth"], Json::Null);
    assert_eq!(signed_out["witness"]["existing"]["state"], "published");
}

#[test]
fn generated_suites_pass_and_reach_every_statement() {
    let folder = Folder::new("analysis-generate");
    for (name, text) in [
        ("photos/storage.rules", PHOTOS),
        ("storage.rules", include_str!("../../../../examples/storage.rules")),
        ("firestore.rules", include_str!("../../../../examples/firestore.rules")),
    ] {
        folder.write(name, text);
        let ran = folder.run(&["test", "--generate", name, "--now", NOW], "");
        assert_eq!(ran.status, 0, "{}", ran.all());
        let suite = name.replace(".rules", ".generated.test.yaml");
        let again = folder.read(&suite);
        let ran = folder
            .run(&["test", &suite, "--strict", "--coverage", "json=coverage.json", "--fail-under", "lines=100"], "");
        assert_eq!(ran.status, 0, "{}", ran.all());
        // It is written anew, and the same.
        assert_eq!(folder.run(&["test", "--generate", name, "--now", NOW], "").status, 0);
        assert_eq!(folder.read(&suite), again);
        // A suite of somebody stays.
        folder.write(&suite, "rules: a\n");
        let ran = folder.run(&["test", "--generate", name], "");
        assert!(ran.status == 2 && ran.err.contains("was not written by firewarden"), "{}", ran.all());
    }
}

#[test]
fn results_are_data_annotations_and_sarif() {
    let folder = Folder::new("analysis-formats");
    folder.write("old.rules", PHOTOS);
    folder.write("new.rules", &changed_photos());
    let diff = |format: &str| folder.run(&["diff", "old.rules", "new.rules", "--now", NOW, "--format", format], "").out;
    let json: Json = serde_json::from_str(&diff("json")).unwrap();
    let found = json.as_array().unwrap();
    assert_eq!(
        found.iter().map(|found| found["kind"].as_str().unwrap()).collect::<Vec<_>>(),
        ["widened", "widened", "narrowed"]
    );
    for found in found {
        assert_eq!(found["verdict"], "yes");
        assert_ne!(found["before"]["allowed"], found["after"]["allowed"]);
        assert!(found["statement"]["line"].is_u64() && found["witness"]["test"].is_object());
    }
    let github = diff("github");
    assert_eq!(github.lines().filter(|line| line.starts_with("::warning file=")).count(), 3, "{github}");
    assert!(github.contains("file=new.rules,line=107"), "{github}");
    let sarif: Json = serde_json::from_str(&diff("sarif")).unwrap();
    is_sarif(&sarif, &["narrowed", "widened", "widened"]);
    let prove = [
        "prove",
        "--rules",
        "new.rules",
        "--now",
        NOW,
        "--never",
        "get /originals/{user}/{file} unless request.auth.uid == user",
    ];
    let prove = |format: &str| folder.run(&[&prove[..], &["--format", format]].concat(), "").out;
    let json: Json = serde_json::from_str(&prove("json")).unwrap();
    assert!(json[0]["verdict"] == "violated" && json[0]["witness"]["method"] == "get", "{json}");
    assert!(prove("github").starts_with("::error file=new.rules,line=107"), "{}", prove("github"));
    is_sarif(&serde_json::from_str(&prove("sarif")).unwrap(), &["invariant-violated"]);
}

/// The shape of a log of SARIF 2.1.0 with results of these rules.
fn is_sarif(sarif: &Json, results: &[&str]) {
    assert_eq!((sarif["version"].as_str(), sarif["runs"].as_array().unwrap().len()), (Some("2.1.0"), 1));
    let run = &sarif["runs"][0];
    let described: Vec<_> = run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    let found = run["results"].as_array().unwrap();
    assert_eq!(found.iter().map(|result| result["ruleId"].as_str().unwrap()).collect::<Vec<_>>(), results);
    for result in found {
        assert!(described.contains(&&result["ruleId"]), "{} is not described", result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].is_string() && place["region"]["startLine"].as_u64().unwrap() > 0);
    }
}
