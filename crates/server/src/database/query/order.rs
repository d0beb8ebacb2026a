//! The orders of children.

use firewarden::database::Scalar;

use crate::database::tree::{Key, Node, Text, names};

/// The order of the children that a query selects from; children that are equal in it follow by key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// By key.
    Key,
    /// By value.
    Value,
    /// By priority.
    Priority,
    /// By the value at a path below each child.
    Child(Box<str>),
}

/// What a value sorts by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::database) enum SortValue {
    Nothing,
    Bool(bool),
    Number(Finite),
    Text(Text),
    /// Values with children are all alike.
    Branch,
}

/// A finite number; the two zeros are one.
#[derive(Clone, Copy, Debug)]
pub(in crate::database) struct Finite(f64);

/// A key, or an end of all keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::database) enum Edge {
    Least,
    Key(Key),
    Greatest,
}

/// A child as an order sees it, or a bound between children. In the order of keys all values are nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::database) struct Entry {
    pub(in crate::database) value: SortValue,
    pub(in crate::database) key: Edge,
}

impl Finite {
    fn new(n: f64) -> Self {
        // Adding zero makes -0 into 0.
        Finite(n + 0.0)
    }
}

impl PartialEq for Finite {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Finite {}

impl PartialOrd for Finite {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Finite {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl SortValue {
    pub(super) fn of_scalar(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Bool(b) => SortValue::Bool(*b),
            Scalar::Number(n) => SortValue::Number(Finite::new(*n)),
            Scalar::String(text) => SortValue::Text(Text::new(text)),
        }
    }

    fn of(node: &Node) -> Self {
        match node {
            Node::Nothing => SortValue::Nothing,
            Node::Bool(b) => SortValue::Bool(*b),
            Node::Number(n) => SortValue::Number(Finite::new(*n)),
            Node::Text(text) => SortValue::Text(Text::from(text.clone())),
            Node::Prioritized(value) => SortValue::of(value.leaf()),
            Node::Branch(_) => SortValue::Branch,
        }
    }
}

impl Entry {
    pub(super) fn new(value: SortValue, key: Edge) -> Self {
        Entry { value, key }
    }

    /// The key of a child.
    pub(in crate::database) fn key(&self) -> Option<&Key> {
        match &self.key {
            Edge::Key(key) => Some(key),
            _ => None,
        }
    }
}

impl Order {
    /// A child as this order sees it.
    pub(in crate::database) fn entry(&self, key: &Key, child: &Node) -> Entry {
        let value = match self {
            Order::Key => SortValue::Nothing,
            Order::Value => SortValue::of(child),
            Order::Priority => child.priority().map_or(SortValue::Nothing, SortValue::of_scalar),
            Order::Child(path) => child.find(names(path)).map_or(SortValue::Nothing, SortValue::of),
        };
        Entry::new(value, Edge::Key(key.clone()))
    }
}
