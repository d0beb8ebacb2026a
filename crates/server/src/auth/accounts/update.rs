//! `update`: changes that a user makes, that an administrator makes, and that a code from an e-mail makes.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::auth::{
    account::Account,
    answer::Answer,
    call::Call,
    codes::EmailKind,
    error::{Refusal, refuse},
    fields::{Choice, Numbered, Text, given},
    project::Scope,
    token::SignIn,
};

use super::{
    RequestedFactor,
    email_code::{self, Email},
    update_fields,
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    pub(super) id_token: Option<Text>,
    pub(super) oob_code: Option<Text>,
    pub(super) local_id: Option<Text>,
    pub(super) email: Option<Text>,
    pub(super) password: Option<Text>,
    pub(super) display_name: Option<Text>,
    pub(super) photo_url: Option<Text>,
    pub(super) phone_number: Option<Text>,
    pub(super) email_verified: Option<bool>,
    pub(super) disable_user: Option<bool>,
    pub(super) custom_attributes: Option<Text>,
    pub(super) valid_since: Option<Text>,
    pub(super) created_at: Option<Text>,
    pub(super) last_login_at: Option<Text>,
    pub(super) mfa: Option<Mfa>,
    #[serde(default)]
    pub(super) delete_attribute: Vec<Choice<Attribute>>,
    #[serde(default)]
    pub(super) delete_provider: Vec<Text>,
    #[serde(default)]
    pub(super) delete_passkey: Vec<Text>,
    pub(super) link_provider_user_info: Option<LinkedProvider>,
    provider: Option<Json>,
    upgrade_to_federated_login: Option<Json>,
}

/// All second factors.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Mfa {
    #[serde(default)]
    pub(super) enrollments: Vec<RequestedFactor>,
}

/// What can be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Attribute {
    UserAttributeNameUnspecified,
    Email,
    DisplayName,
    Provider,
    PhotoUrl,
    Password,
    RawUserInfo,
}

impl Numbered for Attribute {
    const ALL: &'static [Self] = &[
        Attribute::UserAttributeNameUnspecified,
        Attribute::Email,
        Attribute::DisplayName,
        Attribute::Provider,
        Attribute::PhotoUrl,
        Attribute::Password,
        Attribute::RawUserInfo,
    ];
}

/// An identity at a provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedProvider {
    pub(super) provider_id: Option<Text>,
    pub(super) raw_id: Option<Text>,
    pub(super) federated_id: Option<Text>,
    pub(super) email: Option<Text>,
    pub(super) display_name: Option<Text>,
    pub(super) photo_url: Option<Text>,
    pub(super) phone_number: Option<Text>,
    pub(super) screen_name: Option<Text>,
}

/// Changes an account.
pub async fn update(call: Call, request: Update) -> Result<Answer, Refusal> {
    let mut scope = call.lock_enabled()?;
    for (name, value) in
        [("provider", &request.provider), ("upgradeToFederatedLogin", &request.upgrade_to_federated_login)]
    {
        if value.is_some() {
            return Err(Refusal::unimplemented(format!("{name} is not implemented yet.")));
        }
    }
    if !call.is_admin {
        if given(&request.id_token).or(given(&request.oob_code)).is_none() {
            return refuse("INVALID_REQ_TYPE : Unsupported request parameters.");
        }
        if request.custom_attributes.is_some() {
            return refuse("INSUFFICIENT_PERMISSION");
        }
    }
    if let Some(code) = given(&request.oob_code) {
        return by_code(&mut scope, code);
    }
    let (id, sign_in) = if call.is_admin {
        let Some(id) = given(&request.local_id) else { return refuse("MISSING_LOCAL_ID") };
        (id.to_owned(), None)
    } else {
        if request.disable_user.is_some() {
            return refuse("OPERATION_NOT_ALLOWED");
        }
        let (id, sign_in) = call.signed_in(&scope)?;
        (id, Some(sign_in))
    };
    for Choice(attribute) in &request.delete_attribute {
        let name = match attribute {
            Attribute::Provider => "PROVIDER",
            Attribute::RawUserInfo => "RAW_USER_INFO",
            _ => continue,
        };
        return Err(Refusal::unimplemented(format!("deleteAttribute: {name}")));
    }
    let mut account = scope.account(&id)?.clone();
    let changes = update_fields::apply(&call, &scope, &request, sign_in.as_ref(), &mut account)?;
    let account = scope.pool_mut().put(account).clone();
    if let Some(recovered) = changes.recovered_email {
        email_code::send(&call, &mut scope, Email::new(EmailKind::RecoverEmail, recovered));
    }
    let provider = if request.password.is_some() { Some("password".to_owned()) } else { None };
    let provider = provider.or_else(|| sign_in.as_ref().map(|sign_in| sign_in.provider.clone()));
    let mut answer =
        describe(&account).some("newEmail", request.email.is_some().then(|| account.email.clone()).flatten());
    if let Some(provider) = provider.filter(|_| changes.is_revoked) {
        answer = answer.tokens(call.issue(&mut scope, &id, &SignIn::new(provider))?);
    }
    Ok(answer)
}

/// The account after a change.
fn describe(account: &Account) -> Answer {
    let answer = Answer::of_kind("SetAccountInfoResponse")
        .with("localId", account.local_id.clone())
        .some("email", account.email.clone())
        .some("emailVerified", account.email_verified)
        .some("displayName", account.display_name.clone())
        .some("photoUrl", account.photo_url.clone())
        .some("passwordHash", account.password_hash.clone());
    match &account.provider_user_info {
        Some(providers) => answer.data("providerUserInfo", providers),
        None => answer,
    }
}

/// Does what a code from an e-mail stands for. The code is spent even if that fails.
fn by_code(scope: &mut Scope<'_>, code: &str) -> Result<Answer, Refusal> {
    let invalid = || Refusal::new_400("INVALID_OOB_CODE");
    let found = scope.pool().codes.emails.get(code).cloned().ok_or_else(invalid)?;
    if matches!(found.request_type, EmailKind::EmailSignin | EmailKind::PasswordReset) {
        let name = serde_json::to_value(found.request_type).unwrap_or_default();
        return Err(Refusal::unimplemented(name.as_str().unwrap_or_default().to_owned()));
    }
    scope.pool_mut().codes.emails.remove(code);
    let account = match found.request_type {
        EmailKind::RecoverEmail => scope.pool().with_initial_email(&found.email),
        _ => scope.pool().with_email(&found.email),
    };
    let id = account.ok_or_else(invalid)?.local_id.clone();
    let email = found.new_email.as_deref().unwrap_or(&found.email);
    if scope.pool().with_email(email).is_some_and(|owner| owner.local_id != id) {
        return refuse("EMAIL_EXISTS");
    }
    let account = scope.change(&id, |account| {
        account.email_verified = Some(true);
        match found.request_type {
            EmailKind::VerifyAndChangeEmail => account.email.clone_from(&found.new_email),
            EmailKind::RecoverEmail => account.email = Some(found.email.clone()),
            _ => {}
        }
    })?;
    Ok(describe(&account).some("newEmail", found.new_email))
}

/// Does what a code from an e-mail stands for, and returns the account's answer.
pub fn apply_code(call: &Call, code: &str) -> Result<Answer, Refusal> {
    by_code(&mut call.lock(), code)
}
