//! Streaming: the changes of a path as server-sent events.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
    response::{
        IntoResponse as _,
        sse::{Event, KeepAlive, Sse},
    },
};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::answer::Failure;
use crate::{
    database::{Caller, Change, Namespace, Push, Query, Subscriber, SubscriberId},
    lock,
    memory::{Full, Held},
};

/// The bytes that may wait for a client that does not read; then its stream ends.
const MAX_WAITING: usize = 16 << 20;

/// What a waiting event costs beside its text, in bytes.
const OVERHEAD: usize = 64;

/// The time between signs of life. The Python client notices the end of its own listener only when an event comes.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Answers with the stream of a path.
///
/// # Errors
///
/// The rules deny it, or the path or query is invalid: an ordinary answer.
pub fn stream(
    namespace: &Arc<Namespace>,
    caller: Caller,
    path: &str,
    query: &Query,
    stop: &CancellationToken,
) -> Result<Response<Body>, Failure> {
    let events = Arc::new(Events {
        path: path.to_owned(),
        waiting: Mutex::new(Waiting { held: namespace.shared().memory.hold(), ..Waiting::default() }),
        ready: Notify::new(),
        stop: stop.child_token(),
    });
    let subscriber = namespace.connect(Arc::clone(&events) as _, caller);
    // Ends the listen also if it is refused, or if the client goes.
    let listener = Listener { namespace: Arc::clone(namespace), subscriber, events };
    if let Some(warning) = namespace.listen(subscriber, path, query, None, None)? {
        return Err(Failure::bad_request(&warning.message));
    }
    let stream = futures_util::stream::unfold(listener, |listener| async move {
        let event = listener.events.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).event(Event::default().event("keep-alive").data("null"));
    let mut response = Sse::new(stream).keep_alive(keep_alive).into_response();
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

struct Listener {
    namespace: Arc<Namespace>,
    subscriber: SubscriberId,
    events: Arc<Events>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.namespace.disconnect(self.subscriber);
    }
}

/// The events that wait for one client.
struct Events {
    path: String,
    waiting: Mutex<Waiting>,
    ready: Notify,
    stop: CancellationToken,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<(&'static str, String)>,
    bytes: usize,
    /// Those of the event that is being sent.
    sending: usize,
    held: Held,
    /// Nothing follows.
    ended: bool,
}

impl Waiting {
    fn hold(&mut self, bytes: usize) -> Result<(), Full> {
        self.held.resize(bytes + self.sending)?;
        self.bytes = bytes;
        Ok(())
    }
}

impl Events {
    async fn next(&self) -> Option<Event> {
        loop {
            {
                let mut waiting = lock(&self.waiting);
                // The event before is sent.
                waiting.sending = 0;
                let next = waiting.events.pop_front();
                waiting.sending = next.as_ref().map_or(0, |(_, data)| data.len() + OVERHEAD);
                let bytes = waiting.bytes.saturating_sub(waiting.sending);
                let _ = waiting.hold(bytes);
                if let Some((name, data)) = next {
                    return Some(Event::default().event(name).data(data));
                }
                if waiting.ended {
                    return None;
                }
            }
            tokio::select! {
                () = self.ready.notified() => {}
                () = self.stop.cancelled() => return None,
            }
        }
    }

    fn relative(&self, path: &str) -> String {
        let below = path.strip_prefix(&self.path).unwrap_or(path);
        format!("/{}", below.trim_start_matches('/'))
    }
}

impl Subscriber for Events {
    fn push(&self, push: &Arc<Push>) {
        let change = |path: &str, data: Json| json!({ "path": self.relative(path), "data": data }).to_string();
        let (event, ends) = match &push.change {
            Change::Data { path, value, .. } => (("put", change(path, value.to_rest())), false),
            Change::Merge { path, children, .. } => {
                let children = children.iter().map(|(path, value)| (path.clone(), value.to_rest()));
                (("patch", change(path, Json::Object(children.collect()))), false)
            }
            Change::Revoked { .. } => (("cancel", "null".to_owned()), true),
        };
        let mut waiting = lock(&self.waiting);
        if waiting.ended {
            return;
        }
        let bytes = waiting.bytes + event.1.len() + OVERHEAD;
        if waiting.bytes > MAX_WAITING || waiting.hold(bytes).is_err() {
            *waiting = Waiting { ended: true, ..Waiting::default() };
        } else {
            waiting.events.push_back(event);
            waiting.ended = ends;
        }
        drop(waiting);
        self.ready.notify_one();
    }
}
