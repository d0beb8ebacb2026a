//! What the reports look like, and that nothing in rules or values can change what they are.

use firewarden::{
    Auth, Coverage,
    rules::Rules,
    storage::{Object, Request},
};
use firewarden_suite::coverage::{FileCoverage, html, json, lcov, text as text_report};

use super::hand::{database_file, firestore_file, rules, storage_file};

/// Storage rules of which nothing was evaluated.
fn storage_rules(name: &str, statements: &str) -> FileCoverage {
    let text = format!("service firebase.storage {{ match /{{p=**}} {{\n{statements}}} }}");
    FileCoverage::new(&rules(name, &text), &Coverage::default())
}

fn files() -> [FileCoverage; 3] {
    [storage_file(), firestore_file(), database_file()]
}

#[test]
fn the_text_is_a_table_and_what_is_not_covered() {
    insta::assert_snapshot!("coverage_text", text_report(&files(), 80));
    assert!(text_report(&files(), 80).lines().all(|line| line.chars().count() <= 80));
    insta::assert_snapshot!("coverage_text_of_nothing", text_report(&[], 80));
}

#[test]
fn long_names_are_shortened_in_the_middle_and_long_lists_at_the_end() {
    let name = format!("{}/storage.rules", "very/long/path".repeat(5));
    let statements = "allow get: if request.auth == null;\n".repeat(25);
    let file = storage_rules(&name, &statements);
    let report = text_report(&[file], 80);
    insta::assert_snapshot!("coverage_text_long", report);
    let table: Vec<_> = report.lines().take_while(|line| !line.is_empty()).collect();
    assert!(table.iter().all(|line| line.chars().count() <= 80), "{report}");
    let places = report.lines().filter(|line| !line.starts_with("not covered in "));
    assert!(places.clone().count() > 10 && places.into_iter().all(|line| line.chars().count() <= 80), "{report}");
    // A wider terminal has room for the whole name, and for more of what is not covered.
    let file = storage_rules(
        &name,
        "allow get: if request.auth.uid == 'a-rather-long-name' && request.auth.token.admin == true;",
    );
    let wide = text_report(&[file], 140);
    assert!(wide.lines().all(|line| line.chars().count() <= 140) && wide.contains(&format!("\n{name}  ")), "{wide}");
}

#[test]
fn the_tracefile_is_lcov() {
    let out = lcov(&files());
    insta::assert_snapshot!("coverage_lcov", out);
    for record in out.split_inclusive("end_of_record\n") {
        let count = |prefix: &str| record.lines().filter(|line| line.starts_with(prefix)).count().to_string();
        let field = |prefix: &str| record.lines().find_map(|line| line.strip_prefix(prefix)).unwrap().to_owned();
        assert_eq!((field("LF:"), field("BRF:"), field("FNF:")), (count("DA:"), count("BRDA:"), count("FN:")));
    }
    assert_eq!(lcov(&[]), "");
}

#[test]
fn functions_of_one_name_differ_in_the_tracefile_and_names_stay_in_their_lines() {
    let text = "service firebase.storage {
match /a { function f() { return true; } allow get: if f(); }
match /b { function f() { return true; } allow get: if f(); } }";
    let file = FileCoverage::new(&rules("odd\nDA:1,1.rules", text), &Coverage::default());
    let out = lcov(&[file]);
    assert!(out.starts_with("TN:\nSF:odd_DA:1,1.rules\nFN:2,f@2:12\nFN:3,f@3:12\n"), "{out}");
}

#[test]
fn the_json_has_counts_and_values() {
    let found = json(&files());
    assert_eq!(found["version"], 1);
    assert_eq!(found["totals"]["conditions"], serde_json::json!({ "covered": 27, "total": 38, "percent": 71.05 }));
    insta::assert_snapshot!("coverage_json", serde_json::to_string_pretty(&json(&[firestore_file()])).unwrap());
}

#[test]
fn the_page_needs_nothing_else() {
    let page = html(&files()).unwrap();
    for outside in ["http:", "https:", "<script", "<link", "<img", "url(", "@import", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<section>").count(), 3);
    assert!(page.contains("prefers-color-scheme"));
    assert!(html(&[]).unwrap().contains("No rules were tested."));
}

/// Tags are opened and closed in turn.
pub fn assert_well_formed(page: &str) {
    let mut open = Vec::new();
    let body = &page[page.find("<body>").unwrap()..page.find("</html>").unwrap()];
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        match tag.starts_with('/') {
            true => assert_eq!(open.pop(), Some(name), "before {}", &rest[end + 1..].get(..60).unwrap_or("")),
            false => open.push(name),
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
}

/// The source as the page shows it, without marks.
pub fn shown_source(page: &str) -> String {
    let mut lines = Vec::new();
    for part in page.split("<span class=\"c\" style=\"--i: ").skip(1) {
        let part = &part[part.find('>').unwrap() + 1..];
        let end = part.find("</summary>").unwrap_or(part.len()).min(part.find("</div>").unwrap_or(part.len()));
        let (mut text, mut rest) = (String::new(), &part[..end]);
        while let Some(at) = rest.find('<') {
            text += &rest[..at];
            let symbol = rest[at..].starts_with("<b ");
            let end = if symbol { rest[at..].find("</b>").unwrap() + 4 } else { rest[at..].find('>').unwrap() + 1 };
            rest = &rest[at + end..];
        }
        text += rest;
        lines.push(text.trim_end_matches('\n').to_owned());
    }
    let text = lines.join("\n");
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (escape, plain)| text.replace(escape, plain))
}

#[test]
fn the_page_shows_the_source_as_it_is() {
    for file in files() {
        let page = html(std::slice::from_ref(&file)).unwrap();
        assert_well_formed(&page);
        assert_eq!(shown_source(&page), file.source().text().trim_end());
    }
}

#[test]
fn what_is_nested_over_lines_is_closed_and_opened_again() {
    let text = "service firebase.storage {\r\n\tmatch /{p=**} {
allow get: if (request.auth == null
  ? resource.name.size() > 0 &&
    [1,
     2] is list
  : false) == true; } }";
    let rules = rules("a.rules", text);
    let Rules::Storage(ruleset) = &rules else { panic!() };
    let mut coverage = Coverage::new(true);
    let _ = ruleset.cover(&Request::get("b", "a").existing(Object::new("a")), &(), &mut coverage).unwrap();
    let page = html(&[FileCoverage::new(&rules, &coverage)]).unwrap();
    assert_well_formed(&page);
    assert_eq!(shown_source(&page), text);
}

#[test]
fn hostile_rules_and_values_stay_text() {
    let evil = r#"</script><script>alert(1)</script>"' onmouseover=x <b>&amp;{{ 7*7 }}{% if x %}"#;
    let escaped = evil.replace('\'', "\\'");
    let text = format!(
        "service firebase.storage {{ // </div></span>{evil}
match /{{p=**}} {{ allow get: if request.auth.uid == '{escaped}' || resource.name.matches('<i>.*'); }} }}"
    );
    let rules = rules("<img src=x onerror=y>.rules", &text);
    let Rules::Storage(ruleset) = &rules else { panic!() };
    let mut coverage = Coverage::new(true);
    let request = Request::get("b", "a").existing(Object::new("a")).auth(Auth::user(evil));
    let _ = ruleset.cover(&request, &(), &mut coverage).unwrap();
    let file = FileCoverage::new(&rules, &coverage);
    let page = html(std::slice::from_ref(&file)).unwrap();
    assert_well_formed(&page);
    assert_eq!(shown_source(&page), text);
    for bad in ["<script", "<img", "<i>.", "\" onmouseover", "' onmouseover", ">49<"] {
        assert!(!page.contains(bad), "{bad}");
    }
    // Nor does the text move the cursor of a terminal.
    let beeping = storage_rules("a\nb\u{1b}[2J.rules", "allow get: if '\u{1b}[31m\u{7}' == 'a';");
    assert!(!text_report(&[beeping], 80).contains(['\u{1b}', '\u{7}']));
    // Machines read the same texts.
    let found = serde_json::to_string(&json(&[file])).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&found).is_ok());
}
