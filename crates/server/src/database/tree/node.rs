//! A value of the database with everything below it.

use std::{
    ops::{Bound, ControlFlow},
    sync::{Arc, OnceLock},
};

use firewarden::{
    BoxError,
    database::{Data, Scalar, Stored, Tree},
};
use smol_str::SmolStr;

use super::{Children, Key, children::Iter, names};

/// The values of a node that it takes long to write out.
const LARGE: usize = 10_000;

/// A string of so many bytes counts as one more value.
const LONG: usize = 64;

/// A value of the database with everything below it. Immutable: a clone costs nothing, a change copies the nodes on the way
/// to it and shares all others.
#[derive(Clone, Debug, Default)]
pub enum Node {
    /// Nothing.
    #[default]
    Nothing,
    /// A boolean.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A string; up to 23 bytes are kept in place.
    Text(SmolStr),
    /// A boolean, number or string with a priority.
    Prioritized(Arc<Prioritized>),
    /// A value with children.
    Branch(Arc<Branch>),
}

/// A boolean, number or string with a priority.
#[derive(Debug)]
pub struct Prioritized {
    pub(super) leaf: Node,
    pub(super) priority: Scalar,
}

impl Prioritized {
    /// The value without its priority.
    pub fn leaf(&self) -> &Node {
        &self.leaf
    }
}

/// A value with at least one child.
#[derive(Debug)]
pub struct Branch {
    pub(super) children: Children,
    pub(super) priority: Option<Box<Scalar>>,
    pub(super) hash: OnceLock<[u8; 20]>,
}

/// A value that has no children, without its priority.
#[derive(Clone, Copy, Debug)]
pub enum Leaf<'n> {
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(&'n str),
}

impl Node {
    /// A value with children and a priority; nothing if no child remains.
    pub(in super::super) fn branch(children: Children, priority: Option<Scalar>) -> Node {
        match children.len() {
            0 => Node::Nothing,
            _ => Node::Branch(Arc::new(Branch { children, priority: priority.map(Box::new), hash: OnceLock::new() })),
        }
    }

    /// Whether there is nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Node::Nothing)
    }

    /// Whether it takes long to write it out.
    pub fn is_large(&self) -> bool {
        self.has_more_than(LARGE)
    }

    /// Whether it has more than so many values, itself and those below it. Long strings count as several.
    pub fn has_more_than(&self, count: usize) -> bool {
        fn fits(node: &Node, left: &mut usize) -> bool {
            let text = if let Some(Leaf::Text(text)) = node.leaf() { text.len() / LONG } else { 0 };
            match left.checked_sub(1 + text) {
                Some(less) => {
                    *left = less;
                    node.children().all(|(_, child)| fits(child, left))
                }
                None => false,
            }
        }
        !fits(self, &mut { count })
    }

    /// The boolean, number or string; `None` for nothing and for a value with children.
    pub fn leaf(&self) -> Option<Leaf<'_>> {
        match self {
            Node::Bool(b) => Some(Leaf::Bool(*b)),
            Node::Number(n) => Some(Leaf::Number(*n)),
            Node::Text(text) => Some(Leaf::Text(text)),
            Node::Prioritized(value) => value.leaf.leaf(),
            Node::Nothing | Node::Branch(_) => None,
        }
    }

    /// The priority.
    pub fn priority(&self) -> Option<&Scalar> {
        match self {
            Node::Prioritized(value) => Some(&value.priority),
            Node::Branch(branch) => branch.priority.as_deref(),
            _ => None,
        }
    }

    fn children_of(&self) -> Option<&Children> {
        match self {
            Node::Branch(branch) => Some(&branch.children),
            _ => None,
        }
    }

    /// The number of children.
    pub fn child_count(&self) -> usize {
        self.children_of().map_or(0, Children::len)
    }

    /// The child with a key.
    pub fn child(&self, key: &str) -> Option<&Node> {
        self.children_of()?.get(key)
    }

    /// The children in the order of their keys.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = (&Key, &Node)> {
        self.children_of().into_iter().flat_map(Children::iter)
    }

    /// The children with keys between two bounds, of which the first is not behind the second.
    pub(in super::super) fn children_between(&self, range: (Bound<&Key>, Bound<&Key>)) -> Option<Iter<'_>> {
        self.children_of().map(|children| children.range(range))
    }

    /// The value at a path below: names separated by slashes.
    #[must_use]
    pub fn at(&self, path: &str) -> Node {
        self.find(names(path)).cloned().unwrap_or_default()
    }

    /// The value at a path below.
    pub(in super::super) fn find<'p>(&self, path: impl IntoIterator<Item = &'p str>) -> Option<&Node> {
        path.into_iter().try_fold(self, |node, name| node.child(name))
    }

    /// The value with another one at a path below. Locations on the way are created and replace a leaf there; nothing
    /// removes the location and those above that it leaves empty.
    #[must_use]
    pub(in super::super) fn with<S: AsRef<str>>(&self, path: &[S], value: Node) -> Node {
        let Some((name, rest)) = path.split_first() else { return value };
        let name = name.as_ref();
        let (mut children, priority) = match self {
            Node::Branch(branch) => (branch.children.clone(), branch.priority.as_deref().cloned()),
            // A leaf has nothing below it to remove.
            _ if value.is_nothing() => return self.clone(),
            // The priority stays where children take the place of a leaf, as in the official client.
            leaf => (Children::collect([]), leaf.priority().cloned()),
        };
        let child = match children.get(name) {
            Some(child) => child.with(rest, value),
            None => Node::Nothing.with(rest, value),
        };
        children.set(name, child);
        Node::branch(children, priority)
    }

    /// The value with another priority, or without one. Nothing has none.
    #[must_use]
    pub(in super::super) fn with_priority(&self, priority: Option<Scalar>) -> Node {
        match (self, priority) {
            (Node::Nothing, _) => Node::Nothing,
            (Node::Branch(branch), priority) => Node::branch(branch.children.clone(), priority),
            (Node::Prioritized(value), None) => value.leaf.clone(),
            (Node::Prioritized(value), Some(priority)) => {
                Node::Prioritized(Arc::new(Prioritized { leaf: value.leaf.clone(), priority }))
            }
            (leaf, None) => leaf.clone(),
            (leaf, Some(priority)) => Node::Prioritized(Arc::new(Prioritized { leaf: leaf.clone(), priority })),
        }
    }

    /// What a decision can read at this location without what is below it.
    fn stored(&self) -> Stored<'static> {
        let scalar = |leaf| match leaf {
            Leaf::Bool(b) => Scalar::Bool(b),
            Leaf::Number(n) => Scalar::Number(n),
            Leaf::Text(text) => Scalar::from(text),
        };
        match (self.leaf(), self.priority().cloned()) {
            (Some(leaf), priority) => Stored::Leaf(scalar(leaf), priority),
            (None, _) if self.is_nothing() => Stored::Nothing,
            (None, priority) => Stored::Children(priority),
        }
    }

    /// Whether a decision reads the same at a path of both, without what is below it.
    pub(in super::super) fn reads_like(&self, other: &Node, path: &str) -> bool {
        let at = |root: &Node| root.find(names(path)).map_or(Stored::Nothing, Node::stored);
        at(self) == at(other)
    }

    /// Whether both are one node in memory, and so equal.
    fn is_shared_with(&self, other: &Node) -> bool {
        match (self, other) {
            (Node::Branch(a), Node::Branch(b)) => Arc::ptr_eq(a, b),
            (Node::Prioritized(a), Node::Prioritized(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// Equal values with equal priorities, at every level.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            _ if self.is_shared_with(other) => true,
            (Node::Nothing, Node::Nothing) => true,
            (Node::Bool(a), Node::Bool(b)) => a == b,
            (Node::Number(a), Node::Number(b)) => a == b,
            (Node::Text(a), Node::Text(b)) => a == b,
            (Node::Prioritized(a), Node::Prioritized(b)) => a.leaf == b.leaf && a.priority == b.priority,
            (Node::Branch(a), Node::Branch(b)) => {
                a.children.len() == b.children.len()
                    && a.priority == b.priority
                    && a.children.iter().eq(b.children.iter())
            }
            _ => false,
        }
    }
}

impl From<&Scalar> for Node {
    fn from(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Bool(b) => Node::Bool(*b),
            Scalar::Number(n) => Node::Number(*n),
            Scalar::String(text) => Node::Text(SmolStr::new(text)),
        }
    }
}

impl From<&Data> for Node {
    fn from(data: &Data) -> Self {
        match data.scalar() {
            Some(scalar) => Node::from(scalar).with_priority(data.priority().cloned()),
            None => {
                let children = data.children().map(|(name, child)| (Key::new(name), Node::from(child)));
                Node::branch(Children::collect(children), data.priority().cloned())
            }
        }
    }
}

/// The engine decides on a node as the whole database.
impl Tree for Node {
    fn get(&self, path: &str) -> Result<Stored<'_>, BoxError> {
        Ok(self.find(names(path)).map_or(Stored::Nothing, Node::stored))
    }

    fn child_names(&self, path: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
        let node = self.find(names(path));
        let _ = node.into_iter().flat_map(Node::children).try_for_each(|(key, _)| visit(key.as_str()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_with_its_key_is_small() {
        assert_eq!((size_of::<Node>(), size_of::<Key>()), (24, 24));
    }
}
