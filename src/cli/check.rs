//! `firewarden check`: what the official compiler says of rules.

use std::path::{Path, PathBuf};

use crate::{
    check::is_refused_if_strict,
    suite::{Rules, report::annotations},
    text::{Diagnostic, Diagnostics, Severity, Source},
};

use super::{
    args::{CheckFormat, CheckOptions},
    exit::Exit,
    input::{self, Unreadable},
    output::Output,
    project, report,
};

pub(super) fn run(options: &CheckOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    let mut exit = Exit::Ok;
    let mut checked = Vec::new();
    for path in files(options)? {
        match read(&path) {
            Ok(source) => {
                let found = diagnose(&source, options.strict);
                if found.has_errors() {
                    exit = exit.max(Exit::Refused);
                }
                checked.push(found);
            }
            Err(failure) => {
                output.error(&failure.to_string());
                exit = exit.max(Exit::Usage);
            }
        }
    }
    match options.format {
        CheckFormat::Human => checked.iter().for_each(|found| human(found, output)),
        CheckFormat::Json => output.raw(&report::json(&checked)),
        CheckFormat::Github => output.plain(&checked.iter().map(annotations).collect::<String>()),
        CheckFormat::Sarif => output.raw(&report::sarif(&checked)),
    }
    Ok(exit)
}

fn files(options: &CheckOptions) -> Result<Vec<PathBuf>, Unreadable> {
    if !options.files.is_empty() {
        return Ok(options.files.clone());
    }
    project::read(Path::new(""))
}

fn read(path: &Path) -> Result<Source, Unreadable> {
    Ok(Source::new(input::name(path), input::text(path)?))
}

/// Every problem, with strictness applied.
pub(super) fn diagnose(source: &Source, strict: bool) -> Diagnostics {
    let found = Rules::problems(source);
    if !strict {
        return found;
    }
    found.map(|problem| {
        if is_refused_if_strict(problem.code) {
            problem.severity = Severity::Error;
        }
    })
}

fn human(found: &Diagnostics, output: &mut Output) {
    let name = found.source().name();
    let errors = found.iter().filter(|p| p.is_error()).count();
    let warnings = found.len() - errors;
    let shown: Vec<&Diagnostic> = found.iter().filter(|p| p.is_error() || !output.is_quiet()).collect();
    if !shown.is_empty() {
        let shown = Diagnostics::new(found.source().clone(), shown.into_iter().cloned().collect());
        output.result(&format!("{shown}\n"));
    }
    let count = |n: usize, word: &str| match n {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    };
    if errors > 0 {
        output.result(&format!("{name}: refused: {}, {}\n", count(errors, "error"), count(warnings, "warning")));
    } else if !output.is_quiet() {
        let with = if warnings > 0 { format!(", {}", count(warnings, "warning")) } else { String::new() };
        output.result(&format!("{name}: ok{with}\n"));
    }
}
