//! Which rules a Firebase project folder has: `firebase.json`.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::input::{self, Unreadable};

/// Rules files that `firebase.json` names.
#[derive(Debug, Default)]
pub(super) struct Project {
    /// Storage and Firestore rules.
    pub(super) files: Vec<PathBuf>,
    /// Rules of another kind, which are left alone.
    pub(super) others: Vec<PathBuf>,
}

/// Reads `firebase.json` in a folder.
pub(super) fn read(folder: &Path) -> Result<Project, Unreadable> {
    let path = folder.join("firebase.json");
    if !path.exists() {
        return Err(Unreadable("no file given and no firebase.json in this folder".to_owned()));
    }
    let json = input::parse("firebase.json", &input::text(&path)?)?;
    let mut project = Project::default();
    let named = |kind: &str| rules(json.get(kind)).map(|file| folder.join(file)).collect::<Vec<_>>();
    project.files = [named("storage"), named("firestore")].concat();
    project.others = named("database");
    if project.files.is_empty() && project.others.is_empty() {
        return Err(Unreadable("firebase.json names no rules (storage.rules, firestore.rules)".to_owned()));
    }
    Ok(project)
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
