//! Suites that the analysis writes: requests that were found, with the verdicts of the rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use firewarden::{
    Timestamp,
    internals::service::Cause,
    rules::{Decision, Rules},
};
use firewarden_analysis::witness::Witness;
use firewarden_suite::{Options, Suites, TestOutcome};
use serde_json::{Map as JsonMap, Value as Json};

use crate::{
    draft::WithDraft,
    input::InputError,
    output::{Output, write_file},
    yaml::{flow, quoted},
};

/// The first line of each file that the command writes, and may therefore replace.
const HEAD: &str = "# Written by firewarden";

/// A test of a suite.
pub(super) struct Test {
    name: String,
    fields: JsonMap<String, Json>,
}

impl Test {
    /// The request of a witness with the verdict of the rules; `None` where a suite cannot say it.
    pub(super) fn new(name: String, witness: &Witness, rules: &Rules) -> Option<Self> {
        let mut fields = witness.suite_test()?;
        let decision = witness.decision(rules)?;
        fields.insert("expect".to_owned(), if decision.is_allowed() { "allow" } else { "deny" }.into());
        if let Some(because) = because(&decision) {
            fields.insert("because".to_owned(), because);
        }
        Some(Test { name, fields })
    }
}

/// The cause of a denial that a suite has to state; none for conditions that are false.
fn because(decision: &Decision) -> Option<Json> {
    let Decision::Service(decision) = decision else { return None };
    match decision.cause() {
        Cause::NoService | Cause::NoStatement => Some("no-match".into()),
        Cause::ConditionsFalse => Some(false.into()),
        Cause::Failed(_) | Cause::Aborted(_) => Some("error".into()),
        Cause::Refused(_) => Some("refused".into()),
        _ => None,
    }
}

/// Writes a suite of the tests that hold when it is run, and says which are left out.
pub(super) fn write(
    file: &Path,
    rules: &Path,
    about: &str,
    now: Timestamp,
    mut tests: Vec<Test>,
    output: &mut Output,
) -> Result<usize, InputError> {
    if let Ok(text) = std::fs::read_to_string(file)
        && !text.starts_with(HEAD)
    {
        let message = format!("{}: exists, and was not written by firewarden; name another file", file.display());
        return Err(InputError(message));
    }
    if !file.to_str().is_some_and(|name| [".test.yaml", ".test.yml"].iter().any(|end| name.ends_with(end))) {
        return Err(InputError(format!("{}: the name of a suite ends in .test.yaml", file.display())));
    }
    number(&mut tests);
    let rules = relative(file.parent().unwrap_or(Path::new("")), rules);
    // A test that the suite's own reading of the request decides differently is no test.
    let failed = failures(file, text(&rules, about, now, &tests), now)?;
    for (name, why) in &failed {
        output.note(&format!("{}: left out `{name}`: {why}", file.display()));
    }
    tests.retain(|test| !failed.contains_key(&test.name));
    write_file(file, &text(&rules, about, now, &tests))?;
    Ok(tests.len())
}

/// Gives tests of one name numbers.
fn number(tests: &mut [Test]) {
    let mut seen = BTreeSet::new();
    for test in tests {
        let (base, mut n) = (test.name.clone(), 1);
        while !seen.insert(test.name.clone()) {
            n += 1;
            test.name = format!("{base} ({n})");
        }
    }
}

fn text(rules: &Path, about: &str, now: Timestamp, tests: &[Test]) -> String {
    let mut out =
        format!("{HEAD}: {about}\nrules: {}\nnow: {now}\n", quoted(&rules.to_string_lossy().replace('\\', "/")));
    out.push_str(if tests.is_empty() { "tests: []\n" } else { "tests:\n" });
    for test in tests {
        out.push_str(&format!("  - name: {}\n", quoted(&test.name)));
        for (key, value) in &test.fields {
            if key == "now" && value.as_str() == Some(&now.to_string()) {
                continue;
            }
            out.push_str(&format!("    {key}: {}\n", flow(value)));
        }
    }
    out
}

/// The names of tests that fail, or pass only with a note, and why.
fn failures(file: &Path, text: String, now: Timestamp) -> Result<BTreeMap<String, String>, InputError> {
    let suites = Suites::load(&WithDraft { path: file, text }, &[file.to_owned()], now);
    if let Some(error) = suites.errors.first() {
        return Err(InputError(error.to_string()));
    }
    let run = suites.run(&Options { strict: true, ..Options::default() }, &|_| ());
    let failed = run.results.iter().filter_map(|result| match &result.outcome {
        TestOutcome::Failed(failure) => {
            let name = result.name.split(" [as ").next().unwrap_or(&result.name);
            Some((name.to_owned(), failure.message.clone()))
        }
        _ => None,
    });
    Ok(failed.collect())
}

/// The path of a file from a folder.
fn relative(folder: &Path, file: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (Ok(from), Ok(to)) = (std::fs::canonicalize(folder), std::fs::canonicalize(file)) else {
        return file.to_owned();
    };
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}
