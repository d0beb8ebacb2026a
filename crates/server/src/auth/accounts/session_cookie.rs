//! `createSessionCookie`, by the engine's claims of cookies.

use std::time::Duration;

use firewarden::auth::session_cookie;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateSessionCookie {
    id_token: Option<Text>,
    valid_duration: Option<Text>,
}

/// A cookie with the claims of an ID token, which lives as long as the request says.
pub async fn create_session_cookie(call: Call, request: CreateSessionCookie) -> Result<Answer, Refusal> {
    if given(&request.id_token).is_none() {
        return refuse("MISSING_ID_TOKEN");
    }
    let seconds = given(&request.valid_duration).map_or(Some(0), |text| text.parse().ok());
    let Some(seconds) = seconds else { return refuse("INVALID_DURATION") };
    if seconds != 0 && !(300..=1_209_600).contains(&seconds) {
        return refuse("INVALID_DURATION");
    }
    {
        let scope = call.lock_enabled()?;
        call.signed_in(&scope)?;
    }
    let Some(claims) = &call.id_token else { return refuse("INVALID_ID_TOKEN") };
    let cookie = session_cookie(claims, &call.project.id, Duration::from_secs(seconds), call.clock.now())?;
    Ok(Answer::new().with("sessionCookie", call.auth.sign(&cookie)?))
}
