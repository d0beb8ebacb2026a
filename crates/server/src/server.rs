//! The server: a builder, its ports, and its end.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Router, extract::FromRef};
use firewarden::{
    text::Source,
    value::{Map, Value},
};
use firewarden_suite::{coverage::FileCoverage, seeds::Seeds};
use tokio::net::TcpListener;

use crate::{
    Service,
    auth::{Auth, SigningKey},
    clock::Clock,
    control,
    database::Database,
    disk::DiskError,
    export,
    firestore::Firestore,
    hub,
    listener::{self, Names, Versions},
    memory::Memory,
    page,
    rules::LoadedRules,
    shared::{Settings, Shared},
    storage::Storage,
};

/// Builds a [`Server`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    host: IpAddr,
    ports: BTreeMap<Service, (Option<IpAddr>, u16)>,
    names: Names,
    settings: Settings,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port cannot be had: the service, the address, and why.
    #[error("{} cannot listen on {address}: {error}", .service.name())]
    Port {
        /// The service.
        service: Service,
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The store on disk does not open.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no key to sign tokens with: why.
    #[error("{0}")]
    Key(String),
}

impl Builder {
    /// The address to listen on; the default is 127.0.0.1.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// Starts a service on a port; 0 takes a free one.
    pub fn port(mut self, service: Service, port: u16) -> Self {
        self.ports.insert(service, (None, port));
        self
    }

    /// Starts a service on an address of its own.
    pub fn address(mut self, service: Service, address: SocketAddr) -> Self {
        self.ports.insert(service, (Some(address.ip()), address.port()));
        self
    }

    /// The project of namespaces and buckets that name none.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.settings.project = project.into();
        self
    }

    /// Also accepts requests to this host name, and from its pages; `*` stands for all.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.names.hosts.push(name.into());
        self
    }

    /// Whether denials are sent to the consoles of database clients.
    pub fn debug(mut self, debug: bool) -> Self {
        self.settings.debug = debug;
        self
    }

    /// Whether Auth refuses requests to other projects than this server's.
    pub fn single_project(mut self, single: bool) -> Self {
        self.settings.single_project = single;
        self
    }

    /// Whether Auth signs its tokens, with a key of this server that it publishes.
    pub fn sign(mut self, sign: bool) -> Self {
        self.settings.sign = sign;
        self
    }

    /// Keeps accounts, data and objects in a folder.
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.data = Some(folder.into());
        self
    }

    /// Binds all ports and serves them.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; no port is then left open.
    pub async fn start(self) -> Result<Server, StartError> {
        let mut listeners = Vec::new();
        for (&service, &(host, port)) in &self.ports {
            let address = SocketAddr::new(host.unwrap_or(self.host), port);
            let listener = TcpListener::bind(address).await;
            listeners.push((service, listener.map_err(|error| StartError::Port { service, address, error })?));
        }
        let mut addresses = BTreeMap::new();
        for (service, listener) in &listeners {
            if let Ok(address) = listener.local_addr() {
                addresses.insert(*service, address);
            }
        }
        let services = Services::new(self.settings, addresses)?;
        let names = Arc::new(self.names);
        for (service, listener) in listeners {
            let router = services.router(service).merge(control::router(&services));
            let versions = match service {
                Service::Firestore => Versions::OneAndTwo,
                _ => Versions::One,
            };
            let stop = services.shared.stop.clone();
            tokio::spawn(listener::serve(listener, router, Arc::clone(&names), versions, stop));
        }
        Ok(Server { services })
    }
}

/// All services of a server, and where they are.
pub struct Services {
    /// What they share.
    pub shared: Arc<Shared>,
    /// Authentication.
    pub auth: Arc<Auth>,
    /// Realtime Database.
    pub database: Arc<Database>,
    /// Cloud Storage.
    pub storage: Arc<Storage>,
    /// The rules of Firestore.
    pub firestore: Arc<Firestore>,
    addresses: BTreeMap<Service, SocketAddr>,
}

impl FromRef<Arc<Services>> for Memory {
    fn from_ref(services: &Arc<Services>) -> Self {
        services.shared.memory.clone()
    }
}

impl Services {
    /// Services with the data that is on disk, if the settings name a folder.
    ///
    /// # Errors
    ///
    /// The store on disk does not open, or there is no key.
    pub fn new(settings: Settings, addresses: BTreeMap<Service, SocketAddr>) -> Result<Arc<Self>, StartError> {
        let shared = Shared::new(settings)?;
        let key = shared.settings.sign.then(SigningKey::generate).transpose().map_err(StartError::Key)?;
        let auth = Auth::new(Arc::clone(&shared), addresses.get(&Service::Auth).copied(), key)?;
        Ok(Arc::new(Services {
            auth,
            database: Database::new(Arc::clone(&shared))?,
            storage: Storage::new(Arc::clone(&shared))?,
            firestore: Firestore::new(&shared),
            shared,
            addresses,
        }))
    }

    /// The address of a service; `None` if it was not started.
    pub fn address(&self, service: Service) -> Option<SocketAddr> {
        self.addresses.get(&service).copied()
    }

    /// The addresses of all services that were started.
    pub fn addresses(&self) -> &BTreeMap<Service, SocketAddr> {
        &self.addresses
    }

    /// What requests have evaluated of all loaded rules. Rules that several namespaces or buckets share count once.
    pub fn coverage(&self) -> Vec<FileCoverage> {
        let mut all: Vec<Arc<LoadedRules>> = Vec::new();
        let (database, storage) = (self.database.loaded_rules(), self.storage.loaded_rules());
        for loaded in database.into_iter().chain(storage).chain(self.firestore.loaded_rules()) {
            if !all.iter().any(|known| Arc::ptr_eq(known, &loaded)) {
                all.push(loaded);
            }
        }
        all.iter().map(|loaded| loaded.coverage()).collect()
    }

    fn router(self: &Arc<Self>, service: Service) -> Router {
        match service {
            Service::Hub => hub::router(self),
            Service::Auth => self.auth.router(),
            Service::Database => self.database.router(),
            Service::Storage => self.storage.router(),
            Service::Firestore => self.firestore.router(),
            Service::Page => page::router(self),
        }
    }
}

/// Running stand-ins for the emulators. They end when this is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use firewarden::text::Source;
/// use firewarden_server::{Server, Service};
///
/// let server = Server::builder().project("demo").port(Service::Database, 0).start().await?;
/// let rules = Source::new("database.rules.json", r#"{ "rules": { ".read": true } }"#);
/// server.set_database_rules("demo", &rules)?;
/// let address = server.address(Service::Database); // for FIREBASE_DATABASE_EMULATOR_HOST
/// assert!(address.is_some_and(|address| address.ip().is_loopback()));
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    services: Arc<Services>,
}

impl Server {
    /// No service has a port yet, and the project is `demo-no-project`.
    pub fn builder() -> Builder {
        let settings = Settings { project: "demo-no-project".to_owned(), ..Settings::default() };
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Builder { host, ports: BTreeMap::new(), names: Names::default(), settings }
    }

    /// The address of a service; `None` if it was not started.
    pub fn address(&self, service: Service) -> Option<SocketAddr> {
        self.services.address(service)
    }

    /// The clock of a project.
    pub fn clock(&self, project: &str) -> Arc<Clock> {
        self.services.shared.clock(project)
    }

    /// Loads the rules of a namespace of the database.
    ///
    /// # Errors
    ///
    /// The errors of the compiler. The namespace then denies everything.
    pub fn set_database_rules(&self, namespace: &str, rules: &Source) -> Result<(), String> {
        self.services.database.set_rules(namespace, rules)
    }

    /// Loads the rules of a bucket, or of all buckets without rules of their own.
    ///
    /// # Errors
    ///
    /// The errors of the compiler. The buckets then deny everything.
    pub fn set_storage_rules(&self, bucket: Option<&str>, rules: &Source) -> Result<(), String> {
        self.services.storage.set_rules(bucket, rules)
    }

    /// Loads the rules of a database of Firestore.
    ///
    /// # Errors
    ///
    /// The errors of the compiler; rules that were loaded before stay.
    pub fn set_firestore_rules(&self, project: &str, database: &str, rules: &Source) -> Result<(), String> {
        self.services.firestore.set_rules(project, database, rules).map(drop)
    }

    /// Stores the seeds of a suite: data in the namespaces of the project, objects with zero bytes as content, documents for
    /// Storage rules to read.
    ///
    /// # Errors
    ///
    /// The objects are larger than 1 GiB together, or the disk does not take them.
    pub async fn seed(&self, seeds: &Seeds) -> Result<(), String> {
        let services = &self.services;
        let project = &services.shared.settings.project;
        if !seeds.data.is_nothing() {
            for namespace in [project.clone(), format!("{project}-default-rtdb")] {
                services.database.replace_data(&namespace, &seeds.data).map_err(|refused| refused.to_string())?;
            }
        }
        let documents = seeds.documents.iter().filter_map(|(key, fields)| {
            let (database, name) = key.split_once('/')?;
            // Storage rules read documents of the default database only.
            (database == "(default)").then_some(())?;
            Some((name.to_owned(), Value::Map(Map::clone(fields.as_ref()?))))
        });
        services.storage.set_documents(documents.collect());
        services.storage.seed(seeds).await
    }

    /// Lets Storage rules read documents from a Firestore emulator, `HOST:PORT`, instead of from seeds. Unless this server has
    /// the rules endpoints of Firestore itself, the hub names the emulator.
    pub fn read_documents_from(&self, emulator: impl Into<String>) {
        self.services.storage.set_firestore(Some(emulator.into()));
    }

    /// Lets Auth call the blocking functions of a Functions emulator, `HOST:PORT`, and tell it of new and deleted accounts.
    pub fn call_functions_of(&self, emulator: impl Into<String>) {
        self.services.auth.set_functions(Some(emulator.into()));
    }

    /// Writes all data to a folder in the layout of `firebase emulators:export`.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub async fn export(&self, folder: &Path) -> io::Result<()> {
        export::write(&self.services, folder).await
    }

    /// Reads the data of a folder in the layout of `firebase emulators:export`.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or has another layout.
    pub async fn import(&self, folder: &Path) -> io::Result<()> {
        export::read(&self.services, folder).await
    }

    /// What requests have evaluated of all loaded rules.
    pub fn coverage(&self) -> Vec<FileCoverage> {
        self.services.coverage()
    }

    /// What the hub says of itself, for the file by which tools find it.
    pub fn identity(&self) -> serde_json::Value {
        hub::identity(&self.services)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.services.shared.stop.cancel();
    }
}
