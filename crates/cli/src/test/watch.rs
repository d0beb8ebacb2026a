//! `firewarden test --watch`: runs the tests again whenever one of their files changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, SystemTime},
};

use notify_debouncer_mini::{new_debouncer, notify::RecursiveMode};

use crate::{args::TestOptions, exit::Exit, input::InputError, output::Output};
use firewarden_suite::discover;

use super::selection::{find, search_paths};

/// Editors write a file in several steps.
const SETTLED: Duration = Duration::from_millis(100);

/// Runs until the process ends.
pub(super) fn run(options: &TestOptions, output: &mut Output) -> Result<Exit, InputError> {
    let (sender, changes) = mpsc::channel();
    let failed = |error: notify_debouncer_mini::notify::Error| InputError(format!("cannot watch files: {error}"));
    let mut debouncer = new_debouncer(SETTLED, sender).map_err(failed)?;
    // Waiting does not correct wrong options.
    super::now(options)?;
    super::destinations(options)?;
    find(options)?;
    let mut watched = BTreeSet::new();
    let mut read = Vec::new();
    loop {
        let begun = state(options, &read);
        // Reports a wrong suite, which the user may correct while this continues.
        read = match super::once(options, output) {
            Ok((_, read)) => read,
            Err(why) => {
                output.error(&why.to_string());
                Vec::new()
            }
        };
        // Nobody would read further results.
        if output.is_lost() {
            return Ok(Exit::Usage);
        }
        // A folder that was deleted is watched again once it exists.
        watched.retain(|folder: &PathBuf| folder.exists());
        for folder in folders(options, &read).into_iter().filter(|folder| folder.exists()) {
            if !watched.contains(&folder) {
                debouncer.watcher().watch(&folder, RecursiveMode::Recursive).map_err(failed)?;
                watched.insert(folder);
            }
        }
        output.note("watching for changes");
        // The tests have not seen what changed while they ran.
        let mut before = state(options, &read);
        for (path, then) in begun {
            before.entry(path).and_modify(|now| *now = then);
        }
        let mut seen = state(options, &read) == before;
        while seen {
            if changes.recv().is_err() {
                return Ok(Exit::Ok);
            }
            // Reading a file is an event, too.
            seen = state(options, &read) == before;
        }
        output.clear();
    }
}

/// The modification time and the length of each file; `None` for a file that does not exist.
type State = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// The state of all suites and of the files that they name.
fn state(options: &TestOptions, read: &[PathBuf]) -> State {
    let suites = discover(&search_paths(options)).unwrap_or_default();
    let of = |path: &PathBuf| {
        let known = std::fs::metadata(path).ok();
        (path.clone(), known.and_then(|known| Some((known.modified().ok()?, known.len()))))
    };
    read.iter().chain(&suites).map(of).collect()
}

/// The folders of suites and of the files that they name.
fn folders(options: &TestOptions, read: &[PathBuf]) -> Vec<PathBuf> {
    let folder = |path: &PathBuf| match path.is_dir() {
        true => path.clone(),
        false => path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
    };
    let all: BTreeSet<PathBuf> = search_paths(options).iter().chain(read).map(|path| whole(&folder(path))).collect();
    // Watching is recursive.
    all.iter().filter(|path| !all.iter().any(|other| *path != other && path.starts_with(other))).cloned().collect()
}

/// The path in events.
fn whole(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
