//! `firewarden test`: rules unit tests.

mod ci;
mod coverage;
mod destinations;
mod found;
mod last_failed;
mod official;
mod progress;
mod watch;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::{Duration, Instant},
};

use firewarden::value::Timestamp;
use firewarden_suite::{Disk, LoadError, Options, Run, Suites, report};

use super::{
    args::{TestFormat, TestOptions},
    exit::Exit,
    input::{self, Unreadable},
    output::{Output, columns},
    report::pretty,
};

use coverage::Covered;
use destinations::{Destinations, destinations};
use last_failed::LastFailed;

pub(super) fn run(options: &TestOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    if options.schema {
        output.plain(firewarden_suite::JSON_SCHEMA);
        return Ok(Exit::Ok);
    }
    if let Some(request) = &options.official {
        return official::run(request, &options.paths, output);
    }
    if options.watch {
        return watch::run(options, output);
    }
    once(options, output).map(|(exit, _)| exit)
}

/// Runs the tests, and gives the files that were read.
fn once(options: &TestOptions, output: &mut Output) -> Result<(Exit, Vec<PathBuf>), Unreadable> {
    let destinations = destinations(options)?;
    let found = found::find(options)?;
    let mut suites = Suites::load(&Disk, &found.suites, now(options)?);
    let folders: Vec<PathBuf> = found::given(options).into_iter().filter(|path| path.is_dir()).collect();
    suites.warn_of_shared(&folders);
    let mut exit = errors(&suites, options, output);
    let absent: Vec<String> = found.lines.iter().filter_map(|(path, line)| suites.no_test_at(path, *line)).collect();
    if !absent.is_empty() {
        return Err(Unreadable(absent.join("\n")));
    }
    let last_failed = LastFailed::read();
    let mut how = chosen(options, found.lines, destinations.printed);
    if options.last_failed {
        how.only = last_failed.among(&suites, &how, output);
    }
    if options.list {
        list(&suites, &how, &destinations, output);
        return Ok((exit, suites.read));
    }
    outputs(&suites, options)?;
    let run = execute(&suites, &how);
    if !run.passed() {
        exit = exit.max(Exit::Denied);
    }
    if run.results.is_empty() && exit == Exit::Ok {
        return Err(Unreadable(match &options.filter {
            Some(filter) => format!("no test's suite or name contains {filter:?}"),
            None => "no tests".to_owned(),
        }));
    }
    let covered = Covered::new(&run, options);
    let printed = destinations.printed;
    // A file that cannot be written keeps nobody from reading the results.
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

fn now(options: &TestOptions) -> Result<Timestamp, Unreadable> {
    match &options.now {
        Some(text) => text.parse().map_err(|error| Unreadable(format!("--now {text:?}: {error}"))),
        None => Ok(Timestamp::from(std::time::SystemTime::now())),
    }
}

/// Tells what is wrong with suites and rules, and what may surprise.
fn errors(suites: &Suites, options: &TestOptions, output: &mut Output) -> Exit {
    let mut exit = Exit::Ok;
    for error in &suites.errors {
        exit = exit.max(if matches!(error, LoadError::Rules(_)) { Exit::Refused } else { Exit::Usage });
        output.problems(&match error {
            LoadError::Suite(found) | LoadError::Rules(found) => report::problems(found, layout(options, output)),
            error => error.to_string(),
        });
    }
    let doubtful = suites.doubts().count();
    if options.strict && !options.list && doubtful > 0 {
        exit = exit.max(Exit::Denied);
        output.error(&format!("--strict: {doubtful} file(s) with warnings"));
    }
    if !output.is_quiet() || options.strict {
        for found in &suites.warnings {
            let name = found.source().name();
            // Those of a rules file are shown by another command; they are not what is tested.
            if suites.is_rules_file(found.source()) {
                output.note(&format!("{name}: {} warning(s); `firewarden check {name}` shows them", found.len()));
            } else {
                output.problems(&report::problems(found, layout(options, output)));
            }
        }
    }
    exit
}

/// Whether files that are to be written are none of those that are read.
fn outputs(suites: &Suites, options: &TestOptions) -> Result<(), Unreadable> {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    let read: Vec<PathBuf> = suites.read.iter().filter_map(|path| whole(path)).collect();
    let reports = options.coverage.iter().filter_map(|report| report.file.as_ref());
    for file in options.output.iter().chain(reports) {
        if whole(file).is_some_and(|file| read.contains(&file)) {
            return Err(Unreadable(format!("{}: the tests read this file; write to another", file.display())));
        }
    }
    Ok(())
}

fn list(suites: &Suites, how: &Options, destinations: &Destinations, output: &mut Output) {
    if destinations.printed == TestFormat::Json {
        return output.raw(&pretty(&report::list(suites, how)));
    }
    for test in suites.list(how) {
        output.plain(&format!("{}::{}\n", test.suite, test.name));
    }
}

/// How to run, but for tests that failed last time.
fn chosen(options: &TestOptions, lines: Vec<(PathBuf, u32)>, printed: TestFormat) -> Options {
    // Durations are counted from the first time that one is asked for.
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
        // What is for programs is the same in every terminal.
        columns: (printed == TestFormat::Human).then(columns),
        timer: Some(elapsed),
    }
}

fn execute(suites: &Suites, how: &Options) -> Run {
    let progress = progress::Progress::new(suites.list(how).len());
    let run = suites.run(how, &|more| progress.add(more));
    progress.finish();
    run
}

/// Prints the results, and writes them to a file where one is asked for.
fn results(
    suites: &Suites,
    run: &Run,
    covered: &Covered,
    destinations: Destinations,
    options: &TestOptions,
    output: &mut Output,
) -> Result<Exit, Unreadable> {
    match destinations.printed {
        TestFormat::Human => output.result(&human(run, options, output)),
        TestFormat::Github => {
            ci::report(suites, run, &covered.files, &covered.shortfalls, options.strict, output);
        }
        printed => output.plain(&text(suites, run, printed, options, output)?),
    }
    if let Some((file, format)) = &destinations.file {
        write(file, &text(suites, run, *format, options, output)?)?;
    }
    Ok(Exit::Ok)
}

/// Results in a form that is the same wherever it goes.
fn text(
    suites: &Suites,
    run: &Run,
    format: TestFormat,
    options: &TestOptions,
    output: &Output,
) -> Result<String, Unreadable> {
    Ok(match format {
        // GitHub reads what is printed alone.
        TestFormat::Human | TestFormat::Github => human(run, options, output),
        TestFormat::Json => pretty(&report::json(suites, run)) + "\n",
        TestFormat::Junit => report::junit(suites, run).map_err(Unreadable)? + "\n",
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

fn write(file: &Path, text: &str) -> Result<(), Unreadable> {
    replace(file, text).map_err(|error| Unreadable(format!("{}: {error}", input::name(file))))
}

/// Writes a file beside, and renames it to the one that is wanted: who reads that never sees half of it. A device or a
/// pipe is written as it is.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    // What a link points to is replaced, not the link.
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let known = std::fs::metadata(&file);
    if known.as_ref().is_ok_and(|known| !known.is_file()) {
        return std::fs::write(&file, text);
    }
    let Some(name) = file.file_name() else { return std::fs::write(&file, text) };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = file.with_file_name(beside);
    let written = std::fs::File::create_new(&beside).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        if let Ok(known) = known {
            new.set_permissions(known.permissions())?;
        }
        std::fs::rename(&beside, &file)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
