//! Replays recorded requests: queries and commits, which the engine's own tables cannot say, and documents.
//!
//! Each file in `recorded/` has rows of the table `requests`: rules, documents, what was asked, and the official answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::{fs, path::Path};

use firewarden_differential::{
    kinds::requests::{difference, recorded},
    ours,
    request::Case,
    rows,
};

#[test]
fn requests_are_decided_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        for row in rows::read(&path).unwrap() {
            let case = Case::from_json(&row).unwrap();
            let (official, own) = (recorded(&row), ours::request::decide(&case).unwrap());
            if let Some(class) = difference(&official, &own, case.requests.len()) {
                wrong.push(format!("{class}\n{row}\nofficial: {official}\nours: {own}"));
            }
            count += 1;
        }
    }
    assert!(count > 0, "nothing is recorded");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}
