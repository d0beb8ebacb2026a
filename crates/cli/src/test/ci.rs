//! `firewarden test --format github`: annotations, and the summary of the step.

use std::{io::Write as _, path::Path};

use crate::{output::Output, repository::Repository};
use firewarden_suite::{
    Run, Suites,
    coverage::{FileCoverage, Shortfall},
    report::{self, Ci},
};

/// The limit of GitHub for the summaries of a step, in bytes, with some to spare.
const MAX_SUMMARY: usize = (1 << 20) - (16 << 10);

/// Prints annotations, and appends a summary to the file that GITHUB_STEP_SUMMARY names.
pub(super) fn report(
    suites: &Suites,
    run: &Run,
    coverage: &[FileCoverage],
    shortfalls: &[Shortfall],
    strict: bool,
    output: &mut Output,
) {
    let repository = Repository::here();
    let path = |name: &str| repository.path(name);
    let ci = Ci { suites, run, coverage, shortfalls, strict, path: &path };
    output.plain(&report::github(&ci));
    if let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) {
        let file = Path::new(&file);
        if let Err(error) = append(file, &ci) {
            output.warning(&format!("cannot write the summary of the step: {}: {error}", file.display()));
        }
    }
}

fn append(file: &Path, ci: &Ci<'_>) -> std::io::Result<()> {
    // Other commands of the step may have written summaries.
    let before = std::fs::metadata(file).map_or(0, |known| usize::try_from(known.len()).unwrap_or(usize::MAX));
    let text = report::markdown(ci, MAX_SUMMARY.saturating_sub(before));
    std::fs::OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
}
