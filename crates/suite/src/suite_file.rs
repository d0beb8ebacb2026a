//! The files of a suite, and settings that the last file with them determines.

use std::path::PathBuf;

use firewarden::value::Timestamp;

use super::{file_reader::FileReader, node::Node, paths};

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

/// A suite, or a file that it includes; included files come first.
pub(super) struct SuiteFile<'f> {
    pub(super) path: PathBuf,
    pub(super) reading: FileReader<'f>,
    pub(super) node: Node,
}

/// The name of a bucket or a database in the last file that states it.
pub(super) fn last_name(files: &mut [SuiteFile<'_>], name: &str) -> Option<String> {
    for SuiteFile { reading, node, .. } in files.iter_mut() {
        if let Some(value) = node.get(name).filter(|value| value.as_text().is_some()) {
            paths::plain_name(&mut reading.reader, value, name);
        }
    }
    last_text(files, name)
}

/// A text in the last file that states it.
pub(super) fn last_text(files: &mut [SuiteFile<'_>], name: &str) -> Option<String> {
    let mut found = None;
    for SuiteFile { reading, node, .. } in files {
        if let Some(value) = node.get(name).filter(|value| !value.is_null()) {
            found = reading.reader.text(value, name).map(str::to_owned).or(found);
        }
    }
    found
}

/// The clock that the last file with `now` states; `clock` if none does.
pub(super) fn clock(files: &mut [SuiteFile<'_>], mut clock: Timestamp) -> Timestamp {
    for SuiteFile { reading, node, .. } in files {
        if let Some(now) = node.get("now") {
            clock = reading.reader.time(now, "now", None).unwrap_or(clock);
        }
    }
    clock
}
