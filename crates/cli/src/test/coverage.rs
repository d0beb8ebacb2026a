//! Coverage reports, and thresholds.
use firewarden::rules::Rules;

use crate::{
    args::{TestFormat, TestOptions},
    coverage::write_reports,
    exit::Exit,
    input::InputError,
    output::Output,
    report::pretty,
};
use firewarden_suite::{
    Run,
    coverage::{FileCoverage, Shortfall, Threshold},
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
        // Text for people does not belong into a format for programs.
        let print = |output: &mut Output, text: &str| match printed {
            TestFormat::Human => output.result(&format!("\n{text}")),
            _ => output.problems(text),
        };
        write_reports(&options.coverage, &self.files, &|| official_report(run), &print, output)?;
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
