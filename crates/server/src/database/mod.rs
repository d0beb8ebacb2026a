//! The stand-in for the Realtime Database emulator: WebSocket, long polling, REST and streaming.

use std::sync::Arc;

use axum::Router;
use firewarden::text::Source;
use serde_json::Value as Json;

use crate::{rules::LoadedRules, shared::Shared};

/// All namespaces of one server.
pub struct Database {
    shared: Arc<Shared>,
}

impl Database {
    /// No namespace has data or rules.
    pub fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Database { shared })
    }

    /// The routes of its port.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
    }

    /// Loads the rules of a namespace. Listens that they no longer allow are cancelled.
    ///
    /// # Errors
    ///
    /// `LINE:COLUMN: text` for rules that the compiler refuses. The namespace then denies everything until it gets rules.
    pub fn set_rules(&self, _namespace: &str, _source: &Source) -> Result<(), String> {
        Ok(())
    }

    /// The rules of a namespace, if it has any that are valid.
    pub fn rules(&self, _namespace: &str) -> Option<Arc<LoadedRules>> {
        None
    }

    /// All rules that are loaded.
    pub fn loaded_rules(&self) -> Vec<Arc<LoadedRules>> {
        self.namespaces().iter().filter_map(|namespace| self.rules(namespace)).collect()
    }

    /// The namespaces that have data or rules, sorted.
    pub fn namespaces(&self) -> Vec<String> {
        Vec::new()
    }

    /// All data of a namespace in the export form, with priorities.
    pub fn export(&self, _namespace: &str) -> Json {
        Json::Null
    }

    /// Replaces all data of a namespace, as owner.
    ///
    /// # Errors
    ///
    /// Why the JSON is no data.
    pub fn import(&self, _namespace: &str, _data: &Json) -> Result<(), String> {
        Ok(())
    }

    /// Deletes the data of the namespaces of a project, or of all. Listeners are told; rules stay.
    pub fn reset(&self, _project: Option<&str>) {
        let _ = &self.shared;
    }
}
