//! `/firewarden/services`: what runs where.

use std::sync::Arc;

use axum::{Json as JsonAnswer, Router, extract::State, routing::get};
use serde_json::{Value as Json, json};

use crate::{database::Database, shared::Shared};

/// The endpoint.
pub fn router(shared: Arc<Shared>, database: Arc<Database>) -> Router {
    Router::new().route("/firewarden/services", get(services)).with_state((shared, database))
}

/// `{"version", "project", "services": [{"name", "host", "port"}], "namespaces": ["…"]}`; the namespaces are those of the
/// database that have data or rules.
async fn services(State((shared, database)): State<(Arc<Shared>, Arc<Database>)>) -> JsonAnswer<Json> {
    let services = shared.addresses.get().into_iter().flatten().map(|(service, address)| {
        json!({ "name": service.name(), "host": address.ip().to_string(), "port": address.port() })
    });
    JsonAnswer(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "project": shared.settings.project,
        "services": services.collect::<Vec<_>>(),
        "namespaces": database.namespaces(),
    }))
}
