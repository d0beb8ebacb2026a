//! The tests that failed in their last run: `.firewarden/last-failed.json`, in the project's folder.
//!
//! Only `--last-failed` reads the file. A run writes it if a test fails, or if a test in it is gone or passes; an error
//! while writing is ignored. The file identifies tests by the path of their suite and their name, since lines change.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::{Value as Json, json};

use crate::{
    input,
    output::{Output, replace},
    report::pretty,
    repository,
};
use firewarden_suite::{Options, Run, Suites, TestId};

const FOLDER: &str = ".firewarden";
const FILE: &str = "last-failed.json";

/// Tests, by the path of their suite below the project's folder.
type Tests = BTreeSet<TestId>;

pub(super) struct LastFailed {
    /// The folder of the project.
    root: PathBuf,
    here: PathBuf,
    failed: Tests,
}

impl LastFailed {
    /// Reads the file; if it is absent or unreadable, no test failed.
    pub(super) fn read() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let root = repository::nearest(&here, &[FOLDER, "firebase.json", ".git"]).unwrap_or_else(|| here.clone());
        let known = input::text(&root.join(FOLDER).join(FILE)).ok().and_then(|text| serde_json::from_str(&text).ok());
        let text = |test: &Json, key| Some(test.get(key)?.as_str()?.to_owned());
        let test = |one: &Json| Some(TestId { suite: text(one, "suite")?, name: text(one, "name")? });
        let failed = known.as_ref().and_then(|known: &Json| known.get("failed")?.as_array());
        let failed = failed.into_iter().flatten().filter_map(test).collect();
        LastFailed { root, here, failed }
    }

    /// The id of a test, by the path of its suite below the project's folder.
    fn id(&self, suite: &str, name: &str) -> TestId {
        let suite = repository::below(&self.root, &self.here, suite).unwrap_or_else(|| suite.to_owned());
        TestId { suite, name: name.to_owned() }
    }

    /// The selected tests that failed last time. If none did, prints a note and returns `None`, which selects all.
    pub(super) fn among(&self, suites: &Suites, options: &Options, output: &mut Output) -> Option<Tests> {
        let chosen = suites.list(options);
        let failed = chosen.iter().filter(|test| self.failed.contains(&self.id(test.suite, test.name)));
        let failed: Tests =
            failed.map(|test| TestId { suite: test.suite.to_owned(), name: test.name.to_owned() }).collect();
        let gone = self.gone(suites).len();
        if gone > 0 {
            let (tests, are) = if gone == 1 { ("test", "is") } else { ("tests", "are") };
            output.note(&format!(
                "--last-failed: {gone} {tests} that failed last time {are} gone or renamed; run all tests to be sure"
            ));
        }
        if !failed.is_empty() {
            return Some(failed);
        }
        output.note(match self.failed.is_empty() {
            true => "--last-failed: no test failed last time; running all tests",
            false => "--last-failed: none of these tests failed last time; running all of them",
        });
        None
    }

    /// The tests that failed last time and are gone from their suites, among suites that were loaded.
    fn gone(&self, suites: &Suites) -> Tests {
        let all = suites.list(&Options::default());
        let there: Tests = all.iter().map(|test| self.id(test.suite, test.name)).collect();
        let read: BTreeSet<&String> = there.iter().map(|test| &test.suite).collect();
        self.failed.iter().filter(|test| !there.contains(test) && read.contains(&test.suite)).cloned().collect()
    }

    /// Stores the tests that failed. Tests that were not run keep their status.
    pub(super) fn keep(mut self, suites: &Suites, run: &Run) {
        if self.failed.is_empty() && run.passed() {
            return;
        }
        let before = self.failed.clone();
        // A test that is gone can neither fail nor pass again.
        for test in self.gone(suites) {
            self.failed.remove(&test);
        }
        let results = || run.results.iter().map(|result| (result, self.id(&result.suite, &result.name)));
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
        // Nothing in the folder belongs into the repository.
        std::fs::write(folder.join(".gitignore"), "*\n")?;
    }
    let failed: Vec<Json> = failed.iter().map(|test| json!({ "suite": test.suite, "name": test.name })).collect();
    replace(&folder.join(FILE), &(pretty(&json!({ "failed": failed })) + "\n"))
}
