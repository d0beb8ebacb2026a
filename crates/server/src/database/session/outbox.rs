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
    memory::{Full, Held, Memory},
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
    memory: Memory,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Outgoing>,
    bytes: usize,
    /// The bytes of those that are for this client alone.
    own: usize,
    /// Those of the message that is being sent.
    sending: usize,
    held: Held,
}

impl Waiting {
    /// Counts a message as on its way.
    fn count(&mut self, message: &Outgoing, memory: &Memory) -> Result<(), Full> {
        match message {
            Outgoing::Push(push) => push.count(memory),
            Outgoing::Text(text) => {
                self.held.resize(self.own + text.len())?;
                self.own += text.len();
                Ok(())
            }
        }
    }
}

impl Outbox {
    /// Nothing waits. Ends with `stop`.
    pub fn new(stop: &CancellationToken, memory: &Memory) -> Arc<Self> {
        let waiting = Mutex::new(Waiting { held: memory.hold(), ..Waiting::default() });
        Arc::new(Outbox { waiting, ready: Notify::new(), end: stop.child_token(), memory: memory.clone() })
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
        if waiting.bytes > MAX_WAITING || waiting.count(&message, &self.memory).is_err() {
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
        // The message before is sent.
        waiting.own = waiting.own.saturating_sub(std::mem::take(&mut waiting.sending));
        let own = waiting.own;
        let _ = waiting.held.resize(own);
        let message = waiting.messages.pop_front()?;
        waiting.bytes = waiting.bytes.saturating_sub(message.text().len() + OVERHEAD);
        if let Outgoing::Text(text) = &message {
            waiting.sending = text.len();
        }
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

    /// What counts what is on its way.
    pub fn memory(&self) -> &Memory {
        &self.memory
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        database::{Change, Node},
        memory::FREE,
    };

    fn push(length: usize) -> Arc<Push> {
        let value = Node::from(&firewarden::database::Data::from("x".repeat(length).as_str()));
        Push::new(Change::Data { path: "a".to_owned(), value, tag: None })
    }

    #[test]
    fn clients_that_do_not_read_share_a_limit_and_then_end() {
        let (stop, memory) = (CancellationToken::new(), Memory::limited(4 * FREE, FREE));
        let outboxes: Vec<_> = (0..10).map(|_| Outbox::new(&stop, &memory)).collect();
        let ended = || outboxes.iter().filter(|outbox| outbox.end().is_cancelled()).count();
        // A push that all are told counts once.
        let shared = push(2 * FREE);
        outboxes.iter().for_each(|outbox| outbox.push(&shared));
        assert_eq!(ended(), 0);
        drop(shared);
        for outbox in &outboxes {
            outbox.say("x".repeat(FREE + 1));
        }
        assert_eq!(ended(), 9);
        // What is taken is given back.
        let last = &outboxes[0];
        while last.pop().is_some() {}
        last.push(&push(2 * FREE));
        assert_eq!(ended(), 9);
    }
}
