//! A namespace: its data, rules, listeners and what ends with a connection. Each operation is atomic, and delivers all its
//! pushes before it returns.

use std::sync::Arc;

use firewarden::{
    database::{IndexWarning, RequestError},
    text::Source,
};
use serde_json::Value as Json;

use super::{Caller, Node, Query, Subscriber, Tag, User};
use crate::{rules::LoadedRules, shared::Shared};

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
    #[error("the hash is not that of the present value")]
    Stale {
        /// The present value, if the caller may read it.
        current: Option<Node>,
    },
    /// The database takes no such request: a bad key or path, too deep, too large, a path of an update inside another.
    #[error("{0}")]
    Invalid(#[from] RequestError),
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

/// One database.
pub struct Namespace {
    name: String,
    shared: Arc<Shared>,
}

impl Namespace {
    /// No data, and open rules.
    pub fn new(name: impl Into<String>, shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Namespace { name: name.into(), shared })
    }

    /// The name, as in `?ns=`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has neither data nor rules.
    pub fn is_blank(&self) -> bool {
        self.root().is_nothing() && self.rules().is_none()
    }

    /// What it shares with the other services.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Adds a connection that can listen: a WebSocket session, or one stream of REST.
    pub fn connect(&self, _subscriber: Arc<dyn Subscriber>, _caller: Caller) -> SubscriberId {
        SubscriberId(0)
    }

    /// Ends a connection: its listens end without a push, and its onDisconnect operations run.
    pub fn disconnect(&self, _subscriber: SubscriberId) {}

    /// Changes the user of a connection. Listens that the new user may not have are revoked.
    pub fn change_user(&self, _subscriber: SubscriberId, _user: User) {}

    /// Reads a path once.
    ///
    /// # Errors
    ///
    /// Denied, or an invalid path or query.
    pub fn read(&self, _caller: &Caller, _path: &str, _query: &Query) -> Result<Reading, Refused> {
        Ok(Reading { value: Node::Nothing, warning: None })
    }

    /// Listens to a path, as the connection's user. Pushes the value or window first, unless `hash` is its hash. A listen of
    /// the connection to the same path with the same query is replaced. `tag` is for queries: their pushes carry it.
    ///
    /// # Errors
    ///
    /// Denied, an invalid path or query, too many listens.
    pub fn listen(
        &self,
        _subscriber: SubscriberId,
        _path: &str,
        _query: &Query,
        _tag: Option<Tag>,
        _hash: Option<&str>,
    ) -> Result<Option<IndexWarning>, Refused> {
        Ok(None)
    }

    /// Ends a listen. Does nothing if there is none.
    pub fn unlisten(&self, _subscriber: SubscriberId, _path: &str, _query: &Query) {}

    /// Replaces the value of a path; a path that ends in `/.priority` sets a priority. With a hash, only if it is that of the
    /// present value (empty for nothing). Returns the value that is there now, server values filled in.
    ///
    /// # Errors
    ///
    /// Denied, stale, invalid.
    pub fn set(&self, _caller: &Caller, _path: &str, _value: Json, _hash: Option<&str>) -> Result<Node, Refused> {
        Ok(Node::Nothing)
    }

    /// Replaces the values at several paths below a path, all or none: an object of paths and values. Returns each path as
    /// written with the value that is there now.
    ///
    /// # Errors
    ///
    /// Denied, invalid.
    pub fn update(&self, _caller: &Caller, _path: &str, _values: Json) -> Result<Vec<(String, Node)>, Refused> {
        Ok(Vec::new())
    }

    /// Judges a write now and keeps it until the connection ends; then it runs without another decision.
    ///
    /// # Errors
    ///
    /// Denied, invalid, too many.
    pub fn on_disconnect_set(&self, _subscriber: SubscriberId, _path: &str, _value: Json) -> Result<(), Refused> {
        Ok(())
    }

    /// [`Self::on_disconnect_set`] for several paths below a path.
    ///
    /// # Errors
    ///
    /// Denied, invalid, too many.
    pub fn on_disconnect_update(&self, _subscriber: SubscriberId, _path: &str, _values: Json) -> Result<(), Refused> {
        Ok(())
    }

    /// Forgets what is kept for the end of the connection at and below a path.
    ///
    /// # Errors
    ///
    /// An invalid path.
    pub fn on_disconnect_cancel(&self, _subscriber: SubscriberId, _path: &str) -> Result<(), Refused> {
        Ok(())
    }

    /// Loads rules. Listens that they no longer allow are revoked.
    ///
    /// # Errors
    ///
    /// `LINE:COLUMN: text` for rules that the compiler refuses. The namespace then denies everything until it gets rules.
    pub fn set_rules(&self, _source: &Source) -> Result<(), String> {
        Ok(())
    }

    /// Checks rules as [`Self::set_rules`] does, without loading them.
    ///
    /// # Errors
    ///
    /// As for [`Self::set_rules`].
    pub fn check_rules(_source: &Source) -> Result<(), String> {
        Ok(())
    }

    /// The text of the rules as they were set; that of open rules if none were.
    pub fn rules_text(&self) -> String {
        r#"{"rules":{".read":true,".write":true}}"#.to_owned()
    }

    /// The rules, if valid ones were set.
    pub fn rules(&self) -> Option<Arc<LoadedRules>> {
        None
    }

    /// All data. Holding it costs nothing; it does not change.
    pub fn root(&self) -> Node {
        Node::Nothing
    }

    /// Replaces all data, as owner. Listeners are told.
    ///
    /// # Errors
    ///
    /// Why the JSON is no data.
    pub fn import(&self, _data: &Json) -> Result<(), String> {
        Ok(())
    }

    /// Deletes all data, as owner. Listeners are told; rules stay.
    pub fn clear(&self) {}
}
