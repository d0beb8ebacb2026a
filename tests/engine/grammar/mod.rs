//! The languages of `grammar/`: that of Storage and Firestore beside the copy of the official parser, that of database rules
//! over damaged text.

mod database;
mod service;

use std::{fs, path::Path};

use serde_json::Value as Json;

/// What a file of the tests holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rules,
    Json,
    /// One line of several.
    JsonLine,
}

/// Every text in the tests and examples.
fn each_text(take: &mut dyn FnMut(Kind, &str)) {
    for folder in ["tests", "examples"] {
        each_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), take);
    }
}

fn each_in(folder: &Path, take: &mut dyn FnMut(Kind, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        match ending {
            // npm writes these beside an example: no texts of ours.
            _ if path.ends_with("node_modules") || path.ends_with("package-lock.json") => {}
            _ if path.is_dir() => each_in(&path, take),
            "rules" => take(Kind::Rules, &fs::read_to_string(&path).unwrap()),
            "json" => take(Kind::Json, &fs::read_to_string(&path).unwrap()),
            "jsonl" => fs::read_to_string(&path).unwrap().lines().for_each(|line| take(Kind::JsonLine, line)),
            _ => {}
        }
    }
}

/// Every value in a JSON text, however deep.
fn each_value(text: &str, take: &mut dyn FnMut(&Json)) {
    let mut queue: Vec<Json> = serde_json::from_str(text).into_iter().collect();
    while let Some(value) = queue.pop() {
        take(&value);
        match value {
            Json::Array(items) => queue.extend(items),
            Json::Object(entries) => queue.extend(entries.into_iter().map(|entry| entry.1)),
            _ => {}
        }
    }
}
