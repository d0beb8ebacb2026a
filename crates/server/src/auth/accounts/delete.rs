//! `delete`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
    functions::events::AccountEvent,
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delete {
    id_token: Option<Text>,
    local_id: Option<Text>,
}

/// Deletes the account of the ID token; for administrators, the one that the request names.
pub async fn delete(call: Call, request: Delete) -> Result<Answer, Refusal> {
    let account = {
        let mut scope = call.lock_enabled()?;
        let id = if call.is_admin {
            let Some(id) = given(&request.local_id) else { return refuse("MISSING_LOCAL_ID") };
            id.to_owned()
        } else {
            call.required_user(&scope, &request.id_token)?.0
        };
        scope.pool_mut().remove(&id).ok_or_else(|| Refusal::new_400("USER_NOT_FOUND"))?
    };
    call.auth.functions.report(&call, AccountEvent::Delete, &account);
    Ok(Answer::of_kind("DeleteAccountResponse"))
}
