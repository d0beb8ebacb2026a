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
