//! Metadata that the service computes for every object, for suites that leave it out: hashes, generation, etag, times.
//!
//! A field that is null on both sides compares equal, so rules that compare it would permit what the service denies.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map as JsonMap, Value as Json};

use firewarden::value::{Duration, Timestamp};

/// The role of an object in a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum ObjectRole<'o> {
    /// The object is stored before the request.
    Stored,
    /// The request uploads the object, over the stored one if there is one.
    Upload(Option<&'o JsonMap<String, Json>>),
    /// The request changes the metadata of the stored object.
    Update,
}

/// Fills in missing metadata. The hashes follow from size and type, so that other content has other hashes. An upload
/// is a new generation, made now. Every change has its own etag.
pub(super) fn complete(name: &str, fields: &mut JsonMap<String, Json>, role: ObjectRole<'_>, now: Timestamp) {
    fields.retain(|_, value| !value.is_null());
    let shown = |fields: &JsonMap<String, Json>, field: &str| fields.get(field).map_or(String::new(), Json::to_string);
    let content = [shown(fields, "size").replace('"', ""), shown(fields, "contentType")];
    let mut unstated = |field: &str, value: Json| {
        fields.entry(field).or_insert(value);
    };
    let [first, second, third] = [1, 2, 3].map(|seed| digest(&content, seed).to_be_bytes());
    unstated("md5Hash", STANDARD.encode([first, second].concat()).into());
    unstated("crc32c", STANDARD.encode(third.get(..4).unwrap_or(&[])).into());
    match role {
        ObjectRole::Stored => {
            // A second before the clock: another request is unlikely to have this time.
            let before = now.checked_sub(Duration::value(1, "s").unwrap_or_default()).unwrap_or(now);
            let created = fields.entry("timeCreated").or_insert_with(|| before.to_string().into()).clone();
            fields.entry("updated").or_insert(created);
        }
        ObjectRole::Upload(stored) => {
            let before = stored.and_then(|stored| stored.get("generation")).and_then(Json::as_i64).unwrap_or(0);
            unstated("generation", before.saturating_add(1).into());
        }
        ObjectRole::Update => {}
    }
    let version = ["generation", "metageneration", "updated"].map(|field| shown(fields, field));
    let kind = if matches!(role, ObjectRole::Update) { "updated" } else { "" };
    let [generation, metageneration, updated] = version;
    let etag = digest(&[name.to_owned(), generation, metageneration, updated, kind.to_owned()], 4);
    fields.entry("etag").or_insert_with(|| STANDARD.encode(etag.to_be_bytes()).into());
}

/// FNV-1a, which gives the same hash on every machine.
fn digest(parts: &[String], seed: u64) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
