//! The Firebase API, version 0: what the client libraries of Firebase speak. The rules decide each request.

mod upload;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::{MethodFilter, get, on},
};
use firewarden::storage::Method;
use serde::Serialize;
use serde_json::json;

use super::{
    Storage,
    access::Caller,
    answer::{
        FirebaseView, Params, denied, error_answer, json_answer, set_header, status_answer, upload_failed, with_journal,
    },
    download::download,
    object::{Changes, Metadata, Object},
    store::{Conditions, Listing, MAX_PAGE},
    write::Refused,
};

/// The routes of the Firebase API.
pub fn routes() -> Router<Arc<Storage>> {
    let object = get(get_object)
        .patch(change_object)
        .delete(delete_object)
        .merge(on(MethodFilter::POST, post_object))
        .merge(on(MethodFilter::PUT, put_object));
    let bucket = get(list).post(post_bucket).put(post_bucket);
    Router::new()
        .route("/v0", get(probe))
        .route("/v0/", get(probe))
        .route("/v0/b/{bucket}/o", bucket.clone())
        .route("/v0/b/{bucket}/o/", bucket)
        .route("/v0/b/{bucket}/o/{object}", object)
}

async fn probe() -> Response {
    json_answer(StatusCode::OK, &json!({ "emulator": "storage" }))
}

type ObjectPath = Path<(String, String)>;

/// Metadata, or the bytes with `alt=media`. A download token opens both without rules.
async fn get_object(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): ObjectPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let (params, target) = (Params::parse(query.as_deref()), (bucket.as_str(), name.as_str()));
    let stored = storage.object(target);
    let token = params.get("token");
    let is_open = storage.rules.get(&bucket).is_ok()
        && stored
            .as_ref()
            .is_some_and(|object| object.metadata.tokens.iter().any(|known| Some(known.as_str()) == token));
    let mut journal = None;
    if !is_open {
        match storage.ask(&Caller::of(&headers), Method::Get, target, stored.as_ref(), None).await {
            Ok(pass) => journal = Some(pass.journal),
            Err(denial) => return denied(&denial, "READ"),
        }
    }
    let stored = match stored {
        Some(stored) if stored.metadata.tokens.is_empty() => match with_token(&storage, target) {
            Ok(stored) => stored,
            Err(why) => return refused(&why),
        },
        stored => stored,
    };
    let response = match &stored {
        None => status_answer(StatusCode::NOT_FOUND),
        Some(object) if params.get("alt") == Some("media") => download(object, &headers, &storage.shared.memory).await,
        Some(object) => json_answer(StatusCode::OK, &FirebaseView::new(&object.metadata)),
    };
    match journal {
        Some(journal) => with_journal(response, journal),
        None => response,
    }
}

/// Gives an object its first download token; `None` if it is gone.
fn with_token(storage: &Storage, target: (&str, &str)) -> Result<Option<Arc<Object>>, Refused> {
    let add = |metadata: &mut Metadata| {
        if metadata.tokens.is_empty() {
            metadata.add_token();
        }
    };
    storage.change_unchecked(target, &Conditions::default(), add)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'p str>,
    prefixes: Vec<&'p str>,
    items: Vec<Item<'p>>,
}

#[derive(Serialize)]
struct Item<'p> {
    name: &'p str,
    bucket: &'p str,
}

async fn list(
    State(storage): State<Arc<Storage>>,
    Path(bucket): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = Params::parse(query.as_deref());
    let prefix = params.get("prefix").unwrap_or_default();
    if storage.rules.get(&bucket).is_ok() && !prefix.is_empty() && !prefix.ends_with('/') {
        let message = "The prefix parameter is required to be empty or ends with a single / character.";
        return error_answer(StatusCode::BAD_REQUEST, message);
    }
    let pass = match storage.ask(&Caller::of(&headers), Method::List, (&bucket, prefix), None, None).await {
        Ok(pass) => pass,
        Err(denial) => return denied(&denial, "LIST"),
    };
    let page = storage.store.list(
        &bucket,
        &Listing {
            prefix: prefix.to_owned(),
            delimiter: params.get("delimiter").unwrap_or_default().to_owned(),
            from: params.get("pageToken").map(str::to_owned),
            end: None,
            max: params.number("maxResults").filter(|max| *max > 0).unwrap_or(MAX_PAGE),
        },
    );
    let items = page.items.iter().map(|object| &object.metadata).filter(|object| is_listed(&object.name));
    let list = List {
        next_page_token: page.next.as_deref(),
        prefixes: page.prefixes.iter().map(String::as_str).filter(|name| is_listed(trim_slash(name))).collect(),
        items: items.map(|object| Item { name: &object.name, bucket: &object.bucket }).collect(),
    };
    with_journal(json_answer(StatusCode::OK, &list), pass.journal)
}

fn trim_slash(name: &str) -> &str {
    name.strip_suffix('/').unwrap_or(name)
}

/// Whether clients can name an object: none of its segments is empty.
fn is_listed(name: &str) -> bool {
    name.strip_prefix('/').unwrap_or(name).split('/').all(|segment| !segment.is_empty())
}

async fn delete_object(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): ObjectPath,
    headers: HeaderMap,
) -> Response {
    match storage.delete(&Caller::of(&headers), (&bucket, &name)).await {
        Ok((true, pass)) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            with_journal(response, pass.journal)
        }
        Ok((false, pass)) => with_journal(status_answer(StatusCode::NOT_FOUND), pass.journal),
        Err(why) => refused(&why),
    }
}

async fn change_object(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): ObjectPath,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = match storage.metadata(body).await {
        Ok(body) => body,
        Err(error) => return upload_failed(&error.into(), error_answer),
    };
    let changes = match Changes::parse_body(&body) {
        Ok(changes) => changes,
        Err(why) => return error_answer(StatusCode::BAD_REQUEST, &why),
    };
    match storage.change(&Caller::of(&headers), (&bucket, &name), &changes).await {
        Ok((Some(object), pass)) => with_journal(changed(&object.metadata), pass.journal),
        Ok((None, pass)) => with_journal(status_answer(StatusCode::NOT_FOUND), pass.journal),
        Err(why) => refused(&why),
    }
}

/// The answer to a change of metadata, which repeats some of them as headers.
fn changed(object: &Metadata) -> Response {
    let mut response = json_answer(StatusCode::OK, &FirebaseView::new(object));
    let headers = response.headers_mut();
    let text = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
    set_header(headers, header::CONTENT_DISPOSITION, text(&object.content_disposition).as_deref());
    // The answer itself is not encoded; a client would try to decode it.
    let encoding = text(&object.content_encoding).filter(|encoding| encoding == "identity");
    set_header(headers, header::CONTENT_ENCODING, encoding.as_deref());
    set_header(headers, header::CACHE_CONTROL, text(&object.cache_control).as_deref());
    set_header(headers, header::CONTENT_LANGUAGE, text(&object.content_language).as_deref());
    response
}

async fn put_object(
    state: State<Arc<Storage>>,
    path: ObjectPath,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let method = headers.get("x-http-method-override");
    if method.is_some_and(|method| method.as_bytes().eq_ignore_ascii_case(b"patch")) {
        return change_object(state, path, headers, body).await;
    }
    post_object(state, path, query, headers, body).await
}

async fn post_object(
    State(storage): State<Arc<Storage>>,
    Path((bucket, name)): ObjectPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let params = Params::parse(query.as_deref());
    if params.get("create_token").or(params.get("delete_token")).is_some() {
        return change_tokens(&storage, (&bucket, &name), &params, &headers);
    }
    upload::upload(&storage, bucket, Some(name), &params, &headers, body).await
}

async fn post_bucket(
    State(storage): State<Arc<Storage>>,
    Path(bucket): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let params = Params::parse(query.as_deref());
    let name = params.get("name").map(str::to_owned);
    upload::upload(&storage, bucket, name, &params, &headers, body).await
}

/// Adds or removes a download token, as owner.
fn change_tokens(storage: &Storage, target: (&str, &str), params: &Params, headers: &HeaderMap) -> Response {
    if let Err(reason) = storage.rules.get(target.0) {
        return without_rules(&reason);
    }
    let create = params.get("create_token");
    if create.is_some_and(|create| create != "true") {
        return status_answer(StatusCode::BAD_REQUEST);
    }
    if !Caller::of(headers).is_owner() {
        return error_answer(StatusCode::FORBIDDEN, "Missing admin credentials.");
    }
    let change = |metadata: &mut Metadata| match create {
        Some(_) => metadata.add_token(),
        None => metadata.remove_token(params.get("delete_token").unwrap_or_default()),
    };
    match storage.change_unchecked(target, &Conditions::default(), change) {
        Ok(Some(object)) => changed(&object.metadata),
        Ok(None) => status_answer(StatusCode::NOT_FOUND),
        Err(why) => refused(&why),
    }
}

/// The answer to a write that is not made.
fn refused(why: &Refused) -> Response {
    match why {
        Refused::Denied(denial) => denied(denial, "WRITE"),
        Refused::Unmet(_) => error_answer(StatusCode::PRECONDITION_FAILED, &why.to_string()),
        Refused::Disk(_) => error_answer(StatusCode::SERVICE_UNAVAILABLE, &why.to_string()),
    }
}

/// The answer while a bucket has no valid rules, to requests that rules do not decide at once.
fn without_rules(reason: &str) -> Response {
    let message = "Permission denied. Storage Emulator has no loaded ruleset.";
    let error = json!({ "error": { "code": 403, "message": message, "reason": reason } });
    json_answer(StatusCode::FORBIDDEN, &error)
}
