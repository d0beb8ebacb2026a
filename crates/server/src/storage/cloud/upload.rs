//! Uploads of the JSON API: media, multipart, resumable, and forms.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::utf8_percent_encode;

use super::{
    super::{
        Storage,
        access::Caller,
        answer::{COMPONENT, Params, base_url, set_header, status_answer, text_answer, upload_failed},
        blob::{Blob, Digest},
        multipart::{self, UploadError},
        object::{Changes, Field},
        store::Conditions,
        uploads::{self, Interface, Start, State as Session, Upload},
        write::MAX_NAME,
    },
    changes, failed, invalid, no_content, refused, resource, unmet,
};
use crate::body;

fn text_header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The name of an upload: of the query, or of the metadata; one leading slash does not count.
fn name_of(params: &Params, changes: &Changes) -> Option<String> {
    let name = params.get("name").or(changes.name.as_deref())?;
    let name = name.strip_prefix('/').unwrap_or(name);
    (!name.is_empty() && name.len() <= MAX_NAME).then(|| name.to_owned())
}

/// Takes an upload, or starts a resumable one.
pub async fn post(
    State(storage): State<Arc<Storage>>,
    Path(bucket): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let params = Params::parse(query.as_deref());
    let protocol = params.get("uploadType").or_else(|| text_header(&headers, "x-goog-upload-protocol"));
    let kind = text_header(&headers, "content-type");
    let stated_kind = text_header(&headers, "x-upload-content-type").map(str::to_owned);
    let (changes, content) = match protocol {
        Some("resumable") if params.get("upload_id").is_some() => return step(&storage, &params, &headers, body).await,
        Some("resumable") => return start(&storage, bucket, &params, &headers, stated_kind, body).await,
        Some("multipart") => {
            let Some(kind) = kind else { return status_answer(StatusCode::BAD_REQUEST) };
            match multipart::related(kind, body, storage.new_blob()).await {
                Ok(multipart::Related { changes, content }) => (changes.or(Field::ContentType, stated_kind), content),
                Err(error) => return upload_failed(&error, failed),
            }
        }
        _ => {
            if params.get("name").is_none() {
                body::discard(body).await;
                return status_answer(StatusCode::BAD_REQUEST);
            }
            match uploads::whole(storage.new_blob(), body).await {
                Ok(content) => (Changes::default().or(Field::ContentType, kind.map(str::to_owned)), content),
                Err(error) => return upload_failed(&error, failed),
            }
        }
    };
    let Some(name) = name_of(&params, &changes) else { return status_answer(StatusCode::BAD_REQUEST) };
    let changes = changes.or(Field::ContentEncoding, params.get("contentEncoding").map(str::to_owned));
    store(&storage, (&bucket, &name), &changes, &content, &Conditions::of(&params, false), &headers)
}

/// Stores what has been uploaded, if it has the stated hashes.
fn store(
    storage: &Storage,
    target: (&str, &str),
    changes: &Changes,
    content: &(Blob, Digest),
    conditions: &Conditions,
    headers: &HeaderMap,
) -> Response {
    if let Some(why) = differs(changes, headers, &content.1) {
        return invalid(&why);
    }
    match storage.upload_unchecked(target, changes, content, conditions) {
        Ok(object) => resource(&object, headers),
        Err(why) => refused(&why),
    }
}

/// What of the content is not as metadata or the header `X-Goog-Hash` state.
fn differs(changes: &Changes, headers: &HeaderMap, digest: &Digest) -> Option<String> {
    let (md5, crc32c) = (STANDARD.encode(digest.md5), STANDARD.encode(digest.crc32c.to_be_bytes()));
    let stated = headers.get_all("x-goog-hash").into_iter().filter_map(|value| value.to_str().ok());
    let stated = stated.flat_map(|text| text.split(',')).filter_map(|entry| entry.trim().split_once('='));
    let of_metadata = [("md5", &changes.expected_md5), ("crc32c", &changes.expected_crc32c)];
    let of_metadata = of_metadata.into_iter().filter_map(|(kind, hash)| Some((kind, hash.as_deref()?)));
    stated.chain(of_metadata).find_map(|(kind, hash)| {
        let (name, actual) = match kind {
            "md5" => ("MD5 hash", &md5),
            "crc32c" => ("CRC32C", &crc32c),
            _ => return None,
        };
        (hash != actual).then(|| format!("Provided {name} \"{hash}\" doesn't match calculated {name} \"{actual}\"."))
    })
}

/// Starts a resumable upload.
async fn start(
    storage: &Storage,
    bucket: String,
    params: &Params,
    headers: &HeaderMap,
    kind: Option<String>,
    body: Body,
) -> Response {
    let changes = match changes(storage, body).await {
        Ok(changes) => changes.or(Field::ContentType, kind),
        Err(response) => return response,
    };
    let Some(name) = name_of(params, &changes) else { return status_answer(StatusCode::BAD_REQUEST) };
    let conditions = Conditions::of(params, false);
    if let Err(which) = conditions.check(storage.object((&bucket, &name)).as_deref()) {
        return unmet(which, false);
    }
    let path = utf8_percent_encode(&bucket, COMPONENT);
    let mut url = format!("{}/upload/storage/v1/b/{path}/o?", base_url(headers));
    let start = Start { interface: Interface::Cloud, bucket, name, caller: Caller::Owner, changes, conditions };
    let upload = storage.uploads.start(storage.new_blob(), start);
    let query = [("name", upload.start.name.as_str()), ("uploadType", "resumable"), ("upload_id", &upload.id)];
    url.push_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    let mut response = status_answer(StatusCode::OK);
    set_header(response.headers_mut(), header::LOCATION, Some(&url));
    set_header(response.headers_mut(), HeaderName::from_static("x-guploader-uploadid"), Some(&upload.id));
    response
}

/// Takes a chunk of a resumable upload, or tells how much of it has arrived.
pub async fn put(
    State(storage): State<Arc<Storage>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    step(&storage, &Params::parse(query.as_deref()), &headers, body).await
}

/// Cancels a resumable upload.
pub async fn cancel(State(storage): State<Arc<Storage>>, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.as_deref());
    let Some(upload) = params.get("upload_id").and_then(|id| storage.uploads.get(Interface::Cloud, id)) else {
        return status_answer(StatusCode::NOT_FOUND);
    };
    *upload.state.lock().await = Session::Cancelled;
    // The status with which Google Cloud Storage confirms it; it has no name.
    let status = StatusCode::from_u16(499).unwrap_or(StatusCode::OK);
    text_answer(status, "")
}

/// The header `Content-Range` of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContentRange {
    /// `bytes a-b/total`, `bytes a-b/*`, `bytes a-*/*`: the first byte, the last one, and the size of the object.
    Chunk { first: u64, last: Option<u64>, total: Option<u64> },
    /// `bytes */total`, `bytes */*`: nothing is sent.
    Query { total: Option<u64> },
}

impl ContentRange {
    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
        let number = |text: &str| match text.trim() {
            "*" => Some(None),
            digits => digits.parse().ok().map(Some),
        };
        let total = number(total)?;
        if range.trim() == "*" {
            return Some(ContentRange::Query { total });
        }
        let (first, last) = range.split_once('-')?;
        Some(ContentRange::Chunk { first: first.trim().parse().ok()?, last: number(last)?, total })
    }
}

async fn step(storage: &Arc<Storage>, params: &Params, headers: &HeaderMap, body: Body) -> Response {
    let Some(id) = params.get("upload_id") else { return status_answer(StatusCode::BAD_REQUEST) };
    let Some(upload) = storage.uploads.get(Interface::Cloud, id) else {
        body::discard(body).await;
        return status_answer(StatusCode::NOT_FOUND);
    };
    let range = match text_header(headers, "content-range") {
        None => ContentRange::Chunk { first: 0, last: None, total: None },
        Some(text) => match ContentRange::parse(text) {
            Some(range) => range,
            None => {
                body::discard(body).await;
                return invalid(&format!("{text:?} is no range of bytes"));
            }
        },
    };
    let (storage, headers) = (Arc::clone(storage), headers.clone());
    // A task of its own: a client that goes away must not leave a chunk half taken.
    let step = tokio::spawn(async move { take(&storage, &upload, range, body, &headers).await });
    step.await.unwrap_or_else(|_| status_answer(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Adds a chunk, and stores the object with the last one.
async fn take(storage: &Storage, upload: &Upload, range: ContentRange, body: Body, headers: &HeaderMap) -> Response {
    let Start { bucket, name, changes, conditions, .. } = &upload.start;
    let target = (bucket.as_str(), name.as_str());
    let mut state = upload.state.lock().await;
    let blob = match &mut *state {
        Session::Active(blob) => blob,
        Session::Finished(status) => {
            body::discard(body).await;
            return match storage.object(target) {
                Some(object) if status.is_success() => resource(&object, headers),
                _ => status_answer(*status),
            };
        }
        Session::Cancelled => {
            body::discard(body).await;
            return status_answer(StatusCode::NOT_FOUND);
        }
    };
    let is_last = match range {
        ContentRange::Query { total } => total.is_some_and(|total| total == blob.size()),
        ContentRange::Chunk { first, last, total } => {
            let added = match uploads::overlap(blob.size(), first) {
                Ok(skip) => uploads::append(blob, body, skip).await,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = added {
                if matches!(error, UploadError::Disk(_)) {
                    *state = Session::Cancelled;
                }
                return upload_failed(&error, failed);
            }
            match (last, total) {
                (_, Some(total)) => blob.size() >= total,
                // The end of a chunk without a size is not that of the object; a stream ends with its body.
                (last, None) => last.is_none(),
            }
        }
    };
    if !is_last {
        let mut response = text_answer(StatusCode::PERMANENT_REDIRECT, "");
        let received = blob.size().checked_sub(1).map(|last| format!("bytes=0-{last}"));
        set_header(response.headers_mut(), header::RANGE, received.as_deref());
        return response;
    }
    let Session::Active(blob) = std::mem::replace(&mut *state, Session::Cancelled) else {
        return status_answer(StatusCode::NOT_FOUND);
    };
    let response = match blob.finish().await {
        Ok(content) => store(storage, target, changes, &content, conditions, headers),
        Err(error) => upload_failed(&error.into(), failed),
    };
    *state = Session::Finished(response.status());
    response
}

/// Takes an upload by a form: `POST /BUCKET`.
pub async fn form(
    State(storage): State<Arc<Storage>>,
    Path(bucket): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let kind = text_header(&headers, "content-type").unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        body::discard(body).await;
        return text_answer(StatusCode::BAD_REQUEST, "Content-Type must be multipart/form-data");
    }
    let form = match multipart::form(kind, body, || storage.new_blob()).await {
        Ok(form) => form,
        Err(error) => return upload_failed(&error, text_answer),
    };
    let name = form.key.strip_prefix('/').unwrap_or(&form.key);
    if name.is_empty() || name.len() > MAX_NAME {
        return text_answer(StatusCode::BAD_REQUEST, "`key` has 1 to 1024 bytes");
    }
    match storage.upload_unchecked((&bucket, name), &form.changes, &form.content, &Conditions::default()) {
        Ok(_) => no_content(),
        Err(why) => refused(&why),
    }
}

#[cfg(test)]
mod tests {
    use super::ContentRange::{self, Chunk, Query};

    #[test]
    fn ranges_of_chunks_are_read_as_clients_write_them() {
        for (text, expected) in [
            ("bytes 0-9/20", Some(Chunk { first: 0, last: Some(9), total: Some(20) })),
            ("bytes 10-19/*", Some(Chunk { first: 10, last: Some(19), total: None })),
            ("bytes 0-*/*", Some(Chunk { first: 0, last: None, total: None })),
            ("bytes 0-*/7", Some(Chunk { first: 0, last: None, total: Some(7) })),
            ("bytes */20", Some(Query { total: Some(20) })),
            ("bytes */*", Some(Query { total: None })),
            ("bytes 0-9", None),
            ("bytes x-9/20", None),
            ("items 0-9/20", None),
        ] {
            assert_eq!(ContentRange::parse(text), expected, "{text}");
        }
    }
}
