//! Multipart bodies: metadata and content of an object (`multipart/related`), and forms (`multipart/form-data`).

use axum::body::Body;
use multer::{Field, Multipart};

use super::{
    MAX_METADATA, MAX_OBJECT,
    blob::{Blob, BlobWriter, Digest},
    metered::{Meter, Metered},
    object::Changes,
    object::Field as MetadataField,
};
use crate::body::{BodyError, Pieces, discard};

/// What a body may have between its parts: a preamble, headers, and a piece of what follows them.
const BETWEEN: u64 = MAX_METADATA;

/// What framing and metadata may add to the size of the object.
const OVERHEAD: u64 = 4 * MAX_METADATA;

/// The most fields of a form.
const MAX_FIELDS: usize = 100;

/// Why an upload cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The client's body is wrong.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The disk fails.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
}

fn malformed(why: impl Into<String>) -> UploadError {
    UploadError::Body(BodyError::Malformed(why.into()))
}

/// The error of the parser, or that of the body below it.
fn parser_error(error: multer::Error) -> UploadError {
    match error {
        multer::Error::StreamReadFailed(inner) => match inner.downcast::<BodyError>() {
            Ok(error) => UploadError::Body(*error),
            Err(other) => malformed(other.to_string()),
        },
        other => malformed(other.to_string()),
    }
}

/// A multipart body, read part by part.
struct Parts {
    multipart: Multipart<'static>,
    meter: Meter,
}

impl Parts {
    async fn new(content_type: &str, kind: &str, body: Body) -> Result<Self, UploadError> {
        let Some(boundary) = boundary(content_type, kind) else {
            discard(body).await;
            return Err(malformed(format!("Bad content type. {content_type}")));
        };
        let (body, meter) = Metered::new(Pieces::new(body, MAX_OBJECT + OVERHEAD)?);
        Ok(Parts { multipart: Multipart::new(body, boundary), meter })
    }

    /// Reads what follows the last part that was wanted.
    async fn end(self) {
        drop(self.multipart);
        self.meter.discard().await;
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>, UploadError> {
        self.meter.allow(BETWEEN);
        self.multipart.next_field().await.map_err(parser_error)
    }

    /// The whole of a small part.
    async fn small(&self, mut part: Field<'static>) -> Result<Vec<u8>, UploadError> {
        self.meter.allow(MAX_METADATA + BETWEEN);
        let mut whole = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(parser_error)? {
            whole.extend_from_slice(&piece);
            if whole.len() as u64 > MAX_METADATA {
                return Err(BodyError::TooLarge(MAX_METADATA).into());
            }
        }
        Ok(whole)
    }

    /// The content of an object.
    async fn content(&self, mut part: Field<'static>, mut blob: BlobWriter) -> Result<(Blob, Digest), UploadError> {
        self.meter.allow(u64::MAX);
        while let Some(piece) = part.chunk().await.map_err(parser_error)? {
            if blob.size() + piece.len() as u64 > MAX_OBJECT {
                return Err(BodyError::TooLarge(MAX_OBJECT).into());
            }
            blob.write(&piece).await?;
        }
        Ok(blob.finish().await?)
    }
}

/// The boundary that a content type of this kind names. Some clients quote it, with whichever quotation marks.
fn boundary<'t>(content_type: &'t str, kind: &str) -> Option<&'t str> {
    let lower = content_type.to_ascii_lowercase();
    let at = lower.strip_prefix(kind).and_then(|_| lower.find("boundary="))?;
    let rest = content_type.get(at + "boundary=".len()..)?;
    let boundary = match rest.chars().next()? {
        mark @ ('"' | '\'') => rest.get(1..)?.split(mark).next()?,
        _ => rest.split(';').next()?.trim(),
    };
    (!boundary.is_empty()).then_some(boundary)
}

/// An upload with metadata and content.
pub struct Related {
    /// The metadata.
    pub changes: Changes,
    /// The content.
    pub content: (Blob, Digest),
}

/// Reads an upload in two parts: JSON metadata, then the content.
///
/// # Errors
///
/// See [`UploadError`].
pub async fn related(content_type: &str, body: Body, blob: BlobWriter) -> Result<Related, UploadError> {
    let mut parts = Parts::new(content_type, "multipart/related", body).await?;
    let upload = read_related(&mut parts, blob).await;
    parts.end().await;
    upload
}

async fn read_related(parts: &mut Parts, blob: BlobWriter) -> Result<Related, UploadError> {
    let wrong_number = || malformed("Unexpected number of parts in request body");
    let typed = |part: Field<'static>| match part.headers().contains_key("content-type") {
        true => Ok(part),
        false => Err(malformed("Failed to parse multipart request body part. Missing content type.")),
    };
    let metadata = typed(parts.next().await?.ok_or_else(wrong_number)?)?;
    let metadata = parts.small(metadata).await?;
    let changes = Changes::parse_body(&metadata).map_err(malformed)?;
    let part = typed(parts.next().await?.ok_or_else(wrong_number)?)?;
    let part_type = part.headers().get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let content = parts.content(part, blob).await?;
    if parts.next().await?.is_some() {
        return Err(wrong_number());
    }
    // A type in the metadata wins over that of the part.
    let part_type = part_type.filter(|kind| !kind.is_empty());
    Ok(Related { changes: changes.or(MetadataField::ContentType, part_type), content })
}

/// An upload by a form.
pub struct Form {
    /// The name of the object.
    pub key: String,
    /// The metadata.
    pub changes: Changes,
    /// The content.
    pub content: (Blob, Digest),
}

/// Reads a form with the fields `key` and `file`, and metadata in further fields.
///
/// # Errors
///
/// See [`UploadError`].
pub async fn form(content_type: &str, body: Body, blob: impl FnOnce() -> BlobWriter) -> Result<Form, UploadError> {
    let mut parts = Parts::new(content_type, "multipart/form-data", body).await?;
    let form = read_form(&mut parts, blob).await;
    parts.end().await;
    form
}

async fn read_form(parts: &mut Parts, blob: impl FnOnce() -> BlobWriter) -> Result<Form, UploadError> {
    let missing = || malformed("Missing 'key' or file.");
    let (mut key, mut changes, mut content, mut blob) = (None, Changes::default(), None, Some(blob));
    let mut file_type = None;
    for _ in 0..MAX_FIELDS {
        let Some(part) = parts.next().await? else {
            let (key, content) = (key.ok_or_else(missing)?, content.ok_or_else(missing)?);
            let changes = changes.or(MetadataField::ContentType, file_type);
            return Ok(Form { key, changes, content });
        };
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(malformed(
                "Failed to parse multipart form-data. Missing 'name' in Content-Disposition header.",
            ));
        };
        if part.file_name().is_some() {
            let Some(blob) = blob.take() else { return Err(malformed("the form has more than one file")) };
            file_type = part.content_type().map(ToString::to_string);
            content = Some(parts.content(part, blob()).await?);
            continue;
        }
        let value = parts.small(part).await?;
        let value = String::from_utf8_lossy(&value).into_owned();
        let name = name.to_ascii_lowercase();
        let text = Some(value.trim().to_owned());
        changes = match name.as_str() {
            "key" => {
                key = Some(value);
                changes
            }
            "content-type" => changes.or(MetadataField::ContentType, text),
            "cache-control" => changes.or(MetadataField::CacheControl, text),
            "content-disposition" => changes.or(MetadataField::ContentDisposition, text),
            "content-encoding" => changes.or(MetadataField::ContentEncoding, text),
            "content-language" => changes.or(MetadataField::ContentLanguage, text),
            _ => match name.strip_prefix("x-goog-meta-") {
                Some(custom) => changes.custom(custom.to_owned(), value),
                None => changes,
            },
        };
    }
    Err(malformed(format!("the form has more than {MAX_FIELDS} fields")))
}
