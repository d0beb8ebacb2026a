//! `firewarden test`: runs unit tests of rules.

mod ci;
mod coverage;
mod destinations;
mod last_failed;
mod progress;
mod rules_api;
mod selection;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
    time::{Duration, Instant},
};

use firewarden::{text::Diagnostics, value::Timestamp};
use firewarden_suite::{Disk, LoadError, Options, Run, SuiteLine, Suites, report};

use super::{
    args::{TestFormat, TestOptions},
    exit::Exit,
    input::InputError,
    output::{Output, columns, write_file},
    report::pretty,
};

use coverage::Covered;
use destinations::{Destinations, destinations};
use last_failed::LastFailed;

pub(super) fn run(options: &TestOptions, output: &mut Output) -> Result<Exit, InputError> {
    if options.schema {
        output.plain(firewarden_suite::JSON_SCHEMA);
        return Ok(Exit::Ok);
    }
    if options.generate {
        return super::analysis::generate(options, output);
    }
    if let Some(request) = &options.official {
        return rules_api::run(request, &options.paths, output);
    }
    if options.watch {
        return watch::run(options, output);
    }
    once(options, output).map(|(exit, _)| exit)
}

/// Runs the tests once; returns the files that were read.
fn once(options: &TestOptions, output: &mut Output) -> Result<(Exit, Vec<PathBuf>), InputError> {
    let destinations = destinations(options)?;
    let selection = selection::find(options)?;
    let mut suites = Suites::load(&Disk, &selection.suites, now(options)?);
    let folders: Vec<PathBuf> = selection::search_paths(options).into_iter().filter(|path| path.is_dir()).collect();
    suites.warn_unused_shared(&folders);
    let mut exit = report_problems(&suites, options, output);
    let absent: Vec<String> = selection.lines.iter().filter_map(|at| suites.no_test_at(&at.path, at.line)).collect();
    if !absent.is_empty() {
        return Err(InputError(absent.join("\n")));
    }
    let last_failed = LastFailed::read();
    let mut run_options = run_options(options, selection.lines, destinations.printed);
    if options.last_failed {
        run_options.only = last_failed.among(&suites, &run_options, output);
    }
    if options.list {
        list(&suites, &run_options, &destinations, output);
        return Ok((exit, suites.read));
    }
    check_outputs(&suites, options)?;
    let run = execute(&suites, &run_options);
    if !run.passed() {
        exit = exit.max(Exit::Denied);
    }
    if run.results.is_empty() && exit == Exit::Ok {
        return Err(InputError(match &options.filter {
            Some(filter) => format!("no test has `{filter}` in its suite or name"),
            None => "no tests".to_owned(),
        }));
    }
    let covered = Covered::new(&run, options);
    let printed = destinations.printed;
    // An error while writing a file does not suppress the results.
    for written in [
        results(&suites, &run, &covered, destinations, options, output),
        covered.report(&run, options, printed, output),
    ] {
        exit = exit.max(written.unwrap_or_else(|why| {
            output.error(&why.to_string());
            Exit::Usage
        }));
    }
    last_failed.keep(&suites, &run);
    Ok((exit, suites.read))
}

fn now(options: &TestOptions) -> Result<Timestamp, InputError> {
    match &options.now {
        Some(text) => text.parse().map_err(|error| InputError(format!("--now `{text}`: {error}"))),
        None => Ok(Timestamp::from(std::time::SystemTime::now())),
    }
}

/// Reports errors and warnings of suites and rules.
fn report_problems(suites: &Suites, options: &TestOptions, output: &mut Output) -> Exit {
    let mut exit = Exit::Ok;
    for error in &suites.errors {
        exit = exit.max(if matches!(error, LoadError::Rules(_)) { Exit::Refused } else { Exit::Usage });
        output.problems(&match error {
            LoadError::Suite(found) | LoadError::Rules(found) => problems(found, options),
            error => error.to_string(),
        });
    }
    let doubtful = suites.suite_warnings().count();
    if options.strict && !options.list && doubtful > 0 {
        exit = exit.max(Exit::Denied);
        output.error(&format!("--strict: {doubtful} file(s) with warnings"));
    }
    if !output.is_quiet() || options.strict {
        for found in &suites.warnings {
            let name = found.source().name();
            // `firewarden check` shows the warnings of a rules file.
            if suites.is_rules_file(found.source()) {
                output.note(&format!("{name}: {} warning(s); `firewarden check {name}` shows them", found.len()));
            } else {
                output.problems(&problems(found, options));
            }
        }
    }
    exit
}

/// Renders diagnostics, folded unless `--verbose` is set.
fn problems(found: &Diagnostics, options: &TestOptions) -> String {
    if options.verbose { found.to_string() } else { report::folded(found, "--verbose shows each of them") }
}

/// Refuses to write to a file that the tests read.
fn check_outputs(suites: &Suites, options: &TestOptions) -> Result<(), InputError> {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    let read: Vec<PathBuf> = suites.read.iter().filter_map(|path| whole(path)).collect();
    let reports = options.coverage.iter().filter_map(|report| report.file.as_ref());
    for file in options.output.iter().chain(reports) {
        if whole(file).is_some_and(|file| read.contains(&file)) {
            return Err(InputError(format!("{}: the tests read this file; write to another file", file.display())));
        }
    }
    Ok(())
}

fn list(suites: &Suites, options: &Options, destinations: &Destinations, output: &mut Output) {
    if destinations.printed == TestFormat::Json {
        return output.raw(&pretty(&report::list(suites, options)));
    }
    for test in suites.list(options) {
        output.plain(&format!("{}::{}\n", test.suite, test.name));
    }
}

/// The options of the run, without `--last-failed`.
fn run_options(options: &TestOptions, lines: Vec<SuiteLine>, printed: TestFormat) -> Options {
    // The timer starts at its first use.
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    fn elapsed() -> Duration {
        BEGUN.elapsed()
    }
    Options {
        filter: options.filter.clone(),
        lines,
        only: None,
        bail: options.bail,
        strict: options.strict,
        jobs: options.jobs,
        coverage: !options.coverage.is_empty() || options.fail_under.is_some(),
        // Formats for programs do not depend on the terminal.
        columns: (printed == TestFormat::Human).then(columns),
        timer: Some(elapsed),
    }
}

fn execute(suites: &Suites, options: &Options) -> Run {
    let progress = progress::Progress::new(suites.list(options).len());
    let run = suites.run(options, &|more| progress.add(more));
    progress.finish();
    run
}

/// Prints the results, and writes them to the file of `--output`.
fn results(
    suites: &Suites,
    run: &Run,
    covered: &Covered,
    destinations: Destinations,
    options: &TestOptions,
    output: &mut Output,
) -> Result<Exit, InputError> {
    match destinations.printed {
        TestFormat::Human => output.result(&human(run, options, output)),
        TestFormat::Github => {
            ci::report(suites, run, &covered.files, &covered.shortfalls, options.strict, output);
        }
        printed => output.plain(&text(suites, run, printed, options, output)?),
    }
    if let Some((file, format)) = &destinations.file {
        write_file(file, &text(suites, run, *format, options, output)?)?;
    }
    Ok(Exit::Ok)
}

/// Renders the results in a format.
fn text(
    suites: &Suites,
    run: &Run,
    format: TestFormat,
    options: &TestOptions,
    output: &Output,
) -> Result<String, InputError> {
    Ok(match format {
        // GitHub annotations go only to standard output.
        TestFormat::Human | TestFormat::Github => human(run, options, output),
        TestFormat::Json => pretty(&report::json(suites, run)) + "\n",
        TestFormat::Junit => report::junit(suites, run).map_err(InputError)? + "\n",
        TestFormat::Tap => report::tap(suites, run),
    })
}

fn human(run: &Run, options: &TestOptions, output: &Output) -> String {
    report::human(run, layout(options, output))
}

fn layout(options: &TestOptions, output: &Output) -> report::Layout {
    let detail = match (output.is_quiet(), options.verbose) {
        (true, _) => report::Detail::Quiet,
        (_, true) => report::Detail::Tests,
        _ => report::Detail::Suites,
    };
    report::Layout { detail, columns: columns() }
}
