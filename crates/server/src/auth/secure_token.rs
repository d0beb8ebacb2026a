//! `/securetoken.googleapis.com/v1/token`: new ID tokens for refresh tokens.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
    token::RefreshToken,
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    grant_type: Option<Text>,
    refresh_token: Option<Text>,
}

/// Continues a session: profile and stored claims are read anew, claims of the session come from the token.
pub async fn refresh(call: Call, request: Refresh) -> Result<Answer, Refusal> {
    match given(&request.grant_type) {
        None => return refuse("MISSING_GRANT_TYPE"),
        Some("refresh_token") => {}
        Some(_) => return refuse("INVALID_GRANT_TYPE"),
    }
    let Some(text) = given(&request.refresh_token) else { return refuse("MISSING_REFRESH_TOKEN") };
    let invalid = || Refusal::new_400("INVALID_REFRESH_TOKEN");
    let record = RefreshToken::decode(text).ok_or_else(invalid)?;
    let mut scope = call.lock_enabled()?;
    if record.project_id != call.project.id {
        return Err(invalid());
    }
    if record.tenant_id != call.tenant {
        return refuse("TENANT_ID_MISMATCH: ((Refresh token tenant ID does not match target tenant ID.))");
    }
    let account = scope.pool().get(&record.local_id).ok_or_else(invalid)?;
    if account.is_disabled() {
        return refuse("USER_DISABLED");
    }
    let tokens = call.issue(&mut scope, &record.local_id, &record.sign_in())?;
    Ok(Answer::new()
        .with("id_token", tokens.id_token.clone())
        .with("access_token", tokens.id_token)
        .with("expires_in", "3600")
        .with("refresh_token", tokens.refresh_token)
        .with("token_type", "Bearer")
        .with("user_id", record.local_id)
        // The number of the project, which is always this one.
        .with("project_id", "12345"))
}
