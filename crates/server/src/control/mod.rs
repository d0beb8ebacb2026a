//! Control endpoints, `/firewarden/…`, on every port: the clock of a project, a reset, requests with their explanations,
//! services, coverage. They are for tests, so that whoever reaches a port may use them.

mod accounts;
mod annotated;
mod clock;
mod coverage;
mod requests;
mod services;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;

use crate::{answer, server::Services};

use clock::Scope;

/// The endpoints.
pub fn router(services: &Arc<Services>) -> Router {
    Router::new()
        .route("/firewarden/reset", post(reset))
        .with_state(Arc::clone(services))
        .merge(accounts::router(services))
        .merge(clock::router(services))
        .merge(coverage::router(services))
        .merge(requests::router(services))
        .merge(services::router(services))
}

/// Deletes accounts, data, objects and requests, and sets clocks back. Rules stay.
async fn reset(services: State<Arc<Services>>, Query(scope): Query<Scope>) -> Result<Response, Failed> {
    let project = scope.project.as_deref();
    let unavailable = |error: &dyn std::fmt::Display| Failed(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
    services.database.reset(project).map_err(|error| unavailable(&error))?;
    services.storage.reset(project).await.map_err(|error| unavailable(&error))?;
    services.auth.reset(project).map_err(|error| unavailable(&error))?;
    services.shared.reset(project);
    Ok(answer::ok(&json!({ "reset": project.map_or(json!("all projects"), |project| json!(project)) })))
}

/// An error as `{"error": "…"}`.
struct Failed(StatusCode, String);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        answer::with_status(self.0, &json!({ "error": self.1 }))
    }
}

fn failed(status: StatusCode, why: impl Into<String>) -> Response {
    Failed(status, why.into()).into_response()
}
