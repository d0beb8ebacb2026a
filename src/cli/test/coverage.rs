//! Coverage: written in the forms that are asked for, and held against thresholds.

use crate::{
    cli::{
        args::{CoverageKind, TestFormat, TestOptions},
        exit::Exit,
        input::Unreadable,
        output::Output,
        report::pretty,
    },
    suite::{
        Rules, Run,
        coverage::{self, FileCoverage, Threshold},
        official,
    },
};

/// Writes the reports; tells which files fall short.
pub(super) fn report(run: &Run, options: &TestOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    if options.coverage.is_empty() && options.fail_under.is_none() {
        return Ok(Exit::Ok);
    }
    let files = run.coverage();
    for wanted in &options.coverage {
        let text = match wanted.kind {
            CoverageKind::Text => coverage::text(&files),
            CoverageKind::Html => coverage::html(&files).map_err(|error| Unreadable(error.to_string()))?,
            CoverageKind::Lcov => coverage::lcov(&files),
            CoverageKind::Json => pretty(&coverage::json(&files)) + "\n",
            CoverageKind::Official => official_report(run)?,
        };
        match &wanted.file {
            Some(file) => {
                super::write(file, &text)?;
                output.note(&format!("coverage is in {}", file.display()));
            }
            // What is printed for programs is not mixed with words for people.
            None if options.format != TestFormat::Human && options.output.is_none() => output.problems(&text),
            None => output.result(&format!("\n{text}")),
        }
    }
    Ok(thresholds(&files, options, output))
}

fn thresholds(files: &[FileCoverage], options: &TestOptions, output: &mut Output) -> Exit {
    let Some(least) = options.fail_under else { return Exit::Ok };
    let threshold = Threshold { lines: least.lines, conditions: least.conditions };
    let short = threshold.shortfalls(files);
    for shortfall in &short {
        output.error(&shortfall.to_string());
    }
    if short.is_empty() { Exit::Ok } else { Exit::Denied }
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
