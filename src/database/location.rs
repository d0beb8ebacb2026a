//! Locations of the database before and after the pending write: the snapshots of rules. Nothing is copied: the mutations
//! of a write overlay the stored data.

use std::{cell::Cell, fmt};

use bumpalo::Bump;
use smallvec::SmallVec;

use crate::value::{Content, Snapshot, Unreadable, ValueRef};

use super::{
    Data, Scalar,
    data::NOTHING,
    host_cache::{Answer, Lookup},
    limits::{MAX_LEVELS, key_problem},
};

/// The stored child of a location whose stored data is in memory, or of one that only the host knows (`None`).
fn stored_child<'d>(stored: Option<&'d Data>, name: &str) -> Option<&'d Data> {
    match stored {
        Some(data) => Some(data.child(name).unwrap_or(&NOTHING)),
        // The host is never asked for a name that no data can have.
        None => key_problem(name).map(|_| &NOTHING),
    }
}

/// The change of a write at a location or below it.
#[derive(Debug)]
pub(super) enum Mutation<'d> {
    /// Replaces the value.
    Replace(&'d Data),
    /// Sets or removes the priority.
    Priority(Option<&'d Scalar>),
    /// Mutations of children, sorted by name. The cell remembers whether any child remains.
    Children(Vec<(&'d str, Mutation<'d>)>, Cell<Option<bool>>),
}

impl<'d> Mutation<'d> {
    /// A mutation at a path, as a mutation of the location above.
    pub(super) fn at(path: &[&'d str], mutation: Mutation<'d>) -> Mutation<'d> {
        path.iter().rev().fold(mutation, |below, name| Mutation::Children(vec![(name, below)], Cell::new(None)))
    }

    /// Adds a mutation at a path below. No path of a write is a prefix of another.
    pub(super) fn add(&mut self, path: &[&'d str], mutation: Mutation<'d>) {
        let (Mutation::Children(children, _), Some((name, rest))) = (self, path.split_first()) else { return };
        match children.binary_search_by(|(other, _)| (*other).cmp(name)) {
            Ok(at) => {
                if let Some((_, child)) = children.get_mut(at) {
                    child.add(rest, mutation);
                }
            }
            Err(at) => children.insert(at, (name, Mutation::at(rest, mutation))),
        }
    }

    fn child(&self, name: &str) -> Option<&Mutation<'d>> {
        let Mutation::Children(children, _) = self else { return None };
        let at = children.binary_search_by(|(other, _)| (*other).cmp(name)).ok()?;
        children.get(at).map(|(_, mutation)| mutation)
    }
}

/// The state of a location: a mutation over the stored data, which is in memory or, as `None`, only known to the host.
#[derive(Clone, Copy, Debug)]
pub(super) enum Overlay<'d> {
    /// To be derived from the parent on demand.
    Unresolved,
    Stored(Option<&'d Data>),
    Mutated(&'d Mutation<'d>, Option<&'d Data>),
    /// One mutation, at a path below, which is not empty.
    MutatedAt(&'d [&'d str], &'d Mutation<'d>, Option<&'d Data>),
}

impl<'d> Overlay<'d> {
    /// A mutation over the stored data.
    pub(super) fn mutated(mutation: &'d Mutation<'d>, stored: Option<&'d Data>) -> Self {
        match mutation {
            Mutation::Replace(data) => Overlay::Stored(Some(data)),
            mutation => Overlay::Mutated(mutation, stored),
        }
    }

    /// A mutation at a path below over the stored data.
    pub(super) fn mutated_at(path: &'d [&'d str], mutation: &'d Mutation<'d>, stored: Option<&'d Data>) -> Self {
        if path.is_empty() { Overlay::mutated(mutation, stored) } else { Overlay::MutatedAt(path, mutation, stored) }
    }

    fn child(self, name: &str) -> Overlay<'d> {
        match self {
            Overlay::Unresolved => Overlay::Unresolved,
            Overlay::Stored(stored) => Overlay::Stored(stored_child(stored, name)),
            Overlay::MutatedAt(path, mutation, stored) => match path.split_first() {
                // The stored data that the write replaces does not matter.
                Some((first, [])) if *first == name && matches!(mutation, Mutation::Replace(_)) => {
                    Overlay::mutated(mutation, Some(&NOTHING))
                }
                Some((first, rest)) if *first == name => {
                    Overlay::mutated_at(rest, mutation, stored_child(stored, name))
                }
                _ => Overlay::Stored(stored_child(stored, name)),
            },
            Overlay::Mutated(mutation, stored) => match mutation.child(name) {
                Some(mutation) => Overlay::mutated(mutation, stored_child(stored, name)),
                None => Overlay::Stored(stored_child(stored, name)),
            },
        }
    }
}

/// A location of the database, before or after the write.
#[derive(Clone, Copy)]
pub(super) struct Location<'a> {
    host: &'a (dyn Lookup + 'a),
    parent: Option<&'a Location<'a>>,
    name: &'a str,
    /// The number of levels below the root.
    level: usize,
    overlay: Overlay<'a>,
}

impl<'a> Location<'a> {
    /// The root.
    pub(super) fn root(host: &'a (dyn Lookup + 'a), overlay: Overlay<'a>) -> Self {
        Location { host, parent: None, name: "", level: 0, overlay }
    }

    /// The child with a name.
    pub(super) fn child<'s>(&'s self, name: &'s str) -> Location<'s> {
        // No data is deeper, so the host is not asked for it.
        let overlay =
            if self.level < MAX_LEVELS { self.overlay().child(name) } else { Overlay::Stored(Some(&NOTHING)) };
        self.with(name, overlay)
    }

    /// The same location with a mutation at a path below.
    pub(super) fn mutated_at<'s>(&'s self, path: &'s [&'s str], mutation: &'s Mutation<'s>) -> Location<'s> {
        match self.overlay() {
            Overlay::Stored(stored) => Location { overlay: Overlay::mutated_at(path, mutation, stored), ..*self },
            _ => *self,
        }
    }

    /// The child with a name, which is resolved when a rule reads it.
    pub(super) fn lazy_child<'s>(&'s self, name: &'s str) -> Location<'s> {
        self.with(name, Overlay::Unresolved)
    }

    #[inline(always)]
    fn overlay(&self) -> Overlay<'a> {
        match self.overlay {
            Overlay::Unresolved => self.derived(),
            overlay => overlay,
        }
    }

    /// The overlay as the parent has it.
    #[inline(never)]
    fn derived(&self) -> Overlay<'a> {
        match self.parent {
            Some(parent) if parent.level < MAX_LEVELS => parent.overlay().child(self.name),
            _ => Overlay::Stored(Some(&NOTHING)),
        }
    }

    /// The same location, resolved.
    pub(super) fn resolved(&self) -> Location<'a> {
        Location { overlay: self.overlay(), ..*self }
    }

    /// The value of a location that is in memory and not mutated.
    pub(super) fn in_memory(&self) -> Option<&'a Data> {
        match self.overlay() {
            Overlay::Stored(stored) => stored,
            _ => None,
        }
    }

    /// The child with a name and a known value.
    pub(super) fn child_with<'s>(&'s self, name: &'s str, data: &'s Data) -> Location<'s> {
        self.with(name, Overlay::Stored(Some(data)))
    }

    fn with<'s>(&'s self, name: &'s str, overlay: Overlay<'s>) -> Location<'s> {
        Location { host: self.host, parent: Some(self), name, level: self.level + 1, overlay }
    }

    /// The number of levels below the root.
    pub(super) fn level(&self) -> usize {
        self.level
    }

    /// The name that has this index in the path.
    pub(super) fn name_at(&self, index: usize) -> Option<&'a str> {
        let mut location = self;
        while location.level > index + 1 {
            location = location.parent?;
        }
        (location.level == index + 1).then_some(location.name)
    }

    /// `/users/alice`
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        self.write_path(&mut path);
        path
    }

    /// Writes [`Self::path`].
    pub(super) fn write_path(&self, out: &mut String) {
        // The names from here upward. Only rules reach locations with more levels than data has.
        let mut names = SmallVec::<[&str; MAX_LEVELS]>::new();
        let mut location = self;
        while let Some(parent) = location.parent {
            names.push(location.name);
            location = parent;
        }
        for name in names.iter().rev() {
            out.push('/');
            out.push_str(name);
        }
        if names.is_empty() {
            out.push('/');
        }
    }

    fn stored(&self, stored: Option<&'a Data>) -> Result<Answer<'a>, Unreadable> {
        stored.map_or_else(|| self.host.get(&self.path()), |data| Ok(Answer::Data(data)))
    }

    pub(super) fn exists(&self) -> Result<bool, Unreadable> {
        Ok(!matches!(self.content()?, Content::Nothing))
    }

    /// Whether any child remains: one of those that are `mutated`, which have these overlays, or a stored one.
    fn any_child<'n>(
        &self,
        stored: Option<&'a Data>,
        mutated: impl Fn(&str) -> bool,
        overlays: impl Iterator<Item = (&'n str, Overlay<'n>)>,
    ) -> Result<bool, Unreadable>
    where
        'a: 'n,
    {
        for (name, overlay) in overlays {
            if self.with(name, overlay).exists()? {
                return Ok(true);
            }
        }
        match self.stored(stored)? {
            Answer::Data(data) => Ok(data.children().any(|(name, _)| !mutated(name))),
            Answer::Shallow(Content::Children, _) => self.host.any_child(&self.path(), &mut |name| !mutated(name)),
            Answer::Shallow(..) => Ok(false),
        }
    }
}

impl Location<'_> {
    #[inline(never)]
    fn overlaid_content(&self) -> Result<Content<'_>, Unreadable> {
        let (stored, any) = match self.overlay() {
            Overlay::Stored(stored) | Overlay::Mutated(Mutation::Priority(_) | Mutation::Replace(_), stored) => {
                return Ok(self.stored(stored)?.content());
            }
            Overlay::MutatedAt(path, mutation, stored) => {
                let Some((first, rest)) = path.split_first() else { return Ok(self.stored(stored)?.content()) };
                let overlay = Overlay::mutated_at(rest, mutation, stored_child(stored, first));
                (stored, self.any_child(stored, |name| name == *first, std::iter::once((*first, overlay)))?)
            }
            Overlay::Mutated(Mutation::Children(children, remains), stored) => {
                let any = match remains.get() {
                    Some(any) => any,
                    None => {
                        let mutated = |name: &str| children.binary_search_by(|(other, _)| (*other).cmp(name)).is_ok();
                        let overlays = children
                            .iter()
                            .map(|(name, mutation)| (*name, Overlay::mutated(mutation, stored_child(stored, name))));
                        let any = self.any_child(stored, mutated, overlays)?;
                        remains.set(Some(any));
                        any
                    }
                };
                (stored, any)
            }
            Overlay::Unresolved => return Ok(Content::Nothing),
        };
        if any {
            return Ok(Content::Children);
        }
        // A removal below a leaf removes nothing: the leaf stays.
        Ok(match self.stored(stored)?.content() {
            Content::Children => Content::Nothing,
            other => other,
        })
    }
}

impl Snapshot for Location<'_> {
    #[inline]
    fn content(&self) -> Result<Content<'_>, Unreadable> {
        // Rules mostly read written values and stored ones in memory.
        match self.overlay {
            Overlay::Stored(Some(data)) => Ok(data.content()),
            _ => self.overlaid_content(),
        }
    }

    fn priority(&self) -> Result<ValueRef<'_>, Unreadable> {
        let stored = match self.overlay() {
            Overlay::Mutated(Mutation::Priority(priority), stored) => {
                // An absent value has no priority.
                let exists = !matches!(self.stored(stored)?.content(), Content::Nothing);
                return Ok(priority.filter(|_| exists).map_or(ValueRef::Null, Scalar::view));
            }
            Overlay::Mutated(..) | Overlay::MutatedAt(..) if !self.exists()? => return Ok(ValueRef::Null),
            Overlay::Stored(stored) | Overlay::Mutated(_, stored) | Overlay::MutatedAt(_, _, stored) => stored,
            Overlay::Unresolved => return Ok(ValueRef::Null),
        };
        Ok(match self.stored(stored)? {
            Answer::Shallow(_, priority) => priority.leaf().unwrap_or(ValueRef::Null),
            Answer::Data(data) => data.priority().map_or(ValueRef::Null, Scalar::view),
        })
    }

    /// Slashes at the ends do not count. No data has the empty name between two slashes (realtime-database specification,
    /// section 5: `child('')` and doubled slashes are empty snapshots).
    fn child<'s>(&'s self, path: &'s str, arena: &'s Bump) -> &'s dyn Snapshot {
        let mut location = self;
        let mut names = inner_names(path);
        // No data is so deep, and no rule goes up so often: of a path of millions of names, only the first and the last
        // become locations.
        for name in names.by_ref().take(MAX_NAMES) {
            location = arena.alloc(Location::child(location, name));
        }
        let last: Vec<&str> = names.by_ref().rev().take(MAX_NAMES).collect();
        for name in last.into_iter().rev() {
            location = arena.alloc(Location::child(location, name));
        }
        location
    }

    fn has(&self, path: &str) -> Result<bool, Unreadable> {
        // Data in memory needs no locations.
        if let Overlay::Stored(Some(data)) = self.overlay() {
            if !path.as_bytes().contains(&b'/') {
                return Ok(data.child(path).is_some());
            }
            return Ok(inner_names(path).try_fold(data, Data::child).is_some());
        }
        let mut rest = inner_names(path);
        self.has_rest(&mut rest)
    }

    fn cached(&self) -> Option<Content<'_>> {
        self.without_host(|| self.content())
    }

    fn has_cached(&self, path: &str) -> Option<bool> {
        self.without_host(|| self.has(path))
    }

    fn parent(&self) -> Option<&dyn Snapshot> {
        self.parent.map(|parent| parent as &dyn Snapshot)
    }
}

impl Location<'_> {
    /// Runs a read that fails where the host would be asked.
    fn without_host<T>(&self, read: impl FnOnce() -> Result<T, Unreadable>) -> Option<T> {
        self.host.set_offline(true);
        let result = read().ok();
        self.host.set_offline(false);
        result
    }

    fn has_rest<'p>(&self, rest: &mut impl Iterator<Item = &'p str>) -> Result<bool, Unreadable> {
        match rest.next() {
            Some(_) if self.level >= MAX_LEVELS => Ok(false),
            Some(name) => self.child(name).has_rest(rest),
            None => self.exists(),
        }
    }
}

/// The number of names of a path in an expression, from either end, that become locations. Rules nest calls less deeply.
const MAX_NAMES: usize = 256;

/// The names of a path in an expression, with the empty ones, which no data has.
fn inner_names(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.trim_matches('/').split('/')
}

impl fmt::Debug for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({})", self.path())
    }
}

/// The number stored at a path below a location, to which an increment adds.
pub(super) fn stored_number(root: &Location<'_>, path: &[&str]) -> Result<Option<f64>, Unreadable> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(match root.content()? {
            Content::Number(n) => Some(n),
            _ => None,
        });
    };
    stored_number(&root.child(name), rest)
}
