//! The JSON schema of suites, by a validator: it accepts the suites of this repository and refuses mistakes.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::PathBuf};

use firewarden_suite::discover;

#[test]
fn schema_accepts_the_suites_and_refuses_misspelt_keys() {
    let schema = serde_json::from_str(firewarden_suite::JSON_SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folders = ["../../examples", "../suite/tests/suites/kinds", "../suite/tests/suites/sketch"].map(PathBuf::from);
    let mut checked = 0;
    for path in discover(&folders).unwrap() {
        let text = fs::read_to_string(&path).unwrap();
        let json = firewarden_suite::to_json(&path.display().to_string(), &text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        checked += 1;
    }
    assert!(checked >= 4);
    for wrong in [
        serde_json::json!({ "rulez": "a" }),
        serde_json::json!({ "rules": "a", "tests": [{ "get": "a" }] }),
        serde_json::json!({ "rules": "a", "tests": [{ "get": "a", "list": "b", "expect": "deny" }] }),
        serde_json::json!({ "rules": "a", "users": { "x": { "uuid": "b" } }, "tests": [{ "get": "a", "expect": "deny" }] }),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}
