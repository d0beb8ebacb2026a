//! The bytes of objects: small ones in memory, large ones in files, hashed while they are written.

use std::{
    io::{self, SeekFrom},
    ops::Range,
    sync::Arc,
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _},
    task::JoinHandle,
};
use tokio_util::io::ReaderStream;

use super::folder::{BlobFile, BlobFolder, NewFile};
use crate::memory::{Held, Memory};

/// The size in bytes up to which an object stays in memory.
pub const IN_MEMORY: usize = 256 << 10;

/// The number of bytes that are hashed and written at once, on a thread that may block.
const WRITE_UNIT: usize = 512 << 10;

/// The number of bytes that are read from a file at once.
const READ_UNIT: usize = 256 << 10;

/// The bytes of an object. They never change: an overwrite makes a new blob, and readers keep the old one.
#[derive(Clone, Debug)]
pub enum Blob {
    /// Bytes in memory.
    Memory(Bytes),
    /// A file, which is deleted with the last user of it.
    File(Arc<BlobFile>),
}

/// Size and hashes of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The number of bytes.
    pub size: u64,
    /// The MD5 hash.
    pub md5: [u8; 16],
    /// The CRC-32C checksum.
    pub crc32c: u32,
}

impl Digest {
    fn new(size: u64, Hashes { md5, crc32c }: Hashes) -> Self {
        Digest { size, md5: md5.finalize().into(), crc32c }
    }
}

impl Blob {
    /// The number of bytes.
    pub fn size(&self) -> u64 {
        match self {
            Blob::Memory(bytes) => bytes.len() as u64,
            Blob::File(file) => file.size(),
        }
    }

    /// The bytes of a range as a body, which reads a file piece by piece.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or too much is on its way already.
    pub async fn body(&self, range: Range<u64>, memory: &Memory) -> io::Result<Body> {
        Ok(match self {
            Blob::Memory(bytes) => Body::from(slice(bytes, range)),
            Blob::File(_) => stream(self.reader(range).await?, memory)?,
        })
    }

    /// The bytes of a range as a reader.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub async fn reader(&self, range: Range<u64>) -> io::Result<BlobReader> {
        Ok(match self {
            Blob::Memory(bytes) => Box::new(io::Cursor::new(slice(bytes, range))),
            Blob::File(blob) => {
                let mut file = tokio::fs::File::open(blob.path()).await?;
                file.set_max_buf_size(READ_UNIT);
                if range.start > 0 {
                    file.seek(SeekFrom::Start(range.start)).await?;
                }
                let length = range.end.saturating_sub(range.start);
                // The reader keeps the blob, so that the file is there as long as it is read.
                Box::new(KeptFile { file: file.take(length), _blob: Arc::clone(blob) })
            }
        })
    }
}

/// What a reader gives as a body, whose buffers count as on their way.
///
/// # Errors
///
/// Too much is on its way already.
pub fn stream(reader: impl AsyncRead + Send + Sync + 'static, memory: &Memory) -> io::Result<Body> {
    let held = memory.take(2 * READ_UNIT).map_err(io::Error::other)?;
    let pieces = ReaderStream::with_capacity(reader, READ_UNIT);
    Ok(Body::from_stream(pieces.inspect(move |_| {
        let _for_as_long = &held;
    })))
}

/// A reader of a blob.
pub type BlobReader = Box<dyn AsyncRead + Send + Sync + Unpin>;

struct KeptFile {
    file: tokio::io::Take<tokio::fs::File>,
    _blob: Arc<BlobFile>,
}

impl AsyncRead for KeptFile {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        into: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.file).poll_read(context, into)
    }
}

fn slice(bytes: &Bytes, range: Range<u64>) -> Bytes {
    let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
    let (start, end) = (at(range.start), at(range.end));
    bytes.slice(start..end.max(start))
}

/// The hashes of bytes.
#[derive(Clone, Debug, Default)]
struct Hashes {
    md5: Md5,
    crc32c: u32,
}

impl Hashes {
    fn add(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.crc32c = crc32c::crc32c_append(self.crc32c, bytes);
    }
}

/// What has been hashed, and written to a file if there is one.
#[derive(Debug, Default)]
struct Written {
    hashes: Hashes,
    disk: Option<NewFile>,
}

/// Threads that hash and write the same bytes.
#[derive(Debug)]
struct Writing {
    hashes: JoinHandle<Hashes>,
    disk: JoinHandle<io::Result<NewFile>>,
    /// The bytes, whose buffer is used again.
    bytes: Bytes,
}

/// Takes the bytes of a new blob. If it is dropped before the end, nothing is left.
#[derive(Debug)]
pub struct BlobWriter {
    folder: Arc<BlobFolder>,
    held: Held,
    size: u64,
    buffer: BytesMut,
    /// `None` while threads work.
    written: Option<Written>,
    /// They work while the next bytes arrive.
    writing: Option<Writing>,
    spare: BytesMut,
}

/// A state of a [`BlobWriter`] to which it can return.
pub struct Checkpoint {
    size: u64,
    buffer: Bytes,
    hashes: Hashes,
    on_disk: bool,
}

impl BlobWriter {
    /// No bytes yet.
    pub fn new(folder: &Arc<BlobFolder>, memory: &Memory) -> Self {
        BlobWriter {
            folder: Arc::clone(folder),
            held: memory.hold(),
            size: 0,
            buffer: BytesMut::new(),
            written: Some(Written::default()),
            writing: None,
            spare: BytesMut::new(),
        }
    }

    /// The number of bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// The file cannot be written. The writer is then of no further use.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > IN_MEMORY && self.size <= self.buffer.len() as u64 || self.buffer.len() >= WRITE_UNIT {
            self.flush().await?;
        }
        Ok(())
    }

    /// Hands the buffer to threads, once those before have ended.
    async fn flush(&mut self) -> io::Result<()> {
        self.held.resize(2 * WRITE_UNIT).map_err(io::Error::other)?;
        let Written { mut hashes, disk } = self.settle().await?;
        let bytes = std::mem::replace(&mut self.buffer, std::mem::take(&mut self.spare)).freeze();
        let (to_hash, to_write, folder) = (bytes.clone(), bytes.clone(), Arc::clone(&self.folder));
        let hashes = tokio::task::spawn_blocking(move || {
            hashes.add(&to_hash);
            hashes
        });
        let disk = tokio::task::spawn_blocking(move || {
            let mut disk = disk.map_or_else(|| folder.create_file(), Ok)?;
            disk.write(&to_write)?;
            Ok(disk)
        });
        self.writing = Some(Writing { hashes, disk, bytes });
        Ok(())
    }

    /// Waits for the threads.
    async fn settle(&mut self) -> io::Result<Written> {
        if let Some(Writing { hashes, disk, bytes }) = self.writing.take() {
            let hashes = hashes.await.map_err(io::Error::other)?;
            let disk = disk.await.map_err(io::Error::other)??;
            self.spare = bytes.try_into_mut().unwrap_or_default();
            self.spare.clear();
            return Ok(Written { hashes, disk: Some(disk) });
        }
        self.written.take().ok_or_else(|| io::Error::other("an earlier write failed"))
    }

    /// Ends a chunk: closes the file until the next one.
    ///
    /// # Errors
    ///
    /// An earlier write failed.
    pub async fn pause(&mut self) -> io::Result<()> {
        let mut written = self.settle().await?;
        if let Some(disk) = &mut written.disk {
            disk.close();
        }
        self.written = Some(written);
        self.spare = BytesMut::new();
        let _ = self.held.resize(0);
        Ok(())
    }

    /// The present state of a paused writer.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let Written { hashes, disk } = self.written.as_ref()?;
        Some(Checkpoint {
            size: self.size,
            buffer: Bytes::copy_from_slice(&self.buffer),
            hashes: hashes.clone(),
            on_disk: disk.is_some(),
        })
    }

    /// Forgets what was added since a checkpoint.
    ///
    /// # Errors
    ///
    /// An earlier write failed, or the file cannot be cut.
    pub async fn restore(&mut self, to: Checkpoint) -> io::Result<()> {
        self.pause().await?;
        let Some(mut written) = self.written.take() else { return Ok(()) };
        let Checkpoint { size, buffer, hashes, on_disk } = to;
        let length = size - buffer.len() as u64;
        if on_disk {
            if let Some(disk) = written.disk.take() {
                let cut = tokio::task::spawn_blocking(move || disk.cut(length).map(|()| disk));
                written.disk = Some(cut.await.map_err(io::Error::other)??);
            }
        } else {
            written.disk = None;
        }
        written.hashes = hashes;
        (self.size, self.buffer, self.written) = (size, BytesMut::from(&*buffer), Some(written));
        Ok(())
    }

    /// The blob with all bytes, and its hashes.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub async fn finish(mut self) -> io::Result<(Blob, Digest)> {
        let is_small = self.size == self.buffer.len() as u64 && self.buffer.len() <= IN_MEMORY;
        if is_small && self.writing.is_none() {
            let mut hashes = self.settle().await?.hashes;
            hashes.add(&self.buffer);
            return Ok((Blob::Memory(Bytes::copy_from_slice(&self.buffer)), Digest::new(self.size, hashes)));
        }
        if !self.buffer.is_empty() {
            self.flush().await?;
        }
        let Written { hashes, disk } = self.settle().await?;
        let file = disk.ok_or_else(|| io::Error::other("the file of a large object is gone"))?;
        let size = self.size;
        Ok((Blob::File(file.finish(size)), Digest::new(size, hashes)))
    }

    /// Adds all bytes of a blob.
    ///
    /// # Errors
    ///
    /// The blob cannot be read, or the new one not be written.
    pub async fn append(&mut self, blob: &Blob) -> io::Result<()> {
        let mut reader = blob.reader(0..blob.size()).await?;
        self.read_from(&mut reader).await
    }

    /// Adds all bytes of a reader.
    ///
    /// # Errors
    ///
    /// The reader fails, or the blob cannot be written.
    pub async fn read_from(&mut self, reader: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        let mut piece = vec![0; READ_UNIT];
        loop {
            let read = reader.read(&mut piece).await?;
            match piece.get(..read) {
                Some([]) | None => return Ok(()),
                Some(bytes) => self.write(bytes).await?,
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::lock;

    async fn written(folder: &Arc<BlobFolder>, sizes: &[usize]) -> BlobWriter {
        let mut writer = BlobWriter::new(folder, &Memory::default());
        for size in sizes {
            writer.write(&vec![b'x'; *size]).await.unwrap();
        }
        writer
    }

    fn path(folder: &BlobFolder) -> PathBuf {
        let BlobFolder::Private(made) = folder else { panic!("{folder:?}") };
        lock(made).as_ref().unwrap().path().to_owned()
    }

    fn files(folder: &BlobFolder) -> usize {
        std::fs::read_dir(path(folder)).unwrap().count()
    }

    #[tokio::test]
    async fn small_blobs_are_in_memory_and_large_ones_in_files_with_the_same_hashes() {
        let folder = Arc::default();
        for (sizes, in_memory) in [
            (vec![], true),
            (vec![IN_MEMORY], true),
            (vec![1, IN_MEMORY - 1], true),
            (vec![IN_MEMORY, 1], false),
            (vec![3, WRITE_UNIT, WRITE_UNIT * 2, 7], false),
        ] {
            let (blob, digest) = written(&folder, &sizes).await.finish().await.unwrap();
            let bytes = vec![b'x'; sizes.iter().sum()];
            let mut hashes = Hashes::default();
            hashes.add(&bytes);
            assert_eq!(digest, Digest::new(bytes.len() as u64, hashes));
            assert_eq!((matches!(blob, Blob::Memory(_)), blob.size()), (in_memory, bytes.len() as u64));
            let mut read = Vec::new();
            blob.reader(0..blob.size()).await.unwrap().read_to_end(&mut read).await.unwrap();
            assert_eq!(read, bytes);
        }
    }

    #[tokio::test]
    async fn a_writer_returns_to_a_checkpoint() {
        let folder = Arc::default();
        for (before, after) in [(0, 10), (0, WRITE_UNIT), (IN_MEMORY, WRITE_UNIT), (WRITE_UNIT * 2 + 5, WRITE_UNIT * 3)]
        {
            let mut writer = written(&folder, &[before]).await;
            writer.pause().await.unwrap();
            let checkpoint = writer.checkpoint().unwrap();
            writer.write(&vec![b'y'; after]).await.unwrap();
            writer.restore(checkpoint).await.unwrap();
            writer.write(&[b'x'; 100]).await.unwrap();
            let (blob, digest) = writer.finish().await.unwrap();
            let (expected, same) = written(&folder, &[before, 100]).await.finish().await.unwrap();
            assert_eq!((digest, blob.size()), (same, expected.size()));
            let mut read = Vec::new();
            blob.reader(0..blob.size()).await.unwrap().read_to_end(&mut read).await.unwrap();
            assert!(read.len() == before + 100 && read.iter().all(|byte| *byte == b'x'));
        }
    }

    #[tokio::test]
    async fn nothing_is_left_of_what_nobody_uses() {
        let folder: Arc<BlobFolder> = Arc::default();
        let mut unfinished = written(&folder, &[WRITE_UNIT * 2]).await;
        unfinished.pause().await.unwrap();
        let (blob, _) = written(&folder, &[WRITE_UNIT * 2]).await.finish().await.unwrap();
        let path = path(&folder);
        assert_eq!(files(&folder), 2);
        drop(unfinished);
        assert_eq!(files(&folder), 1);
        // A reader keeps the bytes of a blob that is gone.
        let mut reader = blob.reader(0..blob.size()).await.unwrap();
        drop((blob, folder));
        let mut read = Vec::new();
        reader.read_to_end(&mut read).await.unwrap();
        assert_eq!(read.len(), WRITE_UNIT * 2);
        drop(reader);
        assert!(!path.exists());
    }
}
