//! What the stand-ins for the emulators cost, measured on the built command from outside, against peers where one is at hand.
//!
//! `cargo build --release && cargo bench -p firewarden-server --bench servers` takes about two minutes; `-- start reads`
//! runs only those sections, out of `start`, `sdk`, `reads`, `auth`, `listeners`, `tree` and `transfer`; `-- --test` measures
//! nothing. `FIREWARDEN` names another command.
//!
//! - `start`: from the start of the process to an answer on every port, and what it then holds of memory.
//! - `sdk`: writes through the unmodified JavaScript SDK, allowed and denied: the server's processor time for each. Needs
//!   the packages that `tests/clients/run.sh` installs.
//! - `reads`: requests a second to the REST API of the database and to the metadata of an object, and the 99th
//!   percentile against the median at half of that load. With `FIREBASE` naming the command of firebase-tools, its Storage
//!   emulator answers the same reads in the same run.
//! - `auth`: sign-ups, look-ups and refreshes of tokens a second; with `FIREBASE` also of its Auth emulator.
//! - `listeners`: a write with 1,000 listeners on its parent against one, of one connection and of 1,000 connections.
//! - `tree`: writes to a tree of 1,000,000 leaves against one of 1,000, and the memory of a leaf.
//! - `transfer`: 100 MiB up and down against a plain copy over loopback, and the growth of memory.
//!
//! The client shares the machine with the server, so that rates are those of both. A missed bar is no failure: the clock of
//! a shared machine proves nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a bench"
)]

mod support;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::json;
use support::{Http, Report, Requests, Served, Socket, median};

const SECTIONS: [&str; 7] = ["start", "sdk", "reads", "auth", "listeners", "tree", "transfer"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if has("--list") || has("--test") {
        return;
    }
    let all = !SECTIONS.iter().any(|name| has(name));
    let mut report = Report::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        for name in SECTIONS.into_iter().filter(|name| all || has(name)) {
            println!("-- {name}");
            match name {
                "start" => start(&mut report).await,
                "sdk" => sdk(&mut report).await,
                "reads" => reads(&mut report).await,
                "auth" => auth(&mut report).await,
                "listeners" => listeners(&mut report).await,
                "tree" => tree(&mut report).await,
                _ => transfer(&mut report).await,
            }
        }
    });
    report.print();
}

async fn start(report: &mut Report) {
    let mut times = Vec::new();
    let mut resident = 0;
    for _ in 0..15 {
        let begun = Instant::now();
        let served = Served::start(&[]).await;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(200)).await;
        resident = served.resident_kib();
    }
    report.bar("process start to all ports answering, ms", median(&mut times), 50.0);
    report.bar("resident at rest, MB", resident as f64 / 1024.0, 25.0);
}

async fn sdk(report: &mut Report) {
    let clients = support::root().join("target/clients");
    if !clients.join("node_modules/firebase").exists() {
        println!("not measured: tests/clients/run.sh installs the packages");
        return;
    }
    let served = Served::start(&[]).await;
    served.rules("demo-bench", SDK_RULES).await;
    for (what, path) in [("allowed", "users/alice"), ("denied", "users/bob")] {
        let script = SDK_SCRIPT.replace("PATH", path).replace("PORT", &served.database.port().to_string());
        let file = clients.join("bench.mjs");
        std::fs::write(&file, script).unwrap();
        let before = served.cpu_nanos();
        let run = tokio::process::Command::new("node").arg(&file).current_dir(&clients).output().await.unwrap();
        let each = (served.cpu_nanos() - before) as f64 / 1e3 / 1e3;
        let text = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{text}{}", String::from_utf8_lossy(&run.stderr));
        println!("{what}: {} wall ms for 1,000", text.trim());
        report.bar(&format!("processor time of one {what} write, us"), each, 60.0);
        let _ = std::fs::remove_file(file);
    }
}

const SDK_RULES: &str = r#"{ "rules": { "users": { "$uid": {
    ".read": "auth.uid === $uid", ".write": "auth.uid === $uid",
    "$key": { ".validate": "newData.hasChildren(['n', 'text']) && newData.child('text').isString()" }
} } } }"#;

const SDK_SCRIPT: &str = r"
import { initializeTestEnvironment } from '@firebase/rules-unit-testing';
import { ref, set } from 'firebase/database';
const environment = await initializeTestEnvironment({ projectId: 'demo-bench', database: { host: '127.0.0.1', port: PORT } });
const database = environment.authenticatedContext('alice').database();
await set(ref(database, 'PATH/w'), { n: 0, text: 'x' }).catch(() => {});
const begun = performance.now();
for (let n = 0; n < 1000; n++) await set(ref(database, `PATH/k${n}`), { n, text: 'hello' }).catch(() => {});
console.log(Math.round(performance.now() - begun));
await environment.cleanup();
";

async fn reads(report: &mut Report) {
    let served = Served::start(&[]).await;
    served.rules("demo-bench", r#"{ "rules": { ".read": true, ".write": true } }"#).await;
    let mut http = Http::connect(served.database).await;
    http.ok("PUT", "/a.json?ns=demo-bench", &[], br#"{"b":{"c":1,"text":"hello"}}"#).await;
    served
        .storage_rules("rules_version = '2'; service firebase.storage { match /b/{b}/o/{o=**} { allow read; } }")
        .await;
    support::upload_small(served.storage).await;
    let read = support::get(served.database, "/a/b.json?ns=demo-bench");
    let database = support::load(served.database, &read, "database REST read").await;
    let read = support::get(served.storage, "/v0/b/demo-bench/o/small");
    let ours = support::load(served.storage, &read, "metadata read").await;
    report.bar("p99 / median at half load, database REST", database.tail, 3.0);
    report.bar("p99 / median at half load, metadata", ours.tail, 3.0);
    let Some(peer) = support::Peer::start("storage").await else {
        println!("{NO_PEER}");
        return;
    };
    support::upload_small(peer.address).await;
    let read = support::get(peer.address, "/v0/b/demo-bench/o/small");
    let theirs = support::rate(peer.address, &read, "metadata read, firebase-tools").await;
    report.least("metadata reads a second / firebase-tools'", ours.rate / theirs, 20.0);
    report.least("database REST reads a second / firebase-tools' metadata reads", database.rate / theirs, 20.0);
}

const NO_PEER: &str = "no peer: FIREBASE names no firebase-tools";

async fn auth(report: &mut Report) {
    let served = Served::start(&[]).await;
    let ours = auth_rates(served.auth, "").await;
    let Some(peer) = support::Peer::start("auth").await else {
        println!("{NO_PEER}");
        return;
    };
    let theirs = auth_rates(peer.address, ", firebase-tools").await;
    for ((what, ours), (_, theirs)) in ours.into_iter().zip(theirs) {
        report.least(&format!("{what} a second / firebase-tools'"), ours / theirs, 20.0);
    }
}

/// Requests a second of an Auth emulator.
async fn auth_rates(address: SocketAddr, whose: &str) -> [(&'static str, f64); 3] {
    const SIGN_UP: &str = "/identitytoolkit.googleapis.com/v1/accounts:signUp?key=k";
    const LOOKUP: &str = "/identitytoolkit.googleapis.com/v1/accounts:lookup?key=k";
    const REFRESH: &str = "/securetoken.googleapis.com/v1/token?key=k";
    let user = json!({ "email": "ann@example.com", "password": "password", "returnSecureToken": true });
    let signed_up = support::posted(address, SIGN_UP, &user).await;
    let sign_up = Requests::Numbered(|address, number| {
        let email = format!("user{number}@example.com");
        support::post(address, SIGN_UP, &json!({ "email": email, "password": "password", "returnSecureToken": true }))
    });
    // The look-up of an account that nobody changes is answered alike each time.
    let lookup = support::post(address, LOOKUP, &json!({ "idToken": signed_up["idToken"] }));
    let body = json!({ "grantType": "refresh_token", "refreshToken": signed_up["refreshToken"] });
    let refresh = support::post(address, REFRESH, &body);
    let rate = async |what, requests| (what, support::rate(address, &requests, &format!("{what}{whose}")).await);
    [
        rate("look-ups", Requests::Same(lookup)).await,
        rate("sign-ups", sign_up).await,
        rate("refreshes", Requests::Same(refresh)).await,
    ]
}

async fn listeners(report: &mut Report) {
    let served = Served::start(&[]).await;
    served.rules("demo-bench", r#"{ "rules": { ".read": true, ".write": true } }"#).await;
    let mut writer = Socket::open(served.database, "demo-bench").await;
    let mut one = Vec::new();
    for connections in [1_usize, 1_000] {
        let mut sockets = Vec::new();
        for _ in 0..connections {
            let mut socket = Socket::open(served.database, "demo-bench").await;
            socket.ask("q", serde_json::json!({ "p": format!("/room{connections}"), "h": "" })).await;
            sockets.push(socket);
        }
        let path = format!("/room{connections}/x");
        let (mut times, mut cpu) = (Vec::new(), Vec::new());
        for round in 0..40 {
            let before = served.cpu_nanos();
            let begun = Instant::now();
            writer.ask("p", serde_json::json!({ "p": path, "d": round })).await;
            for socket in &mut sockets {
                socket.push().await;
            }
            times.push(begun.elapsed().as_secs_f64() * 1e6);
            cpu.push((served.cpu_nanos() - before) as f64 / 1e3);
        }
        let (wall, cpu) = (median(&mut times), median(&mut cpu));
        println!("{connections} connections: {wall:.0} us wall, {cpu:.0} us processor time of the server");
        one.push((wall, cpu));
    }
    report.bar("a write with 1,000 listening connections / with one, wall", one[1].0 / one[0].0, 20.0);
    report.bar("the same, processor time of the server", one[1].1 / one[0].1, 20.0);
    let mut listening = Socket::open(served.database, "demo-bench").await;
    let mut same: Vec<f64> = Vec::new();
    for listens in [1_usize, 1_000] {
        // One connection has at most one listen of a place and query.
        for tag in same.len()..listens {
            let query = serde_json::json!({ "l": 1000 + tag, "vf": "l", "i": ".key" });
            listening.ask("q", serde_json::json!({ "p": "/hall", "h": "", "q": query, "t": tag + 1 })).await;
        }
        let mut times = Vec::new();
        for round in 0..40 {
            let begun = Instant::now();
            writer.ask("p", serde_json::json!({ "p": "/hall/x", "d": round })).await;
            times.push(begun.elapsed().as_secs_f64() * 1e6);
            for _ in 0..listens {
                listening.push().await;
            }
        }
        same.push(median(&mut times));
        println!("{listens} queries of one connection: {:.0} us to the answer of the writer", same[same.len() - 1]);
    }
    report.bar("a write with 1,000 listening queries of one connection / with one", same[1] / same[0], 20.0);
}

async fn tree(report: &mut Report) {
    let served = Served::start(&[]).await;
    served.rules("demo-bench", r#"{ "rules": { ".read": true, ".write": true } }"#).await;
    let mut http = Http::connect(served.database).await;
    let empty = served.resident_kib();
    let mut times = Vec::new();
    for (name, groups) in [("small", 1), ("large", 1_000)] {
        for group in 0..groups {
            let leaves: serde_json::Map<_, _> = (0..1_000).map(|n| (format!("key{n:06}"), n.into())).collect();
            let body = serde_json::Value::Object(leaves).to_string();
            let path = format!("/{name}/group{group:04}.json?ns=demo-bench&print=silent");
            http.ok("PUT", &path, &[("Authorization", "Bearer owner")], body.as_bytes()).await;
        }
        let mut socket = Socket::open(served.database, "demo-bench").await;
        let mut batch = Vec::new();
        for round in 0..4_000 {
            let path = format!("/{name}/group{:04}/key{:06}", round % groups, round * 7 % 1_000);
            let begun = Instant::now();
            socket.ask("p", serde_json::json!({ "p": path, "d": round })).await;
            batch.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        times.push(median(&mut batch));
        println!("{} leaves: {:.1} us a write over the socket", groups * 1_000, times[times.len() - 1]);
    }
    let bytes = (served.resident_kib() - empty) as f64 * 1024.0 / 1_001_000.0;
    report.bar("a write to 1,000,000 leaves / to 1,000", times[1] / times[0], 1.5);
    report.bar("bytes of memory a leaf", bytes, 150.0);
}

async fn transfer(report: &mut Report) {
    const SIZE: usize = 100 << 20;
    let served = Served::start(&[]).await;
    served
        .storage_rules("rules_version = '2'; service firebase.storage { match /b/{b}/o/{o=**} { allow read, write; } }")
        .await;
    let plain = support::copy_over_loopback(SIZE).await;
    let before = served.resident_kib();
    let (mut up, mut down, mut peak) = (Vec::new(), Vec::new(), 0);
    for _ in 0..3 {
        let begun = Instant::now();
        support::upload(served.storage, SIZE).await;
        up.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        support::download(served.storage, SIZE).await;
        down.push(begun.elapsed().as_secs_f64());
        peak = peak.max(served.peak_kib());
    }
    println!("plain copy {:.2} s, upload {:.2} s, download {:.2} s", plain, median(&mut up), median(&mut down));
    report.least("speed of an upload / of a plain copy", plain / median(&mut up), 0.5);
    report.least("speed of a download / of a plain copy", plain / median(&mut down), 0.5);
    report.bar("growth of memory, MiB", (peak.saturating_sub(before)) as f64 / 1024.0, 20.0);
}
