//! `firewarden exec`: runs a command with the stand-ins around it.

use std::{
    ffi::{OsStr, OsString},
    io,
    net::SocketAddr,
    process::ExitStatus,
};

use firewarden_server::{Server, Service};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::{
    args::CoverageKind,
    coverage::write_reports,
    exit::{self, Exit},
    input::InputError,
    output::Output,
};

use super::{ExecOptions, Running, runtime};

/// The status of a command that cannot be started, as shells give it.
const NOT_FOUND: u8 = 127;

/// Runs the command. The status is that of the command, unless something fails before or after it.
pub(crate) fn run(options: &ExecOptions, output: &mut Output) -> Result<Exit, InputError> {
    if options.coverage.iter().any(|report| report.kind == CoverageKind::Official) {
        let message = "--coverage official is for `firewarden test`: Firestore's documents are not served";
        return Err(InputError(message.to_owned()));
    }
    runtime()?.block_on(async {
        let Some(mut running) = Running::start(&options.serve, output).await? else { return Ok(Exit::Usage) };
        let mut command = command(&options.command);
        for (name, value) in variables(&running.server, &running.plan.project) {
            command.env(name, value);
        }
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let program = options.command.first().map_or("", |word| word.to_str().unwrap_or("the command"));
                output.error(&format!("cannot run {program}: {error}"));
                return Ok(Exit::Command(NOT_FOUND));
            }
        };
        let status = wait(&mut child, &mut running, output).await;
        let status = status.map_err(|error| InputError(format!("cannot wait for the command: {error}")))?;
        let files = running.server.coverage();
        let none = || Err(InputError("no official coverage".to_owned()));
        let print = |output: &mut Output, text: &str| output.result(&format!("\n{text}"));
        write_reports(&options.coverage, &files, &none, &print, output)?;
        running.end(&options.serve, output).await?;
        Ok(exit::of_status(status))
    })
}

/// A single word with white space is a line for the shell, as `firebase emulators:exec` takes it.
fn command(words: &[OsString]) -> Command {
    let is_line = |word: &OsStr| word.to_string_lossy().contains(char::is_whitespace);
    match words {
        [line] if is_line(line) => {
            let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
            let mut command = Command::new(shell);
            command.arg(flag).arg(line);
            command
        }
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }
        [] => Command::new(""),
    }
}

/// The variables of `firebase emulators:exec`.
fn variables(server: &Server, project: &str) -> Vec<(&'static str, String)> {
    let mut found = vec![("GCLOUD_PROJECT", project.to_owned())];
    let config = json!({
        "storageBucket": format!("{project}.appspot.com"),
        "databaseURL": format!("https://{project}.firebaseio.com"),
        "projectId": project,
    });
    found.push(("FIREBASE_CONFIG", config.to_string()));
    let mut add = |service, names: &[(&'static str, &str)]| {
        if let Some(address) = server.address(service).map(reachable) {
            found.extend(names.iter().map(|(name, scheme)| (*name, format!("{scheme}{address}"))));
        }
    };
    add(Service::Hub, &[("FIREBASE_EMULATOR_HUB", "")]);
    add(Service::Auth, &[("FIREBASE_AUTH_EMULATOR_HOST", "")]);
    add(Service::Database, &[("FIREBASE_DATABASE_EMULATOR_HOST", "")]);
    add(Service::Storage, &[("FIREBASE_STORAGE_EMULATOR_HOST", ""), ("STORAGE_EMULATOR_HOST", "http://")]);
    // A Firestore emulator that the caller runs is better than the rules endpoints alone.
    if std::env::var_os("FIRESTORE_EMULATOR_HOST").is_none() {
        add(Service::Firestore, &[("FIRESTORE_EMULATOR_HOST", ""), ("FIREBASE_FIRESTORE_EMULATOR_ADDRESS", "")]);
    }
    found
}

/// An address that clients of this machine can connect to.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Waits for the command, passes signals on to it, and loads rules that change meanwhile.
async fn wait(child: &mut Child, running: &mut Running, output: &mut Output) -> io::Result<ExitStatus> {
    let Running { server, plan, reload, signals, .. } = running;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            signal = signals.next() => signals.hand_on(signal, child),
            changed = reload.changed() => reload.load(server, plan, &changed, output),
        }
    }
}
