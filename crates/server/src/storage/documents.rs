//! The documents of Firestore that Storage rules read: of a running emulator, or those that the host states.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::{Request, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use firewarden::{
    BoxError, DocumentPath, Value,
    value::{LatLng, Map, Path, json::to_plain},
};
use http_body_util::Full;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use crate::{client, lock};

/// The time within which an emulator has to answer.
const FETCH_TIME: Duration = Duration::from_secs(10);

/// The largest answer, in bytes. A document has at most 1 MiB, and its JSON is longer.
const MAX_ANSWER: usize = 16 << 20;

/// The depth of a document.
const MAX_DEPTH: usize = 40;

/// What segments of URLs contain as they are.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'(').remove(b')');

/// Where documents come from.
#[derive(Debug, Default)]
pub struct DocumentSource(Mutex<Origin>);

#[derive(Debug, Default)]
struct Origin {
    emulator: Option<Arc<str>>,
    seeds: Arc<BTreeMap<String, Value>>,
}

impl DocumentSource {
    /// Asks an emulator, `HOST:PORT`, or none.
    pub fn set_emulator(&self, address: Option<String>) {
        lock(&self.0).emulator = address.map(Arc::from);
    }

    /// The emulator that is asked.
    pub fn emulator(&self) -> Option<Arc<str>> {
        lock(&self.0).emulator.clone()
    }

    /// The documents that exist while no emulator is set.
    pub fn set_seeds(&self, seeds: BTreeMap<String, Value>) {
        lock(&self.0).seeds = Arc::new(seeds);
    }

    /// The documents for one decision.
    pub fn snapshot(&self) -> Documents {
        let origin = lock(&self.0);
        Documents { remote: origin.emulator.is_some(), seeds: Arc::clone(&origin.seeds), ..Documents::default() }
    }

    /// Reads a document of the emulator.
    ///
    /// # Errors
    ///
    /// Why it cannot be read. A missing document is no error.
    pub async fn fetch(&self, project: &str, path: &str) -> Result<Option<Value>, String> {
        let address = lock(&self.0).emulator.clone();
        let Some(address) = address else { return Ok(None) };
        let answer = tokio::time::timeout(FETCH_TIME, request(&address, project, path)).await;
        let failed = |why: String| format!("{path} of the Firestore emulator at {address}: {why}");
        match answer {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!("no answer within {} seconds", FETCH_TIME.as_secs()))),
        }
    }
}

async fn request(address: &str, project: &str, path: &str) -> Result<Option<Value>, BoxError> {
    let path = path.split('/').map(|segment| utf8_percent_encode(segment, SEGMENT).to_string()).collect::<Vec<_>>();
    let request = Request::get(format!("/v1/projects/{}{}", utf8_percent_encode(project, SEGMENT), path.join("/")))
        .header(header::HOST, address)
        .header(header::AUTHORIZATION, "Bearer owner")
        .body(Full::default())?;
    let response = client::exchange(address, request, MAX_ANSWER).await?;
    match response.status() {
        StatusCode::NOT_FOUND => Ok(None),
        StatusCode::OK => {
            let document: Json = serde_json::from_slice(response.body())?;
            Ok(Some(Value::Map(fields(document.get("fields"), MAX_DEPTH)?)))
        }
        status => Err(format!("it answers {status}").into()),
    }
}

/// The fields of a document in the JSON of Firestore's REST interface.
fn fields(json: Option<&Json>, depth: usize) -> Result<Map, String> {
    let entries = json.and_then(Json::as_object).into_iter().flatten();
    let entries = entries.map(|(name, value)| Ok((name.as_str(), field(value, depth)?)));
    entries.collect::<Result<Map, String>>()
}

fn field(json: &Json, depth: usize) -> Result<Value, String> {
    let wrong = || format!("{json} is no value of Firestore");
    let depth = depth.checked_sub(1).ok_or("the document nests too deeply")?;
    let (kind, value) = json.as_object().and_then(|members| members.iter().next()).ok_or_else(wrong)?;
    let text = || value.as_str().ok_or_else(wrong);
    Ok(match kind.as_str() {
        "nullValue" => Value::Null,
        "booleanValue" => Value::Bool(value.as_bool().ok_or_else(wrong)?),
        "integerValue" => {
            let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
            Value::Int(number.ok_or_else(wrong)?)
        }
        "doubleValue" => {
            let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
            Value::Float(number.ok_or_else(wrong)?)
        }
        "stringValue" => Value::from(text()?),
        "bytesValue" => Value::Bytes(STANDARD.decode(text()?).map_err(|_| wrong())?),
        "timestampValue" => Value::Timestamp(text()?.parse().map_err(|_| wrong())?),
        "referenceValue" => {
            // `projects/P/databases/…`; paths in rules begin with the database.
            let name = text()?;
            let path = name.strip_prefix("projects/").and_then(|rest| rest.split_once('/')).map_or(name, |(_, p)| p);
            Value::Path(Path::of(&format!("/{path}")))
        }
        "geoPointValue" => {
            let part = |name: &str| value.get(name).and_then(Json::as_f64).unwrap_or_default();
            Value::LatLng(LatLng::new(part("latitude"), part("longitude")).map_err(|_| wrong())?)
        }
        "arrayValue" => {
            let items = value.get("values").and_then(Json::as_array).into_iter().flatten();
            Value::List(items.map(|item| field(item, depth)).collect::<Result<_, _>>()?)
        }
        "mapValue" => Value::Map(fields(value.get("fields"), depth)?),
        _ => return Err(wrong()),
    })
}

/// A document that an evaluation has asked for and that is not known yet.
#[derive(Debug)]
pub struct Need {
    /// Its full name: `/databases/(default)/documents/users/alice`.
    pub path: String,
}

/// The documents for one decision: it remembers those that were asked for.
#[derive(Debug, Default)]
pub struct Documents {
    remote: bool,
    seeds: Arc<BTreeMap<String, Value>>,
    known: RefCell<Known>,
    need: RefCell<Option<Need>>,
    /// An estimate of the bytes of what is known.
    size: Cell<usize>,
}

/// Documents by their full names: their fields, that they do not exist, or why they cannot be read.
pub type Known = BTreeMap<String, Result<Option<Value>, String>>;

impl Documents {
    /// Documents that are all known.
    pub fn of(known: Known) -> Self {
        Documents { known: RefCell::new(known), ..Documents::default() }
    }

    /// Whether unknown documents have to be fetched.
    pub fn is_remote(&self) -> bool {
        self.remote
    }

    /// The document that the last evaluation lacked.
    pub fn take_need(&mut self) -> Option<Need> {
        self.need.get_mut().take()
    }

    /// Adds a document.
    pub fn know(&mut self, path: String, document: Result<Option<Value>, String>) {
        self.size.set(self.size.get() + size_of_document(&path, &document));
        self.known.get_mut().insert(path, document);
    }

    /// The documents that were asked for, and an estimate of their bytes.
    pub fn into_known(self) -> (Known, usize) {
        (self.known.into_inner(), self.size.get())
    }
}

impl firewarden::Documents for Documents {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        if let Some(known) = self.known.borrow().get(path.full()) {
            return known.clone().map_err(BoxError::from);
        }
        if self.remote {
            *self.need.borrow_mut() = Some(Need { path: path.full().to_owned() });
            return Err("the document is not fetched yet".into());
        }
        let found: Result<_, String> = Ok(firewarden::Documents::get(&*self.seeds, path)?);
        self.size.set(self.size.get() + size_of_document(path.full(), &found));
        self.known.borrow_mut().insert(path.full().to_owned(), found.clone());
        found.map_err(BoxError::from)
    }
}

fn size_of_document(path: &str, document: &Result<Option<Value>, String>) -> usize {
    let fields = match document {
        Ok(Some(fields)) => 2 * to_plain(fields.view()).to_string().len(),
        Ok(None) => 0,
        Err(why) => why.len(),
    };
    128 + path.len() + fields
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use std::sync::Mutex;

    use axum::{Router, http::HeaderMap, response::IntoResponse, routing::get};
    use firewarden::{storage::Method, text::Source};

    use super::{super::*, *};
    use crate::{
        listener::Versions,
        shared::{Settings, Shared},
        storage::access::Caller,
    };

    const RULES: &str = "rules_version = '2';
service firebase.storage { match /b/{bucket}/o {
  match /plain { allow read; }
  match /{id} { allow read: if firestore.get(/databases/(default)/documents/teams/$(id)).data.m.l[1].n == 7
    && firestore.get(/databases/(default)/documents/teams/$(id)).data.t < request.time
    && !firestore.exists(/databases/(default)/documents/banned/$(id)); }
} }";

    /// A Firestore emulator with `teams/a b`, an error for `teams/bad`, and the requests that it got.
    async fn emulator() -> (String, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let answer = move |uri: axum::http::Uri, headers: HeaderMap| {
            lock(&log).push(format!("{} {:?}", uri.path(), headers["authorization"]));
            let name = uri.path().rsplit("/documents/").next().unwrap().to_owned();
            async move {
                match name.as_str() {
                    "teams/a%20b" => axum::Json(serde_json::json!({ "fields": {
                        "m": { "mapValue": { "fields": { "l": { "arrayValue": { "values": [
                            { "nullValue": null }, { "mapValue": { "fields": { "n": { "integerValue": "7" } } } },
                        ] } } } } },
                        "t": { "timestampValue": "2020-01-01T00:00:00.5Z" }, "r": { "referenceValue": "projects/p/databases/(default)/documents/a/b" },
                        "g": { "geoPointValue": { "latitude": 1 } }, "d": { "doubleValue": "NaN" }, "e": { "mapValue": {} },
                    } })).into_response(),
                    "teams/bad" => (StatusCode::INTERNAL_SERVER_ERROR, "broken").into_response(),
                    "teams/odd" => axum::Json(serde_json::json!({ "fields": { "x": { "y": 1 } } })).into_response(),
                    _ => StatusCode::NOT_FOUND.into_response(),
                }
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/{*path}", get(answer));
        let server = crate::listener::serve(listener, router, Arc::default(), Versions::One, Default::default());
        tokio::spawn(server);
        (address, asked)
    }

    #[tokio::test]
    async fn rules_read_the_documents_of_an_emulator() {
        let (address, asked) = emulator().await;
        let storage = Storage::new(Arc::new(Shared::in_memory(Settings::default()))).unwrap();
        storage.set_rules(None, &Source::new("storage.rules", RULES)).unwrap();
        let ask = async |name: &str| {
            let nobody = Caller::User(None);
            storage.ask(&nobody, Method::Get, ("p", name), None, None).await.map_err(|denial| denial.reason)
        };
        // Without an emulator, the documents that the host states exist.
        assert!(ask("a b").await.unwrap_err().contains("firestore.get"));
        storage.set_firestore(Some(address.clone()));
        ask("plain").await.unwrap();
        assert!(lock(&asked).is_empty());
        ask("a b").await.unwrap();
        let prefix = "/v1/projects/p/databases/(default)/documents";
        let expected =
            [format!("{prefix}/teams/a%20b \"Bearer owner\""), format!("{prefix}/banned/a%20b \"Bearer owner\"")];
        assert_eq!(*lock(&asked), expected);
        assert!(ask("none").await.unwrap_err().contains("firestore.get"));
        for (name, why) in [("bad", "it answers 500"), ("odd", "is no value of Firestore")] {
            let reason = ask(name).await.unwrap_err();
            assert!(reason.contains(why) && reason.contains("teams/"), "{reason}");
        }
        storage.set_firestore(Some("127.0.0.1:1".to_owned()));
        assert!(ask("a b").await.unwrap_err().contains("the Firestore emulator at 127.0.0.1:1"));
    }
}
