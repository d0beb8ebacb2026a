//! The hub, which tells clients and tools where the other services are.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde_json::{Value as Json, json};

use crate::{
    Service,
    answer::{self, Failure},
    body::Small,
    export,
    server::Services,
};

/// The version of firebase-tools whose answers the hub gives.
pub const VERSION: &str = "15.34.2";

/// The routes of its port.
pub fn router(services: &Arc<Services>) -> Router {
    Router::new()
        .route("/", get(root))
        .route("/emulators", get(emulators))
        // There are no functions, so there is nothing to disable; test libraries insist on success.
        .route("/functions/disableBackgroundTriggers", put(|| async { answer::ok(&json!({ "enabled": false })) }))
        .route("/functions/enableBackgroundTriggers", put(|| async { answer::ok(&json!({ "enabled": true })) }))
        .route("/_admin/export", post(export))
        .with_state(Arc::clone(services))
}

async fn root(services: State<Arc<Services>>) -> Response {
    answer::ok(&identity(&services))
}

/// What the hub says of itself: version, origins, process.
pub fn identity(services: &Services) -> Json {
    let Some(address) = services.address(Service::Hub) else { return json!({}) };
    json!({
        "version": VERSION,
        "origins": [format!("http://{address}")],
        "pid": std::process::id(),
        "host": host(address),
        "port": address.port(),
    })
}

async fn emulators(services: State<Arc<Services>>) -> Response {
    let own = services.addresses().iter();
    let mut found: serde_json::Map<_, _> = own
        .map(|(service, address)| (service.name().to_owned(), entry(*service, &host(*address), address.port())))
        .collect();
    // Clients prefer what the hub names to FIRESTORE_EMULATOR_HOST.
    if services.address(Service::Firestore).is_none()
        && let Some((host, port)) = services.storage.firestore().as_deref().and_then(split)
    {
        found.insert(Service::Firestore.name().to_owned(), entry(Service::Firestore, host, port));
    }
    answer::ok(&Json::Object(found))
}

fn entry(service: Service, host: &str, port: u16) -> Json {
    let family = if host.contains(':') { "IPv6" } else { "IPv4" };
    let listen = json!({ "address": host, "family": family, "port": port });
    json!({ "listen": [listen], "name": service.name(), "host": host, "port": port })
}

/// The host, without brackets, and the port of `HOST:PORT`.
fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    Some((host.trim_start_matches('[').trim_end_matches(']'), port.parse().ok()?))
}

fn host(address: SocketAddr) -> String {
    address.ip().to_string()
}

/// `{"path", "initiatedBy"?}`: a folder of this machine. A page of a browser must not be able to write files.
async fn export(services: State<Arc<Services>>, headers: HeaderMap, Small(body): Small) -> Result<Response, Failure> {
    if headers.contains_key(header::ORIGIN) {
        let message = "Export cannot be triggered by external callers.";
        return Ok(answer::with_status(StatusCode::FORBIDDEN, &json!({ "message": message })).into_response());
    }
    let body = answer::json(&body)?;
    let Some(path) = body.get("path").and_then(Json::as_str) else {
        return Err(Failure::invalid("the body has no `path`, the folder to write to"));
    };
    match export::write(&services, &PathBuf::from(path)).await {
        Ok(()) => Ok(answer::ok(&json!({ "message": "OK" }))),
        Err(error) => Err(Failure::internal(&error)),
    }
}
