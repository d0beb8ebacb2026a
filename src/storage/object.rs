//! Stored objects, as rules see them.

use std::borrow::Cow;

use crate::value::{Map, MapRef, Record, Symbol, Timestamp, ValueRef};

use super::Request;

/// The metadata of an object, which rules see as `resource` and `request.resource` (language specification, section 8).
///
/// Strings that are not set are null; `generation` and `metageneration` default to 1.
#[derive(Clone, Debug)]
pub struct Object {
    pub(super) name: String,
    pub(super) bucket: Option<String>,
    pub(super) size: i64,
    pub(super) generation: i64,
    pub(super) metageneration: i64,
    pub(super) content_type: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) md5_hash: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) time_created: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    pub(super) metadata: Map,
}

/// Setters of optional strings.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, text: impl Into<String>) -> Self {
            self.$name = Some(text.into());
            self
        }
    )*};
}

impl Object {
    /// An object with that name, such as `users/alice/cat.png`, and no bytes.
    pub fn new(name: impl Into<String>) -> Self {
        Object {
            name: name.into(),
            bucket: None,
            size: 0,
            generation: 1,
            metageneration: 1,
            content_type: None,
            content_disposition: None,
            content_encoding: None,
            content_language: None,
            md5_hash: None,
            crc32c: None,
            etag: None,
            time_created: None,
            updated: None,
            metadata: Map::new(),
        }
    }

    /// The name within the bucket.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets the size in bytes.
    #[must_use]
    pub fn size(mut self, bytes: i64) -> Self {
        self.size = bytes;
        self
    }

    /// Sets the version of the content.
    #[must_use]
    pub fn generation(mut self, generation: i64) -> Self {
        self.generation = generation;
        self
    }

    /// Sets the version of the metadata.
    #[must_use]
    pub fn metageneration(mut self, metageneration: i64) -> Self {
        self.metageneration = metageneration;
        self
    }

    texts! {
        /// Sets the bucket; the default is the bucket of the request.
        bucket
        /// Sets the media type, such as `image/png`.
        content_type
        /// Sets the Content-Disposition.
        content_disposition
        /// Sets the Content-Encoding.
        content_encoding
        /// Sets the Content-Language. Rules see this key only if it is set.
        content_language
        /// Sets the MD5 hash of the bytes in Base64.
        md5_hash
        /// Sets the CRC-32C checksum of the bytes in Base64.
        crc32c
        /// Sets the entity tag.
        etag
    }

    /// Sets the time of creation; the default is the time of the request.
    #[must_use]
    pub fn time_created(mut self, time: Timestamp) -> Self {
        self.time_created = Some(time);
        self
    }

    /// Sets the time of the last change; the default is the time of the request.
    #[must_use]
    pub fn updated(mut self, time: Timestamp) -> Self {
        self.updated = Some(time);
        self
    }

    /// Adds an entry of the custom metadata.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }
}

/// An object, with the bucket and the times of a request as defaults.
pub(super) struct ObjectRecord<'r> {
    pub(super) object: &'r Object,
    pub(super) request: &'r Request<'r>,
}

/// The members of `resource` and `request.resource`.
pub(crate) const OBJECT: [Symbol; 15] = [
    Symbol::Name,
    Symbol::Bucket,
    Symbol::Generation,
    Symbol::Metageneration,
    Symbol::Size,
    Symbol::TimeCreated,
    Symbol::Updated,
    Symbol::Md5Hash,
    Symbol::Crc32c,
    Symbol::Etag,
    Symbol::ContentDisposition,
    Symbol::ContentEncoding,
    Symbol::ContentLanguage,
    Symbol::ContentType,
    Symbol::Metadata,
];

impl Record for ObjectRecord<'_> {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        let object = self.object;
        Some(match symbol {
            Symbol::Size => ValueRef::Int(object.size),
            Symbol::ContentType => optional(&object.content_type),
            Symbol::Metadata => ValueRef::Map(MapRef::Owned(&object.metadata)),
            Symbol::Name => ValueRef::from(object.name.as_str()),
            Symbol::Bucket => ValueRef::from(object.bucket.as_deref().unwrap_or_else(|| self.request.bucket())),
            Symbol::Generation => ValueRef::Int(object.generation),
            Symbol::Metageneration => ValueRef::Int(object.metageneration),
            Symbol::TimeCreated => ValueRef::from(object.time_created.or(self.request.time())),
            Symbol::Updated => ValueRef::from(object.updated.or(self.request.time())),
            Symbol::Md5Hash => optional(&object.md5_hash),
            Symbol::Crc32c => optional(&object.crc32c),
            Symbol::Etag => optional(&object.etag),
            Symbol::ContentDisposition => optional(&object.content_disposition),
            Symbol::ContentEncoding => optional(&object.content_encoding),
            Symbol::ContentLanguage => object.content_language.as_deref().map(ValueRef::from)?,
            _ => return None,
        })
    }

    fn text(&self, symbol: Symbol) -> Option<&str> {
        match symbol {
            Symbol::ContentType => self.object.content_type.as_deref(),
            Symbol::Name => Some(&self.object.name),
            _ => None,
        }
    }

    fn int(&self, symbol: Symbol) -> Option<i64> {
        match symbol {
            Symbol::Size => Some(self.object.size),
            Symbol::Generation => Some(self.object.generation),
            Symbol::Metageneration => Some(self.object.metageneration),
            _ => None,
        }
    }

    fn symbols(&self) -> &'static [Symbol] {
        &OBJECT
    }
}

fn optional(text: &Option<String>) -> ValueRef<'_> {
    text.as_deref().map_or(ValueRef::Null, ValueRef::from)
}

impl<'a> From<&'a Object> for Cow<'a, Object> {
    fn from(object: &'a Object) -> Self {
        Cow::Borrowed(object)
    }
}

impl From<Object> for Cow<'_, Object> {
    fn from(object: Object) -> Self {
        Cow::Owned(object)
    }
}
