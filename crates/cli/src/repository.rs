//! Paths relative to the root of the repository, by which a CI service knows files.

use std::path::{Component, Path, PathBuf};

/// The repository that contains the current folder.
pub(super) struct Repository {
    root: Option<PathBuf>,
    here: PathBuf,
}

impl Repository {
    /// Finds the nearest folder with `.git`, from the current one upward, or else takes GITHUB_WORKSPACE.
    pub(super) fn here() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let root = nearest(&here, &[".git"]).or_else(|| std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from));
        Repository { root, here }
    }

    /// The path of a file from the root of the repository, with slashes; a file outside keeps its name.
    pub(super) fn path(&self, name: &str) -> String {
        let found = self.root.as_ref().and_then(|root| below(root, &self.here, name));
        found.unwrap_or_else(|| name.to_owned())
    }
}

/// The nearest folder that contains one of the entries, from the given one upward.
pub(super) fn nearest(folder: &Path, entries: &[&str]) -> Option<PathBuf> {
    let has = |folder: &&Path| entries.iter().any(|entry| folder.join(entry).exists());
    folder.ancestors().find(has).map(Path::to_owned)
}

/// The path of a file from `root`, with slashes; `name` is its path from `here`. `None` if the file is not below `root`.
pub(super) fn below(root: &Path, here: &Path, name: &str) -> Option<String> {
    let path = here.join(name);
    // Links give a file several names; a file that does not exist has only the given one.
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
