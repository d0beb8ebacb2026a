//! Locations of a database, as expressions of database rules see them: the values of `data`, `newData` and `root`.

use bumpalo::Bump;

use super::{Str, Type, ValueRef};

/// What a location holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content<'a> {
    /// Nothing: the location does not exist.
    Nothing,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    String(&'a str),
    /// Children.
    Children,
}

impl<'a> Content<'a> {
    /// The type of what the location holds; null for nothing.
    #[inline]
    pub fn type_of(self) -> Type {
        match self {
            Content::Nothing => Type::Null,
            Content::Bool(_) => Type::Bool,
            Content::Number(_) => Type::Float,
            Content::String(_) => Type::String,
            Content::Children => Type::Map,
        }
    }

    /// The value of a leaf.
    #[inline]
    pub fn leaf(self) -> Option<ValueRef<'a>> {
        match self {
            Content::Bool(b) => Some(ValueRef::Bool(b)),
            Content::Number(n) => Some(ValueRef::Float(n)),
            Content::String(text) => Some(ValueRef::String(Str::Utf8(text))),
            Content::Nothing | Content::Children => None,
        }
    }
}

/// The host could not read its data; the host keeps the error.
#[derive(Clone, Copy, Debug)]
pub struct Unreadable;

/// A location of a database: `data`, `newData`, `root` and what is reached from them.
pub trait Snapshot: std::fmt::Debug {
    /// Reads what the location holds.
    ///
    /// # Errors
    ///
    /// The host cannot read its data.
    fn content(&self) -> Result<Content<'_>, Unreadable>;

    /// Reads the priority: a number, a string or null.
    ///
    /// # Errors
    ///
    /// The host cannot read its data.
    fn priority(&self) -> Result<ValueRef<'_>, Unreadable>;

    /// The location at a path of names separated by slashes below this one. A path that no data can have leads to a
    /// location that holds nothing.
    fn child<'s>(&'s self, path: &'s str, arena: &'s Bump) -> &'s dyn Snapshot;

    /// Whether the location at a path below this one holds anything: [`Self::child`] without making the location.
    ///
    /// # Errors
    ///
    /// The host cannot read its data.
    fn has(&self, path: &str) -> Result<bool, Unreadable>;

    /// What the location holds, if that is known without asking the host. Explanations read no more than the evaluation
    /// did, so that they cannot fail where it did not.
    fn cached(&self) -> Option<Content<'_>>;

    /// The result of [`Self::has`], if it is known without asking the host.
    fn has_cached(&self, path: &str) -> Option<bool>;

    /// The parent location; `None` at the root.
    fn parent(&self) -> Option<&dyn Snapshot>;
}
