//! Pages for browsers: what links in e-mails lead to, and the stand-in for the pages of identity providers.

mod action;
mod provider;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::get,
};

use super::{Auth, call::Call};

pub use provider::Redirects;

/// The routes.
pub fn routes() -> Router<Arc<Auth>> {
    provider::routes().route("/emulator/action", get(action))
}

async fn action(State(auth): State<Arc<Auth>>, request: Request) -> Response {
    action::answer(&Call::of_page(auth, &request))
}
