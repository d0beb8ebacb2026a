//! What all services of a server share: projects with their clocks, and the journal.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    disk::{Disk, DiskError},
    journal::Journal,
    lock,
    memory::Memory,
};

/// From how many clocks on those that nobody has set are forgotten.
const MANY: usize = 1_024;

/// The settings of a server that its services read.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The project of namespaces and buckets that name none.
    pub project: String,
    /// Whether denials are sent to the consoles of database clients (`sd` messages).
    pub debug: bool,
    /// Whether Auth refuses requests to other projects.
    pub single_project: bool,
    /// Whether tokens are signed.
    pub sign: bool,
    /// The folder that keeps accounts, data and objects; without it they end with the process.
    pub data: Option<PathBuf>,
}

/// What all services of a server share.
#[derive(Default)]
pub struct Shared {
    /// The settings.
    pub settings: Settings,
    /// The latest requests.
    pub journal: Journal,
    /// What is on its way from and to clients.
    pub memory: Memory,
    /// What clients leave with the server beside data: listens, rules.
    pub kept: Memory,
    /// The end of the server. Connections that outlive their HTTP request end with it.
    pub stop: CancellationToken,
    /// What keeps accounts, data and objects, if the settings name a folder.
    pub disk: Option<Arc<Disk>>,
    clocks: Mutex<HashMap<String, Arc<Clock>>>,
}

impl Shared {
    /// Nothing has happened yet. Opens the store on disk.
    ///
    /// # Errors
    ///
    /// The store does not open.
    pub fn new(settings: Settings) -> Result<Arc<Self>, DiskError> {
        let disk = settings.data.as_deref().map(Disk::open).transpose()?;
        Ok(Arc::new(Shared { disk: disk.map(Arc::new), ..Shared::in_memory(settings) }))
    }

    /// Nothing has happened yet, and nothing stays.
    pub fn in_memory(settings: Settings) -> Self {
        Shared { settings, kept: Memory::of_connections(), ..Shared::default() }
    }

    /// The clock of a project.
    pub fn clock(&self, project: &str) -> Arc<Clock> {
        let mut clocks = lock(&self.clocks);
        match clocks.get(project) {
            Some(clock) => Arc::clone(clock),
            None => {
                let count = clocks.len();
                if count >= MANY && count.is_power_of_two() {
                    // A namespace has the clock, or it is new again for the next.
                    clocks.retain(|_, clock| Arc::strong_count(clock) > 1 || !clock.is_untouched());
                }
                Arc::clone(clocks.entry(project.to_owned()).or_default())
            }
        }
    }

    /// Forgets requests and sets clocks back, of a project or of all.
    pub fn reset(&self, project: Option<&str>) {
        self.journal.clear(project);
        let clocks = lock(&self.clocks);
        let reset = |(of, clock): (&String, &Arc<Clock>)| {
            if project.is_none_or(|project| project == of) {
                clock.reset();
            }
        };
        clocks.iter().for_each(reset);
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
