//! The stand-in for the Auth emulator: accounts, sign-ins, tokens, blocking functions, codes, tenants.
//!
//! The engine's `auth` decides which claims a token has; this module keeps the accounts and speaks HTTP. Its
//! specification is that of the Auth emulator, whose sections comments cite.

mod account;
mod accounts;
mod answer;
mod call;
mod codes;
mod config;
mod durable;
mod emulator;
mod error;
mod exchange;
mod fields;
mod functions;
mod ids;
mod keys;
mod listing;
mod mfa;
mod openapi;
mod pages;
mod passkeys;
mod project;
mod routes;
mod secure_token;
mod sign_in;
mod store;
mod tenants;
mod token;
mod transfer;
mod unimplemented;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::FromRef,
    http::{HeaderMap, header},
};
use firewarden::auth::{Claims, unsigned_token};
use serde_json::Value as Json;

use crate::{disk::DiskError, listener, lock, memory::Memory, shared::Shared};

use error::Refusal;
use functions::Functions;
use pages::Redirects;
use project::Project;

pub use keys::SigningKey;

/// The accounts of all projects.
pub struct Auth {
    shared: Arc<Shared>,
    projects: Mutex<BTreeMap<String, Arc<Project>>>,
    functions: Functions,
    address: Option<SocketAddr>,
    /// The key that signs tokens; without it they are unsigned.
    key: Option<SigningKey>,
    /// Sign-ins by redirect that are under way.
    redirects: Redirects,
}

impl FromRef<Arc<Auth>> for Memory {
    fn from_ref(auth: &Arc<Auth>) -> Self {
        auth.shared.memory.clone()
    }
}

impl Auth {
    /// Projects have the accounts that are on disk. The address is that of the service's port; a key signs all tokens.
    ///
    /// # Errors
    ///
    /// The disk cannot be read, or is damaged.
    pub fn new(
        shared: Arc<Shared>,
        address: Option<SocketAddr>,
        key: Option<SigningKey>,
    ) -> Result<Arc<Self>, DiskError> {
        let projects = shared.disk.as_deref().map(durable::restore).transpose()?.unwrap_or_default();
        Ok(Arc::new(Auth {
            shared,
            projects: Mutex::new(projects),
            functions: Functions::default(),
            address,
            key,
            redirects: Redirects::default(),
        }))
    }

    /// The routes of its port.
    pub fn router(self: &Arc<Self>) -> Router {
        routes::router(self).with_state(Arc::clone(self))
    }

    /// The project that a request names, if the server is not one of a single project.
    fn requested(&self, id: &str) -> Result<Arc<Project>, Refusal> {
        let own = &self.shared.settings.project;
        if self.shared.settings.single_project && id != own {
            return error::refuse(format!(
                "Multiple projectIds are not recommended in single project mode. Requested project ID {id}, but the \
                 emulator is configured for {own}. To opt-out of single project mode add/set the \
                 '\"singleProjectMode\": false' property in the firebase.json emulators config."
            ));
        }
        Ok(self.project(id))
    }

    /// The project with an id, which is made at its first use.
    fn project(&self, id: &str) -> Arc<Project> {
        let mut projects = lock(&self.projects);
        match projects.get(id) {
            Some(project) => Arc::clone(project),
            None => {
                let project = Arc::new(Project::new(id.to_owned(), self.shared.disk.is_some()));
                projects.insert(id.to_owned(), Arc::clone(&project));
                project
            }
        }
    }

    /// `[{"account", "claims", "tenant"?}]`: the accounts of a project, with the claims of their next tokens.
    pub fn listing(&self, project: &str) -> Vec<Json> {
        listing::listing(self, project)
    }

    /// Forgets accounts, codes, tenants and settings of a project, or of all.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub fn reset(&self, project: Option<&str>) -> Result<(), DiskError> {
        for (id, found) in &*lock(&self.projects) {
            if project.is_none_or(|project| project == id) {
                found.lock().reset();
            }
        }
        self.save()
    }

    /// Writes what has changed to the disk, if there is one.
    fn save(&self) -> Result<(), DiskError> {
        let Some(disk) = &self.shared.disk else { return Ok(()) };
        let projects: Vec<_> = lock(&self.projects).values().cloned().collect();
        projects.iter().try_for_each(|project| durable::save(disk, project))
    }

    /// The Functions emulator, `HOST:PORT`, which hosts blocking functions and learns of new and deleted accounts.
    pub fn set_functions(&self, emulator: Option<String>) {
        self.functions.set_emulator(emulator);
    }

    /// Writes the accounts of the server's project to a folder in the official layout.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub async fn export(&self, folder: &Path) -> io::Result<()> {
        transfer::export(self, folder).await
    }

    /// Adds the accounts of a folder in the official layout to the server's project.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or does not hold accounts.
    pub async fn import(self: &Arc<Self>, folder: &Path) -> io::Result<()> {
        transfer::import(self, folder).await?;
        self.save().map_err(io::Error::other)
    }

    /// A token with these claims.
    fn sign(&self, claims: &Claims) -> Result<String, Refusal> {
        match &self.key {
            Some(key) => key.sign(claims),
            None => Ok(unsigned_token(claims)),
        }
    }

    /// The address for links: that by which the client called, or else that of the port.
    fn base_url(&self, headers: &HeaderMap) -> String {
        let host =
            headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| listener::is_plain_host(host));
        match (host, self.address) {
            (Some(host), _) => format!("http://{host}"),
            (None, Some(address)) => format!("http://{address}"),
            (None, None) => "http://localhost:9099".to_owned(),
        }
    }
}
