//! Rules unit tests: what suites say, what they refuse, how they run, what is reported.

#![cfg(feature = "suite")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "suites/ci.rs"]
mod ci;
#[path = "suites/command.rs"]
mod command;
#[path = "suites/docs.rs"]
mod docs;
#[path = "suites/embedding.rs"]
mod embedding;
#[path = "suites/hints.rs"]
mod hints;
#[path = "suites/layout.rs"]
mod layout;
#[path = "suites/mistaken.rs"]
mod mistaken;
#[path = "suites/mistakes.rs"]
mod mistakes;
#[path = "suites/production.rs"]
mod production;
#[path = "suites/reports.rs"]
mod reports;
#[path = "command/mod.rs"]
mod runner;
#[path = "suites/running.rs"]
mod running;
#[path = "suites/selection.rs"]
mod selection;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use firewarden::{
    suite::{Disk, Files, Options, Run, Suites},
    value::Timestamp,
};

fn clock() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// Files in memory over those of `tests/suites/kinds`.
struct Over(BTreeMap<PathBuf, String>);

impl Files for Over {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.read(path).or_else(|_| Disk.read(&Path::new("tests/suites/kinds").join(path)))
    }
}

/// One suite in memory, beside the rules of `kinds/`.
fn load(name: &str, text: &str) -> Suites {
    let files = Over(BTreeMap::from([(PathBuf::from(name), text.to_owned())]));
    Suites::load(&files, &[PathBuf::from(name)], clock())
}

fn run(suites: &Suites) -> Run {
    suites.run(&Options::default(), &|_| ())
}

/// A suite in memory that has no mistake, run.
fn results(text: &str) -> Run {
    let suites = load("t.test.yaml", text);
    let errors: String = suites.errors.iter().map(ToString::to_string).collect();
    assert!(suites.errors.is_empty(), "{errors}");
    run(&suites)
}
