//! Stored objects: metadata, the changes that clients ask for, and the object as rules see it.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use firewarden::{Timestamp, storage as rules};
use serde_json::Value as Json;
use sha1::{Digest as _, Sha1};
use uuid::Uuid;

use super::blob::{Blob, Digest};

/// The key of custom metadata that sets download tokens.
const TOKENS: &str = "firebaseStorageDownloadTokens";

/// The type of an object that was uploaded without one.
const DEFAULT_TYPE: &str = "application/octet-stream";

/// The metadata of an object.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub bucket: String,
    pub name: String,
    pub generation: i64,
    pub metageneration: i64,
    pub content_type: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub cache_control: Option<String>,
    pub custom_time: Option<String>,
    pub storage_class: Option<String>,
    pub time_created: Timestamp,
    pub updated: Timestamp,
    pub digest: Digest,
    pub tokens: Vec<String>,
    /// `None` if it was never set, which clients can tell from an empty map.
    pub custom: Option<BTreeMap<String, String>>,
}

/// A stored object. It never changes: each write stores a new one.
#[derive(Debug)]
pub struct Object {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its bytes.
    pub blob: Blob,
    for_rules: OnceLock<Arc<ForRules>>,
}

/// An object as rules see it.
#[derive(Debug)]
pub struct ForRules {
    /// The object.
    pub object: rules::Object,
    /// An estimate of its size in memory, in bytes.
    pub size: usize,
}

impl Object {
    /// An object to be stored.
    pub fn new(metadata: Metadata, blob: Blob) -> Self {
        Object { metadata, blob, for_rules: OnceLock::new() }
    }

    /// The object as rules see it.
    pub fn for_rules(&self) -> &Arc<ForRules> {
        self.for_rules.get_or_init(|| {
            Arc::new(ForRules { object: self.metadata.for_rules(), size: self.metadata.size_in_memory() })
        })
    }

    /// The object with other metadata, which count as changed at `now`.
    pub fn changed(&self, now: Timestamp, change: impl FnOnce(&mut Metadata)) -> Object {
        let mut metadata = self.metadata.clone();
        change(&mut metadata);
        metadata.touch(now);
        Object::new(metadata, self.blob.clone())
    }
}

impl Metadata {
    /// The metadata of a new object. Its generation is the time, or one more than that of the object that it replaces.
    pub fn new(target: (&str, &str), changes: &Changes, digest: Digest, now: Timestamp, old: Option<&Object>) -> Self {
        let generation = old.map_or(0, |old| old.metadata.generation.saturating_add(1)).max(now.to_millis());
        let mut metadata = Metadata {
            bucket: target.0.to_owned(),
            name: target.1.to_owned(),
            generation,
            metageneration: 1,
            content_type: None,
            content_disposition: None,
            content_encoding: None,
            content_language: None,
            cache_control: None,
            custom_time: None,
            storage_class: None,
            time_created: now,
            updated: now,
            digest,
            tokens: Vec::new(),
            custom: None,
        };
        metadata.apply(changes);
        if metadata.content_type.as_deref().is_none_or(str::is_empty) {
            metadata.content_type = Some(DEFAULT_TYPE.to_owned());
        }
        metadata
    }

    /// Applies changes; the version stays.
    pub fn apply(&mut self, changes: &Changes) {
        for (name, value) in &changes.fields {
            *name.of(self) = value.clone();
        }
        match &changes.custom {
            None => {}
            Some(None) => self.custom = None,
            Some(Some(entries)) => {
                let custom = self.custom.get_or_insert_default();
                for (key, value) in entries {
                    match value {
                        Some(value) => drop(custom.insert(key.clone(), value.clone())),
                        None => drop(custom.remove(key)),
                    }
                }
                if custom.is_empty() {
                    self.custom = None;
                }
            }
        }
        if let Some(tokens) = self.custom.as_mut().and_then(|custom| custom.remove(TOKENS)) {
            for token in tokens.split(',').filter(|token| !token.is_empty()) {
                if !self.tokens.iter().any(|known| known == token) {
                    self.tokens.push(token.to_owned());
                }
            }
        }
    }

    /// Takes over what a copy has from its source.
    pub fn inherit(&mut self, source: &Metadata) {
        self.content_type.clone_from(&source.content_type);
        self.content_disposition.clone_from(&source.content_disposition);
        self.content_encoding.clone_from(&source.content_encoding);
        self.content_language.clone_from(&source.content_language);
        self.cache_control.clone_from(&source.cache_control);
        self.custom_time.clone_from(&source.custom_time);
        self.storage_class.clone_from(&source.storage_class);
        self.custom.clone_from(&source.custom);
        self.tokens.clone_from(&source.tokens);
    }

    /// Counts a change of the metadata.
    fn touch(&mut self, now: Timestamp) {
        self.metageneration = self.metageneration.saturating_add(1);
        self.updated = now;
    }

    /// Adds a random download token.
    pub fn add_token(&mut self) {
        self.tokens.push(Uuid::new_v4().to_string());
    }

    /// Removes a download token. A new one takes the place of the last.
    pub fn remove_token(&mut self, token: &str) {
        self.tokens.retain(|known| known != token);
        if self.tokens.is_empty() {
            self.add_token();
        }
    }

    /// The entity tag: it follows from the versions of content and metadata.
    pub fn etag(&self) -> String {
        let hash = Sha1::digest(format!("{}/{}", self.generation, self.metageneration));
        STANDARD.encode(hash).trim_end_matches('=').to_owned()
    }

    /// The MD5 hash in Base64.
    pub fn md5(&self) -> String {
        STANDARD.encode(self.digest.md5)
    }

    /// The checksum in Base64, most significant byte first, as Google Cloud Storage writes it.
    pub fn crc32c(&self) -> String {
        STANDARD.encode(self.digest.crc32c.to_be_bytes())
    }

    pub fn size_in_memory(&self) -> usize {
        let texts = [&self.content_type, &self.content_disposition, &self.content_encoding];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let custom: usize = self.custom.iter().flatten().map(|(key, value)| 64 + key.len() + value.len()).sum();
        512 + self.name.len() + self.bucket.len() + texts + custom
    }

    fn for_rules(&self) -> rules::Object {
        let mut object = rules::Object::new(self.name.as_str())
            .bucket(self.bucket.as_str())
            .size(i64::try_from(self.digest.size).unwrap_or(i64::MAX))
            .generation(self.generation)
            .metageneration(self.metageneration)
            .time_created(self.time_created)
            .updated(self.updated)
            .md5_hash(self.md5())
            .crc32c(self.digest.crc32c.to_string())
            .etag(self.etag());
        if let Some(text) = &self.content_type {
            object = object.content_type(text.as_str());
        }
        if let Some(text) = &self.content_disposition {
            object = object.content_disposition(text.as_str());
        }
        if let Some(text) = &self.content_encoding {
            object = object.content_encoding(text.as_str());
        }
        self.custom.iter().flatten().fold(object, |object, (key, value)| object.metadata(key.as_str(), value.as_str()))
    }
}

/// A field of the metadata that clients set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    ContentType,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    CacheControl,
    CustomTime,
    StorageClass,
}

impl Field {
    /// All fields with their names in JSON.
    const ALL: [(Field, &'static str); 7] = [
        (Field::ContentType, "contentType"),
        (Field::ContentDisposition, "contentDisposition"),
        (Field::ContentEncoding, "contentEncoding"),
        (Field::ContentLanguage, "contentLanguage"),
        (Field::CacheControl, "cacheControl"),
        (Field::CustomTime, "customTime"),
        (Field::StorageClass, "storageClass"),
    ];

    fn of(self, metadata: &mut Metadata) -> &mut Option<String> {
        match self {
            Field::ContentType => &mut metadata.content_type,
            Field::ContentDisposition => &mut metadata.content_disposition,
            Field::ContentEncoding => &mut metadata.content_encoding,
            Field::ContentLanguage => &mut metadata.content_language,
            Field::CacheControl => &mut metadata.cache_control,
            Field::CustomTime => &mut metadata.custom_time,
            Field::StorageClass => &mut metadata.storage_class,
        }
    }
}

/// An entry of custom metadata: a value to set, or null to remove.
type Entry = (String, Option<String>);

/// The metadata that a client states: values to set, and null for values to remove.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    fields: Vec<(Field, Option<String>)>,
    /// Custom metadata: entries to merge, or null for none at all.
    custom: Option<Option<Vec<Entry>>>,
    /// The name, in uploads to Google Cloud Storage.
    pub name: Option<String>,
    /// The hash that the content must have.
    pub expected_md5: Option<String>,
    /// The checksum that the content must have.
    pub expected_crc32c: Option<String>,
}

impl Changes {
    /// Reads the JSON of a client.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(json: &Json) -> Result<Self, String> {
        let Json::Object(members) = json else { return Err("the metadata must be a JSON object".to_owned()) };
        let text = |name: &str| members.get(name).and_then(Json::as_str).map(str::to_owned);
        let fields = Field::ALL.iter().filter_map(|(field, name)| Some((*field, as_text(members.get(*name)?))));
        let custom = match members.get("metadata") {
            None => None,
            Some(Json::Null) => Some(None),
            Some(Json::Object(entries)) => {
                Some(Some(entries.iter().map(|(key, value)| (key.clone(), as_text(value))).collect()))
            }
            Some(_) => return Err("`metadata` must be an object of texts".to_owned()),
        };
        Ok(Changes {
            fields: fields.collect(),
            custom,
            name: text("name"),
            expected_md5: text("md5Hash"),
            expected_crc32c: text("crc32c"),
        })
    }

    /// Reads the body of a request; an empty one changes nothing.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse_body(body: &[u8]) -> Result<Self, String> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Changes::default());
        }
        let json: Json = serde_json::from_slice(body).map_err(|error| format!("the metadata are no JSON: {error}"))?;
        Changes::parse(&json)
    }

    /// About the bytes that they take in memory.
    pub fn size(&self) -> usize {
        let entries = self.custom.iter().flatten().flatten();
        let texts = self.fields.iter().map(|(_, value)| ("", value));
        let texts = texts.chain(entries.map(|(key, value)| (key.as_str(), value)));
        texts.map(|(key, value)| 64 + key.len() + value.as_ref().map_or(0, String::len)).sum()
    }

    /// Sets a field, unless the client states it.
    pub fn or(mut self, field: Field, value: Option<String>) -> Self {
        if value.is_some() && !self.fields.iter().any(|(known, _)| *known == field) {
            self.fields.push((field, value));
        }
        self
    }

    /// Adds an entry of the custom metadata.
    pub fn custom(mut self, key: String, value: String) -> Self {
        self.custom.get_or_insert_default().get_or_insert_default().push((key, Some(value)));
        self
    }

    /// Sets all that the client leaves out to null, for a replacement of all metadata.
    pub fn replacing(mut self) -> Self {
        for (field, _) in Field::ALL {
            // The class belongs to the content.
            if field != Field::StorageClass && !self.fields.iter().any(|(known, _)| *known == field) {
                self.fields.push((field, None));
            }
        }
        self
    }

    /// Makes empty texts of null in custom metadata, as copies do.
    pub fn null_as_empty(mut self) -> Self {
        for (_, value) in self.custom.iter_mut().flatten().flatten() {
            value.get_or_insert_default();
        }
        self
    }

    /// Whether custom metadata are stated.
    pub fn has_custom(&self) -> bool {
        matches!(&self.custom, Some(Some(entries)) if !entries.is_empty())
    }
}

/// The value as text: numbers and the like become their JSON.
fn as_text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
