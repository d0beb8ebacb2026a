//! Resumable uploads: sessions that collect the chunks of an object.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{body::Body, http::StatusCode};
use uuid::Uuid;

use super::{
    MAX_OBJECT,
    access::Caller,
    blob::{Blob, BlobWriter, Digest},
    multipart::UploadError,
    object::Changes,
    store::Conditions,
};
use crate::{
    body::{BodyError, Pieces},
    lock,
};

/// The number of sessions; beyond it the one that was used least recently ends.
const MAX_UPLOADS: usize = 1_024;

/// The memory that the metadata of sessions may have together, in bytes; beyond it such sessions end, too.
const MAX_BYTES: usize = 64 << 20;

/// The time after which an unused session ends.
const MAX_IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// All resumable uploads.
#[derive(Default)]
pub struct Uploads(Mutex<HashMap<String, Arc<Upload>>>);

/// The interface that an upload was started by: only the first has rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// The Firebase API.
    Firebase,
    /// The JSON API of Google Cloud Storage.
    Cloud,
}

/// What an upload is to become.
pub struct Start {
    /// The interface.
    pub interface: Interface,
    /// The bucket.
    pub bucket: String,
    /// The name of the object.
    pub name: String,
    /// Who started it.
    pub caller: Caller,
    /// The metadata.
    pub changes: Changes,
    /// What must hold of the stored object.
    pub conditions: Conditions,
}

/// A resumable upload.
pub struct Upload {
    /// Its id.
    pub id: String,
    /// What it is to become.
    pub start: Start,
    /// Held while a chunk arrives, so that chunks and queries wait for each other.
    pub state: Arc<tokio::sync::Mutex<State>>,
    /// The bytes of its metadata.
    size: usize,
    used: Mutex<Instant>,
}

/// The state of an upload.
pub enum State {
    /// Chunks may come.
    Active(Box<BlobWriter>),
    /// The object was stored or refused, with this status.
    Finished(StatusCode),
    /// The client cancelled it.
    Cancelled,
}

impl State {
    /// The name in headers.
    pub fn name(&self) -> &'static str {
        match self {
            State::Active(_) => "active",
            State::Finished(_) => "final",
            State::Cancelled => "cancelled",
        }
    }

    /// The bytes that have arrived, while chunks may come.
    pub fn size(&self) -> u64 {
        match self {
            State::Active(blob) => blob.size(),
            _ => 0,
        }
    }
}

impl Uploads {
    /// Starts an upload.
    pub fn start(&self, blob: BlobWriter, start: Start) -> Arc<Upload> {
        let upload = Arc::new(Upload {
            id: Uuid::new_v4().to_string(),
            size: start.changes.size(),
            start,
            state: Arc::new(tokio::sync::Mutex::new(State::Active(Box::new(blob)))),
            used: Mutex::new(Instant::now()),
        });
        let mut uploads = lock(&self.0);
        uploads.retain(|_, upload| lock(&upload.used).elapsed() < MAX_IDLE);
        let mut bytes = upload.size + uploads.values().map(|upload| upload.size).sum::<usize>();
        while uploads.len() >= MAX_UPLOADS || bytes > MAX_BYTES {
            let oldest = uploads.iter().min_by_key(|(_, upload)| *lock(&upload.used)).map(|(id, _)| id.clone());
            let Some(removed) = oldest.and_then(|oldest| uploads.remove(&oldest)) else { break };
            bytes -= removed.size;
        }
        uploads.insert(upload.id.clone(), Arc::clone(&upload));
        upload
    }

    /// The upload with an id.
    pub fn get(&self, interface: Interface, id: &str) -> Option<Arc<Upload>> {
        let upload = lock(&self.0).get(id).filter(|upload| upload.start.interface == interface).cloned()?;
        *lock(&upload.used) = Instant::now();
        Some(upload)
    }

    /// Ends the uploads to buckets that `keep` does not keep.
    pub fn clear(&self, keep: impl Fn(&str) -> bool) {
        lock(&self.0).retain(|_, upload| keep(&upload.start.bucket));
    }
}

/// Adds a chunk to a paused blob, without its first `skip` bytes. A chunk that breaks off counts as not sent.
///
/// # Errors
///
/// See [`UploadError`]. After a failure of the disk the blob is of no further use.
pub async fn append(blob: &mut BlobWriter, body: Body, mut skip: u64) -> Result<(), UploadError> {
    let before = blob.checkpoint().ok_or_else(|| std::io::Error::other("an earlier write failed"))?;
    let mut pieces = Pieces::new(body, MAX_OBJECT.saturating_sub(blob.size()).saturating_add(skip))?;
    loop {
        match pieces.next().await {
            Ok(None) => break,
            Ok(Some(piece)) => {
                let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
                skip -= skipped as u64;
                blob.write(piece.get(skipped..).unwrap_or_default()).await?;
            }
            Err(error) => {
                blob.restore(before).await?;
                return Err(error.into());
            }
        }
    }
    Ok(blob.pause().await?)
}

/// The bytes at the start of a chunk that have arrived already.
///
/// # Errors
///
/// The chunk begins after the next byte.
pub fn overlap(arrived: u64, offset: u64) -> Result<u64, BodyError> {
    arrived.checked_sub(offset).ok_or_else(|| {
        BodyError::Malformed(format!("the chunk begins at byte {offset}, and {arrived} bytes have arrived"))
    })
}

/// Takes the whole of an object.
///
/// # Errors
///
/// See [`UploadError`].
pub async fn whole(mut blob: BlobWriter, body: Body) -> Result<(Blob, Digest), UploadError> {
    let mut pieces = Pieces::new(body, MAX_OBJECT)?;
    while let Some(piece) = pieces.next().await? {
        blob.write(&piece).await?;
    }
    Ok(blob.finish().await?)
}
