//! `firewarden test --watch`: runs again whenever a file changes that has to do with the tests.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use notify_debouncer_mini::{new_debouncer, notify::RecursiveMode};

use crate::{
    cli::{args::TestOptions, exit::Exit, input::Unreadable, output::Output},
    suite::is_suite,
};

/// Editors write a file in several steps.
const SETTLED: Duration = Duration::from_millis(100);

/// Runs until the process is ended.
pub(super) fn run(options: &TestOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    let (sender, changes) = mpsc::channel();
    let failed = |error: notify_debouncer_mini::notify::Error| Unreadable(format!("cannot watch files: {error}"));
    let mut debouncer = new_debouncer(SETTLED, sender).map_err(failed)?;
    let mut watched = BTreeSet::new();
    loop {
        // A wrong suite is told, and mended while this goes on.
        let read = match super::once(options, output) {
            Ok((_, read)) => read,
            Err(why) => {
                output.error(&why.to_string());
                Vec::new()
            }
        };
        for folder in folders(options, &read) {
            if watched.insert(folder.clone()) {
                debouncer.watcher().watch(&folder, RecursiveMode::Recursive).map_err(failed)?;
            }
        }
        output.note("watching; the next change runs the tests again");
        let read: BTreeSet<PathBuf> = read.iter().map(|path| whole(path)).collect();
        loop {
            let Ok(events) = changes.recv() else { return Ok(Exit::Ok) };
            let concerns = |path: &Path| read.is_empty() || is_suite(path) || read.contains(&whole(path));
            if events.is_ok_and(|events| events.iter().any(|event| concerns(&event.path))) {
                break;
            }
        }
        output.clear();
    }
}

/// Where suites are looked for, and where the files stand that they name.
fn folders(options: &TestOptions, read: &[PathBuf]) -> Vec<PathBuf> {
    let given = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths.clone() };
    let folder = |path: &PathBuf| match path.is_dir() {
        true => path.clone(),
        false => path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
    };
    let all: BTreeSet<PathBuf> = given.iter().chain(read).map(|path| whole(&folder(path))).collect();
    // A folder below another one is watched with it.
    all.iter().filter(|path| !all.iter().any(|other| *path != other && path.starts_with(other))).cloned().collect()
}

/// The path as events name it.
fn whole(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
