//! What `firewarden check` prints of lints.

use super::runner;

const NOW: &str = "2026-06-01T00:00:00Z";

/// Firestore rules with such statements and functions in a block for documents.
fn notes(body: &str) -> String {
    format!(
        "rules_version = '2';\nservice cloud.firestore {{ match /databases/{{database}}/documents {{ match /notes/{{note}} {{\n{body}\n}} }} }}"
    )
}

fn check(arguments: &[&str], rules: &str) -> (Option<i32>, String) {
    let arguments = [&["check"], arguments].concat();
    let ran = runner::run(".".as_ref(), &arguments, rules);
    (Some(ran.status), ran.out + &ran.err)
}

#[test]
fn official_problems_and_lints_are_printed_by_place_and_strict_refuses_them() {
    let rules = notes("function unused() { return true; }\nallow write;\nallow raed: if true;");
    let (status, out) = check(&["-", "--now", NOW], &rules);
    assert_eq!(status, Some(0));
    let codes: Vec<_> = out.lines().filter_map(|line| line.strip_prefix("warning[")?.split(']').next()).collect();
    assert_eq!(codes, ["unused-function", "open-write", "unknown-method"], "{out}");
    assert!(out.contains("did you mean `read`?"), "{out}");
    let (status, out) = check(&["-", "--strict"], &rules);
    assert!(
        status == Some(3) && out.contains("error[open-write]") && out.contains("warning[unused-function]"),
        "{out}"
    );
}

#[test]
fn codes_are_explained() {
    let (status, out) = check(&["--explain", "open-write"], "");
    assert_eq!(status, Some(0));
    insta::assert_snapshot!(out);
    assert!(check(&["--explain", "syntax"], "").1.starts_with("syntax: an error of the official compiler"));
    let (status, out) = check(&["--explain", "open-wirte"], "");
    assert!(status == Some(2) && out.contains("did you mean open-write?"), "{out}");
}

#[test]
fn reports_for_programs_carry_them() {
    let rules = notes("allow write;");
    let (_, json) = check(&["-", "--format", "json"], &rules);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["files"][0]["problems"][0]["code"], "open-write");
    let (_, github) = check(&["-", "--format", "github"], &rules);
    assert!(github.starts_with("::warning file=") && github.contains("title=open-write::everybody may"), "{github}");
    let (_, sarif) = check(&["-", "--format", "sarif"], &rules);
    let mut sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap();
    let all = firewarden::internals::check::Code::ALL.len() + firewarden::lint::Code::ALL.len();
    assert_eq!(rules.len(), all);
    assert!(rules.iter().all(|rule| rule["id"].is_string() && rule["shortDescription"]["text"].is_string()));
    assert!(rules.iter().all(|rule| rule["help"]["text"].as_str().is_some_and(|text| !text.is_empty())));
    rules.retain(|rule| ["open-write", "unknown-method"].contains(&rule["id"].as_str().unwrap()));
    sarif["runs"][0]["tool"]["driver"]["version"] = "VERSION".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&sarif).unwrap());
}
