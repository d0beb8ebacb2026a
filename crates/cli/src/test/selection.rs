//! The suites that the arguments name, and lines of single tests.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use crate::{args::TestOptions, input::InputError};
use firewarden_suite::{SuiteLine, discover};

/// The suites to load, and the lines that select tests.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) suites: Vec<PathBuf>,
    /// Of these suites, only the tests at the lines are selected.
    pub(super) lines: Vec<SuiteLine>,
}

/// The paths to search for suites, without lines.
pub(super) fn search_paths(options: &TestOptions) -> Vec<PathBuf> {
    if options.paths.is_empty() {
        return vec![PathBuf::from(".")];
    }
    let path = |stated: &PathBuf| at_line(stated).ok().flatten().map_or_else(|| stated.clone(), |line| line.path);
    options.paths.iter().map(path).collect()
}

/// Finds the suites, sorted and each once.
pub(super) fn find(options: &TestOptions) -> Result<Selection, InputError> {
    let (mut whole, mut lines) = (Vec::new(), Vec::new());
    for stated in &options.paths {
        match at_line(stated)? {
            None => whole.push(stated.clone()),
            Some(SuiteLine { path, line }) => {
                // The path as the suite will have it.
                let named = discover(&[path]).map_err(InputError)?;
                lines.extend(named.into_iter().map(|path| SuiteLine { path, line }));
            }
        }
    }
    if options.paths.is_empty() {
        whole.push(PathBuf::from("."));
    }
    let mut suites = discover(&whole).map_err(InputError)?;
    // A suite that is also named without a line is run completely.
    lines.retain(|line| !suites.contains(&line.path));
    suites.extend(lines.iter().map(|line| line.path.clone()));
    suites.sort();
    suites.dedup();
    if suites.is_empty() {
        let places: Vec<String> = search_paths(options).iter().map(|path| path.display().to_string()).collect();
        let places = places.join(", ");
        return Err(InputError(format!("no suites (*.test.yaml, *.test.yml, *.test.json) below {places}")));
    }
    Ok(Selection { suites, lines })
}

/// Splits `FILE:LINE`, and `FILE:LINE:COLUMN` as reports write it; `None` for a plain path.
fn at_line(stated: &Path) -> Result<Option<SuiteLine>, InputError> {
    let Some(text) = stated.to_str().filter(|_| !stated.exists()) else { return Ok(None) };
    let numbers = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    let Some((mut path, mut line)) = text.rsplit_once(':') else { return Ok(None) };
    if let Some((before, number)) = path.rsplit_once(':')
        && numbers(number)
        && numbers(line)
    {
        (path, line) = (before, number);
    }
    let file = Path::new(path);
    let wrong = |why: String| Err(InputError(format!("{text}: {why}")));
    if file.is_dir() {
        return wrong(format!("`{path}` is a folder; a line needs a suite"));
    }
    if !file.is_file() {
        return Ok(None);
    }
    match line.parse() {
        Ok(0) => wrong("lines count from 1".to_owned()),
        Ok(line) => Ok(Some(SuiteLine { path: file.to_owned(), line })),
        Err(_) if file.extension() == Some(OsStr::new("rules")) => Ok(None),
        Err(_) => wrong(format!("`{line}` is not a line; write {path}:12, or --filter {line:?} for a name")),
    }
}
