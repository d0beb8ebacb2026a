//! One request from options and a request file.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map as JsonMap, Value as Json};

use firewarden::{
    Auth, database,
    firestore::{self, Document, Query},
    internals::service::DEFAULT_DATABASE,
    storage::{self, Object},
    value::{Timestamp, deep_equals, json},
};
use firewarden_suite::{
    paths,
    seeds::{self, Contents, Store},
};

use super::{
    args::{EvalOptions, ServiceKind, TransportKind},
    input::{self, Unreadable},
};

/// A request as a file describes it; options have the same names and win.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    pub(super) rules: Option<PathBuf>,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) service: Option<ServiceKind>,
    #[serde(rename = "as")]
    uid: Option<String>,
    claims: Option<JsonMap<String, Json>>,
    pub(super) token: Option<PathBuf>,
    pub(super) keys: Option<PathBuf>,
    pub(super) project: Option<String>,
    /// The user of the token, once it is verified.
    #[serde(skip)]
    verified: Option<Auth>,
    with: Option<Json>,
    existing: Option<JsonMap<String, Json>>,
    documents: Option<JsonMap<String, Json>>,
    /// What the other writes of the commit leave; null where they delete.
    after: Option<JsonMap<String, Json>>,
    /// Whether the request is one of several of a batch.
    batch: Option<bool>,
    /// The names of the fields that a write is confined to.
    #[serde(rename = "writeFields")]
    write_fields: Option<Vec<String>>,
    query: Option<Json>,
    data: Option<Json>,
    transport: Option<TransportKind>,
    time: Option<String>,
    bucket: Option<String>,
    database: Option<String>,
}

/// The bucket of objects of which none is stated.
pub(super) const BUCKET: &str = "demo-bucket";

fn wrong<T>(message: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable(message.into()))
}

fn convert<T: serde::de::DeserializeOwned>(place: &str, json: Json) -> Result<T, Unreadable> {
    serde_json::from_value(json).map_err(|error| Unreadable(format!("{place}: {error}")))
}

impl Described {
    /// Reads the request file, if one is given, and lays the options over it.
    pub(super) fn new(options: &EvalOptions) -> Result<Self, Unreadable> {
        let mut described = match &options.request {
            None => Described::default(),
            Some(file) => {
                let name = input::name(file);
                let mut read: Described = convert(&name, input::parse(&name, &input::text(file)?)?)?;
                // A file names others from where it stands.
                let folder = file.parent().unwrap_or(Path::new(""));
                for other in [&mut read.rules, &mut read.token, &mut read.keys].into_iter().flatten() {
                    *other = folder.join(&other);
                }
                read
            }
        };
        macro_rules! take {
            ($($field:ident)*) => {$( if options.$field.is_some() { described.$field.clone_from(&options.$field); } )*};
        }
        take!(rules method path service uid token keys project time bucket database transport);
        macro_rules! take_json {
            ($($field:ident)*) => {$(
                if let Some(argument) = &options.$field {
                    let option = concat!("--", stringify!($field));
                    described.$field = Some(convert(option, input::json(option, argument)?)?);
                }
            )*};
        }
        take_json!(claims with existing documents after query data);
        Ok(described)
    }

    /// Reads a request of a stream, which names files from the current folder.
    pub(super) fn of_line(mut fields: JsonMap<String, Json>) -> Result<Self, Unreadable> {
        fields.shift_remove("id");
        convert("the request", Json::Object(fields))
    }

    /// Whether a file that it names is standard input.
    pub(super) fn reads_input(&self) -> bool {
        [&self.rules, &self.token, &self.keys].into_iter().flatten().any(|file| file == Path::new("-"))
    }

    /// The request is that of a verified user.
    pub(super) fn signed_in_as(&mut self, user: Auth) -> Result<(), Unreadable> {
        if self.uid.is_some() || self.claims.is_some() {
            return wrong("the token says who asks: leave out `as` and `claims`");
        }
        self.verified = Some(user);
        Ok(())
    }

    fn auth(&self) -> Option<Auth> {
        if self.verified.is_some() {
            return self.verified.clone();
        }
        match (&self.uid, &self.claims) {
            (None, None) => None,
            (Some(uid), None) => Some(Auth::user(uid)),
            (Some(uid), Some(claims)) => Some(Auth::user(uid).claims(Json::Object(claims.clone()))),
            (None, Some(claims)) => Some(Auth::from_claims(Json::Object(claims.clone()))),
        }
    }

    /// When the request is made.
    pub(super) fn time(&self) -> Result<Timestamp, Unreadable> {
        match &self.time {
            Some(text) => text.parse().map_err(|error| Unreadable(format!("time {text:?}: {error}"))),
            None => Ok(Timestamp::from(std::time::SystemTime::now())),
        }
    }

    fn method_and_path(&self) -> Result<(&str, &str), Unreadable> {
        let Some(method) = &self.method else { return wrong("say what is asked: get, list, create, update or delete") };
        let Some(path) = &self.path else { return wrong("say which object or document the request is about") };
        Ok((method, path))
    }

    /// The Firestore documents that rules may ask for; names without a database are of the given one.
    pub(super) fn documents(&self, database: &str) -> Result<Store, Unreadable> {
        let now = self.time()?;
        let read = |key: &str, stated: &Option<JsonMap<String, Json>>| match stated {
            Some(stated) => {
                seeds::documents_of_json(stated, database, now).map_err(|e| Unreadable(format!("{key}: {e}")))
            }
            None => Ok(Contents::new()),
        };
        let (own, after) = (read("documents", &self.documents)?, read("after", &self.after)?);
        Ok(Store::new(database, own, after))
    }

    /// The request to Storage.
    pub(super) fn storage(&self) -> Result<storage::Request<'static>, Unreadable> {
        let (method, path) = self.method_and_path()?;
        let Some(method) = storage::Method::parse(method) else { return wrong(unknown_method(method)) };
        if self.query.is_some() || self.database.is_some() || self.of_commit() {
            return wrong("query, database, after, batch and writeFields are for Firestore rules");
        }
        self.no_data()?;
        let list = method == storage::Method::List;
        let (bucket, name) = paths::given_object(path, self.bucket.as_deref(), BUCKET, list).map_err(Unreadable)?;
        let mut request = if list {
            storage::Request::list(bucket, name.clone())
        } else {
            storage::Request::new(method, bucket, name.clone())
        };
        request = request.at(self.time()?);
        if let Some(fields) = &self.existing {
            request = request.existing(object(&name, "existing", fields)?);
        }
        match (self.fields()?, method) {
            (Some(fields), storage::Method::Create | storage::Method::Update) => {
                request = request.with(object(&name, "with", fields)?);
            }
            (None, storage::Method::Create | storage::Method::Update) => {
                return wrong(
                    "say what is uploaded with --with, such as --with '{\"size\": 2048, \"contentType\": \"image/png\"}'",
                );
            }
            (Some(_), _) => return wrong("--with is for create and update"),
            (None, _) => {}
        }
        Ok(match self.auth() {
            Some(auth) => request.auth(auth),
            None => request,
        })
    }

    /// The request to Firestore and the documents that rules may ask for.
    pub(super) fn firestore(&self) -> Result<(firestore::Request<'static>, Store), Unreadable> {
        let (method, path) = self.method_and_path()?;
        let Some(method) = firestore::Method::parse(method) else { return wrong(unknown_method(method)) };
        if self.bucket.is_some() {
            return wrong("a bucket is for Storage rules");
        }
        self.no_data()?;
        let (stated, list) = (self.database.as_deref(), method == firestore::Method::List);
        let (database, path) = paths::given_document(path, stated, DEFAULT_DATABASE, list).map_err(Unreadable)?;
        let (database, path) = (database.as_str(), path.as_str());
        let documents = self.documents(database)?;
        let mut request = if method == firestore::Method::List {
            {
                let query = self.query.as_ref().map(Query::from_json).unwrap_or_else(|| Ok(Query::new()));
                firestore::Request::list(path.to_owned(), query.map_err(|e| Unreadable(format!("query: {e}")))?)
            }
        } else if self.query.is_some() {
            return wrong("a query is for list");
        } else {
            firestore::Request::new(method, path.to_owned())
        };
        request = request.at(self.time()?).database(database.to_owned());
        if self.batch == Some(true) {
            request = request.in_batch();
        }
        let document = |option: &str, fields: &JsonMap<String, Json>| {
            json::document(fields)
                .map(|fields| Document::new(path, fields))
                .map_err(|e| Unreadable(format!("{option}: {e}{}", of_one_key(&e.to_string()))))
        };
        let stored = documents.document(path).filter(|_| method != firestore::Method::List);
        match (&self.existing, stored) {
            (Some(fields), Some(stored))
                if !deep_equals(document("existing", fields)?.fields().view(), stored.fields().view()) =>
            {
                return wrong(format!("existing and documents differ about {path}: state it in one of them"));
            }
            (Some(_), Some(stored)) => request = request.existing(stored),
            (Some(fields), None) => request = request.existing(document("existing", fields)?),
            (None, Some(stored)) => request = request.existing(stored),
            (None, None) => {}
        }
        let writes = !matches!(method, firestore::Method::Get | firestore::Method::List);
        if !writes && (self.after.is_some() || self.write_fields.is_some()) {
            return wrong("after and writeFields are for create, update and delete");
        }
        if documents.changes(&seeds::key(database, path)) {
            return wrong(format!("after is about other writes; what becomes of {path} the request says itself"));
        }
        match (self.fields()?, method) {
            (Some(fields), firestore::Method::Create | firestore::Method::Update) => {
                request = request.with(document("with", fields)?);
            }
            (None, firestore::Method::Create | firestore::Method::Update) => {
                return wrong("say what is written with --with, such as --with '{\"title\": \"Hello\"}'");
            }
            (Some(_), _) => return wrong("--with is for create and update"),
            (None, _) => {}
        }
        match (&self.write_fields, method) {
            (Some(_), firestore::Method::Delete) => return wrong("writeFields is for create and update"),
            (Some(names), _) => request = request.write_fields(names.iter().cloned()),
            (None, _) => {}
        }
        let request = match self.auth() {
            Some(auth) => request.auth(auth),
            None => request,
        };
        Ok((request, documents))
    }

    /// What a request to change something that is not there should be told.
    pub(super) fn not_stored(&self, stored: bool) -> Option<String> {
        let (method, path) = self.method_and_path().ok()?;
        let changes = matches!(method, "update" | "delete");
        (changes && !stored).then(|| {
            format!("nothing is stored at {path}, so there is nothing to {method}: state it with --existing '{{…}}'")
        })
    }

    /// Whether anything is stated that only commits to Firestore have.
    fn of_commit(&self) -> bool {
        self.after.is_some() || self.batch.is_some() || self.write_fields.is_some()
    }

    /// What is written, where it has to be an object.
    fn fields(&self) -> Result<Option<&JsonMap<String, Json>>, Unreadable> {
        match &self.with {
            None => Ok(None),
            Some(Json::Object(fields)) => Ok(Some(fields)),
            Some(other) => wrong(format!("with: {other} is not an object")),
        }
    }

    fn no_data(&self) -> Result<(), Unreadable> {
        if self.data.is_some() || self.transport.is_some() {
            return wrong("data and a transport are for Realtime Database rules");
        }
        Ok(())
    }

    /// The request to a database.
    pub(super) fn database(&self) -> Result<database::Request<'static>, Unreadable> {
        let Some(method) = &self.method else { return wrong("say what is asked: read, write, update or delete") };
        let Some(path) = self.path.clone() else {
            return wrong("say which place of the database the request is about");
        };
        let path = paths::given_place(&path).map_err(Unreadable)?;
        let documents = self.existing.is_some() || self.documents.is_some() || self.of_commit();
        if self.bucket.is_some() || self.database.is_some() || documents {
            return wrong(
                "bucket, database, existing, documents, after, batch and writeFields are not for Realtime Database rules; use data",
            );
        }
        let value = || match &self.with {
            Some(value) => Ok(value.clone()),
            None => wrong("say what is written with --with, such as --with '{\"age\": 30}'; null deletes"),
        };
        let mut request = match method.as_str() {
            "read" => database::Request::read(path),
            "write" => database::Request::write(path, value()?),
            "update" => database::Request::update(path, value()?),
            "delete" => database::Request::delete(path),
            other => return wrong(format!("{other:?} is none of read, write, update, delete")),
        };
        if self.with.is_some() && matches!(method.as_str(), "read" | "delete") {
            return wrong("--with is for write and update");
        }
        if let Some(query) = &self.query {
            if method != "read" {
                return wrong("a query is for read");
            }
            request = request.query(database::Query::from_json(query).map_err(|e| Unreadable(format!("query: {e}")))?);
        }
        if self.transport == Some(TransportKind::Rest) {
            request = request.transport(database::Transport::Rest);
        }
        request = request.at(self.time()?);
        Ok(match self.auth() {
            Some(auth) => request.auth(auth),
            None => request,
        })
    }

    /// What the database holds.
    pub(super) fn data(&self) -> Result<database::Data, Unreadable> {
        let data = self.data.as_ref().map(database::Data::from_json);
        data.unwrap_or_else(|| Ok(database::Data::default())).map_err(|error| Unreadable(format!("data: {error}")))
    }
}

/// How a map is written that looks like a typed value and is none.
fn of_one_key(error: &str) -> &'static str {
    match error.contains("no type of value") {
        true => "; a map that has just this field is written {\"mapValue\": {\"fields\": {…}}}, its fields typed",
        false => "",
    }
}

fn unknown_method(method: &str) -> String {
    match method {
        "read" => "read is get and list: ask for one of them".to_owned(),
        "write" => "write is create, update and delete: ask for one of them".to_owned(),
        other => format!("{other:?} is none of get, list, create, update, delete"),
    }
}

fn object(name: &str, option: &str, fields: &JsonMap<String, Json>) -> Result<Object, Unreadable> {
    Object::from_json(name, fields).map_err(|error| Unreadable(format!("{option}: {error}")))
}
