//! The request of options and a request file.

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
    seeds::{self, DocumentMap, Store},
};

use super::{
    args::{EvalOptions, ServiceKind, TransportKind},
    input::{self, InputError},
};

/// A request as a file describes it; options have the same names and take precedence.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestDescription {
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
    /// The user of the verified token.
    #[serde(skip)]
    verified: Option<Auth>,
    with: Option<Json>,
    existing: Option<JsonMap<String, Json>>,
    documents: Option<JsonMap<String, Json>>,
    /// The documents that the other writes of the commit leave; null if they delete.
    after: Option<JsonMap<String, Json>>,
    /// Whether the request is part of a batch.
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

/// The bucket of paths that name none.
pub(super) const BUCKET: &str = "demo-bucket";

fn wrong<T>(message: impl Into<String>) -> Result<T, InputError> {
    Err(InputError(message.into()))
}

fn convert<T: serde::de::DeserializeOwned>(location: &str, json: Json) -> Result<T, InputError> {
    serde_json::from_value(json).map_err(|error| InputError(format!("{location}: {error}")))
}

impl RequestDescription {
    /// Reads the request file, if there is one, and applies the options.
    pub(super) fn new(options: &EvalOptions) -> Result<Self, InputError> {
        let mut described = match &options.request {
            None => RequestDescription::default(),
            Some(file) => {
                let name = input::name(file);
                let mut read: RequestDescription = convert(&name, input::parse(&name, &input::text(file)?)?)?;
                // A request file names other files relative to its own folder.
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

    /// Reads a request of a stream, which names files relative to the current folder.
    pub(super) fn of_line(mut fields: JsonMap<String, Json>) -> Result<Self, InputError> {
        fields.shift_remove("id");
        convert("the request", Json::Object(fields))
    }

    /// Whether one of its files is standard input.
    pub(super) fn reads_input(&self) -> bool {
        [&self.rules, &self.token, &self.keys].into_iter().flatten().any(|file| file == Path::new("-"))
    }

    /// Sets the verified user.
    pub(super) fn signed_in_as(&mut self, user: Auth) -> Result<(), InputError> {
        if self.uid.is_some() || self.claims.is_some() {
            return wrong("the token determines the user: remove `as` and `claims`");
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

    /// The time of the request.
    pub(super) fn time(&self) -> Result<Timestamp, InputError> {
        match &self.time {
            Some(text) => text.parse().map_err(|error| InputError(format!("time `{text}`: {error}"))),
            None => Ok(Timestamp::from(std::time::SystemTime::now())),
        }
    }

    fn method_and_path(&self) -> Result<(&str, &str), InputError> {
        let Some(method) = &self.method else { return wrong("missing method: get, list, create, update or delete") };
        let Some(path) = &self.path else { return wrong("missing path of the object or document") };
        Ok((method, path))
    }

    /// The Firestore documents that rules can read; `database` applies to names without a database.
    pub(super) fn documents(&self, database: &str) -> Result<Store, InputError> {
        let now = self.time()?;
        let read = |key: &str, stated: &Option<JsonMap<String, Json>>| match stated {
            Some(stated) => {
                seeds::documents_of_json(stated, database, now).map_err(|e| InputError(format!("{key}: {e}")))
            }
            None => Ok(DocumentMap::new()),
        };
        let (own, after) = (read("documents", &self.documents)?, read("after", &self.after)?);
        Ok(Store::new(database, own, after))
    }

    /// The request to Storage.
    pub(super) fn storage(&self) -> Result<storage::Request<'static>, InputError> {
        let (method, path) = self.method_and_path()?;
        let Some(method) = storage::Method::parse(method) else { return wrong(unknown_method(method)) };
        if self.query.is_some() || self.database.is_some() || self.of_commit() {
            return wrong("`query`, `database`, `after`, `batch` and `writeFields` only apply to Firestore rules");
        }
        self.no_data()?;
        let list = method == storage::Method::List;
        let (bucket, name) = paths::parse_object(path, self.bucket.as_deref(), BUCKET, list).map_err(InputError)?;
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
                return wrong("missing --with, such as --with '{\"size\": 2048, \"contentType\": \"image/png\"}'");
            }
            (Some(_), _) => return wrong("--with only applies to create and update"),
            (None, _) => {}
        }
        Ok(match self.auth() {
            Some(auth) => request.auth(auth),
            None => request,
        })
    }

    /// The request to Firestore, with the documents that rules can read.
    pub(super) fn firestore(&self) -> Result<(firestore::Request<'static>, Store), InputError> {
        let (method, path) = self.method_and_path()?;
        let Some(method) = firestore::Method::parse(method) else { return wrong(unknown_method(method)) };
        if self.bucket.is_some() {
            return wrong("`bucket` only applies to Storage rules");
        }
        self.no_data()?;
        let (stated, list) = (self.database.as_deref(), method == firestore::Method::List);
        let (database, path) = paths::parse_document(path, stated, DEFAULT_DATABASE, list).map_err(InputError)?;
        let (database, path) = (database.as_str(), path.as_str());
        let documents = self.documents(database)?;
        let mut request = if method == firestore::Method::List {
            {
                let query = self.query.as_ref().map(Query::from_json).unwrap_or_else(|| Ok(Query::new()));
                firestore::Request::list(path.to_owned(), query.map_err(|e| InputError(format!("query: {e}")))?)
            }
        } else if self.query.is_some() {
            return wrong("`query` only applies to list");
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
                .map_err(|e| InputError(format!("{option}: {e}{}", hint_of(&e))))
        };
        let stored = documents.document(path).filter(|_| method != firestore::Method::List);
        match (&self.existing, stored) {
            (Some(fields), Some(stored))
                if !deep_equals(document("existing", fields)?.fields().view(), stored.fields().view()) =>
            {
                return wrong(format!(
                    "`existing` and `documents` differ for `{path}`; state the document in one of them"
                ));
            }
            (Some(_), Some(stored)) => request = request.existing(stored),
            (Some(fields), None) => request = request.existing(document("existing", fields)?),
            (None, Some(stored)) => request = request.existing(stored),
            (None, None) => {}
        }
        let writes = !matches!(method, firestore::Method::Get | firestore::Method::List);
        if !writes && (self.after.is_some() || self.write_fields.is_some()) {
            return wrong("`after` and `writeFields` only apply to create, update and delete");
        }
        if documents.changes(&seeds::key(database, path)) {
            return wrong(format!("`after` is for other writes; the request writes `{path}` itself"));
        }
        match (self.fields()?, method) {
            (Some(fields), firestore::Method::Create | firestore::Method::Update) => {
                request = request.with(document("with", fields)?);
            }
            (None, firestore::Method::Create | firestore::Method::Update) => {
                return wrong("missing --with, such as --with '{\"title\": \"Hello\"}'");
            }
            (Some(_), _) => return wrong("--with only applies to create and update"),
            (None, _) => {}
        }
        match (&self.write_fields, method) {
            (Some(_), firestore::Method::Delete) => return wrong("`writeFields` only applies to create and update"),
            (Some(names), _) => request = request.write_fields(names.iter().cloned()),
            (None, _) => {}
        }
        let request = match self.auth() {
            Some(auth) => request.auth(auth),
            None => request,
        };
        Ok((request, documents))
    }

    /// The warning about a request that changes something that is not stored.
    pub(super) fn not_stored(&self, stored: bool) -> Option<String> {
        let (method, path) = self.method_and_path().ok()?;
        let changes = matches!(method, "update" | "delete");
        (changes && !stored).then(|| {
            format!("nothing is stored at `{path}`, so there is nothing to {method}: state it with --existing '{{…}}'")
        })
    }

    /// Whether a field applies only to commits of Firestore.
    fn of_commit(&self) -> bool {
        self.after.is_some() || self.batch.is_some() || self.write_fields.is_some()
    }

    /// The value to write, which must be an object.
    fn fields(&self) -> Result<Option<&JsonMap<String, Json>>, InputError> {
        match &self.with {
            None => Ok(None),
            Some(Json::Object(fields)) => Ok(Some(fields)),
            Some(other) => wrong(format!("expected `with` to be an object, not {other}")),
        }
    }

    fn no_data(&self) -> Result<(), InputError> {
        if self.data.is_some() || self.transport.is_some() {
            return wrong("`data` and `transport` only apply to Realtime Database rules");
        }
        Ok(())
    }

    /// The request to a database.
    pub(super) fn database(&self) -> Result<database::Request<'static>, InputError> {
        let Some(method) = &self.method else { return wrong("missing method: read, write, update or delete") };
        let Some(path) = self.path.clone() else {
            return wrong("missing path in the database");
        };
        let path = paths::parse_database_path(&path).map_err(InputError)?;
        let documents = self.existing.is_some() || self.documents.is_some() || self.of_commit();
        if self.bucket.is_some() || self.database.is_some() || documents {
            return wrong(
                "`bucket`, `database`, `existing`, `documents`, `after`, `batch` and `writeFields` do not apply to Realtime Database rules; use `data`",
            );
        }
        let value = || match &self.with {
            Some(value) => Ok(value.clone()),
            None => wrong("missing --with, such as --with '{\"age\": 30}'; null deletes"),
        };
        let mut request = match method.as_str() {
            "read" => database::Request::read(path),
            "write" => database::Request::write(path, value()?),
            "update" => database::Request::update(path, value()?),
            "delete" => database::Request::delete(path),
            other => return wrong(format!("unknown method `{other}`; expected read, write, update or delete")),
        };
        if self.with.is_some() && matches!(method.as_str(), "read" | "delete") {
            return wrong("--with only applies to write and update");
        }
        if let Some(query) = &self.query {
            if method != "read" {
                return wrong("`query` only applies to read");
            }
            request = request.query(database::Query::from_json(query).map_err(|e| InputError(format!("query: {e}")))?);
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

    /// The data of the database.
    pub(super) fn data(&self) -> Result<database::Data, InputError> {
        let data = self.data.as_ref().map(database::Data::from_json);
        data.unwrap_or_else(|| Ok(database::Data::default())).map_err(|error| InputError(format!("data: {error}")))
    }
}

/// How to write a map that looks like a typed value.
fn hint_of(error: &json::TypedError) -> &'static str {
    match error {
        json::TypedError::UnknownType(_) => {
            "; write a map with only this field as {\"mapValue\": {\"fields\": {…}}}, with typed fields"
        }
        _ => "",
    }
}

fn unknown_method(method: &str) -> String {
    match method {
        "read" => "`read` is get and list; choose one of them".to_owned(),
        "write" => "`write` is create, update and delete; choose one of them".to_owned(),
        other => format!("unknown method `{other}`; expected get, list, create, update or delete"),
    }
}

fn object(name: &str, option: &str, fields: &JsonMap<String, Json>) -> Result<Object, InputError> {
    Object::from_json(name, fields).map_err(|error| InputError(format!("{option}: {error}")))
}
