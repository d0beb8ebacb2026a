//! What waits to be sent to a client, bounded by its size.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    database::{Push, Subscriber},
    lock,
};

/// The bytes that may wait for a client that does not read. One more message is taken, then the connection ends.
const MAX_WAITING: usize = 16 << 20;

/// What a waiting message costs beside its text, in bytes.
const OVERHEAD: usize = 64;

/// A message to a client.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// For this client alone.
    Text(String),
    /// Shared with all clients who are told the same.
    Push(Arc<Push>),
}

impl Outgoing {
    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Outgoing::Text(text) => text,
            Outgoing::Push(push) => push.frame(),
        }
    }
}

/// The messages that wait to be sent to one client, in order.
#[derive(Debug)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    ready: Notify,
    end: CancellationToken,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Outgoing>,
    bytes: usize,
}

impl Outbox {
    /// Nothing waits. Ends with `stop`.
    pub fn new(stop: &CancellationToken) -> Arc<Self> {
        Arc::new(Outbox { waiting: Mutex::default(), ready: Notify::new(), end: stop.child_token() })
    }

    /// Adds a message.
    pub fn say(&self, text: String) {
        self.add(Outgoing::Text(text));
    }

    fn add(&self, message: Outgoing) {
        let length = message.text().len() + OVERHEAD;
        let mut waiting = lock(&self.waiting);
        if self.end.is_cancelled() {
            return;
        }
        if waiting.bytes > MAX_WAITING {
            *waiting = Waiting::default();
            self.end.cancel();
            return;
        }
        waiting.bytes += length;
        waiting.messages.push_back(message);
        drop(waiting);
        self.ready.notify_one();
    }

    /// Takes the next message.
    pub fn pop(&self) -> Option<Outgoing> {
        let mut waiting = lock(&self.waiting);
        let message = waiting.messages.pop_front()?;
        waiting.bytes = waiting.bytes.saturating_sub(message.text().len() + OVERHEAD);
        if waiting.messages.is_empty() {
            // An idle connection keeps no memory for its busiest time.
            waiting.messages = VecDeque::new();
        }
        Some(message)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        lock(&self.waiting).messages.is_empty()
    }

    /// Waits until a message may be there. Only one task at a time is woken.
    pub async fn ready(&self) {
        self.ready.notified().await;
    }

    /// Wakes another task that waits.
    pub fn wake(&self) {
        self.ready.notify_one();
    }

    /// Ends with the connection: by the client, by the server, or because too much waits.
    pub fn end(&self) -> &CancellationToken {
        &self.end
    }
}

impl Subscriber for Outbox {
    fn push(&self, push: &Arc<Push>) {
        self.add(Outgoing::Push(Arc::clone(push)));
    }
}
