//! A server to measure, bare clients, and the table of results.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// The folder of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn firewarden() -> PathBuf {
    let built = || root().join("target/release/firewarden");
    std::env::var_os("FIREWARDEN").map_or_else(built, PathBuf::from)
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// `firewarden serve` on ports of its own; it ends with this.
pub struct Served {
    child: Child,
    pub database: SocketAddr,
    pub storage: SocketAddr,
    pub auth: SocketAddr,
}

impl Served {
    /// Returns when every port answers.
    pub async fn start(arguments: &[&str]) -> Self {
        loop {
            if let Some(served) = Self::try_start(arguments).await {
                return served;
            }
            println!("another program took a port; starting again");
        }
    }

    async fn try_start(arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new(firewarden());
        command.args(["--quiet", "serve", "--project", "demo-bench"]).args(arguments);
        let mut addresses = Vec::new();
        for service in ["database", "storage", "auth", "hub", "firestore", "ui"] {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port().await));
            command.arg("--port").arg(format!("{service}={}", address.port()));
            addresses.push(address);
        }
        command.current_dir(std::env::temp_dir()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("run `cargo build --release` first");
        for (address, path) in addresses.iter().zip(["/.json", "/v0/", "/", "/emulators", "/", "/"]) {
            loop {
                if let Ok(stream) = TcpStream::connect(address).await {
                    let mut http = Http { stream, address: *address, buffer: Vec::new() };
                    http.send("GET", path, &[], b"").await;
                    break;
                }
                if child.try_wait().unwrap().is_some() {
                    return None;
                }
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        }
        Some(Served { child, database: addresses[0], storage: addresses[1], auth: addresses[2] })
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id().unwrap())).unwrap()
    }

    fn status_kib(&self, name: &str) -> u64 {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
    }

    pub fn resident_kib(&self) -> u64 {
        self.status_kib("VmRSS:")
    }

    pub fn peak_kib(&self) -> u64 {
        self.status_kib("VmHWM:")
    }

    /// The processor time of all threads.
    pub fn cpu_nanos(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id().unwrap())).unwrap();
        let of = |task: std::fs::DirEntry| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
        };
        tasks.flatten().map(of).sum()
    }

    pub async fn rules(&self, namespace: &str, rules: &str) {
        let mut http = Http::connect(self.database).await;
        let path = format!("/.settings/rules.json?ns={namespace}");
        http.ok("PUT", &path, &[("Authorization", "Bearer owner")], rules.as_bytes()).await;
    }

    pub async fn storage_rules(&self, rules: &str) {
        let body = json!({ "rules": { "files": [{ "name": "storage.rules", "content": rules }] } }).to_string();
        let mut http = Http::connect(self.storage).await;
        http.ok("PUT", "/internal/setRules", &[("Content-Type", "application/json")], body.as_bytes()).await;
    }
}

/// firebase-tools' emulator of Storage, with our rules runtime, or of Auth.
pub struct Peer {
    _child: Child,
    _folder: tempfile::TempDir,
    pub address: SocketAddr,
}

impl Peer {
    pub async fn start(service: &str) -> Option<Self> {
        let firebase = std::env::var_os("FIREBASE")?;
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port().await);
        let config = json!({
            "storage": { "rules": "storage.rules" },
            "emulators": { service: { "port": port }, "hub": { "port": free_port().await }, "ui": { "enabled": false } },
        });
        std::fs::write(folder.path().join("firebase.json"), config.to_string()).unwrap();
        let rules = "rules_version = '2'; service firebase.storage { match /b/{b}/o/{o=**} { allow read; } }";
        std::fs::write(folder.path().join("storage.rules"), rules).unwrap();
        let mut command = Command::new(firewarden());
        command.args(["exec-firebase", "--"]).arg(firebase);
        command.args(["emulators:exec", "--only", service, "--project", "demo-bench", "sleep 60"]);
        command.current_dir(folder.path()).env("CI", "1").env("NO_UPDATE_NOTIFIER", "1");
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().ok()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        for _ in 0..900 {
            if TcpStream::connect(address).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(2)).await;
                return Some(Peer { _child: child, _folder: folder, address });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        None
    }
}

/// A connection that is kept.
pub struct Http {
    stream: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
}

impl Http {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Http { stream, address, buffer: Vec::new() }
    }

    pub async fn ok(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let (status, text) = self.send(method, path, headers, body).await;
        assert!(status < 300, "{method} {path}: {status} {}", String::from_utf8_lossy(&text));
    }

    /// Sends a request and reads its answer, which has a length.
    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Vec<u8>) {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n", self.address, body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        self.stream.write_all(head.as_bytes()).await.unwrap();
        self.stream.write_all(body).await.unwrap();
        self.buffer.clear();
        let (end, status, length) = loop {
            let mut chunk = [0; 16 << 10];
            let read = self.stream.read(&mut chunk).await.unwrap();
            assert!(read > 0, "{method} {path}: the connection ended");
            self.buffer.extend_from_slice(&chunk[..read]);
            let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&self.buffer[..at]).to_lowercase();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            break (at + 4, status, Length::of(&head));
        };
        let mut text = self.buffer[end..].to_vec();
        while !length.is_all(&text) {
            let mut chunk = vec![0; 64 << 10];
            let read = self.stream.read(&mut chunk).await.unwrap();
            assert!(read > 0, "the answer ended early");
            text.extend_from_slice(&chunk[..read]);
        }
        (status, text)
    }
}

/// How the body of an answer ends.
#[derive(Clone, Copy)]
enum Length {
    Bytes(usize),
    Chunks,
}

impl Length {
    /// From the head of the answer, in lower case.
    fn of(head: &str) -> Self {
        if head.contains("transfer-encoding: chunked") {
            return Length::Chunks;
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        Length::Bytes(length.map_or(0, |length| length.trim().parse().unwrap()))
    }

    fn is_all(self, body: &[u8]) -> bool {
        match self {
            Length::Bytes(length) => body.len() >= length,
            Length::Chunks => body.ends_with(b"0\r\n\r\n"),
        }
    }
}

/// A session of the database's protocol.
pub struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
}

impl Socket {
    pub async fn open(address: SocketAddr, namespace: &str) -> Self {
        let url = format!("ws://{address}/.ws?v=5&ns={namespace}");
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut session = Socket { socket, next: 0 };
        session.message().await;
        session
    }

    async fn message(&mut self) -> Json {
        loop {
            if let Message::Text(text) = self.socket.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Sends a request and waits for its answer.
    pub async fn ask(&mut self, action: &str, body: Json) {
        self.next += 1;
        let request = json!({ "t": "d", "d": { "r": self.next, "a": action, "b": body } });
        self.socket.send(Message::text(request.to_string())).await.unwrap();
        loop {
            let answer = self.message().await;
            if answer["d"]["r"] == json!(self.next) {
                assert_eq!(answer["d"]["b"]["s"], "ok", "{request} {answer}");
                return;
            }
        }
    }

    /// Waits for the next push.
    pub async fn push(&mut self) {
        self.message().await;
    }
}

/// A connection that sends requests as cheaply as it can be done.
struct Asker {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Asker {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Asker { stream, buffer: vec![0; 16 << 10] }
    }

    /// Sends a request and reads its answer. `known` is where the body of the last answer began and how it ended, if the next
    /// one is alike.
    async fn ask(&mut self, request: &[u8], known: Option<(usize, Length)>) -> (usize, Length) {
        self.stream.write_all(request).await.unwrap();
        let (mut filled, mut shape) = (0, known);
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await.unwrap();
            assert!(read > 0, "the connection ended");
            filled += read;
            if shape.is_none() {
                let text = String::from_utf8_lossy(&self.buffer[..filled]).to_lowercase();
                shape = text.find("\r\n\r\n").map(|end| (end + 4, Length::of(&text[..end])));
            }
            if let Some((body, length)) = shape
                && filled >= body
                && length.is_all(&self.buffer[body..filled])
            {
                assert!(
                    self.buffer.starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(&self.buffer[..filled])
                );
                return (body, length);
            }
        }
    }
}

/// The requests of a load.
#[derive(Clone)]
pub enum Requests {
    /// One that is answered alike each time.
    Same(Vec<u8>),
    /// The number is that of the request.
    Numbered(fn(SocketAddr, u64) -> Vec<u8>),
}

/// `GET` of a path.
pub fn get(address: SocketAddr, path: &str) -> Requests {
    Requests::Same(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes())
}

/// `POST` of JSON.
pub fn post(address: SocketAddr, path: &str, body: &Json) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n");
    format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// `POST` of JSON, and the answer.
pub async fn posted(address: SocketAddr, path: &str, body: &Json) -> Json {
    let headers = [("Content-Type", "application/json")];
    let (status, text) = Http::connect(address).await.send("POST", path, &headers, body.to_string().as_bytes()).await;
    let text = String::from_utf8_lossy(&text);
    assert_eq!(status, 200, "{text}");
    // Of a body in chunks, the first one has it all.
    let (from, to) = (text.find('{').unwrap(), text.rfind('}').unwrap());
    serde_json::from_str(&text[from..=to]).unwrap()
}

/// Requests a second at full load, and the 99th percentile against the median at half of it.
pub struct Load {
    pub rate: f64,
    pub tail: f64,
}

const CONNECTIONS: u32 = 16;
const SECONDS: u64 = 3;

/// The number of the next request of any load.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Sends requests over and over for some seconds, as fast as they are answered.
async fn run(address: SocketAddr, requests: &Requests, interval: Option<Duration>) -> Vec<f64> {
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let task = |number: u32| {
        let requests = requests.clone();
        async move {
            let (mut asker, mut known) = (Asker::connect(address).await, None);
            let mut times = Vec::with_capacity(1 << 17);
            let mut due = Instant::now() + interval.unwrap_or_default() * number / CONNECTIONS;
            while Instant::now() < end {
                if let Some(interval) = interval {
                    tokio::time::sleep_until(due.into()).await;
                    due += interval;
                }
                let begun = Instant::now();
                match &requests {
                    Requests::Same(request) => known = Some(asker.ask(request, known).await),
                    Requests::Numbered(make) => {
                        let request = make(address, NEXT.fetch_add(1, Ordering::Relaxed));
                        asker.ask(&request, None).await;
                    }
                }
                times.push(begun.elapsed().as_secs_f64() * 1e6);
            }
            times
        }
    };
    let tasks: Vec<_> = (0..CONNECTIONS).map(|number| tokio::spawn(task(number))).collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    times
}

/// Requests a second at full load.
pub async fn rate(address: SocketAddr, requests: &Requests, what: &str) -> f64 {
    let rate = run(address, requests, None).await.len() as f64 / SECONDS as f64;
    println!("{what}: {rate:.0} a second");
    rate
}

/// As [`rate`], and then at half of it.
pub async fn load(address: SocketAddr, requests: &Requests, what: &str) -> Load {
    let rate = rate(address, requests, what).await;
    let interval = Duration::from_secs_f64(f64::from(CONNECTIONS) * 2.0 / rate);
    let mut half = run(address, requests, Some(interval)).await;
    let (middle, tail) = (percentile(&mut half, 0.5), percentile(&mut half, 0.99));
    println!("{what}: at half load median {middle:.0} us, p99 {tail:.0} us");
    Load { rate, tail: tail / middle }
}

pub async fn upload_small(storage: SocketAddr) {
    let headers = [("Authorization", "Bearer owner"), ("Content-Type", "text/plain")];
    Http::connect(storage).await.ok("POST", "/v0/b/demo-bench/o?name=small", &headers, b"hello").await;
}

/// Sends so many bytes as one upload.
pub async fn upload(storage: SocketAddr, size: usize) {
    let mut stream = TcpStream::connect(storage).await.unwrap();
    let head = format!(
        "POST /v0/b/demo-bench/o?name=large HTTP/1.1\r\nHost: {storage}\r\nContent-Type: text/plain\r\n\
         Content-Length: {size}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    send_bytes(&mut stream, size).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

async fn send_bytes(stream: &mut TcpStream, size: usize) {
    let chunk = vec![7_u8; 256 << 10];
    let mut left = size;
    while left > 0 {
        let part = left.min(chunk.len());
        stream.write_all(&chunk[..part]).await.unwrap();
        left -= part;
    }
}

async fn read_bytes(stream: &mut TcpStream) -> usize {
    let mut chunk = vec![0_u8; 256 << 10];
    let mut total = 0;
    loop {
        match stream.read(&mut chunk).await.unwrap() {
            0 => return total,
            read => total += read,
        }
    }
}

/// Reads the upload back.
pub async fn download(storage: SocketAddr, size: usize) {
    let mut stream = TcpStream::connect(storage).await.unwrap();
    let head =
        format!("GET /v0/b/demo-bench/o/large?alt=media HTTP/1.1\r\nHost: {storage}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(read_bytes(&mut stream).await > size);
}

/// The seconds that as many bytes take from one task to another over loopback.
pub async fn copy_over_loopback(size: usize) -> f64 {
    let mut times = Vec::new();
    for _ in 0..3 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let begun = Instant::now();
        let sent = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            send_bytes(&mut stream, size).await;
        });
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(read_bytes(&mut stream).await, size);
        sent.await.unwrap();
        times.push(begun.elapsed().as_secs_f64());
    }
    median(&mut times)
}

pub fn median(times: &mut [f64]) -> f64 {
    percentile(times, 0.5)
}

pub fn percentile(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * part) as usize]
}

/// The results against their bars.
#[derive(Default)]
pub struct Report {
    rows: Vec<(String, f64, &'static str, f64)>,
}

impl Report {
    /// At most.
    pub fn bar(&mut self, what: &str, value: f64, most: f64) {
        self.rows.push((what.to_owned(), value, "<=", most));
    }

    /// At least.
    pub fn least(&mut self, what: &str, value: f64, least: f64) {
        self.rows.push((what.to_owned(), value, ">=", least));
    }

    pub fn print(&self) {
        println!("-- bars");
        for (what, value, sign, bar) in &self.rows {
            let holds = if *sign == "<=" { value <= bar } else { value >= bar };
            println!("{:>6}  {value:>10.2} {sign} {bar:<6} {what}", if holds { "ok" } else { "MISSED" });
        }
    }
}
