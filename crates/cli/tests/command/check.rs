//! `firewarden check` for people and for programs.

use super::runner::Folder;

fn firestore_rules(body: &str) -> String {
    format!(
        "rules_version = '2';\nservice cloud.firestore {{ match /databases/{{database}}/documents {{ match /notes/{{note}} {{\n{body}\n}} }} }}\n"
    )
}

#[test]
fn many_problems_that_are_alike_are_folded_unless_all_are_asked_for() {
    let folder = Folder::new("folded");
    let line = "allow read: if wrong == 1 && note == 'a';\n";
    folder.write("many.rules", &firestore_rules(&line.repeat(400)));
    let short = folder.run(&["check", "many.rules"], "");
    assert!(short.out.lines().count() < 40, "{}", short.all());
    assert_eq!(short.out.matches("Invalid variable name: wrong").count(), 3, "{}", short.all());
    let more = "warning[unknown-variable]: 397 more like this: Invalid variable name\n  --> many.rules, lines 6-402\n";
    assert!(short.out.contains(more), "{}", short.all());
    assert!(short.out.contains("(--all shows each of them)"), "{}", short.all());
    assert!(short.out.contains("many.rules: ok, 400 warnings"), "{}", short.all());
    let long = folder.run(&["check", "many.rules", "--all"], "");
    assert_eq!(long.out.matches("Invalid variable name: wrong").count(), 400);
    assert!(!long.out.contains("more like this"));
    for format in ["json", "sarif", "github"] {
        let all = folder.run(&["check", "many.rules", "--format", format], "");
        assert_eq!(all.out.matches("Invalid variable name: wrong").count(), 400, "{format}");
    }
}

#[test]
fn programs_are_told_of_the_other_places_too() {
    let folder = Folder::new("labels");
    folder.write("open.rules", &firestore_rules("allow read: if (note == 'a';"));
    let json: serde_json::Value =
        serde_json::from_str(&folder.run(&["check", "open.rules", "--format", "json"], "").out).unwrap();
    let label = &json["files"][0]["problems"][0]["labels"][0];
    assert_eq!(*label, serde_json::json!({ "line": 3, "column": 16, "text": "this `(` is not closed" }), "{json}");
    let sarif: serde_json::Value =
        serde_json::from_str(&folder.run(&["check", "open.rules", "--format", "sarif"], "").out).unwrap();
    let related = &sarif["runs"][0]["results"][0]["relatedLocations"][0];
    assert_eq!(related["physicalLocation"]["region"]["startColumn"], 16, "{sarif}");
    assert_eq!(related["message"]["text"], "this `(` is not closed");
}
