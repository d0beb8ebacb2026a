//! Where the stored data comes from.

use std::ops::ControlFlow;

use crate::{error::BoxError, value::Unreadable};

use super::{Data, Scalar};

/// The stored database. [`Data`] holds all of it in memory, `()` holds nothing; a host that keeps it elsewhere answers
/// path by path, and only for what the rules look at.
pub trait Tree {
    /// What stands at a path such as `/users/alice`; `/` is the root. Asked at most once for each path in a decision,
    /// and only for paths that data can have: never for a name such as `..`, nor below a path of which the answer already
    /// tells what is there.
    ///
    /// Answers that no one database gives, such as nothing at a path and a value below it, end the decision with an
    /// error.
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known<'d> {
    Nothing,
    Leaf(Leaf<'d>, Option<Leaf<'d>>),
    Children(Option<Leaf<'d>>),
    Data(&'d Data),
}

/// A borrowed scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
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

impl<'d> From<&'d Data> for Known<'d> {
    /// What a host says that answers path by path.
    fn from(data: &'d Data) -> Self {
        let priority = data.priority().map(Leaf::from);
        data.scalar().map_or(Known::Children(priority), |scalar| Known::Leaf(scalar.into(), priority))
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
