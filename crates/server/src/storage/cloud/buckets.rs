//! Buckets in the JSON API.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::{Value as Json, json};

use super::{
    super::{
        Storage,
        answer::{base_url, bucket_view, json_answer, upload_failed},
    },
    error, failed, invalid, no_content, unavailable,
};

/// All buckets; the project's default one if there are none yet.
pub async fn list(State(storage): State<Arc<Storage>>, headers: HeaderMap) -> Response {
    let base = base_url(&headers);
    if storage.store.buckets().is_empty() {
        storage.touch(&format!("{}.appspot.com", storage.shared.settings.project));
    }
    let buckets = storage.store.buckets();
    let items: Vec<Json> = buckets.iter().map(|(name, created)| bucket_view(name, *created, &base)).collect();
    json_answer(StatusCode::OK, &json!({ "kind": "storage#buckets", "items": items }))
}

fn not_found(name: &str) -> Response {
    error(StatusCode::NOT_FOUND, "notFound", &format!("The specified bucket does not exist: {name}"))
}

/// A bucket. Changes of one are accepted and have no effect.
pub async fn get(State(storage): State<Arc<Storage>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    match storage.store.bucket(&name) {
        Some(created) => json_answer(StatusCode::OK, &bucket_view(&name, created, &base_url(&headers))),
        None => not_found(&name),
    }
}

/// Makes a bucket.
pub async fn create(State(storage): State<Arc<Storage>>, headers: HeaderMap, body: Body) -> Response {
    let body = match storage.metadata(body).await {
        Ok(body) => body,
        Err(error) => return upload_failed(&error.into(), failed),
    };
    let asked: Json = serde_json::from_slice(&body).unwrap_or_default();
    let Some(name) = asked.get("name").and_then(Json::as_str).filter(|name| !name.is_empty() && !name.contains('/'))
    else {
        return invalid("the body has no name of a bucket");
    };
    let now = storage.now(name);
    match storage.store.create_bucket(name, now) {
        Ok(true) => json_answer(StatusCode::OK, &bucket_view(name, now, &base_url(&headers))),
        Ok(false) => {
            error(StatusCode::CONFLICT, "conflict", "You already own this bucket. Please select another name.")
        }
        Err(why) => unavailable(&why),
    }
}

/// Deletes an empty bucket.
pub async fn delete(State(storage): State<Arc<Storage>>, Path(name): Path<String>) -> Response {
    match storage.store.delete_bucket(&name) {
        Ok(Some(true)) => no_content(),
        Ok(Some(false)) => error(StatusCode::CONFLICT, "conflict", "The bucket you tried to delete is not empty."),
        Ok(None) => not_found(&name),
        Err(why) => unavailable(&why),
    }
}
