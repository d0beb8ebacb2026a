//! What ends with a connection.

use std::collections::BTreeMap;

use firewarden::{Timestamp, database::Request};
use serde_json::Value as Json;

use super::{Namespace, Refused, State, SubscriberId, asked::Asked, judge::Journaled};
use crate::{
    database::{
        Caller,
        tree::{canonical, join},
    },
    lock_or_wait,
    memory::json_size,
};

/// The bytes that the kept operations of a connection may take, roughly.
const MAX_BYTES: usize = 32 << 20;

/// The writes that run when a connection ends, in the order in which they were asked for. A later one replaces those at and
/// below its path.
#[derive(Default)]
pub(super) struct Ends {
    /// By path with a slash at its end, so that those at and below a path are beside each other.
    writes: BTreeMap<String, End>,
    bytes: usize,
    last: u64,
}

struct End {
    /// Its place in the order.
    number: u64,
    path: String,
    value: Json,
    size: usize,
}

impl Ends {
    fn keep(&mut self, path: String, value: Json) -> Result<(), Refused> {
        self.cancel(&path);
        let size = size(&path, &value);
        if self.bytes + size > MAX_BYTES {
            return Err(Refused::Limit("the onDisconnect operations of the connection are too large"));
        }
        self.bytes += size;
        self.last += 1;
        self.writes.insert(key(&path), End { number: self.last, path, value, size });
        Ok(())
    }

    /// The bytes that they take in memory.
    pub(super) fn size(&self) -> usize {
        self.bytes
    }

    fn cancel(&mut self, path: &str) {
        let key = key(path);
        while let Some((found, _)) = self.writes.range(key.clone()..).next()
            && found.starts_with(&key)
        {
            let found = found.clone();
            let size = self.writes.remove(&found).map_or(0, |end| end.size);
            self.bytes = self.bytes.saturating_sub(size);
        }
    }

    fn in_order(self) -> impl Iterator<Item = (String, Json)> {
        let mut ends: Vec<_> = self.writes.into_values().collect();
        ends.sort_by_key(|end| end.number);
        ends.into_iter().map(|end| (end.path, end.value))
    }
}

fn key(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}/") }
}

fn size(path: &str, value: &Json) -> usize {
    256 + 2 * path.len() + json_size(value)
}

impl Namespace {
    /// Judges a write now and keeps it until the connection ends; then it runs without another decision.
    ///
    /// # Errors
    ///
    /// Denied, invalid, too many.
    pub fn on_disconnect_set(&self, subscriber: SubscriberId, path: &str, value: Json) -> Result<(), Refused> {
        let asked = Asked::write(path, value.clone());
        self.keep(subscriber, asked, vec![(canonical(path), value)])
    }

    /// [`Self::on_disconnect_set`] for several paths below a path.
    ///
    /// # Errors
    ///
    /// Denied, invalid, too many.
    pub fn on_disconnect_update(&self, subscriber: SubscriberId, path: &str, values: Json) -> Result<(), Refused> {
        let base = canonical(path);
        let writes = match &values {
            Json::Object(values) => {
                values.iter().map(|(path, value)| (join(&base, &canonical(path)), value.clone())).collect()
            }
            Json::Array(values) => {
                values.iter().enumerate().map(|(at, value)| (join(&base, &at.to_string()), value.clone())).collect()
            }
            _ => Vec::new(),
        };
        self.keep(subscriber, Asked::update(path, values), writes)
    }

    fn keep(
        &self,
        subscriber: SubscriberId,
        asked: std::sync::Arc<Asked>,
        writes: Vec<(String, Json)>,
    ) -> Result<(), Refused> {
        let (state, now) = (&mut *lock_or_wait(&self.state), self.clock.now());
        let connection = state.connections.get(&subscriber).ok_or(Refused::Limit("the connection has ended"))?;
        let caller = connection.caller.clone();
        let request = asked.request(&caller, now);
        self.judge(state, &caller, &asked, &request, now, Journaled::Always)?;
        // The owner's writes are not judged, but they have to fit.
        request.changes(&state.root)?;
        let Some(connection) = state.connections.get_mut(&subscriber) else { return Ok(()) };
        let size: usize = writes.iter().map(|(path, value)| size(path, value)).sum();
        connection.hold(connection.listens_size, connection.ends.size() + size)?;
        let kept = writes.into_iter().try_for_each(|(path, value)| connection.ends.keep(path, value));
        // Those that they replace are gone.
        let _ = connection.hold(connection.listens_size, connection.ends.size());
        kept
    }

    /// Forgets what is kept for the end of the connection at and below a path.
    ///
    /// # Errors
    ///
    /// An invalid path.
    pub fn on_disconnect_cancel(&self, subscriber: SubscriberId, path: &str) -> Result<(), Refused> {
        if let Some(problem) = firewarden::database::path_problem(path) {
            return Err(problem.into());
        }
        if let Some(connection) = lock_or_wait(&self.state).connections.get_mut(&subscriber) {
            connection.ends.cancel(&canonical(path));
            let _ = connection.hold(connection.listens_size, connection.ends.size());
        }
        Ok(())
    }

    /// Runs what was kept for the end of a connection. What no longer fits, such as a sum that is no finite number, or what
    /// the disk does not take, is left out: nobody waits for an answer.
    pub(super) fn run_ends(&self, state: &mut State, caller: &Caller, ends: Ends) {
        let now: Timestamp = self.clock.now();
        for (path, value) in ends.in_order() {
            let request = Request::write(path.as_str(), value).at(now).transport(caller.transport);
            if let Ok(changes) = request.changes(&state.root.clone()) {
                let _ = self.apply(state, &path, false, changes, now);
            }
        }
    }
}
