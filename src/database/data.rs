//! The database in memory: quick to walk, and all of what the REST export form can say.

use crate::value::Key;

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

/// A value of the database, with everything below it: a tree in which nothing is empty.
///
/// Children are sorted by name, so that rules and data can be walked side by side. Made from JSON with
/// [`Data::from_json`], or put together:
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
    pub(super) node: Node,
    pub(super) priority: Option<Box<Scalar>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Node {
    /// Only a whole database can be nothing; below, what is nothing is not there.
    #[default]
    Nothing,
    Leaf(Scalar),
    /// Never empty, sorted by name.
    Children(Vec<(Key, Data)>),
}

impl<S: Into<Scalar>> From<S> for Data {
    fn from(scalar: S) -> Self {
        Data { node: Node::Leaf(scalar.into()), priority: None }
    }
}

impl Data {
    /// A value with children. Of a name that is there twice the last counts; children that are nothing are left out.
    pub fn object<N: Into<Box<str>>>(children: impl IntoIterator<Item = (N, Data)>) -> Self {
        let keyed = |(name, child): (N, Data)| (Key::new(name), child);
        let mut sorted: Vec<(Key, Data)> = children.into_iter().map(keyed).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted.reverse();
        sorted.dedup_by(|a, b| a.0 == b.0);
        sorted.reverse();
        sorted.retain(|(_, child)| !child.is_nothing());
        if sorted.is_empty() { Data::default() } else { Data { node: Node::Children(sorted), priority: None } }
    }

    /// The same value with a priority. Nothing has none.
    #[must_use]
    pub fn with_priority(mut self, priority: Scalar) -> Self {
        self.priority = (!self.is_nothing()).then(|| Box::new(priority));
        self
    }

    /// Whether there is nothing at all.
    pub fn is_nothing(&self) -> bool {
        matches!(self.node, Node::Nothing)
    }

    /// The boolean, number or string; `None` for a value with children and for nothing.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.node {
            Node::Leaf(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The priority.
    pub fn priority(&self) -> Option<&Scalar> {
        self.priority.as_deref()
    }

    /// The child of that name.
    pub fn child(&self, name: &str) -> Option<&Data> {
        let children = self.children_slice();
        let at = Key::search(children, name).ok()?;
        children.get(at).map(|(_, child)| child)
    }

    /// The child of that name, which probably is at that place among the children.
    #[inline]
    pub(super) fn child_near(&self, at: usize, name: &Key) -> Option<&Data> {
        match self.children_slice().get(at) {
            Some((there, child)) if there == name => Some(child),
            _ => self.child(name.as_str()),
        }
    }

    /// What is at a path below: names separated by slashes.
    pub fn at(&self, path: &str) -> Option<&Data> {
        names(path).try_fold(self, |data, name| data.child(name))
    }

    /// Children in the order of their names.
    pub fn children(&self) -> impl ExactSizeIterator<Item = (&str, &Data)> {
        self.children_slice().iter().map(|(name, child)| (name.as_str(), child))
    }

    /// How many children there are.
    pub fn child_count(&self) -> usize {
        self.children_slice().len()
    }

    pub(super) fn children_slice(&self) -> &[(Key, Data)] {
        match &self.node {
            Node::Children(children) => children,
            _ => &[],
        }
    }

    /// Replaces what is at a path below. Places on the way are made, and a leaf there gives way to them; with nothing,
    /// the place is removed, and with it every place above that is then empty. Nothing is set at a path of more than 32
    /// names, which the database does not have.
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
            Node::Children(children) => children,
            // Below a leaf there is nothing to remove.
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
            self.node = Node::Children(children);
        }
    }

    /// Sets or removes the priority of what is at a path below; nothing has none.
    pub fn set_priority(&mut self, path: &str, priority: Option<Scalar>) {
        let mut place = Some(self);
        for name in names(path) {
            place = place.and_then(|data| match &mut data.node {
                Node::Children(children) => {
                    let at = Key::search(children, name).ok()?;
                    children.get_mut(at).map(|(_, child)| child)
                }
                _ => None,
            });
        }
        if let Some(data) = place.filter(|data| !data.is_nothing()) {
            data.priority = priority.map(Box::new);
        }
    }
}

/// The names of a path; slashes at its ends do not count.
pub(super) fn names(path: &str) -> Names<'_> {
    Names(path)
}

/// Splits a path; for short ones quicker than searching for the slashes.
pub(super) struct Names<'p>(&'p str);

impl<'p> Iterator for Names<'p> {
    type Item = &'p str;

    #[inline]
    fn next(&mut self) -> Option<&'p str> {
        loop {
            if self.0.is_empty() {
                return None;
            }
            let end = self.0.bytes().position(|byte| byte == b'/').unwrap_or(self.0.len());
            let name = self.0.get(..end)?;
            self.0 = self.0.get(end + 1..).unwrap_or("");
            if !name.is_empty() {
                return Some(name);
            }
        }
    }
}
