//! The server: a builder, its ports, and its end.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::Router;
use firewarden::text::Source;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    Service,
    clock::Clock,
    database::Database,
    listener::{self, Names},
    page,
    shared::{Settings, Shared},
    storage::Storage,
};

/// Builds a [`Server`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    host: IpAddr,
    ports: BTreeMap<Service, u16>,
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
}

impl Builder {
    /// The address to listen on; the default is 127.0.0.1.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// Starts a service on a port; 0 takes a free one.
    pub fn port(mut self, service: Service, port: u16) -> Self {
        self.ports.insert(service, port);
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

    /// Keeps data and objects in a folder.
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
        for (&service, &port) in &self.ports {
            let address = SocketAddr::new(self.host, port);
            let listener = TcpListener::bind(address).await;
            listeners.push((service, listener.map_err(|error| StartError::Port { service, address, error })?));
        }
        let shared = Shared::new(self.settings);
        let database = Database::new(Arc::clone(&shared));
        let storage = Storage::new(Arc::clone(&shared));
        let (stop, names) = (CancellationToken::new(), Arc::new(self.names));
        let address = |(service, listener): &(Service, TcpListener)| Some((*service, listener.local_addr().ok()?));
        let addresses: BTreeMap<_, _> = listeners.iter().filter_map(address).collect();
        let _ = shared.addresses.set(addresses.clone());
        for (service, listener) in listeners {
            let router = match service {
                Service::Database => database.router(),
                Service::Storage => storage.router(),
                Service::Page => page::router(Arc::clone(&shared), Arc::clone(&database), Arc::clone(&storage)),
                _ => Router::new(),
            };
            tokio::spawn(listener::serve(listener, router, Arc::clone(&names), stop.clone()));
        }
        Ok(Server { shared, database, storage, addresses, stop })
    }
}

/// Running stand-ins for the emulators. They end when this is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use firewarden_server::{Server, Service};
///
/// let server = Server::builder().project("demo").port(Service::Database, 0).start().await?;
/// server.set_database_rules("demo", r#"{ "rules": { ".read": true } }"#)?;
/// let address = server.address(Service::Database); // for FIREBASE_DATABASE_EMULATOR_HOST
/// assert!(address.is_some_and(|address| address.ip().is_loopback()));
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    shared: Arc<Shared>,
    database: Arc<Database>,
    storage: Arc<Storage>,
    addresses: BTreeMap<Service, SocketAddr>,
    stop: CancellationToken,
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
        self.addresses.get(&service).copied()
    }

    /// The clock of a project.
    pub fn clock(&self, project: &str) -> Arc<Clock> {
        self.shared.clock(project)
    }

    /// Loads the rules of a namespace of the database.
    ///
    /// # Errors
    ///
    /// The errors of the compiler. The namespace then denies everything.
    pub fn set_database_rules(&self, namespace: &str, rules: &str) -> Result<(), String> {
        self.database.set_rules(namespace, &Source::new("database.rules.json", rules))
    }

    /// Loads the rules of a bucket, or of all buckets without rules of their own.
    ///
    /// # Errors
    ///
    /// The errors of the compiler. The buckets then deny everything.
    pub fn set_storage_rules(&self, bucket: Option<&str>, rules: &str) -> Result<(), String> {
        self.storage.set_rules(bucket, &Source::new("storage.rules", rules))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
