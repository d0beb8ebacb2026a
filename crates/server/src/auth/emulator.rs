//! The operations below `/emulator/v1`: what only a stand-in has. They need no credential.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::Method,
};
use serde::Deserialize;

use crate::body::Small;

use super::{
    Auth,
    answer::Answer,
    call,
    config::{self, ConfigChange},
    error::Refusal,
    fields,
    project::Project,
    routes::{Handler, Operation, takes_body},
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

/// The operations.
pub fn operations() -> Vec<Operation> {
    let base = "/emulator/v1/projects/{project}";
    let read = Handler::plain(Method::GET, "config", None, read_config);
    let write = Handler::plain(Method::PATCH, "config", takes_body::<ConfigChange>(), write_config);
    let mut all = vec![
        read.at(format!("{base}/config"), "emulator.projects.config.get"),
        write.at(format!("{base}/config"), "emulator.projects.config.update"),
    ];
    for (tenant, id) in [("", "emulator.projects"), ("/tenants/{tenant}", "emulator.projects.tenants")] {
        let base = format!("{base}{tenant}");
        let clear = Handler::plain(Method::DELETE, "accounts", None, clear);
        let email_codes = Handler::plain(Method::GET, "oobCodes", None, email_codes);
        let message_codes = Handler::plain(Method::GET, "verificationCodes", None, message_codes);
        all.extend([
            clear.at(format!("{base}/accounts"), format!("{id}.accounts.delete")),
            email_codes.at(format!("{base}/oobCodes"), format!("{id}.oobCodes.list")),
            message_codes.at(format!("{base}/verificationCodes"), format!("{id}.verificationCodes.list")),
        ]);
    }
    all
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
    let request = fields::read(call::camel_cased(call::parse(&body)?))?;
    Ok(config::update_emulator_config(place.project(&auth)?.lock().settings_mut(), &request))
}
