//! The command as a running process, and a client for it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::runner::{Folder, Ran};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Variables that the command or its services read, and that those who run the tests may have set.
const VARIABLES: [&str; 5] =
    ["FIRESTORE_EMULATOR_HOST", "FIREBASE_FIRESTORE_EMULATOR_ADDRESS", "GCLOUD_PROJECT", "NO_COLOR", "COLUMNS"];

/// A process with what it has printed. It ends with this value.
pub struct Process {
    child: Child,
    lines: mpsc::Receiver<String>,
    err: Arc<Mutex<String>>,
}

impl Process {
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    pub fn start_with(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firewarden"));
        for name in VARIABLES {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        // The file about the hub goes to the folder of the test.
        command.args(arguments).current_dir(folder.path()).env("TMPDIR", folder.path());
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap();
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let err = Arc::new(Mutex::new(String::new()));
        let (mut from, into) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&err));
        thread::spawn(move || {
            let mut line = String::new();
            while from.read_line(&mut line).is_ok_and(|length| length > 0) {
                into.lock().unwrap().push_str(&std::mem::take(&mut line));
            }
        });
        Process { child, lines, err }
    }

    pub fn err(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    /// The next line on standard output.
    pub fn line(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE);
        line.unwrap_or_else(|_| panic!("no more lines; standard error: {}", self.err()))
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end. A status below zero is that of a signal.
    pub fn wait(mut self) -> Ran {
        let status = self.child.wait().unwrap();
        let out: Vec<String> = self.lines.iter().collect();
        // The thread has the last reference but this one until the end of the stream.
        while Arc::strong_count(&self.err) > 1 {
            thread::sleep(Duration::from_millis(1));
        }
        Ran { status: status.code().unwrap_or(-1), out: out.join("\n"), err: self.err() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A row of the table.
struct Row {
    name: String,
    address: SocketAddr,
    note: String,
}

/// `firewarden serve` that has printed its table.
pub struct Served {
    process: Process,
    pub title: String,
    rows: Vec<Row>,
}

impl Served {
    pub fn start(folder: &Folder, options: &[&str], ports: &[&str]) -> Self {
        let process = Process::start(folder, &[&["serve"], options, ports].concat());
        let (title, empty) = (process.line(), process.line());
        assert_eq!(empty, "", "{title}");
        let mut rows: Vec<Row> = Vec::new();
        // Storage is the last row; tests that leave it out do not start the command.
        while rows.last().is_none_or(|row| row.name != "storage") {
            let line = process.line();
            let (name, rest) = line.trim().split_once("  ").unwrap();
            let (address, note) = rest.trim().split_once("  ").unwrap_or((rest.trim(), ""));
            let address = address.strip_prefix("http://").unwrap_or(address).parse().unwrap();
            rows.push(Row { name: name.to_owned(), address, note: note.trim().to_owned() });
        }
        Served { process, title, rows }
    }

    fn row(&self, name: &str) -> &Row {
        self.rows.iter().find(|row| row.name == name).unwrap()
    }

    pub fn names(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.name.as_str()).collect()
    }

    pub fn note(&self, service: &str) -> &str {
        &self.row(service).note
    }

    pub fn address(&self, service: &str) -> SocketAddr {
        self.row(service).address
    }

    pub fn port(&self, service: &str) -> u16 {
        self.address(service).port()
    }

    pub fn err(&self) -> String {
        self.process.err()
    }

    /// Waits until these words are on standard error.
    pub fn wait_for(&self, words: &str) {
        for _ in 0..6_000 {
            if self.err().contains(words) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("{words:?} is not in {}", self.err());
    }

    /// Sends a signal and waits for the end.
    pub fn end(self, signal: Signal) -> Ran {
        self.process.signal(signal);
        self.process.wait()
    }

    pub fn get(&self, service: &str, path: &str) -> (u16, String) {
        send(self.address(service), "GET", path, "")
    }

    pub fn put(&self, service: &str, path: &str, body: &str) -> (u16, String) {
        send(self.address(service), "PUT", path, body)
    }

    pub fn post(&self, service: &str, path: &str, body: &str) -> (u16, String) {
        send(self.address(service), "POST", path, body)
    }

    pub fn delete(&self, service: &str, path: &str) -> (u16, String) {
        send(self.address(service), "DELETE", path, "")
    }
}

/// Sends a request of HTTP/1.0, whose answer ends with the connection.
pub fn send(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
