//! The stand-in for the Storage emulator: the Firebase API v0, the JSON API of Google Cloud Storage, control endpoints.

mod access;
mod answer;
mod blob;
mod cloud;
mod control;
mod documents;
mod download;
mod durable;
mod exported;
mod firebase;
mod folder;
mod metered;
mod multipart;
mod object;
mod replay;
mod seeds;
mod store;
mod transfer;
mod uploads;
mod write;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use axum::{Router, body::Body, middleware};
use firewarden::{Value, text::Source};

use crate::{
    body::{self, BodyError, Whole},
    disk::DiskError,
    rules::LoadedRules,
    shared::Shared,
};
use access::RulesTable;
use blob::BlobWriter;
use documents::DocumentSource;
use folder::BlobFolder;
use store::Store;
use uploads::Uploads;

/// The largest object in bytes: 5 GiB.
const MAX_OBJECT: u64 = 5 << 30;

/// The largest body with metadata, in bytes.
const MAX_METADATA: u64 = 1 << 20;

/// All buckets of one server.
pub struct Storage {
    shared: Arc<Shared>,
    store: Store,
    folder: Arc<BlobFolder>,
    uploads: Uploads,
    rules: RulesTable,
    documents: DocumentSource,
}

impl Storage {
    /// Buckets have the objects that are on disk, and no rules.
    ///
    /// # Errors
    ///
    /// The disk cannot be read, or is damaged.
    pub fn new(shared: Arc<Shared>) -> Result<Arc<Self>, DiskError> {
        let (store, folder) = shared.disk.as_ref().map(durable::restore).transpose()?.unwrap_or_default();
        Ok(Arc::new(Storage {
            shared,
            store,
            folder: Arc::new(folder),
            uploads: Uploads::default(),
            rules: RulesTable::default(),
            documents: DocumentSource::default(),
        }))
    }

    /// The routes of its port.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .merge(firebase::routes())
            .merge(control::routes())
            .merge(cloud::routes())
            .layer(middleware::from_fn(answer::cross_origin))
            .with_state(Arc::clone(self))
    }

    /// Loads the rules of a bucket, or of all buckets without rules of their own.
    ///
    /// # Errors
    ///
    /// The errors of the compiler, with places. The buckets then deny everything until they get rules.
    pub fn set_rules(&self, bucket: Option<&str>, source: &Source) -> Result<(), String> {
        self.rules.set(bucket, source)
    }

    /// All rules that are loaded: those of single buckets, and those of all others.
    pub fn loaded_rules(&self) -> Vec<Arc<LoadedRules>> {
        self.rules.loaded()
    }

    /// Where `firestore.get` and `firestore.exists` find documents: a Firestore emulator, `HOST:PORT`.
    pub fn set_firestore(&self, address: Option<String>) {
        self.documents.set_emulator(address);
    }

    /// The Firestore emulator, `HOST:PORT`, that rules read documents from.
    pub fn firestore(&self) -> Option<Arc<str>> {
        self.documents.emulator()
    }

    /// The documents that `firestore.get` and `firestore.exists` find while no emulator is set: fields by name, such as
    /// `users/alice`.
    pub fn set_documents(&self, documents: BTreeMap<String, Value>) {
        self.documents.set_seeds(documents);
    }

    /// Writes all buckets to a folder in the official layout: `buckets.json`, `blobs/`, `metadata/`.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub async fn export(&self, folder: &Path) -> std::io::Result<()> {
        transfer::export(self, folder).await
    }

    /// Adds the objects of a folder in the official layout.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or has another layout.
    pub async fn import(&self, folder: &Path) -> std::io::Result<()> {
        transfer::import(self, folder).await
    }

    /// Deletes the objects, uploads and buckets of a project, or of all. Rules stay.
    ///
    /// # Errors
    ///
    /// The disk does not take it; objects and buckets are still there.
    pub async fn reset(&self, project: Option<&str>) -> Result<(), DiskError> {
        let keep = |bucket: &str| project.is_some_and(|project| self.shared.project_of_bucket(bucket) != project);
        self.uploads.clear(keep);
        self.store.clear(keep)
    }

    fn new_blob(&self) -> BlobWriter {
        BlobWriter::new(&self.folder, &self.shared.memory)
    }

    /// A whole body with metadata.
    async fn metadata(&self, body: Body) -> Result<Whole, BodyError> {
        body::whole(body, MAX_METADATA, &self.shared.memory).await
    }
}
