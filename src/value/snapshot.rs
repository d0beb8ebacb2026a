//! Places in a database, as expressions of database rules see them.

use bumpalo::Bump;

use super::{Str, ValueRef};

/// What stands at a place.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// Nothing: it does not exist.
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

/// The host could not read its data; it keeps the error.
#[derive(Clone, Copy, Debug)]
pub struct Unreadable;

/// A place in a database: `data`, `newData`, `root` and what is reached from them.
pub trait Snapshot: std::fmt::Debug {
    /// What stands there.
    ///
    /// # Errors
    ///
    /// Data that the host cannot read.
    fn content(&self) -> Result<Content<'_>, Unreadable>;

    /// The priority: a number, a string or null.
    ///
    /// # Errors
    ///
    /// Data that the host cannot read.
    fn priority(&self) -> Result<ValueRef<'_>, Unreadable>;

    /// The place below at a path of names separated by slashes. What no data can have is a place where nothing is.
    fn child<'s>(&'s self, path: &'s str, arena: &'s Bump) -> &'s dyn Snapshot;

    /// Whether anything is at the place below at that path: the same as asking [`Self::child`], without making a place.
    ///
    /// # Errors
    ///
    /// Data that the host cannot read.
    fn has(&self, path: &str) -> Result<bool, Unreadable>;

    /// What stands there, where it is known without asking the host: an explanation reads no more than the evaluation
    /// did, so that it cannot fail where that does not.
    fn known(&self) -> Option<Content<'_>>;

    /// What [`Self::has`] gives, where it is known without asking the host.
    fn known_to_have(&self, path: &str) -> Option<bool>;

    /// The place above; `None` at the root.
    fn parent(&self) -> Option<&dyn Snapshot>;
}
