//! The JSON API of Google Cloud Storage, and the parts of its XML API that clients of emulators use. There are no rules
//! here: its clients are servers.

mod buckets;
mod copy;
mod upload;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::Response,
    routing::{get, post},
};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    Storage,
    answer::{CloudView, Params, base_url, json_answer, status_answer, text_answer, upload_failed},
    download::download,
    object::{Changes, Metadata, Object},
    store::{Conditions, Listing, MAX_PAGE, Unmet},
    write::Refused,
};
use crate::{body, disk::DiskError};

/// The routes of the API. Clients use it with the prefix `/storage/v1` and without.
pub fn routes() -> Router<Arc<Storage>> {
    let mut routes = Router::new();
    for prefix in ["", "/storage/v1"] {
        let at = |path: &str| format!("{prefix}{path}");
        routes = routes
            .route(&at("/b"), get(buckets::list).post(buckets::create))
            .route(&at("/b/{bucket}"), get(buckets::get).delete(buckets::delete).patch(buckets::get).put(buckets::get))
            .route(&at("/b/{bucket}/o"), get(list))
            .route(&at("/b/{bucket}/o/{object}"), get(get_object).patch(patch).put(update).delete(delete))
            .route(&at("/b/{bucket}/o/{object}/acl"), get(list_access).post(add_access))
            .route(&at("/b/{bucket}/o/{object}/compose"), post(copy::compose))
            .route(&at("/b/{bucket}/o/{object}/copyTo/b/{to_bucket}/o/{to_object}"), post(copy::copy))
            .route(&at("/b/{bucket}/o/{object}/rewriteTo/b/{to_bucket}/o/{to_object}"), post(copy::rewrite));
    }
    routes
        .route("/download/storage/v1/b/{bucket}/o/{object}", get(get_object))
        .route("/upload/storage/v1/b/{bucket}/o", post(upload::post).put(upload::put).delete(upload::cancel))
        .route("/{bucket}", post(upload::form))
        .route("/{bucket}/{*object}", get(get_public))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
}

/// A call that is not offered.
async fn unknown(method: Method, uri: Uri, body: Body) -> Response {
    body::discard(body).await;
    // Paths that look for something get the answer of the XML API: it is not there.
    if method == Method::GET && uri.path() == "/" {
        return status_answer(StatusCode::NOT_FOUND);
    }
    status_answer(StatusCode::NOT_IMPLEMENTED)
}

/// An error as Google Cloud Storage answers it.
fn error(status: StatusCode, reason: &str, message: &str) -> Response {
    let errors = json!([{ "message": message, "domain": "global", "reason": reason }]);
    json_answer(status, &json!({ "error": { "code": status.as_u16(), "message": message, "errors": errors } }))
}

fn invalid(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "invalid", message)
}

fn failed(status: StatusCode, message: &str) -> Response {
    error(status, "invalid", message)
}

/// An object that does not exist: text where bytes were asked for, JSON otherwise.
fn not_found((bucket, name): (&str, &str), as_text: bool) -> Response {
    let message = format!("No such object: {bucket}/{name}");
    match as_text {
        true => text_answer(StatusCode::NOT_FOUND, &message),
        false => error(StatusCode::NOT_FOUND, "notFound", &message),
    }
}

fn unmet(which: Unmet, is_read: bool) -> Response {
    match which {
        Unmet::NotMatch if is_read => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
        _ => error(
            StatusCode::PRECONDITION_FAILED,
            "conditionNotMet",
            "At least one of the pre-conditions you specified did not hold.",
        ),
    }
}

/// A write that is not made.
fn refused(why: &Refused) -> Response {
    match why {
        Refused::Unmet(which) => unmet(*which, false),
        Refused::Denied(_) => error(StatusCode::FORBIDDEN, "forbidden", &why.to_string()),
        Refused::Disk(error) => unavailable(error),
    }
}

/// The disk does not take a change.
fn unavailable(why: &DiskError) -> Response {
    error(StatusCode::SERVICE_UNAVAILABLE, "backendError", &why.to_string())
}

impl Conditions {
    /// The conditions in a query; `source` reads those about the source of a copy.
    fn of(params: &Params, source: bool) -> Self {
        let number = |name: &str| match source {
            true => params.number(&format!("ifSource{name}")),
            false => params.number(&format!("if{name}")),
        };
        Conditions {
            if_generation: number("GenerationMatch"),
            if_generation_not: number("GenerationNotMatch"),
            if_metageneration: number("MetagenerationMatch"),
            if_metageneration_not: number("MetagenerationNotMatch"),
        }
    }
}

/// The object as an answer.
fn resource(object: &Object, headers: &HeaderMap) -> Response {
    json_answer(StatusCode::OK, &CloudView::new(&object.metadata, &base_url(headers)))
}

type ObjectPath = Path<(String, String)>;

/// The stored object, of the generation that the query names.
fn find(storage: &Storage, target: (&str, &str), generation: Option<i64>) -> Option<Arc<Object>> {
    storage.object(target).filter(|object| generation.is_none_or(|wanted| wanted == object.metadata.generation))
}

async fn get_object(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): ObjectPath,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let params = Params::parse(query.as_deref());
    let as_bytes = params.get("alt") == Some("media") || uri.path().starts_with("/download/");
    let Some(object) = find(&storage, (&bucket, &name), params.number("generation")) else {
        return not_found((&bucket, &name), as_bytes);
    };
    if let Err(which) = Conditions::of(&params, false).check(Some(&object)) {
        return unmet(which, true);
    }
    match as_bytes {
        true => download(&object, &headers, &storage.shared.memory).await,
        false => resource(&object, &headers),
    }
}

/// The bytes of an object by its public address.
async fn get_public(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): ObjectPath,
    headers: HeaderMap,
) -> Response {
    match storage.object((&bucket, &name)) {
        Some(object) => download(&object, &headers, &storage.shared.memory).await,
        None => not_found((&bucket, &name), false),
    }
}

async fn patch(
    State(storage): State<Arc<Storage>>,
    path: ObjectPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    change(&storage, path, query, headers, body, |changes| changes).await
}

/// Replaces all metadata that clients can set.
async fn update(
    State(storage): State<Arc<Storage>>,
    path: ObjectPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    change(&storage, path, query, headers, body, Changes::replacing).await
}

async fn change(
    storage: &Storage,
    Path((bucket, name)): ObjectPath,
    query: Option<String>,
    headers: HeaderMap,
    body: Body,
    prepare: impl FnOnce(Changes) -> Changes,
) -> Response {
    let (params, target) = (Params::parse(query.as_deref()), (bucket.as_str(), name.as_str()));
    let changes = match changes(storage, body).await {
        Ok(changes) => prepare(changes),
        Err(response) => return response,
    };
    if find(storage, target, params.number("generation")).is_none() {
        return not_found(target, false);
    }
    match storage.change_unchecked(target, &Conditions::of(&params, false), |metadata| metadata.apply(&changes)) {
        Ok(Some(object)) => resource(&object, &headers),
        Ok(None) => not_found(target, false),
        Err(why) => refused(&why),
    }
}

/// The metadata in a body.
async fn changes(storage: &Storage, body: Body) -> Result<Changes, Response> {
    let body = storage.metadata(body).await.map_err(|error| upload_failed(&error.into(), failed))?;
    Changes::parse_body(&body).map_err(|why| invalid(&why))
}

async fn delete(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): ObjectPath,
    RawQuery(query): RawQuery,
) -> Response {
    let (params, target) = (Params::parse(query.as_deref()), (bucket.as_str(), name.as_str()));
    if find(&storage, target, params.number("generation")).is_none() {
        return not_found(target, false);
    }
    match storage.delete_unchecked(target, &Conditions::of(&params, false)) {
        Ok(true) => no_content(),
        Ok(false) => not_found(target, false),
        Err(why) => refused(&why),
    }
}

fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'p> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'p str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    prefixes: &'p [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<CloudView<'p>>,
}

async fn list(
    State(storage): State<Arc<Storage>>,
    Path(bucket): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = Params::parse(query.as_deref());
    let text = |name: &str| params.get(name).map(str::to_owned);
    storage.touch(&bucket);
    let page = storage.store.list(
        &bucket,
        &Listing {
            prefix: text("prefix").unwrap_or_default(),
            delimiter: text("delimiter").unwrap_or_default(),
            from: text("pageToken").or(text("startOffset")),
            end: text("endOffset"),
            max: params.number("maxResults").filter(|max| *max > 0).unwrap_or(MAX_PAGE),
        },
    );
    let base = base_url(&headers);
    let list = List {
        kind: "storage#objects",
        next_page_token: page.next.as_deref(),
        prefixes: &page.prefixes,
        items: page.items.iter().map(|object| CloudView::new(&object.metadata, &base)).collect(),
    };
    json_answer(StatusCode::OK, &list)
}

/// Access control is accepted and has no effect.
async fn add_access(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): ObjectPath,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let target = (bucket.as_str(), name.as_str());
    let body = match storage.metadata(body).await {
        Ok(body) => body,
        Err(error) => return upload_failed(&error.into(), failed),
    };
    let asked: Json = serde_json::from_slice(&body).unwrap_or_default();
    // It counts as a change of the metadata.
    match storage.change_unchecked(target, &Conditions::default(), |_| {}) {
        Ok(Some(object)) => json_answer(StatusCode::OK, &access(&object.metadata, &asked, &base_url(&headers))),
        Ok(None) => not_found(target, false),
        Err(why) => refused(&why),
    }
}

fn access(object: &Metadata, asked: &Json, base: &str) -> Json {
    let entity = asked.get("entity").and_then(Json::as_str).unwrap_or("allUsers");
    let view = CloudView::new(object, base);
    json!({
        "kind": "storage#objectAccessControl",
        "object": object.name,
        "id": format!("{}/{}/{}/{entity}", object.bucket, object.name, object.generation),
        "selfLink": format!("{}/acl/{entity}", view.self_link()),
        "bucket": object.bucket,
        "entity": entity,
        "role": asked.get("role").and_then(Json::as_str).unwrap_or("READER"),
        "etag": object.etag(),
        "generation": object.generation.to_string(),
    })
}

async fn list_access(State(storage): State<Arc<Storage>>, Path((bucket, name)): ObjectPath) -> Response {
    match storage.object((&bucket, &name)) {
        Some(_) => json_answer(StatusCode::OK, &json!({ "kind": "storage#objectAccessControls", "items": [] })),
        None => not_found((&bucket, &name), false),
    }
}
