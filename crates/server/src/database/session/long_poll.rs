//! Sessions by long polling: scripts that a browser loads where it cannot open a WebSocket.
//!
//! A client starts with `?start=t` and receives an id and a password. It then keeps one request open, a poll, which the server
//! answers once it has something to say. What the client says is in the parameters of further polls: base64url in
//! numbered segments. At its end the client loads `?disconn=t`.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Next, Session, message, outbox::Outbox};
use crate::{
    at_length_if, lock,
    memory::{FREE, Held, Memory},
};

/// The time after which a poll is answered although there is nothing to say. Clients begin a new one after 25 s.
const HOLD: Duration = Duration::from_secs(25);

/// The time after which a session without a poll ends.
const EXPIRY: Duration = Duration::from_secs(60);

/// The number of sessions by long polling.
const MAX_SESSIONS: usize = 1_000;

/// The bytes of messages in one answer. A longer message is alone in one.
const MAX_ANSWER: usize = 1 << 20;

/// The segments that may wait for one before them. Clients have two requests open, each with few segments.
const MAX_SEGMENTS: usize = 1_024;

/// The longest message in bytes of base64. Clients cut it into segments of 1,840.
const MAX_MESSAGE: usize = 24 << 20;

/// The sessions by long polling of a server.
#[derive(Default)]
pub struct Polls {
    sessions: Mutex<HashMap<String, Arc<Poll>>>,
}

impl Polls {
    /// Starts a session. Returns the script that tells the client, and keeps the session for its polls; `None` if there are
    /// too many.
    pub fn start(self: &Arc<Self>, session: Session, host: &str, callback: &str) -> Option<String> {
        let id = session.id().to_owned();
        let hello = session.hello(host);
        let poll = Arc::new(Poll::new(session));
        {
            let mut sessions = lock(&self.sessions);
            if sessions.len() >= MAX_SESSIONS {
                return None;
            }
            sessions.insert(id.clone(), Arc::clone(&poll));
        }
        let script = start_script(callback, &id, &poll.password, &hello);
        let polls = Arc::clone(self);
        tokio::spawn(async move {
            poll.expired().await;
            poll.close();
            lock(&polls.sessions).remove(&id);
        });
        Some(script)
    }

    /// The session with an id.
    pub fn get(&self, id: &str) -> Option<Arc<Poll>> {
        lock(&self.sessions).get(id).cloned()
    }
}

/// A session by long polling.
pub struct Poll {
    password: String,
    namespace: String,
    outbox: Arc<Outbox>,
    state: Mutex<State>,
    /// A newer poll is there, or nothing more comes from the client or for it.
    changed: Notify,
    closed: CancellationToken,
}

struct State {
    /// `None` once it has ended, or a WebSocket has it.
    session: Option<Session>,
    segments: Segments,
    /// The number of the next answer; that of the start was 0.
    answers: u64,
    /// The number of the latest poll. All others are answered at once.
    latest: u64,
    open: usize,
    last_seen: Instant,
    /// The client sends nothing more over polls.
    input_ended: bool,
    /// What is still to be sent over polls, if all further messages go over a WebSocket.
    last_output: Option<Vec<String>>,
}

impl Poll {
    fn new(session: Session) -> Self {
        let segments = Segments::new(session.outbox().memory());
        Poll {
            password: Uuid::new_v4().simple().to_string(),
            namespace: session.namespace().name().to_owned(),
            outbox: Arc::clone(session.outbox()),
            closed: session.outbox().end().clone(),
            state: Mutex::new(State {
                session: Some(session),
                segments,
                answers: 1,
                latest: 0,
                open: 0,
                last_seen: Instant::now(),
                input_ended: false,
                last_output: None,
            }),
            changed: Notify::new(),
        }
    }

    /// What waits to be sent to the client.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// The name of the namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether the password is that of the session.
    pub fn admits(&self, password: &str) -> bool {
        self.password == password
    }

    /// Takes the segments of a poll and returns the script of its answer, after a while if there is nothing to say.
    pub async fn poll(self: Arc<Self>, segments: Vec<Segment>) -> String {
        self.take(segments);
        let open = OpenPoll::new(&self);
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if self.has_answer(open.number) {
                    return;
                }
                tokio::select! {
                    () = self.outbox.ready() => {}
                    () = changed => {}
                    () = self.closed.cancelled() => return,
                }
            }
        };
        // After the time an empty answer follows, and the client polls anew.
        let _ = tokio::time::timeout(HOLD, wait).await;
        // This poll may have been woken in place of a newer one.
        self.outbox.wake();
        self.answer(open.number)
    }

    fn take(&self, segments: Vec<Segment>) {
        let mut state = lock(&self.state);
        for segment in segments {
            if state.segments.insert(segment).is_err() {
                self.close_with(&mut state);
                return;
            }
        }
        while let Some(message) = state.segments.next() {
            let Some(session) = state.session.as_mut() else { return };
            let mut take = |text: String| session.take(&text);
            match message.map(|text| at_length_if(text.len() > FREE, || take(text))) {
                Ok(Next::Continue | Next::Switch) => {}
                Ok(Next::EndOfInput) => {
                    state.input_ended = true;
                    self.changed.notify_waiters();
                }
                Ok(Next::Close) | Err(_) => self.close_with(&mut state),
            }
        }
    }

    fn has_answer(&self, poll: u64) -> bool {
        let state = lock(&self.state);
        poll != state.latest
            || self.is_over(&state)
            || match &state.last_output {
                Some(last) => !last.is_empty(),
                None => !self.outbox.is_empty(),
            }
    }

    /// Whether nothing more will be said over polls.
    fn is_over(&self, state: &State) -> bool {
        match &state.last_output {
            Some(last) => last.is_empty() && state.input_ended,
            None => state.session.is_none() || self.closed.is_cancelled(),
        }
    }

    /// The script with what waits. Answers have numbers, by which the client orders them.
    fn answer(&self, poll: u64) -> String {
        let mut state = lock(&self.state);
        let number = state.answers;
        state.answers += 1;
        let mut script = format!("pRTLPCB({number},[");
        let mut add = |message: &str| {
            let separator = if script.ends_with('[') { "" } else { "," };
            // JSON is a subset of JavaScript.
            script.push_str(separator);
            script.push_str(message);
        };
        if poll == state.latest {
            match &mut state.last_output {
                Some(last) => last.drain(..).for_each(|message| add(&message)),
                None => {
                    let mut length = 0;
                    while length < MAX_ANSWER
                        && let Some(message) = self.outbox.pop()
                    {
                        length += message.text().len();
                        add(message.text());
                    }
                }
            }
        }
        script.push_str("]);\n");
        if self.is_over(&state) {
            let _ = writeln!(script, "pLPCommand('close',{number});");
        }
        script
    }

    /// Ends the output over polls: what waits and an `n` are sent there, what comes later goes over a WebSocket.
    pub fn end_output(&self) {
        let mut state = lock(&self.state);
        if state.last_output.is_none() {
            let mut last: Vec<String> =
                std::iter::from_fn(|| self.outbox.pop()).map(|message| message.text().to_owned()).collect();
            last.push(message::control("n", json!({})));
            state.last_output = Some(last);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// The session, once the client sends nothing more over polls; `None` if it ends before.
    pub async fn session_after_input(&self) -> Option<Session> {
        loop {
            let changed = self.changed.notified();
            {
                let mut state = lock(&self.state);
                if state.input_ended || state.session.is_none() {
                    return state.session.take();
                }
            }
            tokio::select! {
                () = changed => {}
                () = self.closed.cancelled() => return None,
            }
        }
    }

    /// Ends the session, unless a WebSocket has taken it over.
    pub fn close(&self) {
        self.close_with(&mut lock(&self.state));
    }

    fn close_with(&self, state: &mut State) {
        state.session = None;
        self.changed.notify_waiters();
    }

    /// Waits until no poll has come for long.
    async fn expired(&self) {
        let mut end = Instant::now() + EXPIRY;
        loop {
            tokio::time::sleep_until(end).await;
            let state = lock(&self.state);
            let now = Instant::now();
            end = if state.open > 0 { now } else { state.last_seen } + EXPIRY;
            if end <= now {
                return;
            }
        }
    }
}

/// A poll that waits for its answer.
struct OpenPoll<'p> {
    poll: &'p Poll,
    number: u64,
}

impl<'p> OpenPoll<'p> {
    fn new(poll: &'p Poll) -> Self {
        let mut state = lock(&poll.state);
        state.latest += 1;
        state.open += 1;
        let number = state.latest;
        drop(state);
        poll.changed.notify_waiters();
        OpenPoll { poll, number }
    }
}

impl Drop for OpenPoll<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.poll.state);
        state.open = state.open.saturating_sub(1);
        state.last_seen = Instant::now();
    }
}

/// A part of a message.
#[derive(Debug)]
pub struct Segment {
    /// Its number, from 0 for the first of the session.
    pub number: u64,
    /// The number of segments of its message.
    pub of: usize,
    /// Base64url.
    pub data: String,
}

impl Segment {
    /// The segments in the parameters of a poll: `seg0`, `ts0`, `d0`, `seg1` …
    pub fn all<'p>(parameter: impl Fn(&str) -> Option<&'p str>) -> Vec<Segment> {
        let segment = |at: usize| {
            Some(Segment {
                number: parameter(&format!("seg{at}"))?.parse().ok()?,
                of: parameter(&format!("ts{at}"))?.parse().ok()?,
                data: parameter(&format!("d{at}"))?.to_owned(),
            })
        };
        (0..).map_while(segment).collect()
    }
}

/// The segments that wait for others.
#[derive(Debug, Default)]
struct Segments {
    waiting: BTreeMap<u64, Segment>,
    /// The number of the segment that comes next.
    next: u64,
    text: String,
    /// The number of segments that the message in `text` lacks.
    missing: usize,
    /// The bytes of `waiting` and `text`.
    held: Held,
    bytes: usize,
}

/// The segments are none of an official client, or those of all clients are too long.
#[derive(Debug, PartialEq, Eq)]
struct BadSegment;

impl Segments {
    /// No segment yet. They count as on their way.
    fn new(memory: &Memory) -> Self {
        Segments { held: memory.hold(), ..Segments::default() }
    }

    fn insert(&mut self, segment: Segment) -> Result<(), BadSegment> {
        if segment.number < self.next {
            // A browser may load a script twice.
            return Ok(());
        }
        let length = segment.data.len();
        let before = self.waiting.insert(segment.number, segment).map_or(0, |before| before.data.len());
        self.bytes = (self.bytes + length).saturating_sub(before);
        if self.waiting.len() > MAX_SEGMENTS || self.bytes > MAX_MESSAGE {
            return Err(BadSegment);
        }
        self.held.resize(self.bytes).map_err(|_| BadSegment)
    }

    /// The next whole message.
    fn next(&mut self) -> Option<Result<String, BadSegment>> {
        while let Some(segment) = self.waiting.remove(&self.next) {
            self.next += 1;
            if self.missing == 0 {
                self.missing = segment.of;
            }
            self.missing = self.missing.saturating_sub(1);
            self.text.push_str(&segment.data);
            if self.missing == 0 {
                let text = std::mem::take(&mut self.text);
                self.bytes = self.bytes.saturating_sub(text.len());
                let _ = self.held.resize(self.bytes);
                return Some(decode(&text));
            }
        }
        None
    }
}

/// Decodes the client's base64url, whose padding is a dot.
fn decode(text: &str) -> Result<String, BadSegment> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches(['.', '='])).map_err(|_| BadSegment)?;
    String::from_utf8(bytes).map_err(|_| BadSegment)
}

/// The script of the start: functions for all later scripts, which call those of the page that has `callback` in their name.
fn start_script(callback: &str, id: &str, password: &str, hello: &str) -> String {
    format!(
        "function pLPCommand(command, a, b, c, d) {{\n  \
           const call = parent.window['pLPCommand{callback}'];\n  \
           if (call) call(command, a, b, c, d);\n\
         }}\n\
         function pRTLPCB(number, messages) {{\n  \
           const call = parent.window['pRTLPCB{callback}'];\n  \
           if (call) call(number, messages);\n\
         }}\n\
         pLPCommand('start','{id}','{password}');\n\
         pRTLPCB(0,[{hello}]);\n"
    )
}

/// The page in a frame of the client that says when the client's page goes.
pub fn leave_page(id: &str, password: &str, namespace: &str) -> String {
    format!(
        "<!doctype html><script>\n\
         addEventListener('pagehide', () => navigator.sendBeacon('/.lp?disconn=t&id={id}&pw={password}&ns={namespace}'));\n\
         </script>\n"
    )
}

/// The script for a poll of a session that there is not. The client starts anew.
pub fn close_script() -> String {
    "pLPCommand('close');\n".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(number: u64, of: usize, data: &str) -> Segment {
        Segment { number, of, data: data.to_owned() }
    }

    #[test]
    fn segments_wait_for_those_before_them() {
        let mut segments = Segments::default();
        // "{}" and "[1,2]"
        let encoded = URL_SAFE_NO_PAD.encode("[1,2]");
        let (first, second) = encoded.split_at(3);
        for part in [segment(2, 2, second), segment(1, 2, first)] {
            segments.insert(part).expect("few segments");
            assert_eq!(segments.next(), None);
        }
        segments.insert(segment(0, 1, "e30.")).expect("few segments");
        assert_eq!(segments.next(), Some(Ok("{}".to_owned())));
        assert_eq!(segments.next(), Some(Ok("[1,2]".to_owned())));
        segments.insert(segment(0, 1, "e30.")).expect("a repeated segment");
        assert_eq!(segments.next(), None);
    }

    #[test]
    fn segments_are_bounded() {
        let mut segments = Segments::default();
        let refused = (1..=MAX_SEGMENTS as u64 + 1).find(|&number| segments.insert(segment(number, 1, "")).is_err());
        assert_eq!(refused, Some(MAX_SEGMENTS as u64 + 1));
        let mut segments = Segments::default();
        let long = "x".repeat(MAX_MESSAGE / 2);
        let refused = (1..9).find(|&number| segments.insert(segment(number, 1, &long)).is_err());
        assert_eq!(refused, Some(3));
        let mut segments = Segments::default();
        segments.insert(segment(0, 1, "é")).expect("few segments");
        assert_eq!(segments.next(), Some(Err(BadSegment)));
    }
}
