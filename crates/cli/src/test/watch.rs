//! `firewarden test --watch`: runs again whenever a file changes that has to do with the tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, SystemTime},
};

use notify_debouncer_mini::{new_debouncer, notify::RecursiveMode};

use crate::{args::TestOptions, exit::Exit, input::Unreadable, output::Output};
use firewarden_suite::discover;

use super::found::{find, given};

/// Editors write a file in several steps.
const SETTLED: Duration = Duration::from_millis(100);

/// Runs until the process is ended.
pub(super) fn run(options: &TestOptions, output: &mut Output) -> Result<Exit, Unreadable> {
    let (sender, changes) = mpsc::channel();
    let failed = |error: notify_debouncer_mini::notify::Error| Unreadable(format!("cannot watch files: {error}"));
    let mut debouncer = new_debouncer(SETTLED, sender).map_err(failed)?;
    // What cannot be done at all is not mended by waiting.
    super::now(options)?;
    super::destinations(options)?;
    find(options)?;
    let mut watched = BTreeSet::new();
    let mut read = Vec::new();
    loop {
        let begun = state(options, &read);
        // A wrong suite is told, and mended while this goes on.
        read = match super::once(options, output) {
            Ok((_, read)) => read,
            Err(why) => {
                output.error(&why.to_string());
                Vec::new()
            }
        };
        // Nobody reads what comes next.
        if output.is_lost() {
            return Ok(Exit::Usage);
        }
        // A folder that went away is watched again when it is back.
        watched.retain(|folder: &PathBuf| folder.exists());
        for folder in folders(options, &read).into_iter().filter(|folder| folder.exists()) {
            if !watched.contains(&folder) {
                debouncer.watcher().watch(&folder, RecursiveMode::Recursive).map_err(failed)?;
                watched.insert(folder);
            }
        }
        output.note("watching; the next change runs the tests again");
        // What changed while the tests ran has not been seen by them.
        let mut before = state(options, &read);
        for (path, then) in begun {
            before.entry(path).and_modify(|now| *now = then);
        }
        let mut seen = state(options, &read) == before;
        while seen {
            if changes.recv().is_err() {
                return Ok(Exit::Ok);
            }
            // Reading a file is an event too.
            seen = state(options, &read) == before;
        }
        output.clear();
    }
}

/// What a change of a file changes: when it was written, and its length. Nothing for one that is not there.
type State = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// The state of all suites and of the files that they name.
fn state(options: &TestOptions, read: &[PathBuf]) -> State {
    let suites = discover(&given(options)).unwrap_or_default();
    let of = |path: &PathBuf| {
        let known = std::fs::metadata(path).ok();
        (path.clone(), known.and_then(|known| Some((known.modified().ok()?, known.len()))))
    };
    read.iter().chain(&suites).map(of).collect()
}

/// Where suites are looked for, and where the files stand that they name.
fn folders(options: &TestOptions, read: &[PathBuf]) -> Vec<PathBuf> {
    let folder = |path: &PathBuf| match path.is_dir() {
        true => path.clone(),
        false => path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
    };
    let all: BTreeSet<PathBuf> = given(options).iter().chain(read).map(|path| whole(&folder(path))).collect();
    // A folder below another one is watched with it.
    all.iter().filter(|path| !all.iter().any(|other| *path != other && path.starts_with(other))).cloned().collect()
}

/// The path as events name it.
fn whole(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
