//! The stored data: an immutable tree whose versions share structure.

mod children;
mod hash;
mod json;
mod key;
mod node;
mod reads;

pub use json::{Rest, Wire};
pub use key::{Key, Text};
pub use node::{Branch, Node, Prioritized};
pub(super) use {children::Children, reads::Reads};

/// The names of a path. Slashes at its ends and empty names do not count.
pub(super) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// A path without slashes at its ends and without empty names: `users/alice`.
pub(super) fn canonical(path: &str) -> String {
    names(path).collect::<Vec<_>>().join("/")
}

/// The rest of a path below another one, both canonical; empty if they are equal, `None` if it is not below.
pub(super) fn below<'p>(path: &'p str, above: &str) -> Option<&'p str> {
    match path.strip_prefix(above)? {
        rest if above.is_empty() || rest.is_empty() => Some(rest),
        rest => rest.strip_prefix('/'),
    }
}

/// A canonical path in front of another one.
pub(super) fn join(above: &str, below: &str) -> String {
    match (above.is_empty(), below.is_empty()) {
        (true, _) => below.to_owned(),
        (_, true) => above.to_owned(),
        _ => format!("{above}/{below}"),
    }
}
