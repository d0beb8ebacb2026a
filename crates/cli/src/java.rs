//! The program under the name `java`: what `firebase-tools` runs the Storage rules runtime and the database emulator with.
//!
//! `firebase-tools` always starts the program `java` from `PATH`. `firewarden exec-firebase` puts this program there under that
//! name; it answers what concerns the two, and leaves everything else to the next `java` on `PATH`.

use std::{
    ffi::{OsStr, OsString},
    io,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use firewarden_server::{Server, Service, runtime};

/// The name of the runtime's file without its version, and the variable that names another file.
pub(super) const RUNTIME: Emulator =
    Emulator { file: "cloud-storage-rules-runtime", variable: "STORAGE_EMULATOR_BINARY_PATH" };

/// The same of the database emulator.
pub(super) const DATABASE: Emulator =
    Emulator { file: "firebase-database-emulator", variable: "DATABASE_EMULATOR_BINARY_PATH" };

/// How `firebase-tools` finds an emulator that it runs with `java`.
pub(super) struct Emulator {
    pub(super) file: &'static str,
    pub(super) variable: &'static str,
}

impl Emulator {
    /// Whether a file stands for the emulator: by its name, or because the variable names it.
    fn is_at(&self, file: &OsStr) -> bool {
        let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy();
        name.contains(self.file) || std::env::var_os(self.variable).is_some_and(|named| named == file)
    }
}

/// Whether the program runs under the name `java`.
pub(super) fn is_name_of(program: Option<&OsStr>) -> bool {
    let name = program.and_then(|program| Path::new(program).file_stem());
    name.is_some_and(|name| name.eq_ignore_ascii_case("java"))
}

/// What the arguments ask for.
#[derive(Debug, PartialEq)]
enum Asked<'a> {
    Version,
    Runtime,
    /// With the arguments of the emulator.
    Database(&'a [OsString]),
    Other,
}

fn asked(arguments: &[OsString]) -> Asked<'_> {
    // Options of the JVM come first. The file is behind `-jar`; with a class instead, the program is not ours.
    let options = arguments.iter().take_while(|argument| argument.to_string_lossy().starts_with('-')).count();
    let (options, rest) = arguments.split_at(options);
    match (options.last().map(OsString::as_os_str), rest) {
        (Some(jar), [file, rest @ ..]) if jar == "-jar" => match rest {
            [serve] if serve == "serve" && RUNTIME.is_at(file) => Asked::Runtime,
            rest if DATABASE.is_at(file) => Asked::Database(rest),
            _ => Asked::Other,
        },
        (Some(version), []) if version == "-version" => Asked::Version,
        _ => Asked::Other,
    }
}

/// Answers as `java` with these arguments.
pub(super) fn run(arguments: &[OsString]) -> ExitCode {
    match asked(arguments) {
        Asked::Version => {
            eprintln!("openjdk version \"21.0.0\"\nfirewarden {} in its place", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        // Nothing may be printed: firebase-tools takes any text on standard error for a defect. It ends the runtime with
        // SIGINT, or by closing the pipes.
        Asked::Runtime => match runtime::serve(io::stdin().lock(), io::stdout().lock()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Asked::Database(arguments) => database(arguments).unwrap_or_else(|why| {
            eprintln!("firewarden as the database emulator: {why}");
            ExitCode::FAILURE
        }),
        Asked::Other => next(arguments).unwrap_or_else(|why| {
            eprintln!("firewarden as java: {why}");
            ExitCode::FAILURE
        }),
    }
}

/// Where the database is to listen. All other options are about the emulator suite, and have no effect here.
#[derive(Debug, PartialEq)]
struct Address {
    host: IpAddr,
    port: u16,
}

impl Address {
    fn of(arguments: &[OsString]) -> Result<Self, String> {
        let mut address = Address { host: IpAddr::V4(Ipv4Addr::LOCALHOST), port: Service::Database.default_port() };
        let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
        while let Some(option) = arguments.next() {
            let Some(option) = option.strip_prefix("--") else {
                return Err(format!("unexpected argument `{option}`; expected `--host ADDRESS --port NUMBER`"));
            };
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => (option.to_owned(), arguments.next().unwrap_or_default().into_owned()),
            };
            match name.as_str() {
                "host" if value == "localhost" => {}
                "host" => address.host = value.parse().map_err(|_| format!("`{value}` is no IP address"))?,
                "port" => address.port = value.parse().map_err(|_| format!("`{value}` is no port"))?,
                _ => {}
            }
        }
        Ok(address)
    }
}

/// Serves the database until the process is told to end.
fn database(arguments: &[OsString]) -> Result<ExitCode, String> {
    let Address { host, port } = Address::of(arguments)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let end = end().map_err(|error| error.to_string())?;
        let mut server = Server::builder().host(host).port(Service::Database, port);
        if host.is_unspecified() {
            // Others are to reach it, under whatever name they know this machine by.
            server = server.allow_host("*");
        }
        let server = server.start().await.map_err(|error| error.to_string())?;
        if let Some(address) = server.address(Service::Database) {
            println!("firewarden serves Realtime Database on {address}");
        }
        end.await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Watches for the end that the process is told, from now on; the future waits for it.
#[cfg(unix)]
fn end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// Becomes the next `java` on `PATH`.
fn next(arguments: &[OsString]) -> Result<ExitCode, String> {
    let Some(java) = next_java() else {
        return Err(
            "only `-version`, the Storage rules runtime and the database emulator of Firebase run without a JVM, \
            and there is no other `java` on PATH: install one for anything else, such as the Firestore emulator"
                .to_owned(),
        );
    };
    let failed = |error: io::Error| format!("cannot run {}: {error}", java.display());
    let mut command = Command::new(&java);
    command.args(arguments);
    #[cfg(unix)]
    return Err(failed(std::os::unix::process::CommandExt::exec(&mut command)));
    #[cfg(not(unix))]
    command.status().map(|status| crate::exit::of_status(status).into()).map_err(failed)
}

/// The first `java` on `PATH` after this program. Where this program is there more than once, those after the last: then
/// copies of it that come one after the other end at a `java` that is none.
fn next_java() -> Option<PathBuf> {
    let own = std::env::current_exe().and_then(|own| own.canonicalize()).ok();
    let folders = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&folders).map(|folder| folder.join(PROGRAM)).filter(|java| java.is_file());
    let found: Vec<PathBuf> = found.collect();
    let is_own = |java: &PathBuf| own.is_some() && java.canonicalize().ok() == own;
    let after = found.iter().rposition(is_own).map_or(0, |at| at + 1);
    found.into_iter().nth(after)
}

/// The file name of the program that `firebase-tools` starts.
pub(super) const PROGRAM: &str = if cfg!(windows) { "java.exe" } else { "java" };

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_name_counts_without_folder_and_extension() {
        for (program, is_java) in
            [("java", true), ("/usr/bin/java", true), ("./java.exe", true), ("firewarden", false), ("javac", false)]
        {
            assert_eq!(is_name_of(Some(OsStr::new(program))), is_java, "{program}");
        }
        assert!(!is_name_of(None));
    }

    #[test]
    fn lines_of_firebase_tools_are_recognised() {
        for (line, expected) in [
            ("-Duser.language=en -Dfile.encoding=UTF-8 -version", Asked::Version),
            ("-version", Asked::Version),
            (
                "-Djava.security.manager=disallow -Duser.language=en -jar /c/cloud-storage-rules-runtime-v1.1.3.jar serve",
                Asked::Runtime,
            ),
            (
                "-Djava.net.preferIPv4Stack=true -Duser.language=en -jar cloud-storage-rules-runtime.jar serve",
                Asked::Runtime,
            ),
            // A program of somebody else with the same argument.
            ("-jar mine.jar serve", Asked::Other),
            ("-jar cloud-firestore-emulator-v1.19.8.jar --host 127.0.0.1 --port 8080", Asked::Other),
            ("-cp a.jar com.example.Main -version", Asked::Other),
            ("-jar", Asked::Other),
            ("", Asked::Other),
        ] {
            assert_eq!(asked(&words(line)), expected, "{line}");
        }
        let line =
            words("-Duser.language=en -jar /c/firebase-database-emulator-v4.11.2.jar --host 127.0.0.1 --port 9000");
        assert_eq!(asked(&line), Asked::Database(&words("--host 127.0.0.1 --port 9000")));
    }

    #[test]
    fn the_address_is_read_from_options_in_either_form() {
        let of = |line: &str| Address::of(&words(line)).map(|Address { host, port }| format!("{host} {port}"));
        assert_eq!(of("--host 127.0.0.1 --port 9100 --single_project_mode Warning").unwrap(), "127.0.0.1 9100");
        assert_eq!(of("--port=0 --host=::1 --functions_emulator_port 5001").unwrap(), "::1 0");
        assert_eq!(of("--host localhost").unwrap(), "127.0.0.1 9000");
        assert_eq!(of("--port 70000").unwrap_err(), "`70000` is no port");
        assert_eq!(of("--host example.com").unwrap_err(), "`example.com` is no IP address");
        assert!(of("9000").is_err());
    }
}
