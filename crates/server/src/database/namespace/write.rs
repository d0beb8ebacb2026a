//! Writes of a namespace. [`Namespace::apply`] is where stored data change, and nowhere else.

use std::sync::Arc;

use firewarden::{
    Timestamp,
    database::{Change as Write, Data},
};
use serde_json::Value as Json;

use super::{
    Namespace, Refused, State,
    asked::{Asked, Operation},
    judge::Journaled,
    listens::Written,
};
use crate::{
    database::{
        Caller, Node, Query, User,
        tree::{canonical, join, names},
    },
    lock, lock_or_wait,
};

impl Namespace {
    /// Replaces the value of a path; a path that ends in `/.priority` sets a priority. With a hash, only if it is that of the
    /// present value (empty for nothing). Returns the value that is there now, server values filled in.
    ///
    /// # Errors
    ///
    /// Denied, stale, invalid.
    pub fn set(&self, caller: &Caller, path: &str, value: Json, hash: Option<&str>) -> Result<Node, Refused> {
        let state = &mut *lock_or_wait(&self.state);
        self.write(state, caller, Asked::write(path, value), hash)?;
        let path = canonical(path);
        Ok(match path.strip_suffix(".priority") {
            Some(above) => state.root.at(above).priority().map_or(Node::Nothing, Node::from),
            None => state.root.at(&path),
        })
    }

    /// Replaces the values at several paths below a path, all or none: an object of paths and values. Returns each path as
    /// written with the value that is there now.
    ///
    /// # Errors
    ///
    /// Denied, invalid.
    pub fn update(&self, caller: &Caller, path: &str, values: Json) -> Result<Vec<(String, Node)>, Refused> {
        let state = &mut *lock_or_wait(&self.state);
        let base = canonical(path);
        let asked = Asked::update(path, values);
        self.write(state, caller, Arc::clone(&asked), None)?;
        let Operation::Update(Json::Object(values)) = &asked.operation else { return Ok(Vec::new()) };
        let now_there = |path: &String| (path.clone(), state.root.at(&join(&base, &canonical(path))));
        Ok(values.keys().map(now_there).collect())
    }

    fn write(&self, state: &mut State, caller: &Caller, asked: Arc<Asked>, hash: Option<&str>) -> Result<(), Refused> {
        let now = self.clock.now();
        let request = asked.request(caller, now);
        let stale = hash.and_then(|hash| Self::stale(state, caller, &asked.path, hash, now));
        // Rules that compare old and new values deny what was made from an old value. Who may read the present one learns
        // that it is another, and tries again with it; for others the rules decide first.
        if let Some(Refused::Stale { current: Some(_) }) = &stale {
            return stale.map_or(Ok(()), Err);
        }
        self.judge(state, caller, &asked, &request, now, Journaled::Always)?;
        if let Some(stale) = stale {
            return Err(stale);
        }
        let changes = request.changes(&state.root)?;
        let is_update = matches!(asked.operation, Operation::Update(_));
        self.apply(state, &asked.path, is_update, changes, now)
    }

    /// Whether a hash is not that of the present value; with the value, if the caller may read it.
    fn stale(state: &State, caller: &Caller, path: &str, hash: &str, now: Timestamp) -> Option<Refused> {
        let current = state.root.at(path);
        let is_current = if hash.is_empty() { current.is_nothing() } else { current.hash() == hash };
        if is_current {
            return None;
        }
        let read = Asked::read(path, &Query::default());
        let may_read = matches!(caller.user, User::Admin) || Self::permits(state, caller, &read.request(caller, now));
        Some(Refused::Stale { current: may_read.then_some(current) })
    }

    /// Makes changes that are decided, and tells everybody whom they concern: first who may no longer listen, so that nobody
    /// sees what a write forbids them, then the listeners.
    ///
    /// # Errors
    ///
    /// The disk does not take the changes; nothing has then changed.
    pub(super) fn apply(
        &self,
        state: &mut State,
        base: &str,
        is_update: bool,
        changes: Vec<Write<'_>>,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let before = state.root.clone();
        let mut root = before.clone();
        let mut paths = Vec::with_capacity(changes.len());
        for change in changes {
            let (path, value) = match change {
                Write::Value { path, value } => {
                    let value = Node::from(&*value);
                    (path, value)
                }
                Write::Priority { path, priority } => {
                    let value = root.at(&path).with_priority(priority);
                    (path, value)
                }
                _ => continue,
            };
            let path: Vec<&str> = names(&path).collect();
            root = root.with(&path, value);
            paths.push(path.join("/"));
        }
        self.store(&before, &root, &paths)?;
        state.root = root;
        let affected = state.listens.affected(&paths, &before, &state.root);
        self.judge_anew(state, affected, now);
        // A write of one path has the path of its value, also if it sets a priority.
        let base = if is_update { base } else { paths.first().map_or(base, String::as_str) };
        let is_update = is_update && paths.iter().all(|path| path != base);
        let written = Written { base, is_update, paths: &paths, before: &before, after: &state.root };
        state.listens.tell(&written);
        Ok(())
    }

    /// Replaces all data, as owner. Listeners are told.
    ///
    /// # Errors
    ///
    /// Why the JSON is no data.
    pub fn import(&self, data: &Json) -> Result<(), String> {
        let data = Data::from_json(data).map_err(|error| error.to_string())?;
        self.replace_all(data).map_err(|refused| refused.to_string())
    }

    /// Deletes all data, as owner. Listeners are told; rules stay.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub fn clear(&self) -> Result<(), Refused> {
        self.replace_all(Data::default())
    }

    /// Replaces all data, as owner. Listeners are told.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub fn replace_all(&self, data: Data) -> Result<(), Refused> {
        let state = &mut *lock(&self.state);
        let change = Write::Value { path: "/".to_owned(), value: std::borrow::Cow::Owned(data) };
        self.apply(state, "", false, vec![change], self.clock.now())
    }
}
