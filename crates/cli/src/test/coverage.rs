//! Coverage: written in the forms that are asked for, and held against thresholds.
use firewarden::rules::Rules;

use crate::{
    args::{CoverageKind, TestFormat, TestOptions},
    exit::Exit,
    input::Unreadable,
    output::{Output, columns},
    report::pretty,
};
use firewarden_suite::{
    Run,
    coverage::{self, FileCoverage, Shortfall, Threshold},
    official,
};

/// What the tests cover, and what they should.
pub(super) struct Covered {
    pub(super) files: Vec<FileCoverage>,
    pub(super) shortfalls: Vec<Shortfall>,
}

impl Covered {
    pub(super) fn new(run: &Run, options: &TestOptions) -> Self {
        let files = run.coverage();
        let threshold = options.fail_under.map(|least| Threshold { lines: least.lines, conditions: least.conditions });
        let shortfalls = threshold.map(|threshold| threshold.shortfalls(&files)).unwrap_or_default();
        Covered { files, shortfalls }
    }

    /// Writes the reports; tells which files fall short. `printed` is what standard output has.
    pub(super) fn report(
        &self,
        run: &Run,
        options: &TestOptions,
        printed: TestFormat,
        output: &mut Output,
    ) -> Result<Exit, Unreadable> {
        for wanted in &options.coverage {
            let text = match wanted.kind {
                CoverageKind::Text => coverage::text(&self.files, columns()),
                CoverageKind::Html => coverage::html(&self.files).map_err(|error| Unreadable(error.to_string()))?,
                CoverageKind::Lcov => coverage::lcov(&self.files),
                CoverageKind::Json => pretty(&coverage::json(&self.files)) + "\n",
                CoverageKind::Official => official_report(run)?,
            };
            match &wanted.file {
                Some(file) => {
                    super::write(file, &text)?;
                    output.note(&format!("coverage is in {}", file.display()));
                }
                // What is printed for programs is not mixed with words for people.
                None if printed != TestFormat::Human => output.problems(&text),
                None => output.result(&format!("\n{text}")),
            }
        }
        for shortfall in &self.shortfalls {
            output.error(&shortfall.to_string());
        }
        Ok(if self.shortfalls.is_empty() { Exit::Ok } else { Exit::Denied })
    }
}

/// Coverage as the Firestore emulator has it: of one rules file, which is Firestore's.
fn official_report(run: &Run) -> Result<String, Unreadable> {
    let mut firestore = run.coverage.iter().filter_map(|(rules, coverage)| match rules {
        Rules::Firestore(rules) => Some((rules, coverage)),
        _ => None,
    });
    match (firestore.next(), firestore.next()) {
        (Some((rules, coverage)), None) => Ok(pretty(&official::coverage(rules, coverage)) + "\n"),
        (None, _) => Err(Unreadable("--coverage official: no suite tests Firestore rules".to_owned())),
        _ => Err(Unreadable("--coverage official: the form is for one file; choose suites of one".to_owned())),
    }
}
