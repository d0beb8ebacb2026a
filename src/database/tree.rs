//! Where the stored data comes from.

use std::ops::ControlFlow;

use crate::{error::BoxError, value::Unreadable};

use super::{Data, Scalar};

/// The stored database. [`Data`] holds all of it in memory, `()` holds nothing; a host that keeps it elsewhere answers
/// path by path, and only for what the rules look at.
///
/// ```
/// use std::{collections::BTreeMap, ops::ControlFlow};
/// use firewarden::{Auth, BoxError, database::{Request, Ruleset, Scalar, Stored, Tree}};
/// use serde_json::json;
///
/// /// A database in a sorted store of keys and values: `/users/alice/age` to a number, text or boolean.
/// struct Store(BTreeMap<String, Scalar>);
///
/// impl Store {
///     /// The keys below a path, without it.
///     fn below(&self, path: &str) -> impl Iterator<Item = &str> {
///         let beginning = format!("{}/", path.trim_end_matches('/'));
///         let keys = self.0.range(beginning.clone()..).map(|(key, _)| key.as_str());
///         keys.map_while(move |key| key.strip_prefix(beginning.as_str()))
///     }
/// }
///
/// impl Tree for Store {
///     fn get(&self, path: &str) -> Result<Stored<'_>, BoxError> {
///         Ok(match self.0.get(path) {
///             Some(value) => Stored::Leaf(value.clone(), None),
///             None if self.below(path).next().is_some() => Stored::Children(None),
///             None => Stored::Nothing,
///         })
///     }
///
///     fn child_names(&self, path: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
///         let mut last = None;
///         for name in self.below(path).map(|key| key.split('/').next().unwrap_or(key)) {
///             if last.replace(name) != Some(name) && visit(name).is_break() {
///                 break;
///             }
///         }
///         Ok(())
///     }
/// }
///
/// let rules: Ruleset = r#"{ "rules": { "users": { "$uid": {
///     ".write": "auth.uid === $uid", ".validate": "newData.hasChildren(['name'])"
/// } } } }"#.parse()?;
/// let store = Store(BTreeMap::from([
///     ("/users/alice/age".to_owned(), Scalar::Number(30.0)),
///     ("/users/alice/name".to_owned(), Scalar::String("Alice".into())),
/// ]));
/// let write = |path: &'static str| Request::write(path, json!(null)).auth(Auth::user("alice"));
/// assert!(rules.permits(&write("/users/alice/age"), &store)?);
/// assert!(!rules.permits(&write("/users/alice/name"), &store)?); // the age would stay, without a name
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
