//! The files of large objects, and the folder of them.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tempfile::{TempDir, TempPath};

use crate::lock;

/// What the names of files begin with; others in the folder belong to somebody else.
const FILE_PREFIX: &str = "content-";

/// The folder of large objects: one that stays, or a private one, which is made with the first of them and removed with the
/// last user of this value.
#[derive(Debug)]
pub enum BlobFolder {
    /// It exists and stays, with the files that records name (see [`BlobFile::add_record`]).
    Kept(PathBuf),
    /// It is made when it is needed.
    Private(Mutex<Option<Arc<TempDir>>>),
}

impl Default for BlobFolder {
    fn default() -> Self {
        BlobFolder::Private(Mutex::default())
    }
}

impl BlobFolder {
    /// A new, empty file.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or written.
    pub fn create_file(&self) -> io::Result<NewFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(FILE_PREFIX).rand_bytes(16);
        let (created, folder) = match self {
            BlobFolder::Kept(folder) => (builder.tempfile_in(folder)?, None),
            BlobFolder::Private(made) => {
                let mut made = lock(made);
                let folder = match &*made {
                    Some(folder) => Arc::clone(folder),
                    None => Arc::clone(made.insert(Arc::new(private_folder()?))),
                };
                (builder.tempfile_in(folder.path())?, Some(folder))
            }
        };
        let (file, path) = created.into_parts();
        Ok(NewFile { file: Some(file), path, _folder: folder })
    }

    /// The file that a record names, with this record counted.
    ///
    /// # Errors
    ///
    /// There is no such file, or it is a link.
    pub fn existing(&self, name: &str) -> io::Result<Arc<BlobFile>> {
        // A damaged record must not lead out of the folder.
        let is_name = name.starts_with(FILE_PREFIX) && Path::new(name).file_name().is_some_and(|plain| plain == name);
        let path = match self {
            BlobFolder::Kept(folder) if is_name => folder.join(name),
            _ => return Err(io::Error::other(format!("{name:?} is no file of contents"))),
        };
        let found = std::fs::symlink_metadata(&path);
        let found = found.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        // A link could lead out of the folder, too, and a pipe has no end.
        if !found.is_file() {
            return Err(io::Error::other(format!("{} is no file", path.display())));
        }
        let path = TempPath::try_from_path(path)?;
        Ok(Arc::new(BlobFile { path, size: found.len(), records: AtomicUsize::new(1), _folder: None }))
    }

    /// Deletes the files that no record names: of uploads that had not ended, and of objects that were deleted.
    pub fn sweep<T>(&self, named: &HashMap<String, T>) {
        let BlobFolder::Kept(folder) = self else { return };
        let is_left = |name: &str| name.starts_with(FILE_PREFIX) && !named.contains_key(name);
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_left)) {
            // What cannot be deleted now is tried again at the next start.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A folder that only this user may enter.
fn private_folder() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("firewarden-storage-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

/// A file with the bytes of objects.
#[derive(Debug)]
pub struct BlobFile {
    path: TempPath,
    size: u64,
    /// The records on disk that name the file: it stays when the process ends.
    records: AtomicUsize,
    _folder: Option<Arc<TempDir>>,
}

impl BlobFile {
    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The name of the file in its folder.
    pub fn name(&self) -> Option<&str> {
        self.path.file_name()?.to_str()
    }

    /// Counts a record on disk that names the file.
    pub fn add_record(&self) {
        self.records.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes back [`BlobFile::add_record`]: the record is gone.
    pub fn remove_record(&self) {
        self.records.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for BlobFile {
    fn drop(&mut self) {
        self.path.disable_cleanup(*self.records.get_mut() > 0);
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct NewFile {
    /// Closed while an upload waits for its next chunk.
    file: Option<File>,
    path: TempPath,
    _folder: Option<Arc<TempDir>>,
}

impl NewFile {
    /// Adds bytes at the end.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(OpenOptions::new().append(true).open(&self.path)?),
        };
        file.write_all(bytes)
    }

    /// Closes the file until the next write.
    pub fn close(&mut self) {
        self.file = None;
    }

    /// Forgets the bytes behind a length.
    ///
    /// # Errors
    ///
    /// The file cannot be cut.
    pub fn cut(&self, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(&self.path)?.set_len(length)
    }

    /// The file with all its bytes.
    pub fn finish(self, size: u64) -> Arc<BlobFile> {
        let NewFile { path, _folder, .. } = self;
        Arc::new(BlobFile { path, size, records: AtomicUsize::new(0), _folder })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn records_name_files_of_their_folder() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = BlobFolder::Kept(temporary.path().to_owned());
        let inside = |name: &str| temporary.path().join(name);
        std::fs::write(inside("content-a"), "x").unwrap();
        std::fs::write(inside("other"), "x").unwrap();
        std::fs::create_dir(inside("content-d")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(inside("other"), inside("content-l")).unwrap();
        assert_eq!(folder.existing("content-a").unwrap().size(), 1);
        for name in ["other", "content-d", "content-l", "content-none", "content-a/", "content-/../other", "", "../x"] {
            assert!(folder.existing(name).is_err(), "{name}");
        }
    }
}
