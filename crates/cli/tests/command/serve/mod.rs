//! `firewarden serve` and `firewarden exec`, asked over HTTP.

mod exec;
mod process;

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::{Value as Json, json};

use super::runner::Folder;
use process::Served;

/// Free ports for all services.
const FREE: [&str; 12] = [
    "--port",
    "hub=0",
    "--port",
    "auth=0",
    "--port",
    "database=0",
    "--port",
    "storage=0",
    "--port",
    "firestore=0",
    "--port",
    "ui=0",
];

const OPEN_DATABASE: &str = r#"{ "rules": { ".read": true, ".write": true } }"#;

fn storage_rules(condition: &str) -> String {
    format!(
        "rules_version = '2';\nservice firebase.storage {{ match /b/{{b}}/o/{{all=**}} {{ allow read, write: if {condition}; }} }}\n"
    )
}

/// A project with open rules for database and Storage.
fn project(name: &str) -> Folder {
    let folder = Folder::new(&format!("serve-{name}"));
    folder.write(
        "firebase.json",
        r#"{ "database": { "rules": "database.rules.json" }, "storage": { "rules": "storage.rules" } }"#,
    );
    folder.write("database.rules.json", OPEN_DATABASE);
    folder.write("storage.rules", &storage_rules("true"));
    folder
}

fn json_of(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_table_names_what_answers_with_its_rules() {
    let folder = project("table");
    let served = Served::start(&folder, &["--project", "demo-table"], &FREE);
    assert!(served.title.starts_with("firewarden serves demo-table, ready in "), "{}", served.title);
    assert_eq!(served.names(), ["ui", "hub", "firestore", "database", "auth", "storage"]);
    assert_eq!(served.note("database"), "database.rules.json for demo-table-default-rtdb");
    assert_eq!(served.note("storage"), "storage.rules");
    assert_eq!(served.note("firestore"), "rules endpoints only");
    let (status, hub) = served.get("hub", "/emulators");
    assert_eq!((status, &json_of(&hub)["database"]["port"]), (200, &json!(served.port("database"))));
    assert_eq!(served.put("database", "/a.json?ns=demo-table", "1").0, 200);
    assert_eq!(served.get("database", "/.json?ns=demo-table"), (200, r#"{"a":1}"#.to_owned()));
    assert_eq!(served.post("storage", "/v0/b/demo-table/o?name=x", "content").0, 200);
    assert!(served.get("ui", "/").1.starts_with("<!doctype html>"));
    // The file by which official tools find the hub is there while the process is.
    let locator = folder.path().join("hub-demo-table.json");
    assert_eq!(json_of(&folder.read("hub-demo-table.json"))["origins"][0], format!("http://{}", served.address("hub")));
    let ended = served.end(Signal::TERM);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(!locator.exists());
}

#[test]
fn broken_rules_are_printed_and_deny_until_they_are_mended() {
    let folder = project("reload");
    let served = Served::start(&folder, &["--project", "demo-reload", "--only", "storage,database"], &FREE);
    let upload = || served.post("storage", "/v0/b/demo-reload/o?name=x", "content");
    let write = || served.put("database", "/a.json?ns=demo-reload-default-rtdb", "1").0;
    assert_eq!((upload().0, write()), (200, 200));
    folder.write("storage.rules", &storage_rules("request.auth.uid = 'ann'"));
    served.wait_for("storage.rules is refused");
    let printed = served.err();
    assert!(printed.contains("storage.rules:2:") && printed.contains("^"), "{printed}");
    let (status, answer) = upload();
    assert_eq!(status, 403);
    assert!(json_of(&answer)["error"]["message"].as_str().unwrap().contains("no loaded ruleset"), "{answer}");
    // The other file is still loaded.
    assert_eq!(write(), 200);
    folder.write("database.rules.json", r#"{ "rules": { ".write": "auth.uid ==" } }"#);
    served.wait_for("database.rules.json is refused");
    assert_eq!(write(), 401);
    folder.write("storage.rules", &storage_rules("request.resource.size > 0 || true"));
    served.wait_for("loaded storage.rules");
    assert_eq!(upload().0, 200);
    std::fs::remove_file(folder.path().join("storage.rules")).unwrap();
    served.wait_for("everything is denied until the file can be read");
    assert_eq!(upload().0, 403);
    folder.write("database.rules.json", OPEN_DATABASE);
    served.wait_for("loaded database.rules.json");
    assert_eq!(write(), 200);
}

#[test]
fn a_port_in_use_names_the_process_and_the_way_out() {
    let folder = project("ports");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ran =
        folder.run(&["serve", "--only", "database", "--port", "hub=0", "--port", &format!("database={port}")], "");
    assert_eq!(ran.status, 2, "{}", ran.all());
    let words = format!("database cannot listen on 127.0.0.1:{port}: the port is in use by ");
    assert!(ran.err.contains(&words) && ran.err.contains(&format!("(process {})", std::process::id())), "{}", ran.err);
    assert!(ran.err.contains("--port database=") && ran.err.contains("emulators.database.port"), "{}", ran.err);
    for (arguments, words) in [
        (["--port", "databse=1"], "unknown service `databse`"),
        (["--port", "database=65536"], "`65536` is no port"),
        (["--port", "database"], "expected SERVICE=PORT"),
        (["--only", "databse"], "databse"),
        (["--config", "nowhere"], "--config nowhere: there is no such folder"),
        (["--host", "localhost"], "localhost"),
    ] {
        let ran = folder.run(&[&["serve"], &FREE[..], &arguments[..]].concat(), "");
        assert_eq!(ran.status, 2, "{}", ran.all());
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn options_precede_firebase_json() {
    let folder = project("options");
    folder.write(
        "firebase.json",
        r#"{ "storage": { "rules": "storage.rules" }, "emulators": { "hub": { "port": 0 }, "ui": { "enabled": false },
            "firestore": { "enabled": false }, "auth": { "enabled": false }, "storage": { "port": 0 }, "database": { "port": 1 } } }"#,
    );
    let served = Served::start(&folder, &["--project", "demo-options"], &["--port", "database=0"]);
    assert_eq!(served.names(), ["hub", "database", "storage"]);
    assert!(served.port("database") > 1);
    assert_eq!(served.note("database"), "no rules");
    // A namespace without rules is open.
    assert_eq!(served.put("database", "/a.json?ns=demo-options", "1").0, 200);
    drop(served);
    let served = Served::start(&folder, &["--project", "demo-options", "--only", "storage"], &[]);
    assert_eq!(served.names(), ["hub", "storage"]);
}

#[test]
fn aliases_and_targets_of_firebaserc_count() {
    let folder = project("targets");
    folder.write(
        ".firebaserc",
        r#"{ "projects": { "default": "demo-one", "staging": "demo-two" },
            "targets": { "demo-two": { "storage": { "pics": ["demo-two-pics"] },
                                       "database": { "main": ["demo-two-main"] } } } }"#,
    );
    folder.write(
        "firebase.json",
        r#"{ "storage": [{ "target": "pics", "rules": "storage.rules" }],
            "database": [{ "target": "main", "rules": "database.rules.json" }] }"#,
    );
    folder.write("database.rules.json", r#"{ "rules": { ".read": true } }"#);
    let served = Served::start(&folder, &["--project", "staging", "--only", "database,storage"], &FREE);
    assert!(served.title.starts_with("firewarden serves demo-two,"), "{}", served.title);
    assert_eq!(served.note("storage"), "storage.rules for demo-two-pics");
    assert_eq!(served.note("database"), "database.rules.json for demo-two-main");
    assert_eq!(served.post("storage", "/v0/b/demo-two-pics/o?name=x", "content").0, 200);
    assert_eq!(served.post("storage", "/v0/b/demo-two/o?name=x", "content").0, 403);
    assert_eq!(served.put("database", "/a.json?ns=demo-two-main", "1").0, 401);
    assert_eq!(served.put("database", "/a.json?ns=demo-two", "1").0, 200);
    drop(served);
    folder.write("firebase.json", r#"{ "storage": { "rules": "storage.rules" } }"#);
    let served = Served::start(&folder, &["--only", "storage"], &FREE);
    assert!(served.title.starts_with("firewarden serves demo-one,"), "{}", served.title);
}

/// Data with priorities, a small object, and one that is too large for memory.
fn fill(served: &Served) {
    let data = r#"{"list":{"a":{".value":1,".priority":"x"},"b":[true,"two"]}}"#;
    assert_eq!(served.put("database", "/.json?ns=demo-kept", data).0, 200);
    assert_eq!(served.put("database", "/list/c.json?ns=demo-kept", "3.5").0, 200);
    assert_eq!(served.delete("database", "/list/b/0.json?ns=demo-kept").0, 200);
    assert_eq!(served.post("storage", "/v0/b/demo-kept/o?name=dir%2Fsmall", "content").0, 200);
    assert_eq!(served.post("storage", "/v0/b/demo-kept/o?name=gone", "content").0, 200);
    assert_eq!(served.delete("storage", "/v0/b/demo-kept/o/gone").0, 204);
    assert_eq!(served.post("storage", "/v0/b/demo-kept/o?name=large", &large()).0, 200);
}

fn large() -> String {
    "0123456789abcdef".repeat(40_000)
}

fn check(served: &Served) {
    let (status, data) = served.get("database", "/.json?ns=demo-kept&format=export");
    let expected = json!({ "list": { "a": { ".value": 1, ".priority": "x" }, "b": { "1": "two" }, "c": 3.5 } });
    assert_eq!((status, json_of(&data)), (200, expected));
    let list = json_of(&served.get("storage", "/v0/b/demo-kept/o").1);
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dir/small", "large"]);
    assert_eq!(served.get("storage", "/v0/b/demo-kept/o/dir%2Fsmall?alt=media"), (200, "content".to_owned()));
    let (status, content) = served.get("storage", "/v0/b/demo-kept/o/large?alt=media");
    assert!(status == 200 && content == large());
}

#[test]
fn what_is_exported_at_the_end_can_be_imported() {
    let folder = project("export");
    let of_project = ["--project", "demo-kept", "--only", "database,storage"];
    let served = Served::start(&folder, &[&of_project[..], &["--export-on-exit", "saved"]].concat(), &FREE);
    fill(&served);
    let ended = served.end(Signal::INT);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(ended.err.contains("accounts, data and objects are in saved"), "{}", ended.err);
    let metadata = json_of(&folder.read("saved/firebase-export-metadata.json"));
    assert_eq!(metadata["database"]["path"], "database_export");
    let served = Served::start(&folder, &[&of_project[..], &["--import", "saved"]].concat(), &FREE);
    check(&served);
    drop(served);
    let ran = folder.run(&[&["serve"], &of_project[..], &FREE, &["--import", "nowhere"]].concat(), "");
    assert_eq!(ran.status, 2, "{}", ran.all());
    assert!(ran.err.contains("--import nowhere: "), "{}", ran.err);
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let folder = project("kill");
    let options = ["--project", "demo-kept", "--only", "database,storage", "--data", "kept"];
    let served = Served::start(&folder, &options, &FREE);
    fill(&served);
    // A second process on the same folder.
    let ran = folder.run(&[&["serve"], &options[..], &FREE].concat(), "");
    assert_eq!(ran.status, 2, "{}", ran.all());
    assert!(ran.err.contains("another process uses the folder"), "{}", ran.err);
    served.end(Signal::KILL);
    let served = Served::start(&folder, &options, &FREE);
    check(&served);
    assert_eq!(served.delete("storage", "/v0/b/demo-kept/o/large").0, 204);
    fill(&served);
    // In order, then once more.
    assert_eq!(served.end(Signal::TERM).status, 0);
    let served = Served::start(&folder, &options, &FREE);
    check(&served);
    assert_eq!(served.post("storage", "/firewarden/reset", "").0, 200);
    served.end(Signal::KILL);
    let served = Served::start(&folder, &options, &FREE);
    assert_eq!(served.get("database", "/.json?ns=demo-kept").1, "null");
    assert_eq!(served.get("storage", "/v0/b/demo-kept/o/dir%2Fsmall").0, 404);
    assert_eq!(std::fs::read_dir(folder.path().join("kept/objects")).unwrap().count(), 0);
}

#[test]
fn seeds_of_a_suite_are_stored() {
    let folder = project("seeds");
    folder.write(
        "storage.rules",
        "rules_version = '2';\nservice firebase.storage { match /b/{b}/o/{name} {
            allow read: if firestore.get(/databases/(default)/documents/open/$(name)).data.yes == true; } }\n",
    );
    let suite = |size: u64| {
        format!(
            "rules: storage.rules
documents: {{ open/pic: {{ yes: true }}, open/other: {{ yes: false }} }}
objects:
  pic: {{ size: {size}, contentType: image/png, metadata: {{ k: v }}, timeCreated: '2026-01-31T12:00:00Z' }}
  other: {{ size: 1 }}
  /b/pics/o/pic: {{ size: 2 }}
tests: [{{ get: pic, expect: allow }}]
"
        )
    };
    folder.write("seeds.test.yaml", &suite(300_000));
    let options = ["--project", "demo-seeds", "--only", "database,storage", "--seeds", "seeds.test.yaml"];
    let served = Served::start(&folder, &options, &FREE);
    for bucket in ["demo-seeds", "demo-seeds.appspot.com"] {
        let (status, pic) = served.get("storage", &format!("/v0/b/{bucket}/o/pic"));
        assert_eq!(status, 200, "{pic}");
        let pic = json_of(&pic);
        assert_eq!((&pic["size"], &pic["contentType"]), (&json!("300000"), &json!("image/png")));
        assert_eq!((&pic["metadata"], &pic["timeCreated"]), (&json!({ "k": "v" }), &json!("2026-01-31T12:00:00.000Z")));
        let (status, content) = served.get("storage", &format!("/v0/b/{bucket}/o/pic?alt=media"));
        assert!(status == 200 && content == "\0".repeat(300_000));
        assert_eq!(served.get("storage", &format!("/v0/b/{bucket}/o/other")).0, 403);
    }
    assert_eq!(json_of(&served.get("storage", "/v0/b/pics/o/pic").1)["size"], "2");
    drop(served);
    folder.write("seeds.test.yaml", &suite(1 << 30));
    let ran = folder.run(&[&["serve"], &options[..], &FREE].concat(), "");
    assert_eq!(ran.status, 2, "{}", ran.all());
    let words = "--seeds seeds.test.yaml: the objects have 1073741827 bytes together, and at most 1073741824";
    assert!(ran.err.contains(words), "{}", ran.err);
    let ran = folder.run(&[&["serve"], &options[..5], &["nowhere.yaml"], &FREE].concat(), "");
    assert_eq!(ran.status, 2, "{}", ran.all());
    let suite = "rules: database.rules.json\ndata: { rooms: { a: { open: true } } }\ntests: [{ read: /rooms, expect: allow }]\n";
    folder.write("seeds.test.yaml", suite);
    let served = Served::start(&folder, &options, &FREE);
    for namespace in ["demo-seeds", "demo-seeds-default-rtdb"] {
        assert_eq!(served.get("database", &format!("/rooms/a/open.json?ns={namespace}")).1, "true");
    }
}
