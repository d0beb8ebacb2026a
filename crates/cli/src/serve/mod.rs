//! `firewarden serve` and `firewarden exec`: stand-ins for the official emulators, alone or around a command.

mod exec;
mod options;
mod plan;
mod ports;
mod reload;
mod table;

use std::{
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};

use firewarden_server::{Server, Service, StartError};
use firewarden_suite::{Disk, Suites, seeds::Seeds};

use super::{exit::Exit, input::InputError, output::Output, signals::Signals};

pub(crate) use exec::run as exec;
pub(crate) use options::{EXEC_HELP, ExecOptions, SERVE_HELP, ServeOptions};

use plan::Plan;
use reload::Reload;

/// Serves until a signal ends it.
pub(crate) fn serve(options: &ServeOptions, output: &mut Output) -> Result<Exit, InputError> {
    let begun = Instant::now();
    runtime()?.block_on(async {
        let Some(mut running) = Running::start(options, output).await? else { return Ok(Exit::Usage) };
        output.result(&table::render(&running.server, &running.plan, begun.elapsed()));
        // Nobody reads the table: the process that started this one is gone.
        if output.is_lost() {
            return Ok(Exit::Usage);
        }
        running.until_signal(output).await;
        running.end(options, output).await
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, InputError> {
    #[cfg(unix)]
    allow_connections();
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| InputError(format!("cannot start threads: {error}")))
}

/// The connections and files that may be open at once, if the system allows so many.
#[cfg(unix)]
const MAX_OPEN: u64 = 65_536;

/// Raises the usual limit of open files, 256 or 1,024, with which some idle clients keep all others out.
#[cfg(unix)]
fn allow_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(MAX_OPEN, |maximum| maximum.min(MAX_OPEN));
    if current.is_some_and(|current| current < wanted) {
        // Without it the server works, for fewer clients.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// A server with the rules of its project.
struct Running {
    server: Server,
    plan: Plan,
    reload: Reload,
    signals: Signals,
    locator: Option<Locator>,
}

impl Running {
    /// Binds the ports, loads rules and data. `None` after reporting errors in files of the project.
    async fn start(options: &ServeOptions, output: &mut Output) -> Result<Option<Self>, InputError> {
        let folders = options.data_folders()?;
        let Some(mut plan) = Plan::new(options, output)? else { return Ok(None) };
        let server = bind(options, &mut plan).await?;
        for planned in plan.services.iter().filter(|planned| !planned.address.ip().is_loopback()) {
            output.warning(&format!(
                "{} listens on {}: whoever reaches this address can read and change everything",
                planned.service.name(),
                planned.address
            ));
        }
        let reload = Reload::new(&plan)?;
        reload.load_all(&server, &plan, output);
        if let Some(path) = &options.seeds {
            let Some(seeds) = seeds(path, output)? else { return Ok(None) };
            server.seed(&seeds).await.map_err(|why| InputError(format!("--seeds {}: {why}", path.display())))?;
        }
        if let Some(emulator) = &plan.firestore {
            server.read_documents_from(emulator);
        }
        if let Some(emulator) = &options.functions {
            server.call_functions_of(emulator);
        }
        if let Some(folder) = folders.import {
            let read = server.import(folder).await;
            read.map_err(|error| InputError(format!("--import {}: {error}", folder.display())))?;
        }
        // Before anybody learns of this process: from then on a signal ends it in order.
        let signals = Signals::new().map_err(|error| InputError(format!("cannot receive signals: {error}")))?;
        let locator = Locator::write(&plan.project, &server);
        Ok(Some(Running { server, plan, reload, signals, locator }))
    }

    /// Loads rules again as their files change, until a signal ends the process.
    async fn until_signal(&mut self, output: &mut Output) {
        loop {
            tokio::select! {
                _ = self.signals.next() => return,
                changed = self.reload.changed() => self.reload.load(&self.server, &self.plan, &changed, output),
            }
        }
    }

    async fn end(self, options: &ServeOptions, output: &mut Output) -> Result<Exit, InputError> {
        drop(self.locator);
        if let Some(folder) = options.data_folders()?.export {
            let written = self.server.export(folder).await;
            written.map_err(|error| InputError(format!("--export-on-exit {}: {error}", folder.display())))?;
            output.note(&format!("accounts, data and objects are in {}", folder.display()));
        }
        Ok(Exit::Ok)
    }
}

/// The seeds of a suite. `None` after reporting its errors.
fn seeds(path: &Path, output: &mut Output) -> Result<Option<Seeds>, InputError> {
    let suites = Suites::load(&Disk, &[path.to_owned()], SystemTime::now().into());
    for problems in &suites.warnings {
        output.problems(&problems.to_string());
    }
    for error in &suites.errors {
        output.problems(&error.to_string());
    }
    match suites.seeds().next() {
        Some(seeds) => Ok(Some(seeds.clone())),
        None if suites.errors.is_empty() => Err(InputError(format!("--seeds {}: no suite", path.display()))),
        None => Ok(None),
    }
}

/// Binds all ports. A taken port that nobody asked for is replaced by a free one, where clients learn it from the hub.
async fn bind(options: &ServeOptions, plan: &mut Plan) -> Result<Server, InputError> {
    loop {
        let mut builder = Server::builder()
            .project(&plan.project)
            .single_project(plan.single_project)
            .debug(options.debug)
            .sign(options.sign);
        for name in &options.allow_host {
            builder = builder.allow_host(name);
        }
        if let Some(folder) = &options.data {
            builder = builder.data(folder);
        }
        for planned in &plan.services {
            builder = builder.address(planned.service, planned.address);
        }
        match builder.start().await {
            Ok(server) => return Ok(server),
            Err(StartError::Port { service, address, error }) => {
                let movable = matches!(service, Service::Hub | Service::Page);
                let planned = plan.services.iter_mut().find(|planned| planned.service == service && movable);
                match planned.filter(|planned| !planned.is_stated && planned.address.port() != 0) {
                    Some(planned) => planned.address.set_port(0),
                    None => return Err(InputError(ports::taken(service, address, &error))),
                }
            }
            Err(error) => return Err(InputError(error.to_string())),
        }
    }
}

/// The file by which official tools find the hub of a project; it is removed at the end.
struct Locator(PathBuf);

impl Locator {
    /// Writes the file. `None` where that fails, or where there is no hub: tools then need the address.
    fn write(project: &str, server: &Server) -> Option<Self> {
        server.address(Service::Hub)?;
        // A project id has letters, digits and hyphens; whoever chooses another one gets no file.
        let plain = project.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let path = std::env::temp_dir().join(format!("hub-{project}.json"));
        (plain && std::fs::write(&path, server.identity().to_string()).is_ok()).then_some(Locator(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Locator {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.path());
    }
}
