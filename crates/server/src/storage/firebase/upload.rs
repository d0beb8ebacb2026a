//! Uploads of the Firebase API: multipart, resumable, and media.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use percent_encoding::utf8_percent_encode;

use super::{
    super::{
        Storage,
        access::Caller,
        answer::{
            COMPONENT, FirebaseView, Params, base_url, error_answer, json_answer, set_header, status_answer,
            text_answer, upload_failed, with_journal,
        },
        blob::{Blob, Digest},
        multipart,
        object::{Changes, Field},
        store::Conditions,
        uploads::{self, Interface, Start, State, Upload},
        write::MAX_NAME,
    },
    refused, without_rules,
};
use crate::body;

const STATUS: HeaderName = HeaderName::from_static("x-goog-upload-status");
const UPLOAD_ID: HeaderName = HeaderName::from_static("x-gupload-uploadid");

fn text_header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Takes an upload, or a step of one.
pub async fn upload(
    storage: &Arc<Storage>,
    bucket: String,
    name: Option<String>,
    params: &Params,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    if let Err(reason) = storage.rules.get(&bucket) {
        body::discard(body).await;
        return without_rules(&reason);
    }
    let protocol = text_header(headers, "x-goog-upload-protocol");
    let command = text_header(headers, "x-goog-upload-command");
    if protocol == Some("resumable") || command.is_some() {
        return match command {
            None => status_answer(StatusCode::BAD_REQUEST),
            Some("start") => start(storage, bucket, name, headers, body).await,
            Some(command) => step(storage, command, params, headers, body).await,
        };
    }
    let Some(name) = name.filter(|name| is_name(name)) else {
        body::discard(body).await;
        return status_answer(StatusCode::BAD_REQUEST);
    };
    let blob = storage.new_blob();
    let kind = text_header(headers, "content-type");
    let (changes, content) = if protocol == Some("multipart") {
        let Some(kind) = kind else { return status_answer(StatusCode::BAD_REQUEST) };
        match multipart::related(kind, body, blob).await {
            Ok(multipart::Related { changes, content }) => (changes, content),
            Err(error) => return upload_failed(&error, text_answer),
        }
    } else {
        match uploads::whole(blob, body).await {
            Ok(content) => (Changes::default().or(Field::ContentType, kind.map(str::to_owned)), content),
            Err(error) => return upload_failed(&error, text_answer),
        }
    };
    store(storage, &Caller::of(headers), (&bucket, &name), &changes, &content).await
}

/// Whether an object can have this name.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME
}

/// Stores what has been uploaded, if the rules allow it.
async fn store(
    storage: &Storage,
    caller: &Caller,
    target: (&str, &str),
    changes: &Changes,
    content: &(Blob, Digest),
) -> Response {
    match storage.upload(caller, target, changes, content).await {
        Ok((object, pass)) => {
            with_journal(json_answer(StatusCode::OK, &FirebaseView::new(&object.metadata)), pass.journal)
        }
        Err(why) => with_status(refused(&why), "final"),
    }
}

fn with_status(mut response: Response, status: &'static str) -> Response {
    response.headers_mut().insert(STATUS, HeaderValue::from_static(status));
    response
}

/// Starts a resumable upload. Rules decide at its end, about the user who started it.
async fn start(storage: &Storage, bucket: String, name: Option<String>, headers: &HeaderMap, body: Body) -> Response {
    let Some(name) = name.filter(|name| is_name(name)) else { return status_answer(StatusCode::BAD_REQUEST) };
    let body = match storage.metadata(body).await {
        Ok(body) => body,
        Err(error) => return upload_failed(&error.into(), error_answer),
    };
    let changes = match Changes::parse_body(&body) {
        Ok(changes) => changes,
        Err(why) => return error_answer(StatusCode::BAD_REQUEST, &why),
    };
    let kind = text_header(headers, "x-goog-upload-header-content-type").map(str::to_owned);
    let mut url = format!("{}/v0/b/{}/o?", base_url(headers), utf8_percent_encode(&bucket, COMPONENT));
    let upload = storage.uploads.start(
        storage.new_blob(),
        Start {
            interface: Interface::Firebase,
            bucket,
            name,
            caller: Caller::of(headers),
            changes: changes.or(Field::ContentType, kind),
            conditions: Conditions::default(),
        },
    );
    let query = [("name", upload.start.name.as_str()), ("upload_id", &upload.id), ("upload_protocol", "resumable")];
    url.push_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    let mut response = with_status(status_answer(StatusCode::OK), "active");
    let headers = response.headers_mut();
    headers.insert("x-goog-upload-chunk-granularity", HeaderValue::from_static("10000"));
    headers.insert("x-goog-upload-control-url", HeaderValue::from_static(""));
    set_header(headers, UPLOAD_ID, Some(&upload.id));
    set_header(headers, HeaderName::from_static("x-goog-upload-url"), Some(&url));
    response
}

/// A step of a resumable upload: `query`, `cancel`, `upload`, `finalize`, or the latter two at once.
async fn step(storage: &Arc<Storage>, command: &str, params: &Params, headers: &HeaderMap, body: Body) -> Response {
    let Some(id) = params.get("upload_id") else { return status_answer(StatusCode::BAD_REQUEST) };
    let Some(upload) = storage.uploads.get(Interface::Firebase, id) else {
        body::discard(body).await;
        return status_answer(StatusCode::NOT_FOUND);
    };
    let commands: Vec<&str> = command.split(',').map(str::trim).collect();
    if commands.contains(&"query") {
        let state = upload.state.lock().await;
        let mut response = with_status(status_answer(StatusCode::OK), state.name());
        response.headers_mut().insert("x-goog-upload-size-received", HeaderValue::from(state.size()));
        return response;
    }
    if commands.contains(&"cancel") {
        let mut state = upload.state.lock().await;
        if matches!(*state, State::Finished(_)) {
            return status_answer(StatusCode::BAD_REQUEST);
        }
        *state = State::Cancelled;
        return status_answer(StatusCode::OK);
    }
    let (more, last) = (commands.contains(&"upload"), commands.contains(&"finalize"));
    if !more && !last {
        return status_answer(StatusCode::BAD_REQUEST);
    }
    let offset = text_header(headers, "x-goog-upload-offset").and_then(|text| text.trim().parse().ok());
    let storage = Arc::clone(storage);
    let body = more.then_some(body);
    // A task of its own: a client that goes away must not leave a chunk half taken.
    let step = tokio::spawn(async move { take(&storage, &upload, body, offset, last).await });
    step.await.unwrap_or_else(|_| status_answer(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Adds a chunk and finalizes the upload, as far as asked.
async fn take(storage: &Storage, upload: &Upload, chunk: Option<Body>, offset: Option<u64>, last: bool) -> Response {
    let mut state = upload.state.lock().await;
    let blob = match &mut *state {
        State::Active(blob) => blob,
        State::Finished(status) if chunk.is_none() => return with_status(status_answer(*status), "final"),
        State::Finished(_) | State::Cancelled => {
            if let Some(chunk) = chunk {
                body::discard(chunk).await;
            }
            return status_answer(StatusCode::BAD_REQUEST);
        }
    };
    if let Some(chunk) = chunk {
        let added = match uploads::overlap(blob.size(), offset.unwrap_or(blob.size())) {
            Ok(skip) => uploads::append(blob, chunk, skip).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = added {
            if matches!(error, multipart::UploadError::Disk(_)) {
                *state = State::Cancelled;
            }
            return upload_failed(&error, text_answer);
        }
        if !last {
            let mut response = with_status(status_answer(StatusCode::OK), "active");
            set_header(response.headers_mut(), UPLOAD_ID, Some(&upload.id));
            return response;
        }
    }
    let State::Active(blob) = std::mem::replace(&mut *state, State::Cancelled) else {
        return status_answer(StatusCode::BAD_REQUEST);
    };
    let content = match blob.finish().await {
        Ok(content) => content,
        Err(error) => return upload_failed(&error.into(), text_answer),
    };
    let Start { bucket, name, caller, changes, .. } = &upload.start;
    let response = store(storage, caller, (bucket, name), changes, &content).await;
    *state = State::Finished(response.status());
    with_status(response, "final")
}
