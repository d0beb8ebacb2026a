//! The stored data: an immutable tree whose versions share structure.

mod node;

pub use node::Node;
