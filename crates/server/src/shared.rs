//! What all services of a server share: projects with their clocks, and the journal.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
};

use crate::{Service, clock::Clock, journal::Journal, lock};

/// The settings of a server that its services read.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The project of namespaces and buckets that name none.
    pub project: String,
    /// Whether denials are sent to the consoles of database clients (`sd` messages).
    pub debug: bool,
    /// The folder that keeps data and objects; without it they end with the process.
    pub data: Option<PathBuf>,
}

/// What all services of a server share.
pub struct Shared {
    /// The settings.
    pub settings: Settings,
    /// The latest requests.
    pub journal: Journal,
    /// Where the services listen, once they do.
    pub addresses: OnceLock<BTreeMap<Service, SocketAddr>>,
    clocks: Mutex<HashMap<String, Arc<Clock>>>,
}

impl Shared {
    /// Nothing has happened yet.
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Shared { settings, journal: Journal::default(), addresses: OnceLock::new(), clocks: Mutex::default() })
    }

    /// The clock of a project.
    pub fn clock(&self, project: &str) -> Arc<Clock> {
        let mut clocks = lock(&self.clocks);
        match clocks.get(project) {
            Some(clock) => Arc::clone(clock),
            None => Arc::clone(clocks.entry(project.to_owned()).or_default()),
        }
    }

    /// The project of a namespace of the database: `demo` has `demo` and `demo-default-rtdb`.
    pub fn project_of_namespace<'n>(&self, namespace: &'n str) -> &'n str {
        namespace.strip_suffix("-default-rtdb").unwrap_or(namespace)
    }

    /// The project of a bucket: `demo` has `demo`, `demo.appspot.com` and `demo.firebasestorage.app`. A bucket with
    /// another name belongs to the server's own project.
    pub fn project_of_bucket<'b>(&'b self, bucket: &'b str) -> &'b str {
        let usual = bucket.strip_suffix(".appspot.com").or_else(|| bucket.strip_suffix(".firebasestorage.app"));
        usual.unwrap_or(if bucket.contains('.') { &self.settings.project } else { bucket })
    }
}
