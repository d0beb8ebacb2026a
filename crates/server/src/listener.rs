//! Connections: accepted sockets, HTTP/1 with limits on headers and time, and a check of the names that clients use.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header},
};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The time in which a client has to send the headers of a request, and between requests of one connection.
const HEADER_TIME: Duration = Duration::from_secs(60);

/// The largest block of headers in bytes; hyper answers 431 to a larger one.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// The number of headers in a request.
const MAX_HEADERS: usize = 128;

/// The number of connections of one port that are open at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 20_000;

/// The pause after the system refuses a connection because it has no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The names by which clients may address a server, and the origins of pages that may call it. A page of another site
/// that resolves its own name to this machine is refused.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Host names beyond addresses, `localhost` and `*.localhost`.
    pub hosts: Vec<String>,
    /// Whether pages of every origin may call; otherwise pages of this machine, of private networks, and of apps.
    pub any_origin: bool,
}

impl Names {
    fn allows(&self, headers: &axum::http::HeaderMap, uri: &Uri) -> Result<(), String> {
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("\u{fffd}"));
        let host = uri.authority().map(|authority| authority.as_str()).or_else(|| text(header::HOST));
        if let Some(host) = host
            && !self.is_local(name_of(host))
        {
            return Err(format!(
                "the host name {host:?} does not belong to this machine; start with --allow-host {} to accept it",
                name_of(host)
            ));
        }
        let Some(origin) = text(header::ORIGIN).filter(|_| !self.any_origin) else { return Ok(()) };
        let Some((scheme, rest)) = origin.split_once("://") else { return Ok(()) };
        if !matches!(scheme, "http" | "https") || self.is_local(name_of(rest)) {
            return Ok(());
        }
        Err(format!(
            "pages of {origin} may not call this server; start with --allow-host {} to accept them",
            name_of(rest)
        ))
    }

    /// Addresses are safe: a page can bind its own name to an address, but not an address to itself.
    fn is_local(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost"
            || name.ends_with(".localhost")
            || name == "host.docker.internal"
            || address.parse::<std::net::IpAddr>().is_ok()
            || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(&name) || host == "*")
    }
}

/// The host of `host:port`, `[address]:port` or `host`.
fn name_of(authority: &str) -> &str {
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    }
}

/// Whether a host, with or without a port, can be a part of an address or of a policy as it is.
pub fn is_plain_host(host: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
    !host.is_empty() && host.chars().all(is_plain)
}

/// Serves a router on a port until `stop`; open connections then end.
pub async fn serve(listener: TcpListener, router: Router, names: Arc<Names>, stop: CancellationToken) {
    let open = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&open).acquire_owned().await else { return };
        let (socket, peer) = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let _ = socket.set_nodelay(true);
        let connection = connection(socket, peer, router.clone(), Arc::clone(&names));
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = connection => {}
            }
            drop(permit);
        });
    }
}

async fn connection(socket: TcpStream, peer: SocketAddr, router: Router, names: Arc<Names>) {
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        let router = router.clone();
        let names = Arc::clone(&names);
        async move {
            if let Err(why) = names.allows(request.headers(), request.uri()) {
                return Ok(refused(&why));
            }
            if request.method() == Method::OPTIONS && request.headers().contains_key(header::ORIGIN) {
                return Ok(preflight(&request));
            }
            router.oneshot(request.map(Body::new)).await.map_err(|never: Infallible| never)
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES)
        .half_close(false);
    // The errors of a connection are the client's: it went away, or sent no HTTP.
    let _ = http.serve_connection(TokioIo::new(socket), service).with_upgrades().await;
}

fn refused(why: &str) -> Response<Body> {
    let mut answer = Response::new(Body::from(serde_json::json!({ "error": why }).to_string()));
    *answer.status_mut() = StatusCode::FORBIDDEN;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    answer
}

/// The answer to a browser that asks what it may send.
fn preflight<B>(request: &Request<B>) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let asked = |name: &str| request.headers().get(name).cloned();
    let headers = answer.headers_mut();
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    let methods = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE");
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(header::VARY, HeaderValue::from_static("Origin, Access-Control-Request-Headers"));
    if let Some(names) = asked("access-control-request-headers") {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    }
    if asked("access-control-request-private-network").is_some() {
        headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    }
    answer
}
