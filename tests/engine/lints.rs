//! Checks of our own: each code's example raises it, sensible rules raise nothing, comments silence, reports carry them.

use std::{collections::BTreeSet, fs, path::Path};

use firewarden::{
    internals::check,
    lint::{Code, lint},
    text::{Diagnostics, Severity, Source},
};

const NOW: &str = "2026-06-01T00:00:00Z";

fn lints(text: &str) -> Diagnostics {
    lint(&Source::new("test.rules", text), NOW.parse().unwrap())
}

fn codes(text: &str) -> Vec<&'static str> {
    lints(text).iter().map(|problem| problem.code).collect()
}

/// Firestore rules with such statements and functions in a block for documents.
fn notes(body: &str) -> String {
    format!(
        "rules_version = '2';\nservice cloud.firestore {{ match /databases/{{database}}/documents {{ match /notes/{{note}} {{\n{body}\n}} }} }}"
    )
}

#[test]
fn every_example_raises_its_code_and_nothing_else() {
    for code in Code::ALL {
        let mut found = codes(code.example());
        if *code == Code::AllowUnused || *code == Code::AllowUnknownCode || *code == Code::AllowWithoutReason {
            assert!(!code.can_be_silenced());
        }
        found.dedup();
        assert_eq!(found, [code.id()], "{}", code.example());
    }
}

#[test]
fn codes_are_found_by_name_and_are_no_official_ones() {
    for code in Code::ALL {
        assert_eq!(Code::from_id(code.id()), Some(*code));
        assert_eq!(check::Code::from_id(code.id()), None);
        assert!(!code.about().is_empty() && !code.hint().is_empty(), "{}", code.id());
        assert!(lints(code.example()).iter().all(|problem| problem.severity == Severity::Warning));
    }
    let ids: BTreeSet<_> = Code::ALL.iter().map(|code| code.id()).collect();
    assert_eq!(ids.len(), Code::ALL.len());
    assert_eq!(Code::from_id("no-such-lint"), None);
}

/// `tests/lints/*`: what each file raises is in a comment `// CODE` at the end of the line; other lines raise nothing.
#[test]
fn files_raise_what_their_lines_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lints");
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let source = Source::new(path.file_name().unwrap().to_str().unwrap(), text.as_str());
        let found = lint(&source, NOW.parse().unwrap());
        let raised: BTreeSet<_> =
            found.iter().map(|p| (found.position(p).unwrap().line as usize, p.code.to_owned())).collect();
        let mut said = BTreeSet::new();
        for (number, line) in text.lines().enumerate() {
            let Some((_, names)) = line.rsplit_once("//! ") else { continue };
            said.extend(names.split_whitespace().map(|name| (number + 1, name.to_owned())));
        }
        assert_eq!(raised, said, "{}\n{found}", source.name());
        seen.extend(said.into_iter().map(|(_, code)| code));
    }
    let quiet = ["allow-without-reason", "allow-unknown-code", "allow-unused"];
    let missing: Vec<_> =
        Code::ALL.iter().map(|c| c.id()).filter(|c| !seen.contains(*c) && !quiet.contains(c)).collect();
    assert!(missing.is_empty(), "no file raises {missing:?}");
}

#[test]
fn a_comment_silences_the_next_line_or_its_own() {
    assert_eq!(codes(&notes("allow write;")), ["open-write"]);
    assert!(codes(&notes("// firewarden: allow open-write: a form\nallow write;")).is_empty());
    assert!(codes(&notes("// firewarden: allow open-write: a form\n\n// more\nallow write;")).is_empty());
    assert!(codes(&notes("allow write; // firewarden: allow open-write: a form")).is_empty());
    assert!(codes(&notes("/* x */ allow write; //firewarden:allow open-write : a form")).is_empty());
    // It is no comment in a string.
    let quoted = "allow get: if note != '// firewarden: allow open-write: x'; allow create;";
    assert_eq!(codes(&notes(quoted)), ["open-write"]);
    // Several codes, several comments.
    let both = notes("allow create, update: if true; allow delete: if request.auth.uid == null;");
    assert_eq!(codes(&both), ["open-write", "null-uid"]);
    let one = both.replace("allow create", "// firewarden: allow open-write, null-uid: both are meant\nallow create");
    assert!(codes(&one).is_empty());
    let two = both.replace(
        "allow create",
        "// firewarden: allow open-write: one\n// firewarden: allow null-uid: another\nallow create",
    );
    assert!(codes(&two).is_empty());
    // Each silences its line only.
    let next = notes("// firewarden: allow open-write: a form\nallow create;\nallow update;");
    assert_eq!(codes(&next), ["open-write"]);
}

#[test]
fn a_comment_in_database_rules_silences_too() {
    let rules = "{\n// firewarden: allow open-read-all: a public list\n\"rules\": { \".read\": true } }";
    assert!(codes(rules).is_empty(), "{}", lints(rules));
    let rules = "{ \"rules\": {\n\".read\": true // firewarden: allow open-read-all: a public list\n} }";
    assert!(codes(rules).is_empty());
    assert_eq!(codes("{ \"rules\": { \"a//b\": {} } }"), Vec::<&str>::new());
}

#[test]
fn a_silencing_comment_has_a_reason_a_code_and_a_use() {
    let wrong = |comment: &str| lints(&notes(&format!("allow write; // firewarden: {comment}")));
    let message =
        |comment: &str| wrong(comment).iter().map(|p| format!("{}: {}", p.code, p.message)).collect::<Vec<_>>();
    assert_eq!(message("allow open-write"), ["allow-without-reason: the comment gives no reason"]);
    assert_eq!(message("allow open-write: "), ["allow-without-reason: the comment gives no reason"]);
    assert_eq!(
        message("allow null-uid: x"),
        [
            "open-write: everybody may create, update and delete these documents",
            "allow-unused: `null-uid` is not reported here"
        ]
    );
    assert_eq!(message("allow open-wirte: x")[1], "allow-unknown-code: unknown lint code `open-wirte`");
    assert_eq!(wrong("allow open-wirte: x").iter().last().unwrap().hint.as_deref(), Some("did you mean `open-write`?"));
    assert_eq!(message("allow unused-function: x")[1], "allow-unknown-code: `unused-function` cannot be silenced");
    assert_eq!(message("alow open-write: x").len(), 2);
}

#[test]
fn refused_files_raise_nothing() {
    assert!(lints("service").is_empty());
    assert!(lints("{ \"rules\": 1 }").is_empty());
    assert!(lints("").is_empty());
    assert!(lints(&notes("allow write: if 'a'.matches('(');")).is_empty());
}

#[test]
fn the_compiler_itself_does_not_see_them() {
    use firewarden::{database, firestore};
    for code in Code::ALL {
        let source = Source::new("test.rules", code.example());
        let found = match code.example().starts_with('{') {
            true => database::Ruleset::parse(&source).unwrap().warnings().clone(),
            false => firestore::Ruleset::parse(&source).unwrap().warnings().clone(),
        };
        assert!(found.iter().all(|problem| Code::from_id(problem.code).is_none()), "{found}");
    }
}

#[test]
fn dates_are_compared_with_the_time_that_is_given() {
    let source = Source::new("test.rules", notes("allow read, write: if request.time < timestamp.date(2026, 2, 3);"));
    let at = |now: &str| lint(&source, now.parse().unwrap()).iter().map(|p| p.message.clone()).collect::<Vec<_>>();
    assert_eq!(at("2026-02-02T23:59:59Z"), ["everybody may get, list, create, update and delete until 2026-02-03"]);
    assert_eq!(at("2026-02-03T00:00:00Z"), ["this has permitted nothing since 2026-02-03"]);
}

#[test]
fn the_page_of_lints_tells_of_each_as_the_table_does() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints.md")).unwrap();
    for code in Code::ALL {
        let (id, example) = (code.id(), code.example().trim_end());
        let section = format!("### `{id}`\n\n{}\n\nHint: {}.\n\n```\n{example}\n```\n", code.about(), code.hint());
        assert!(page.contains(&section), "docs/lints.md lacks, or has otherwise:\n{section}");
    }
    assert_eq!(page.matches("### `").count(), Code::ALL.len(), "docs/lints.md tells of a code that is not there");
}

/// The decision of a document with such fields in words.
fn explained(condition: &str, fields: serde_json::Value) -> String {
    use firewarden::{
        Auth,
        firestore::{Document, Request, Ruleset},
    };
    let rules: Ruleset = notes(&format!("allow get: if {condition};")).parse().unwrap();
    let request = Request::get("notes/n").existing(Document::new("notes/n", fields)).auth(Auth::user("alice"));
    rules.explain(&request, &()).unwrap().explanation().to_string()
}

#[test]
fn an_explanation_tells_of_operands_that_were_left_behind() {
    let mistaken = "request.auth != null && (request.auth.uid in [resource.data.owner, resource.data.editor] || resource.data.public == true)";
    let public = serde_json::json!({ "editor": "bob", "public": true });
    insta::assert_snapshot!(explained(mistaken, public.clone()));
    // Nothing is missing, nothing is taken by mistake, and nothing stands behind.
    let complete = serde_json::json!({ "owner": "carol", "editor": "bob", "public": false });
    assert!(!explained(mistaken, complete).contains("note:"));
    let harmless = "request.auth.uid in [resource.data.owner, resource.data.editor]";
    assert!(!explained(harmless, public.clone()).contains("note:"));
    let before = "(request.auth.uid in [resource.data.owner, resource.data.editor] || resource.data.public == true) && note == 'x'";
    assert!(!explained(before, public.clone()).contains("note:"));
    let branch = "note == 'n' ? request.auth.uid in [resource.data.owner, resource.data.editor] : false";
    // However the lines are broken.
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(explained(branch, public.clone())).contains("which ends the request in a branch of `?:`"));
    let compared = "(request.auth.uid in [resource.data.owner, resource.data.editor] || note == 'n') == true";
    assert!(words(explained(compared, public)).contains("took one of them for an operand"));
}

#[test]
fn problems_are_rendered_for_people() {
    let found: Vec<_> = Code::ALL.iter().map(|code| lints(code.example()).to_string()).collect();
    insta::assert_snapshot!(found.join("\n"));
}
