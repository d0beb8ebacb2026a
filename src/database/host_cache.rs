//! The answers of a host during one decision.
//!
//! A host may read its data in pieces while they change. Rules must not see a database that never existed, because they may
//! permit what they would deny for every database that did. So the cache keeps each answer, derives others from it instead
//! of asking, and ends the decision with an error if an answer contradicts another.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    ops::ControlFlow,
};

use bumpalo::Bump;

use crate::{
    error::BoxError,
    value::{Content, Unreadable},
};

use super::{
    Data, Scalar, Stored, Tree,
    limits::{MAX_STRING, check_number, key_problem},
};

/// An answer of the host for one path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer<'d> {
    /// The content, and the priority: nothing, a number or a string.
    Shallow(Content<'d>, Content<'d>),
    /// The value with everything below it.
    Data(&'d Data),
}

impl<'d> Answer<'d> {
    const NOTHING: Self = Answer::Shallow(Content::Nothing, Content::Nothing);

    pub(super) fn content(self) -> Content<'d> {
        match self {
            Answer::Shallow(content, _) => content,
            Answer::Data(data) => data.content(),
        }
    }

    /// The answer without what is below.
    fn shallow(data: &'d Data) -> Self {
        Answer::Shallow(data.content(), data.priority().map_or(Content::Nothing, Scalar::content))
    }

    /// Whether the path has no children.
    fn is_childless(self) -> bool {
        matches!(self, Answer::Shallow(content, _) if content != Content::Children)
    }
}

/// The stored data as a location reads it. A trait, because a reference to it is covariant in the lifetime of the data.
pub(super) trait Lookup {
    /// Reads a path of valid names.
    fn get(&self, path: &str) -> Result<Answer<'_>, Unreadable>;

    /// Whether a path has a child for which `counts` is true.
    fn any_child(&self, path: &str, counts: &mut dyn FnMut(&str) -> bool) -> Result<bool, Unreadable>;

    /// While offline, what is not cached is unreadable without an error.
    fn set_offline(&self, offline: bool);
}

/// The stored data of one decision: the answers of the host, or its error.
pub(super) struct HostCache<'d> {
    tree: &'d dyn Tree,
    /// Owns the strings of the answers.
    texts: &'d Bump,
    /// By path. Clients choose paths, so each map has a random hash key against collisions.
    paths: RefCell<HashMap<Box<str>, CachedPath<'d>>>,
    error: Cell<Option<BoxError>>,
    /// Whether the host failed. It is not asked again, since the decision ends with its error.
    failed: Cell<bool>,
    /// Whether only cached answers are readable.
    offline: Cell<bool>,
}

/// What the answers of the host tell about a path.
#[derive(Default)]
struct CachedPath<'d> {
    answer: Option<Answer<'d>>,
    /// Whether another answer implies a value here or below.
    exists: bool,
    /// The children that other answers imply.
    children: Vec<Box<str>>,
    /// The names of all children, if the host listed them and none of them counted.
    names: Option<HashSet<Box<str>>>,
    /// Whether any of them counts.
    any: Option<bool>,
    /// The children at or below which the host was asked.
    asked: Vec<Box<str>>,
    /// Whether `asked` of the parent has this path.
    is_asked: bool,
}

impl<'d> HostCache<'d> {
    pub(super) fn new(tree: &'d dyn Tree, texts: &'d Bump) -> Self {
        let (error, failed, offline) = (Cell::new(None), Cell::new(false), Cell::new(false));
        HostCache { tree, texts, paths: RefCell::default(), error, failed, offline }
    }

    pub(super) fn data(&self) -> Option<&'d Data> {
        self.tree.data()
    }

    /// The error of the host, if it failed.
    pub(super) fn into_error(self) -> Option<BoxError> {
        self.error.into_inner()
    }

    fn keep(&self, path: &str, scalar: &Scalar) -> Result<Content<'d>, Unreadable> {
        match scalar {
            Scalar::Bool(b) => Ok(Content::Bool(*b)),
            Scalar::Number(n) => match check_number(*n) {
                Ok(()) => Ok(Content::Number(*n)),
                Err(name) => {
                    Err(self.fail(format!("{path} holds the number {name}; the database has finite ones only").into()))
                }
            },
            Scalar::String(text) if text.len() > MAX_STRING => {
                let error = format!("{path} holds a string of {} bytes; the database has none that long", text.len());
                Err(self.fail(error.into()))
            }
            Scalar::String(text) => Ok(Content::String(self.texts.alloc_str(text))),
        }
    }

    fn fail(&self, error: BoxError) -> Unreadable {
        self.error.set(Some(error));
        self.failed.set(true);
        Unreadable
    }

    fn can_ask(&self) -> Result<(), Unreadable> {
        if self.offline.get() || self.failed.get() { Err(Unreadable) } else { Ok(()) }
    }

    /// Ends the decision because two answers contradict each other.
    fn contradiction(&self, path: &str, why: &str) -> Unreadable {
        self.fail(format!("the host contradicts itself: {path} {why}").into())
    }

    /// The answer that follows from one for a path above.
    fn implied(&self, path: &str) -> Option<Answer<'d>> {
        let paths = self.paths.borrow();
        paths_above(path).find_map(|(above, rest)| match paths.get(above)?.answer? {
            Answer::Shallow(Content::Children, _) => None,
            Answer::Shallow(..) => Some(Answer::NOTHING),
            Answer::Data(data) => Some(data.at(rest).map_or(Answer::NOTHING, Answer::Data)),
        })
    }

    /// Records that a path exists, and with it all paths above.
    fn record_existing(&self, path: &str) -> Result<(), Unreadable> {
        let mut paths = self.paths.borrow_mut();
        let mut path = path;
        for (above, rest) in paths_above(path) {
            let cached = paths.entry(path.into()).or_default();
            if cached.answer == Some(Answer::NOTHING) {
                return Err(self.contradiction(path, "is nothing, and something is there"));
            }
            if std::mem::replace(&mut cached.exists, true) {
                return Ok(());
            }
            let name = rest.split('/').next().unwrap_or(rest);
            let parent = paths.entry(above.into()).or_default();
            if parent.names.as_ref().is_some_and(|names| !names.contains(name)) {
                return Err(self.contradiction(above, "has a child that is not among the names of its children"));
            }
            if parent.answer.is_some_and(Answer::is_childless) {
                return Err(self.contradiction(above, "has no children, and something is below it"));
            }
            parent.children.push(name.into());
            path = above;
        }
        paths.entry(path.into()).or_default().exists = true;
        Ok(())
    }

    /// Records at the paths above that the host was asked for a path.
    fn record_asked(&self, path: &str) {
        let mut paths = self.paths.borrow_mut();
        let mut path = path;
        for (above, rest) in paths_above(path) {
            if std::mem::replace(&mut paths.entry(path.into()).or_default().is_asked, true) {
                return;
            }
            let name = rest.split('/').next().unwrap_or(rest);
            paths.entry(above.into()).or_default().asked.push(name.into());
            path = above;
        }
    }

    fn ask(&self, path: &str) -> Result<Answer<'d>, Unreadable> {
        let keep = |scalar: Option<Scalar>| scalar.map_or(Ok(Content::Nothing), |scalar| self.keep(path, &scalar));
        Ok(match self.tree.get(path) {
            Ok(Stored::Nothing) => Answer::NOTHING,
            Ok(Stored::Leaf(value, priority)) => {
                let priority = keep(priority)?;
                Answer::Shallow(self.keep(path, &value)?, priority)
            }
            Ok(Stored::Children(priority)) => Answer::Shallow(Content::Children, keep(priority)?),
            Ok(Stored::Data(data)) if data.is_nothing() => Answer::NOTHING,
            Ok(Stored::Data(data)) => Answer::Data(data),
            Err(error) => return Err(self.fail(error)),
        })
    }
}

/// Whether the value of a path agrees with the earlier answers for the path and for those below. The host is not asked below
/// it again, so all checks together take one step for each path and level.
fn agrees(paths: &HashMap<Box<str>, CachedPath<'_>>, path: &str, data: Option<&Data>) -> bool {
    let Some(cached) = paths.get(path) else { return true };
    let value = match (cached.answer, data) {
        (None, data) => data.is_some() || !cached.exists,
        (Some(Answer::Data(known)), data) => data == Some(known),
        (Some(known), data) => known == data.map_or(Answer::NOTHING, Answer::shallow),
    };
    let names = cached.names.as_ref().is_none_or(|names| {
        data.is_some_and(|data| {
            data.child_count() == names.len() && names.iter().all(|name| data.child(name).is_some())
        })
    });
    let below = |name: &str| agrees(paths, &child_of(path, name), data.and_then(|data| data.child(name)));
    value && names && cached.asked.iter().all(|name| below(name))
}

fn child_of(path: &str, name: &str) -> String {
    format!("{}/{name}", path.trim_end_matches('/'))
}

/// The paths above a path, nearest first, each with the rest of the path below it.
fn paths_above(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let slashes = path.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'/');
    let of_slash = |(at, _): (usize, u8)| {
        let above = path.get(..at.max(1)).unwrap_or("/");
        (above, path.get(at + 1..).unwrap_or(""))
    };
    // The root has no path above it.
    slashes.map(of_slash).filter(move |(above, _)| *above != path)
}

impl Lookup for HostCache<'_> {
    fn get(&self, path: &str) -> Result<Answer<'_>, Unreadable> {
        let cached =
            self.paths.borrow().get(path).map(|cached| (cached.answer, cached.exists, !cached.children.is_empty()));
        let (answer, exists, has_children) = cached.unwrap_or_default();
        if let Some(answer) = answer.or_else(|| self.implied(path)) {
            return Ok(answer);
        }
        self.can_ask()?;
        let answer = self.ask(path)?;
        match answer {
            _ if exists && answer == Answer::NOTHING => {
                return Err(self.contradiction(path, "is nothing, and something is there"));
            }
            answer if has_children && answer.is_childless() => {
                return Err(self.contradiction(path, "has no children, and something is below it"));
            }
            Answer::Data(data) if !agrees(&self.paths.borrow(), path, Some(data)) => {
                return Err(self.contradiction(path, "holds something else than was said of a path below"));
            }
            _ => {}
        }
        if answer != Answer::NOTHING {
            self.record_existing(path)?;
        }
        self.paths.borrow_mut().entry(path.into()).or_default().answer = Some(answer);
        self.record_asked(path);
        Ok(answer)
    }

    fn any_child(&self, path: &str, counts: &mut dyn FnMut(&str) -> bool) -> Result<bool, Unreadable> {
        if let Some(any) = self.paths.borrow().get(path).and_then(|cached| cached.any) {
            return Ok(any);
        }
        self.can_ask()?;
        let mut found: Option<Box<str>> = None;
        let mut names = HashSet::new();
        let asked = self.tree.child_names(path, &mut |name| {
            // Names that follow a break are ignored.
            if found.is_none() && key_problem(name).is_none() {
                if counts(name) {
                    found = Some(name.into());
                } else {
                    names.insert(Box::from(name));
                }
            }
            if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Err(error) = asked {
            return Err(self.fail(error));
        }
        let any = found.is_some();
        match found {
            Some(name) => self.record_existing(&child_of(path, &name))?,
            None => {
                // The children that do not count exist as well.
                names.iter().try_for_each(|name| self.record_existing(&child_of(path, name)))?;
                let mut paths = self.paths.borrow_mut();
                let cached = paths.entry(path.into()).or_default();
                if names.is_empty() {
                    return Err(self.contradiction(path, "has children, and none has a name"));
                }
                if cached.children.iter().any(|name| !names.contains(name)) {
                    return Err(self.contradiction(path, "has a child that is not among the names of its children"));
                }
                cached.names = Some(names);
            }
        }
        self.paths.borrow_mut().entry(path.into()).or_default().any = Some(any);
        Ok(any)
    }

    fn set_offline(&self, offline: bool) {
        self.offline.set(offline);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn nobody_can_choose_paths_of_one_hash() {
        let texts = Bump::new();
        let hashes = [0, 1].map(|_| HostCache::new(&(), &texts).paths.borrow().hasher().hash_one("/users/alice"));
        assert_ne!(hashes[0], hashes[1]);
    }

    #[test]
    fn a_path_is_below_those_above_it() {
        let above = |path| paths_above(path).collect::<Vec<_>>();
        assert!(above("/").is_empty());
        assert_eq!(above("/a"), [("/", "a")]);
        assert_eq!(above("/a/b/c"), [("/a/b", "c"), ("/a", "b/c"), ("/", "a/b/c")]);
    }
}
