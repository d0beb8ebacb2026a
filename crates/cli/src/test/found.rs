//! The suites that the arguments name, and of some the lines of single tests.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use crate::{args::TestOptions, input::Unreadable};
use firewarden_suite::discover;

/// The suites to load, and the lines that choose tests of some of them.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) suites: Vec<PathBuf>,
    /// Of these suites only the tests at the lines are wanted.
    pub(super) lines: Vec<(PathBuf, u32)>,
}

/// Where suites are looked for: paths as they are stated, without lines.
pub(super) fn given(options: &TestOptions) -> Vec<PathBuf> {
    if options.paths.is_empty() {
        return vec![PathBuf::from(".")];
    }
    let path = |stated: &PathBuf| at_line(stated).ok().flatten().map_or_else(|| stated.clone(), |(path, _)| path);
    options.paths.iter().map(path).collect()
}

/// The suites, sorted, each once.
pub(super) fn find(options: &TestOptions) -> Result<Found, Unreadable> {
    let (mut whole, mut lines) = (Vec::new(), Vec::new());
    for stated in &options.paths {
        match at_line(stated)? {
            None => whole.push(stated.clone()),
            Some((path, line)) => {
                // As the suite will be called.
                let named = discover(&[path]).map_err(Unreadable)?;
                lines.extend(named.into_iter().map(|path| (path, line)));
            }
        }
    }
    if options.paths.is_empty() {
        whole.push(PathBuf::from("."));
    }
    let mut suites = discover(&whole).map_err(Unreadable)?;
    // A suite that is named as a whole, too, is run as a whole.
    lines.retain(|(path, _)| !suites.contains(path));
    suites.extend(lines.iter().map(|(path, _)| path.clone()));
    suites.sort();
    suites.dedup();
    if suites.is_empty() {
        let places: Vec<String> = given(options).iter().map(|path| path.display().to_string()).collect();
        let places = places.join(", ");
        return Err(Unreadable(format!("no suites (*.test.yaml, *.test.yml, *.test.json) below {places}")));
    }
    Ok(Found { suites, lines })
}

/// Splits `FILE:LINE`, and `FILE:LINE:COLUMN` as reports write it; `None` if the argument is a path alone.
fn at_line(stated: &Path) -> Result<Option<(PathBuf, u32)>, Unreadable> {
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
    let wrong = |why: String| Err(Unreadable(format!("{text}: {why}")));
    if file.is_dir() {
        return wrong(format!("{path} is a folder; a line is one of a suite"));
    }
    if !file.is_file() {
        return Ok(None);
    }
    match line.parse() {
        Ok(0) => wrong("lines are counted from 1".to_owned()),
        Ok(line) => Ok(Some((file.to_owned(), line))),
        Err(_) if file.extension() == Some(OsStr::new("rules")) => Ok(None),
        Err(_) => wrong(format!("{line:?} is no line; write {path}:12, or --filter {line:?} for a name")),
    }
}
