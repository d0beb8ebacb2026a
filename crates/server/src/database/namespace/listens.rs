//! Who listens where, and what a write tells them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    database::{
        Caller, Change, Node, Order, Push, Query, Subscriber, SubscriberId, Tag, Transport,
        path_map::PathMap,
        query,
        tree::{Key, below, join, names},
        window::{Effect, Index, Moved, Window},
    },
    memory::{Full, Held, Memory},
};

/// What an entry of a window and of its index takes in memory, in bytes.
const ENTRY: usize = 128;

/// All listens of a namespace.
pub(super) struct Listens {
    memory: Memory,
    places: PathMap<Place>,
    /// The audiences whose right depends on what is stored at a path.
    dependents: PathMap<BTreeSet<AudienceId>>,
}

/// The listens to one path.
struct Place {
    path: Arc<str>,
    /// For each order that a query needs, with the number of those queries.
    indexes: BTreeMap<Order, Indexed>,
    views: BTreeMap<Query, View>,
}

/// An index with the number of its queries.
struct Indexed {
    index: Index,
    queries: usize,
    _held: Held,
}

/// What the listens with one query see.
struct View {
    /// `None` if the query selects everything.
    window: Option<(Window, Held)>,
    audiences: BTreeMap<AudienceKey, Audience>,
}

/// All for whom the rules decide alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AudienceKey {
    user: Arc<str>,
    is_rest: bool,
}

/// An audience among all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AudienceId {
    pub(super) path: Arc<str>,
    pub(super) query: Query,
    key: AudienceKey,
}

/// The listeners of one view for whom the rules decide alike, and what that decision read.
struct Audience {
    caller: Caller,
    reads: Vec<Box<str>>,
    listeners: BTreeMap<SubscriberId, Listener>,
}

/// One listen of one subscriber.
pub(super) struct Listener {
    pub(super) sink: Arc<dyn Subscriber>,
    pub(super) tag: Option<Tag>,
    /// The query as this subscriber wrote it.
    pub(super) query: Query,
}

impl AudienceId {
    pub(super) fn new(path: &str, query: &Query, caller: &Caller) -> Self {
        let is_rest = caller.transport == Transport::Rest;
        AudienceId { path: path.into(), query: query.clone(), key: AudienceKey { user: caller.user.key(), is_rest } }
    }
}

impl Listener {
    /// Tells the subscriber that the listen has ended.
    pub(super) fn revoke(&self, path: &str) {
        let query = self.query.to_json();
        self.sink.push(&Push::new(Change::Revoked { path: path.to_owned(), query, tag: self.tag }));
    }
}

impl Listens {
    /// Nobody listens. The windows of queries count as kept.
    pub(super) fn new(memory: &Memory) -> Self {
        Listens { memory: memory.clone(), places: PathMap::default(), dependents: PathMap::default() }
    }

    /// Adds a listen, or replaces that of the same subscriber. Returns what it sees at first.
    ///
    /// # Errors
    ///
    /// All windows together have too many entries: the listener, which is not added.
    pub(super) fn add(
        &mut self,
        id: &AudienceId,
        caller: &Caller,
        reads: Vec<Box<str>>,
        subscriber: SubscriberId,
        listener: Listener,
        root: &Node,
    ) -> Result<Node, Box<Listener>> {
        let nothing = Node::Nothing;
        let here = root.find(names(&id.path)).unwrap_or(&nothing);
        let Ok((window, indexed)) = self.window_of(id, here) else { return Err(Box::new(listener)) };
        let make = || Place { path: Arc::clone(&id.path), indexes: BTreeMap::new(), views: BTreeMap::new() };
        let place = self.places.get_or_insert_with(&id.path, make);
        let Place { indexes, views, .. } = place;
        let view = views.entry(id.query.clone()).or_insert_with(|| {
            if window.is_some() {
                let order = id.query.order();
                let index = || Indexed { index: Index::new(order, here), queries: 0, _held: indexed };
                indexes.entry(order.clone()).or_insert_with(index).queries += 1;
            }
            View { window, audiences: BTreeMap::new() }
        });
        let value = view.value(here);
        let audience = view.audiences.entry(id.key.clone()).or_insert_with(|| Audience {
            caller: caller.clone(),
            reads: Vec::new(),
            listeners: BTreeMap::new(),
        });
        audience.listeners.insert(subscriber, listener);
        self.set_reads(id, reads);
        Ok(value)
    }

    /// The window of a new view, and the memory of its index if that is new, too.
    fn window_of(&mut self, id: &AudienceId, here: &Node) -> Result<(Option<(Window, Held)>, Held), Full> {
        let place = self.places.get_mut(&id.path);
        if id.query.selects_all() || place.as_ref().is_some_and(|place| place.views.contains_key(&id.query)) {
            return Ok((None, self.memory.hold()));
        }
        let has_index = place.is_some_and(|place| place.indexes.contains_key(id.query.order()));
        let indexed = self.memory.take(if has_index { 0 } else { here.child_count() * ENTRY })?;
        let window = Window::new(&id.query, here);
        let held = self.memory.take(window.entries().len() * ENTRY)?;
        Ok((Some((window, held)), indexed))
    }

    /// Sets what the decision on an audience read.
    pub(super) fn set_reads(&mut self, id: &AudienceId, reads: Vec<Box<str>>) {
        let Some(audience) = self.audience(id) else { return };
        let before = std::mem::replace(&mut audience.reads, reads.clone());
        if before != reads {
            self.forget_reads(id, &before);
            for path in &reads {
                self.dependents.get_or_insert_with(path, BTreeSet::new).insert(id.clone());
            }
        }
    }

    fn forget_reads(&mut self, id: &AudienceId, reads: &[Box<str>]) {
        for path in reads {
            if let Some(ids) = self.dependents.get_mut(path) {
                ids.remove(id);
                if ids.is_empty() {
                    self.dependents.remove(path);
                }
            }
        }
    }

    fn audience(&mut self, id: &AudienceId) -> Option<&mut Audience> {
        self.places.get_mut(&id.path)?.views.get_mut(&id.query)?.audiences.get_mut(&id.key)
    }

    /// For whom an audience is judged.
    pub(super) fn caller(&mut self, id: &AudienceId) -> Option<Caller> {
        self.audience(id).map(|audience| audience.caller.clone())
    }

    /// Removes a listen.
    pub(super) fn remove(&mut self, id: &AudienceId, subscriber: SubscriberId) -> Option<Listener> {
        let audience = self.audience(id)?;
        let listener = audience.listeners.remove(&subscriber);
        if audience.listeners.is_empty() {
            self.remove_audience(id);
        }
        listener
    }

    /// Removes an audience with all its listens.
    pub(super) fn remove_audience(&mut self, id: &AudienceId) -> BTreeMap<SubscriberId, Listener> {
        let Some(place) = self.places.get_mut(&id.path) else { return BTreeMap::new() };
        let Some(view) = place.views.get_mut(&id.query) else { return BTreeMap::new() };
        let Some(audience) = view.audiences.remove(&id.key) else { return BTreeMap::new() };
        if view.audiences.is_empty() {
            let has_window = view.window.is_some();
            place.views.remove(&id.query);
            let order = id.query.order();
            if has_window && let Some(Indexed { queries, .. }) = place.indexes.get_mut(order) {
                *queries -= 1;
                if *queries == 0 {
                    place.indexes.remove(order);
                }
            }
            if place.views.is_empty() {
                self.places.remove(&id.path);
            }
        }
        self.forget_reads(id, &audience.reads);
        audience.listeners
    }

    /// All audiences.
    pub(super) fn audiences(&self) -> Vec<AudienceId> {
        let mut ids = Vec::new();
        self.places.visit_all(&mut |place| {
            for (query, view) in &place.views {
                let id = |key: &AudienceKey| AudienceId {
                    path: Arc::clone(&place.path),
                    query: query.clone(),
                    key: key.clone(),
                };
                ids.extend(view.audiences.keys().map(id));
            }
        });
        ids
    }

    /// The audiences whose decision read something that is another now.
    pub(super) fn affected(&mut self, changed: &[String], before: &Node, after: &Node) -> BTreeSet<AudienceId> {
        let mut ids = BTreeSet::new();
        for path in changed {
            self.dependents.visit_around(path, &mut |at| ids.extend(at.iter().cloned()));
        }
        ids.retain(|id| {
            let audience = self.audience(id);
            audience.is_some_and(|audience| audience.reads.iter().any(|path| !before.reads_like(after, path)))
        });
        ids
    }

    /// Tells all whom it concerns what a write changed.
    pub(super) fn tell(&mut self, write: &Written<'_>) {
        let mut concerned = BTreeSet::new();
        for path in write.paths {
            self.places.visit_around(path, &mut |place| concerned.extend([Arc::clone(&place.path)]));
        }
        let mut pushes = Pushes { write, made: BTreeMap::new() };
        for path in concerned {
            if let Some(place) = self.places.get_mut(&path) {
                place.tell(&mut pushes);
            }
        }
    }
}

/// A write that was made.
pub(super) struct Written<'w> {
    /// The path of the request, canonical.
    pub(super) base: &'w str,
    /// Whether it is an update of paths below its path.
    pub(super) is_update: bool,
    /// The written paths, canonical. None is below another.
    pub(super) paths: &'w [String],
    pub(super) before: &'w Node,
    pub(super) after: &'w Node,
}

/// The pushes of one write, each made once for all who get it.
struct Pushes<'w> {
    write: &'w Written<'w>,
    made: BTreeMap<(String, Option<Tag>), Arc<Push>>,
}

impl Pushes<'_> {
    /// The value of a written path, or of one below it.
    fn data(&mut self, path: &str, tag: Option<Tag>) -> Arc<Push> {
        let make = || {
            let value = self.write.after.at(path);
            Push::new(Change::Data { path: path.to_owned(), value, tag })
        };
        Arc::clone(self.made.entry((path.to_owned(), tag)).or_insert_with(make))
    }

    /// The values of written paths below a path.
    fn merge(&mut self, path: &str, below: &[&str], tag: Option<Tag>) -> Arc<Push> {
        let make = || {
            let value = |rest: &&str| ((*rest).to_owned(), self.write.after.at(&join(path, rest)));
            Push::new(Change::Merge { path: path.to_owned(), children: below.iter().map(value).collect(), tag })
        };
        // No path is both written and above a written one, so data and merges share the map.
        Arc::clone(self.made.entry((path.to_owned(), tag)).or_insert_with(make))
    }
}

impl Place {
    fn tell(&mut self, pushes: &mut Pushes<'_>) {
        let write = pushes.write;
        let (before, after) = (write.before.at(&self.path), write.after.at(&self.path));
        // The written paths below this one, or none if this one is written or below a written one.
        let written: Vec<&str> = write.paths.iter().filter_map(|path| below(path, &self.path)).collect();
        if written.is_empty() || written.contains(&"") {
            let is_written = !written.is_empty();
            if is_written || before != after {
                self.tell_all(pushes, &after, is_written);
            }
            return;
        }
        let keys: BTreeSet<&str> = written.iter().filter_map(|path| names(path).next()).collect();
        let mut moved: BTreeMap<Order, Vec<Moved>> = BTreeMap::new();
        for (order, Indexed { index, .. }) in &mut self.indexes {
            let follow = |key: &&str| index.follow(order, &Key::new(key), before.child(key), after.child(key));
            moved.insert(order.clone(), keys.iter().map(follow).collect());
        }
        for (query, view) in &mut self.views {
            match &mut view.window {
                None => {
                    let path = &self.path;
                    view.send(|tag| match (write.is_update, below(write.base, path), written.as_slice()) {
                        (true, Some(_), _) => {
                            let below_base: Vec<&str> =
                                write.paths.iter().filter_map(|path| below(path, write.base)).collect();
                            pushes.merge(write.base, &below_base, tag)
                        }
                        (_, _, [only]) => pushes.data(&join(path, only), tag),
                        (_, _, several) => pushes.merge(path, several, tag),
                    });
                }
                Some((window, _)) => {
                    let (Some(Indexed { index, .. }), Some(moved)) =
                        (self.indexes.get(query.order()), moved.get(query.order()))
                    else {
                        continue;
                    };
                    let effects = window.follow(query, index, moved);
                    let changes = changes(&effects, &written, &before, &after);
                    if !changes.is_empty() {
                        let mut made = BTreeMap::new();
                        view.send(|tag| shared(&mut made, tag, || one_push(&self.path, changes.clone(), tag)));
                    }
                }
            }
        }
    }

    /// The value of this path was replaced: everybody gets what they see of it now, if it is another or was written.
    fn tell_all(&mut self, pushes: &mut Pushes<'_>, after: &Node, is_written: bool) {
        for (order, Indexed { index, .. }) in &mut self.indexes {
            *index = Index::new(order, after);
        }
        for (query, view) in &mut self.views {
            let Some((window, _)) = &mut view.window else {
                view.send(|tag| pushes.data(&self.path, tag));
                continue;
            };
            let before = query::part(&pushes.write.before.at(&self.path), window.entries());
            *window = Window::new(query, after);
            let value = query::part(after, window.entries());
            if is_written || before != value {
                let mut made = BTreeMap::new();
                view.send(|tag| {
                    let change = || Change::Data { path: self.path.to_string(), value: value.clone(), tag };
                    shared(&mut made, tag, change)
                });
            }
        }
    }
}

/// The push for a tag, made once.
fn shared(made: &mut BTreeMap<Option<Tag>, Arc<Push>>, tag: Option<Tag>, change: impl FnOnce() -> Change) -> Arc<Push> {
    Arc::clone(made.entry(tag).or_insert_with(|| Push::new(change())))
}

/// What the listeners of a window are told: paths below it, with their values.
fn changes(effects: &BTreeMap<Key, Effect>, written: &[&str], before: &Node, after: &Node) -> Vec<(String, Node)> {
    let mut changes = Vec::new();
    for (key, effect) in effects {
        let whole = |root: &Node| root.child(key.as_str()).cloned().unwrap_or_default();
        match effect {
            Effect::Left => changes.push((key.as_str().to_owned(), Node::Nothing)),
            Effect::Entered => changes.push((key.as_str().to_owned(), whole(after))),
            Effect::Stayed => {
                let of_child = written.iter().filter(|path| below(path, key.as_str()).is_some());
                let (old, new) = (whole(before), whole(after));
                if old != new {
                    changes.extend(of_child.map(|path| ((*path).to_owned(), after.at(path))));
                }
            }
        }
    }
    changes
}

fn one_push(path: &str, mut changes: Vec<(String, Node)>, tag: Option<Tag>) -> Change {
    match (changes.len(), changes.pop()) {
        (1, Some((below, value))) => Change::Data { path: join(path, &below), value, tag },
        (_, last) => {
            changes.extend(last);
            Change::Merge { path: path.to_owned(), children: changes, tag }
        }
    }
}

impl View {
    /// What the view shows of the value at its path.
    fn value(&self, here: &Node) -> Node {
        match &self.window {
            None => here.clone(),
            Some((window, _)) => query::part(here, window.entries()),
        }
    }

    /// Sends every listener the push for its tag.
    fn send(&self, mut push: impl FnMut(Option<Tag>) -> Arc<Push>) {
        let mut last: Option<(Option<Tag>, Arc<Push>)> = None;
        for listener in self.audiences.values().flat_map(|audience| audience.listeners.values()) {
            // Most listeners have the same tag.
            let push = match &last {
                Some((tag, push)) if *tag == listener.tag => push,
                _ => &last.insert((listener.tag, push(listener.tag))).1,
            };
            listener.sink.push(push);
        }
    }
}
