//! `resetPassword`: what a code from an e-mail stands for, and a new password by it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    account::is_strong,
    answer::Answer,
    call::Call,
    codes::EmailKind,
    error::{Refusal, refuse},
    fields::{Text, given},
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetPassword {
    /// The code.
    pub oob_code: Option<Text>,
    /// The password; without it the code is only looked at.
    pub new_password: Option<Text>,
}

/// Looks at a code, or sets a password by it.
pub async fn reset_password(call: Call, request: ResetPassword) -> Result<Answer, Refusal> {
    reset(&call, &request)
}

/// The same for the page that a link leads to.
pub fn reset(call: &Call, request: &ResetPassword) -> Result<Answer, Refusal> {
    let mut scope = call.lock_enabled()?;
    if !scope.allows(|tenant| tenant.allow_password_signup) {
        return refuse("PASSWORD_LOGIN_DISABLED");
    }
    let Some(code) = given(&request.oob_code) else { return refuse("MISSING_OOB_CODE") };
    let invalid = || Refusal::new_400("INVALID_OOB_CODE");
    let found = scope.pool().codes.emails.get(code).cloned().ok_or_else(invalid)?;
    if let Some(password) = given(&request.new_password) {
        if found.request_type != EmailKind::PasswordReset {
            return Err(invalid());
        }
        if !is_strong(password) {
            return refuse("WEAK_PASSWORD : Password should be at least 6 characters");
        }
        scope.pool_mut().codes.emails.remove(code);
        let id = scope.pool().with_email(&found.email).ok_or_else(invalid)?.local_id.clone();
        scope.change(&id, |account| {
            account.email_verified = Some(true);
            account.set_password(password, None, call.now);
            account.remove_providers(|provider| provider != "password");
        })?;
    }
    let email = (found.request_type != EmailKind::EmailSignin).then_some(found.email);
    Ok(Answer::of_kind("ResetPasswordResponse")
        .data("requestType", &found.request_type)
        .some("email", email)
        .some("newEmail", found.new_email))
}
