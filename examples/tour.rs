//! The main job in one program: check the shipped rules of Storage and of a database, decide real requests, explain the
//! answers.
//!
//! `cargo run --release --example tour`

use std::{collections::HashMap, time::SystemTime};

use firewarden::{
    Auth, Timestamp, Value,
    database::{self, Data},
    storage::{self, Object},
    text::Source,
};
use serde_json::json;

const STORAGE: &str = "examples/storage.rules";
const DATABASE: &str = "examples/database.rules.json";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = SystemTime::now().into();
    storage(now)?;
    database(now)
}

fn storage(now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
    use storage::Request;
    let rules = storage::Ruleset::parse(&Source::new(STORAGE, include_str!("storage.rules")))?;
    println!("{STORAGE}: accepted with {} warnings\n", rules.warnings().len());

    let alice = Auth::user("alice").claims(json!({ "email_verified": true }));
    let photo =
        Object::new("albums/red/2026/cat.png").size(3_000_000).content_type("image/png").metadata("owner", "alice");
    let avatar = Object::new("avatars/alice/me.exe").size(2_048).content_type("application/octet-stream");

    // What `firestore.get()` in the rules finds.
    let teams = json!({ "roles": { "alice": "editor", "bob": "viewer" } });
    let documents = HashMap::from([("teams/red".to_owned(), Value::from(teams))]);

    let requests = [
        Request::create("demo-bucket", &photo).auth(&alice),
        Request::create("demo-bucket", &avatar).auth(&alice),
        Request::delete("demo-bucket", &photo).auth(Auth::user("bob")),
        Request::get("demo-bucket", "albums/blue/2026/cat.png").auth(&alice),
    ];
    for request in requests {
        println!("{}", rules.explain(&request.at(now), &documents)?.explanation());
    }
    Ok(())
}

fn database(now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
    use database::Request;
    let rules = database::Ruleset::parse(&Source::new(DATABASE, include_str!("database.rules.json")))?;
    println!("{DATABASE}: accepted with {} warnings\n", rules.warnings().len());

    let stored = Data::from_json(&serde_json::from_str(include_str!("database.json"))?)?;
    let (alice, bob) = (Auth::user("alice"), Auth::user("bob"));
    let message = |from: &str| json!({ "from": from, "text": "hello", "sent": { ".sv": "timestamp" } });

    let requests = [
        Request::write("/rooms/r1/messages/m1", message("alice")).auth(&alice),
        Request::write("/rooms/r1/messages/m2", message("bob")).auth(&bob),
        Request::update("/users/bob", json!({ "age": 12, "nickname": "bobby" })).auth(&bob),
        Request::read("/rooms/r1"),
    ];
    for request in requests {
        println!("{}", rules.explain(&request.at(now), &stored)?.explanation());
    }
    Ok(())
}
