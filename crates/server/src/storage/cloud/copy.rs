//! Copies: `copyTo`, `rewriteTo`, and `compose`. A copy shares the bytes of its source.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::{Value as Json, json};

use super::{
    super::{
        MAX_OBJECT, Storage,
        answer::{CloudView, Params, base_url, json_answer, status_answer, upload_failed},
        object::{Changes, Metadata, Object},
        store::Conditions,
        write::MAX_NAME,
    },
    changes, failed, find, invalid, not_found, refused, resource, unmet,
};

/// The most objects that one call composes.
const MAX_SOURCES: usize = 32;

type CopyPath = Path<(String, String, String, String)>;

/// Copies an object; answers with the copy.
pub async fn copy(
    State(storage): State<Arc<Storage>>,
    path: CopyPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match copied(&storage, path, &Params::parse(query.as_deref()), body).await {
        Ok(object) => resource(&object, &headers),
        Err(response) => response,
    }
}

/// Copies an object in one call; answers with the progress.
pub async fn rewrite(
    State(storage): State<Arc<Storage>>,
    path: CopyPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let params = Params::parse(query.as_deref());
    // One call always suffices, so that there is none to go on with.
    if params.get("rewriteToken").is_some() {
        return status_answer(StatusCode::NOT_IMPLEMENTED);
    }
    let object = match copied(&storage, path, &params, body).await {
        Ok(object) => object,
        Err(response) => return response,
    };
    let size = object.metadata.digest.size.to_string();
    json_answer(
        StatusCode::OK,
        &json!({
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": size,
            "objectSize": size,
            "done": true,
            "resource": CloudView::new(&object.metadata, &base_url(&headers)),
        }),
    )
}

async fn copied(
    storage: &Storage,
    Path((bucket, name, to_bucket, to_name)): CopyPath,
    params: &Params,
    body: Body,
) -> Result<Arc<Object>, Response> {
    let changes = changes(storage, body).await?.null_as_empty();
    let source = (bucket.as_str(), name.as_str());
    let original = find(storage, source, params.number("sourceGeneration")).ok_or_else(|| not_found(source, false))?;
    Conditions::of(params, true).check(Some(&original)).map_err(|which| unmet(which, false))?;
    if to_name.len() > MAX_NAME {
        return Err(invalid("the name of an object has at most 1024 bytes"));
    }
    let (target, conditions) = ((to_bucket.as_str(), to_name.as_str()), Conditions::of(params, false));
    let copied = storage.replace_unchecked(target, &conditions, |stored, now| {
        let source = &original.metadata;
        let mut metadata = Metadata::new(target, &Changes::default(), source.digest, now, stored);
        metadata.inherit(source);
        // Custom metadata of the request replace those of the source, download tokens among them.
        if changes.has_custom() {
            (metadata.custom, metadata.tokens) = (None, Vec::new());
        }
        metadata.apply(&changes);
        Object::new(metadata, original.blob.clone())
    });
    copied.map_err(|why| refused(&why))
}

/// Joins objects of a bucket to a new one.
pub async fn compose(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let params = Params::parse(query.as_deref());
    let body = match storage.metadata(body).await {
        Ok(body) => body,
        Err(error) => return upload_failed(&error.into(), failed),
    };
    let asked: Json = serde_json::from_slice(&body).unwrap_or_default();
    // The official emulator composes nothing, which is all that a call without sources can be.
    let Some(sources) = asked.get("sourceObjects").and_then(Json::as_array) else {
        return status_answer(StatusCode::NOT_IMPLEMENTED);
    };
    if sources.is_empty() || sources.len() > MAX_SOURCES || name.len() > MAX_NAME {
        return invalid("a composition has 1 to 32 sources and a name of at most 1024 bytes");
    }
    let changes = match asked.get("destination").map_or_else(|| Ok(Changes::default()), Changes::parse) {
        Ok(changes) => changes,
        Err(why) => return invalid(&why),
    };
    let mut blob = storage.new_blob();
    for source in sources {
        let text = |key: &str| source.get(key).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
        let name = text("name").unwrap_or_default();
        let generation = text("generation").and_then(|text| text.parse().ok());
        let Some(object) = find(&storage, (&bucket, &name), generation) else {
            return not_found((&bucket, &name), false);
        };
        if blob.size() + object.blob.size() > MAX_OBJECT {
            return invalid("the composition is larger than 5 GiB");
        }
        if let Err(error) = blob.append(&object.blob).await {
            return upload_failed(&error.into(), failed);
        }
    }
    let content = match blob.finish().await {
        Ok(content) => content,
        Err(error) => return upload_failed(&error.into(), failed),
    };
    match storage.upload_unchecked((&bucket, &name), &changes, &content, &Conditions::of(&params, false)) {
        Ok(object) => resource(&object, &headers),
        Err(why) => refused(&why),
    }
}
