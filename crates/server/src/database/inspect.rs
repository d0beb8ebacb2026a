//! `/.inspect/`: the coverage of rules, and the list of databases.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Response, StatusCode, Uri},
};
use firewarden_suite::coverage::{self, FileCoverage};
use serde_json::{Value as Json, json};

use super::{
    Database,
    rest::{
        answer::{Failure, printed, with_type},
        parameters::Parameters,
    },
};

/// The coverage of a namespace's rules as a page.
///
/// # Errors
///
/// The name of the namespace is none, or the page cannot be written.
pub async fn coverage_page(
    State(database): State<Arc<Database>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response<Body>, Failure> {
    let files = files(&database, &headers, &uri)?;
    let page = coverage::html(&files);
    let page = page.map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(with_type(StatusCode::OK, "text/html; charset=utf-8", page))
}

/// The coverage of a namespace's rules as JSON.
///
/// # Errors
///
/// The name of the namespace is none.
pub async fn coverage(
    State(database): State<Arc<Database>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response<Body>, Failure> {
    printed(&coverage::json(&files(&database, &headers, &uri)?), &Parameters::of(&uri), &database.shared.memory)
}

/// The namespaces that have data or rules, each with its name.
///
/// # Errors
///
/// The parameters make no sense.
pub async fn databases(State(database): State<Arc<Database>>, uri: Uri) -> Result<Response<Body>, Failure> {
    let names = database.namespaces().into_iter().map(|name| json!({ "name": name }));
    printed(&Json::Array(names.collect()), &Parameters::of(&uri), &database.shared.memory)
}

/// None, if the namespace has no valid rules.
fn files(database: &Database, headers: &HeaderMap, uri: &Uri) -> Result<Vec<FileCoverage>, Failure> {
    let namespace = database.namespace_of(headers, &Parameters::of(uri))?;
    Ok(namespace.rules().map(|rules| rules.coverage()).into_iter().collect())
}
