//! What to start: services with addresses, and rules with what they are for, from options, firebase.json and .firebaserc.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _},
    path::{Path, PathBuf},
};

use firewarden::rules::Product;
use firewarden_server::Service;
use firewarden_suite::{Disk, Emulators, ProjectError, RulesFile, emulators, project};

use crate::{input::InputError, output::Output};

use super::options::ServeOptions;

/// The project of official tools that are given none.
const NO_PROJECT: &str = "demo-no-project";

/// What to start.
#[derive(Debug)]
pub(super) struct Plan {
    /// The project id.
    pub(super) project: String,
    /// Whether Auth refuses requests to other projects.
    pub(super) single_project: bool,
    /// The services with their addresses, in the order of their ports.
    pub(super) services: Vec<PlannedService>,
    /// A Firestore emulator that the caller runs, `HOST:PORT`.
    pub(super) firestore: Option<String>,
    /// The rules files, and what they are for.
    pub(super) rules: Vec<PlannedRules>,
}

/// A service to start.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedService {
    pub(super) service: Service,
    pub(super) address: SocketAddr,
    /// Whether an option or firebase.json states the port.
    pub(super) is_stated: bool,
}

/// A rules file to load.
#[derive(Clone, Debug)]
pub(super) struct PlannedRules {
    pub(super) path: PathBuf,
    pub(super) product: Product,
    /// The namespaces, buckets or databases. `None` stands for all buckets.
    pub(super) resources: Vec<Option<String>>,
}

const SERVICES: [Service; 6] =
    [Service::Page, Service::Hub, Service::Firestore, Service::Database, Service::Auth, Service::Storage];

impl Plan {
    /// Reads the project. `None` after reporting errors in its files.
    pub(super) fn new(options: &ServeOptions, output: &mut Output) -> Result<Option<Self>, InputError> {
        let folder = options.config.as_deref().unwrap_or(Path::new(""));
        if options.config.is_some() && !folder.is_dir() {
            return Err(InputError(format!("--config {}: there is no such folder", folder.display())));
        }
        let settings = match read(emulators(&Disk, folder), output)? {
            Found::Wrong => return Ok(None),
            Found::Nothing if options.config.is_some() => {
                return Err(InputError(format!("no firebase.json in {} or above it", folder.display())));
            }
            Found::Nothing => {
                output.note("no firebase.json in this folder or above it; clients set the rules");
                Emulators::default()
            }
            Found::Some(settings) => settings,
        };
        let named = match read(project(&Disk, folder), output)? {
            Found::Wrong => return Ok(None),
            Found::Nothing => Vec::new(),
            Found::Some(named) => named,
        };
        let project = settings.project(options.project.as_deref());
        let project = project.or_else(|| std::env::var("GCLOUD_PROJECT").ok()).unwrap_or_else(|| NO_PROJECT.to_owned());
        let firestore = firestore_emulator()?;
        let services = services(options, &settings, firestore.is_some())?;
        let is_served = |product| {
            let service = service_of(product);
            services.iter().any(|planned| planned.service == service)
        };
        let rules = named.iter().flat_map(|file| planned(file, &settings, &project));
        let rules = rules.filter(|rules| is_served(rules.product)).collect();
        let single_project = settings.single_project;
        Ok(Some(Plan { project, single_project, services, firestore, rules }))
    }
}

/// What reading a file of the project gave.
enum Found<T> {
    /// There is none, or it names no rules.
    Nothing,
    /// Its errors are printed.
    Wrong,
    Some(T),
}

fn read<T>(result: Result<T, ProjectError>, output: &mut Output) -> Result<Found<T>, InputError> {
    match result {
        Ok(found) => Ok(Found::Some(found)),
        Err(ProjectError::Missing | ProjectError::Empty(_)) => Ok(Found::Nothing),
        Err(ProjectError::Wrong(problems)) => {
            output.problems(&problems.to_string());
            Ok(Found::Wrong)
        }
        Err(error) => Err(InputError(error.to_string())),
    }
}

/// The variable that official tools and clients find a Firestore emulator by.
const FIRESTORE_VARIABLE: &str = "FIRESTORE_EMULATOR_HOST";

/// The Firestore emulator that the caller runs. An empty variable counts as none, as clients take it.
fn firestore_emulator() -> Result<Option<String>, InputError> {
    let Some(value) = std::env::var_os(FIRESTORE_VARIABLE).filter(|value| !value.is_empty()) else { return Ok(None) };
    let address = value.to_str().filter(|text| {
        let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains('/'));
        port.is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    });
    match address {
        Some(address) => Ok(Some(address.to_owned())),
        None => Err(InputError(format!(
            "{FIRESTORE_VARIABLE} is {value:?}; the address of a Firestore emulator is HOST:PORT, such as 127.0.0.1:8080"
        ))),
    }
}

/// `has_firestore`: a Firestore emulator runs already. The rules endpoints are then served only if an option asks for them.
fn services(
    options: &ServeOptions,
    settings: &Emulators,
    has_firestore: bool,
) -> Result<Vec<PlannedService>, InputError> {
    let mut found = Vec::new();
    for service in SERVICES {
        let setting = settings.emulators.get(service.name());
        let stated_port = options.port.iter().rev().find(|(name, _)| Service::from(*name) == service);
        let is_named = options.only.iter().any(|name| Service::from(*name) == service);
        // The hub is what the others are found by.
        let is_wanted = match options.only.is_empty() {
            false => is_named || service == Service::Hub,
            true if stated_port.is_some() => true,
            true if service == Service::Firestore && has_firestore => false,
            true => setting.and_then(|setting| setting.enabled) != Some(false),
        };
        if !is_wanted {
            continue;
        }
        let port = stated_port.map(|(_, port)| *port).or_else(|| setting.and_then(|setting| setting.port));
        let host = match (options.host, setting.and_then(|setting| setting.host.as_deref())) {
            (Some(host), _) => host,
            (None, Some(name)) => address(service, name)?,
            (None, None) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let address = SocketAddr::new(host, port.unwrap_or_else(|| service.default_port()));
        found.push(PlannedService { service, address, is_stated: port.is_some() });
    }
    Ok(found)
}

/// The address of a host that firebase.json names.
fn address(service: Service, name: &str) -> Result<IpAddr, InputError> {
    let fail = |why: &dyn std::fmt::Display| {
        InputError(format!(
            "firebase.json: the host {name:?} of `{}` is no address of this machine: {why}",
            service.name()
        ))
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let mut found = (bare, 0).to_socket_addrs().map_err(|error| fail(&error))?.map(|address| address.ip());
    let first = found.next().ok_or_else(|| fail(&"it has none"))?;
    // `localhost` is both; clients that know one address family only are older.
    Ok(found.find(IpAddr::is_ipv4).filter(|_| !first.is_ipv4()).unwrap_or(first))
}

fn service_of(product: Product) -> Service {
    match product {
        Product::Storage => Service::Storage,
        Product::Firestore => Service::Firestore,
        Product::Database => Service::Database,
    }
}

/// A file of firebase.json, once for each product.
fn planned(file: &RulesFile, settings: &Emulators, project: &str) -> Vec<PlannedRules> {
    let mut found: Vec<PlannedRules> = Vec::new();
    for target in &file.targets {
        let product = target.product;
        let resources = match (&target.name, product) {
            (Some(name), _) => settings.resources(project, product, name).into_iter().map(Some).collect(),
            (None, Product::Database) => vec![Some(format!("{project}-default-rtdb"))],
            (None, Product::Firestore) => vec![Some("(default)".to_owned())],
            (None, Product::Storage) => vec![None],
        };
        match found.iter_mut().find(|known| known.product == product) {
            Some(known) => known.resources.extend(resources),
            None => found.push(PlannedRules { path: file.path.clone(), product, resources }),
        }
    }
    found
}
