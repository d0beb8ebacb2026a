//! The routes of the database's port.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts as _, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header},
    middleware,
    routing::any,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Database, Namespace, inspect,
    rest::{
        self,
        answer::{Failure, empty, with_common_headers, with_type},
        parameters::Parameters,
        push_id::PushIds,
    },
    session::{
        Session,
        long_poll::{self, Polls, Segment},
        websocket,
    },
    settings,
};

/// The number of open WebSockets.
const MAX_SOCKETS: usize = 20_000;

/// The longest name of a namespace.
const MAX_NAME: usize = 128;

/// The type of what long polling answers.
const SCRIPT: &str = "application/javascript; charset=utf-8";

/// The clients that are connected.
pub struct Sessions {
    sockets: Arc<Semaphore>,
    polls: Arc<Polls>,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions { sockets: Arc::new(Semaphore::new(MAX_SOCKETS)), polls: Arc::default() }
    }
}

/// The routes of the database.
pub fn router(database: &Arc<Database>) -> Router {
    let server = HeaderValue::from_str(&Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("firewarden"));
    let headers = {
        let database = Arc::clone(database);
        move |request: Request<Body>, next: middleware::Next| {
            let namespace = database.name_of(request.headers(), &Parameters::of(request.uri()));
            let server = server.clone();
            async move { with_common_headers(next.run(request).await, namespace.as_deref().unwrap_or_default(), &server) }
        }
    };
    Router::new()
        .route("/.ws", any(web_socket))
        .route("/.lp", any(long_poll))
        .route("/.settings/rules.json", any(rules))
        .route("/.inspect/coverage", any(inspect::coverage_page))
        .route("/.inspect/coverage.json", any(inspect::coverage))
        .route("/.inspect/databases.json", any(inspect::databases))
        .route("/.settings/{*rest}", any(unknown))
        .route("/.inspect/{*rest}", any(unknown))
        .fallback(data)
        .layer(middleware::from_fn(headers))
        .with_state(Arc::clone(database))
}

async fn data(State(database): State<Arc<Database>>, request: Request<Body>) -> Result<Response<Body>, Failure> {
    rest::serve(&database, request).await
}

async fn rules(State(database): State<Arc<Database>>, request: Request<Body>) -> Result<Response<Body>, Failure> {
    settings::serve(&database, request).await
}

/// What other servers have beside data, and this one does not.
async fn unknown(uri: Uri) -> Failure {
    let known = "/.settings/rules.json, /.inspect/coverage, /.inspect/coverage.json and /.inspect/databases.json";
    Failure::new(StatusCode::NOT_FOUND, format!("there is no {}; there are {known}", uri.path()))
}

/// A WebSocket: a new session, or with `s=` one of long polling.
async fn web_socket(State(database): State<Arc<Database>>, request: Request<Body>) -> Result<Response<Body>, Failure> {
    let (mut parts, _) = request.into_parts();
    let parameters = Parameters::of(&parts.uri);
    let namespace = database.namespace_of(&parts.headers, &parameters)?;
    let host = host_of(&parts.headers, &parts.uri);
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => websocket::configure(upgrade),
        Err(rejection) => return Err(Failure::new(rejection.status(), rejection.body_text())),
    };
    let Ok(permit) = Arc::clone(&database.sessions.sockets).try_acquire_owned() else {
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("there are {MAX_SOCKETS} WebSockets already"),
        ));
    };
    let polled = parameters
        .get("s")
        .map(|id| database.sessions.polls.get(id).filter(|poll| poll.namespace() == namespace.name()));
    let stop = database.stop().clone();
    Ok(upgrade.on_upgrade(async move |socket| {
        match polled {
            Some(poll) => websocket::take_over(socket, poll, host).await,
            None => websocket::serve(socket, Session::new(namespace, &stop), host).await,
        }
        drop(permit);
    }))
}

/// The requests of long polling.
async fn long_poll(
    State(database): State<Arc<Database>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response<Body>, Failure> {
    let parameters = Parameters::of(&uri);
    let script = |text: String| with_type(StatusCode::OK, SCRIPT, text);
    let polls = &database.sessions.polls;
    if parameters.is_set("start") {
        let namespace = database.namespace_of(&headers, &parameters)?;
        let callback = parameters.get("cb").unwrap_or_default();
        if callback.len() > 32 || !callback.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(Failure::bad_request("cb must be a number"));
        }
        let session = Session::new(namespace, database.stop());
        return match polls.start(session, &host_of(&headers, &uri), callback) {
            Some(text) => Ok(script(text)),
            None => Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "there are too many clients by long polling")),
        };
    }
    let (id, password) = (parameters.get("id").unwrap_or_default(), parameters.get("pw").unwrap_or_default());
    let Some(poll) = polls.get(id).filter(|poll| poll.admits(password)) else {
        return Ok(script(long_poll::close_script()));
    };
    if parameters.is_set("dframe") {
        let page = long_poll::leave_page(id, password, poll.namespace());
        return Ok(with_type(StatusCode::OK, "text/html; charset=utf-8", page));
    }
    if parameters.is_set("disconn") {
        poll.close();
        return Ok(empty(StatusCode::NO_CONTENT));
    }
    let segments = Segment::all(|name| parameters.get(name));
    let answer = database.shared.memory.keep(poll.poll(segments).await)?;
    Ok(with_type(StatusCode::OK, SCRIPT, answer))
}

/// The host that the client asked, which official clients go on with.
fn host_of(headers: &HeaderMap, uri: &Uri) -> String {
    let header = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| uri.authority().map(|authority| authority.as_str())).unwrap_or_default().to_owned()
}

impl Database {
    /// The end of the server.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.shared.stop
    }

    /// Names for new children.
    pub(super) fn push_ids(&self) -> &PushIds {
        &self.push_ids
    }

    /// The namespace of a request.
    ///
    /// # Errors
    ///
    /// Its name is none.
    pub(super) fn namespace_of(&self, headers: &HeaderMap, parameters: &Parameters) -> Result<Arc<Namespace>, Failure> {
        let name = self.name_of(headers, parameters).ok_or_else(|| {
            Failure::bad_request("ns must be the name of a database: letters, digits, hyphens and underscores")
        })?;
        Ok(self.namespace(&name))
    }

    /// The name of the namespace of a request: `ns`, or else the first label of a host name with several, or else the
    /// server's project.
    fn name_of(&self, headers: &HeaderMap, parameters: &Parameters) -> Option<String> {
        if let Some(name) = parameters.get("ns") {
            let is_name = !name.is_empty() && name.len() <= MAX_NAME;
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
            return (is_name && name.chars().all(is_part)).then(|| name.to_owned());
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        Some(label(host).unwrap_or(&self.shared.settings.project).to_owned())
    }
}

/// The first label of a host name with several, such as `demo` of `demo.localhost:9000`.
fn label(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_address = name.starts_with('[') || name.parse::<std::net::IpAddr>().is_ok();
    let (first, rest) = name.split_once('.').filter(|_| !is_address)?;
    let is_label = !first.is_empty() && first.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    (is_label && !rest.is_empty()).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_are_those_of_names() {
        assert_eq!(label("demo.localhost:9000"), Some("demo"));
        assert_eq!(label("demo-1.firebaseio.com"), Some("demo-1"));
        for host in ["", "localhost", "localhost:9000", "127.0.0.1:9000", "127.0.0.1", "[::1]:9000", ".x", "a."] {
            assert_eq!(label(host), None, "{host}");
        }
    }
}
