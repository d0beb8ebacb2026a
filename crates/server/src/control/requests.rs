//! `/firewarden/requests`: the latest requests of all services, as a list, as a stream, and each with its explanation.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json as JsonAnswer, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    broadcast::{Receiver, error::RecvError},
};

use crate::{
    journal::{Entry, Verdict},
    server::Services,
    shared::Shared,
};

use super::{annotated::annotated, failed};

/// The number of streams that are open at once.
const MAX_STREAMS: usize = 64;

/// The time after which a silent stream says that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The width of explanations in columns, if a reader asks for none.
const COLUMNS: usize = 80;

/// The endpoints.
pub fn router(services: &Arc<Services>) -> Router {
    let shared = Arc::clone(&services.shared);
    let state = Requests { shared, streams: Arc::new(Semaphore::new(MAX_STREAMS)) };
    Router::new()
        .route("/firewarden/requests", get(list))
        .route("/firewarden/requests/{id}", get(one))
        .route("/firewarden/requests/{id}/suite", get(suite))
        .with_state(state)
}

#[derive(Clone)]
struct Requests {
    shared: Arc<Shared>,
    streams: Arc<Semaphore>,
}

/// Which requests are asked for; all parts have to hold.
#[derive(Clone, Debug, Default, Deserialize)]
struct Filter {
    /// `allow`, `deny` or `admin`.
    verdict: Option<String>,
    /// The name of a service.
    service: Option<String>,
    /// The beginning of paths if it starts with a slash, otherwise a part of them.
    path: Option<String>,
    /// A user's id; the empty text stands for nobody.
    uid: Option<String>,
    project: Option<String>,
    /// Only requests after this one.
    after: Option<u64>,
    /// Asks for a stream.
    stream: Option<String>,
}

impl Filter {
    /// What is wrong with it.
    fn problem(&self) -> Option<String> {
        let verdicts = [Verdict::Allowed, Verdict::Denied, Verdict::Admin].map(Verdict::name);
        let verdict = self.verdict.as_deref().filter(|verdict| !verdicts.contains(verdict))?;
        Some(format!("unknown verdict `{verdict}`; expected {}, {} or {}", verdicts[0], verdicts[1], verdicts[2]))
    }

    fn takes(&self, entry: &Entry) -> bool {
        let record = &entry.record;
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        let path = |wanted: &String| match wanted.strip_prefix('/') {
            Some(wanted) => record.path.strip_prefix('/').unwrap_or(&record.path).starts_with(wanted),
            None => record.path.contains(wanted.as_str()),
        };
        is(&self.verdict, record.verdict.name())
            && is(&self.service, record.service.name())
            && is(&self.project, &record.project)
            && is(&self.uid, record.uid.as_deref().unwrap_or(""))
            && self.path.as_ref().is_none_or(path)
            && self.after.is_none_or(|after| entry.id > after)
    }
}

/// The kept requests, oldest first; as a stream of events, also those to come.
async fn list(State(requests): State<Requests>, Query(filter): Query<Filter>, headers: HeaderMap) -> Response {
    if let Some(why) = filter.problem() {
        return failed(StatusCode::BAD_REQUEST, why);
    }
    let accepts_events = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    if accepts_events || filter.stream.as_deref().is_some_and(|stream| stream != "false") {
        return match Arc::clone(&requests.streams).try_acquire_owned() {
            Ok(permit) => events(requests.shared, filter, &headers, permit).into_response(),
            Err(_) => failed(StatusCode::SERVICE_UNAVAILABLE, format!("{MAX_STREAMS} streams are open already")),
        };
    }
    let (kept, _) = requests.shared.journal.follow();
    let taken: Vec<Json> = kept.iter().filter(|entry| filter.takes(entry)).map(|entry| entry.summary()).collect();
    JsonAnswer(taken).into_response()
}

/// Events `request` with summaries, and `missed` with the number of requests that a slow reader did not get.
fn events(
    shared: Arc<Shared>,
    mut filter: Filter,
    headers: &HeaderMap,
    permit: OwnedSemaphorePermit,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let (kept, receiver) = shared.journal.follow();
    // A browser that lost the stream says what it has seen.
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    filter.after = seen.or(filter.after);
    // Numbers of a server that has ended since mean nothing.
    if filter.after > kept.last().map(|entry| entry.id) {
        filter.after = None;
    }
    let past: Vec<_> = kept.iter().filter(|entry| filter.takes(entry)).map(|entry| Ok(event(entry))).collect();
    let live = stream::unfold(Live { shared, receiver, filter, _permit: permit }, |mut live| async move {
        let event = live.next().await?;
        Some((Ok(event), live))
    });
    Sse::new(stream::iter(past).chain(live)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// The requests to come.
struct Live {
    shared: Arc<Shared>,
    receiver: Receiver<u64>,
    filter: Filter,
    _permit: OwnedSemaphorePermit,
}

impl Live {
    async fn next(&mut self) -> Option<Event> {
        loop {
            match self.receiver.recv().await {
                Ok(id) => match self.shared.journal.get(id) {
                    Some(entry) if self.filter.takes(&entry) => return Some(event(&entry)),
                    Some(_) => {}
                    // Larger ones have pushed it out.
                    None => return Some(missed(1)),
                },
                Err(RecvError::Lagged(count)) => return Some(missed(count)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn missed(count: u64) -> Event {
    Event::default().event("missed").data(count.to_string())
}

fn event(entry: &Entry) -> Event {
    // JSON has no line feeds, which an event would take for its own.
    Event::default().event("request").id(entry.id.to_string()).data(entry.summary().to_string())
}

/// How a request is written.
#[derive(Deserialize)]
struct Form {
    /// The width of the explanation in columns, 30 to 1,000.
    columns: Option<usize>,
}

/// One request: its summary, `detail`, `decision` with its trace, `explanation` as text, `rules` with values.
async fn one(State(requests): State<Requests>, Path(id): Path<String>, Query(form): Query<Form>) -> Response {
    let columns = form.columns.unwrap_or(COLUMNS);
    in_background(&requests.shared, &id, move |entry| {
        let replay = &entry.record.replay;
        let decision = replay.explain();
        let rules = replay.rules().map(|source| annotated(&source, decision.as_ref()));
        let mut answer = entry.summary();
        if let Json::Object(fields) = &mut answer {
            let explanation = decision.as_ref().map(|decision| decision.explanation(columns));
            fields.insert("detail".to_owned(), replay.detail());
            fields.insert("decision".to_owned(), json!(decision.as_ref().map(|decision| decision.to_json())));
            fields.insert("explanation".to_owned(), json!(explanation));
            fields.insert("rules".to_owned(), json!(rules));
        }
        JsonAnswer(answer).into_response()
    })
    .await
}

/// A suite with the request as its only test.
async fn suite(State(requests): State<Requests>, Path(id): Path<String>) -> Response {
    in_background(&requests.shared, &id, |entry| {
        ([(header::CONTENT_TYPE, "application/yaml; charset=utf-8")], entry.record.replay.suite()).into_response()
    })
    .await
}

/// Answers about a kept request, on a thread that may take its time: the request is decided anew.
async fn in_background(
    shared: &Shared,
    id: &str,
    answer: impl FnOnce(&Entry) -> Response + Send + 'static,
) -> Response {
    let Some(entry) = id.parse().ok().and_then(|id| shared.journal.get(id)) else {
        return failed(StatusCode::NOT_FOUND, format!("request {id} is not kept: only the latest are"));
    };
    tokio::task::spawn_blocking(move || answer(&entry))
        .await
        .unwrap_or_else(|_| failed(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be explained"))
}
