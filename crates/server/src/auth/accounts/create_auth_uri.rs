//! `createAuthUri`: how the user of an e-mail address signs in.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    account::is_email,
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given, is_absolute},
    ids,
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateAuthUri {
    identifier: Option<Text>,
    continue_uri: Option<Text>,
    provider_id: Option<Text>,
    session_id: Option<Text>,
}

/// The ways in which the accounts of an address sign in.
pub async fn create_auth_uri(call: Call, request: CreateAuthUri) -> Result<Answer, Refusal> {
    let scope = call.lock_enabled()?;
    if given(&request.provider_id).is_some() {
        return Err(Refusal::unimplemented("Sign-in with IDP is not yet supported."));
    }
    let Some(identifier) = given(&request.identifier) else { return refuse("MISSING_IDENTIFIER") };
    let Some(continue_uri) = given(&request.continue_uri) else { return refuse("MISSING_CONTINUE_URI") };
    if !is_email(identifier) {
        return refuse("INVALID_IDENTIFIER");
    }
    if !is_absolute(continue_uri) {
        return refuse("INVALID_CONTINUE_URI");
    }
    let session = given(&request.session_id).map_or_else(|| ids::alphanumeric(27), str::to_owned);
    let answer = Answer::of_kind("CreateAuthUriResponse").with("sessionId", session);
    if scope.settings().hides_emails() {
        return Ok(answer);
    }
    let email = identifier.to_lowercase();
    let (mut providers, mut methods): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let add = |list: &mut Vec<String>, name: &str| {
        if !list.iter().any(|known| known == name) {
            list.push(name.to_owned());
        }
    };
    let accounts = scope.pool().with_any_email(&email);
    for account in &accounts {
        for info in account.providers() {
            match info.provider_id.as_str() {
                // A number is none of the ways of an address.
                "phone" => continue,
                "password" => {
                    if account.password_hash.is_some() {
                        add(&mut methods, "password");
                    }
                    if account.email_link_signin == Some(true) {
                        add(&mut methods, "emailLink");
                    }
                }
                // Where accounts share addresses, those at providers say nothing.
                _ if scope.settings().allows_duplicate_emails() => continue,
                other => add(&mut methods, other),
            }
            add(&mut providers, &info.provider_id);
        }
    }
    Ok(answer.with("registered", !accounts.is_empty()).with("allProviders", providers).with("signinMethods", methods))
}
