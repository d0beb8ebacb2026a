//! Where suites and the files that they name are read from, and which files are suites. No other file of the library
//! accesses the disk.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Text files by path.
pub trait Files {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// The reason why the file cannot be read, in words and without its path.
    fn read(&self, path: &Path) -> Result<String, String>;

    /// Whether the file exists; it may be unreadable.
    fn has(&self, path: &Path) -> bool {
        self.read(path).is_ok()
    }
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// The largest file that is read: far larger than any suite, and small enough for memory.
const MAX_FILE: u64 = 64 << 20;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        // Reading a pipe could block forever.
        if !std::fs::metadata(path).map_err(|error| in_words(&error))?.is_file() {
            return Err("not a file".to_owned());
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(|error| in_words(&error))?;
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| in_words(&error))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(format!("larger than {} MiB", MAX_FILE >> 20));
        }
        String::from_utf8(bytes).map_err(|error| match is_utf16(error.as_bytes()) {
            true => UTF16.to_owned(),
            false => format!("not UTF-8 (byte {})", error.utf8_error().valid_up_to()),
        })
    }

    fn has(&self, path: &Path) -> bool {
        path.is_file()
    }
}

/// The message about a text in UTF-16.
pub const UTF16: &str = "this is UTF-16, as older PowerShell writes it; save it as UTF-8";

/// Whether a text begins with the byte-order mark of UTF-16.
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

/// The message of an error without its number: `No such file or directory`.
fn in_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Files in memory.
impl Files for BTreeMap<PathBuf, String> {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

/// Whether the name of a file is that of a suite: `*.test.yaml`, `*.test.yml` or `*.test.json`.
pub fn is_suite(path: &Path) -> bool {
    ends_with(path, [".test.yaml", ".test.yml", ".test.json"])
}

fn ends_with(path: &Path, ends: [&str; 3]) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    ends.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

/// Finds the suites at the given paths, sorted and each once: a file itself, and the suites below a folder. Skips
/// folders whose names begin with a dot, `node_modules` and `target`.
///
/// # Errors
///
/// A path does not exist, a folder cannot be read, or a file is neither YAML nor JSON.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    find(paths, is_suite, "a suite: *.test.yaml, *.test.yml or *.test.json")
}

/// Whether the name of a file is that of a file of invariants: `*.invariants.yaml`, `*.invariants.yml` or
/// `*.invariants.json`.
pub fn is_invariants(path: &Path) -> bool {
    ends_with(path, [".invariants.yaml", ".invariants.yml", ".invariants.json"])
}

/// Finds files of invariants, as [`discover`] finds suites.
///
/// # Errors
///
/// As for [`discover`].
pub fn discover_invariants(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    find(paths, is_invariants, "a file of invariants: *.invariants.yaml, *.invariants.yml or *.invariants.json")
}

fn find(paths: &[PathBuf], wanted: fn(&Path) -> bool, what: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        let named = |error: std::io::Error| format!("{}: {}", path.display(), in_words(&error));
        if std::fs::metadata(path).map_err(named)?.is_dir() {
            walk(path, wanted, &mut found)?;
        } else if ["yaml", "yml", "json"].iter().any(|known| path.extension().is_some_and(|is| is == *known)) {
            found.push(path.clone());
        } else {
            return Err(format!("{}: expected {what}", path.display()));
        }
    }
    // `./a` and `a` are the same file.
    for path in &mut found {
        while let Ok(rest) = path.strip_prefix("./") {
            *path = rest.to_owned();
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(folder: &Path, wanted: fn(&Path) -> bool, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {}", folder.display(), in_words(&error));
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Links to folders can form a cycle, so they are not followed.
        if kind.is_dir() && !name.starts_with('.') && name != "node_modules" && name != "target" {
            walk(&path, wanted, found)?;
        } else if (kind.is_file() || kind.is_symlink()) && wanted(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// A path relative to a folder, with `.` and `..` resolved where possible.
pub(super) fn joined(folder: &Path, name: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(name).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if path.file_name().is_some_and(|last| last != "..") => drop(path.pop()),
            part => path.push(part),
        }
    }
    path
}

/// A path as messages show it.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}
