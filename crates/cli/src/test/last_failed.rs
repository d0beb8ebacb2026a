//! The tests that failed when they were run last: `.firewarden/last-failed.json`, in the project's folder.
//!
//! Only `--last-failed` reads the file. A run writes it if a test fails, or if a test that it names is gone or passes
//! now; if that is impossible, the run neither fails nor says so. The file identifies tests by the path of their suite
//! and their name: lines move.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::{Value as Json, json};

use crate::{input, output::Output, report::pretty, repository};
use firewarden_suite::{Options, Run, Suites};

const FOLDER: &str = ".firewarden";
const FILE: &str = "last-failed.json";

/// Suites by their paths below the project's folder, and names of their tests.
type Tests = BTreeSet<(String, String)>;

pub(super) struct LastFailed {
    /// The project's folder.
    root: PathBuf,
    here: PathBuf,
    failed: Tests,
}

impl LastFailed {
    /// Reads the file; no test failed if it is absent or unreadable.
    pub(super) fn read() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let root = repository::nearest(&here, &[FOLDER, "firebase.json", ".git"]).unwrap_or_else(|| here.clone());
        let known = input::text(&root.join(FOLDER).join(FILE)).ok().and_then(|text| serde_json::from_str(&text).ok());
        let text = |test: &Json, key| Some(test.get(key)?.as_str()?.to_owned());
        let test = |one: &Json| Some((text(one, "suite")?, text(one, "name")?));
        let failed = known.as_ref().and_then(|known: &Json| known.get("failed")?.as_array());
        let failed = failed.into_iter().flatten().filter_map(test).collect();
        LastFailed { root, here, failed }
    }

    fn path(&self, suite: &str) -> String {
        repository::below(&self.root, &self.here, suite).unwrap_or_else(|| suite.to_owned())
    }

    /// The chosen tests that failed last time; if none did, prints a note and returns `None`, which chooses all.
    pub(super) fn among(&self, suites: &Suites, options: &Options, output: &mut Output) -> Option<Tests> {
        let chosen = suites.list(options);
        let failed = chosen.iter().filter(|test| self.failed.contains(&(self.path(test.suite), test.name.to_owned())));
        let failed: Tests = failed.map(|test| (test.suite.to_owned(), test.name.to_owned())).collect();
        let gone = self.gone(suites).len();
        if gone > 0 {
            let (tests, are) = if gone == 1 { ("test", "is") } else { ("tests", "are") };
            output.note(&format!(
                "--last-failed: {gone} {tests} that failed last time {are} no longer there, or renamed; run all to be sure"
            ));
        }
        if !failed.is_empty() {
            return Some(failed);
        }
        output.note(match self.failed.is_empty() {
            true => "--last-failed: no test failed last time; all are run",
            false => "--last-failed: none of these tests failed last time; all of them are run",
        });
        None
    }

    /// The tests that failed last time and are no longer in their suite, of suites that were read.
    fn gone(&self, suites: &Suites) -> Tests {
        let all = suites.list(&Options::default());
        let there: Tests = all.iter().map(|test| (self.path(test.suite), test.name.to_owned())).collect();
        let read: BTreeSet<&String> = there.iter().map(|(suite, _)| suite).collect();
        self.failed.iter().filter(|test| !there.contains(test) && read.contains(&test.0)).cloned().collect()
    }

    /// Stores which tests failed. Tests that were not run keep what was known of them.
    pub(super) fn keep(mut self, suites: &Suites, run: &Run) {
        if self.failed.is_empty() && run.passed() {
            return;
        }
        let before = self.failed.clone();
        // A test that is gone from a suite can neither fail nor pass again.
        for test in self.gone(suites) {
            self.failed.remove(&test);
        }
        let results = || run.results.iter().map(|result| (result, (self.path(&result.suite), result.name.clone())));
        let run: Vec<_> = results().map(|(result, test)| (result.failure().is_some(), test)).collect();
        for (_, test) in &run {
            self.failed.remove(test);
        }
        self.failed.extend(run.into_iter().filter(|(failed, _)| *failed).map(|(_, test)| test));
        if self.failed != before {
            let _ = write(&self.root.join(FOLDER), &self.failed);
        }
    }
}

fn write(folder: &Path, failed: &Tests) -> std::io::Result<()> {
    if !folder.exists() {
        std::fs::create_dir(folder)?;
        // No file of it belongs into a repository.
        std::fs::write(folder.join(".gitignore"), "*\n")?;
    }
    let failed: Vec<Json> = failed.iter().map(|(suite, name)| json!({ "suite": suite, "name": name })).collect();
    super::replace(&folder.join(FILE), &(pretty(&json!({ "failed": failed })) + "\n"))
}
