//! The rules endpoints of the Firestore emulator: set, read, test, coverage, clear. Documents themselves are refused.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{FromRef, Path, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::{any, get, post, put},
};
use firewarden::{
    Coverage,
    rules::{Product, Rules},
    text::Source,
};
use firewarden_suite::{
    coverage::{FileCoverage, html},
    rules_api,
};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde_json::{Value as Json, json};

use crate::{
    answer::{self, Failure},
    at_length,
    body::Small,
    lock,
    memory::Memory,
    rules::LoadedRules,
    shared::Shared,
};

/// The database of a project that has no name.
const DEFAULT_DATABASE: &str = "(default)";

/// The name of rules that come without one.
const RULES_NAME: &str = "firestore.rules";

/// The rules of the databases of all projects.
pub struct Firestore {
    memory: Memory,
    kept: Memory,
    /// By project and database.
    rules: Mutex<BTreeMap<(String, String), Arc<LoadedRules>>>,
}

impl FromRef<Arc<Firestore>> for Memory {
    fn from_ref(firestore: &Arc<Firestore>) -> Self {
        firestore.memory.clone()
    }
}

impl Firestore {
    /// No database has rules.
    pub fn new(shared: &Shared) -> Arc<Self> {
        Arc::new(Firestore { memory: shared.memory.clone(), kept: shared.kept.clone(), rules: Mutex::default() })
    }

    /// The routes of its port.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/", get(|| async { "Ok\n" }))
            // `PROJECT:securityRules`, `PROJECT:ruleCoverage` and `PROJECT:ruleCoverage.html`
            .route("/emulator/v1/projects/{project}", put(set).get(read))
            .route("/emulator/v1/projects/{project}/databases/{database}", put(set_of_database).get(read_of_database))
            .route("/emulator/v1/projects/{project}/databases/{database}/documents", any(clear))
            .route("/v1/projects/{project}", post(test))
            .fallback(documents)
            .with_state(Arc::clone(self))
    }

    /// Loads the rules of a database of a project.
    ///
    /// # Errors
    ///
    /// The official text about the first error; rules that were loaded before stay.
    pub fn set_rules(&self, project: &str, database: &str, source: &Source) -> Result<Arc<LoadedRules>, String> {
        let loaded = LoadedRules::parse(source, Product::Firestore).map_err(|error| answer::refusal(&error))?;
        loaded.hold(&self.kept).map_err(|full| full.to_string())?;
        lock(&self.rules).insert((project.to_owned(), database.to_owned()), Arc::clone(&loaded));
        Ok(loaded)
    }

    /// The rules of a database.
    pub fn rules(&self, project: &str, database: &str) -> Option<Arc<LoadedRules>> {
        lock(&self.rules).get(&(project.to_owned(), database.to_owned())).cloned()
    }

    /// All rules that are loaded.
    pub fn loaded_rules(&self) -> Vec<Arc<LoadedRules>> {
        lock(&self.rules).values().cloned().collect()
    }
}

async fn set(
    firestore: State<Arc<Firestore>>,
    Path(path): Path<String>,
    Small(body): Small,
) -> Result<Response, Failure> {
    let project = path.strip_suffix(":securityRules").ok_or_else(not_found)?;
    at_length(|| load(&firestore, project, DEFAULT_DATABASE, &body))
}

async fn set_of_database(
    firestore: State<Arc<Firestore>>,
    Path((project, path)): Path<(String, String)>,
    Small(body): Small,
) -> Result<Response, Failure> {
    let database = path.strip_suffix(":securityRules").ok_or_else(not_found)?;
    at_length(|| load(&firestore, &project, database, &body))
}

/// `{"rules": {"files": [{"name"?, "content"}]}, "ignore_errors"?}`, whatever the content type says.
fn load(firestore: &Firestore, project: &str, database: &str, body: &[u8]) -> Result<Response, Failure> {
    let body: Json = answer::json(body)?;
    let files = body.pointer("/rules/files").and_then(Json::as_array);
    let [file] = files.map_or(&[][..], Vec::as_slice) else {
        return Err(Failure::invalid("`rules.files` must have exactly one file: [{\"name\"?: …, \"content\": …}]"));
    };
    let Some(content) = file.get("content").and_then(Json::as_str) else {
        return Err(Failure::invalid("the file in `rules.files` has no text `content`"));
    };
    let name = file.get("name").and_then(Json::as_str).unwrap_or(RULES_NAME);
    let source = Source::new(name, content);
    match firestore.set_rules(project, database, &source) {
        Ok(loaded) => {
            let issues = rules_api::Issue::list(loaded.rules.warnings());
            let issues: Vec<Json> = issues.iter().map(rules_api::Issue::to_json).collect();
            Ok(answer::ok(&if issues.is_empty() { json!({}) } else { json!({ "issues": issues }) }))
        }
        // firebase-tools then reads the errors from `issues`; the rules from before stay.
        Err(_) if body.get("ignore_errors") == Some(&Json::Bool(true)) => {
            let issues = rules_api::Issue::list(&Rules::problems(&source, Some(Product::Firestore)));
            Ok(answer::ok(&json!({ "issues": issues.iter().map(rules_api::Issue::to_json).collect::<Vec<_>>() })))
        }
        Err(text) => Err(Failure::invalid(format!("Error compiling rules:\n{text}"))),
    }
}

async fn read(firestore: State<Arc<Firestore>>, Path(path): Path<String>) -> Result<Response, Failure> {
    let (project, what) = path.rsplit_once(':').ok_or_else(not_found)?;
    show(&firestore, project, DEFAULT_DATABASE, what)
}

async fn read_of_database(
    firestore: State<Arc<Firestore>>,
    Path((project, path)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (database, what) = path.rsplit_once(':').ok_or_else(not_found)?;
    show(&firestore, &project, database, what)
}

fn show(firestore: &Firestore, project: &str, database: &str, what: &str) -> Result<Response, Failure> {
    if !matches!(what, "securityRules" | "ruleCoverage" | "ruleCoverage.html") {
        return Err(not_found());
    }
    let Some(loaded) = firestore.rules(project, database) else {
        let message =
            format!("the database {database} of the project {project} has no rules; set them with PUT …:securityRules");
        return Err(Failure::new(StatusCode::NOT_FOUND, "NOT_FOUND", message));
    };
    let source = loaded.rules.source();
    let file = json!({ "content": source.text(), "name": source.name() });
    match what {
        "securityRules" => Ok(answer::ok(&json!({ "rules": { "files": [file] } }))),
        "ruleCoverage" => {
            let coverage: Coverage = lock(&loaded.coverage).clone();
            let Rules::Firestore(ruleset) = &loaded.rules else { return Err(not_found()) };
            let report = rules_api::coverage(ruleset, &coverage);
            Ok(answer::ok(&report))
        }
        _ => {
            let page = html(&[FileCoverage::new(&loaded.rules, &lock(&loaded.coverage))]);
            page.map(|page| Html(page).into_response()).map_err(|error| Failure::internal(&error))
        }
    }
}

/// `projects.test` of the Rules API.
async fn test(Path(path): Path<String>, Small(body): Small) -> Result<Response, Failure> {
    path.strip_suffix(":test").ok_or_else(not_found)?;
    let body = answer::json(&body)?;
    let tested = at_length(|| rules_api::test(&body, None).map(|response| response.to_json()));
    Ok(answer::ok(&tested.map_err(|error| Failure::invalid(error.to_string()))?))
}

/// There are no documents, so that there is nothing to delete.
async fn clear(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match method {
        Method::DELETE => answer::ok(&json!({})),
        _ => documents(uri, headers).await,
    }
}

/// UNIMPLEMENTED among the status codes of gRPC.
const GRPC_UNIMPLEMENTED: &str = "12";

async fn documents(uri: Uri, headers: HeaderMap) -> Response {
    let message = format!(
        "firewarden serves the rules endpoints of Firestore only, not documents ({}). Run the official emulator for \
         them, and name it in FIRESTORE_EMULATOR_HOST when firewarden starts.",
        uri.path()
    );
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|name| name.starts_with("application/grpc")) {
        return Failure::new(StatusCode::NOT_IMPLEMENTED, "UNIMPLEMENTED", message).into_response();
    }
    // An answer without messages: gRPC then has its trailers in the headers.
    let message = utf8_percent_encode(&message, CONTROLS).to_string();
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/grpc"),
        ("grpc-status", GRPC_UNIMPLEMENTED),
        ("grpc-message", message.as_str()),
    ];
    (headers, ()).into_response()
}

fn not_found() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "NOT_FOUND", "Not Found")
}
