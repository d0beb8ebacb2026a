//! `firewarden exec-firebase`: runs a command, in which `firebase-tools` finds this program in the place of Java's.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use tokio::process::{Child, Command};

use super::{
    args::ExecFirebaseOptions,
    exit::{self, Exit},
    input::InputError,
    java::{DATABASE, PROGRAM, RUNTIME},
};

pub(super) fn run(options: &ExecFirebaseOptions) -> Result<Exit, InputError> {
    let prepare = |error: io::Error| InputError(format!("cannot prepare a folder for `java`: {error}"));
    // Removed when it is dropped.
    let folder = tempfile::Builder::new().prefix("firewarden-").tempdir().map_err(prepare)?;
    let variables = prepare_folder(folder.path()).map_err(prepare)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(prepare)?;
    let status = runtime.block_on(supervise(&options.command, &variables))?;
    Ok(exit::of_status(status))
}

/// Puts `java` and the files of the emulators into a folder. Returns the variables by which `firebase-tools` finds them.
///
/// A variable for each emulator suits any release of `firebase-tools`, whichever version of the emulator it asks for, and
/// leaves the folder of the other emulators, such as Firestore's, as it is.
fn prepare_folder(folder: &Path) -> io::Result<Vec<(&'static str, OsString)>> {
    let programs = folder.join("bin");
    fs::create_dir(&programs)?;
    link(&std::env::current_exe()?, &programs.join(PROGRAM))?;
    let mut variables = vec![("PATH", path_from(&programs)?)];
    for emulator in [RUNTIME, DATABASE] {
        // Only its existence is checked.
        let file = folder.join(emulator.file).with_extension("jar");
        fs::write(&file, "")?;
        variables.push((emulator.variable, file.into()));
    }
    Ok(variables)
}

#[cfg(unix)]
fn link(program: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(program, to)
}

/// Symbolic links need privileges elsewhere, and a hard link the same disk.
#[cfg(not(unix))]
fn link(program: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(program, to).or_else(|_| fs::copy(program, to).map(drop))
}

/// `PATH` with a folder before all others.
fn path_from(first: &Path) -> io::Result<OsString> {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let folders = [PathBuf::from(first)].into_iter().chain(std::env::split_paths(&others));
    std::env::join_paths(folders).map_err(io::Error::other)
}

/// Runs the command until it ends, and hands signals on to it.
async fn supervise(command: &[OsString], variables: &[(&str, OsString)]) -> Result<ExitStatus, InputError> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(InputError("no command to run".to_owned()));
    };
    let failed = |error: io::Error| {
        let install = match Path::new(program).file_stem() {
            Some(name) if name == "firebase" && error.kind() == io::ErrorKind::NotFound => {
                "; install it with `npm install --global firebase-tools`, or run it with `npx`"
            }
            _ => "",
        };
        InputError(format!("cannot run `{}`: {error}{install}", program.display()))
    };
    // Before the command starts, so that no signal is lost.
    let mut signals = Signals::new().map_err(failed)?;
    let start = |program: &OsStr| {
        Command::new(program).args(arguments).envs(variables.iter().map(|(name, value)| (name, value))).spawn()
    };
    let mut child = match start(program) {
        // On Windows, programs of npm are scripts.
        Err(error) if cfg!(windows) && error.kind() == io::ErrorKind::NotFound => {
            let mut script = program.clone();
            script.push(".cmd");
            start(&script)
        }
        started => started,
    }
    .map_err(failed)?;
    loop {
        tokio::select! {
            status = child.wait() => return status.map_err(failed),
            signal = signals.next() => signals.hand_on(signal, &child),
        }
    }
}

/// The signals that end a command.
#[cfg(unix)]
struct Signals {
    streams: [(rustix::process::Signal, tokio::signal::unix::Signal); 4],
    /// Whether a person at a terminal sends them: the terminal sends `SIGINT` and `SIGQUIT` to the command too, and
    /// `firebase-tools` takes a second `SIGINT` for an order to end at once.
    from_terminal: bool,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use rustix::process::Signal;
        use std::io::IsTerminal as _;
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Signals {
            streams: [
                (Signal::INT, signal(SignalKind::interrupt())?),
                (Signal::QUIT, signal(SignalKind::quit())?),
                (Signal::TERM, signal(SignalKind::terminate())?),
                (Signal::HUP, signal(SignalKind::hangup())?),
            ],
            from_terminal: io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal(),
        })
    }

    async fn next(&mut self) -> rustix::process::Signal {
        std::future::poll_fn(|context| {
            let mut streams = self.streams.iter_mut();
            let received = streams.find_map(|(signal, stream)| stream.poll_recv(context).is_ready().then_some(*signal));
            received.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await
    }

    fn hand_on(&self, signal: rustix::process::Signal, child: &Child) {
        use rustix::process::{Pid, Signal, kill_process};

        if self.from_terminal && [Signal::INT, Signal::QUIT].contains(&signal) {
            return;
        }
        let id = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        // It may have ended by itself.
        let _ = id.map(|id| kill_process(id, signal));
    }
}

/// The console tells all programs in it of Ctrl-C; this one waits for the command.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }

    fn hand_on(&self, (): (), _child: &Child) {}
}
