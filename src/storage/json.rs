//! Reads objects from JSON, with the names that rules use.

use serde_json::{Map as JsonMap, Value as Json};

use crate::value::{Timestamp, json};

use super::Object;

/// The fields of an object in JSON.
pub const OBJECT_FIELDS: [&str; 15] = [
    "name",
    "bucket",
    "size",
    "contentType",
    "metadata",
    "md5Hash",
    "crc32c",
    "etag",
    "generation",
    "metageneration",
    "timeCreated",
    "updated",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
];

/// Why a field of an object is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// There is no such field: a misspelt name would silently leave the field unset.
    #[error("unknown field `{0}`: objects have {list}", list = OBJECT_FIELDS.join(", "))]
    Unknown(String),
    /// The value does not fit the field.
    #[error("{0}: {1} does not fit: {2}")]
    Value(String, String, &'static str),
    /// The name differs from that of the request.
    #[error("name: the request is about {0:?}")]
    Name(String),
}

impl FieldError {
    /// The name of the field.
    pub fn field(&self) -> &str {
        match self {
            FieldError::Unknown(name) | FieldError::Value(name, ..) => name,
            FieldError::Name(_) => "name",
        }
    }
}

impl Object {
    /// Reads the metadata of an object with that name. A field that is null stays unset.
    ///
    /// # Errors
    ///
    /// An unknown field, or a value that does not fit its field.
    pub fn from_json(name: &str, fields: &JsonMap<String, Json>) -> Result<Object, FieldError> {
        let mut object = Object::new(name);
        for (key, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            object = set(object, name, key, value)?;
        }
        Ok(object)
    }

    /// The metadata that are set, as [`Object::from_json`] reads them, without the name.
    pub fn to_json(&self) -> JsonMap<String, Json> {
        let text = |text: &Option<String>| text.as_deref().map(Json::from);
        let time = |time: Option<Timestamp>| time.map(|time| Json::from(time.to_string()));
        let custom = self.metadata.iter().map(|(key, value)| (key.to_owned(), json::to_plain(value.view())));
        let fields = [
            ("bucket", text(&self.bucket)),
            ("size", Some(self.size.into())),
            ("contentType", text(&self.content_type)),
            ("metadata", Some(custom.collect::<JsonMap<_, _>>().into())),
            ("md5Hash", text(&self.md5_hash)),
            ("crc32c", text(&self.crc32c)),
            ("etag", text(&self.etag)),
            ("generation", Some(self.generation.into())),
            ("metageneration", Some(self.metageneration.into())),
            ("timeCreated", time(self.time_created)),
            ("updated", time(self.updated)),
            ("contentDisposition", text(&self.content_disposition)),
            ("contentEncoding", text(&self.content_encoding)),
            ("contentLanguage", text(&self.content_language)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

fn set(object: Object, name: &str, key: &str, value: &Json) -> Result<Object, FieldError> {
    let bad = |wanted| FieldError::Value(key.to_owned(), value.to_string(), wanted);
    let text = || value.as_str().ok_or_else(|| bad("it takes text"));
    let int = || match value {
        Json::String(digits) => digits.parse().ok(),
        other => other.as_i64(),
    };
    let int = || int().ok_or_else(|| bad("it takes a whole number"));
    let time = || text()?.parse::<Timestamp>().map_err(|_| bad("it takes a time such as 2026-11-22T10:00:00Z"));
    Ok(match key {
        "size" => object
            .size(int().and_then(|size| if size < 0 { Err(bad("it takes a number of bytes")) } else { Ok(size) })?),
        "generation" => object.generation(int()?),
        "metageneration" => object.metageneration(int()?),
        "bucket" => object.bucket(text()?),
        "contentType" => object.content_type(text()?),
        "contentDisposition" => object.content_disposition(text()?),
        "contentEncoding" => object.content_encoding(text()?),
        "contentLanguage" => object.content_language(text()?),
        "md5Hash" => object.md5_hash(text()?),
        "crc32c" => object.crc32c(text()?),
        "etag" => object.etag(text()?),
        "timeCreated" => object.time_created(time()?),
        "updated" => object.updated(time()?),
        "metadata" => {
            let wanted = "it takes a map of texts";
            let mut object = object;
            for (key, value) in value.as_object().ok_or_else(|| bad(wanted))? {
                object = object.metadata(key.as_str(), value.as_str().ok_or_else(|| bad(wanted))?);
            }
            object
        }
        "name" if text()? == name => object,
        "name" => return Err(FieldError::Name(name.to_owned())),
        _ => return Err(FieldError::Unknown(key.to_owned())),
    })
}
