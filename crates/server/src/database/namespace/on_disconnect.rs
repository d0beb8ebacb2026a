//! What ends with a connection.

use firewarden::{Timestamp, database::Request};
use serde_json::Value as Json;

use super::{
    Namespace, Refused, State, SubscriberId,
    asked::{Asked, json_size},
    judge::Journaled,
};
use crate::{
    database::{
        Caller,
        tree::{below, canonical, join},
    },
    lock,
};

/// The bytes that the kept operations of a connection may take, roughly.
const MAX_BYTES: usize = 32 << 20;

/// The writes that run when a connection ends, in the order in which they were asked for. A later one replaces those at and
/// below its path.
#[derive(Default)]
pub(super) struct Ends {
    writes: Vec<(String, Json)>,
    bytes: usize,
}

impl Ends {
    fn keep(&mut self, path: String, value: Json) -> Result<(), Refused> {
        self.cancel(&path);
        let size = size(&path, &value);
        if self.bytes + size > MAX_BYTES {
            return Err(Refused::Limit("the onDisconnect operations of the connection are too large"));
        }
        self.bytes += size;
        self.writes.push((path, value));
        Ok(())
    }

    fn cancel(&mut self, path: &str) {
        self.writes.retain(|(other, _)| below(other, path).is_none());
        self.bytes = self.writes.iter().map(|(path, value)| size(path, value)).sum();
    }
}

fn size(path: &str, value: &Json) -> usize {
    64 + path.len() + json_size(value)
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
        let (state, now) = (&mut *lock(&self.state), self.clock.now());
        let connection = state.connections.get(&subscriber).ok_or(Refused::Limit("the connection has ended"))?;
        let caller = connection.caller.clone();
        let request = asked.request(&caller, now);
        self.judge(state, &caller, &asked, &request, now, Journaled::Always)?;
        // The owner's writes are not judged, but they have to fit.
        request.changes(&state.root)?;
        let Some(connection) = state.connections.get_mut(&subscriber) else { return Ok(()) };
        writes.into_iter().try_for_each(|(path, value)| connection.ends.keep(path, value))
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
        if let Some(connection) = lock(&self.state).connections.get_mut(&subscriber) {
            connection.ends.cancel(&canonical(path));
        }
        Ok(())
    }

    /// Runs what was kept for the end of a connection. What no longer fits, such as a sum that is no finite number, or what
    /// the disk does not take, is left out: nobody waits for an answer.
    pub(super) fn run_ends(&self, state: &mut State, caller: &Caller, ends: Ends) {
        let now: Timestamp = self.clock.now();
        for (path, value) in ends.writes {
            let request = Request::write(path.as_str(), value).at(now).transport(caller.transport);
            if let Ok(changes) = request.changes(&state.root.clone()) {
                let _ = self.apply(state, &path, false, changes, now);
            }
        }
    }
}
