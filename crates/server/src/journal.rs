//! The journal: the latest requests with the decisions on them, explained when somebody looks.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use firewarden::{Timestamp, rules::Decision};
use serde_json::{Value as Json, json};
use tokio::sync::broadcast;

use crate::{Service, lock};

/// The number of requests that are kept.
const MAX_ENTRIES: usize = 1_000;

/// The memory that kept requests may hold, in bytes, by their own estimate.
const MAX_BYTES: usize = 32 << 20;

/// The number of entries that a slow reader of the stream may be behind; it then misses the oldest.
const MAX_BEHIND: usize = 1_024;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rules allow it.
    Allowed,
    /// The rules deny it, or there are no valid rules.
    Denied,
    /// It was made as owner: rules were not asked.
    Admin,
}

impl Verdict {
    /// `allow`, `deny` or `admin`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Allowed => "allow",
            Verdict::Denied => "deny",
            Verdict::Admin => "admin",
        }
    }
}

/// A request that was decided.
pub struct Record {
    /// The service that it was made to.
    pub service: Service,
    /// The project.
    pub project: String,
    /// The namespace of the database, or the bucket.
    pub instance: String,
    /// The rules' word for the operation: `read`, `write`, `get`, `create` …
    pub method: &'static str,
    /// The path in the database, or the name of the object.
    pub path: String,
    /// The user's id; `None` for nobody.
    pub uid: Option<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, in a sentence; empty for [`Verdict::Admin`].
    pub reason: String,
    /// The place in the rules that decided: file, line and column, each from 1.
    pub place: Option<(String, u32, u32)>,
    /// The time of the project's clock.
    pub time: Timestamp,
    /// Decides the request again, with a trace.
    pub replay: Arc<dyn Replay>,
}

/// A request with all that its decision depends on: rules, data, user, time.
pub trait Replay: Send + Sync {
    /// Decides the request once more and records each step; `None` where there are no rules to evaluate.
    fn explain(&self) -> Option<Decision>;

    /// The text of the rules.
    fn rules(&self) -> Option<firewarden::text::Source>;

    /// The request as data for a reader: user with claims, new value, stored value, query.
    fn detail(&self) -> Json;

    /// A suite with this request as its only test, as YAML. `firewarden test` passes on it.
    fn suite(&self) -> String;

    /// An estimate of the bytes that this entry keeps alive and none before it. It is asked for once.
    fn size(&self) -> usize;
}

/// A kept request with its number.
pub struct Entry {
    /// Numbers grow from 1 and never repeat.
    pub id: u64,
    /// The request.
    pub record: Record,
    /// The bytes that it keeps alive.
    size: usize,
}

impl Entry {
    /// The request in one line of a list: all but its details and its trace.
    pub fn summary(&self) -> Json {
        let Record { service, project, instance, method, path, uid, verdict, reason, place, time, replay: _ } =
            &self.record;
        let place = place.as_ref().map(|(file, line, column)| json!({ "file": file, "line": line, "column": column }));
        json!({
            "id": self.id,
            "service": service.name(),
            "project": project,
            "instance": instance,
            "method": method,
            "path": path,
            "uid": uid,
            "verdict": verdict.name(),
            "reason": reason,
            "at": place,
            "time": time.to_string(),
        })
    }
}

/// The latest requests, and the stream of new ones.
pub struct Journal {
    entries: Mutex<Entries>,
    /// The numbers of new requests: a slow reader keeps none of them alive.
    stream: broadcast::Sender<u64>,
}

#[derive(Default)]
struct Entries {
    kept: VecDeque<Arc<Entry>>,
    bytes: usize,
    last: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Journal { entries: Mutex::default(), stream: broadcast::Sender::new(MAX_BEHIND) }
    }
}

impl Journal {
    /// Keeps a request and tells the readers of the stream. Returns its number.
    pub fn record(&self, record: Record) -> u64 {
        let mut entries = lock(&self.entries);
        entries.last += 1;
        let id = entries.last;
        let size = record.replay.size();
        entries.bytes += size;
        entries.kept.push_back(Arc::new(Entry { id, record, size }));
        while entries.kept.len() > MAX_ENTRIES || entries.bytes > MAX_BYTES && entries.kept.len() > 1 {
            let Some(oldest) = entries.kept.pop_front() else { break };
            entries.bytes = entries.bytes.saturating_sub(oldest.size);
        }
        // Nobody needs to listen. Under the lock, so that the stream has the order of the numbers.
        let _ = self.stream.send(id);
        id
    }

    /// The kept request with a number.
    pub fn get(&self, id: u64) -> Option<Arc<Entry>> {
        let entries = lock(&self.entries);
        let at = entries.kept.binary_search_by_key(&id, |entry| entry.id).ok()?;
        entries.kept.get(at).cloned()
    }

    /// The kept requests, oldest first, and the numbers of those after them.
    pub fn follow(&self) -> (Vec<Arc<Entry>>, broadcast::Receiver<u64>) {
        let entries = lock(&self.entries);
        (entries.kept.iter().cloned().collect(), self.stream.subscribe())
    }

    /// Forgets the requests of a project, or all. Numbers go on.
    pub fn clear(&self, project: Option<&str>) {
        let mut entries = lock(&self.entries);
        let Entries { kept, bytes, .. } = &mut *entries;
        match project {
            None => kept.clear(),
            Some(project) => kept.retain(|entry| entry.record.project != project),
        }
        *bytes = kept.iter().map(|entry| entry.size).sum();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// A request that keeps much alive.
    struct Large(#[expect(dead_code, reason = "counted")] Arc<()>);

    impl Replay for Large {
        fn explain(&self) -> Option<Decision> {
            None
        }

        fn rules(&self) -> Option<firewarden::text::Source> {
            None
        }

        fn detail(&self) -> Json {
            Json::Null
        }

        fn suite(&self) -> String {
            String::new()
        }

        fn size(&self) -> usize {
            MAX_BYTES / 3
        }
    }

    #[test]
    fn a_reader_that_does_not_read_keeps_no_request_alive() {
        let (journal, counted) = (Journal::default(), Arc::new(()));
        let (_, mut reader) = journal.follow();
        for _ in 0..100 {
            journal.record(Record {
                service: Service::Database,
                project: String::new(),
                instance: String::new(),
                method: "write",
                path: String::new(),
                uid: None,
                verdict: Verdict::Admin,
                reason: String::new(),
                place: None,
                time: Timestamp::UNIX_EPOCH,
                replay: Arc::new(Large(Arc::clone(&counted))),
            });
        }
        assert_eq!(Arc::strong_count(&counted), 1 + 3);
        assert!(journal.get(reader.try_recv().unwrap()).is_none());
        assert_eq!(journal.follow().0.first().map(|entry| entry.id), Some(98));
    }
}
