//! `signInWithCustomToken`, by the engine's exchange.

use firewarden::auth::Exchange;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    account::Account, answer::Answer, call::Call, error::Refusal, fields::Text, functions::events::AccountEvent,
    token::SignIn,
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SignInWithCustomToken {
    token: Option<Text>,
}

/// Signs in with a token that a server of the project minted; the account is created if there is none.
pub async fn sign_in_with_custom_token(call: Call, request: SignInWithCustomToken) -> Result<Answer, Refusal> {
    let mut exchange = Exchange::new(&call.project.id);
    if let Some(tenant) = &call.tenant {
        exchange = exchange.tenant(tenant);
    }
    let token = request.token.unwrap_or_default();
    let (signed_in, account, tokens) = {
        let mut scope = call.lock_enabled()?;
        let find = |id: &str| scope.pool().get(id).map(Account::record);
        let signed_in = exchange.unsigned(&token, find, call.now)?;
        let id = &signed_in.user.uid;
        let mut account = match scope.pool().get(id) {
            Some(account) => account.clone(),
            None => Account { tenant_id: call.tenant.clone(), ..Account::new(id.clone(), call.now) },
        };
        account.custom_auth = Some(true);
        account.last_login_at = Some(call.now.to_millis().to_string());
        scope.pool_mut().put(account.clone());
        let sign_in = SignIn { claims: signed_in.session.claims.clone(), ..SignIn::new("custom") };
        let tokens = call.issue(&mut scope, id, &sign_in)?;
        (signed_in, account, tokens)
    };
    if signed_in.is_new {
        call.auth.functions.report(&call, AccountEvent::Create, &account);
    }
    Ok(Answer::of_kind("VerifyCustomTokenResponse").with("isNewUser", signed_in.is_new).tokens(tokens))
}
