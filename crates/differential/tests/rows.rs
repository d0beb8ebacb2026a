//! Rows that this package writes are rows that `crates/cli/tests/command/oracle.rs` of the engine reads: recorded rows, made again from their
//! parts, are what they were.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;

use firewarden_differential::{
    emulator::{Compiled, Issue},
    kinds::compile::{difference, row},
    ours, rows,
};
use serde_json::Value as Json;

/// Rows of a table of the engine that were read at most.
const MOST: usize = 300;

fn table(name: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle").join(name).with_extension("jsonl");
    rows::read(&path).unwrap().into_iter().take(MOST).collect()
}

fn issue(severity: &Json, line: &Json, column: &Json, message: &Json) -> Issue {
    let number = |json: &Json| u32::try_from(json.as_u64().unwrap()).unwrap();
    Issue {
        severity: severity.as_str().map(str::to_owned),
        line: number(line),
        column: number(column),
        message: message.as_str().unwrap().to_owned(),
    }
}

#[test]
fn rows_of_syntax_errors_round_trip() {
    for recorded in table("syntax-errors") {
        let source = recorded["source"].as_str().unwrap();
        let first = &recorded["first"];
        let official = Compiled::Refused(vec![issue(&Json::Null, &first["line"], &first["column"], &first["message"])]);
        let own = ours::compile(source);
        assert_eq!(difference(source, &official, &own), None, "{recorded}");
        assert_eq!(row(source, &official, &own).json, recorded);
    }
}

#[test]
fn rows_of_sources_round_trip() {
    let mut count = 0;
    for recorded in table("compile").into_iter().filter(|row| row["source"].is_string()) {
        let source = recorded["source"].as_str().unwrap();
        let issues = recorded["issues"].as_array().unwrap();
        let issues: Vec<_> = issues.iter().map(|i| issue(&i[0], &i[1], &i[2], &i[3])).collect();
        let official = if recorded["ok"] == true { Compiled::Accepted(issues) } else { Compiled::Refused(issues) };
        let own = ours::compile(source);
        assert_eq!(difference(source, &official, &own), None, "{recorded}");
        if !ours::is_syntax(source) {
            let again = row(source, &official, &own).json;
            assert_eq!((&again["ok"], &again["issues"]), (&recorded["ok"], &recorded["issues"]), "{recorded}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
