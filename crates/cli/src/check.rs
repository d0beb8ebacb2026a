//! `firewarden check`: the diagnostics of the official compiler, and those of firewarden.

use std::path::{Path, PathBuf};

use firewarden::{
    internals::check::{self, is_refused_if_strict},
    lint::{self, lint},
    rules::Rules,
    text::{Diagnostic, Diagnostics, Severity, Source, nearest},
    value::Timestamp,
};
use firewarden_suite::{RulesFile, Target, report::folded};

use super::{
    args::{CheckFormat, CheckOptions},
    exit::Exit,
    input::{self, InputError},
    output::Output,
    project, report,
};

pub(super) fn run(options: &CheckOptions, output: &mut Output) -> Result<Exit, InputError> {
    if let Some(code) = &options.explain {
        output.result(&explain(code)?);
        return Ok(Exit::Ok);
    }
    let now = match &options.now {
        Some(text) => text.parse().map_err(|error| InputError(format!("--now `{text}`: {error}")))?,
        None => Timestamp::from(std::time::SystemTime::now()),
    };
    let mut exit = Exit::Ok;
    let (mut checked, mut targets) = (Vec::new(), Vec::new());
    let Some(files) = files(options, output)? else { return Ok(Exit::Usage) };
    for named in files {
        match read(&named.path) {
            Ok(source) => {
                let found = diagnose(&source, &named.targets, now, options.strict);
                if found.has_errors() {
                    exit = exit.max(Exit::Refused);
                }
                checked.push(found);
                targets.push(project::words(&named.targets));
            }
            Err(failure) => {
                output.error(&failure.to_string());
                exit = exit.max(Exit::Usage);
            }
        }
    }
    match options.format {
        CheckFormat::Human => {
            checked.iter().zip(&targets).for_each(|(found, targets)| human(found, targets, options.all, output));
        }
        CheckFormat::Json => output.raw(&report::json(&checked)),
        CheckFormat::Github => report::github(&checked, output),
        CheckFormat::Sarif => output.raw(&report::sarif(&checked, codes())),
    }
    Ok(exit)
}

/// The given files, and the files that `firebase.json` names in given folders; `None` after reporting errors in
/// `firebase.json`.
fn files(options: &CheckOptions, output: &mut Output) -> Result<Option<Vec<RulesFile>>, InputError> {
    let here = [PathBuf::new()];
    let paths = if options.files.is_empty() { &here[..] } else { &options.files };
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str().is_empty() || path.is_dir() {
            let Some(named) = project::read(path, output)? else { return Ok(None) };
            found.extend(named);
        } else {
            found.push(project::of_file(path));
        }
    }
    // A file that is named twice is checked once.
    let mut seen = Vec::new();
    found.retain(|named: &RulesFile| {
        let whole = std::fs::canonicalize(&named.path).unwrap_or_else(|_| named.path.clone());
        let new = !seen.contains(&whole);
        seen.push(whole);
        new
    });
    Ok(Some(found))
}

fn read(path: &Path) -> Result<Source, InputError> {
    Ok(Source::new(input::name(path), input::text(path)?))
}

/// All diagnostics of rules for their targets, in the order of the text, with strictness applied.
fn diagnose(source: &Source, targets: &[Target], now: Timestamp, strict: bool) -> Diagnostics {
    let products: Vec<_> = targets.iter().map(|target| target.product).collect();
    let found = match products.as_slice() {
        [] => Rules::problems(source, None),
        [first, others @ ..] => {
            let all = std::iter::once(first).chain(others).map(|product| Rules::problems(source, Some(*product)));
            let (refused, accepted): (Vec<_>, Vec<_>) = all.partition(Diagnostics::has_errors);
            let mut all = refused.into_iter().chain(accepted);
            all.next().unwrap_or_else(|| Rules::problems(source, None))
        }
    };
    let found = found.with(lint(source, now));
    if !strict {
        return found;
    }
    found.map(|problem| {
        if is_refused_if_strict(problem.code) || lint::Code::from_id(problem.code).is_some() {
            problem.severity = Severity::Error;
        }
    })
}

/// The documentation of a diagnostic code.
pub(super) struct CodeInfo {
    pub(super) id: &'static str,
    pub(super) about: &'static str,
    pub(super) hint: Option<&'static str>,
    pub(super) example: &'static str,
    pub(super) severity: Severity,
    /// Whether the official compiler reports it.
    pub(super) official: bool,
}

/// All codes, the official ones first.
pub(super) fn codes() -> impl Iterator<Item = CodeInfo> {
    let official = check::Code::ALL.iter().map(|code| CodeInfo {
        id: code.id(),
        about: code.about(),
        hint: code.hint(),
        example: code.example(),
        severity: code.severity(),
        official: true,
    });
    official.chain(lint::Code::ALL.iter().map(|code| CodeInfo {
        id: code.id(),
        about: code.about(),
        hint: Some(code.hint()),
        example: code.example(),
        severity: Severity::Warning,
        official: false,
    }))
}

fn explain(id: &str) -> Result<String, InputError> {
    let known = || codes().map(|code| code.id);
    let Some(code) = codes().find(|code| code.id == id) else {
        let near =
            nearest(id, known()).map_or_else(|| "see docs/lints.md".to_owned(), |near| format!("did you mean {near}?"));
        return Err(InputError(format!("--explain: unknown code `{id}`; {near}")));
    };
    let kind = match (code.official, code.severity) {
        (true, Severity::Error) => "an error of the official compiler",
        (true, Severity::Warning) => "a warning of the official compiler",
        (false, _) => "a check of firewarden; the official compiler accepts it",
    };
    let mut text =
        format!("{id}: {kind}\n\n{}\n\nExample:\n  {}\n", code.about, code.example.replace('\n', "\n  ").trim_end());
    if let Some(hint) = code.hint {
        text += &format!("\nHint: {hint}\n");
    }
    if lint::Code::from_id(id).is_some_and(lint::Code::can_be_silenced) {
        text += &format!(
            "\nWhere it is meant, on the line before or at its end:\n  // firewarden: allow {id}: the reason\n"
        );
    }
    Ok(text)
}

fn human(found: &Diagnostics, targets: &str, all: bool, output: &mut Output) {
    let name = found.source().name();
    let errors = found.iter().filter(|p| p.is_error()).count();
    let warnings = found.len() - errors;
    let shown: Vec<&Diagnostic> = found.iter().filter(|p| p.is_error() || !output.is_quiet()).collect();
    if !shown.is_empty() {
        let shown = Diagnostics::new(found.source().clone(), shown.into_iter().cloned().collect());
        let text = if all { shown.to_string() } else { folded(&shown, "--all shows each of them") };
        output.result(&format!("{text}\n"));
    }
    let count = |n: usize, word: &str| match n {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    };
    if errors > 0 {
        output.result(&format!(
            "{name}: refused: {}, {}{targets}\n",
            count(errors, "error"),
            count(warnings, "warning")
        ));
    } else if !output.is_quiet() {
        let with = if warnings > 0 { format!(", {}", count(warnings, "warning")) } else { String::new() };
        output.result(&format!("{name}: ok{with}{targets}\n"));
    }
}
