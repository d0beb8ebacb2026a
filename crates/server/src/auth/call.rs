//! A request to the Auth stand-in: who asks, for which project and tenant, with which body.

use std::sync::Arc;

use axum::{
    RequestExt as _,
    body::Body,
    extract::{RawPathParams, Request},
    http::{HeaderMap, Method, header},
};
use firewarden::{
    Timestamp,
    auth::{Claims, Credential, Product, credential, decode},
};
use serde_json::{Map, Value as Json};

use crate::{
    Clock,
    body::{self, BodyError, Whole},
    memory::Memory,
};

use super::{
    Auth,
    error::{Refusal, refuse},
    exchange::Trace,
    project::{Project, Scope},
    token,
};

/// The largest body in bytes. An import of a thousand accounts stays below 5 MiB.
const MAX_BODY: u64 = 32 << 20;

/// A request to an operation.
pub struct Call {
    /// The service.
    pub auth: Arc<Auth>,
    /// The project.
    pub project: Arc<Project>,
    /// The tenant.
    pub tenant: Option<String>,
    /// Whether an administrator asks.
    pub is_admin: bool,
    /// The time of the request.
    pub now: Timestamp,
    /// The clock of the project.
    pub clock: Arc<Clock>,
    /// The address by which the client called: `http://HOST:PORT`.
    pub base: String,
    /// The parameters of the query.
    pub query: Vec<(String, String)>,
    /// The payload of the field `idToken`.
    pub id_token: Option<Claims>,
    /// What happens.
    pub trace: Trace,
}

/// The bodies that an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// JSON.
    Json,
    /// JSON or a form.
    JsonOrForm,
}

impl Call {
    /// Reads a request. The second part of the result is its body, with names in camel case.
    pub async fn read(auth: Arc<Auth>, request: Request, kind: BodyKind) -> Result<(Self, Json), Refusal> {
        Self::read_below(auth, request, kind, "").await
    }

    /// Reads a request whose last parameter of the path ends with the name of the action.
    pub async fn read_action(auth: Arc<Auth>, request: Request, action: &str) -> Result<(Self, Json), Refusal> {
        Self::read_below(auth, request, BodyKind::Json, action).await
    }

    /// A request of a browser that follows a link to one of the pages.
    pub fn of_page(auth: Arc<Auth>, request: &Request) -> Self {
        let query = pairs(request.uri().query().unwrap_or_default());
        // Links in e-mails and the SDK have different names for it.
        let is_tenant = |(name, id): &&(String, String)| matches!(name.as_str(), "tenantId" | "tid") && !id.is_empty();
        let tenant = query.iter().find(is_tenant).map(|(_, id)| id.clone());
        let base = auth.base_url(request.headers());
        let project = auth.shared.settings.project.clone();
        Call { base, query, is_admin: false, ..Self::internal(auth, &project, tenant) }
    }

    /// A request of this server itself, as an administrator.
    pub fn internal(auth: Arc<Auth>, project: &str, tenant: Option<String>) -> Self {
        let project = auth.project(project);
        let clock = auth.shared.clock(&project.id);
        let base = auth.base_url(&HeaderMap::new());
        Call {
            project,
            tenant,
            is_admin: true,
            now: clock.now(),
            clock,
            base,
            query: Vec::new(),
            id_token: None,
            trace: Trace::default(),
            auth,
        }
    }

    async fn read_below(
        auth: Arc<Auth>,
        mut request: Request,
        kind: BodyKind,
        action: &str,
    ) -> Result<(Self, Json), Refusal> {
        let query = pairs(request.uri().query().unwrap_or_default());
        let is_admin = is_admin(request.headers(), &query)?;
        let path = request.extract_parts::<RawPathParams>().await;
        let mut path: Vec<(String, String)> =
            path.iter().flatten().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if let Some((_, last)) = path.last_mut()
            && let Some(bare) = last.strip_suffix(action)
        {
            last.truncate(bare.len());
        }
        let base = auth.base_url(request.headers());
        let body = read_body(request, kind, &auth.shared.memory).await?;
        let text = |name: &str| body.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        let param = |name: &str| path.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let project = param("project").or_else(|| text("targetProjectId"));
        if project.is_some() && !is_admin {
            return refuse("INSUFFICIENT_PERMISSION : Only authenticated requests can specify target_project_id.");
        }
        let project = auth.requested(project.unwrap_or(&auth.shared.settings.project))?;
        let id_token = text("idToken").and_then(|token| match decode(token).ok()?.payload() {
            Json::Object(claims) => Some(Claims::from(claims.clone())),
            _ => None,
        });
        let tenant = tenant(param("tenant").filter(|id| !id.is_empty()), text("tenantId"), id_token.as_ref())?;
        let tenant = tenant.or_else(|| token::tenant_of_refresh_token(text("refreshToken")?));
        let clock = auth.shared.clock(&project.id);
        let now = clock.now();
        Ok((Call { auth, project, tenant, is_admin, now, clock, base, query, id_token, trace: Trace::default() }, body))
    }

    /// The state, locked.
    pub fn lock(&self) -> Scope<'_> {
        self.project.scope(self.tenant.as_deref())
    }

    /// The state, locked, of a tenant that is not switched off.
    pub fn lock_enabled(&self) -> Result<Scope<'_>, Refusal> {
        let scope = self.lock();
        scope.check_enabled()?;
        Ok(scope)
    }

    /// Refuses clients: settings and tenants belong to administrators.
    pub fn check_admin(&self) -> Result<(), Refusal> {
        match self.is_admin {
            true => Ok(()),
            false => refuse("INSUFFICIENT_PERMISSION"),
        }
    }

    /// A parameter of the query, if it is not empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// The tenant that path, body and token name. They must agree.
fn tenant(path: Option<&str>, body: Option<&str>, token: Option<&Claims>) -> Result<Option<String>, Refusal> {
    let mismatch = || Refusal::new_400("TENANT_ID_MISMATCH");
    if path.is_some() && body.is_some() && path != body {
        return Err(mismatch());
    }
    let stated = path.or(body);
    let of_token = token.and_then(|token| token.firebase("tenant")).and_then(Json::as_str);
    match (stated, of_token) {
        (Some(stated), Some(of_token)) if stated != of_token => Err(mismatch()),
        (stated, of_token) => Ok(stated.or(of_token).map(str::to_owned)),
    }
}

/// Whether an administrator asks. A client needs any key that is not empty.
fn is_admin(headers: &HeaderMap, query: &[(String, String)]) -> Result<bool, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(authorization) = text(header::AUTHORIZATION.as_str()) {
        let scheme = authorization.split(' ').next().unwrap_or_default();
        if scheme.eq_ignore_ascii_case("bearer") {
            // The database takes the same tokens of administrators.
            let is_owner = matches!(credential(Product::Database, Some(authorization)), Ok(Credential::Admin));
            return if is_owner { Ok(true) } else { Err(Refusal::unauthenticated()) };
        }
    }
    let has_key = query.iter().any(|(name, value)| name == "key" && !value.is_empty())
        || text("x-goog-api-key").is_some_and(|key| !key.is_empty());
    if has_key { Ok(false) } else { Err(Refusal::no_key()) }
}

/// Names and values of a query or a form.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

async fn read_body(request: Request, kind: BodyKind, memory: &Memory) -> Result<Json, Refusal> {
    // Administrators' tools send bodies with DELETE.
    if matches!(*request.method(), Method::GET | Method::DELETE) {
        return Ok(Json::Object(Map::new()));
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let body = collect(request.into_body(), memory).await?;
    let content_type = content_type.as_ref().map(|value| value.to_str().unwrap_or("\u{fffd}"));
    let essence = content_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        None | Some("application/json") => {}
        Some("application/x-www-form-urlencoded") if kind == BodyKind::JsonOrForm => {
            let text = String::from_utf8_lossy(&body);
            let fields = pairs(&text).into_iter().map(|(name, value)| (camel_case(name), Json::String(value)));
            return Ok(Json::Object(fields.collect()));
        }
        Some(_) if body.is_empty() => {}
        Some(_) => return Err(Refusal::content_type(content_type.unwrap_or_default())),
    }
    if body.is_empty() {
        return Ok(Json::Object(Map::new()));
    }
    match camel_cased(parse(&body)?) {
        Json::Object(fields) => Ok(Json::Object(fields)),
        _ => Err(Refusal::malformed(" must be object")),
    }
}

/// JSON; an error has words that clients know from JavaScript.
pub fn parse(body: &[u8]) -> Result<Json, Refusal> {
    serde_json::from_slice(body).map_err(|error| match error.is_eof() {
        true => Refusal::parse_error("Unexpected end of JSON input"),
        false => Refusal::parse_error(&format!("Unexpected token: {error}")),
    })
}

async fn collect(body: Body, memory: &Memory) -> Result<Whole, Refusal> {
    body::whole(body, MAX_BODY, memory).await.map_err(|error| match error {
        BodyError::TooLarge(_) => Refusal::too_large(),
        BodyError::Full(_) => Refusal::unavailable(&error),
        BodyError::Slow | BodyError::Broken(_) | BodyError::Malformed(_) => Refusal::parse_error(&error.to_string()),
    })
}

/// JSON with names in camel case, at every level. The parser has bounded its depth.
pub fn camel_cased(json: Json) -> Json {
    match json {
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(name, value)| (camel_case(name), camel_cased(value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(camel_cased).collect()),
        scalar => scalar,
    }
}

/// `returnSecureToken` for `return_secure_token`.
fn camel_case(name: String) -> String {
    if !name.contains('_') {
        return name;
    }
    let mut out = String::with_capacity(name.len());
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if c == '_' && next.is_ascii_lowercase() && !out.is_empty() => {
                out.push(next.to_ascii_uppercase());
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_converted_at_every_level() {
        let body =
            json!({ "return_secure_token": true, "mfa": { "enrollments": [{ "phone_info": "+1_a" }] }, "_x": 1 });
        let expected =
            json!({ "returnSecureToken": true, "mfa": { "enrollments": [{ "phoneInfo": "+1_a" }] }, "_x": 1 });
        assert_eq!(camel_cased(body), expected);
    }
}
