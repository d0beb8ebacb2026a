//! The control endpoints of the port: rules, reset, export.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::{post, put},
};
use firewarden::text::Source;
use serde_json::{Value as Json, json};

use super::{
    Storage,
    answer::{json_answer, status_answer, text_answer},
};
use crate::{body, memory::Memory};

/// The largest body with rules, in bytes.
const MAX_RULES: u64 = 8 << 20;

/// The routes of the control endpoints.
pub fn routes() -> Router<Arc<Storage>> {
    Router::new()
        .route("/internal/setRules", put(set_rules))
        .route("/internal/reset", post(reset))
        .route("/internal/export", post(export))
}

fn message(status: StatusCode, text: &str) -> Response {
    json_answer(status, &json!({ "message": text }))
}

async fn read(body: Body, memory: &Memory) -> Result<Json, Response> {
    let body = body::whole(body, MAX_RULES, memory).await;
    let body = body.map_err(|error| message(error.status(), &error.to_string()))?;
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

/// A file of rules: name, content, and the bucket that it is for.
type RulesFile = (String, String, Option<String>);

fn rules_file(file: &Json) -> Option<RulesFile> {
    let text = |name: &str| file.get(name).and_then(Json::as_str).map(str::to_owned);
    Some((text("name")?, text("content")?, text("resource").filter(|bucket| !bucket.is_empty())))
}

/// Replaces all rules: by one file for all buckets, or by several, each for a bucket.
async fn set_rules(State(storage): State<Arc<Storage>>, body: Body) -> Response {
    let json = match read(body, &storage.shared.memory).await {
        Ok(json) => json,
        Err(response) => return response,
    };
    let files = json.pointer("/rules/files").and_then(Json::as_array).filter(|files| !files.is_empty());
    let Some(files) = files else {
        return message(StatusCode::BAD_REQUEST, "Request body must include 'rules.files' array");
    };
    let single = files.len() == 1;
    let mut read = Vec::new();
    for file in files {
        match rules_file(file) {
            Some((name, content, _)) if single => read.push((name, content, None)),
            Some(file @ (_, _, Some(_))) => read.push(file),
            _ => {
                return message(
                    StatusCode::BAD_REQUEST,
                    match single {
                        true => "Each member of 'rules.files' array must contain 'name' and 'content'",
                        false => "Each member of 'rules.files' array must contain 'name', 'content', and 'resource'",
                    },
                );
            }
        }
    }
    let loading = tokio::task::spawn_blocking(move || {
        storage.rules.clear();
        let load = |(name, content, bucket): RulesFile| {
            storage.rules.set(bucket.as_deref(), &Source::new(name, content)).err()
        };
        read.into_iter().filter_map(load).collect::<Vec<_>>()
    });
    match loading.await {
        Ok(errors) if errors.is_empty() => message(StatusCode::OK, "Rules updated successfully"),
        Ok(errors) => {
            let text = "There was an error updating rules, see logs for more details";
            json_answer(StatusCode::BAD_REQUEST, &json!({ "message": text, "errors": errors }))
        }
        Err(_) => status_answer(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn reset(State(storage): State<Arc<Storage>>) -> Response {
    match storage.reset(None).await {
        Ok(()) => status_answer(StatusCode::OK),
        Err(error) => text_answer(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// Writes all buckets to the folder `path`. Pages may not do that.
async fn export(State(storage): State<Arc<Storage>>, headers: HeaderMap, body: Body) -> Response {
    if headers.contains_key(header::ORIGIN) {
        return text_answer(StatusCode::FORBIDDEN, "Export cannot be triggered by external callers.");
    }
    let json = match read(body, &storage.shared.memory).await {
        Ok(json) => json,
        Err(response) => return response,
    };
    let Some(path) = json.get("path").and_then(Json::as_str).filter(|path| !path.is_empty()) else {
        return text_answer(StatusCode::BAD_REQUEST, "Export request body must include 'path'.");
    };
    match storage.export(&PathBuf::from(path)).await {
        Ok(()) => status_answer(StatusCode::OK),
        Err(error) => text_answer(StatusCode::INTERNAL_SERVER_ERROR, &format!("{path} cannot be written: {error}")),
    }
}
