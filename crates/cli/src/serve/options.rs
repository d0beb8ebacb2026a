//! Arguments of `serve` and `exec`.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use clap::{Args as ClapArgs, ValueEnum};
use firewarden_server::Service;

use crate::{args::CoverageReport, input::InputError};

// Paragraphs are one line each: clap wraps them to the width of the terminal. Examples fit 80 columns.

pub(crate) const SERVE_HELP: &str = "\
serve stands in for the official emulators: unmodified Firebase clients and test suites run on it. Of Auth it shows passwords and codes to whoever asks. It reads rules, ports \
and deploy targets from firebase.json and .firebaserc, and loads rules again when their files change; broken rules deny \
everything until they are mended. Of Firestore it serves the rules endpoints, not documents.

The page shows every request with the rule that decided it, the data and the coverage of the rules.

Examples:
  firewarden serve
  firewarden serve --project demo-chat --only database
  firewarden serve --port database=9001 --port hub=0
  firewarden serve --import saved --export-on-exit
  firewarden serve --data .firewarden/data

Exit status: 0 stopped by a signal, 2 wrong usage, a port in use or unreadable input.";

pub(crate) const EXEC_HELP: &str = "\
exec starts what serve starts, runs a command with the environment variables of `firebase emulators:exec` \
(FIREBASE_EMULATOR_HUB, FIREBASE_AUTH_EMULATOR_HOST, FIREBASE_DATABASE_EMULATOR_HOST, FIREBASE_STORAGE_EMULATOR_HOST, STORAGE_EMULATOR_HOST, \
GCLOUD_PROJECT, FIREBASE_CONFIG …), and ends with its status. A command of one word with spaces runs in a shell.

Examples:
  firewarden exec -- npm test
  firewarden exec 'npm run build && npm test'
  firewarden exec --coverage text --coverage lcov -- npx vitest run
  firewarden exec --port database=0 --port storage=0 -- pytest

Exit status: that of the command, 128 and the number of the signal that ended it; 2 wrong usage, a port in use or \
unreadable input.";

/// What `serve` and `exec` start.
#[derive(Debug, ClapArgs)]
pub(crate) struct ServeOptions {
    /// Project id, or an alias of .firebaserc; by default, the project that .firebaserc calls default
    #[arg(long, short = 'P', value_name = "ID")]
    pub(super) project: Option<String>,
    /// Folder of firebase.json, or one below it; by default, the current folder
    #[arg(long, value_name = "DIR")]
    pub(super) config: Option<PathBuf>,
    /// Start only these services; by default, all that firebase.json does not switch off
    #[arg(long, value_name = "SERVICE", value_enum, value_delimiter = ',')]
    pub(super) only: Vec<ServiceName>,
    /// Address to listen on instead of 127.0.0.1; others in the network then reach the services
    #[arg(long, value_name = "ADDRESS")]
    pub(super) host: Option<IpAddr>,
    /// Port of a service, which precedes that of firebase.json; 0 takes a free one
    #[arg(long, value_name = "SERVICE=PORT", value_parser = parse_port)]
    pub(super) port: Vec<(ServiceName, u16)>,
    /// Also accept requests to this host name, and from its pages; * stands for all
    #[arg(long, value_name = "NAME")]
    pub(super) allow_host: Vec<String>,
    /// Call the blocking functions of the Functions emulator there, and tell it of new and deleted accounts
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) functions: Option<String>,
    /// Sign ID tokens and session cookies with a key of this process, which Auth publishes
    #[arg(long)]
    pub(super) sign: bool,
    /// Store the data, objects and documents of a suite at the start
    #[arg(long, value_name = "SUITE")]
    pub(super) seeds: Option<PathBuf>,
    /// Read accounts, data and objects from an export of the official emulators
    #[arg(long, value_name = "DIR")]
    pub(super) import: Option<PathBuf>,
    /// Write accounts, data and objects at the end, in the layout of the official emulators; without DIR, to the folder of --import
    #[arg(long, visible_alias = "export", value_name = "DIR")]
    pub(super) export_on_exit: Option<Option<PathBuf>>,
    /// Keep accounts, data and objects in DIR, so that they survive the end of the process
    #[arg(long, value_name = "DIR", conflicts_with = "import")]
    pub(super) data: Option<PathBuf>,
    /// Send the reason of each denial to the console of database clients
    #[arg(long)]
    pub(super) debug: bool,
}

/// Folders of data, as `firebase emulators:start` understands them.
pub(super) struct DataFolders<'a> {
    pub(super) import: Option<&'a Path>,
    pub(super) export: Option<&'a Path>,
}

impl ServeOptions {
    /// The folders. One that the process itself is to write at its end may not be there yet.
    pub(super) fn data_folders(&self) -> Result<DataFolders<'_>, InputError> {
        let import = self.import.as_deref();
        let export = match &self.export_on_exit {
            Some(None) if import.is_none() => {
                let message = "--export-on-exit needs a folder: --export-on-exit DIR, or --import DIR --export-on-exit";
                return Err(InputError(message.to_owned()));
            }
            Some(folder) => folder.as_deref().or(import),
            None => None,
        };
        let import = import.filter(|folder| export != Some(folder) || folder.exists());
        Ok(DataFolders { import, export })
    }
}

/// Arguments of `exec`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExecOptions {
    #[command(flatten)]
    pub(super) serve: ServeOptions,
    /// Report the coverage of the rules by the command's requests: text, html, lcov or json
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = CoverageReport::parse)]
    pub(super) coverage: Vec<CoverageReport>,
    /// The command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(super) command: Vec<std::ffi::OsString>,
}

/// A service, as options name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServiceName {
    Hub,
    Auth,
    Database,
    Storage,
    Firestore,
    Ui,
}

impl From<ServiceName> for Service {
    fn from(name: ServiceName) -> Self {
        match name {
            ServiceName::Hub => Service::Hub,
            ServiceName::Auth => Service::Auth,
            ServiceName::Database => Service::Database,
            ServiceName::Storage => Service::Storage,
            ServiceName::Firestore => Service::Firestore,
            ServiceName::Ui => Service::Page,
        }
    }
}

fn parse_port(text: &str) -> Result<(ServiceName, u16), String> {
    let example = "expected SERVICE=PORT, such as database=9001";
    let (service, port) = text.split_once('=').ok_or(example)?;
    let service = ServiceName::from_str(service, true).map_err(|_| {
        let known: Vec<_> = ServiceName::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
        let known: Vec<_> = known.iter().map(|value| value.get_name()).collect();
        format!("unknown service `{service}`; expected one of {}", known.join(", "))
    })?;
    let port = port.parse().map_err(|_| format!("`{port}` is no port; {example}"))?;
    Ok((service, port))
}
