//! Data and objects on disk: what was acknowledged is there after the process was killed.
//!
//! One file holds the leaves of all databases and the metadata of all objects; the contents of objects are files beside it.
//! A commit leaves nothing in the memory of the process, but does not wait for the device: it survives the end of the
//! process at any point, not a loss of power.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use redb::{Database, ReadableTable as _, StorageBackend, TableDefinition, backends::FileBackend};
use serde_json::{Map as JsonMap, Value as Json};

/// Leaves by namespace and path; the names are separated and ended by [`END`].
const LEAVES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("leaves");

/// Metadata of objects by bucket and name.
const OBJECTS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("objects");

/// Ends a name in a key. No name of the database has it.
const END: u8 = 0;

/// The file of leaves and metadata.
const FILE: &str = "firewarden.redb";

/// The folder of the contents of objects.
const CONTENTS: &str = "objects";

/// The memory that the store may use for pages, in bytes.
const CACHE: usize = 8 << 20;

/// Why the store does not open, or does not take a write.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct DiskError {
    path: String,
    #[source]
    error: Box<dyn std::error::Error + Send + Sync>,
}

/// A store in a folder, which one process has at a time.
pub struct Disk {
    file: PathBuf,
    contents: PathBuf,
    store: Database,
}

/// A change of the data of a namespace: everything at and below a path is replaced.
pub struct Change<'c> {
    /// The names from the root.
    pub path: Vec<&'c str>,
    /// The new value in the export form; null for nothing.
    pub value: Json,
}

impl Disk {
    /// Opens the store of a folder, and creates both if they do not exist.
    ///
    /// # Errors
    ///
    /// The folder cannot be written, another process has it, or the file is no such store.
    pub fn open(folder: &Path) -> Result<Self, DiskError> {
        let (file, contents) = (folder.join(FILE), folder.join(CONTENTS));
        let about = |error| about(&file, error);
        std::fs::create_dir_all(&contents).map_err(|error| self::about(&contents, error))?;
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&file);
        let backend = Unsynced::new(opened.map_err(about)?).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => self::about(&file, "another process uses the folder"),
            error => self::about(&file, error),
        })?;
        let store = Database::builder().set_cache_size(CACHE).create_with_backend(backend);
        Ok(Disk { store: store.map_err(|error| self::about(&file, error))?, file, contents })
    }

    /// The folder of the contents of objects.
    pub fn contents(&self) -> &Path {
        &self.contents
    }

    /// Replaces the values of several paths of a namespace, all or none.
    ///
    /// # Errors
    ///
    /// The disk does not take them; nothing is then changed.
    pub fn write(&self, namespace: &str, changes: &[Change<'_>]) -> Result<(), DiskError> {
        let apply = || -> Result<(), redb::Error> {
            let commit = self.store.begin_write()?;
            {
                let mut leaves = commit.open_table(LEAVES)?;
                for Change { path, value } in changes {
                    let key = key(namespace, path);
                    let mut end = key.clone();
                    // No key of the path has a greater byte there.
                    end.push(u8::MAX);
                    leaves.retain_in::<&[u8], _>(key.as_slice()..end.as_slice(), |_, _| false)?;
                    insert(&mut leaves, &mut key.clone(), value)?;
                }
            }
            commit.commit()?;
            Ok(())
        };
        apply().map_err(|error| self.failed(error))
    }

    /// The data of all namespaces in the export form.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn databases(&self) -> Result<Vec<(String, Json)>, DiskError> {
        let read = || -> Result<JsonMap<String, Json>, redb::Error> {
            let mut all = JsonMap::new();
            let view = self.store.begin_read()?;
            let leaves = match view.open_table(LEAVES) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(all),
                opened => opened?,
            };
            for entry in leaves.iter()? {
                let (key, value) = entry?;
                let value = serde_json::from_slice(value.value()).unwrap_or_default();
                place(&mut all, key.value(), value);
            }
            Ok(all)
        };
        read().map(|all| all.into_iter().collect()).map_err(|error| self.failed(error))
    }

    /// Stores the metadata of an object, or forgets it.
    ///
    /// # Errors
    ///
    /// The disk does not take it; nothing is then changed.
    pub fn put_object(&self, bucket: &str, name: &str, metadata: Option<&[u8]>) -> Result<(), DiskError> {
        let apply = || -> Result<(), redb::Error> {
            let commit = self.store.begin_write()?;
            {
                let mut objects = commit.open_table(OBJECTS)?;
                match metadata {
                    Some(metadata) => objects.insert((bucket, name), metadata)?,
                    None => objects.remove((bucket, name))?,
                };
            }
            commit.commit()?;
            Ok(())
        };
        apply().map_err(|error| self.failed(error))
    }

    /// The metadata of all objects: bucket, name, metadata.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn objects(&self) -> Result<Vec<(String, String, Vec<u8>)>, DiskError> {
        let read = || -> Result<Vec<(String, String, Vec<u8>)>, redb::Error> {
            let view = self.store.begin_read()?;
            let objects = match view.open_table(OBJECTS) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                opened => opened?,
            };
            let mut all = Vec::new();
            for entry in objects.iter()? {
                let (key, metadata) = entry?;
                let (bucket, name) = key.value();
                all.push((bucket.to_owned(), name.to_owned(), metadata.value().to_vec()));
            }
            Ok(all)
        };
        read().map_err(|error| self.failed(error))
    }

    fn failed(&self, error: redb::Error) -> DiskError {
        about(&self.file, error)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A loss of power after an orderly end loses nothing.
        let _ = File::open(&self.file).and_then(|file| file.sync_all());
    }
}

fn about(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DiskError {
    DiskError { path: path.display().to_string(), error: error.into() }
}

fn key(namespace: &str, path: &[&str]) -> Vec<u8> {
    let mut key = Vec::new();
    for name in std::iter::once(&namespace).chain(path) {
        push(&mut key, name);
    }
    key
}

fn push(key: &mut Vec<u8>, name: &str) {
    key.extend_from_slice(name.as_bytes());
    key.push(END);
}

/// Adds the leaves of a value. The members `.value` and `.priority` of the export form are names like others.
fn insert(leaves: &mut redb::Table<'_, &[u8], &[u8]>, key: &mut Vec<u8>, value: &Json) -> Result<(), redb::Error> {
    match value {
        Json::Null => {}
        Json::Object(children) => {
            for (name, child) in children {
                let length = key.len();
                push(key, name);
                insert(leaves, key, child)?;
                key.truncate(length);
            }
        }
        leaf => drop(leaves.insert(key.as_slice(), leaf.to_string().as_bytes())?),
    }
    Ok(())
}

/// Puts a leaf where its key says.
fn place(all: &mut JsonMap<String, Json>, key: &[u8], value: Json) {
    let mut names = key.split(|byte| *byte == END).map(|name| String::from_utf8_lossy(name).into_owned());
    let Some(mut name) = names.next() else { return };
    let mut into = all;
    for next in names {
        if next.is_empty() {
            break;
        }
        let child = into.entry(name).or_insert_with(|| Json::Object(JsonMap::new()));
        let Json::Object(children) = child else { return };
        into = children;
        name = next;
    }
    into.insert(name, value);
}

/// A file whose writes go to the system at once, which keeps them when the process ends, and are not waited for.
#[derive(Debug)]
struct Unsynced(FileBackend);

impl Unsynced {
    fn new(file: File) -> Result<Self, redb::DatabaseError> {
        FileBackend::new(file).map(Unsynced)
    }
}

impl StorageBackend for Unsynced {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.0.read(offset, length)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
