//! The stored data as a host gives it.

use std::ops::ControlFlow;

use crate::error::BoxError;

use super::{Data, Scalar};

/// The stored database. [`Data`] holds all of it in memory, `()` holds nothing. A host that keeps it elsewhere answers path
/// by path, and only for what the rules read.
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
    /// Reads a path such as `/users/alice`; `/` is the root. A decision reads each path at most once, and only paths that
    /// data can have: it never reads a name such as `..`, nor a path below one whose answer already tells the value.
    ///
    /// Answers that contradict each other, such as nothing at a path and a value below it, end the decision with an error.
    ///
    /// # Errors
    ///
    /// The host cannot read the path. The evaluation then ends with [`crate::Error::Data`], without a decision.
    fn get(&self, path: &str) -> Result<Stored<'_>, BoxError>;

    /// Passes the names of the children of a path to `visit`, in any order, until `visit` breaks. Only called for a path for
    /// which [`Self::get`] gave [`Stored::Children`], if a write removes children, to learn whether any remains.
    ///
    /// # Errors
    ///
    /// As for [`Self::get`].
    fn child_names(&self, path: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError>;

    /// The whole database, if it is in memory. The decision then calls no other method.
    fn data(&self) -> Option<&Data> {
        None
    }
}

/// The answer of a [`Tree`] for a path.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stored<'t> {
    /// Nothing.
    Nothing,
    /// A boolean, number or string, and its priority.
    Leaf(Scalar, Option<Scalar>),
    /// At least one child, and the priority of the location.
    Children(Option<Scalar>),
    /// The value with everything below it, in memory.
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
