//! The errors of loading a suite.

use std::path::PathBuf;

use firewarden::text::Diagnostics;

/// Why a suite cannot be run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// A file cannot be read: its path and the reason.
    Unreadable(PathBuf, String),
    /// The suite, or a file that it names, has errors.
    Suite(Diagnostics),
    /// The official compiler refuses the rules.
    Rules(Diagnostics),
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LoadError::Unreadable(path, why) => writeln!(f, "error[unreadable-file]: {}: {why}", path.display()),
            LoadError::Suite(found) | LoadError::Rules(found) => found.fmt(f),
        }
    }
}
