//! `firewarden exec`: a command with the services around it.

use rustix::process::Signal;
use serde_json::json;

use super::{
    FREE, json_of,
    process::{Process, send},
    project,
};
use crate::runner::Ran;

fn exec(folder: &super::Folder, options: &[&str], command: &[&str]) -> Ran {
    Process::start(folder, &[&["exec"], options, &FREE, &["--"], command].concat()).wait()
}

#[test]
fn the_status_is_that_of_the_command() {
    let folder = project("status");
    for (command, status) in [
        (vec!["true"], 0),
        (vec!["false"], 1),
        (vec!["sh", "-c", "exit 7"], 7),
        (vec!["sh", "-c", "kill -9 $$"], 137),
        (vec!["no-such-command"], 127),
    ] {
        let ran = exec(&folder, &["--project", "demo-status"], &command);
        assert_eq!(ran.status, status, "{command:?}: {}", ran.all());
    }
    let ran = exec(&folder, &[], &["no-such-command"]);
    assert!(ran.err.contains("cannot run no-such-command"), "{}", ran.err);
}

#[test]
fn the_command_has_the_variables_of_official_tools() {
    let folder = project("variables");
    let ran = exec(&folder, &["--project", "demo-variables"], &["env"]);
    let value = |name: &str| {
        let line = ran.out.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {name} in {}", ran.all())).to_owned()
    };
    assert_eq!(value("GCLOUD_PROJECT"), "demo-variables");
    let storage = value("FIREBASE_STORAGE_EMULATOR_HOST");
    assert_eq!(value("STORAGE_EMULATOR_HOST"), format!("http://{storage}"));
    assert_eq!(value("FIRESTORE_EMULATOR_HOST"), value("FIREBASE_FIRESTORE_EMULATOR_ADDRESS"));
    let auth = value("FIREBASE_AUTH_EMULATOR_HOST");
    let hosts = ["FIREBASE_EMULATOR_HUB", "FIREBASE_DATABASE_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"].map(value);
    for host in hosts.iter().chain([&auth]).chain([&storage]) {
        let address: std::net::SocketAddr = host.parse().unwrap();
        assert!(address.ip().is_loopback() && address.port() != 0, "{host}");
    }
    let config = json_of(&value("FIREBASE_CONFIG"));
    let expected = json!({ "storageBucket": "demo-variables.appspot.com",
        "databaseURL": "https://demo-variables.firebaseio.com", "projectId": "demo-variables" });
    assert_eq!(config, expected);
    let only = exec(&folder, &["--project", "demo-variables", "--only", "database"], &["env"]);
    assert!(only.out.contains("FIREBASE_DATABASE_EMULATOR_HOST=") && !only.out.contains("STORAGE_EMULATOR_HOST="));
}

#[test]
fn a_single_word_with_spaces_runs_in_a_shell() {
    let folder = project("shell");
    let ran = exec(&folder, &["--project", "demo-shell"], &["echo $GCLOUD_PROJECT | tr a-z A-Z && exit 3"]);
    assert_eq!((ran.status, ran.out.lines().last()), (3, Some("DEMO-SHELL")), "{}", ran.all());
    // Several words are not a line for a shell.
    let ran = exec(&folder, &["--project", "demo-shell"], &["echo", "$GCLOUD_PROJECT && exit 3"]);
    assert_eq!((ran.status, ran.out.lines().last()), (0, Some("$GCLOUD_PROJECT && exit 3")), "{}", ran.all());
}

#[test]
fn signals_go_to_the_command_whose_end_is_awaited() {
    let folder = project("signals");
    let script = "trap 'echo ends; exit 5' TERM; echo ready; while :; do sleep 0.02; done";
    let arguments = [&["exec", "--project", "demo-signals"], &FREE[..], &["--", "sh", "-c", script]].concat();
    let process = Process::start(&folder, &arguments);
    while process.line() != "ready" {}
    process.signal(Signal::TERM);
    let ran = process.wait();
    assert_eq!((ran.status, ran.out.as_str()), (5, "ends"), "{}", ran.all());
}

#[test]
fn coverage_is_written_in_each_format_and_data_at_the_end() {
    let folder = project("coverage");
    let options = [
        "--project",
        "demo-coverage",
        "--coverage",
        "text",
        "--coverage",
        "html=c.html",
        "--coverage",
        "lcov=c.info",
        "--coverage",
        "json=c.json",
        "--export-on-exit",
        "saved",
    ];
    // The command waits until this test has made a request.
    let script = "echo $FIREBASE_STORAGE_EMULATOR_HOST; while [ ! -e asked ]; do sleep 0.02; done; exit 4";
    let process = Process::start(&folder, &[&["exec"], &options[..], &FREE, &["--", "sh", "-c", script]].concat());
    let storage = process.line().parse().unwrap();
    assert_eq!(send(storage, "POST", "/v0/b/demo-coverage/o?name=x", "content").0, 200);
    folder.write("asked", "");
    let ran = process.wait();
    assert_eq!(ran.status, 4, "{}", ran.all());
    assert!(ran.out.contains("not covered in database.rules.json:"), "{}", ran.out);
    assert!(folder.read("c.html").starts_with("<!doctype html>"));
    let lcov = folder.read("c.info");
    // The request has reached the only line of these rules, and none of the others.
    let of = |file: &str| lcov.split("end_of_record").find(|record| record.contains(&format!("SF:{file}\n"))).unwrap();
    assert!(of("storage.rules").contains("DA:2,1\n") && of("database.rules.json").contains("DA:1,0\n"), "{lcov}");
    let json = json_of(&folder.read("c.json"));
    assert!(json.to_string().contains("storage.rules"), "{json}");
    assert!(folder.path().join("saved/firebase-export-metadata.json").exists());
    let ran = exec(&folder, &["--coverage", "official=o.json"], &["true"]);
    assert_eq!(ran.status, 2, "{}", ran.all());
    assert!(ran.err.contains("--coverage official is for `firewarden test`"), "{}", ran.err);
}
