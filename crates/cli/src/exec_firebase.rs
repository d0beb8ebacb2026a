//! `firewarden exec-firebase`: runs a command, in which `firebase-tools` finds this program in the place of Java's.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use tokio::process::Command;

use super::{
    args::ExecFirebaseOptions,
    exit::{self, Exit},
    input::InputError,
    java::{DATABASE, PROGRAM, RUNTIME},
    signals::Signals,
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
