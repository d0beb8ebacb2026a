//! Which rules a Firebase project folder has: `firebase.json`.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::input::{self, Unreadable};

/// The rules files that `firebase.json` in a folder names.
pub(super) fn read(folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let path = folder.join("firebase.json");
    if !path.exists() {
        return Err(Unreadable("no file given and no firebase.json in this folder".to_owned()));
    }
    let json = input::parse("firebase.json", &input::text(&path)?)?;
    let named = |kind: &str| rules(json.get(kind)).map(|file| folder.join(file)).collect::<Vec<_>>();
    let files = [named("storage"), named("firestore"), named("database")].concat();
    if files.is_empty() {
        return Err(Unreadable("firebase.json names no rules of storage, firestore or database".to_owned()));
    }
    Ok(files)
}

/// One product's rules: an object, or a list of them for several buckets or databases.
fn rules(product: Option<&Json>) -> impl Iterator<Item = &str> {
    let entries = match product {
        Some(Json::Array(entries)) => entries.as_slice(),
        Some(entry) => std::slice::from_ref(entry),
        None => &[],
    };
    entries.iter().filter_map(|entry| entry.get("rules").and_then(Json::as_str))
}
