//! Where the stored data comes from.

use std::{
    cell::{Cell, RefCell},
    ops::ControlFlow,
};

use bumpalo::Bump;
use rustc_hash::FxHashMap;

use crate::{error::BoxError, value::Unreadable};

use super::{
    Data, Scalar,
    limits::{MAX_STRING, key_problem},
};

/// The stored database. [`Data`] holds all of it in memory, `()` holds nothing; a host that keeps it elsewhere answers
/// path by path, and only for what the rules look at.
pub trait Tree {
    /// What stands at a path such as `/users/alice`; `/` is the root. Asked at most once for each path in a decision,
    /// and only for paths that data can have: never for a name such as `..`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the host from knowing. Then nothing is decided: the evaluation ends with [`crate::Error::Data`].
    fn get(&self, path: &str) -> Result<Stored<'_>, BoxError>;

    /// Names the children of a path for which [`Self::get`] said [`Stored::Children`], in any order, until `visit`
    /// breaks. Asked where a write removes children, to know whether any is left.
    ///
    /// # Errors
    ///
    /// As for [`Self::get`].
    fn child_names(&self, path: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError>;

    /// All of it, where it is in memory: then nothing else is asked.
    fn data(&self) -> Option<&Data> {
        None
    }
}

/// What stands at a path of a [`Tree`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stored<'t> {
    /// Nothing.
    Nothing,
    /// A boolean, number or string, and its priority.
    Leaf(Scalar, Option<Scalar>),
    /// At least one child, and the priority of the place.
    Children(Option<Scalar>),
    /// Everything there and below, in memory.
    Data(&'t Data),
}

impl Tree for Data {
    fn get(&self, path: &str) -> Result<Stored<'_>, BoxError> {
        Ok(self.at(path).map_or(Stored::Nothing, Stored::Data))
    }

    fn child_names(&self, path: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
        let _ = self.at(path).into_iter().flat_map(Data::children).try_for_each(|(name, _)| visit(name));
        Ok(())
    }

    fn data(&self) -> Option<&Data> {
        Some(self)
    }
}

impl Tree for () {
    fn get(&self, _: &str) -> Result<Stored<'_>, BoxError> {
        Ok(Stored::Nothing)
    }

    fn child_names(&self, _: &str, _: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
        Ok(())
    }
}

/// An answer of the host, kept for one decision.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known<'d> {
    Nothing,
    Leaf(Leaf<'d>, Option<Leaf<'d>>),
    Children(Option<Leaf<'d>>),
    Data(&'d Data),
}

/// A borrowed scalar.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaf<'d> {
    Bool(bool),
    Number(f64),
    String(&'d str),
}

impl<'d> From<&'d Scalar> for Leaf<'d> {
    fn from(scalar: &'d Scalar) -> Self {
        match scalar {
            Scalar::Bool(b) => Leaf::Bool(*b),
            Scalar::Number(n) => Leaf::Number(*n),
            Scalar::String(text) => Leaf::String(text),
        }
    }
}

/// The stored data of one decision: what was asked of the host, and its error.
pub(super) struct Store<'d> {
    tree: &'d dyn Tree,
    /// Texts that the host gave away.
    texts: &'d Bump,
    known: RefCell<FxHashMap<Box<str>, Known<'d>>>,
    failed: Cell<Option<BoxError>>,
    /// Whether it failed: then nothing is decided, and it is asked no more.
    ended: Cell<bool>,
    /// Whether the host is not to be asked for what is not known.
    quiet: Cell<bool>,
}

impl<'d> Store<'d> {
    pub(super) fn new(tree: &'d dyn Tree, texts: &'d Bump) -> Self {
        let (failed, ended, quiet) = (Cell::new(None), Cell::new(false), Cell::new(false));
        Store { tree, texts, known: RefCell::default(), failed, ended, quiet }
    }

    pub(super) fn data(&self) -> Option<&'d Data> {
        self.tree.data()
    }

    /// The host's error, where it had one.
    pub(super) fn into_failure(self) -> Option<BoxError> {
        self.failed.into_inner()
    }

    fn keep(&self, path: &str, scalar: &Scalar) -> Result<Leaf<'d>, Unreadable> {
        Ok(match scalar {
            Scalar::Bool(b) => Leaf::Bool(*b),
            Scalar::Number(n) => Leaf::Number(*n),
            Scalar::String(text) if text.len() > MAX_STRING => {
                let error = format!("{path} holds a string of {} bytes; the database has none that long", text.len());
                return Err(self.fail(error.into()));
            }
            Scalar::String(text) => Leaf::String(self.texts.alloc_str(text)),
        })
    }

    fn fail(&self, error: BoxError) -> Unreadable {
        self.failed.set(Some(error));
        self.ended.set(true);
        Unreadable
    }
}

/// What a place asks of the stored data.
pub(super) trait Lookup {
    /// What stands at a path, whose names have been judged.
    fn get(&self, path: &str) -> Result<Known<'_>, Unreadable>;

    /// Whether a path has a child for which `counts` says so.
    fn any_child(&self, path: &str, counts: &mut dyn FnMut(&str) -> bool) -> Result<bool, Unreadable>;

    /// From here on only what is known is told, or everything again; the rest is unreadable without being an error.
    fn be_quiet(&self, quiet: bool);
}

impl Lookup for Store<'_> {
    fn get(&self, path: &str) -> Result<Known<'_>, Unreadable> {
        if let Some(known) = self.known.borrow().get(path) {
            return Ok(*known);
        }
        if self.quiet.get() || self.ended.get() {
            return Err(Unreadable);
        }
        let known = match self.tree.get(path) {
            Ok(Stored::Nothing) => Known::Nothing,
            Ok(Stored::Leaf(value, priority)) => {
                let priority = priority.map(|priority| self.keep(path, &priority)).transpose()?;
                Known::Leaf(self.keep(path, &value)?, priority)
            }
            Ok(Stored::Children(priority)) => {
                Known::Children(priority.map(|priority| self.keep(path, &priority)).transpose()?)
            }
            Ok(Stored::Data(data)) if data.is_nothing() => Known::Nothing,
            Ok(Stored::Data(data)) => Known::Data(data),
            Err(error) => return Err(self.fail(error)),
        };
        self.known.borrow_mut().insert(path.into(), known);
        Ok(known)
    }

    fn any_child(&self, path: &str, counts: &mut dyn FnMut(&str) -> bool) -> Result<bool, Unreadable> {
        if self.quiet.get() || self.ended.get() {
            return Err(Unreadable);
        }
        let mut found = false;
        let asked = self.tree.child_names(path, &mut |name| {
            found = key_problem(name).is_none() && counts(name);
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match asked {
            Ok(()) => Ok(found),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn be_quiet(&self, quiet: bool) {
        self.quiet.set(quiet);
    }
}
