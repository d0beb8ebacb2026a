//! `firewarden test`: rules unit tests.

mod coverage;
mod official;
mod progress;
mod watch;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    suite::{Disk, LoadError, Options, Run, Suites, discover, is_suite, report},
    text::Source,
    value::Timestamp,
};

use super::{
    args::{TestFormat, TestOptions},
    exit::Exit,
    input::{self, Unreadable},
    output::Output,
    report::pretty,
};

pub(super) fn run(options: &TestOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    if options.schema {
        output.plain(crate::suite::JSON_SCHEMA);
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
    let here = [PathBuf::from(".")];
    let paths = if options.paths.is_empty() { &here[..] } else { &options.paths };
    let found = discover(paths).map_err(Unreadable)?;
    if found.is_empty() {
        let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let places = places.join(", ");
        return Err(Unreadable(format!("no suites (*.test.yaml, *.test.yml, *.test.json) below {places}")));
    }
    let mut suites = Suites::load(&Disk, &found, now(options)?);
    let folders: Vec<PathBuf> = paths.iter().filter(|path| path.is_dir()).cloned().collect();
    suites.warn_of_shared(&folders);
    let mut exit = errors(&suites, options, output);
    if options.list {
        list(&suites, options, output);
        return Ok((exit, suites.read));
    }
    outputs(&suites, options)?;
    let run = execute(&suites, options);
    if !run.passed() {
        exit = exit.max(Exit::Denied);
    }
    if run.results.is_empty() && exit == Exit::Ok {
        return Err(Unreadable(match &options.filter {
            Some(filter) => format!("no test's suite or name contains {filter:?}"),
            None => "no tests".to_owned(),
        }));
    }
    // A file that cannot be written keeps nobody from reading the results.
    for written in [results(&suites, &run, options, output), coverage::report(&run, options, output)] {
        exit = exit.max(written.unwrap_or_else(|why| {
            output.error(&why.to_string());
            Exit::Usage
        }));
    }
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
        output.problems(&error.to_string());
    }
    // Rules that stand in a suite have its name, and a text of their own.
    let of_rules = |found: &Source| {
        suites
            .rules()
            .iter()
            .any(|rules| rules.source().name() == found.name() && rules.source().text() == found.text())
    };
    let doubtful = suites.warnings.iter().filter(|found| !of_rules(found.source())).count();
    if options.strict && !options.list && doubtful > 0 {
        exit = exit.max(Exit::Denied);
        output.error(&format!("--strict: {doubtful} file(s) with warnings"));
    }
    if !output.is_quiet() || options.strict {
        for found in &suites.warnings {
            let name = found.source().name();
            // Those of a rules file are shown by another command; they are not what is tested.
            if of_rules(found.source()) && !is_suite(Path::new(name)) && Path::new(name).exists() {
                output.note(&format!("{name}: {} warning(s); `firewarden check {name}` shows them", found.len()));
            } else {
                output.problems(&found.to_string());
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

fn list(suites: &Suites, options: &TestOptions, output: &mut Output) {
    for (path, name) in suites.names(options.filter.as_deref()) {
        output.plain(&format!("{path}::{name}\n"));
    }
}

fn execute(suites: &Suites, options: &TestOptions) -> Run {
    let how = Options {
        filter: options.filter.clone(),
        bail: options.bail,
        strict: options.strict,
        jobs: options.jobs,
        coverage: !options.coverage.is_empty() || options.fail_under.is_some(),
    };
    let progress = progress::Progress::new(suites.tests());
    let run = suites.run(&how, &|more| progress.add(more));
    progress.finish();
    run
}

/// Prints the results, or writes them to a file and prints them for people.
fn results(suites: &Suites, run: &Run, options: &TestOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    let text = match options.format {
        TestFormat::Human => human(run, options, output),
        TestFormat::Json => pretty(&report::json(suites, run)) + "\n",
        TestFormat::Junit => report::junit(suites, run).map_err(Unreadable)? + "\n",
        TestFormat::Tap => report::tap(suites, run),
        TestFormat::Github => report::github(suites, run),
    };
    match &options.output {
        Some(file) => {
            output.result(&human(run, options, output));
            write(file, &text)?;
        }
        None if options.format == TestFormat::Human => output.result(&text),
        None => output.plain(&text),
    }
    Ok(Exit::Ok)
}

fn human(run: &Run, options: &TestOptions, output: &Output) -> String {
    report::human(
        run,
        match (output.is_quiet(), options.verbose) {
            (true, _) => report::Detail::Quiet,
            (_, true) => report::Detail::Tests,
            _ => report::Detail::Suites,
        },
    )
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
