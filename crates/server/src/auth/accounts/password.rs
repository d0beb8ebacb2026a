//! `signInWithPassword`.

use firewarden::auth::blocking::{Details, Flow};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    account::is_email,
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
    token::SignIn,
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInWithPassword {
    email: Option<Text>,
    password: Option<Text>,
    captcha_challenge: Option<Text>,
    captcha_response: Option<Text>,
    id_token: Option<Text>,
    pending_id_token: Option<Text>,
}

/// Signs in with an address and a password.
pub async fn sign_in_with_password(call: Call, request: SignInWithPassword) -> Result<Answer, Refusal> {
    let account = {
        let scope = call.lock_enabled()?;
        if !scope.allows(|tenant| tenant.allow_password_signup) {
            return refuse("PASSWORD_LOGIN_DISABLED");
        }
        let Some(email) = &request.email else { return refuse("MISSING_EMAIL") };
        if !is_email(email) {
            return refuse("INVALID_EMAIL");
        }
        let Some(password) = given(&request.password) else { return refuse("MISSING_PASSWORD") };
        if given(&request.captcha_response).or(given(&request.captcha_challenge)).is_some() {
            return Err(Refusal::unimplemented("captcha unimplemented"));
        }
        if given(&request.id_token).or(given(&request.pending_id_token)).is_some() {
            return Err(Refusal::unimplemented(
                "idToken / pendingIdToken is no longer in use and unsupported by the Auth Emulator.",
            ));
        }
        let hides = scope.settings().hides_emails();
        let wrong = |code: &'static str| refuse(if hides { "INVALID_LOGIN_CREDENTIALS" } else { code });
        let Some(account) = scope.pool().with_email(&email.to_lowercase()) else { return wrong("EMAIL_NOT_FOUND") };
        if account.is_disabled() {
            return refuse("USER_DISABLED");
        }
        if !account.has_password(password) {
            return wrong("INVALID_PASSWORD");
        }
        account.clone()
    };
    let answer = Answer::of_kind("VerifyPasswordResponse").with("registered", true);
    let answer = answer.with("localId", account.local_id.clone()).some("email", account.email.clone());
    if call.needs_second_factor(&account) {
        return Ok(call.second_factor_wanted(answer, &account, "password"));
    }
    let (flow, sign_in) = (Flow::PasswordSignIn, SignIn::new("password"));
    let (_, tokens) = call.start_session(&account.local_id, &flow, &Details::default(), sign_in).await?;
    Ok(answer.tokens(tokens))
}
