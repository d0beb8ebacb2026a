//! The main job in one program: check the shipped Storage rules, decide real requests, explain the answers.
//!
//! `cargo run --release --example tour`

use std::collections::HashMap;

use firewarden::{
    Auth, Error, Value,
    storage::{Object, Request, Ruleset},
    text::Source,
};
use serde_json::json;

const FILE: &str = "examples/storage.rules";

fn main() -> Result<(), Error> {
    let rules = Ruleset::parse(&Source::new(FILE, include_str!("storage.rules")))?;
    println!("{FILE}: accepted with {} warnings\n", rules.warnings().len());

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
    for request in &requests {
        println!("{}", rules.explain(request, &documents)?.explanation());
    }
    Ok(())
}
