//! What a host says of the stored data during one decision: asked once, and held to what it said.
//!
//! A host may be wrong: it may read its data in pieces while they change. Rules must not see a database that never was,
//! because some of them permit what they would not for any database that is. So an answer is remembered, what follows
//! from it is not asked, and an answer that contradicts another ends the decision with an error.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    ops::ControlFlow,
};

use bumpalo::Bump;

use crate::{error::BoxError, value::Unreadable};

use super::{
    Data, Scalar, Stored, Tree,
    limits::{MAX_STRING, check_number, key_problem},
    tree::{Known, Leaf, Lookup},
};

/// The stored data of one decision: what was asked of the host, and its error.
pub(super) struct Store<'d> {
    tree: &'d dyn Tree,
    /// Texts that the host gave away.
    texts: &'d Bump,
    /// By path. Clients choose paths: the hashes have a key of their own, which nobody can choose collisions for.
    places: RefCell<Places<'d>>,
    failed: Cell<Option<BoxError>>,
    /// Whether it failed: then nothing is decided, and it is asked no more.
    ended: Cell<bool>,
    /// Whether the host is not to be asked for what is not known.
    quiet: Cell<bool>,
}

type Places<'d> = HashMap<Box<str>, Place<'d>>;

/// What the host said that concerns a path.
#[derive(Default)]
struct Place<'d> {
    /// What stands there.
    known: Option<Known<'d>>,
    /// Whether something stands there, or below, by another answer.
    is_there: bool,
    /// The children that are there by other answers.
    children: Vec<Box<str>>,
    /// The names of all its children, where it was asked for them and none counted.
    names: Option<HashSet<Box<str>>>,
    /// Whether any of them counts.
    any: Option<bool>,
    /// The children at which, or below which, the host was asked for something.
    asked: Vec<Box<str>>,
    /// Whether this one is among those of its parent.
    is_asked: bool,
}

impl<'d> Store<'d> {
    pub(super) fn new(tree: &'d dyn Tree, texts: &'d Bump) -> Self {
        let (failed, ended, quiet) = (Cell::new(None), Cell::new(false), Cell::new(false));
        Store { tree, texts, places: RefCell::default(), failed, ended, quiet }
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
            Scalar::Number(n) => match check_number(*n) {
                Ok(()) => Leaf::Number(*n),
                Err(name) => {
                    let error = format!("{path} holds the number {name}; the database has finite ones only");
                    return Err(self.fail(error.into()));
                }
            },
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

    /// Ends the decision because of two answers.
    fn contradiction(&self, path: &str, why: &str) -> Unreadable {
        self.fail(format!("the host contradicts itself: {path} {why}").into())
    }

    /// What follows from an answer for a path above.
    fn implied(&self, path: &str) -> Option<Known<'d>> {
        let places = self.places.borrow();
        for (above, rest) in paths_above(path) {
            match places.get(above).and_then(|place| place.known) {
                Some(Known::Nothing | Known::Leaf(..)) => return Some(Known::Nothing),
                Some(Known::Data(data)) => return Some(data.at(rest).map_or(Known::Nothing, Known::Data)),
                Some(Known::Children(_)) | None => {}
            }
        }
        None
    }

    /// Notes that something is at a path, and thus at all paths above.
    fn is_there(&self, path: &str) -> Result<(), Unreadable> {
        let mut places = self.places.borrow_mut();
        let mut path = path;
        for (above, rest) in paths_above(path) {
            let place = places.entry(path.into()).or_default();
            if matches!(place.known, Some(Known::Nothing)) {
                return Err(self.contradiction(path, "is nothing, and something is there"));
            }
            if std::mem::replace(&mut place.is_there, true) {
                return Ok(());
            }
            let name = rest.split('/').next().unwrap_or(rest);
            let parent = places.entry(above.into()).or_default();
            if parent.names.as_ref().is_some_and(|names| !names.contains(name)) {
                return Err(self.contradiction(above, "has a child that is not among the names of its children"));
            }
            if matches!(parent.known, Some(Known::Nothing | Known::Leaf(..))) {
                return Err(self.contradiction(above, "has no children, and something is below it"));
            }
            parent.children.push(name.into());
            path = above;
        }
        places.entry(path.into()).or_default().is_there = true;
        Ok(())
    }

    /// Notes at the paths above that the host was asked for a path.
    fn is_asked(&self, path: &str) {
        let mut places = self.places.borrow_mut();
        let mut path = path;
        for (above, rest) in paths_above(path) {
            if std::mem::replace(&mut places.entry(path.into()).or_default().is_asked, true) {
                return;
            }
            let name = rest.split('/').next().unwrap_or(rest);
            places.entry(above.into()).or_default().asked.push(name.into());
            path = above;
        }
    }

    fn ask(&self, path: &str) -> Result<Known<'d>, Unreadable> {
        Ok(match self.tree.get(path) {
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
        })
    }
}

/// Whether data that stand at a path agree with what the host said of it and of the paths below. No path below is asked
/// for again, so that all look-ups together take a step a path and level.
fn agree(places: &Places<'_>, path: &str, data: Option<&Data>) -> bool {
    let Some(place) = places.get(path) else { return true };
    let said = match (place.known, data) {
        (None, data) => data.is_some() || !place.is_there,
        (Some(Known::Data(known)), data) => data == Some(known),
        (Some(known), data) => known == data.map_or(Known::Nothing, Known::from),
    };
    let named = place.names.as_ref().is_none_or(|names| {
        data.is_some_and(|data| {
            data.child_count() == names.len() && names.iter().all(|name| data.child(name).is_some())
        })
    });
    let below = |name: &str| agree(places, &child_of(path, name), data.and_then(|data| data.child(name)));
    said && named && place.asked.iter().all(|name| below(name))
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
    // The root has none above it.
    slashes.map(of_slash).filter(move |(above, _)| *above != path)
}

impl Lookup for Store<'_> {
    fn get(&self, path: &str) -> Result<Known<'_>, Unreadable> {
        let place =
            self.places.borrow().get(path).map(|place| (place.known, place.is_there, !place.children.is_empty()));
        let (known, is_there, has_children) = place.unwrap_or_default();
        if let Some(known) = known {
            return Ok(known);
        }
        if let Some(known) = self.implied(path) {
            return Ok(known);
        }
        if self.quiet.get() || self.ended.get() {
            return Err(Unreadable);
        }
        let known = self.ask(path)?;
        match known {
            Known::Nothing if is_there => return Err(self.contradiction(path, "is nothing, and something is there")),
            Known::Leaf(..) if has_children => {
                return Err(self.contradiction(path, "has no children, and something is below it"));
            }
            Known::Data(data) if !agree(&self.places.borrow(), path, Some(data)) => {
                return Err(self.contradiction(path, "holds something else than was said of a path below"));
            }
            _ => {}
        }
        if !matches!(known, Known::Nothing) {
            self.is_there(path)?;
        }
        self.places.borrow_mut().entry(path.into()).or_default().known = Some(known);
        self.is_asked(path);
        Ok(known)
    }

    fn any_child(&self, path: &str, counts: &mut dyn FnMut(&str) -> bool) -> Result<bool, Unreadable> {
        if let Some(any) = self.places.borrow().get(path).and_then(|place| place.any) {
            return Ok(any);
        }
        if self.quiet.get() || self.ended.get() {
            return Err(Unreadable);
        }
        let mut found: Option<Box<str>> = None;
        let mut names = HashSet::new();
        let asked = self.tree.child_names(path, &mut |name| {
            // A host that goes on is not heard.
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
            Some(name) => self.is_there(&child_of(path, &name))?,
            None => {
                // Those that do not count are there as well.
                names.iter().try_for_each(|name| self.is_there(&child_of(path, name)))?;
                let mut places = self.places.borrow_mut();
                let place = places.entry(path.into()).or_default();
                if names.is_empty() {
                    return Err(self.contradiction(path, "has children, and none has a name"));
                }
                if place.children.iter().any(|name| !names.contains(name)) {
                    return Err(self.contradiction(path, "has a child that is not among the names of its children"));
                }
                place.names = Some(names);
            }
        }
        self.places.borrow_mut().entry(path.into()).or_default().any = Some(any);
        Ok(any)
    }

    fn be_quiet(&self, quiet: bool) {
        self.quiet.set(quiet);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn nobody_can_choose_paths_of_one_hash() {
        let texts = Bump::new();
        let hashes = [0, 1].map(|_| Store::new(&(), &texts).places.borrow().hasher().hash_one("/users/alice"));
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
