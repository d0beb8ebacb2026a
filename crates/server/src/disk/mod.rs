//! Data and objects on disk: what was acknowledged is there after the process was killed.
//!
//! One file holds the leaves of all databases, the metadata of all objects and all accounts; the contents of objects are files
//! beside it.
//! A commit leaves nothing in the memory of the process, but does not wait for the device: it survives the end of the
//! process at any point, not a loss of power.

mod accounts;
mod backend;

use std::{
    fs::{File, OpenOptions},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{
    Database, ReadableTable as _, StorageBackend, StorageError, TableDefinition, TransactionError, WriteTransaction,
};
use serde_json::{Map as JsonMap, Value as Json};

use backend::Unsynced;

pub use accounts::AccountChange;

/// Leaves by namespace and path; the names are separated and ended by [`END`].
const LEAVES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("leaves");

/// Buckets with the times when they were made, in milliseconds since 1970.
const BUCKETS: TableDefinition<'_, &str, i64> = TableDefinition::new("buckets");

/// Objects by bucket and name: metadata, and the name of the file with the bytes, or the bytes themselves.
const OBJECTS: TableDefinition<'_, (&str, &str), ObjectRecord<'_>> = TableDefinition::new("objects");

type ObjectRecord<'r> = (&'r [u8], Option<&'r str>, &'r [u8]);

/// Ends a name in a key. No name of the database has it.
const END: u8 = 0;

/// The file of leaves and metadata.
const FILE: &str = "firewarden.redb";

/// The folder of the contents of objects.
const CONTENTS: &str = "objects";

/// The memory that the store may use for pages, in bytes.
const CACHE: usize = 8 << 20;

/// The file cannot be used.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the file is damaged")]
struct Damaged;

/// Why something about the store fails.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Why the store does not open, or does not take a write.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct DiskError {
    path: String,
    #[source]
    error: Failure,
}

/// A store in a folder, which one process has at a time.
pub struct Disk {
    file: PathBuf,
    contents: PathBuf,
    store: Arc<Database>,
}

/// A change of the data of a namespace: everything at and below a path is replaced.
pub struct Change<'c> {
    /// The names from the root.
    pub path: Vec<&'c str>,
    /// The new value in the export form; null for nothing.
    pub value: Json,
}

/// An object as it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredObject<'o> {
    /// Its metadata, in a form of the caller's.
    pub metadata: &'o [u8],
    /// Its bytes.
    pub content: StoredContent<'o>,
}

/// The bytes of an object as they are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredContent<'c> {
    /// The bytes beside the metadata.
    Bytes(&'c [u8]),
    /// The name of a file in the folder of [`Disk::contents`].
    File(&'c str),
}

impl Disk {
    /// Opens the store of a folder, and creates both if they do not exist.
    ///
    /// # Errors
    ///
    /// The folder cannot be written, another process has it, or the file is no such store.
    pub fn open(folder: &Path) -> Result<Self, DiskError> {
        let file = folder.join(FILE);
        std::fs::create_dir_all(folder).map_err(|error| about(folder, error))?;
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&file);
        let backend = Unsynced::new(opened.map_err(|error| about(&file, error))?).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => about(&file, "another process uses the folder"),
            error => about(&file, error),
        })?;
        Disk::with_backend(folder, backend)
    }

    /// A store whose file is a back end of the caller's.
    fn with_backend(folder: &Path, backend: impl StorageBackend) -> Result<Self, DiskError> {
        let (file, contents) = (folder.join(FILE), folder.join(CONTENTS));
        std::fs::create_dir_all(&contents).map_err(|error| about(&contents, error))?;
        let opened = caught(|| Ok(Database::builder().set_cache_size(CACHE).create_with_backend(backend)?));
        Ok(Disk { store: Arc::new(opened.map_err(|error| about(&file, error))?), file, contents })
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
        self.commit(|commit| {
            let mut leaves = commit.open_table(LEAVES)?;
            for Change { path, value } in changes {
                let key = key(namespace, path);
                let mut end = key.clone();
                // No key of the path has a greater byte there.
                end.push(u8::MAX);
                leaves.retain_in::<&[u8], _>(key.as_slice()..end.as_slice(), |_, _| false)?;
                insert(&mut leaves, &mut key.clone(), value)?;
            }
            Ok(())
        })
    }

    /// Makes changes, all or none.
    fn commit(&self, change: impl FnOnce(&WriteTransaction) -> Result<(), Failure>) -> Result<(), DiskError> {
        let apply = || -> Result<(), Failure> {
            let commit = self.store.begin_write().map_err(|error| match error {
                TransactionError::Storage(StorageError::PreviousIo) => {
                    Failure::from("an earlier write failed; nothing more is taken until the next start")
                }
                error => error.into(),
            })?;
            change(&commit)?;
            Ok(commit.commit()?)
        };
        self.unless_damaged(apply)
    }

    /// The data of all namespaces in the export form.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is damaged.
    pub fn databases(&self) -> Result<Vec<(String, Json)>, DiskError> {
        let mut all = JsonMap::new();
        self.entries(LEAVES, |key, value| {
            let placed = serde_json::from_slice(value).ok().and_then(|leaf| place(&mut all, key, leaf));
            placed.ok_or_else(|| {
                let path = String::from_utf8_lossy(key).replace(char::from(END), "/");
                format!("the value of {path} is damaged")
            })
        })?;
        Ok(all.into_iter().collect())
    }

    /// Stores a bucket that was made at a time in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// The disk does not take it; nothing is then changed.
    pub fn put_bucket(&self, bucket: &str, created: i64) -> Result<(), DiskError> {
        self.commit(|commit| {
            commit.open_table(BUCKETS)?.insert(bucket, created)?;
            Ok(())
        })
    }

    /// Forgets buckets with their objects, all or none.
    ///
    /// # Errors
    ///
    /// The disk does not take it; nothing is then changed.
    pub fn remove_buckets(&self, buckets: &[&str]) -> Result<(), DiskError> {
        self.commit(|commit| {
            let mut table = commit.open_table(BUCKETS)?;
            let mut objects = commit.open_table(OBJECTS)?;
            for bucket in buckets {
                table.remove(bucket)?;
                // The name that follows it in the order of names.
                let next = format!("{bucket}\0");
                objects.retain_in::<(&str, &str), _>((*bucket, "")..(next.as_str(), ""), |_, _| false)?;
            }
            Ok(())
        })
    }

    /// Stores an object, or forgets it.
    ///
    /// # Errors
    ///
    /// The disk does not take it; nothing is then changed.
    pub fn put_object(&self, bucket: &str, name: &str, object: Option<StoredObject<'_>>) -> Result<(), DiskError> {
        self.commit(|commit| {
            let mut objects = commit.open_table(OBJECTS)?;
            match object {
                None => objects.remove((bucket, name))?,
                Some(StoredObject { metadata, content: StoredContent::Bytes(bytes) }) => {
                    objects.insert((bucket, name), (metadata, None, bytes))?
                }
                Some(StoredObject { metadata, content: StoredContent::File(file) }) => {
                    objects.insert((bucket, name), (metadata, Some(file), [].as_slice()))?
                }
            };
            Ok(())
        })
    }

    /// All buckets with the times when they were made.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn buckets(&self) -> Result<Vec<(String, i64)>, DiskError> {
        let mut all = Vec::new();
        self.entries(BUCKETS, |name, created| {
            all.push((name.to_owned(), created));
            Ok(())
        })?;
        Ok(all)
    }

    /// Hands all objects to a function, with bucket and name. It ends with the first error.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or the function fails; its error gets the object's name.
    pub fn objects(
        &self,
        mut take: impl FnMut(&str, &str, StoredObject<'_>) -> Result<(), String>,
    ) -> Result<(), DiskError> {
        self.entries(OBJECTS, |(bucket, name), (metadata, file, bytes)| {
            let content = file.map_or(StoredContent::Bytes(bytes), StoredContent::File);
            let taken = take(bucket, name, StoredObject { metadata, content });
            taken.map_err(|why| format!("the object gs://{bucket}/{name}: {why}"))
        })
    }

    /// Hands the entries of a table to a function, until its first error. A table that nobody has written has none.
    fn entries<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
        mut take: impl FnMut(K::SelfType<'_>, V::SelfType<'_>) -> Result<(), String>,
    ) -> Result<(), DiskError> {
        self.unless_damaged(|| {
            let view = self.store.begin_read()?;
            let table = match view.open_table(table) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
                opened => opened?,
            };
            for entry in table.iter()? {
                let (key, value) = entry?;
                take(key.value(), value.value())?;
            }
            Ok(())
        })
    }

    /// Reads or writes the file.
    fn unless_damaged<T>(&self, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, DiskError> {
        caught(work).map_err(|error| {
            if error.is::<Damaged>() {
                // Its end would panic again. The system closes the file.
                std::mem::forget(Arc::clone(&self.store));
            }
            self.error(error)
        })
    }

    /// An error about the store.
    pub fn error(&self, error: impl Into<Failure>) -> DiskError {
        about(&self.file, error)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A loss of power after an orderly end loses nothing.
        let _ = File::open(&self.file).and_then(|file| file.sync_all());
    }
}

/// Why what `redb` did has no result. It takes a file that was damaged from outside for a defect of its own.
fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // Nothing of what is done is used after an error.
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Damaged.into()))
}

fn about(path: &Path, error: impl Into<Failure>) -> DiskError {
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
fn insert(leaves: &mut redb::Table<'_, &[u8], &[u8]>, key: &mut Vec<u8>, value: &Json) -> Result<(), Failure> {
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

/// Puts a leaf where its key says; `None` if that is no place.
fn place(all: &mut JsonMap<String, Json>, key: &[u8], value: Json) -> Option<()> {
    let mut names: Vec<&str> =
        std::str::from_utf8(key).ok()?.strip_suffix(char::from(END))?.split(char::from(END)).collect();
    let last = names.pop()?;
    let mut into = all;
    for name in names {
        into = into.entry(name).or_insert_with(|| Json::Object(JsonMap::new())).as_object_mut()?;
    }
    into.insert(last.to_owned(), value).is_none().then_some(())
}
