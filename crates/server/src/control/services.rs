//! `/firewarden/services`: what runs where.

use std::sync::Arc;

use axum::{Json as JsonAnswer, Router, extract::State, routing::get};
use serde_json::{Value as Json, json};

use crate::server::Services;

/// The endpoint.
pub fn router(services: &Arc<Services>) -> Router {
    Router::new().route("/firewarden/services", get(list)).with_state(Arc::clone(services))
}

/// `{"version", "project", "services": [{"name", "host", "port"}], "namespaces": ["…"]}`; the namespaces are those of the
/// database that have data or rules.
async fn list(services: State<Arc<Services>>) -> JsonAnswer<Json> {
    let addresses = services.addresses().iter().map(|(service, address)| {
        json!({ "name": service.name(), "host": address.ip().to_string(), "port": address.port() })
    });
    JsonAnswer(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "project": services.shared.settings.project,
        "services": addresses.collect::<Vec<_>>(),
        "namespaces": services.database.namespaces(),
    }))
}
