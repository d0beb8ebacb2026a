//! `/.settings/rules.json`: the rules of a namespace.

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, Response, StatusCode},
};
use firewarden::text::Source;
use jsonc_parser::ParseOptions;
use serde_json::{Value as Json, json};

use super::{
    Database, Namespace,
    rest::{
        answer::{Failure, json_response, printed},
        is_owner,
        parameters::Parameters,
        read,
    },
};
use crate::at_length;

/// The largest body with rules, in bytes.
const MAX_RULES: u64 = 8 << 20;

/// The name of rules that come over HTTP.
const FILE: &str = "database.rules.json";

/// Answers a request to the rules.
///
/// # Errors
///
/// The answer to a request that fails.
pub async fn serve(database: &Database, request: Request<Body>) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let parameters = Parameters::of(&parts.uri);
    let namespace = database.namespace_of(&parts.headers, &parameters)?;
    refuse_others(&parts.headers, &parameters)?;
    let memory = &database.shared.memory;
    match parts.method {
        Method::GET | Method::HEAD => {
            let text = namespace.rules_text();
            if parameters.get("format") == Some("strict") {
                return printed(&without_comments(&text)?, &parameters, memory);
            }
            Ok(json_response(StatusCode::OK, memory.keep(text)?))
        }
        // Whatever the type of the body says: tools send JSON as text, and rules have comments.
        Method::PUT | Method::POST => {
            let body = read(body, MAX_RULES, memory).await?;
            let text = std::str::from_utf8(&body)
                .map_err(|_| Failure::bad_request("1:1: Parse error. The rules are not UTF-8."))?;
            let source = Source::new(FILE, text);
            // As in production, a refused request changes nothing; a broken file, which nobody waits for, denies everything.
            let load = || match parameters.is_true("dryRun") {
                true => Namespace::check_rules(&source),
                false => namespace.replace_rules(&source),
            };
            at_length(load).map_err(|error| Failure::bad_request(&error))?;
            printed(&json!({ "status": "ok" }), &parameters, memory)
        }
        other => {
            Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, format!("the method {other} is neither GET nor PUT")))
        }
    }
}

fn refuse_others(headers: &HeaderMap, parameters: &Parameters) -> Result<(), Failure> {
    if is_owner(headers, parameters) { Ok(()) } else { Err(Failure::not_owner()) }
}

/// Rules as JSON that every parser reads.
fn without_comments(text: &str) -> Result<Json, Failure> {
    jsonc_parser::parse_to_serde_value(text, &ParseOptions::default())
        .map_err(|error| Failure::bad_request(&format!("the rules are not JSON: {error}")))
}
