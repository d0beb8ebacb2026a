//! Coverage reports, and thresholds.
use firewarden::rules::Rules;

use crate::{
    args::{CoverageKind, TestFormat, TestOptions},
    exit::Exit,
    input::InputError,
    output::{Output, columns},
    report::pretty,
};
use firewarden_suite::{
    Run,
    coverage::{self, FileCoverage, Shortfall, Threshold},
    rules_api,
};

/// The coverage of a run, and its shortfalls.
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

    /// Writes the reports, and reports shortfalls. `printed` is the format of standard output.
    pub(super) fn report(
        &self,
        run: &Run,
        options: &TestOptions,
        printed: TestFormat,
        output: &mut Output,
    ) -> Result<Exit, InputError> {
        for wanted in &options.coverage {
            let text = match wanted.kind {
                CoverageKind::Text => coverage::text(&self.files, columns()),
                CoverageKind::Html => coverage::html(&self.files).map_err(|error| InputError(error.to_string()))?,
                CoverageKind::Lcov => coverage::lcov(&self.files),
                CoverageKind::Json => pretty(&coverage::json(&self.files)) + "\n",
                CoverageKind::Official => official_report(run)?,
            };
            match &wanted.file {
                Some(file) => {
                    super::write(file, &text)?;
                    output.note(&format!("coverage is in {}", file.display()));
                }
                // Text for people does not belong into a format for programs.
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

/// Coverage in the format of the Firestore emulator, which covers one Firestore rules file.
fn official_report(run: &Run) -> Result<String, InputError> {
    let mut firestore = run.coverage.iter().filter_map(|(rules, coverage)| match rules {
        Rules::Firestore(rules) => Some((rules, coverage)),
        _ => None,
    });
    match (firestore.next(), firestore.next()) {
        (Some((rules, coverage)), None) => Ok(pretty(&rules_api::coverage(rules, coverage)) + "\n"),
        (None, _) => Err(InputError("--coverage official: no suite tests Firestore rules".to_owned())),
        _ => Err(InputError("--coverage official: the format has one rules file; select the suites of one".to_owned())),
    }
}
