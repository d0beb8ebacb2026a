//! What the service computes of every object, where a suite leaves it unstated: hashes, generation, etag, times.
//!
//! A field that is null on both sides is equal on both sides, and rules that compare it would permit what the service
//! denies.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map as JsonMap, Value as Json};

use firewarden::value::{Duration, Timestamp};

/// What an object is to a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role<'o> {
    /// It is there before.
    Stored,
    /// An upload, over the object that is there before.
    Upload(Option<&'o JsonMap<String, Json>>),
    /// What is stored, with other metadata.
    Update,
}

/// States what is unstated. The hashes follow from size and type, so that other content has others; an upload is a new
/// generation, of now; every change has an etag of its own.
pub(super) fn complete(name: &str, fields: &mut JsonMap<String, Json>, role: Role<'_>, now: Timestamp) {
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
        Role::Stored => {
            // A moment ago: no other time is as likely to be the one that an upload has.
            let before = now.checked_sub(Duration::value(1, "s").unwrap_or_default()).unwrap_or(now);
            let created = fields.entry("timeCreated").or_insert_with(|| before.to_string().into()).clone();
            fields.entry("updated").or_insert(created);
        }
        Role::Upload(stored) => {
            let before = stored.and_then(|stored| stored.get("generation")).and_then(Json::as_i64).unwrap_or(0);
            unstated("generation", before.saturating_add(1).into());
        }
        Role::Update => {}
    }
    let version = ["generation", "metageneration", "updated"].map(|field| shown(fields, field));
    let kind = if matches!(role, Role::Update) { "updated" } else { "" };
    let [generation, metageneration, updated] = version;
    let etag = digest(&[name.to_owned(), generation, metageneration, updated, kind.to_owned()], 4);
    fields.entry("etag").or_insert_with(|| STANDARD.encode(etag.to_be_bytes()).into());
}

/// FNV-1a: the same on every machine.
fn digest(parts: &[String], seed: u64) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
