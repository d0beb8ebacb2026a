//! Endpoints of our own below `/firewarden/`: requests with their explanations, services, coverage.

mod annotated;
pub mod coverage;
pub mod requests;
pub mod services;
#[cfg(test)]
mod tests;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::json;

/// An error as `{"error": "…"}`.
fn failed(status: StatusCode, why: impl Into<String>) -> Response {
    (status, Json(json!({ "error": why.into() }))).into_response()
}
