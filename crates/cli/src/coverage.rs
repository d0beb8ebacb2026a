//! Writes coverage reports, of suites and of running servers.

use firewarden_suite::coverage::{self, FileCoverage};

use super::{
    args::{CoverageKind, CoverageReport},
    input::InputError,
    output::{Output, columns, write_file},
    report::pretty,
};

/// Writes the wanted reports to their files; `print` writes those without a file. `official` makes the report in the
/// format of the Firestore emulator.
pub(super) fn write_reports(
    wanted: &[CoverageReport],
    files: &[FileCoverage],
    official: &dyn Fn() -> Result<String, InputError>,
    print: &dyn Fn(&mut Output, &str),
    output: &mut Output,
) -> Result<(), InputError> {
    for report in wanted {
        let text = match report.kind {
            CoverageKind::Text => coverage::text(files, columns()),
            CoverageKind::Html => coverage::html(files).map_err(|error| InputError(error.to_string()))?,
            CoverageKind::Lcov => coverage::lcov(files),
            CoverageKind::Json => pretty(&coverage::json(files)) + "\n",
            CoverageKind::Official => official()?,
        };
        match &report.file {
            Some(file) => {
                write_file(file, &text)?;
                output.note(&format!("coverage is in {}", file.display()));
            }
            None => print(output, &text),
        }
    }
    Ok(())
}
