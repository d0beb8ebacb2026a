//! The metadata of an object in the official layout of exports, which is also that of the records on disk.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use firewarden::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    answer::iso_time,
    blob::Digest,
    object::{Changes, Metadata, Object},
};

/// Metadata in a file or a record.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// The name of the object.
    pub name: String,
    /// Its bucket.
    pub bucket: String,
    metageneration: Option<i64>,
    generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_encoding: Option<String>,
    #[serde(default)]
    download_tokens: Vec<String>,
    #[serde(default)]
    etag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_metadata: Option<BTreeMap<String, String>>,
    time_created: Option<String>,
    updated: Option<String>,
    /// The number of bytes.
    #[serde(default)]
    pub size: u64,
    #[serde(default)]
    md5_hash: String,
    #[serde(default)]
    crc32c: String,
}

impl From<&Metadata> for Exported {
    fn from(object: &Metadata) -> Self {
        Exported {
            name: object.name.clone(),
            bucket: object.bucket.clone(),
            metageneration: Some(object.metageneration),
            generation: Some(object.generation),
            content_type: object.content_type.clone(),
            storage_class: Some(object.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned())),
            content_disposition: object.content_disposition.clone(),
            cache_control: object.cache_control.clone(),
            content_language: object.content_language.clone(),
            custom_time: object.custom_time.clone(),
            content_encoding: object.content_encoding.clone(),
            download_tokens: object.tokens.clone(),
            etag: object.etag(),
            custom_metadata: object.custom.clone(),
            time_created: Some(iso_time(object.time_created)),
            updated: Some(iso_time(object.updated)),
            size: object.digest.size,
            md5_hash: object.md5(),
            crc32c: object.digest.crc32c.to_string(),
        }
    }
}

impl Exported {
    /// Size and hashes as they are stated; `None` if they are none.
    pub fn digest(&self) -> Option<Digest> {
        let md5 = STANDARD.decode(&self.md5_hash).ok()?.try_into().ok()?;
        Some(Digest { size: self.size, md5, crc32c: self.crc32c.parse().ok()? })
    }

    /// The metadata of an object of that name and content. What is left out is that of an upload at `now` in the place of an
    /// old object.
    pub fn metadata(&self, target: (&str, &str), digest: Digest, now: Timestamp, old: Option<&Object>) -> Metadata {
        // The times of objects are whole milliseconds.
        let time = |text: &Option<String>| {
            Timestamp::from_millis(text.as_deref()?.parse::<Timestamp>().ok()?.to_millis()).ok()
        };
        let mut object = Metadata::new(target, &Changes::default(), digest, now, old);
        object.generation = self.generation.filter(|generation| *generation > 0).unwrap_or(object.generation);
        object.metageneration = self.metageneration.filter(|version| *version > 0).unwrap_or(1);
        object.time_created = time(&self.time_created).unwrap_or(now);
        object.updated = time(&self.updated).unwrap_or(object.time_created);
        object.content_type.clone_from(&self.content_type);
        object.content_disposition.clone_from(&self.content_disposition);
        object.content_encoding.clone_from(&self.content_encoding);
        object.content_language.clone_from(&self.content_language);
        object.cache_control.clone_from(&self.cache_control);
        object.custom_time.clone_from(&self.custom_time);
        object.storage_class.clone_from(&self.storage_class);
        object.tokens.clone_from(&self.download_tokens);
        object.custom.clone_from(&self.custom_metadata);
        object
    }
}
