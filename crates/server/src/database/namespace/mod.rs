//! A namespace: its data, rules, listeners and what ends with a connection. Each operation is atomic, and delivers all its
//! pushes before it returns.

mod asked;
mod durable;
mod judge;
mod listens;
mod on_disconnect;
mod rules;
#[cfg(test)]
mod tests;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use firewarden::{
    Timestamp,
    database::{ChangeError, IndexWarning, RequestError},
};

use super::{
    Caller, Node, Query, Subscriber, Tag, User,
    tree::{canonical, names},
};
use crate::{
    at_length_if,
    clock::Clock,
    lock, lock_or_wait,
    memory::{Full, Held},
    shared::Shared,
};
use asked::Asked;
use judge::{Active, Journaled};
use listens::{AudienceId, Listener, Listens};
use on_disconnect::Ends;

/// The children among which a query takes long to select.
const MANY_CHILDREN: usize = 1_000;

/// What a listen takes in memory beside the texts of its path and query, in bytes.
const LISTEN: usize = 1_024;

/// The listens that a connection may have at once.
const MAX_LISTENS: usize = 20_000;

/// A subscriber in its namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriberId(u64);

/// Why a namespace does not do what it is asked for. `Display` gives a sentence.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The rules deny it, or there are no valid rules. The reason is for the developer, not for the answer, whose text is
    /// always `Permission denied`.
    #[error("Permission denied")]
    Denied {
        /// Why, in a sentence.
        reason: String,
        /// The number of the request in the journal.
        entry: u64,
    },
    /// The hash of a conditional write is not that of the present value.
    #[error("Transaction hash does not match")]
    Stale {
        /// The present value, if the caller may read it.
        current: Option<Node>,
    },
    /// The database takes no such request: a bad key or path, too deep, too large, a path of an update inside another.
    #[error("{0}")]
    Invalid(#[from] RequestError),
    /// The disk does not take the write, which changes nothing.
    #[error("the write cannot be stored: {0}")]
    Unavailable(String),
    /// The connection has too many listens or onDisconnect operations, or has ended.
    #[error("{0}")]
    Limit(&'static str),
}

/// The answer to a read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The value, or the part of it that the query selects.
    pub value: Node,
    /// The query's index that `.indexOn` does not list; for owners too. REST answers its message with 400 instead of data.
    pub warning: Option<IndexWarning>,
}

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(error) => Refused::Invalid(error),
            // The data are in memory and can always be read.
            ChangeError::Data(_) => Refused::Limit("the data cannot be read"),
        }
    }
}

/// One database.
pub struct Namespace {
    name: String,
    shared: Arc<Shared>,
    clock: Arc<Clock>,
    state: Mutex<State>,
}

struct State {
    root: Node,
    rules: Active,
    listens: Listens,
    connections: BTreeMap<SubscriberId, Connection>,
    last: u64,
}

/// A connection that can listen.
struct Connection {
    sink: Arc<dyn Subscriber>,
    caller: Caller,
    listens: BTreeSet<(Arc<str>, Query)>,
    /// The bytes of `listens` that the server has for it.
    listens_size: usize,
    ends: Ends,
    held: Held,
}

impl Namespace {
    /// No data, and open rules.
    pub fn new(name: impl Into<String>, shared: Arc<Shared>) -> Arc<Self> {
        let name = name.into();
        let clock = shared.clock(shared.project_of_namespace(&name));
        let state = State {
            root: Node::Nothing,
            rules: Active::open(),
            listens: Listens::new(&shared.kept),
            connections: BTreeMap::new(),
            last: 0,
        };
        Arc::new(Namespace { name, shared, clock, state: Mutex::new(state) })
    }

    /// The name, as in `?ns=`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it shares with the other services.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The clock of its project.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// Whether it has neither data nor rules.
    pub fn is_blank(&self) -> bool {
        let state = lock(&self.state);
        state.root.is_nothing() && matches!(state.rules, Active::Open(_))
    }

    /// All data. Holding it costs nothing; it does not change.
    pub fn root(&self) -> Node {
        lock(&self.state).root.clone()
    }

    /// Adds a connection that can listen: a WebSocket session, or one stream of REST.
    pub fn connect(&self, subscriber: Arc<dyn Subscriber>, caller: Caller) -> SubscriberId {
        let state = &mut *lock_or_wait(&self.state);
        state.last += 1;
        let id = SubscriberId(state.last);
        let connection = Connection {
            sink: subscriber,
            caller,
            listens: BTreeSet::new(),
            listens_size: 0,
            ends: Ends::default(),
            held: self.shared.kept.hold(),
        };
        state.connections.insert(id, connection);
        id
    }

    /// Ends a connection: its listens end without a push, and its onDisconnect operations run.
    pub fn disconnect(&self, subscriber: SubscriberId) {
        let state = &mut *lock_or_wait(&self.state);
        let Some(connection) = state.connections.remove(&subscriber) else { return };
        for (path, query) in &connection.listens {
            state.listens.remove(&AudienceId::new(path, query, &connection.caller), subscriber);
        }
        self.run_ends(state, &connection.caller, connection.ends);
    }

    /// Changes the user of a connection. Listens that the new user may not have are revoked.
    pub fn change_user(&self, subscriber: SubscriberId, user: User) {
        let state = &mut *lock_or_wait(&self.state);
        let Some(connection) = state.connections.get_mut(&subscriber) else { return };
        if connection.caller.user == user {
            return;
        }
        let before = connection.caller.clone();
        connection.caller.user = user;
        let (after, listens, now) = (connection.caller.clone(), connection.listens.clone(), self.clock.now());
        for (path, query) in listens {
            let Some(listener) = state.listens.remove(&AudienceId::new(&path, &query, &before), subscriber) else {
                continue;
            };
            let asked = Asked::read(&path, &query);
            let request = asked.request(&after, now);
            match self.judge(state, &after, &asked, &request, now, Journaled::Denials) {
                Ok(allowed) => {
                    let id = AudienceId::new(&path, &query, &after);
                    // Its view was there a moment ago, so that it can hardly be refused.
                    if let Err(listener) =
                        state.listens.add(&id, &after, allowed.reads, subscriber, listener, &state.root)
                    {
                        state.end(&listener, &path, &query, subscriber);
                    }
                }
                Err(_) => state.end(&listener, &path, &query, subscriber),
            }
        }
    }

    /// Reads a path once.
    ///
    /// # Errors
    ///
    /// Denied, or an invalid path or query.
    pub fn read(&self, caller: &Caller, path: &str, query: &Query) -> Result<Reading, Refused> {
        let (state, now) = (&*lock_or_wait(&self.state), self.clock.now());
        let asked = Asked::read(path, query);
        let request = asked.request(caller, now);
        let allowed = self.judge(state, caller, &asked, &request, now, Journaled::Always)?;
        let part = || state.root.find(names(path)).map_or(Node::Nothing, |value| query.part(value));
        let value = at_length_if(is_long_query(&state.root, path, query), part);
        Ok(Reading { value, warning: allowed.warning })
    }

    /// Listens to a path, as the connection's user. Pushes the value or window first, unless `hash` is its hash. A listen of
    /// the connection to the same path with the same query is replaced. `tag` is for queries: their pushes carry it.
    ///
    /// # Errors
    ///
    /// Denied, an invalid path or query, too many listens.
    pub fn listen(
        &self,
        subscriber: SubscriberId,
        path: &str,
        query: &Query,
        tag: Option<Tag>,
        hash: Option<&str>,
    ) -> Result<Option<IndexWarning>, Refused> {
        let (state, now) = (&mut *lock_or_wait(&self.state), self.clock.now());
        let connection = state.connections.get(&subscriber).ok_or(Refused::Limit("the connection has ended"))?;
        let (sink, caller) = (Arc::clone(&connection.sink), connection.caller.clone());
        let asked = Asked::read(path, query);
        let request = asked.request(&caller, now);
        let allowed = self.judge(state, &caller, &asked, &request, now, Journaled::Always)?;
        let id = AudienceId::new(&asked.path, query, &caller);
        let Some(connection) = state.connections.get_mut(&subscriber) else { return Ok(None) };
        if connection.listens.len() >= MAX_LISTENS {
            return Err(Refused::Limit("the connection has too many listens"));
        }
        connection.add_listen(&id.path, query)?;
        let listener = Listener { sink: Arc::clone(&sink), tag, query: query.clone() };
        let is_long = is_long_query(&state.root, path, query);
        let add = || state.listens.add(&id, &caller, allowed.reads, subscriber, listener, &state.root);
        let added = at_length_if(is_long, add);
        let Ok(value) = added else {
            connection.remove_listen(&id.path, query);
            return Err(TOO_MUCH);
        };
        let is_known = hash.is_some_and(|hash| if hash.is_empty() { value.is_nothing() } else { value.hash() == hash });
        if !is_known {
            sink.push(&super::Push::new(super::Change::Data { path: asked.path.clone(), value, tag }));
        }
        Ok(allowed.warning)
    }

    /// Ends a listen. Does nothing if there is none.
    pub fn unlisten(&self, subscriber: SubscriberId, path: &str, query: &Query) {
        let state = &mut *lock_or_wait(&self.state);
        let Some(connection) = state.connections.get_mut(&subscriber) else { return };
        let id = AudienceId::new(&canonical(path), query, &connection.caller);
        connection.remove_listen(&id.path, query);
        state.listens.remove(&id, subscriber);
    }

    /// Judges audiences anew and revokes the listens of those that the rules deny now.
    fn judge_anew(&self, state: &mut State, audiences: impl IntoIterator<Item = AudienceId>, now: Timestamp) {
        for id in audiences {
            let Some(caller) = state.listens.caller(&id) else { continue };
            let asked = Asked::read(&id.path, &id.query);
            let request = asked.request(&caller, now);
            match self.judge(state, &caller, &asked, &request, now, Journaled::Denials) {
                Ok(allowed) => state.listens.set_reads(&id, allowed.reads),
                Err(_) => {
                    for (subscriber, listener) in state.listens.remove_audience(&id) {
                        state.end(&listener, &id.path, &id.query, subscriber);
                    }
                }
            }
        }
    }
}

impl State {
    /// Tells a subscriber that a listen has ended, and removes it from those of its connection.
    fn end(&mut self, listener: &Listener, path: &Arc<str>, query: &Query, subscriber: SubscriberId) {
        listener.revoke(path);
        if let Some(connection) = self.connections.get_mut(&subscriber) {
            connection.remove_listen(path, query);
        }
    }
}

impl Connection {
    fn add_listen(&mut self, path: &Arc<str>, query: &Query) -> Result<(), Refused> {
        let size = listen_size(path, query);
        let listen = (Arc::clone(path), query.clone());
        if !self.listens.contains(&listen) {
            self.hold(self.listens_size + size, self.ends.size())?;
            self.listens.insert(listen);
        }
        Ok(())
    }

    fn remove_listen(&mut self, path: &Arc<str>, query: &Query) {
        if self.listens.remove(&(Arc::clone(path), query.clone())) {
            let _ = self.hold(self.listens_size.saturating_sub(listen_size(path, query)), self.ends.size());
        }
    }

    /// Holds the memory for listens and operations of so many bytes.
    fn hold(&mut self, listens: usize, ends: usize) -> Result<(), Refused> {
        self.held.resize(listens + ends).map_err(|Full { .. }| TOO_MUCH)?;
        self.listens_size = listens;
        Ok(())
    }
}

/// Whether a query selects among so many children that it takes long.
fn is_long_query(root: &Node, path: &str, query: &Query) -> bool {
    !query.selects_all() && root.find(names(path)).is_some_and(|value| value.child_count() > MANY_CHILDREN)
}

/// Why a client may not leave more with the server.
const TOO_MUCH: Refused = Refused::Limit("all connections together have too many listens and onDisconnect operations");

fn listen_size(path: &str, query: &Query) -> usize {
    LISTEN + 4 * (path.len() + query.name().len())
}
