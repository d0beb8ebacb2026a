//! `/firewarden/coverage`: what requests have evaluated of all loaded rules.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use firewarden_suite::coverage::{html, json, lcov, text};
use serde::Deserialize;

use crate::server::Services;

use super::failed;

/// The width of the report as text in columns.
const COLUMNS: usize = 100;

/// The report has its style in itself, and nothing else.
const POLICY: (HeaderName, &str) =
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");

/// The endpoint.
pub fn router(services: &Arc<Services>) -> Router {
    Router::new().route("/firewarden/coverage", get(report)).with_state(Arc::clone(services))
}

#[derive(Deserialize)]
struct Format {
    format: Option<String>,
}

/// `format` is html (the default), json, lcov or text.
async fn report(services: State<Arc<Services>>, Query(Format { format }): Query<Format>) -> Response {
    let made = tokio::task::spawn_blocking(move || {
        let files = services.coverage();
        match format.as_deref().unwrap_or("html") {
            "html" => match html(&files) {
                Ok(page) => (typed("text/html; charset=utf-8"), [POLICY], page).into_response(),
                Err(error) => failed(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            },
            "json" => axum::Json(json(&files)).into_response(),
            "lcov" => (typed("text/plain; charset=utf-8"), lcov(&files)).into_response(),
            "text" => (typed("text/plain; charset=utf-8"), text(&files, COLUMNS)).into_response(),
            other => {
                failed(StatusCode::BAD_REQUEST, format!("unknown format `{other}`; expected html, json, lcov or text"))
            }
        }
    });
    made.await.unwrap_or_else(|_| failed(StatusCode::INTERNAL_SERVER_ERROR, "the report could not be made"))
}

fn typed(content: &'static str) -> [(HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, content)]
}
