//! What a suite states and no test uses: a misspelt name of a seed would make tests pass without it.

use rustc_hash::FxHashSet;

use crate::service::split_full;

use super::{
    Rules,
    load::Shared,
    node::{Key, Kind, Node, Reader},
    paths, seeds,
};

/// What the tests of a suite ask for.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// The users who ask.
    pub(super) users: FxHashSet<String>,
    /// Objects and documents, by their keys.
    pub(super) places: FxHashSet<String>,
    /// Folders and collections that are listed, by their names.
    pub(super) folders: FxHashSet<String>,
}

/// Warns of users, objects and documents that stand in the suite itself; what it includes is for others, too.
pub(super) fn warn(reader: &mut Reader, suite: &Node, shared: &Shared) {
    let used = shared.used.borrow();
    for (key, _) in suite.get("users").map(Node::entries).unwrap_or_default() {
        if key.text != "guest" && !used.users.contains(&key.text) {
            let hint = "leave the user out, or name it in `as` or `expect`";
            reader.warn("unused-user", key.span, format!("no test is for the user {}", key.text), hint);
        }
    }
    for (kind, of_storage) in [("objects", true), ("documents", false)] {
        let stated = suite.get(kind).map(Node::entries).unwrap_or_default();
        for (key, _) in stated.iter().filter(|(_, value)| !matches!(value.kind, Kind::Null)) {
            let (place, name) = if of_storage { object(key, shared) } else { document(key, shared) };
            if used.places.contains(&place) || used.is_listed(name) || !of_storage && is_looked_up(name, &shared.rules)
            {
                continue;
            }
            let message = format!("no test asks for {name}, and no rule can read it");
            reader.warn("unused-seed", key.span, message, "is its name right? leave it out where no test needs it");
        }
    }
}

impl Used {
    /// Whether a list is about the folder or the collection that holds it.
    fn is_listed(&self, name: &str) -> bool {
        self.folders.iter().any(|folder| folder.is_empty() || format!("/{name}").contains(&format!("/{folder}/")))
    }
}

fn object<'k>(key: &'k Key, shared: &Shared) -> (String, &'k str) {
    let (bucket, name) = paths::in_bucket(&key.text).unwrap_or((&shared.bucket, &key.text));
    let name = name.strip_prefix('/').unwrap_or(name);
    (seeds::key(bucket, name), name)
}

fn document<'k>(key: &'k Key, shared: &Shared) -> (String, &'k str) {
    let name = key.text.strip_prefix('/').unwrap_or(&key.text);
    let (database, name) = split_full(name).unwrap_or((&shared.database, name));
    (seeds::key(database, name), name)
}

/// Whether `get()`, `exists()` and the like could read it: the rules call one of them, and name its collection or none.
fn is_looked_up(name: &str, rules: &Rules) -> bool {
    let text = rules.source().text();
    let calls = ["get(", "exists(", "getAfter(", "existsAfter("].iter().any(|call| text.contains(call));
    let any = text.contains("documents/$(") || text.contains("path(");
    calls && (any || name.rsplit('/').nth(1).is_some_and(|collection| text.contains(collection)))
}
