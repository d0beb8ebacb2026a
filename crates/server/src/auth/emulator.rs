//! The paths below `/emulator`: what only a stand-in has. They need no credential.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    response::Response,
    routing::{delete, get},
};
use serde::Deserialize;

use crate::body::Small;

use super::{
    Auth,
    answer::Answer,
    call::{self, Call},
    config,
    error::Refusal,
    pages,
    project::Project,
};

/// The project, and the tenant.
#[derive(Deserialize)]
struct Place {
    project: String,
    tenant: Option<String>,
}

impl Place {
    fn project(&self, auth: &Auth) -> Result<Arc<Project>, Refusal> {
        auth.requested(&self.project)
    }
}

/// The routes.
pub fn routes() -> Router<Arc<Auth>> {
    let mut router = Router::new()
        .route("/emulator/action", get(action))
        .route("/emulator/v1/projects/{project}/config", get(read_config).patch(write_config));
    for base in ["/emulator/v1/projects/{project}", "/emulator/v1/projects/{project}/tenants/{tenant}"] {
        router = router
            .route(&format!("{base}/accounts"), delete(clear))
            .route(&format!("{base}/oobCodes"), get(email_codes))
            .route(&format!("{base}/verificationCodes"), get(message_codes));
    }
    router
}

/// Removes all accounts. Codes, tenants and settings stay, and functions learn nothing of it.
async fn clear(auth: State<Arc<Auth>>, Path(place): Path<Place>) -> Result<Answer, Refusal> {
    place.project(&auth)?.scope(place.tenant.as_deref()).pool_mut().clear();
    Ok(Answer::new())
}

async fn email_codes(auth: State<Arc<Auth>>, Path(place): Path<Place>) -> Result<Answer, Refusal> {
    Ok(config::email_codes(place.project(&auth)?.scope(place.tenant.as_deref()).pool().codes.emails.values()))
}

async fn message_codes(auth: State<Arc<Auth>>, Path(place): Path<Place>) -> Result<Answer, Refusal> {
    Ok(config::message_codes(place.project(&auth)?.scope(place.tenant.as_deref()).pool().codes.messages.values()))
}

async fn read_config(auth: State<Arc<Auth>>, Path(place): Path<Place>) -> Result<Answer, Refusal> {
    Ok(config::emulator_config(&place.project(&auth)?.lock().settings))
}

async fn write_config(auth: State<Arc<Auth>>, Path(place): Path<Place>, Small(body): Small) -> Result<Answer, Refusal> {
    let request = call::parse(&body)?;
    Ok(config::update_emulator_config(&mut place.project(&auth)?.lock().settings, &request))
}

async fn action(State(auth): State<Arc<Auth>>, request: Request) -> Response {
    pages::action::answer(&Call::of_page(auth, &request))
}
