//! Paths from the root of the repository, by which a CI service knows files.

use std::path::{Component, Path, PathBuf};

/// The root of the repository that the command runs in.
pub(super) struct Repository {
    root: Option<PathBuf>,
    here: PathBuf,
}

impl Repository {
    /// The nearest folder upward from the current one that has a `.git`, otherwise the one that GITHUB_WORKSPACE names.
    pub(super) fn here() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let root = nearest(&here, &[".git"]).or_else(|| std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from));
        Repository { root, here }
    }

    /// The path of a file from the root of the repository, with slashes; a file that is not in it keeps its name.
    pub(super) fn path(&self, name: &str) -> String {
        let found = self.root.as_ref().and_then(|root| below(root, &self.here, name));
        found.unwrap_or_else(|| name.to_owned())
    }
}

/// The nearest folder that has one of the entries: the given one, or one above it.
pub(super) fn nearest(folder: &Path, entries: &[&str]) -> Option<PathBuf> {
    let has = |folder: &&Path| entries.iter().any(|entry| folder.join(entry).exists());
    folder.ancestors().find(has).map(Path::to_owned)
}

/// The path of a file from `root`, with slashes; `name` is its path from `here`. `None` if the file is not below `root`.
pub(super) fn below(root: &Path, here: &Path, name: &str) -> Option<String> {
    let path = here.join(name);
    // Links lead to the same file by other names; a file that is not there has none but the stated one.
    let inside = |root: &Path, path: &Path| path.strip_prefix(root).ok().map(slashes);
    inside(root, &lexical(&path)).or_else(|| {
        let whole = |path: &Path| std::fs::canonicalize(path).ok();
        inside(&whole(root)?, &whole(&path)?)
    })
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The path without `.` and `..`.
fn lexical(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(found.pop()),
            part => found.push(part),
        }
    }
    found
}
