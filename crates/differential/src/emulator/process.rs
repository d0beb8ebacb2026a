//! The installed emulator: where it is, and one process of it that ends with its owner.

use std::{
    env, fmt, fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The class that the emulator's own shell script starts.
const MAIN_CLASS: &str = "com.google.cloud.datastore.emulator.firestore.CloudFirestore";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the jar stands within an SDK.
const WITHIN_SDK: &str = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar";

/// An emulator that answers, and its process where this program started it.
#[derive(Debug)]
pub struct Emulator {
    address: String,
    process: Option<Child>,
}

/// Why there is no emulator.
#[derive(Debug)]
pub enum NoEmulator {
    /// It, or Java, is not installed: what was looked for.
    NotInstalled(String),
    /// It did not start.
    Failed(String),
}

impl fmt::Display for NoEmulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoEmulator::NotInstalled(what) => write!(f, "the official emulator is not installed: {what}"),
            NoEmulator::Failed(why) => write!(f, "the official emulator did not start: {why}"),
        }
    }
}

impl Emulator {
    /// One that somebody else runs, at `HOST:PORT`.
    pub fn at(address: &str) -> Self {
        Emulator { address: address.to_owned(), process: None }
    }

    /// Starts the installed one on a free port of the loopback interface, and waits until it answers.
    ///
    /// # Errors
    ///
    /// It is not installed, or does not answer within a minute.
    pub fn start() -> Result<Self, NoEmulator> {
        let jar = find_jar()?;
        let port = free_port().map_err(|error| NoEmulator::Failed(format!("no free port: {error}")))?;
        let java = env::var("JAVA").unwrap_or_else(|_| "java".to_owned());
        let child = Command::new(&java)
            .arg("-Duser.language=en")
            .arg("-cp")
            .arg(&jar)
            .args([MAIN_CLASS, "--host=127.0.0.1", &format!("--port={port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                NoEmulator::NotInstalled(format!("{java} cannot be run ({error}); set JAVA to its path"))
            })?;
        let mut emulator = Emulator { address: format!("127.0.0.1:{port}"), process: Some(child) };
        emulator.wait()?;
        Ok(emulator)
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn wait(&mut self) -> Result<(), NoEmulator> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if TcpStream::connect(&self.address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.process.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                return Err(NoEmulator::Failed(format!("its process ended with {status}")));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(NoEmulator::Failed(format!("it does not answer at {} after {} s", self.address, PATIENCE.as_secs())))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(child) = &mut self.process {
            // It may have ended by itself, and there is nobody left to tell.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// `FIRESTORE_EMULATOR_JAR`, the SDK of the `gcloud` on the path, the usual folders of the SDK, what `firebase-tools`
/// downloaded.
fn find_jar() -> Result<PathBuf, NoEmulator> {
    if let Some(named) = env::var_os("FIRESTORE_EMULATOR_JAR") {
        let named = PathBuf::from(named);
        let missing = || NoEmulator::NotInstalled(format!("FIRESTORE_EMULATOR_JAR names no file: {}", named.display()));
        return if named.is_file() { Ok(named) } else { Err(missing()) };
    }
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let path = env::var_os("PATH").unwrap_or_default();
    let of_gcloud = env::split_paths(&path).filter_map(|folder| fs::canonicalize(folder.join("gcloud")).ok());
    let sdks = of_gcloud.filter_map(|gcloud| gcloud.parent().and_then(Path::parent).map(Path::to_owned));
    let usual = ["/usr/lib/google-cloud-sdk", "/usr/share/google-cloud-sdk", "/opt/google-cloud-sdk"];
    let sdks = sdks.chain(usual.map(PathBuf::from)).chain([home.join("google-cloud-sdk")]);
    let in_sdk = sdks.map(|sdk| sdk.join(WITHIN_SDK));
    let downloaded = fs::read_dir(home.join(".cache/firebase/emulators")).into_iter().flatten().flatten();
    let downloaded = downloaded.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("cloud-firestore-emulator") && name.ends_with(".jar")
    });
    in_sdk.chain(downloaded).find(|jar| jar.is_file()).ok_or_else(|| {
        NoEmulator::NotInstalled(
            "no cloud-firestore-emulator.jar is in a Google Cloud SDK or in ~/.cache/firebase/emulators. Install the \
             package google-cloud-cli-firestore-emulator (or run `gcloud components install cloud-firestore-emulator`), \
             or set FIRESTORE_EMULATOR_JAR, or name one that runs: --emulator HOST:PORT"
                .to_owned(),
        )
    })
}
