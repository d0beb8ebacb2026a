//! The database in memory: quick to walk, and all of what the REST export form can say.

use crate::value::{Content, Key, ValueRef};

use super::limits::MAX_LEVELS;

/// A boolean, a number or a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `true`, `false`
    Bool(bool),
    /// An IEEE double, finite in what is stored.
    Number(f64),
    /// Text.
    String(Box<str>),
}

impl Scalar {
    #[inline(always)]
    pub(super) fn content(&self) -> Content<'_> {
        match self {
            Scalar::String(text) => Content::String(text),
            Scalar::Number(n) => Content::Number(*n),
            Scalar::Bool(b) => Content::Bool(*b),
        }
    }

    pub(super) fn view(&self) -> ValueRef<'_> {
        self.content().leaf().unwrap_or(ValueRef::Null)
    }

    /// The kind of the scalar, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Scalar::Bool(_) => "a boolean",
            Scalar::Number(_) => "a number",
            Scalar::String(_) => "a string",
        }
    }
}

impl From<bool> for Scalar {
    fn from(b: bool) -> Self {
        Scalar::Bool(b)
    }
}

impl From<f64> for Scalar {
    fn from(n: f64) -> Self {
        Scalar::Number(n)
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Scalar::String(text.into())
    }
}

/// A value of the database with everything below it: a tree without empty nodes.
///
/// Children are sorted by name, so that a walk can merge rules and data. [`Data::from_json`] reads data from JSON;
/// [`Data::set`] builds it:
///
/// ```
/// use firewarden::database::Data;
///
/// let mut data = Data::default();
/// data.set("/users/alice/age", 30.0.into());
/// assert_eq!(data.child("users").and_then(|users| users.child("alice")).map(|alice| alice.child_count()), Some(1));
/// data.set("/users/alice/age", Data::default());
/// assert!(data.is_nothing());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    pub(super) node: DataNode,
    pub(super) priority: Option<Box<Scalar>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum DataNode {
    /// Only a root is nothing: no child is.
    #[default]
    Nothing,
    Leaf(Scalar),
    /// Never empty, sorted by name.
    Children(Vec<(Key, Data)>),
}

/// The value of a location that holds none.
pub(super) static NOTHING: Data = Data { node: DataNode::Nothing, priority: None };

impl<S: Into<Scalar>> From<S> for Data {
    fn from(scalar: S) -> Self {
        Data { node: DataNode::Leaf(scalar.into()), priority: None }
    }
}

impl Data {
    /// A value with children. If a name occurs twice, the last one counts. Children that are nothing are left out.
    pub fn object<N: Into<Box<str>>>(children: impl IntoIterator<Item = (N, Data)>) -> Self {
        let keyed = |(name, child): (N, Data)| (Key::new(name), child);
        let mut sorted: Vec<(Key, Data)> = children.into_iter().map(keyed).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted.reverse();
        sorted.dedup_by(|a, b| a.0 == b.0);
        sorted.reverse();
        sorted.retain(|(_, child)| !child.is_nothing());
        if sorted.is_empty() { Data::default() } else { Data { node: DataNode::Children(sorted), priority: None } }
    }

    /// The same value with a priority. An absent value has none.
    #[must_use]
    pub fn with_priority(mut self, priority: Scalar) -> Self {
        self.priority = (!self.is_nothing()).then(|| Box::new(priority));
        self
    }

    /// Whether the value is absent.
    pub fn is_nothing(&self) -> bool {
        matches!(self.node, DataNode::Nothing)
    }

    /// The boolean, number or string; `None` for a value with children and for an absent one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.node {
            DataNode::Leaf(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The priority.
    pub fn priority(&self) -> Option<&Scalar> {
        self.priority.as_deref()
    }

    /// The child with a name.
    pub fn child(&self, name: &str) -> Option<&Data> {
        let children = self.children_slice();
        let at = Key::search(children, name).ok()?;
        children.get(at).map(|(_, child)| child)
    }

    /// The child with a name, which probably has the index `at`.
    #[inline]
    pub(super) fn child_near(&self, at: usize, name: &Key) -> Option<&Data> {
        match self.children_slice().get(at) {
            Some((there, child)) if there == name => Some(child),
            _ => self.child(name.as_str()),
        }
    }

    /// The value at a path below: names separated by slashes.
    pub fn at(&self, path: &str) -> Option<&Data> {
        names(path).try_fold(self, |data, name| data.child(name))
    }

    /// Children in the order of their names.
    pub fn children(&self) -> impl ExactSizeIterator<Item = (&str, &Data)> {
        self.children_slice().iter().map(|(name, child)| (name.as_str(), child))
    }

    /// The number of children.
    pub fn child_count(&self) -> usize {
        self.children_slice().len()
    }

    #[inline(always)]
    pub(super) fn content(&self) -> Content<'_> {
        match &self.node {
            DataNode::Nothing => Content::Nothing,
            DataNode::Leaf(scalar) => scalar.content(),
            DataNode::Children(_) => Content::Children,
        }
    }

    pub(super) fn children_slice(&self) -> &[(Key, Data)] {
        match &self.node {
            DataNode::Children(children) => children,
            _ => &[],
        }
    }

    /// Replaces the value at a path below. Locations on the way are created and replace a leaf there. An absent value
    /// removes the location and every location above that it leaves empty. A path of more than 32 names, which the
    /// database does not have, changes nothing.
    pub fn set(&mut self, path: &str, value: Data) {
        let names: Vec<&str> = names(path).take(MAX_LEVELS + 1).collect();
        if names.len() <= MAX_LEVELS {
            self.replace(&names, value);
        }
    }

    pub(super) fn replace(&mut self, path: &[&str], value: Data) {
        let Some((name, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        let mut children = match std::mem::take(&mut self.node) {
            DataNode::Children(children) => children,
            // A leaf has nothing below it to remove.
            node if value.is_nothing() => {
                self.node = node;
                return;
            }
            _ => Vec::new(),
        };
        let found = Key::search(&children, name);
        let at = found.unwrap_or_else(|at| at);
        if found.is_err() {
            children.insert(at, (Key::new(*name), Data::default()));
        }
        if let Some((_, child)) = children.get_mut(at) {
            child.replace(rest, value);
            if child.is_nothing() {
                children.remove(at);
            }
        }
        if children.is_empty() {
            *self = Data::default();
        } else {
            self.node = DataNode::Children(children);
        }
    }

    /// Sets or removes the priority of the value at a path below. An absent value has none.
    pub fn set_priority(&mut self, path: &str, priority: Option<Scalar>) {
        let target = names(path).try_fold(self, |data, name| {
            let DataNode::Children(children) = &mut data.node else { return None };
            let at = Key::search(children, name).ok()?;
            children.get_mut(at).map(|(_, child)| child)
        });
        if let Some(data) = target.filter(|data| !data.is_nothing()) {
            data.priority = priority.map(Box::new);
        }
    }
}

/// Splits a path into names and ignores slashes at its ends. The loop over bytes is quicker for short paths than a search.
#[inline]
pub(super) fn names(mut path: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        while !path.is_empty() {
            let end = path.bytes().position(|byte| byte == b'/').unwrap_or(path.len());
            let name = path.get(..end)?;
            path = path.get(end + 1..).unwrap_or("");
            if !name.is_empty() {
                return Some(name);
            }
        }
        None
    })
}
