//! Connections: accepted sockets, HTTP with limits on headers and time, and a check of the names that clients use.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header},
};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The time in which a client has to send the headers of a request, and between requests of one connection.
const HEADER_TIME: Duration = Duration::from_secs(60);

/// The time in which a client has to read some of what is sent to it.
const SEND_TIME: Duration = Duration::from_secs(60);

/// The largest block of headers in bytes; hyper answers 431 to a larger one.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// The number of headers in a request.
const MAX_HEADERS: usize = 128;

/// The number of connections of one port that are open at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 20_000;

/// The number of requests of an HTTP/2 connection that are answered at once.
const MAX_STREAMS: u32 = 64;

/// How HTTP/2 without TLS begins: with what would be the method of a request.
const HTTP2_PREFACE: &[u8] = b"PRI";

/// The pause after the system refuses a connection because it has no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The origin of a page that has none: it is in a sandbox, or a file.
const NO_ORIGIN: &str = "null";

/// The names by which clients may address a server, and the origins of pages that may call it. A page of another site
/// that resolves its own name to this machine is refused.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Host names beyond addresses, `localhost` and `*.localhost`; `null` stands for pages without an origin, `*` for all.
    pub hosts: Vec<String>,
    /// Whether pages of every origin may call; otherwise pages of this machine, of private networks, and of apps.
    pub any_origin: bool,
}

impl Names {
    fn allows(&self, headers: &axum::http::HeaderMap, uri: &Uri) -> Result<(), String> {
        let text = |name: &str| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("\u{fffd}"));
        let host = uri.authority().map(|authority| authority.as_str()).or_else(|| text("host")).map(name_of);
        if let Some(host) = host.filter(|host| !self.is_host(host)) {
            return Err(format!(
                "the host name {host:?} does not belong to this machine; start with --allow-host {host} to accept it"
            ));
        }
        let Some(origin) = origin_of(text, uri).filter(|_| !self.any_origin) else { return Ok(()) };
        let name = match origin.split_once("://") {
            Some(("http" | "https", rest)) => name_of(rest.split_once('/').map_or(rest, |(authority, _)| authority)),
            // Apps and extensions have schemes of their own.
            Some(_) => return Ok(()),
            None => origin,
        };
        if Some(name) == host || self.is_local(name) {
            return Ok(());
        }
        Err(format!("pages of {origin} may not call this server; start with --allow-host {name} to accept them"))
    }

    /// Whether a client may address this machine so. Addresses are safe: a page can bind its own name to an address, but not
    /// an address to itself.
    fn is_host(&self, name: &str) -> bool {
        name.parse::<IpAddr>().is_ok() || self.is_local(name)
    }

    /// Whether pages of a host are those of this machine or of a private network.
    fn is_local(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        name == "localhost"
            || name.ends_with(".localhost")
            || name == "host.docker.internal"
            || name.parse().is_ok_and(is_private)
            || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(&name) || host == "*")
    }
}

/// The origin of the page that a request comes from; `None` for other programs, and for what no page can read.
fn origin_of<'h>(text: impl Fn(&str) -> Option<&'h str>, uri: &Uri) -> Option<&'h str> {
    // Pages cannot set this header. Old browsers do not send it, and others only to this machine or over TLS.
    let is_other_site = match text("sec-fetch-site") {
        Some("same-origin" | "same-site" | "none") => Some(false),
        Some(_) => Some(true),
        None => None,
    };
    match text("origin") {
        // A page of this site that does not tell where it is.
        Some(NO_ORIGIN) if is_other_site == Some(false) => None,
        Some(origin) => Some(origin),
        // Scripts and frames are loaded without an origin, but the page that loads a script reads what it says, and a frame may
        // speak to the page around it.
        None => {
            let speaks = match text("sec-fetch-dest") {
                Some(dest) => matches!(dest, "script" | "iframe" | "frame" | "object" | "embed"),
                None => uri.path() == "/.lp" || uri.query().is_some_and(|query| query.contains("callback=")),
            };
            match is_other_site {
                Some(true) if speaks => Some(text("referer").unwrap_or(NO_ORIGIN)),
                None if speaks => text("referer"),
                _ => None,
            }
        }
    }
}

/// Whether an address is that of this machine or of one nearby, which anybody may have who has the same network.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            // 100.64.0.0/10 is that of virtual private networks.
            let is_shared = matches!(address.octets(), [100, 64..=127, ..]);
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
                || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}

/// The host of `host:port`, `[address]:port` or `host`.
fn name_of(authority: &str) -> &str {
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) if rest.is_empty() || rest.starts_with(':') => address,
        Some(_) => authority,
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    }
}

/// Whether a host, with or without a port, can be a part of an address or of a policy as it is.
pub fn is_plain_host(host: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
    !host.is_empty() && host.chars().all(is_plain)
}

/// The versions of HTTP that clients of a port speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// HTTP/1, with WebSockets.
    One,
    /// Also HTTP/2, for gRPC.
    OneAndTwo,
}

/// Serves a router on a port until `stop`; open connections then end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    names: Arc<Names>,
    versions: Versions,
    stop: CancellationToken,
) {
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
        let connection = connection(socket, peer, router.clone(), Arc::clone(&names), versions);
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

async fn connection(socket: TcpStream, peer: SocketAddr, router: Router, names: Arc<Names>, versions: Versions) {
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
    let is_http2 = versions == Versions::OneAndTwo && begins_http2(&socket).await;
    let mut socket = TimeoutStream::new(socket);
    socket.set_write_timeout(Some(SEND_TIME));
    let socket = TokioIo::new(Box::pin(socket));
    // The errors of a connection are the client's: it went away, or sent no HTTP.
    if is_http2 {
        let mut http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .keep_alive_interval(HEADER_TIME)
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(u32::try_from(MAX_HEADER_BYTES).unwrap_or(u32::MAX));
        let _ = http.serve_connection(socket, service).await;
        return;
    }
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES)
        .half_close(false);
    let _ = http.serve_connection(socket, service).with_upgrades().await;
}

/// Whether the first bytes are those of HTTP/2. They stay unread. A client that sends none has the time of headers.
async fn begins_http2(socket: &TcpStream) -> bool {
    let mut first = [0; HTTP2_PREFACE.len()];
    let peeked = tokio::time::timeout(HEADER_TIME, socket.peek(&mut first)).await;
    matches!(peeked, Ok(Ok(_))) && first == *HTTP2_PREFACE
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Whether a request with these headers is served, `path` first.
    fn allows(names: &Names, path: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        names.allows(request.headers(), request.uri()).is_ok()
    }

    #[test]
    fn hosts_are_those_of_this_machine() {
        let names = Names { hosts: vec!["dev.example".to_owned()], any_origin: false };
        let good = [
            "localhost",
            "LocalHost:9000",
            "demo.localhost:9000",
            "localhost.",
            "127.0.0.1:9000",
            "[::1]:9000",
            "[::1]",
            "203.0.113.5:80",
            "host.docker.internal:9000",
            "dev.example:9000",
            "DEV.example",
        ];
        let bad = [
            "evil.example",
            "evil.example:9000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil-localhost",
            "127.0.0.1@evil.example",
            "",
            "\u{e4}",
            "[::1].evil.example",
            "sub.dev.example",
            "xlocalhost",
        ];
        for host in good {
            assert!(allows(&names, "/", &[("host", host)]), "{host}");
        }
        for host in bad {
            assert!(!allows(&names, "/", &[("host", host)]), "{host}");
        }
        // The address of a request is before its header.
        assert!(!allows(&names, "http://evil.example/", &[("host", "localhost")]));
        assert!(allows(&names, "/", &[]));
    }

    #[test]
    fn origins_are_those_of_this_machine_of_private_networks_and_of_apps() {
        let names = Names::default();
        let good = [
            "http://localhost:5173",
            "https://localhost",
            "http://app.localhost",
            "http://127.0.0.1:1",
            "http://[::1]:8080",
            "http://192.168.1.7:3000",
            "http://10.0.0.1",
            "http://[fd00::1]",
            "capacitor://localhost",
            "chrome-extension://abc",
        ];
        let bad = [
            "http://evil.example",
            "https://localhost.evil.example",
            "http://203.0.113.5",
            "http://[2001:db8::1]",
            "null",
            "",
            "http://localhost@evil.example",
            "https://",
            "\u{e4}",
        ];
        for origin in good {
            assert!(allows(&names, "/", &[("host", "localhost:9000"), ("origin", origin)]), "{origin}");
        }
        for origin in bad {
            assert!(!allows(&names, "/", &[("host", "localhost:9000"), ("origin", origin)]), "{origin}");
        }
        // The page of a server on a public address.
        assert!(allows(&names, "/", &[("host", "203.0.113.5:9000"), ("origin", "http://203.0.113.5:4000")]));
        let all = Names { hosts: Vec::new(), any_origin: true };
        assert!(allows(&all, "/", &[("host", "localhost"), ("origin", "http://evil.example")]));
    }

    #[test]
    fn pages_without_an_origin_are_refused_unless_the_browser_vouches_for_them() {
        let names = Names::default();
        let null =
            |site: &str| allows(&names, "/", &[("host", "localhost"), ("origin", "null"), ("sec-fetch-site", site)]);
        assert!(null("same-origin") && null("same-site") && null("none"));
        // A frame in a sandbox on a foreign page.
        assert!(!null("cross-site") && !null("odd"));
        let named = Names { hosts: vec!["null".to_owned()], any_origin: false };
        assert!(allows(&named, "/", &[("host", "localhost"), ("origin", "null")]));
    }

    #[test]
    fn scripts_and_frames_are_for_pages_of_this_machine() {
        let names = Names::default();
        for dest in ["script", "iframe", "frame", "object", "embed"] {
            let loaded = |site: &str, referer: Option<&str>| {
                let mut headers = vec![("host", "127.0.0.1"), ("sec-fetch-dest", dest), ("sec-fetch-site", site)];
                headers.extend(referer.map(|referer| ("referer", referer)));
                allows(&names, "/.lp?start=t", &headers)
            };
            assert!(loaded("cross-site", Some("http://localhost:5173/")) && loaded("same-site", None), "{dest}");
            let evil = loaded("cross-site", Some("https://evil.example/localhost"));
            assert!(!evil && !loaded("cross-site", None), "{dest}");
        }
        // A browser that does not say what it loads.
        for path in ["/.lp?start=t", "/a.json?callback=f"] {
            let referred = |referer: &str| allows(&names, path, &[("host", "127.0.0.1"), ("referer", referer)]);
            assert!(referred("http://localhost:1/x") && !referred("http://evil.example/x"), "{path}");
            assert!(allows(&names, path, &[("host", "127.0.0.1")]));
        }
        // A link on a foreign page is followed: that page does not see the answer.
        let link = [("host", "localhost"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")];
        assert!(allows(&names, "/", &link));
    }
}
