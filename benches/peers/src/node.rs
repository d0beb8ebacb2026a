//! targaryen, in Node: `node/targaryen.mjs` measures itself.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Map, Value, json};

use crate::{
    WORKLOADS,
    cel_rust::auth,
    fixtures::{database, measure::Clock},
    ours,
    table::Table,
};

pub fn add(table: &mut Table, clock: Clock) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    if !folder.join("node_modules/targaryen").exists() {
        println!("targaryen is left out: run `npm install` in benches/peers/node\n");
        return;
    }
    let users: Map<String, Value> = (0..500).map(|user| (format!("u{user:04}"), database::record(user, 3))).collect();
    let rules: Value = serde_json::from_str(&database::w5_rules()).unwrap();
    let input = json!({
        "auth": auth(), "upload": ours::upload(), "record": database::record(250, 4), "older": database::record(250, 2),
        "tree": { "users": users }, "w5Rules": rules, "quick": clock.quick,
    });
    let mut node = Command::new("node");
    node.arg("targaryen.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = node.spawn().unwrap();
    running.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "targaryen.mjs failed");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| told[name].as_str().unwrap_or("?").to_owned();
    let row = table.add(format!("targaryen {} ({})", text("version"), text("node")));
    for (column, workload) in WORKLOADS.iter().enumerate() {
        if let Some(nanoseconds) = told["figures"][workload].as_f64() {
            table.set(row, column, nanoseconds);
        }
    }
}
