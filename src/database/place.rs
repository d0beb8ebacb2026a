//! Places in the database before and after the pending write: the snapshots of rules. Nothing is copied: what a write
//! changes lies over what is stored.

use std::{cell::Cell, fmt};

use arrayvec::ArrayVec;
use bumpalo::Bump;

use crate::value::{Content, Snapshot, Str, Unreadable, ValueRef};

use super::{
    Data, Scalar,
    data::Node,
    limits::{MAX_LEVELS, key_problem},
    tree::{Known, Leaf, Lookup},
};

/// What is stored at a place, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base<'d> {
    Nothing,
    Memory(&'d Data),
    /// The host is to be asked.
    Host,
}

impl<'d> Base<'d> {
    /// Data that is in memory.
    pub(super) fn memory(data: &'d Data) -> Self {
        if data.is_nothing() { Base::Nothing } else { Base::Memory(data) }
    }

    fn child(self, name: &str) -> Base<'d> {
        match self {
            Base::Memory(data) => data.child(name).map_or(Base::Nothing, Base::Memory),
            Base::Nothing => Base::Nothing,
            // A host is never asked for what no data can have.
            Base::Host if key_problem(name).is_some() => Base::Nothing,
            Base::Host => Base::Host,
        }
    }
}

/// What a write changes at a place or below it.
#[derive(Debug)]
pub(super) enum Change<'d> {
    /// All of it is replaced.
    Replace(&'d Data),
    /// Only the priority is.
    Priority(Option<Leaf<'d>>),
    /// Places below are changed, sorted by name. Whether anything is left is found out once.
    Below(Vec<(&'d str, Change<'d>)>, Cell<Option<bool>>),
}

impl<'d> Change<'d> {
    /// The change at a path, seen from above.
    pub(super) fn at(path: &[&'d str], change: Change<'d>) -> Change<'d> {
        path.iter().rev().fold(change, |below, name| Change::Below(vec![(name, below)], Cell::new(None)))
    }

    /// Adds a change at a path below; the paths of a write never lie in each other.
    pub(super) fn add(&mut self, path: &[&'d str], change: Change<'d>) {
        let (Change::Below(below, _), Some((name, rest))) = (self, path.split_first()) else { return };
        match below.binary_search_by(|(other, _)| (*other).cmp(name)) {
            Ok(at) => {
                if let Some((_, inner)) = below.get_mut(at) {
                    inner.add(rest, change);
                }
            }
            Err(at) => below.insert(at, (name, Change::at(rest, change))),
        }
    }

    fn below(&self, name: &str) -> Option<&Change<'d>> {
        let Change::Below(below, _) = self else { return None };
        let at = below.binary_search_by(|(other, _)| (*other).cmp(name)).ok()?;
        below.get(at).map(|(_, change)| change)
    }
}

/// What is at a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'d> {
    /// To be found out from the place above when it is asked for.
    Later,
    Stored(Base<'d>),
    Changed(&'d Change<'d>, Base<'d>),
    /// One change, at a path below, which is not empty.
    Along(&'d [&'d str], &'d Change<'d>, Base<'d>),
}

impl<'d> State<'d> {
    /// What is there where a change lies over what is stored.
    pub(super) fn changed(change: &'d Change<'d>, base: Base<'d>) -> Self {
        match change {
            Change::Replace(data) => State::Stored(Base::memory(data)),
            change => State::Changed(change, base),
        }
    }

    /// What is there where a change lies over what is stored, at a path below.
    pub(super) fn changed_at(path: &'d [&'d str], change: &'d Change<'d>, base: Base<'d>) -> Self {
        if path.is_empty() { State::changed(change, base) } else { State::Along(path, change, base) }
    }

    fn child(self, name: &str) -> State<'d> {
        match self {
            State::Later => State::Later,
            State::Stored(base) => State::Stored(base.child(name)),
            State::Along(path, change, base) => match path.split_first() {
                // What is replaced has no part in what is there.
                Some((first, [])) if *first == name && matches!(change, Change::Replace(_)) => {
                    State::changed(change, Base::Nothing)
                }
                Some((first, rest)) if *first == name => State::changed_at(rest, change, base.child(name)),
                _ => State::Stored(base.child(name)),
            },
            State::Changed(change, base) => match change.below(name) {
                Some(change) => State::changed(change, base.child(name)),
                None => State::Stored(base.child(name)),
            },
        }
    }
}

/// A place in the database, before or after the write.
#[derive(Clone, Copy)]
pub(super) struct Location<'a> {
    store: &'a (dyn Lookup + 'a),
    parent: Option<&'a Location<'a>>,
    name: &'a str,
    /// Levels below the root.
    level: usize,
    state: State<'a>,
}

impl<'a> Location<'a> {
    /// The root.
    pub(super) fn root(store: &'a (dyn Lookup + 'a), state: State<'a>) -> Self {
        Location { store, parent: None, name: "", level: 0, state }
    }

    /// The place below.
    pub(super) fn below<'s>(&'s self, name: &'s str) -> Location<'s> {
        // No data is deeper, so no host is asked for it.
        let state = if self.level < MAX_LEVELS { self.state().child(name) } else { State::Stored(Base::Nothing) };
        self.with(name, state)
    }

    /// The same place, with a change at a path below it lying over what is there.
    pub(super) fn with_change<'s>(&'s self, path: &'s [&'s str], change: &'s Change<'s>) -> Location<'s> {
        match self.state() {
            State::Stored(base) => Location { state: State::changed_at(path, change, base), ..*self },
            _ => *self,
        }
    }

    /// The place below; what is there is found out when it is asked for.
    pub(super) fn below_later<'s>(&'s self, name: &'s str) -> Location<'s> {
        self.with(name, State::Later)
    }

    fn state(&self) -> State<'a> {
        match (self.state, self.parent) {
            (State::Later, Some(parent)) if parent.level < MAX_LEVELS => parent.state().child(self.name),
            (State::Later, _) => State::Stored(Base::Nothing),
            (state, _) => state,
        }
    }

    /// The same place, with what is there found out.
    pub(super) fn settled(&self) -> Location<'a> {
        Location { state: self.state(), ..*self }
    }

    /// What is there, where it is in memory and unchanged; within, nothing where nothing is.
    pub(super) fn in_memory(&self) -> Option<Option<&'a Data>> {
        match self.state {
            State::Stored(Base::Memory(data)) => Some(Some(data)),
            State::Stored(Base::Nothing) => Some(None),
            _ => None,
        }
    }

    /// The place below, where what is there is known.
    pub(super) fn below_with<'s>(&'s self, name: &'s str, data: &'s Data) -> Location<'s> {
        self.with(name, State::Stored(Base::memory(data)))
    }

    fn with<'s>(&'s self, name: &'s str, state: State<'s>) -> Location<'s> {
        Location { store: self.store, parent: Some(self), name, level: self.level + 1, state }
    }

    /// Everything there, where it is in memory and unchanged.
    pub(super) fn memory(&self) -> Option<&'a Data> {
        match self.state() {
            State::Stored(Base::Memory(data)) => Some(data),
            _ => None,
        }
    }

    /// `/users/alice`
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        self.write_path(&mut path);
        path
    }

    /// Writes the same.
    pub(super) fn write_path(&self, out: &mut String) {
        // From here upward: as many names as data has levels, and those that only rules can ask for.
        let (mut names, mut above) = (ArrayVec::<&str, MAX_LEVELS>::new(), Vec::new());
        let mut place = self;
        while let Some(parent) = place.parent {
            if names.try_push(place.name).is_err() {
                above.push(place.name);
            }
            place = parent;
        }
        for name in above.iter().rev().chain(names.iter().rev()) {
            out.push('/');
            out.push_str(name);
        }
        if names.is_empty() {
            out.push('/');
        }
    }

    fn stored(&self, base: Base<'a>) -> Result<Known<'a>, Unreadable> {
        match base {
            Base::Nothing => Ok(Known::Nothing),
            Base::Memory(data) => Ok(Known::Data(data)),
            Base::Host => self.store.get(&self.path()),
        }
    }

    pub(super) fn exists(&self) -> Result<bool, Unreadable> {
        Ok(!matches!(self.content()?, Content::Nothing))
    }

    /// Whether anything is left of the children where those that are `changed` have these states.
    fn any_child<'n>(
        &self,
        base: Base<'a>,
        changed: impl Fn(&str) -> bool,
        states: impl Iterator<Item = (&'n str, State<'n>)>,
    ) -> Result<bool, Unreadable>
    where
        'a: 'n,
    {
        for (name, state) in states {
            if self.with(name, state).exists()? {
                return Ok(true);
            }
        }
        match self.stored(base)? {
            Known::Data(data) => Ok(data.children().any(|(name, _)| !changed(name))),
            Known::Children(_) => self.store.any_child(&self.path(), &mut |name| !changed(name)),
            Known::Nothing | Known::Leaf(..) => Ok(false),
        }
    }
}

fn leaf(leaf: Leaf<'_>) -> ValueRef<'_> {
    match leaf {
        Leaf::Bool(b) => ValueRef::Bool(b),
        Leaf::Number(n) => ValueRef::Float(n),
        Leaf::String(text) => ValueRef::String(Str::Utf8(text)),
    }
}

fn content(known: Known<'_>) -> Content<'_> {
    match known {
        Known::Nothing => Content::Nothing,
        Known::Leaf(Leaf::Bool(b), _) => Content::Bool(b),
        Known::Leaf(Leaf::Number(n), _) => Content::Number(n),
        Known::Leaf(Leaf::String(text), _) => Content::String(text),
        Known::Children(_) => Content::Children,
        Known::Data(data) => in_memory(data),
    }
}

impl Location<'_> {
    #[inline(never)]
    fn content_of_state(&self) -> Result<Content<'_>, Unreadable> {
        let (base, any) = match self.state() {
            State::Stored(base) | State::Changed(Change::Priority(_) | Change::Replace(_), base) => {
                return Ok(content(self.stored(base)?));
            }
            State::Along(path, change, base) => {
                let Some((first, rest)) = path.split_first() else { return Ok(content(self.stored(base)?)) };
                let state = State::changed_at(rest, change, base.child(first));
                (base, self.any_child(base, |name| name == *first, std::iter::once((*first, state)))?)
            }
            State::Changed(Change::Below(below, left), base) => {
                let any = match left.get() {
                    Some(any) => any,
                    None => {
                        let changed = |name: &str| below.binary_search_by(|(other, _)| (*other).cmp(name)).is_ok();
                        let states =
                            below.iter().map(|(name, change)| (*name, State::changed(change, base.child(name))));
                        let any = self.any_child(base, changed, states)?;
                        left.set(Some(any));
                        any
                    }
                };
                (base, any)
            }
            State::Later => return Ok(Content::Nothing),
        };
        if any {
            return Ok(Content::Children);
        }
        // What is removed below a leaf was not there: the leaf stays.
        Ok(match content(self.stored(base)?) {
            Content::Children => Content::Nothing,
            other => other,
        })
    }
}

/// What stands at a place whose data is in memory.
#[inline(always)]
pub(super) fn in_memory(data: &Data) -> Content<'_> {
    match &data.node {
        Node::Nothing => Content::Nothing,
        Node::Leaf(Scalar::String(text)) => Content::String(text),
        Node::Leaf(Scalar::Number(n)) => Content::Number(*n),
        Node::Leaf(Scalar::Bool(b)) => Content::Bool(*b),
        Node::Children(_) => Content::Children,
    }
}

impl Snapshot for Location<'_> {
    #[inline]
    fn content(&self) -> Result<Content<'_>, Unreadable> {
        // What is written, and what is stored in memory, is by far the most asked for.
        match self.state {
            State::Stored(Base::Memory(data)) => Ok(in_memory(data)),
            State::Stored(Base::Nothing) => Ok(Content::Nothing),
            _ => self.content_of_state(),
        }
    }

    fn priority(&self) -> Result<ValueRef<'_>, Unreadable> {
        let base = match self.state() {
            State::Changed(Change::Priority(priority), base) => {
                // Nothing has no priority.
                let there = !matches!(self.stored(base)?, Known::Nothing);
                return Ok(priority.filter(|_| there).map_or(ValueRef::Null, leaf));
            }
            State::Changed(..) | State::Along(..) if !self.exists()? => return Ok(ValueRef::Null),
            State::Stored(base) | State::Changed(_, base) | State::Along(_, _, base) => base,
            State::Later => return Ok(ValueRef::Null),
        };
        let priority = match self.stored(base)? {
            Known::Nothing => None,
            Known::Leaf(_, priority) | Known::Children(priority) => priority,
            Known::Data(data) => data.priority().map(Leaf::from),
        };
        Ok(priority.map_or(ValueRef::Null, leaf))
    }

    /// Slashes at the ends do not count; an empty name between others is one that no data has (realtime-database
    /// specification, section 5: `child('')` and doubled slashes are empty snapshots).
    fn child<'s>(&'s self, path: &'s str, arena: &'s Bump) -> &'s dyn Snapshot {
        let mut place = self;
        let mut names = inner_names(path);
        // No data is so deep, and no rule asks for the parent so often: of a path of millions of names those in between
        // are not needed.
        for name in names.by_ref().take(MAX_NAMES) {
            place = arena.alloc(place.below(name));
        }
        let last: Vec<&str> = names.by_ref().rev().take(MAX_NAMES).collect();
        for name in last.into_iter().rev() {
            place = arena.alloc(place.below(name));
        }
        place
    }

    fn has(&self, path: &str) -> Result<bool, Unreadable> {
        // Where all is in memory no places are made.
        if let State::Stored(base @ (Base::Memory(_) | Base::Nothing)) = self.state() {
            if !path.as_bytes().contains(&b'/') {
                return Ok(!matches!(base.child(path), Base::Nothing));
            }
            return Ok(!matches!(inner_names(path).fold(base, Base::child), Base::Nothing));
        }
        let mut rest = inner_names(path);
        self.has_rest(&mut rest)
    }

    fn cached(&self) -> Option<Content<'_>> {
        self.quietly(|| self.content())
    }

    fn has_cached(&self, path: &str) -> Option<bool> {
        self.quietly(|| self.has(path))
    }

    fn parent(&self) -> Option<&dyn Snapshot> {
        self.parent.map(|parent| parent as &dyn Snapshot)
    }
}

impl Location<'_> {
    fn quietly<T>(&self, ask: impl FnOnce() -> Result<T, Unreadable>) -> Option<T> {
        self.store.be_quiet(true);
        let answer = ask().ok();
        self.store.be_quiet(false);
        answer
    }

    fn has_rest<'p>(&self, rest: &mut impl Iterator<Item = &'p str>) -> Result<bool, Unreadable> {
        match rest.next() {
            Some(_) if self.level >= MAX_LEVELS => Ok(false),
            Some(name) => self.below(name).has_rest(rest),
            None => self.exists(),
        }
    }
}

/// Names of a path in an expression, from either end, that places are made for. Rules nest calls less deeply.
const MAX_NAMES: usize = 256;

/// The names of a path in an expression. An empty one, which no data has, stays.
fn inner_names(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.trim_matches('/').split('/')
}

impl fmt::Debug for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({})", self.path())
    }
}

/// The number stored at a path below a place, which an increment adds to.
pub(super) fn stored_number(root: &Location<'_>, path: &[&str]) -> Result<Option<f64>, Unreadable> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(match root.content()? {
            Content::Number(n) => Some(n),
            _ => None,
        });
    };
    stored_number(&root.below(name), rest)
}
