//! The files of a suite, and what the last of them states.

use std::path::PathBuf;

use super::{node::Node, paths, reading::Reading};

/// The keys of a suite.
pub(super) const KEYS: [&str; 15] = [
    "$schema",
    "description",
    "rules",
    "service",
    "include",
    "now",
    "project",
    "bucket",
    "database",
    "transport",
    "users",
    "objects",
    "documents",
    "data",
    "tests",
];

/// A file and those that it includes, which come before it.
pub(super) struct Part<'f> {
    pub(super) path: PathBuf,
    pub(super) reading: Reading<'f>,
    pub(super) node: Node,
}

/// The name of a bucket or a database that the last of the files states.
pub(super) fn place(parts: &mut [Part<'_>], name: &str) -> Option<String> {
    for Part { reading, node, .. } in parts.iter_mut() {
        if let Some(value) = node.get(name).filter(|value| value.as_text().is_some()) {
            paths::plain_name(&mut reading.reader, value, name);
        }
    }
    text(parts, name)
}

/// A text that the last of the files states.
pub(super) fn text(parts: &mut [Part<'_>], name: &str) -> Option<String> {
    let mut found = None;
    for Part { reading, node, .. } in parts {
        if let Some(value) = node.get(name).filter(|value| !value.is_null()) {
            found = reading.reader.text(value, name).map(str::to_owned).or(found);
        }
    }
    found
}
