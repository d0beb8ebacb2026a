//! The page for people: requests with their explanations, accounts, data, coverage. Its files are part of the program, and it loads
//! nothing from elsewhere.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};

use crate::{Service, listener, server::Services};

const HTML: &str = include_str!("page.html");
const CSS: &str = concat!(include_str!("base.css"), include_str!("page.css"));
/// The parts of the script, each a module.
const SCRIPTS: [(&str, &str); 4] = [
    ("/page.js", include_str!("page.js")),
    ("/parts.js", include_str!("parts.js")),
    ("/data.js", include_str!("data.js")),
    ("/users.js", include_str!("users.js")),
];

/// The routes of the page's port beside the control endpoints, which it reads.
pub fn router(services: &Arc<Services>) -> Router {
    let files = Router::new()
        .route("/", get(html))
        .route("/page.css", get(async || file("text/css; charset=utf-8", CSS)))
        .with_state(Arc::clone(services));
    let script = |router: Router, (path, text)| {
        router.route(path, get(async move || file("text/javascript; charset=utf-8", text)))
    };
    SCRIPTS.into_iter().fold(files, script)
}

/// A file of a page.
pub fn file(content: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content),
        // The next version of the program has other files under the same names.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text).into_response()
}

async fn html(services: State<Arc<Services>>, headers: HeaderMap) -> Response {
    let mut answer = file("text/html; charset=utf-8", HTML);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let policy = policy(&services, host);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// What the page may load: its own files, and the data of Auth, the database and Storage.
fn policy(services: &Services, host: &str) -> String {
    let origin = |service| {
        let address = services.address(service)?;
        match address.ip().is_unspecified() {
            // All addresses of this machine: the browser reached one of them, or a name.
            true => Some(format!(" http://{}:{}", host_of(host)?, address.port())),
            false => Some(format!(" http://{address}")),
        }
    };
    let data: String = [Service::Auth, Service::Database, Service::Storage].into_iter().filter_map(origin).collect();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'{data}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The host of `host:port`, if it can be part of a policy.
fn host_of(host: &str) -> Option<&str> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    listener::is_plain_host(name).then_some(name)
}
