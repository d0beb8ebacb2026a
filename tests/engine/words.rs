//! What is said where people get stuck: pasted characters, words of other languages, brackets, calls without an answer,
//! queries that leave open what rules ask for. Beside the official words stands what is likely meant.

use std::{collections::HashMap, fmt::Write as _, fs, path::Path};

use firewarden::{
    Auth, Diagnostics, Error, Value, database, firestore, storage,
    text::{Diagnostic, Source},
    value::json,
};
use serde_json::json;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/words")
}

/// The files of a folder, by name.
fn files(below: &str) -> Vec<Source> {
    let mut files: Vec<_> = fs::read_dir(folder().join(below)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| Source::new(name(path), fs::read_to_string(path).unwrap())).collect()
}

/// The lines of a file that are neither empty nor comments.
fn lines(name: &str) -> Vec<String> {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).map(str::to_owned).collect()
}

fn problems(source: &Source) -> Diagnostics {
    let warnings = match (source.name().ends_with(".json"), source.text().contains("firebase.storage")) {
        (true, _) => database::Ruleset::parse(source).map(|rules| rules.warnings().clone()),
        (_, true) => storage::Ruleset::parse(source).map(|rules| rules.warnings().clone()),
        _ => firestore::Ruleset::parse(source).map(|rules| rules.warnings().clone()),
    };
    match warnings {
        Ok(warnings) => warnings,
        Err(Error::Source(problems)) => problems,
        Err(other) => panic!("{}: {other}", source.name()),
    }
}

fn document(fields: &serde_json::Value) -> Value {
    json::document(fields.as_object().unwrap()).unwrap()
}

fn firestore_rules(body: &str) -> String {
    format!(
        "rules_version = '2';\nservice cloud.firestore {{ match /databases/{{database}}/documents {{ match /notes/{{note}} {{\n{body}\n}} }} }}\n"
    )
}

fn storage_rules(body: &str) -> String {
    format!(
        "rules_version = '2';\nservice firebase.storage {{ match /b/{{bucket}}/o {{ match /{{file}} {{\n{body}\n}} }} }}\n"
    )
}

/// Each problem on a line: place, message, hint, other places.
fn briefly(found: &Diagnostics, first_line: u32) -> String {
    let mut out = String::new();
    for problem in found {
        let at = found.position(problem).map_or(String::new(), |at| match at.line == first_line {
            true => format!("{}", at.column),
            false => format!("{}:{}", at.line, at.column),
        });
        let message: String = problem.message.chars().take(60).collect();
        let hint = problem.hint.as_deref().unwrap_or("-");
        writeln!(out, "  {at} {message} → {hint}").unwrap();
    }
    out
}

#[test]
fn pasted_characters_are_named_with_what_to_write() {
    let mut all = String::new();
    for source in files("pasted") {
        let found = problems(&source);
        let named = |problem: &Diagnostic| {
            problem.hint.as_deref().is_some_and(|hint| {
                hint.contains("U+") || hint.contains("HTML entity") || hint.contains("percent-encoded, `/")
            })
        };
        assert!(found.iter().any(named), "{}: nothing is named in\n{found}", source.name());
        writeln!(all, "=== {}\n{found}", source.name()).unwrap();
    }
    insta::assert_snapshot!("pasted", all);
}

#[test]
fn a_path_segment_that_is_percent_encoded_as_the_hint_says_matches_its_text() {
    let body = "match /città/{name} { allow get: if exists(/databases/$(database)/documents/日本/x); }";
    let source = firestore_rules(body);
    let found = problems(&Source::new("a.rules", source.as_str()));
    let mut encoded = source.clone();
    for (plain, hint) in [("/città", 0), ("/日本", 1)] {
        let hint = found.iter().nth(hint).unwrap().hint.clone().unwrap();
        encoded = encoded.replace(plain, hint.split('`').nth(1).unwrap());
    }
    let rules: firestore::Ruleset = encoded.parse().unwrap();
    let documents: HashMap<String, Value> = [("日本/x".to_owned(), document(&json!({})))].into();
    let request = firestore::Request::get("notes/n/città/a");
    assert!(rules.evaluate(&request, &documents).unwrap().is_allowed(), "{encoded}");
}

#[test]
fn unknown_names_are_told_the_nearest_name_or_the_word_of_the_language() {
    let (mut all, mut language) = (String::new(), String::new());
    for line in lines("names.txt") {
        if ["firestore", "storage", "database"].contains(&line.as_str()) {
            writeln!(all, "=== {line}").unwrap();
            language = line;
            continue;
        }
        let allow = format!("allow read: if {line};");
        let found = match language.as_str() {
            "firestore" => problems(&Source::new("a.rules", firestore_rules(&allow))),
            "storage" => problems(&Source::new("a.rules", storage_rules(&allow))),
            _ => problems(&Source::new("a.json", json!({ "rules": { ".write": line } }).to_string())),
        };
        let unknown = |problem: &&Diagnostic| {
            ["unknown-variable", "unknown-function", "unknown-name", "unknown-member", "not-a-function", "unknown-type"]
                .contains(&problem.code)
        };
        let told = |problem: &Diagnostic| unknown(&problem) || problem.hint.is_some();
        assert!(found.iter().any(told), "{line}: all is known\n{found}");
        if line != "note.frobnicate()" {
            for problem in found.iter().filter(unknown) {
                assert!(problem.hint.is_some(), "{line}: no hint\n{found}");
            }
        }
        writeln!(all, "{line}\n{}", briefly(&found, if language == "database" { 1 } else { 3 }).trim_end()).unwrap();
    }
    insta::assert_snapshot!("names", all);
}

#[test]
fn names_in_scope_are_meant_before_others() {
    let body = "match /users/{userId} {
      function isOwner(id) { let owner = id; return ownr == userID; }
      allow read: if isOwnr(userld) && isowner(note) && request.auth.uid.sise() == 1;
    }";
    let found = problems(&Source::new("a.rules", firestore_rules(body)));
    let hints: Vec<_> = found.iter().filter_map(|problem| problem.hint.as_deref()).collect();
    assert_eq!(
        hints,
        [
            "did you mean `owner`?",
            "did you mean `userId`?",
            "did you mean `isOwner`?",
            "did you mean `userId`?",
            "did you mean `isOwner`?",
            "did you mean `size`?",
        ],
        "{found}"
    );
    let rules = json!({ "rules": { "$userId": { ".read": "userid == 'a'" } } }).to_string();
    let found = problems(&Source::new("a.json", rules));
    assert_eq!(found.iter().next().unwrap().hint.as_deref(), Some("did you mean `$userId`?"));
}

#[test]
fn services_and_methods_of_requests_are_told_their_names() {
    for (service, hint) in [
        ("cloud.firestroe", "did you mean `cloud.firestore`?"),
        ("firestore", "write `service cloud.firestore`"),
        ("cloud.storage", "write `service firebase.storage`"),
        ("firebase.database", "rules of the Realtime Database are JSON"),
    ] {
        let source = format!("rules_version = '2'; service {service} {{ match /a {{ allow read; }} }}");
        let found = problems(&Source::new("a.rules", source));
        let told = found.iter().find(|problem| problem.code == "unknown-service").unwrap();
        assert!(told.hint.as_deref().unwrap().starts_with(hint), "{service}: {:?}", told.hint);
    }
    for (method, hint) in [("raed", "did you mean `read`?"), ("edit", "write `update`"), ("remove", "write `delete`")] {
        let found = problems(&Source::new("a.rules", firestore_rules(&format!("allow {method};"))));
        let told = found.iter().find(|problem| problem.code == "unknown-method").unwrap();
        assert_eq!(told.hint.as_deref(), Some(hint), "{method}");
    }
}

#[test]
fn statements_of_other_languages_are_told_what_to_write() {
    let mut all = String::new();
    for line in lines("statements.txt") {
        let found = problems(&Source::new("a.rules", firestore_rules(&line)));
        let told = found.iter().find(|problem| problem.hint.is_some());
        assert!(told.is_some_and(|problem| problem.is_error()), "{line}: no hint\n{found}");
        writeln!(all, "{line}\n{}", briefly(&found, 3).trim_end()).unwrap();
    }
    for line in lines("expressions.txt") {
        let found = problems(&Source::new("a.json", json!({ "rules": { ".read": line } }).to_string()));
        assert!(found.iter().any(|problem| problem.hint.is_some()), "{line}: no hint\n{found}");
        writeln!(all, "database: {line}\n{}", briefly(&found, 1).trim_end()).unwrap();
    }
    insta::assert_snapshot!("statements", all);
}

#[test]
fn the_bracket_that_is_not_closed_or_closes_nothing_is_shown() {
    let mut all = String::new();
    for source in files("brackets") {
        let found = problems(&source);
        let shown = |problem: &Diagnostic| {
            let at_place = problem.hint.as_deref().is_some_and(|hint| hint.starts_with("remove the"));
            let label = |text: &str| text.contains("is not closed") || text.contains("close");
            at_place || problem.labels.iter().any(|other| label(&other.text))
        };
        assert!(found.iter().any(shown), "{}: no bracket is shown in\n{found}", source.name());
        writeln!(all, "=== {}\n{found}", source.name()).unwrap();
    }
    insta::assert_snapshot!("brackets", all);
}

#[test]
fn balanced_brackets_are_not_blamed() {
    let source = firestore_rules("allow read: if a === (b[0]);");
    let found = problems(&Source::new("a.rules", source));
    assert!(!found.to_string().contains("close"), "{found}");
}

#[test]
fn a_call_without_an_answer_says_which_of_its_causes_it_was() {
    let documents: HashMap<String, Value> = (1..=30)
        .map(|n| format!("users/n{n}"))
        .chain(["users/ann".to_owned()])
        .map(|name| (name, document(&json!({ "a": 1 }))))
        .collect();
    let mut all = String::new();
    for line in lines("calls.txt") {
        let rules: firestore::Ruleset = firestore_rules(&format!("allow get: if {line};")).parse().unwrap();
        let decision = rules.explain(&firestore::Request::get("notes/n"), &documents).unwrap();
        let fault = decision.error().unwrap_or_else(|| panic!("{line}: {decision:?}"));
        let why = fault.why.as_deref().unwrap_or_else(|| panic!("{line}: no cause of {}", fault.message));
        assert!(decision.reason().contains(why), "{line}: {}", decision.reason());
        assert!(decision.explanation().columns(1000).to_string().contains(&format!("= note: {why}")), "{line}");
        // The official words stay as they are.
        assert!(!fault.message.contains(why), "{line}");
        writeln!(all, "{}\n  {why}", line.chars().take(100).collect::<String>()).unwrap();
        // Storage calls the same functions by other names, but for those that look ahead.
        if line.contains("getAfter") {
            continue;
        }
        let asked = line.replace("get(", "firestore.get(").replace("exists(", "firestore.exists(");
        let rules: storage::Ruleset = storage_rules(&format!("allow get: if {asked};")).parse().unwrap();
        let decision = rules.evaluate(&storage::Request::get("b", "x"), &documents).unwrap();
        let why = decision.error().and_then(|fault| fault.why.clone()).unwrap_or_else(|| panic!("{asked}"));
        writeln!(all, "  Storage: {why}").unwrap();
    }
    insta::assert_snapshot!("calls", all);
}

#[test]
fn an_error_at_run_time_from_a_word_of_another_language_says_what_to_write() {
    let existing = firestore::Document::new("notes/n", document(&json!({ "name": "a", "tags": ["a"] })));
    for (condition, official, why) in [
        ("resource.data.name.length > 1", "Received", "write `size()`"),
        ("resource.data.tags.length > 1", "Received", "write `size()`"),
        ("resource.data.name.startsWith('a')", "Function not found error: Name: [startsWith].", "^start.*"),
        (
            "resource.data.name.toLowerCase() == 'a'",
            "Function not found error: Name: [toLowerCase].",
            "write `lower()`",
        ),
        ("parseInt(resource.data.name) == 1", "Function not found error: Name: [parseInt].", "write `int(x)`"),
    ] {
        let rules: firestore::Ruleset = firestore_rules(&format!("allow get: if {condition};")).parse().unwrap();
        let request = firestore::Request::get("notes/n").existing(existing.clone());
        let explained = rules.explain(&request, &()).unwrap();
        for decision in [&rules.evaluate(&request, &()).unwrap(), &explained] {
            let fault = decision.error().unwrap_or_else(|| panic!("{condition}"));
            assert!(fault.message.contains(official), "{condition}: {}", fault.message);
            assert!(fault.why.as_deref().unwrap_or("").contains(why), "{condition}: {:?}", fault.why);
        }
        assert!(explained.explanation().to_string().contains("= note: write"), "{condition}");
    }
}

/// A condition, and what the query states.
fn asked(line: &str) -> (String, serde_json::Value) {
    match line.split_once(" | ") {
        Some((condition, filters)) => (condition.to_owned(), serde_json::from_str(filters).unwrap()),
        None => (line.to_owned(), json!([])),
    }
}

fn listing(condition: &str) -> firestore::Ruleset {
    let source = format!(
        "rules_version = '2';\nservice cloud.firestore {{ match /databases/{{db}}/documents {{\n  \
         function owns(fields) {{ return fields.owner == request.auth.uid; }}\n  \
         function named() {{ let uid = request.auth.uid; return resource.data.owner == uid; }}\n  \
         match /c/{{d}} {{ allow list: if {condition}; }}\n}} }}\n"
    );
    firestore::Ruleset::parse(&Source::new("list.rules", source)).unwrap()
}

fn list(rules: &firestore::Ruleset, query: &serde_json::Value) -> firewarden::Decision {
    let query = firestore::Query::from_json(query).unwrap();
    let documents: HashMap<String, Value> = [("c/x".to_owned(), document(&json!({})))].into();
    rules.explain(&firestore::Request::list("c", query).auth(Auth::user("ann")), &documents).unwrap()
}

#[test]
fn a_query_that_leaves_open_what_rules_ask_for_is_told_what_to_add() {
    let mut all = String::new();
    for line in lines("queries.txt") {
        let (condition, mut filters) = asked(&line);
        let rules = listing(&condition);
        let decision = list(&rules, &json!({ "where": filters }));
        assert!(!decision.is_allowed(), "{line}");
        let text = decision.explanation().columns(1000).to_string();
        let hint = text.lines().find_map(|line| line.strip_prefix("  = hint: rules are not filters: "));
        let hint = hint.unwrap_or_else(|| panic!("{line}: no hint in\n{text}"));
        assert!(text.contains("unknown"), "{line}:\n{text}");
        writeln!(all, "{line}\n  {hint}").unwrap();
        // What is to be added makes the query pass.
        let parts: Vec<_> = hint.split('`').skip(1).step_by(2).collect();
        let mut limit = json!(null);
        for part in parts {
            let (key, value) = part.split_once(": ").unwrap();
            let value: serde_json::Value = serde_json::from_str(value).unwrap_or_else(|_| panic!("{line}: {hint}"));
            match key {
                "limit" => limit = value,
                _ => filters.as_array_mut().unwrap().extend(value.as_array().unwrap().clone()),
            }
        }
        // An inequality of another field contradicts what is added.
        filters.as_array_mut().unwrap().retain(|filter| filter[1] != "!=");
        let mut query = json!({ "where": filters });
        if !limit.is_null() {
            query["limit"] = limit;
        }
        let decision = list(&rules, &query);
        assert!(decision.is_allowed(), "{line}: {query}\n{}", decision.explanation());
    }
    insta::assert_snapshot!("queries", all);
}

#[test]
fn what_a_query_leaves_open_is_unknown_in_a_trace() {
    let rules = listing("d != 'x' && resource.data.age >= 18 && owns(resource.data)");
    let query = json!({ "where": [["age", ">", 10], ["kind", "==", "a"]] });
    insta::assert_snapshot!("unknown", list(&rules, &query).explanation().to_string());
    // Neither another method nor a denial for another reason is told so.
    let rules = listing("request.auth.uid == 'bob'");
    let text = list(&rules, &json!({})).explanation().to_string();
    assert!(!text.contains("not filters"), "{text}");
}

/// Each line with what is wrong in it, and the column of a terminal in which the carets begin, and how many they are.
#[test]
fn carets_stand_under_what_they_mean() {
    for (line, column, width) in [
        ("allow read: if note == '写真写真' && wrong == 1;", 37, 5),
        ("allow read: if note == '😀😀' && wrong == 1;", 33, 5),
        ("allow read: if note == 'ﾊﾝｶｸ' && wrong == 1;", 33, 5),
        ("allow read: if note == 'e\u{301}a\u{308}\u{323}' && wrong == 1;", 31, 5),
        ("allow read: if note == '👨\u{200D}👩\u{200D}👧' && wrong == 1;", 35, 5),
        ("allow read: if note == '❤\u{FE0F}🇪🇺👍🏽' && wrong == 1;", 35, 5),
        ("allow read: if note == 'שלום مرحبا' && wrong == 1;", 39, 5),
        ("allow read: if note == '\u{202E}abc\u{202C}' && wrong == 1;", 34, 5),
        ("allow read: if note == '\u{200B}\u{FEFF}' && wrong == 1;", 31, 5),
        ("allow read: if note == '한국어' /* 写 */ && wrong == 1;", 44, 5),
        ("allow read: if note == 'a' && '写真'.wrong() == 1;", 37, 5),
        // The mark is no character of its own.
        ("allow read: if note == 'a' && e\u{301} == 1;", 30, 1),
    ] {
        let found = problems(&Source::new("a.rules", firestore_rules(line)));
        let text = found.to_string();
        let frame: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("  -->")).skip(1).take(3).collect();
        let carets = frame[2].strip_prefix("  | ").unwrap();
        assert_eq!(carets.find('^'), Some(column), "{line}\n{text}");
        assert_eq!(carets.matches('^').count(), width, "{line}\n{text}");
    }
    // Tabs stay tabs, whatever stands before them.
    let found = problems(&Source::new("a.rules", firestore_rules("\tallow read: if\t'写' == '写' &&\twrong == 1;")));
    let text = found.to_string();
    let carets = text.lines().find(|line| line.contains('^')).unwrap();
    assert_eq!(carets, format!("  | \t{}\t{}\t^^^^^", " ".repeat(14), " ".repeat(15)), "{text}");
    let rules = "{ \"rules\": { \"写真\": { \".read\": \"data.child('😀').wrong() == 1\" } } }";
    let text = problems(&Source::new("a.json", rules)).to_string();
    let carets = text.lines().find(|line| line.contains('^')).unwrap();
    assert_eq!(carets, format!("  | {}{}", " ".repeat(33), "^".repeat(24)), "{text}");
}

#[test]
fn hints_of_hostile_sources_are_found_quickly() {
    let begun = std::time::Instant::now();
    for text in [
        "\u{A0}".repeat(200_000),
        format!("service x {{ match /{} ", "à".repeat(200_000)),
        format!("/{}", "–à".repeat(100_000)),
        "a === b && ".repeat(30_000),
        "{ ".repeat(100_000),
        "} ".repeat(100_000),
        "&amp;".repeat(50_000),
        "\u{200D}😀".repeat(50_000),
    ] {
        problems(&Source::new("a.rules", text.as_str())).to_string();
        problems(&Source::new("a.json", text.as_str())).to_string();
        let rules = json!({ "rules": { ".read": text } }).to_string();
        problems(&Source::new("a.json", rules)).to_string();
    }
    assert!(begun.elapsed().as_secs() < 60, "took {:?}", begun.elapsed());
}
