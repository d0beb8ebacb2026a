//! Answers: metadata as clients read them, errors, and the headers that pages of other origins need.

use std::{borrow::Cow, collections::BTreeMap, fmt::Display};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use firewarden::Timestamp;
use hyper::ext::ReasonPhrase;
use percent_encoding::utf8_percent_encode;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use crate::answer::reflect_origin;
pub use crate::{
    answer::{COMPONENT, json_answer},
    clock::iso_time,
};

use super::{access::Denial, body::BodyError, multipart::UploadError, object::Metadata};

/// The header with the number of a request in the journal.
pub const JOURNAL: HeaderName = HeaderName::from_static("x-firewarden-request");

/// The characters of a reason in the status line.
const MAX_STATUS_LINE: usize = 500;

/// The headers that scripts of other origins may read.
const EXPOSED: &str = "content-type,x-firebase-storage-version,X-Goog-Upload-Size-Received,x-goog-upload-url,\
    x-goog-upload-command,x-gupload-uploadid,x-goog-upload-header-content-length,x-goog-upload-header-content-type,\
    x-goog-upload-protocol,x-goog-upload-status,x-goog-upload-chunk-granularity,x-goog-upload-control-url,\
    x-firewarden-request";

/// Adds the headers that pages of other origins need; `listener.rs` has checked the origin.
pub async fn cross_origin(request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let private = request.headers().contains_key("access-control-request-private-network");
    let mut response = next.run(request).await;
    let Some(origin) = origin else { return response };
    reflect_origin(&mut response, origin);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    if private {
        headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    }
    response
}

/// An answer with text.
pub fn text_answer(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// An answer with the name of its status as text.
pub fn status_answer(status: StatusCode) -> Response {
    text_answer(status, status.canonical_reason().unwrap_or_default())
}

/// `{"error": {"code", "message"}}`
pub fn error_answer(status: StatusCode, message: &str) -> Response {
    json_answer(status, &json!({ "error": { "code": status.as_u16(), "message": message } }))
}

/// The denial of a request for want of a permission: `READ`, `LIST` or `WRITE`.
pub fn denied(denial: &Denial, permission: &str) -> Response {
    let message = match denial.without_rules {
        true => "Permission denied. Storage Emulator has no loaded ruleset.".to_owned(),
        false => format!("Permission denied. No {permission} permission."),
    };
    let error = json!({ "error": { "code": 403, "message": message, "reason": denial.reason } });
    let mut response = json_answer(StatusCode::FORBIDDEN, &error);
    // Client libraries in browsers show the status line, not the body.
    let line: String = denial.reason.chars().filter(|c| matches!(c, ' '..='~')).take(MAX_STATUS_LINE).collect();
    if let Ok(phrase) = ReasonPhrase::try_from(line) {
        response.extensions_mut().insert(phrase);
    }
    with_journal(response, denial.journal)
}

/// Adds the number in the journal.
pub fn with_journal(mut response: Response, journal: u64) -> Response {
    response.headers_mut().insert(JOURNAL, HeaderValue::from(journal));
    response
}

/// The answer to an upload that cannot be taken.
pub fn upload_failed(error: &UploadError, answer: impl Fn(StatusCode, &str) -> Response) -> Response {
    let status = match error {
        UploadError::Body(BodyError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
        UploadError::Body(BodyError::Slow) => StatusCode::REQUEST_TIMEOUT,
        UploadError::Body(_) => StatusCode::BAD_REQUEST,
        UploadError::Disk(_) => StatusCode::INSUFFICIENT_STORAGE,
    };
    answer(status, &error.to_string())
}

/// Sets a header, unless the text cannot be one.
pub fn set_header(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
        headers.insert(name, value);
    }
}

/// The address by which the client reached the server.
pub fn base_url(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("127.0.0.1:9199"))
}

fn as_text<S: Serializer>(number: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// Metadata in the Firebase API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirebaseView<'m> {
    name: &'m str,
    bucket: &'m str,
    #[serde(serialize_with = "as_text")]
    generation: i64,
    #[serde(serialize_with = "as_text")]
    metageneration: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'m str>,
    time_created: String,
    updated: String,
    storage_class: &'m str,
    #[serde(serialize_with = "as_text")]
    size: u64,
    md5_hash: String,
    #[serde(serialize_with = "as_text")]
    crc32c: u32,
    etag: String,
    download_tokens: String,
    content_encoding: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_disposition: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'m BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_language: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'m str>,
}

impl<'m> FirebaseView<'m> {
    /// The view of an object.
    pub fn new(object: &'m Metadata) -> Self {
        FirebaseView {
            name: &object.name,
            bucket: &object.bucket,
            generation: object.generation,
            metageneration: object.metageneration,
            content_type: object.content_type.as_deref(),
            time_created: iso_time(object.time_created),
            updated: iso_time(object.updated),
            storage_class: storage_class(object),
            size: object.digest.size,
            md5_hash: object.md5(),
            crc32c: object.digest.crc32c,
            etag: object.etag(),
            download_tokens: object.tokens.join(","),
            content_encoding: object.content_encoding.as_deref().filter(|text| !text.is_empty()).unwrap_or("identity"),
            content_disposition: object.content_disposition.as_deref(),
            metadata: object.custom.as_ref(),
            content_language: object.content_language.as_deref(),
            cache_control: object.cache_control.as_deref(),
        }
    }
}

/// Metadata in the JSON API of Google Cloud Storage.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudView<'m> {
    kind: &'static str,
    id: String,
    self_link: String,
    media_link: String,
    name: &'m str,
    bucket: &'m str,
    #[serde(serialize_with = "as_text")]
    generation: i64,
    #[serde(serialize_with = "as_text")]
    metageneration: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_disposition: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_encoding: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_language: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_time: Option<&'m str>,
    storage_class: &'m str,
    time_created: String,
    updated: String,
    time_storage_class_updated: String,
    #[serde(serialize_with = "as_text")]
    size: u64,
    md5_hash: String,
    crc32c: String,
    etag: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'m str, Cow<'m, str>>,
}

impl<'m> CloudView<'m> {
    /// The view of an object, with links to the server at `base`.
    pub fn new(object: &'m Metadata, base: &str) -> Self {
        let custom = object.custom.iter().flatten();
        let mut metadata: BTreeMap<&str, Cow<'_, str>> =
            custom.map(|(key, value)| (key.as_str(), Cow::from(value))).collect();
        if !object.tokens.is_empty() {
            metadata.insert("firebaseStorageDownloadTokens", object.tokens.join(",").into());
        }
        let encoded = |text| utf8_percent_encode(text, COMPONENT);
        let path = format!("b/{}/o/{}", encoded(&object.bucket), encoded(&object.name));
        let (generation, time_created) = (object.generation, iso_time(object.time_created));
        CloudView {
            kind: "storage#object",
            id: format!("{}/{}/{generation}", object.bucket, object.name),
            self_link: format!("{base}/storage/v1/{path}"),
            media_link: format!("{base}/download/storage/v1/{path}?generation={generation}&alt=media"),
            name: &object.name,
            bucket: &object.bucket,
            generation,
            metageneration: object.metageneration,
            content_type: object.content_type.as_deref(),
            content_disposition: object.content_disposition.as_deref(),
            content_encoding: object.content_encoding.as_deref(),
            content_language: object.content_language.as_deref(),
            cache_control: object.cache_control.as_deref(),
            custom_time: object.custom_time.as_deref(),
            storage_class: storage_class(object),
            time_storage_class_updated: time_created.clone(),
            time_created,
            updated: iso_time(object.updated),
            size: object.digest.size,
            md5_hash: object.md5(),
            crc32c: object.crc32c(),
            etag: object.etag(),
            metadata,
        }
    }
}

impl CloudView<'_> {
    /// The address of the object.
    pub fn self_link(&self) -> &str {
        &self.self_link
    }
}

fn storage_class(object: &Metadata) -> &str {
    object.storage_class.as_deref().unwrap_or("STANDARD")
}

/// A bucket in the JSON API of Google Cloud Storage.
pub fn bucket_view(name: &str, created: Timestamp, base: &str) -> Json {
    let created = iso_time(created);
    json!({
        "kind": "storage#bucket",
        "selfLink": format!("{base}/storage/v1/b/{name}"),
        "id": name,
        "name": name,
        "projectNumber": "000000000000",
        "metageneration": "1",
        "location": "US",
        "storageClass": "STANDARD",
        "etag": "====",
        "timeCreated": created,
        "updated": created,
        "locationType": "multi-region",
    })
}

/// The query of a URL.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query; the first of several equal names counts.
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or("").as_bytes());
        Params(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A parameter that is stated and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a number.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }
}
