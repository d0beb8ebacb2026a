//! The bytes of an object as an answer: headers, ranges, and decompression.

use std::ops::Range;

use async_compression::tokio::bufread::GzipDecoder;
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use percent_encoding::utf8_percent_encode;
use tokio::io::BufReader;

use super::{
    answer::{COMPONENT, set_header, text_answer},
    blob::{Blob, stream},
    object::Object,
};
use crate::memory::{Full, Memory};

/// The first bytes of what gzip writes.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Answers with the bytes of an object.
pub async fn download(object: &Object, asked: &HeaderMap, memory: &Memory) -> Response {
    let metadata = &object.metadata;
    let size = metadata.digest.size;
    let is_gzip = metadata.content_encoding.as_deref() == Some("gzip");
    let decompress = is_gzip && !accepts_gzip(asked) && starts_with_gzip(&object.blob).await;
    let range = if decompress { Asked::Whole } else { Asked::parse(asked.get(header::RANGE), size) };
    let body = match &range {
        Asked::Unsatisfiable => {
            let mut response = text_answer(StatusCode::RANGE_NOT_SATISFIABLE, "the range is beyond the end");
            set_header(response.headers_mut(), header::CONTENT_RANGE, Some(&format!("bytes */{size}")));
            return response;
        }
        Asked::Whole if decompress => object
            .blob
            .reader(0..size)
            .await
            .and_then(|reader| stream(GzipDecoder::new(BufReader::new(reader)), memory)),
        Asked::Whole => object.blob.body(0..size, memory).await,
        Asked::Part(range) => object.blob.body(range.clone(), memory).await,
    };
    let mut response = match body {
        Ok(body) => Response::new(body),
        Err(error) if Full::caused(&error) => {
            return text_answer(StatusCode::SERVICE_UNAVAILABLE, &error.to_string());
        }
        Err(error) => return text_answer(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let headers = response.headers_mut();
    let name = metadata.name.rsplit('/').next().unwrap_or(&metadata.name);
    let disposition = metadata.content_disposition.as_deref().unwrap_or("attachment");
    let disposition = format!("{disposition}; filename*={}", encode_file_name(name));
    let hash = format!("crc32c={},md5={}", metadata.crc32c(), metadata.md5());
    let class = metadata.storage_class.as_deref().unwrap_or("STANDARD");
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let kind = text(&metadata.content_type);
    set_header(headers, header::CONTENT_TYPE, Some(kind.as_deref().unwrap_or("application/octet-stream")));
    set_header(headers, header::CONTENT_DISPOSITION, Some(&disposition));
    set_header(headers, header::ETAG, Some(&metadata.etag()));
    set_header(headers, header::CACHE_CONTROL, text(&metadata.cache_control).as_deref());
    set_header(headers, header::CONTENT_LANGUAGE, text(&metadata.content_language).as_deref());
    set_header(headers, HeaderName::from_static("x-goog-storage-class"), Some(class));
    set_header(headers, HeaderName::from_static("x-goog-hash"), Some(&hash));
    headers.insert("x-goog-generation", HeaderValue::from(metadata.generation));
    // The official emulator's spelling, then that of Google Cloud Storage.
    headers.insert("x-goog-metadatageneration", HeaderValue::from(metadata.metageneration));
    headers.insert("x-goog-metageneration", HeaderValue::from(metadata.metageneration));
    headers.insert("x-goog-stored-content-length", HeaderValue::from(size));
    let encoding = text(&metadata.content_encoding);
    set_header(
        headers,
        HeaderName::from_static("x-goog-stored-content-encoding"),
        Some(encoding.as_deref().unwrap_or("identity")),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if !decompress {
        set_header(headers, header::CONTENT_ENCODING, encoding.as_deref());
        let length = if let Asked::Part(range) = &range { range.end - range.start } else { size };
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Asked::Part(Range { start, end }) = range {
        set_header(headers, header::CONTENT_RANGE, Some(&format!("bytes {start}-{}/{size}", end - 1)));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

/// The part of an object that a client asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Unsatisfiable,
}

impl Asked {
    /// Reads the header `Range`. Of several ranges, the first is given; what cannot be read asks for the whole.
    fn parse(header: Option<&HeaderValue>, size: u64) -> Self {
        let text = header.and_then(|value| value.to_str().ok()).and_then(|text| text.trim().strip_prefix("bytes="));
        let Some((first, last)) = text.and_then(|text| text.split(',').next()?.trim().split_once('-')) else {
            return Asked::Whole;
        };
        // An empty object has no part.
        if size == 0 {
            return Asked::Whole;
        }
        let number = |text: &str| text.parse::<u64>().ok();
        let range = match (first, last) {
            ("", last) => match number(last) {
                Some(0) => return Asked::Unsatisfiable,
                Some(length) => size.saturating_sub(length)..size,
                None => return Asked::Whole,
            },
            (first, "") => match number(first) {
                Some(start) => start..size,
                None => return Asked::Whole,
            },
            (first, last) => match (number(first), number(last)) {
                (Some(start), Some(last)) if start <= last => start..last.saturating_add(1).min(size),
                _ => return Asked::Whole,
            },
        };
        if range.start >= size { Asked::Unsatisfiable } else { Asked::Part(range) }
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let is_refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0));
        matches!(name.trim(), "gzip" | "x-gzip" | "*") && !is_refused
    })
}

/// Whether the bytes are what their encoding says: anything else cannot be decompressed.
async fn starts_with_gzip(blob: &Blob) -> bool {
    use tokio::io::AsyncReadExt as _;
    let mut start = [0; GZIP.len()];
    match blob.reader(0..GZIP.len() as u64).await {
        Ok(mut reader) => reader.read_exact(&mut start).await.is_ok() && start == GZIP,
        Err(_) => false,
    }
}

/// The name as RFC 5987 encodes it.
fn encode_file_name(name: &str) -> String {
    let encoded = utf8_percent_encode(name, COMPONENT).to_string();
    let encoded = encoded.replace('\'', "%27").replace('(', "%28").replace(')', "%29").replace('*', "%2A");
    encoded.replace("%7C", "|").replace("%60", "`").replace("%5E", "^")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_clients_write_them() {
        let asked = |text: &str, size| Asked::parse(HeaderValue::from_str(text).ok().as_ref(), size);
        for (text, expected) in [
            ("bytes=0-3", Asked::Part(0..4)),
            ("bytes=2-", Asked::Part(2..10)),
            ("bytes=-4", Asked::Part(6..10)),
            ("bytes=-40", Asked::Part(0..10)),
            ("bytes=5-99", Asked::Part(5..10)),
            ("bytes=0-18446744073709551615", Asked::Part(0..10)),
            ("bytes=1-2, 4-5", Asked::Part(1..3)),
            ("bytes=10-", Asked::Unsatisfiable),
            ("bytes=-0", Asked::Unsatisfiable),
            ("bytes=4-3", Asked::Whole),
            ("bytes=99999999999999999999-", Asked::Whole),
            ("items=0-3", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=-", Asked::Whole),
        ] {
            assert_eq!(asked(text, 10), expected, "{text}");
        }
        assert_eq!(asked("bytes=0-", 0), Asked::Whole);
    }

    #[test]
    fn file_names_are_encoded_as_in_rfc_5987() {
        assert_eq!(encode_file_name("a b'(c)*|`^\u{e4}"), "a%20b%27%28c%29%2A|`^%C3%A4");
    }
}
