//! The REST API: `/<path>.json`.

pub mod answer;
pub mod parameters;
pub mod push_id;
mod stream;

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, request::Parts},
};
use serde_json::{Value as Json, json};

use self::{
    answer::{Failure, empty, json_response, printed},
    parameters::{Parameters, data_path},
};
use super::{Caller, Database, Namespace, Node, Refused, Transport, User, session, values::has_too_many_values};
use crate::{
    at_length_if,
    body::{self, Whole},
    memory::{FREE, Memory},
};

/// The largest body: the official limit of a write over REST, in bytes.
const MAX_BODY: u64 = 256 << 20;

/// Asks for the `ETag` header.
const WANTS_ETAG: HeaderName = HeaderName::from_static("x-firebase-etag");

/// The method of a request that was sent as `POST`.
const METHOD: HeaderName = HeaderName::from_static("x-http-method-override");

/// The ETag of nothing.
const NULL_ETAG: &str = "null_etag";

/// Answers a request to `/<path>.json`.
///
/// # Errors
///
/// The answer to a request that fails.
pub async fn serve(database: &Database, request: Request<Body>) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let parameters = Parameters::of(&parts.uri);
    let namespace = database.namespace_of(&parts.headers, &parameters)?;
    let method = method_of(&parts, &parameters)?;
    let path = data_path(&parts.uri)?;
    let caller = Caller { user: user_of(&parts.headers, &parameters)?, transport: Transport::Rest };
    parameters.check()?;
    parameters.print()?;
    let target = Target { namespace, caller, path, parameters, headers: parts.headers };
    match method {
        Method::GET | Method::HEAD => target.get(database),
        Method::PUT | Method::PATCH | Method::POST => {
            let body = read(body, MAX_BODY, &database.shared.memory).await?;
            let answer = || match method {
                Method::PUT => target.put(&body),
                Method::PATCH => target.patch(&body),
                _ => target.post(&body, database),
            };
            at_length_if(body.len() > FREE, answer)
        }
        Method::DELETE => target.write(Json::Null),
        other => Err(Failure::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("the method {other} is none of GET, PUT, PATCH, POST, DELETE"),
        )),
    }
}

/// The method, which clients behind a proxy send in a header or parameter of `POST`.
fn method_of(parts: &Parts, parameters: &Parameters) -> Result<Method, Failure> {
    let header = parts.headers.get(METHOD).map(|value| value.to_str().unwrap_or_default());
    let Some(name) = header.or_else(|| parameters.get(METHOD.as_str())).filter(|_| parts.method == Method::POST) else {
        return Ok(parts.method.clone());
    };
    let method = Method::from_bytes(name.to_ascii_uppercase().as_bytes());
    method.map_err(|_| Failure::bad_request("X-HTTP-Method-Override must be a method"))
}

/// Who asks. As in the official emulator, every `Authorization: Bearer` and every `access_token` is the owner's; an ID
/// token is read from `auth=` only.
fn user_of(headers: &HeaderMap, parameters: &Parameters) -> Result<User, Failure> {
    if is_owner(headers, parameters) {
        let Some(text) = parameters.get("auth_variable_override") else { return Ok(User::Admin) };
        return match serde_json::from_str(text) {
            Ok(variable @ (Json::Object(_) | Json::Null)) => Ok(User::from_variable(variable)),
            _ => Err(Failure::bad_request("auth_variable_override must be a JSON object or null")),
        };
    }
    match parameters.get("auth") {
        None | Some("") => Ok(User::Nobody),
        Some(token) => session::claims(token)
            .map(User::from_claims)
            .map_err(|_| Failure::new(StatusCode::UNAUTHORIZED, "Could not parse auth token.")),
    }
}

/// Whether a request is made as owner.
pub fn is_owner(headers: &HeaderMap, parameters: &Parameters) -> bool {
    let authorization = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let bearer = authorization.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
    bearer.is_some_and(|(_, token)| !token.trim_ascii().is_empty())
        || parameters.get("access_token").is_some_and(|token| !token.is_empty())
        || parameters.get("auth") == Some("owner")
}

/// Reads a body.
///
/// # Errors
///
/// It is too large, or the client went away or stopped sending.
pub async fn read(body: Body, limit: u64, memory: &Memory) -> Result<Whole, Failure> {
    body::whole(body, limit, memory).await.map_err(|error| Failure::new(error.status(), error.to_string()))
}

/// A request to a path.
struct Target {
    namespace: Arc<Namespace>,
    caller: Caller,
    path: String,
    parameters: Parameters,
    headers: HeaderMap,
}

impl Target {
    fn memory(&self) -> &Memory {
        &self.namespace.shared().memory
    }

    fn get(&self, database: &Database) -> Result<Response<Body>, Failure> {
        let query = self.parameters.query()?;
        let accepts = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accepts.contains("text/event-stream") {
            return stream::stream(&self.namespace, self.caller.clone(), &self.path, &query, database.stop());
        }
        let reading = self.namespace.read(&self.caller, &self.path, &query)?;
        if let Some(warning) = reading.warning {
            return Err(Failure::bad_request(&warning.message));
        }
        let value = reading.value;
        if self.condition("if-none-match").is_some_and(|tag| tag == etag(&value)) {
            return Ok(self.with_etag(empty(StatusCode::NOT_MODIFIED), &value));
        }
        let answer = || {
            let json = match (self.parameters.is_true("shallow"), self.parameters.get("format")) {
                (true, _) => value.to_shallow(),
                (false, Some(_)) => value.to_wire(),
                (false, None) => value.to_rest(),
            };
            Ok(self.with_etag(printed(&json, &self.parameters, self.memory())?, &value))
        };
        at_length_if(value.is_large(), answer)
    }

    fn put(&self, body: &[u8]) -> Result<Response<Body>, Failure> {
        self.write(parse(body)?)
    }

    /// Replaces the value, if a condition holds.
    fn write(&self, value: Json) -> Result<Response<Body>, Failure> {
        let hash = self.condition("if-match").map(|tag| if tag == NULL_ETAG { "" } else { tag });
        match self.namespace.set(&self.caller, &self.path, value, hash) {
            Ok(value) => Ok(self.with_etag(printed(&value.to_rest(), &self.parameters, self.memory())?, &value)),
            Err(Refused::Stale { current }) => {
                let Some(current) = current else {
                    return Err(Failure::new(StatusCode::PRECONDITION_FAILED, "the ETag does not match"));
                };
                let current_text = self.memory().keep(current.to_rest().to_string())?;
                let response = json_response(StatusCode::PRECONDITION_FAILED, current_text);
                Ok(self.with_etag(response, &current))
            }
            Err(refused) => Err(refused.into()),
        }
    }

    fn patch(&self, body: &[u8]) -> Result<Response<Body>, Failure> {
        self.refuse_condition()?;
        let values = parse(body)?;
        if !values.is_object() {
            let text = "Invalid data; couldn't parse JSON object. Are you sending a JSON object with valid key names?";
            return Err(Failure::bad_request(text));
        }
        let values = self.namespace.update(&self.caller, &self.path, values)?;
        let json = values.into_iter().map(|(path, value)| (path, value.to_rest())).collect();
        printed(&Json::Object(json), &self.parameters, self.memory())
    }

    fn post(&self, body: &[u8], database: &Database) -> Result<Response<Body>, Failure> {
        self.refuse_condition()?;
        let value = parse(body)?;
        let name = database.push_ids().next(self.namespace.clock().millis());
        let path = if self.path.is_empty() { name.clone() } else { format!("{}/{name}", self.path) };
        self.namespace.set(&self.caller, &path, value, None)?;
        printed(&json!({ "name": name }), &self.parameters, self.memory())
    }

    /// The ETag of a conditional request.
    fn condition(&self, name: &str) -> Option<&str> {
        // What is no text is no ETag of any value.
        let tag = self.headers.get(name)?.to_str().unwrap_or("?");
        Some(tag.trim().trim_matches('"'))
    }

    fn refuse_condition(&self) -> Result<(), Failure> {
        match self.condition("if-match") {
            Some(_) => Err(Failure::bad_request("if-match is for PUT and DELETE")),
            None => Ok(()),
        }
    }

    /// Adds the `ETag` of a value, if the client asked for it or sent another.
    fn with_etag(&self, mut response: Response<Body>, value: &Node) -> Response<Body> {
        let wants = self.headers.get(WANTS_ETAG).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
        if (wants || self.condition("if-match").is_some() || self.condition("if-none-match").is_some())
            && let Ok(tag) = HeaderValue::from_str(&etag(value))
        {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

fn etag(value: &Node) -> String {
    if value.is_nothing() { NULL_ETAG.to_owned() } else { value.hash() }
}

fn parse(body: &[u8]) -> Result<Json, Failure> {
    if body.trim_ascii().is_empty() {
        return Err(Failure::bad_request("Error: No data supplied."));
    }
    if has_too_many_values(body, MAX_BODY as usize) {
        let text = format!("the body has too many values; {MAX_BODY} bytes can be written at once");
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    serde_json::from_slice(body).map_err(|error| {
        Failure::bad_request(&format!("Invalid data; couldn't parse JSON object, array, or value. ({error})"))
    })
}
