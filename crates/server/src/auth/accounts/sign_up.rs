//! `signUp`: new accounts, by users and by administrators, and passwords for anonymous users.

use firewarden::auth::blocking::{Details, Flow};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    account::{Account, is_email, is_phone_number, is_strong},
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
    ids,
    token::SignIn,
};

use super::{RequestedFactor, factors};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignUp {
    email: Option<Text>,
    password: Option<Text>,
    display_name: Option<Text>,
    photo_url: Option<Text>,
    id_token: Option<Text>,
    local_id: Option<Text>,
    email_verified: Option<bool>,
    phone_number: Option<Text>,
    disabled: Option<bool>,
    mfa_info: Option<Vec<RequestedFactor>>,
}

/// Creates an account, or gives the account of the ID token a password.
pub async fn sign_up(call: Call, request: SignUp) -> Result<Answer, Refusal> {
    let is_link = given(&request.id_token).is_some();
    let is_anonymous = check(&call, &request, is_link)?;
    let account = account(&call, &request, is_link)?;
    let answer = Answer::of_kind("SignupNewUserResponse");
    let answer = answer.with("localId", account.local_id.clone()).some("displayName", account.display_name.clone());
    let answer = answer.some("email", account.email.clone());
    if is_link {
        return link(&call, account, answer);
    }
    if call.is_admin {
        call.store_new(account)?;
        return Ok(answer);
    }
    let flow = if is_anonymous { Flow::Anonymous } else { Flow::PasswordSignUp };
    let details = Details::default();
    let account = call.create(account, &flow, &details).await?;
    let sign_in = SignIn::new(flow.provider());
    let (account, tokens) = call.start_session(&account.local_id, &flow, &details, sign_in).await?;
    let answer = answer.some("displayName", account.display_name);
    Ok(answer.tokens(tokens))
}

/// Whether an anonymous account is asked for, which needs no more than permission.
fn check(call: &Call, request: &SignUp, is_link: bool) -> Result<bool, Refusal> {
    let scope = call.lock_enabled()?;
    if call.is_admin && !is_link {
        if let Some(id) = given(&request.local_id)
            && scope.pool().get(id).is_some()
        {
            return refuse("DUPLICATE_LOCAL_ID");
        }
        return Ok(false);
    }
    if request.local_id.is_some() {
        return refuse("UNEXPECTED_PARAMETER : User ID");
    }
    let (email, password) = (given(&request.email), given(&request.password));
    let is_anonymous = !is_link && email.is_none() && password.is_none();
    if is_anonymous {
        return match scope.allows(|tenant| tenant.enable_anonymous_user) {
            true => Ok(true),
            false => refuse("ADMIN_ONLY_OPERATION"),
        };
    }
    if email.is_none() {
        return refuse("MISSING_EMAIL");
    }
    if password.is_none() {
        return refuse("MISSING_PASSWORD");
    }
    match scope.allows(|tenant| tenant.allow_password_signup) {
        true => Ok(false),
        false => refuse("OPERATION_NOT_ALLOWED"),
    }
}

/// The account with what the request says.
fn account(call: &Call, request: &SignUp, is_link: bool) -> Result<Account, Refusal> {
    let scope = call.lock();
    let given_id = given(&request.local_id).map(str::to_owned);
    let mut account = Account::new(given_id.unwrap_or_else(ids::account_id), call.now);
    if let Some(email) = &request.email {
        if !is_email(email) {
            return refuse("INVALID_EMAIL");
        }
        let email = email.to_lowercase();
        if scope.pool().with_email(&email).is_some() {
            return refuse("EMAIL_EXISTS");
        }
        account.email = Some(email);
        account.email_verified = Some(false);
    }
    if let Some(password) = &request.password {
        if !is_strong(password) {
            return refuse("WEAK_PASSWORD : Password should be at least 6 characters");
        }
        account.set_password(password, None, call.now);
    }
    // Users set their pictures later, and an anonymous one the name, too.
    if call.is_admin || request.email.is_some() {
        account.display_name = request.display_name.clone().map(String::from);
    }
    if call.is_admin {
        account.photo_url = request.photo_url.clone().map(String::from);
        if let Some(number) = &request.phone_number {
            if !is_phone_number(number) {
                return refuse("INVALID_PHONE_NUMBER : Invalid format.");
            }
            if scope.pool().with_phone_number(number).is_some() {
                return refuse("PHONE_NUMBER_EXISTS");
            }
            account.phone_number = Some(number.to_string());
        }
        account.email_verified = request.email_verified.or(account.email_verified);
        account.disabled = request.disabled.unwrap_or_default().then_some(true);
    }
    if let Some(requested) = &request.mfa_info {
        account.mfa_info = Some(factors(requested.clone(), true)?);
    }
    if is_link {
        account.local_id = call.signed_in(&scope)?.0;
    }
    Ok(account)
}

/// Gives the account of the ID token what `new` has.
fn link(call: &Call, new: Account, answer: Answer) -> Result<Answer, Refusal> {
    let mut scope = call.lock();
    let account = scope.change(&new.local_id, |account| {
        account.email = new.email;
        account.email_verified = new.email_verified;
        account.password_hash = new.password_hash;
        account.salt = new.salt;
        account.password_updated_at = new.password_updated_at;
        account.valid_since = new.valid_since;
        account.last_login_at = new.last_login_at;
        account.display_name = new.display_name.or(account.display_name.take());
        account.photo_url = new.photo_url.or(account.photo_url.take());
    })?;
    let tokens = call.issue(&mut scope, &account.local_id, &SignIn::new("password"))?;
    Ok(answer.some("displayName", account.display_name).tokens(tokens))
}
