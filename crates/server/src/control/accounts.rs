//! `/firewarden/accounts`: accounts with the claims that rules will see.

use std::sync::Arc;

use axum::{
    Json as JsonAnswer, Router,
    extract::{Query, State},
    routing::get,
};
use serde_json::Value as Json;

use crate::server::Services;

use super::clock::Scope;

/// The endpoint.
pub fn router(services: &Arc<Services>) -> Router {
    Router::new().route("/firewarden/accounts", get(list)).with_state(Arc::clone(services))
}

/// `[{"account", "claims", "tenant"?}]`: the accounts of a project and its tenants, with the claims of their next tokens.
async fn list(services: State<Arc<Services>>, Query(scope): Query<Scope>) -> JsonAnswer<Vec<Json>> {
    let project = scope.project.as_deref().unwrap_or(&services.shared.settings.project);
    JsonAnswer(services.auth.listing(project))
}
