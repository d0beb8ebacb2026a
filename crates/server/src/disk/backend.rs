//! The file of the store.

use std::{fs::File, io};

use redb::{StorageBackend, backends::FileBackend};

/// The bytes of a read from which on the length of the file is asked for.
const LARGE: usize = 1 << 20;

/// A file whose writes go to the system at once, which keeps them when the process ends, and are not waited for.
#[derive(Debug)]
pub struct Unsynced(FileBackend);

impl Unsynced {
    /// The open file.
    ///
    /// # Errors
    ///
    /// Another process uses it.
    pub fn new(file: File) -> Result<Self, redb::DatabaseError> {
        FileBackend::new(file).map(Unsynced)
    }
}

impl StorageBackend for Unsynced {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        // The header of a damaged file can name a page for which no memory is enough.
        if length > LARGE && offset.saturating_add(length as u64) > self.0.len()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
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

/// A disk for tests that becomes full.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod limited {
    use std::{
        path::Path,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use redb::backends::InMemoryBackend;

    use super::*;
    use crate::disk::Disk;

    impl Disk {
        /// A store that takes nothing while the flag is set; its file is in memory.
        pub(crate) fn limited(folder: &Path) -> (Arc<Self>, Arc<AtomicBool>) {
            let backend = Limited::default();
            let is_full = Arc::clone(&backend.is_full);
            (Arc::new(Disk::with_backend(folder, backend).unwrap()), is_full)
        }
    }

    /// A file in memory that takes nothing more once it is full.
    #[derive(Debug, Default)]
    struct Limited {
        memory: InMemoryBackend,
        is_full: Arc<AtomicBool>,
    }

    impl Limited {
        fn check(&self) -> io::Result<()> {
            if self.is_full.load(Ordering::Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl StorageBackend for Limited {
        fn len(&self) -> io::Result<u64> {
            self.memory.len()
        }

        fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
            self.memory.read(offset, length)
        }

        fn set_len(&self, length: u64) -> io::Result<()> {
            self.check()?;
            self.memory.set_len(length)
        }

        fn sync_data(&self, eventual: bool) -> io::Result<()> {
            self.memory.sync_data(eventual)
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.check()?;
            self.memory.write(offset, data)
        }
    }
}
