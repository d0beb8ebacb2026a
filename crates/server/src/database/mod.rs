//! The stand-in for the Realtime Database emulator: WebSocket, long polling, REST and streaming.

mod inspect;
mod namespace;
mod path_map;
mod push;
mod query;
mod rest;
mod routes;
mod session;
mod settings;
mod tree;
mod user;
mod values;
mod window;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::Router;
use firewarden::{database::Data, text::Source};
use serde_json::Value as Json;

use self::{rest::push_id::PushIds, routes::Sessions};
use crate::{
    disk::DiskError,
    lock,
    rules::LoadedRules,
    shared::{Settings, Shared},
};

pub use firewarden::database::Transport;
pub use namespace::{Namespace, Reading, Refused, SubscriberId};
pub use push::{Change, Push, Subscriber, Tag};
pub use query::{Order, Query};
pub use tree::{Branch, Key, Node, Prioritized, Rest, Text, Wire};
pub use user::{Caller, SignedIn, User, Variable};

/// From how many namespaces on those that hold nothing are forgotten.
const MANY: usize = 1_024;

/// All namespaces of one server.
pub struct Database {
    shared: Arc<Shared>,
    namespaces: Mutex<BTreeMap<String, Arc<Namespace>>>,
    sessions: Sessions,
    push_ids: PushIds,
}

impl Database {
    /// Namespaces have the data that is on disk, and no rules.
    ///
    /// # Errors
    ///
    /// The disk cannot be read, or is damaged.
    pub fn new(shared: Arc<Shared>) -> Result<Arc<Self>, DiskError> {
        let mut namespaces = BTreeMap::new();
        if let Some(disk) = &shared.disk {
            for (name, data) in disk.databases()? {
                let namespace = Namespace::new(&name, Arc::clone(&shared));
                namespace.restore(&data).map_err(|why| disk.error(format!("the data of {name}: {why}")))?;
                namespaces.insert(name, namespace);
            }
        }
        Ok(Arc::new(Database {
            shared,
            namespaces: Mutex::new(namespaces),
            sessions: Sessions::default(),
            push_ids: PushIds::default(),
        }))
    }

    /// A database without a server, for tests and benches of its own.
    pub fn standalone() -> Arc<Self> {
        let settings = Settings { project: "demo-no-project".to_owned(), ..Settings::default() };
        let shared = Arc::new(Shared::in_memory(settings));
        Arc::new(Database {
            shared,
            namespaces: Mutex::default(),
            sessions: Sessions::default(),
            push_ids: PushIds::default(),
        })
    }

    /// The routes of its port.
    pub fn router(self: &Arc<Self>) -> Router {
        routes::router(self)
    }

    /// The namespace with a name; a new one is empty and has open rules.
    pub fn namespace(&self, name: &str) -> Arc<Namespace> {
        let mut namespaces = lock(&self.namespaces);
        match namespaces.get(name) {
            Some(namespace) => Arc::clone(namespace),
            None => {
                let count = namespaces.len();
                if count >= MANY && count.is_power_of_two() {
                    // A session or a request has a namespace, or it is new again for the next.
                    namespaces.retain(|_, namespace| Arc::strong_count(namespace) > 1 || !namespace.is_blank());
                }
                let namespace = Namespace::new(name, Arc::clone(&self.shared));
                Arc::clone(namespaces.entry(name.to_owned()).or_insert(namespace))
            }
        }
    }

    fn existing(&self, name: &str) -> Option<Arc<Namespace>> {
        lock(&self.namespaces).get(name).map(Arc::clone)
    }

    /// Loads the rules of a namespace. Listens that they no longer allow are cancelled.
    ///
    /// # Errors
    ///
    /// `LINE:COLUMN: text` for rules that the compiler refuses. The namespace then denies everything until it gets rules.
    pub fn set_rules(&self, namespace: &str, source: &Source) -> Result<(), String> {
        self.namespace(namespace).set_rules(source)
    }

    /// The rules of a namespace, if it has any that are valid.
    pub fn rules(&self, namespace: &str) -> Option<Arc<LoadedRules>> {
        self.existing(namespace)?.rules()
    }

    /// All rules that are loaded.
    pub fn loaded_rules(&self) -> Vec<Arc<LoadedRules>> {
        self.namespaces().iter().filter_map(|namespace| self.rules(namespace)).collect()
    }

    /// The namespaces that have data or rules, sorted.
    pub fn namespaces(&self) -> Vec<String> {
        // A busy namespace makes nobody wait who wants another one.
        let namespaces: Vec<_> = lock(&self.namespaces).values().cloned().collect();
        namespaces.iter().filter(|namespace| !namespace.is_blank()).map(|n| n.name().to_owned()).collect()
    }

    /// All data of a namespace in the export form, with priorities.
    pub fn export(&self, namespace: &str) -> Json {
        self.existing(namespace).map_or(Json::Null, |namespace| namespace.root().to_wire())
    }

    /// Replaces all data of a namespace, as owner.
    ///
    /// # Errors
    ///
    /// Why the JSON is no data.
    pub fn import(&self, namespace: &str, data: &Json) -> Result<(), String> {
        self.namespace(namespace).import(data)
    }

    /// Replaces all data of a namespace, as owner.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub fn replace_data(&self, namespace: &str, data: &Data) -> Result<(), Refused> {
        self.namespace(namespace).replace_all(data.clone())
    }

    /// Deletes the data of the namespaces of a project, or of all. Listeners are told; rules stay.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub fn reset(&self, project: Option<&str>) -> Result<(), Refused> {
        let namespaces: Vec<_> = lock(&self.namespaces).values().cloned().collect();
        let of_project = |name: &str| project.is_none_or(|project| self.shared.project_of_namespace(name) == project);
        namespaces.iter().filter(|namespace| of_project(namespace.name())).try_for_each(|namespace| namespace.clear())
    }
}
